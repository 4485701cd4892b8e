//! The closed list of events and their order.
//!
//! Owns [`Event`] and the rank table. Must not know what an event does.
//!
//! An event is its own timer: there is at most one pending `Thread(7)`. Events of one instant run
//! in the order of this table, those of one rank in the order in which they were scheduled:
//!
//! | rank | event | why here |
//! |---|---|---|
//! | 0 | `Life` | a worker that dies at t does nothing at t |
//! | 1 | `Ledger` | a visibility timeout or delay that ends at t ends before any call at t |
//! | 2 | `Purge` | removes what is there at t, not what is sent at t |
//! | 3 | `Thread` | work that ends at t frees its worker for what arrives at t |
//! | 4 | `DeleteCall` | a delete at t comes before a heartbeat or a receive at t |
//! | 5 | `Heartbeat` | not for work that ended at t |
//! | 6 | `DeleteLinger` | after the deletes that may have filled the batch |
//! | 7 | `Answer` | a consumer learns at t what it received before t |
//! | 8 | `SendCall` | calls under way come before new arrivals |
//! | 9 | `Arrival`, `Client` | new messages at t meet the workers that t freed |
//! | 10 | `SendLinger` | after the arrival that may have filled the batch |
//! | 11 | `Poll` | a poll at t sees all that was sent at t |

use crate::facts::deed::{ProducerId, WorkerId};
use crate::kernel::calendar::{Ranked, TimerId};
use crate::ledger::config::QueueId;

/// Something that is going to happen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// A worker crashes or starts.
    Life(WorkerId),
    /// Something falls due in a queue.
    Ledger(QueueId),
    /// A queue is purged.
    Purge(QueueId),
    /// A thread's work, or the call it makes about it, comes to its end.
    Thread(u32),
    /// A background delete takes effect.
    DeleteCall(u32),
    /// A thread extends the visibility of what it works on.
    Heartbeat(u32),
    /// An unfilled batch of deletes has waited long enough.
    DeleteLinger(WorkerId),
    /// The answer to a receive reaches its worker.
    Answer(WorkerId),
    /// A producer's call takes effect.
    SendCall(u32),
    /// The next message of a producer arises.
    Arrival(ProducerId),
    /// A closed client has thought.
    Client(u32),
    /// An unfilled batch of sends has waited long enough.
    SendLinger(ProducerId),
    /// A worker polls after a pause.
    Poll(WorkerId),
}

const _: () = assert!(size_of::<Event>() <= 24);

impl Ranked for Event {
    #[inline]
    fn rank(&self) -> u8 {
        match self {
            Event::Life(_) => 0,
            Event::Ledger(_) => 1,
            Event::Purge(_) => 2,
            Event::Thread(_) => 3,
            Event::DeleteCall(_) => 4,
            Event::Heartbeat(_) => 5,
            Event::DeleteLinger(_) => 6,
            Event::Answer(_) => 7,
            Event::SendCall(_) => 8,
            Event::Arrival(_) | Event::Client(_) => 9,
            Event::SendLinger(_) => 10,
            Event::Poll(_) => 11,
        }
    }

    #[inline]
    fn is_standing(&self) -> bool {
        matches!(self, Event::Arrival(_) | Event::SendLinger(_))
    }

    #[inline]
    fn timer(&self) -> TimerId {
        match *self {
            Event::Life(WorkerId(number)) => TimerId::new(0, number),
            Event::Ledger(QueueId(number)) => TimerId::new(1, number),
            Event::Purge(QueueId(number)) => TimerId::new(2, number),
            Event::Thread(number) => TimerId::new(3, number),
            Event::DeleteCall(number) => TimerId::new(4, number),
            Event::Heartbeat(number) => TimerId::new(5, number),
            Event::DeleteLinger(WorkerId(number)) => TimerId::new(6, number),
            Event::Answer(WorkerId(number)) => TimerId::new(7, number),
            Event::SendCall(number) => TimerId::new(8, number),
            Event::Arrival(ProducerId(number)) => TimerId::new(9, number),
            Event::Client(number) => TimerId::new(10, number),
            Event::SendLinger(ProducerId(number)) => TimerId::new(11, number),
            Event::Poll(WorkerId(number)) => TimerId::new(12, number),
        }
    }

    #[inline]
    fn of_timer(id: TimerId) -> Event {
        let number = id.number();
        match id.kind() {
            0 => Event::Life(WorkerId(number)),
            1 => Event::Ledger(QueueId(number)),
            2 => Event::Purge(QueueId(number)),
            3 => Event::Thread(number),
            4 => Event::DeleteCall(number),
            5 => Event::Heartbeat(number),
            6 => Event::DeleteLinger(WorkerId(number)),
            7 => Event::Answer(WorkerId(number)),
            8 => Event::SendCall(number),
            9 => Event::Arrival(ProducerId(number)),
            10 => Event::Client(number),
            11 => Event::SendLinger(ProducerId(number)),
            12 => Event::Poll(WorkerId(number)),
            kind => unreachable!("there is no event of kind {kind}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::calendar::Calendar;
    use crate::kernel::time::Time;

    #[test]
    fn an_event_is_found_again_by_its_name() {
        let (worker, queue, producer) = (WorkerId(7), QueueId(7), ProducerId(7));
        let events = [
            Event::Life(worker),
            Event::Ledger(queue),
            Event::Purge(queue),
            Event::Thread(7),
            Event::DeleteCall(7),
            Event::Heartbeat(7),
            Event::DeleteLinger(worker),
            Event::Answer(worker),
            Event::SendCall(7),
            Event::Arrival(producer),
            Event::Client(7),
            Event::SendLinger(producer),
            Event::Poll(worker),
        ];
        for event in events {
            assert_eq!(Event::of_timer(event.timer()), event);
        }
    }

    /// The table above, row by row.
    #[test]
    fn events_of_one_instant_run_in_the_order_of_the_table() {
        let (worker, queue, producer) = (WorkerId(0), QueueId(0), ProducerId(0));
        let table = [
            Event::Life(worker),
            Event::Ledger(queue),
            Event::Purge(queue),
            Event::Thread(0),
            Event::DeleteCall(0),
            Event::Heartbeat(0),
            Event::DeleteLinger(worker),
            Event::Answer(worker),
            Event::SendCall(0),
            Event::Arrival(producer),
            Event::SendLinger(producer),
            Event::Poll(worker),
        ];
        for pair in table.windows(2) {
            let mut calendar = Calendar::with_capacity(2);
            calendar.schedule(Time::ZERO, pair[1]);
            calendar.schedule(Time::ZERO, pair[0]);
            assert_eq!(calendar.pop(), Some((Time::ZERO, pair[0])), "before {:?}", pair[1]);
        }
    }

    /// Arrivals and closed clients share a rank: the one scheduled first comes first.
    #[test]
    fn events_of_one_rank_run_in_the_order_of_their_scheduling() {
        let mut calendar = Calendar::with_capacity(2);
        calendar.schedule(Time::ZERO, Event::Client(7));
        calendar.schedule(Time::ZERO, Event::Arrival(ProducerId(0)));
        assert_eq!(calendar.pop(), Some((Time::ZERO, Event::Client(7))));
    }
}
