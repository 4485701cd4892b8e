//! Receipt handles and what a receive hands out.
//!
//! Owns the two plain types that leave the ledger. A receipt names the slot, the message and the
//! number of the receive, so that a stale one is recognised without a look-up table; it also
//! carries the instant of the receive, because a handle dies 12 h after it. Must not know what a
//! call with a receipt does.

use super::message::{Message, Slab};
use crate::kernel::rng::Luck;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Caller, MessageId};

/// Longest time in flight after one receive, and the life of a receipt handle
/// ([ChangeMessageVisibility](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html)).
pub const RECEIPT_LIFE: Span = Span::from_secs(12 * 3600);

/// Names one receive of one message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Receipt {
    /// The message.
    pub message: MessageId,
    /// When it was received.
    pub received: Time,
    /// Where the ledger keeps it.
    pub(in crate::ledger) slot: u32,
    /// Which receive in its queue this was, from 1.
    pub receives: u32,
    /// The queue it was received from.
    pub queue: QueueId,
}

impl Receipt {
    /// A receipt that names no message, to fill a place with.
    pub fn of_nothing() -> Receipt {
        let message = MessageId(u64::MAX);
        Receipt { message, received: Time::ZERO, slot: 0, receives: 0, queue: QueueId(0) }
    }

    /// The row of its message, if that is still there and was not received since.
    #[inline]
    pub(in crate::ledger) fn current<'a>(&self, slab: &'a Slab) -> Option<&'a Message> {
        self.of_message(slab).filter(|row| row.receives == self.receives)
    }

    /// The row of its message, if that is still there, received since or not.
    #[inline]
    pub(in crate::ledger) fn of_message<'a>(&self, slab: &'a Slab) -> Option<&'a Message> {
        slab.live(self.slot).filter(|row| row.id == self.message && row.queue() == self.queue)
    }
}

/// A message as a consumer gets it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// For deleting it or changing its visibility.
    pub receipt: Receipt,
    /// What chance does to it.
    pub luck: Luck,
    /// When it was sent to, or moved to, its queue.
    pub sent: Time,
}

/// The answer to a receive that had to wait or got messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Served {
    /// Who asked.
    pub caller: Caller,
    /// How many messages it got; 0 when a long poll ended without one.
    pub messages: u32,
}

const _: () = assert!(size_of::<Delivery>() == 48);
