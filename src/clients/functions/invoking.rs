//! How batches are invoked, throttled and given up.
//!
//! Owns who gets the concurrency of a function or of the account. Must not know how an invocation
//! ends.

use super::Functions;
use super::batch::Stage;
use super::work::work;
use crate::core::Core;
use crate::core::event::FunctionEvent;
use crate::facts::deed::{Deed, FunctionId, WorkerId};
use crate::facts::observer::Observer;
use crate::kernel::time::Span;
use crate::ledger::Receipt;
use crate::ledger::journal::Held;

impl Functions {
    /// A batch that has its place within the limit is invoked, if its function has concurrency and
    /// an environment for it, and its messages are still hidden. If they are not, its place is
    /// free.
    pub(super) fn invoke<O: Observer>(&mut self, core: &mut Core<O>, batch: u32) {
        let row = self.batches.get(batch);
        let number = row.function;
        if core.now >= row.until {
            return self.give_up(core, batch);
        }
        if !self.has_concurrency(number) {
            return self.throttle(core, batch);
        }
        let function = &mut self.all[number as usize];
        let per_10_s = function.config.environments.per_10_s;
        let Some(taken) = function.environments.take(core.now, per_10_s) else {
            return self.throttle(core, batch);
        };
        if function.config.reserved.is_none() {
            self.shared_in_use += 1;
        }
        let row = self.batches.get_mut(batch);
        row.environment = taken.number;
        row.attempts = 0;
        row.began = core.now;
        row.cold = Span::ZERO;
        if taken.is_new {
            let cold_start = &function.config.environments.cold_start;
            row.cold = cold_start.sample(&mut function.chance.start_up);
        }
        let config = &function.config;
        let work = work(config, &row.deliveries);
        let length = work.min(config.timeout);
        row.stage = if work > config.timeout { Stage::TimingOut } else { Stage::Running };
        let environment = WorkerId::of_function(FunctionId(number), taken.number);
        let (messages, cold) = (row.messages(), taken.is_new);
        let invoked = Deed::Invoked { environment, function: FunctionId(number), messages, cold };
        core.observer.deed(core.now, &invoked);
        for delivery in &row.deliveries {
            let Receipt { message, receives, queue, .. } = delivery.receipt;
            core.ledger.annotate(&delivery.receipt, Held::Working);
            let began = Deed::Began { worker: environment, thread: 0, queue, message, receives };
            core.observer.deed(core.now, &began);
        }
        core.plan(row.cold.saturating_add(length), FunctionEvent::Batch(batch));
    }

    /// A batch that was throttled is invoked again.
    pub(super) fn retry<O: Observer>(&mut self, core: &mut Core<O>, batch: u32) {
        let number = self.batches.get(batch).function;
        self.invoke(core, batch);
        self.fill(core, number);
    }

    /// Whether a function may have another invocation now.
    #[inline]
    fn has_concurrency(&self, number: u32) -> bool {
        let function = &self.all[number as usize];
        match function.config.reserved {
            Some(reserved) => function.environments.running() < reserved,
            None => self.shared_in_use < self.shared,
        }
    }

    /// A batch cannot be invoked now: it is tried again, until its messages are visible again.
    #[inline(never)]
    fn throttle<O: Observer>(&mut self, core: &mut Core<O>, batch: u32) {
        let row = self.batches.get_mut(batch);
        let number = row.function;
        let function = &mut self.all[number as usize];
        row.attempts = row.attempts.saturating_add(1);
        let messages = row.messages();
        let deed = Deed::InvocationThrottled { function: FunctionId(number), messages };
        core.observer.deed(core.now, &deed);
        if row.attempts == 1 {
            for delivery in &row.deliveries {
                core.ledger.annotate(&delivery.receipt, Held::Throttled);
            }
        }
        let retry = function.config.invoke_retry;
        let wait = retry.wait(u32::from(row.attempts), &mut function.chance.invoke);
        let wait = wait.min(row.until.since(core.now));
        core.plan(wait, FunctionEvent::Batch(batch));
        let was = function.mapping.limit();
        function.mapping.note(core.now, true);
        self.tell_limit(core, number, was);
    }

    /// The messages of a batch are visible again before it was invoked: its receives were in vain.
    #[inline(never)]
    fn give_up<O: Observer>(&mut self, core: &mut Core<O>, batch: u32) {
        let row = self.batches.get(batch);
        let (function, messages) = (FunctionId(row.function), row.messages());
        core.observer.deed(core.now, &Deed::ReceivesBurnt { function, messages });
        self.all[row.function as usize].leave_place(core);
        self.drop_batch(batch);
    }
}
