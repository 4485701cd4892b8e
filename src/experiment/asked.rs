//! What can be asked of many runs.
//!
//! Owns the closed list of experiments. Must not know how one is done.

use serde::{Deserialize, Serialize};

use super::compare::CompareAsked;
use super::plan::PlanAsked;
use super::sweep::SweepAsked;

/// An experiment, as a command, a file or a journal describes it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "experiment")]
pub enum Asked {
    /// One question at many points.
    Sweep(SweepAsked),
    /// Two systems under the same chance.
    Compare(CompareAsked),
    /// The smallest settings that meet a target.
    Plan(PlanAsked),
}
