//! Plain settings and a journal that remembers.
//!
//! Owns what every test of the ledger begins with. Must not know any rule.

#[path = "../support/plain.rs"]
mod plain;

use sqsim::kernel::rng::Streams;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::Ledger;
use sqsim::ledger::config::{LedgerConfig, Mechanics, QueueConfig, QueueId};
use sqsim::ledger::journal::{Call, Caller, Change, Journal};

use plain::plain;

/// A queue with the defaults of `CreateQueue`, in one partition without limits.
pub(crate) fn queue() -> QueueConfig {
    let plain = plain().queues.remove(0).config;
    let mechanics = Mechanics::Metadata { pause: Span::ZERO };
    QueueConfig { ledger: LedgerConfig { mechanics, ..plain.ledger }, ..plain }
}

/// The real ledger over these queues, under a fixed seed, with callers numbered below `callers`.
pub(crate) fn ledger(queues: &[QueueConfig], callers: u32, log: &mut Log) -> Ledger {
    const PATHS: [&str; 4] = ["queues.a", "queues.b", "queues.c", "queues.d"];
    let mut ledger = Ledger::new(PATHS.into_iter().zip(queues), callers, Streams::new(1, 0), log);
    for caller in (0..callers).map(Caller) {
        ledger.joined(caller);
    }
    ledger
}

/// All changes but those of the oldest message, in the order told.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log(
    pub(crate) Vec<(Time, QueueId, Change)>,
    /// What was told of the oldest message.
    pub(crate) Vec<(QueueId, Option<Time>)>,
    /// Partitions asked by polls.
    pub(crate) u64,
);

impl Journal for Log {
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        assert!(self.0.len() < 1_000_000, "changes without end in {queue:?} at {now}: {change:?}");
        if let Change::Oldest(sent) = *change {
            self.1.push((queue, sent));
            return;
        }
        if let Change::Call(Call::Made { asked, .. } | Call::WentOn { asked, .. }) = *change {
            self.2 += u64::from(asked);
        }
        self.0.push((now, queue, *change));
    }
}
