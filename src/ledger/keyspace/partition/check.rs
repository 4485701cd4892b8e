//! What must hold between the ranges, the lines and what is derived from them.
//!
//! Owns the check of [`Shards`]. Must not know why partitions change.

use super::Shards;
use crate::ledger::messages::message::Slab;

impl Shards {
    /// Panics if what is derived disagrees with the lines; returns how many messages are visible
    /// and how many ages are kept. For tests.
    pub(in crate::ledger) fn check(&self, slab: &Slab) -> [u64; 2] {
        let mut next = 0;
        for part in self.live() {
            assert_eq!(part.first, next, "partitions tile the key space");
            assert!(part.sealed.is_none(), "one that takes sends is not sealed");
            next = part.last.wrapping_add(1);
        }
        assert_eq!(next, 0, "the last partition ends the key space");
        let mut counts = [0, 0];
        let waiting = self.backlogs.waiting();
        assert_eq!(waiting.len(), if self.backlogs.counted().waiting { self.len() } else { 0 });
        for (at, part) in self.parts.iter().enumerate() {
            let [visible, ages] = part.line.check(slab, part.first..=part.last);
            assert_eq!(self.is_ready(at), visible > 0, "the ready bit of a line");
            assert!(waiting.get(at).is_none_or(|&count| u64::from(count) == visible), "a backlog");
            assert!(
                self.at_least[at] <= part.line.oldest_id(slab),
                "a line with an older message than it knows"
            );
            assert!(self.at_least[self.front] <= self.at_least[at], "the front is the least");
            for came in part.line.came(slab) {
                assert_eq!(self.home(came), at, "a message stands in one partition, its home");
            }
            counts = [counts[0] + visible, counts[1] + ages];
        }
        counts
    }
}
