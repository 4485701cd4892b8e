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
use crate::ledger::journal::{Caller, Held};

impl Fleets {
    /// A worker that was laid out starts, now or after its delay.
    pub(super) fn begin_life<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let fleet = &self.configs[self.workers[number as usize].fleet as usize];
        let delay = fleet.start_up.sample(&mut self.chances[number as usize].start_up);
        if delay.is_zero() {
            self.start(core, number);
        } else {
            core.plan(delay, FleetEvent::Life(WorkerId(number)));
        }
    }

    /// A worker that runs crashes, one that is down starts. One that has left is not there to
    /// crash.
    #[inline(never)]
    pub(super) fn turn_life<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        match self.workers[number as usize].life {
            Life::Down => self.start(core, number),
            Life::Gone => {}
            Life::Up | Life::Leaving => self.crash(core, number),
        }
    }

    /// A worker that leaves has gone once it holds nothing any more.
    #[cold]
    pub(super) fn perhaps_gone<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let worker = &mut self.workers[number as usize];
        let holds = worker.busy > 0 || worker.buffered > 0;
        if worker.life == Life::Leaving && !holds && self.deletes[number as usize].is_empty() {
            self.go(core, number);
        }
    }

    /// A worker that leaves has gone.
    fn go<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let id = WorkerId(number);
        core.calendar.cancel(FleetEvent::Life(id));
        self.forget_pace(number);
        let worker = &mut self.workers[number as usize];
        worker.life = Life::Gone;
        let stopped = Deed::Stopped { worker: id, fleet: FleetId(worker.fleet) };
        core.observer.deed(core.now, &stopped);
    }

    /// A worker receives no more: it finishes what it holds, and does not come back from a crash.
    pub(super) fn leave<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let id = WorkerId(number);
        let worker = &mut self.workers[number as usize];
        let fleet = FleetId(worker.fleet);
        core.observer.deed(core.now, &Deed::Left { worker: id, fleet });
        let rested = worker.rest();
        worker.life = Life::Leaving;
        self.turn_idle(core, number, rested);
        if core.ledger.left(Caller(number)) || core.calendar.cancel(FleetEvent::Poll(id)) {
            self.workers[number as usize].polling = Polling::Idle;
        }
        self.perhaps_gone(core, number);
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

    pub(super) fn start<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let worker = &mut self.workers[number as usize];
        worker.life = Life::Up;
        self.terms[number as usize].has_started = true;
        core.observer.deed(core.now, &Deed::Started { worker: WorkerId(number) });
        self.turn_idle(core, number, ThreadTime::Down);
        self.plan_crash(core, number);
        self.pump(core, number);
    }

    /// All that the worker holds is lost to it; the ledger learns nothing.
    fn crash<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let id = WorkerId(number);
        core.observer.deed(core.now, &Deed::Crashed { worker: id });
        self.cut_off_threads(core, number);
        core.calendar.cancel(FleetEvent::Poll(id));
        core.calendar.cancel(FleetEvent::Answer(id));
        core.calendar.cancel(FleetEvent::DeleteLinger(id));
        core.ledger.hang_up(Caller(number));
        let worker = &mut self.workers[number as usize];
        let buffer = &mut self.buffers[number as usize];
        let lost = buffer.iter().map(|delivery| delivery.receipt);
        let deletes = &mut self.deletes[number as usize];
        for receipt in lost.chain(deletes.iter().copied()) {
            core.ledger.annotate(&receipt, Held::Crashed);
        }
        buffer.clear();
        worker.buffered = 0;
        deletes.clear();
        self.forget_pace(number);
        let worker = &mut self.workers[number as usize];
        let rested = worker.rest();
        worker.in_transit = 0;
        worker.attempts = 0;
        worker.polling = Polling::Idle;
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
}
