//! What a worker does with messages that come before their time.
//!
//! Owns the due time of a delivery, and the call that hides it until then. Must not know how a
//! thread works on what is due.

use super::Fleets;
use super::worker::Stage;
use crate::core::Core;
use crate::core::event::FleetEvent;
use crate::facts::observer::Observer;
use crate::facts::thread_time::ThreadTime;
use crate::kernel::dist::Dist;
use crate::kernel::rng::Fate;
use crate::kernel::time::Time;
use crate::ledger::journal::Held;
use crate::ledger::{Delivery, RECEIPT_LIFE};

/// When a delivery may be worked on: the same at every receive.
fn due(hold: &Dist, delivery: &Delivery) -> Time {
    delivery.sent.saturating_add(hold.sample(&mut delivery.luck.draws(Fate::Hold, 0)))
}

impl Fleets {
    /// A thread that took deliveries begins to set aside those that are early, all in one batch
    /// call; whether there are any. They come to stand behind the others.
    ///
    /// The call is an event of its own even if it takes no time: whoever gives the thread its
    /// deliveries has more to give.
    #[inline(never)]
    pub(super) fn hold_back<O: Observer>(&mut self, core: &mut Core<O>, number: u32) -> bool {
        let thread = &mut self.threads[number as usize];
        let fleet = &self.configs[self.workers[thread.worker as usize].fleet as usize];
        let Some(hold) = &fleet.hold else { return false };
        let first = thread.first as usize;
        let own = &mut self.held[first..first + usize::from(thread.count)];
        let is_early = |delivery: &Delivery| due(hold, delivery) > core.now;
        own.sort_by_key(is_early);
        let places = (0..).zip(own.iter()).filter(|(_, delivery)| is_early(delivery));
        thread.todo = places.fold(0, |todo, (place, _)| todo | 1_u16 << place);
        if thread.todo == 0 {
            return false;
        }
        thread.stage = Stage::Holding;
        let chance = &mut self.chances[thread.worker as usize].latency;
        let latency = fleet.call_latency.sample(chance);
        self.wait_for_call(core, number);
        core.plan(latency, FleetEvent::Thread(number));
        true
    }

    /// What is early is hidden for the rest, as far as that goes; the thread works on the others.
    #[inline(never)]
    pub(super) fn set_aside<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let thread = &mut self.threads[number as usize];
        let worker = &self.workers[thread.worker as usize];
        let early = thread.todo.count_ones() as u8;
        thread.count -= early;
        thread.todo = 0;
        let first = thread.first as usize + usize::from(thread.count);
        for delivery in &self.held[first..first + usize::from(early)] {
            // Its time is set by the fleet as it is now: a fork may have changed it.
            let hold = self.configs[worker.fleet as usize].hold.as_ref();
            let due = hold.map_or(core.now, |hold| due(hold, delivery));
            let receipt = delivery.receipt;
            let until = due.min(receipt.received.saturating_add(RECEIPT_LIFE)).max(core.now);
            core.ledger.annotate(&receipt, Held::Early);
            let rest = until - core.now;
            core.ledger.change_visibility(core.now, &receipt, rest, &mut core.observer);
        }
        if thread.count == 0 {
            return self.go_idle(core, number);
        }
        thread.stage = Stage::Working;
        thread.began = core.now;
        self.turn_thread(core, number, ThreadTime::Working);
        let head = self.held[self.threads[number as usize].first as usize];
        self.work(core, number, head);
    }
}
