//! What a run measured over time: one entry for each window of the series.
//!
//! Owns the plain rows of queues, producers and fleets, and how a series of them is kept. Must not
//! know how a run is measured, nor how a row is printed or drawn.
//!
//! Windows cover the whole run, warm-up and drain included. What happens at the edge of two of them
//! belongs to the later one. Of a level there are the mean, the highest and the last value: an
//! instant alone says nothing about the time around it.

use std::ops::Index;

use super::counts::QueueCounts;
use super::latencies::{SeriesLatencies, WindowLatency};
use super::levels::{QueueLevels, WindowLevel};
use crate::kernel::time::Time;
use crate::ledger::journal::PartitionId;

/// The windows of one part in order of time. Of neighbours that are equal one is kept: a part that
/// stands idle takes no more than a window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Series<W> {
    kept: Vec<W>,
    /// For each that is kept, how many windows there are up to the last one that is equal to it.
    ends: Vec<usize>,
}

impl<W> Default for Series<W> {
    fn default() -> Series<W> {
        Series { kept: Vec::new(), ends: Vec::new() }
    }
}

impl<W> Series<W> {
    /// Bytes of a window that is kept.
    pub const BYTES_PER_WINDOW: usize = size_of::<W>() + size_of::<usize>();

    /// How many windows there are.
    pub fn len(&self) -> usize {
        self.ends.last().copied().unwrap_or(0)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.kept.is_empty()
    }

    /// How many windows are kept, as they differ from the one before.
    pub fn kept(&self) -> usize {
        self.kept.len()
    }

    /// The window of this number, from 0.
    pub fn get(&self, number: usize) -> Option<&W> {
        self.kept.get(self.ends.partition_point(|&end| end <= number))
    }

    /// The last window.
    pub fn last(&self) -> Option<&W> {
        self.kept.last()
    }

    /// All windows.
    pub fn iter(&self) -> impl Iterator<Item = &W> {
        let starts = std::iter::once(&0).chain(&self.ends);
        let kept = self.kept.iter().zip(starts.zip(&self.ends));
        kept.flat_map(|(window, (start, end))| std::iter::repeat_n(window, end - start))
    }

    /// Forgets all windows.
    pub fn clear(&mut self) {
        *self = Series::default();
    }

    /// Room for `kept` windows that differ.
    pub(super) fn make_room(&mut self, kept: usize) {
        self.kept.reserve_exact(kept.saturating_sub(self.kept.len()));
        self.ends.reserve_exact(kept.saturating_sub(self.ends.len()));
    }

    /// Whether there is no room for another window that differs.
    pub(super) fn is_full(&self) -> bool {
        self.kept.len() == self.kept.capacity()
    }
}

impl<W: PartialEq> Series<W> {
    /// Adds so many windows that are equal.
    pub fn push(&mut self, window: W, times: usize) {
        if times == 0 {
            return;
        }
        let end = self.len() + times;
        match self.ends.last_mut() {
            Some(last) if self.kept.last() == Some(&window) => *last = end,
            _ => {
                self.kept.push(window);
                self.ends.push(end);
            }
        }
    }
}

impl<W: PartialEq> FromIterator<W> for Series<W> {
    fn from_iter<I: IntoIterator<Item = W>>(windows: I) -> Series<W> {
        let mut series = Series::default();
        windows.into_iter().for_each(|window| series.push(window, 1));
        series
    }
}

impl<W> Index<usize> for Series<W> {
    type Output = W;

    fn index(&self, number: usize) -> &W {
        self.get(number).expect("the series has so many windows")
    }
}

/// One window of a queue's series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// Counters of this window.
    pub counts: QueueCounts,
    /// Levels.
    pub levels: QueueLevels<WindowLevel>,
    /// Latencies of the messages that were received for the first time, or deleted, in this window.
    pub latencies: SeriesLatencies<WindowLatency>,
    /// Highest rate of sends to a partition, over the mean rate of all, in thousandths: 1,000 is
    /// balance, 0 a window without sends. Sends that were refused count.
    pub imbalance: u64,
}

/// The load of one partition in one window of the series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoadSample {
    /// End of the window.
    pub at: Time,
    /// The partition.
    pub partition: PartitionId,
    /// Messages sent to it in that window, those that were refused included.
    pub sends: u64,
}

/// One window of a producer's series.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ProducerWindow {
    /// Messages that arose.
    pub arrived: u64,
    /// Messages of which it learned that the ledger stored them.
    pub sent: u64,
    /// Messages given up.
    pub given_up: u64,
    /// Nanoseconds that those sent had waited for a free connection, in sum.
    pub waited: u128,
    /// Messages neither stored nor given up at the end of the window.
    pub held_back: u64,
}

/// One window of a fleet's series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FleetWindow {
    /// Busy threads: those that work, and those that wait for a call.
    pub busy: WindowLevel,
    /// Of these, threads that wait for a call.
    pub calling: WindowLevel,
    /// Threads of workers that are up.
    pub up: WindowLevel,
    /// Threads of workers that start, or have crashed.
    pub down: WindowLevel,
    /// Workers that are wanted.
    pub wanted: WindowLevel,
    /// Visible messages, as the fleet's scaler last read them.
    pub counted: WindowLevel,
    /// Workers that were killed while they left.
    pub killed: u32,
    /// Deploys that began.
    pub deploys: u32,
}

/// One window of a function's series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FunctionWindow {
    /// Environments at work.
    pub concurrency: WindowLevel,
    /// Batches that have their place within the limit.
    pub in_use: WindowLevel,
    /// How many of these the mapping may have.
    pub limit: WindowLevel,
    /// Environments, those that are idle included.
    pub environments: WindowLevel,
    /// Invocations that began.
    pub invocations: u64,
    /// Tries to invoke that found no concurrency, or no new environment.
    pub throttles: u64,
    /// Invocations that failed with their whole batch, timeouts included.
    pub failures: u64,
}

#[cfg(test)]
impl<W: Clone> Series<W> {
    /// Every window for itself, to be changed.
    pub(crate) fn each_mut(&mut self) -> &mut [W] {
        self.kept = self.iter().cloned().collect();
        self.ends = (1..=self.kept.len()).collect();
        &mut self.kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Three windows twice, the second of which lasts.
    #[test]
    fn of_equal_neighbours_one_is_kept_and_all_are_told() {
        let windows = [7, 7, 5, 5, 5, 7];
        let mut series = Series::default();
        for (window, times) in [(7, 1), (7, 1), (6, 0), (5, 2), (5, 1), (7, 1)] {
            series.push(window, times);
        }
        assert_eq!((series.kept(), series.len(), series.last()), (3, 6, Some(&7)));
        assert_eq!(series.iter().copied().collect::<Vec<_>>(), windows);
        let each: Vec<_> = (0..8).map(|number| series.get(number).copied()).collect();
        assert_eq!(each[..6], windows.map(Some));
        assert_eq!((each[6], each[7], series[2]), (None, None, 5));
        assert_eq!(series, windows.into_iter().collect());
        series.clear();
        assert_eq!((series.len(), series.is_empty(), series.last()), (0, true, None));
    }
}
