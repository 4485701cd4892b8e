//! One queue of the real ledger with its clock, driven call by call.
//!
//! Owns what tests of partitions and nodes begin with. Must not know any rule.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use sqsim::kernel::rng::Luck;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::Ledger;
use sqsim::ledger::Poll;
use sqsim::ledger::Receipt;
use sqsim::ledger::config::{LedgerConfig, QueueConfig, QueueId};
use sqsim::ledger::journal::{Caller, Change, MessageId, Step};
use sqsim::ledger::{Outgoing, Received};

use super::setup::{self, Log};

pub(crate) const QUEUE: QueueId = QueueId(0);
pub(crate) const FOR_EVER: Span = Span::from_secs(12 * 3600);

/// One queue of the real ledger with its clock.
#[derive(Clone)]
pub(crate) struct Rig {
    pub(crate) ledger: Ledger,
    pub(crate) now: Time,
    /// What was told since it was last emptied.
    pub(crate) log: Log,
    /// Received and not yet taken.
    pub(crate) receipts: Vec<Receipt>,
    pub(crate) waiting: BTreeSet<Caller>,
    /// What chance does to each message.
    pub(crate) lucks: BTreeMap<MessageId, Luck>,
    /// Steps since the clock last moved.
    rounds: u32,
}

impl Rig {
    pub(crate) fn new(sharding: LedgerConfig, max_in_flight: u32) -> Rig {
        Rig::with(QueueConfig { max_in_flight, ledger: sharding, ..setup::queue() })
    }

    pub(crate) fn with(config: QueueConfig) -> Rig {
        let mut log = Log::default();
        let ledger = setup::ledger(&[config], 8, &mut log);
        let (now, receipts, waiting) = (Time::ZERO, Vec::new(), BTreeSet::new());
        Rig { ledger, now, log, receipts, waiting, lucks: BTreeMap::new(), rounds: 0 }
    }

    /// The next thing that is due by `time` happens; false if there is none.
    pub(crate) fn step(&mut self, time: Time) -> bool {
        let due = self.ledger.due(QUEUE);
        if due > time {
            self.now = time;
            self.rounds = 0;
            return false;
        }
        self.rounds = if due > self.now { 0 } else { self.rounds + 1 };
        assert!(self.rounds < 100, "something falls due for ever at {}", self.now);
        self.now = self.now.max(due);
        self.ledger.advance(self.now, QUEUE, &mut self.log);
        self.collect();
        true
    }

    pub(crate) fn pass(&mut self, span: Span) {
        let time = self.now + span;
        while self.step(time) {}
    }

    pub(crate) fn collect(&mut self) {
        let mut out = VecDeque::new();
        while let Some(served) = self.ledger.next_served() {
            self.ledger.collect(served, &mut out);
            self.waiting.remove(&served.caller);
        }
        self.receipts.extend(out.into_iter().map(|delivery| delivery.receipt));
    }

    /// Sends messages with these lucks; returns how many were refused.
    pub(crate) fn send(&mut self, lucks: impl Iterator<Item = u64>) -> u32 {
        let messages: Vec<Outgoing> =
            lucks.map(|luck| Outgoing { luck: Luck(luck), delay: None }).collect();
        let told = self.log.0.len();
        let refused = self.ledger.send(self.now, QUEUE, 0, &messages, &mut self.log);
        let stored = self.log.0[told..].iter().filter_map(|(.., change)| match change {
            Change::Message(message, Step::Sent { .. }) => Some(*message),
            _ => None,
        });
        let lucks = (0..messages.len()).filter(|&i| !refused.has(i)).map(|i| messages[i].luck);
        self.lucks.extend(stored.zip(lucks));
        self.collect();
        refused.count()
    }

    /// Does nothing if the caller waits already.
    pub(crate) fn receive(
        &mut self,
        caller: u32,
        max: u32,
        wait: Span,
        visibility_timeout: Span,
    ) -> Option<Received> {
        let caller = Caller(caller);
        if self.waiting.contains(&caller) {
            return None;
        }
        let visibility_timeout = Some(visibility_timeout);
        let poll = Poll { caller, max, wait, visibility_timeout };
        let answer = self.ledger.receive(self.now, QUEUE, poll, &mut self.log);
        if answer == Received::Waiting {
            self.waiting.insert(caller);
        }
        self.collect();
        Some(answer)
    }

    /// Deletes up to 10 of what was received; what is refused stays.
    pub(crate) fn delete(&mut self) {
        let count = self.receipts.len().min(10);
        if count == 0 {
            return;
        }
        let batch: Vec<Receipt> = self.receipts.drain(..count).collect();
        let refused = self.ledger.delete(self.now, &batch, &mut self.log);
        self.collect();
        let kept = (0..count).filter(|&i| refused.has(i)).map(|i| batch[i]);
        self.receipts.extend(kept);
    }

    pub(crate) fn changes(&mut self) -> Vec<Change> {
        std::mem::take(&mut self.log.0).into_iter().map(|(.., change)| change).collect()
    }
}

/// Runs `times` as many cases as proptest's own default.
pub(crate) fn runner(times: u32) -> TestRunner {
    let ambient = ProptestConfig::default();
    let rng_seed = match ambient.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        chosen @ RngSeed::Fixed(_) => chosen,
    };
    let cases = ambient.cases * times;
    TestRunner::new(ProptestConfig {
        cases,
        rng_seed,
        failure_persistence: None,
        max_shrink_time: 20_000,
        ..ambient
    })
}
