//! How polls are served.
//!
//! Owns the way of a message from its line to a caller: capacity and the in-flight cap, waiting
//! polls in the order of their arrival, and the move to the dead-letter queue that a receive makes
//! instead of returning a message. Must not know the calls, nor how partitions are chosen
//! ([`crate::ledger::keyspace::routing`]).
//!
//! Invariant: while a poll waits at a queue, nothing in it can be received but what lacks capacity
//! or a quorum; while one waits at a partition, nothing in that partition can.
#![expect(clippy::inline_always, reason = "every message passes here, from one or two places")]

use super::polls::{Asking, Poll, Seat, Taken};
use super::service::Ledger;
use crate::kernel::rng::{Fate, Luck, Source as _};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::{QueueId, chunks};
use crate::ledger::journal::{Action, Call, Change, Held, Journal, State, Step};
use crate::ledger::keyspace::routing::{Choice, parent};
use crate::ledger::messages::message::Message;
use crate::ledger::messages::receipt::{Delivery, Receipt, Served};
use crate::ledger::queue::admission::Admission;

impl Ledger {
    /// Serves waiting polls, the first to come first, while there is something for them.
    #[inline]
    pub(super) fn settle<J: Journal>(&mut self, queue: QueueId, now: Time, journal: &mut J) {
        let q = &mut self.queues[queue.0 as usize];
        if q.tally.visible == 0 {
            q.resettle = Time::NEVER;
        } else if q.routing.waits_at_one() {
            self.serve_partitions(queue, now, journal);
        } else if let Some(first) = self.polls.first(queue) {
            self.serve_waiters(queue, first, now, journal);
        }
    }

    /// Serves polls that wait at partitions, each with what its own has.
    #[inline(never)]
    fn serve_partitions<J: Journal>(&mut self, queue: QueueId, now: Time, journal: &mut J) {
        let mut retry = Time::NEVER;
        let mut from = 0;
        while let Some(at) = self.awaited_from(queue, from) {
            from = at + 1;
            while self.queue(queue).shards.is_ready(at)
                && let Some((seat, poll)) = self.polls.first_at(queue, at)
            {
                let asking = Asking { queue, poll: &poll, now };
                let mut taken = Taken::default();
                self.take_from(asking, at, journal, &mut taken);
                if taken.refused.is_some() {
                    retry = retry.min(self.queue(queue).receives_at(at));
                }
                if taken.messages == 0 {
                    break;
                }
                self.serve(seat, asking, &taken, journal);
            }
        }
        let q = &mut self.queues[queue.0 as usize];
        q.resettle = retry;
        q.falls_due(retry);
    }

    /// The first partition with messages at or after place `from` where somebody may wait.
    fn awaited_from(&self, queue: QueueId, from: usize) -> Option<usize> {
        let shards = &self.queue(queue).shards;
        let mut above = u64::MAX << (from % 64);
        for word in from / 64..shards.len().div_ceil(64) {
            let bits = shards.ready_word(word) & self.polls.awaited(queue, word) & above;
            if bits != 0 {
                return Some(word * 64 + bits.trailing_zeros() as usize);
            }
            above = u64::MAX;
        }
        None
    }

    /// Polls that wait at partitions are routed again if these have changed: the service, which
    /// holds them, knows of it at once.
    pub(super) fn route_anew<J: Journal>(&mut self, queue: QueueId, now: Time, journal: &mut J) {
        let q = &mut self.queues[queue.0 as usize];
        if !q.routing.is_outdated(&q.shards) {
            return;
        }
        for (seat, caller) in self.polls.gather(queue) {
            let Choice { at, probes: asked } = q.routing.choose(&q.shards, caller, now);
            self.polls.move_to(queue, at, seat);
            journal.change(now, queue, &Call::WentOn { asked, chunks: 0 }.into());
        }
    }

    /// A poll asks the partitions that its routing chooses, and takes what it finds there.
    #[inline]
    pub(super) fn ask<J: Journal>(&mut self, asking: Asking<'_>, journal: &mut J) -> Taken {
        let Asking { queue, poll, .. } = asking;
        let q = self.queue(queue);
        if q.routing.waits_at_one() {
            return self.ask_one(asking, journal);
        }
        if q.routing.forwards() {
            return self.ask_tree(asking, journal);
        }
        let asked = q.routing.sampled(poll.wait.is_zero(), q.shards.len()) as u32;
        Taken { asked, ..self.take(asking, journal) }
    }

    /// A poll that asks one partition.
    #[inline(never)]
    fn ask_one<J: Journal>(&mut self, asking: Asking<'_>, journal: &mut J) -> Taken {
        let Asking { queue, poll, now } = asking;
        let q = &mut self.queues[queue.0 as usize];
        let Choice { at, probes: asked } = q.routing.choose(&q.shards, poll.caller, now);
        let mut taken = Taken { asked, waits_at: Some(at), ..Taken::default() };
        if q.shards.is_ready(at) {
            self.take_from(asking, at, journal, &mut taken);
        }
        taken
    }

    /// A poll that climbs from one partition to the root until one of them has something. At the
    /// root it meets what was forwarded there: any message that is visible.
    #[inline(never)]
    fn ask_tree<J: Journal>(&mut self, asking: Asking<'_>, journal: &mut J) -> Taken {
        let Asking { queue, poll, now } = asking;
        let q = &mut self.queues[queue.0 as usize];
        let Choice { at, probes: asked } = q.routing.choose(&q.shards, poll.caller, now);
        let mut taken = Taken { asked, ..Taken::default() };
        let mut next = Some(at);
        while let Some(at) = next {
            if self.queue(queue).shards.is_ready(at) {
                self.take_from(asking, at, journal, &mut taken);
                if taken.messages > 0 {
                    return taken;
                }
            }
            next = parent(at);
            taken.asked += u32::from(next.is_some());
        }
        self.take_in_turn(asking, journal, &mut taken);
        taken
    }

    /// Serves polls that wait at the queue, `first` of them first. Something is visible.
    #[inline(never)]
    fn serve_waiters<J: Journal>(
        &mut self,
        queue: QueueId,
        first: (Seat, Poll),
        now: Time,
        journal: &mut J,
    ) {
        let (mut seat, mut poll) = first;
        loop {
            let asking = Asking { queue, poll: &poll, now };
            let taken = self.take_visible(asking, journal);
            if taken.messages == 0 {
                if taken.refused.is_some() {
                    self.plan_resettle(queue);
                }
                return;
            }
            self.serve(seat, asking, &taken, journal);
            let q = &mut self.queues[queue.0 as usize];
            if q.tally.visible == 0 {
                q.resettle = Time::NEVER;
                return;
            }
            let Some(next) = self.polls.first(queue) else { return };
            (seat, poll) = next;
        }
    }

    /// A poll that waited gets its answer.
    #[inline(always)]
    fn serve<J: Journal>(
        &mut self,
        seat: Seat,
        asking: Asking<'_>,
        taken: &Taken,
        journal: &mut J,
    ) {
        let caller = self.polls.leave(asking.queue, seat);
        self.served.push_back(Served { caller, messages: taken.messages });
        if taken.chunks > 1 {
            tell_chunks(asking, taken.chunks, journal);
        }
    }

    /// Waiters try again when the first partition with messages admits a receive.
    fn plan_resettle(&mut self, queue: QueueId) {
        let q = &mut self.queues[queue.0 as usize];
        let shards = &q.shards;
        let ready = (0..shards.len()).filter(|&at| shards.is_ready(at));
        let at = ready.map(|at| q.receives_at(at)).min().unwrap_or(Time::NEVER);
        q.resettle = at;
        q.falls_due(at);
    }

    /// Takes messages for one poll, if there are any. Most polls find none: they cost this look.
    #[inline]
    pub(super) fn take<J: Journal>(&mut self, asking: Asking<'_>, journal: &mut J) -> Taken {
        let Asking { queue, .. } = asking;
        if self.queue(queue).tally.visible == 0 {
            return Taken::default();
        }
        self.take_visible(asking, journal)
    }

    /// Takes messages for one poll from the partitions that it asks.
    #[inline(never)]
    fn take_visible<J: Journal>(&mut self, asking: Asking<'_>, journal: &mut J) -> Taken {
        let Asking { queue, .. } = asking;
        if self.queue(queue).shards.len() == 1 {
            let mut taken = Taken::default();
            self.take_from(asking, 0, journal, &mut taken);
            return taken;
        }
        let mut taken = Taken::default();
        self.take_from_many(asking, journal, &mut taken);
        taken
    }

    /// Several partitions may be asked.
    #[inline(never)]
    fn take_from_many<J: Journal>(
        &mut self,
        asking: Asking<'_>,
        journal: &mut J,
        taken: &mut Taken,
    ) {
        let Asking { poll, .. } = asking;
        if poll.wait.is_zero() {
            self.take_sampled(asking, journal, taken);
        } else {
            self.take_in_turn(asking, journal, taken);
        }
    }

    /// Takes from all partitions with messages, until the poll has enough.
    #[inline]
    fn take_in_turn<J: Journal>(&mut self, asking: Asking<'_>, journal: &mut J, taken: &mut Taken) {
        let Asking { queue, poll, .. } = asking;
        // The next poll begins after the partition that gave last, so that each has its turn even
        // while the in-flight cap lets single messages through.
        let start = self.queues[queue.0 as usize].shards.cursor();
        let (mut from, mut wrapped) = (start, false);
        while taken.messages < poll.max && self.queue(queue).tally.visible > 0 {
            match self.queue(queue).shards.ready_from(from) {
                Some(at) if !(wrapped && at >= start) => {
                    let before = taken.messages;
                    self.take_from(asking, at, journal, taken);
                    from = at + 1;
                    if taken.messages > before {
                        self.queues[queue.0 as usize].shards.set_cursor(from);
                    }
                }
                None if !wrapped => (from, wrapped) = (0, true),
                Some(_) | None => break,
            }
        }
    }

    /// A short poll: asks a random sample of partitions without replacement.
    fn take_sampled<J: Journal>(&mut self, asking: Asking<'_>, journal: &mut J, taken: &mut Taken) {
        let Asking { queue, poll, now } = asking;
        let q = &mut self.queues[queue.0 as usize];
        let asked = q.routing.sampled(true, q.shards.len());
        q.routing.sample(&q.shards, asked, now);
        for i in 0..asked {
            let q = self.queue(queue);
            let at = q.routing.drawn(i);
            if taken.messages < poll.max && q.shards.is_ready(at) {
                self.take_from(asking, at, journal, taken);
            }
        }
    }

    /// Takes messages for one poll from one partition, as far as its capacity, the in-flight cap
    /// and the redrive policy let it.
    #[inline(always)]
    fn take_from<J: Journal>(
        &mut self,
        asking: Asking<'_>,
        at: usize,
        journal: &mut J,
        taken: &mut Taken,
    ) {
        let Asking { queue, now, .. } = asking;
        let q = &mut self.queues[queue.0 as usize];
        if q.is_full() {
            return;
        }
        if q.guarded {
            // By value: what a call may write to is kept in memory by all that take nothing there.
            *taken = self.take_guarded(asking, at, journal, *taken);
            return;
        }
        while let Some((slot, to)) = self.hand_over(asking, at, journal, taken) {
            self.dead_letter(queue, to, slot, now, journal);
        }
    }

    /// As [`Ledger::take_from`], where the partition may refuse or the payload counts.
    #[inline(never)]
    fn take_guarded<J: Journal>(
        &mut self,
        asking: Asking<'_>,
        at: usize,
        journal: &mut J,
        mut taken: Taken,
    ) -> Taken {
        let Asking { queue, now, .. } = asking;
        let q = &mut self.queues[queue.0 as usize];
        let admission = q.admits(at, Action::Receive, None, now);
        if admission != Admission::Admitted {
            // Who asks several does without those that do not answer.
            if admission == Admission::Throttled || q.routing.waits_at_one() {
                taken.refused = Some((at as u32, admission));
            }
            return taken;
        }
        while let Some((slot, to)) = self.hand_over(asking, at, journal, &mut taken) {
            self.dead_letter(queue, to, slot, now, journal);
        }
        if let Some(sizes) = &self.queue(queue).sizes {
            // What the poll has got is what was handed over last.
            let handed = self.handed.range(self.handed.len() - taken.messages as usize..);
            taken.chunks = chunks(handed.map(|delivery| sizes.of(delivery.luck)).sum());
        }
        taken
    }

    /// Hands messages over to the caller, until it has enough, the line is empty or the in-flight
    /// cap is reached, or until one comes that goes to a dead-letter queue instead.
    #[inline(always)]
    fn hand_over<J: Journal>(
        &mut self,
        asking: Asking<'_>,
        at: usize,
        journal: &mut J,
        taken: &mut Taken,
    ) -> Option<(u32, QueueId)> {
        let Asking { queue, poll, now } = asking;
        let q = &mut self.queues[queue.0 as usize];
        let slab = &mut self.slab;
        let partition = q.shards.get(at).id;
        let timeout = poll.visibility_timeout.unwrap_or(q.config.visibility_timeout);
        while taken.messages < poll.max && q.tally.visible > 0 && !q.is_full() {
            let slot = q.pop(slab, at)?;
            let row = slab.get_mut(slot);
            if let Some(redrive) = q.config.redrive
                && row.receives >= redrive.max_receives
            {
                return Some((slot, redrive.to));
            }
            let cause = (row.receives > 0).then(|| row.held());
            row.receives += 1;
            let (message, sent, luck, receives) = (row.id, row.sent, row.luck, row.receives);
            let hides = !stays_visible(q.config.duplicates, luck, receives);
            row.set_held(if hides { Held::Buffered } else { Held::NotHidden });
            let hidden = if hides { timeout } else { Span::ZERO };
            q.hide(slab, slot, State::InFlight, hidden, now);
            let receipt = Receipt { message, received: now, slot, receives, queue };
            self.handed.push_back(Delivery { receipt, luck, sent });
            let (caller, until) = (poll.caller, now + hidden);
            let change = Change::Message(
                message,
                Step::Received { caller, partition, receives, sent, until, cause },
            );
            journal.change(now, queue, &change);
            taken.messages += 1;
        }
        None
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
        journal.change(
            now,
            from,
            &Change::Message(message, Step::DeadLettered { to, receives, cause }),
        );
        source.tell_oldest(&self.slab, now, journal);

        let target = &mut self.queues[to.0 as usize];
        let enqueued = expires.as_nanos() - retention.as_nanos();
        let expires = Time::from_nanos(enqueued) + target.config.retention;
        let luck = row.luck.next_queue();
        let mut moved = Message::new(message, to, now, luck, row.key);
        if row.is_done() {
            moved.set_done();
        }
        self.slab.replace(slot, moved);
        target.tally.moved_in += 1;
        target.begin_moved(&mut self.slab, slot, expires);
        journal.change(now, to, &Change::Message(message, Step::MovedIn { from }));
        target.show(&mut self.slab, slot);
        target.came_in(now, journal);
        if target.routing.waits_at_one() || self.polls.first(to).is_some() {
            // Its waiters are served by the clock's call at this same instant: the source is in
            // the middle of a receive.
            target.resettle = now;
            target.falls_due(now);
        }
        self.heed(to);
    }
}

/// A poll that waited got so many chunks.
#[cold]
fn tell_chunks<J: Journal>(asking: Asking<'_>, chunks: u32, journal: &mut J) {
    let Asking { queue, now, .. } = asking;
    journal.change(now, queue, &Call::WentOn { asked: 0, chunks: chunks - 1 }.into());
}

/// Whether the `receive`-th receive of a message does not hide it, where that happens with
/// probability `duplicates`.
#[inline]
fn stays_visible(duplicates: f64, luck: Luck, receive: u32) -> bool {
    duplicates > 0.0 && luck.draws(Fate::Duplicate, receive).unit() < duplicates
}
