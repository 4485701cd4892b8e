//! Whether runs are too short for what they say of the steady state.
//!
//! Owns the bias of a run that begins empty. Must not know whether a closed form knows the target.
//!
//! A run from empty sees too few waiting messages, and so does the mean of any number of such runs:
//! replications make an interval narrow around a value that is too low. How much too low is known
//! for M/M/1, where the deficit of the waiting time over all time is 1/((1 - load)² μ) of its mean;
//! and for reflected Brownian motion, which other queues come near to under load: (ca² + cs²) / 2
//! times that (J. Abate and W. Whitt, "Transient behavior of regulated Brownian motion, I", Adv.
//! Appl. Prob. 19, 1987). A warm-up leaves out what falls into it; the rest decays with four times
//! that length (their relaxation time).
//!
//! It is asked of arrivals that do not change over time: a day with a rush has no steady state.

use super::alike::busy;
use super::trial::Trial;
use crate::kernel::num;
use crate::ledger::config::QueueId;
use crate::model::clients::{ArrivalProcess, FleetConfig, WorkUnit};
use crate::model::scenario::Scenario;
use crate::observe::nature::Growth;
use crate::stats::expect::{Comparison, Expectation, Names};

/// A target is met for sure if it is met by a value that is so many times the bias higher: the
/// formula is that of means, and percentiles come late.
const SAFETY: f64 = 2.0;

/// The load at which a target that seems to be met may yet be missed: too little of its value is
/// seen; `None` where the runs are long enough.
pub(super) fn too_short(trial: &Trial, from: usize, targets: &[Expectation]) -> Option<f64> {
    let scenario = &trial.point.scenario;
    let names = Names::of(scenario);
    targets.iter().enumerate().find_map(|(at, target)| {
        let less = matches!(target.comparison(), Comparison::Less | Comparison::LessOrEqual);
        let single =
            target.quantity().single(&names).filter(|single| single.growth == Growth::Grows);
        if !less || (single.is_none() && !target.is_of_latencies()) {
            return None;
        }
        let each = trial.rows.iter().filter_map(|row| row.expect.get(at));
        let sides: Vec<(f64, f64)> =
            each.filter_map(|expect| expect.value.zip(expect.limit)).collect();
        let count = sides.len().max(1) as f64;
        let value = sides.iter().map(|side| side.0).sum::<f64>() / count;
        let limit = sides.iter().map(|side| side.1).sum::<f64>() / count;
        let fleets = scenario.fleets.iter().enumerate();
        let here = fleets.filter(|(_, fleet)| {
            single.is_none_or(|single| {
                u32::try_from(single.place)
                    .is_ok_and(|place| fleet.config.receives_from(QueueId(place)))
            })
        });
        let biased = here.filter_map(|(place, fleet)| {
            let (load, bias) = bias(scenario, &fleet.config, busy(trial, from, place)?)?;
            (value * (1.0 + SAFETY * bias) >= limit).then_some(load)
        });
        biased.reduce(f64::max)
    })
}

/// The load of a fleet that was so busy, and the bias of its queue's wait as a share of it; `None`
/// where none can be told.
fn bias(scenario: &Scenario, fleet: &FleetConfig, busy: f64) -> Option<(f64, f64)> {
    let plain = fleet.receive.gap.is_none() && fleet.hold.is_none() && fleet.several.is_none();
    if fleet.per == WorkUnit::Batch || !plain {
        return None;
    }
    let (mut rate, mut batch, mut random) = (0.0, 1_u32, false);
    for producer in scenario.producers.iter().filter(|own| own.config.queue == fleet.queue) {
        batch = batch.max(producer.config.batch);
        for process in &producer.config.arrivals {
            match process {
                ArrivalProcess::Poisson { rate: own } => (rate, random) = (rate + own, true),
                ArrivalProcess::Constant { rate: own } => rate += own,
                ArrivalProcess::Profile { .. }
                | ArrivalProcess::OnOff { .. }
                | ArrivalProcess::Burst { .. }
                | ArrivalProcess::Counts { .. }
                | ArrivalProcess::Exact { .. }
                | ArrivalProcess::Repeated { .. }
                | ArrivalProcess::Times { .. }
                | ArrivalProcess::Closed { .. } => return None,
            }
        }
    }
    let work = fleet.processing.mean_nanos() / 1e9;
    let servers = f64::from(fleet.size.fixed()?) * f64::from(fleet.threads);
    if rate == 0.0 || work == 0.0 {
        return None;
    }
    let load = busy.max(rate * work / servers);
    let room = (1.0 - load).max(1e-6);
    let of_work = fleet.processing.variance_nanos2() / 1e18 / (work * work);
    let of_arrivals = if random { f64::from(batch) } else { 0.0 };
    let deficit = f64::midpoint(of_work, of_arrivals) * work / servers / (room * room);
    let (warm_up, end) = (scenario.warm_up.as_secs_f64(), scenario.duration.as_secs_f64());
    let left = if deficit > 0.0 { num::exp(-warm_up / (4.0 * deficit)) } else { 0.0 };
    Some((load, deficit * left / (end - warm_up)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::dist::Dist;
    use crate::kernel::time::{Span, Time};
    use crate::stats::fixture;

    /// One worker with 100 ms of work, eight messages a second, 1,000 s without a warm-up.
    fn one_worker(work: Dist) -> Scenario {
        let mut scenario = fixture::scenario();
        (scenario.warm_up, scenario.duration) = (Span::ZERO, Span::from_secs(1_000));
        scenario.producers[0].config.arrivals = vec![ArrivalProcess::Poisson { rate: 8.0 }];
        let fleet = &mut scenario.fleets[0].config;
        (fleet.size, fleet.processing) = (1.into(), work);
        scenario
    }

    fn told(scenario: &Scenario) -> Option<f64> {
        bias(scenario, &scenario.fleets[0].config, 0.0).map(|(_, bias)| bias)
    }

    #[track_caller]
    fn close(found: Option<f64>, expected: f64) {
        let found = found.expect("it is known");
        assert!((found - expected).abs() <= 1e-9 * expected, "{found}, not {expected}");
    }

    /// M/M/1 at load 0.8: the deficit is 0.1 s / 0.2² = 2.5 s of 1,000. Constant work halves it,
    /// and so do two servers at the same load.
    #[test]
    fn the_bias_of_a_run_from_empty() {
        let mean = Span::from_millis(100);
        let mut scenario = one_worker(Dist::Exponential { mean });
        close(told(&scenario), 0.002_5);
        close(told(&one_worker(Dist::Constant(mean))), 0.001_25);
        // What falls into the first 10 s decays with e^(-10 / (4 x 2.5)).
        scenario.warm_up = Span::from_secs(10);
        close(told(&scenario), 2.5 / 990.0 * num::exp(-1.0));
        scenario.warm_up = Span::ZERO;
        scenario.fleets[0].config.size = 2.into();
        scenario.producers[0].config.arrivals = vec![ArrivalProcess::Poisson { rate: 16.0 }];
        close(told(&scenario), 0.001_25);
    }

    #[test]
    fn what_changes_over_time_has_no_steady_state() {
        let mut scenario = one_worker(Dist::Constant(Span::from_millis(100)));
        scenario.producers[0].config.arrivals =
            vec![ArrivalProcess::Profile { points: vec![(Time::ZERO, 1.0)] }];
        assert_eq!(told(&scenario), None);
    }

    #[test]
    fn servers_and_sources_add_up() {
        let mean = Span::from_millis(100);
        let mut scenario = one_worker(Dist::Exponential { mean });
        // Two threads at the same load, as two workers; one source of several.
        scenario.fleets[0].config.threads = 2;
        let (random, regular) =
            (ArrivalProcess::Poisson { rate: 10.0 }, ArrivalProcess::Constant { rate: 6.0 });
        scenario.producers[0].config.arrivals = vec![random, regular];
        close(told(&scenario), 0.001_25);
        // Regular work and regular arrivals leave no bias.
        let mut scenario = one_worker(Dist::Constant(mean));
        scenario.producers[0].config.arrivals = vec![ArrivalProcess::Constant { rate: 8.0 }];
        assert_eq!(told(&scenario).map(f64::to_bits), Some(0.0_f64.to_bits()));
        scenario.producers[0].config.arrivals.clear();
        assert_eq!(told(&scenario), None);
        assert_eq!(told(&one_worker(Dist::Constant(Span::ZERO))), None);
    }

    /// At load 0.8 the bias is 0.0025, so that twice it must fit below the limit: from 0.995 of it
    /// on runs are too short. Busier runs than their load says are taken at their word.
    #[test]
    fn a_target_must_be_met_by_twice_the_bias() {
        use super::super::super::point::Point;
        use super::super::super::row::RunRow;
        use crate::outcome::ExpectOutcome;
        use crate::stats::expect::{Told, parse};
        use crate::stats::pool::Reading;

        let short = |text: &str, values: [f64; 2], busy: f64| {
            let scenario = one_worker(Dist::Exponential { mean: Span::from_millis(100) });
            let (name, sets) = (String::new(), Vec::new());
            let mut trial = Trial::new(Point { name, sets, scenario });
            let of = |value: f64| Told(vec![Ok(Reading::Mean(value))]);
            let expect = |value: f64| ExpectOutcome {
                text: text.to_owned(),
                holds: true,
                value: Some(value),
                limit: Some(1.0),
                note: None,
                grows_with: None,
            };
            trial.rows = values
                .map(|value| RunRow {
                    told: vec![of(0.0), of(busy)],
                    expect: vec![expect(value)],
                    expect_told: Vec::new(),
                    unstable: Vec::new(),
                    fingerprint: 0,
                    partial: None,
                })
                .to_vec();
            too_short(&trial, 0, &[parse(text).expect(text)])
        };
        for text in ["mean(sent_to_received) < 1ns", "mean(visible) <= 1", "mean(processing) < 1ns"]
        {
            assert_eq!(short(text, [0.994, 0.998], 0.7), Some(0.8), "{text}");
            assert_eq!(short(text, [0.992, 0.996], 0.7), None, "{text}");
        }
        // 0.1 s / 0.1² = 10 s of 1,000.
        assert_eq!(short("mean(visible) < 1", [0.981, 0.981], 0.9), Some(0.9));
        assert_eq!(short("mean(visible) < 1", [0.979, 0.979], 0.9), None);
        for text in ["mean(in_flight) < 1", "mean(visible) > 1", "mean(orders-dlq.visible) < 1"] {
            assert_eq!(short(text, [0.999; 2], 0.7), None, "{text}");
        }
    }
}
