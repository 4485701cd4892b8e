//! A made-up run with a warm-up, a burst, redeliveries, splits and merges, for the tests.
//!
//! Owns a small fluid model of one queue. Must not know the pictures.

use crate::kernel::num;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::{Capacity, NodeId};
use crate::ledger::journal::{PartitionId, Refusal};
use crate::model::scenario::Scenario;
use crate::observe::measured::{
    FleetMeasured, FleetWindow, Lack, Latency, Level, LoadSample, Measured, NodeEvent,
    NodesMeasured, PartitionLife, QueueCounts, QueueLevels, QueueMeasured, Redelivered, Series,
    SeriesLatencies, SplitEvent, Window, WindowLatency, WindowLevel,
};
use crate::observe::trace::sample;
use crate::stats::fixture;

const WINDOW: u64 = 5;
const END: u64 = 1_500;
const MILLI: u64 = 1_000_000;

fn at(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

/// 20 min of producers, 5 min of drain, the first 5 min not measured.
pub(super) fn scenario() -> Scenario {
    let mut scenario = sample::scenario();
    scenario.name = "flash-crowd".into();
    scenario.duration = Span::from_secs(1_200);
    scenario.drain = Span::from_secs(300);
    scenario.warm_up = Span::from_secs(300);
    scenario.window = Span::from_secs(WINDOW);
    scenario.queues.truncate(1);
    scenario.queues[0].config.ledger.capacity = Some(Capacity { per_second: 130.0, burst: 1.0 });
    scenario
}

/// The same with nodes under the queue.
pub(super) fn with_nodes() -> Scenario {
    let mut scenario = scenario();
    scenario.queues[0].config.ledger.nodes = Some(fixture::nodes());
    scenario
}

/// The run with two nodes that fail within the repair window, of which one returns, and a third
/// that is away for a short time.
pub(super) fn measured_with_nodes() -> Measured {
    let mut measured = measured();
    let queue = &mut measured.queues[0];
    let [failed, returned] = [NodeEvent::Failed, NodeEvent::Returned];
    queue.nodes = NodesMeasured {
        events: vec![
            (at(420), failed(NodeId(0))),
            (at(482), failed(NodeId(7))),
            (at(700), returned(NodeId(0))),
            (at(1_000), failed(NodeId(3))),
            (at(1_040), returned(NodeId(3))),
        ],
        under_replicated: Lack { most: 120, of: 256, time: Span::from_secs(480) },
        without_quorum: Lack { most: 11, of: 256, time: Span::from_secs(218) },
    };
    for (number, window) in queue.series.each_mut().iter_mut().enumerate() {
        let second = number as u64 * WINDOW;
        // Repair begins a minute after each failure, and brings a replica in about 5 s.
        let lacking = match second {
            420..480 => 64,
            480..545 => 64 - (second - 480) / 6 + 59,
            545..700 => 112 - (second - 545) / 3,
            700..860 => 53 - (second - 700) / 3,
            1_000..1_040 => 62,
            _ => 0,
        };
        window.levels.under_replicated = WindowLevel::steady(lacking.min(120));
        if (480..700).contains(&second) {
            window.levels.without_quorum = WindowLevel::steady(11);
            let counts = &mut window.counts;
            (counts.unavailable, counts.unavailable_sends) = (90, 60);
            counts.redelivered.delete_undone = 6;
            counts.redelivered.not_hidden = 3;
            queue.counts.unavailable_sends += 60;
            queue.counts.redelivered.delete_undone += 6;
            queue.counts.redelivered.not_hidden += 3;
        }
    }
    let second = 1_000_000_000;
    let level = |mean: u64, max| {
        let over = 900 * second;
        Level { area: u128::from(mean * over), over, max, last: 0 }
    };
    queue.levels.under_replicated = level(36, 120);
    queue.levels.without_quorum = level(3, 11);
    measured
}

/// Log-normal latencies with a tail: an even grid of normal quantiles.
fn latency(median: f64, sigma: f64) -> Latency {
    let lengths = (0..36_000).map(|number| {
        let p = (f64::from(number) + 0.5) / 36_000.0;
        Span::round_nanos(median * num::exp(sigma * num::normal_quantile(p)))
    });
    Latency::of(&lengths.collect::<Vec<_>>())
}

/// A run of these queues.
pub(super) fn run(queues: Vec<QueueMeasured>, end: Time) -> Measured {
    Measured {
        window: (at(300), at(1_200)),
        end,
        events: 0,
        queues,
        producers: Vec::new(),
        fleets: Vec::new(),
        downstreams: Vec::new(),
        functions: Vec::new(),
        fingerprint: 0,
        checkpoints: Vec::new(),
    }
}

fn rate(second: u64) -> u64 {
    match second {
        600..660 => 300 + (second - 600) * 10,
        660..780 => 900,
        0..1_200 => 300,
        _ => 0,
    }
}

/// The run.
pub(super) fn measured() -> Measured {
    let mut queue = QueueMeasured::default();
    series(&mut queue);
    queue.latencies.sent_to_received = latency(17e6, 1.4);
    queue.latencies.sent_to_deleted = latency(107e6, 0.8);
    partitions(&mut queue);
    let fleet = fleet(&queue);
    Measured { fleets: vec![fleet], ..run(vec![queue], at(END)) }
}

fn series(queue: &mut QueueMeasured) {
    let (mut visible, mut noise) = (0_u64, 42_u64);
    let mut all = QueueCounts::default();
    for number in 0..END / WINDOW {
        noise = noise.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963);
        let second = number * WINDOW;
        let mean = rate(second) * WINDOW;
        let sent = if mean == 0 { 0 } else { mean - 60 + (noise >> 33) % 120 };
        let busy = (visible + sent).min(450 * WINDOW);
        visible = visible + sent - busy;
        let late = if visible > 500 { busy / 40 } else { busy / 400 };
        let redelivered = Redelivered {
            outlived_timeout: late,
            failed: busy / 150,
            crashed: if number % 37 == 0 { 25 } else { 0 },
            ..Redelivered::default()
        };
        let throttled_sends = if (620..700).contains(&second) { sent / 3 } else { 0 };
        let counts = QueueCounts {
            sent,
            throttled_sends,
            received: busy + redelivered.total(),
            deleted: busy,
            redelivered,
            dead_lettered: u64::from(number % 9 == 0) * 4,
            ..QueueCounts::default()
        };
        let steady = WindowLevel::steady;
        let window = Window {
            counts,
            levels: QueueLevels {
                visible: steady(visible),
                in_flight: steady(busy / 12),
                delayed: steady(if (700..900).contains(&second) { 1_500 } else { 0 }),
                age_of_oldest_ns: steady((visible * 2 + busy / 9) * MILLI),
                partitions: steady(4),
                ..QueueLevels::default()
            },
            latencies: SeriesLatencies {
                sent_to_received: waits(busy, visible * 2 + 17),
                sent_to_deleted: waits(busy, visible * 2 + 107),
            },
            ..Window::default()
        };
        queue.series.push(window, 1);
        if (300..1_200).contains(&second) {
            all.sent += counts.sent;
            all.throttled_sends += counts.throttled_sends;
            all.received += counts.received;
            all.deleted += counts.deleted;
            all.dead_lettered += counts.dead_lettered;
            all.redelivered.outlived_timeout += redelivered.outlived_timeout;
            all.redelivered.failed += redelivered.failed;
            all.redelivered.crashed += redelivered.crashed;
        }
    }
    let level = |value: fn(&Window) -> u64| {
        let measured = || queue.series.iter().take(240).skip(60).map(value);
        let (max, sum) = (measured().max().unwrap_or(0), measured().sum::<u64>());
        let second = 1_000_000_000_u64;
        let over = 900 * second;
        let area = u128::from(sum * WINDOW) * u128::from(second);
        Level { area, over, max, last: 0 }
    };
    queue.counts = all;
    queue.levels.visible = level(|window| window.levels.visible.max);
    queue.levels.in_flight = level(|window| window.levels.in_flight.max);
    queue.levels.delayed = level(|window| window.levels.delayed.max);
    queue.levels.age_of_oldest_ns = level(|window| window.levels.age_of_oldest_ns.max);
}

/// Latencies of so many messages around a median in milliseconds.
fn waits(count: u64, median: u64) -> WindowLatency {
    let [mean, p50, p95, p99, max] =
        [median + median / 5, median, median * 3, median * 5, median * 8].map(Span::from_millis);
    WindowLatency { count, mean, p50, p95, p99, max }
}

/// Eight threads that do most of their work between calls.
fn fleet(queue: &QueueMeasured) -> FleetMeasured {
    let threads = 8;
    let window = |window: &Window| {
        let busy = (window.counts.deleted as f64 / 280.0).min(threads as f64);
        let level = |share: f64| WindowLevel { mean: busy * share, max: threads, last: 0 };
        let (up, wanted) = (WindowLevel::steady(threads), WindowLevel::steady(threads));
        let (busy, calling) = (level(1.0), level(0.25));
        FleetWindow { busy, calling, up, wanted, ..FleetWindow::default() }
    };
    let series: Series<FleetWindow> = queue.series.iter().map(window).collect();
    let second = 1_000_000_000_u64;
    let sum: f64 = series.iter().take(240).skip(60).map(|window| window.busy.mean).sum();
    let area = u128::from(Span::round_nanos(sum * WINDOW as f64 * 1e9).as_nanos());
    let level = |area| Level { area, over: 900 * second, max: threads, last: 0 };
    let up = level(u128::from(threads * 900) * u128::from(second));
    let (busy, calling) = (level(area), level(area / 4));
    FleetMeasured { busy, calling, up, threads_each: 1, series, ..FleetMeasured::default() }
}

fn partitions(queue: &mut QueueMeasured) {
    let quarter = 1_u64 << 62;
    let eighth = quarter / 2;
    let mut open = |first: u64, width: u64, from: u64, to: Option<u64>| {
        let last = first.wrapping_add(width).wrapping_sub(1);
        let (from, to) = (at(from), to.map(at));
        let life = PartitionLife { first, last, from, to, opened_by: None, closed_by: None };
        queue.partition_lives.push(life);
    };
    for number in 0..4 {
        let to = [Some(640), Some(655), Some(690), None][number as usize];
        open(number * quarter, quarter, 0, to);
    }
    for number in 0..3 {
        let from = [640, 655, 690][number as usize];
        let to = if number == 1 { Some(1_050) } else { None };
        open(number * quarter, eighth, from, to);
        open(number * quarter + eighth, eighth, from, to);
    }
    open(quarter, quarter, 1_050, None);
    let split = |parent, at| SplitEvent::Split { parent: PartitionId(parent), at };
    queue.split_events = vec![
        (at(640), split(0, eighth)),
        (at(655), split(1, quarter + eighth)),
        (at(690), split(2, 2 * quarter + eighth)),
        (
            at(700),
            SplitEvent::Refused { partition: PartitionId(3), reason: Refusal::NoBalancedKey },
        ),
        (at(1_050), SplitEvent::Merged { into: PartitionId(10), at: quarter + eighth }),
    ];
    queue.throttling = Some((at(620), at(700)));
    for (number, window) in queue.series.each_mut().iter_mut().enumerate() {
        let end = at((number as u64 + 1) * WINDOW);
        let start = at(number as u64 * WINDOW);
        for (id, life) in queue.partition_lives.iter().enumerate() {
            if life.from <= start && life.to.is_none_or(|to| end <= to) {
                let share = (u128::from(life.last - life.first) * 1_000) >> 64;
                let sends = window.counts.sent * share as u64 / 1_000;
                let partition = PartitionId(id as u32);
                queue.loads.push(LoadSample { at: end, partition, sends });
            }
        }
        let lives = queue.partition_lives.iter();
        let alive = |life: &&PartitionLife| life.from <= end && life.to.is_none_or(|to| end < to);
        let partitions = lives.filter(alive).count() as u64;
        window.levels.partitions = WindowLevel::steady(partitions);
        window.levels.resharding = WindowLevel::steady(match number as u64 * WINDOW {
            640..650 | 690..700 | 1_050..1_060 => 1,
            650..690 => 2,
            _ => 0,
        });
        // Four quarters, of which up to three are halved: the others have as much more.
        window.imbalance = if window.counts.sent > 0 { 250 * partitions } else { 0 };
    }
}

/// Every tag is closed in order, every attribute is quoted, nothing is `NaN` or infinite.
pub(super) fn check(svg: &str) {
    let mut open = Vec::new();
    let mut rest = svg;
    while let Some(start) = rest.find('<') {
        let end = start + rest[start..].find('>').expect("a tag ends");
        let tag = &rest[start + 1..end];
        assert_eq!(tag.matches('"').count() % 2, 0, "{tag}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop(), Some(name.to_owned()));
        } else if !tag.ends_with('/') {
            open.push(tag.split(' ').next().unwrap_or_default().to_owned());
        }
        rest = &rest[end..];
    }
    assert!(open.is_empty(), "never closed: {open:?}");
    assert!(!svg.contains("NaN") && !svg.contains("inf\""), "{svg}");
    for size in svg.split("font-size=\"").skip(1) {
        let size: f64 = size.split('"').next().unwrap().parse().unwrap();
        assert!(size >= 16.0, "{size} px cannot be read in the last row");
    }
}
