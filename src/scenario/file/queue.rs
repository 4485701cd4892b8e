//! Queues as written.
//!
//! Owns the names of their settings; see [`crate::ledger::config`] for what they become. Must not
//! know their ranges.

use serde::{Deserialize, Serialize};

use super::DistFile;
use super::capacity::CapacityFile;
use super::nodes::NodesFile;
use super::scaling::CountersFile;
use super::values::{Length, Probability, Rate, Size};

/// A queue.
///
/// ```
/// # use sqsim::scenario::file::{CapacityFile, LedgerFile, RedriveFile};
/// # use sqsim::{QueueFile, Rate};
/// let ledger = LedgerFile {
///     partitions: 4,
///     capacity: CapacityFile::Rate(Rate(3_000.0)),
///     split: "Reservoir(threshold: 0.6)".parse()?,
///     ..LedgerFile::default()
/// };
/// let redrive = Some(RedriveFile { max_receives: 3, ..RedriveFile::new("dead") });
/// let queue = QueueFile { redrive, ledger, ..QueueFile::default() };
/// # Ok::<(), sqsim::Faults>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "queue", deny_unknown_fields)]
pub struct QueueFile {
    pub kind: KindFile,
    pub visibility_timeout: Length,
    pub delay: Length,
    pub retention: Length,
    pub max_in_flight: u32,
    pub redrive: Option<RedriveFile>,
    pub purge: Vec<InstantFile>,
    pub lost_deletes: Probability,
    pub stale_deletes: Probability,
    pub duplicates: Probability,
    pub message_size: DistFile<Size>,
    pub counters: CountersFile,
    pub ledger: LedgerFile,
}

/// The kind of a queue.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "queue kind")]
pub enum KindFile {
    Standard,
}

/// An instant, or several that come again.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "instant")]
pub enum InstantFile {
    #[serde(rename = "(text)")]
    Once(Length),
    #[serde(rename = "(record)")]
    Repeated { at: Length, every: Option<Length> },
}

/// A redrive policy.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "redrive", deny_unknown_fields)]
pub struct RedriveFile {
    pub to: String,
    pub max_receives: u32,
}

/// How a queue is sharded.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "ledger", deny_unknown_fields)]
pub struct LedgerFile {
    pub partitions: u32,
    pub capacity: CapacityFile,
    pub ceiling: CeilingFile,
    pub keys: KeysFile,
    pub split: SplitFile,
    pub guards: GuardsFile,
    pub mechanics: MechanicsFile,
    pub receive: RoutingFile,
    pub nodes: Option<NodesFile>,
}

/// What all partitions together admit of sends.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "ceiling")]
pub enum CeilingFile {
    Unlimited,
    #[serde(rename = "(record)")]
    Follows {
        initial: Rate,
        times: f64,
        lag: Length,
        memory: Length,
    },
}

/// How sends spread over the key space.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "key rule")]
pub enum KeysFile {
    Uniform,
    PerCall,
    Sticky(Length),
    Group { count: u32, zipf: f64, hot: Probability },
    Sequential { pass: Length, spread: Length },
    HotRange { share: Probability, from: Probability, width: Probability },
    LeastBacklog { choices: u32 },
}

/// When and where partitions split and merge.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "split policy")]
pub enum SplitFile {
    Static,
    MidpointDoubling {
        evaluate: Length,
        threshold: f64,
        delay: Length,
        max_partitions: u32,
    },
    HeatMedian {
        evaluate: Length,
        threshold: f64,
        isolate_hot: bool,
        max_partitions: u32,
    },
    Reservoir {
        threshold: f64,
        hold: Length,
        cooldown: Length,
        merge: f64,
        merge_window: Length,
        max_partitions: u32,
    },
    ScalableTopic {
        evaluate: Length,
        threshold: f64,
        merge: f64,
        merge_window: Length,
        split_cooldown: Length,
        merge_cooldown: Length,
        min_partitions: u32,
        max_partitions: u32,
        depth: u32,
        consumer_split: bool,
    },
    CountScaler {
        evaluate: Length,
        threshold: f64,
        sustain_up: Length,
        sustain_down: Length,
        factor: f64,
        min_partitions: u32,
        max_partitions: u32,
    },
    Ewma {
        target: f64,
        max_partitions: u32,
    },
    Naive {
        threshold: f64,
        merge: f64,
        max_partitions: u32,
    },
}

/// What a split costs.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "split mechanics")]
pub enum MechanicsFile {
    Auto,
    Metadata { pause: Length },
    SealAndDrain { pause: Length },
    CopyThenCutover { copy: Length, share: Probability, pause: Length },
}

/// Guards that go with every split policy.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "guards", deny_unknown_fields)]
pub struct GuardsFile {
    pub jitter: Probability,
    pub concurrent: ConcurrentFile,
}

/// Most splits under way at once.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "concurrent")]
pub enum ConcurrentFile {
    Unlimited,
    #[serde(rename = "(number)")]
    Splits(u32),
}

/// Which partitions a receive asks.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "receive rule")]
pub enum RoutingFile {
    RegisterAll,
    Sample(u32),
    WeightedSample(u32),
    Uniform,
    PowerOfTwo,
    BacklogWeighted,
    ForwardingTree,
    Assigned,
}
