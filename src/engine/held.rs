//! Which deliveries are held whose work is still to come or under way.
//!
//! Owns when the ledger is told of them, so that it can forget what nobody asks about. Must not
//! know what the ledger remembers.

use super::world::{LEAST_REMEMBERED, World};
use crate::facts::observer::Observer;

impl<O: Observer> World<O> {
    /// The ledger forgets messages that are gone and that nobody holds. It is told when it may
    /// remember as many more as were looked at the last time, so that each costs a bounded look.
    #[inline]
    pub(super) fn forget_unheld(&mut self) {
        if self.core.ledger.remembered() > self.most_remembered {
            self.tell_held();
        }
    }

    #[cold]
    fn tell_held(&mut self) {
        let mut looked_at = self.fleets.threads() + self.functions.batches();
        let held = self.fleets.unfinished().chain(self.functions.unfinished());
        self.core.ledger.forget_unheld(held.inspect(|_| looked_at += 1));
        self.most_remembered = self.core.ledger.remembered() + looked_at.max(LEAST_REMEMBERED);
    }
}
