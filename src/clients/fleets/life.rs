//! How workers live and die.
//!
//! Owns a worker's start, crash, restart and leave. Must not know what its threads do, beyond
//! cutting them off.

use super::Fleets;
use super::worker::{Life, Polling};
use crate::core::Core;
use crate::core::event::FleetEvent;
use crate::facts::deed::{Deed, FleetId, WorkerId};
use crate::facts::observer::Observer;
use crate::facts::thread_time::ThreadTime;
use crate::kernel::dist::Dist;
use crate::kernel::time::Span;
use crate::ledger::Receipt;
use crate::ledger::journal::{Caller, Held};
use crate::model::clients::OnStop;

impl Fleets {
    /// A worker that has joined starts, once it has a place.
    pub(super) fn settle_in<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        if self.has_host(core, number) {
            self.begin_life(core, number);
        }
    }

    /// A worker that has its place starts, now or after its delay.
    pub(super) fn begin_life<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let fleet_of = self.workers[number as usize].fleet;
        let fleet = &self.configs[fleet_of as usize];
        let term = &self.terms[number as usize];
        let deploys = fleet.deploys.as_ref().filter(|_| term.comes_back);
        let start_up = deploys.and_then(|deploys| deploys.start_up.as_ref());
        let start_up = start_up.unwrap_or(&fleet.start_up);
        let delay = start_up.sample(&mut self.chances[number as usize].start_up);
        let is_asked_for = !term.is_first && !term.comes_back;
        let boot = if is_asked_for { self.boot(fleet_of) } else { Span::ZERO };
        let delay = delay.saturating_add(boot);
        if delay.is_zero() {
            self.start(core, number);
        } else {
            core.plan(delay, FleetEvent::Life(WorkerId(number)));
        }
    }

    /// A worker that runs crashes, one that is down starts.
    #[inline(never)]
    pub(super) fn turn_life<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        match self.workers[number as usize].life {
            Life::Down => self.start(core, number),
            Life::Gone => {}
            Life::Up | Life::Leaving => self.crash(core, number),
        }
    }

    fn start<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let worker = &mut self.workers[number as usize];
        worker.life = Life::Up;
        let term = &mut self.terms[number as usize];
        (term.has_started, term.started) = (true, core.now);
        self.forget_credit(number);
        core.observer.deed(core.now, &Deed::Started { worker: WorkerId(number) });
        self.turn_idle(core, number, ThreadTime::Down);
        self.plan_crash(core, number);
        self.comes_back(core, number, false);
        self.pump(core, number);
    }

    /// The next crash of a worker that runs is drawn, if its fleet's workers crash.
    pub(super) fn plan_crash<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let worker = &self.workers[number as usize];
        if let Some(crash) = &self.configs[worker.fleet as usize].crash {
            let life = Dist::Exponential { mean: crash.mean_time_between };
            let life = life.sample(&mut self.chances[number as usize].crash);
            core.plan(life, FleetEvent::Life(WorkerId(number)));
        }
    }

    /// All that the worker holds is lost to it; the ledger learns nothing.
    fn crash<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let id = WorkerId(number);
        core.observer.deed(core.now, &Deed::Crashed { worker: id });
        self.lose_all(core, number, Held::Crashed);
        let worker = &mut self.workers[number as usize];
        let rested = worker.rest();
        worker.in_transit = 0;
        let leaves = worker.life == Life::Leaving;
        if !leaves {
            worker.life = Life::Down;
        }
        self.turn_idle(core, number, rested);
        if leaves {
            return self.go(core, number);
        }
        let fleet = &self.configs[self.workers[number as usize].fleet as usize];
        if let Some(crash) = &fleet.crash {
            let down = crash.restart.sample(&mut self.chances[number as usize].crash);
            core.plan(down, FleetEvent::Life(id));
        }
    }

    /// A worker loses what it holds and makes no more calls; `held` is why its messages return.
    fn lose_all<O: Observer>(&mut self, core: &mut Core<O>, number: u32, held: Held) {
        let id = WorkerId(number);
        self.cut_off_threads(core, number, held);
        core.calendar.cancel(FleetEvent::Poll(id));
        core.calendar.cancel(FleetEvent::Answer(id));
        core.calendar.cancel(FleetEvent::DeleteLinger(id));
        core.ledger.hang_up(Caller(number));
        let buffer = &mut self.buffers[number as usize];
        let lost = buffer.iter().map(|delivery| delivery.receipt);
        let deletes = &mut self.deletes[number as usize];
        for receipt in lost.chain(deletes.iter().copied()) {
            core.ledger.annotate(&receipt, held);
        }
        buffer.clear();
        deletes.clear();
        self.forget_pace(number);
        let worker = &mut self.workers[number as usize];
        worker.buffered = 0;
        worker.attempts = 0;
        worker.polling = Polling::Idle;
    }

    /// A worker receives no more, and goes when it holds nothing; then another has its place if one
    /// `comes_back`.
    pub(super) fn leave<O: Observer>(&mut self, core: &mut Core<O>, number: u32, comes_back: bool) {
        let id = WorkerId(number);
        let worker = &mut self.workers[number as usize];
        let fleet = FleetId(worker.fleet);
        let rested = worker.rest();
        worker.life = Life::Leaving;
        self.comes_back(core, number, comes_back);
        core.observer.deed(core.now, &Deed::Left { worker: id, fleet });
        self.turn_idle(core, number, rested);
        if core.ledger.left(Caller(number)) || core.calendar.cancel(FleetEvent::Poll(id)) {
            self.workers[number as usize].polling = Polling::Idle;
        }
        let config = &self.configs[fleet.0 as usize];
        match (config.on_stop, config.grace) {
            (OnStop::Drop, _) => core.plan(Span::ZERO, FleetEvent::Kill(id)),
            (OnStop::Finish | OnStop::GiveBack, Some(grace)) => {
                core.plan(grace, FleetEvent::Kill(id));
            }
            (OnStop::Finish | OnStop::GiveBack, None) => {}
        }
        self.empty_buffer(core, number);
        self.perhaps_gone(core, number);
    }

    /// What a worker that leaves has in its buffer it gives back, if its fleet's workers do so.
    #[cold]
    pub(super) fn empty_buffer<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let worker = &mut self.workers[number as usize];
        let gives_back = self.configs[worker.fleet as usize].on_stop == OnStop::GiveBack;
        if worker.life != Life::Leaving || !gives_back {
            return;
        }
        let there = worker.available();
        worker.buffered -= there;
        let given = self.buffers[number as usize].drain(..there as usize);
        let receipts: Vec<Receipt> = given.map(|delivery| delivery.receipt).collect();
        for receipt in &receipts {
            core.ledger.annotate(receipt, Held::Stopped);
        }
        self.give_back(core, number, &receipts);
    }

    /// A worker that leaves has gone once it holds nothing any more.
    #[cold]
    pub(super) fn perhaps_gone<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let worker = &mut self.workers[number as usize];
        // What others gave back at this instant may be on its way to it: it will be told.
        let served = worker.polling == Polling::Called;
        let holds = worker.busy > 0 || worker.buffered > 0 || served;
        if worker.life == Life::Leaving && !holds && self.deletes[number as usize].is_empty() {
            self.go(core, number);
        }
    }

    /// A worker that was leaving is killed.
    pub(super) fn kill<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let id = WorkerId(number);
        let held = self.held_by(number);
        let fleet = FleetId(self.workers[number as usize].fleet);
        let killed = Deed::Killed { worker: id, fleet, held: held.len() as u32 };
        core.observer.deed(core.now, &killed);
        self.lose_all(core, number, Held::Stopped);
        let worker = &mut self.workers[number as usize];
        let rested = worker.rest();
        worker.in_transit = 0;
        self.turn_idle(core, number, rested);
        if self.configs[fleet.0 as usize].on_stop == OnStop::GiveBack {
            self.give_back(core, number, &held);
        }
        self.go(core, number);
    }

    /// A worker that was leaving has gone.
    fn go<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let id = WorkerId(number);
        core.calendar.cancel(FleetEvent::Life(id));
        core.calendar.cancel(FleetEvent::Kill(id));
        self.forget_pace(number);
        let worker = &mut self.workers[number as usize];
        worker.life = Life::Gone;
        let stopped = Deed::Stopped { worker: id, fleet: FleetId(worker.fleet) };
        core.observer.deed(core.now, &stopped);
        self.leave_host(core, number);
        if self.terms[number as usize].comes_back {
            self.exchange(core, number);
        }
    }
}
