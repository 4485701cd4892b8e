//! The same runs again, elsewhere.
//!
//! Owns the second set of runs, made on another number of threads, and the search for the first
//! event in which it differs. Must not trust that there is none ([madsim] checks the same way).
//!
//! [madsim]: https://github.com/madsim-rs/madsim

use std::sync::atomic::Ordering;
use std::thread;

use super::replicate::{ReplicationPlan, Replications, replicate};
use crate::engine::lockstep::{Difference, Stepper, first_difference};
use crate::model::course::Course;

/// What the second runs tell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Checked {
    /// They are the same.
    Same,
    /// An interrupt came before all were made: nobody knows.
    Interrupted,
    /// They differ.
    Differs(Disagreement),
}

/// Two runs that should have been one.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Disagreement {
    /// Which replication.
    pub replication: u64,
    /// Where they part.
    pub parts: Parts,
}

/// Where two runs that should have been one part.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Parts {
    /// At this event.
    At(Difference),
    /// Nowhere: stepped side by side they are the same.
    Nowhere,
    /// An interrupt ended the search.
    Unknown,
}

/// Threads for the second runs: not as many as for the first.
pub fn other_threads(threads: usize) -> usize {
    if threads == 1 { 2 } else { 1 }
}

/// Makes the runs of `plan` again, on other threads, and compares.
///
/// # Panics
/// If a run does.
pub fn check<'a>(
    course: impl Into<Course<'a>>,
    plan: ReplicationPlan<'_>,
    runs: &Replications,
) -> Checked {
    let course = course.into();
    let again = ReplicationPlan { threads: other_threads(plan.threads), progress: None, ..plan };
    let again = thread::scope(|scope| {
        scope.spawn(|| replicate(course, again)).join().expect("the second runs end")
    });
    let interrupted = || plan.interrupt.load(Ordering::Relaxed);
    if interrupted() {
        return Checked::Interrupted;
    }
    let Some(replication) = first_unequal(runs, &again) else { return Checked::Same };
    let side = || Stepper::new(course, replication);
    let parts = match first_difference(side(), side(), plan.interrupt) {
        Some(difference) => Parts::At(difference),
        None if interrupted() => Parts::Unknown,
        None => Parts::Nowhere,
    };
    Checked::Differs(Disagreement { replication, parts })
}

/// The first replication whose two outcomes are not equal.
fn first_unequal(left: &Replications, right: &Replications) -> Option<u64> {
    let unequal = left.outcomes.iter().zip(&right.outcomes).position(|(a, b)| a != b);
    let shorter = left.outcomes.len().min(right.outcomes.len());
    let unequal = unequal.or((left.outcomes.len() != right.outcomes.len()).then_some(shorter));
    unequal.map(|replication| replication as u64)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::experiment::fixture::{scenario, seeded};

    static GO_ON: AtomicBool = AtomicBool::new(false);

    #[test]
    fn runs_agree_with_themselves_on_any_number_of_threads() {
        for threads in [1, 2, 4] {
            let plan =
                ReplicationPlan { replications: 3, threads, interrupt: &GO_ON, progress: None };
            let runs = replicate(&seeded(1), plan);
            assert_eq!(check(&seeded(1), plan, &runs), Checked::Same);
        }
        assert_eq!([1, 2, 8].map(other_threads), [2, 1, 1]);
    }

    /// Runs of two seeds stand for runs that should have been the same.
    #[test]
    fn runs_that_differ_are_found_out() {
        let plan =
            ReplicationPlan { replications: 3, threads: 2, interrupt: &GO_ON, progress: None };
        let [mut left, right] = [1, 2].map(|seed| replicate(&seeded(seed), plan));
        assert_eq!(first_unequal(&left, &right), Some(0));
        left.outcomes[0] = right.outcomes[0].clone();
        assert_eq!(first_unequal(&left, &right), Some(1));
        // Stepped side by side, one and the same scenario does not differ.
        let found = check(&seeded(2), plan, &left);
        let parts = Parts::Nowhere;
        assert_eq!(found, Checked::Differs(Disagreement { replication: 1, parts }));
    }

    /// Runs of another seed, so that an answer would be wrong: there is none.
    #[test]
    fn an_interrupted_check_has_not_found_that_runs_agree() {
        let plan =
            ReplicationPlan { replications: 3, threads: 2, interrupt: &GO_ON, progress: None };
        let interrupted = AtomicBool::new(true);
        for seed in [1, 2] {
            let runs = replicate(&seeded(seed), plan);
            let plan = ReplicationPlan { interrupt: &interrupted, ..plan };
            assert_eq!(check(&seeded(1), plan, &runs), Checked::Interrupted);
        }
    }

    #[test]
    fn the_first_difference_is_the_first() {
        let slower = scenario("seed: 1, window: \"2s\"");
        let steppers = || (Stepper::new(&seeded(1), 0), Stepper::new(&slower, 0));
        let (left, right) = steppers();
        assert_eq!(first_difference(left, right, &GO_ON), None, "windows are no events");

        let (left, right) = (Stepper::new(&seeded(1), 0), Stepper::new(&seeded(1), 1));
        let found = first_difference(left, right, &GO_ON).unwrap();
        let all = |replication| Stepper::new(&seeded(1), replication).collect::<Vec<_>>();
        let (left, right) = (all(0), all(1));
        let first = left.iter().zip(&right).position(|(left, right)| left != right).unwrap();
        assert_eq!(found.number, first as u64 + 1);
        assert_eq!((found.left, found.right), (Some(left[first]), Some(right[first])));
        assert_eq!(found.at(), left[first].0.min(right[first].0));
    }

    #[test]
    fn a_run_that_ends_earlier_differs_where_it_ends() {
        let short = scenario("seed: 1, limits: (events: 200)");
        let number = Stepper::new(&short, 0).count();
        let steppers = (Stepper::new(&seeded(1), 0), Stepper::new(&short, 0));
        let found = first_difference(steppers.0, steppers.1, &GO_ON).unwrap();
        assert_eq!((found.number, found.right), (number as u64 + 1, None));
        assert!(found.left.is_some());
    }
}
