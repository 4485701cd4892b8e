//! Plain settings and a journal that remembers.
//!
//! Owns what every test of the ledger begins with. Must not know any rule.

use sqsim::kernel::rng::Streams;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::Ledger;
use sqsim::ledger::config::{
    Guards, Keys, LedgerConfig, Mechanics, MessageSize, QueueConfig, QueueId, ReceiveRouting,
    SplitPolicy,
};
use sqsim::ledger::journal::{Call, Change, Journal};

/// A queue with the defaults of `CreateQueue`, in one partition without limits.
pub(crate) fn queue() -> QueueConfig {
    QueueConfig {
        visibility_timeout: Span::from_secs(30),
        delay: Span::ZERO,
        retention: Span::from_secs(4 * 24 * 3600),
        max_in_flight: 120_000,
        redrive: None,
        purges: Vec::new(),
        lost_deletes: 0.0,
        message_size: MessageSize::constant(1_024),
        duplicates: 0.0,
        ledger: LedgerConfig {
            partitions: 1,
            capacity: None,
            ceiling: None,
            keys: Keys::Uniform,
            split: SplitPolicy::Static,
            guards: Guards::default(),
            mechanics: Mechanics::Metadata { pause: Span::ZERO },
            receive: ReceiveRouting::RegisterAll,
            nodes: None,
        },
    }
}

/// The real ledger over these queues, under a fixed seed.
pub(crate) fn ledger(queues: &[QueueConfig], callers: u32, log: &mut Log) -> Ledger {
    const PATHS: [&str; 4] = ["queues.a", "queues.b", "queues.c", "queues.d"];
    Ledger::new(PATHS.into_iter().zip(queues), callers, Streams::new(1, 0), log)
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
