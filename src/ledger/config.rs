//! What the ledger is told: queues, their rules and how their partitions behave.
//!
//! Owns the checked settings of a queue. Must not know how they were written down.
//! Ranges and defaults are those of the SQS API (`CreateQueue`, `ReceiveMessage`).

use crate::kernel::time::{Span, Time};

/// A queue, by its place in the scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct QueueId(pub u32);

/// The settings of one standard queue.
#[derive(Clone, Debug, PartialEq)]
pub struct QueueConfig {
    /// How long a received message stays hidden; 0 s to 12 h.
    pub visibility_timeout: Span,
    /// How long a sent message stays hidden; 0 s to 15 min.
    pub delay: Span,
    /// Age at which a message is removed; 60 s to 14 d.
    pub retention: Span,
    /// Messages in flight at once, 120,000 in AWS.
    pub max_in_flight: u32,
    /// Where messages go that were received too often.
    pub redrive: Option<Redrive>,
    /// Instants at which the whole queue is purged, ascending, at least 60 s apart.
    pub purges: Vec<Time>,
    /// Probability that the service confirms a delete and a copy survives (at-least-once
    /// delivery, [DeleteMessage](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html)).
    pub lost_deletes: f64,
    /// How the queue is sharded.
    pub ledger: LedgerConfig,
}

/// A redrive policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Redrive {
    /// The dead-letter queue.
    pub to: QueueId,
    /// Receives after which the next one moves the message instead of returning it.
    pub max_receives: u32,
}

/// How a queue is sharded.
#[derive(Clone, Debug, PartialEq)]
pub struct LedgerConfig {
    /// Partitions at the start, equal ranges of the key space.
    pub partitions: u32,
    /// What one partition carries; `None` is unlimited.
    pub capacity: Option<Capacity>,
    /// How sends spread over the key space.
    pub keys: Keys,
    /// When and where partitions split and merge.
    pub split: SplitPolicy,
    /// What a split costs.
    pub mechanics: Mechanics,
    /// Which partitions a receive asks.
    pub receive: ReceiveRouting,
}

/// The capacity of one partition, for each of send, receive and delete: a token bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// Calls per second.
    pub per_second: f64,
    /// Calls that an idle partition takes at once; at least 1.
    pub burst: f64,
}

/// How sends spread over the key space.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Keys {
    /// A uniform key for each message.
    Uniform,
    /// A uniform key for each call: a batch stays together.
    PerCall,
    /// A uniform key for each producer, drawn anew after this long.
    Sticky(Span),
    /// The hash of the message's group, one of `count`.
    Group {
        /// Number of groups.
        count: u32,
        /// Exponent of Zipf's law: group k gets a share proportional to k^-zipf. 0 is uniform.
        zipf: f64,
    },
}

/// When and where to cut and merge partitions. A closed family; each variant names the system it
/// models.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SplitPolicy {
    /// The count never changes (Kafka, Service Bus).
    Static,
    /// Load-based splitting at a sampled key (`CockroachDB`'s unweighted finder, `TiKV`).
    Reservoir(Reservoir),
}

/// Parameters of [`SplitPolicy::Reservoir`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Reservoir {
    /// Share of the capacity above which a partition is hot.
    pub threshold: f64,
    /// How long it must stay hot.
    pub hold: Span,
    /// Least time between two suggestions of one partition.
    pub cooldown: Span,
    /// Merge two neighbours whose summed peak over `merge_window` is below this share of the
    /// threshold; 0 never merges.
    pub merge: f64,
    /// The memory of the merge rule.
    pub merge_window: Span,
    /// Most partitions.
    pub max_partitions: u32,
}

/// What a split costs. A closed family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mechanics {
    /// Both halves serve at once after a pause of the parent's range (`CockroachDB`, `TiKV`).
    /// During the pause sends, receives and deletes are refused; what is in flight can still be
    /// extended.
    Metadata {
        /// How long the split range refuses calls.
        pause: Span,
    },
}

/// Which partitions a receive asks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiveRouting {
    /// Long polls ask all partitions and wait at all of them; short polls sample a quarter of the
    /// partitions (SQS; the share is our choice, AWS publishes none).
    RegisterAll,
    /// As `RegisterAll`, but short polls sample this many partitions.
    Sample(u32),
}
