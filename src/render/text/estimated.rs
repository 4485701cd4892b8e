//! A number over the replications, and its written forms.
//!
//! Owns the fold from outcomes to one number. Must not know which number.
//!
//! Invariant: one replication never shows an interval.

use super::table::Cell;
use crate::outcome::{self, Outcome, Sample};
use crate::render::units::{self, Scale};

/// A mean, with half the width of its 95 % interval if there are several replications.
#[derive(Clone, Copy, Debug)]
pub(super) struct Estimated {
    pub(super) mean: f64,
    pub(super) half: Option<f64>,
}

impl Estimated {
    /// Over all replications that have the number; `None` if none has.
    pub(super) fn over(
        outcomes: Sample<'_>,
        number: impl Fn(&Outcome) -> Option<f64>,
    ) -> Option<Estimated> {
        let outcome::Estimated { mean, half, .. } = outcomes.estimate(number)?;
        Some(Estimated { mean, half })
    }

    /// Over all replications, nothing counting as zero.
    pub(super) fn total(outcomes: Sample<'_>, number: impl Fn(&Outcome) -> u64) -> Estimated {
        let all = Estimated::over(outcomes, |outcome| Some(number(outcome) as f64));
        all.unwrap_or(Estimated { mean: 0.0, half: None })
    }

    /// Divided by a constant.
    pub(super) fn per(self, divisor: f64) -> Estimated {
        Estimated { mean: self.mean / divisor, half: self.half.map(|half| half / divisor) }
    }

    /// A cell with this many decimals; an interval of no width is left out.
    pub(super) fn cell(self, decimals: usize) -> Cell {
        let Estimated { mean, half } = self;
        let half = half.filter(|half| *half > 0.0).map(|half| units::half(half, decimals, ""));
        Cell { text: format!("{mean:.decimals$}"), half }
    }

    /// A cell for a length.
    pub(super) fn length_cell(self, scale: Scale) -> Cell {
        let half = self.half.filter(|half| *half > 0.0).map(|half| scale.write_half(half));
        Cell { text: scale.write(self.mean), half }
    }

    /// `0.80 ±0.01`, for a sentence.
    pub(super) fn inline(self, decimals: usize) -> String {
        let Cell { text, half } = self.cell(decimals);
        half.map_or(text.clone(), |half| format!("{text} {half}"))
    }

    /// Whether a prediction lies in the interval; `None` without one.
    pub(super) fn contains(self, value: f64) -> Option<bool> {
        // What is known exactly is compared up to its rounding.
        self.half.map(|half| (value - self.mean).abs() <= half + 1e-9 * value.abs())
    }
}
