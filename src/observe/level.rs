//! Levels over time, integrated exactly.
//!
//! Owns the integral of a step function, and of an age, over the measured window. Must not know
//! what the level counts.
//!
//! Invariant: areas are whole (level × nanoseconds), so no order of addition can show.

use super::measured::Level;
use crate::kernel::time::{Span, Time};

/// A level that changes at instants and holds in between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meter {
    value: u64,
    /// The sum of all changes, each times its instant. What the level at the end, held from time
    /// zero on, has more than this is the area: a change costs one addition, and no look at when
    /// the last one was.
    moment: i128,
    max: u64,
}

impl Meter {
    pub(super) const ZERO: Meter = Meter { value: 0, moment: 0, max: 0 };

    #[inline]
    pub(super) fn value(&self) -> u64 {
        self.value
    }

    #[inline]
    pub(super) fn add(&mut self, now: Time, by: u64) {
        self.value += by;
        self.moment += moment(now, by);
        self.max = self.max.max(self.value);
    }

    #[inline]
    pub(super) fn sub(&mut self, now: Time, by: u64) {
        self.value -= by;
        self.moment -= moment(now, by);
    }

    pub(super) fn set(&mut self, now: Time, to: u64) {
        if to > self.value {
            self.add(now, to - self.value);
        } else {
            self.sub(now, self.value - to);
        }
    }

    /// Forgets what was before `now`: the measured window begins.
    pub(super) fn begin(&mut self, now: Time) {
        *self = Meter { value: self.value, moment: moment(now, self.value), max: self.value };
    }

    /// The level from the window's beginning to `now`, its end.
    pub(super) fn end(&self, now: Time, over: Span) -> Level {
        let area = (moment(now, self.value) - self.moment).cast_unsigned();
        Level { area, over: over.as_nanos(), max: self.max, last: self.value }
    }
}

/// What a change by `by` at `now` weighs.
#[inline]
fn moment(now: Time, by: u64) -> i128 {
    i128::from(now.as_nanos()) * i128::from(by)
}

/// The age of the oldest of something: grows with time between the instants at which the oldest
/// changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct AgeMeter {
    oldest: Option<Time>,
    since: Time,
    /// Twice the integral of the age: whole, where the integral itself may end in a half.
    doubled: u128,
    max: Span,
}

impl AgeMeter {
    pub(super) const NOTHING: AgeMeter =
        AgeMeter { oldest: None, since: Time::ZERO, doubled: 0, max: Span::ZERO };

    /// The age now.
    #[inline]
    pub(super) fn age(&self, now: Time) -> Span {
        self.oldest.map_or(Span::ZERO, |sent| now.since(sent))
    }

    #[inline]
    pub(super) fn set(&mut self, now: Time, oldest: Option<Time>) {
        if let Some(sent) = self.oldest {
            let (from, to) = (self.since.since(sent), now.since(sent));
            let (from, to) = (u128::from(from.as_nanos()), u128::from(to.as_nanos()));
            self.doubled += (to - from) * (to + from);
            self.max = self.max.max(now.since(sent));
        }
        self.since = now;
        self.oldest = oldest;
    }

    /// Forgets what was before `now`: the measured window begins.
    pub(super) fn begin(&mut self, now: Time) {
        *self = AgeMeter { oldest: self.oldest, since: now, doubled: 0, max: self.age(now) };
    }

    /// The age in nanoseconds from the window's beginning to `now`, its end.
    pub(super) fn end(&mut self, now: Time, over: Span) -> Level {
        self.set(now, self.oldest);
        Level {
            area: self.doubled / 2,
            over: over.as_nanos(),
            max: self.max.as_nanos(),
            last: self.age(now).as_nanos(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::{Draws, Source};

    fn at(nanos: u64) -> Time {
        Time::from_nanos(nanos)
    }

    #[test]
    fn a_level_is_weighted_by_its_time_within_the_window() {
        let mut meter = Meter::ZERO;
        meter.add(at(0), 5);
        meter.begin(at(10));
        meter.add(at(14), 3);
        meter.sub(at(18), 8);
        let level = meter.end(at(20), Span::from_nanos(10));
        assert_eq!((level.area, level.max, level.last), (5 * 4 + 8 * 4, 8, 0));
        assert!((level.mean() - 5.2).abs() < 1e-12);
    }

    /// Most of the area lies before changes that lower the level: the sum of moments is negative.
    #[test]
    fn a_level_may_end_far_below_where_it_was() {
        let mut meter = Meter::ZERO;
        meter.begin(at(0));
        meter.add(at(0), 9);
        meter.sub(at(10), 9);
        let level = meter.end(at(11), Span::from_nanos(11));
        assert_eq!((level.area, level.max, level.last), (90, 9, 0));
    }

    /// Random steps at random instants, some at the same one, against the level times the time that
    /// it holds.
    #[test]
    fn the_moments_of_steps_give_the_area_of_a_level() {
        let mut draws = Draws::new(5);
        let (mut meter, mut now, mut value) = (Meter::ZERO, 0, 0);
        for _ in 0..100 {
            let begun = now;
            meter.begin(at(begun));
            let (mut area, mut max) = (0, value);
            for _ in 0..100 {
                let passed = draws.below(3) * (draws.next_u64() >> 20);
                now += passed;
                area += u128::from(value) * u128::from(passed);
                let by = draws.below(1_000);
                if draws.below(2) == 0 {
                    meter.add(at(now), by);
                    value += by;
                } else {
                    meter.sub(at(now), by.min(value));
                    value -= by.min(value);
                }
                max = max.max(value);
            }
            let level = meter.end(at(now), Span::from_nanos(now - begun));
            assert_eq!((level.area, level.max, level.last), (area, max, value));
        }
    }

    #[test]
    fn an_age_is_a_triangle() {
        let mut meter = AgeMeter::NOTHING;
        meter.set(at(10), Some(at(10)));
        meter.set(at(20), Some(at(16)));
        meter.set(at(26), None);
        let level = meter.end(at(30), Span::from_nanos(30));
        // 0 to 10 over ten, 4 to 10 over six.
        assert_eq!((level.area, level.max, level.last), (50 + 42, 10, 0));
    }
}
