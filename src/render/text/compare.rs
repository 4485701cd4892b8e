//! The answer to `compare`.
//!
//! Owns its order: what was compared, a line a measure, what pairing gained, the first message
//! whose fate differs, the command that repeats it. Must not print.

use super::fold;
use super::grid::Grid;
use super::written::Written;
use super::{Answer, Style, growing};
use crate::kernel::time::Time;
use crate::outcome::{CompareOutcome, ComparedMeasure, ComparedSystem, FateSide};
use crate::render::units;
use crate::scenario::visible::brief;

/// What stands before a line below its label.
const MARGIN: &str = "            ";

/// The answer. `file` is the scenario as it was named, `command` gives the answer again, `traces`
/// are the commands that show the first message whose fate differs.
pub fn compare(
    file: &str,
    command: &str,
    compared: &CompareOutcome,
    traces: &[String],
    style: Style,
) -> Answer {
    let pairs = compared.replications;
    let pairs = if pairs == 1 { "one pair".to_owned() } else { format!("{pairs} pairs") };
    let mut lines = vec![format!("{}   seed {}   {pairs} of runs", brief(file), compared.seed)];
    if !compared.about.is_empty() {
        lines.push(brief(&compared.about));
    }
    for (name, system) in [("a", &compared.a), ("b", &compared.b)] {
        lines.push(format!("  {name}: {}", described(system)));
    }
    lines.push(String::new());
    let mut grid = Grid::default();
    grid.words("");
    for head in ["a", "b", "b - a"] {
        grid.numbers(head);
    }
    grid.numbers("relative");
    grid.words("b is");
    for measure in &compared.measures {
        grid.line(line(measure));
    }
    grid.write(style, &mut lines);
    lines.push(String::new());
    if let Some(reason) = &compared.partial {
        lines.push(format!("PARTIAL: a run {reason}"));
    }
    for (name, system) in [("a", &compared.a), ("b", &compared.b)] {
        if !system.unstable.is_empty() {
            let growing = growing(&system.unstable);
            let growing = growing.trim_start_matches("NOT STABLE: ");
            lines.push(format!("NOT STABLE  {name}: {growing}"));
        }
    }
    if !compared.not_compared.is_empty() {
        let texts = brief(&compared.not_compared.join(", "));
        lines.push(format!("{MARGIN}what grows without end has no value: {texts}"));
    }
    lines.extend(pairing(compared));
    if let Some(tolerance) = compared.tolerance {
        let tolerance = units::percent(tolerance);
        lines.push(format!("Tolerance   a difference within {tolerance} of a does not matter"));
    }
    lines.extend(fate(compared, traces));
    lines.push(format!("repeat: {command}"));
    let warnings = if compared.replications == 1 {
        vec!["one pair: no intervals, so no verdict; `--reps 10` gives them".to_owned()]
    } else {
        Vec::new()
    };
    Answer { stdout: fold::text(&lines, style), warnings, held: true }
}

fn described(system: &ComparedSystem) -> String {
    let sets: Vec<String> = system.set.iter().map(|set| format!("  {}", brief(set))).collect();
    let short = system.fingerprint.get(..8).unwrap_or(&system.fingerprint);
    format!("{}{}        outcome {short}", brief(&system.scenario), sets.concat())
}

fn line(measure: &ComparedMeasure) -> Vec<String> {
    let means = [measure.a.mean, measure.b.mean];
    let written = Written::of(&measure.unit, means.into_iter());
    let relative = match measure.a.mean {
        0.0 => String::new(),
        mean => {
            let share = measure.difference.mean / mean;
            let sign = if share < 0.0 { "-" } else { "+" };
            format!("{sign}{}", units::percent(share.abs()))
        }
    };
    vec![
        measure.text.clone(),
        written.mean(measure.a.mean),
        written.mean(measure.b.mean),
        written.difference(measure.difference),
        relative,
        measure.verdict.clone(),
    ]
}

/// The first message whose fate differs, what happens to it, and why.
fn fate(compared: &CompareOutcome, traces: &[String]) -> Vec<String> {
    let Some(fate) = &compared.first_fate else {
        return vec!["First fate  no message's fate differs in replication 0".to_owned()];
    };
    let at = Time::from_nanos(fate.at_ns);
    let side = |name: &str, side: &FateSide| {
        let at = side.at_ns.map_or_else(String::new, |at| format!("{}  ", Time::from_nanos(at)));
        format!("{MARGIN}{name}: {at}{}", side.what)
    };
    let mut lines = vec![
        format!("First fate  m{} in {} parts at {at} of replication 0", fate.message, fate.queue),
        side("a", &fate.a),
        side("b", &fate.b),
        format!("{MARGIN}why: {}", fate.why),
    ];
    lines.extend(traces.iter().map(|command| format!("{MARGIN}look: {command}")));
    lines
}

/// What pairing gained, over the measures that vary.
fn pairing(compared: &CompareOutcome) -> Option<String> {
    let mut removed: Vec<(f64, String)> = compared
        .measures
        .iter()
        .filter_map(|measure| Some((measure.variance_removed?, brief(&measure.text))))
        .collect();
    removed.sort_by(|a, b| a.0.total_cmp(&b.0));
    let ((least, least_of), (most, most_of)) = (removed.first()?, removed.last()?);
    let share = |share: f64| {
        if share < 0.0 { "none".to_owned() } else { format!("{:.0}%", (share * 100.0).floor()) }
    };
    let range = if removed.len() == 1 {
        format!("{} of the variance of {least_of}", share(*least))
    } else {
        format!("{} ({least_of}) to {} ({most_of}) of the variance", share(*least), share(*most))
    };
    Some(format!("Pairing     the same chance for both removed {range}"))
}
