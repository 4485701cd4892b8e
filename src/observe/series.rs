//! What a run measured over time: one entry for each window of the series.
//!
//! Owns the plain rows of queues, producers and fleets. Must not know how a run is measured, nor
//! how a row is printed or drawn.
//!
//! Windows cover the whole run, warm-up and drain included. What happens at the edge of two of them
//! belongs to the later one. Of a level there are the mean, the highest and the last value: an
//! instant alone says nothing about the time around it.

use super::counts::QueueCounts;
use super::latencies::{SeriesLatencies, WindowLatency};
use super::levels::{QueueLevels, WindowLevel};
use crate::kernel::time::Time;
use crate::ledger::journal::PartitionId;

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

/// One window of a fleet's series, in threads.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FleetWindow {
    /// Busy threads: those that work, and those that wait for a call.
    pub busy: WindowLevel,
    /// Of these, those that wait for a call.
    pub calling: WindowLevel,
    /// Threads of workers that are up.
    pub up: WindowLevel,
}
