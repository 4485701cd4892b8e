//! One queue: how messages pass between its states.
//!
//! Owns the lines, deadlines, ages and counts of a queue and keeps them in step. Must not know
//! calls, receipts or waiting polls.
//!
//! Invariant (conservation): sent + moved in = visible + delayed + in flight + deleted + moved out
//! + expired + purged; [`Tally::is_conserved`] holds between any two calls.

use std::cmp::Reverse;

use super::capacity::Rate;
use super::config::{Keys, QueueConfig, QueueId, SplitPolicy};
use super::journal::{Journal, MessageId, State};
use super::keys::Router;
use super::message::Slab;
use super::partition::{BACK_OF_LINE, Shards};
use super::timers::{DeadlineHeap, Kept, Slots as _, Timers};
use crate::kernel::rng::{Purpose, Source, Stream, Streams};
use crate::kernel::time::{Span, Time};

/// What went in and out of a queue, and what is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages stored by sends.
    pub sent: u64,
    /// Messages moved in from another queue.
    pub moved_in: u64,
    /// Visible now.
    pub visible: u64,
    /// Delayed now.
    pub delayed: u64,
    /// In flight now.
    pub in_flight: u64,
    /// Deleted.
    pub deleted: u64,
    /// Moved to the dead-letter queue.
    pub moved_out: u64,
    /// Removed by retention.
    pub expired: u64,
    /// Removed by a purge.
    pub purged: u64,
}

impl Tally {
    /// Messages there now.
    pub fn resident(&self) -> u64 {
        self.visible + self.delayed + self.in_flight
    }

    /// Whether every message that came in is accounted for.
    pub fn is_conserved(&self) -> bool {
        let gone = self.deleted + self.moved_out + self.expired + self.purged;
        self.sent + self.moved_in == self.resident() + gone
    }

    pub(super) fn count(&mut self, state: State) -> &mut u64 {
        match state {
            State::Visible => &mut self.visible,
            State::Delayed => &mut self.delayed,
            State::InFlight => &mut self.in_flight,
        }
    }
}

/// One queue.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) id: QueueId,
    pub(super) config: QueueConfig,
    pub(super) rate: Option<Rate>,
    /// A policy watches the load.
    pub(super) watched: bool,
    pub(super) router: Router,
    pub(super) shards: Shards,
    pub(super) timers: Timers,
    /// Messages that were sent here and whose age counts, oldest first.
    aged: u32,
    /// Messages that were moved here and whose age counts, in the order of the moves.
    moved: u32,
    /// Messages received too often for their age to count.
    aside: u32,
    /// Ends of retention that do not follow the order of `aged`.
    retention: DeadlineHeap,
    oldest: Option<Time>,
    pub(super) tally: Tally,
    /// No deadline of this queue is earlier. It may be early, never late.
    pub(super) due: Time,
    /// When a refused waiter may be served after all.
    pub(super) resettle: Time,
    /// When the split policy next looks at the load.
    pub(super) tick: Time,
    /// Seeds the draws of split policies.
    pub(super) seed: u64,
    pub(super) sampling: Stream,
    /// Partition indices in a random order, for sampling.
    pub(super) deck: Vec<u32>,
}

impl Queue {
    pub(super) fn new(
        id: QueueId,
        path: &str,
        config: &QueueConfig,
        streams: Streams,
        slab: &mut Slab,
    ) -> Queue {
        let shards = Shards::new(config.ledger.partitions, Time::ZERO, slab);
        let seed = streams.stream(path, Purpose::Split).next_u64();
        let salt = match config.ledger.keys {
            // Groups hash alike in every queue and run, as names do.
            Keys::Group { .. } => 0,
            Keys::Uniform | Keys::PerCall | Keys::Sticky(_) => {
                streams.stream(path, Purpose::Keys).next_u64()
            }
        };
        let watched = config.ledger.split != SplitPolicy::Static;
        let tick = if watched { Time::ZERO + super::split::TICK } else { Time::NEVER };
        Queue {
            id,
            rate: config.ledger.capacity.map(Rate::new),
            watched,
            router: Router::new(config.ledger.keys, salt),
            shards,
            timers: Timers::default(),
            aged: slab.sentinel(),
            moved: slab.sentinel(),
            aside: slab.sentinel(),
            retention: DeadlineHeap::default(),
            oldest: None,
            tally: Tally::default(),
            due: tick,
            resettle: Time::NEVER,
            tick,
            seed,
            sampling: streams.stream(path, Purpose::Sampling),
            deck: Vec::new(),
            config: config.clone(),
        }
    }

    /// Takes note that something falls due at `at`.
    #[inline]
    pub(super) fn falls_due(&mut self, at: Time) {
        self.due = self.due.min(at);
    }

    /// When the oldest message whose age counts came in.
    pub(super) fn oldest(&self) -> Option<Time> {
        self.oldest
    }

    /// Tells the journal if the oldest message has changed.
    #[inline]
    pub(super) fn tell_oldest<J: Journal>(&mut self, slab: &Slab, now: Time, journal: &mut J) {
        let head = |list| slab.age.first(list).map(|slot| slab.get(slot).sent);
        let sent = match (head(self.aged), head(self.moved)) {
            (Some(sent), Some(moved)) => Some(sent.min(moved)),
            (sent, moved) => sent.or(moved),
        };
        if sent != self.oldest {
            self.oldest = sent;
            journal.oldest_changed(now, self.id, sent);
        }
    }

    /// A sent message begins to age.
    #[inline]
    pub(super) fn begin(&mut self, slab: &mut Slab, slot: u32) {
        slab.age.push_back(self.aged, slot);
        self.falls_due(slab.get(slot).sent + self.config.retention);
    }

    /// A moved message begins to age; its retention ends at `expires`, which follows the queue
    /// that it was sent to.
    pub(super) fn begin_moved(&mut self, slab: &mut Slab, slot: u32, expires: Time) {
        slab.age.push_back(self.moved, slot);
        self.keep_retention(slab, slot, expires);
    }

    fn keep_retention(&mut self, slab: &mut Slab, slot: u32, expires: Time) {
        self.retention.push(slot, Reverse(expires));
        slab.get_mut(slot).set_in_retention_heap(true);
        self.falls_due(expires);
    }

    /// When the retention of a message ends.
    pub(super) fn expires(&self, slab: &Slab, slot: u32) -> Time {
        match self.retention.get(&slot) {
            Some((_, &Reverse(end))) => end,
            None => slab.get(slot).sent + self.config.retention,
        }
    }

    /// Its age no longer counts: it was received too often.
    fn set_aside(&mut self, slab: &mut Slab, slot: u32) {
        let end = self.expires(slab, slot);
        slab.age.remove(slot);
        slab.age.push_back(self.aside, slot);
        self.keep_retention(slab, slot, end);
    }

    /// Makes a message visible: it enters the line of its partition.
    #[inline]
    pub(super) fn show(&mut self, slab: &mut Slab, slot: u32) {
        let message = slab.get_mut(slot);
        message.state = State::Visible;
        let (key, receives) = (message.key, message.receives);
        self.tally.visible += 1;
        if receives == BACK_OF_LINE {
            self.set_aside(slab, slot);
        }
        let at = self.shards.holder(key);
        self.shards.enter(slab, at, slot);
    }

    /// Hides a message that is in no line for `span`, as `state` (delayed or in flight).
    #[inline]
    pub(super) fn hide(&mut self, slab: &mut Slab, slot: u32, state: State, span: Span, now: Time) {
        let due = now.saturating_add(span);
        let message = slab.get_mut(slot);
        message.state = state;
        message.due = due;
        *self.tally.count(state) += 1;
        let kept = self.timers.set(slab, slot, span, due);
        if kept == Kept::Heap {
            slab.get_mut(slot).set_in_timer_heap(true);
        }
        self.falls_due(due);
    }

    /// Takes a message out of whatever its state keeps it in, and out of that state's count.
    #[inline]
    pub(super) fn detach(&mut self, slab: &mut Slab, slot: u32) -> State {
        let message = slab.get(slot);
        let state = message.state;
        *self.tally.count(state) -= 1;
        if state == State::Visible {
            self.shards.leave(slab, slot);
        } else {
            if message.in_timer_heap() {
                self.timers.cancel_heap(slot);
                slab.get_mut(slot).set_in_timer_heap(false);
            }
            slab.place.remove(slot);
        }
        state
    }

    /// Forgets a detached message: its age and its retention end.
    #[inline]
    pub(super) fn forget(&mut self, slab: &mut Slab, slot: u32) {
        slab.age.remove(slot);
        if slab.get(slot).in_retention_heap() {
            self.retention.remove(&slot);
            slab.get_mut(slot).set_in_retention_heap(false);
        }
    }

    /// Removes a message of any state and frees its slot.
    pub(super) fn remove(&mut self, slab: &mut Slab, slot: u32) -> (MessageId, State) {
        let state = self.detach(slab, slot);
        self.forget(slab, slot);
        slab.free(slot);
        (slab.get(slot).id, state)
    }

    /// The message whose retention ends first, and when.
    pub(super) fn next_expiry(&self, slab: &Slab) -> Option<(Time, u32)> {
        let end = |slot| slab.get(slot).sent + self.config.retention;
        let listed = slab.age.first(self.aged).map(|slot| (end(slot), slot));
        let heaped = self.retention.peek().map(|(&slot, &Reverse(end))| (end, slot));
        listed.into_iter().chain(heaped).min_by_key(|&(end, _)| end)
    }

    /// The message whose visibility timeout or delay ends first, and when.
    pub(super) fn next_timer(&self, slab: &Slab) -> Option<(Time, u32)> {
        let due = |slot| slab.get(slot).due;
        self.timers.earliest(&slab.place, due).map(|(at, slot, _)| (at, slot))
    }

    /// Any resident message, those whose age counts first.
    pub(super) fn any(&self, slab: &Slab) -> Option<u32> {
        self.resident(slab).next()
    }

    /// All resident messages, those whose age counts first.
    pub(super) fn resident<'a>(&self, slab: &'a Slab) -> impl Iterator<Item = u32> + use<'a> {
        [self.aged, self.moved, self.aside].into_iter().flat_map(move |list| {
            std::iter::successors(slab.age.first(list), move |&slot| slab.age.after(slot, list))
        })
    }
}
