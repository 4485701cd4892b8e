//! A fork's past is the run's past, and only its future differs. What it makes of every setting is
//! held by `tests/forks`.

#[path = "support/deeds.rs"]
mod deeds;
#[expect(dead_code, reason = "shared by several test binaries, none of which needs all of it")]
mod support;

use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::thread;

use sqsim::engine::World;
use sqsim::engine::lockstep::{Stepper, first_difference};
use sqsim::engine::run::{run, run_with};
use sqsim::engine::saved::Saved;
use sqsim::experiment::in_order::in_order;
use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::{Capacity, QueueId, ReceiveRouting, Redrive, SplitPolicy};
use sqsim::ledger::journal::{Change, Journal, Step};
use sqsim::model::clients::{Crash, Heartbeat, OnFailure, WorkUnit};
use sqsim::model::course::{Course, Fork};
use sqsim::model::scenario::Scenario;
use sqsim::scenario::fork::check;
use sqsim::scenario::load::load;

use deeds::Deeds;
use support::{features, poisson, secs};

static GO_ON: AtomicBool = AtomicBool::new(false);

fn at(span: Span) -> Time {
    Time::ZERO + span
}

fn forked<'a>(scenario: &'a Scenario, at: Time, then: &'a Scenario) -> Course<'a> {
    Course { scenario, fork: Some(Fork { at, then }) }
}

/// Everything measured, with every field.
fn everything<'a>(course: impl Into<Course<'a>>) -> String {
    format!("{:?}", run(course, 0, &GO_ON).measured)
}

/// Each in turn, on all cores.
fn each<T: Sync>(all: &[T], work: impl Fn(&T) + Sync) {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    in_order(all.len() as u64, threads, |number| work(&all[number as usize]));
}

/// Forks without a change at these shares of the run give what the run gives.
fn assert_exact(scenario: &Scenario, shares: &[u64]) {
    let whole = everything(scenario);
    for &share in shares {
        let at = at((scenario.end() - Time::ZERO) / 1_000 * share);
        let same = everything(forked(scenario, at, scenario));
        assert!(same == whole, "{} forked at {at}", scenario.name);
        // So does one that changes only what cannot be seen: the world is touched.
        let mut then = scenario.clone();
        then.limits.trace_bytes ^= 1;
        let same = everything(forked(scenario, at, &then));
        assert!(same == whole, "{} forked at {at} with another limit", scenario.name);
    }
}

#[test]
fn a_fork_of_a_model_without_a_change_is_the_run() {
    let entries = Path::new("models").read_dir().expect("a directory");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    let mut models: Vec<_> =
        paths.filter(|path| path.extension() == Some("ron".as_ref())).collect();
    models.sort();
    assert!(models.len() >= 11);
    each(&models, |path| {
        let scenario = load(path, &[]).unwrap_or_else(|faults| panic!("{faults}")).scenario;
        assert_exact(&scenario, &[1, 600]);
    });
}

#[test]
fn a_fork_of_every_feature_without_a_change_is_the_run() {
    for scenario in features::all() {
        assert_exact(&scenario, &[0, 3, 100, 200, 333, 1_000]);
    }
}

#[test]
fn a_fork_of_a_random_scenario_without_a_change_is_the_run() {
    for seed in 0..60 {
        let scenario = features::random(seed);
        assert_exact(&scenario, &[0, 7 * (seed + 1), 500, 640, 999]);
    }
}

/// Where nothing has happened, the other settings hold from the start.
#[test]
fn every_change_at_the_start_gives_the_other_run() {
    for (what, edit) in EDITS.into_iter().chain(QUIET_EDITS) {
        for scenario in features::all() {
            let mut then = scenario.clone();
            edit(&mut then);
            let course = forked(&scenario, Time::ZERO, &then);
            let first = first_difference(Stepper::new(course, 0), Stepper::new(&then, 0), &GO_ON);
            assert!(first.is_none(), "{}: {what}: {first:?}", scenario.name);
            let measured = everything(&then);
            assert!(everything(course) == measured, "{}: {what}", scenario.name);
            let saved = Saved::at(Time::ZERO, &scenario, 0, &GO_ON).run(&then, &GO_ON).measured;
            assert!(format!("{saved:?}") == measured, "{}: {what}: saved", scenario.name);
        }
    }
}

/// One worker for an hour and two for the next, or two and then one, are three hours.
#[test]
fn hours_of_workers_are_those_that_they_are_there() {
    let hour = secs(3_600);
    for (before, after) in [(1, 2), (2, 1)] {
        let mut scenario = plain();
        (scenario.duration, scenario.drain, scenario.warm_up) = (hour * 2, Span::ZERO, Span::ZERO);
        scenario.producers[0].config.arrivals.clear();
        scenario.fleets[0].config.size = before.into();
        let mut then = scenario.clone();
        then.fleets[0].config.size = after.into();
        let measured = run(forked(&scenario, at(hour), &then), 0, &GO_ON).measured;
        let time = measured.fleets[0].worker_time();
        assert_eq!(time, 3 * u128::from(hour.as_nanos()), "{before}, then {after}");
    }
}

type Edit = (&'static str, fn(&mut Scenario));

/// Everything that may change, one by one.
const EDITS: [Edit; 28] = [
    ("visibility_timeout", |s| s.queues[0].config.visibility_timeout = secs(3)),
    ("delay", |s| s.queues[0].config.delay = secs(2)),
    ("retention", |s| s.queues[0].config.retention = secs(60)),
    ("max_in_flight", |s| s.queues[0].config.max_in_flight = 2),
    ("lost_deletes", |s| s.queues[0].config.lost_deletes = 0.3),
    ("stale_deletes", |s| s.queues[0].config.stale_deletes = 0.6),
    ("duplicates", |s| s.queues[0].config.duplicates = 0.2),
    ("purges", |s| s.queues[0].config.purges.push(at(secs(251)))),
    ("redrive", |s| {
        let to = QueueId(s.queues.len() as u32 - 1);
        s.queues[0].config.redrive = (to.0 > 0).then_some(Redrive { to, max_receives: 1 });
    }),
    ("capacity", |s| {
        let capacity = Capacity { per_second: 3.0, burst: 2.0 };
        s.queues[0].config.ledger.capacity = Some(capacity);
    }),
    ("arrivals", |s| s.producers[0].config.arrivals = vec![poisson(9.0), poisson(1.0)]),
    ("batch", |s| s.producers[0].config.batch = 3),
    ("call_latency of sends", |s| {
        s.producers[0].config.call_latency = Dist::Constant(Span::from_millis(70));
    }),
    ("connections", |s| {
        s.producers[0].config.call_latency = Dist::Constant(Span::from_millis(70));
        s.producers[0].config.connections = Some(1);
    }),
    ("more workers", |s| s.fleets[0].config.size = (s.fleets[0].config.size.most() + 5).into()),
    ("fewer workers", |s| s.fleets[0].config.size = 1.into()),
    ("processing", |s| s.fleets[0].config.processing = Dist::Constant(secs(2))),
    ("call_latency", |s| {
        s.fleets[0].config.call_latency = Dist::Constant(Span::from_millis(70));
    }),
    ("failure", |s| s.fleets[0].config.failure.probability = 0.5),
    ("release", |s| {
        s.fleets[0].config.failure.probability = 0.5;
        s.fleets[0].config.failure.then = OnFailure::Release(secs(1));
    }),
    ("heartbeat", |s| {
        s.fleets[0].config.heartbeat = match s.fleets[0].config.heartbeat {
            None => Some(Heartbeat { every: secs(1), extend: secs(4) }),
            Some(_) => None,
        };
    }),
    ("crash", |s| {
        let restart = Dist::Constant(secs(1));
        s.fleets[0].config.crash = match s.fleets[0].config.crash {
            None => Some(Crash { mean_time_between: secs(9), restart }),
            Some(_) => None,
        };
    }),
    ("per", |s| {
        s.fleets[0].config.receive.max = 7;
        s.fleets[0].config.per = WorkUnit::Batch;
    }),
    ("prefetch", |s| s.fleets[0].config.receive.prefetch = 4),
    ("short polls", |s| s.fleets[0].config.receive.wait = Span::ZERO),
    ("deletes", |s| s.fleets[0].config.delete.batch = 2),
    ("idempotent", |s| s.fleets[0].config.idempotent = true),
    ("duration", |s| s.duration = secs(500)),
];

/// What else may change; not every one of these moves the future of one of the features.
const QUIET_EDITS: [Edit; 11] = [
    ("linger", |s| s.producers[0].config.linger = Span::from_millis(30)),
    ("retry of sends", |s| s.producers[0].config.retry.attempts = Some(2)),
    ("delay of messages", |s| s.producers[0].config.delay = Some(secs(3))),
    ("visibility_timeout of polls", |s| {
        s.fleets[0].config.receive.visibility_timeout = Some(secs(7));
    }),
    ("max of polls", |s| s.fleets[0].config.receive.max = 4),
    ("pause of short polls", |s| {
        s.fleets[0].config.receive.wait = Span::ZERO;
        s.fleets[0].config.receive.pause = Dist::Constant(secs(1));
    }),
    ("linger of deletes", |s| {
        s.fleets[0].config.delete.batch = 5;
        s.fleets[0].config.delete.linger = Span::from_millis(300);
    }),
    ("retry of workers", |s| s.fleets[0].config.retry.attempts = Some(2)),
    ("drain", |s| s.drain = secs(100)),
    ("receive", |s| {
        let receive = &mut s.queues[0].config.ledger.receive;
        if *receive == ReceiveRouting::RegisterAll {
            *receive = ReceiveRouting::Sample(3);
        }
    }),
    ("split", |s| match &mut s.queues[0].config.ledger.split {
        SplitPolicy::Reservoir(reservoir) => {
            (reservoir.hold, reservoir.cooldown) = (secs(1), secs(2));
            (reservoir.threshold, reservoir.merge_window) = (0.4, secs(9));
        }
        SplitPolicy::HeatMedian(heat) => heat.evaluate = secs(7),
        SplitPolicy::MidpointDoubling(_)
        | SplitPolicy::ScalableTopic(_)
        | SplitPolicy::CountScaler(_)
        | SplitPolicy::Ewma(_)
        | SplitPolicy::Naive(_)
        | SplitPolicy::Static => {}
    }),
];

/// The future differs, and only that; a saved past gives the same future; all is conserved.
fn assert_forks(scenario: &Scenario, then: &Scenario, at: Time, what: &str) -> bool {
    let what = format!("{}: {what} at {at}", scenario.name);
    let course = forked(scenario, at, then);
    let first = first_difference(Stepper::new(scenario, 0), Stepper::new(course, 0), &GO_ON);
    assert!(first.is_none_or(|first| first.at() >= at), "{what}: {first:?}");
    let measured = run(course, 0, &GO_ON).measured;
    let saved = Saved::at(at, scenario, 0, &GO_ON);
    for _ in 0..2 {
        let again = saved.run(then, &GO_ON).measured;
        assert!(format!("{again:?}") == format!("{measured:?}"), "{what}: from what was saved");
    }
    let (world, _) = World::follow(course, 0, &GO_ON, ());
    world.ledger().check();
    first.is_some()
}

#[test]
fn every_change_moves_the_future_and_not_the_past() {
    each(&EDITS, |(what, edit)| {
        let mut differ = 0;
        for scenario in features::all() {
            let mut then = scenario.clone();
            edit(&mut then);
            let at = at(secs(250));
            let faults = check(&scenario, Fork { at, then: &then }, &[]);
            match (faults, scenario.name == "closed") {
                (Err(_), true) => continue,
                (Err(faults), false) => panic!("{}: {faults}", scenario.name),
                (Ok(()), _) => {}
            }
            differ += u32::from(assert_forks(&scenario, &then, at, what));
        }
        assert!(differ > 0, "{what} changes nothing");
    });
}

/// A random scenario that became as much of another one as may change.
fn random_pair(seed: u64) -> (Scenario, Scenario) {
    let (scenario, mut then) = (features::random(seed), features::random(seed + 1_000));
    then.seed = scenario.seed;
    for (from, to) in scenario.queues.iter().zip(&mut then.queues) {
        let (from, to) = (&from.config, &mut to.config);
        to.purges.clone_from(&from.purges);
        to.message_size.clone_from(&from.message_size);
        let (capacity, receive) = (to.ledger.capacity, to.ledger.receive);
        to.ledger = from.ledger.clone();
        to.ledger.receive = receive;
        // A policy needs a capacity to decide by.
        to.ledger.capacity = capacity.or(from.ledger.capacity);
    }
    for (from, to) in scenario.producers.iter().zip(&mut then.producers) {
        to.config.queue = from.config.queue;
        to.config.arrivals.truncate(1);
        to.config.arrivals.extend(from.config.arrivals.iter().skip(1).cloned());
    }
    for (from, to) in scenario.fleets.iter().zip(&mut then.fleets) {
        let (from, to) = (&from.config, &mut to.config);
        (to.queue, to.forward, to.threads) = (from.queue, from.forward, from.threads);
        to.several.clone_from(&from.several);
        if to.size.most() <= from.size.most() {
            to.start_up.clone_from(&from.start_up);
        }
    }
    (scenario, then)
}

#[test]
fn a_random_scenario_becomes_another_one() {
    let seeds: Vec<u64> = (0..120).collect();
    each(&seeds, |&seed| {
        let (scenario, then) = random_pair(seed);
        let at = at(Span::from_millis(1 + seed * 700));
        let found = check(&scenario, Fork { at, then: &then }, &[]);
        if at - Time::ZERO > scenario.duration {
            assert!(found.is_err(), "arrivals change when producers are silent");
            return;
        }
        found.unwrap_or_else(|faults| panic!("{seed}: {faults}"));
        assert!(assert_forks(&scenario, &then, at, &format!("seed {seed}")));
    });
}

/// Conservation and every derived count hold after single events behind a fork.
#[test]
fn nothing_is_lost_at_any_event_after_a_fork() {
    let seeds: Vec<u64> = (0..12).collect();
    each(&seeds, |&seed| {
        let (scenario, mut then) = random_pair(seed);
        let at = at(secs(20));
        let saved = Saved::at(at, &scenario, 0, &GO_ON);
        let whole = saved.run(&then, &GO_ON).measured.events;
        then.limits.events = 0;
        let before = run(&scenario, 0, &GO_ON).measured.events.min(whole) / 5;
        for events in (before..whole).step_by(1 + whole as usize / 150) {
            then.limits.events = events;
            let (world, _) = World::follow(forked(&scenario, at, &then), 0, &GO_ON, ());
            world.ledger().check();
        }
    });
}

/// What clients and the ledger did.
#[derive(Default)]
struct Log {
    deeds: Deeds,
    received: Vec<(Time, u32, Time)>,
    expired: Vec<Time>,
    redelivered: u64,
    deleted: u64,
}

impl Journal for Log {
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        assert_eq!(queue, QueueId(0));
        if let Change::Message(_, Step::Received { caller, until, cause, .. }) = *change {
            self.received.push((now, caller.0, until));
            self.redelivered += u64::from(cause.is_some());
        } else if let Change::Message(_, Step::Expired { .. }) = change {
            self.expired.push(now);
        } else if let Change::Message(_, Step::Deleted { .. }) = change {
            self.deleted += 1;
        }
    }
}

impl Observer for Log {
    fn deed(&mut self, now: Time, deed: &Deed) {
        self.deeds.deed(now, deed);
    }
}

fn log<'a>(course: impl Into<Course<'a>>) -> Log {
    run_with(course, 0, &GO_ON, Log::default()).observer
}

fn plain() -> Scenario {
    features::all().swap_remove(0)
}

#[test]
fn workers_that_join_move_no_arrival_and_are_who_they_would_have_been() {
    let mut scenario = plain();
    scenario.fleets[0].config.start_up = Dist::Exponential { mean: secs(20) };
    let mut more = scenario.clone();
    more.fleets[0].config.size = (more.fleets[0].config.size.most() + 7).into();
    let at = at(secs(123));
    let (before, always, forked) = (log(&scenario), log(&more), log(forked(&scenario, at, &more)));
    assert!(before.deeds.arrived.len() > 2_000 && before.deeds.arrived == forked.deeds.arrived);
    // Each takes as long to start as if it had been there from the beginning.
    let own = |log: &Log, from: Time| -> Vec<(Span, u32)> {
        let new = log.deeds.started.iter().filter(|(_, worker)| *worker >= 10);
        let mut all: Vec<_> = new.map(|&(at, worker)| (at - from, worker)).collect();
        all.sort_unstable();
        all
    };
    assert_eq!(own(&forked, at).len(), 7);
    assert_eq!(own(&forked, at), own(&always, Time::ZERO));
    let joined: Vec<(Time, u32)> = (10..17).map(|worker| (at, worker)).collect();
    assert_eq!((&forked.deeds.joined, forked.deeds.left.len()), (&joined, 0));
    assert!(always.deeds.joined.is_empty(), "those of the start are there");
}

#[test]
fn workers_that_leave_finish_what_they_hold_and_receive_no_more() {
    let mut scenario = plain();
    scenario.fleets[0].config.receive.max = 10;
    scenario.fleets[0].config.receive.prefetch = 5;
    scenario.fleets[0].config.delete.batch = 4;
    scenario.drain = secs(100_000);
    let mut fewer = scenario.clone();
    fewer.fleets[0].config.size = 2.into();
    let at = at(secs(150));
    let log = log(forked(&scenario, at, &fewer));
    let late = |worker| log.received.iter().any(|&(now, by, _)| now >= at && by == worker);
    assert_eq!((0..10).map(late).collect::<Vec<_>>(), (0..10).map(|n| n < 2).collect::<Vec<_>>());
    assert_eq!(
        (log.deleted, log.redelivered),
        (log.deeds.arrived.len() as u64, 0),
        "nothing is lost"
    );
}

#[test]
fn a_timeout_holds_for_what_is_received_from_then_on() {
    let mut scenario = plain();
    // Workers wait at the queue at the fork: what they receive is hidden by the new rule.
    scenario.fleets[0].config.size = 40.into();
    let mut then = scenario.clone();
    then.queues[0].config.visibility_timeout = secs(50);
    let at = at(secs(150));
    let log = log(forked(&scenario, at, &then));
    for (now, _, until) in log.received {
        assert_eq!(until - now, if now < at { secs(12 * 3_600) } else { secs(50) });
    }
}

/// Thirty messages and no worker that is fast enough; the cap lets two through.
#[test]
fn what_held_waiters_up_is_lifted_at_once() {
    let mut scenario = plain();
    scenario.queues[0].config.max_in_flight = 2;
    scenario.fleets[0].config.processing = Dist::Constant(secs(500));
    let mut then = scenario.clone();
    then.queues[0].config.max_in_flight = 6;
    let at = at(secs(15));
    let log = log(forked(&scenario, at, &then));
    let times: Vec<Time> = log.received.iter().take(6).map(|&(now, ..)| now).collect();
    assert!(times[1] < at && times[2..].iter().all(|&time| time == at), "{times:?}");
}

#[test]
fn retention_holds_for_every_message_at_once() {
    let mut scenario = plain();
    scenario.fleets[0].config.processing = Dist::Constant(secs(5_000));
    let mut then = scenario.clone();
    then.queues[0].config.retention = secs(100);
    let at = at(secs(150));
    let log = log(forked(&scenario, at, &then));
    let old = log.deeds.arrived.iter().filter(|&&(sent, _)| sent + secs(100) <= at).count();
    assert!(old > 300);
    assert_eq!(log.expired.iter().filter(|&&now| now == at).count(), old);
    let ages: Vec<Time> = log.deeds.arrived.iter().map(|&(sent, _)| sent + secs(100)).collect();
    assert_eq!(log.expired[old..], ages[old..], "the others at their age");
}
