//! The series of one part while a run goes on.
//!
//! Owns the windows that have ended, of one part and of the run, and the room for them. Must not
//! know what a window tells.
//!
//! A part of which nothing was told since a window ended, and of which nothing goes on by itself,
//! rests: until it is told something its windows are all alike, and none is closed. It tells them
//! when it wakes. So a window costs as much as what happens in it, however many parts there are.

use super::series::Series;
use crate::kernel::time::{Span, Time};

/// The windows of a run that have ended.
#[derive(Clone, Copy, Debug)]
pub(super) struct Past {
    /// How many.
    pub(super) windows: usize,
    /// When the last one ended.
    pub(super) at: Time,
    /// The length of each.
    pub(super) each: Span,
}

/// The windows of one part, and whether it rests.
#[derive(Clone, Debug)]
pub(super) struct Windows<W> {
    series: Series<W>,
    /// How many there will be at most.
    most: usize,
    rests: bool,
}

impl<W: PartialEq> Windows<W> {
    /// Windows that differ for which there is room at first: those of a part that stands idle.
    const FEW: usize = 4;

    /// Bytes of those.
    pub(super) const LEAST: usize = Self::FEW * Series::<W>::BYTES_PER_WINDOW;

    pub(super) fn new(most: usize) -> Windows<W> {
        Windows { series: Series::default(), most, rests: false }
    }

    /// Whether the part rests.
    #[inline]
    pub(super) fn rests(&self) -> bool {
        self.rests
    }

    /// The part rests from now on, if it may: a window has ended.
    pub(super) fn rest(&mut self, may: bool) {
        self.rests = may;
    }

    /// The part rests no longer; whether it has told fewer windows than have ended.
    pub(super) fn wake(&mut self, past: Past) -> bool {
        self.rests = false;
        self.series.len() < past.windows
    }

    /// A window has ended.
    pub(super) fn push(&mut self, window: W) {
        self.add(window, 1);
    }

    /// The windows that have ended since are all like this one.
    pub(super) fn fill(&mut self, past: Past, window: W) {
        self.add(window, past.windows - self.series.len());
    }

    /// Room for all is made at once, when more differ than those of an idle part: a busy one does
    /// not ask for some again and again.
    fn add(&mut self, window: W, times: usize) {
        if self.series.is_full() {
            let enough = if self.series.is_empty() { Self::FEW } else { self.most };
            self.series.make_room(enough);
        }
        self.series.push(window, times);
    }

    /// How many it has told.
    #[cfg(test)]
    pub(super) fn told(&self) -> usize {
        self.series.len()
    }

    pub(super) fn into_series(self) -> Series<W> {
        self.series
    }
}
