//! Queues that do not settle, in an outcome and in an estimate.
//!
//! Owns their serialised form. Must not know when a queue does not settle: `stats::stability` says.

use serde::{Deserialize, Serialize};

use super::Sample;
use crate::engine::scenario::Scenario;
use crate::observe::measured::Measured;
use crate::stats::stability::unstable;

/// A queue that does not settle in one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Unstable {
    /// Its name.
    pub queue: String,
    /// Messages that arrive over those that leave: the load, redeliveries and failures included.
    pub load: f64,
    /// Messages per second by which it grows.
    pub growth_per_second: f64,
}

/// A queue that does not settle in most replications.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EstimatedUnstable {
    /// Its name.
    pub queue: String,
    /// Mean over the replications in which it does not settle.
    pub load: f64,
    /// Mean over these replications.
    pub growth_per_second: f64,
    /// 95 % interval of that mean; `None` for fewer than two.
    pub ci95: Option<[f64; 2]>,
    /// In how many replications it does not settle.
    pub found_in: u64,
}

impl Unstable {
    pub(super) fn all(scenario: &Scenario, measured: &Measured) -> Vec<Unstable> {
        let named = |found: crate::stats::stability::Unstable| Unstable {
            queue: scenario.queues[found.queue].name.clone(),
            load: found.load,
            growth_per_second: found.growth,
        };
        unstable(scenario, measured).into_iter().map(named).collect()
    }
}

impl EstimatedUnstable {
    /// Every queue that does not settle in at least half of the replications, in the order in
    /// which they are found.
    pub fn all(sample: Sample<'_>) -> Vec<EstimatedUnstable> {
        let mut names: Vec<&str> = Vec::new();
        for found in sample.iter().flat_map(|outcome| &outcome.unstable) {
            if !names.contains(&found.queue.as_str()) {
                names.push(&found.queue);
            }
        }
        let estimated = names.into_iter().filter_map(|name| EstimatedUnstable::of(name, sample));
        estimated.collect()
    }

    fn of(name: &str, sample: Sample<'_>) -> Option<EstimatedUnstable> {
        let estimate = |number: fn(&Unstable) -> f64| {
            sample.estimate(|outcome| {
                outcome.unstable.iter().find(|found| found.queue == name).map(number)
            })
        };
        let load = estimate(|found| found.load)?.mean;
        let growth = estimate(|found| found.growth_per_second)?;
        (growth.n * 2 >= sample.len() as u64).then(|| EstimatedUnstable {
            queue: name.to_owned(),
            load,
            growth_per_second: growth.mean,
            ci95: growth.half.map(|half| [growth.mean - half, growth.mean + half]),
            found_in: growth.n,
        })
    }
}
