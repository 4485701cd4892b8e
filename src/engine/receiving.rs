//! How workers poll, and how they live and die.
//!
//! Owns a worker's receives, its start, crash and restart. Must not know what its threads do with
//! what they get, beyond cutting them off.
#![expect(clippy::inline_always, reason = "every event of a worker ends here, mostly with nothing")]

use super::event::FleetEvent;
use super::working::Supply;
use super::world::World;
use crate::clients::worker::{Life, Polling};
use crate::facts::deed::{Deed, WorkerId};
use crate::facts::observer::Observer;
use crate::facts::thread_time::ThreadTime;
use crate::kernel::dist::Dist;
use crate::kernel::time::Span;
use crate::ledger::Poll;
use crate::ledger::Received;
use crate::ledger::Served;
use crate::ledger::journal::{Caller, Held};
use crate::model::clients::ReceiveConfig;

impl<O: Observer> World<O> {
    /// Gives waiting deliveries to idle threads, and polls for more if the worker wants them.
    #[inline(always)]
    pub(super) fn pump(&mut self, number: u32) {
        while self.workers[number as usize].can_begin() {
            self.begin_work(number, Supply::Buffer);
        }
        let worker = &self.workers[number as usize];
        if worker.wants_messages(&self.fleets[worker.fleet as usize]) {
            self.poll(number);
        }
    }

    #[inline(never)]
    fn poll(&mut self, number: u32) {
        let worker = &mut self.workers[number as usize];
        let fleet = &self.fleets[worker.fleet as usize];
        let queue = fleet.queue;
        let ReceiveConfig { max, wait, visibility_timeout, .. } = fleet.receive;
        let poll = Poll { caller: Caller(number), max, wait, visibility_timeout };
        worker.polling = Polling::Called;
        match self.ledger.receive(self.now, queue, poll, &mut self.observer) {
            Received::Messages | Received::Waiting => {}
            Received::Empty | Received::OverLimit => {
                worker.attempts = 0;
                let chance = &mut self.chances[number as usize];
                let pause = fleet.receive.pause.sample(&mut chance.pause);
                let latency = fleet.call_latency.sample(&mut chance.latency);
                self.pause(number, pause.saturating_add(latency));
            }
            Received::Refused => {
                worker.attempts += 1;
                let chance = &mut self.chances[number as usize];
                let backoff = fleet.retry.wait(worker.attempts, &mut chance.backoff);
                let latency = fleet.call_latency.sample(&mut chance.latency);
                self.pause(number, backoff.saturating_add(latency));
            }
        }
    }

    fn pause(&mut self, number: u32, span: Span) {
        self.workers[number as usize].polling = Polling::Paused;
        let at = self.after(span);
        self.calendar.schedule(at, FleetEvent::Poll(WorkerId(number)));
    }

    /// It wants messages that it did not want before, as its settings are others.
    pub(super) fn poll_at_once(&mut self, number: u32) {
        self.pause(number, Span::ZERO);
    }

    /// A pause is over.
    pub(super) fn poll_due(&mut self, number: u32) {
        self.workers[number as usize].polling = Polling::Idle;
        self.pump(number);
    }

    /// The ledger has answered a receive.
    #[inline(never)]
    pub(super) fn accept(&mut self, served: Served) {
        let number = served.caller.0;
        let worker = &mut self.workers[number as usize];
        worker.attempts = 0;
        let latency = &self.fleets[worker.fleet as usize].call_latency;
        let latency = latency.sample(&mut self.chances[number as usize].latency);
        let mut left = served.messages;
        if latency.is_zero() {
            worker.polling = Polling::Idle;
            // What finds an idle thread goes there, without a stay in the buffer.
            while left > 0 && self.workers[number as usize].passes_on() {
                left -= self.begin_work(number, Supply::Ledger(left));
            }
        }
        if left > 0 {
            self.workers[number as usize].buffered += left;
            let buffer = &mut self.buffers[number as usize];
            self.ledger.collect(Served { messages: left, ..served }, buffer);
        }
        if latency.is_zero() {
            self.pump(number);
        } else {
            let worker = &mut self.workers[number as usize];
            let rested = worker.rest();
            worker.in_transit = served.messages;
            self.turn_idle(number, rested);
            let at = self.after(latency);
            self.calendar.schedule(at, FleetEvent::Answer(WorkerId(number)));
        }
    }

    /// The answer reaches its worker.
    pub(super) fn answer_arrives(&mut self, number: u32) {
        let worker = &mut self.workers[number as usize];
        let rested = worker.rest();
        worker.in_transit = 0;
        worker.polling = Polling::Idle;
        self.turn_idle(number, rested);
        self.pump(number);
    }

    /// A worker that runs crashes, one that is down starts. One that has left is not there to
    /// crash.
    #[inline(never)]
    pub(super) fn turn_life(&mut self, number: u32) {
        match self.workers[number as usize].life {
            Life::Down => self.start(number),
            Life::Leaving if !self.holds_anything(number) => {}
            Life::Gone => {}
            Life::Up | Life::Leaving => self.crash(number),
        }
    }

    fn holds_anything(&self, number: u32) -> bool {
        let worker = &self.workers[number as usize];
        worker.busy > 0 || worker.buffered > 0 || !self.deletes[number as usize].is_empty()
    }

    /// A worker receives no more: it finishes what it holds, and does not come back from a crash.
    pub(super) fn leave(&mut self, number: u32) {
        let id = WorkerId(number);
        let worker = &mut self.workers[number as usize];
        let rested = worker.rest();
        worker.life = match worker.life {
            Life::Down | Life::Gone => {
                self.calendar.cancel(FleetEvent::Life(id));
                Life::Gone
            }
            Life::Up | Life::Leaving => Life::Leaving,
        };
        self.turn_idle(number, rested);
        if self.ledger.hang_up(Caller(number)) || self.calendar.cancel(FleetEvent::Poll(id)) {
            self.workers[number as usize].polling = Polling::Idle;
        }
    }

    /// The next crash of a worker that runs is drawn, if its fleet's workers crash.
    pub(super) fn plan_crash(&mut self, number: u32) {
        let worker = &self.workers[number as usize];
        if let Some(crash) = &self.fleets[worker.fleet as usize].crash {
            let life = Dist::Exponential { mean: crash.mean_time_between };
            let life = life.sample(&mut self.chances[number as usize].crash);
            let at = self.after(life);
            self.calendar.schedule(at, FleetEvent::Life(WorkerId(number)));
        }
    }

    pub(super) fn start(&mut self, number: u32) {
        let worker = &mut self.workers[number as usize];
        worker.life = Life::Up;
        self.observer.deed(self.now, &Deed::Started { worker: WorkerId(number) });
        self.turn_idle(number, ThreadTime::Down);
        self.plan_crash(number);
        self.pump(number);
    }

    /// All that the worker holds is lost to it; the ledger learns nothing.
    fn crash(&mut self, number: u32) {
        let id = WorkerId(number);
        self.observer.deed(self.now, &Deed::Crashed { worker: id });
        self.cut_off_threads(number);
        self.calendar.cancel(FleetEvent::Poll(id));
        self.calendar.cancel(FleetEvent::Answer(id));
        self.calendar.cancel(FleetEvent::DeleteLinger(id));
        self.ledger.hang_up(Caller(number));
        let worker = &mut self.workers[number as usize];
        let buffer = &mut self.buffers[number as usize];
        let lost = buffer.iter().map(|delivery| delivery.receipt);
        let deletes = &mut self.deletes[number as usize];
        for receipt in lost.chain(deletes.iter().copied()) {
            self.ledger.annotate(&receipt, Held::Crashed);
        }
        buffer.clear();
        worker.buffered = 0;
        deletes.clear();
        let rested = worker.rest();
        worker.in_transit = 0;
        worker.attempts = 0;
        worker.polling = Polling::Idle;
        let comes_back = worker.life == Life::Up;
        worker.life = if comes_back { Life::Down } else { Life::Gone };
        self.turn_idle(number, rested);
        let fleet = &self.fleets[self.workers[number as usize].fleet as usize];
        if let Some(crash) = &fleet.crash
            && comes_back
        {
            let down = crash.restart.sample(&mut self.chances[number as usize].crash);
            let at = self.after(down);
            self.calendar.schedule(at, FleetEvent::Life(id));
        }
    }
}
