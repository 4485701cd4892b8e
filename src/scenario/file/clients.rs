//! Producers and consumers as written.
//!
//! Owns the names of their settings; see [`crate::model::clients`] for what they become. Must
//! not know their ranges.

use serde::{Deserialize, Serialize};

use super::scaling::{KedaFile, StepsFile, TargetTrackingFile};
use super::values::{Bound, Length, Price, Probability, Rate};
use super::{CallsFile, DistFile, InstantFile};

/// A producer.
///
/// ```
/// # use sqsim::{ArrivalFile, ProducerFile, Rate};
/// let steady = ProducerFile::new("jobs", ArrivalFile::Poisson(Rate(40.0)));
/// let daily = "Profile(points: [(\"8h\", \"5/s\"), (\"12h\", \"80/s\")], every: \"24h\")";
/// let daily = ProducerFile { batch: 10, ..ProducerFile::new("jobs", daily.parse()?) };
/// # Ok::<(), sqsim::Faults>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "producer", deny_unknown_fields)]
pub struct ProducerFile {
    pub queue: String,
    pub arrivals: ArrivalFile,
    pub scale: f64,
    pub batch: u32,
    pub linger: Length,
    pub call_latency: DistFile,
    pub connections: Bound,
    pub delay: Option<Length>,
    pub retry: RetryFile,
}

/// When messages arise.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "arrival process")]
pub enum ArrivalFile {
    Poisson(Rate),
    Constant(Rate),
    Profile {
        points: Vec<(Length, Rate)>,
        every: Option<Length>,
    },
    OnOff {
        rate: Rate,
        on: DistFile,
        off: DistFile,
    },
    Burst {
        at: Length,
        count: u64,
        every: Option<Length>,
    },
    Counts {
        file: String,
        period: Option<Length>,
        gaps: GapsFile,
        metric: Option<String>,
        duplicates: DuplicatesFile,
        replay: ReplayFile,
        every: Option<Length>,
    },
    Times {
        file: String,
        every: Option<Length>,
    },
    Closed {
        clients: u32,
        think: DistFile,
    },
    Sum(Vec<ArrivalFile>),
    #[serde(rename = "(list)")]
    List(Vec<ArrivalFile>),
}

/// What a missing period of a counts file is.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "gap rule")]
pub enum GapsFile {
    Zero,
    Skip,
    Interpolate,
}

/// What a period that occurs twice in a counts file is.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "duplicates rule")]
pub enum DuplicatesFile {
    Refuse,
    Sum,
}

/// How the messages of a period come.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "replay")]
pub enum ReplayFile {
    Poisson,
    Exact,
}

/// What a throttled call does.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "retry", deny_unknown_fields)]
pub struct RetryFile {
    pub base: Length,
    pub cap: Length,
    pub attempts: Bound,
}

/// A fleet of equal workers.
///
/// ```
/// # use sqsim::{ConsumerFile, DistFile};
/// let work = DistFile::Exponential("80ms".parse()?);
/// let workers = ConsumerFile { count: 4.into(), threads: 2, ..ConsumerFile::new("jobs", work) };
/// # Ok::<(), sqsim::Faults>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "consumer", deny_unknown_fields)]
pub struct ConsumerFile {
    pub queue: SourceFile,
    pub count: CountFile,
    pub threads: u32,
    pub receive: ReceiveFile,
    pub processing: DistFile,
    pub per: WorkUnitFile,
    pub calls: Option<CallsFile>,
    pub call_latency: DistFile,
    pub failure: FailureFile,
    pub hold: Option<DistFile>,
    pub heartbeat: Option<HeartbeatFile>,
    pub crash: Option<CrashFile>,
    pub start_up: DistFile,
    pub hosts: Option<HostsFile>,
    pub on_stop: OnStopFile,
    pub grace: Option<Length>,
    pub deploys: Option<DeploysFile>,
    pub delete: DeleteFile,
    pub idempotent: bool,
    pub forward: Option<String>,
    pub retry: RetryFile,
    pub price_per_hour: Option<Price>,
}

/// How many workers a fleet has.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "count")]
pub enum CountFile {
    #[serde(rename = "(number)")]
    Number(u32),
    Schedule {
        steps: Vec<(Length, u32)>,
        every: Option<Length>,
    },
    TargetTracking(TargetTrackingFile),
    Steps(StepsFile),
    Keda(KedaFile),
}

impl CountFile {
    /// Most workers that are wanted at once.
    pub fn most(&self) -> u32 {
        match self {
            CountFile::Number(count) => *count,
            CountFile::Schedule { steps, .. } => {
                steps.iter().map(|&(_, count)| count).max().unwrap_or(0)
            }
            CountFile::TargetTracking(scaler) => scaler.max,
            CountFile::Steps(scaler) => scaler.max,
            CountFile::Keda(scaler) => scaler.max,
        }
    }
}

impl From<u32> for CountFile {
    fn from(count: u32) -> CountFile {
        CountFile::Number(count)
    }
}

/// Where a fleet receives.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "source")]
pub enum SourceFile {
    #[serde(rename = "(text)")]
    Queue(String),
    Priority(Vec<String>),
    Weighted(Vec<(String, u32)>),
}

impl SourceFile {
    /// The names of the queues, as they are written.
    pub(in crate::scenario) fn names(&self) -> Vec<&str> {
        match self {
            SourceFile::Queue(queue) => vec![queue],
            SourceFile::Priority(queues) => queues.iter().map(String::as_str).collect(),
            SourceFile::Weighted(queues) => queues.iter().map(|(queue, _)| &**queue).collect(),
        }
    }
}

/// How a worker polls.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "receive", deny_unknown_fields)]
pub struct ReceiveFile {
    pub max: u32,
    pub wait: Length,
    pub visibility_timeout: Option<Length>,
    pub prefetch: u32,
    pub pause: DistFile,
    pub gap: DistFile,
    pub ask: AskFile,
    pub barrier: bool,
}

/// How many messages a receive asks for.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "ask rule")]
pub enum AskFile {
    Most,
    Room,
}

/// What `processing` is the length of.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "unit of work")]
pub enum WorkUnitFile {
    Message,
    Batch,
}

/// How processing fails.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "failure", deny_unknown_fields)]
pub struct FailureFile {
    pub probability: Probability,
    pub poison: Probability,
    pub then: OnFailureFile,
    pub whole_batch: bool,
}

/// What a worker does with a message it failed to process.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "answer to failure")]
pub enum OnFailureFile {
    LetExpire,
    Release(Length),
    Backoff { base: Length, cap: Length, jitter: JitterFile },
    Delays(Vec<Length>),
}

/// What is drawn of a back-off.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "jitter")]
pub enum JitterFile {
    None,
    Full,
}

/// Extends a message's visibility while it is worked on.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "heartbeat", deny_unknown_fields)]
pub struct HeartbeatFile {
    pub every: Length,
    pub extend: Length,
}

/// How workers die.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "crash", deny_unknown_fields)]
pub struct CrashFile {
    pub mean_time_between: Length,
    pub restart: DistFile,
}

/// Hosts that workers are placed on.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "hosts", deny_unknown_fields)]
pub struct HostsFile {
    pub room: u32,
    pub there: u32,
    pub boot: DistFile,
    pub batch_idle: Length,
    pub batch_most: Length,
    pub empty: Option<Length>,
}

/// What a worker that leaves does with what it holds.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "way to stop")]
pub enum OnStopFile {
    Finish,
    GiveBack,
    Drop,
}

/// How the workers of a fleet are exchanged for others.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "deploys", deny_unknown_fields)]
pub struct DeploysFile {
    pub at: Vec<InstantFile>,
    pub batch: PortionFile,
    pub start_up: Option<DistFile>,
}

/// A part of a fleet.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "part of a fleet")]
pub enum PortionFile {
    #[serde(rename = "(number)")]
    Workers(u32),
    #[serde(rename = "(text)")]
    Share(Probability),
}

/// How deletes are sent.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "delete", deny_unknown_fields)]
pub struct DeleteFile {
    pub batch: u32,
    pub linger: Length,
}
