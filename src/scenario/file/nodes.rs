//! The nodes of a queue as written.
//!
//! Owns the names of their settings; see [`crate::ledger::config::Nodes`] for what they become.
//! Must not know their ranges.

use serde::Deserialize;

use super::DistFile;
use super::capacity::CapacityFile;
use super::values::{Length, Probability};

/// The nodes that hold the replicas of a queue's partitions.
#[derive(Debug, Deserialize)]
#[serde(rename = "nodes", deny_unknown_fields)]
pub(in crate::scenario) struct NodesFile {
    pub(in crate::scenario) count: u32,
    pub(in crate::scenario) zones: u32,
    pub(in crate::scenario) capacity: CapacityFile,
    pub(in crate::scenario) replicas: u32,
    pub(in crate::scenario) write_quorum: u32,
    pub(in crate::scenario) read_quorum: u32,
    pub(in crate::scenario) placement: PlacementFile,
    pub(in crate::scenario) outages: Vec<OutageFile>,
    pub(in crate::scenario) failures: Option<FailuresFile>,
    pub(in crate::scenario) suspect_after: Length,
    pub(in crate::scenario) replicate_after: Length,
    pub(in crate::scenario) copy: Length,
    pub(in crate::scenario) copy_share: Probability,
    pub(in crate::scenario) catch_up: u32,
}

/// Which nodes hold a partition.
#[derive(Debug, Deserialize)]
#[serde(rename = "placement")]
pub(in crate::scenario) enum PlacementFile {
    Ring { tokens: u32 },
    EqualPartitions,
    Rendezvous,
    WeightedMove { every: Length, churn: Probability },
}

/// A failure that is known beforehand.
#[derive(Debug, Deserialize)]
#[serde(rename = "outage", deny_unknown_fields)]
pub(in crate::scenario) struct OutageFile {
    pub(in crate::scenario) at: Length,
    pub(in crate::scenario) node: Option<u32>,
    pub(in crate::scenario) zone: Option<u32>,
    #[serde(rename = "for")]
    pub(in crate::scenario) lasts: Option<Length>,
    pub(in crate::scenario) every: Option<Length>,
}

/// Failures by chance.
#[derive(Debug, Deserialize)]
#[serde(rename = "failures", deny_unknown_fields)]
pub(in crate::scenario) struct FailuresFile {
    pub(in crate::scenario) mean_time_between: Length,
    pub(in crate::scenario) repair: DistFile,
    pub(in crate::scenario) of: DomainFile,
}

/// What fails at once.
#[derive(Debug, Deserialize)]
#[serde(rename = "failure domain")]
pub(in crate::scenario) enum DomainFile {
    Node,
    Zone,
}
