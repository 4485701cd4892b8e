//! Once warm, the loop allocates nothing.
//!
//! What grows with the crowd (rows of messages, calendar, buffers) has grown to its peak by the end
//! of the warm-up and is used again from then on. Each scenario therefore begins with a crowd that
//! it never meets again: without one, a record crowd in the counted events would grow something now
//! and then. Metrics are on, as in every run.

#[expect(dead_code, reason = "shared by several test binaries, none of which needs all of it")]
mod support;

#[expect(dead_code, reason = "of the two counts each test binary needs one")]
mod counting;

use sqsim::engine::run::frame;
use sqsim::engine::world::World;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::{Span, Time};
use sqsim::model::clients::{ArrivalProcess, Heartbeat, WorkUnit};
use sqsim::model::scenario::Scenario;
use sqsim::observe::metrics::Metrics;

use counting::{Counting, allocations_so_far};
use support::{fleet, poisson, producer, queue, scenario, secs};

#[global_allocator]
static ALLOCATOR: Counting = Counting;

const WARM_UP: u64 = 300_000;
const EVENTS: u64 = 100_000;

/// Messages that are there at the start.
const CROWD: u64 = 2_000;

/// Allocations of the events after the warm-up.
fn allocations(scenario: &Scenario) -> u64 {
    let mut world = World::new(scenario, 0, Metrics::new(&frame(scenario)));
    let step = |world: &mut World<Metrics>| assert!(world.step().is_some(), "the run goes on");
    for _ in 0..WARM_UP {
        step(&mut world);
    }
    let crowd = world.ledger().resident();
    assert!(crowd < CROWD / 4, "the crowd of the start is gone, not {crowd}");
    let before = allocations_so_far();
    for _ in 0..EVENTS {
        step(&mut world);
    }
    allocations_so_far() - before
}

fn stays_still(name: &str, scenario: &Scenario) {
    assert_eq!(allocations(scenario), 0, "allocations in {EVENTS} events of {name}");
}

/// 10 workers at load 0.8 after a crowd, for as long as it takes.
fn mm10() -> Scenario {
    let work = Dist::Exponential { mean: secs(1) };
    let mut producer = producer(poisson(8.0));
    producer.arrivals.push(ArrivalProcess::Burst { at: Time::ZERO, count: CROWD });
    scenario(queue(), producer, fleet(10, work), secs(1_000_000), secs(10_000))
}

#[test]
fn the_counter_counts() {
    let before = allocations_so_far();
    let boxed = std::hint::black_box(Box::new(7));
    let mut grown = std::hint::black_box(Vec::with_capacity(1));
    grown.extend([*boxed, 8]);
    assert_eq!(allocations_so_far() - before, 3, "a box, a vector, its growth");
}

#[test]
fn single_messages_allocate_nothing() {
    stays_still("M/M/10", &mm10());
}

#[test]
fn batches_of_ten_allocate_nothing() {
    let mut scenario = mm10();
    let producer = &mut scenario.producers[0].config;
    producer.arrivals[0] = poisson(80.0);
    producer.batch = 10;
    producer.call_latency = Dist::Exponential { mean: Span::from_millis(50) };
    let fleet = &mut scenario.fleets[0].config;
    fleet.receive.max = 10;
    fleet.per = WorkUnit::Batch;
    fleet.call_latency = Dist::Exponential { mean: Span::from_millis(10) };
    fleet.delete.batch = 10;
    stays_still("batches of ten", &scenario);
}

#[test]
fn heartbeats_and_timeouts_allocate_nothing() {
    let mut scenario = mm10();
    scenario.queues[0].config.visibility_timeout = Span::from_millis(600);
    scenario.producers[0].config.arrivals[0] = poisson(5.0);
    let fleet = &mut scenario.fleets[0].config;
    fleet.heartbeat = Some(Heartbeat { every: Span::from_millis(500), extend: secs(1) });
    fleet.call_latency = Dist::Exponential { mean: Span::from_millis(100) };
    fleet.failure.probability = 0.1;
    stays_still("heartbeats and timeouts", &scenario);
}

#[test]
fn four_partitions_allocate_nothing() {
    let mut scenario = mm10();
    scenario.queues[0].config.ledger.partitions = 4;
    stays_still("four partitions", &scenario);
    scenario.fleets[0].config.receive.wait = Span::ZERO;
    stays_still("four partitions, short polls", &scenario);
}
