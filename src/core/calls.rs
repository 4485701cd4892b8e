//! Calls under way.
//!
//! Owns their rows and that rows are used again. Must not know what a call does.

use super::event::Event;
use crate::kernel::calendar::Calendar;

/// Calls under way, by number. Rows are used again, so that a call costs no allocation.
#[derive(Clone, Debug)]
pub struct Calls<T> {
    rows: Vec<T>,
    free: Vec<u32>,
}

impl<T> Calls<T> {
    /// No calls yet, and room for as many as are under way at once in most runs: calls in the
    /// background have no natural limit, and a record must not cost a warm loop an allocation.
    pub fn new() -> Calls<T> {
        Calls { rows: Vec::with_capacity(64), free: Vec::with_capacity(64) }
    }

    /// A row for a call: one that was closed, as it was left, or a `new` one, with room to close it
    /// when all others are closed too.
    #[inline]
    pub fn open(&mut self, new: impl FnOnce() -> T) -> u32 {
        self.free.pop().unwrap_or_else(|| {
            self.rows.push(new());
            self.free.reserve(self.rows.len());
            self.rows.len() as u32 - 1
        })
    }

    /// Bytes of the rows that ever were used at once, and of their events.
    pub fn bytes(&self) -> u64 {
        let each = size_of::<T>() + size_of::<u32>() + Calendar::<Event>::BYTES_PER_EVENT;
        self.rows.len() as u64 * each as u64
    }

    /// All rows, those of calls that are over as they were left.
    pub fn rows(&self) -> &[T] {
        &self.rows
    }

    /// A call is over.
    #[inline]
    pub fn close(&mut self, number: u32) {
        self.free.push(number);
    }

    /// A call.
    #[inline]
    pub fn get(&self, number: u32) -> &T {
        &self.rows[number as usize]
    }

    /// A call, to change.
    #[inline]
    pub fn get_mut(&mut self, number: u32) -> &mut T {
        &mut self.rows[number as usize]
    }
}

impl<T> Default for Calls<T> {
    fn default() -> Calls<T> {
        Calls::new()
    }
}
