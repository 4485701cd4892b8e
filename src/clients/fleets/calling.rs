//! What workers lean on: the call to a downstream that ends the work of a thread.
//!
//! Owns the tries of such a call, and what its worker may spend on more of them. Must not know what
//! the downstream does with it.
//!
//! A thread that called waits for the answer with what it works on; its heartbeat goes on. A call
//! that is refused, fails or is given up is tried again after a back-off, as long as the fleet's
//! retry and the worker's budget allow it; then the processing has failed.

use super::Fleets;
use super::worker::Stage;
use crate::clients::retry::{Credit, Paid};
use crate::core::Core;
use crate::core::downstreams::Calling;
use crate::core::event::FleetEvent;
use crate::core::leaning::{CallAnswer, Try};
use crate::downstream::CallId;
use crate::facts::deed::WorkerId;
use crate::facts::observer::Observer;
use crate::facts::thread_time::ThreadTime;
use crate::model::clients::Retry;

/// The calls of all threads; empty until one calls.
#[derive(Clone, Debug, Default)]
pub(super) struct Calls {
    /// By thread.
    threads: Vec<OwnCall>,
    /// What each worker may spend; `None` if it has not called since it started.
    credits: Vec<Option<Credit>>,
}

/// The call of one thread.
#[derive(Clone, Copy, Debug, Default)]
struct OwnCall {
    /// It waits for the answer to this; while it backs off there is none.
    under_way: Option<CallId>,
    /// What the present try cost, if it is another one.
    paid: Option<Paid>,
}

impl Calls {
    /// Bytes for each thread of a fleet that calls, its worker's credit included.
    pub(super) const BYTES_PER_THREAD: usize = size_of::<OwnCall>() + size_of::<Option<Credit>>();
}

impl Fleets {
    /// The own part of a thread's work is over, and its fleet calls a downstream.
    #[cold]
    #[inline(never)]
    pub(super) fn begin_call<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let thread = &mut self.threads[number as usize];
        let worker = thread.worker as usize;
        let fleet = &self.configs[self.workers[worker].fleet as usize];
        let first = thread.first as usize;
        let own = &self.held[first..first + usize::from(thread.count)];
        if fleet.idempotent && own.iter().all(|held| core.ledger.is_done(&held.receipt)) {
            return self.end_called_work(core, number, false);
        }
        thread.stage = Stage::Leaning;
        thread.attempts = 0;
        let calls = fleet.calls.as_ref().expect("it calls");
        if self.calls.threads.len() < self.threads.len() {
            self.calls.threads.resize(self.threads.len(), OwnCall::default());
            self.calls.credits.resize(self.workers.len(), None);
        }
        self.calls.threads[number as usize] = OwnCall::default();
        let credit = self.calls.credits[worker].get_or_insert(calls.budget.full());
        calls.budget.earn(credit);
        self.turn_thread(core, number, ThreadTime::Leaning);
        self.try_call(core, number);
    }

    /// A thread calls, for the first time or again.
    pub(super) fn try_call<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let thread = &mut self.threads[number as usize];
        let worker = &self.workers[thread.worker as usize];
        // A fork cannot take the call away, but what calls nothing is done.
        let Some(calls) = &self.configs[worker.fleet as usize].calls else {
            return self.end_called_work(core, number, false);
        };
        thread.attempts += 1;
        let head = &self.held[thread.first as usize];
        let by = Calling {
            worker: WorkerId(thread.worker),
            thread: number - worker.first_thread,
            number,
        };
        let one = Try { by, attempt: thread.attempts, of: (head.luck, head.receipt.receives) };
        match core.call_downstream(calls.to, one) {
            Some(call) => self.calls.threads[number as usize].under_way = Some(call),
            None => self.call_failed(core, number, true),
        }
    }

    /// A thread has the answer to its call, or has waited too long for it.
    pub fn call_answered<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        number: u32,
        answer: CallAnswer,
    ) {
        let own = &mut self.calls.threads[number as usize];
        own.under_way = None;
        match answer {
            CallAnswer::Failed | CallAnswer::TimedOut => self.call_failed(core, number, false),
            CallAnswer::Done => {
                let paid = own.paid;
                let worker = self.threads[number as usize].worker as usize;
                let fleet = &self.configs[self.workers[worker].fleet as usize];
                if let (Some(calls), Some(credit)) = (&fleet.calls, &mut self.calls.credits[worker])
                {
                    calls.budget.succeed(credit, paid);
                }
                self.end_called_work(core, number, false);
            }
        }
    }

    /// A call was refused, has failed or was given up: it is tried again, or the work has failed.
    fn call_failed<O: Observer>(&mut self, core: &mut Core<O>, number: u32, refused: bool) {
        let thread = &self.threads[number as usize];
        let worker = thread.worker as usize;
        let fleet = &self.configs[self.workers[worker].fleet as usize];
        if let (Some(calls), Some(credit)) = (&fleet.calls, &mut self.calls.credits[worker])
            && calls.retry.goes_on(thread.attempts)
            && let Some(paid) = calls.budget.spend(credit, refused)
        {
            let base = if refused { calls.base_refused } else { calls.retry.base };
            let retry = Retry { base, ..calls.retry };
            let wait = retry.wait(thread.attempts, &mut self.chances[worker].backoff);
            self.calls.threads[number as usize].paid = Some(paid);
            return core.plan(wait, FleetEvent::Thread(number));
        }
        self.end_called_work(core, number, true);
    }

    /// A worker that dies takes the call of a thread back.
    pub(super) fn hang_up_call<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let Some(call) = self.calls.threads[number as usize].under_way.take() else { return };
        let worker = self.threads[number as usize].worker;
        let fleet = &self.configs[self.workers[worker as usize].fleet as usize];
        if let Some(calls) = &fleet.calls {
            core.hang_up_downstream(calls.to, call, WorkerId(worker));
        }
    }

    /// A worker that starts has spent nothing.
    pub(super) fn forget_credit(&mut self, worker: u32) {
        if let Some(credit) = self.calls.credits.get_mut(worker as usize) {
            *credit = None;
        }
    }
}
