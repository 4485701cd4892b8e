//! The document of a plan, `sqsim-plan/1`: which settings meet a target.
//!
//! Owns its fields. Must not know how the answer was found.

use serde::{Deserialize, Serialize};

use super::{EstimatedMeasure, EstimatedUnstable, SweepKnob, Thin};

/// The format of a [`PlanOutcome`].
pub const PLAN_FORMAT: &str = "sqsim-plan/1";

/// What a plan gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PlanOutcome {
    /// [`PLAN_FORMAT`].
    pub format: String,
    /// The version of sqsim that made it.
    pub version: String,
    /// The scenario's name.
    pub scenario: String,
    /// The question it answers; may be empty.
    pub about: String,
    /// The seed of every stream.
    pub seed: u64,
    /// Changes that all points share: `PATH=VALUE`.
    pub set: Vec<String>,
    /// What was looked for; no values where any whole number from 1 on may be the answer.
    pub find: Vec<SweepKnob>,
    /// What the answer must meet: expectations.
    pub such_that: Vec<String>,
    /// What is to be least; `None` if the first value that meets all is wanted.
    pub minimise: Option<String>,
    /// Probability that every decision is right.
    pub confidence: f64,
    /// `bisection` or `ranking and selection`.
    pub method: String,
    /// The points that were tried, in the order of their values.
    pub tried: Vec<TriedPoint>,
    /// The answer; `None` if no point that was tried meets the targets.
    pub answer: Option<PlanAnswer>,
    /// What a reader should know of the way there, a sentence each.
    pub notes: Vec<String>,
    /// Why the search ended before it was done; then there is no answer yet.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub partial: Option<String>,
}

/// One point that was tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TriedPoint {
    /// The value of each setting looked for.
    pub at: Vec<String>,
    /// Replications it took.
    pub replications: u64,
    /// `meets` and `fails` are decided with confidence; `open` is not.
    pub verdict: String,
    /// Whether the means meet all targets: what is said where the verdict is open.
    pub holds: bool,
    /// The targets.
    pub targets: Vec<TriedTarget>,
    /// What is to be least.
    pub minimised: Option<EstimatedMeasure>,
    /// Dollars of a month, where every worker has a price and it is not what is to be least.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_per_month: Option<EstimatedMeasure>,
    /// The queues that do not settle; left out if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unstable: Vec<EstimatedUnstable>,
    /// Why a target has no value, or a run ended early.
    pub note: Option<String>,
}

/// A target at one point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct TriedTarget {
    /// Mean of its measured side; `None` where it has no value.
    pub value: Option<f64>,
    /// Mean of its limit.
    pub limit: Option<f64>,
    /// By how much the target is met, in its unit; negative where it is missed.
    pub margin: Option<f64>,
    /// Half the width of the interval of the margin, at the confidence of the decision.
    pub half: Option<f64>,
    /// Why there is none, where that is for lack of messages beyond a percentile; left out
    /// otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thin: Option<Thin>,
}

/// The answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanAnswer {
    /// The value of each setting.
    pub at: Vec<String>,
    /// Whether it surely meets the targets, and nothing that would be preferred to it may.
    pub sure: bool,
    /// Where it is not: the first value beyond it that surely meets the targets, if one was found.
    pub surely_at: Option<Vec<String>>,
    /// What would be preferred to it, misses the targets by its means and may yet meet them: the
    /// value before it, or one that is not surely dearer. Left out if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub open_at: Option<Vec<String>>,
}

impl PlanOutcome {
    /// As JSON, indented, with a line feed at the end.
    ///
    /// # Errors
    /// Never for a document made by this crate.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// The tried point of these values.
    pub fn tried_at(&self, at: &[String]) -> Option<&TriedPoint> {
        self.tried.iter().find(|tried| tried.at == at)
    }
}
