//! How workers poll.
//!
//! Owns a worker's receives. Must not know what its threads do with what they get.
#![expect(clippy::inline_always, reason = "every event of a worker ends here, mostly with nothing")]

use super::Fleets;
use super::worker::{Life, Polling};
use super::working::Supply;
use crate::core::Core;
use crate::core::event::FleetEvent;
use crate::facts::deed::WorkerId;
use crate::facts::observer::Observer;
use crate::kernel::time::Span;
use crate::ledger::config::QueueId;
use crate::ledger::journal::Caller;
use crate::ledger::{Poll, Received, Served};

impl Fleets {
    /// Gives waiting deliveries to idle threads, and polls for more if the worker wants them.
    #[inline(always)]
    pub(super) fn pump<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        while self.workers[number as usize].can_begin() {
            self.begin_work(core, number, Supply::Buffer);
        }
        let worker = &self.workers[number as usize];
        if worker.wants_messages(&self.configs[worker.fleet as usize]) {
            self.poll(core, number);
        } else if worker.life == Life::Leaving {
            self.perhaps_gone(core, number);
        }
    }

    #[inline(never)]
    fn poll<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let fleet = &self.configs[self.workers[number as usize].fleet as usize];
        if fleet.receive.barrier || fleet.several.is_some() {
            return self.poll_with_care(core, number);
        }
        let (queue, wait) = (fleet.queue, fleet.receive.wait);
        self.ask(core, number, queue, wait);
    }

    /// Polls, where more than a wish for messages decides whether and where.
    #[inline(never)]
    fn poll_with_care<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let fleet = &self.configs[self.workers[number as usize].fleet as usize];
        if fleet.receive.barrier && self.has_more_to_do(core, number) {
            return;
        }
        let (queue, wait) = self.next_queue(number);
        self.ask(core, number, queue, wait);
    }

    #[inline]
    fn ask<O: Observer>(&mut self, core: &mut Core<O>, number: u32, queue: QueueId, wait: Span) {
        let worker = &mut self.workers[number as usize];
        let fleet = &self.configs[worker.fleet as usize];
        let visibility_timeout = fleet.receive.visibility_timeout;
        let max = worker.asks_for(fleet);
        let poll = Poll { caller: Caller(number), max, wait, visibility_timeout };
        worker.polling = Polling::Called;
        match core.ledger.receive(core.now, queue, poll, &mut core.observer) {
            Received::Messages | Received::Waiting => {
                if fleet.several.is_some() {
                    self.end_round(number);
                }
            }
            Received::Empty | Received::OverLimit => {
                worker.attempts = 0;
                let goes_on = fleet.several.is_some() && self.goes_round(number);
                self.pause_after_nothing(core, number, goes_on);
            }
            Received::Refused => {
                worker.attempts += 1;
                let chance = &mut self.chances[number as usize];
                let backoff = fleet.retry.wait(worker.attempts, &mut chance.backoff);
                let latency = fleet.call_latency.sample(&mut chance.latency);
                self.pause(core, number, backoff.saturating_add(latency));
            }
        }
    }

    /// A short poll found nothing: the worker `goes_on` to another queue, or pauses before it asks
    /// again.
    fn pause_after_nothing<O: Observer>(&mut self, core: &mut Core<O>, number: u32, goes_on: bool) {
        let fleet = &self.configs[self.workers[number as usize].fleet as usize];
        let chance = &mut self.chances[number as usize];
        let pause = (!goes_on).then(|| fleet.receive.pause.sample(&mut chance.pause));
        let gap = fleet.receive.gap.as_ref().map(|gap| gap.sample(&mut chance.pause));
        let latency = fleet.call_latency.sample(&mut chance.latency);
        let all = [pause, gap].into_iter().flatten().fold(latency, Span::saturating_add);
        self.pause(core, number, all);
    }

    pub(super) fn pause<O: Observer>(&mut self, core: &mut Core<O>, number: u32, span: Span) {
        self.workers[number as usize].polling = Polling::Paused;
        core.plan(span, FleetEvent::Poll(WorkerId(number)));
    }

    /// It wants messages that it did not want before, as its settings are others.
    pub(super) fn poll_at_once<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        self.pause(core, number, Span::ZERO);
    }

    /// A pause is over.
    pub(super) fn poll_due<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        self.workers[number as usize].polling = Polling::Idle;
        self.pump(core, number);
    }

    /// The ledger has answered a receive.
    #[inline(never)]
    pub fn accept<O: Observer>(&mut self, core: &mut Core<O>, served: Served) {
        let number = served.caller.0;
        let worker = &mut self.workers[number as usize];
        worker.attempts = 0;
        let latency = &self.configs[worker.fleet as usize].call_latency;
        let latency = latency.sample(&mut self.chances[number as usize].latency);
        let mut left = served.messages;
        if latency.is_zero() {
            self.end_receive(core, number);
            // What finds an idle thread goes there, without a stay in the buffer.
            while left > 0 && self.workers[number as usize].passes_on() {
                left -= self.begin_work(core, number, Supply::Ledger(left));
            }
        }
        if left > 0 {
            self.workers[number as usize].buffered += left;
            let buffer = &mut self.buffers[number as usize];
            core.ledger.collect(Served { messages: left, ..served }, buffer);
        }
        if latency.is_zero() {
            self.pump(core, number);
        } else {
            let worker = &mut self.workers[number as usize];
            let rested = worker.rest();
            worker.in_transit = served.messages;
            self.turn_idle(core, number, rested);
            core.plan(latency, FleetEvent::Answer(WorkerId(number)));
        }
    }

    /// The answer reaches its worker.
    pub(super) fn answer_arrives<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let worker = &mut self.workers[number as usize];
        let rested = worker.rest();
        worker.in_transit = 0;
        self.turn_idle(core, number, rested);
        self.end_receive(core, number);
        if self.workers[number as usize].life == Life::Leaving {
            self.empty_buffer(core, number);
        }
        self.pump(core, number);
    }
}
