//! How workers are laid out.
//!
//! Owns the making of them, of their threads and of room for what these hold, and the names of
//! their streams. Must not know what they do later.

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;

use super::Fleets;
use super::calling::Calls as OwnCalls;
use super::deploys::Rollout;
use super::sizing::{Size, Term};
use super::worker::{Life, Thread, Worker, WorkerChance, buffer, deliveries_per_thread};
use crate::core::Core;
use crate::core::calls::Calls;
use crate::core::event::FleetEvent;
use crate::core::shared::uninterrupted;
use crate::facts::deed::FleetId;
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
            paths: named.iter().map(|fleet| format!("consumers.{}", fleet.name)).collect(),
            sizes: vec![Size::default(); named.len()],
            terms: Vec::new(),
            rollouts: vec![Rollout::default(); named.len()],
            joined: 0,
            scalers: Vec::new(),
            hosts: Vec::new(),
            workers: Vec::new(),
            buffers: Vec::new(),
            chances: Vec::new(),
            deletes: Vec::new(),
            connections: Vec::new(),
            threads: Vec::new(),
            held: Vec::new(),
            calls: OwnCalls::default(),
            background: Calls::new(),
            awaited: BTreeMap::new(),
            rounds: BTreeMap::new(),
            looks_ahead: false,
        };
        for (fleet, named) in (0..).zip(named) {
            let size = &named.config.size;
            let wanted = size.at_start();
            fleets.sizes[fleet as usize].wanted = wanted;
            for member in uninterrupted(0..size.most(), interrupt) {
                let number = fleets.place_worker(core, fleet);
                if member < wanted {
                    fleets.take_place(core, number);
                    fleets.terms[number as usize].is_first = true;
                }
            }
            if let Some(at) = size.next_step(core.now) {
                core.calendar.schedule(at, FleetEvent::Size(FleetId(fleet)));
            }
            fleets.plan_deploy(core, fleet);
            let scaler = fleets.lay_out_scaler(core, fleet);
            fleets.scalers.push(scaler);
            let hosts = fleets.lay_out_hosts(core, fleet);
            fleets.hosts.push(hosts);
        }
        for number in uninterrupted(0..fleets.workers.len() as u32, interrupt) {
            if fleets.workers[number as usize].life == Life::Down {
                fleets.settle_in(core, number);
            }
        }
        fleets.choose_look_ahead();
        fleets
    }

    /// Lays out a place for a worker, which nobody has yet; returns its row.
    pub(super) fn place_worker<O: Observer>(&mut self, core: &mut Core<O>, fleet: u32) -> u32 {
        let config = &self.configs[fleet as usize];
        let (threads, buffer) = (config.threads, buffer(config));
        let stride = deliveries_per_thread(config);
        let number = self.workers.len() as u32;
        let first = self.threads.len() as u32;
        for _ in 0..threads {
            let deliveries = self.place_deliveries(stride);
            self.threads.push(Thread::new(number, deliveries));
        }
        let own = &mut self.threads[first as usize..];
        self.workers.push(Worker::new(fleet, own, first));
        let places = &mut self.sizes[fleet as usize].places;
        let member = places.len() as u32;
        places.push(number);
        self.terms.push(Term::of(member));
        self.connections.push(core.connect());
        self.buffers.push(buffer);
        self.deletes.push(Vec::new());
        let path = format!("{}.{member}", self.paths[fleet as usize]);
        self.chances.push(WorkerChance::new(&path, core.streams));
        number
    }

    /// A worker that has not started has this place from now on.
    pub(super) fn take_place<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        self.workers[number as usize].life = Life::Down;
        let term = &mut self.terms[number as usize];
        (term.joined, term.has_started, term.is_first) = (self.joined, false, false);
        self.joined += 1;
        core.ledger.joined(Caller(number));
        self.turn_idle(core, number, ThreadTime::Gone);
    }

    /// Room for what a thread holds.
    pub(super) fn place_deliveries(&mut self, stride: u32) -> u32 {
        let nothing = Delivery { receipt: Receipt::of_nothing(), luck: Luck(0), sent: Time::ZERO };
        let first = self.held.len();
        self.held.resize(first + stride as usize, nothing);
        first as u32
    }
}
