//! The answer to `plan`.
//!
//! Owns its order: what was asked, the points that were tried, the answer with its margin and how
//! sure it is. Must not print.

use super::fold;
use super::grid::Grid;
use super::written::Written;
use super::{Answer, Style, growing};
use crate::kernel::num;
use crate::outcome::{EstimatedMeasure, PlanAnswer, PlanOutcome, TriedPoint, TriedTarget};
use crate::render::units;
use crate::scenario::visible::{brief, visible};
use crate::stats::expect::{self, Unit};

/// Most replications that can be asked for.
const MOST_RUNS: f64 = 1e6;
/// Columns of the answer.
const WIDTH: usize = 80;
/// Where sentences begin.
const INDENT: usize = 12;

/// The answer. `file` is the scenario as it was named, `command` gives the answer again.
pub fn plan(file: &str, command: &str, plan: &PlanOutcome, style: Style) -> Answer {
    let mut lines = vec![format!("{}   seed {}", brief(file), plan.seed)];
    if !plan.about.is_empty() {
        lines.push(brief(&plan.about));
    }
    let paths: Vec<&str> = plan.find.iter().map(|knob| knob.path.as_str()).collect();
    let wanted = match &plan.minimise {
        None => format!("the first {}", paths.join(", ")),
        Some(least) => format!("{} with the least {}", paths.join(" and "), brief(least)),
    };
    lines.push(format!("  {wanted} such that {}", brief(&plan.such_that.join(" and "))));
    lines.push(String::new());
    tried(plan, style, &mut lines);
    lines.push(String::new());
    let mut say = |opening: &str, sentence: String| {
        let blanks = " ".repeat(INDENT.saturating_sub(opening.chars().count()));
        let mut parts = wrapped(&visible(&sentence)).into_iter();
        let first = parts.next().unwrap_or_default();
        lines.push(format!("{}{blanks}{first}", style.heading(opening)));
        lines.extend(parts.map(|part| format!("{}{part}", " ".repeat(INDENT))));
    };
    let runs: u64 = plan.tried.iter().map(|point| point.replications).sum();
    let points = plan.tried.len();
    say("Effort", format!("{points} points, {runs} runs, {}", plan.method));
    for note in &plan.notes {
        say("Note", note.clone());
    }
    if let Some(partial) = &plan.partial {
        say("PARTIAL", format!("{partial}: the table so far"));
    }
    match &plan.answer {
        None => say("Answer", no_answer(plan, &paths)),
        Some(answer) => {
            say("Answer", settings(&paths, &answer.at));
            for sentence in margins(plan, answer) {
                say("Margin", sentence);
            }
            if let Some(sentence) = cost(plan, answer) {
                say("Cost", sentence);
            }
            say("Confidence", confidence(plan, answer, &paths));
        }
    }
    lines.push(format!("repeat: {command}"));
    Answer { stdout: fold::text(&lines, style), warnings: Vec::new(), held: plan.answer.is_some() }
}

/// What is said where no point is the answer: a search that ended early knows between which values
/// it lies, and a point that is open may meet the target after all.
fn no_answer(plan: &PlanOutcome, paths: &[&str]) -> String {
    let named = |point: Option<&TriedPoint>| point.map(|point| settings(paths, &point.at));
    if plan.partial.is_some() {
        let meets = plan.tried.iter().find(|point| point.holds);
        let fails = plan.tried.iter().rfind(|point| !point.holds);
        let known = [
            named(fails).map(|fails| format!("{fails} misses the target")),
            named(meets).map(|meets| format!("{meets} meets it by its means")),
        ];
        let known: Vec<String> = known.into_iter().flatten().collect();
        return format!("not found yet: {}", known.join(", "));
    }
    match named(plan.tried.iter().find(|point| point.verdict == "open")) {
        Some(open) => format!(
            "open: none of them meets the target by its means, but {open} is not decided; {}",
            deciding(plan.tried.iter().find(|point| point.verdict == "open"))
        ),
        None => match &plan.minimise {
            Some(least) if plan.tried.iter().any(|point| point.holds) => {
                format!("the target is met, but there {} has no value to choose by", brief(least))
            }
            _ => "none of them meets the target".to_owned(),
        },
    }
}

/// The words of a sentence in lines that end before column 80.
fn wrapped(sentence: &str) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in sentence.split(' ') {
        match lines.last_mut() {
            Some(line) if line.chars().count() + word.chars().count() < WIDTH - INDENT => {
                *line += " ";
                *line += word;
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

fn settings(paths: &[&str], at: &[String]) -> String {
    let each = paths.iter().zip(at).map(|(path, value)| format!("{path} = {}", brief(value)));
    each.collect::<Vec<_>>().join(", ")
}

/// A line a point.
fn tried(plan: &PlanOutcome, style: Style, lines: &mut Vec<String>) {
    let mut grid = Grid::default();
    for knob in &plan.find {
        grid.words(knob.path.rsplit('.').next().unwrap_or(&knob.path));
    }
    for text in &plan.such_that {
        grid.numbers(text);
    }
    if let Some(least) = &plan.minimise {
        grid.numbers(least);
    }
    grid.numbers("runs");
    let settled = plan.tried.iter().all(|point| point.unstable.is_empty());
    if !settled {
        grid.words("");
    }
    grid.words("");
    let answer = plan.answer.as_ref().map(|answer| &answer.at);
    for point in &plan.tried {
        let mut texts = point.at.clone();
        for (text, target) in plan.such_that.iter().zip(&point.targets) {
            texts.push(value(text, target));
        }
        if let Some(least) = &plan.minimise {
            let unit = expect::parse_quantity(least).map_or(Unit::Number, |least| least.unit());
            let written = Written::of(unit.name(), point.minimised.iter().map(|m| m.mean));
            texts.push(point.minimised.map_or_else(|| "-".to_owned(), |m| written.estimate(m)));
        }
        texts.push(point.replications.to_string());
        if !settled {
            texts.push(growing(&point.unstable));
        }
        let mark = if Some(&point.at) == answer { "  <- answer" } else { "" };
        texts.push(format!("{}{mark}", verdict(point)));
        grid.line(texts);
    }
    grid.write(style, lines);
}

fn verdict(point: &TriedPoint) -> String {
    let words = match (point.verdict.as_str(), point.holds) {
        ("open", true) => "open, its means meet",
        ("open", false) => "open, its means fail",
        (decided, _) => decided,
    };
    match &point.note {
        Some(note) => format!("{words}: {note}"),
        None => words.to_owned(),
    }
}

/// The measured side with half the width of the margin's interval.
fn value(text: &str, target: &TriedTarget) -> String {
    let Some(mean) = target.value else { return "-".to_owned() };
    let ci95 = target.half.map(|half| [mean - half, mean + half]);
    let written = Written::of(unit(text).name(), std::iter::once(mean));
    written.estimate(EstimatedMeasure { mean, ci95, n: 1, thin: target.thin })
}

/// The unit of an expectation.
fn unit(text: &str) -> Unit {
    expect::parse(text).map_or(Unit::Number, |expectation| expectation.unit())
}

/// The value just before the answer, which misses the target, of those that grow.
fn before<'p>(plan: &'p PlanOutcome, answer: &PlanAnswer) -> Option<&'p TriedPoint> {
    let at = plan.tried.iter().position(|point| point.at == answer.at)?;
    let before = at.checked_sub(1).map(|before| &plan.tried[before])?;
    (plan.minimise.is_none() && !before.holds).then_some(before)
}

/// How far the answer is from missing each target, and what the value before it does.
fn margins(plan: &PlanOutcome, answer: &PlanAnswer) -> Vec<String> {
    let Some(point) = plan.tried_at(&answer.at) else { return Vec::new() };
    let before = before(plan, answer);
    let mut sentences = Vec::new();
    for (number, text) in plan.such_that.iter().enumerate() {
        let (Some(margin), half) = (point.targets[number].margin, point.targets[number].half)
        else {
            continue;
        };
        let size = amount(text, margin.abs());
        let half = half.filter(|half| *half > 0.0);
        let half = half.map_or_else(String::new, |half| format!(" ±{}", amount(text, half)));
        let limit = point.targets[number].limit.filter(|limit| *limit != 0.0);
        let share = limit.map_or_else(String::new, |limit| {
            format!(", {} of the limit", units::percent((margin / limit).abs()))
        });
        sentences.push(format!("{}: met by {size}{half}{share}", brief(text)));
        let missed = before.and_then(|before| Some((before, before.targets[number].margin?)));
        if let Some((before, missed)) = missed.filter(|(_, missed)| *missed < 0.0) {
            let with = brief(&before.at.join(", "));
            sentences.push(format!("with {with} it is missed by {}", amount(text, missed.abs())));
        }
    }
    sentences
}

/// What the answer costs, and what the value before it would.
fn cost(plan: &PlanOutcome, answer: &PlanAnswer) -> Option<String> {
    let point = plan.tried_at(&answer.at)?;
    let written = |measure| Written::Money.estimate(measure);
    let own = format!("{} a month", written(point.cost_per_month?));
    let before = before(plan, answer).and_then(|before| Some((before, before.cost_per_month?)));
    Some(match before {
        None => own,
        Some((before, cost)) => {
            format!("{own}, with {} {}", brief(&before.at.join(", ")), written(cost))
        }
    })
}

fn amount(text: &str, size: f64) -> String {
    let unit = unit(text);
    if unit == Unit::Number && text.contains('%') {
        return units::percent(size);
    }
    Written::of(unit.name(), std::iter::once(size)).mean(size)
}

fn confidence(plan: &PlanOutcome, answer: &PlanAnswer, paths: &[&str]) -> String {
    let level = units::percent(plan.confidence);
    if answer.sure {
        return format!("{level} that every decision on the way is right");
    }
    let own = plan.tried_at(&answer.at);
    let of_answer = if own.is_some_and(|point| point.verdict == "meets") {
        format!("{level} that it meets the target")
    } else {
        let sure = answer
            .surely_at
            .as_ref()
            .map_or_else(String::new, |at| format!("; {level} sure is {}", settings(paths, at)));
        let decides = deciding(own);
        format!("open: its margin is inside its interval, judged by the means{sure}; {decides}")
    };
    let Some(open) = &answer.open_at else { return of_answer };
    let (named, decides) = (settings(paths, open), deciding(plan.tried_at(open)));
    format!(
        "{of_answer}. Open is whether {named} meets it, too, though by its means it does not; \
         {decides}"
    )
}

/// What would decide an open point: replications that make the interval of its narrowest margin
/// as narrow as the margin, if the margin stays what it is; at least those that give a percentile
/// its interval.
fn deciding(point: Option<&TriedPoint>) -> String {
    let Some(point) = point else { return String::new() };
    if point.note.is_some() {
        return "longer runs would decide it (`--set duration=…`)".to_owned();
    }
    let times = point.targets.iter().filter_map(|target| {
        if let Some(thin) = target.thin {
            return Some(thin.times);
        }
        let (margin, half) = target.margin.zip(target.half)?;
        (half >= margin.abs()).then(|| (half / margin) * (half / margin))
    });
    let runs = times.fold(1.0, f64::max) * point.replications as f64;
    if runs > MOST_RUNS {
        return "no number of runs would decide it: it lies on the limit".to_owned();
    }
    // The spread is an estimate too: two digits, rounded up.
    let step = num::pow(10.0, (num::log10(runs).floor() - 1.0).max(0.0));
    let runs = (runs / step).ceil() * step;
    format!("about {runs:.0} replications of it would decide it (`--max-reps`)")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::outcome::{PLAN_FORMAT, SweepKnob, Thin};

    /// A value that misses its limit of 900 ms by 36 ± 178 ms after 80 runs, and the next, which
    /// surely meets it.
    fn plan(thin: Option<Thin>, open: bool) -> PlanOutcome {
        let point = |at: &str, verdict: &str, value: f64, half: Option<f64>| TriedPoint {
            at: vec![at.to_owned()],
            replications: 80,
            verdict: verdict.to_owned(),
            holds: value < 900e6,
            targets: vec![TriedTarget {
                value: Some(value),
                limit: Some(900e6),
                margin: Some(900e6 - value),
                half,
                thin: thin.filter(|_| half.is_none()),
            }],
            minimised: None,
            cost_per_month: None,
            unstable: Vec::new(),
            note: None,
        };
        let half = thin.is_none().then_some(178e6);
        PlanOutcome {
            format: PLAN_FORMAT.to_owned(),
            version: String::new(),
            scenario: "mmc".to_owned(),
            about: String::new(),
            seed: 1,
            set: Vec::new(),
            find: vec![SweepKnob { path: "consumers.w.count".to_owned(), values: Vec::new() }],
            such_that: vec!["p95(sent_to_received) < 900ms".to_owned()],
            minimise: None,
            confidence: 0.95,
            method: "bisection".to_owned(),
            tried: vec![
                point("6", if open { "open" } else { "fails" }, 936e6, half),
                point("7", "meets", 296e6, Some(150e6)),
            ],
            answer: Some(PlanAnswer {
                at: vec!["7".to_owned()],
                sure: !open,
                surely_at: None,
                open_at: open.then(|| vec!["6".to_owned()]),
            }),
            notes: Vec::new(),
            partial: None,
        }
    }

    fn confidence_of(plan: &PlanOutcome) -> String {
        let answer = plan.answer.as_ref().expect("there is one");
        confidence(plan, answer, &["consumers.w.count"])
    }

    #[test]
    fn the_answer_says_what_it_costs_and_what_the_value_before_would() {
        let mut plan = plan(None, false);
        let said = |plan: &PlanOutcome| {
            let answer = plan.answer.as_ref().expect("there is one");
            cost(plan, answer)
        };
        assert_eq!(said(&plan), None, "where a worker has no price");
        for (point, dollars) in plan.tried.iter_mut().zip([120.0, 140.0]) {
            let ci95 = Some([dollars - 2.0, dollars + 2.0]);
            point.cost_per_month =
                Some(EstimatedMeasure { mean: dollars, ci95, n: 80, thin: None });
        }
        let words = "$140.00 ±$2.00 a month, with 6 $120.00 ±$2.00";
        assert_eq!(said(&plan).as_deref(), Some(words));
        // Of a choice by what is least the one before in the table is no neighbour.
        plan.minimise = Some("worker_hours".to_owned());
        assert_eq!(said(&plan).as_deref(), Some("$140.00 ±$2.00 a month"));
    }

    /// (178/36)² × 80 = 1,956 replications, rounded up to two digits.
    #[test]
    fn an_open_value_before_the_answer_is_told() {
        let sure = "95% that every decision on the way is right";
        assert_eq!(confidence_of(&plan(None, false)), sure);
        let open = "95% that it meets the target. Open is whether consumers.w.count = 6 meets it, \
                    too, though by its means it does not; about 2000 replications of it would \
                    decide it (`--max-reps`)";
        assert_eq!(confidence_of(&plan(None, true)), open);
    }

    /// A percentile with no interval needs 2.5 times as many runs to have one.
    #[test]
    fn what_is_thin_needs_the_runs_that_make_it_an_interval() {
        let thin = Thin { beyond: 24.0, times: 2.5 };
        let told = confidence_of(&plan(Some(thin), true));
        assert!(told.ends_with("about 200 replications of it would decide it (`--max-reps`)"));
    }
}
