//! The scenario as written: what serde reads and writes, before anything is checked.
//!
//! Owns the names of all settings. Must not know their defaults (`defaults.ron`) nor their ranges
//! (`check`). What each setting means stands in `defaults.ron`, once:
//!
//! ```ron
#![doc = include_str!("../defaults.ron")]
//! ```
//!
//! Invariants: no field has a serde default, so that every setting must occur in `defaults.ron`;
//! no type is untagged or flattened, because those lose the place of a fault.
#![expect(missing_docs, reason = "what each setting means is said in `defaults.ron`, above")]

mod capacity;
mod clients;
mod dist;
mod downstream;
mod functions;
mod nodes;
mod queue;
mod scaling;
mod values;

pub use capacity::{BurstFile, CapacityFile};
pub use clients::{
    ArrivalFile, AskFile, ConsumerFile, CountFile, CrashFile, DeleteFile, DeploysFile,
    DuplicatesFile, FailureFile, GapsFile, HeartbeatFile, HostsFile, JitterFile, OnFailureFile,
    OnStopFile, PortionFile, ProducerFile, ReceiveFile, ReplayFile, RetryFile, SourceFile,
    WorkUnitFile,
};
pub use dist::DistFile;
pub use downstream::{BudgetFile, CallRetryFile, CallsFile, DownstreamFile, GivenUpFile};
pub use functions::{
    AccountFile, CeilingOfMappingFile, EnvironmentsFile, FunctionFile, FunctionPricesFile,
    ProvisionedFile, ReceiverFile, ScalingFile, ShapeFile, SlopeFile, ThrottledFile,
};
pub use nodes::{DomainFile, FailuresFile, NodesFile, OutageFile, PlacementFile};
pub use queue::{
    CeilingFile, ConcurrentFile, GuardsFile, InstantFile, KeysFile, KindFile, LedgerFile,
    MechanicsFile, QueueFile, RedriveFile, RoutingFile, SplitFile,
};
pub use scaling::{
    AdjustmentFile, AlarmFile, BehaviorFile, ChangePolicyFile, CountersFile, HpaFile, KedaFile,
    MetricFile, ScaleDownFile, ScaleUpFile, SelectFile, StepsFile, TargetMetricFile,
    TargetTrackingFile,
};
pub use values::{Bound, Length, NamedFile, Price, Probability, Rate, Size};

use serde::{Deserialize, Serialize};

/// A whole scenario: made in code, or read as a file has it and changed.
///
/// ```
/// # use sqsim::ScenarioFile;
/// let mut file: ScenarioFile = r#"(
///     duration: "10m",
///     queues: {"jobs": ()},
///     producers: {"site": (queue: "jobs", arrivals: Poisson("5/s"))},
///     consumers: {"workers": (queue: "jobs", processing: Constant("100ms"))},
/// )"#
/// .parse()?;
/// file.seed = 7;
/// assert!(file.to_string().contains("seed: 7"));
/// assert_eq!(file.check()?.scenario.seed, 7);
/// # Ok::<(), sqsim::Faults>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "scenario", deny_unknown_fields)]
pub struct ScenarioFile {
    pub about: String,
    pub duration: Length,
    pub drain: Length,
    pub warm_up: Length,
    pub seed: u64,
    pub window: WindowFile,
    pub every: Option<Length>,
    pub queues: NamedFile<QueueFile>,
    pub producers: NamedFile<ProducerFile>,
    pub consumers: NamedFile<ReceiverFile>,
    pub downstream: NamedFile<DownstreamFile>,
    pub account: AccountFile,
    pub expect: Vec<String>,
    pub allow: Vec<String>,
    pub limits: LimitsFile,
    pub prices: PricesFile,
}

/// What requests cost.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "prices", deny_unknown_fields)]
pub struct PricesFile {
    pub requests: Vec<(u64, Price)>,
    pub free_requests: u64,
    pub functions: FunctionPricesFile,
}

/// The length of a window of the series.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "window")]
pub enum WindowFile {
    Auto,
    #[serde(rename = "(text)")]
    Length(Length),
}

/// Bounds of a run.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "limits", deny_unknown_fields)]
pub struct LimitsFile {
    pub events: u64,
    pub resident: u64,
    pub trace_bytes: u64,
    pub memory: Size,
}
