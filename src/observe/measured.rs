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

use std::sync::Arc;

use super::distribution::{Distribution, Share};
pub use super::fleet::{FleetMeasured, ThreadShares};
pub use super::series::{
    FleetWindow, LoadSample, ProducerWindow, Window, WindowLatency, WindowLevel,
};
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
    /// Rolling hash over the changes and deeds (`observe::fingerprint` says which it leaves out).
    pub fingerprint: u64,
    /// The fingerprint after every power of two of facts in it: (number, instant, hash).
    pub checkpoints: Vec<(u64, Time, u64)>,
}

/// One queue.
#[derive(Clone, Debug)]
pub struct QueueMeasured {
    /// Counters over the measured window.
    pub counts: QueueCounts,
    /// From send to first receive.
    pub sent_to_received: Latency,
    /// From send to delete.
    pub sent_to_deleted: Latency,
    /// Work on one message, whatever its ending.
    pub processing: Latency,
    /// Receives of the messages that were deleted: entry i counts those with i + 1 receives, the
    /// last entry those with at least that many.
    pub receives_per_message: Vec<u64>,
    /// Visible messages.
    pub visible: Level,
    /// Messages in flight.
    pub in_flight: Level,
    /// Delayed messages.
    pub delayed: Level,
    /// Age of the oldest message in nanoseconds; its mean is exact over time.
    pub age_of_oldest: Level,
    /// Partitions.
    pub partitions: Level,
    /// Changes of partitions that take time, while they are under way.
    pub resharding: Level,
    /// Partitions of which fewer replicas answer than there are to be.
    pub under_replicated: Level,
    /// Partitions of which too few replicas answer for a send or a delete.
    pub without_quorum: Level,
    /// Messages that were there when the window began, and when it ended.
    pub resident: (u64, u64),
    /// Messages still resident at the end of the run, with the age of the oldest.
    pub unfinished: Unfinished,
    /// Messages moved to the dead-letter queue, whole run.
    pub dead_lettered_in_all: u64,
    /// One entry a window of `Scenario::window`, over the whole run.
    pub series: Vec<Window>,
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

/// Counters of one queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct QueueCounts {
    /// Messages stored by sends (not by moves to a dead-letter queue).
    pub sent: u64,
    /// Messages moved in from queues whose dead-letter queue this is.
    pub moved_in: u64,
    /// Messages returned by receives, redeliveries included.
    pub received: u64,
    /// Messages deleted.
    pub deleted: u64,
    /// Deletes that succeeded and changed nothing.
    pub deleted_nothing: u64,
    /// Receives that returned nothing.
    pub empty_receives: u64,
    /// Of these, those that missed a visible message.
    pub false_empty_receives: u64,
    /// Partitions asked by receives.
    pub probes: u64,
    /// Receives refused by the in-flight cap.
    pub over_limit: u64,
    /// Messages moved to the dead-letter queue.
    pub dead_lettered: u64,
    /// Messages that reached their retention.
    pub expired: u64,
    /// Messages removed by a purge.
    pub purged: u64,
    /// Calls refused by a partition for lack of capacity.
    pub throttled: u64,
    /// Messages of the sends among them, each try counted.
    pub throttled_sends: u64,
    /// Calls that too few replicas of a partition answered.
    pub unavailable: u64,
    /// Messages of the sends among them, each try counted.
    pub unavailable_sends: u64,
    /// Deletes that were undone: each brought a message back.
    pub undone: u64,
    /// Completed processings of messages that had been completed before.
    pub duplicates: u64,
    /// Redeliveries by cause.
    pub redelivered: Redelivered,
    /// Calls.
    pub calls: Calls,
    /// Chunks of 64 KiB that sends carried beyond the first of each.
    pub more_sent_chunks: u64,
    /// The same of receives.
    pub more_received_chunks: u64,
    /// What nodes did.
    pub nodes: NodeCounts,
}

/// Redeliveries by cause: receives of a message that was received before. The cause is why it came
/// back, as it was when it did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Redelivered {
    /// The work outlived the visibility timeout.
    pub outlived_timeout: u64,
    /// It waited too long in a buffer, or on its way there.
    pub prefetched: u64,
    /// The work failed, or what it gave could not be sent on.
    pub failed: u64,
    /// The worker crashed.
    pub crashed: u64,
    /// The delete came too late or was lost.
    pub delete_lost: u64,
    /// The delete was undone: the replicas that had it were gone.
    pub delete_undone: u64,
    /// The receive before did not hide it.
    pub not_hidden: u64,
}

impl Redelivered {
    /// All causes.
    pub fn total(self) -> u64 {
        let by_clients = self.outlived_timeout + self.prefetched + self.failed + self.crashed;
        by_clients + self.delete_lost + self.delete_undone + self.not_hidden
    }
}

/// Calls that reached the ledger, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Calls {
    /// Sends.
    pub send: u64,
    /// Receives.
    pub receive: u64,
    /// Deletes.
    pub delete: u64,
    /// Changes of visibility.
    pub change_visibility: u64,
}

/// What nodes and replicas did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeCounts {
    /// Nodes that went down.
    pub failures: u64,
    /// Partitions that got another primary.
    pub elections: u64,
    /// Copies of partitions that arrived: replicas that were made anew or moved.
    pub copies: u64,
    /// Copies that ended before they were there.
    pub copies_dropped: u64,
}

/// A latency: quantiles from a distribution of three significant digits; mean, standard deviation
/// and extremes exact.
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    /// How many of which length.
    pub distribution: Arc<Distribution>,
    /// Exact sum in nanoseconds.
    pub sum: u128,
    /// Exact sum of squares.
    pub squares: Squares,
    /// Exact longest.
    pub max: Span,
}

impl Latency {
    /// Of these lengths.
    pub fn of(lengths: &[Span]) -> Latency {
        let mut squares = Squares::default();
        for length in lengths {
            squares.add(length.as_nanos());
        }
        Latency {
            squares,
            distribution: Arc::new(Distribution::of(lengths.iter().copied())),
            sum: lengths.iter().map(|length| u128::from(length.as_nanos())).sum(),
            max: lengths.iter().copied().max().unwrap_or(Span::ZERO),
        }
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.distribution.count()
    }

    /// Exact mean in nanoseconds, 0 for none.
    pub fn mean_nanos(&self) -> f64 {
        let count = self.count();
        if count == 0 { 0.0 } else { self.sum as f64 / count as f64 }
    }

    /// Standard deviation of the values themselves (not the estimate of a law they were drawn from)
    /// in nanoseconds, 0 for none.
    pub fn stddev_nanos(&self) -> f64 {
        self.squares.stddev(self.count(), self.sum)
    }

    /// The value that a share `p` (0 to 1) of all is at or below, in nanoseconds; 0 for none.
    pub fn quantile_nanos(&self, p: f64) -> u64 {
        self.distribution.quantile(Share::of(p))
    }
}

/// A level over the measured window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// Integral over the window: level × nanoseconds.
    pub area: u128,
    /// Length of the window in nanoseconds.
    pub over: u64,
    /// Highest in the window that lasted; what comes and goes at one instant is not counted.
    pub max: u64,
    /// At the end of the run (after the drain).
    pub last: u64,
}

impl Level {
    /// Time-weighted mean.
    pub fn mean(&self) -> f64 {
        if self.over == 0 { 0.0 } else { self.area as f64 / self.over as f64 }
    }
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
    /// Messages that arose.
    pub arrived: u64,
    /// Messages the ledger stored.
    pub sent: u64,
    /// Messages refused by a throttled call, each time counted.
    pub throttled: u64,
    /// Messages tried again.
    pub retried: u64,
    /// Messages given up.
    pub given_up: u64,
    /// Messages that had arisen and were neither stored nor given up when the window began, and
    /// when it ended: in an unfilled batch, waiting for a connection, or in a call under way.
    pub held_back: (u64, u64),
    /// Nanoseconds that messages waited for a free connection, in sum.
    pub waited: u128,
    /// Nanoseconds that messages spent in calls, tries and back-off included, in sum.
    pub calling: u128,
    /// One entry a window of `Scenario::window`, over the whole run.
    pub series: Vec<ProducerWindow>,
}

impl QueueCounts {
    /// Messages that producers tried to send, each try counted.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.sent + self.throttled_sends + self.unavailable_sends
    }

    /// Requests that AWS bills: a call is one for each 64 KiB of its payload.
    #[must_use]
    pub fn requests(&self) -> Calls {
        let send = self.calls.send + self.more_sent_chunks;
        Calls { send, receive: self.calls.receive + self.more_received_chunks, ..self.calls }
    }

    /// What was counted since `before`.
    #[must_use]
    pub fn since(&self, before: &QueueCounts) -> QueueCounts {
        QueueCounts {
            sent: self.sent - before.sent,
            moved_in: self.moved_in - before.moved_in,
            received: self.received - before.received,
            deleted: self.deleted - before.deleted,
            deleted_nothing: self.deleted_nothing - before.deleted_nothing,
            empty_receives: self.empty_receives - before.empty_receives,
            false_empty_receives: self.false_empty_receives - before.false_empty_receives,
            probes: self.probes - before.probes,
            over_limit: self.over_limit - before.over_limit,
            dead_lettered: self.dead_lettered - before.dead_lettered,
            expired: self.expired - before.expired,
            purged: self.purged - before.purged,
            throttled: self.throttled - before.throttled,
            throttled_sends: self.throttled_sends - before.throttled_sends,
            unavailable: self.unavailable - before.unavailable,
            unavailable_sends: self.unavailable_sends - before.unavailable_sends,
            undone: self.undone - before.undone,
            duplicates: self.duplicates - before.duplicates,
            redelivered: self.redelivered.since(before.redelivered),
            calls: self.calls.since(before.calls),
            more_sent_chunks: self.more_sent_chunks - before.more_sent_chunks,
            more_received_chunks: self.more_received_chunks - before.more_received_chunks,
            nodes: self.nodes.since(before.nodes),
        }
    }
}

impl Calls {
    /// All kinds.
    pub fn total(self) -> u64 {
        self.send + self.receive + self.delete + self.change_visibility
    }
}
