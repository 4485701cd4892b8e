//! Courses that follow from the rules by hand: fleets.md, sections 4 to 6 and 8.

use sqsim::clients::scaling::{Counters, Group, Scaler};
use sqsim::kernel::dist::Dist;
use sqsim::kernel::rng::Streams;
use sqsim::kernel::time::{Span, Time};
use sqsim::model::scaling::{
    KedaConfig, MetricConfig, PaceConfig, ScalerConfig, ScalingRule, StepsConfig, TargetConfig,
};

use crate::fleet::{Workers, at, at_once, course, visible};
use crate::settings::{behavior, keda, metric, pace, scaled, secs, service, steps, target};

fn tracked(config: TargetConfig) -> ScalerConfig {
    scaled(ScalingRule::TargetTracking(config), 1, 50)
}

fn pods(config: KedaConfig) -> ScalerConfig {
    scaled(ScalingRule::Keda(config), 0, 100)
}

// Target tracking

/// 4.1: 1,500 messages for 10 workers are 150 each, so 15 hold the target of 100: after three
/// points above it.
#[test]
fn ten_workers_at_150_become_fifteen() {
    let changes = at_once(&tracked(target(100.0)), 10, 200, |_| visible(1_500));
    assert_eq!(changes, [(120, 15)]);
}

/// 4.1: the low alarm is below 70 in an EC2 group and below 90 in Application Auto Scaling.
#[test]
fn fifteen_minutes_below_the_share_scale_in() {
    let after = |config: &TargetConfig, load: u64| {
        at_once(&tracked(config.clone()), 10, 900, |_| visible(load * 10))
    };
    let (group, service) = (target(100.0), service(100.0));
    assert_eq!(after(&group, 69), [(840, 7)]);
    assert_eq!(after(&service, 69), [(840, 7)]);
    assert!(after(&group, 70).is_empty() && after(&group, 71).is_empty());
    assert!(after(&group, 89).is_empty());
    assert_eq!(after(&service, 71), [(840, 8)]);
    assert_eq!(after(&service, 89), [(840, 9)]);
    assert!(after(&service, 90).is_empty());
}

/// A point equal to the target is not above it: one message a task at target 1 starts nothing.
#[test]
fn a_load_of_exactly_the_target_is_no_breach() {
    assert!(at_once(&tracked(target(1.0)), 1, 3_600, |_| visible(1)).is_empty());
    assert_eq!(at_once(&tracked(target(1.0)), 1, 300, |_| visible(2)), [(120, 2)]);
}

/// 4.3: the backlog jumps at 0; points at 60, 120 and 180, the last of which is known at 240. A
/// worker takes 90 s more: 330.
#[test]
fn help_comes_no_earlier_than_three_points_and_their_delay() {
    let metric = MetricConfig { delay: secs(60), ..metric() };
    let config = tracked(TargetConfig { metric, ..target(100.0) });
    let workers = Workers::new(10, secs(90), Span::ZERO);
    let jump = |now| visible(if now > Time::ZERO { 1_500 } else { 0 });
    assert_eq!(course(&config, Span::ZERO, workers.clone(), at(400), jump), [(at(240), 15)]);
    let mut workers = workers;
    workers.set(at(240), 15);
    let in_service = |secs: u64| workers.group(at(secs)).in_service;
    assert_eq!((in_service(329), in_service(330)), (10, 15));
}

/// 4.5: ten workers that hold 100 messages and leave none visible have no load at all.
#[test]
fn messages_in_flight_are_a_blind_spot_unless_they_count() {
    let busy = |_| Counters { in_flight: 100, ..Counters::default() };
    assert_eq!(at_once(&tracked(target(10.0)), 10, 3_600, busy), [(840, 1)]);
    let metric = MetricConfig { in_flight: true, ..metric() };
    let counted = tracked(TargetConfig { metric, ..target(10.0) });
    assert!(at_once(&counted, 10, 3_600, busy).is_empty());
}

/// Of workers that take 7 minutes to be warm, those on their way count against what is wanted: the
/// same backlog asks for no more, and a larger one for the difference, five minutes later.
#[test]
fn what_is_on_its_way_counts_as_asked_for() {
    let config = tracked(target(100.0));
    let grows = |now| visible(if now < at(200) { 1_500 } else { 1_800 });
    let workers = Workers::new(10, secs(120), secs(300));
    let changes = course(&config, Span::ZERO, workers.clone(), at(800), grows);
    assert_eq!(changes, [(at(120), 15), (at(420), 18)]);
    // Application Auto Scaling follows what has grown at once.
    let changes = course(&tracked(service(100.0)), Span::ZERO, workers, at(800), grows);
    assert_eq!(changes, [(at(120), 15), (at(240), 18)]);
}

/// The low alarm is on from minute 14 on; the workers asked for in minute 2 are warm in minute 17.
#[test]
fn scale_in_waits_for_what_warms_up() {
    let config = TargetConfig { low_points: 3, ..target(100.0) };
    let falls = |now| visible(if now <= at(120) { 1_500 } else { 500 });
    let workers = Workers::new(10, secs(600), secs(300));
    let changes = course(&tracked(config), Span::ZERO, workers, at(1_100), falls);
    assert_eq!(changes, [(at(120), 15), (at(1_020), 5)]);
}

#[test]
fn wishes_end_at_the_bounds() {
    let some = scaled(ScalingRule::TargetTracking(target(100.0)), 4, 12);
    assert_eq!(at_once(&some, 10, 300, |_| visible(1_500)), [(120, 12)]);
    assert_eq!(at_once(&some, 10, 1_000, |_| visible(0)), [(840, 4)]);
}

/// Nothing divided by no worker: the point is missing, and nothing happens.
#[test]
fn without_workers_in_service_there_is_no_metric() {
    let config = scaled(ScalingRule::TargetTracking(target(100.0)), 0, 12);
    assert!(at_once(&config, 0, 3_600, |_| visible(1_000_000)).is_empty());
}

// Steps

/// 4.2: threshold 50, capacity 10, points of 60, 70, 40 and 30.
#[test]
fn steps_are_percents_of_what_there_is() {
    let metric = MetricConfig { per_worker: false, ..metric() };
    let config = StepsConfig { metric, ..steps() };
    let loads = [60, 70, 40, 30, 50, 59, 41];
    let load = |now: Time| visible(loads[(now.as_nanos() / 60_000_000_000) as usize]);
    let changes = at_once(&scaled(ScalingRule::Steps(config), 1, 50), 10, 360, load);
    assert_eq!(changes, [(0, 11), (60, 14), (120, 13), (180, 10)]);
}

/// The guide's example: while one worker warms up, 60 asks for it again and 70 for two more.
#[test]
fn during_the_warm_up_only_a_larger_excess_adds() {
    let metric = MetricConfig { per_worker: false, ..metric() };
    let pace = PaceConfig { repeat: secs(60), ..pace() };
    let config = StepsConfig { metric, pace, ..steps() };
    let loads = [60, 62, 69, 70, 65];
    let load = |now: Time| visible(loads[(now.as_nanos() / 60_000_000_000) as usize]);
    let workers = Workers::new(10, secs(60), secs(300));
    let config = scaled(ScalingRule::Steps(config), 1, 50);
    let changes = course(&config, Span::ZERO, workers, at(240), load);
    assert_eq!(changes, [(at(0), 11), (at(180), 13)]);
}

// KEDA and the pod autoscaler

/// 5.1: 500 messages at 1, nobody deletes.
fn from_zero(config: KedaConfig) -> Vec<(u64, u32)> {
    at_once(&pods(config), 0, 1_000, |now| visible(if now < at(1) { 0 } else { 500 }))
}

#[test]
fn from_zero_replicas_double() {
    let expected = [(30, 1), (30, 4), (45, 8), (60, 16), (75, 32), (90, 64), (105, 100)];
    assert_eq!(from_zero(keda(5.0)), expected);
}

#[test]
fn with_a_behavior_its_default_policies_hold() {
    let KedaConfig { mut hpa, .. } = keda(5.0);
    hpa.behavior = Some(behavior());
    let expected = [(30, 1), (30, 5), (45, 10), (60, 20), (75, 40), (90, 80), (105, 100)];
    assert_eq!(from_zero(KedaConfig { hpa, ..keda(5.0) }), expected);
}

/// 5.2: 10 replicas at target 5 are kept from 45 to 55 messages.
#[test]
fn usage_near_one_changes_nothing() {
    let after = |messages| at_once(&pods(keda(5.0)), 10, 600, |_| visible(messages));
    assert!(after(54).is_empty() && after(46).is_empty());
    assert!(after(55).is_empty() && after(45).is_empty());
    assert_eq!(after(56), [(0, 12)]);
    // The first sync's recommendation is 10, the replicas it finds, and holds for 300 s.
    assert_eq!(after(44), [(315, 9)]);
}

/// 5.3: last seen at 600, so 900 is not yet later than 300 s after it.
#[test]
fn to_zero_strictly_after_the_cooldown() {
    let config = KedaConfig { phase: Some(Span::ZERO), ..keda(5.0) };
    let until_600 = |now| visible(if now <= at(600) { 5 } else { 0 });
    assert_eq!(at_once(&pods(config), 1, 1_200, until_600), [(930, 0)]);
}

/// 5.4: the recommendation of the sync at 0 counts until it is strictly older than 300 s; with a
/// behavior it does not count at exactly 300 s any more.
#[test]
fn down_when_the_last_high_recommendation_leaves_the_window() {
    let falls = |now| visible(if now == Time::ZERO { 100 } else { 10 });
    assert_eq!(at_once(&pods(keda(5.0)), 20, 600, falls), [(315, 2)]);
    let KedaConfig { mut hpa, .. } = keda(5.0);
    hpa.behavior = Some(behavior());
    let config = KedaConfig { hpa, ..keda(5.0) };
    assert_eq!(at_once(&pods(config), 20, 600, falls), [(300, 2)]);
}

/// 5.5: 7 replicas hold 10 messages each. If those do not count, no poll is ever active.
#[test]
fn messages_in_flight_keep_replicas_if_they_count() {
    let busy = |_| Counters { in_flight: 70, ..Counters::default() };
    assert!(at_once(&pods(keda(10.0)), 7, 3_600, busy).is_empty());
    let blind = KedaConfig { in_flight: false, ..keda(10.0) };
    let works = |now| Counters { visible: u64::from(now <= at(600)), ..busy(now) };
    // The autoscaler goes to 1 when its last recommendation of 7, the first one, is too old.
    assert_eq!(at_once(&pods(blind), 7, 3_600, works), [(315, 1), (930, 0)]);
}

/// An object that was never active cools down from the start, strictly longer.
#[test]
fn the_initial_cooldown_holds_until_the_first_active_poll() {
    let config = |initial| KedaConfig { initial_cooldown: secs(initial), ..keda(5.0) };
    let changes = |initial| at_once(&pods(config(initial)), 1, 600, |_| visible(0));
    assert_eq!(changes(0), [(30, 0)]);
    assert_eq!(changes(60), [(90, 0)]);
}

#[test]
fn idle_replicas_become_the_minimum_when_there_is_work() {
    let config = KedaConfig { idle: Some(0), ..keda(5.0) };
    let config = scaled(ScalingRule::Keda(config), 3, 10);
    let work = |now| visible(u64::from((at(31)..=at(90)).contains(&now)));
    assert_eq!(at_once(&config, 0, 600, work), [(60, 3), (420, 0)]);
}

#[test]
fn delayed_messages_count_if_they_are_asked_for() {
    let later = |_| Counters { delayed: 3, ..Counters::default() };
    assert!(at_once(&pods(keda(5.0)), 0, 300, later).is_empty());
    let counted = KedaConfig { delayed: true, ..keda(5.0) };
    assert_eq!(at_once(&pods(counted), 0, 300, later), [(0, 1)]);
}

#[test]
fn as_many_messages_as_the_activation_wake_nobody() {
    let config = |activation| KedaConfig { activation, ..keda(5.0) };
    let changes = |activation| at_once(&pods(config(activation)), 0, 300, |_| visible(3));
    assert!(changes(3).is_empty());
    assert_eq!(changes(2), [(0, 1)]);
}

// Lag

/// 6.2: pods work 60 s after they are asked for, one at 0. It alone does 100 messages of 0.1 s from
/// 60 to 70. The others go when the recommendation of 60 is too old, after 300 s.
#[test]
fn what_was_asked_for_in_the_meantime_stays_for_nothing() {
    let mut config = keda(5.0);
    config.hpa.phase = Some(secs(15));
    let served = |now: Time| {
        let since = now.as_nanos().saturating_sub(at(60).as_nanos());
        visible(100_u64.saturating_sub(since / 100_000_000))
    };
    let changes = at_once(&pods(config), 1, 380, served);
    assert_eq!(changes, [(15, 4), (30, 8), (45, 16), (60, 20), (375, 1)]);
}

/// 8.4: reads each 15 s and each 30 s are 6 calls a minute, 259,200 in 30 days.
#[test]
fn counting_costs_six_calls_a_minute() {
    let lag = Dist::Constant(secs(4));
    let config = pods(keda(5.0));
    let mut scaler = Scaler::new(&config, &lag, Streams::new(1, 0), "consumers.w");
    let group = Group { wanted: 2, in_service: 2, warming: 0 };
    while scaler.next_at() < at(30 * 86_400) {
        assert_eq!(scaler.act(scaler.next_at(), visible(10), group), None);
    }
    // A look and a read are two steps each, of which one is a call.
    assert_eq!(scaler.calls(), 259_200);
    assert_eq!(scaler.last().map(|read| read.counters), Some(visible(10)));
}
