//! How many messages each partition has, for rules of routing that look.
//!
//! Owns the two counts of each partition and nothing else. Must not know which messages they are.
//! Where no rule looks, nothing is counted: the tables are empty.
//!
//! Invariant: `waiting` counts what stands in a partition's line, `held` all that belongs to it and
//! is not deleted: what waits, is delayed or is in flight.
#![expect(clippy::inline_always, reason = "every message passes here, from one or two places")]

/// Which of the two counts are kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::ledger) struct Counted {
    pub(in crate::ledger) waiting: bool,
    pub(in crate::ledger) held: bool,
}

/// The counts of all partitions, by place.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Backlogs {
    counted: Counted,
    waiting: Vec<u32>,
    held: Vec<u32>,
}

impl Backlogs {
    pub(super) fn new(counted: Counted) -> Backlogs {
        Backlogs { counted, ..Backlogs::default() }
    }

    pub(in crate::ledger) fn counted(&self) -> Counted {
        self.counted
    }

    /// Messages in each line; empty if nobody asks.
    pub(super) fn waiting(&self) -> &[u32] {
        &self.waiting
    }

    /// Messages of each partition; empty if nobody asks.
    pub(in crate::ledger) fn held(&self) -> &[u32] {
        &self.held
    }

    /// A message entered the line of partition `at`.
    #[inline(always)]
    pub(super) fn entered(&mut self, at: usize) {
        if let Some(count) = self.waiting.get_mut(at) {
            *count += 1;
        }
    }

    /// A message left the line of partition `at`.
    #[inline(always)]
    pub(super) fn left(&mut self, at: usize) {
        if let Some(count) = self.waiting.get_mut(at) {
            *count -= 1;
        }
    }

    /// A message came in and belongs to partition `at`.
    #[inline(always)]
    pub(super) fn came(&mut self, at: usize) {
        if let Some(count) = self.held.get_mut(at) {
            *count += 1;
        }
    }

    /// A message of partition `at` is there no more.
    #[inline(always)]
    pub(super) fn gone(&mut self, at: usize) {
        if let Some(count) = self.held.get_mut(at) {
            *count -= 1;
        }
    }

    /// The partitions have changed: these are the lengths of their lines now.
    pub(super) fn recount_waiting(&mut self, lengths: impl Iterator<Item = u32>) {
        if self.counted.waiting {
            self.waiting.clear();
            self.waiting.extend(lengths);
        }
    }

    /// The `count` partitions have changed: these are the homes of all messages now.
    pub(super) fn recount_held(&mut self, count: usize, homes: impl Iterator<Item = usize>) {
        if self.counted.held {
            self.held.clear();
            self.held.resize(count, 0);
            homes.for_each(|at| self.held[at] += 1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_asked_for_is_counted() {
        let mut backlogs = Backlogs::new(Counted { waiting: true, held: false });
        backlogs.recount_waiting([0, 3].into_iter());
        backlogs.recount_held(2, [0, 1, 1].into_iter());
        backlogs.entered(0);
        backlogs.left(1);
        backlogs.came(0);
        assert_eq!((backlogs.waiting(), backlogs.held()), ([1, 2].as_slice(), [].as_slice()));
        let mut backlogs = Backlogs::new(Counted { waiting: false, held: true });
        backlogs.recount_waiting([0, 3].into_iter());
        backlogs.recount_held(2, [0, 1, 1].into_iter());
        backlogs.entered(0);
        backlogs.came(0);
        backlogs.gone(1);
        assert_eq!((backlogs.waiting(), backlogs.held()), ([].as_slice(), [2, 1].as_slice()));
    }
}
