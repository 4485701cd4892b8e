//! A run against the outcome that was kept of it.
//!
//! Owns the verdict and the search for the first difference. Must not know files or arguments.
//!
//! Where the kept scenario still gives the kept fingerprint, the engine is the same and the
//! scenario has changed: both are stepped side by side to the first event in which they differ.
//! Otherwise the engine (or a data file) has changed, the old run is gone, and the checkpoints of
//! its fingerprint, one at every power of two of events, say between which two the change lies.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use super::replicate::{ReplicationPlan, replicate};
use crate::engine::lockstep::{Difference, Stepper, first_difference};
use crate::facts::fact::Fact;
use crate::kernel::time::Time;
use crate::model::scenario::Scenario;
use crate::outcome::stored::{Stored, contents};
use crate::outcome::{Checkpoint, Outcome};
use crate::scenario::load::Text;

/// Facts of the new run that are shown where the old run is gone.
const SHOWN: usize = 3;

/// How an outcome compares with the kept one.
#[derive(Clone, Debug)]
pub enum Regression {
    /// They are the same.
    Same,
    /// Nothing was kept.
    New,
    /// They differ.
    Differs(Box<Differs>),
}

/// A difference from what was kept.
#[derive(Clone, Debug)]
pub struct Differs {
    /// Where it begins.
    pub first: First,
    /// Numbers and sentences that changed: path, old, new; `None` where there is none.
    pub changed: Vec<Changed>,
}

/// A part of the outcome that changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Changed {
    /// Its path, as `queues.signups.counts.sent`.
    pub path: String,
    /// What was kept.
    pub old: Option<Value>,
    /// What is.
    pub new: Option<Value>,
}

/// Where a difference begins.
#[derive(Clone, Debug)]
pub enum First {
    /// Every event is the same; what is said of them changed.
    SameEvents,
    /// At this event.
    At {
        /// The old run on the left, the new one on the right.
        difference: Difference,
        /// The scenario of the old run.
        old: Box<Scenario>,
    },
    /// Somewhere between two checkpoints.
    Between {
        /// The last equal one; `None` for the beginning of the run.
        equal: Option<Checkpoint>,
        /// The first unequal one; `None` for the end of the run.
        unequal: Option<Checkpoint>,
        /// The first events of the new run after `equal`.
        shown: Vec<(Time, Fact)>,
    },
}

/// The outcome that is kept of a scenario: its first replication.
pub fn outcome(scenario: &Scenario, interrupt: &AtomicBool) -> Outcome {
    let plan = ReplicationPlan { replications: 1, threads: 1, interrupt, progress: None };
    let mut runs = replicate(scenario, plan);
    runs.outcomes.swap_remove(0)
}

/// Compares the outcome of a scenario with what was kept of it.
///
/// # Errors
/// Never for an outcome that this crate made.
pub fn compare(
    text: &Text,
    scenario: &Scenario,
    outcome: &Outcome,
    kept: Option<&Stored>,
    interrupt: &AtomicBool,
) -> Result<Regression, serde_json::Error> {
    let Some(kept) = kept else { return Ok(Regression::New) };
    let new = contents(outcome)?;
    if new == kept.contents {
        return Ok(Regression::Same);
    }
    let changed = differences(kept, &new)?;
    let old = kept.value().unwrap_or(Value::Null);
    let first = first(text, scenario, outcome, kept, &old, interrupt);
    Ok(Regression::Differs(Box::new(Differs { first, changed })))
}

fn first(
    text: &Text,
    scenario: &Scenario,
    outcome: &Outcome,
    kept: &Stored,
    old: &Value,
    interrupt: &AtomicBool,
) -> First {
    let fingerprint = old["fingerprint"].as_str();
    if fingerprint == Some(&outcome.fingerprint) {
        return First::SameEvents;
    }
    if let Some(old) = reproduced(text, kept, fingerprint, interrupt) {
        let (left, right) = (Stepper::new(&old, 0), Stepper::new(scenario, 0));
        if let Some(difference) = first_difference(left, right, interrupt) {
            return First::At { difference, old: Box::new(old) };
        }
    }
    let kept: Vec<Checkpoint> =
        serde_json::from_value(old["checkpoints"].clone()).unwrap_or_default();
    let equal = kept.iter().zip(&outcome.checkpoints).take_while(|(a, b)| a == b).count();
    let last = equal.checked_sub(1).map(|last| outcome.checkpoints[last].clone());
    let skip = last.as_ref().map_or(0, |checkpoint| checkpoint.number);
    let skip = usize::try_from(skip).unwrap_or(usize::MAX);
    let facts = Stepper::new(scenario, 0).take_while(|_| !interrupt.load(Ordering::Relaxed));
    First::Between {
        equal: last,
        unequal: outcome.checkpoints.get(equal).cloned(),
        shown: facts.skip(skip).take(SHOWN).collect(),
    }
}

/// The kept scenario, if it is another one than now and still gives the kept fingerprint.
fn reproduced(
    text: &Text,
    kept: &Stored,
    fingerprint: Option<&str>,
    interrupt: &AtomicBool,
) -> Option<Scenario> {
    let old = kept.scenario.clone().filter(|old| *old != text.text)?;
    let loaded = Text { text: old, ..text.clone() }.load(&[]).ok()?;
    let again = outcome(&loaded.scenario, interrupt);
    (Some(again.fingerprint.as_str()) == fingerprint).then_some(loaded.scenario)
}

/// What changed from one kept document to another.
///
/// # Errors
/// `new` is no JSON.
pub fn differences(kept: &Stored, new: &str) -> Result<Vec<Changed>, serde_json::Error> {
    let mut changed = Vec::new();
    let old = kept.value().unwrap_or(Value::Null);
    changes("", Some(&old), Some(&serde_json::from_str(new)?), &mut changed);
    Ok(changed)
}

/// Lists every leaf below `path` that is not equal. Checkpoints and fingerprint are left out:
/// they differ whenever anything does.
fn changes(path: &str, old: Option<&Value>, new: Option<&Value>, changed: &mut Vec<Changed>) {
    if old == new || ["checkpoints", "fingerprint"].contains(&path) {
        return;
    }
    let keys = |value: Option<&Value>| match value {
        Some(Value::Object(map)) => map.keys().cloned().collect(),
        Some(Value::Array(list)) => (0..list.len()).map(|at| at.to_string()).collect(),
        _ => Vec::new(),
    };
    let mut names: Vec<String> = keys(old);
    names.extend(keys(new).into_iter().filter(|name| !names.contains(name)).collect::<Vec<_>>());
    if names.is_empty() {
        let (old, new) = (old.cloned(), new.cloned());
        changed.push(Changed { path: path.to_owned(), old, new });
        return;
    }
    for name in names {
        let path = if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
        changes(&path, part(old, &name), part(new, &name), changed);
    }
}

fn part<'v>(value: Option<&'v Value>, name: &str) -> Option<&'v Value> {
    match value? {
        Value::Object(map) => map.get(name),
        Value::Array(list) => list.get(name.parse::<usize>().ok()?),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => None,
    }
}
