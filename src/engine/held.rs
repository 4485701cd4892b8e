//! Which deliveries are held whose work is still to come or under way.
//!
//! Owns when the ledger is told of them, so that it can forget what nobody asks about. Must not
//! know what the ledger remembers.

use super::world::{LEAST_REMEMBERED, World};
use crate::clients::worker::{Stage, Thread};
use crate::facts::observer::Observer;

impl<O: Observer> World<O> {
    /// The ledger forgets messages that are gone and that nobody holds. It is told when it may
    /// remember as many more as were looked at the last time, so that each costs a bounded look.
    #[inline]
    pub(super) fn forget_unheld(&mut self) {
        if self.ledger.remembered() > self.most_remembered {
            self.tell_held();
        }
    }

    #[cold]
    fn tell_held(&mut self) {
        let working = self.threads.iter().filter(|thread| thread.stage == Stage::Working);
        let own = |thread: &Thread| {
            let first = thread.first as usize;
            &self.held[first..first + usize::from(thread.count)]
        };
        let held = working.flat_map(own).chain(self.buffers.iter().flatten());
        let mut looked_at = self.threads.len();
        self.ledger.forget_unheld(held.map(|delivery| {
            looked_at += 1;
            delivery.receipt
        }));
        self.most_remembered = self.ledger.remembered() + looked_at.max(LEAST_REMEMBERED);
    }
}
