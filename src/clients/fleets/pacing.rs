//! When a worker may poll again.
//!
//! Owns the gap after an answer, and the wait for all that was received to be done. Must not know
//! what a poll asks for.

use super::Fleets;
use super::worker::{Life, Polling};
use crate::core::Core;
use crate::core::event::FleetEvent;
use crate::facts::deed::WorkerId;
use crate::facts::observer::Observer;

impl Fleets {
    /// A receive has been answered: the worker may poll again, at once or after its gap.
    #[inline]
    pub(super) fn end_receive<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let worker = &mut self.workers[number as usize];
        worker.polling = Polling::Idle;
        if self.configs[worker.fleet as usize].receive.gap.is_some() {
            self.keep_gap(core, number);
        }
    }

    /// One that leaves polls no more: nothing of it must be due when another has its place.
    #[inline(never)]
    fn keep_gap<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let worker = &self.workers[number as usize];
        let gap = self.configs[worker.fleet as usize].receive.gap.as_ref();
        if let Some(gap) = gap.filter(|_| worker.life == Life::Up) {
            let gap = gap.sample(&mut self.chances[number as usize].pause);
            self.pause(core, number, gap);
        }
    }

    /// Whether a worker that does all before it receives again has more to do. What waits for a
    /// background delete that is not full goes at once: nothing would fill it.
    #[inline(never)]
    pub(super) fn has_more_to_do<O: Observer>(&mut self, core: &mut Core<O>, number: u32) -> bool {
        let worker = &self.workers[number as usize];
        if worker.busy > 0 || worker.buffered > 0 {
            return true;
        }
        if !self.deletes[number as usize].is_empty() {
            core.calendar.cancel(FleetEvent::DeleteLinger(WorkerId(number)));
            self.flush_deletes(core, number);
            // Its end lets the worker go on, and may have done so already.
            return true;
        }
        self.awaited.get(&number).is_some_and(|calls| !calls.is_empty())
    }

    /// A worker runs no more: whoever runs in its place begins anew.
    pub(super) fn forget_pace(&mut self, number: u32) {
        self.awaited.remove(&number);
        self.rounds.remove(&number);
    }

    /// A background delete is over, for which its worker may have waited.
    #[inline(never)]
    pub(super) fn await_no_more<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        worker: u32,
        call: u32,
    ) {
        let Some(calls) = self.awaited.get_mut(&worker) else { return };
        if let Some(place) = calls.iter().position(|&awaited| awaited == call) {
            calls.swap_remove(place);
            self.pump(core, worker);
        }
    }
}
