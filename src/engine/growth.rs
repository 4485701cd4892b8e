//! What a run takes beyond the memory that was foreseen for it.
//!
//! Owns [`Watch`], which knows what was foreseen, and the count of what has grown: messages, calls
//! under way, partitions, what observers list. Must not know what is foreseen, nor what becomes of
//! a run that takes too much.
//!
//! What is counted depends on what has happened alone, and it is counted at the same events however
//! a run is stepped: so is where it ends.

use super::memory::{Needed, of_partition, times, windows};
use super::scenario::{Named, Scenario};
use super::world::{LOOK_EVERY, World};
use crate::clients::config::FleetConfig;
use crate::clients::worker::room;
use crate::kernel::time::{Span, Time};
use crate::ledger::Delivery;
use crate::ledger::Ledger;
use crate::ledger::config::MAX_BATCH;
use crate::ledger::config::{QueueConfig, QueueId};
use crate::observe::metrics::Metrics;
use crate::observe::observer::Observer;
use crate::observe::series::LoadSample;

/// Of each queue, what it has grown beyond.
#[derive(Clone, Copy, Debug)]
struct Start {
    /// Partitions that it began with.
    partitions: u64,
    /// Bytes of one.
    bytes: u64,
    /// Most load samples that they make.
    foreseen: u64,
    /// Most load samples so far.
    loads: u64,
}

/// What a world was foreseen to take, to know what it has grown beyond it.
#[derive(Clone, Debug)]
pub(super) struct Watch {
    needed: u64,
    /// Of that, rows and lines of messages.
    messages: u64,
    /// Rows that head lists.
    heads: u64,
    queues: Vec<Start>,
    /// Messages in flight stand in buffers that grow.
    buffered: bool,
    window: Span,
    /// The number of events at the last look and when that was; when the next one is.
    looked: (u64, Time),
    pub(super) next: u64,
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
        };
        watch.go_on_as(scenario);
        watch
    }

    /// From now on it is a world of `scenario`. That is looked at when it would have been: a world
    /// that nothing changes for ends where it would have ended.
    pub(super) fn go_on_as(&mut self, scenario: &Scenario) {
        let room = |fleet: &FleetConfig| room(fleet) as u64;
        let wanted = |fleet: &FleetConfig| u64::from(fleet.receive.prefetch);
        let fleets = || scenario.fleets.iter().map(|fleet| &fleet.config);
        let workers = fleets().map(|fleet| u64::from(fleet.count)).sum();
        self.needed = self.needed.max(Needed::of(scenario).bytes());
        let partitions = self.queues.iter().map(|queue| queue.partitions).sum();
        let blocks = Ledger::bytes_of_blocks(partitions);
        let rows = times(workers, Ledger::BYTES_OF_RECEIVE);
        self.messages = self.messages.max(rows.saturating_add(blocks));
        self.buffered |= fleets().any(|fleet| wanted(fleet) > room(fleet));
    }
}

impl<O: Observer> World<O> {
    /// Whether the run takes more memory than it may, which is looked at now and then.
    #[inline]
    pub(super) fn outgrows_memory(&mut self) -> bool {
        self.events() >= self.memory.next && self.look_at_memory()
    }

    #[cold]
    fn look_at_memory(&mut self) -> bool {
        let (events, now) = (self.events(), self.now());
        let outgrown = self.bytes() > self.limits.memory;
        self.memory.looked = (events, now);
        self.memory.next = if outgrown { events } else { events + LOOK_EVERY };
        outgrown
    }

    /// Bytes that the run takes now, in round terms. Tables grow by doubling: each may be twice as
    /// large as what is in it, and so is the next one that will be asked for.
    fn bytes(&mut self) -> u64 {
        let (events, now) = (self.events(), self.now());
        let watch = &mut self.memory;
        let mut foreseen = watch.heads.saturating_add(watch.messages);
        let mut grown = 0_u64;
        let mut add = |more: u64| grown = grown.saturating_add(more);
        add(self.send_calls.bytes());
        add(self.delete_calls.bytes());
        // A sample is made of each partition to which something was sent in a window.
        let number = |at: Time| at.as_nanos() / watch.window.as_nanos().max(1);
        let passed = number(now) - number(watch.looked.1);
        let sent = (events - watch.looked.0).saturating_mul(MAX_BATCH as u64);
        for (id, (start, (opened, there))) in
            (0..).map(QueueId).zip(watch.queues.iter_mut().zip(self.ledger.partitions()))
        {
            start.loads = start.loads.saturating_add(passed.saturating_mul(there).min(sent));
            let more = opened - start.partitions;
            add(times(more, Metrics::BYTES_PER_PARTITION));
            let more = there.saturating_sub(start.partitions);
            add(more.saturating_mul(start.bytes));
            foreseen = foreseen.saturating_add(Ledger::bytes_of_lines(more));
            add(times(start.loads.saturating_sub(start.foreseen), size_of::<LoadSample>()));
            if watch.buffered {
                add(times(self.ledger.tally(id).in_flight, size_of::<Delivery>()));
            }
        }
        let listed = self.ledger.listed();
        add(times(listed.refusals, Metrics::BYTES_PER_REFUSAL));
        add(times(listed.failures, Metrics::BYTES_PER_FAILURE));
        // They stand in maps, which do not double; what is counted here is.
        add(self.ledger.bytes_of_transfers() / 2);
        add(self.ledger.bytes_of_messages().saturating_sub(foreseen));
        watch.needed.saturating_add(grown.saturating_mul(2))
    }
}
