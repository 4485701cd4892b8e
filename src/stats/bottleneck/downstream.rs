//! Whether what consumers lean on limited a run.
//!
//! Owns the rule and its thresholds. Must not know how it is said.

use std::ops::Range;

use super::{BUSY, Bottleneck, Finding, worst};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::model::clients::FleetConfig;
use crate::model::downstream::DownstreamBound;
use crate::model::scenario::{Named, Scenario};
use crate::observe::measured::{DownstreamMeasured, DownstreamWindow, Measured};
use crate::observe::series::Series;

/// Share of a fleet's time from which on its threads are mostly on a downstream.
const MOSTLY: f64 = 0.5;

/// The downstream that has no more to give and takes most of a fleet's time.
pub(super) fn saturated(scenario: &Scenario, measured: &Measured) -> Option<Bottleneck> {
    let fleets = scenario.fleets.iter().zip(&measured.fleets);
    let found = fleets.filter_map(|(fleet, of)| {
        let at = fleet.config.calls.as_ref()?.to.0 as usize;
        let downstream = measured.downstreams.get(at)?;
        let exhausted = Usage::of(downstream).exhausted(downstream.bound)?;
        let share = if of.up.area > 0 { of.leaning.area as f64 / of.up.area as f64 } else { 0.0 };
        Some((share, (at, exhausted)))
    });
    told(scenario, found)
}

/// The same of the fleets of a queue in a stretch of the run. What takes their threads' time is
/// read from the calls there: of each, one thread of all callers waits.
pub(super) fn saturated_in(
    scenario: &Scenario,
    measured: &Measured,
    queue: QueueId,
    stretch: (Time, Time),
) -> Option<Bottleneck> {
    let windows = scenario.windows_of(stretch);
    let called = |fleet: &Named<FleetConfig>| Some(fleet.config.calls.as_ref()?.to.0 as usize);
    let own = scenario.fleets.iter().filter(|fleet| fleet.config.receives_from(queue));
    let found = own.filter_map(called).filter_map(|at| {
        let downstream = measured.downstreams.get(at)?;
        let use_there = Usage::within(downstream, windows.clone(), scenario.window)?;
        let callers = scenario.fleets.iter().zip(&measured.fleets);
        let callers = callers.filter(|(fleet, _)| called(fleet) == Some(at));
        let up = callers.map(|(_, fleet)| mean(&fleet.series, windows.clone(), |it| it.up.mean));
        let (up, calls) = (up.sum::<f64>(), use_there.in_use + use_there.waiting);
        let share = if up > 0.0 { (calls / up).min(1.0) } else { 0.0 };
        Some((share, (at, use_there.exhausted(downstream.bound)?)))
    });
    let found = told(scenario, found)?;
    Some(Bottleneck { stretch: Some(stretch), ..found })
}

/// The one that takes most of its callers' time, with the figures that say so.
fn told(
    scenario: &Scenario,
    found: impl Iterator<Item = (f64, (usize, (Finding, f64, f64)))>,
) -> Option<Bottleneck> {
    let (share, (at, (kind, second, third))) = worst(found, MOSTLY)?;
    let name = scenario.downstreams.get(at)?.name.as_str();
    Some(Bottleneck::of(kind, name, &[share, second, third]))
}

/// How a downstream was used.
#[derive(Clone, Copy, Debug)]
struct Usage {
    /// Calls that were worked on, on average.
    in_use: f64,
    /// Calls that waited, on average.
    waiting: f64,
    /// What it did against what it can do; `None` where nothing bounds it.
    share: Option<f64>,
}

impl Usage {
    /// Over the measured window.
    fn of(of: &DownstreamMeasured) -> Usage {
        Usage { in_use: of.in_use.mean(), waiting: of.waiting.mean(), share: of.utilisation() }
    }

    /// Over these windows of this length each.
    fn within(of: &DownstreamMeasured, windows: Range<usize>, each: Span) -> Option<Usage> {
        let seconds = each.as_secs_f64() * windows.len() as f64;
        if seconds <= 0.0 {
            return None;
        }
        let level =
            |of_window: fn(&DownstreamWindow) -> f64| mean(&of.series, windows.clone(), of_window);
        let (in_use, waiting) = (level(|it| it.in_use.mean), level(|it| it.waiting.mean));
        let begun = level(|it| it.begun as f64) / each.as_secs_f64();
        Some(Usage { in_use, waiting, share: of.bound.used(in_use, begun) })
    }

    /// Whether it has no more to give, with the figures that say so.
    fn exhausted(self, bound: DownstreamBound) -> Option<(Finding, f64, f64)> {
        if let Some(best) = bound.peak() {
            return (self.in_use > best).then_some((Finding::Crowded, self.in_use, best));
        }
        let used = self.share.filter(|&used| used >= BUSY)?;
        Some((Finding::Saturated, used, self.waiting))
    }
}

/// The mean over windows of a series.
fn mean<W: PartialEq>(series: &Series<W>, windows: Range<usize>, of: fn(&W) -> f64) -> f64 {
    let values = windows.clone().filter_map(|at| series.get(at)).map(of);
    values.sum::<f64>() / windows.len().max(1) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::measured::{FleetWindow, Level, WindowLevel};
    use crate::scenario::file::ScenarioFile;
    use crate::stats::fixture;

    fn level(mean: u128) -> Level {
        Level { area: mean * 10, over: 10, ..Level::default() }
    }

    fn of(bound: DownstreamBound, in_use: u128) -> Option<(Finding, f64, f64)> {
        let (waiting, in_use) = (level(7), level(in_use));
        let measured = DownstreamMeasured { waiting, in_use, ..DownstreamMeasured::new(bound) };
        Usage::of(&measured).exhausted(bound)
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

    /// Two windows of ten seconds: in the first ten of ten connections are in use and thirty calls
    /// wait, of fifty threads; in the second two are in use.
    #[test]
    fn a_pool_may_have_no_more_to_give_in_a_stretch_alone() {
        let window = |waiting, in_use| DownstreamWindow {
            waiting: WindowLevel::steady(waiting),
            in_use: WindowLevel::steady(in_use),
            ..DownstreamWindow::default()
        };
        let file: ScenarioFile = r#"(
            duration: "20s",
            window: "10s",
            queues: {"orders": (), "others": ()},
            consumers: {"workers": (queue: "orders", count: 50, calls: (to: "db"),
                                    processing: Constant("0s"))},
            downstream: {"db": Pool(connections: 10, work: Constant("1s"))},
        )"#
        .parse()
        .expect("it parses");
        let scenario = file.check().expect("it is in range").scenario;
        let mut measured = fixture::measured(0);
        let mut db = DownstreamMeasured::new(scenario.downstreams[0].config.bound);
        db.series = [window(30, 10), window(0, 2)].into_iter().collect();
        measured.downstreams = vec![db];
        let up = FleetWindow { up: WindowLevel::steady(50), ..FleetWindow::default() };
        measured.fleets[0].series = [up, up].into_iter().collect();
        let of = |queue, from, to| {
            let at = |secs| Time::ZERO + Span::from_secs(secs);
            saturated_in(&scenario, &measured, QueueId(queue), (at(from), at(to)))
        };
        let found = of(0, 0, 10).expect("all are in use");
        assert_eq!((found.kind, found.of.as_str()), (Finding::Saturated, "db"));
        // 40 of 50 threads.
        assert_eq!(found.figures, [0.8, 1.0, 30.0]);
        assert!(of(0, 0, 20).is_none(), "six of ten on average");
        assert!(of(1, 0, 10).is_none(), "nobody who receives from it calls");
    }
}
