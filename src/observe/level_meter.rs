//! Levels over time, integrated exactly.
//!
//! Owns the integral and the maximum of a step function, and of an age, over the measured window
//! and over each window of the series. Must not know what the level counts.
//!
//! Several changes may happen at one instant. A value between two of them lasts no time: it is no
//! level that anybody could see, and no maximum.
//!
//! Invariant: areas are whole (level × nanoseconds), so no order of addition can show.

use super::levels::{Level, WindowLevel};
use crate::kernel::time::{Span, Time};

/// What a level was when a window began, and its maximum since then.
#[derive(Clone, Copy, Debug)]
struct Begun<A> {
    area: A,
    max: u64,
}

/// What is integrated over windows.
pub(super) trait Metered {
    /// Forgets what was before `now`: the measured window begins.
    fn begin(&mut self, now: Time);

    /// The level from the measured window's beginning to `now`, its end.
    fn end(&mut self, now: Time, over: Span) -> Level;

    /// The level over the window of the series that ends at `now`; the next one begins.
    fn close_window(&mut self, now: Time, over: Span) -> WindowLevel;

    /// The level over each of the windows of the series of this length that have ended since it
    /// last changed, the last of them at `now`.
    fn rested(&mut self, now: Time, each: Span) -> WindowLevel {
        // The first begins what the second measures.
        self.close_window(Time::ZERO + (now.since(Time::ZERO) - each), each);
        self.close_window(now, each)
    }

    /// The level at `now`, where a run ends.
    fn last(&self, now: Time) -> u64;
}

/// A level that changes at instants and holds in between.
#[derive(Clone, Copy, Debug)]
pub(super) struct Meter {
    value: u64,
    /// When it last changed, or a window began or ended.
    since: Time,
    /// The sum of all changes, each times its instant. What the level at the end, held from time
    /// zero on, has more than this is the area: a change costs one addition.
    moment: i128,
    /// The highest value that lasted since a window last began or ended.
    peak: u64,
    measured: Begun<i128>,
    window: Begun<i128>,
}

impl Meter {
    pub(super) const ZERO: Meter = Meter {
        value: 0,
        since: Time::ZERO,
        moment: 0,
        peak: 0,
        measured: Begun { area: 0, max: 0 },
        window: Begun { area: 0, max: 0 },
    };

    /// One that has this value at time zero.
    pub(super) fn starting_at(value: u64) -> Meter {
        Meter { value, ..Meter::ZERO }
    }

    #[inline]
    pub(super) fn value(&self) -> u64 {
        self.value
    }

    #[inline]
    pub(super) fn add(&mut self, now: Time, by: u64) {
        self.pass(now);
        self.value += by;
        self.moment += moment(now, by);
    }

    #[inline]
    pub(super) fn sub(&mut self, now: Time, by: u64) {
        self.pass(now);
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

    /// Time comes to `now`: the value has lasted, unless it came to be at this instant.
    #[inline]
    fn pass(&mut self, now: Time) {
        if now > self.since {
            self.peak = self.peak.max(self.value);
            self.since = now;
        }
    }

    /// A window begins or ends.
    fn fold(&mut self, now: Time) {
        self.pass(now);
        self.measured.max = self.measured.max.max(self.peak);
        self.window.max = self.window.max.max(self.peak);
        self.peak = 0;
    }

    /// The area from time zero to `now`.
    fn area(&self, now: Time) -> i128 {
        moment(now, self.value) - self.moment
    }
}

impl Metered for Meter {
    fn begin(&mut self, now: Time) {
        self.fold(now);
        self.measured = Begun { area: self.area(now), max: 0 };
    }

    fn end(&mut self, now: Time, over: Span) -> Level {
        self.fold(now);
        let area = (self.area(now) - self.measured.area).cast_unsigned();
        Level { area, over: over.as_nanos(), max: self.measured.max, last: self.value }
    }

    fn close_window(&mut self, now: Time, over: Span) -> WindowLevel {
        self.fold(now);
        let (begun, area) = (self.window, self.area(now));
        self.window = Begun { area, max: 0 };
        let area = (area - begun.area).cast_unsigned();
        WindowLevel { mean: mean(area, over), max: begun.max, last: self.value }
    }

    fn last(&self, _: Time) -> u64 {
        self.value
    }
}

/// What a change by `by` at `now` weighs.
#[inline]
fn moment(now: Time, by: u64) -> i128 {
    i128::from(now.as_nanos()) * i128::from(by)
}

fn mean(area: u128, over: Span) -> f64 {
    Level { area, over: over.as_nanos(), ..Level::default() }.mean()
}

/// The age of the oldest of something: grows with time between the instants at which the oldest
/// changes.
#[derive(Clone, Copy, Debug)]
pub(super) struct AgeMeter {
    oldest: Option<Time>,
    since: Time,
    /// Twice the integral of the age: whole, where the integral itself may end in a half.
    doubled: u128,
    /// The highest age since a window last began or ended.
    peak: Span,
    measured: Begun<u128>,
    window: Begun<u128>,
}

impl AgeMeter {
    pub(super) const NOTHING: AgeMeter = AgeMeter {
        oldest: None,
        since: Time::ZERO,
        doubled: 0,
        peak: Span::ZERO,
        measured: Begun { area: 0, max: 0 },
        window: Begun { area: 0, max: 0 },
    };

    /// Whether there is nothing that grows older.
    pub(super) fn stands_still(&self) -> bool {
        self.oldest.is_none()
    }

    /// The age now.
    #[inline]
    fn age(&self, now: Time) -> Span {
        self.oldest.map_or(Span::ZERO, |sent| now.since(sent))
    }

    #[inline]
    pub(super) fn set(&mut self, now: Time, oldest: Option<Time>) {
        if now > self.since {
            if let Some(sent) = self.oldest {
                let (from, to) = (self.since.since(sent), now.since(sent));
                self.peak = self.peak.max(to);
                let (from, to) = (u128::from(from.as_nanos()), u128::from(to.as_nanos()));
                self.doubled += (to - from) * (to + from);
            }
            self.since = now;
        }
        self.oldest = oldest;
    }

    /// A window begins or ends.
    fn fold(&mut self, now: Time) {
        self.set(now, self.oldest);
        let peak = self.peak.as_nanos();
        self.measured.max = self.measured.max.max(peak);
        self.window.max = self.window.max.max(peak);
        self.peak = Span::ZERO;
    }
}

impl Metered for AgeMeter {
    fn begin(&mut self, now: Time) {
        self.fold(now);
        self.measured = Begun { area: self.doubled, max: 0 };
    }

    /// In nanoseconds, as all it tells.
    fn end(&mut self, now: Time, over: Span) -> Level {
        self.fold(now);
        Level {
            area: (self.doubled - self.measured.area) / 2,
            over: over.as_nanos(),
            max: self.measured.max,
            last: self.age(now).as_nanos(),
        }
    }

    fn close_window(&mut self, now: Time, over: Span) -> WindowLevel {
        self.fold(now);
        let begun = self.window;
        self.window = Begun { area: self.doubled, max: 0 };
        let mean = mean(self.doubled - begun.area, over) / 2.0;
        WindowLevel { mean, max: begun.max, last: self.age(now).as_nanos() }
    }

    fn last(&self, now: Time) -> u64 {
        self.age(now).as_nanos()
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
            let (mut area, mut max) = (0, 0);
            for _ in 0..100 {
                let passed = draws.below(3) * (draws.next_u64() >> 20);
                now += passed;
                area += u128::from(value) * u128::from(passed);
                max = if passed > 0 { max.max(value) } else { max };
                let by = draws.below(1_000);
                if draws.below(2) == 0 {
                    meter.add(at(now), by);
                    value += by;
                } else {
                    meter.sub(at(now), by.min(value));
                    value -= by.min(value);
                }
            }
            let level = meter.end(at(now), Span::from_nanos(now - begun));
            assert_eq!((level.area, level.max, level.last), (area, max, value));
        }
    }

    /// At 10 a batch of ten comes and goes at once, at 20 one comes and lasts.
    #[test]
    fn a_value_that_lasts_no_time_is_no_maximum() {
        let mut meter = Meter::ZERO;
        meter.begin(at(0));
        meter.add(at(10), 10);
        meter.sub(at(10), 10);
        meter.add(at(20), 1);
        meter.add(at(21), 7);
        meter.sub(at(21), 8);
        let level = meter.end(at(30), Span::from_nanos(30));
        assert_eq!((level.area, level.max, level.last), (1, 1, 0));
    }

    /// What begins at the end of a window lasts in the next one only, what ends at its beginning
    /// lasted in the one before.
    #[test]
    fn a_maximum_belongs_to_the_windows_in_which_it_lasts() {
        let mut meter = Meter::ZERO;
        meter.add(at(0), 3);
        meter.add(at(10), 4);
        let over = Span::from_nanos(10);
        let first = meter.close_window(at(10), over);
        meter.begin(at(10));
        meter.sub(at(15), 6);
        let second = meter.close_window(at(20), over);
        meter.add(at(20), 8);
        let measured = meter.end(at(20), over);
        meter.sub(at(20), 9);
        let third = meter.close_window(at(30), over);
        assert_eq!(first, WindowLevel { mean: 3.0, max: 3, last: 7 });
        assert_eq!(second, WindowLevel { mean: 4.0, max: 7, last: 1 });
        assert_eq!((measured.area, measured.max), (7 * 5 + 5, 7));
        assert_eq!(third, WindowLevel { mean: 0.0, max: 0, last: 0 });
        let empty = meter.close_window(at(30), Span::ZERO);
        assert_eq!(empty, WindowLevel { mean: 0.0, max: 0, last: 0 }, "a window of no length");
    }

    /// A message of 40 is back and taken again at once: its age lasts no time.
    #[test]
    fn an_age_that_lasts_no_time_is_no_maximum() {
        let mut meter = AgeMeter::NOTHING;
        meter.begin(at(40));
        meter.set(at(50), Some(at(10)));
        meter.set(at(50), Some(at(45)));
        let window = meter.close_window(at(55), Span::from_nanos(15));
        meter.set(at(58), None);
        let level = meter.end(at(60), Span::from_nanos(20));
        // 5 to 10 over five, 37.5, then 10 to 13 over three, 34.5.
        assert_eq!((level.area, level.max, level.last), (72, 13, 0));
        assert_eq!(window, WindowLevel { mean: 37.5 / 15.0, max: 10, last: 10 });
        let window = meter.close_window(at(60), Span::from_nanos(5));
        assert_eq!(window, WindowLevel { mean: 34.5 / 5.0, max: 13, last: 0 });
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
