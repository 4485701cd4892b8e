//! How what readers bring becomes batches.
//!
//! Owns the batch that is gathered, and when it closes: at its size, at the end of its window, or
//! when its payload is full. Without a window each answer is a batch. Must not know what becomes of
//! a batch.

use super::Functions;
use super::batch::{Batch, Stage};
use crate::core::Core;
use crate::core::event::FunctionEvent;
use crate::facts::observer::Observer;
use crate::ledger::Delivery;
use crate::model::functions::MAX_PAYLOAD;

impl Functions {
    /// What a reader brought is gathered.
    #[inline]
    pub(super) fn gather<O: Observer>(&mut self, core: &mut Core<O>, number: u32, batch: u32) {
        let function = &self.all[number as usize];
        let fits = u64::from(self.batches.get(batch).bytes) <= MAX_PAYLOAD;
        if function.config.window.is_zero() && fits {
            self.close(core, number, batch);
        } else {
            self.add_all(core, number, batch);
        }
    }

    /// Adds what a reader brought to the batch that is gathered.
    #[inline(never)]
    fn add_all<O: Observer>(&mut self, core: &mut Core<O>, number: u32, brought: u32) {
        for at in 0..self.batches.get(brought).deliveries.len() {
            let delivery = self.batches.get(brought).deliveries[at];
            self.add(core, number, delivery);
        }
        self.drop_batch(brought);
        let function = &self.all[number as usize];
        if function.config.window.is_zero()
            && let Some(open) = function.open
        {
            self.close_open(core, number, open);
        }
    }

    fn add<O: Observer>(&mut self, core: &mut Core<O>, number: u32, delivery: Delivery) {
        let function = &self.all[number as usize];
        let bytes = if function.weighs { function.sizes.of(delivery.luck) as u32 } else { 0 };
        if let Some(open) = function.open
            && u64::from(self.batches.get(open).bytes + bytes) > MAX_PAYLOAD
        {
            self.close_open(core, number, open);
        }
        let function = &mut self.all[number as usize];
        let open = if let Some(open) = function.open {
            open
        } else {
            let open = self.batches.open(Batch::none);
            self.batches.get_mut(open).begin(number, Stage::Open);
            function.open = Some(open);
            if !function.config.window.is_zero() {
                core.plan(function.config.window, FunctionEvent::Batch(open));
            }
            open
        };
        let batch = self.batches.get_mut(open);
        batch.deliveries.push(delivery);
        batch.bytes += bytes;
        function.gathered += 1;
        if function.gathered >= function.config.batch {
            self.close_open(core, number, open);
        }
    }

    /// A batch has been gathered for long enough.
    pub(super) fn window_ends<O: Observer>(&mut self, core: &mut Core<O>, batch: u32) {
        let number = self.batches.get(batch).function;
        self.close_open(core, number, batch);
        self.read(core, number);
    }

    fn close_open<O: Observer>(&mut self, core: &mut Core<O>, number: u32, batch: u32) {
        let function = &mut self.all[number as usize];
        (function.open, function.gathered) = (None, 0);
        core.calendar.cancel(FunctionEvent::Batch(batch));
        self.close(core, number, batch);
    }

    /// A batch is closed: it is invoked as soon as a place within the limit is free.
    #[inline]
    fn close<O: Observer>(&mut self, core: &mut Core<O>, number: u32, batch: u32) {
        let function = &mut self.all[number as usize];
        let row = self.batches.get_mut(batch);
        row.stage = Stage::Closed;
        let received = row.deliveries[0].receipt.received;
        let timeout = core.ledger.config(function.config.queue).visibility_timeout;
        row.until = received.saturating_add(timeout);
        if function.in_use < function.mapping.limit() {
            function.take_place(core);
            self.invoke(core, batch);
        } else {
            function.closed.push_back(batch);
        }
    }

    /// Places within the limit are filled: with batches that wait for one, and with what readers
    /// bring.
    #[inline]
    pub(super) fn fill<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        loop {
            let function = &mut self.all[number as usize];
            if function.in_use >= function.mapping.limit() {
                break;
            }
            let Some(batch) = function.closed.pop_front() else { break };
            function.take_place(core);
            self.invoke(core, batch);
        }
        self.read(core, number);
    }

    /// A batch is no more.
    #[inline]
    pub(super) fn drop_batch(&mut self, batch: u32) {
        self.batches.get_mut(batch).begin(0, Stage::Resting);
        self.batches.close(batch);
    }
}
