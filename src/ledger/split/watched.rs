//! A partition as split policies see it.
//!
//! Owns its load and what is known of its changes, and what is remembered of its queue. Must not
//! know what is asked of it.

use super::load::Load;
use super::memory::{Memory, Totals};
use crate::kernel::rng::{Draws, Source as _, mix};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::SplitPolicy;
use crate::ledger::journal::PartitionId;
use crate::ledger::keyspace::partition::Partition;

/// A partition as a policy sees it.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Watched {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) opened: Time,
    /// Its threshold in shares of the policy's: 1, or what the guard's jitter made of it.
    pub(super) leniency: f64,
    /// Splits and merges between it and the start.
    pub(super) depth: u32,
    /// A change of its range is under way.
    pub(super) changing: bool,
    /// Its split waits until fewer are under way.
    pub(super) put_off: bool,
    /// The last split or refusal.
    pub(super) suggested: Option<Time>,
    pub(super) load: Load,
    /// Seeds its draws; differs by partition.
    pub(super) seed: u64,
}

impl Watched {
    /// Bytes of a partition, with what its policy samples; none of one that nobody watches.
    pub(in crate::ledger) fn bytes(policy: &SplitPolicy) -> usize {
        if *policy == SplitPolicy::Static {
            return 0;
        }
        size_of::<Watched>() + Memory::bytes(policy)
    }

    pub(super) fn new(seed: u64, jitter: f64, part: Opened, now: Time) -> Watched {
        let seed = seed ^ mix(u64::from(part.id.0));
        let unit = Draws::new(mix(seed)).unit();
        Watched {
            first: part.first,
            last: part.last,
            opened: now,
            leniency: 1.0 + jitter * (2.0 * unit - 1.0),
            depth: 0,
            changing: false,
            put_off: false,
            suggested: None,
            load: Load::default(),
            seed,
        }
    }

    /// Whether it is at least this old and nothing is done to it.
    pub(super) fn rests_since(&self, age: Span, now: Time) -> bool {
        !self.changing && now.since(self.opened) >= age
    }

    /// Whether its last split or refusal is at most this long ago.
    pub(super) fn suggested_within(&self, span: Span, now: Time) -> bool {
        self.suggested.is_some_and(|at| now.since(at) <= span)
    }

    /// The key in the middle of its range, or none if it holds a single one.
    pub(super) fn middle(&self) -> Option<u64> {
        (self.first < self.last).then(|| self.first + (self.last - self.first) / 2 + 1)
    }
}

/// A partition that came to be.
#[derive(Clone, Copy, Debug)]
pub(in crate::ledger) struct Opened {
    pub(in crate::ledger) id: PartitionId,
    pub(in crate::ledger) first: u64,
    pub(in crate::ledger) last: u64,
}

impl From<&Partition> for Opened {
    fn from(part: &Partition) -> Opened {
        Opened { id: part.id, first: part.first, last: part.last }
    }
}

/// What a queue's policy remembers of the queue as a whole.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::ledger) struct History {
    /// The last change that made more partitions.
    pub(super) split: Option<Time>,
    /// The last change that made fewer.
    pub(super) merged: Option<Time>,
    pub(super) totals: Totals,
}

#[cfg(test)]
mod tests {
    use super::super::drive::Drive;
    use super::*;

    #[test]
    fn the_middle_of_a_range_is_where_its_right_half_begins() {
        let mut part = Drive::new(SplitPolicy::Static, 1).watch.parts()[0].clone();
        assert_eq!(part.middle(), Some(1 << 63), "the whole key space");
        for (first, last, expected) in [(4, 7, Some(6)), (4, 5, Some(5)), (4, 4, None)] {
            (part.first, part.last) = (first, last);
            assert_eq!(part.middle(), expected, "{first} to {last}");
        }
    }
}
