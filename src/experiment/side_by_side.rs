//! How many runs go on side by side.
//!
//! Owns the one rule: together they need no more than a single one may take. Must not know what
//! they are made for.
//!
//! Invariant: no result depends on it, as none depends on threads.

use crate::engine::memory::Needed;
use crate::model::scenario::Scenario;

/// Of so many threads those that runs of these scenarios fit on together, at least one.
pub fn fitting<'a>(threads: usize, scenarios: impl IntoIterator<Item = &'a Scenario>) -> usize {
    if threads <= 1 {
        return threads;
    }
    let fit = |scenario: &Scenario| scenario.limits.memory / Needed::of(scenario).bytes().max(1);
    let fewest = scenarios.into_iter().map(fit).min().unwrap_or(u64::MAX);
    threads.min(usize::try_from(fewest).unwrap_or(usize::MAX)).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture::seeded;

    #[test]
    fn runs_that_need_half_of_the_memory_go_two_by_two() {
        let small = seeded(1);
        let mut large = small.clone();
        for (runs, expected) in [(0, 1), (1, 1), (2, 2), (7, 7), (9, 8)] {
            large.limits.memory = Needed::of(&large).bytes() * runs;
            assert_eq!(fitting(8, [&small, &large]), expected, "{runs}");
        }
        assert_eq!(fitting(8, [&small]), 8);
        assert_eq!(fitting(8, []), 8);
        assert_eq!(fitting(1, [&large]), 1);
    }
}
