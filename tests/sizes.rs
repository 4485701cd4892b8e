//! How many workers a fleet has, where that varies: who joins and leaves when, by hand.

#[expect(dead_code, reason = "shared by several test binaries, none of which needs all of it")]
mod support;

use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run_with;
use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Journal, Step};
use sqsim::model::clients::ArrivalProcess;
use sqsim::model::fleet_size::{FleetSize, Schedule};
use sqsim::model::scenario::Scenario;
use sqsim::observe::trace::{Filter, JsonLines};

use support::{fleet, measure, named, poisson, producer, queue, scenario, secs};

fn at(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

fn schedule(steps: &[(u64, u32)], every: Option<u64>) -> FleetSize {
    let steps = steps.iter().map(|&(from, count)| (at(from), count)).collect();
    FleetSize::Schedule(Schedule { steps, every: every.map(secs) })
}

/// What workers do, as (second, word, worker), and who receives when.
#[derive(Default)]
struct Log {
    lives: Vec<(u64, &'static str, u32)>,
    received: Vec<(u64, u32)>,
}

fn second(now: Time) -> u64 {
    now.as_nanos() / 1_000_000_000
}

impl Journal for Log {
    fn change(&mut self, now: Time, _: QueueId, change: &Change) {
        if let Change::Message(_, Step::Received { caller, .. }) = *change {
            self.received.push((second(now), caller.0));
        }
    }
}

impl Observer for Log {
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others are no turns of a life")]
    fn deed(&mut self, now: Time, deed: &Deed) {
        let (word, worker) = match *deed {
            Deed::Joined { worker, .. } => ("joined", worker.0),
            Deed::Started { worker } => ("started", worker.0),
            Deed::Left { worker, .. } => ("left", worker.0),
            Deed::Stopped { worker, .. } => ("stopped", worker.0),
            Deed::Resized { wanted, .. } => ("wanted", wanted),
            _ => return,
        };
        self.lives.push((second(now), word, worker));
    }
}

fn log(scenario: &Scenario) -> Log {
    run_with(scenario, 0, &AtomicBool::new(false), Log::default()).observer
}

/// Messages all at the start, each of so many seconds of work.
fn backlog(count: u64, work: u64) -> Scenario {
    let burst = ArrivalProcess::Burst { at: Time::ZERO, count };
    let fleet = fleet(1, Dist::Constant(secs(work)));
    scenario(queue(), producer(burst), fleet, secs(100), Span::ZERO)
}

/// All bytes that tell of a run.
fn bytes(scenario: &Scenario) -> (String, Vec<u8>) {
    let mut lines = Vec::new();
    let trace = JsonLines::new(scenario, Filter::ALL, &mut lines);
    let run = run_with(scenario, 2, &AtomicBool::new(false), trace);
    run.observer.finish(scenario.end()).expect("a vector takes all");
    (format!("{:?}", run.measured), lines)
}

#[test]
fn a_schedule_of_one_number_gives_the_bytes_of_the_number() {
    for mut plain in support::features::all() {
        let mut scheduled = plain.clone();
        for (plain, other) in plain.fleets.iter_mut().zip(&mut scheduled.fleets) {
            plain.config.size = 12.into();
            other.config.size = schedule(&[(0, 12)], None);
        }
        assert!(bytes(&plain) == bytes(&scheduled), "{}", plain.name);
    }
}

/// Two workers begin a message of 10 s each at 0, 10 and 20. From 5 on there are four; from 25 on
/// one: the last three to join leave, and those at work end at 30 or 35 what they began at 20 or
/// 25.
#[test]
fn workers_join_and_leave_by_the_clock() {
    let mut scenario = backlog(100, 10);
    scenario.fleets[0].config.size = schedule(&[(0, 2), (5, 4), (27, 1)], None);
    let log = log(&scenario);
    let lives = [
        (0, "started", 0),
        (0, "started", 1),
        (5, "wanted", 4),
        (5, "joined", 2),
        (5, "joined", 3),
        (5, "started", 2),
        (5, "started", 3),
        (27, "wanted", 1),
        (27, "left", 1),
        (27, "left", 2),
        (27, "left", 3),
        (30, "stopped", 1),
        (35, "stopped", 2),
        (35, "stopped", 3),
    ];
    assert_eq!(log.lives, lives);
    let first: Vec<(u64, u32)> = log.received.iter().copied().filter(|&(at, _)| at < 40).collect();
    let [two, four] = [[0, 10, 20], [5, 15, 25]].map(|starts| starts.map(|at| at));
    let mut expected: Vec<(u64, u32)> = Vec::new();
    for at in two {
        expected.extend([(at, 0), (at, 1)]);
    }
    for at in four {
        expected.extend([(at, 2), (at, 3)]);
    }
    expected.push((30, 0));
    expected.sort_unstable();
    assert_eq!(first, expected);
}

/// Every 20 s there are none for 10 s: the next one that joins has the place of the one that went.
#[test]
fn a_schedule_that_comes_again_fills_the_same_places() {
    let mut scenario = backlog(100, 1);
    scenario.duration = secs(45);
    scenario.fleets[0].config.size = schedule(&[(0, 2), (10, 0)], Some(20));
    let log = log(&scenario);
    let busy: Vec<u64> = (0..10).chain(20..30).chain(40..45).collect();
    let seconds = |worker| {
        let own = log.received.iter().filter(move |&&(_, by)| by == worker);
        own.map(|&(at, _)| at).collect::<Vec<_>>()
    };
    assert_eq!((seconds(0), seconds(1)), (busy.clone(), busy));
    assert_eq!(log.lives.iter().filter(|(.., worker)| *worker > 2).count(), 0);
    let measured = measure(&scenario, 0).measured;
    let fleet = &measured.fleets[0];
    let worker_seconds = 2 * (10 + 10 + 5) * 1_000_000_000;
    assert_eq!((fleet.worker_time(), fleet.wanted.area), (worker_seconds, worker_seconds));
    assert_eq!((fleet.wanted.max, fleet.wanted.last), (2, 2));
}

/// Work of a minute: those that are to leave at 10 still hold their places at 20, so the two that
/// join then have new ones, beside the one that was free.
#[test]
fn who_joins_while_others_leave_has_a_new_place() {
    let mut scenario = backlog(100, 60);
    scenario.fleets[0].config.size = schedule(&[(0, 3), (10, 0), (20, 3), (65, 2)], None);
    let log = log(&scenario);
    let joined: Vec<(u64, &str, u32)> =
        log.lives.iter().copied().filter(|(_, word, _)| *word == "joined").collect();
    assert_eq!(joined, [(20, "joined", 3), (20, "joined", 4), (20, "joined", 5)]);
    let left: Vec<u32> = log
        .lives
        .iter()
        .filter(|(at, word, _)| (*at, *word) == (65, "left"))
        .map(|l| l.2)
        .collect();
    assert_eq!(left, [5], "who came last");
    let (_, lines) = bytes(&scenario);
    let text = String::from_utf8(lines).expect("text");
    assert!(text.contains(r#""what":"joined","worker":"workers.5","fleet":"workers""#), "named");
}

/// Workers start 15 s after they join: the two that joined at 10 leave at 20 without a start, and
/// are gone at once.
#[test]
fn who_has_not_started_is_gone_at_once() {
    let mut scenario = backlog(100, 1);
    scenario.fleets[0].config.size = schedule(&[(0, 2), (10, 4), (20, 2)], None);
    scenario.fleets[0].config.start_up = Dist::Constant(secs(15));
    let lives = [
        (10, "wanted", 4),
        (10, "joined", 2),
        (10, "joined", 3),
        (15, "started", 0),
        (15, "started", 1),
        (20, "wanted", 2),
        (20, "left", 2),
        (20, "stopped", 2),
        (20, "left", 3),
        (20, "stopped", 3),
    ];
    assert_eq!(log(&scenario).lives, lives);
}

/// Arrivals and the work of each message are the same however many workers there are.
#[test]
fn a_size_that_varies_moves_no_arrival_and_no_luck() {
    let mut scenario = backlog(1, 1);
    let exponential = Dist::Exponential { mean: secs(1) };
    scenario.producers = vec![named("web", producer(poisson(3.0)))];
    scenario.fleets[0].config.processing = exponential;
    let sent = |scenario: &Scenario| {
        let (_, lines) = bytes(scenario);
        let text = String::from_utf8(lines).expect("text");
        let own = |line: &&str| line.contains(r#""what":"sent""#);
        text.lines().filter(own).map(str::to_owned).collect::<Vec<_>>()
    };
    let mut varied = scenario.clone();
    varied.fleets[0].config.size = schedule(&[(0, 1), (10, 20), (50, 2)], None);
    let (fixed, varied) = (sent(&scenario), sent(&varied));
    assert!(fixed.len() > 200 && fixed == varied);
}
