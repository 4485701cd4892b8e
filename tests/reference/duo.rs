//! The real ledger and the reference side by side.
//!
//! Owns the clock of a test: before a call at an instant, everything that is due by then happens,
//! at its own instant. Must not know the rules; it only compares, after every call: the answer,
//! the changes told, who was served with what, the counts, the oldest, and that nothing falls due
//! later in the real ledger than in the reference.
//!
//! The order of changes is compared too. Changes of the oldest are not: they must be real changes
//! and the last one told must be right.

use std::collections::VecDeque;

use sqsim::kernel::rng::{Luck, mix};
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::Ledger;
use sqsim::ledger::Poll;
use sqsim::ledger::config::{QueueConfig, QueueId};
use sqsim::ledger::journal::{Caller, Change, Held};
use sqsim::ledger::{Delivery, Receipt};
use sqsim::ledger::{Outgoing, Received, VisibilityAnswer};

use super::ledger::{Handed, Reference};
use super::setup::{self, Log};

/// Callers of a duo are numbered below this.
pub(crate) const CALLERS: u32 = 6;

/// Both ledgers.
pub(crate) struct Duo {
    pub(crate) real: Ledger,
    reference: Reference,
    queues: Vec<QueueId>,
    now: Time,
    log: Log,
    /// The oldest as told to the journal.
    oldest: Vec<Option<Time>>,
    sends: u64,
    /// All changes so far, those of the oldest among them.
    pub(crate) history: Vec<(Time, QueueId, Change)>,
    /// All receipts so far.
    pub(crate) receipts: Vec<Receipt>,
    /// Who was served since it was last emptied.
    pub(crate) served: Vec<(Caller, Vec<Delivery>)>,
}

impl Duo {
    pub(crate) fn new(configs: &[QueueConfig]) -> Duo {
        let mut log = Log::default();
        let real = setup::ledger(configs, CALLERS, &mut log);
        Duo {
            real,
            reference: Reference::new(configs),
            queues: (0..configs.len() as u32).map(QueueId).collect(),
            now: Time::ZERO,
            log: Log::default(),
            oldest: vec![None; configs.len()],
            sends: 0,
            history: Vec::new(),
            receipts: Vec::new(),
            served: Vec::new(),
        }
    }

    pub(crate) fn now(&self) -> Time {
        self.now
    }

    /// When something next happens by itself.
    pub(crate) fn due(&self) -> Time {
        let due = self.queues.iter().map(|&queue| self.reference.due(queue));
        due.min().expect("a duo has a queue")
    }

    pub(crate) fn waits(&self, caller: Caller) -> bool {
        self.reference.waits(caller)
    }

    /// Lets `span` pass, and everything happen that is due.
    pub(crate) fn pass(&mut self, span: Span) {
        self.until(self.now + span);
    }

    /// Moves the clock to `time`, and lets everything happen that is due by then.
    pub(crate) fn until(&mut self, time: Time) {
        let mut rounds = 0;
        loop {
            let earliest = self.queues.iter().copied().min_by_key(|&queue| self.real.due(queue));
            let queue = earliest.expect("a duo has a queue");
            let due = self.real.due(queue);
            if due > time {
                self.now = time;
                return;
            }
            rounds = if due > self.now { 0 } else { rounds + 1 };
            assert!(rounds < 100, "{queue:?} falls due for ever at {}", self.now);
            self.now = self.now.max(due);
            let happened = self.real.advance(self.now, queue, &mut self.log);
            let expected = self.reference.advance(self.now, queue, &self.log.0);
            assert_eq!(happened, expected, "things that happened in {queue:?} at {}", self.now);
            self.compare();
        }
    }

    /// Sends messages with these delays, each with a luck of its own.
    pub(crate) fn send(&mut self, queue: QueueId, delays: &[Option<Span>]) {
        self.until(self.now);
        let outgoing = |(i, &delay)| Outgoing { luck: Luck(mix(self.sends + i)), delay };
        let messages: Vec<Outgoing> = (1..).zip(delays).map(outgoing).collect();
        self.sends += messages.len() as u64;
        let refused = self.real.send(self.now, queue, 0, &messages, &mut self.log);
        assert_eq!(refused.count(), 0, "there is no limit to exceed");
        self.reference.send(self.now, queue, &messages);
        self.compare();
    }

    pub(crate) fn receive(&mut self, queue: QueueId, poll: Poll) -> Received {
        self.until(self.now);
        let answer = self.real.receive(self.now, queue, poll, &mut self.log);
        assert_eq!(answer, self.reference.receive(self.now, queue, poll), "the answer to {poll:?}");
        self.compare();
        answer
    }

    /// Deletes by receipts of one queue.
    pub(crate) fn delete(&mut self, receipts: &[Receipt]) {
        self.until(self.now);
        let refused = self.real.delete(self.now, receipts, &mut self.log);
        assert_eq!(refused.count(), 0, "there is no limit to exceed");
        self.reference.delete(self.now, receipts);
        self.compare();
    }

    pub(crate) fn change_visibility(
        &mut self,
        receipt: &Receipt,
        timeout: Span,
    ) -> VisibilityAnswer {
        self.until(self.now);
        let answer = self.real.change_visibility(self.now, receipt, timeout, &mut self.log);
        let expected = self.reference.change_visibility(self.now, receipt, timeout);
        assert_eq!(answer, expected, "the answer to {timeout} for {receipt:?}");
        self.compare();
        answer
    }

    pub(crate) fn purge(&mut self, queue: QueueId) {
        self.until(self.now);
        self.real.purge(self.now, queue, &mut self.log);
        self.reference.purge(self.now, queue, &self.log.0);
        self.compare();
    }

    pub(crate) fn hang_up(&mut self, caller: Caller) -> bool {
        self.until(self.now);
        let waited = self.real.hang_up(caller);
        assert_eq!(waited, self.reference.hang_up(caller), "{caller:?} hangs up");
        self.compare();
        waited
    }

    /// Two callers leave, and come back in the other order, as two that have not been there would:
    /// each has the seat of the other then.
    pub(crate) fn come_back(&mut self, callers: [Caller; 2]) {
        self.until(self.now);
        for caller in callers {
            let waited = self.real.left(caller);
            assert_eq!(waited, self.reference.hang_up(caller), "{caller:?} leaves");
            assert!(!self.real.hang_up(caller), "{caller:?} is gone");
        }
        for caller in callers.into_iter().rev() {
            self.real.joined(caller);
        }
        self.compare();
    }

    pub(crate) fn annotate(&mut self, receipt: &Receipt, held: Held) {
        self.until(self.now);
        self.real.annotate(receipt, held);
        self.reference.annotate(receipt, held);
        self.compare();
    }

    /// Completes the work of a delivery; returns whether it had been completed before.
    pub(crate) fn complete(&mut self, receipt: &Receipt) -> bool {
        self.until(self.now);
        let before = self.real.is_done(receipt);
        assert_eq!(before, self.reference.is_done(receipt), "whether {receipt:?} is done");
        assert_eq!(self.real.complete(receipt), before, "completing tells what was so before");
        assert!(self.real.is_done(receipt), "{receipt:?} is completed");
        self.reference.complete(receipt);
        before
    }

    fn compare(&mut self) {
        self.real.check();
        let told = std::mem::take(&mut self.log.0);
        for (queue, sent) in self.log.1.drain(..) {
            let known = &mut self.oldest[queue.0 as usize];
            assert_ne!(*known, sent, "no change of the oldest");
            *known = sent;
        }
        assert_eq!(told, self.reference.told, "the changes told at {}", self.now);
        self.reference.told.clear();
        self.history.extend(told);
        self.compare_served();
        for &queue in &self.queues {
            let tally = self.real.tally(queue);
            assert_eq!(tally, self.reference.tally(queue), "counts of {queue:?}");
            assert!(tally.is_conserved(), "{tally:?}");
            let oldest = self.real.oldest(queue);
            assert_eq!(oldest, self.reference.oldest(queue), "oldest of {queue:?}");
            assert_eq!(oldest, self.oldest[queue.0 as usize], "oldest told of {queue:?}");
            let (due, expected) = (self.real.due(queue), self.reference.due(queue));
            assert!(due <= expected, "{queue:?} falls due at {due}, not at {expected}");
        }
    }

    fn compare_served(&mut self) {
        let mut served = Vec::new();
        let mut out = VecDeque::new();
        while let Some(next) = self.real.next_served() {
            self.real.collect(next, &mut out);
            assert_eq!(next.messages as usize, out.len(), "what {next:?} was handed");
            served.push((next.caller, out.drain(..).collect::<Vec<Delivery>>()));
        }
        let handed = |delivery: &Delivery| Handed {
            queue: delivery.receipt.queue,
            message: delivery.receipt.message,
            luck: delivery.luck,
            sent: delivery.sent,
            received: delivery.receipt.received,
            receives: delivery.receipt.receives,
        };
        let answers: Vec<(Caller, Vec<Handed>)> = served
            .iter()
            .map(|(caller, deliveries)| (*caller, deliveries.iter().map(handed).collect()))
            .collect();
        assert_eq!(answers, self.reference.served, "who was served at {}", self.now);
        self.reference.served.clear();
        let receipts = served.iter().flat_map(|(_, got)| got).map(|delivery| delivery.receipt);
        self.receipts.extend(receipts);
        self.served.extend(served);
    }
}
