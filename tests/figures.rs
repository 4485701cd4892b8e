//! Figures of a run against those computed by hand: levels, threads' time, series and spread.

use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run;
use sqsim::kernel::time::{Span, Time};
use sqsim::model::course::{Course, Fork};
use sqsim::model::scenario::Scenario;
use sqsim::observe::measured::{FleetMeasured, Measured, ThreadShares, WindowLatency, WindowLevel};
use sqsim::outcome::Outcome;
use sqsim::render::csv;
use sqsim::scenario::load::from_text;

const SECOND: u64 = 1_000_000_000;

fn scenario(text: &str) -> Scenario {
    let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    let loaded = from_text("figures.ron", text, &[], &no_files);
    loaded.unwrap_or_else(|faults| panic!("{faults}")).scenario
}

fn ran(scenario: &Scenario) -> Measured {
    run(scenario, 0, &AtomicBool::new(false)).measured
}

/// One queue, and what is said of time, producer and consumers.
fn small(time: &str, producer: &str, consumers: &str) -> Scenario {
    scenario(&format!(
        "({time}, queues: {{\"jobs\": ()}},
          producers: {{\"web\": (queue: \"jobs\", call_latency: Constant(\"0s\"), {producer})}},
          consumers: {{\"workers\": (queue: \"jobs\", {consumers})}})"
    ))
}

// Levels

/// Each message is taken at the instant at which it is sent, so none is ever visible for a time,
/// neither in the whole nor in any window of the series. It is in flight for its second of work.
#[test]
fn a_message_that_an_idle_worker_takes_at_once_was_never_waiting() {
    for (batch, workers) in [(1, 3), (10, 30)] {
        let bursts = (1..10).map(|minute| format!("Burst(at: \"{minute}m\", count: {batch})"));
        let bursts = bursts.collect::<Vec<_>>().join(", ");
        let measured = ran(&small(
            "duration: \"10m\"",
            &format!("arrivals: [{bursts}], batch: {batch}"),
            &format!(
                "count: {workers}, call_latency: Constant(\"0s\"),
                 processing: Constant(\"1s\"), receive: (max: 1, wait: \"20s\")"
            ),
        ));
        let (queue, fleet) = (&measured.queues[0], &measured.fleets[0]);
        assert_eq!(queue.counts.received, 9 * batch);
        assert_eq!(
            (queue.levels.visible.max, queue.levels.in_flight.max, fleet.busy.max),
            (0, batch, batch)
        );
        assert!(queue.series.iter().all(|window| window.levels.visible == WindowLevel::default()));
    }
}

/// The same of work that takes no time: nothing is in flight, no thread is busy.
#[test]
fn work_of_no_length_is_no_level() {
    let measured = ran(&small(
        "duration: \"10m\"",
        "arrivals: Constant(\"1/s\")",
        "call_latency: Constant(\"0s\"), processing: Constant(\"0s\")",
    ));
    let (queue, fleet) = (&measured.queues[0], &measured.fleets[0]);
    assert!(queue.counts.deleted >= 599, "{:?}", queue.counts);
    let levels =
        [queue.levels.visible, queue.levels.in_flight, queue.levels.age_of_oldest_ns, fleet.busy];
    assert_eq!(levels.map(|level| level.max), [0; 4]);
}

// Threads' time

/// A fleet under a backlog that it does not finish; of the 22 s the first 2 are not measured.
fn saturated(consumers: &str) -> FleetMeasured {
    let time = "duration: \"22s\", warm_up: \"2s\"";
    let scenario = small(time, "arrivals: Burst(at: \"0s\", count: 100000), batch: 10", consumers);
    let measured = ran(&scenario);
    assert!(measured.queues[0].levels.visible.last > 10_000, "it is not saturated");
    measured.fleets.into_iter().next().expect("is one fleet")
}

/// Fails unless the shares are these, to rounding.
#[track_caller]
fn assert_shares(fleet: &FleetMeasured, work: f64, calls: f64, idle: f64, down: f64) {
    let found = fleet.shares().expect("there are threads");
    let ThreadShares { work: w, calls: c, idle: i, down: d, downstream: _ } = found;
    for (found, expected) in [(w, work), (c, calls), (i, idle), (d, down)] {
        assert!((found - expected).abs() < 1e-9, "{found} for {expected}");
    }
}

/// Receive 20 ms, work 10 ms, delete 20 ms, one after the other: it is never idle.
#[test]
fn a_saturated_worker_is_fully_used_however_little_of_it_is_work() {
    let fleet = saturated(
        "processing: Constant(\"10ms\"), call_latency: Constant(\"20ms\"), receive: (max: 1)",
    );
    assert_eq!(fleet.utilisation(), Some(1.0));
    assert_shares(&fleet, 0.2, 0.8, 0.0, 0.0);
}

/// What a saturated fleet does with its time, by hand: (settings beside 10 ms of work and 20 ms a
/// call, share of work).
///
/// - Ten messages a receive: 20 ms for the receive, then ten times work and delete, in 320 ms.
/// - Background deletes: the thread waits for the receive only.
/// - Ten threads, one message a receive: the worker's receives, one after the other, bring 50
///   messages a second, half a thread's work of ten.
/// - Prefetch: while a thread works and deletes in 30 ms the next message comes in 20.
/// - A batch as one piece of work: receive 20 ms, work 10 ms, ten deletes of 20 ms.
/// - Ten threads that take ten messages together: 20 ms without any, 30 ms all of them.
#[test]
fn a_saturated_fleet_reads_one_whatever_limits_it() {
    let calls = |settings: &str| format!("call_latency: Constant(\"20ms\"), {settings}");
    let at_once = |settings: &str| format!("call_latency: Constant(\"0s\"), {settings}");
    let cases = [
        (calls("receive: (max: 10)"), 100.0 / 320.0),
        (calls("receive: (max: 1), delete: (batch: 10)"), 10.0 / 30.0),
        (calls("threads: 10, receive: (max: 1)"), 0.5 / 10.0),
        (calls("threads: 10, receive: (max: 1), delete: (batch: 10)"), 0.5 / 10.0),
        (calls("receive: (max: 1, prefetch: 1)"), 10.0 / 30.0),
        (calls("receive: (max: 10), per: Batch"), 10.0 / 230.0),
        (calls("count: 3, threads: 10, receive: (max: 10)"), 10.0 / 50.0),
        (at_once("receive: (max: 1)"), 1.0),
        (at_once("receive: (max: 10), threads: 3"), 1.0),
    ];
    for (settings, work) in cases {
        let fleet = saturated(&format!("processing: Constant(\"10ms\"), {settings}"));
        assert_eq!(fleet.utilisation(), Some(1.0), "{settings}");
        let found = fleet.shares().expect("there are threads");
        assert!((found.work - work).abs() < 0.002, "{settings}: {found:?} for {work}");
        assert!((found.work + found.calls - 1.0).abs() < 1e-12, "{settings}: {found:?}");
    }
}

/// Twenty messages a second are what such a worker can do; one a second is a twentieth of that. It
/// waits for the next in a long poll, or asks again every 200 ms: both are idle.
#[test]
fn at_low_load_utilisation_is_load_over_capacity() {
    for receive in
        ["receive: (wait: \"20s\")", "receive: (wait: \"0s\", pause: Constant(\"180ms\"))"]
    {
        let measured = ran(&small(
            "duration: \"31s\", warm_up: \"1s\"",
            "arrivals: Constant(\"1/s\")",
            &format!("processing: Constant(\"10ms\"), call_latency: Constant(\"20ms\"), {receive}"),
        ));
        let fleet = &measured.fleets[0];
        let used = fleet.utilisation().expect("it is up");
        // Of the last message a poll may come behind the end.
        assert!((used - 0.05).abs() <= 0.05 / 29.0, "{receive}: {used}");
        assert!((used - fleet.busy.mean()).abs() < 1e-12, "there is one thread");
    }
}

/// A worker that starts after 7 s of 22, of which 2 are not measured, can do nothing before.
#[test]
fn who_is_down_can_do_nothing() {
    let settings = "processing: Constant(\"1ms\"), call_latency: Constant(\"0s\")";
    let fleet = saturated(&format!("{settings}, start_up: Constant(\"7s\")"));
    assert_eq!(fleet.utilisation(), Some(1.0));
    assert_shares(&fleet, 0.75, 0.0, 0.0, 0.25);
}

/// Crashes cut work off and restarts take as long as lives on average: while it is up it works.
#[test]
fn a_saturated_fleet_that_crashes_is_fully_used_while_it_is_up() {
    let fleet = saturated(
        "count: 50, processing: Constant(\"100ms\"), call_latency: Constant(\"20ms\"),
         crash: (mean_time_between: \"2s\", restart: Exponential(\"2s\"))",
    );
    assert_eq!(fleet.utilisation(), Some(1.0));
    let shares = fleet.shares().expect("there are threads");
    assert!((shares.down - 0.5).abs() < 0.1, "{shares:?}");
    assert_eq!(fleet.up.area + fleet.down.area, 50 * u128::from(20 * SECOND), "all of its time");
}

/// From one worker to two in the middle of the measured time, and from two to one: all are busy as
/// long as they are there, 30 s of threads' time.
#[test]
fn workers_that_join_or_leave_count_for_the_time_they_are_there() {
    let of = |count: u32| {
        small(
            "duration: \"20s\"",
            "arrivals: Burst(at: \"0s\", count: 100000), batch: 10",
            &format!(
                "count: {count}, processing: Constant(\"5ms\"), call_latency: Constant(\"0s\"),
                 receive: (max: 1)"
            ),
        )
    };
    for (before, after) in [(1, 2), (2, 1)] {
        let (scenario, then) = (of(before), of(after));
        let fork = Fork { at: Time::ZERO + Span::from_secs(10), then: &then };
        let course = Course { scenario: &scenario, fork: Some(fork) };
        let measured = run(course, 0, &AtomicBool::new(false)).measured;
        let fleet = &measured.fleets[0];
        assert_eq!(fleet.utilisation(), Some(1.0), "{before} to {after}");
        assert_eq!(fleet.up.area, u128::from(30 * SECOND), "{before} to {after}");
        assert_eq!((fleet.busy.max, fleet.down.area), (2, 0));
    }
}

// Series and spread

/// Ten messages come at 12 s; one worker takes one a second, the first at once, so that the k-th,
/// from 0, waits k seconds. Windows are 10 s long.
fn ten() -> Scenario {
    small(
        "duration: \"30s\", window: \"10s\", expect: [\"stddev(sent_to_received) < 2.8723s\"]",
        "arrivals: Burst(at: \"12s\", count: 10), batch: 10",
        "processing: Constant(\"1s\"), call_latency: Constant(\"0s\"), receive: (max: 1)",
    )
}

/// Fails unless the latency is this, percentiles to half a cell.
#[track_caller]
fn assert_latency(found: WindowLatency, count: u64, secs: [f64; 5]) {
    let WindowLatency { mean, p50, p95, p99, max, .. } = found;
    assert_eq!(found.count, count);
    for (found, expected) in [mean, p50, p95, p99, max].into_iter().zip(secs) {
        assert!((found.as_secs_f64() - expected).abs() <= expected / 256.0, "{found:?}");
    }
}

/// In [10 s, 20 s): 9 wait from 12 s on, one less each second, 2 of them until 20 s. Eight were
/// received, after 0 to 7 s, seven deleted, after 1 to 7 s. What happens at 20 s belongs to the
/// next window: 1 waits until 21 s, the last two are received after 8 and 9 s, and three are
/// deleted after 8 to 10 s.
#[test]
fn a_window_keeps_the_mean_the_maximum_and_the_end() {
    let measured = ran(&ten());
    let series = &measured.queues[0].series;
    let windows: Vec<WindowLevel> = series.iter().map(|window| window.levels.visible).collect();
    let level = |mean, max, last| WindowLevel { mean, max, last };
    assert_eq!(windows, [level(0.0, 0, 0), level(4.4, 9, 2), level(0.1, 1, 0)]);
    let busy: Vec<WindowLevel> = measured.fleets[0].series.iter().map(|w| w.busy).collect();
    assert_eq!(busy, [level(0.0, 0, 0), level(0.8, 1, 1), level(0.2, 1, 0)]);
    // The age of the oldest is that of all from 12 s on: 8 s at 20 s.
    assert_eq!(series[1].levels.age_of_oldest_ns.last, 8 * SECOND);
    assert_latency(series[1].latencies.sent_to_received, 8, [3.5, 3.0, 7.0, 7.0, 7.0]);
    assert_latency(series[1].latencies.sent_to_deleted, 7, [4.0, 4.0, 7.0, 7.0, 7.0]);
    assert_latency(series[2].latencies.sent_to_received, 2, [8.5, 8.0, 9.0, 9.0, 9.0]);
    assert_latency(series[2].latencies.sent_to_deleted, 3, [9.0, 9.0, 10.0, 10.0, 10.0]);
    assert_eq!(series[0].latencies.sent_to_received, WindowLatency::default());
}

#[test]
fn the_table_of_the_series_says_which_statistic_a_column_is() {
    let scenario = ten();
    let text = csv::series(&scenario, &ran(&scenario));
    let rows: Vec<Vec<&str>> = text.lines().map(|line| line.split(',').collect()).collect();
    let field = |name: &str, row: usize| {
        let column = rows[0].iter().position(|head| *head == name);
        rows[row][column.unwrap_or_else(|| panic!("no column {name}"))]
    };
    for (name, value) in [
        ("from_s", "10"),
        ("sent/NumberOfMessagesSent Sum", "10"),
        ("visible_mean/ApproximateNumberOfMessagesVisible Average", "4.4"),
        ("visible_max/ApproximateNumberOfMessagesVisible Maximum", "9"),
        ("visible_last", "2"),
        ("age_of_oldest_last_s", "8"),
        ("sent_to_received_count", "8"),
        ("sent_to_received_mean_s", "3.5"),
        ("sent_to_deleted_max_s", "7"),
        ("workers.busy_threads_mean", "0.8"),
        ("workers.up_threads_last", "1"),
    ] {
        assert_eq!(field(name, 2), value, "{name}");
    }
    assert_eq!((field("sent_to_received_count", 1), field("sent_to_received_p99_s", 1)), ("0", ""));
}

/// Waits of 0 to 9 s deviate by √((10² − 1) / 12) = 2.872281 s from their mean; times until the
/// delete by as much, as each is a second longer; the work by nothing.
#[test]
fn the_standard_deviation_is_that_of_the_messages() {
    let scenario = ten();
    let measured = ran(&scenario);
    let queue = &measured.queues[0];
    for latency in [&queue.latencies.sent_to_received, &queue.latencies.sent_to_deleted] {
        assert!((latency.stddev_nanos() - 2.872_281_323e9).abs() < 1.0);
    }
    assert_eq!(queue.latencies.processing.stddev_nanos().to_bits(), 0.0_f64.to_bits());
    let outcome = Outcome::from_run(&scenario, 1, 0, &measured, None);
    assert!(outcome.held(), "{:?}", outcome.expect);
    assert_eq!(
        outcome.queues.at(0).map(|queue| queue.latency_ns.sent_to_deleted.stddev),
        Some(2_872_281_323)
    );
}
