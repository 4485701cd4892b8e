//! How much memory a run will take, foreseen from its scenario.
//!
//! Owns the sum over everything that a run lays out. Must not know how much there is, nor lay
//! anything out: it is arithmetic on settings, so that a scenario that does not fit is refused
//! before it does harm. What a run takes beyond it is counted in `engine/growth.rs`.
//!
//! Sizes are those of the types themselves, so that they follow the code. What is counted is what a
//! run touches, within a third or so. All sums saturate.

use crate::clients::fleets::Fleets;
use crate::clients::functions::Functions;
use crate::clients::producers::Producers;
use crate::core::event::Event;
use crate::kernel::calendar::Calendar;
use crate::ledger::Ledger;
use crate::ledger::config::QueueConfig;
use crate::model::scenario::{Named, Scenario};
use crate::observe::measured::DownstreamWindow;
use crate::observe::metrics::Metrics;
use crate::observe::series::{
    FleetWindow, FunctionWindow, LoadSample, ProducerWindow, Series, Window,
};

/// What the program itself takes.
pub const PROGRAM: u64 = 8 << 20;

/// What takes memory, by the settings that say how much.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occupant {
    /// The program itself.
    Program,
    /// The windows of the series of all queues, producers, fleets, functions and downstreams.
    Windows,
    /// What each partition of a queue is sent in each window.
    Loads,
    /// A queue, with its latencies.
    Queue,
    /// The partitions of a queue.
    Partitions,
    /// The nodes of a queue.
    Nodes,
    /// The workers of a fleet and their threads.
    Workers,
    /// A function whose mapping has grown as far as it may.
    Functions,
    /// A producer, with what it knows of its arrivals.
    Arrivals,
    /// The closed clients of a producer.
    Clients,
}

impl Occupant {
    /// All of them.
    const ALL: [Occupant; 10] = [
        Occupant::Program,
        Occupant::Windows,
        Occupant::Loads,
        Occupant::Queue,
        Occupant::Partitions,
        Occupant::Nodes,
        Occupant::Workers,
        Occupant::Functions,
        Occupant::Arrivals,
        Occupant::Clients,
    ];
}

/// What one run of a scenario will need, in bytes.
#[derive(Clone, Debug)]
pub struct Needed {
    /// Each with the number of its queue, producer or fleet.
    parts: Vec<(Occupant, usize, u64)>,
}

/// So many of something.
pub(super) fn times(count: u64, bytes: usize) -> u64 {
    count.saturating_mul(bytes as u64)
}

/// Windows of the series, and the one that is laid out beyond them.
pub fn windows(scenario: &Scenario) -> u64 {
    let end = scenario.duration.saturating_add(scenario.drain);
    end.as_nanos().div_ceil(scenario.window.as_nanos().max(1)).saturating_add(1)
}

impl Needed {
    /// What a run of `scenario` will need, before it grows.
    pub fn of(scenario: &Scenario) -> Needed {
        let windows = windows(scenario);
        let idle = idle_queues(scenario);
        let used = idle.iter().filter(|&&idle| !idle).count();
        let rows = times(used as u64, Series::<Window>::BYTES_PER_WINDOW)
            .saturating_add(times(
                scenario.fleets.len() as u64,
                Series::<FleetWindow>::BYTES_PER_WINDOW,
            ))
            .saturating_add(times(
                scenario.producers.len() as u64,
                Series::<ProducerWindow>::BYTES_PER_WINDOW,
            ))
            .saturating_add(times(
                scenario.downstreams.len() as u64,
                Series::<DownstreamWindow>::BYTES_PER_WINDOW,
            ))
            .saturating_add(times(
                scenario.functions.len() as u64,
                Series::<FunctionWindow>::BYTES_PER_WINDOW,
            ));
        let program = PROGRAM + Calendar::<Event>::BYTES as u64;
        let mut parts = vec![
            (Occupant::Program, 0, program),
            (Occupant::Windows, 0, windows.saturating_mul(rows)),
        ];
        for (number, Named { config, .. }) in scenario.queues.iter().enumerate() {
            let partitions = u64::from(config.ledger.partitions);
            let (metrics, samples) = if idle[number] {
                (Metrics::BYTES_PER_IDLE_QUEUE, 0)
            } else {
                (Metrics::BYTES_PER_QUEUE, windows.saturating_mul(partitions))
            };
            let loads = times(samples, size_of::<LoadSample>());
            let own = Ledger::bytes_of_queue(config) + metrics as u64;
            let nodes = config.ledger.nodes.as_ref().map_or(0, Ledger::bytes_of_nodes);
            parts.extend([
                (Occupant::Queue, number, own),
                (Occupant::Partitions, number, partitions.saturating_mul(of_partition(config))),
                (Occupant::Nodes, number, nodes),
                (Occupant::Loads, number, loads),
            ]);
        }
        for (number, Named { config, .. }) in scenario.producers.iter().enumerate() {
            parts.push((Occupant::Arrivals, number, Producers::bytes_of_producer(config)));
            parts.push((Occupant::Clients, number, Producers::bytes_of_clients(config)));
        }
        for (number, Named { config, .. }) in scenario.fleets.iter().enumerate() {
            parts.push((Occupant::Workers, number, Fleets::bytes_of_fleet(config)));
        }
        for (number, Named { config, .. }) in scenario.functions.iter().enumerate() {
            let bytes = Functions::bytes_of_function(config, scenario.account);
            parts.push((Occupant::Functions, number, bytes));
        }
        Needed { parts }
    }

    /// All of it.
    pub fn bytes(&self) -> u64 {
        self.parts.iter().fold(0, |sum, &(.., bytes)| sum.saturating_add(bytes))
    }

    /// What needs most, and how much all of its kind need: the part, the place of the queue,
    /// producer or fleet whose share is largest, the bytes.
    pub fn most(&self) -> (Occupant, usize, u64) {
        Occupant::ALL
            .into_iter()
            .fold((Occupant::Program, 0, 0), |most, part| self.larger(most, part))
    }

    fn larger(&self, most: (Occupant, usize, u64), part: Occupant) -> (Occupant, usize, u64) {
        let own = self.parts.iter().filter(|&&(of, ..)| of == part);
        let sum = own.clone().fold(0_u64, |sum, &(.., bytes)| sum.saturating_add(bytes));
        // The first of equals: a stranger looks from the top.
        let largest = own.rev().max_by_key(|&&(.., bytes)| bytes);
        match largest {
            Some(&(_, number, _)) if sum > most.2 => (part, number, sum),
            _ => most,
        }
    }
}

/// The queues of which nothing is ever told, by their places: nobody sends there or receives, and
/// neither nodes nor partitions change.
fn idle_queues(scenario: &Scenario) -> Vec<bool> {
    let still = |queue: &Named<QueueConfig>| {
        let QueueConfig { purges, ledger, .. } = &queue.config;
        purges.is_empty() && ledger.nodes.is_none() && ledger.capacity.is_none()
    };
    let mut idle: Vec<bool> = scenario.queues.iter().map(still).collect();
    let redrives = scenario.queues.iter().filter_map(|queue| queue.config.redrive);
    let producers = scenario.producers.iter().map(|producer| producer.config.queue);
    let fleets = scenario.fleets.iter();
    let fleets = fleets.flat_map(|fleet| fleet.config.queues().chain(fleet.config.forward));
    let functions = scenario.functions.iter().map(|function| function.config.queue);
    let queues = redrives.map(|to| to.to).chain(producers).chain(fleets);
    for queue in queues.chain(functions) {
        // What is at fault may name a queue that is not there.
        if let Some(idle) = idle.get_mut(queue.0 as usize) {
            *idle = false;
        }
    }
    idle
}

/// One partition of a queue, what it is sent in each window apart.
pub(super) fn of_partition(config: &QueueConfig) -> u64 {
    Ledger::bytes_of_partition(config) + Metrics::BYTES_PER_PARTITION as u64
}
