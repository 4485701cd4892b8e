//! What scales a fleet, as written.
//!
//! Owns the names of its settings; see [`crate::model::scaling`] for what they become. Must not
//! know their ranges.

use serde::{Deserialize, Serialize};

use super::DistFile;
use super::values::{Length, Probability};

/// Target tracking.
///
/// ```
/// # use sqsim::{ConsumerFile, DistFile};
/// let count = "TargetTracking(target: 100, max: 40)".parse()?;
/// let work = DistFile::Constant("80ms".parse()?);
/// let workers = ConsumerFile { count, ..ConsumerFile::new("jobs", work) };
/// # Ok::<(), sqsim::Faults>(())
/// ```
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "TargetTracking", deny_unknown_fields)]
pub struct TargetTrackingFile {
    pub target: f64,
    pub min: u32,
    pub max: u32,
    pub start: Option<u32>,
    pub boot: DistFile,
    pub protect: bool,
    pub metric: TargetMetricFile,
    pub in_flight: bool,
    pub every: Length,
    pub phase: Option<Length>,
    pub delay: Length,
    pub high_points: u32,
    pub low_points: u32,
    pub low_share: Probability,
    pub warm_up: Length,
    pub repeat: Length,
    pub cooldown: Option<Length>,
}

/// Step scaling.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "Steps", deny_unknown_fields)]
pub struct StepsFile {
    pub scale_out: Option<AlarmFile>,
    pub scale_in: Option<AlarmFile>,
    pub min: u32,
    pub max: u32,
    pub start: Option<u32>,
    pub boot: DistFile,
    pub protect: bool,
    pub metric: MetricFile,
    pub in_flight: bool,
    pub every: Length,
    pub phase: Option<Length>,
    pub delay: Length,
    pub warm_up: Length,
    pub repeat: Length,
    pub cooldown: Option<Length>,
}

/// What is held at a target.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "metric")]
pub enum TargetMetricFile {
    BacklogPerWorker,
}

/// What an alarm watches.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "metric")]
pub enum MetricFile {
    BacklogPerWorker,
    Backlog,
}

/// An alarm with its steps.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "alarm", deny_unknown_fields)]
pub struct AlarmFile {
    pub threshold: f64,
    pub points: u32,
    pub steps: Vec<(f64, AdjustmentFile)>,
}

/// How many workers a step adds or takes away.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "adjustment")]
pub enum AdjustmentFile {
    Percent(f64),
    Workers(u32),
    Exact(u32),
}

/// KEDA and the horizontal pod autoscaler.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "Keda", deny_unknown_fields)]
pub struct KedaFile {
    pub target: f64,
    pub min: u32,
    pub max: u32,
    pub start: Option<u32>,
    pub boot: DistFile,
    pub protect: bool,
    pub activation: u64,
    pub in_flight: bool,
    pub delayed: bool,
    pub polling: Length,
    pub phase: Option<Length>,
    pub cooldown: Length,
    pub initial_cooldown: Length,
    pub idle: Option<u32>,
    pub hpa: HpaFile,
}

/// The horizontal pod autoscaler.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "hpa", deny_unknown_fields)]
pub struct HpaFile {
    pub sync: Length,
    pub phase: Option<Length>,
    pub tolerance: Probability,
    pub window: Length,
    pub behavior: Option<BehaviorFile>,
}

/// Limits of both directions.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "behavior", deny_unknown_fields)]
pub struct BehaviorFile {
    pub scale_up: ScaleUpFile,
    pub scale_down: ScaleDownFile,
}

/// Limits upwards.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "scale_up", deny_unknown_fields)]
pub struct ScaleUpFile {
    pub window: Length,
    pub select: SelectFile,
    pub policies: Vec<ChangePolicyFile>,
}

/// Limits downwards, whose defaults are others.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "scale_down", deny_unknown_fields)]
pub struct ScaleDownFile {
    pub window: Length,
    pub select: SelectFile,
    pub policies: Vec<ChangePolicyFile>,
}

/// Which of several policies holds.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "select")]
pub enum SelectFile {
    Max,
    Min,
    Disabled,
}

/// Most change within a period.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "policy", deny_unknown_fields)]
pub struct ChangePolicyFile {
    pub pods: Option<u32>,
    pub percent: Option<u32>,
    pub period: Length,
}

/// What approximate counters of a queue are like.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "counters", deny_unknown_fields)]
pub struct CountersFile {
    pub lag: DistFile,
}
