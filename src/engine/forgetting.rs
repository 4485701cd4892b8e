//! When the ledger may forget messages that are gone.
//!
//! Owns how often it is told what is held still. Must not know why a message is remembered.
//!
//! Invariant: a message is remembered while a delivery of it waits in a buffer or is worked on.

use super::world::World;
use crate::clients::worker::{Stage, Thread};
use crate::observe::observer::Observer;

/// Messages that are gone which the ledger remembers at least before it is told who is held still.
pub(super) const LEAST_REMEMBERED: usize = 64;

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
