//! The nodes of a queue as written.
//!
//! Owns the names of their settings; see [`crate::ledger::config::Nodes`] for what they become.
//! Must not know their ranges.

use serde::{Deserialize, Serialize};

use super::DistFile;
use super::capacity::CapacityFile;
use super::values::{Length, Probability};

/// The nodes that hold the replicas of a queue's partitions.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "nodes", deny_unknown_fields)]
pub struct NodesFile {
    pub count: u32,
    pub zones: u32,
    pub capacity: CapacityFile,
    pub replicas: u32,
    pub write_quorum: u32,
    pub read_quorum: u32,
    pub placement: PlacementFile,
    pub outages: Vec<OutageFile>,
    pub failures: Option<FailuresFile>,
    pub suspect_after: Length,
    pub replicate_after: Length,
    pub copy: Length,
    pub copy_share: Probability,
    pub catch_up: u32,
}

/// Which nodes hold a partition.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "placement")]
pub enum PlacementFile {
    Ring { tokens: u32 },
    EqualPartitions,
    Rendezvous,
    WeightedMove { every: Length, churn: Probability },
}

/// A failure that is known beforehand.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "outage", deny_unknown_fields)]
pub struct OutageFile {
    pub at: Length,
    pub node: Option<u32>,
    pub zone: Option<u32>,
    #[serde(rename = "for")]
    pub lasts: Option<Length>,
    pub every: Option<Length>,
}

/// Failures by chance.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "failures", deny_unknown_fields)]
pub struct FailuresFile {
    pub mean_time_between: Length,
    pub repair: DistFile,
    pub of: DomainFile,
}

/// What fails at once.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "failure domain")]
pub enum DomainFile {
    Node,
    Zone,
}
