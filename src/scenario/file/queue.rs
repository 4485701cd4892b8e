//! Queues as written.
//!
//! Owns the names of their settings; see [`crate::ledger::config`] for what they become. Must not
//! know their ranges.

use serde::Deserialize;

use super::DistFile;
use super::capacity::CapacityFile;
use super::nodes::NodesFile;
use super::values::{Length, Probability, Rate, Size};

/// A queue.
#[derive(Debug, Deserialize)]
#[serde(rename = "queue", deny_unknown_fields)]
pub(in crate::scenario) struct QueueFile {
    #[expect(dead_code, reason = "read so that a wrong kind is a fault; one kind exists so far")]
    pub(in crate::scenario) kind: KindFile,
    pub(in crate::scenario) visibility_timeout: Length,
    pub(in crate::scenario) delay: Length,
    pub(in crate::scenario) retention: Length,
    pub(in crate::scenario) max_in_flight: u32,
    pub(in crate::scenario) redrive: Option<RedriveFile>,
    pub(in crate::scenario) purge: Vec<InstantFile>,
    pub(in crate::scenario) lost_deletes: Probability,
    pub(in crate::scenario) duplicates: Probability,
    pub(in crate::scenario) message_size: DistFile<Size>,
    pub(in crate::scenario) ledger: LedgerFile,
}

/// The kind of a queue.
#[derive(Debug, Deserialize)]
#[serde(rename = "queue kind")]
pub(in crate::scenario) enum KindFile {
    Standard,
}

/// An instant, or several that come again.
#[derive(Debug, Deserialize)]
#[serde(rename = "instant")]
pub(in crate::scenario) enum InstantFile {
    #[serde(rename = "(text)")]
    Once(Length),
    #[serde(rename = "(record)")]
    Repeated { at: Length, every: Option<Length> },
}

/// A redrive policy.
#[derive(Debug, Deserialize)]
#[serde(rename = "redrive", deny_unknown_fields)]
pub(in crate::scenario) struct RedriveFile {
    pub(in crate::scenario) to: String,
    pub(in crate::scenario) max_receives: u32,
}

/// How a queue is sharded.
#[derive(Debug, Deserialize)]
#[serde(rename = "ledger", deny_unknown_fields)]
pub(in crate::scenario) struct LedgerFile {
    pub(in crate::scenario) partitions: u32,
    pub(in crate::scenario) capacity: CapacityFile,
    pub(in crate::scenario) ceiling: CeilingFile,
    pub(in crate::scenario) keys: KeysFile,
    pub(in crate::scenario) split: SplitFile,
    pub(in crate::scenario) guards: GuardsFile,
    pub(in crate::scenario) mechanics: MechanicsFile,
    pub(in crate::scenario) receive: RoutingFile,
    pub(in crate::scenario) nodes: Option<NodesFile>,
}

/// What all partitions together admit of sends.
#[derive(Debug, Deserialize)]
#[serde(rename = "ceiling")]
pub(in crate::scenario) enum CeilingFile {
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
#[derive(Debug, Deserialize)]
#[serde(rename = "key rule")]
pub(in crate::scenario) enum KeysFile {
    Uniform,
    PerCall,
    Sticky(Length),
    Group { count: u32, zipf: f64, hot: Probability },
    Sequential { pass: Length, spread: Length },
    HotRange { share: Probability, from: Probability, width: Probability },
    LeastBacklog { choices: u32 },
}

/// When and where partitions split and merge.
#[derive(Debug, Deserialize)]
#[serde(rename = "split policy")]
pub(in crate::scenario) enum SplitFile {
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
#[derive(Debug, Deserialize)]
#[serde(rename = "split mechanics")]
pub(in crate::scenario) enum MechanicsFile {
    Auto,
    Metadata { pause: Length },
    SealAndDrain { pause: Length },
    CopyThenCutover { copy: Length, share: Probability, pause: Length },
}

/// Guards that go with every split policy.
#[derive(Debug, Deserialize)]
#[serde(rename = "guards", deny_unknown_fields)]
pub(in crate::scenario) struct GuardsFile {
    pub(in crate::scenario) jitter: Probability,
    pub(in crate::scenario) concurrent: ConcurrentFile,
}

/// Most splits under way at once.
#[derive(Debug, Deserialize)]
#[serde(rename = "concurrent")]
pub(in crate::scenario) enum ConcurrentFile {
    Unlimited,
    #[serde(rename = "(number)")]
    Splits(u32),
}

/// Which partitions a receive asks.
#[derive(Debug, Deserialize)]
#[serde(rename = "receive rule")]
pub(in crate::scenario) enum RoutingFile {
    RegisterAll,
    Sample(u32),
    WeightedSample(u32),
    Uniform,
    PowerOfTwo,
    BacklogWeighted,
    ForwardingTree,
    Assigned,
}
