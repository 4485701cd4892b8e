//! What is kept of finished runs, beside those that go on.
//!
//! Owns the one rule: together it takes no more than a single run may, `limits.memory`. Must not
//! know what is kept, nor what becomes of runs that are not begun.
//!
//! Invariant: which runs fit depends on their sizes in order alone, not on which was quicker.

use std::sync::atomic::{AtomicU64, Ordering};

use super::point::Point;
use super::row::RunRow;
use crate::model::scenario::Scenario;
use crate::outcome::Outcome;
use crate::scenario::fault::{Fault, Faults};
use crate::scenario::units::{about_size, size_text};
use crate::stats::expect::Quantity;

/// Runs that are kept while more are made.
#[derive(Debug)]
pub(super) struct Kept {
    limit: u64,
    bytes: AtomicU64,
}

impl Kept {
    /// So many bytes are kept already.
    pub(super) fn new(limit: u64, bytes: u64) -> Kept {
        Kept { limit, bytes: AtomicU64::new(bytes) }
    }

    /// One more run is kept.
    pub(super) fn add(&self, bytes: u64) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Whether no other run need be begun. As runs begin in order, all that fit have begun then.
    pub(super) fn is_full(&self) -> bool {
        self.bytes.load(Ordering::Relaxed) > self.limit
    }
}

/// Of runs of these sizes, in their order, how many fit beside so many bytes, and how many bytes
/// there are then.
pub(super) fn that_fit(
    limit: u64,
    mut bytes: u64,
    sizes: impl Iterator<Item = u64>,
) -> (usize, u64) {
    let mut count = 0;
    for size in sizes {
        let more = bytes.saturating_add(size);
        if more > limit {
            break;
        }
        (count, bytes) = (count + 1, more);
    }
    (count, bytes)
}

/// Refuses replications before the first if their outcomes do not fit, whatever happens in them.
///
/// # Errors
/// They are too many. One never is: it is the answer.
pub fn few_enough(scenario: &Scenario, replications: u64) -> Result<(), Faults> {
    let each = Outcome::least_bytes(scenario);
    fit(scenario, "replications", "outcomes", replications, each)
}

/// Refuses an experiment before its first run if its rows do not fit, whatever happens in them.
///
/// # Errors
/// They are too many.
pub(super) fn few_enough_rows(
    points: &[Point],
    replications: u64,
    quantities: &[Quantity],
) -> Result<(), Faults> {
    let Some(Point { scenario, .. }) = points.first() else { return Ok(()) };
    let runs = (points.len() as u64).saturating_mul(replications);
    let each = RunRow::least_bytes(quantities, scenario);
    fit(scenario, "runs", "results", runs, each)
}

fn fit(scenario: &Scenario, runs: &str, kept: &str, count: u64, each: u64) -> Result<(), Faults> {
    let (all, limit) = (each.saturating_mul(count), scenario.limits.memory);
    if count <= 1 || all <= limit {
        return Ok(());
    }
    let what = format!(
        "the {kept} of {count} {runs} of `{}` take at least {} of memory, more than the {} of \
         `limits.memory`",
        scenario.name,
        about_size(all),
        size_text(limit)
    );
    let help = format!(
        "ask for at most {}, or, where there is so much memory, for more of it with \
         `limits.memory`",
        limit / each.max(1)
    );
    Err(Faults::of(Fault::new(what).help(help)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture::seeded;
    use crate::stats::expect::parse_quantity;

    #[test]
    fn runs_fit_up_to_the_first_that_does_not() {
        assert_eq!(that_fit(10, 0, [3, 3, 4, 1].into_iter()), (3, 10));
        assert_eq!(that_fit(10, 2, [3, 6, 1].into_iter()), (1, 5));
        assert_eq!(that_fit(10, 11, [0].into_iter()), (0, 11));
        assert_eq!(that_fit(u64::MAX, 1, [u64::MAX, 1].into_iter()).0, 2);
        let kept = Kept::new(10, 4);
        kept.add(6);
        assert!(!kept.is_full(), "ten of ten");
        kept.add(1);
        assert!(kept.is_full());
    }

    #[test]
    fn so_many_outcomes_as_cannot_fit_are_refused_at_first() {
        let mut scenario = seeded(1);
        scenario.limits.memory = 100 * Outcome::least_bytes(&scenario);
        assert!(few_enough(&scenario, 100).is_ok());
        let told = few_enough(&scenario, 101).expect_err("one too many").to_string();
        assert!(told.contains("the outcomes of 101 replications of `"), "{told}");
        assert!(told.contains("ask for at most 100, or"), "{told}");
        scenario.limits.memory = 1;
        assert!(few_enough(&scenario, 1).is_ok(), "one outcome is the answer");
    }

    #[test]
    fn so_many_rows_as_cannot_fit_are_refused_at_first() {
        let mut scenario = seeded(1);
        let quantities =
            [parse_quantity("p99(sent_to_deleted) - mean(sent_to_deleted)").expect("is one")];
        scenario.limits.memory = 60 * RunRow::least_bytes(&quantities, &scenario);
        let point = Point { name: String::new(), sets: Vec::new(), scenario };
        let points = vec![point; 3];
        assert!(few_enough_rows(&points, 20, &quantities).is_ok());
        let told = few_enough_rows(&points, 21, &quantities).expect_err("too many").to_string();
        assert!(told.contains("the results of 63 runs of `"), "{told}");
        assert!(told.contains("ask for at most 60, or"), "{told}");
        assert!(few_enough_rows(&points, 21, &[]).is_ok(), "rows without a quantity are smaller");
    }
}
