//! The answers to `run` and to experiments, on the terminal.
//!
//! Owns its blocks and their order: identity first, the verdicts last beside the prompt, the last
//! line a command. Must not print, and must not know a terminal: colour is a switch, and says
//! only what the words already say.
//!
//! Invariant: standard output depends on the scenario, the outcomes and the command alone. What
//! advises rather than answers is a warning and goes to standard error.

mod advise;
mod blocks;
mod compare;
mod cost;
mod downstream;
mod estimated;
mod fleets;
pub mod fold;
mod functions;
mod grid;
mod nodes;
mod partitions;
mod plan;
pub mod precision;
mod sweep;
mod table;
mod warnings;
mod written;

pub use advise::{length_advice, timeout_advice};
pub use compare::compare;
pub use plan::plan;
pub use sweep::sweep;

use crate::kernel::time::{Span, Time};
use crate::model::scenario::Scenario;
use crate::outcome::{self, EstimatedExpectation, EstimatedUnstable, Outcome, Sample, Undecided};
use crate::render::units::{self, Scale};
use crate::scenario::visible::brief;
use crate::stats::expect::{self, Unit};

/// What was typed.
#[derive(Clone, Copy, Debug)]
pub struct Typed<'a> {
    /// The scenario file as named on the command line.
    pub file: &'a str,
    /// The command that gives this answer again, seed included.
    pub command: &'a str,
    /// The rule that found the warm-up; empty where the scenario or the user said it.
    pub discarded_by: &'a str,
    /// Where replications went on until their means were known precisely: how precisely they are.
    pub precision: Option<precision::PrecisionReached<'a>>,
    /// Where the settings became those of the scenario; they were others before.
    pub fork: Option<Time>,
}

/// How the text may look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Style {
    /// ANSI colours.
    pub colour: bool,
}

impl Style {
    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    fn heading(self, text: &str) -> String {
        self.paint("1", text)
    }
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// For standard output; the same bytes for the same outcomes.
    pub stdout: String,
    /// For standard error: one sentence each, without `warning:`.
    pub warnings: Vec<String>,
    /// Whether every expectation held.
    pub held: bool,
}

/// The answer from the outcomes of all replications, in their order, or from one run and its parts.
///
/// # Panics
/// If there is no outcome.
pub fn answer(
    asked: &Typed<'_>,
    scenario: &Scenario,
    outcomes: Sample<'_>,
    style: Style,
) -> Answer {
    let first = outcomes.first().expect("an answer needs at least one run");
    let expectations = EstimatedExpectation::all(outcomes);
    let unstable = EstimatedUnstable::all(outcomes);
    let mut lines = header(asked, scenario, outcomes, first);
    blocks::flow_and_latency(scenario, outcomes, &unstable, style, &mut lines);
    lines.push(String::new());
    blocks::sentences(asked, scenario, outcomes, &unstable, style, &mut lines);
    if !expectations.is_empty() {
        lines.push(String::new());
        lines.push(style.heading("Expectations"));
        judged(&expectations, outcomes, style, &mut lines);
    }
    lines.push(String::new());
    if let Some(reached) = asked.precision {
        lines.extend(reached.lines(outcomes.len()));
    } else if outcomes.len() == 1 && outcomes.batches().is_none() {
        lines.push("one run: no intervals; `--reps 10` gives them".to_owned());
    }
    let fingerprint = outcome::combined_fingerprint(&outcomes);
    let short = fingerprint.get(..8).unwrap_or(&fingerprint);
    lines.push(format!("repeat: {}        outcome {short}", asked.command));
    Answer {
        stdout: fold::text(&lines, style),
        warnings: warnings::of(scenario, outcomes, &unstable),
        held: expectations.iter().all(|expectation| expectation.holds),
    }
}

/// `NOT STABLE: orders grows by 12.3/s`, of each queue that does not settle; empty if all do.
fn growing(unstable: &[EstimatedUnstable]) -> String {
    let each = unstable
        .iter()
        .map(|of| format!("{} grows by {}/s", of.queue, units::number(of.growth_per_second)));
    let each: Vec<String> = each.collect();
    if each.is_empty() { String::new() } else { format!("NOT STABLE: {}", each.join(", ")) }
}

fn header(
    asked: &Typed<'_>,
    scenario: &Scenario,
    outcomes: Sample<'_>,
    first: &Outcome,
) -> Vec<String> {
    let [from, to] = first.window_ns;
    let warm_up = Span::from_nanos(from);
    let length = Span::from_nanos(to);
    let runs = match outcomes.len() {
        1 => match outcomes.batches() {
            Some(parts) => format!("one run of {length} in {} batches", parts.len()),
            None => format!("one run of {length}"),
        },
        many => format!("{many} replications x {length}"),
    };
    let of_each = if outcomes.len() == 1 { "" } else { " of each" };
    let discarded = if warm_up.is_zero() {
        String::new()
    } else {
        let rule = if asked.discarded_by.is_empty() {
            String::new()
        } else {
            format!(" ({})", asked.discarded_by)
        };
        format!(", first {warm_up}{of_each} discarded{rule}")
    };
    let forked = asked.fork.map(|at| format!(", forked at {}", at - Time::ZERO));
    let forked = forked.unwrap_or_default();
    let mut lines =
        vec![format!("{}   seed {}   {runs}{discarded}{forked}", brief(asked.file), first.seed)];
    if !scenario.about.is_empty() {
        lines.push(brief(&scenario.about));
    }
    if let Some(reason) = outcomes.iter().find_map(|outcome| outcome.partial.as_ref()) {
        lines.push(format!("PARTIAL: {reason}"));
    }
    lines
}

/// One line an expectation: the verdict, the text, the number it judged. Where the interval reaches
/// across the limit the verdict is open, and the line says what would close it.
fn judged(
    expectations: &[EstimatedExpectation],
    outcomes: Sample<'_>,
    style: Style,
    lines: &mut Vec<String>,
) {
    let texts: Vec<String> =
        expectations.iter().map(|expectation| brief(&expectation.text)).collect();
    let width = texts.iter().map(|text| text.chars().count()).max().unwrap_or(0);
    for (expectation, text) in expectations.iter().zip(&texts) {
        let verdict = match (expectation.undecided, expectation.holds) {
            (Some(_), _) => style.paint("33;1", "open"),
            (None, true) => style.paint("32", "ok  "),
            (None, false) => style.paint("31;1", "FAIL"),
        };
        let text = table::left(text, width);
        let remedy = expectation.undecided.map_or_else(String::new, |undecided| {
            let side = if expectation.holds { "holds" } else { "fails" };
            let remedy = remedy(undecided, outcomes);
            match undecided.thin {
                Some(thin) => format!("; it {side}, but {}: {remedy}", warnings::thin_words(thin)),
                None => format!("; the mean {side}, the interval cannot decide: {remedy}"),
            }
        });
        lines.push(format!("  {verdict}  {text}    {}{remedy}", found(expectation)));
    }
}

/// What would decide an expectation.
fn remedy(undecided: Undecided, outcomes: Sample<'_>) -> String {
    /// More are beyond anybody's patience, and the spread is not known so well.
    const PATIENCE: u64 = 100_000;
    match (undecided.needs.filter(|needs| *needs <= PATIENCE), outcomes.batches()) {
        (None, _) => "the mean is as good as at the limit".to_owned(),
        (Some(needs), None) => {
            let needs = needs.max(outcomes.len() as u64 + 1);
            format!("about `--reps {needs}` would")
        }
        (Some(needs), Some(parts)) => {
            let times = (needs as f64 / parts.len() as f64).max(1.1);
            format!("a run about {times:.1} times as long would")
        }
    }
}

/// The measured side of an expectation, with its interval.
fn found(expectation: &EstimatedExpectation) -> String {
    let note = || expectation.note.clone().unwrap_or_else(|| "has no value".to_owned());
    let Some(value) = expectation.value else { return note() };
    let unit = expect::parse(&expectation.text).map_or(Unit::Number, |parsed| parsed.unit());
    let percent = expectation.text.contains('%');
    let half = expectation.ci95.map(|[low, high]| (high - low) / 2.0).filter(|half| *half > 0.0);
    let half = half.map_or_else(String::new, |half| match unit {
        Unit::Duration => format!(" {}", Scale::of_one(value).write_half(half)),
        Unit::Number | Unit::Rate | Unit::Money => format!(" ±{}", written(half, unit, percent)),
    });
    format!("{}{half}", written(value, unit, percent))
}

/// A value in the unit of its expectation; a share as a percentage where its limit is one.
fn written(value: f64, unit: Unit, percent: bool) -> String {
    match unit {
        Unit::Duration => units::length(value),
        Unit::Rate => format!("{}/s", units::number(value)),
        Unit::Money => units::money(value),
        Unit::Number if percent => units::percent(value),
        Unit::Number => units::number(value),
    }
}

#[cfg(test)]
mod tests;
