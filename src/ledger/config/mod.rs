//! What the ledger is told: queues, their rules and how their partitions behave.
//!
//! Owns the checked settings of a queue. Must not know how they were written down.
//! Ranges and defaults are those of the SQS API (`CreateQueue`, `ReceiveMessage`).

mod nodes;
mod size;

use crate::kernel::bucket::TokenRate;
use crate::kernel::dist::Dist;
use crate::kernel::time::{Span, Time};

pub use nodes::{FailureDomain, Failures, NodeId, Nodes, Outage, Placement, WeightedMove};
pub use size::{CHUNK_BYTES, MAX_BYTES, MessageSize, chunks};

/// Most entries of a batch call and most messages of a receive.
pub const MAX_BATCH: usize = 10;

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
    /// Probability that a delete with an older receipt deletes: that of a holder whose message was
    /// received again meanwhile. The API lets it do nothing ([DeleteMessage](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_DeleteMessage.html)).
    pub stale_deletes: f64,
    /// Probability that a receive does not hide a message: it is visible to the next one at once
    /// (at-least-once delivery). Below 1.
    pub duplicates: f64,
    /// How large messages are, in this queue: a dead letter is drawn anew.
    pub message_size: MessageSize,
    /// How far its approximate counters lag behind, for who reads them.
    pub counter_lag: Dist,
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
    /// What all partitions together admit of sends; `None` is as much as they can.
    pub ceiling: Option<CeilingConfig>,
    /// How sends spread over the key space.
    pub keys: Keys,
    /// When and where partitions split and merge.
    pub split: SplitPolicy,
    /// What holds for every policy.
    pub guards: Guards,
    /// What a split costs.
    pub mechanics: Mechanics,
    /// Which partitions a receive asks.
    pub receive: ReceiveRouting,
    /// The nodes that hold the partitions; `None` is one that never fails and carries everything.
    pub nodes: Option<Nodes>,
}

/// The capacity of one partition, for each of send, receive and delete: a token bucket.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Capacity {
    /// Calls per second.
    pub per_second: f64,
    /// Calls that an idle partition takes at once; at least 1.
    pub burst: f64,
}

impl From<Capacity> for TokenRate {
    fn from(capacity: Capacity) -> TokenRate {
        TokenRate::new(capacity.per_second, capacity.burst)
    }
}

/// A ceiling for the sends of a queue, which follows its highest rate (the on-demand modes of
/// Kinesis and `DynamoDB`). It counts as a partition's capacity does: one for each partition that a
/// call touches.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CeilingConfig {
    /// Calls per second at the start, and at least.
    pub initial: f64,
    /// How many times the highest mean rate of a minute is allowed.
    pub times: f64,
    /// How much later than that rate.
    pub lag: Span,
    /// How long a highest rate is remembered.
    pub memory: Span,
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
        /// Share of the messages that the first group gets; the others share the rest by Zipf's
        /// law, as if they were all. 0 sets none apart.
        hot: f64,
    },
    /// Keys ascend with time, as ids with a time prefix do. All sends of a moment meet in one
    /// place: the anti-pattern of range-partitioned stores.
    Sequential {
        /// How long one walk through the key space takes; then they begin anew.
        pass: Span,
        /// Their times lie up to this far back, each moment as likely; at most `pass`. Within a
        /// millisecond the order is random, as in a ULID; what comes late has an older time.
        spread: Span,
    },
    /// A share of the messages goes to one range of the key space, the others go everywhere; keys
    /// are uniform in both. A range is hot, but no key of it.
    HotRange {
        /// Share of the messages that the range gets.
        share: f64,
        /// Where it begins, as a share of the key space; with `width` at most 1.
        from: f64,
        /// How wide it is, as a share of the key space; above 0.
        width: f64,
    },
    /// Draws this many uniform keys for each message and takes the one whose partition has the
    /// fewest messages that are not deleted: the supermarket model, if each partition has one
    /// worker (M. Mitzenmacher, "The power of two choices in randomized load balancing", IEEE TPDS
    /// 12, 2001). 1 is `Uniform`.
    LeastBacklog(u32),
}

impl Keys {
    /// It depends on how many messages each partition holds.
    pub(super) fn sees_backlogs(self) -> bool {
        matches!(self, Keys::LeastBacklog(choices) if choices > 1)
    }
}

/// When and where to cut and merge partitions. A closed family; each variant names the system it
/// models.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum SplitPolicy {
    /// The count never changes (Kafka, Service Bus).
    Static,
    /// Every hot partition is halved after a long delay (Kinesis on-demand).
    MidpointDoubling(MidpointDoubling),
    /// A hot partition is cut at the median of its load (`DynamoDB`).
    HeatMedian(HeatMedian),
    /// Load-based splitting at a sampled key (`CockroachDB`'s unweighted finder, `TiKV`).
    Reservoir(Reservoir),
    /// One split or merge a minute, at the midpoint (Pulsar's scalable topics, PIP-483).
    ScalableTopic(ScalableTopic),
    /// The number of partitions follows the total rate (Cadence's adaptive task-list scaler).
    CountScaler(CountScaler),
    /// Exponentially weighted rates over 2 to 20 minutes (Pravega).
    Ewma(Ewma),
    /// Splits and merges by the same average: flaps. Models no system; the control.
    Naive(Naive),
}

impl SplitPolicy {
    /// Most partitions that the policy makes; `None` for one that makes none.
    pub fn max_partitions(&self) -> Option<u32> {
        match self {
            SplitPolicy::Static => None,
            SplitPolicy::MidpointDoubling(policy) => Some(policy.max_partitions),
            SplitPolicy::HeatMedian(policy) => Some(policy.max_partitions),
            SplitPolicy::Reservoir(policy) => Some(policy.max_partitions),
            SplitPolicy::ScalableTopic(policy) => Some(policy.max_partitions),
            SplitPolicy::CountScaler(policy) => Some(policy.max_partitions),
            SplitPolicy::Ewma(policy) => Some(policy.max_partitions),
            SplitPolicy::Naive(policy) => Some(policy.max_partitions),
        }
    }

    /// How long the policy remembers peaks of the load.
    pub(super) fn memory(&self) -> Span {
        match self {
            SplitPolicy::Reservoir(policy) => policy.merge_window,
            SplitPolicy::ScalableTopic(policy) => policy.merge_window,
            SplitPolicy::Static
            | SplitPolicy::MidpointDoubling(_)
            | SplitPolicy::HeatMedian(_)
            | SplitPolicy::CountScaler(_)
            | SplitPolicy::Ewma(_)
            | SplitPolicy::Naive(_) => Span::ZERO,
        }
    }
}

/// Guards that go with every policy.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Guards {
    /// Each partition's threshold is the policy's times a number drawn from 1 ± this share, so that
    /// partitions of equal load do not split at once (`HBase`, whose share is 0.125).
    pub jitter: f64,
    /// Most splits under way at once in the queue (`YugabyteDB`: 1); `None` is unlimited.
    pub concurrent: Option<u32>,
}

/// Parameters of [`SplitPolicy::MidpointDoubling`]. It never merges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MidpointDoubling {
    /// How often it looks; whole seconds.
    pub evaluate: Span,
    /// Share of the capacity above which the mean rate of a minute makes a partition hot.
    pub threshold: f64,
    /// From the decision to the split.
    pub delay: Span,
    /// Most partitions.
    pub max_partitions: u32,
}

/// Parameters of [`SplitPolicy::HeatMedian`]. It never merges.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct HeatMedian {
    /// How often it looks; whole seconds.
    pub evaluate: Span,
    /// Share of the capacity above which the mean rate of a minute makes a partition hot.
    pub threshold: f64,
    /// A single hot key gets a partition of its own instead of a refusal.
    pub isolate_hot: bool,
    /// Most partitions.
    pub max_partitions: u32,
}

/// Parameters of [`SplitPolicy::ScalableTopic`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ScalableTopic {
    /// How often it looks; whole seconds.
    pub evaluate: Span,
    /// Share of the capacity above which the mean rate of a minute makes a partition hot.
    pub threshold: f64,
    /// Share of the capacity below which the mean rate of a minute makes a partition cold.
    pub merge: f64,
    /// How long both of two neighbours must be cold.
    pub merge_window: Span,
    /// Least time between two splits.
    pub split_cooldown: Span,
    /// Least time between two merges.
    pub merge_cooldown: Span,
    /// Fewest partitions.
    pub min_partitions: u32,
    /// Most partitions.
    pub max_partitions: u32,
    /// A partition with so many splits and merges behind it is not merged any more.
    pub depth: u32,
    /// Workers that receive from the queue, each of which is to have a partition of its own; `None`
    /// lets the load alone decide.
    pub consumers: Option<u32>,
}

/// Parameters of [`SplitPolicy::CountScaler`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CountScaler {
    /// How often it looks; whole seconds.
    pub evaluate: Span,
    /// Share of the capacity above which the mean rate of all partitions is too high.
    pub threshold: f64,
    /// How long it must be too high.
    pub sustain_up: Span,
    /// How long it must be low.
    pub sustain_down: Span,
    /// It is low below this share of the rate at which one partition less would be too few.
    pub factor: f64,
    /// Fewest partitions.
    pub min_partitions: u32,
    /// Most partitions.
    pub max_partitions: u32,
}

/// Parameters of [`SplitPolicy::Ewma`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Ewma {
    /// Share of the capacity that a partition is to carry.
    pub target: f64,
    /// Most partitions.
    pub max_partitions: u32,
}

/// Parameters of [`SplitPolicy::Naive`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Naive {
    /// Share of the capacity above which the mean rate of a minute makes a partition hot.
    pub threshold: f64,
    /// Neighbours merge when the sum of their mean rates is below this share of the capacity; 0
    /// never merges.
    pub merge: f64,
    /// Most partitions.
    pub max_partitions: u32,
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

/// What a split or merge costs. A closed family.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Mechanics {
    /// Both halves serve at once after a pause of the parent's range (`CockroachDB`, `TiKV`).
    /// During the pause sends, receives and deletes are refused; what is in flight can still be
    /// extended.
    Metadata {
        /// How long the range refuses calls.
        pause: Span,
    },
    /// New partitions take sends at once after the pause; the old ones are sealed and are received
    /// from until they hold nothing. With [`Keys::Group`] what is sent to a group can be received
    /// only when the sealed partition holds nothing of it (Kinesis, Pulsar, Pravega, Cadence).
    SealAndDrain {
        /// How long the range refuses calls.
        pause: Span,
    },
    /// The old partitions serve while their messages are copied, which takes a share of their
    /// capacity; then comes the pause (`DynamoDB`, `FoundationDB`, Cosmos DB).
    CopyThenCutover {
        /// How long the copy takes.
        copy: Span,
        /// The share of the capacity that it takes.
        share: f64,
        /// How long the range refuses calls when the copy is there.
        pause: Span,
    },
}

/// Which partitions a receive asks, and where a long poll waits. A closed family; each variant
/// names the system it models. Sealed partitions are asked like others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiveRouting {
    /// Long polls ask all partitions and wait at all of them; short polls sample a quarter of the
    /// partitions (SQS; the share is our choice, AWS publishes none). With this and each other that
    /// asks several, those that lack a read quorum are left out.
    RegisterAll,
    /// As `RegisterAll`, but short polls sample this many partitions.
    Sample(u32),
    /// As `Sample`, but a partition is drawn with a weight: the messages that waited in it at most
    /// 1 s ago, plus 1 (SQS samples "based on a weighted random distribution"; the weight is ours).
    WeightedSample(u32),
    /// One partition, each as likely. A long poll waits there and learns nothing of the others
    /// (the naive client).
    Uniform,
    /// Draws two partitions and takes from the one where more messages wait. A long poll that finds
    /// nothing waits at the first of the two (M. Mitzenmacher's two choices).
    PowerOfTwo,
    /// One partition, drawn with the weight of `WeightedSample`. A long poll waits there (Cadence).
    BacklogWeighted,
    /// One partition, each as likely; while it finds nothing the poll is forwarded to the parent,
    /// at last to the root, partition 0, where it meets the messages that nobody took in their own
    /// partitions, and waits (the task-list tree of Temporal and Cadence, without their limits on
    /// what is forwarded).
    ForwardingTree,
    /// Caller c asks partition c mod P of P, and a long poll waits there (consumers of Kinesis, of
    /// which each has a shard of its own). With fewer callers than partitions some are never asked.
    Assigned,
}

impl ReceiveRouting {
    /// A long poll waits at one partition, and only what comes in there ends its wait.
    pub fn waits_at_one(self) -> bool {
        match self {
            ReceiveRouting::Uniform
            | ReceiveRouting::PowerOfTwo
            | ReceiveRouting::BacklogWeighted
            | ReceiveRouting::Assigned => true,
            ReceiveRouting::RegisterAll
            | ReceiveRouting::Sample(_)
            | ReceiveRouting::WeightedSample(_)
            | ReceiveRouting::ForwardingTree => false,
        }
    }

    /// It depends on how many messages wait in each partition.
    pub fn sees_lines(self) -> bool {
        match self {
            ReceiveRouting::WeightedSample(_)
            | ReceiveRouting::PowerOfTwo
            | ReceiveRouting::BacklogWeighted => true,
            ReceiveRouting::RegisterAll
            | ReceiveRouting::Sample(_)
            | ReceiveRouting::Uniform
            | ReceiveRouting::ForwardingTree
            | ReceiveRouting::Assigned => false,
        }
    }
}
