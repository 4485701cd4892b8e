//! Producers and consumers as written.
//!
//! Owns the names of their settings; see [`crate::model::clients`] for what they become. Must
//! not know their ranges.

use serde::Deserialize;

use super::DistFile;
use super::values::{Bound, Length, Price, Probability, Rate};

/// A producer.
#[derive(Debug, Deserialize)]
#[serde(rename = "producer", deny_unknown_fields)]
pub(in crate::scenario) struct ProducerFile {
    pub(in crate::scenario) queue: String,
    pub(in crate::scenario) arrivals: ArrivalFile,
    pub(in crate::scenario) scale: f64,
    pub(in crate::scenario) batch: u32,
    pub(in crate::scenario) linger: Length,
    pub(in crate::scenario) call_latency: DistFile,
    pub(in crate::scenario) connections: Bound,
    pub(in crate::scenario) delay: Option<Length>,
    pub(in crate::scenario) retry: RetryFile,
}

/// When messages arise.
#[derive(Debug, Deserialize)]
#[serde(rename = "arrival process")]
pub(in crate::scenario) enum ArrivalFile {
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
#[derive(Debug, Deserialize)]
#[serde(rename = "gap rule")]
pub(in crate::scenario) enum GapsFile {
    Zero,
    Skip,
    Interpolate,
}

/// What a period that occurs twice in a counts file is.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename = "duplicates rule")]
pub(in crate::scenario) enum DuplicatesFile {
    Refuse,
    Sum,
}

/// How the messages of a period come.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename = "replay")]
pub(in crate::scenario) enum ReplayFile {
    Poisson,
    Exact,
}

/// What a throttled call does.
#[derive(Debug, Deserialize)]
#[serde(rename = "retry", deny_unknown_fields)]
pub(in crate::scenario) struct RetryFile {
    pub(in crate::scenario) base: Length,
    pub(in crate::scenario) cap: Length,
    pub(in crate::scenario) attempts: Bound,
}

/// A fleet of equal workers.
#[derive(Debug, Deserialize)]
#[serde(rename = "consumer", deny_unknown_fields)]
pub(in crate::scenario) struct ConsumerFile {
    pub(in crate::scenario) queue: String,
    pub(in crate::scenario) count: u32,
    pub(in crate::scenario) threads: u32,
    pub(in crate::scenario) receive: ReceiveFile,
    pub(in crate::scenario) processing: DistFile,
    pub(in crate::scenario) per: WorkUnitFile,
    pub(in crate::scenario) call_latency: DistFile,
    pub(in crate::scenario) failure: FailureFile,
    pub(in crate::scenario) heartbeat: Option<HeartbeatFile>,
    pub(in crate::scenario) crash: Option<CrashFile>,
    pub(in crate::scenario) start_up: DistFile,
    pub(in crate::scenario) delete: DeleteFile,
    pub(in crate::scenario) idempotent: bool,
    pub(in crate::scenario) forward: Option<String>,
    pub(in crate::scenario) retry: RetryFile,
    pub(in crate::scenario) price_per_hour: Option<Price>,
}

/// How a worker polls.
#[derive(Debug, Deserialize)]
#[serde(rename = "receive", deny_unknown_fields)]
pub(in crate::scenario) struct ReceiveFile {
    pub(in crate::scenario) max: u32,
    pub(in crate::scenario) wait: Length,
    pub(in crate::scenario) visibility_timeout: Option<Length>,
    pub(in crate::scenario) prefetch: u32,
    pub(in crate::scenario) pause: DistFile,
}

/// What `processing` is the length of.
#[derive(Debug, Deserialize)]
#[serde(rename = "unit of work")]
pub(in crate::scenario) enum WorkUnitFile {
    Message,
    Batch,
}

/// How processing fails.
#[derive(Debug, Deserialize)]
#[serde(rename = "failure", deny_unknown_fields)]
pub(in crate::scenario) struct FailureFile {
    pub(in crate::scenario) probability: Probability,
    pub(in crate::scenario) poison: Probability,
    pub(in crate::scenario) then: OnFailureFile,
}

/// What a worker does with a message it failed to process.
#[derive(Debug, Deserialize)]
#[serde(rename = "answer to failure")]
pub(in crate::scenario) enum OnFailureFile {
    LetExpire,
    Release(Length),
}

/// Extends a message's visibility while it is worked on.
#[derive(Debug, Deserialize)]
#[serde(rename = "heartbeat", deny_unknown_fields)]
pub(in crate::scenario) struct HeartbeatFile {
    pub(in crate::scenario) every: Length,
    pub(in crate::scenario) extend: Length,
}

/// How workers die.
#[derive(Debug, Deserialize)]
#[serde(rename = "crash", deny_unknown_fields)]
pub(in crate::scenario) struct CrashFile {
    pub(in crate::scenario) mean_time_between: Length,
    pub(in crate::scenario) restart: DistFile,
}

/// How deletes are sent.
#[derive(Debug, Deserialize)]
#[serde(rename = "delete", deny_unknown_fields)]
pub(in crate::scenario) struct DeleteFile {
    pub(in crate::scenario) batch: u32,
    pub(in crate::scenario) linger: Length,
}
