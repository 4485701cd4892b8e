//! The calls of the queue service, and the clock's.
//!
//! Owns [`Ledger`]: what each call answers, and who of the waiting polls is served. Must not know
//! who calls.
//!
//! The rules are those of the SQS API reference and developer guide; each call names its own.
//! Where AWS publishes nothing, the rule is a parameter of [`super::config`].

use std::collections::VecDeque;

use super::config::{Mechanics, QueueConfig, QueueId, ReceiveRouting};
use super::journal::{Action, Caller, Change, Held, Journal, MessageId, State};
use super::message::{Message, Slab};
use super::polls::{Poll, Polls};
use super::queue::{Queue, Tally};
use super::receipt::{Delivery, RECEIPT_LIFE, Receipt, Served};
use super::split::{self, Snapshot, TICK, Verdict};
use crate::kernel::rng::{Fate, Luck, Source, Streams, mix};
use crate::kernel::time::{Span, Time};

/// Most entries of a batch call and most messages of a receive.
pub const MAX_BATCH: usize = 10;

/// A message to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// What chance does to it.
    pub luck: Luck,
    /// Its own delay; `None` is the queue's.
    pub delay: Option<Span>,
}

/// One bit an entry of a batch call: those that a partition refused for lack of capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Throttled(pub u16);

impl Throttled {
    /// Whether entry `i` was refused.
    pub fn has(self, i: usize) -> bool {
        self.0 & (1 << i) != 0
    }

    /// How many were refused.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }
}

/// The answer to a receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Messages are handed over: [`Ledger::next_served`] and [`Ledger::collect`] give them.
    Messages,
    /// A long poll waits; [`Ledger::next_served`] will tell how it ended.
    Waiting,
    /// A short poll found nothing.
    Empty,
    /// `OverLimit`: the in-flight cap is reached (short polls only; a long poll waits).
    OverLimit,
    /// Only partitions without capacity have messages.
    Throttled,
}

/// What is in a queue at the end of a run. Ages count from the send to, or move to, the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leftover {
    /// Messages, in any state.
    pub messages: u64,
    /// Age of the oldest.
    pub oldest: Span,
    /// Mean age.
    pub mean_age: Span,
}

/// The answer to a change of visibility.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisibilityAnswer {
    /// Done.
    Changed,
    /// `MessageNotInflight`, `ReceiptHandleIsInvalid`, or more than 12 h in all: refused.
    Refused,
}

/// All queues of a scenario.
#[derive(Clone, Debug)]
pub struct Ledger {
    slab: Slab,
    queues: Vec<Queue>,
    polls: Polls,
    next_id: u64,
    served: VecDeque<Served>,
    handed: VecDeque<Delivery>,
}

impl Ledger {
    /// Empty queues, for callers numbered below `callers`. `paths` name the queues' streams of
    /// chance.
    pub fn new<'a, J: Journal>(
        queues: impl Iterator<Item = (&'a str, &'a QueueConfig)>,
        callers: u32,
        streams: Streams,
        journal: &mut J,
    ) -> Ledger {
        let mut slab = Slab::default();
        let queues: Vec<Queue> = (0..)
            .zip(queues)
            .map(|(id, (path, config))| Queue::new(QueueId(id), path, config, streams, &mut slab))
            .collect();
        for queue in &queues {
            for part in queue.shards.iter() {
                let (partition, first, last) = (part.id, part.first, part.last);
                let opened = Change::PartitionOpened { partition, first, last };
                journal.change(Time::ZERO, queue.id, &opened);
            }
        }
        let polls = Polls::new(callers, queues.len());
        let (served, handed) = (VecDeque::with_capacity(64), VecDeque::with_capacity(640));
        Ledger { slab, queues, polls, next_id: 0, served, handed }
    }

    /// Bytes a resident message costs.
    pub const BYTES_PER_MESSAGE: usize = Slab::BYTES_PER_MESSAGE;

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
    pub fn send<J: Journal>(
        &mut self,
        now: Time,
        queue: QueueId,
        connection: u32,
        messages: &[Outgoing],
        journal: &mut J,
    ) -> Throttled {
        assert!((1..=MAX_BATCH).contains(&messages.len()), "a send has 1 to 10 messages");
        journal.change(now, queue, &Change::Called { action: Action::Send });
        let q = &mut self.queues[queue.0 as usize];
        let mut gate = Gate::new(Action::Send);
        for (i, outgoing) in messages.iter().enumerate() {
            let key = q.router.key(outgoing.luck, messages[0].luck, connection, now);
            let at = q.shards.holder(key);
            if !gate.admit(q, at, key, i, now) {
                continue;
            }
            let id = MessageId(self.next_id);
            self.next_id += 1;
            let slot = self.slab.insert(Message::new(id, queue, now, outgoing.luck, key));
            q.tally.sent += 1;
            let delay = outgoing.delay.unwrap_or(q.config.delay);
            let state = if delay.is_zero() { State::Visible } else { State::Delayed };
            journal.change(
                now,
                queue,
                &Change::Sent { message: id, partition: q.shards.get(at).id, state },
            );
            q.begin(&mut self.slab, slot);
            if delay.is_zero() {
                q.show(&mut self.slab, slot);
            } else {
                q.hide(&mut self.slab, slot, State::Delayed, delay, now);
            }
        }
        gate.tell(q, now, journal);
        q.tell_oldest(&self.slab, now, journal);
        self.settle(queue, now, journal);
        gate.refused
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
        journal.change(now, queue, &Change::Called { action: Action::Receive });
        let taken = self.take(queue, poll, now, journal);
        if taken.messages > 0 {
            self.served.push_back(Served { caller: poll.caller, messages: taken.messages });
            return Received::Messages;
        }
        let q = &mut self.queues[queue.0 as usize];
        let over_limit = q.tally.in_flight >= u64::from(q.config.max_in_flight);
        if let Some(at) = taken.refused_at {
            let partition = q.shards.get(at).id;
            let action = Action::Receive;
            journal.change(now, queue, &Change::Throttled { action, partition, messages: 1 });
            return Received::Throttled;
        }
        if !poll.wait.is_zero() {
            let due = self.polls.enter(queue, poll, now);
            q.falls_due(due);
            return Received::Waiting;
        }
        let falsely = !over_limit && q.tally.visible > 0;
        let nothing = Change::ReceivedNothing { caller: poll.caller, falsely, over_limit };
        journal.change(now, queue, &nothing);
        if over_limit { Received::OverLimit } else { Received::Empty }
    }

    /// Who was served by the calls since, in order. What it got must be collected before the next
    /// one is asked for.
    #[inline]
    pub fn next_served(&mut self) -> Option<Served> {
        self.served.pop_front()
    }

    /// Appends to `out` what `served` got.
    #[inline]
    pub fn collect(&mut self, served: Served, out: &mut VecDeque<Delivery>) {
        out.extend(self.handed.drain(..served.messages as usize));
    }

    /// Ends a waiting poll whose caller is gone; false if it did not wait.
    pub fn hang_up(&mut self, caller: Caller) -> bool {
        self.polls.leave(caller)
    }

    /// Deletes up to 10 messages of one queue
    /// ([DeleteMessage](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html)).
    /// With the latest receipt the message goes, even if its visibility timeout has passed; with
    /// an older one the call succeeds and nothing happens; 12 h after the receive it fails. Only
    /// entries refused for lack of capacity are worth another try.
    ///
    /// # Panics
    /// Without a receipt or with more than 10.
    pub fn delete<J: Journal>(
        &mut self,
        now: Time,
        receipts: &[Receipt],
        journal: &mut J,
    ) -> Throttled {
        assert!((1..=MAX_BATCH).contains(&receipts.len()), "a delete has 1 to 10 receipts");
        let queue = receipts[0].queue;
        journal.change(now, queue, &Change::Called { action: Action::Delete });
        let q = &mut self.queues[queue.0 as usize];
        let mut gate = Gate::new(Action::Delete);
        for (i, receipt) in receipts.iter().enumerate() {
            let message = receipt.message;
            if now > receipt.received + RECEIPT_LIFE {
                journal.change(now, queue, &Change::ReceiptExpired { message });
                continue;
            }
            let Some(row) = current(&self.slab, receipt) else {
                journal.change(now, queue, &Change::DeletedNothing { message });
                continue;
            };
            let (key, luck, sent, receives) = (row.key, row.luck, row.sent, row.receives);
            let at = q.shards.holder(key);
            if !gate.admit(q, at, key, i, now) {
                continue;
            }
            let lost = q.config.lost_deletes;
            if lost > 0.0 && luck.draws(Fate::LostDelete, receives).unit() < lost {
                journal.change(now, queue, &Change::DeleteLost { message });
                continue;
            }
            let (_, from) = q.remove(&mut self.slab, receipt.slot);
            q.tally.deleted += 1;
            journal.change(now, queue, &Change::Deleted { message, sent, receives, from });
        }
        gate.tell(q, now, journal);
        q.tell_oldest(&self.slab, now, journal);
        self.settle(queue, now, journal);
        gate.refused
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
        journal.change(now, queue, &Change::Called { action: Action::ChangeVisibility });
        let q = &mut self.queues[queue.0 as usize];
        let until = now.saturating_add(timeout);
        let in_flight =
            current(&self.slab, receipt).is_some_and(|row| row.state == State::InFlight);
        if !in_flight || until > receipt.received + RECEIPT_LIFE {
            journal.change(now, queue, &Change::VisibilityRefused { message });
            return VisibilityAnswer::Refused;
        }
        q.detach(&mut self.slab, receipt.slot);
        journal.change(now, queue, &Change::VisibilityChanged { message, until });
        if timeout.is_zero() {
            self.give_back(queue, receipt.slot, now, journal);
            self.settle(queue, now, journal);
        } else {
            q.hide(&mut self.slab, receipt.slot, State::InFlight, timeout, now);
        }
        VisibilityAnswer::Changed
    }

    /// Removes every message of the queue, those in flight included
    /// ([PurgeQueue](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_PurgeQueue.html);
    /// here at once, where AWS takes up to 60 s).
    pub fn purge<J: Journal>(&mut self, now: Time, queue: QueueId, journal: &mut J) {
        let q = &mut self.queues[queue.0 as usize];
        while let Some(slot) = q.any(&self.slab) {
            let (message, from) = q.remove(&mut self.slab, slot);
            q.tally.purged += 1;
            journal.change(now, queue, &Change::Purged { message, from });
        }
        q.tell_oldest(&self.slab, now, journal);
    }

    /// The holder of a delivery says how it is with it; ignored if the receipt is not the latest.
    #[inline]
    pub fn annotate(&mut self, receipt: &Receipt, held: Held) {
        if current(&self.slab, receipt).is_some() {
            self.slab.get_mut(receipt.slot).set_held(held);
        }
    }

    /// Whether some holder has completed the message's work.
    pub fn is_done(&self, receipt: &Receipt) -> bool {
        let row = self.slab.get(receipt.slot);
        row.id != receipt.message || row.is_done()
    }

    /// The work on a message is completed; returns whether it had been before. For a message that
    /// is gone and whose slot is used again, the answer is yes: somebody deleted it.
    pub fn complete(&mut self, receipt: &Receipt) -> bool {
        let before = self.is_done(receipt);
        if !before {
            self.slab.get_mut(receipt.slot).set_done();
        }
        before
    }

    /// Lets everything happen that is due in `queue` by `now`; returns how many things were. At
    /// one instant: ends of retention first, then visibility timeouts and delays, the look of the
    /// split policy, waiters that capacity had held up, and last the ends of long polls.
    pub fn advance<J: Journal>(&mut self, now: Time, queue: QueueId, journal: &mut J) -> u64 {
        let mut happened = 0;
        while let Some(slot) = at_or_before(now, self.queue(queue).next_expiry(&self.slab)) {
            let q = &mut self.queues[queue.0 as usize];
            let (message, from) = q.remove(&mut self.slab, slot);
            q.tally.expired += 1;
            journal.change(now, queue, &Change::Expired { message, from });
            happened += 1;
        }
        while let Some(slot) = at_or_before(now, self.queue(queue).next_timer(&self.slab)) {
            let state = self.queues[queue.0 as usize].detach(&mut self.slab, slot);
            if state == State::Delayed {
                let message = self.slab.get(slot).id;
                journal.change(now, queue, &Change::DelayEnded { message });
                self.queues[queue.0 as usize].show(&mut self.slab, slot);
            } else {
                self.give_back(queue, slot, now, journal);
            }
            happened += 1;
        }
        if self.queue(queue).tick <= now {
            self.look_at_load(queue, now, journal);
            happened += 1;
        }
        let q = &mut self.queues[queue.0 as usize];
        q.tell_oldest(&self.slab, now, journal);
        if q.resettle <= now {
            q.resettle = Time::NEVER;
        }
        self.settle(queue, now, journal);
        while let Some(caller) = at_or_before(now, self.polls.earliest_end(queue)) {
            self.polls.leave(caller);
            self.served.push_back(Served { caller, messages: 0 });
            let q = &self.queues[queue.0 as usize];
            let over_limit = q.tally.in_flight >= u64::from(q.config.max_in_flight);
            let nothing = Change::ReceivedNothing { caller, falsely: false, over_limit };
            journal.change(now, queue, &nothing);
            happened += 1;
        }
        self.find_due(queue);
        happened
    }

    /// What is still resident in `queue`.
    pub fn leftover(&self, queue: QueueId, now: Time) -> Leftover {
        let mut left = Leftover::default();
        let mut sum = 0_u128;
        for sent in self.queue(queue).resident(&self.slab).map(|slot| self.slab.get(slot).sent) {
            let age = now.since(sent);
            left.messages += 1;
            left.oldest = left.oldest.max(age);
            sum += u128::from(age.as_nanos());
        }
        left.mean_age = Span::from_nanos((sum / u128::from(left.messages.max(1))) as u64);
        left
    }

    fn queue(&self, queue: QueueId) -> &Queue {
        &self.queues[queue.0 as usize]
    }

    /// Computes exactly when something next falls due.
    fn find_due(&mut self, queue: QueueId) {
        let q = &self.queues[queue.0 as usize];
        let expiry = q.next_expiry(&self.slab).map(|(at, _)| at);
        let timer = q.next_timer(&self.slab).map(|(at, _)| at);
        let poll = self.polls.earliest_end(queue).map(|(at, _)| at);
        let earliest = expiry.into_iter().chain(timer).chain(poll).min().unwrap_or(Time::NEVER);
        let due = earliest.min(q.tick).min(q.resettle);
        self.queues[queue.0 as usize].due = due;
    }

    /// A message in flight, detached, is visible again.
    fn give_back<J: Journal>(&mut self, queue: QueueId, slot: u32, now: Time, journal: &mut J) {
        let row = self.slab.get(slot);
        let (message, cause, receives) = (row.id, row.held(), row.receives);
        journal.change(now, queue, &Change::Returned { message, cause, receives });
        let q = &mut self.queues[queue.0 as usize];
        q.show(&mut self.slab, slot);
        q.tell_oldest(&self.slab, now, journal);
    }

    /// Serves waiting polls, the first to come first, while there is something for them.
    #[inline]
    fn settle<J: Journal>(&mut self, queue: QueueId, now: Time, journal: &mut J) {
        while self.queues[queue.0 as usize].tally.visible > 0 {
            let Some(poll) = self.polls.first(queue) else { return };
            let taken = self.take(queue, poll, now, journal);
            if taken.messages == 0 {
                if taken.refused_at.is_some() {
                    self.plan_resettle(queue);
                }
                return;
            }
            self.polls.leave(poll.caller);
            self.served.push_back(Served { caller: poll.caller, messages: taken.messages });
        }
        self.queues[queue.0 as usize].resettle = Time::NEVER;
    }

    /// Waiters try again when the first partition with messages admits a receive.
    fn plan_resettle(&mut self, queue: QueueId) {
        let q = &mut self.queues[queue.0 as usize];
        let (shards, rate) = (&q.shards, q.rate);
        let ready = (0..shards.len()).filter(|&at| shards.is_ready(at));
        let at = ready.map(|at| shards.get(at).receives_at(rate)).min().unwrap_or(Time::NEVER);
        q.resettle = at;
        q.falls_due(at);
    }

    /// Takes messages for one poll from the partitions that it asks.
    fn take<J: Journal>(
        &mut self,
        queue: QueueId,
        poll: Poll,
        now: Time,
        journal: &mut J,
    ) -> Taken {
        let mut taken = Taken::default();
        let q = &mut self.queues[queue.0 as usize];
        if q.tally.visible == 0 {
            return taken;
        }
        if poll.wait.is_zero() && q.shards.len() > 1 {
            self.take_sampled(queue, poll, now, journal, &mut taken);
            return taken;
        }
        // The next poll begins after the partition that gave last, so that each has its turn even
        // while the in-flight cap lets single messages through.
        let start = q.shards.cursor();
        let (mut from, mut wrapped) = (start, false);
        while taken.messages < poll.max {
            let shards = &self.queues[queue.0 as usize].shards;
            match shards.ready_from(from) {
                Some(at) if !(wrapped && at >= start) => {
                    let before = taken.messages;
                    self.take_from(queue, at, poll, now, journal, &mut taken);
                    from = at + 1;
                    if taken.messages > before {
                        self.queues[queue.0 as usize].shards.set_cursor(from);
                    }
                }
                None if !wrapped => (from, wrapped) = (0, true),
                Some(_) | None => break,
            }
        }
        taken
    }

    /// A short poll: asks a random sample of partitions, each as likely, without replacement.
    fn take_sampled<J: Journal>(
        &mut self,
        queue: QueueId,
        poll: Poll,
        now: Time,
        journal: &mut J,
        taken: &mut Taken,
    ) {
        let q = &mut self.queues[queue.0 as usize];
        let count = q.shards.len();
        if q.deck.len() != count {
            q.deck.clear();
            q.deck.extend(0..count as u32);
        }
        let asked = match q.config.ledger.receive {
            ReceiveRouting::RegisterAll => (count / 4).max(1),
            ReceiveRouting::Sample(k) => (k as usize).min(count),
        };
        for drawn in 0..asked {
            let q = &mut self.queues[queue.0 as usize];
            let other = drawn + q.sampling.below((count - drawn) as u64) as usize;
            q.deck.swap(drawn, other);
            let at = q.deck[drawn] as usize;
            if taken.messages < poll.max && q.shards.is_ready(at) {
                self.take_from(queue, at, poll, now, journal, taken);
            }
        }
    }

    /// Takes messages for one poll from one partition, as far as its capacity, the in-flight cap
    /// and the redrive policy let it.
    fn take_from<J: Journal>(
        &mut self,
        queue: QueueId,
        at: usize,
        poll: Poll,
        now: Time,
        journal: &mut J,
        taken: &mut Taken,
    ) {
        let q = &mut self.queues[queue.0 as usize];
        if q.tally.in_flight >= u64::from(q.config.max_in_flight) {
            return;
        }
        let part = q.shards.get_mut(at);
        if q.watched {
            part.load.observe(Action::Receive, None);
        }
        if !part.admit(q.rate, Action::Receive, now) {
            taken.refused_at = Some(at);
            return;
        }
        while taken.messages < poll.max {
            let q = &mut self.queues[queue.0 as usize];
            if q.tally.in_flight >= u64::from(q.config.max_in_flight) {
                return;
            }
            let Some(slot) = q.shards.pop(&mut self.slab, at) else { return };
            q.tally.visible -= 1;
            match q.config.redrive {
                Some(redrive) if self.slab.get(slot).receives >= redrive.max_receives => {
                    self.dead_letter(queue, redrive.to, slot, now, journal);
                }
                _ => {
                    self.hand_over(queue, at, slot, poll, now, journal);
                    taken.messages += 1;
                }
            }
        }
    }

    /// One message, out of its line, goes to the caller.
    #[inline]
    fn hand_over<J: Journal>(
        &mut self,
        queue: QueueId,
        at: usize,
        slot: u32,
        poll: Poll,
        now: Time,
        journal: &mut J,
    ) {
        let q = &mut self.queues[queue.0 as usize];
        let row = self.slab.get_mut(slot);
        let cause = (row.receives > 0).then(|| row.held());
        row.receives += 1;
        row.set_held(Held::Buffered);
        let (message, sent, luck, receives) = (row.id, row.sent, row.luck, row.receives);
        q.hide(&mut self.slab, slot, State::InFlight, poll.visibility_timeout, now);
        let receipt = Receipt { message, received: now, slot, receives, queue };
        self.handed.push_back(Delivery { receipt, luck, sent });
        let until = now + poll.visibility_timeout;
        let (caller, partition) = (poll.caller, q.shards.get(at).id);
        let change = Change::Received { message, caller, partition, receives, sent, until, cause };
        journal.change(now, queue, &change);
    }

    /// The receive after the last allowed one moves the message instead of returning it. The
    /// standard queue's retention clock runs on from the first send; the age counts from the move
    /// ([dead-letter queues](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/sqs-dead-letter-queues.html)).
    fn dead_letter<J: Journal>(
        &mut self,
        from: QueueId,
        to: QueueId,
        slot: u32,
        now: Time,
        journal: &mut J,
    ) {
        let source = &mut self.queues[from.0 as usize];
        let expires = source.expires(&self.slab, slot);
        let retention = source.config.retention;
        source.forget(&mut self.slab, slot);
        source.tally.moved_out += 1;
        let row = *self.slab.get(slot);
        let (message, receives, cause) = (row.id, row.receives, row.held());
        journal.change(now, from, &Change::DeadLettered { message, to, receives, cause });
        source.tell_oldest(&self.slab, now, journal);

        let target = &mut self.queues[to.0 as usize];
        let enqueued = expires.as_nanos() - retention.as_nanos();
        let expires = Time::from_nanos(enqueued) + target.config.retention;
        let luck = row.luck.next_queue();
        let mut moved = Message::new(message, to, now, luck, row.key);
        if row.is_done() {
            moved.set_done();
        }
        *self.slab.get_mut(slot) = moved;
        target.tally.moved_in += 1;
        target.begin_moved(&mut self.slab, slot, expires);
        journal.change(now, to, &Change::MovedIn { message, from });
        target.show(&mut self.slab, slot);
        target.tell_oldest(&self.slab, now, journal);
        if self.polls.first(to).is_some() {
            // Its waiters are served by the clock's call at this same instant: the source is in
            // the middle of a receive.
            target.resettle = now;
            target.falls_due(now);
        }
    }

    /// The split policy looks at the last second's load and cuts or merges.
    fn look_at_load<J: Journal>(&mut self, queue: QueueId, now: Time, journal: &mut J) {
        let q = &mut self.queues[queue.0 as usize];
        q.tick = now + TICK;
        let Some(capacity) = q.rate.map(|rate| rate.per_second) else { return };
        let policy = q.config.ledger.split;
        let mut at = 0;
        while at < q.shards.len() {
            let partitions = q.shards.len();
            let part = q.shards.get_mut(at);
            let seed = q.seed ^ mix(u64::from(part.id.0));
            let range = (part.first, part.last);
            let snapshot = Snapshot { now, capacity, partitions, range, seed };
            match split::verdict(&policy, &mut part.load, snapshot) {
                Verdict::Keep => at += 1,
                Verdict::Refuse(reason) => {
                    let partition = part.id;
                    journal.change(now, queue, &Change::SplitRefused { partition, reason });
                    at += 1;
                }
                Verdict::Split(key) => {
                    cut(q, &mut self.slab, at, key, now, journal);
                    at += 2;
                }
            }
        }
        let loads = q.shards.iter().map(|part| (part.opened, &part.load));
        if let Some(at) = split::merge(&policy, now, capacity, loads) {
            let key = q.shards.get(at).first;
            let last = q.shards.get(at + 1).last;
            let [left, right, into] = q.shards.merge(&mut self.slab, at, now);
            pause(q, &[at], now);
            journal.change(now, queue, &Change::Merged { left, right, into });
            for partition in [left, right] {
                journal.change(now, queue, &Change::PartitionClosed { partition });
            }
            let opened = Change::PartitionOpened { partition: into, first: key, last };
            journal.change(now, queue, &opened);
        }
    }

    /// Checks everything derived against what it is derived from; for tests, as it walks through
    /// every message.
    ///
    /// # Panics
    /// If conservation or an invariant is broken.
    pub fn check(&self) {
        for q in &self.queues {
            assert!(q.tally.is_conserved(), "queue {} loses messages: {:?}", q.id.0, q.tally);
            q.shards.check(&self.slab);
        }
        let counted: u64 = self.queues.iter().map(|q| q.tally.resident()).sum();
        assert_eq!(counted, self.resident(), "the slab holds what the queues count");
    }
}

/// What one poll got.
#[derive(Clone, Copy, Debug, Default)]
struct Taken {
    messages: u32,
    /// A partition with messages that had no capacity.
    refused_at: Option<usize>,
}

/// The slot's time if it is not after `now`.
fn at_or_before<T>(now: Time, next: Option<(Time, T)>) -> Option<T> {
    next.filter(|&(at, _)| at <= now).map(|(_, what)| what)
}

/// The row of a receipt, if the message is still there and was not received since.
#[inline]
fn current<'a>(slab: &'a Slab, receipt: &Receipt) -> Option<&'a Message> {
    slab.live(receipt.slot).filter(|row| {
        row.id == receipt.message
            && row.receives == receipt.receives
            && row.queue() == receipt.queue
    })
}

/// Cuts the partition at index `at`.
fn cut<J: Journal>(
    q: &mut Queue,
    slab: &mut Slab,
    at: usize,
    key: u64,
    now: Time,
    journal: &mut J,
) {
    let queue = q.id;
    let [parent, left, right] = q.shards.split(slab, at, key, now);
    pause(q, &[at, at + 1], now);
    journal.change(now, queue, &Change::Split { parent, left, right, at: key });
    journal.change(now, queue, &Change::PartitionClosed { partition: parent });
    for at in [at, at + 1] {
        let part = q.shards.get(at);
        let (partition, first, last) = (part.id, part.first, part.last);
        journal.change(now, queue, &Change::PartitionOpened { partition, first, last });
    }
}

/// What the change of a range costs: no calls for a moment.
fn pause(q: &mut Queue, parts: &[usize], now: Time) {
    let Mechanics::Metadata { pause } = q.config.ledger.mechanics;
    let until = now + pause;
    for &at in parts {
        q.shards.get_mut(at).paused_until = until;
    }
    q.resettle = q.resettle.min(until);
    q.falls_due(until);
}

/// What one batch call did to one partition.
#[derive(Clone, Copy, Debug, Default)]
struct Touched {
    at: usize,
    admitted: bool,
    refused: u32,
}

/// Admission of the entries of one batch call: one token for each partition touched.
struct Gate {
    action: Action,
    refused: Throttled,
    touched: [Touched; MAX_BATCH],
    count: usize,
}

impl Gate {
    fn new(action: Action) -> Gate {
        let touched = [Touched::default(); MAX_BATCH];
        Gate { action, refused: Throttled(0), touched, count: 0 }
    }

    #[inline]
    fn admit(&mut self, q: &mut Queue, at: usize, key: u64, entry: usize, now: Time) -> bool {
        if q.rate.is_none() && !q.watched {
            return true;
        }
        let known = self.touched[..self.count].iter().position(|touched| touched.at == at);
        let which = known.unwrap_or_else(|| {
            let rate = q.rate;
            let part = q.shards.get_mut(at);
            if q.watched {
                part.load.observe(self.action, Some(key));
            }
            let admitted = part.admit(rate, self.action, now);
            self.touched[self.count] = Touched { at, admitted, refused: 0 };
            self.count += 1;
            self.count - 1
        });
        let touched = &mut self.touched[which];
        if !touched.admitted {
            touched.refused += 1;
            self.refused.0 |= 1 << entry;
        }
        touched.admitted
    }

    /// Tells which partitions refused how much.
    fn tell<J: Journal>(&self, q: &Queue, now: Time, journal: &mut J) {
        for touched in self.touched[..self.count].iter().filter(|touched| !touched.admitted) {
            let partition = q.shards.get(touched.at).id;
            let (action, messages) = (self.action, touched.refused);
            journal.change(now, q.id, &Change::Throttled { action, partition, messages });
        }
    }
}
