//! What the threads' time goes into, as it is told.
//!
//! Owns the words to the observer when threads begin to work, wait, rest, go down or leave. Must
//! not know why they do.
#![expect(
    clippy::inline_always,
    reason = "a turn is known where it is told, and who listens: what he leaves out folds away"
)]

use super::Fleets;
use super::worker::Worker;
use crate::core::Core;
use crate::facts::deed::{Deed, FleetId, WorkerId};
use crate::facts::observer::Observer;
use crate::facts::thread_time::ThreadTime;
use crate::kernel::time::Time;

/// Threads of one worker that go over from one part of their time to another.
#[derive(Clone, Copy)]
pub(super) struct Turn {
    /// How many.
    pub(super) threads: u32,
    pub(super) from: ThreadTime,
    pub(super) to: ThreadTime,
}

impl Turn {
    /// Tells of it, once `worker`, which has `all` threads, is as it is then.
    #[inline(always)]
    pub(super) fn tell(
        self,
        now: Time,
        id: WorkerId,
        worker: &Worker,
        all: u32,
        observer: &mut impl Observer,
    ) {
        let Turn { threads, from, to } = self;
        let fleet = FleetId(worker.fleet);
        let busy = worker.occupied(all);
        let was = match (from.is_busy(), to.is_busy()) {
            (false, true) => Some(busy - threads),
            (true, false) => Some(busy + threads),
            (true, true) | (false, false) => None,
        };
        if let Some(was) = was {
            observer.deed(now, &Deed::Busy { worker: id, fleet, busy, was });
        }
        observer.threads(now, fleet, threads, from, to);
    }
}

impl Fleets {
    /// The idle threads of a worker, which is as it will be, go over from `from` to what they are
    /// now.
    pub(super) fn turn_idle<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        number: u32,
        from: ThreadTime,
    ) {
        let worker = &self.workers[number as usize];
        let all = self.configs[worker.fleet as usize].threads;
        let (threads, to) = (all - worker.busy, worker.rest());
        if threads > 0 && from != to {
            let turn = Turn { threads, from, to };
            turn.tell(core.now, WorkerId(number), worker, all, &mut core.observer);
        }
    }

    /// A thread waits for a call from now on.
    pub(super) fn wait_for_call<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        self.turn_thread(core, number, ThreadTime::Calling);
    }

    /// A busy thread goes over to `to`.
    #[inline]
    pub(super) fn turn_thread<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        number: u32,
        to: ThreadTime,
    ) {
        let thread = &mut self.threads[number as usize];
        let from = thread.time;
        if from != to {
            thread.time = to;
            let fleet = FleetId(self.workers[thread.worker as usize].fleet);
            core.observer.threads(core.now, fleet, 1, from, to);
        }
    }
}
