//! A small scenario and hand-made measurements of it, for the tests of the rooms that judge and
//! print. Owns no logic; must not be known outside tests.
//!
//! Invariant: the numbers agree with each other as those of a real run would.

use std::io;

use crate::kernel::time::{Span, Time};
use crate::ledger::config::{NodeId, Nodes, Placement};
use crate::model::fleet_size::FleetSize;
use crate::model::scenario::Scenario;
use crate::observe::measured::{
    Calls, FleetCounts, FleetMeasured, Lack, Latency, Level, Measured, NodeCounts, NodeEvent,
    NodesMeasured, ProducerCounts, ProducerMeasured, QueueCounts, QueueLatencies, QueueLevels,
    QueueMeasured, Redelivered, Window, WindowLevel,
};
use crate::scenario::load::from_text;

const SECOND: u64 = 1_000_000_000;

/// `checkout`: Poisson 40/s, four workers with exponential work of 80 ms on average: an M/M/4 at
/// load 0.8 with a dead-letter queue beside it.
const CHECKOUT: &str = r#"(
    about: "Orders are charged behind a shop",
    duration: "20m",
    warm_up: "5m",
    window: "450s",
    queues: {
        "orders": (redrive: (to: "orders-dlq", max_receives: 5), ledger: (partitions: 4)),
        "orders-dlq": (ledger: (partitions: 4)),
    },
    producers: {
        "web": (queue: "orders", arrivals: Poisson("40/s"), call_latency: Constant("0s")),
    },
    consumers: {
        "workers": (
            queue: "orders",
            count: 4,
            processing: Exponential("80ms"),
            call_latency: Constant("0s"),
            price_per_hour: "$0.50",
        ),
    },
    expect: ["p95(sent_to_deleted) < 500ms", "dead_lettered == 0"],
    prices: (requests: [(0, "$1.00")]),
)"#;

/// That scenario, checked.
pub(crate) fn scenario() -> Scenario {
    with(&[])
}

/// The size of a fleet whose `count` is written so.
pub(crate) fn size(count: &str) -> FleetSize {
    with(&[format!("consumers.workers.count={count}")]).fleets.remove(0).config.size
}

fn with(sets: &[String]) -> Scenario {
    let no_files = |_: &str| Err(io::ErrorKind::NotFound.into());
    let loaded = from_text("checkout.ron", CHECKOUT, sets, &no_files);
    loaded.unwrap_or_else(|faults| panic!("{faults}")).scenario
}

/// A latency with these values, in milliseconds.
pub(crate) fn latency(millis: &[u64]) -> Latency {
    Latency::of(&millis.iter().map(|ms| Span::from_millis(*ms)).collect::<Vec<_>>())
}

/// A level with this mean over 900 s.
pub(crate) fn level(mean: u64, max: u64, last: u64) -> Level {
    let over = 900 * SECOND;
    Level { area: u128::from(mean) * u128::from(over), over, max, last }
}

/// The levels of a window in which so many messages are visible.
pub(crate) fn waiting(messages: u64) -> QueueLevels<WindowLevel> {
    QueueLevels { visible: WindowLevel::steady(messages), ..QueueLevels::default() }
}

/// The same with twelve nodes under the first queue, each partition on three of them. Two fail 30 s
/// apart, so that repair comes too late for some partitions.
pub(crate) fn with_nodes() -> (Scenario, Measured) {
    let (mut scenario, mut measured) = (scenario(), measured(0));
    let ledger = &mut scenario.queues[0].config.ledger;
    ledger.partitions = 256;
    ledger.nodes = Some(nodes());
    let at = |secs| Time::from_nanos(secs * SECOND);
    let [first, second] = [0, 7].map(NodeId);
    let queue = &mut measured.queues[0];
    queue.nodes = NodesMeasured {
        events: vec![
            (at(600), NodeEvent::Failed(first)),
            (at(630), NodeEvent::Failed(second)),
            (at(900), NodeEvent::Returned(first)),
        ],
        under_replicated: Lack { most: 117, of: 256, time: Span::from_secs(300) },
        without_quorum: Lack { most: 11, of: 256, time: Span::from_secs(180) },
    };
    queue.levels.under_replicated = level(30, 117, 0);
    queue.levels.without_quorum = level(2, 11, 0);
    let counts = &mut queue.counts;
    (counts.unavailable, counts.unavailable_sends, counts.undone) = (1_204, 800, 5);
    (counts.deleted, counts.calls.delete) = (counts.deleted + 5, counts.calls.delete + 5);
    counts.received += 7;
    (counts.redelivered.delete_undone, counts.redelivered.not_hidden) = (5, 2);
    counts.nodes = NodeCounts { failures: 2, elections: 43, copies: 64, copies_dropped: 1 };
    let [under_replicated, without_quorum] = [117, 11].map(WindowLevel::steady);
    let window = &mut queue.series.each_mut()[1];
    let levels = &mut window.levels;
    (levels.under_replicated, levels.without_quorum) = (under_replicated, without_quorum);
    window.counts = queue.counts;
    (scenario, measured)
}

/// Twelve nodes; three replicas, of which two must answer.
pub(crate) fn nodes() -> Nodes {
    Nodes {
        count: 12,
        zones: 3,
        capacity: None,
        replicas: 3,
        write_quorum: 2,
        read_quorum: 2,
        placement: Placement::EqualPartitions,
        outages: Vec::new(),
        failures: None,
        suspect_after: Span::from_secs(1),
        replicate_after: Span::from_secs(60),
        copy: Span::from_secs(5),
        copy_share: 0.2,
        catch_up: 10,
    }
}

/// A queue in which nothing happened.
pub(crate) fn idle_queue() -> QueueMeasured {
    QueueMeasured {
        receives_per_message: vec![0; 8],
        levels: QueueLevels {
            partitions: level(4, 4, 4),
            ..QueueLevels::<()>::default().map(|()| level(0, 0, 0))
        },
        ..QueueMeasured::default()
    }
}

/// One quiet run of [`scenario`]; `shift` milliseconds longer in every latency, so that several
/// replications differ.
pub(crate) fn measured(shift: u64) -> Measured {
    let received: Vec<u64> = (0..100).map(|n| n + shift).collect();
    let deleted: Vec<u64> = (0..100).map(|n| n * 4 + 80 + shift).collect();
    let processing: Vec<u64> = (0..100).map(|n| n * 3 + 80).collect();
    let counts = QueueCounts {
        sent: 36_000 + shift,
        received: 36_036,
        deleted: 36_000,
        empty_receives: 12,
        redelivered: Redelivered { failed: 30, crashed: 6, ..Redelivered::default() },
        calls: Calls { send: 36_000, receive: 36_048, delete: 36_000, ..Calls::default() },
        ..QueueCounts::default()
    };
    let window = |visible| {
        let levels = QueueLevels { partitions: WindowLevel::steady(4), ..waiting(visible) };
        Window { counts, levels, ..Window::default() }
    };
    let orders = QueueMeasured {
        counts,
        latencies: QueueLatencies {
            sent_to_received: latency(&received),
            sent_to_deleted: latency(&deleted),
            processing: latency(&processing),
        },
        receives_per_message: vec![35_964, 36, 0, 0, 0, 0, 0, 0],
        levels: QueueLevels {
            visible: level(2, 31, 0),
            in_flight: level(3, 4, 0),
            age_of_oldest_ns: level(60_000_000, 900_000_000, 0),
            ..idle_queue().levels
        },
        series: [0, 3, 1].map(window).into_iter().collect(),
        ..idle_queue()
    };
    Measured {
        window: (Time::from_nanos(300 * SECOND), Time::from_nanos(1_200 * SECOND)),
        end: Time::from_nanos(1_200 * SECOND),
        events: 180_000,
        queues: vec![orders, idle_queue()],
        producers: vec![ProducerMeasured {
            arrived_in_all: 48_000,
            counts: ProducerCounts {
                arrived: 36_000 + shift,
                sent: 36_000 + shift,
                ..ProducerCounts::default()
            },
            ..ProducerMeasured::default()
        }],
        functions: Vec::new(),
        fleets: vec![FleetMeasured {
            busy: Level { area: 2_880 * u128::from(SECOND), ..level(0, 4, 0) },
            up: level(4, 4, 4),
            threads_each: 1,
            counts: FleetCounts {
                processed: 36_000,
                failed: 30,
                crashed: 6,
                ..FleetCounts::default()
            },
            failed_work: 2_400_000_000,
            crashed_work: 300_000_000,
            work: 2_880_000_000_000,
            ..FleetMeasured::default()
        }],
        downstreams: Vec::new(),
        fingerprint: 0x9f3c_1a72_0000_0000 + shift,
        checkpoints: vec![(1, Time::from_nanos(5), 7), (2, Time::from_nanos(9), 11)],
    }
}
