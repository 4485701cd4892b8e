//! How a queue lives with sealed partitions.
//!
//! Owns which messages stay with them, and which wait behind them. Must not know why partitions
//! are sealed, nor who receives.

use std::ops::Range;

use super::Queue;
use crate::kernel::time::Time;
use crate::ledger::config::Keys;
use crate::ledger::keyspace::partition::Recut;
use crate::ledger::messages::groups;
use crate::ledger::messages::message::{AGE, Slab};
use crate::ledger::messages::sealed::{Came, Sealed};

impl Queue {
    /// Seals the partitions at `parts`: what belongs to them stays with them until it is gone.
    pub(super) fn seal(
        &mut self,
        slab: &mut Slab,
        parts: Range<usize>,
        cuts: &[u64],
        reshard: u32,
        now: Time,
    ) -> Recut {
        let grouped = matches!(self.config.ledger.keys, Keys::Group { .. });
        let seal = Sealed::new(now, slab.next_id(), reshard, grouped);
        let count = parts.len();
        let recut = self.shards.seal(slab, parts, cuts, &seal);
        let sealed = self.shards.len() - count..;
        for list in [self.delayed, self.moved, self.aside] {
            for slot in slab.rows.list::<AGE>(list) {
                let came = slab.get(slot).into();
                if sealed.contains(&self.shards.home(came)) {
                    self.shards.count(came);
                }
            }
        }
        self.drained = true;
        recut
    }

    /// Partitions have become others: what each holds is counted anew, if anyone asks.
    pub(super) fn recount_held(&mut self, slab: &Slab) {
        if !self.shards.backlogs().counted().held {
            return;
        }
        let lists = [self.delayed, self.moved, self.aside];
        let rows = lists.into_iter().flat_map(|list| slab.rows.list::<AGE>(list));
        let rows = rows.map(|slot| Came::from(slab.get(slot)));
        let all: Vec<Came> = self.shards.came(slab).chain(rows).collect();
        self.shards.recount_held(all.into_iter());
    }

    /// Takes a visible message with a row out of the middle of its line, or from behind a sealed
    /// partition.
    pub(super) fn leave(&mut self, slab: &mut Slab, slot: u32) {
        if slab.get(slot).is_behind() {
            groups::step_out(slab, slot);
            self.behind -= 1;
        } else {
            self.shards.leave(slab, slot);
        }
    }

    /// Puts a visible message with a row into its line, or behind the sealed partition that still
    /// holds something of its group.
    pub(super) fn enter(&mut self, slab: &mut Slab, slot: u32) {
        let came = slab.get(slot).into();
        let holding = if self.shards.drain() { self.shards.holding(came) } else { None };
        let Some(groups) = holding else { return self.shards.enter(slab, slot) };
        groups.stand_behind(slab, slot);
        self.behind += 1;
    }

    /// Whether a message that is sent must wait behind a sealed partition.
    #[inline]
    pub(in crate::ledger) fn must_wait(&mut self, came: Came) -> bool {
        self.shards.drain() && self.shards.holding(came).is_some()
    }

    /// Messages whose groups no sealed partition holds any more enter their lines.
    pub(super) fn release(&mut self, slab: &mut Slab) {
        for list in self.shards.release() {
            while let Some(slot) = groups::next(slab, list) {
                self.behind -= 1;
                self.enter(slab, slot);
            }
        }
    }
}
