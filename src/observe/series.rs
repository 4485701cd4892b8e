//! What a run measured over time: one entry for each window of the series.
//!
//! Owns the plain rows of queues, producers and fleets. Must not know how a run is measured, nor
//! how a row is printed or drawn.
//!
//! Windows cover the whole run, warm-up and drain included. What happens at the edge of two of them
//! belongs to the later one. Of a level there are the mean, the highest and the last value: an
//! instant alone says nothing about the time around it.

use super::counts::QueueCounts;
use crate::kernel::time::{Span, Time};
use crate::ledger::journal::PartitionId;

/// A level over one window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WindowLevel {
    /// Time-weighted mean.
    pub mean: f64,
    /// Highest that lasted; what comes and goes at one instant is not counted.
    pub max: u64,
    /// At the end of the window.
    pub last: u64,
}

/// The latencies of one kind that ended in one window, whenever their messages were sent; all zero
/// if `count` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowLatency {
    /// How many ended.
    pub count: u64,
    /// Exact mean, rounded.
    pub mean: Span,
    /// Median: like all percentiles the middle of a cell of two significant digits, within the
    /// least and the longest of the window.
    pub p50: Span,
    /// 95 % are at or below.
    pub p95: Span,
    /// 99 % are at or below.
    pub p99: Span,
    /// Exact longest.
    pub max: Span,
}

/// One window of a queue's series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Window {
    /// Counters of this window.
    pub counts: QueueCounts,
    /// Visible messages.
    pub visible: WindowLevel,
    /// Messages in flight.
    pub in_flight: WindowLevel,
    /// Delayed messages.
    pub delayed: WindowLevel,
    /// Age of the oldest message in nanoseconds.
    pub age_of_oldest: WindowLevel,
    /// Partitions.
    pub partitions: WindowLevel,
    /// Changes of partitions under way.
    pub resharding: WindowLevel,
    /// Partitions of which fewer replicas answer than there are to be.
    pub under_replicated: WindowLevel,
    /// Partitions of which too few replicas answer for a send or a delete.
    pub without_quorum: WindowLevel,
    /// From send to first receive, of the messages first received in this window.
    pub sent_to_received: WindowLatency,
    /// From send to delete, of the messages deleted in this window.
    pub sent_to_deleted: WindowLatency,
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

#[cfg(test)]
impl WindowLevel {
    /// A level that holds through a window.
    pub(crate) fn steady(value: u64) -> WindowLevel {
        WindowLevel { mean: value as f64, max: value, last: value }
    }
}
