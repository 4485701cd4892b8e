//! How a difference from a stored outcome is told.
//!
//! Owns the words: where it begins, the two events, a few changed numbers, what to do. Must not
//! print.

use serde_json::Value;

use super::values::quoted;
use crate::engine::lockstep::Difference;
use crate::experiment::determinism::{Disagreement, Parts};
use crate::experiment::regression::{Changed, Differs, First};
use crate::facts::fact::Fact;
use crate::kernel::time::Time;
use crate::model::course::Course;
use crate::model::scenario::Scenario;
use crate::observe::trace;
use crate::outcome::Checkpoint;
use crate::scenario::visible::{brief, visible};

/// Changed numbers that are shown; the rest are counted.
const MOST: usize = 8;

const INDENT: &str = "          ";

/// The lines about one scenario.
pub(super) fn block(name: &str, new: &Scenario, differs: &Differs) -> String {
    let (place, mut lines) = match &differs.first {
        First::SameEvents => ("every event is the same, what is measured is not".into(), vec![]),
        First::At { difference, old } => (
            at(difference),
            two_facts(old.as_ref().into(), new.into(), difference).map(String::from).to_vec(),
        ),
        First::Between { equal, unequal, shown } => {
            let mut lines = vec!["the scenario is as stored: sqsim or a data file changed".into()];
            lines.extend(shown.iter().map(|fact| format!("+ {}", line(new.into(), Some(*fact)))));
            (between(equal.as_ref(), unequal.as_ref()), lines)
        }
    };
    lines.extend(numbers(&differs.changed));
    let mut text = format!("  DIFF  {}     {place}\n", visible(name));
    for line in lines {
        text.extend([INDENT, &line, "\n"]);
    }
    text
}

/// The lines about one experiment.
pub(super) fn experiment(name: &str, changed: &[Changed]) -> String {
    let mut text = format!("  DIFF  {}     the result is not as stored\n", visible(name));
    for line in numbers(changed) {
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
        format!("help: look closer   sqsim trace {} --around {}\n", quoted(name), seconds(at))
    })
}

/// Seconds, exactly, without the zeros at the end.
fn seconds(at: Time) -> String {
    let digits = at.to_string();
    let digits = digits.trim_end_matches('s').trim_end_matches('0').trim_end_matches('.');
    format!("{digits}s")
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
fn two_facts(left: Course<'_>, right: Course<'_>, first: &Difference) -> [String; 2] {
    [format!("- {}", line(left, first.left)), format!("+ {}", line(right, first.right))]
}

/// What to say where a run was not the same the second time, and the lines below it.
pub(super) fn disagreement<'a>(
    course: impl Into<Course<'a>>,
    found: &Disagreement,
) -> (String, String) {
    let course = course.into();
    let what = format!("replication {} was not the same the second time", found.replication);
    match &found.parts {
        Parts::At(first) => {
            let [left, right] = two_facts(course, course, first);
            (format!("{what}: {}", at(first)), format!("\n  {left}\n  {right}\n"))
        }
        Parts::Nowhere => {
            (format!("{what}, but it is when both are stepped side by side"), String::new())
        }
        Parts::Unknown => {
            (format!("{what}; interrupted before it was known where they part"), String::new())
        }
    }
}

/// An event as a line of the trace.
fn line(course: Course<'_>, fact: Option<(Time, Fact)>) -> String {
    let Some((now, fact)) = fact else { return "the run was over".to_owned() };
    trace::line(course, now, &fact)
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
    let paths: Vec<String> = shown.iter().map(|changed| brief(&changed.path)).collect();
    let width = paths.iter().map(|path| path.chars().count()).max().unwrap_or(0);
    let mut lines: Vec<String> = shown
        .iter()
        .zip(&paths)
        .map(|(Changed { path, old, new }, shown)| {
            let (old, new) = (value(path, old.as_ref()), value(path, new.as_ref()));
            format!("{shown:width$}  {old} -> {new}")
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
        // In full: two lengths that differ look different.
        Some(Value::Number(number)) if path.contains("_ns") => number
            .as_u64()
            .map_or_else(|| format!("{number}ns"), |nanos| seconds(Time::from_nanos(nanos))),
        Some(value) => brief(&value.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::engine::lockstep::{Stepper, first_difference};
    use crate::scenario::load::from_text;
    use crate::scenario::templates::template;

    /// Two replications stand for a run that was not the same twice.
    #[test]
    fn a_disagreement_names_both_events() {
        let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        let text = template("basic").unwrap();
        let scenario = from_text("a.ron", text, &[], &no_files).unwrap().scenario;
        let sides = [0, 1].map(|replication| Stepper::new(&scenario, replication));
        let [left, right] = sides;
        let first = first_difference(left, right, &AtomicBool::new(false));
        let difference = first.unwrap();
        let parts = Parts::At(difference);
        let (what, lines) = disagreement(&scenario, &Disagreement { replication: 3, parts });
        let place = format!("{}, event {}", difference.at(), difference.number);
        let expected = "replication 3 was not the same the second time: first difference at ";
        assert_eq!(what, format!("{expected}{place}"));
        let lines: Vec<&str> = lines.lines().collect();
        assert!(lines[1].starts_with("  - ") && lines[2].starts_with("  + "), "{lines:?}");
        for (line, side) in lines[1..].iter().zip([difference.left, difference.right]) {
            assert!(line.contains(&side.unwrap().0.to_string()), "{line}");
        }
        for (parts, end) in [
            (Parts::Nowhere, "but it is when both are stepped side by side"),
            (Parts::Unknown, "interrupted before it was known where they part"),
        ] {
            let (what, lines) = disagreement(&scenario, &Disagreement { replication: 3, parts });
            assert!(what.ends_with(end) && lines.is_empty(), "{what}");
        }
    }

    #[test]
    fn most_telling_numbers_come_first_and_the_rest_is_counted() {
        let changed = |path: &str, old: u64, new: u64| Changed {
            path: path.to_owned(),
            old: Some(old.into()),
            new: (new > 0).then(|| new.into()),
        };
        let mut all: Vec<Changed> = (0..9).map(|n| changed(&format!("other{n}"), n, 1)).collect();
        all.push(changed("queues.a.counts.sent", 17, 16));
        all.push(changed("queues.a.latency_ns.x.p99", 3_204_000_000, 0));
        let lines = numbers(&all);
        assert_eq!(lines[0], "queues.a.counts.sent       17 -> 16");
        assert_eq!(lines[1], "queues.a.latency_ns.x.p99  3.204s -> none");
        assert_eq!(lines.last().unwrap(), "and 3 more numbers");
        assert_eq!(lines.len(), MOST + 1);
    }
}
