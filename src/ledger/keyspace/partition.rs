//! Partitions: contiguous ranges of the key space, each a first-in-first-out line.
//!
//! Owns the ranges, their token buckets, which of them have messages, and which of them has the
//! oldest. Must not know timers, receipts or policies of splitting.
//!
//! Invariant: the ranges of those that take sends tile the key space in ascending order; the sealed
//! ones stand after them, in the order of their sealing; a line holds only keys of its range.
#![expect(clippy::inline_always, reason = "every message passes here, from one or two places")]

mod check;
mod recut;

use super::backlog::{Backlogs, Counted};
use super::cuts::equal_cuts;
use crate::kernel::bucket::{Bucket, TokenRate};
use crate::kernel::time::Time;
use crate::ledger::config::{Capacity, QueueId};
use crate::ledger::journal::{Action, MessageId, PartitionId};
use crate::ledger::messages::fresh::Waiting;
use crate::ledger::messages::groups::Groups;
use crate::ledger::messages::line::{Line, NO_MESSAGE, Oldest};
use crate::ledger::messages::message::{Message, Slab};
use crate::ledger::messages::sealed::{Came, Sealed};

pub(in crate::ledger) use recut::{Recut, pieces};

/// One partition.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Partition {
    pub(in crate::ledger) id: PartitionId,
    pub(in crate::ledger) first: u64,
    pub(in crate::ledger) last: u64,
    line: Line,
    buckets: [Bucket; 3],
    /// What it carries now.
    pub(in crate::ledger) rate: Option<TokenRate>,
    /// No call is served before this: its range has just changed.
    pub(in crate::ledger) paused_until: Time,
    /// It takes no sends any more.
    pub(in crate::ledger) sealed: Option<Box<Sealed>>,
}

impl Partition {
    /// Takes a token for `action`, or says no.
    pub(in crate::ledger) fn admit(&mut self, action: Action, now: Time) -> bool {
        if now < self.paused_until {
            return false;
        }
        match (self.rate, self.bucket(action)) {
            (Some(rate), Some(bucket)) => bucket.admit(rate, now),
            _ => true,
        }
    }

    /// Whether a key lies in its range.
    pub(in crate::ledger) fn holds(&self, key: u64) -> bool {
        (self.first..=self.last).contains(&key)
    }

    /// When a receive will next be admitted, if none comes before.
    pub(in crate::ledger) fn receives_at(&self) -> Time {
        let bucket = self.buckets[Action::Receive as usize];
        self.rate.map_or(Time::ZERO, |rate| bucket.admits_at(rate)).max(self.paused_until)
    }

    /// Carries what `to` says instead of `from`; a part of it, as before, while it is copied.
    fn carry(&mut self, from: Option<TokenRate>, to: Option<Capacity>, now: Time) {
        let share = match (self.rate, from) {
            (Some(rate), Some(from)) => rate.per_second / from.per_second,
            _ => 1.0,
        };
        let rate =
            to.map(|to| TokenRate::from(Capacity { per_second: to.per_second * share, ..to }));
        for bucket in &mut self.buckets {
            bucket.convert(self.rate, rate, now);
        }
        self.rate = rate;
    }

    fn bucket(&mut self, action: Action) -> Option<&mut Bucket> {
        self.buckets.get_mut(action as usize)
    }
}

/// Slots of the look-up table: the top eight bits of a key.
const TABLE_BITS: u32 = 8;

/// All partitions of a queue.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Shards {
    parts: Vec<Partition>,
    /// How many take sends: they stand first.
    live: usize,
    /// What a new partition carries.
    rate: Option<TokenRate>,
    /// For each value of a key's top bits, the index of the partition that holds its first key.
    table: Vec<u32>,
    /// One bit a partition: its line is not empty.
    ready: Vec<u64>,
    /// For each partition, no message that it keeps the age of has a lower serial number.
    at_least: Vec<MessageId>,
    /// A partition whose `at_least` is the least.
    front: usize,
    /// Where the next receive begins to look.
    cursor: usize,
    next_id: u32,
    backlogs: Backlogs,
    /// A message that leaves the queue must be counted out of its partition.
    counts: bool,
    /// How often the places have changed.
    changes: u32,
}

impl Shards {
    /// Bytes of the look-up table.
    pub(in crate::ledger) const BYTES_OF_TABLE: usize = size_of::<u32>() << TABLE_BITS;

    /// `count` equal ranges.
    pub(in crate::ledger) fn new(
        count: u32,
        rate: Option<TokenRate>,
        counted: Counted,
        slab: &mut Slab,
    ) -> Shards {
        let mut shards = Shards {
            parts: Vec::new(),
            live: count as usize,
            rate,
            table: Vec::new(),
            ready: Vec::new(),
            at_least: Vec::new(),
            front: 0,
            cursor: 0,
            next_id: 0,
            backlogs: Backlogs::new(counted),
            counts: false,
            changes: 0,
        };
        for (first, last) in pieces([0, u64::MAX], &equal_cuts(count)) {
            let line = Line::new(slab);
            let part = shards.open(first, last, line);
            shards.parts.push(part);
        }
        shards.index(slab);
        shards.recount_held(std::iter::empty());
        shards
    }

    /// Each partition carries `capacity` from `now` on.
    pub(in crate::ledger) fn carry(&mut self, capacity: Option<Capacity>, now: Time) {
        for part in &mut self.parts {
            part.carry(self.rate, capacity, now);
        }
        self.rate = capacity.map(TokenRate::from);
    }

    fn open(&mut self, first: u64, last: u64, line: Line) -> Partition {
        let id = PartitionId(self.next_id);
        self.next_id += 1;
        Partition {
            id,
            first,
            last,
            line,
            buckets: [Bucket::FULL; 3],
            rate: self.rate,
            paused_until: Time::ZERO,
            sealed: None,
        }
    }

    /// Rebuilds what is derived from the ranges and lines.
    fn index(&mut self, slab: &Slab) {
        let live = &self.parts[..self.live];
        let holder = |key: u64| live.partition_point(|part| part.last < key) as u32;
        self.table = (0..1_u64 << TABLE_BITS).map(|top| holder(top << (64 - TABLE_BITS))).collect();
        self.ready = vec![0; self.parts.len().div_ceil(64)];
        for (at, part) in self.parts.iter().enumerate() {
            if !part.line.is_empty() {
                self.ready[at / 64] |= 1 << (at % 64);
            }
        }
        self.at_least = self.parts.iter().map(|part| part.line.oldest_id(slab)).collect();
        self.find_front(slab);
        self.cursor %= self.parts.len();
        self.backlogs.recount_waiting(self.parts.iter().map(|part| part.line.len(slab)));
        self.counts = self.live < self.parts.len() || self.backlogs.counted().held;
        self.changes += 1;
    }

    /// Partitions that ever came to be.
    pub(in crate::ledger) fn opened(&self) -> u32 {
        self.next_id
    }

    /// How often the places of partitions have changed.
    pub(super) fn changes(&self) -> u32 {
        self.changes
    }

    /// How many messages each has.
    pub(in crate::ledger) fn backlogs(&self) -> &Backlogs {
        &self.backlogs
    }

    /// Counts what each holds anew; `all` are the messages of the queue.
    pub(in crate::ledger) fn recount_held(&mut self, all: impl Iterator<Item = Came>) {
        if self.backlogs.counted().held {
            let mut backlogs = std::mem::take(&mut self.backlogs);
            backlogs.recount_held(self.parts.len(), all.map(|came| self.home(came)));
            self.backlogs = backlogs;
        }
    }

    /// Messages must be counted when they come and go.
    #[inline]
    pub(in crate::ledger) fn counts(&self) -> bool {
        self.counts
    }

    pub(in crate::ledger) fn len(&self) -> usize {
        self.parts.len()
    }

    /// Those that take sends, ascending in their keys.
    pub(in crate::ledger) fn live(&self) -> &[Partition] {
        &self.parts[..self.live]
    }

    /// Whether some take no sends any more.
    #[inline]
    pub(in crate::ledger) fn drain(&self) -> bool {
        self.live != self.parts.len()
    }

    /// Those that take sends, then the sealed ones.
    pub(in crate::ledger) fn all(&self) -> &[Partition] {
        &self.parts
    }

    /// Those that take no sends any more, in the order of their sealing.
    pub(in crate::ledger) fn sealed(&self) -> &[Partition] {
        &self.parts[self.live..]
    }

    pub(in crate::ledger) fn get(&self, at: usize) -> &Partition {
        &self.parts[at]
    }

    pub(in crate::ledger) fn get_mut(&mut self, at: usize) -> &mut Partition {
        &mut self.parts[at]
    }

    /// The index of the partition that a message belongs to.
    #[inline]
    pub(in crate::ledger) fn home(&self, came: Came) -> usize {
        if self.drain()
            && let Some(at) = self.sealed_home(came)
        {
            return at;
        }
        self.holder(came.key)
    }

    /// The sealed partition that a message belongs to: the first of its range that was sealed after
    /// the message came.
    #[cold]
    fn sealed_home(&self, came: Came) -> Option<usize> {
        let home = |part: &Partition| {
            let range = part.first..=part.last;
            range.contains(&came.key) && part.sealed.as_ref().is_some_and(|it| it.is_home(came))
        };
        self.sealed().iter().position(home).map(|at| self.live + at)
    }

    /// The index of the partition that takes sends with `key`.
    #[inline]
    pub(in crate::ledger) fn holder(&self, key: u64) -> usize {
        let mut at = self.table[(key >> (64 - TABLE_BITS)) as usize] as usize;
        while self.parts[at].last < key {
            at += 1;
        }
        at
    }

    /// Puts a message that was sent without a delay into the line of partition `at`.
    #[inline(always)]
    pub(in crate::ledger) fn push(&mut self, slab: &mut Slab, at: usize, waiting: Waiting) {
        self.parts[at].line.push(slab, waiting);
        self.ready[at / 64] |= 1 << (at % 64);
        self.backlogs.entered(at);
        self.backlogs.came(at);
        let least = &mut self.at_least[at];
        if *least == NO_MESSAGE {
            *least = waiting.id;
            if waiting.id < self.at_least[self.front] {
                self.front = at;
            }
        }
    }

    /// Puts a message with a row that has become visible into the line of its partition.
    pub(in crate::ledger) fn enter(&mut self, slab: &mut Slab, slot: u32) {
        let at = self.home(slab.get(slot).into());
        self.parts[at].line.enter(slab, slot);
        self.ready[at / 64] |= 1 << (at % 64);
        self.backlogs.entered(at);
    }

    /// Takes the first message of the line of partition `at`; if it has no row yet, it gets one in
    /// `queue`.
    #[inline(always)]
    pub(in crate::ledger) fn pop(
        &mut self,
        slab: &mut Slab,
        at: usize,
        queue: QueueId,
    ) -> Option<u32> {
        let slot = self.parts[at].line.pop(slab, queue)?;
        self.left(at);
        Some(slot)
    }

    /// Takes the first fresh message of partition `at`, without a row.
    pub(in crate::ledger) fn pop_fresh(&mut self, slab: &mut Slab, at: usize) -> Option<Waiting> {
        let waiting = self.parts[at].line.pop_fresh(slab)?;
        self.left(at);
        Some(waiting)
    }

    /// Takes a visible message with a row out of the middle of its line.
    pub(in crate::ledger) fn leave(&mut self, slab: &mut Slab, slot: u32) {
        let at = self.home(slab.get(slot).into());
        self.parts[at].line.leave(slab, slot);
        self.left(at);
    }

    /// A message left the line of partition `at`.
    #[inline]
    fn left(&mut self, at: usize) {
        self.backlogs.left(at);
        if self.parts[at].line.is_empty() {
            self.ready[at / 64] &= !(1 << (at % 64));
        }
    }

    /// The oldest of the messages that were sent here without a delay and whose age counts, with
    /// its partition. All partitions are looked at only when the oldest has gone.
    #[inline]
    pub(in crate::ledger) fn oldest(&mut self, slab: &Slab) -> Option<(usize, Oldest)> {
        let least = self.at_least[self.front];
        if least == NO_MESSAGE {
            return None;
        }
        let mut oldest = self.parts[self.front].line.oldest(slab);
        if oldest.is_none_or(|oldest| oldest.id != least) {
            self.find_front(slab);
            oldest = self.parts[self.front].line.oldest(slab);
        }
        oldest.map(|oldest| (self.front, oldest))
    }

    /// One pass: what a partition knows is brought up to date only where it may be the least.
    fn find_front(&mut self, slab: &Slab) {
        let mut best = NO_MESSAGE;
        self.front = 0;
        for (at, (part, least)) in self.parts.iter().zip(&mut self.at_least).enumerate() {
            if *least < best {
                *least = part.line.oldest_id(slab);
                if *least < best {
                    (self.front, best) = (at, *least);
                }
            }
        }
    }

    /// The first partition with messages at or after index `from`.
    #[inline]
    pub(in crate::ledger) fn ready_from(&self, from: usize) -> Option<usize> {
        let mut word = from / 64;
        let mut bits = self.ready.get(word)? & (u64::MAX << (from % 64));
        while bits == 0 {
            word += 1;
            bits = *self.ready.get(word)?;
        }
        Some(word * 64 + bits.trailing_zeros() as usize)
    }

    /// The partitions with messages among the 64 from place 64 × `word` on, one bit each.
    #[inline]
    pub(in crate::ledger) fn ready_word(&self, word: usize) -> u64 {
        self.ready[word]
    }

    #[inline]
    pub(in crate::ledger) fn is_ready(&self, at: usize) -> bool {
        self.ready[at / 64] & (1 << (at % 64)) != 0
    }

    /// Where the next receive begins to look.
    pub(in crate::ledger) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(in crate::ledger) fn set_cursor(&mut self, at: usize) {
        self.cursor = if at >= self.parts.len() { 0 } else { at };
    }

    /// A message that came in otherwise than through [`Shards::push`] belongs to its partition.
    pub(in crate::ledger) fn count(&mut self, came: Came) {
        let at = self.home(came);
        self.backlogs.came(at);
        if let Some(sealed) = &mut self.parts[at].sealed {
            sealed.count(came.key);
        }
    }

    /// A message left the queue. True if its partition was sealed and holds nothing of its group
    /// any more, or nothing at all.
    #[cold]
    pub(in crate::ledger) fn gone(&mut self, came: Came) -> bool {
        let at = self.home(came);
        self.backlogs.gone(at);
        self.parts[at].sealed.as_mut().is_some_and(|sealed| sealed.gone(came.key))
    }

    /// The groups of the sealed partition that a message must wait for: the last one before its
    /// home that holds something of its group.
    #[cold]
    pub(in crate::ledger) fn holding(&mut self, came: Came) -> Option<&mut Groups> {
        let (home, key) = (self.home(came), came.key);
        let before = if home < self.live { self.parts.len() } else { home };
        let sealed = self.parts[self.live..before].iter_mut();
        let mut sealed = sealed.rev().filter_map(|part| part.sealed.as_mut());
        sealed.find_map(|sealed| sealed.holding(key))
    }

    /// The lists of messages whose groups no sealed partition holds back any more.
    pub(in crate::ledger) fn release(&mut self) -> Vec<u32> {
        let sealed = self.parts[self.live..].iter_mut().filter_map(|part| part.sealed.as_mut());
        sealed.flat_map(|sealed| sealed.release()).collect()
    }

    /// The resident messages that were received.
    pub(in crate::ledger) fn received<'a>(
        &'a self,
        slab: &'a Slab,
    ) -> impl Iterator<Item = &'a Message> {
        self.parts.iter().flat_map(|part| part.line.received(slab))
    }

    /// The messages whose ages the partitions keep.
    pub(in crate::ledger) fn came<'a>(&'a self, slab: &'a Slab) -> impl Iterator<Item = Came> + 'a {
        self.parts.iter().flat_map(|part| part.line.came(slab))
    }
}
