//! How many bytes fleets take: foreseen from settings, and counted while they grow.
//!
//! Owns the sums over what is laid out for them. Must not know what is too much. All sums saturate.

use super::Fleets;
use super::calling::Calls as OwnCalls;
use super::queues::Round;
use super::worker::{Thread, Worker, WorkerChance, deliveries_per_thread, room};
use crate::core::event::Event;
use crate::kernel::calendar::Calendar;
use crate::ledger::config::MAX_BATCH;
use crate::ledger::{Delivery, Ledger, Receipt};
use crate::model::clients::FleetConfig;

/// Kinds of events that most workers have.
const KINDS_OF_A_WORKER: usize = 4;

impl Fleets {
    /// Bytes of a fleet.
    pub fn bytes_of_fleet(config: &FleetConfig) -> u64 {
        u64::from(config.size.most()).saturating_mul(of_worker(config))
    }

    /// Bytes of the background deletes that ever were under way at once.
    pub fn bytes_of_calls(&self) -> u64 {
        self.background.bytes()
    }

    /// Whether messages in flight stand in buffers of this fleet that grow.
    pub fn outgrows_buffers(config: &FleetConfig) -> bool {
        config.receive.prefetch as usize > room(config)
    }
}

/// So many of something.
fn times(count: u64, bytes: usize) -> u64 {
    count.saturating_mul(bytes as u64)
}

/// Bytes of a worker with its threads.
fn of_worker(config: &FleetConfig) -> u64 {
    let deliveries = u64::from(deliveries_per_thread(config));
    let call = if config.calls.is_some() { OwnCalls::BYTES_PER_THREAD } else { 0 };
    let thread = (size_of::<Thread>() + call) as u64 + times(deliveries, size_of::<Delivery>());
    let queues = config.several.iter().map(|several| Round::bytes(several.queues().count()));
    let awaited = if config.receive.barrier { MAX_BATCH * size_of::<u64>() } else { 0 };
    let pace = queues.sum::<usize>() + awaited;
    let deletes = if config.delete.batch > 1 { MAX_BATCH * size_of::<Receipt>() } else { 0 };
    let own = size_of::<Worker>() + size_of::<WorkerChance>() + Ledger::BYTES_PER_CALLER;
    let tables = size_of::<[Vec<Receipt>; 2]>() + size_of::<u32>() + deletes + pace;
    times(room(config) as u64, size_of::<Delivery>())
        .saturating_add((own + tables) as u64)
        .saturating_add(4 * Calendar::<Event>::bytes_of_room(KINDS_OF_A_WORKER) as u64)
        .saturating_add(u64::from(config.threads).saturating_mul(thread))
}
