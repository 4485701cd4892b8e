//! Calls under way, and clients that wait for theirs.
//!
//! Owns their rows and that rows are used again. Must not know what a call does.

use super::event::Event;
use crate::kernel::calendar::Calendar;
use crate::kernel::dist::Dist;
use crate::kernel::rng::Stream;
use crate::ledger::Receipt;
use crate::ledger::config::MAX_BATCH;

/// A client that sends one message, waits for its confirmation, and thinks.
#[derive(Clone, Debug)]
pub(super) struct ClosedClient {
    pub(super) producer: u32,
    pub(super) think: Dist,
    pub(super) chance: Stream,
}

/// A background delete under way.
#[derive(Clone, Copy, Debug)]
pub(super) struct DeleteCall {
    pub(super) worker: u32,
    pub(super) attempts: u32,
    pub(super) count: usize,
    pub(super) receipts: [Receipt; MAX_BATCH],
}

impl Default for DeleteCall {
    fn default() -> DeleteCall {
        let receipts = [Receipt::of_nothing(); MAX_BATCH];
        DeleteCall { worker: 0, attempts: 0, count: 0, receipts }
    }
}

/// Calls under way, by number. Rows are used again, so that a call costs no allocation.
#[derive(Clone, Debug)]
pub(super) struct Calls<T> {
    rows: Vec<T>,
    free: Vec<u32>,
}

impl<T> Calls<T> {
    /// No calls yet, and room for as many as are under way at once in most runs: calls in the
    /// background have no natural limit, and a record must not cost a warm loop an allocation.
    pub(super) fn new() -> Calls<T> {
        Calls { rows: Vec::with_capacity(64), free: Vec::with_capacity(64) }
    }

    /// A row for a call: one that was closed, as it was left, or a `new` one, with room to close it
    /// when all others are closed too.
    #[inline]
    pub(super) fn open(&mut self, new: impl FnOnce() -> T) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.rows.push(new());
            self.free.reserve(self.rows.len());
            self.rows.len() as u32 - 1
        })
    }

    /// Bytes of the rows that ever were used at once, and of their events.
    pub(super) fn bytes(&self) -> u64 {
        let each = size_of::<T>() + size_of::<u32>() + Calendar::<Event>::BYTES_PER_EVENT;
        self.rows.len() as u64 * each as u64
    }

    #[inline]
    pub(super) fn close(&mut self, number: u32) {
        self.free.push(number);
    }

    #[inline]
    pub(super) fn get(&self, number: u32) -> &T {
        &self.rows[number as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, number: u32) -> &mut T {
        &mut self.rows[number as usize]
    }
}
