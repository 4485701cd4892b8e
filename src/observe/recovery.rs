//! How long messages are lost to the crash of the worker that worked on them.
//!
//! Owns the time from a crash until its message is received again. Must not know what made the
//! worker crash, nor what the lengths are for.
//!
//! Only a crash of the last one that received the message counts: where another holds it by now,
//! nobody waits. A message that ends otherwise (deleted, expired, purged, a dead letter) is left
//! out.

use std::collections::BTreeMap;

use crate::facts::deed::Deed;
use crate::facts::observer::Observer;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Caller, Change, Journal, MessageId, Step};

/// Watches the messages of one queue. A run made for it alone may end once the window is over and
/// every message that was lost in it is back.
#[derive(Clone, Debug)]
pub struct Recovery {
    queue: QueueId,
    /// Crashes that count: from, and before.
    window: (Time, Time),
    now: Time,
    /// Who received each message last.
    holders: BTreeMap<MessageId, Caller>,
    /// When the worker crashed that worked on it.
    lost: BTreeMap<MessageId, Time>,
    back: Vec<Span>,
}

/// What a run told of its crashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// From each crash until its message was received again, ascending. Of one that was not back
    /// when the run ended it is the time until then, which is too short.
    pub lengths: Vec<Span>,
    /// How many were not back.
    pub open: u64,
}

impl Recovery {
    /// Nothing yet, of crashes in this window.
    pub fn new(queue: QueueId, window: (Time, Time)) -> Recovery {
        Recovery {
            queue,
            window,
            now: Time::ZERO,
            holders: BTreeMap::new(),
            lost: BTreeMap::new(),
            back: Vec::new(),
        }
    }

    /// What a run told that ended at `end`.
    pub fn finish(self, end: Time) -> Recovered {
        let Recovery { lost, mut back, .. } = self;
        back.extend(lost.values().map(|&crashed| end.since(crashed)));
        back.sort_unstable();
        Recovered { lengths: back, open: lost.len() as u64 }
    }
}

impl Recovered {
    /// Their mean in nanoseconds; `None` of none.
    pub fn mean_nanos(&self) -> Option<f64> {
        let sum: u128 = self.lengths.iter().map(|length| u128::from(length.as_nanos())).sum();
        (!self.lengths.is_empty()).then(|| sum as f64 / self.lengths.len() as f64)
    }

    /// The shortest that 95 % do not exceed, in nanoseconds; `None` of none.
    pub fn p95_nanos(&self) -> Option<f64> {
        let rank = (self.lengths.len() * 95).div_ceil(100);
        Some(self.lengths.get(rank.checked_sub(1)?)?.as_nanos() as f64)
    }
}

impl Journal for Recovery {
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        if queue != self.queue {
            return;
        }
        let Change::Message(message, step) = *change else { return };
        if let Step::Received { caller, .. } = step {
            self.holders.insert(message, caller);
            if let Some(crashed) = self.lost.remove(&message) {
                self.back.push(now.since(crashed));
            }
        } else if let Step::Deleted { .. }
        | Step::Expired { .. }
        | Step::Purged { .. }
        | Step::DeadLettered { .. } = step
        {
            self.holders.remove(&message);
            self.lost.remove(&message);
        }
    }
}

impl Observer for Recovery {
    fn time(&mut self, now: Time) {
        self.now = now;
    }

    fn deed(&mut self, now: Time, deed: &Deed) {
        if let Deed::Ended { worker, queue, message, how, .. } = *deed
            && how.is_cut_off()
            && queue == self.queue
            && (self.window.0..self.window.1).contains(&now)
            && self.holders.get(&message) == Some(&Caller(worker.0))
        {
            self.lost.insert(message, now);
        }
    }

    fn stopped(&self) -> bool {
        self.now >= self.window.1 && self.lost.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::deed::Ending;
    use crate::facts::deed::{FleetId, WorkerId};
    use crate::ledger::journal::{PartitionId, State};

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    fn receive(of: &mut Recovery, secs: u64, queue: u32, message: u64, worker: u32) {
        let received = Change::Message(
            MessageId(message),
            Step::Received {
                caller: Caller(worker),
                partition: PartitionId(0),
                receives: 1,
                sent: Time::ZERO,
                until: at(secs + 30),
                cause: None,
            },
        );
        of.time(at(secs));
        of.change(at(secs), QueueId(queue), &received);
    }

    fn crash(of: &mut Recovery, secs: u64, queue: u32, message: u64, worker: u32) {
        let ended = Deed::Ended {
            worker: WorkerId(worker),
            fleet: FleetId(0),
            thread: 0,
            queue: QueueId(queue),
            message: MessageId(message),
            sent: Time::ZERO,
            took: Span::ZERO,
            how: Ending::Crashed,
        };
        of.time(at(secs));
        of.deed(at(secs), &ended);
    }

    #[test]
    fn from_the_crash_to_the_next_receive() {
        let mut recovery = Recovery::new(QueueId(0), (at(10), at(100)));
        receive(&mut recovery, 5, 0, 1, 0);
        crash(&mut recovery, 20, 0, 1, 0);
        receive(&mut recovery, 35, 0, 1, 2);
        // Another holds it by now, another queue, before and after the window.
        crash(&mut recovery, 40, 0, 1, 0);
        receive(&mut recovery, 41, 1, 2, 0);
        crash(&mut recovery, 42, 1, 2, 0);
        receive(&mut recovery, 3, 0, 3, 0);
        crash(&mut recovery, 9, 0, 3, 0);
        receive(&mut recovery, 99, 0, 4, 0);
        crash(&mut recovery, 100, 0, 4, 0);
        assert!(recovery.stopped());
        let found = recovery.finish(at(200));
        assert_eq!(found, Recovered { lengths: vec![Span::from_secs(15)], open: 0 });
    }

    #[test]
    fn what_is_not_back_is_waited_for_and_told() {
        let mut recovery = Recovery::new(QueueId(0), (at(0), at(100)));
        for message in 0..3 {
            receive(&mut recovery, 10, 0, message, 0);
            crash(&mut recovery, 20 + message, 0, message, 0);
        }
        let deleted = Change::Message(
            MessageId(2),
            Step::Deleted { sent: Time::ZERO, receives: 1, from: State::InFlight },
        );
        recovery.change(at(30), QueueId(0), &deleted);
        recovery.time(at(150));
        assert!(!recovery.stopped(), "two are still lost");
        receive(&mut recovery, 151, 0, 0, 1);
        let found = recovery.finish(at(200));
        assert_eq!(found, Recovered { lengths: [131, 179].map(Span::from_secs).into(), open: 1 });
        assert_eq!(found.mean_nanos(), Some(155e9));
    }

    #[test]
    fn the_95th_of_a_hundred() {
        let lengths =
            |n: u64| Recovered { lengths: (1..=n).map(Span::from_secs).collect(), open: 0 };
        assert_eq!(lengths(100).p95_nanos(), Some(95e9));
        assert_eq!(lengths(1).p95_nanos(), Some(1e9));
        assert_eq!((lengths(0).p95_nanos(), lengths(0).mean_nanos()), (None, None));
    }
}
