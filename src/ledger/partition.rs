//! Partitions: contiguous ranges of the key space, each a first-in-first-out line.
//!
//! Owns the ranges, their token buckets, which of them have messages, and which of them has the
//! oldest. Must not know timers, receipts or policies of splitting.
//!
//! Invariant: the ranges tile the key space in ascending order; a line holds only keys of its
//! range.
#![expect(clippy::inline_always, reason = "every message passes here, from one or two places")]

use super::capacity::{Bucket, Rate};
use super::config::QueueId;
use super::fresh::Waiting;
use super::journal::{Action, MessageId, PartitionId};
use super::line::{Line, NO_MESSAGE, Oldest};
use super::message::Slab;
use super::split::Load;
use crate::kernel::time::Time;

/// One partition.
#[derive(Clone, Debug)]
pub(super) struct Partition {
    pub(super) id: PartitionId,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) opened: Time,
    line: Line,
    buckets: [Bucket; 3],
    /// No call is served before this: a split is being made.
    pub(super) paused_until: Time,
    pub(super) load: Load,
}

impl Partition {
    /// Takes a token for `action`, or says no.
    pub(super) fn admit(&mut self, rate: Option<Rate>, action: Action, now: Time) -> bool {
        if now < self.paused_until {
            return false;
        }
        match (rate, self.bucket(action)) {
            (Some(rate), Some(bucket)) => bucket.admit(rate, now),
            _ => true,
        }
    }

    /// When a receive will next be admitted, if none comes before.
    pub(super) fn receives_at(&self, rate: Option<Rate>) -> Time {
        let bucket = self.buckets[Action::Receive as usize];
        rate.map_or(Time::ZERO, |rate| bucket.admits_at(rate)).max(self.paused_until)
    }

    fn bucket(&mut self, action: Action) -> Option<&mut Bucket> {
        self.buckets.get_mut(action as usize)
    }
}

/// Slots of the look-up table: the top eight bits of a key.
const TABLE_BITS: u32 = 8;

/// All partitions of a queue, ascending in their keys.
#[derive(Clone, Debug)]
pub(super) struct Shards {
    parts: Vec<Partition>,
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
}

impl Shards {
    /// `count` equal ranges.
    pub(super) fn new(count: u32, now: Time, slab: &mut Slab) -> Shards {
        let mut shards = Shards {
            parts: Vec::new(),
            table: Vec::new(),
            ready: Vec::new(),
            at_least: Vec::new(),
            front: 0,
            cursor: 0,
            next_id: 0,
        };
        let start = |i: u32| ((u128::from(i) << 64) / u128::from(count)) as u64;
        for i in 0..count {
            let last = if i + 1 == count { u64::MAX } else { start(i + 1) - 1 };
            let line = Line::new(slab);
            let part = shards.open(start(i), last, now, line);
            shards.parts.push(part);
        }
        shards.index(slab);
        shards
    }

    fn open(&mut self, first: u64, last: u64, now: Time, line: Line) -> Partition {
        let id = PartitionId(self.next_id);
        self.next_id += 1;
        Partition {
            id,
            first,
            last,
            opened: now,
            line,
            buckets: [Bucket::FULL; 3],
            paused_until: Time::ZERO,
            load: Load::default(),
        }
    }

    /// Rebuilds what is derived from the ranges and lines.
    fn index(&mut self, slab: &Slab) {
        let parts = &self.parts;
        let holder = |key: u64| parts.partition_point(|part| part.last < key) as u32;
        self.table = (0..1_u64 << TABLE_BITS).map(|top| holder(top << (64 - TABLE_BITS))).collect();
        self.ready = vec![0; parts.len().div_ceil(64)];
        for (at, part) in parts.iter().enumerate() {
            if !part.line.is_empty() {
                self.ready[at / 64] |= 1 << (at % 64);
            }
        }
        self.at_least = parts.iter().map(|part| part.line.oldest_id(slab)).collect();
        self.find_front(slab);
        self.cursor %= self.parts.len();
    }

    pub(super) fn len(&self) -> usize {
        self.parts.len()
    }

    pub(super) fn get(&self, at: usize) -> &Partition {
        &self.parts[at]
    }

    pub(super) fn get_mut(&mut self, at: usize) -> &mut Partition {
        &mut self.parts[at]
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Partition> {
        self.parts.iter()
    }

    /// The index of the partition that holds `key`.
    #[inline]
    pub(super) fn holder(&self, key: u64) -> usize {
        let mut at = self.table[(key >> (64 - TABLE_BITS)) as usize] as usize;
        while self.parts[at].last < key {
            at += 1;
        }
        at
    }

    /// Puts a message that was sent without a delay into the line of partition `at`.
    #[inline(always)]
    pub(super) fn push(&mut self, slab: &mut Slab, at: usize, waiting: Waiting) {
        self.parts[at].line.push(slab, waiting);
        self.ready[at / 64] |= 1 << (at % 64);
        let least = &mut self.at_least[at];
        if *least == NO_MESSAGE {
            *least = waiting.id;
            if waiting.id < self.at_least[self.front] {
                self.front = at;
            }
        }
    }

    /// Puts a message with a row that has become visible into the line of its partition.
    pub(super) fn enter(&mut self, slab: &mut Slab, slot: u32) {
        let at = self.holder(slab.get(slot).key);
        self.parts[at].line.enter(slab, slot);
        self.ready[at / 64] |= 1 << (at % 64);
    }

    /// Takes the first message of the line of partition `at`; if it has no row yet, it gets one in
    /// `queue`.
    #[inline(always)]
    pub(super) fn pop(&mut self, slab: &mut Slab, at: usize, queue: QueueId) -> Option<u32> {
        let slot = self.parts[at].line.pop(slab, queue);
        self.left(at);
        slot
    }

    /// Takes the first fresh message of partition `at`, without a row.
    pub(super) fn pop_fresh(&mut self, slab: &mut Slab, at: usize) -> Option<Waiting> {
        let waiting = self.parts[at].line.pop_fresh(slab);
        self.left(at);
        waiting
    }

    /// Takes a visible message with a row out of the middle of its line.
    pub(super) fn leave(&mut self, slab: &mut Slab, slot: u32) {
        let at = self.holder(slab.get(slot).key);
        self.parts[at].line.leave(slab, slot);
        self.left(at);
    }

    #[inline]
    fn left(&mut self, at: usize) {
        if self.parts[at].line.is_empty() {
            self.ready[at / 64] &= !(1 << (at % 64));
        }
    }

    /// The oldest of the messages that were sent here without a delay and whose age counts, with
    /// its partition. All partitions are looked at only when the oldest has gone.
    #[inline]
    pub(super) fn oldest(&mut self, slab: &Slab) -> Option<(usize, Oldest)> {
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
    pub(super) fn ready_from(&self, from: usize) -> Option<usize> {
        let mut word = from / 64;
        let mut bits = self.ready.get(word)? & (u64::MAX << (from % 64));
        while bits == 0 {
            word += 1;
            bits = *self.ready.get(word)?;
        }
        Some(word * 64 + bits.trailing_zeros() as usize)
    }

    #[inline]
    pub(super) fn is_ready(&self, at: usize) -> bool {
        self.ready[at / 64] & (1 << (at % 64)) != 0
    }

    /// Where the next receive begins to look.
    pub(super) fn cursor(&self) -> usize {
        self.cursor
    }

    pub(super) fn set_cursor(&mut self, at: usize) {
        self.cursor = if at >= self.parts.len() { 0 } else { at };
    }

    /// Cuts the partition at index `at` so that its right half begins with key `key`; returns the
    /// ids of parent, left and right.
    pub(super) fn split(
        &mut self,
        slab: &mut Slab,
        at: usize,
        key: u64,
        now: Time,
    ) -> [PartitionId; 3] {
        let parent = self.parts.remove(at);
        assert!(parent.first < key && key <= parent.last, "a cut lies inside its partition");
        let (mut below, mut above) = (Line::new(slab), Line::new(slab));
        parent.line.split(slab, key, &mut below, &mut above);
        let left = self.open(parent.first, key - 1, now, below);
        let right = self.open(key, parent.last, now, above);
        let ids = [parent.id, left.id, right.id];
        self.parts.insert(at, right);
        self.parts.insert(at, left);
        self.index(slab);
        ids
    }

    /// Joins the partitions at `at` and `at + 1`; returns the ids of left, right and the new one.
    pub(super) fn merge(&mut self, slab: &mut Slab, at: usize, now: Time) -> [PartitionId; 3] {
        let right = self.parts.remove(at + 1);
        let left = self.parts.remove(at);
        let line = Line::join(left.line, right.line, slab);
        let mut joined = self.open(left.first, right.last, now, line);
        joined.load = Load::merged(&left.load, &right.load);
        let ids = [left.id, right.id, joined.id];
        self.parts.insert(at, joined);
        self.index(slab);
        ids
    }

    /// When the messages were sent whose ages the partitions keep.
    pub(super) fn sent<'a>(&'a self, slab: &'a Slab) -> impl Iterator<Item = Time> + 'a {
        self.parts.iter().flat_map(|part| part.line.sent(slab))
    }

    /// Panics if what is derived disagrees with the lines; returns how many messages are visible
    /// and how many ages are kept. For tests.
    pub(super) fn check(&self, slab: &Slab) -> [u64; 2] {
        let mut next = 0;
        let mut counts = [0, 0];
        for (at, part) in self.parts.iter().enumerate() {
            assert_eq!(part.first, next, "partitions tile the key space");
            next = part.last.wrapping_add(1);
            let [visible, ages] = part.line.check(slab, part.first..=part.last);
            assert_eq!(self.is_ready(at), visible > 0, "the ready bit of a line");
            assert!(
                self.at_least[at] <= part.line.oldest_id(slab),
                "a line with an older message than it knows"
            );
            assert!(self.at_least[self.front] <= self.at_least[at], "the front is the least");
            counts = [counts[0] + visible, counts[1] + ages];
        }
        assert_eq!(next, 0, "the last partition ends the key space");
        counts
    }
}
