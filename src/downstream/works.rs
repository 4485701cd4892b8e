//! Calls that a downstream works on.
//!
//! Owns how far their work is, and which ends next. Must not know what they waited for.
//!
//! All calls are slowed alike, whenever they began: how long a call still takes follows from those
//! that are there now, not from those that were there when it came. So each works at a speed that
//! all share and that changes when a call begins or ends. One clock runs at that speed; a call ends
//! when the clock has gone on by its work, so a change of the speed costs one addition.
//!
//! Invariant: the clock is a whole number. Its unit is a nanosecond of work at full speed, divided
//! by 2⁴⁰; speeds are rounded up to that, so a work of an hour may end some nanoseconds early.

use std::cmp::Reverse;

use priority_queue::PriorityQueue;

use crate::kernel::calendar::FastHash;
use crate::kernel::time::{Span, Time};

/// What the clock goes on by in a nanosecond at full speed.
const FULL: u64 = 1 << 40;

/// Calls under way, by number.
#[derive(Clone, Debug)]
pub(super) struct Works {
    /// Each with where the clock is at its end, and its turn among those that end together.
    ends: PriorityQueue<u32, Reverse<(u128, u64)>, FastHash>,
    clock: u128,
    /// When the clock was looked at.
    at: Time,
    speed: u64,
}

impl Works {
    pub(super) fn new() -> Works {
        Works { ends: PriorityQueue::default(), clock: 0, at: Time::ZERO, speed: FULL }
    }

    /// How many there are.
    pub(super) fn len(&self) -> u32 {
        self.ends.len() as u32
    }

    /// Each call takes so many times as long as alone, from now on.
    pub(super) fn slow_down(&mut self, now: Time, slowness: f64) {
        self.pass(now);
        // Up: what ends at a whole nanosecond does not end at the next one, nothing stands still.
        self.speed = Span::round_nanos(libm::ceil(FULL as f64 / slowness)).as_nanos().max(1);
    }

    fn pass(&mut self, now: Time) {
        self.clock += u128::from(now.since(self.at).as_nanos()) * u128::from(self.speed);
        self.at = now;
    }

    /// A call begins that takes so long alone; those that end together end by their `turn`.
    pub(super) fn begin(&mut self, now: Time, call: u32, work: Span, turn: u64) {
        self.pass(now);
        let end = self.clock + u128::from(work.as_nanos()) * u128::from(FULL);
        self.ends.push(call, Reverse((end, turn)));
    }

    /// A call ends before its time; false if it is not under way.
    pub(super) fn cancel(&mut self, call: u32) -> bool {
        self.ends.remove(&call).is_some()
    }

    /// When the next one ends.
    pub(super) fn due(&self) -> Option<Time> {
        let (_, &Reverse((end, _))) = self.ends.peek()?;
        let left = end.saturating_sub(self.clock).div_ceil(u128::from(self.speed));
        let left = left.try_into().unwrap_or(u64::MAX);
        Some(self.at.saturating_add(Span::from_nanos(left)))
    }

    /// The next one that has ended by now.
    pub(super) fn ended(&mut self, now: Time) -> Option<u32> {
        if self.due()? > now {
            return None;
        }
        self.ends.pop().map(|(call, _)| call)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(nanos: u64) -> Time {
        Time::from_nanos(nanos)
    }

    /// One of 10 begins at 0, one of 10 at 4. Together each takes twice as long: the first has 6
    /// left, so it ends at 16; the second has 4 left then, and ends alone at 20.
    #[test]
    fn those_under_way_are_slowed_by_those_who_come() {
        let mut works = Works::new();
        works.begin(at(0), 7, Span::from_nanos(10), 0);
        assert_eq!(works.due(), Some(at(10)));
        works.begin(at(4), 8, Span::from_nanos(10), 1);
        works.slow_down(at(4), 2.0);
        assert_eq!((works.due(), works.ended(at(15))), (Some(at(16)), None));
        assert_eq!(works.ended(at(16)), Some(7));
        works.slow_down(at(16), 1.0);
        assert_eq!((works.due(), works.len()), (Some(at(20)), 1));
        assert!(works.cancel(8) && !works.cancel(8));
        assert_eq!(works.due(), None);
    }

    #[test]
    fn what_ends_between_two_nanoseconds_ends_at_the_later_one() {
        let mut works = Works::new();
        works.slow_down(at(0), 3.43);
        works.begin(at(0), 0, Span::from_nanos(100), 0);
        assert_eq!(works.due(), Some(at(343)), "to the nanosecond");
        works.begin(at(0), 1, Span::from_nanos(101), 1);
        assert!(works.cancel(0));
        assert_eq!(works.due(), Some(at(347)), "346.43");
    }

    #[test]
    fn those_that_end_together_end_in_turn() {
        let mut works = Works::new();
        works.begin(at(0), 1, Span::from_nanos(5), 9);
        works.begin(at(2), 2, Span::from_nanos(3), 4);
        assert_eq!([works.ended(at(5)), works.ended(at(5))], [Some(2), Some(1)]);
    }

    #[test]
    fn the_slowest_and_the_longest_overflow_nothing() {
        let mut works = Works::new();
        works.slow_down(at(0), 1e300);
        works.begin(at(0), 0, Span::MAX, 0);
        works.slow_down(Time::NEVER, f64::INFINITY);
        assert_eq!(works.due(), Some(Time::NEVER));
    }
}
