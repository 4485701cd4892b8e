//! Calls in the background: deletes that a worker collects, and what it gives back when it stops.
//!
//! Owns the receipts of these calls. Must not know what the worker's threads do meanwhile.

use super::Fleets;
use crate::core::Core;
use crate::core::event::FleetEvent;
use crate::facts::deed::WorkerId;
use crate::facts::observer::Observer;
use crate::kernel::time::Span;
use crate::ledger::Receipt;
use crate::ledger::config::{MAX_BATCH, QueueId};

/// What a call in the background does with its messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Purpose {
    Delete,
    GiveBack,
}

/// A call in the background under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct BackgroundCall {
    worker: u32,
    attempts: u32,
    purpose: Purpose,
    count: usize,
    receipts: [Receipt; MAX_BATCH],
}

impl Default for BackgroundCall {
    fn default() -> BackgroundCall {
        let receipts = [Receipt::of_nothing(); MAX_BATCH];
        BackgroundCall { worker: 0, attempts: 0, purpose: Purpose::Delete, count: 0, receipts }
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
        let mut receipts = [Receipt::of_nothing(); MAX_BATCH];
        let mut count = 0;
        self.deletes[number as usize].retain(|receipt| {
            let stays = receipt.queue != queue;
            if !stays {
                receipts[count] = *receipt;
                count += 1;
            }
            stays
        });
        self.call_in_background(core, number, Purpose::Delete, &receipts[..count]);
        self.perhaps_gone(core, number);
    }

    /// A worker that stops gives messages back, in calls of as many as one takes.
    pub(super) fn give_back<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        number: u32,
        receipts: &[Receipt],
    ) {
        for batch in receipts.chunks(MAX_BATCH) {
            self.call_in_background(core, number, Purpose::GiveBack, batch);
        }
    }

    fn call_in_background<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        number: u32,
        purpose: Purpose,
        receipts: &[Receipt],
    ) {
        let call = self.background.open(BackgroundCall::default);
        let row = self.background.get_mut(call);
        (row.worker, row.attempts, row.purpose) = (number, 0, purpose);
        row.count = receipts.len();
        row.receipts[..receipts.len()].copy_from_slice(receipts);
        let fleet = &self.configs[self.workers[number as usize].fleet as usize];
        if fleet.receive.barrier && purpose == Purpose::Delete {
            self.awaited.entry(number).or_default().push(call);
        }
        let latency = fleet.call_latency.sample(&mut self.chances[number as usize].latency);
        if latency.is_zero() {
            self.background_due(core, call);
        } else {
            core.plan(latency, FleetEvent::BackgroundCall(call));
        }
    }

    /// A call in the background takes effect.
    pub(super) fn background_due<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let call = self.background.get_mut(number);
        let receipts = &call.receipts[..call.count];
        let mut kept = 0;
        match call.purpose {
            Purpose::Delete => {
                let refused = core.ledger.delete(core.now, receipts, &mut core.observer);
                for entry in (0..call.count).filter(|&entry| refused.has(entry)) {
                    call.receipts[kept] = call.receipts[entry];
                    kept += 1;
                }
            }
            // One that is refused returns when its timeout ends: its worker is gone.
            Purpose::GiveBack => {
                for receipt in receipts {
                    let observer = &mut core.observer;
                    core.ledger.change_visibility(core.now, receipt, Span::ZERO, observer);
                }
            }
        }
        call.count = kept;
        call.attempts += 1;
        let retry = self.configs[self.workers[call.worker as usize].fleet as usize].retry;
        if kept > 0 && retry.goes_on(call.attempts) {
            let chance = &mut self.chances[call.worker as usize].backoff;
            let wait = retry.wait(call.attempts, chance);
            core.plan(wait, FleetEvent::BackgroundCall(number));
        } else {
            let worker = call.worker;
            self.background.close(number);
            if !self.awaited.is_empty() {
                self.await_no_more(core, worker, number);
            }
        }
    }
}
