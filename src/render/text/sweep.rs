//! The answer to `sweep`.
//!
//! Owns its order: what was asked, a line a point with what theory says beside what was measured,
//! the first point that meets the expectations, the command that repeats it. Must not print.

use super::fold;
use super::grid::Grid;
use super::written::Written;
use super::{Answer, Style, growing};
use crate::outcome::{EstimatedExpectation, SweepMeasure, SweepOutcome, SweepPoint};
use crate::scenario::visible::brief;

/// The answer. `file` is the scenario as it was named, `command` gives the answer again.
pub fn sweep(file: &str, command: &str, sweep: &SweepOutcome, style: Style) -> Answer {
    let reps = sweep.replications;
    let mut lines = header(file, sweep);
    let judged = sweep.points.iter().any(|point| !point.expect.is_empty());
    let mut grid = Grid::default();
    for knob in &sweep.vary {
        grid.words(knob.path.rsplit('.').next().unwrap_or(&knob.path));
    }
    for measure in &sweep.measures {
        grid.numbers(&measure.text);
        if known(sweep, measure) {
            grid.numbers("theory");
        }
    }
    let settled = sweep.points.iter().all(|point| point.unstable.is_empty());
    if !settled {
        grid.words("");
    }
    if judged {
        grid.words("expectations");
    }
    let scales: Vec<Written> = sweep
        .measures
        .iter()
        .map(|measure| {
            let means = sweep.points.iter().filter_map(|point| point.measures.get(&measure.text));
            Written::of(&measure.unit, means.map(|measure| measure.mean))
        })
        .collect();
    for (number, point) in (0..).zip(&sweep.points) {
        let mut texts = point.at.clone();
        for (measure, scale) in sweep.measures.iter().zip(&scales) {
            let found = point.measures.get(&measure.text).filter(|measure| measure.n > 0);
            texts.push(found.map_or_else(|| "-".to_owned(), |measure| scale.estimate(*measure)));
            if known(sweep, measure) {
                let theory = point.theory.get(&measure.text);
                texts.push(theory.map_or_else(|| "-".to_owned(), |value| scale.mean(*value)));
            }
        }
        if !settled {
            texts.push(growing(&point.unstable));
        }
        if judged {
            texts.push(verdict(point, sweep.first_that_holds == Some(number)));
        }
        grid.line(texts);
    }
    grid.write(style, &mut lines);
    lines.push(String::new());
    if let Some(reason) = sweep.points.iter().find_map(|point| point.partial.as_ref()) {
        lines.push(format!("PARTIAL: a run {reason}"));
    }
    if judged {
        lines.push(first(sweep));
    }
    let fingerprint = sweep.fingerprint();
    let short = fingerprint.get(..8).unwrap_or(&fingerprint);
    lines.push(format!("repeat: {command}        outcome {short}"));
    let warnings = if reps == 1 {
        vec!["one run a point: no intervals; `--reps 10` gives them".to_owned()]
    } else {
        Vec::new()
    };
    let held = !judged || sweep.first_that_holds.is_some();
    Answer { stdout: fold::text(&lines, style), warnings, held }
}

/// What was asked.
fn header(file: &str, sweep: &SweepOutcome) -> Vec<String> {
    let (points, reps) = (sweep.points.len(), sweep.replications);
    let replications =
        if reps == 1 { "one run".to_owned() } else { format!("{reps} replications") };
    let s = if points == 1 { "" } else { "s" };
    let mut lines =
        vec![format!("{}   seed {}   {points} point{s} x {replications}", brief(file), sweep.seed)];
    if !sweep.about.is_empty() {
        lines.push(brief(&sweep.about));
    }
    lines.push(String::new());
    lines
}

/// Whether theory speaks of a measure at some point.
fn known(sweep: &SweepOutcome, measure: &SweepMeasure) -> bool {
    sweep.points.iter().any(|point| point.theory.get(&measure.text).is_some())
}

fn first(sweep: &SweepOutcome) -> String {
    let Some(first) = sweep.first_that_holds else {
        return "the expectations hold at no point".to_owned();
    };
    let point = &sweep.points[first as usize];
    let settings = sweep.vary.iter().zip(&point.at);
    let settings: Vec<String> =
        settings.map(|(knob, value)| format!("{} = {}", knob.path, brief(value))).collect();
    format!("the expectations hold first at {}", settings.join(", "))
}

/// Whether the expectations hold, else those that do not; open are those that the replications do
/// not decide.
fn verdict(point: &SweepPoint, first: bool) -> String {
    let texts = |wanted: fn(&EstimatedExpectation) -> bool| -> String {
        let texts = point.expect.iter().filter(|expect| wanted(expect));
        texts.map(|expect| expect.text.as_str()).collect::<Vec<_>>().join(", ")
    };
    let failing = texts(|expect| !expect.holds && expect.undecided.is_none());
    let open = texts(|expect| expect.undecided.is_some());
    let words = match (failing.is_empty(), open.is_empty()) {
        (false, _) => format!("FAIL  {failing}"),
        (true, false) => format!("open  {open}"),
        (true, true) => "hold".to_owned(),
    };
    if first { format!("{words}  <- first") } else { words }
}
