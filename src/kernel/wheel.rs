//! A hierarchical timing wheel: the events of the next days.
//!
//! Owns lists of events by digits of their times. Must not know what comes before or after it.
//!
//! Times are numbers of eight digits to the base 64. An event stands at the level of the highest
//! digit in which its time differs from that of the wheel's base, in the slot of that digit: near
//! events stand in narrow slots, far ones in wide ones, and the first slot of the lowest level
//! that has any holds the next events. One whose time is the base itself stands in the slot of
//! its rank.
//!
//! Invariant: events of one instant and rank stand in one list, in the order of their keys.

use super::timers::{Home, Key, Timer, TimerId, Timers};

const DIGIT_BITS: u32 = 6;
const SLOTS: usize = 1 << DIGIT_BITS;
/// One for ranks, the others for digits of the time: 2^48 ns, three days.
const LEVELS: usize = 9;
const SPAN_BITS: u32 = DIGIT_BITS * (LEVELS as u32 - 1);

/// A list of events.
#[derive(Clone, Copy, Debug)]
struct List {
    first: TimerId,
    last: TimerId,
    len: u32,
}

impl List {
    const EMPTY: List = List { first: TimerId::NONE, last: TimerId::NONE, len: 0 };
}

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
    lists: [List; LEVELS * SLOTS],
    /// Slots that hold events, a bit each.
    occupied: [u64; LEVELS],
    /// Levels that hold events.
    levels: u32,
    /// No event is before it.
    base: u64,
}

impl Wheel {
    pub(super) fn new() -> Wheel {
        let lists = [List::EMPTY; LEVELS * SLOTS];
        Wheel { lists, occupied: [0; LEVELS], levels: 0, base: 0 }
    }

    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.levels == 0
    }

    /// Whether a time, not before the base, is within the wheel's span.
    #[inline]
    pub(super) fn spans(&self, nanos: u64) -> bool {
        (nanos ^ self.base) >> SPAN_BITS == 0
    }

    /// Moves the base of an empty wheel.
    pub(super) fn rebase(&mut self, nanos: u64) {
        debug_assert!(self.is_empty());
        self.base = nanos;
    }

    #[inline]
    fn slot_of(&self, key: Key) -> Slot {
        let nanos = key.nanos();
        let zeros = (nanos ^ self.base).leading_zeros();
        let level = (u64::BITS + DIGIT_BITS - 1 - zeros) / DIGIT_BITS;
        let digit = match level {
            0 => u64::from(key.rank()),
            _ => nanos >> (DIGIT_BITS * (level - 1)),
        };
        Slot(level as u16 * SLOTS as u16 + (digit % SLOTS as u64) as u16)
    }

    #[inline]
    fn mark(&mut self, slot: Slot) {
        self.occupied[slot.level()] |= 1 << (slot.0 % SLOTS as u16);
        self.levels |= 1 << slot.level();
    }

    #[inline]
    fn unmark(&mut self, slot: Slot) {
        let level = slot.level();
        self.occupied[level] &= !(1 << (slot.0 % SLOTS as u16));
        self.levels &= !(u32::from(self.occupied[level] == 0) << level);
    }

    /// Adds an event whose key is after all of its instant and rank.
    #[inline]
    pub(super) fn push_back(&mut self, timers: &mut Timers, key: Key, id: TimerId) {
        let slot = self.slot_of(key);
        let list = &mut self.lists[usize::from(slot.0)];
        let prev = std::mem::replace(&mut list.last, id);
        list.len += 1;
        *timers.row(id) = Timer { key, prev, next: TimerId::NONE, home: Home::Slot(slot) };
        if prev == TimerId::NONE {
            list.first = id;
            self.mark(slot);
        } else {
            timers.row(prev).next = id;
        }
    }

    /// Adds an event whose key is before all of its instant and rank.
    #[inline]
    pub(super) fn push_front(&mut self, timers: &mut Timers, key: Key, id: TimerId) {
        let slot = self.slot_of(key);
        let list = &mut self.lists[usize::from(slot.0)];
        let next = std::mem::replace(&mut list.first, id);
        list.len += 1;
        *timers.row(id) = Timer { key, prev: TimerId::NONE, next, home: Home::Slot(slot) };
        if next == TimerId::NONE {
            list.last = id;
            self.mark(slot);
        } else {
            timers.row(next).prev = id;
        }
    }

    /// Takes an event out of its slot.
    #[inline]
    pub(super) fn remove(&mut self, timers: &mut Timers, id: TimerId, slot: Slot) {
        let Timer { prev, next, .. } = *timers.row(id);
        let list = &mut self.lists[usize::from(slot.0)];
        list.len -= 1;
        if prev == TimerId::NONE {
            list.first = next;
        } else {
            timers.row(prev).next = next;
        }
        if next == TimerId::NONE {
            list.last = prev;
        } else {
            timers.row(next).prev = prev;
        }
        if list.len == 0 {
            self.unmark(slot);
        }
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
    pub(super) fn len(&self, slot: Slot) -> usize {
        self.lists[usize::from(slot.0)].len as usize
    }

    /// The first event of a slot.
    #[inline]
    pub(super) fn head(&self, slot: Slot) -> TimerId {
        self.lists[usize::from(slot.0)].first
    }

    /// Empties a slot, whose events the caller has followed from its head.
    #[inline]
    pub(super) fn clear(&mut self, slot: Slot) {
        self.lists[usize::from(slot.0)] = List::EMPTY;
        self.unmark(slot);
    }

    /// The last key that the slot of a time could hold.
    #[inline]
    pub(super) fn last_key(slot: Slot, nanos: u64) -> Key {
        Key::last_at(nanos | slot.low_bits())
    }

    /// Moves the base to the first slot, and its events to lower levels, which are empty.
    pub(super) fn spread(&mut self, timers: &mut Timers, slot: Slot) {
        let mut id = self.head(slot);
        self.clear(slot);
        self.base = timers.row(id).key.nanos() & !slot.low_bits();
        while id != TimerId::NONE {
            let Timer { key, next, .. } = *timers.row(id);
            self.push_back(timers, key, id);
            id = next;
        }
    }
}
