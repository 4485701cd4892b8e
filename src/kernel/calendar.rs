//! The calendar: which event is next.
//!
//! Owns pending events and their total order. Must not know what an event does.
//!
//! An event is its own timer: at most one pending occurrence of equal events, scheduling it again
//! moves it, cancelling removes it. The order is the key ([`Time`], rank, sequence): the earlier
//! instant first; at one instant the lower rank; within a rank the one scheduled first. Sequence
//! numbers never repeat, so the order is total and nothing depends on the heap's or the hash's.

use std::hash::{BuildHasherDefault, Hash, Hasher};

use priority_queue::PriorityQueue;

use super::time::Time;

/// A fast hasher for small integer keys: multiply and fold, the seed fixed. Only look-ups use it;
/// no order ever comes from it.
#[derive(Clone, Copy, Debug, Default)]
pub struct IntHasher(u64);

/// Builds [`IntHasher`]s.
pub type FastHash = BuildHasherDefault<IntHasher>;

impl IntHasher {
    #[inline]
    fn fold(&mut self, word: u64) {
        let wide = u128::from(self.0 ^ word) * 0x9e37_79b9_7f4a_7c15;
        self.0 = (wide >> 64) as u64 ^ wide as u64;
    }
}

impl Hasher for IntHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.fold(u64::from(byte));
        }
    }

    #[inline]
    fn write_u32(&mut self, word: u32) {
        self.fold(u64::from(word));
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.fold(word);
    }

    #[inline]
    fn write_isize(&mut self, word: isize) {
        self.fold(word.cast_unsigned() as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        self.0
    }
}

/// What the calendar asks of an event.
pub trait Ranked: Copy + Eq + Hash {
    /// Its place among events of one instant: the lower first.
    fn rank(&self) -> u8;
}

/// The key of a pending event. Ordered in reverse, because the heap gives its greatest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Key {
    at: Time,
    /// Rank in the top byte, sequence below.
    order: u64,
}

const SEQUENCE_BITS: u32 = 56;

impl Ord for Key {
    #[inline]
    fn cmp(&self, other: &Key) -> std::cmp::Ordering {
        (other.at, other.order).cmp(&(self.at, self.order))
    }
}

impl PartialOrd for Key {
    #[inline]
    fn partial_cmp(&self, other: &Key) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// Pending events in their total order.
#[derive(Clone, Debug)]
pub struct Calendar<E: Ranked> {
    queue: PriorityQueue<E, Key, FastHash>,
    sequence: u64,
}

impl<E: Ranked> Calendar<E> {
    /// An empty calendar with room for `capacity` pending events.
    pub fn with_capacity(capacity: usize) -> Calendar<E> {
        Calendar { queue: PriorityQueue::with_capacity_and_default_hasher(capacity), sequence: 0 }
    }

    /// Schedules `event` at `at`, moving it if it is pending.
    ///
    /// # Panics
    /// After 2^56 calls, some centuries of computing.
    #[inline]
    pub fn schedule(&mut self, at: Time, event: E) {
        assert!(self.sequence < 1 << SEQUENCE_BITS, "event sequence numbers are used up");
        let order = u64::from(event.rank()) << SEQUENCE_BITS | self.sequence;
        self.sequence += 1;
        self.queue.push(event, Key { at, order });
    }

    /// Removes `event`; false if it was not pending.
    #[inline]
    pub fn cancel(&mut self, event: E) -> bool {
        self.queue.remove(&event).is_some()
    }

    /// Takes the next event out.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, E)> {
        self.queue.pop().map(|(event, key)| (key.at, event))
    }

    /// When the next event is.
    pub fn next_at(&self) -> Option<Time> {
        self.queue.peek().map(|(_, key)| key.at)
    }

    /// Number of pending events.
    pub fn len(&self) -> usize {
        self.queue.len()
    }

    /// True if nothing is pending.
    pub fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    struct Numbered(u8, u32);

    impl Ranked for Numbered {
        fn rank(&self) -> u8 {
            self.0
        }
    }

    fn at(nanos: u64) -> Time {
        Time::from_nanos(nanos)
    }

    #[test]
    fn events_come_by_time_then_rank_then_order_of_scheduling() {
        let mut calendar = Calendar::with_capacity(8);
        calendar.schedule(at(5), Numbered(1, 10));
        calendar.schedule(at(5), Numbered(0, 11));
        calendar.schedule(at(3), Numbered(9, 12));
        calendar.schedule(at(5), Numbered(1, 13));
        calendar.schedule(at(5), Numbered(1, 9));
        let order: Vec<u32> = std::iter::from_fn(|| calendar.pop()).map(|(_, e)| e.1).collect();
        assert_eq!(order, [12, 11, 10, 13, 9]);
    }

    #[test]
    fn scheduling_again_moves_and_cancelling_removes() {
        let mut calendar = Calendar::with_capacity(8);
        calendar.schedule(at(5), Numbered(0, 1));
        calendar.schedule(at(6), Numbered(0, 2));
        calendar.schedule(at(7), Numbered(0, 1));
        assert_eq!(calendar.len(), 2);
        assert!(calendar.cancel(Numbered(0, 2)));
        assert!(!calendar.cancel(Numbered(0, 2)));
        assert_eq!(calendar.pop(), Some((at(7), Numbered(0, 1))));
        assert!(calendar.is_empty());
    }
}
