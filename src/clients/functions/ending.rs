//! How invocations end, and what is deleted then.
//!
//! Owns which messages of a batch were processed, what is billed, and the way of a batch from the
//! end of its invocation until its place is free. Must not know how batches come.

use super::Functions;
use super::batch::{Batch, Stage};
use super::work::Progress;
use crate::core::Core;
use crate::core::event::FunctionEvent;
use crate::facts::deed::{Deed, Ending, FleetId, FunctionId, Returned, WorkerId};
use crate::facts::observer::Observer;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::MAX_BATCH;
use crate::ledger::journal::Held;
use crate::ledger::{Delivery, Receipt};
use crate::model::functions::FunctionConfig;

/// What the time of an invocation is billed in.
const BILLED: Span = Span::from_millis(1);

impl Functions {
    /// An invocation ends.
    pub(super) fn end_invocation<O: Observer>(&mut self, core: &mut Core<O>, batch: u32) {
        let row = self.batches.get_mut(batch);
        let number = row.function;
        let function = &mut self.all[number as usize];
        let environment = WorkerId::of_function(function.id, row.environment);
        let how = tell_messages(core, &function.config, row, environment);
        let billed = billed(core.now - row.began);
        let ended = Deed::InvocationEnded { environment, function: function.id, how, billed };
        core.observer.deed(core.now, &ended);
        if function.config.reserved.is_none() {
            self.shared_in_use -= 1;
        }
        if how == Returned::TimedOut {
            function.environments.lose(row.environment);
            let gone = Deed::EnvironmentGone { environment, function: function.id };
            core.observer.deed(core.now, &gone);
        } else if function.environments.give_back(core.now, row.environment) {
            let keep = function.config.environments.keep_warm;
            core.plan(keep, FunctionEvent::Cool(function.id));
        }
        let was = function.mapping.limit();
        let bad = !function.config.partial && how != Returned::Succeeded;
        function.mapping.note(core.now, bad);
        self.tell_limit(core, number, was);
        self.begin_deletes(core, batch);
    }

    /// What was processed is deleted, after the time that a call takes.
    #[inline]
    fn begin_deletes<O: Observer>(&mut self, core: &mut Core<O>, batch: u32) {
        let row = self.batches.get_mut(batch);
        let function = &mut self.all[row.function as usize];
        if row.deliveries.is_empty() {
            return self.rest(core, batch);
        }
        row.stage = Stage::Deleting;
        row.attempts = 0;
        let latency = function.config.call_latency.sample(&mut function.chance.latency);
        if latency.is_zero() {
            self.delete(core, batch);
        } else {
            core.plan(latency, FunctionEvent::Batch(batch));
        }
    }

    /// Deletes, in calls of ten that take effect together, what is left of a batch to be deleted.
    #[inline]
    pub(super) fn delete<O: Observer>(&mut self, core: &mut Core<O>, batch: u32) {
        let row = self.batches.get_mut(batch);
        let mut kept = 0;
        if let [only] = &row.deliveries[..] {
            let refused = core.ledger.delete(core.now, &[only.receipt], &mut core.observer);
            return self.deleted(core, batch, usize::from(refused.has(0)));
        }
        for from in (0..row.deliveries.len()).step_by(MAX_BATCH) {
            let count = (row.deliveries.len() - from).min(MAX_BATCH);
            let mut receipts = [Receipt::of_nothing(); MAX_BATCH];
            for (receipt, delivery) in receipts.iter_mut().zip(&row.deliveries[from..]) {
                *receipt = delivery.receipt;
            }
            let refused = core.ledger.delete(core.now, &receipts[..count], &mut core.observer);
            for at in (0..count).filter(|&at| refused.has(at)) {
                row.deliveries[kept] = row.deliveries[from + at];
                kept += 1;
            }
        }
        self.deleted(core, batch, kept);
    }

    /// All but the first `kept` of what was to be deleted is.
    #[inline]
    fn deleted<O: Observer>(&mut self, core: &mut Core<O>, batch: u32, kept: usize) {
        self.batches.get_mut(batch).deliveries.truncate(kept);
        if kept > 0 { self.delete_again(core, batch) } else { self.rest(core, batch) }
    }

    /// Deletes that were refused are tried again, or given up.
    #[cold]
    fn delete_again<O: Observer>(&mut self, core: &mut Core<O>, batch: u32) {
        let row = self.batches.get_mut(batch);
        let function = &mut self.all[row.function as usize];
        row.attempts = row.attempts.saturating_add(1);
        let retry = function.config.retry;
        if !retry.goes_on(u32::from(row.attempts)) {
            return self.rest(core, batch);
        }
        let wait = retry.wait(u32::from(row.attempts), &mut function.chance.backoff);
        let latency = function.config.call_latency.sample(&mut function.chance.latency);
        core.plan(wait.saturating_add(latency), FunctionEvent::Batch(batch));
    }

    /// A batch is done with; its place is free after the gap.
    #[inline]
    fn rest<O: Observer>(&mut self, core: &mut Core<O>, batch: u32) {
        let row = self.batches.get_mut(batch);
        let gap = self.all[row.function as usize].config.gap;
        if gap.is_zero() {
            return self.leave_place(core, batch);
        }
        row.stage = Stage::Resting;
        core.plan(gap, FunctionEvent::Batch(batch));
    }

    /// A batch is no more, and its place is free.
    #[inline]
    pub(super) fn leave_place<O: Observer>(&mut self, core: &mut Core<O>, batch: u32) {
        let number = self.batches.get(batch).function;
        self.drop_batch(batch);
        self.all[number as usize].leave_place(core);
        self.fill(core, number);
    }

    /// Environments that have been idle for long enough are gone.
    pub(super) fn cool<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let function = &mut self.all[number as usize];
        let keep = function.config.environments.keep_warm;
        let long_ago = core.now.as_nanos().checked_sub(keep.as_nanos());
        if let Some(since) = long_ago.map(Time::from_nanos) {
            while let Some(gone) = function.environments.cool(since) {
                let environment = WorkerId::of_function(function.id, gone);
                let gone = Deed::EnvironmentGone { environment, function: function.id };
                core.observer.deed(core.now, &gone);
            }
        }
        if let Some(since) = function.environments.idle_since() {
            let at = since.saturating_add(keep);
            core.plan(at.since(core.now), FunctionEvent::Cool(function.id));
        }
    }
}

/// Tells how the work on each message of a batch ended; returns how the invocation did. What is to
/// be deleted is left in the batch.
///
/// Without partial responses a message that fails fails all: those before it have been processed,
/// and come back none the less. A message that has not been reached at the timeout has failed.
#[inline]
fn tell_messages<O: Observer>(
    core: &mut Core<O>,
    config: &FunctionConfig,
    batch: &mut Batch,
    environment: WorkerId,
) -> Returned {
    let took = core.now - batch.began - batch.cold;
    let took = match batch.deliveries.len() {
        1 => took,
        messages => took / messages as u64,
    };
    let timed_out = batch.stage == Stage::TimingOut;
    // Nothing answers for an invocation that timed out.
    let names = config.partial && !timed_out;
    let mut progress = Progress::new(config, timed_out);
    let fleet = FleetId::of_function(FunctionId(batch.function));
    let (all, mut processed) = (batch.deliveries.len(), 0);
    for at in 0..all {
        let delivery = batch.deliveries[at];
        let Delivery { receipt, sent, .. } = delivery;
        let how = if progress.completes(&delivery) {
            batch.deliveries[processed] = delivery;
            processed += 1;
            if core.ledger.complete(&receipt) { Ending::Duplicate } else { Ending::Done }
        } else {
            core.ledger.annotate(&receipt, Held::Failed);
            Ending::Failed
        };
        let (queue, message) = (receipt.queue, receipt.message);
        let worker = environment;
        let ended = Deed::Ended { worker, fleet, thread: 0, queue, message, sent, took, how };
        core.observer.deed(core.now, &ended);
    }
    if processed == all && !timed_out {
        return Returned::Succeeded;
    }
    batch.deliveries.truncate(processed);
    if !names {
        fail_processed(core, batch);
    }
    match (timed_out, names) {
        (true, _) => Returned::TimedOut,
        (false, true) => Returned::InPart,
        (false, false) => Returned::Failed,
    }
}

/// What was processed comes back none the less: the whole batch failed.
#[cold]
fn fail_processed<O: Observer>(core: &mut Core<O>, batch: &mut Batch) {
    for delivery in batch.deliveries.drain(..) {
        core.ledger.annotate(&delivery.receipt, Held::Failed);
    }
}

/// What is billed of so long an invocation.
#[inline]
fn billed(took: Span) -> Span {
    let unit = BILLED.as_nanos();
    Span::from_nanos(took.as_nanos().div_ceil(unit).saturating_mul(unit))
}
