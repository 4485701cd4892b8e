//! One run: a scenario in, what was measured out.
//!
//! Owns the coupling of a world with its metrics and, if wanted, a second observer. Must not know
//! how many runs there are nor what is done with the result.

use std::sync::atomic::AtomicBool;

use super::scenario::Scenario;
use super::world::{Ended, World};
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::service::Leftover;
use crate::observe::measured::Measured;
use crate::observe::metrics::{FleetFrame, Frame, Metrics};
use crate::observe::observer::Observer;

/// What a run gave.
#[derive(Clone, Debug)]
pub struct Run<O> {
    /// Everything that was measured.
    pub measured: Measured,
    /// How it ended; all but `Completed` make the result partial.
    pub ended: Ended,
    /// The second observer.
    pub observer: O,
}

/// What the metrics of a scenario must know beforehand.
pub fn frame(scenario: &Scenario) -> Frame {
    let fleet = |fleet: &super::scenario::Named<crate::clients::config::FleetConfig>| FleetFrame {
        workers: fleet.config.count,
        threads: fleet.config.threads,
    };
    Frame {
        window: (Time::ZERO + scenario.warm_up, Time::ZERO + scenario.duration),
        end: scenario.end(),
        series: scenario.window,
        partitions: scenario.queues.iter().map(|queue| queue.config.ledger.partitions).collect(),
        producers: scenario.producers.len(),
        fleets: scenario.fleets.iter().map(fleet).collect(),
    }
}

/// Runs replication `replication` of a scenario to its end, or until `interrupt` is set.
pub fn run(scenario: &Scenario, replication: u64, interrupt: &AtomicBool) -> Run<()> {
    run_with(scenario, replication, interrupt, ())
}

/// As [`run`], with a second observer beside the metrics.
pub fn run_with<O: Observer>(
    scenario: &Scenario,
    replication: u64,
    interrupt: &AtomicBool,
    observer: O,
) -> Run<O> {
    let metrics = Metrics::new(&frame(scenario));
    let mut world = World::new(scenario, replication, (metrics, observer));
    let ended = world.run(interrupt);
    let queues = (0..scenario.queues.len() as u32).map(QueueId);
    let now = world.now();
    let leftovers: Vec<Leftover> =
        queues.map(|queue| world.ledger().leftover(queue, now)).collect();
    let events = world.events();
    let (metrics, observer) = world.observer;
    Run { measured: metrics.finish(now, events, &leftovers), ended, observer }
}
