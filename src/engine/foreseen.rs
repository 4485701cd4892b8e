//! What a run was foreseen to take, as far as its growth is held against it.
//!
//! Owns [`Watch`]. Must not know what has grown.

use super::memory::{Needed, of_partition, times, windows};
use crate::clients::fleets::Fleets;
use crate::kernel::time::{Span, Time};
use crate::ledger::Ledger;
use crate::ledger::config::QueueConfig;
use crate::model::scenario::{Named, Scenario};

/// Events between two looks at what has grown, and with it at the interrupt, the observer and the
/// conservation of messages.
const LOOK_EVERY: u64 = 1024;

/// A look goes through all queues: it comes after so many events for each, so that many idle queues
/// do not cost more than what happens at a busy one.
const EVENTS_PER_QUEUE: u64 = 16;

/// Of each queue, what it has grown beyond.
#[derive(Clone, Copy, Debug)]
pub(super) struct Start {
    /// Partitions that it began with.
    pub(super) partitions: u64,
    /// Bytes of one.
    pub(super) bytes: u64,
    /// Most load samples that they make.
    pub(super) foreseen: u64,
    /// Most load samples so far.
    pub(super) loads: u64,
}

/// What a world was foreseen to take, to know what it has grown beyond it.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    pub(super) needed: u64,
    /// Of that, rows and lines of messages.
    pub(super) messages: u64,
    /// Rows that head lists.
    pub(super) heads: u64,
    pub(super) queues: Vec<Start>,
    /// Messages in flight stand in buffers that grow.
    pub(super) buffered: bool,
    pub(super) window: Span,
    /// The number of events at the last look and when that was; when the next one is.
    pub(super) looked: (u64, Time),
    pub(super) next: u64,
    /// Events between two looks.
    pub(super) every: u64,
}

impl Watch {
    /// Of a world that was laid out for `scenario`.
    pub(super) fn new(scenario: &Scenario, ledger: &Ledger) -> Watch {
        let windows = windows(scenario);
        let start = |queue: &Named<QueueConfig>| {
            let partitions = u64::from(queue.config.ledger.partitions);
            let foreseen = windows.saturating_mul(partitions);
            Start { partitions, bytes: of_partition(&queue.config), foreseen, loads: 0 }
        };
        let mut watch = Watch {
            needed: 0,
            messages: 0,
            heads: ledger.bytes_of_messages(),
            queues: scenario.queues.iter().map(start).collect(),
            buffered: false,
            window: scenario.window,
            looked: (0, Time::ZERO),
            next: 0,
            every: LOOK_EVERY.max(EVENTS_PER_QUEUE * scenario.queues.len() as u64),
        };
        watch.go_on_as(scenario);
        watch
    }

    /// From now on it is a world of `scenario`. That is looked at when it would have been: a world
    /// that nothing changes for ends where it would have ended.
    pub(super) fn go_on_as(&mut self, scenario: &Scenario) {
        let fleets = || scenario.fleets.iter().map(|fleet| &fleet.config);
        let workers = fleets().map(|fleet| u64::from(fleet.size.most())).sum();
        self.needed = self.needed.max(Needed::of(scenario).bytes());
        let partitions = self.queues.iter().map(|queue| queue.partitions).sum();
        let blocks = Ledger::bytes_of_blocks(partitions);
        let rows = times(workers, Ledger::BYTES_OF_RECEIVE);
        self.messages = self.messages.max(rows.saturating_add(blocks));
        self.buffered |= fleets().any(Fleets::outgrows_buffers);
    }
}
