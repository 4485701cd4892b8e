//! Whether what consumers lean on limited a run.
//!
//! Owns the rule and its thresholds. Must not know how it is said.

use super::{BUSY, Bottleneck, Finding, worst};
use crate::kernel::num;
use crate::model::downstream::DownstreamBound;
use crate::model::scenario::Scenario;
use crate::observe::measured::{DownstreamMeasured, Measured};

/// Share of a fleet's time from which on its threads are mostly on a downstream.
const MOSTLY: f64 = 0.5;

/// The downstream that has no more to give and takes most of a fleet's time.
pub(super) fn saturated(scenario: &Scenario, measured: &Measured) -> Option<Bottleneck> {
    let fleets = scenario.fleets.iter().zip(&measured.fleets);
    let found = fleets.filter_map(|(fleet, of)| {
        let at = fleet.config.calls.as_ref()?.to.0 as usize;
        let (kind, second, third) = exhausted(measured.downstreams.get(at)?)?;
        let share = if of.up.area > 0 { of.leaning.area as f64 / of.up.area as f64 } else { 0.0 };
        let name = scenario.downstreams.get(at)?.name.as_str();
        Some((share, (kind, name, [share, second, third])))
    });
    let (_, (kind, name, figures)) = worst(found, MOSTLY)?;
    Some(Bottleneck::of(kind, name, &figures))
}

/// Whether it has no more to give, with the figures that say so.
fn exhausted(of: &DownstreamMeasured) -> Option<(Finding, f64, f64)> {
    let calls = of.in_use.mean();
    match of.bound {
        DownstreamBound::Pool { .. } | DownstreamBound::Limiter { .. } => {
            let used = of.utilisation().filter(|&used| used >= BUSY)?;
            Some((Finding::Saturated, used, of.waiting.mean()))
        }
        // The law's peak; without a cost of pairs there is none.
        DownstreamBound::Scalability { contention, coherency } => {
            let best = num::sqrt((1.0 - contention).max(0.0) / coherency).max(1.0);
            (calls > best).then_some((Finding::Crowded, calls, best))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::measured::Level;

    fn level(mean: u128) -> Level {
        Level { area: mean * 10, over: 10, ..Level::default() }
    }

    fn of(bound: DownstreamBound, in_use: u128) -> Option<(Finding, f64, f64)> {
        let (waiting, in_use) = (level(7), level(in_use));
        exhausted(&DownstreamMeasured { waiting, in_use, ..DownstreamMeasured::new(bound) })
    }

    #[test]
    fn a_pool_has_no_more_to_give_when_its_connections_are_in_use() {
        let pool = DownstreamBound::Pool { connections: 100 };
        assert_eq!(of(pool, 94), None);
        assert_eq!(of(pool, 95), Some((Finding::Saturated, 0.95, 7.0)));
    }

    /// The peak for a = 0.05 and b = 0.001 is at 30.82 calls.
    #[test]
    fn calls_that_slow_each_other_down_are_too_many_beyond_the_peak() {
        let shard = DownstreamBound::Scalability { contention: 0.05, coherency: 0.001 };
        assert_eq!(of(shard, 30), None);
        let (kind, calls, best) = of(shard, 31).expect("beyond it");
        assert_eq!((kind, calls), (Finding::Crowded, 31.0));
        assert!((best - 30.8221).abs() < 1e-4, "{best}");
        let no_pairs = DownstreamBound::Scalability { contention: 0.05, coherency: 0.0 };
        assert_eq!(of(no_pairs, 1_000_000), None);
    }
}
