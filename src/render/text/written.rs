//! Estimates in the unit of their measure.
//!
//! Owns their written form in the tables of experiments. Must not know which measure.

use crate::outcome::EstimatedMeasure;
use crate::render::units::{self, Scale};

/// In place of an interval that would cover the truth less often than it says.
pub(super) const OPEN: &str = "open";

/// How the values of one column are written.
pub(super) enum Written {
    /// Lengths of time with one unit.
    Length(Scale),
    /// Numbers, with `/s` behind a rate.
    Number(&'static str),
    /// Dollars.
    Money,
}

impl Written {
    /// `unit` as documents name it.
    pub(super) fn of(unit: &str, means: impl Iterator<Item = f64>) -> Written {
        match unit {
            "ns" => Written::Length(Scale::of(means)),
            "per second" => Written::Number("/s"),
            "dollars" => Written::Money,
            _ => Written::Number(""),
        }
    }

    /// A mean alone.
    pub(super) fn mean(&self, mean: f64) -> String {
        match self {
            Written::Length(scale) => scale.write(mean),
            Written::Number(unit) => format!("{}{unit}", units::number(mean)),
            Written::Money => units::money(mean),
        }
    }

    /// `12.3ms ±0.4ms`; no interval for one run or where all runs agree, `open` where too few
    /// messages lie beyond a percentile.
    pub(super) fn estimate(&self, measure: EstimatedMeasure) -> String {
        let mean = self.mean(measure.mean);
        if measure.thin.is_some() {
            return format!("{mean} {OPEN}");
        }
        let half = measure.ci95.map(|[low, high]| (high - low) / 2.0).filter(|half| *half > 0.0);
        let Some(half) = half else { return mean };
        match self {
            Written::Length(scale) => format!("{mean} {}", scale.write_half(half)),
            Written::Number(unit) => {
                let digits = mean.trim_end_matches(unit);
                let decimals = digits.split_once('.').map_or(0, |(_, fraction)| fraction.len());
                format!("{mean} {}", units::half(half, decimals, ""))
            }
            Written::Money => format!("{mean} {}", units::money_half(measure.mean, half)),
        }
    }

    /// A difference, with its sign, in a unit of its own: it may be far smaller than the values.
    pub(super) fn difference(&self, measure: EstimatedMeasure) -> String {
        let half = measure.ci95.map_or(0.0, |[low, high]| (high - low) / 2.0);
        let own = match self {
            Written::Length(_) => Written::Length(Scale::of_one(measure.mean.abs().max(half))),
            Written::Number(unit) => Written::Number(unit),
            Written::Money => Written::Money,
        };
        let sign = if measure.mean < 0.0 { "-" } else { "+" };
        let size = EstimatedMeasure { mean: measure.mean.abs(), ..measure };
        format!("{sign}{}", own.estimate(size))
    }
}
