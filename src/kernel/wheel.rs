//! A hierarchical timing wheel: the events of the next days.
//!
//! Owns lists of events by digits of their times. Must not know what comes before or after it, nor
//! which events are still wanted.
//!
//! Times are numbers of eight digits to the base 64. An event stands at the level of the highest
//! digit in which its time differs from that of the wheel's base, in the slot of that digit: near
//! events stand in narrow slots, far ones in wide ones, and the first slot of the lowest level
//! that has any holds the next events. One whose time is the base itself stands in the slot of
//! its rank.
//!
//! Invariant: events of one instant and rank stand in one list, in the order of their keys.

use super::chunks::{List, Pool};
use super::front::Next;
use super::timers::Key;

const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
/// One for ranks, the others for digits of the time: 2^48 ns, three days.
const LEVELS: usize = 9;
const SPAN_BITS: u32 = DIGIT_BITS * (LEVELS as u32 - 1);

/// A slot: its level, then its digit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Slot(u16);

impl Slot {
    #[inline]
    fn level(self) -> usize {
        usize::from(self.0) / SLOTS
    }

    /// Whether its events have one instant and rank.
    #[inline]
    pub(super) fn is_finest(self) -> bool {
        self.level() == 0
    }

    /// Bits of the time in which its events may differ.
    #[inline]
    fn low_bits(self) -> u64 {
        match self.level() as u32 {
            0 => 0,
            level => (1 << (DIGIT_BITS * (level - 1))) - 1,
        }
    }
}

/// Events by their times.
#[derive(Clone, Debug)]
pub(super) struct Wheel {
    pool: Pool,
    lists: [List; LEVELS * SLOTS],
    /// Slots that hold events, a bit each.
    occupied: [u64; LEVELS],
    /// Levels that hold events.
    levels: u32,
    /// No event is before it.
    base: u64,
    /// Events in all slots.
    len: usize,
}

impl Wheel {
    /// Bytes of an event.
    pub(super) const BYTES_PER_EVENT: usize = Pool::BYTES_PER_EVENT;

    /// Bytes of the blocks that lists take however few events there are.
    pub(super) const BYTES_OF_ROOM: usize = 2 * LEVELS * SLOTS * Pool::BYTES_PER_BLOCK;

    /// No events, and room for `events` of them however they spread.
    pub(super) fn with_room(events: usize) -> Wheel {
        let lists = [List::EMPTY; LEVELS * SLOTS];
        let pool = Pool::with_room(events, lists.len());
        let occupied = [0; LEVELS];
        Wheel { pool, lists, occupied, levels: 0, base: 0, len: 0 }
    }

    /// Events in all slots.
    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Whether a time, not before the base, is within the wheel's span.
    #[inline]
    pub(super) fn spans(&self, nanos: u64) -> bool {
        (nanos ^ self.base) >> SPAN_BITS == 0
    }

    /// Moves the base of an empty wheel.
    pub(super) fn rebase(&mut self, nanos: u64) {
        debug_assert!(self.len == 0);
        self.base = nanos;
    }

    #[inline]
    fn slot_of(&self, key: Key) -> Slot {
        let nanos = key.nanos();
        debug_assert!(nanos >= self.base, "no event is before the base");
        let zeros = (nanos ^ self.base).leading_zeros();
        let level = (u64::BITS + DIGIT_BITS - 1 - zeros) / DIGIT_BITS;
        let digit = match level {
            0 => u64::from(key.rank()),
            _ => nanos >> (DIGIT_BITS * (level - 1)),
        };
        Slot(level as u16 * SLOTS as u16 + (digit % SLOTS as u64) as u16)
    }

    /// The list of the slot where an event belongs, which will not be empty.
    #[inline]
    fn list_of(&mut self, key: Key) -> (&mut Pool, &mut List) {
        let slot = self.slot_of(key);
        self.occupied[slot.level()] |= 1 << (slot.0 % SLOTS as u16);
        self.levels |= 1 << slot.level();
        self.len += 1;
        (&mut self.pool, &mut self.lists[usize::from(slot.0)])
    }

    #[inline]
    fn unmark(&mut self, slot: Slot) {
        let level = slot.level();
        self.occupied[level] &= !(1 << (slot.0 % SLOTS as u16));
        self.levels &= !(u32::from(self.occupied[level] == 0) << level);
    }

    /// Adds an event whose key is after all of its instant and rank.
    #[inline]
    pub(super) fn push_back(&mut self, next: Next) {
        let (pool, list) = self.list_of(next.key);
        list.push_back(pool, next);
    }

    /// Adds an event whose key is before all of its instant and rank.
    #[inline]
    pub(super) fn push_front(&mut self, next: Next) {
        let (pool, list) = self.list_of(next.key);
        list.push_front(pool, next);
    }

    /// Takes the first event of a slot.
    #[inline]
    pub(super) fn pop(&mut self, slot: Slot) -> Option<Next> {
        let list = &mut self.lists[usize::from(slot.0)];
        let next = list.pop_front(&mut self.pool)?;
        self.len -= 1;
        if list.len() == 0 {
            self.unmark(slot);
        }
        Some(next)
    }

    /// The slot of the next events.
    #[inline]
    pub(super) fn first(&self) -> Option<Slot> {
        (self.levels != 0).then(|| {
            let level = self.levels.trailing_zeros() as u16;
            let digit = self.occupied[usize::from(level)].trailing_zeros() as u16;
            Slot(level * SLOTS as u16 + digit)
        })
    }

    /// How many events a slot holds.
    #[inline]
    pub(super) fn count(&self, slot: Slot) -> usize {
        self.lists[usize::from(slot.0)].len()
    }

    /// The earliest time that belongs into a slot that is not empty.
    #[inline]
    pub(super) fn begin(&self, slot: Slot) -> u64 {
        let low = slot.low_bits();
        let digit = u64::from(slot.0 % SLOTS as u16);
        let around = low << DIGIT_BITS | (SLOTS as u64 - 1);
        if slot.is_finest() { self.base } else { self.base & !around | (digit * (low + 1)) }
    }

    /// The last key that belongs into a slot that is not empty.
    #[inline]
    pub(super) fn last_key(&self, slot: Slot) -> Key {
        Key::last_at(self.begin(slot) | slot.low_bits())
    }

    /// Moves the base to the first slot, and its events to lower levels, which are empty.
    pub(super) fn spread(&mut self, slot: Slot) {
        self.base = self.begin(slot);
        let mut list = std::mem::replace(&mut self.lists[usize::from(slot.0)], List::EMPTY);
        self.unmark(slot);
        self.len -= list.len();
        while let Some(next) = list.pop_front(&mut self.pool) {
            self.push_back(next);
        }
    }

    /// Drops the events that are not to be kept.
    pub(super) fn retain(&mut self, mut keeps: impl FnMut(Next) -> bool) {
        for number in 0..self.lists.len() {
            let list = &mut self.lists[number];
            let before = list.len();
            for _ in 0..before {
                if let Some(next) = list.pop_front(&mut self.pool)
                    && keeps(next)
                {
                    list.push_back(&mut self.pool, next);
                }
            }
            let after = list.len();
            self.len -= before - after;
            if before > 0 && after == 0 {
                self.unmark(Slot(number as u16));
            }
        }
    }
}
