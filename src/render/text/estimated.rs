//! A number over the replications, and its written forms.
//!
//! Owns the fold from outcomes to one number. Must not know which number.
//!
//! Invariant: one replication never shows an interval.

use super::table::Cell;
use super::written::OPEN;
use crate::observe::measured::LatencyOf;
use crate::outcome::{self, Outcome, Sample, Thin};
use crate::render::units::{self, Scale};
use crate::stats::expect::Take;

/// A mean, with half the width of its 95 % interval if there are several replications.
#[derive(Clone, Copy, Debug)]
pub(super) struct Estimated {
    pub(super) mean: f64,
    pub(super) half: Option<f64>,
    /// Why there is no interval, where that is for lack of messages beyond a percentile.
    pub(super) thin: Option<Thin>,
}

impl From<outcome::Estimated> for Estimated {
    fn from(outcome::Estimated { mean, half, thin, .. }: outcome::Estimated) -> Estimated {
        Estimated { mean, half, thin }
    }
}

impl Estimated {
    /// Over all replications that have the number; `None` if none has.
    pub(super) fn over(
        outcomes: Sample<'_>,
        number: impl Fn(&Outcome) -> Option<f64>,
    ) -> Option<Estimated> {
        outcomes.estimate(number).map(Estimated::from)
    }

    /// A latency over the messages of all replications together.
    pub(super) fn latency(
        outcomes: Sample<'_>,
        queue: usize,
        of: LatencyOf,
        take: Take,
    ) -> Option<Estimated> {
        outcomes.latency(queue, of, take).map(Estimated::from)
    }

    /// Over all replications, nothing counting as zero.
    pub(super) fn total(outcomes: Sample<'_>, number: impl Fn(&Outcome) -> u64) -> Estimated {
        let all = Estimated::over(outcomes, |outcome| Some(number(outcome) as f64));
        all.unwrap_or(Estimated { mean: 0.0, half: None, thin: None })
    }

    /// The same of a number at one instant: the end of a part is no sample of the end of the run.
    pub(super) fn at_an_instant(
        outcomes: Sample<'_>,
        number: impl Fn(&Outcome) -> u64,
    ) -> Estimated {
        let told = Estimated::total(outcomes, number);
        Estimated { half: told.half.filter(|_| outcomes.batches().is_none()), ..told }
    }

    /// Sums that are divided by each other over all replications.
    pub(super) fn ratio(
        outcomes: Sample<'_>,
        of: impl Fn(&Outcome) -> Option<(f64, f64)>,
    ) -> Option<Estimated> {
        outcomes.ratio(of).map(Estimated::from)
    }

    /// Divided by a constant.
    pub(super) fn per(self, divisor: f64) -> Estimated {
        let half = self.half.map(|half| half / divisor);
        Estimated { mean: self.mean / divisor, half, ..self }
    }

    /// A cell with this many decimals; an interval of no width is left out.
    pub(super) fn cell(self, decimals: usize) -> Cell {
        let Estimated { mean, half, .. } = self;
        let half = half.filter(|half| *half > 0.0).map(|half| units::half(half, decimals, ""));
        Cell { text: format!("{mean:.decimals$}"), half }
    }

    /// A cell for a length; `open` in place of an interval that would not cover what it says.
    pub(super) fn length_cell(self, scale: Scale) -> Cell {
        let half = self.half.filter(|half| *half > 0.0).map(|half| scale.write_half(half));
        let open = self.thin.map(|_| OPEN.to_owned());
        Cell { text: scale.write(self.mean), half: open.or(half) }
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
