//! Replications: the same scenario and seed, other streams.
//!
//! Owns what becomes of runs that end early. Must not know how an outcome is shown.
//!
//! Invariant: what is complete is the same for every number of threads.

use std::sync::atomic::AtomicBool;

use super::in_order::in_order;
use super::progress::Progress;
use crate::engine::run::{Run, run, run_with};
use crate::engine::scenario::Scenario;
use crate::engine::world::Ended;
use crate::observe::measured::Measured;
use crate::outcome::Outcome;

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct Plan<'a> {
    /// How many replications, at least one.
    pub replications: u64,
    /// On at most so many threads.
    pub threads: usize,
    /// Set to end early.
    pub interrupt: &'a AtomicBool,
    /// Told how far the runs have come.
    pub progress: Option<&'a Progress>,
}

/// What the replications gave.
#[derive(Clone, Debug)]
pub struct Replications {
    /// Their outcomes in order, at least one. After an interrupt: those complete before the first
    /// unfinished one, or that one if it is the first.
    pub outcomes: Vec<Outcome>,
    /// Everything measured in the first of them.
    pub first: Measured,
    /// `Completed`, or what ended the earliest replication that did not complete.
    pub ended: Ended,
}

/// Runs replications 0 to `plan.replications` - 1.
///
/// # Panics
/// If the plan has no replication.
pub fn replicate(scenario: &Scenario, plan: Plan<'_>) -> Replications {
    let mut done = in_order(plan.replications, plan.threads, |number| one(scenario, plan, number));
    let ended = done.iter().map(|done| done.ended).find(|&ended| ended != Ended::Completed);
    let ended = ended.unwrap_or(Ended::Completed);
    // Replications that were quick enough to be complete behind a gap are not taken: quick runs
    // are no fair sample.
    let complete = done.iter().take_while(|done| done.ended != Ended::Interrupted).count();
    done.truncate(complete.max(1));
    let all = plan.replications;
    let missing = (complete as u64) < all;
    let first = done.first_mut().and_then(|done| done.measured.take());
    let outcomes = done.into_iter().map(|Done { mut outcome, .. }| {
        if missing && outcome.partial.is_none() {
            outcome.partial = Some(format!("interrupted after {complete} of {all} replications"));
        }
        outcome
    });
    Replications {
        outcomes: outcomes.collect(),
        first: first.expect("a plan has at least one replication"),
        ended,
    }
}

/// One replication. Measurements are large, so only those of the first are kept.
struct Done {
    outcome: Outcome,
    measured: Option<Measured>,
    ended: Ended,
}

fn one(scenario: &Scenario, plan: Plan<'_>, number: u64) -> Done {
    let Run { measured, ended, .. } = match plan.progress {
        None => run(scenario, number, plan.interrupt),
        Some(progress) => {
            let pulse = progress.pulse(scenario.end());
            let Run { measured, ended, observer: _ } =
                run_with(scenario, number, plan.interrupt, pulse);
            Run { measured, ended, observer: () }
        }
    };
    let partial = why_partial(scenario, ended, &measured);
    let outcome = Outcome::from_run(scenario, scenario.seed, number, &measured, partial);
    Done { outcome, measured: (number == 0).then_some(measured), ended }
}

/// Why a run ended before its time, and what lets it run on; `None` if it did not.
pub fn why_partial(scenario: &Scenario, ended: Ended, measured: &Measured) -> Option<String> {
    let (at, limits) = (measured.end, scenario.limits);
    match ended {
        Ended::Completed | Ended::ObserverStopped => None,
        Ended::Interrupted => Some(format!("interrupted at {at}")),
        Ended::EventLimit => Some(format!(
            "stopped at {at} by the limit of {} events, `limits.events`",
            limits.events
        )),
        Ended::ResidentLimit => Some(format!(
            "stopped at {at} by the limit of {} messages at once, `limits.resident`",
            limits.resident
        )),
    }
}
