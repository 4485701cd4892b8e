//! Queues that do not settle, in an outcome and in an estimate.
//!
//! Owns their serialised form. Must not know when a queue does not settle: `stats::stability` says.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Sample;
use crate::model::scenario::Scenario;
use crate::stats::stability;
use crate::stats::summary::Summary;

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

/// A queue that does not settle in half of the replications or more.
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
    /// Those of one run, by name.
    pub fn all(scenario: &Scenario, found: &[stability::Unstable]) -> Vec<Unstable> {
        let named = |found: &stability::Unstable| Unstable {
            queue: scenario.queues[found.queue].name.clone(),
            load: found.load,
            growth_per_second: found.growth,
        };
        found.iter().map(named).collect()
    }
}

impl EstimatedUnstable {
    /// Every queue that does not settle in at least half of the replications, in the order in
    /// which they are found.
    pub fn all(sample: Sample<'_>) -> Vec<EstimatedUnstable> {
        let runs: Vec<&[Unstable]> =
            sample.iter().map(|outcome| outcome.unstable.as_slice()).collect();
        EstimatedUnstable::over(&runs)
    }

    /// The same from what does not settle in each replication.
    pub fn over(runs: &[&[Unstable]]) -> Vec<EstimatedUnstable> {
        let mut found: Vec<(&str, Vec<&Unstable>)> = Vec::new();
        let mut places: BTreeMap<&str, usize> = BTreeMap::new();
        for one in runs.iter().copied().flatten() {
            let place = *places.entry(&one.queue).or_insert_with(|| {
                found.push((&one.queue, Vec::new()));
                found.len() - 1
            });
            found[place].1.push(one);
        }
        let of =
            |(name, found): (&str, Vec<&Unstable>)| EstimatedUnstable::of(name, &found, runs.len());
        found.into_iter().filter_map(of).collect()
    }

    fn of(name: &str, found: &[&Unstable], runs: usize) -> Option<EstimatedUnstable> {
        let (loads, growths): (Vec<f64>, Vec<f64>) =
            found.iter().map(|found| (found.load, found.growth_per_second)).unzip();
        let growth = Summary::of(&growths);
        is_common(growths.len(), runs).then(|| EstimatedUnstable {
            queue: name.to_owned(),
            load: Summary::of(&loads).mean,
            growth_per_second: growth.mean,
            ci95: growth.interval(),
            found_in: growth.n,
        })
    }
}

/// Whether what was found in so many of all runs is a property of the system, not of chance.
pub fn is_common(found: usize, runs: usize) -> bool {
    found > 0 && found * 2 >= runs
}

/// Why a latency or a level of this queue has no value.
pub(super) fn without_end(queue: &str) -> String {
    format!("no value: `{queue}` grows without end")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_of_the_runs_are_no_chance() {
        let common = |found, runs| is_common(found, runs);
        assert_eq!([common(1, 2), common(2, 4), common(5, 9), common(9, 9)], [true; 4]);
        assert_eq!([common(0, 0), common(0, 5), common(1, 3), common(4, 9)], [false; 4]);
        assert_eq!(without_end("jobs"), "no value: `jobs` grows without end");
    }
}
