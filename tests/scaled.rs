//! Fleets that follow their queue: the oracles of the reference (fleets.md 4 to 6) in whole runs,
//! with the queue, the workers and their clocks.

#[expect(dead_code, reason = "shared by several test binaries, none of which needs all of it")]
mod support;

#[path = "support/lives.rs"]
mod lives;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run_with;
use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Journal, MessageId};
use sqsim::model::scenario::Scenario;
use sqsim::outcome::Outcome;
use sqsim::scenario::load::from_text;

use lives::Lives;
use support::measure;

/// So many messages at an instant of so much work, for a fleet of these settings, whose counters do
/// not lag; calls take no time.
fn scenario(at: &str, messages: u64, work: &str, fleet: &str) -> Scenario {
    let text = format!(
        r#"(
            duration: "2000s",
            queues: {{"jobs": (visibility_timeout: "12h", counters: (lag: Constant("0s")))}},
            producers: {{"web": (queue: "jobs", arrivals: Burst(at: "{at}", count: {messages}),
                                 call_latency: Constant("0s"))}},
            consumers: {{"pods": (queue: "jobs", processing: Constant("{work}"),
                                  call_latency: Constant("0s"), {fleet})}},
        )"#
    );
    let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    let loaded = from_text("scaled.ron", &text, &[], &no_files);
    loaded.unwrap_or_else(|faults| panic!("{faults}")).scenario
}

fn lives(scenario: &Scenario) -> Lives {
    run_with(scenario, 0, &AtomicBool::new(false), Lives::default()).observer
}

/// When the fleet is to have how many workers.
fn wanted(lives: &Lives) -> Vec<(u64, u32)> {
    let own = lives.turns.iter().filter(|(_, word, _)| *word == "wanted");
    own.map(|&(at, _, count)| (at, count)).collect()
}

const KEDA: &str = r#"boot: Constant("0s"), phase: "0s", hpa: (phase: "0s")"#;

/// Section 5, oracle 1: nobody deletes, pods are there at once.
#[test]
fn keda_goes_from_nothing_to_a_hundred_in_seven_steps() {
    let pods = |rest: &str| {
        let fleet = format!("count: Keda(target: 5, max: 100, phase: \"0s\", {rest})");
        wanted(&lives(&scenario("1s", 500, "1h", &fleet)))
    };
    let plain = [(30, 1), (30, 4), (45, 8), (60, 16), (75, 32), (90, 64), (105, 100)];
    assert_eq!(pods(r#"hpa: (phase: "0s")"#)[..7], plain);
    let limited = [(30, 1), (30, 5), (45, 10), (60, 20), (75, 40), (90, 80), (105, 100)];
    assert_eq!(pods(r#"hpa: (phase: "0s", behavior: ())"#)[..7], limited);
}

/// Section 5, oracle 5: twenty messages are in flight at once, which counts or does not. Without,
/// one pod goes when the recommendation of 30 is older than 300 s, and the other at the first poll
/// more than 300 s after the last active one, while both work.
#[test]
fn messages_in_flight_keep_pods_only_if_they_count() {
    let pods = |in_flight: bool| {
        let fleet = format!(
            "threads: 10, receive: (max: 10), start_up: Constant(\"1s\"), \
             count: Keda(target: 10, max: 100, in_flight: {in_flight}, {KEDA})"
        );
        wanted(&lives(&scenario("1s", 20, "1h", &fleet)))
    };
    assert_eq!(pods(true), [(30, 1), (30, 2)]);
    assert_eq!(pods(false), [(30, 1), (30, 2), (345, 1), (360, 0)]);
}

/// Section 6, oracle 1: a message at 1 s is seen by the poll at 30, a pod starts in 20 s and a host
/// comes in 60.
#[test]
fn the_lags_of_a_new_pod_add_up() {
    let first = |there: u32| {
        let fleet = format!(
            r#"count: Keda(target: 5, max: 100, {KEDA}), start_up: Constant("20s"),
               hosts: (room: 1, there: {there}, boot: Constant("60s"), batch_idle: "0s")"#
        );
        lives(&scenario("1s", 1, "1s", &fleet)).received
    };
    assert_eq!((first(0), first(1)), (vec![(110, 0)], vec![(50, 0)]));
}

/// Section 6, oracle 2: a hundred messages of 0.1 s are the work of 10 s for the first pod, which
/// works from 60 on; by then twenty are asked for, 19 of which never get a message.
#[test]
fn pods_that_come_late_find_nothing() {
    let fleet = r#"count: Keda(target: 5, max: 100, phase: "0s", hpa: (phase: "15s"),
                               boot: Constant("60s"))"#;
    let lives = lives(&scenario("0s", 100, "100ms", fleet));
    assert_eq!(wanted(&lives)[..5], [(0, 1), (15, 4), (30, 8), (45, 16), (60, 20)]);
    assert!(lives.received.iter().all(|&(at, pod)| (60..70).contains(&at) && pod == 0));
    assert_eq!(lives.received.len(), 100);
    let (at, count) = wanted(&lives)[5];
    // The last poll that saw a message, at 60, and the last sync, the same: 300 s later those of
    // the poll go, as it is the last active one.
    assert_eq!((at, count), (375, 1), "the recommendation of 60 is older than 300 s then");
}

/// Section 4, oracle 3: points at 60, 120 and 180 are above the target, the third is known at 240;
/// instances need 90 s. Each of ten workers has one of the messages in hand.
#[test]
fn help_comes_after_three_points_their_delay_and_the_boot() {
    let fleet = r#"count: TargetTracking(target: 100, min: 10, max: 50, phase: "60s",
                                         boot: Constant("90s"))"#;
    let lives = lives(&scenario("1s", 1_510, "1h", fleet));
    assert_eq!(wanted(&lives)[0], (240, 15));
    let started: Vec<u64> =
        lives.turns.iter().filter(|it| it.1 == "started" && it.0 > 0).map(|it| it.0).collect();
    assert_eq!(started[..5], [330; 5]);
}

/// The same as the answer tells it: the backlog passes the target in the window that ends at 10 s,
/// the first worker is ready in that which ends at 340 s. Were the group as large as it may be,
/// there would have been no help to wait for.
#[test]
fn an_answer_says_how_late_help_was() {
    let fleet = |max: u32| {
        format!(
            r#"count: TargetTracking(target: 100, min: 10, max: {max}, phase: "60s", delay: "60s",
                                     boot: Constant("90s"))"#
        )
    };
    let run = |max: u32| {
        let scenario = scenario("1s", 1_510, "1h", &fleet(max));
        let measured = measure(&scenario, 0).measured;
        Outcome::from_run(&scenario, 1, 0, &measured, None)
    };
    let late = run(50);
    let size = late.consumers.at(0).and_then(|of| of.size).expect("it grew");
    assert_eq!(size.first_help_ns, Some(330_000_000_000));
    assert_eq!(size.wanted_at_begin, 10);
    assert!(late.bottleneck.starts_with("scaling too late: "), "{}", late.bottleneck);
    assert!(late.bottleneck.contains("the first further one was ready 5m30s"));
    let full = run(10);
    assert_eq!(full.consumers.at(0).and_then(|of| of.size), None);
    assert!(full.bottleneck.starts_with("consumers' count: "), "{}", full.bottleneck);
}

/// Section 4, oracle 5: ten instances hold a hundred messages and none is visible. After fifteen
/// points, known a minute later, all but one go and lose what they hold; protected ones stay.
#[test]
fn a_metric_of_visible_messages_does_not_see_that_all_are_busy() {
    let fleet = |protect: bool| {
        format!(
            r#"threads: 10, receive: (max: 10), on_stop: Drop,
               count: TargetTracking(target: 100, min: 1, max: 50, start: 10, phase: "60s",
                                     protect: {protect})"#
        )
    };
    let lost = lives(&scenario("1s", 100, "1h", &fleet(false)));
    assert_eq!(wanted(&lost), [(960, 1)]);
    let killed: Vec<(u64, u32)> = lost.killed.iter().map(|&(at, _, held)| (at, held)).collect();
    assert_eq!(killed, [(960, 10); 9]);
    let kept = lives(&scenario("1s", 100, "1h", &fleet(true)));
    assert_eq!((wanted(&kept), kept.killed.len()), (vec![(960, 1)], 0));
}

/// Section 8, oracle 4: a poll each 30 s and a sync each 15 s are 6 calls a minute, which are
/// billed; points of a metric are none.
#[test]
fn who_counts_pays() {
    let calls = |fleet: &str| {
        let measured = measure(&scenario("1s", 1, "1h", fleet), 0).measured;
        measured.queues[0].counts.calls.get_attributes
    };
    let keda = format!("count: Keda(target: 5, min: 1, max: 100, {KEDA})");
    // From 0 to before 2,000: 67 polls and 134 syncs.
    assert_eq!(calls(&keda), 67 + 134);
    assert_eq!(calls("count: TargetTracking(target: 100, max: 50)"), 0);
}

/// What each message's work takes, of those that are done.
#[derive(Default)]
struct Work(BTreeMap<MessageId, (Time, Span)>);

impl Journal for Work {
    fn change(&mut self, _: Time, _: QueueId, _: &Change) {}
}

impl Observer for Work {
    fn deed(&mut self, _: Time, deed: &Deed) {
        if let Deed::Ended { message, sent, took, .. } = *deed {
            self.0.insert(message, (sent, took));
        }
    }
}

/// A scaler moves neither arrivals nor the luck of messages.
#[test]
fn a_scaler_moves_no_arrival_and_no_luck() {
    let work = |count: &str| {
        let mut scenario = scenario("1s", 1, "1s", count);
        scenario.producers[0].config.arrivals = vec![support::poisson(2.0)];
        scenario.fleets[0].config.processing = Dist::Exponential { mean: support::secs(1) };
        run_with(&scenario, 0, &AtomicBool::new(false), Work::default()).observer.0
    };
    let (fixed, scaled) = (work("count: 30"), work("count: Keda(target: 5, min: 1, max: 30)"));
    assert!(scaled.len() > 3_000);
    assert!(scaled.iter().all(|(message, own)| fixed.get(message).is_none_or(|it| it == own)));
}
