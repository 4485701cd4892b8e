//! Those who hold deliveries and wait for them.
//!
//! Owns what a holder says of a delivery, whether a message's work is done, and what its next calls
//! will touch. Must not know what its calls do.

use super::service::Ledger;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Caller, Held, State};
use crate::ledger::messages::message::Message;
use crate::ledger::messages::receipt::Receipt;

impl Ledger {
    /// The holder of a delivery says how it is with it; ignored if the receipt is not the latest,
    /// and once the message is visible again: why it came back is what was true when it did.
    #[inline]
    pub fn annotate(&mut self, receipt: &Receipt, held: Held) {
        if receipt.current(&self.slab).is_some_and(takes_word) {
            self.slab.get_mut(receipt.slot).set_held(held);
        }
    }

    /// Whose polls wait at `queue`, the first to be served first.
    pub fn waiters(&self, queue: QueueId) -> impl Iterator<Item = Caller> {
        self.polls.waiters(queue)
    }

    /// The queue at which a long poll of `caller` waits, if one does.
    pub fn waits_at(&self, caller: Caller) -> Option<QueueId> {
        self.polls.waits_at(caller)
    }

    /// Reads what calls of these callers with these receipts would touch, so that it is near when
    /// they come.
    pub fn look_ahead(&self, holders: &[(Caller, Receipt)]) {
        for &(caller, receipt) in holders {
            self.polls.look_ahead(caller);
            self.slab.look_at_neighbours(receipt.slot);
        }
    }

    /// Whether some holder has completed the message's work, or deleted it. Exact whatever became
    /// of the message, while the delivery is held.
    pub fn is_done(&self, receipt: &Receipt) -> bool {
        let row = self.slab.get(receipt.slot);
        row.id != receipt.message || row.is_done()
    }

    /// The work on a message is completed, and its delete is on the way; returns whether it had
    /// been completed before, as [`Ledger::is_done`] says. The first completion of a message that
    /// expired or was purged meanwhile is work that was done once.
    #[inline]
    pub fn complete(&mut self, receipt: &Receipt) -> bool {
        let latest = receipt.current(&self.slab).is_some_and(takes_word);
        let row = self.slab.get_mut(receipt.slot);
        if latest {
            row.set_held(Held::Deleting);
        }
        let before = row.id != receipt.message || row.is_done();
        if !before {
            row.set_done();
        }
        before
    }
}

impl Ledger {
    /// How many messages were removed by others than their holders before anybody had completed
    /// them, and are still remembered: those who hold deliveries of them may complete them yet.
    #[inline]
    pub fn remembered(&self) -> usize {
        self.slab.given_up()
    }

    /// Forgets those among them of which nobody holds a delivery any more; `held` are the receipts
    /// of all deliveries whose work is still to come or under way. Without this call all are
    /// remembered to the end.
    pub fn forget_unheld(&mut self, held: impl Iterator<Item = Receipt>) {
        self.slab.free_unheld(held.map(|receipt| (receipt.slot, receipt.message)));
    }
}

/// Whether what the holder of a message says tells why it will come back: while it is in flight,
/// unless its receive did not hide it, which is why then.
#[inline]
fn takes_word(row: &Message) -> bool {
    row.state == State::InFlight && row.held() != Held::NotHidden
}
