//! The calendar: which event is next.
//!
//! Owns pending events and their total order. Must not know what an event does.
//!
//! An event is its own timer: at most one pending occurrence of equal events, scheduling it again
//! moves it, cancelling removes it. The order is the key ([`Time`], rank, sequence): the earlier
//! instant first; at one instant the lower rank; within a rank the one scheduled first. Sequence
//! numbers never repeat, so the order is total and nothing depends on the heap's or the hash's.
//!
//! An event that is not pending any more is parked, not forgotten: it keeps its place in the heap
//! under a key after all others, so that taking and scheduling it, over and over, costs a few moves
//! and no change of the hash table. The calendar is as large as the events are that ever were in
//! it, of which there are a few for each worker and each call under way.

use std::cmp::Reverse;
use std::hash::{BuildHasherDefault, Hash, Hasher};

use priority_queue::PriorityQueue;

use super::time::Time;

/// A fast hasher for keys of two small integers or one large one: they are put side by side, then
/// multiplied and folded once, the seed fixed. Only look-ups use it; no order ever comes from it.
#[derive(Clone, Copy, Debug, Default)]
pub struct IntHasher(u64);

/// Builds [`IntHasher`]s.
pub type FastHash = BuildHasherDefault<IntHasher>;

impl Hasher for IntHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    #[inline]
    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.0 = self.0.rotate_left(32) ^ word;
    }

    #[inline]
    fn write_isize(&mut self, word: isize) {
        self.write_u64(word.cast_unsigned() as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        let wide = u128::from(self.0) * 0x9e37_79b9_7f4a_7c15;
        (wide >> 64) as u64 ^ wide as u64
    }
}

/// What the calendar asks of an event.
pub trait Ranked: Copy + Eq + Hash {
    /// Its place among events of one instant: the lower first.
    fn rank(&self) -> u8;

    /// True for the few events that are pending nearly all the time and soon, as the next arrival
    /// is: a look at each of them costs less than their way through a heap of thousands.
    fn is_standing(&self) -> bool {
        false
    }
}

/// When an event is due: its time in the upper half, its rank in the byte below, its sequence
/// number in the rest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Key(u128);

const SEQUENCE_BITS: u32 = 56;

impl Key {
    /// After every key of a pending event.
    const PARKED: Key = Key(u128::MAX);

    #[inline]
    fn at(self) -> Time {
        Time::from_nanos((self.0 >> 64) as u64)
    }
}

/// Most standing events that are kept outside the heap; more of them go into it.
const MOST_STANDING: usize = 8;

/// Pending events in their total order.
#[derive(Clone, Debug)]
pub struct Calendar<E: Ranked> {
    standing: Vec<(Key, E)>,
    /// Gives its greatest first, hence the reversal.
    heap: PriorityQueue<E, Reverse<Key>, FastHash>,
    sequence: u64,
}

impl<E: Ranked> Calendar<E> {
    /// An empty calendar with room for `capacity` events.
    pub fn with_capacity(capacity: usize) -> Calendar<E> {
        let heap = PriorityQueue::with_capacity_and_default_hasher(capacity);
        Calendar { standing: Vec::with_capacity(MOST_STANDING), heap, sequence: 0 }
    }

    /// Schedules `event` at `at`, moving it if it is pending.
    ///
    /// # Panics
    /// After 2^56 calls, some centuries of computing.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the event is known where it is scheduled")]
    pub fn schedule(&mut self, at: Time, event: E) {
        assert!(self.sequence < 1 << SEQUENCE_BITS, "event sequence numbers are used up");
        let order = u64::from(event.rank()) << SEQUENCE_BITS | self.sequence;
        self.sequence += 1;
        let key = Key(u128::from(at.as_nanos()) << 64 | u128::from(order));
        if event.is_standing() {
            self.schedule_standing(key, event);
        } else {
            self.push(key, event);
        }
    }

    #[inline]
    fn schedule_standing(&mut self, key: Key, event: E) {
        if let Some(place) = self.standing_key(event) {
            *place = key;
        } else if self.standing.len() < MOST_STANDING {
            self.standing.push((key, event));
        } else {
            self.push(key, event);
        }
    }

    #[inline(never)]
    fn push(&mut self, key: Key, event: E) {
        self.heap.push(event, Reverse(key));
    }

    /// Takes `event` off; false if it was not pending.
    #[inline]
    pub fn cancel(&mut self, event: E) -> bool {
        let kept = if event.is_standing() { self.standing_key(event) } else { None };
        let before = match kept {
            Some(place) => Some(std::mem::replace(place, Key::PARKED)),
            None => self.heap.change_priority(&event, Reverse(Key::PARKED)).map(|key| key.0),
        };
        before.is_some_and(|key| key != Key::PARKED)
    }

    /// Takes the next event out.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, E)> {
        let heaped = self.heap.peek().map_or(Key::PARKED, |(_, &Reverse(key))| key);
        let (key, event) = match self.standing.iter_mut().min_by_key(|(key, _)| *key) {
            Some((key, event)) if *key < heaped => (std::mem::replace(key, Key::PARKED), *event),
            _ => (heaped, self.pop_heap()?),
        };
        (key != Key::PARKED).then(|| (key.at(), event))
    }

    /// Parks the first event of the heap.
    #[inline]
    fn pop_heap(&mut self) -> Option<E> {
        let mut first = None;
        self.heap.pop_if(|event, key| {
            first = Some(*event);
            *key = Reverse(Key::PARKED);
            false
        });
        first
    }

    /// The key of a standing event that is kept outside the heap.
    #[inline]
    fn standing_key(&mut self, event: E) -> Option<&mut Key> {
        self.standing.iter_mut().find(|(_, known)| *known == event).map(|(key, _)| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::{Draws, Source};

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    struct Numbered(u8, u32);

    impl Ranked for Numbered {
        fn rank(&self) -> u8 {
            self.0
        }

        fn is_standing(&self) -> bool {
            self.1.is_multiple_of(3)
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
        assert!(calendar.cancel(Numbered(0, 2)));
        assert!(!calendar.cancel(Numbered(0, 2)));
        assert_eq!(calendar.pop(), Some((at(7), Numbered(0, 1))));
        assert_eq!(calendar.pop(), None);
        assert!(!calendar.cancel(Numbered(0, 1)), "what was taken is not pending");
    }

    /// Random calls give what a sorted list gives, with more standing events than fit.
    #[test]
    fn it_agrees_with_a_sorted_list() {
        let mut calendar = Calendar::with_capacity(8);
        let mut list: Vec<(Time, u8, u64, Numbered)> = Vec::new();
        let mut draws = Draws::new(5);
        for sequence in 0..20_000 {
            let event = Numbered(draws.below(3) as u8, draws.below(40) as u32);
            match draws.below(5) {
                0 => assert_eq!(
                    calendar.pop(),
                    (!list.is_empty()).then(|| list.remove(0)).map(|(at, _, _, event)| (at, event))
                ),
                1 => {
                    let pending = list.iter().position(|&(.., other)| other == event);
                    assert_eq!(
                        calendar.cancel(event),
                        pending.map(|place| list.remove(place)).is_some()
                    );
                }
                _ => {
                    let at = at(draws.below(100));
                    calendar.schedule(at, event);
                    list.retain(|&(.., other)| other != event);
                    list.push((at, event.0, sequence, event));
                    list.sort_by_key(|&(at, rank, sequence, _)| (at, rank, sequence));
                }
            }
        }
    }
}
