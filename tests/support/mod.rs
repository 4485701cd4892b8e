//! Scenarios made in code, for tests and benchmarks that need no file.
//!
//! The plainest system: one queue with one partition, no limits; Poisson arrivals; workers that
//! long-poll for one message at a time and never fail. What is not said here has its default. Tests
//! change what they are about.

pub(crate) mod features;
mod plain;

use std::sync::atomic::AtomicBool;

use sqsim::engine::run::{Run, run};
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::{LedgerConfig, Mechanics, QueueConfig};
use sqsim::model::clients::{ArrivalProcess, DeleteConfig, FleetConfig, ProducerConfig, Retry};
use sqsim::model::scenario::{Limits, Named, Prices, Scenario};

use plain::plain;

/// A length of `secs` seconds.
pub(crate) fn secs(secs: u64) -> Span {
    Span::from_secs(secs)
}

/// A retry that never gives up.
pub(crate) fn retry() -> Retry {
    Retry { base: Span::from_millis(50), cap: secs(20), attempts: None }
}

/// A queue with one partition and no limits.
pub(crate) fn queue() -> QueueConfig {
    let plain = plain().queues.remove(0).config;
    QueueConfig {
        visibility_timeout: secs(12 * 3600),
        retention: secs(14 * 86_400),
        max_in_flight: u32::MAX,
        ledger: LedgerConfig {
            mechanics: Mechanics::Metadata { pause: Span::ZERO },
            ..plain.ledger
        },
        ..plain
    }
}

/// A producer with these arrivals at queue 0, one message a call, no latency.
pub(crate) fn producer(arrivals: ArrivalProcess) -> ProducerConfig {
    ProducerConfig {
        arrivals: vec![arrivals],
        linger: secs(1),
        call_latency: Dist::Constant(Span::ZERO),
        retry: retry(),
        ..plain().producers.remove(0).config
    }
}

/// Poisson arrivals at `rate` a second.
pub(crate) fn poisson(rate: f64) -> ArrivalProcess {
    ArrivalProcess::Poisson { rate }
}

/// Poisson arrivals at `rate` a second that end after `length`.
pub(crate) fn poisson_until(rate: f64, length: Span) -> ArrivalProcess {
    let end = Time::ZERO + length;
    ArrivalProcess::Profile { points: vec![(end, rate), (end + Span::from_nanos(1), 0.0)] }
}

/// `count` workers at queue 0 with one thread each.
pub(crate) fn fleet(count: u32, processing: Dist) -> FleetConfig {
    let plain = plain().fleets.remove(0).config;
    FleetConfig {
        size: count.into(),
        processing,
        call_latency: Dist::Constant(Span::ZERO),
        delete: DeleteConfig { linger: secs(1), ..plain.delete },
        retry: retry(),
        ..plain
    }
}

/// A scenario of one queue, one producer and one fleet that runs for `duration`, of which the
/// first `warm_up` is not measured.
pub(crate) fn scenario(
    queue: QueueConfig,
    producer: ProducerConfig,
    fleet: FleetConfig,
    duration: Span,
    warm_up: Span,
) -> Scenario {
    Scenario {
        name: "made-in-code".to_owned(),
        duration,
        warm_up,
        seed: 1,
        window: duration / 100,
        queues: vec![named("queue", queue)],
        producers: vec![named("producer", producer)],
        fleets: vec![named("workers", fleet)],
        limits: Limits {
            events: u64::MAX,
            resident: 100_000_000,
            trace_bytes: u64::MAX,
            memory: u64::MAX,
        },
        prices: Prices::default(),
        ..plain()
    }
}

/// A part with a name.
pub(crate) fn named<T>(name: &str, config: T) -> Named<T> {
    Named { name: name.to_owned(), config }
}

/// Runs replication `replication` to its end.
pub(crate) fn measure(scenario: &Scenario, replication: u64) -> Run<()> {
    run(scenario, replication, &AtomicBool::new(false))
}
