//! The scenario as written: what serde reads, before anything is checked.
//!
//! Owns the names of all settings. Must not know their defaults (`defaults.ron`) nor their ranges
//! ([`super::check`]). What each setting means stands in `defaults.ron`, once.
//!
//! Invariants: no field has a serde default, so that every setting must occur in `defaults.ron`;
//! no type is untagged or flattened, because those lose the place of a fault.

mod capacity;
mod clients;
mod dist;
mod nodes;
mod queue;
pub(super) mod values;

pub(super) use capacity::{BurstFile, CapacityFile};
pub(super) use clients::{
    ArrivalFile, ConsumerFile, DuplicatesFile, GapsFile, OnFailureFile, ProducerFile, ReceiveFile,
    ReplayFile, RetryFile, WorkUnitFile,
};
#[cfg(test)]
pub(super) use clients::{CrashFile, DeleteFile, FailureFile, HeartbeatFile};
pub(super) use dist::DistFile;
pub(super) use nodes::{DomainFile, FailuresFile, NodesFile, OutageFile, PlacementFile};
#[cfg(test)]
pub(super) use queue::RedriveFile;
pub(super) use queue::{
    CeilingFile, ConcurrentFile, GuardsFile, InstantFile, KeysFile, LedgerFile, MechanicsFile,
    QueueFile, RoutingFile, SplitFile,
};

use serde::Deserialize;
use values::{Length, Named, Price, Size};

/// A whole scenario.
#[derive(Debug, Deserialize)]
#[serde(rename = "scenario", deny_unknown_fields)]
pub(super) struct ScenarioFile {
    pub(super) about: String,
    pub(super) duration: Length,
    pub(super) drain: Length,
    pub(super) warm_up: Length,
    pub(super) seed: u64,
    pub(super) window: WindowFile,
    pub(super) every: Option<Length>,
    pub(super) queues: Named<QueueFile>,
    pub(super) producers: Named<ProducerFile>,
    pub(super) consumers: Named<ConsumerFile>,
    pub(super) expect: Vec<String>,
    pub(super) allow: Vec<String>,
    pub(super) limits: LimitsFile,
    pub(super) prices: PricesFile,
}

/// What requests cost.
#[derive(Debug, Deserialize)]
#[serde(rename = "prices", deny_unknown_fields)]
pub(super) struct PricesFile {
    pub(super) requests: Vec<(u64, Price)>,
    pub(super) free_requests: u64,
}

/// The length of a window of the series.
#[derive(Debug, Deserialize)]
#[serde(rename = "window")]
pub(super) enum WindowFile {
    Auto,
    #[serde(rename = "(text)")]
    Length(Length),
}

/// Bounds of a run.
#[derive(Debug, Deserialize)]
#[serde(rename = "limits", deny_unknown_fields)]
pub(super) struct LimitsFile {
    pub(super) events: u64,
    pub(super) resident: u64,
    pub(super) trace_bytes: u64,
    pub(super) memory: Size,
}
