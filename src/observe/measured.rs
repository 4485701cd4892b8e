//! What a run measured, in the engine's own terms.
//!
//! Owns the plain result of the metrics observer: integers wherever something was counted or
//! timed. Must not know how it is printed: `outcome` mirrors it for machines, `render` for people.
//!
//! The window of a run is [`warm_up`, `duration`): a counter belongs to the window in which its
//! event happened, a latency to the window in which its message was sent. Series cover the whole
//! run, warm-up and drain included. A run and each window of the series end before their last
//! instant, too.
//!
//! Invariant: over the window, and over the series, messages are conserved. What was there at the
//! beginning, was sent, moved in and came back by an undone delete was deleted, moved out, expired
//! or purged, or is there at the end; what a producer held back and what arose was sent or given
//! up, or is held back at the end.

pub use super::counts::{
    Calls, Counter, DownstreamCounts, FleetCounts, FunctionCounts, NodeCounts, ProducerCounts,
    QueueCounts, Redelivered,
};
pub use super::downstream::{DownstreamMeasured, DownstreamWindow};
pub use super::fleet::{FleetLevel, FleetMeasured, ThreadShares};
pub use super::function::FunctionMeasured;
pub use super::latencies::{
    Latency, LatencyOf, QueueLatencies, QueueLatency, SeriesLatencies, WindowLatency,
    WindowLatencyOf,
};
pub use super::levels::{Level, QueueLevel, QueueLevels, WindowLevel};
pub use super::series::{FleetWindow, FunctionWindow, LoadSample, ProducerWindow, Series, Window};
pub use super::squares::Squares;
use crate::kernel::time::{Span, Time};
use crate::ledger::Circulating;
use crate::ledger::config::NodeId;
use crate::ledger::journal::{PartitionId, Refusal};

/// Everything measured in one run.
#[derive(Clone, Debug)]
pub struct Measured {
    /// The measured window: start and end.
    pub window: (Time, Time),
    /// Where the run ended (its planned end, or earlier where a limit or an interrupt ended it).
    pub end: Time,
    /// Events handled, over the whole run.
    pub events: u64,
    /// Per queue, in the order of the scenario.
    pub queues: Vec<QueueMeasured>,
    /// Per producer.
    pub producers: Vec<ProducerMeasured>,
    /// Per fleet.
    pub fleets: Vec<FleetMeasured>,
    /// Per downstream.
    pub downstreams: Vec<DownstreamMeasured>,
    /// Per function.
    pub functions: Vec<FunctionMeasured>,
    /// Rolling hash over the changes and deeds (`facts::fingerprint` says which it leaves out).
    pub fingerprint: u64,
    /// The fingerprint after every power of two of facts in it: (number, instant, hash).
    pub checkpoints: Vec<(u64, Time, u64)>,
}

/// One queue.
#[derive(Clone, Debug, Default)]
pub struct QueueMeasured {
    /// Counters over the measured window.
    pub counts: QueueCounts,
    /// Latencies of the messages sent in the window.
    pub latencies: QueueLatencies<Latency>,
    /// Receives of the messages that were deleted: entry i counts those with i + 1 receives, the
    /// last entry those with at least that many.
    pub receives_per_message: Vec<u64>,
    /// Levels over the window.
    pub levels: QueueLevels<Level>,
    /// Messages that were there when the window began, and when it ended.
    pub resident: (u64, u64),
    /// Messages still resident at the end of the run, with the age of the oldest.
    pub unfinished: Unfinished,
    /// Messages moved to the dead-letter queue, whole run.
    pub dead_lettered_in_all: u64,
    /// One entry a window of `Scenario::window`, over the whole run.
    pub series: Series<Window>,
    /// The life of every partition, by id.
    pub partition_lives: Vec<PartitionLife>,
    /// Load samples in order of time.
    pub loads: Vec<LoadSample>,
    /// Splits, merges and refusals in order of time (whole run).
    pub split_events: Vec<(Time, SplitEvent)>,
    /// From the beginning of the first window of the series in which more than 1 % of the sends
    /// offered were throttled to the end of the last (whole run).
    pub throttling: Option<(Time, Time)>,
    /// What happened to the nodes (whole run).
    pub nodes: NodesMeasured,
}

/// The nodes of one queue, over the whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NodesMeasured {
    /// Failures and returns in order of time.
    pub events: Vec<(Time, NodeEvent)>,
    /// Partitions of which fewer replicas answered than there are to be.
    pub under_replicated: Lack,
    /// Partitions of which too few replicas answered for a send or a delete.
    pub without_quorum: Lack,
}

/// What some of the partitions lacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lack {
    /// Most partitions that lacked it at once.
    pub most: u64,
    /// Partitions in all when so many first did.
    pub of: u64,
    /// How long one or more lacked it, in sum.
    pub time: Span,
}

/// Something that happened to a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeEvent {
    /// It went down.
    Failed(NodeId),
    /// It is up again.
    Returned(NodeId),
}

/// What was left at the end.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Unfinished {
    /// Messages.
    pub messages: u64,
    /// Age of the oldest.
    pub oldest: Span,
    /// Mean age in nanoseconds.
    pub mean_age: u64,
    /// Those among them that come back again and again.
    pub circulating: Circulating,
}

/// The life of one partition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PartitionLife {
    /// First key of its range.
    pub first: u64,
    /// Last key of its range.
    pub last: u64,
    /// When it came to be.
    pub from: Time,
    /// When it ended; `None` at the end of the run.
    pub to: Option<Time>,
    /// The split or merge that it came from, by its place among the events; `None` at the start.
    pub opened_by: Option<u32>,
    /// The split or merge that ended it.
    pub closed_by: Option<u32>,
}

/// Something a split policy did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SplitEvent {
    /// A cut at this key.
    Split {
        /// The partition that was cut.
        parent: PartitionId,
        /// First key of the right child.
        at: u64,
    },
    /// Two became one.
    Merged {
        /// What they became.
        into: PartitionId,
        /// The key where they had met.
        at: u64,
    },
    /// Partitions became others in another way.
    Recut {
        /// How many ended.
        old: u32,
        /// How many came to be.
        new: u32,
    },
    /// A hot partition was not cut.
    Refused {
        /// The partition.
        partition: PartitionId,
        /// Why.
        reason: Refusal,
    },
}

/// One producer, over the measured window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProducerMeasured {
    /// Messages that arose, whole run.
    pub arrived_in_all: u64,
    /// Counters over the window.
    pub counts: ProducerCounts,
    /// Messages that had arisen and were neither stored nor given up when the window began, and
    /// when it ended: in an unfilled batch, waiting for a connection, or in a call under way.
    pub held_back: (u64, u64),
    /// Nanoseconds that messages waited for a free connection, in sum.
    pub waited: u128,
    /// Nanoseconds that messages spent in calls, tries and back-off included, in sum.
    pub calling: u128,
    /// One entry a window of `Scenario::window`, over the whole run.
    pub series: Series<ProducerWindow>,
}
