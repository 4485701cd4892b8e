//! How many workers a fleet has, where that varies: who joins and leaves when, by hand.

#[expect(dead_code, reason = "shared by several test binaries, none of which needs all of it")]
mod support;

#[path = "support/lives.rs"]
mod lives;

use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run_with;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::{Span, Time};
use sqsim::model::clients::{ArrivalProcess, Deploys, OnStop, Portion};
use sqsim::model::fleet_size::{FleetSize, Schedule};
use sqsim::model::scaling::RoomConfig;
use sqsim::model::scenario::Scenario;
use sqsim::observe::trace::{Filter, JsonLines};

use lives::Lives;
use support::{fleet, measure, named, poisson, producer, queue, scenario, secs};

fn at(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

fn schedule(steps: &[(u64, u32)], every: Option<u64>) -> FleetSize {
    let steps = steps.iter().map(|&(from, count)| (at(from), count)).collect();
    FleetSize::Schedule(Schedule { steps, every: every.map(secs) })
}

fn log(scenario: &Scenario) -> Lives {
    run_with(scenario, 0, &AtomicBool::new(false), Lives::default()).observer
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
    assert_eq!(log.turns, lives);
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
    assert_eq!(log.turns.iter().filter(|(.., worker)| *worker > 2).count(), 0);
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
        log.turns.iter().copied().filter(|(_, word, _)| *word == "joined").collect();
    assert_eq!(joined, [(20, "joined", 3), (20, "joined", 4), (20, "joined", 5)]);
    let left: Vec<u32> = log
        .turns
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
    assert_eq!(log(&scenario).turns, lives);
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

/// Two workers take ten messages each at once into their buffers and work 10 s on one; at 15 the
/// second leaves, holding one that it works on and eight that wait.
fn leaves_at_15(on_stop: OnStop, grace: Option<u64>) -> Scenario {
    let mut scenario = backlog(20, 10);
    scenario.duration = secs(300);
    scenario.queues[0].config.visibility_timeout = secs(250);
    let fleet = &mut scenario.fleets[0].config;
    (fleet.receive.max, fleet.receive.prefetch) = (10, 9);
    (fleet.on_stop, fleet.grace) = (on_stop, grace.map(secs));
    fleet.size = schedule(&[(0, 2), (15, 1)], None);
    scenario
}

#[test]
fn who_finishes_takes_as_long_as_it_takes() {
    let log = log(&leaves_at_15(OnStop::Finish, None));
    assert!(log.turns.contains(&(100, "stopped", 1)), "{:?}", log.turns);
    assert_eq!((log.again.len(), log.killed.len()), (0, 0));
}

/// It has done the message of 10 to 20 and is killed in the middle of the next: that and the seven
/// behind it return when the timeout of their receive at 0 ends.
#[test]
fn who_is_killed_loses_what_it_holds_until_the_timeout_ends() {
    let scenario = leaves_at_15(OnStop::Finish, Some(10));
    let log = log(&scenario);
    assert_eq!(log.killed, [(25, 1, 8)]);
    assert!(log.turns.contains(&(25, "stopped", 1)));
    assert_eq!((log.again.first(), log.again.len()), (Some(&(250, 2)), 8));
    let measured = measure(&scenario, 0).measured;
    let counts = measured.fleets[0].counts;
    assert_eq!((counts.left, counts.killed, counts.killed_with, counts.crashed), (1, 1, 8, 1));
    let redelivered = measured.queues[0].counts.redelivered;
    assert_eq!((redelivered.stopped, redelivered.total()), (8, 8));
}

#[test]
fn who_drops_is_killed_at_once() {
    let log = log(&leaves_at_15(OnStop::Drop, Some(1_000)));
    assert_eq!(log.killed, [(15, 1, 9)]);
    assert!(log.turns.contains(&(15, "stopped", 1)));
    assert_eq!((log.again.first(), log.again.len()), (Some(&(250, 2)), 9));
}

/// The eight in its buffer are there again at once; the other worker takes them when its buffer has
/// room. What it works on it finishes at 20.
#[test]
fn who_gives_back_keeps_what_it_works_on() {
    let scenario = leaves_at_15(OnStop::GiveBack, Some(10));
    let log = log(&scenario);
    assert!(log.turns.contains(&(20, "stopped", 1)), "{:?}", log.turns);
    assert_eq!((log.killed.len(), log.again.len()), (0, 8));
    assert!(log.again.iter().all(|&(at, receives)| at < 200 && receives == 2), "{:?}", log.again);
    let counts = measure(&scenario, 0).measured.queues[0].counts;
    assert_eq!((counts.redelivered.stopped, counts.deleted), (8, 20));
}

/// After 3 s it is killed, and gives back what it worked on too.
#[test]
fn who_gives_back_does_so_when_it_is_killed_too() {
    let log = log(&leaves_at_15(OnStop::GiveBack, Some(3)));
    assert_eq!(log.killed, [(18, 1, 1)]);
    assert_eq!(log.again.len(), 9);
    assert!(log.again.iter().all(|&(at, _)| at < 200));
}

/// The oracle of a terminated worker (section 4.4 of the reference): it receives at 0 under a
/// timeout of 30 s, is killed at 12, and its message comes again at 30 with the count 2.
#[test]
fn the_message_of_a_killed_worker_is_there_again_when_its_timeout_ends() {
    let mut scenario = backlog(1, 20);
    scenario.queues[0].config.visibility_timeout = secs(30);
    let fleet = &mut scenario.fleets[0].config;
    (fleet.on_stop, fleet.size) = (OnStop::Drop, schedule(&[(0, 1), (12, 0), (13, 1)], None));
    let log = log(&scenario);
    assert_eq!((log.received, log.again), (vec![(0, 0), (30, 0)], vec![(30, 2)]));
}

/// Eight workers, a quarter at a time: two work until 10 or 20 on, and take 5 s to start. Each part
/// begins when the one before has started: at 12, 25, 35 (those of the second part end what they
/// began at 20 at 30) and so on.
#[test]
fn a_deploy_exchanges_a_part_when_the_one_before_has_started() {
    let mut scenario = backlog(1_000, 10);
    scenario.fleets[0].config.size = 8.into();
    scenario.fleets[0].config.deploys = Some(Deploys {
        at: [at(12)].into(),
        batch: Portion::Share(0.25),
        start_up: Some(Dist::Constant(secs(5))),
    });
    let log = log(&scenario);
    let own = |word: &str| -> Vec<(u64, u32)> {
        let all = log.turns.iter().filter(|&&(at, own, _)| own == word && at > 0);
        all.map(|&(at, _, worker)| (at, worker)).collect()
    };
    let left = [(12, 0), (12, 1), (25, 2), (25, 3), (35, 4), (35, 5), (45, 6), (45, 7)];
    let started = [(25, 0), (25, 1), (35, 2), (35, 3), (45, 4), (45, 5), (55, 6), (55, 7)];
    assert_eq!((own("left"), own("started")), (left.to_vec(), started.to_vec()));
    let counts = measure(&scenario, 0).measured.fleets[0].counts;
    assert_eq!((counts.deploys, counts.joined, counts.left), (1, 8, 8));
}

/// One that is on its way to be exchanged is not missed when the fleet shrinks: of four, two are
/// out when two are one too many.
#[test]
fn a_fleet_that_shrinks_during_a_deploy_lets_those_go_that_are_out() {
    let mut scenario = backlog(1_000, 10);
    scenario.fleets[0].config.size = schedule(&[(0, 4), (14, 3), (16, 2)], None);
    scenario.fleets[0].config.deploys =
        Some(Deploys { at: [at(12)].into(), batch: Portion::Workers(2), start_up: None });
    let log = log(&scenario);
    let late: Vec<(u64, &str, u32)> =
        log.turns.iter().copied().filter(|&(at, ..)| at > 0).collect();
    let lives = [
        (12, "left", 0),
        (12, "left", 1),
        (14, "wanted", 3),
        (16, "wanted", 2),
        (16, "left", 2),
        (16, "left", 3),
        (20, "stopped", 0),
        (20, "stopped", 1),
        (20, "stopped", 2),
        (20, "stopped", 3),
    ];
    assert_eq!(late[..6], lives[..6], "the next part follows, as nobody comes back to wait for");
}

#[test]
fn ten_thousand_parts_are_exchanged_without_a_deep_recursion() {
    let mut scenario = backlog(1, 1);
    scenario.fleets[0].config.size = 10_000.into();
    scenario.fleets[0].config.deploys =
        Some(Deploys { at: [at(50)].into(), batch: Portion::Workers(1), start_up: None });
    assert_eq!(measure(&scenario, 0).measured.fleets[0].counts.joined, 10_000);
}

/// Ten workers are wanted at 1 of which one host has room for four; two further hosts are asked for
/// together when no more workers have come for 1 s, and take 60 s; a worker starts in 20 s. When
/// the fleet shrinks at 100, empty hosts stay 30 s: at 120 two of the workers that come find their
/// places, and at 150 none is there but the first host.
fn placed(steps: &[(u64, u32)]) -> Scenario {
    let mut scenario = backlog(1_000, 1);
    scenario.duration = secs(300);
    let fleet = &mut scenario.fleets[0].config;
    fleet.size = schedule(steps, None);
    fleet.start_up = Dist::Constant(secs(20));
    fleet.hosts = Some(RoomConfig {
        per_node: 4,
        nodes: 1,
        boot: Dist::Constant(secs(60)),
        batch_idle: secs(1),
        batch_most: secs(10),
        empty: Some(secs(30)),
    });
    scenario
}

fn of_word(log: &Lives, wanted: &str) -> Vec<u64> {
    log.turns.iter().filter(|(_, word, _)| *word == wanted).map(|&(at, ..)| at).collect()
}

#[test]
fn workers_without_room_wait_for_hosts() {
    let log = log(&placed(&[(0, 0), (1, 10)]));
    let started: Vec<u64> = [[21; 4].as_slice(), &[1 + 1 + 60 + 20; 6]].concat();
    assert_eq!(of_word(&log, "started"), started);
}

#[test]
fn who_goes_makes_room_for_who_waits() {
    // Two of four places are free at 10, so two of the four that wait since 5 have them then, and
    // start at 30; the other two are placed when a host has come for them, at 66.
    let mut scenario = placed(&[(0, 4), (5, 8), (10, 6)]);
    scenario.fleets[0].config.hosts.as_mut().expect("it has").boot = Dist::Constant(secs(600));
    let none = log(&scenario);
    assert_eq!(
        of_word(&none, "started"),
        [20; 4],
        "who waits longest leaves last, so nobody comes"
    );
    scenario.fleets[0].config.size = schedule(&[(0, 4), (30, 0), (31, 5), (40, 3)], None);
    scenario.fleets[0].config.processing = Dist::Constant(secs(15));
    let log = log(&scenario);
    // They begin at 20 what ends at 35: then four of the five that wait since 31 are placed.
    assert_eq!(of_word(&log, "started"), [vec![20; 4], vec![55; 3]].concat());
}

#[test]
fn empty_hosts_go_and_are_asked_for_again() {
    let log = log(&placed(&[(0, 0), (1, 8), (100, 0), (120, 5), (140, 0), (200, 5)]));
    let started = of_word(&log, "started");
    assert_eq!(started[..4], [21; 4]);
    assert_eq!(started[4..8], [82; 4]);
    assert_eq!(started[8..13], [140; 5], "both hosts are still there at 120");
    assert_eq!(started[13..], [220, 220, 220, 220, 281], "and one is not at 200");
}
