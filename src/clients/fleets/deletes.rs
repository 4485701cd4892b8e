//! Deletes in the background.
//!
//! Owns the receipts that a worker collects, and the calls that it makes of them. Must not know
//! what its threads do meanwhile.

use super::Fleets;
use crate::core::Core;
use crate::core::event::FleetEvent;
use crate::facts::deed::WorkerId;
use crate::facts::observer::Observer;
use crate::ledger::Receipt;
use crate::ledger::config::{MAX_BATCH, QueueId};

/// A background delete under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeleteCall {
    worker: u32,
    attempts: u32,
    count: usize,
    receipts: [Receipt; MAX_BATCH],
}

impl Default for DeleteCall {
    fn default() -> DeleteCall {
        let receipts = [Receipt::of_nothing(); MAX_BATCH];
        DeleteCall { worker: 0, attempts: 0, count: 0, receipts }
    }
}

impl Fleets {
    /// Adds what a thread completed to its worker's background deletes.
    pub(super) fn delete_in_background<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let thread = self.threads[number as usize];
        let linger_event = FleetEvent::DeleteLinger(WorkerId(thread.worker));
        for place in (0..u32::from(thread.count)).filter(|place| thread.todo & (1 << place) != 0) {
            let receipt = self.held[(thread.first + place) as usize].receipt;
            let worker = &self.workers[thread.worker as usize];
            let fleet = &self.configs[worker.fleet as usize];
            let (delete, several) = (fleet.delete, fleet.several.is_some());
            let deletes = &mut self.deletes[thread.worker as usize];
            deletes.push(receipt);
            let of_queue = |other: &&Receipt| other.queue == receipt.queue;
            let ready =
                if several { deletes.iter().filter(of_queue).count() } else { deletes.len() };
            if ready >= delete.batch as usize {
                if ready == deletes.len() {
                    core.calendar.cancel(linger_event);
                }
                self.send_deletes(core, thread.worker, receipt.queue);
            } else if deletes.len() == 1 {
                core.plan(delete.linger, linger_event);
            }
        }
    }

    /// A worker's collected receipts become a call, one for each queue.
    pub(super) fn flush_deletes<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        while let Some(first) = self.deletes[number as usize].first() {
            self.send_deletes(core, number, first.queue);
        }
    }

    /// Those of one queue become a call.
    fn send_deletes<O: Observer>(&mut self, core: &mut Core<O>, number: u32, queue: QueueId) {
        let call = self.delete_calls.open(DeleteCall::default);
        let row = self.delete_calls.get_mut(call);
        row.worker = number;
        row.attempts = 0;
        row.count = 0;
        self.deletes[number as usize].retain(|receipt| {
            let stays = receipt.queue != queue;
            if !stays {
                row.receipts[row.count] = *receipt;
                row.count += 1;
            }
            stays
        });
        let fleet = &self.configs[self.workers[number as usize].fleet as usize];
        if fleet.receive.barrier {
            self.awaited.entry(number).or_default().push(call);
        }
        let latency = fleet.call_latency.sample(&mut self.chances[number as usize].latency);
        if latency.is_zero() {
            self.background_delete(core, call);
        } else {
            core.plan(latency, FleetEvent::DeleteCall(call));
        }
        self.perhaps_gone(core, number);
    }

    /// A background delete takes effect.
    pub(super) fn background_delete<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let call = self.delete_calls.get_mut(number);
        let receipts = &call.receipts[..call.count];
        let refused = core.ledger.delete(core.now, receipts, &mut core.observer);
        let mut kept = 0;
        for entry in (0..call.count).filter(|&entry| refused.has(entry)) {
            call.receipts[kept] = call.receipts[entry];
            kept += 1;
        }
        call.count = kept;
        call.attempts += 1;
        let retry = self.configs[self.workers[call.worker as usize].fleet as usize].retry;
        if kept > 0 && retry.goes_on(call.attempts) {
            let chance = &mut self.chances[call.worker as usize].backoff;
            let wait = retry.wait(call.attempts, chance);
            core.plan(wait, FleetEvent::DeleteCall(number));
        } else {
            let worker = call.worker;
            self.delete_calls.close(number);
            if !self.awaited.is_empty() {
                self.await_no_more(core, worker, number);
            }
        }
    }
}
