//! The calls of the queue service.
//!
//! Owns [`Ledger`] and what each call answers. Must not know who calls.
//!
//! The rules are those of the SQS API reference and developer guide; each call names its own.
//! Where AWS publishes nothing, the rule is a parameter of [`crate::ledger::config`].
#![expect(clippy::inline_always, reason = "most calls have one entry: their loops fold away")]

use std::collections::VecDeque;

use super::answers::{Outgoing, Received, Refused, VisibilityAnswer};
use super::gate::Gate;
use super::polls::{Asking, Poll, Polls};
use crate::kernel::rng::{Fate, Luck, Source, Streams};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::{MAX_BATCH, QueueConfig, QueueId};
use crate::ledger::journal::{Action, Call, Caller, Change, Journal, KeySpace, State, Step};
use crate::ledger::messages::fresh::Waiting;
use crate::ledger::messages::message::{Message, Slab};
use crate::ledger::messages::receipt::{Delivery, RECEIPT_LIFE, Receipt, Served};
use crate::ledger::messages::sealed::Came;
use crate::ledger::queue::Queue;
use crate::ledger::queue::tally::Tally;

/// All queues of a scenario.
///
/// ```
/// use sqsim::kernel::rng::{Luck, Streams};
/// use sqsim::kernel::time::{Span, Time};
/// use sqsim::ledger::config::QueueId;
/// use sqsim::ledger::journal::Caller;
/// use sqsim::ledger::{Delivery, Ledger, Outgoing, Poll, Received};
///
/// let file: sqsim::ScenarioFile =
///     r#"(duration: "1m", queues: {"jobs": (visibility_timeout: "30s")})"#.parse()?;
/// let scenario = file.check()?.scenario;
/// let queues = [("queues.jobs", &scenario.queues[0].config)].into_iter();
/// let mut ledger = Ledger::new(queues, 1, Streams::new(42, 0), &mut ());
/// ledger.joined(Caller(0));
///
/// let (jobs, at) = (QueueId(0), |secs| Time::ZERO + Span::from_secs(secs));
/// let message = Outgoing { luck: Luck(7), delay: None };
/// ledger.send(at(0), jobs, 0, &[message], &mut ());
/// let mut receive = |ledger: &mut Ledger, secs| -> Option<Delivery> {
///     let (caller, wait) = (Caller(0), Span::ZERO);
///     let poll = Poll { caller, max: 1, wait, visibility_timeout: None };
///     ledger.advance(at(secs), jobs, &mut ());
///     let answer = ledger.receive(at(secs), jobs, poll, &mut ());
///     (answer == Received::Messages).then(|| ledger.next_served())?;
///     ledger.next_delivery()
/// };
///
/// // It is hidden for 30 s from its receive on, then received again, and deleted.
/// assert_eq!(receive(&mut ledger, 1).map(|it| it.receipt.receives), Some(1));
/// assert_eq!(receive(&mut ledger, 30), None);
/// let again = receive(&mut ledger, 31).expect("it is visible again");
/// assert_eq!(again.receipt.receives, 2);
/// ledger.delete(at(32), &[again.receipt], &mut ());
/// assert_eq!(ledger.resident(), 0);
/// # Ok::<(), sqsim::Faults>(())
/// ```
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(super) slab: Slab,
    pub(super) queues: Vec<Queue>,
    pub(super) polls: Polls,
    pub(super) served: VecDeque<Served>,
    pub(super) handed: VecDeque<Delivery>,
    /// Queues that the clock may have to look at earlier than was said.
    pub(super) reports: Vec<QueueId>,
}

impl Ledger {
    /// Empty queues, with room for `callers`, none of which has joined. `paths` name the queues'
    /// streams of chance.
    pub fn new<'a, J: Journal>(
        queues: impl Iterator<Item = (&'a str, &'a QueueConfig)>,
        callers: u32,
        streams: Streams,
        journal: &mut J,
    ) -> Ledger {
        // What all callers together can hold after one receive each.
        let mut slab = Slab::with_capacity(callers as usize * MAX_BATCH);
        let queues: Vec<Queue> = (0..)
            .zip(queues)
            .map(|(id, (path, config))| Queue::new(QueueId(id), path, config, streams, &mut slab))
            .collect();
        for queue in &queues {
            for part in queue.shards.live() {
                let (partition, first, last) = (part.id, part.first, part.last);
                let opened = KeySpace::Opened { partition, first, last };
                journal.change(Time::ZERO, queue.id, &opened.into());
            }
        }
        let mut polls = Polls::new(callers, queues.len());
        for queue in queues.iter().filter(|queue| queue.routing.waits_at_one()) {
            polls.make_places(queue.id, queue.shards.len());
        }
        let (served, handed) = (VecDeque::with_capacity(64), VecDeque::with_capacity(640));
        let reports = queues.iter().map(|queue| queue.id).collect();
        Ledger { slab, queues, polls, served, handed, reports }
    }

    /// What a queue was told.
    pub fn config(&self, queue: QueueId) -> &QueueConfig {
        &self.queues[queue.0 as usize].config
    }

    /// Messages resident now, over all queues.
    pub fn resident(&self) -> u64 {
        self.slab.resident()
    }

    /// What went in and out of a queue.
    pub fn tally(&self, queue: QueueId) -> Tally {
        self.queues[queue.0 as usize].tally
    }

    /// When the oldest message whose age counts was sent to, or moved to, the queue.
    pub fn oldest(&self, queue: QueueId) -> Option<Time> {
        self.queues[queue.0 as usize].oldest()
    }

    /// When something next falls due in `queue`; may be too early, is never too late.
    #[inline]
    pub fn due(&self, queue: QueueId) -> Time {
        self.queues[queue.0 as usize].due
    }

    /// Stores up to 10 messages; `connection` is the client, for sticky keys. Each partition that
    /// is touched counts one call
    /// ([SendMessageBatch](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html);
    /// a batch is split by partition). Entries succeed or are refused individually.
    ///
    /// # Panics
    /// Without a message or with more than 10.
    #[inline(always)]
    pub fn send<J: Journal>(
        &mut self,
        now: Time,
        queue: QueueId,
        connection: u32,
        messages: &[Outgoing],
        journal: &mut J,
    ) -> Refused {
        assert!((1..=MAX_BATCH).contains(&messages.len()), "a send has 1 to 10 messages");
        let mut gate = Gate::of(&self.queues[queue.0 as usize], Action::Send);
        let mut call = Entries { now, queue, gate: &mut gate, journal };
        let first = messages[0].luck;
        if let [only] = messages {
            self.store(&mut call, 0, only, first, connection);
        } else {
            for (entry, outgoing) in messages.iter().enumerate() {
                self.store(&mut call, entry, outgoing, first, connection);
            }
        }
        let q = &mut self.queues[queue.0 as usize];
        let refused = call.close(q, Action::Send);
        if (refused.count() as usize) < messages.len() {
            q.came_in(now, call.journal);
        }
        self.settle(queue, now, call.journal);
        self.heed(queue);
        refused
    }

    /// Stores one message of a send, unless its partition refuses it.
    #[inline(always)]
    fn store<J: Journal>(
        &mut self,
        call: &mut Entries<'_, J>,
        entry: usize,
        outgoing: &Outgoing,
        first: Luck,
        connection: u32,
    ) {
        let Entries { now, queue, .. } = *call;
        let Outgoing { luck, delay } = *outgoing;
        let q = &mut self.queues[queue.0 as usize];
        let key = q.router.key(luck, first, connection, now, &q.shards);
        let at = q.shards.holder(key);
        if let Some(gate) = call.gate {
            gate.carry(q, luck);
            if !gate.admit(at, q, key, entry, now) {
                return;
            }
        }
        let id = self.slab.give_id();
        q.tally.sent += 1;
        let delay = delay.unwrap_or(q.config.delay);
        let state = if delay.is_zero() { State::Visible } else { State::Delayed };
        let partition = q.shards.get(at).id;
        call.journal.change(now, queue, &Change::Message(id, Step::Sent { partition, state }));
        if delay.is_zero() && !q.must_wait(Came { key, id, sent: now }) {
            q.wait(&mut self.slab, at, Waiting { id, sent: now, luck, key });
            return;
        }
        let slot = self.slab.insert(Message::new(id, queue, now, luck, key));
        q.begin(&mut self.slab, slot);
        if delay.is_zero() {
            q.show(&mut self.slab, slot);
        } else {
            q.hide(&mut self.slab, slot, State::Delayed, delay, now);
        }
    }

    /// Receives up to `poll.max` messages
    /// ([ReceiveMessage](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ReceiveMessage.html)).
    /// At the in-flight cap a short poll is refused and a long poll finds nothing, which it may
    /// wait out.
    ///
    /// # Panics
    /// If it asks for no message or for more than 10, or its caller waits already.
    pub fn receive<J: Journal>(
        &mut self,
        now: Time,
        queue: QueueId,
        poll: Poll,
        journal: &mut J,
    ) -> Received {
        assert!((1..=MAX_BATCH as u32).contains(&poll.max), "a receive asks for 1 to 10 messages");
        let taken = self.ask(Asking { queue, poll: &poll, now }, journal);
        let (action, asked, chunks) = (Action::Receive, taken.asked, taken.chunks.max(1));
        let made = Call::Made { action, asked, chunks };
        journal.change(now, queue, &made.into());
        if taken.messages > 0 {
            self.heed(queue);
            self.served.push_back(Served { caller: poll.caller, messages: taken.messages });
            return Received::Messages;
        }
        let q = &mut self.queues[queue.0 as usize];
        let over_limit = q.is_full();
        if let Some((at, admission)) = taken.refused {
            let partition = q.shards.get(at as usize).id;
            if let Some(refused) = admission.refusal(Action::Receive, partition, 1) {
                journal.change(now, queue, &refused.into());
            }
            self.heed(queue);
            return Received::Refused;
        }
        if !poll.wait.is_zero() {
            let due = match taken.waits_at {
                None => self.polls.enter(queue, poll, now),
                Some(at) => self.polls.enter_at(queue, at, poll, now),
            };
            q.falls_due(due);
            self.heed(queue);
            return Received::Waiting;
        }
        let falsely = !over_limit && q.tally.visible > q.behind;
        let nothing = Call::ReceivedNothing { caller: poll.caller, falsely, over_limit };
        journal.change(now, queue, &nothing.into());
        self.heed(queue);
        if over_limit { Received::OverLimit } else { Received::Empty }
    }

    /// Who was served by the calls since, in order. What it got must be collected before the next
    /// one is asked for.
    #[inline]
    pub fn next_served(&mut self) -> Option<Served> {
        self.served.pop_front()
    }

    /// The next message of the one who was served last; it gets as many as [`Served::messages`].
    #[inline]
    pub fn next_delivery(&mut self) -> Option<Delivery> {
        self.handed.pop_front()
    }

    /// Appends to `out` what `served` got.
    pub fn collect(&mut self, served: Served, out: &mut VecDeque<Delivery>) {
        for _ in 0..served.messages {
            out.extend(self.next_delivery());
        }
    }

    /// A caller is there from now on and may receive. Its number costs a few bytes for ever, what
    /// it waits in is used again when it has left.
    ///
    /// # Panics
    /// If it is there.
    pub fn joined(&mut self, caller: Caller) {
        self.polls.joined(caller);
    }

    /// A caller is gone, and its waiting poll with it; false if it did not wait. What it
    /// holds it may still delete or give back.
    ///
    /// # Panics
    /// If it is not there.
    pub fn left(&mut self, caller: Caller) -> bool {
        self.polls.left(caller)
    }

    /// Ends a waiting poll whose caller is gone; false if it did not wait.
    pub fn hang_up(&mut self, caller: Caller) -> bool {
        self.polls.hang_up(caller)
    }

    /// Deletes up to 10 messages of one queue
    /// ([DeleteMessage](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html)).
    /// With the latest receipt the message goes, even if its visibility timeout has passed; with
    /// an older one the call succeeds, and whether the message goes is a matter of chance
    /// ([`QueueConfig::stale_deletes`]); 12 h after the receive it fails. Only entries that were
    /// refused are worth another try.
    ///
    /// # Panics
    /// Without a receipt or with more than 10.
    #[inline(always)]
    pub fn delete<J: Journal>(
        &mut self,
        now: Time,
        receipts: &[Receipt],
        journal: &mut J,
    ) -> Refused {
        assert!((1..=MAX_BATCH).contains(&receipts.len()), "a delete has 1 to 10 receipts");
        let queue = receipts[0].queue;
        let mut gate = Gate::of(&self.queues[queue.0 as usize], Action::Delete);
        let mut call = Entries { now, queue, gate: &mut gate, journal };
        if let [only] = receipts {
            self.delete_entry(&mut call, 0, only);
        } else {
            for (entry, receipt) in receipts.iter().enumerate() {
                self.delete_entry(&mut call, entry, receipt);
            }
        }
        let q = &mut self.queues[queue.0 as usize];
        let refused = call.close(q, Action::Delete);
        q.tell_oldest(&self.slab, now, call.journal);
        self.settle(queue, now, call.journal);
        self.heed(queue);
        refused
    }

    /// Deletes one message of a delete, unless its partition refuses it.
    #[inline(always)]
    fn delete_entry<J: Journal>(
        &mut self,
        call: &mut Entries<'_, J>,
        entry: usize,
        receipt: &Receipt,
    ) {
        let Entries { now, queue, .. } = *call;
        let message = receipt.message;
        if now > receipt.received + RECEIPT_LIFE {
            call.journal.change(now, queue, &Change::Message(message, Step::ReceiptExpired {}));
            return;
        }
        let Some(row) = receipt.current(&self.slab).or_else(|| self.goes_by_older(receipt)) else {
            call.journal.change(now, queue, &Change::Message(message, Step::DeletedNothing {}));
            return;
        };
        let (came, luck, receives) = (Came::from(row), row.luck, row.receives);
        let Came { key, sent, .. } = came;
        let q = &mut self.queues[queue.0 as usize];
        if let Some(gate) = call.gate
            && !gate.admit(q.shards.home(came), q, key, entry, now)
        {
            return;
        }
        let lost = q.config.lost_deletes;
        if lost > 0.0 && luck.draws(Fate::LostDelete, receives).unit() < lost {
            call.journal.change(now, queue, &Change::Message(message, Step::DeleteLost {}));
            return;
        }
        if q.replication.is_some() {
            q.note_delete(&self.slab, receipt.slot);
        }
        let from = q.delete(&mut self.slab, receipt.slot);
        call.journal.change(
            now,
            queue,
            &Change::Message(message, Step::Deleted { sent, receives, from }),
        );
    }

    /// The row of a message that was received again since this receipt, if a delete with it
    /// deletes all the same.
    #[cold]
    #[inline(never)]
    fn goes_by_older(&self, receipt: &Receipt) -> Option<&Message> {
        let chance = self.queues[receipt.queue.0 as usize].config.stale_deletes;
        let row = receipt.of_message(&self.slab).filter(|_| chance > 0.0)?;
        let draw = row.luck.draws(Fate::StaleDelete, receipt.receives).unit();
        (draw < chance).then_some(row)
    }

    /// Lets the visibility timeout of a received message end `timeout` from now; zero makes it
    /// visible at once
    /// ([ChangeMessageVisibility](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_ChangeMessageVisibility.html)).
    /// Refused when the message is not in flight for this receipt, and when it would be in flight
    /// for more than 12 h since its receive.
    pub fn change_visibility<J: Journal>(
        &mut self,
        now: Time,
        receipt: &Receipt,
        timeout: Span,
        journal: &mut J,
    ) -> VisibilityAnswer {
        let queue = receipt.queue;
        let message = receipt.message;
        let made = Call::Made { action: Action::ChangeVisibility, asked: 0, chunks: 1 };
        journal.change(now, queue, &made.into());
        let q = &mut self.queues[queue.0 as usize];
        let until = now.saturating_add(timeout);
        let in_flight = receipt.current(&self.slab).is_some_and(|row| row.state == State::InFlight);
        if !in_flight || until > receipt.received + RECEIPT_LIFE {
            journal.change(now, queue, &Change::Message(message, Step::VisibilityRefused {}));
            return VisibilityAnswer::Refused;
        }
        if let Some(replication) = &q.replication {
            let at = q.shards.home(self.slab.get(receipt.slot).into());
            if !replication.has_quorum(at, Action::ChangeVisibility) {
                let (action, partition) = (Action::ChangeVisibility, q.shards.get(at).id);
                let refused = Call::Unavailable { action, partition, messages: 1 };
                journal.change(now, queue, &refused.into());
                return VisibilityAnswer::Unavailable;
            }
        }
        q.detach(&mut self.slab, receipt.slot);
        journal.change(now, queue, &Change::Message(message, Step::VisibilityChanged { until }));
        if timeout.is_zero() {
            self.end_visibility_timeout(queue, receipt.slot, now, journal);
            self.settle(queue, now, journal);
        } else {
            q.hide(&mut self.slab, receipt.slot, State::InFlight, timeout, now);
        }
        self.heed(queue);
        VisibilityAnswer::Changed
    }

    /// Removes every message of the queue, those in flight included
    /// ([PurgeQueue](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html);
    /// here at once, where AWS takes up to 60 s).
    pub fn purge<J: Journal>(&mut self, now: Time, queue: QueueId, journal: &mut J) {
        let q = &mut self.queues[queue.0 as usize];
        while let Some(which) = q.any(&self.slab) {
            let (message, from) = q.remove(&mut self.slab, which);
            q.tally.purged += 1;
            journal.change(now, queue, &Change::Message(message, Step::Purged { from }));
        }
        if let Some(replication) = &mut q.replication {
            replication.purged();
        }
        q.tell_oldest(&self.slab, now, journal);
        self.heed(queue);
    }

    pub(super) fn queue(&self, queue: QueueId) -> &Queue {
        &self.queues[queue.0 as usize]
    }

    /// Checks everything derived against what it is derived from; for tests, as it walks through
    /// every message.
    ///
    /// # Panics
    /// If conservation or an invariant is broken.
    pub fn check(&self) {
        for q in &self.queues {
            q.check(&self.slab);
        }
        let counted: u64 = self.queues.iter().map(|q| q.tally.resident()).sum();
        assert_eq!(counted, self.resident(), "the slab holds what the queues count");
    }
}

/// What the entries of one batch call share. Most calls have one entry: each call treats that one
/// apart, so that the compiler leaves no loop and keeps in registers what the entry has.
struct Entries<'a, J> {
    now: Time,
    queue: QueueId,
    gate: &'a mut Option<Gate>,
    journal: &'a mut J,
}

impl<J: Journal> Entries<'_, J> {
    /// All entries of the call were tried: those that were refused.
    #[inline(always)]
    fn close(&mut self, q: &Queue, action: Action) -> Refused {
        let Entries { now, queue, gate, journal } = self;
        if let Some(gate) = gate {
            return gate.close(q, *now, *journal);
        }
        // What is told is constant here, and folds away with those who are told.
        journal.change(*now, *queue, &Call::Made { action, asked: 0, chunks: 1 }.into());
        Refused(0)
    }
}
