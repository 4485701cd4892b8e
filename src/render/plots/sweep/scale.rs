//! The values of a measure as an axis or as colours.
//!
//! Owns the choice between a linear and a logarithmic scale, ticks and how a value is written.
//! Must not know which measure.

use crate::kernel::num;
use crate::kernel::time::Span;
use crate::render::plots::axis::{self, Decades, Ticks};
use crate::render::plots::format;
use crate::render::plots::latency::decade_of_time;
use crate::render::units;

/// Values that differ by this factor stand on a logarithmic axis, so that the small ones can be
/// told apart.
const WIDE: f64 = 50.0;
/// Most parts of a linear axis, and most labels of a logarithmic one.
const MOST_PARTS: u64 = 6;
const MOST_LABELS: i32 = 10;
/// Least of a logarithmic axis of lengths: a nanosecond, the smallest there is.
const NANOSECOND: f64 = 1.0;

/// An axis of values.
pub(super) struct Scale {
    low: f64,
    high: f64,
    /// The axis, if it is logarithmic.
    pub(super) decades: Option<Decades>,
    /// Values with their labels.
    pub(super) ticks: Vec<(f64, String)>,
    /// The unit of the labels where they do not say it.
    pub(super) unit: &'static str,
}

impl Scale {
    /// The axis that holds the `means` and `limits`, which are the ends of intervals.
    pub(super) fn of(unit: &str, means: &[f64], limits: &[f64]) -> Scale {
        let all = || means.iter().chain(limits).copied().filter(|value| value.is_finite());
        let (low, high) = (all().fold(0.0, f64::min), all().fold(0.0, f64::max));
        if let Some((least, _)) = wide(unit, means) {
            let decades = Decades::around(least, high, 40);
            let every = (decades.to - decades.from) / MOST_LABELS + 1;
            let label = |power: i32| match unit {
                "ns" => decade_of_time(power),
                _ => written(unit, axis::power_of_ten(power)),
            };
            let powers = decades.powers().filter(|power| (power - decades.from) % every == 0);
            let ticks = powers.map(|power| (axis::power_of_ten(power), label(power))).collect();
            return Scale { low, high, decades: Some(decades), ticks, unit: "" };
        }
        // The ends of intervals may lie below 0 where no value does.
        let negative = means.iter().any(|mean| *mean < 0.0);
        if unit == "ns" && !negative {
            let longest = Span::round_nanos(libm::ceil(high));
            let (unit, Ticks { end, ticks }) = axis::lengths(longest, MOST_PARTS);
            return Scale { low: 0.0, high: end, decades: None, ticks, unit: unit.name };
        }
        let low = if negative { low } else { 0.0 };
        let (from, to, step) = parts(low, high);
        let tick = |number: i64| {
            let value = number as f64 * step;
            (value, written(unit, value))
        };
        let ticks = (from..=to).map(tick).collect();
        let (low, high) = (from as f64 * step, to as f64 * step);
        Scale { low, high, decades: None, ticks, unit: "" }
    }

    /// Where a value is: 0 at the beginning of the axis, 1 at its end; what is outside stands at
    /// the nearer end.
    pub(super) fn place(&self, value: f64) -> f64 {
        match self.decades {
            Some(decades) => decades.place(value),
            None => ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0),
        }
    }
}

/// The least and the greatest of values that want a logarithmic scale, zeros aside.
pub(super) fn wide(unit: &str, values: &[f64]) -> Option<(f64, f64)> {
    let smallest = if unit == "ns" { NANOSECOND } else { f64::MIN_POSITIVE };
    let above = || values.iter().copied().filter(|value| value.is_finite() && *value >= smallest);
    let (least, most) = (above().fold(f64::INFINITY, f64::min), above().fold(0.0, f64::max));
    let positive = values.iter().all(|value| *value >= 0.0);
    (positive && most >= WIDE * least).then_some((least, most))
}

/// The first and the last tick of an axis from `low` to `high`, in steps of 1, 2 or 5 times a power
/// of ten, and the step.
fn parts(low: f64, high: f64) -> (i64, i64, f64) {
    let range = if high > low { high - low } else { 1.0 };
    let high = low.max(0.0) + if high > low { high - low.max(0.0) } else { 1.0 };
    let power = libm::floor(num::log10(range / MOST_PARTS as f64)) as i32;
    let steps = [1.0, 2.0, 5.0, 10.0].map(|multiple| multiple * axis::power_of_ten(power));
    let enough = |step: &f64| range / step <= MOST_PARTS as f64;
    let step = steps.into_iter().find(enough).unwrap_or(range);
    // A value on a tick stays there, whatever the last digit of the division says.
    let from = libm::floor(low / step + 1e-9) as i64;
    (from, libm::ceil(high / step - 1e-9) as i64, step)
}

/// A value for people: three significant digits and its unit.
pub(super) fn written(unit: &str, value: f64) -> String {
    let size = value.abs();
    let text = match unit {
        _ if size == 0.0 && unit != "dollars" => "0".to_owned(),
        "ns" => format::length(size),
        "dollars" => cents(&units::money(size)),
        _ if size >= 0.1 => format::count(size),
        _ if size >= 1e-6 => {
            let digits = (2 - libm::floor(num::log10(size)) as i32).unsigned_abs() as usize;
            format!("{size:.digits$}").trim_end_matches('0').to_owned()
        }
        _ => format!("{size:.1e}"),
    };
    let suffix = if unit == "per second" { "/s" } else { "" };
    let sign = if value < 0.0 { "-" } else { "" };
    format!("{sign}{text}{suffix}")
}

/// `$0.0050` as `$0.005`: no zeros behind what is more exact than cents.
fn cents(text: &str) -> String {
    let least = text.find('.').map_or(text.len(), |point| point + 3);
    let end = text.trim_end_matches('0').len().max(least).min(text.len());
    text[..end].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(unit: &str, means: &[f64]) -> Vec<String> {
        Scale::of(unit, means, &[]).ticks.into_iter().map(|tick| tick.1).collect()
    }

    #[test]
    fn axes_begin_at_zero_and_hold_all() {
        assert_eq!(labels("number", &[0.5, 0.95]), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(labels("number", &[0.0]), ["0", "0.2", "0.4", "0.6", "0.8", "1"]);
        assert_eq!(labels("ns", &[3e9, 12e9]), ["0", "2", "4", "6", "8", "10", "12"]);
        assert_eq!(labels("number", &[-7.0, 12.0]), ["-10", "-5", "0", "5", "10", "15"]);
        assert_eq!(labels("number", &[-7.0, -1.0]), ["-8", "-6", "-4", "-2", "0"]);
        assert_eq!(labels("dollars", &[0.013]), ["$0.00", "$0.005", "$0.01", "$0.015"]);
        let scale = Scale::of("ns", &[1e9, 2e9], &[3.5e9]);
        assert!(scale.place(3.5e9) < 1.0 && scale.place(0.0) <= 0.0 && scale.unit == "s");
    }

    #[test]
    fn a_wide_range_is_logarithmic_and_zeros_stand_below() {
        assert_eq!(labels("ns", &[0.0, 17e6, 2e9]), ["10ms", "100ms", "1s", "10s"]);
        assert_eq!(labels("number", &[0.001, 10.0]), ["0.001", "0.01", "0.1", "1", "10"]);
        let scale = Scale::of("ns", &[0.0, 17e6, 2e9], &[]);
        assert!(scale.place(0.0) <= 0.0 && scale.place(1e10) >= 1.0);
        assert!(wide("number", &[-1.0, 100.0, 1.0]).is_none(), "below 0 there is no logarithm");
        // Thirteen decades do not fit.
        assert_eq!(labels("ns", &[1.0, 1e13])[1], "100ns");
    }

    #[test]
    fn values_are_written_short() {
        let cases = [
            ("ns", 12.34e6, "12.3ms"),
            ("per second", 1_234.0, "1.23k/s"),
            ("number", 0.000_123, "0.000123"),
            ("number", 0.0, "0"),
            ("ns", 0.0, "0"),
            ("number", 2e-9, "2.0e-9"),
            ("number", -0.25, "-0.25"),
            ("dollars", 12.3, "$12.30"),
            ("dollars", 2_000.0, "$2000"),
        ];
        for (unit, value, text) in cases {
            assert_eq!(written(unit, value), text);
        }
    }
}
