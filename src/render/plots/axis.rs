//! Axes: round ticks and their labels.
//!
//! Owns the choice of ticks for counts, times and logarithms. Must not know what is drawn between
//! them. An axis of counts begins at 0 and ends at a tick at or above the largest value, so nothing
//! is cut off.

use super::format;
use crate::kernel::num;
use crate::kernel::time::{Span, Time};

/// Ticks of an axis from 0.
pub(super) struct Ticks {
    /// Where the axis ends, in the axis's own unit.
    pub(super) end: f64,
    /// Position in that unit, and label.
    pub(super) ticks: Vec<(f64, String)>,
}

/// A unit of an axis of time.
#[derive(Clone, Copy)]
pub(super) struct TimeUnit {
    /// Its length in nanoseconds.
    nanos: u64,
    /// Its name, for the axis title.
    pub(super) name: &'static str,
}

const NANOSECOND: TimeUnit = TimeUnit { nanos: 1, name: "ns" };
const MICROSECOND: TimeUnit = TimeUnit { nanos: 1_000, name: "us" };
const MILLISECOND: TimeUnit = TimeUnit { nanos: 1_000_000, name: "ms" };
const SECOND: TimeUnit = TimeUnit { nanos: 1_000_000_000, name: "s" };
const MINUTE: TimeUnit = TimeUnit { nanos: 60_000_000_000, name: "min" };
const HOUR: TimeUnit = TimeUnit { nanos: 3_600_000_000_000, name: "h" };
const DAY: TimeUnit = TimeUnit { nanos: 86_400_000_000_000, name: "days" };

/// Steps that people divide each unit into.
const TIME_STEPS: [(TimeUnit, &[u64]); 7] = [
    (NANOSECOND, &[1, 2, 5, 10, 20, 50, 100, 200, 500]),
    (MICROSECOND, &[1, 2, 5, 10, 20, 50, 100, 200, 500]),
    (MILLISECOND, &[1, 2, 5, 10, 20, 50, 100, 200, 500]),
    (SECOND, &[1, 2, 5, 10, 15, 30]),
    (MINUTE, &[1, 2, 5, 10, 15, 30]),
    (HOUR, &[1, 2, 3, 6, 12]),
    (DAY, &[1, 2, 5, 7, 14, 28, 70, 140, 365, 730, 3_650, 36_500]),
];

/// The finest human step that divides `nanos` into at most `most` parts.
fn time_step(nanos: u64, most: u64) -> (TimeUnit, u64) {
    for (unit, steps) in TIME_STEPS {
        for step in steps {
            if nanos.div_ceil(unit.nanos * step) <= most {
                return (unit, *step);
            }
        }
    }
    (DAY, 100_000)
}

/// Ticks of a time axis from 0 to `end`, which need not be a tick: positions in nanoseconds.
pub(super) fn time(end: Time) -> (TimeUnit, Vec<(Time, String)>) {
    let (unit, step) = time_step(end.as_nanos(), 10);
    let ticks = (0..=end.as_nanos() / (unit.nanos * step))
        .map(|number| (Time::from_nanos(number * step * unit.nanos), (number * step).to_string()))
        .collect();
    (unit, ticks)
}

/// Ticks of an axis of lengths from 0 to at least `longest`: positions in nanoseconds.
pub(super) fn lengths(longest: Span, most: u64) -> (TimeUnit, Ticks) {
    let nanos = if longest.is_zero() { SECOND.nanos } else { longest.as_nanos() };
    let (unit, step) = time_step(nanos, most);
    let parts = nanos.div_ceil(unit.nanos * step);
    let position = |number: u64| number.saturating_mul(step * unit.nanos) as f64;
    let ticks = (0..=parts).map(|number| (position(number), (number * step).to_string())).collect();
    (unit, Ticks { end: position(parts), ticks })
}

/// Ticks of an axis of counts or rates from 0 to at least `largest`: steps of 1, 2 or 5 times a
/// power of ten, whole ones for counts.
pub(super) fn counts(largest: f64, most: u64, whole: bool) -> Ticks {
    let largest = if largest > 0.0 { largest } else { 1.0 };
    let mut step = if whole { 1.0 } else { 0.001 };
    // 1, 2, 5, 10, 20, 50, …
    for multiple in [2.0, 2.5, 2.0].into_iter().cycle().take(60) {
        if largest <= step * most as f64 {
            break;
        }
        step *= multiple;
    }
    let parts = (1..most).find(|parts| largest <= *parts as f64 * step).unwrap_or(most);
    let ticks =
        (0..=parts).map(|tick| (tick as f64 * step, format::count(tick as f64 * step))).collect();
    Ticks { end: parts as f64 * step, ticks }
}

/// A logarithmic axis over whole decades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decades {
    /// The axis begins at 10 to this power.
    pub(super) from: i32,
    /// And ends at 10 to this power.
    pub(super) to: i32,
}

impl Decades {
    /// The decades that hold everything from `least` (above 0) to `most`, at most `widest` of them,
    /// counted from above.
    pub(super) fn around(least: f64, most: f64, widest: i32) -> Decades {
        let to = libm::ceil(num::log10(most)) as i32;
        let from = (libm::floor(num::log10(least)) as i32).max(to - widest);
        Decades { from, to: to.max(from + 1) }
    }

    /// The place of a value on the axis: 0 at its beginning, 1 at its end, values outside moved to
    /// the nearer one.
    pub(super) fn place(self, value: f64) -> f64 {
        let power = num::log10(value.max(1e-300));
        ((power - f64::from(self.from)) / f64::from(self.to - self.from)).clamp(0.0, 1.0)
    }

    /// The powers of ten of the axis.
    pub(super) fn powers(self) -> impl Iterator<Item = i32> {
        self.from..=self.to
    }
}

/// Ten to a whole power.
pub(super) fn power_of_ten(power: i32) -> f64 {
    num::pow(10.0, f64::from(power))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_get_round_steps_that_reach_the_largest() {
        let cases = [
            (0.0, true, 1.0, 1.0),
            (3.0, true, 3.0, 1.0),
            (7.0, true, 8.0, 2.0),
            (11_900.0, true, 15_000.0, 5_000.0),
            (1.0, false, 1.0, 0.2),
            (0.013, false, 0.015, 0.005),
        ];
        for (largest, whole, end, step) in cases {
            let axis = counts(largest, 5, whole);
            assert!((axis.end - end).abs() < 1e-9, "{largest}: {}", axis.end);
            assert!((axis.ticks[1].0 - step).abs() < 1e-9, "{largest}: {}", axis.ticks[1].0);
            assert!(axis.ticks[0].0 < 1e-12 && axis.end >= largest);
        }
    }

    #[test]
    fn times_get_the_steps_of_a_clock() {
        let cases = [
            (Span::from_secs(10), "s", "1"),
            (Span::from_secs(100), "s", "10"),
            (Span::from_secs(1_500), "min", "5"),
            (Span::from_secs(86_400), "h", "3"),
            (Span::from_secs(14 * 86_400), "days", "2"),
            (Span::from_millis(40), "ms", "5"),
        ];
        for (end, unit, first) in cases {
            let (got, ticks) = time(Time::ZERO + end);
            assert_eq!((got.name, ticks[1].1.as_str()), (unit, first), "{end}");
        }
    }

    #[test]
    fn an_axis_of_lengths_reaches_the_longest_of_all() {
        for longest in [Span::ZERO, Span::from_nanos(7), Span::from_secs(1_209_600), Span::MAX] {
            let (_, axis) = lengths(longest.min(Span::from_secs(9_000_000_000)), 4);
            assert!(axis.end >= longest.as_nanos().min(9_000_000_000_000_000_000) as f64);
        }
    }

    #[test]
    fn decades_hold_their_values() {
        let decades = Decades::around(17e6, 551e6, 7);
        assert_eq!(decades, Decades { from: 7, to: 9 });
        assert!((decades.place(1e8) - 0.5).abs() < 1e-12);
        assert!(decades.place(0.0) < 1e-12 && decades.place(1e12) > 1.0 - 1e-12);
        assert_eq!(Decades::around(1.0, 1e9, 7), Decades { from: 2, to: 9 });
    }
}
