//! One queue: how messages pass between its states.
//!
//! Owns the lines, deadlines, ages and counts of a queue and keeps them in step. Must not know
//! calls, receipts or waiting polls.
//!
//! Invariant (conservation): sent + moved in + restored = visible + delayed + in flight + deleted +
//! moved out + expired + purged; [`Tally::is_conserved`] holds between any two calls.
#![expect(clippy::inline_always, reason = "every message passes here, from one or two places")]

pub(super) mod admission;
mod draining;
mod reshard;
pub(super) mod tally;
mod undone;

use std::cmp::Reverse;

use crate::kernel::bucket::TokenRate;
use crate::kernel::rng::{Purpose, Source, Streams};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::{Keys, MessageSize, QueueConfig, QueueId, SplitPolicy};
use crate::ledger::journal::{Change, Journal, MessageId, State};
use crate::ledger::keyspace::backlog::Counted;
use crate::ledger::keyspace::keys::Router;
use crate::ledger::keyspace::partition::Shards;
use crate::ledger::keyspace::routing::Routing;
use crate::ledger::messages::fresh::Waiting;
use crate::ledger::messages::line::BACK_OF_LINE;
use crate::ledger::messages::message::{AGE, Message, PLACE, Slab};
use crate::ledger::messages::sealed::Came;
use crate::ledger::messages::timers::{DeadlineHeap, Kept, Slots as _, Timers};
use crate::ledger::replication::Replication;
use crate::ledger::split::ceiling::Ceiling;
use crate::ledger::split::watch::Watch;
use crate::ledger::split::watched::Opened;
use reshard::Reshards;
use tally::{ListedFacts, Tally};

/// A resident message.
#[derive(Clone, Copy, Debug)]
pub(super) enum Resident {
    /// The one in this row.
    Row(u32),
    /// The first of the fresh ones of this partition.
    Fresh(usize),
}

/// One queue.
#[derive(Clone, Debug)]
pub(super) struct Queue {
    pub(super) id: QueueId,
    pub(super) config: QueueConfig,
    pub(super) rate: Option<TokenRate>,
    /// It, its partitions or their nodes can refuse a call, a policy watches the load, or the
    /// payload of calls is counted.
    pub(super) guarded: bool,
    /// The sizes of its messages, where a call may carry more than one chunk.
    pub(super) sizes: Option<MessageSize>,
    /// The load as the split policy sees it; none without a policy that looks.
    pub(super) watch: Option<Watch>,
    pub(super) ceiling: Option<Ceiling>,
    /// Changes of the key space that are under way.
    pub(super) reshards: Reshards,
    pub(super) router: Router,
    pub(super) shards: Shards,
    pub(super) timers: Timers,
    /// Messages that were sent here with a delay and whose age counts, oldest first. The ages of
    /// those that were sent without one are kept by their partitions.
    pub(super) delayed: u32,
    /// Messages that were moved here and whose age counts, in the order of the moves.
    pub(super) moved: u32,
    /// Messages received too often for their age to count.
    pub(super) aside: u32,
    /// Ends of retention that do not follow the order of the sends.
    pub(super) retention: DeadlineHeap,
    oldest: Option<Time>,
    /// The oldest message has gone since `oldest` was told.
    oldest_went: bool,
    pub(super) tally: Tally,
    pub(super) listed: ListedFacts,
    /// No deadline of this queue is earlier. It may be early, never late.
    pub(super) due: Time,
    /// When the clock will look at it next, as far as it was told.
    pub(super) look: Time,
    /// When a refused waiter may be served after all.
    pub(super) resettle: Time,
    /// When the split policy and the ceiling next look at the load.
    pub(super) tick: Time,
    /// Visible messages that stand behind a sealed partition.
    pub(super) behind: u64,
    /// A sealed partition may have ended, or let a group go.
    pub(super) drained: bool,
    pub(super) routing: Routing,
    /// Boxed, as few queues have nodes.
    pub(super) replication: Option<Box<Replication>>,
}

impl Queue {
    pub(super) fn new(
        id: QueueId,
        path: &str,
        config: &QueueConfig,
        streams: Streams,
        slab: &mut Slab,
    ) -> Queue {
        let rate = config.ledger.capacity.map(TokenRate::from);
        let (receive, keys) = (config.ledger.receive, config.ledger.keys);
        let counted = Counted { waiting: receive.sees_lines(), held: keys.sees_backlogs() };
        let shards = Shards::new(config.ledger.partitions, rate, counted, slab);
        let seed = streams.stream(path, Purpose::Split).next_u64();
        let salt = match keys {
            // Groups hash alike in every queue and run, as names do.
            Keys::Group { .. } => 0,
            Keys::Uniform
            | Keys::PerCall
            | Keys::Sticky(_)
            | Keys::Sequential { .. }
            | Keys::HotRange { .. }
            | Keys::LeastBacklog(_) => streams.stream(path, Purpose::Keys).next_u64(),
        };
        let watch = (config.ledger.split != SplitPolicy::Static).then(|| {
            Watch::new(config.ledger.guards, seed, shards.live().iter().map(Opened::from))
        });
        let ceiling = config.ledger.ceiling.map(Ceiling::new);
        let nodes = config.ledger.nodes.as_ref();
        let replication = nodes.map(|it| Box::new(Replication::new(it, path, streams, &shards)));
        let node_due = replication.as_ref().map_or(Time::NEVER, |it| it.due());
        let looks = watch.is_some() || ceiling.is_some();
        let tick = if looks { Time::ZERO + crate::ledger::split::TICK } else { Time::NEVER };
        let mut queue = Queue {
            id,
            rate,
            guarded: false,
            sizes: None,
            watch,
            ceiling,
            reshards: Reshards::default(),
            router: Router::new(keys, salt),
            routing: Routing::new(receive, streams.stream(path, Purpose::Sampling), &shards),
            shards,
            timers: Timers::default(),
            delayed: slab.sentinel(),
            moved: slab.sentinel(),
            aside: slab.sentinel(),
            retention: DeadlineHeap::default(),
            oldest: None,
            oldest_went: false,
            tally: Tally::default(),
            listed: ListedFacts::default(),
            due: tick.min(node_due),
            look: Time::NEVER,
            replication,
            resettle: Time::NEVER,
            tick,
            behind: 0,
            drained: false,
            config: config.clone(),
        };
        queue.heed_settings();
        queue
    }

    /// Makes anew what follows from the settings and is kept at hand.
    pub(super) fn heed_settings(&mut self) {
        let size = &self.config.message_size;
        self.rate = self.config.ledger.capacity.map(TokenRate::from);
        self.sizes = size.fills_chunks().then(|| size.clone());
        let looks = self.watch.is_some() || self.ceiling.is_some();
        let counts = self.rate.is_some() || self.sizes.is_some();
        self.guarded = looks || counts || self.replication.is_some();
    }

    /// When partition `at` will next admit a receive, if no call comes before.
    pub(super) fn receives_at(&self, at: usize) -> Time {
        let nodes = self.replication.as_ref().map_or(Time::ZERO, |it| it.receives_at(at));
        self.shards.get(at).receives_at().max(nodes)
    }

    /// No more messages may be in flight.
    #[inline]
    pub(super) fn is_full(&self) -> bool {
        self.tally.in_flight >= u64::from(self.config.max_in_flight)
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

    /// A message came in at `now`: it is the oldest if there was none.
    #[inline]
    pub(super) fn came_in<J: Journal>(&mut self, now: Time, journal: &mut J) {
        if self.oldest.is_none() {
            self.oldest = Some(now);
            journal.change(now, self.id, &Change::Oldest(self.oldest));
        }
    }

    /// Takes note that the age of a message sent at `sent` counts no more.
    #[inline]
    fn ages_no_more(&mut self, sent: Time) {
        self.oldest_went |= self.oldest == Some(sent);
    }

    /// Tells the journal if the oldest message has changed.
    #[inline]
    pub(super) fn tell_oldest<J: Journal>(&mut self, slab: &Slab, now: Time, journal: &mut J) {
        if !self.oldest_went {
            return;
        }
        self.oldest_went = false;
        let sent = self.oldest_sent(slab).map(|(sent, _)| sent);
        let moved = slab.rows.first::<AGE>(self.moved).map(|slot| slab.get(slot).sent);
        let oldest = sent.into_iter().chain(moved).min();
        if oldest != self.oldest {
            self.oldest = oldest;
            journal.change(now, self.id, &Change::Oldest(oldest));
        }
    }

    /// The oldest message that was sent here and whose age counts, and when it was sent.
    #[inline]
    fn oldest_sent(&mut self, slab: &Slab) -> Option<(Time, Resident)> {
        let shown = self.shards.oldest(slab);
        let hidden = slab.rows.first::<AGE>(self.delayed).map(|slot| (slab.get(slot), slot));
        match (shown, hidden) {
            (Some((_, shown)), Some((row, slot))) if row.id < shown.id => {
                Some((row.sent, Resident::Row(slot)))
            }
            (Some((at, oldest)), _) => {
                Some((oldest.sent, oldest.slot.map_or(Resident::Fresh(at), Resident::Row)))
            }
            (None, hidden) => hidden.map(|(row, slot)| (row.sent, Resident::Row(slot))),
        }
    }

    /// A message sent without a delay enters the line of partition `at`.
    #[inline(always)]
    pub(super) fn wait(&mut self, slab: &mut Slab, at: usize, waiting: Waiting) {
        self.tally.visible += 1;
        self.falls_due(waiting.sent + self.config.retention);
        self.shards.push(slab, at, waiting);
    }

    /// A message sent with a delay begins to age.
    pub(super) fn begin(&mut self, slab: &mut Slab, slot: u32) {
        slab.rows.push_back::<AGE>(self.delayed, slot);
        if self.shards.counts() {
            self.shards.count(slab.get(slot).into());
        }
        self.falls_due(slab.get(slot).sent + self.config.retention);
    }

    /// A moved message begins to age; its retention ends at `expires`, which follows the queue
    /// that it was sent to.
    pub(super) fn begin_moved(&mut self, slab: &mut Slab, slot: u32, expires: Time) {
        slab.rows.push_back::<AGE>(self.moved, slot);
        self.shards.count(slab.get(slot).into());
        self.keep_retention(slab, slot, expires);
    }

    pub(super) fn keep_retention(&mut self, slab: &mut Slab, slot: u32, expires: Time) {
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
        slab.rows.remove::<AGE>(slot);
        slab.rows.push_back::<AGE>(self.aside, slot);
        self.ages_no_more(slab.get(slot).sent);
        self.keep_retention(slab, slot, end);
    }

    /// Makes a message with a row visible: it enters the line of its partition.
    pub(super) fn show(&mut self, slab: &mut Slab, slot: u32) {
        let message = slab.get_mut(slot);
        message.state = State::Visible;
        self.tally.visible += 1;
        if message.receives == BACK_OF_LINE {
            self.set_aside(slab, slot);
        }
        self.enter(slab, slot);
    }

    /// Takes the first message of the line of partition `at`, in a row.
    #[inline(always)]
    pub(super) fn pop(&mut self, slab: &mut Slab, at: usize) -> Option<u32> {
        let slot = self.shards.pop(slab, at, self.id)?;
        self.tally.visible -= 1;
        Some(slot)
    }

    /// Hides a message that is in no line for `span`, as `state` (delayed or in flight).
    #[inline(always)]
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
    #[inline(always)]
    pub(super) fn detach(&mut self, slab: &mut Slab, slot: u32) -> State {
        let message = slab.get(slot);
        let state = message.state;
        *self.tally.count(state) -= 1;
        if state == State::Visible {
            self.leave(slab, slot);
        } else {
            if message.in_timer_heap() {
                self.timers.cancel_heap(slot);
                slab.get_mut(slot).set_in_timer_heap(false);
            }
            slab.rows.remove::<PLACE>(slot);
        }
        state
    }

    /// A message leaves the queue for good.
    #[inline]
    fn goes(&mut self, came: Came) {
        self.ages_no_more(came.sent);
        if self.shards.counts() && self.shards.gone(came) {
            self.drained = true;
            self.falls_due(Time::ZERO);
        }
    }

    /// Forgets a detached message: its age and its retention end.
    #[inline(always)]
    pub(super) fn forget(&mut self, slab: &mut Slab, slot: u32) {
        slab.rows.remove::<AGE>(slot);
        let message = slab.get(slot);
        self.goes(message.into());
        if message.in_retention_heap() {
            self.retention.remove(&slot);
            slab.get_mut(slot).set_in_retention_heap(false);
        }
    }

    /// Deletes a message of any state; returns the state.
    #[inline(always)]
    pub(super) fn delete(&mut self, slab: &mut Slab, slot: u32) -> State {
        let state = self.detach(slab, slot);
        self.forget(slab, slot);
        slab.free(slot);
        self.tally.deleted += 1;
        state
    }

    /// Removes a message that nobody deletes.
    pub(super) fn remove(&mut self, slab: &mut Slab, which: Resident) -> (MessageId, State) {
        match which {
            Resident::Row(slot) => {
                let state = self.detach(slab, slot);
                self.forget(slab, slot);
                slab.give_up(slot);
                (slab.get(slot).id, state)
            }
            Resident::Fresh(at) => {
                let waiting = self.shards.pop_fresh(slab, at).expect("the oldest is there");
                self.tally.visible -= 1;
                self.goes((&waiting).into());
                (waiting.id, State::Visible)
            }
        }
    }

    /// The message whose retention ends first, and when.
    pub(super) fn next_expiry(&mut self, slab: &Slab) -> Option<(Time, Resident)> {
        let listed = self.oldest_sent(slab);
        let listed = listed.map(|(sent, which)| (sent + self.config.retention, which));
        let heaped = self.retention.peek();
        let heaped = heaped.map(|(&slot, &Reverse(end))| (end, Resident::Row(slot)));
        listed.into_iter().chain(heaped).min_by_key(|&(end, _)| end)
    }

    /// When the first retention ends, while the oldest message is told. A moved message's ends with
    /// its entry in the heap, not later than if it had been sent when it was moved.
    #[inline]
    pub(super) fn retention_ends(&self) -> Time {
        let listed = self.oldest.map_or(Time::NEVER, |sent| sent + self.config.retention);
        let heaped = self.retention.peek().map_or(Time::NEVER, |(_, &Reverse(end))| end);
        listed.min(heaped)
    }

    /// The message whose visibility timeout or delay ends first, and when.
    #[inline]
    pub(super) fn next_timer(&self, slab: &Slab) -> Option<(Time, u32)> {
        self.timers.earliest(slab)
    }

    /// Any resident message, those whose age counts first, oldest first.
    pub(super) fn any(&mut self, slab: &Slab) -> Option<Resident> {
        let sent = self.oldest_sent(slab).map(|(_, which)| which);
        sent.or_else(|| {
            let lists = [self.moved, self.aside];
            let slot = lists.into_iter().find_map(|list| slab.rows.first::<AGE>(list));
            slot.map(Resident::Row)
        })
    }

    /// When the resident messages came in.
    pub(super) fn came<'a>(&'a self, slab: &'a Slab) -> impl Iterator<Item = Time> + 'a {
        let lists = [self.delayed, self.moved, self.aside];
        let rows = lists.into_iter().flat_map(|list| slab.rows.list::<AGE>(list));
        self.shards.came(slab).map(|came| came.sent).chain(rows.map(|slot| slab.get(slot).sent))
    }

    /// The resident messages that have a row: all that were received are among them.
    pub(super) fn rows<'a>(&'a self, slab: &'a Slab) -> impl Iterator<Item = &'a Message> {
        let lists = [self.delayed, self.moved, self.aside];
        let rows = lists.into_iter().flat_map(|list| slab.rows.list::<AGE>(list));
        self.shards.received(slab).chain(rows.map(|slot| slab.get(slot)))
    }

    /// Panics if what is derived disagrees with what it is derived from; for tests.
    pub(super) fn check(&self, slab: &Slab) {
        assert!(self.tally.is_conserved(), "queue {} loses messages: {:?}", self.id.0, self.tally);
        let [visible, _] = self.shards.check(slab);
        assert_eq!(visible + self.behind, self.tally.visible, "the lines hold what is visible");
        let mut held: Vec<u64> = vec![0; self.shards.len()];
        let lists = [self.delayed, self.moved, self.aside];
        let rows = lists.into_iter().flat_map(|list| slab.rows.list::<AGE>(list));
        let came = rows.map(|slot| slab.get(slot).into()).chain(self.shards.came(slab));
        came.for_each(|came| held[self.shards.home(came)] += 1);
        let sealed = self.shards.sealed().iter().filter_map(|part| part.sealed.as_ref());
        let counted: Vec<u64> = sealed.map(|sealed| sealed.held()).collect();
        assert_eq!(counted, held[self.shards.live().len()..], "what sealed partitions hold");
        let backlogs = self.shards.backlogs().held().iter().map(|&count| u64::from(count));
        let expected = if self.config.ledger.keys.sees_backlogs() { held.as_slice() } else { &[] };
        assert!(backlogs.eq(expected.iter().copied()), "what partitions hold");
        if let Some(replication) = &self.replication {
            replication.check(&self.shards);
        }
        let ages = self.came(slab).count() as u64;
        assert_eq!(ages, self.tally.resident(), "every message has one age");
        assert!(!self.oldest_went, "a change of the oldest is told at once");
        let moved = slab.rows.list::<AGE>(self.moved);
        let rows = moved.chain(slab.rows.list::<AGE>(self.delayed));
        let shown = self.shards.came(slab).map(|came| came.sent);
        let oldest = shown.chain(rows.map(|slot| slab.get(slot).sent)).min();
        assert_eq!(self.oldest, oldest, "the oldest message is known");
    }
}
