//! Which closed form a scenario happens to be.
//!
//! Owns the conditions under which [`super::theory`] speaks about a queue. Must not know what was
//! measured.
//!
//! Means only: with several partitions a queue is not served strictly in order of arrival, which
//! changes the spread of the waits and not their mean, as long as no order depends on the work.
//!
//! Invariant: in doubt there is no prediction.

use super::theory::{Bulk, Mg1, Mmc, Nack, short_poll_wait};
use crate::clients::config::{
    ArrivalProcess, Failure, FleetConfig, OnFailure, ProducerConfig, WorkUnit,
};
use crate::engine::scenario::Scenario;
use crate::kernel::dist::Dist;
use crate::kernel::time::Span;
use crate::ledger::config::{QueueConfig, QueueId};

/// A chance below this is taken for never.
const NEVER: f64 = 1e-6;
/// A capacity this many times the rate, and a burst this large, are taken for unlimited.
const PLENTY: f64 = 10.0;

/// What theory says about one queue.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The queue's kind in Kendall's notation: `M/M/4`.
    pub name: String,
    /// The queue.
    pub queue: QueueId,
    /// The place of its fleet in the scenario.
    pub fleet: usize,
    /// Messages sent per second.
    pub rate: f64,
    /// Mean time from send to first receive, in nanoseconds.
    pub wait_nanos: f64,
    /// Mean share of busy threads.
    pub busy: f64,
    /// Mean number of visible messages.
    pub waiting: f64,
}

/// The prediction for this queue, if it is one of the known kinds: Poisson arrivals one at a
/// time, one fleet without latency, prefetch or crashes, nothing refused or lost, and a
/// visibility timeout that the work hardly ever outlives.
pub fn recognise(scenario: &Scenario, queue: QueueId) -> Option<Prediction> {
    let settings = &scenario.queues.get(queue.0 as usize)?.config;
    let rate = poisson_rate(scenario, queue)?;
    let (place, fleet) = only_fleet(scenario, queue)?;
    let servers = fleet.count.checked_mul(fleet.threads)?;
    let plain = plain_queue(settings, rate, servers) && plain_fleet(fleet, scenario.warm_up);
    let timeout = fleet.receive.visibility_timeout.unwrap_or(settings.visibility_timeout);
    if !plain || 1.0 - fleet.processing.cdf(timeout) > NEVER {
        return None;
    }
    let (name, wait, busy, receives) = known(rate, servers, settings, fleet)?;
    let waiting = rate * receives * wait;
    Some(Prediction { name, queue, fleet: place, rate, wait_nanos: wait * 1e9, busy, waiting })
}

/// Messages per second sent to `queue`, if they come one at a time as a Poisson process and from
/// nowhere else. Random call latencies move its points and leave it Poisson.
fn poisson_rate(scenario: &Scenario, queue: QueueId) -> Option<f64> {
    let forwarded = scenario.fleets.iter().any(|fleet| fleet.config.forward == Some(queue));
    let moved = scenario
        .queues
        .iter()
        .any(|from| from.config.redrive.is_some_and(|redrive| redrive.to == queue));
    if forwarded || moved {
        return None;
    }
    let mut rate = 0.0;
    for producer in scenario.producers.iter().filter(|producer| producer.config.queue == queue) {
        let ProducerConfig { batch, connections, delay, arrivals, .. } = &producer.config;
        if *batch != 1 || connections.is_some() || delay.is_some_and(|delay| !delay.is_zero()) {
            return None;
        }
        for process in arrivals {
            let ArrivalProcess::Poisson { rate: own } = process else { return None };
            rate += own;
        }
    }
    (rate > 0.0).then_some(rate)
}

fn only_fleet(scenario: &Scenario, queue: QueueId) -> Option<(usize, &FleetConfig)> {
    let mut fleets = scenario
        .fleets
        .iter()
        .map(|fleet| &fleet.config)
        .enumerate()
        .filter(|(_, fleet)| fleet.queue == queue);
    fleets.next().filter(|_| fleets.next().is_none())
}

fn plain_queue(queue: &QueueConfig, rate: f64, servers: u32) -> bool {
    let roomy = queue
        .ledger
        .capacity
        .is_none_or(|capacity| capacity.per_second >= PLENTY * rate && capacity.burst >= PLENTY);
    roomy
        && queue.delay.is_zero()
        && queue.purges.is_empty()
        && queue.lost_deletes == 0.0
        && queue.duplicates == 0.0
        && queue.ledger.nodes.is_none()
        && queue.max_in_flight >= servers
}

fn plain_fleet(fleet: &FleetConfig, warm_up: Span) -> bool {
    let started = matches!(fleet.start_up, Dist::Constant(start) if start <= warm_up);
    let immediate = fleet.call_latency == Dist::Constant(Span::ZERO);
    started
        && immediate
        && fleet.crash.is_none()
        && fleet.receive.prefetch == 0
        && fleet.delete.batch == 1
        && fleet.failure.poison == 0.0
}

/// Name, mean wait in seconds, busy share and receives per message.
fn known(
    rate: f64,
    servers: u32,
    queue: &QueueConfig,
    fleet: &FleetConfig,
) -> Option<(String, f64, f64, f64)> {
    let mean = fleet.processing.mean_nanos() / 1e9;
    let long_poll = !fleet.receive.wait.is_zero();
    let one_partition = queue.ledger.partitions == 1;
    let exponential = matches!(fleet.processing, Dist::Exponential { .. });
    let single = fleet.receive.max == 1;

    if fleet.failure.probability > 0.0 {
        let Failure { probability, then: OnFailure::Release(delay), .. } = fleet.failure else {
            return None;
        };
        // Real queues move a message at the receive after its last failure; with a redrive
        // policy the form is not exact.
        if !exponential || !single || !long_poll || queue.redrive.is_some() {
            return None;
        }
        let nack = Nack::new(rate, mean, servers, probability, delay.as_secs_f64(), None)?;
        let name = format!("M/M/{servers} with nacks");
        return Some((name, nack.wait, nack.load, nack.receives));
    }
    if !single {
        let bulk = fleet.per == WorkUnit::Batch && one_partition && servers == 1 && long_poll;
        if !bulk || !exponential {
            return None;
        }
        let Bulk { busy, wait, .. } = Bulk::new(rate * mean, fleet.receive.max)?;
        return Some((format!("M/M(1,{})/1", fleet.receive.max), wait * mean, busy, 1.0));
    }
    if servers > 1 {
        let markov = Mmc::new(rate, mean, servers).filter(|_| exponential && long_poll)?;
        return Some((format!("M/M/{servers}"), markov.mean_wait(), markov.load(), 1.0));
    }
    let variance = fleet.processing.variance_nanos2() / 1e18;
    let general = Mg1::new(rate, mean, variance + mean * mean)?;
    let constant = matches!(fleet.processing, Dist::Constant(_));
    let law = if exponential {
        "M"
    } else if constant {
        "D"
    } else {
        "G"
    };
    if long_poll {
        return Some((format!("M/{law}/1"), general.mean_wait(), general.load(), 1.0));
    }
    // A short poll samples partitions: with one it sees every message.
    let pause = fleet.receive.pause.mean_nanos() / 1e9;
    let second = fleet.receive.pause.variance_nanos2() / 1e18 + pause * pause;
    (one_partition && pause > 0.0).then(|| {
        let wait = short_poll_wait(general.mean_wait(), pause, second);
        (format!("M/{law}/1 with short polls"), wait, general.load(), 1.0)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::config::Crash;
    use crate::engine::scenario::Named;
    use crate::ledger::config::Redrive;
    use crate::stats::fixture;

    fn seen(change: impl FnOnce(&mut Scenario)) -> Option<Prediction> {
        let mut scenario = fixture::scenario();
        change(&mut scenario);
        recognise(&scenario, QueueId(0))
    }

    fn one_server(scenario: &mut Scenario, processing: Dist) {
        let fleet = &mut scenario.fleets[0].config;
        (fleet.count, fleet.processing) = (1, processing);
        let second = ArrivalProcess::Poisson { rate: 3.0 };
        scenario.producers[0].config.arrivals = vec![ArrivalProcess::Poisson { rate: 5.0 }, second];
    }

    fn assert_close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-5 * expected, "{found}, not {expected}");
    }

    /// The oracle's cell for M/M/4 at load 0.8 is 0.745541 mean works of wait.
    #[test]
    fn the_checkout_is_an_m_m_4() {
        let prediction = seen(|_| {}).expect("is one");
        assert_eq!((prediction.name.as_str(), prediction.fleet), ("M/M/4", 0));
        assert_close(prediction.wait_nanos, 0.745_541 * 80e6);
        assert_close(prediction.busy, 0.8);
        assert_close(prediction.waiting, 40.0 * 0.745_541 * 0.08);
    }

    #[test]
    fn one_server_with_other_work() {
        // Load 0.8: waits of 2 (D), 2.5 (Erlang-4) and 4 (M) mean works of 100 ms.
        let mean = Span::from_millis(100);
        let cases = [
            (Dist::Constant(mean), "M/D/1", 2.0),
            (Dist::Erlang { k: 4, mean }, "M/G/1", 2.5),
            (Dist::Exponential { mean }, "M/M/1", 4.0),
        ];
        for (work, name, wait) in cases {
            let prediction = seen(|s| one_server(s, work)).expect(name);
            assert_eq!(prediction.name, name);
            assert_close(prediction.wait_nanos, wait * 1e8);
        }
    }

    #[test]
    fn batches_short_polls_and_nacks() {
        let mean = Span::from_millis(100);
        let batches = seen(|s| {
            one_server(s, Dist::Exponential { mean });
            s.producers[0].config.arrivals = vec![ArrivalProcess::Poisson { rate: 80.0 }];
            s.queues[0].config.ledger.partitions = 1;
            let fleet = &mut s.fleets[0].config;
            (fleet.receive.max, fleet.per) = (10, WorkUnit::Batch);
        })
        .expect("batches");
        assert_eq!(batches.name, "M/M(1,10)/1");
        assert_close(batches.wait_nanos, 2.907_362 * 1e8);
        assert_close(batches.busy, 0.994_899);

        let polls = seen(|s| {
            one_server(s, Dist::Exponential { mean });
            s.queues[0].config.ledger.partitions = 1;
            s.fleets[0].config.receive.wait = Span::ZERO;
            s.fleets[0].config.receive.pause = Dist::Constant(Span::from_millis(400));
        })
        .expect("short polls");
        assert_eq!(polls.name, "M/M/1 with short polls");
        assert_close(polls.wait_nanos, 6.0 * 1e8);

        let nacks = seen(|s| {
            one_server(s, Dist::Exponential { mean });
            s.producers[0].config.arrivals = vec![ArrivalProcess::Poisson { rate: 5.0 }];
            s.queues[0].config.redrive = None;
            let then = OnFailure::Release(Span::from_secs(3));
            s.fleets[0].config.failure = Failure { probability: 0.2, poison: 0.0, then };
        })
        .expect("nacks");
        assert_close(nacks.wait_nanos, 1.666_667 * 1e8);
        assert_close(nacks.waiting, 1.041_667);
    }

    #[test]
    fn anything_else_has_no_prediction() {
        type Change = fn(&mut Scenario);
        let changes: [(&str, Change); 17] = [
            ("batch", |s| s.producers[0].config.batch = 10),
            ("connections", |s| s.producers[0].config.connections = Some(2)),
            ("delay", |s| s.queues[0].config.delay = Span::from_secs(1)),
            ("prefetch", |s| s.fleets[0].config.receive.prefetch = 1),
            ("receive max", |s| s.fleets[0].config.receive.max = 10),
            ("short poll", |s| s.fleets[0].config.receive.wait = Span::ZERO),
            ("latency", |s| {
                s.fleets[0].config.call_latency = Dist::Constant(Span::from_millis(5));
            }),
            ("failures", |s| s.fleets[0].config.failure.probability = 0.01),
            ("poison", |s| s.fleets[0].config.failure.poison = 0.01),
            ("crashes", |s| {
                let restart = Dist::Constant(Span::ZERO);
                let mean_time_between = Span::from_secs(60);
                s.fleets[0].config.crash = Some(Crash { mean_time_between, restart });
            }),
            ("short visibility", |s| {
                s.queues[0].config.visibility_timeout = Span::from_millis(500);
            }),
            ("duplicates", |s| s.queues[0].config.duplicates = 0.01),
            ("nodes", |s| s.queues[0].config.ledger.nodes = Some(fixture::nodes())),
            ("overload", |s| s.fleets[0].config.count = 3),
            ("general work", |s| {
                s.fleets[0].config.processing = Dist::Constant(Span::from_millis(80));
            }),
            ("second fleet", |s| {
                let again = s.fleets[0].config.clone();
                s.fleets.push(Named { name: "more".to_owned(), config: again });
            }),
            ("dead letters come in", |s| {
                s.queues[1].config.redrive = Some(Redrive { to: QueueId(0), max_receives: 1 });
            }),
        ];
        for (what, change) in changes {
            assert_eq!(seen(change), None, "{what}");
        }
        assert_eq!(recognise(&fixture::scenario(), QueueId(1)), None, "nobody sends");
    }
}
