//! How a difference from a stored outcome is told.
//!
//! Owns the words: where it begins, the two events, a few changed numbers, what to do. Must not
//! print.

use serde_json::Value;

use super::values::quoted;
use crate::engine::lockstep::Difference;
use crate::engine::scenario::{Limits, Scenario};
use crate::experiment::determinism::Disagreement;
use crate::experiment::regression::{Changed, Differs, First};
use crate::kernel::time::Time;
use crate::observe::fact::Fact;
use crate::observe::trace::{Filter, Text};
use crate::outcome::Checkpoint;
use crate::render::units;

/// Changed numbers that are shown; the rest are counted.
const MOST: usize = 8;

const INDENT: &str = "          ";

/// The lines about one scenario.
pub(super) fn block(name: &str, new: &Scenario, differs: &Differs) -> String {
    let (place, mut lines) = match &differs.first {
        First::SameEvents => ("every event is the same, what is measured is not".into(), vec![]),
        First::At { difference, old } => {
            (at(difference), two_facts(old, new, difference).map(String::from).to_vec())
        }
        First::Between { equal, unequal, shown } => {
            let mut lines = vec!["the scenario is as stored: sqsim or a data file changed".into()];
            lines.extend(shown.iter().map(|fact| format!("+ {}", line(new, Some(*fact)))));
            (between(equal.as_ref(), unequal.as_ref()), lines)
        }
    };
    lines.extend(numbers(&differs.changed));
    let mut text = format!("  DIFF  {name}     {place}\n");
    for line in lines {
        text.extend([INDENT, &line, "\n"]);
    }
    text
}

/// How to look at the beginning of a difference.
pub(super) fn help_look(name: &str, differs: &Differs) -> String {
    let at = match &differs.first {
        First::SameEvents => None,
        First::At { difference, .. } => Some(difference.at()),
        First::Between { equal, unequal, .. } => {
            let point = unequal.as_ref().or(equal.as_ref());
            point.map(|checkpoint| Time::from_nanos(checkpoint.at_ns))
        }
    };
    at.map_or_else(String::new, |at| {
        let at = at.to_string();
        let at = at.trim_end_matches('s').trim_end_matches('0').trim_end_matches('.');
        format!("help: look closer   sqsim trace {} --around {at}s\n", quoted(name))
    })
}

/// How to accept the outcomes of what these paths name.
pub(super) fn help_accept(paths: &[&str]) -> String {
    let paths: Vec<String> = paths.iter().map(|path| quoted(path) + " ").collect();
    format!("help: accept        sqsim test {}--update\n", paths.concat())
}

fn at(difference: &Difference) -> String {
    format!("first difference at {}, event {}", difference.at(), difference.number)
}

fn between(equal: Option<&Checkpoint>, unequal: Option<&Checkpoint>) -> String {
    let event = |checkpoint: &Checkpoint| {
        format!("event {} at {}", checkpoint.number, Time::from_nanos(checkpoint.at_ns))
    };
    match (equal, unequal) {
        (None, None) => "it differs from the first event on".to_owned(),
        (None, Some(unequal)) => format!("first difference up to {}", event(unequal)),
        (Some(equal), None) => format!("first difference after {}", event(equal)),
        (Some(equal), Some(unequal)) => {
            format!("first difference between {} and {}", event(equal), event(unequal))
        }
    }
}

/// The two events that should have been one.
fn two_facts(left: &Scenario, right: &Scenario, first: &Difference) -> [String; 2] {
    [format!("- {}", line(left, first.left)), format!("+ {}", line(right, first.right))]
}

/// What to say where a run was not the same the second time, and the lines below it.
pub(super) fn disagreement(scenario: &Scenario, found: &Disagreement) -> (String, String) {
    let what = format!("replication {} was not the same the second time", found.replication);
    match &found.first {
        Some(first) => {
            let [left, right] = two_facts(scenario, scenario, first);
            (format!("{what}: {}", at(first)), format!("\n  {left}\n  {right}\n"))
        }
        None => (format!("{what}, but it is when both are stepped side by side"), String::new()),
    }
}

/// An event as a line of the trace.
fn line(scenario: &Scenario, fact: Option<(Time, Fact)>) -> String {
    let Some((now, fact)) = fact else { return "the run was over".to_owned() };
    let limits = Limits { trace_bytes: u64::MAX, ..scenario.limits };
    let scenario = Scenario { limits, ..scenario.clone() };
    let mut bytes = Vec::new();
    let mut text = Text::new(&scenario, Filter::ALL, &mut bytes);
    fact.tell(now, &mut text);
    // Nothing goes wrong with a growing buffer.
    drop(text.finish(now));
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// The first changed numbers, the counts before the rest.
fn numbers(changed: &[Changed]) -> Vec<String> {
    let telling = |path: &str| {
        path.contains(".counts.") || path.contains(".p99") || path.starts_with("expect")
    };
    let (mut first, rest): (Vec<&Changed>, Vec<&Changed>) =
        changed.iter().partition(|changed| telling(&changed.path));
    first.extend(rest);
    let shown = &first[..first.len().min(MOST)];
    let width = shown.iter().map(|changed| changed.path.len()).max().unwrap_or(0);
    let mut lines: Vec<String> = shown
        .iter()
        .map(|Changed { path, old, new }| {
            let (old, new) = (value(path, old.as_ref()), value(path, new.as_ref()));
            format!("{path:width$}  {old} -> {new}")
        })
        .collect();
    match first.len() - shown.len() {
        0 => {}
        1 => lines.push("and 1 more number".to_owned()),
        more => lines.push(format!("and {more} more numbers")),
    }
    lines
}

fn value(path: &str, value: Option<&Value>) -> String {
    match value {
        None => "none".to_owned(),
        Some(Value::Number(number)) if path.contains("_ns") => {
            number.as_f64().map_or_else(|| number.to_string(), units::length)
        }
        Some(value) => value.to_string(),
    }
}
