//! What an answer rests on: replications, or one run and its parts.
//!
//! Owns how a number is estimated from them. Must not know which number.
//!
//! Invariant: outcomes are folded in their order.

use std::ops::Deref;

use super::{Outcome, Thin};
use crate::observe::measured::LatencyOf;
use crate::stats::batch_means;
use crate::stats::expect::Take;
use crate::stats::pool::{Pooled, Reading, Runs, Sampled};
use crate::stats::summary::Summary;

/// Outcomes of one scenario, and how they vary. As a slice it is what is told: all replications, or
/// the one whole run.
#[derive(Clone, Copy, Debug)]
pub struct Sample<'a> {
    told: &'a [Outcome],
    /// The parts of the one run; `None` for replications.
    batches: Option<&'a [Outcome]>,
}

/// A number over a sample.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Estimated {
    /// Mean over the replications, or the number in the whole run.
    pub mean: f64,
    /// Half the width of its 95 % interval; `None` for one replication without parts.
    pub half: Option<f64>,
    /// Replications that have the number; the whole run is one.
    pub n: u64,
    /// Why there is no interval, where that is for lack of messages beyond a percentile.
    pub thin: Option<Thin>,
}

impl<'a> Sample<'a> {
    /// Independent replications, in their order.
    pub fn of_replications(outcomes: &'a [Outcome]) -> Sample<'a> {
        Sample { told: outcomes, batches: None }
    }

    /// One run and the parts of its measured window, in their order.
    pub fn of_batches(whole: &'a Outcome, parts: &'a [Outcome]) -> Sample<'a> {
        Sample { told: std::slice::from_ref(whole), batches: Some(parts) }
    }

    /// The parts of the one run; `None` for replications.
    pub fn batches(&self) -> Option<&'a [Outcome]> {
        self.batches
    }

    /// A latency of a queue: its mean, or a percentile, over the messages of all runs together.
    pub fn latency(&self, queue: usize, of: LatencyOf, take: Take) -> Option<Estimated> {
        self.pooled(|outcome| outcome.merges.latency(queue, of)?.reading(take))
    }

    /// Sums that are divided by each other over all runs: a mean of messages, a share of a time.
    pub fn ratio(&self, of: impl Fn(&Outcome) -> Option<(f64, f64)>) -> Option<Estimated> {
        self.pooled(|outcome| of(outcome).map(|(sum, over)| Reading::Ratio { sum, over }))
    }

    /// The busy share of the threads of a fleet that are up.
    pub fn busy(&self, fleet: usize) -> Option<Estimated> {
        self.ratio(|outcome| {
            let fleet = outcome.consumers.at(fleet)?;
            // A run with more workers has a larger share; of a fleet that stays all have the same.
            let workers = fleet.size.map_or(1.0, |_| fleet.worker_ns as f64);
            let up = (1.0 - fleet.thread_time.down) * workers;
            Some((fleet.busy * up, up))
        })
    }

    /// The share of the places within a function's limit that were taken.
    pub fn places_taken(&self, function: usize) -> Option<Estimated> {
        self.ratio(|outcome| {
            let function = outcome.functions.at(function)?;
            Some((function.busy * function.limit.mean, function.limit.mean))
        })
    }

    /// Messages of an invocation of a function.
    pub fn batch_size(&self, function: usize) -> Option<Estimated> {
        self.ratio(|outcome| {
            let function = outcome.functions.at(function)?;
            Some((function.messages as f64, function.invocations as f64))
        })
    }

    /// Nanoseconds that a call of a downstream waited before its work began.
    pub fn wait_of_call(&self, downstream: usize) -> Option<Estimated> {
        self.ratio(|outcome| {
            let downstream = outcome.downstream.at(downstream)?;
            let begun = downstream.begun as f64;
            Some((downstream.waited_ns.mean as f64 * begun, begun))
        })
    }

    /// Dollars of a million messages.
    pub fn per_million(&self) -> Option<Estimated> {
        self.pooled(|outcome| outcome.merges.per_million().cloned())
    }

    /// Dollars of the window, which no sum of its parts need be: a month has tiers.
    pub fn dollars(&self) -> Option<Estimated> {
        self.pooled(|outcome| Some(Reading::Count(outcome.cost.as_ref()?.dollars)))
    }

    /// What merges over runs. A run without a value has a share in its error all the same: that it
    /// had no message is a finding, too.
    fn pooled(&self, reading: impl Fn(&Outcome) -> Option<Reading>) -> Option<Estimated> {
        let readings = |of: &[Outcome]| of.iter().filter_map(&reading).collect::<Vec<Reading>>();
        let told = readings(self.told);
        let with_value = told.iter().filter(|reading| reading.value().is_some()).count();
        let value = sampled(&told, Runs::Replications)?;
        let spread = match self.batches {
            None => Some(value.clone()),
            Some(parts) => sampled(&readings(parts), Runs::Parts),
        };
        Some(Estimated {
            mean: value.value,
            half: spread.as_ref().and_then(|spread| spread.half_width_at(0.95)),
            n: with_value as u64,
            thin: spread.as_ref().and_then(Thin::of),
        })
    }

    /// A number, over all that have it; `None` if none has, or the whole run has not. Without an
    /// interval where a part of the run has not.
    pub fn estimate(&self, number: impl Fn(&Outcome) -> Option<f64>) -> Option<Estimated> {
        let values = self.told.iter().filter_map(&number).collect::<Vec<f64>>();
        let of_parts = |parts: &[Outcome]| parts.iter().map(&number).collect::<Option<Vec<f64>>>();
        let parts = self.batches.map(|parts| of_parts(parts).unwrap_or_default());
        Sample::of_numbers(&values, parts)
    }

    /// The same from its values: in what is told, and in each part; no values if a part has none.
    pub(super) fn of_numbers(told: &[f64], parts: Option<Vec<f64>>) -> Option<Estimated> {
        let summary = Summary::of(told);
        let Summary { n, mean, .. } = summary;
        let half = match parts {
            None => summary.half_width(),
            Some(parts) => batch_means::half_width(mean, &parts, 0.95),
        };
        (n > 0).then_some(Estimated { mean, half, n, thin: None })
    }
}

/// One measure over several runs.
fn sampled(readings: &[Reading], runs: Runs) -> Option<Sampled> {
    let pooled = Pooled::of(&readings.iter().collect::<Vec<_>>(), runs)?;
    match pooled.own {
        Some(own) => Sampled::of_own(own),
        None => Sampled::of(pooled.all, &pooled.without, pooled.beyond),
    }
}

impl Deref for Sample<'_> {
    type Target = [Outcome];

    fn deref(&self) -> &[Outcome] {
        self.told
    }
}
