//! Fleets of workers: who receives messages and works on them.
//!
//! Owns [`Fleets`], all workers with their threads and what they hold, and what they do at their
//! events. Must not know producers, nor the loop.
//!
//! | module | owns |
//! |---|---|
//! | [`worker`] | the state of one worker and of its threads |
//! | `receiving` | how they poll |
//! | `pacing` | when they may poll again |
//! | `queues` | how they go through several queues |
//! | `working` | what their threads do with what they got |
//! | `calling` | what they lean on: calls to a downstream |
//! | `holding` | what they do with what comes before its time |
//! | `giving_back` | how long what failed stays away |
//! | `background` | calls in the background: deletes, and what a stopped worker gives back |
//! | `life` | how they start, crash and leave |
//! | `sizing` | how many there are, and who joins and leaves |
//! | `scaled` | those whose size follows their queue |
//! | `placing` | those that need a place on a host |
//! | `deploys` | how they are exchanged for others |
//! | `thread_time` | what the threads' time goes into, as it is told |
//! | `look_ahead` | rows that the next events will touch |
//! | `layout` | how they are laid out |
//! | `fork` | how they take other settings on |
//! | `footprint` | how many bytes they take |

mod background;
mod calling;
mod deploys;
mod footprint;
mod fork;
mod giving_back;
mod holding;
mod layout;
mod life;
mod look_ahead;
mod pacing;
mod placing;
mod queues;
mod receiving;
mod scaled;
mod sizing;
mod thread_time;
pub mod worker;
mod working;

use std::collections::{BTreeMap, VecDeque};

use background::BackgroundCall;
use calling::Calls as OwnCalls;
use deploys::Rollout;
use placing::Hosts;
use queues::Round;
use scaled::Scaling;
use sizing::{Size, Term};
use worker::{Stage, Thread, Worker, WorkerChance};

use crate::core::Core;
use crate::core::calls::Calls;
use crate::core::event::FleetEvent;
use crate::facts::deed::{FleetId, WorkerId};
use crate::facts::observer::Observer;
use crate::ledger::{Delivery, Receipt};
use crate::model::clients::FleetConfig;

/// All fleets of a run.
#[derive(Clone, Debug)]
pub struct Fleets {
    configs: Vec<FleetConfig>,
    /// The path of each fleet, which names the streams of its workers.
    paths: Vec<String>,
    sizes: Vec<Size>,
    terms: Vec<Term>,
    rollouts: Vec<Rollout>,
    scalers: Vec<Option<Scaling>>,
    hosts: Vec<Option<Hosts>>,
    /// Workers that joined so far.
    joined: u32,
    workers: Vec<Worker>,
    /// What each worker holds and no thread works on yet.
    buffers: Vec<VecDeque<Delivery>>,
    chances: Vec<WorkerChance>,
    /// Receipts that wait for a worker's background delete.
    deletes: Vec<Vec<Receipt>>,
    /// Each worker's connection.
    connections: Vec<u32>,
    threads: Vec<Thread>,
    /// What threads work on.
    held: Vec<Delivery>,
    /// What threads wait for that lean on a downstream.
    calls: OwnCalls,
    /// Calls in the background under way.
    background: Calls<BackgroundCall>,
    /// The background deletes that a worker waits for before it receives again, by worker.
    awaited: BTreeMap<u32, Vec<u32>>,
    /// How workers with several queues stand in their rounds.
    rounds: BTreeMap<u32, Round>,
    /// Their rows do not fit a near cache.
    looks_ahead: bool,
}

impl Fleets {
    /// Lets an event of theirs happen.
    #[inline]
    pub fn handle<O: Observer>(&mut self, core: &mut Core<O>, event: FleetEvent) {
        match event {
            FleetEvent::Life(WorkerId(worker)) => self.turn_life(core, worker),
            FleetEvent::Size(FleetId(fleet)) => self.follow_clock(core, fleet),
            FleetEvent::Thread(thread) => self.thread_due(core, thread),
            FleetEvent::Kill(WorkerId(worker)) => self.kill(core, worker),
            FleetEvent::Scale(FleetId(fleet)) => self.scale(core, fleet),
            FleetEvent::Hosts(FleetId(fleet)) => self.hosts_due(core, fleet),
            FleetEvent::Deploy(FleetId(fleet)) => self.deploy(core, fleet),
            FleetEvent::Rollout(FleetId(fleet)) => self.roll_out(core, fleet),
            FleetEvent::BackgroundCall(call) => self.background_due(core, call),
            FleetEvent::Heartbeat(thread) => self.heartbeat(core, thread),
            FleetEvent::DeleteLinger(WorkerId(worker)) => self.flush_deletes(core, worker),
            FleetEvent::Answer(WorkerId(worker)) => self.answer_arrives(core, worker),
            FleetEvent::Poll(WorkerId(worker)) => self.poll_due(core, worker),
        }
    }

    /// Whether rows are worth reading ahead.
    #[inline]
    pub fn looks_ahead(&self) -> bool {
        self.looks_ahead
    }

    /// All workers, by number.
    pub fn workers(&self) -> &[Worker] {
        &self.workers
    }

    /// The place of a worker in its fleet.
    pub fn member(&self, worker: WorkerId) -> u32 {
        self.terms[worker.0 as usize].member
    }

    /// What the fleet of a worker was told.
    pub fn config(&self, worker: &Worker) -> &FleetConfig {
        &self.configs[worker.fleet as usize]
    }

    /// How many threads all workers have.
    pub fn threads(&self) -> usize {
        self.threads.len()
    }

    /// Deliveries that a worker holds: received, and neither deleted nor given back.
    fn held_by(&self, number: u32) -> Vec<Receipt> {
        let worker = &self.workers[number as usize];
        let first = worker.first_thread as usize;
        let threads = self.configs[worker.fleet as usize].threads as usize;
        let own = self.threads[first..first + threads].iter();
        let at_work = own.flat_map(|thread| {
            let held = &self.held[thread.first as usize..];
            (0..thread.count).filter(|&place| thread.holds(place)).map(|at| &held[usize::from(at)])
        });
        let held = at_work.chain(&self.buffers[number as usize]).map(|delivery| delivery.receipt);
        held.chain(self.deletes[number as usize].iter().copied()).collect()
    }

    /// Deliveries that are held and whose work is still to come or under way.
    pub fn unfinished(&self) -> impl Iterator<Item = Receipt> {
        let working = self.threads.iter().filter(|thread| thread.stage <= Stage::Leaning);
        let own = |thread: &Thread| {
            let first = thread.first as usize;
            &self.held[first..first + usize::from(thread.count)]
        };
        let held = working.flat_map(own).chain(self.buffers.iter().flatten());
        held.map(|delivery| delivery.receipt)
    }
}
