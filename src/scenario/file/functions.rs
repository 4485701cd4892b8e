//! Functions as written, and what receives from a queue: a fleet of workers or a function.
//!
//! Owns the names of their settings; see [`crate::model::functions`] for what they become. Must not
//! know their ranges.

use serde::{Deserialize, Serialize};

use super::DistFile;
use super::clients::{ConsumerFile, FailureFile, RetryFile, WorkUnitFile};
use super::values::{Length, Price, Probability, Size};

/// What receives from a queue.
#[expect(clippy::large_enum_variant, reason = "a scenario has few, and they are read once")]
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "consumer")]
pub enum ReceiverFile {
    #[serde(rename = "(record)")]
    Workers(ConsumerFile),
    Lambda(FunctionFile),
}

/// A function behind an event source mapping.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "Lambda", deny_unknown_fields)]
pub struct FunctionFile {
    pub queue: String,
    pub batch: u32,
    pub window: Length,
    pub max_concurrency: Option<u32>,
    pub provisioned: Option<ProvisionedFile>,
    pub scaling: ScalingFile,
    pub reserved: Option<u32>,
    pub timeout: Length,
    pub partial: bool,
    pub processing: DistFile,
    pub per: WorkUnitFile,
    pub failure: FailureFile,
    pub memory: Size,
    pub environments: EnvironmentsFile,
    pub gap: Length,
    pub call_latency: DistFile,
    pub retry: RetryFile,
    pub throttled: ThrottledFile,
}

/// Pollers that are paid for.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "provisioned", deny_unknown_fields)]
pub struct ProvisionedFile {
    pub min: u32,
    pub max: u32,
}

/// How the concurrency of a mapping grows and falls.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "scaling", deny_unknown_fields)]
pub struct ScalingFile {
    pub start: u32,
    pub idle: u32,
    pub slope: SlopeFile,
    pub shape: ShapeFile,
    pub ceiling: CeilingOfMappingFile,
    pub back_off: Length,
    pub failing: Probability,
}

/// How much it grows in a minute.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "slope")]
pub enum SlopeFile {
    Auto,
    #[serde(rename = "(number)")]
    AMinute(u32),
}

/// How it grows within a minute.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "shape")]
pub enum ShapeFile {
    Even,
    ByTheMinute,
}

/// What it grows to.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "ceiling of a mapping")]
pub enum CeilingOfMappingFile {
    Auto,
    #[serde(rename = "(number)")]
    Invocations(u32),
}

/// How execution environments come and go.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "environments", deny_unknown_fields)]
pub struct EnvironmentsFile {
    pub cold_start: DistFile,
    pub keep_warm: Length,
    pub per_10_s: u32,
}

/// How often a throttled invocation is tried again.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "throttled", deny_unknown_fields)]
pub struct ThrottledFile {
    pub base: Length,
    pub cap: Length,
}

/// What all functions share.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "account", deny_unknown_fields)]
pub struct AccountFile {
    pub concurrency: u32,
}

/// What functions cost.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "function_prices", deny_unknown_fields)]
pub struct FunctionPricesFile {
    pub requests: Price,
    pub gb_seconds: Price,
    pub poller_hour: Price,
}

impl ReceiverFile {
    /// The queues that it receives from.
    pub fn queues(&self) -> Vec<&str> {
        match self {
            ReceiverFile::Workers(workers) => workers.queue.names(),
            ReceiverFile::Lambda(function) => vec![&function.queue],
        }
    }

    /// The fleet of workers, if it is one.
    pub fn workers(&self) -> Option<&ConsumerFile> {
        match self {
            ReceiverFile::Workers(workers) => Some(workers),
            ReceiverFile::Lambda(_) => None,
        }
    }

    /// The fleet of workers, to change, if it is one.
    pub fn workers_mut(&mut self) -> Option<&mut ConsumerFile> {
        match self {
            ReceiverFile::Workers(workers) => Some(workers),
            ReceiverFile::Lambda(_) => None,
        }
    }

    /// The function, if it is one.
    pub fn function(&self) -> Option<&FunctionFile> {
        match self {
            ReceiverFile::Workers(_) => None,
            ReceiverFile::Lambda(function) => Some(function),
        }
    }
}

impl From<ConsumerFile> for ReceiverFile {
    fn from(workers: ConsumerFile) -> ReceiverFile {
        ReceiverFile::Workers(workers)
    }
}

impl From<FunctionFile> for ReceiverFile {
    fn from(function: FunctionFile) -> ReceiverFile {
        ReceiverFile::Lambda(function)
    }
}
