//! Which closed form a scenario happens to be.
//!
//! Owns the choice of the form for a queue that keeps to what the forms assume
//! (`super::assumed`), and for how short a run it says nothing. Must not know what was measured.
//!
//! Means only, unless the queue is served strictly in order of arrival ([`Prediction::in_order`]):
//! with several partitions it is not, which changes the spread of the waits and not their mean, as
//! no order depends on the work.
//!
//! Invariant: in doubt there is no prediction.

use super::assumed::{Station, station};
use super::by_queue::ByQueue;
use super::theory::{Bulk, Mg1, Mmc, Nack, run_length, short_poll_wait};
use crate::kernel::dist::Dist;
use crate::kernel::time::Span;
use crate::ledger::config::QueueId;
use crate::model::scenario::Scenario;

/// Relaxation times until the start is forgotten: e⁻¹⁰ of it is left.
const RELAXATIONS: f64 = 10.0;
/// What an empty start takes from a mean is less than a hundredth of it, if the run is so many
/// times as long as the time that is missing at its start.
const LONG: f64 = 100.0;

/// What theory says about one queue in the long run.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The queue's kind in Kendall's notation: `M/M/4`.
    pub name: String,
    /// It is nothing but M/M/c or M/G/1: no batches, failures or sleep.
    pub plain: bool,
    /// The queue.
    pub queue: QueueId,
    /// The place of its fleet in the scenario.
    pub fleet: usize,
    /// Messages sent per second.
    pub rate: f64,
    /// Mean time from send to first receive, in nanoseconds.
    pub wait_nanos: f64,
    /// Mean time from send to delete, in nanoseconds; `None` unless each message is worked on once
    /// and alone.
    pub time_nanos: Option<f64>,
    /// Mean share of busy threads.
    pub busy: f64,
    /// Mean number of visible messages.
    pub waiting: f64,
    /// The queue in seconds, if its wait has the law of an M/M/c in order of arrival.
    pub in_order: Option<Mmc>,
    /// How long the start of a run is felt: after it next to nothing of it is left.
    pub start: Span,
    /// The least time from there being no message to the mean, in a run that discards nothing;
    /// `None` if workers are not there at the start.
    long_enough: Option<Span>,
}

impl Prediction {
    /// Whether a run of this scenario comes to its long run: its start is discarded, or too short
    /// to be seen in the means.
    pub fn is_reached(&self, scenario: &Scenario) -> bool {
        let measured = scenario.duration.saturating_sub(scenario.warm_up);
        scenario.warm_up >= self.start || self.long_enough.is_some_and(|least| measured >= least)
    }
}

/// The prediction for this queue, if it is one of the known kinds: Poisson arrivals one at a
/// time, one fleet without latency, prefetch or crashes, nothing refused or lost, and a
/// visibility timeout that the work hardly ever outlives.
pub fn recognise(scenario: &Scenario, queue: QueueId) -> Option<Prediction> {
    recognise_by(&ByQueue::of(scenario), scenario, queue)
}

/// The same with the index of the scenario, for all queues of one.
pub fn recognise_by(by_queue: &ByQueue, scenario: &Scenario, queue: QueueId) -> Option<Prediction> {
    let station = station(scenario, by_queue, queue)?;
    let form = form(&station)?;
    let Form { receives, wait, busy, .. } = form;
    // Who waits at all waits so long on average, with a tail like that of an exponential law.
    let tail = if busy > 0.0 { wait / form.waits } else { 0.0 };
    let away = station.nack.map_or(0.0, |(_, away)| away.as_secs_f64());
    let away = station.rate * (receives - 1.0) * away;
    if !station.has_room(receives, tail, away) {
        return None;
    }
    let work = station.work.mean_nanos();
    let once = station.batch == 1 && station.nack.is_none();
    let in_order = form.markov.filter(|_| station.one_line);
    let (start, long_enough) = felt(&station, &form);
    Some(Prediction {
        name: form.name,
        plain: form.plain,
        queue,
        fleet: station.fleet,
        rate: station.rate,
        wait_nanos: wait * 1e9,
        time_nanos: once.then_some(wait * 1e9 + work),
        busy,
        waiting: station.rate * receives * wait,
        in_order,
        start,
        long_enough,
    })
}

/// What a formula gives, in seconds.
struct Form {
    name: String,
    plain: bool,
    /// Mean wait before each receive.
    wait: f64,
    /// Probability of a wait, or a bound from below: of those that wait it is what is said of the
    /// tail.
    waits: f64,
    busy: f64,
    /// The share of what the servers can do at most.
    load: f64,
    /// Receives per message.
    receives: f64,
    /// The law of the wait in order of arrival, if it is known.
    markov: Option<Mmc>,
}

fn form(station: &Station<'_>) -> Option<Form> {
    let &Station { rate, servers, work, batch, .. } = station;
    let mean = work.mean_nanos() / 1e9;
    let exponential = matches!(work, Dist::Exponential { .. });
    if let Some((failure, away)) = station.nack {
        let simple = exponential && batch == 1 && station.sleep.is_none();
        let nack = Nack::new(rate, mean, servers, failure, away.as_secs_f64(), None);
        let Nack { wait, load, receives, .. } = nack.filter(|_| simple)?;
        let waits = Mmc::new(rate * receives, mean, servers)?.wait_probability();
        let name = format!("M/M/{servers} with nacks");
        let (busy, plain, markov) = (load, false, None);
        return Some(Form { name, plain, wait, waits, busy, load, receives, markov });
    }
    if batch > 1 {
        let bulk = servers == 1 && station.sleep.is_none() && station.one_line && exponential;
        let Bulk { busy, wait, .. } = Bulk::new(rate * mean, batch).filter(|_| bulk)?;
        let (name, load) = (format!("M/M(1,{batch})/1"), rate * mean / f64::from(batch));
        let (wait, plain, markov) = (wait * mean, false, None);
        return Some(Form { name, plain, wait, waits: busy, busy, load, receives: 1.0, markov });
    }
    if servers > 1 {
        let simple = exponential && station.sleep.is_none();
        let markov = Mmc::new(rate, mean, servers).filter(|_| simple)?;
        let (wait, waits, load) = (markov.mean_wait(), markov.wait_probability(), markov.load());
        let (name, markov) = (format!("M/M/{servers}"), Some(markov));
        let (plain, busy, receives) = (true, load, 1.0);
        return Some(Form { name, plain, wait, waits, busy, load, receives, markov });
    }
    let variance = work.variance_nanos2() / 1e18;
    let general = Mg1::new(rate, mean, variance + mean * mean)?;
    let (wait, load) = (general.mean_wait(), general.load());
    let law = if exponential {
        "M"
    } else if matches!(work, Dist::Constant(_)) {
        "D"
    } else {
        "G"
    };
    let (name, busy, waits, receives) = (format!("M/{law}/1"), load, load, 1.0);
    let Some(sleep) = station.sleep else {
        let markov = if exponential { Mmc::new(rate, mean, servers) } else { None };
        return Some(Form { name, plain: true, wait, waits, busy, load, receives, markov });
    };
    let (pause, variance) = (sleep.mean_nanos() / 1e9, sleep.variance_nanos2() / 1e18);
    if !station.one_line || pause <= 0.0 {
        return None;
    }
    let wait = short_poll_wait(wait, pause, variance + pause * pause);
    let (name, plain, markov) = (format!("{name} with short polls"), false, None);
    Some(Form { name, plain, wait, waits, busy, load, receives, markov })
}

/// How long the start of a run is felt, and how long it must be for that not to matter.
///
/// The start fades with the relaxation time of the queue (W. Whitt, "Planning queueing
/// simulations", Management Science 35, 1989): that of M/M/1, times (1 + cv²)/2 of the work, c
/// times as fast with c servers, but no faster than one service. From an empty start a quarter of
/// it is missing, beside what producers, sleepers and failures keep away at first. Workers that
/// come late find a backlog that takes 1/(1 - load) times as long to be gone.
fn felt(station: &Station<'_>, form: &Form) -> (Span, Option<Span>) {
    let mean = station.work.mean_nanos();
    let cv2 = if mean > 0.0 { station.work.variance_nanos2() / (mean * mean) } else { 0.0 };
    let works = run_length(form.load).relaxation * f64::midpoint(1.0, cv2);
    let relaxation = (works / f64::from(station.servers)).max(1.0) * mean;
    let sleep = station.sleep.map_or(0.0, Dist::mean_nanos);
    let failing = station.nack.map_or(0.0, |(_, away)| away.as_nanos() as f64);
    let kept = station.away_nanos + sleep + failing * (form.receives - 1.0);
    let late = station.start_up.as_nanos() as f64 / (1.0 - form.load);
    let start = Span::round_nanos(late + RELAXATIONS * (relaxation + kept));
    let long_enough = Span::round_nanos(LONG * (relaxation / 4.0 + kept));
    (start, station.start_up.is_zero().then_some(long_enough))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Time;
    use crate::ledger::config::{
        Capacity, CeilingConfig, Ewma, Keys, ReceiveRouting, Redrive, SplitPolicy,
    };
    use crate::model::clients::{
        ArrivalProcess, Ask, Crash, Failure, Heartbeat, Jitter, OnFailure, ProducerConfig, Several,
        WorkUnit,
    };
    use crate::model::scenario::Named;
    use crate::stats::fixture;

    fn seen(change: impl FnOnce(&mut Scenario)) -> Option<Prediction> {
        let mut scenario = fixture::scenario();
        change(&mut scenario);
        recognise(&scenario, QueueId(0))
    }

    fn one_server(scenario: &mut Scenario, processing: Dist) {
        let fleet = &mut scenario.fleets[0].config;
        (fleet.size, fleet.processing) = (1.into(), processing);
        let second = ArrivalProcess::Poisson { rate: 3.0 };
        scenario.producers[0].config.arrivals = vec![ArrivalProcess::Poisson { rate: 5.0 }, second];
    }

    /// One line, and a message whose work fails comes back after so many seconds.
    fn fails(scenario: &mut Scenario, probability: f64, away: u64) {
        let queue = &mut scenario.queues[0].config;
        (queue.redrive, queue.ledger.partitions) = (None, 1);
        let then = OnFailure::Release(Span::from_secs(away));
        scenario.fleets[0].config.failure =
            Failure { probability, poison: 0.0, then, whole_batch: false };
    }

    fn producer(scenario: &mut Scenario) -> &mut ProducerConfig {
        &mut scenario.producers[0].config
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
            fails(s, 0.2, 3);
        })
        .expect("nacks");
        assert_close(nacks.wait_nanos, 1.666_667 * 1e8);
        assert_close(nacks.waiting, 1.041_667);
    }

    #[test]
    #[expect(clippy::too_many_lines, reason = "a list of what each setting does")]
    fn anything_else_has_no_prediction() {
        type Change = fn(&mut Scenario);
        let changes: [(&str, Change); 47] = [
            ("batch", |s| producer(s).batch = 10),
            ("connections", |s| producer(s).connections = Some(2)),
            ("own delay", |s| producer(s).delay = Some(Span::from_secs(1))),
            ("even arrivals", |s| {
                producer(s).arrivals = vec![ArrivalProcess::Constant { rate: 40.0 }];
            }),
            ("a burst beside", |s| {
                producer(s).arrivals.push(ArrivalProcess::Burst { at: Time::ZERO, count: 1 });
            }),
            ("delay", |s| s.queues[0].config.delay = Span::from_secs(1)),
            ("purge", |s| s.queues[0].config.purges = vec![Time::ZERO]),
            ("lost deletes", |s| s.queues[0].config.lost_deletes = 0.01),
            ("duplicates", |s| s.queues[0].config.duplicates = 0.01),
            ("in-flight cap", |s| s.queues[0].config.max_in_flight = 3),
            ("capacity", |s| {
                let capacity = Capacity { per_second: 399.0, burst: 399.0 };
                s.queues[0].config.ledger.capacity = Some(capacity);
            }),
            ("burst", |s| {
                let capacity = Capacity { per_second: 4_000.0, burst: 1.0 };
                s.queues[0].config.ledger.capacity = Some(capacity);
            }),
            ("ceiling", |s| {
                let (lag, memory) = (Span::from_secs(900), Span::from_secs(3_600));
                let ceiling = CeilingConfig { initial: 400.0, times: 2.0, lag, memory };
                s.queues[0].config.ledger.ceiling = Some(ceiling);
            }),
            ("splits", |s| {
                let policy = Ewma { target: 0.5, max_partitions: 8 };
                s.queues[0].config.ledger.split = SplitPolicy::Ewma(policy);
            }),
            ("nodes", |s| s.queues[0].config.ledger.nodes = Some(fixture::nodes())),
            ("Uniform", |s| s.queues[0].config.ledger.receive = ReceiveRouting::Uniform),
            ("PowerOfTwo", |s| s.queues[0].config.ledger.receive = ReceiveRouting::PowerOfTwo),
            ("BacklogWeighted", |s| {
                s.queues[0].config.ledger.receive = ReceiveRouting::BacklogWeighted;
            }),
            ("Assigned", |s| s.queues[0].config.ledger.receive = ReceiveRouting::Assigned),
            // Waits are exponential with a mean of 100 ms for those that wait: at 0.99 of 2 s.
            ("retention", |s| {
                s.queues[0].config.retention = Span::from_secs(30);
                producer(s).arrivals = vec![ArrivalProcess::Poisson { rate: 49.5 }];
            }),
            ("prefetch", |s| s.fleets[0].config.receive.prefetch = 1),
            ("receive max", |s| s.fleets[0].config.receive.max = 10),
            ("short poll", |s| s.fleets[0].config.receive.wait = Span::ZERO),
            ("latency", |s| {
                s.fleets[0].config.call_latency = Dist::Constant(Span::from_millis(5));
            }),
            ("failures", |s| s.fleets[0].config.failure.probability = 0.01),
            ("poison", |s| s.fleets[0].config.failure.poison = 0.01),
            ("failures with dead letters", |s| {
                fails(s, 0.1, 3);
                s.queues[0].config.redrive = Some(Redrive { to: QueueId(1), max_receives: 5 });
            }),
            // Behind those of its own partition only: it may be taken before an older one.
            ("failures in four lines", |s| {
                fails(s, 0.1, 0);
                s.queues[0].config.ledger.partitions = 4;
            }),
            // Half of 20/s are away for an hour: 72,000, and 4 are worked on.
            ("failures in flight", |s| {
                fails(s, 0.5, 3_600);
                producer(s).arrivals = vec![ArrivalProcess::Poisson { rate: 20.0 }];
                s.queues[0].config.max_in_flight = 72_000;
            }),
            // SQS takes no timeout that ends more than 12 hours after the receive.
            ("refused releases", |s| fails(s, 0.1, 12 * 3_600)),
            // Of 4 days there are 96 hours; 0.9^96 is 4e-5.
            ("old failures", |s| {
                fails(s, 0.9, 3_600);
                producer(s).arrivals = vec![ArrivalProcess::Poisson { rate: 1.0 }];
            }),
            ("crashes", |s| {
                let restart = Dist::Constant(Span::ZERO);
                let mean_time_between = Span::from_secs(60);
                s.fleets[0].config.crash = Some(Crash { mean_time_between, restart });
            }),
            ("short visibility", |s| {
                s.queues[0].config.visibility_timeout = Span::from_millis(500);
            }),
            // At the same instant the timeout ends first, and another one takes the message.
            ("timeout as long as the work", |s| {
                one_server(s, Dist::Constant(Span::from_millis(100)));
                s.fleets[0].config.receive.visibility_timeout = Some(Span::from_millis(100));
            }),
            ("a gap between receives", |s| {
                s.fleets[0].config.receive.gap = Some(Dist::Constant(Span::from_millis(1)));
            }),
            ("all of two threads first", |s| {
                let fleet = &mut s.fleets[0].config;
                (fleet.size, fleet.threads, fleet.receive.barrier) = (2.into(), 2, true);
            }),
            ("a hold", |s| s.fleets[0].config.hold = Some(Dist::Constant(Span::from_millis(1)))),
            ("failures of whole batches", |s| {
                fails(s, 0.1, 0);
                let fleet = &mut s.fleets[0].config;
                (fleet.receive.max, fleet.per) = (10, WorkUnit::Batch);
                fleet.failure.whole_batch = true;
            }),
            ("failures that back off", |s| {
                fails(s, 0.1, 0);
                let (base, cap) = (Span::from_secs(1), Span::from_secs(1));
                let then = OnFailure::Backoff { base, cap, jitter: Jitter::None };
                s.fleets[0].config.failure.then = then;
            }),
            ("failures with delays", |s| {
                fails(s, 0.1, 0);
                s.fleets[0].config.failure.then = OnFailure::Delays([Span::ZERO].into());
            }),
            ("another queue", |s| {
                s.fleets[0].config.several = Some(Several::Priority([0, 1].map(QueueId).into()));
            }),
            ("a heartbeat that lets go", |s| {
                let (every, extend) = (Span::from_millis(100), Span::from_millis(50));
                s.fleets[0].config.heartbeat = Some(Heartbeat { every, extend });
            }),
            ("sends on to who refuses", |s| {
                s.fleets[0].config.forward = Some(QueueId(1));
                let capacity = Capacity { per_second: 1e6, burst: 1e6 };
                s.queues[1].config.ledger.capacity = Some(capacity);
            }),
            ("overload", |s| s.fleets[0].config.size = 3.into()),
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

    /// What moves no mean leaves the prediction as it is.
    #[test]
    fn what_does_not_matter_is_let_pass() {
        type Change = fn(&mut Scenario);
        let changes: [(&str, Change); 13] = [
            ("short of Kinesis' rule", |s| {
                let queue = &mut s.queues[0].config.ledger;
                (queue.partitions, queue.receive) = (1, ReceiveRouting::Assigned);
            }),
            ("Sample", |s| s.queues[0].config.ledger.receive = ReceiveRouting::Sample(1)),
            ("a tree", |s| s.queues[0].config.ledger.receive = ReceiveRouting::ForwardingTree),
            ("keys", |s| {
                s.queues[0].config.ledger.keys = Keys::Group { count: 9, zipf: 2.0, hot: 0.0 };
            }),
            ("capacity", |s| {
                let capacity = Capacity { per_second: 400.0, burst: 400.0 };
                s.queues[0].config.ledger.capacity = Some(capacity);
            }),
            ("retention", |s| s.queues[0].config.retention = Span::from_secs(60)),
            ("in-flight cap", |s| s.queues[0].config.max_in_flight = 4),
            ("heartbeat", |s| {
                let (every, extend) = (Span::from_millis(50), Span::from_millis(100));
                s.fleets[0].config.heartbeat = Some(Heartbeat { every, extend });
            }),
            ("threads", |s| (s.fleets[0].config.size, s.fleets[0].config.threads) = (2.into(), 2)),
            ("as many as there is room for", |s| s.fleets[0].config.receive.ask = Ask::Room),
            ("all of one thread first", |s| s.fleets[0].config.receive.barrier = true),
            ("idempotent", |s| s.fleets[0].config.idempotent = true),
            ("sends on", |s| s.fleets[0].config.forward = Some(QueueId(1))),
        ];
        let plain = seen(|_| {}).expect("an M/M/4");
        for (what, change) in changes {
            let found = seen(change).unwrap_or_else(|| panic!("{what}"));
            assert_eq!(Prediction { in_order: None, ..found }, plain, "{what}");
        }
    }

    /// M/M/4 at 0.8 with work of 80 ms forgets its start in 89.721/4 works, 1.79 s, and next to all
    /// of it in ten times as long. From an empty start a quarter of it is missing, 0.45 s, a
    /// hundredth of 45 s. Workers that come after 10 s find a backlog that lasts 40 s longer.
    #[test]
    fn a_run_must_come_to_its_long_run() {
        let reaches = |warm_up: u64, measured: u64, start_up: u64| {
            let mut scenario = fixture::scenario();
            scenario.warm_up = Span::from_secs(warm_up);
            scenario.duration = Span::from_secs(warm_up + measured);
            scenario.fleets[0].config.start_up = Dist::Constant(Span::from_secs(start_up));
            recognise(&scenario, QueueId(0)).expect("an M/M/4").is_reached(&scenario)
        };
        assert_eq!(
            [(18, 1), (17, 1)].map(|(from, length)| reaches(from, length, 0)),
            [true, false]
        );
        assert_eq!([45, 44].map(|length| reaches(0, length, 0)), [true, false]);
        assert_eq!([68, 67].map(|from| reaches(from, 600, 10)), [true, false]);
    }

    /// Work that takes no time waits for nothing, and a queue to which nothing comes is none.
    #[test]
    fn no_work_and_no_message() {
        let free = seen(|s| one_server(s, Dist::Constant(Span::ZERO))).expect("is an M/D/1");
        let of = (free.wait_nanos, free.busy, free.waiting, free.start);
        assert_eq!(of, (0.0, 0.0, 0.0, Span::ZERO));
        for arrivals in [Vec::new(), vec![ArrivalProcess::Poisson { rate: 0.0 }]] {
            assert_eq!(seen(|s| producer(s).arrivals = arrivals), None);
        }
    }

    /// One server at load 0.9 with work of 100 ms: those that wait do so for 1 s on average. Twenty
    /// times that and the work, twice, are 44 s.
    #[test]
    fn retention_is_held_against_those_that_wait() {
        let kept = |millis: u64| {
            seen(|s| {
                one_server(s, Dist::Exponential { mean: Span::from_millis(100) });
                producer(s).arrivals = vec![ArrivalProcess::Poisson { rate: 9.0 }];
                s.queues[0].config.retention = Span::from_millis(millis);
            })
        };
        assert!(kept(44_100).is_some() && kept(43_900).is_none());
        // Half of 3/s fail, so 6/s are received: at load 0.6 those that wait do so for 0.25 s. Of
        // ln(1e-6)/ln 0.5 = 19.93 tries each takes 3 s and 20 · 0.35 s: 209.3 s with the first.
        let kept = |secs: u64| {
            seen(|s| {
                one_server(s, Dist::Exponential { mean: Span::from_millis(100) });
                producer(s).arrivals = vec![ArrivalProcess::Poisson { rate: 3.0 }];
                fails(s, 0.5, 3);
                s.queues[0].config.retention = Span::from_secs(secs);
            })
        };
        assert!(kept(213).is_some() && kept(206).is_none());
        // 20/s come back once on average, each after an hour: 72,000 are away, give or take 268.
        let away = |max_in_flight: u32| {
            seen(|s| {
                fails(s, 0.5, 3_600);
                producer(s).arrivals = vec![ArrivalProcess::Poisson { rate: 20.0 }];
                s.queues[0].config.max_in_flight = max_in_flight;
            })
        };
        assert!(away(74_000).is_some() && away(73_000).is_none());
    }

    /// Each form is one of exponential work, one line where the order matters, and one thing at a
    /// time.
    #[test]
    fn forms_are_not_mixed() {
        let mean = Span::from_millis(100);
        let exponential = Dist::Exponential { mean };
        let short = |s: &mut Scenario| {
            s.fleets[0].config.receive.wait = Span::ZERO;
            s.fleets[0].config.receive.pause = Dist::Constant(Span::from_millis(400));
        };
        let batch = |s: &mut Scenario| {
            s.queues[0].config.ledger.partitions = 1;
            let fleet = &mut s.fleets[0].config;
            (fleet.receive.max, fleet.per) = (10, WorkUnit::Batch);
        };
        let nacks = |work: &Dist, more: &dyn Fn(&mut Scenario)| {
            seen(|s| {
                one_server(s, work.clone());
                producer(s).arrivals = vec![ArrivalProcess::Poisson { rate: 5.0 }];
                fails(s, 0.2, 3);
                more(s);
            })
        };
        let found = nacks(&exponential, &|_| ()).expect("nacks");
        assert_eq!((found.time_nanos, found.plain), (None, false), "worked on more than once");
        assert_eq!(nacks(&Dist::Constant(mean), &|_| ()), None);
        assert_eq!(nacks(&exponential, &short), None);
        assert_eq!(nacks(&exponential, &batch), None);
        let batches = |work: &Dist, more: &dyn Fn(&mut Scenario)| {
            seen(|s| {
                one_server(s, work.clone());
                batch(s);
                more(s);
            })
        };
        let found = batches(&exponential, &|_| ()).expect("batches");
        assert_eq!((found.time_nanos, found.plain), (None, false), "not worked on alone");
        assert_eq!(batches(&Dist::Constant(mean), &|_| ()), None);
        assert_eq!(batches(&exponential, &short), None);
        assert_eq!(batches(&exponential, &|s| s.fleets[0].config.size = 2.into()), None);
        assert_eq!(batches(&exponential, &|s| s.queues[0].config.ledger.partitions = 2), None);
        let polls = |pause: &Dist, partitions: u32| {
            seen(|s| {
                one_server(s, exponential.clone());
                short(s);
                s.fleets[0].config.receive.pause = pause.clone();
                s.queues[0].config.ledger.partitions = partitions;
            })
        };
        // The rest of a pause: E[P²]/2E[P] is half of a constant one and all of an exponential one.
        let pause = Dist::Exponential { mean: Span::from_millis(400) };
        assert_close(polls(&pause, 1).expect("short polls").wait_nanos, 8.0 * 1e8);
        assert_eq!(polls(&pause, 2), None);
        assert_eq!(polls(&Dist::Constant(Span::ZERO), 1), None);
    }

    /// M/M/1 forgets its start in 1/(1 - √ρ)² works: 89.721 at load 0.8, half as long with constant
    /// work. What stays away at first is added: it takes ten times all of that, and the hundredfold
    /// of a quarter of the one and all of the other.
    #[test]
    fn what_is_away_at_first_is_missing_longer() {
        let mean = Span::from_millis(100);
        let exponential = Dist::Exponential { mean };
        let felt = |work: &Dist, more: &dyn Fn(&mut Scenario)| {
            let found = seen(|s| {
                one_server(s, work.clone());
                more(s);
            });
            let found = found.expect("is known");
            [found.start, found.long_enough.expect("nobody comes late")].map(Span::as_secs_f64)
        };
        let check = |[start, long]: [f64; 2], relaxation: f64, kept: f64| {
            assert_close(start, 10.0 * (relaxation + kept));
            assert_close(long, 100.0 * (relaxation / 4.0 + kept));
        };
        check(felt(&exponential, &|_| ()), 8.972_136, 0.0);
        check(felt(&Dist::Constant(mean), &|_| ()), 8.972_136 / 2.0, 0.0);
        // Calls of producers take a second.
        let calls = |s: &mut Scenario| {
            producer(s).call_latency = Dist::Constant(Span::from_secs(1));
        };
        check(felt(&exponential, &calls), 8.972_136, 1.0);
        let sleeps = |s: &mut Scenario| {
            s.queues[0].config.ledger.partitions = 1;
            s.fleets[0].config.receive.wait = Span::ZERO;
            s.fleets[0].config.receive.pause = Dist::Constant(Span::from_millis(400));
        };
        check(felt(&exponential, &sleeps), 8.972_136, 0.4);
        // A quarter more are received, at load 0.625, and away for 3 s.
        let failing = |s: &mut Scenario| {
            producer(s).arrivals = vec![ArrivalProcess::Poisson { rate: 5.0 }];
            fails(s, 0.2, 3);
        };
        let root = 1.0 - 0.625_f64.sqrt();
        check(felt(&exponential, &failing), 0.1 / (root * root), 0.75);
        // Batches of ten at 80/s are at load 0.8, too.
        let batches = |s: &mut Scenario| {
            producer(s).arrivals = vec![ArrivalProcess::Poisson { rate: 80.0 }];
            s.queues[0].config.ledger.partitions = 1;
            let fleet = &mut s.fleets[0].config;
            (fleet.receive.max, fleet.per) = (10, WorkUnit::Batch);
        };
        check(felt(&exponential, &batches), 8.972_136, 0.0);
    }
}
