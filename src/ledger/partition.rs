//! Partitions: contiguous ranges of the key space, each a first-in-first-out line.
//!
//! Owns the ranges, their lines of visible messages, their token buckets, and which of them have
//! messages. Must not know timers, receipts or policies of splitting.
//!
//! Invariant: the ranges tile the key space in ascending order; a line holds only keys of its
//! range; `visible` counts its line.
//!
//! A message that returns after its first or second receive waits before fresh ones, as it is
//! older; from the third receive on it goes to the back, as SQS does with poison messages
//! (developer guide, `ApproximateAgeOfOldestMessage`).

use super::capacity::{Bucket, Rate};
use super::journal::{Action, PartitionId};
use super::message::Slab;
use super::split::Load;
use super::timers::Slots as _;
use crate::kernel::time::Time;

/// Receives from which a returned message goes to the back of its line.
pub(super) const BACK_OF_LINE: u32 = 3;

/// One partition.
#[derive(Clone, Debug)]
pub(super) struct Partition {
    pub(super) id: PartitionId,
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) opened: Time,
    /// Messages that were received before and go first.
    returned: u32,
    /// All others.
    fresh: u32,
    visible: u32,
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
            cursor: 0,
            next_id: 0,
        };
        let start = |i: u32| ((u128::from(i) << 64) / u128::from(count)) as u64;
        for i in 0..count {
            let last = if i + 1 == count { u64::MAX } else { start(i + 1) - 1 };
            let part = shards.open(start(i), last, now, slab);
            shards.parts.push(part);
        }
        shards.index();
        shards
    }

    fn open(&mut self, first: u64, last: u64, now: Time, slab: &mut Slab) -> Partition {
        let id = PartitionId(self.next_id);
        self.next_id += 1;
        Partition {
            id,
            first,
            last,
            opened: now,
            returned: slab.sentinel(),
            fresh: slab.sentinel(),
            visible: 0,
            buckets: [Bucket::FULL; 3],
            paused_until: Time::ZERO,
            load: Load::default(),
        }
    }

    /// Rebuilds what is derived from the ranges and lines.
    fn index(&mut self) {
        let parts = &self.parts;
        let holder = |key: u64| parts.partition_point(|part| part.last < key) as u32;
        self.table = (0..1_u64 << TABLE_BITS).map(|top| holder(top << (64 - TABLE_BITS))).collect();
        self.ready = vec![0; parts.len().div_ceil(64)];
        for (at, part) in parts.iter().enumerate() {
            if part.visible > 0 {
                self.ready[at / 64] |= 1 << (at % 64);
            }
        }
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

    /// Puts a message that has become visible into the line of partition `at`.
    #[inline]
    pub(super) fn enter(&mut self, slab: &mut Slab, at: usize, slot: u32) {
        let part = &mut self.parts[at];
        let receives = slab.get(slot).receives;
        let line =
            if receives == 0 || receives >= BACK_OF_LINE { part.fresh } else { part.returned };
        slab.place.push_back(line, slot);
        part.visible += 1;
        self.ready[at / 64] |= 1 << (at % 64);
    }

    /// Takes the first message of the line of partition `at`.
    #[inline]
    pub(super) fn pop(&mut self, slab: &mut Slab, at: usize) -> Option<u32> {
        let part = &self.parts[at];
        let (returned, fresh) = (part.returned, part.fresh);
        let slot = slab.place.pop_front(returned).or_else(|| slab.place.pop_front(fresh))?;
        self.left(at);
        Some(slot)
    }

    /// Takes a visible message out of the middle of its line.
    pub(super) fn leave(&mut self, slab: &mut Slab, slot: u32) {
        slab.place.remove(slot);
        self.left(self.holder(slab.get(slot).key));
    }

    #[inline]
    fn left(&mut self, at: usize) {
        let part = &mut self.parts[at];
        part.visible -= 1;
        if part.visible == 0 {
            self.ready[at / 64] &= !(1 << (at % 64));
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
        let left = self.open(parent.first, key - 1, now, slab);
        let right = self.open(key, parent.last, now, slab);
        let ids = [parent.id, left.id, right.id];
        self.parts.insert(at, right);
        self.parts.insert(at, left);
        self.index();
        self.refill(slab, &parent);
        ids
    }

    /// Joins the partitions at `at` and `at + 1`; returns the ids of left, right and the new one.
    pub(super) fn merge(&mut self, slab: &mut Slab, at: usize, now: Time) -> [PartitionId; 3] {
        let right = self.parts.remove(at + 1);
        let left = self.parts.remove(at);
        let mut joined = self.open(left.first, right.last, now, slab);
        joined.load = Load::merged(&left.load, &right.load);
        let ids = [left.id, right.id, joined.id];
        self.parts.insert(at, joined);
        self.index();
        self.refill(slab, &left);
        self.refill(slab, &right);
        ids
    }

    /// Moves the lines of a closed partition to those that hold its keys now, in their order.
    fn refill(&mut self, slab: &mut Slab, closed: &Partition) {
        for line in [closed.returned, closed.fresh] {
            while let Some(slot) = slab.place.pop_front(line) {
                let at = self.holder(slab.get(slot).key);
                self.enter(slab, at, slot);
            }
            slab.retire(line);
        }
    }

    /// Panics if what is derived disagrees with the lines; for tests.
    pub(super) fn check(&self, slab: &Slab) {
        let mut next = 0;
        for (at, part) in self.parts.iter().enumerate() {
            assert_eq!(part.first, next, "partitions tile the key space");
            next = part.last.wrapping_add(1);
            let walk = |line| {
                let place = &slab.place;
                std::iter::successors(place.first(line), move |&slot| place.after(slot, line))
            };
            let mut count = 0;
            for slot in walk(part.returned).chain(walk(part.fresh)) {
                let key = slab.get(slot).key;
                assert!((part.first..=part.last).contains(&key), "a line holds its own keys");
                count += 1;
            }
            assert_eq!(part.visible, count, "the count of a line");
            assert_eq!(self.is_ready(at), count > 0, "the ready bit of a line");
        }
        assert_eq!(next, 0, "the last partition ends the key space");
    }
}
