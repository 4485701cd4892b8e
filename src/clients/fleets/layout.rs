//! How workers are laid out.
//!
//! Owns the making of them, of their threads and of room for what these hold, and the names of
//! their streams. Must not know what they do later.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use super::Fleets;
use super::worker::{Thread, Worker, WorkerChance, buffer, deliveries_per_thread};
use crate::core::Core;
use crate::core::calls::Calls;
use crate::core::shared::uninterrupted;
use crate::facts::observer::Observer;
use crate::facts::thread_time::ThreadTime;
use crate::kernel::rng::Luck;
use crate::kernel::time::Time;
use crate::ledger::journal::Caller;
use crate::ledger::{Delivery, Receipt};
use crate::model::clients::FleetConfig;
use crate::model::scenario::Named;

impl Fleets {
    /// Those of a scenario, whose workers start. After an interrupt some are missing.
    pub fn new<O: Observer>(
        core: &mut Core<O>,
        named: &[Named<FleetConfig>],
        interrupt: &AtomicBool,
    ) -> Fleets {
        let mut fleets = Fleets {
            configs: named.iter().map(|fleet| fleet.config.clone()).collect(),
            members: vec![Vec::new(); named.len()],
            workers: Vec::new(),
            buffers: Vec::new(),
            chances: Vec::new(),
            deletes: Vec::new(),
            connections: Vec::new(),
            threads: Vec::new(),
            held: Vec::new(),
            delete_calls: Calls::new(),
            awaited: BTreeMap::new(),
            looks_ahead: false,
        };
        for (fleet, named) in (0..).zip(named) {
            for member in uninterrupted(0..named.config.count, interrupt) {
                fleets.place_worker(core, fleet, named, member);
            }
        }
        for number in uninterrupted(0..fleets.workers.len() as u32, interrupt) {
            fleets.begin_life(core, number);
        }
        fleets.choose_look_ahead();
        fleets
    }

    /// Lays out a worker, which has not started.
    pub(super) fn place_worker<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        fleet: u32,
        named: &Named<FleetConfig>,
        member: u32,
    ) {
        let config = &named.config;
        let stride = deliveries_per_thread(config);
        let number = self.workers.len() as u32;
        let first = self.threads.len() as u32;
        for _ in 0..config.threads {
            let deliveries = self.place_deliveries(stride);
            self.threads.push(Thread::new(number, deliveries));
        }
        let own = &mut self.threads[first as usize..];
        self.workers.push(Worker::new(fleet, own, first));
        self.members[fleet as usize].push(number);
        core.ledger.joined(Caller(number));
        self.connections.push(core.connect());
        self.turn_idle(core, number, ThreadTime::Gone);
        self.buffers.push(buffer(config));
        self.deletes.push(Vec::new());
        let path = format!("consumers.{}.{member}", named.name);
        self.chances.push(WorkerChance::new(&path, core.streams));
    }

    /// Room for what a thread holds.
    pub(super) fn place_deliveries(&mut self, stride: u32) -> u32 {
        let nothing = Delivery { receipt: Receipt::of_nothing(), luck: Luck(0), sent: Time::ZERO };
        let first = self.held.len();
        self.held.resize(first + stride as usize, nothing);
        first as u32
    }
}
