//! Waits over the time of the run, for the search of its start.
//!
//! Owns the mean wait of the messages sent in each of many short slots of time. Must not know what
//! is cut off. Slots are of time, not of a number of messages: those of several replications lie
//! above each other then, and a cut between two of them is an instant.
//!
//! Invariant: memory is bounded, 2¹⁴ slots a queue, however many messages there are.

use crate::facts::deed::Deed;
use crate::facts::observer::Observer;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Change, Journal, Step};

/// Slots of a queue.
const SLOTS: u64 = 1 << 14;

/// Waits of the messages sent in one slot of time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Slot {
    /// Messages.
    pub count: u64,
    /// From send to first receive, in nanoseconds, in sum.
    pub sum: u128,
}

impl Slot {
    /// Both together.
    #[must_use]
    pub fn and(self, other: Slot) -> Slot {
        Slot { count: self.count + other.count, sum: self.sum + other.sum }
    }
}

/// Waits in the slots of each queue.
#[derive(Clone, Debug)]
pub struct Waits {
    slot: Span,
    queues: Vec<Vec<Slot>>,
}

impl Waits {
    /// Nothing yet, of this many queues to which messages are sent for `duration`.
    pub fn new(duration: Span, queues: usize) -> Waits {
        let slot = Span::from_nanos(duration.as_nanos().div_ceil(SLOTS).max(1));
        let slots = duration.as_nanos().div_ceil(slot.as_nanos()) as usize;
        Waits { slot, queues: vec![vec![Slot::default(); slots]; queues] }
    }

    /// Length of a slot.
    pub fn slot(&self) -> Span {
        self.slot
    }

    /// The slots of each queue, in the order of the scenario.
    pub fn into_queues(self) -> Vec<Vec<Slot>> {
        self.queues
    }
}

impl Journal for Waits {
    #[inline]
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        let &Change::Message(_, Step::Received { receives: 1, sent, .. }) = change else { return };
        let place = (sent.since(Time::ZERO).as_nanos() / self.slot.as_nanos()) as usize;
        // What is sent in the drain, by consumers that pass messages on, has no slot.
        if let Some(slot) = self.queues[queue.0 as usize].get_mut(place) {
            slot.count += 1;
            slot.sum += u128::from(now.since(sent).as_nanos());
        }
    }
}

impl Observer for Waits {
    #[inline]
    fn deed(&mut self, _now: Time, _deed: &Deed) {}
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::journal::{Caller, MessageId, PartitionId};

    #[test]
    fn a_wait_stands_in_the_slot_of_its_send() {
        let mut waits = Waits::new(Span::from_secs(1 << 14), 2);
        assert_eq!(waits.slot(), Span::from_secs(1));
        let at = |secs| Time::ZERO + Span::from_secs(secs);
        let mut received = |queue, sent, now, receives| {
            let received = Change::Message(
                MessageId(0),
                Step::Received {
                    caller: Caller(0),
                    partition: PartitionId(0),
                    receives,
                    sent: at(sent),
                    until: at(now),
                    cause: None,
                },
            );
            waits.change(at(now), QueueId(queue), &received);
        };
        received(1, 2, 7, 1);
        received(1, 2, 3, 1);
        received(1, 2, 9, 2);
        received(0, 1 << 14, 1 << 15, 1);
        let queues = waits.into_queues();
        assert_eq!(queues[1][2], Slot { count: 2, sum: 6_000_000_000 }, "redelivered: no wait");
        let counted: u64 = queues.iter().flatten().map(|slot| slot.count).sum();
        assert_eq!(counted, 2, "beyond the duration there is no slot");
    }
}
