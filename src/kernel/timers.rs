//! Timers: what the calendar knows of each event, pending or not.
//!
//! Owns the order of events ([`Key`]), their names ([`TimerId`]) and a row for each: the order of
//! its pending occurrence, by which that is told from those that were cancelled or moved. Must not
//! know what an event is, nor where it stands.

use super::time::Time;

/// The name of an event within its calendar: one of 31 kinds, and a number among its kind. Rows
/// are found by it without a hash, so the numbers of a kind are to be dense.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TimerId(u32);

const NUMBER_BITS: u32 = 27;

/// Kinds of events, and one more, which is that of [`TimerId::NONE`].
const KINDS: usize = 1 << (u32::BITS - NUMBER_BITS);

impl TimerId {
    /// No event's name: the end of a list.
    pub(super) const NONE: TimerId = TimerId(u32::MAX);

    /// The event `number` of a kind.
    ///
    /// # Panics
    /// If the kind is not below 31, or the number not below 2^27.
    #[inline]
    pub fn new(kind: u8, number: u32) -> TimerId {
        assert!(usize::from(kind) < KINDS - 1, "kinds are below 31");
        assert!(number >> NUMBER_BITS == 0, "numbers are below 2^27");
        TimerId(u32::from(kind) << NUMBER_BITS | number)
    }

    /// The kind.
    #[inline]
    pub fn kind(self) -> u8 {
        (self.0 >> NUMBER_BITS) as u8
    }

    /// The number among its kind.
    #[inline]
    pub fn number(self) -> u32 {
        self.0 & ((1 << NUMBER_BITS) - 1)
    }
}

/// When an event is due: its time in the upper half, its rank in the byte below, its sequence
/// number in the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key(u128);

const SEQUENCE_BITS: u32 = 56;

impl Key {
    /// No key is after it.
    pub(super) const LAST: Key = Key(u128::MAX);

    /// The key of an event that is due `at` some time.
    #[inline]
    pub(super) fn new(at: Time, rank: u8, sequence: u64) -> Key {
        assert!(sequence < 1 << SEQUENCE_BITS, "event sequence numbers are used up");
        let order = u64::from(rank) << SEQUENCE_BITS | sequence;
        Key::of_halves(at.as_nanos(), order)
    }

    /// The last key of an instant.
    #[inline]
    pub(super) fn last_at(nanos: u64) -> Key {
        Key::of_halves(nanos, u64::MAX)
    }

    /// No key of an instant is before it.
    #[inline]
    pub(super) fn first_at(nanos: u64) -> Key {
        Key::of_halves(nanos, 0)
    }

    /// The key of these halves: its time, then its rank and sequence number.
    #[inline]
    pub(super) fn of_halves(nanos: u64, order: u64) -> Key {
        Key(u128::from(nanos) << 64 | u128::from(order))
    }

    /// Its rank and sequence number, which no other key has.
    #[inline]
    pub(super) fn order(self) -> u64 {
        self.0 as u64
    }

    #[inline]
    pub(super) fn nanos(self) -> u64 {
        (self.0 >> 64) as u64
    }

    #[inline]
    pub(super) fn rank(self) -> u8 {
        (self.0 as u64 >> SEQUENCE_BITS) as u8
    }
}

/// The order of an event that is not pending.
pub(super) const IDLE: u64 = u64::MAX;

/// The rows of all events that ever were pending.
#[derive(Clone, Debug)]
pub(super) struct Timers {
    kinds: [Vec<u64>; KINDS],
    /// Room that a kind gets at its first event.
    room: usize,
}

impl Timers {
    /// No rows, and at the first event of each kind room for `room` of them.
    pub(super) fn with_room(room: usize) -> Timers {
        Timers { kinds: [const { Vec::new() }; KINDS], room }
    }

    /// The row of an event that has one.
    #[inline]
    pub(super) fn row(&mut self, id: TimerId) -> &mut u64 {
        &mut self.kinds[usize::from(id.kind())][id.number() as usize]
    }

    /// The order of an event's pending occurrence, [`IDLE`] if there is none.
    #[inline]
    pub(super) fn order(&self, id: TimerId) -> u64 {
        self.kinds[usize::from(id.kind())].get(id.number() as usize).copied().unwrap_or(IDLE)
    }

    /// The row of an event that may never have been pending.
    #[inline]
    pub(super) fn known(&mut self, id: TimerId) -> Option<&mut u64> {
        self.kinds[usize::from(id.kind())].get_mut(id.number() as usize)
    }

    /// The row of an event, made if there is none.
    #[inline]
    pub(super) fn cover(&mut self, id: TimerId) -> &mut u64 {
        if id.number() as usize >= self.kinds[usize::from(id.kind())].len() {
            self.grow(id);
        }
        self.row(id)
    }

    #[cold]
    fn grow(&mut self, id: TimerId) {
        let rows = &mut self.kinds[usize::from(id.kind())];
        if rows.is_empty() {
            rows.reserve(self.room);
        }
        rows.resize(id.number() as usize + 1, IDLE);
    }
}
