//! What can be asked of many runs.
//!
//! Owns the closed list of experiments. Must not know how one is done.

use serde::{Deserialize, Serialize};

use super::compare::CompareAsked;
use super::plan::PlanAsked;
use super::repeat::RepeatAsked;
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
    /// One scenario again and again.
    Replicate(RepeatAsked),
}

impl Asked {
    /// The files of the scenarios it is about.
    pub fn models(&self) -> Vec<&str> {
        match self {
            Asked::Sweep(SweepAsked { model, .. })
            | Asked::Plan(PlanAsked { model, .. })
            | Asked::Replicate(RepeatAsked { model, .. }) => vec![model],
            Asked::Compare(CompareAsked { model, other, .. }) => {
                [Some(model), other.as_ref()].into_iter().flatten().map(String::as_str).collect()
            }
        }
    }

    /// As [`Asked::models`], to change them.
    pub(super) fn models_mut(&mut self) -> Vec<&mut String> {
        match self {
            Asked::Sweep(SweepAsked { model, .. })
            | Asked::Plan(PlanAsked { model, .. })
            | Asked::Replicate(RepeatAsked { model, .. }) => vec![model],
            Asked::Compare(CompareAsked { model, other, .. }) => {
                [Some(model), other.as_mut()].into_iter().flatten().collect()
            }
        }
    }
}
