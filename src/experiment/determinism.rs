//! The same runs again, elsewhere.
//!
//! Owns the second set of runs, made on another number of threads, and the search for the first
//! event in which it differs. Must not trust that there is none ([madsim] checks the same way).
//!
//! [madsim]: https://github.com/madsim-rs/madsim

use std::sync::atomic::Ordering;
use std::thread;

use super::replicate::{Plan, Replications, replicate};
use crate::engine::lockstep::{Difference, Stepper, first_difference};
use crate::engine::scenario::Scenario;

/// Two runs that should have been one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disagreement {
    /// Which replication.
    pub replication: u64,
    /// Where they part; `None` if, stepped side by side, they did not.
    pub first: Option<Difference>,
}

/// Threads for the second runs: not as many as for the first.
pub fn other_threads(threads: usize) -> usize {
    if threads == 1 { 2 } else { 1 }
}

/// Makes the runs of `plan` again, on other threads; `None` if they are the same.
///
/// # Panics
/// If a run does.
pub fn check(scenario: &Scenario, plan: Plan<'_>, runs: &Replications) -> Option<Disagreement> {
    let again = Plan { threads: other_threads(plan.threads), progress: None, ..plan };
    let again = thread::scope(|scope| {
        scope.spawn(|| replicate(scenario, again)).join().expect("the second runs end")
    });
    if plan.interrupt.load(Ordering::Relaxed) {
        return None;
    }
    let replication = first_unequal(runs, &again)?;
    let side = || Stepper::new(scenario, replication);
    Some(Disagreement { replication, first: first_difference(side(), side(), plan.interrupt) })
}

/// The first replication whose two outcomes are not equal.
fn first_unequal(left: &Replications, right: &Replications) -> Option<u64> {
    let unequal = left.outcomes.iter().zip(&right.outcomes).position(|(a, b)| a != b);
    let shorter = left.outcomes.len().min(right.outcomes.len());
    let unequal = unequal.or((left.outcomes.len() != right.outcomes.len()).then_some(shorter));
    unequal.map(|replication| replication as u64)
}
