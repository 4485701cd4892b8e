//! The document of a sweep, `sqsim-sweep/1`: what was measured at each point.
//!
//! Owns its fields. Must not know how the points came to be.
//!
//! Invariant: points stand in the order of the grid, replications are folded in their order.

use serde::{Deserialize, Serialize};

use super::{ByName, EstimatedExpectation, EstimatedMeasure, EstimatedUnstable, combined_hash};

/// The format of a [`SweepOutcome`].
pub const SWEEP_FORMAT: &str = "sqsim-sweep/1";

/// What a sweep gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepOutcome {
    /// [`SWEEP_FORMAT`].
    pub format: String,
    /// The version of sqsim that made it.
    pub version: String,
    /// The scenario's name.
    pub scenario: String,
    /// The question it answers; may be empty.
    pub about: String,
    /// The seed of every stream.
    pub seed: u64,
    /// Replications at each point: number n of every point has the same chance.
    pub replications: u64,
    /// Changes that all points share: `PATH=VALUE`.
    pub set: Vec<String>,
    /// What is varied.
    pub vary: Vec<SweepKnob>,
    /// What is measured at each point.
    pub measures: Vec<SweepMeasure>,
    /// All combinations, the last knob changing fastest.
    pub points: Vec<SweepPoint>,
    /// The place of the first point at which all expectations hold, from 0; `None` if they hold
    /// nowhere or the scenario has none.
    pub first_that_holds: Option<u64>,
}

/// A setting and its values.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepKnob {
    /// As `--set` takes it.
    pub path: String,
    /// As `--set` takes them.
    pub values: Vec<String>,
}

/// A measure of a sweep.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SweepMeasure {
    /// An expression of the expectation language.
    pub text: String,
    /// `number`, `ns`, `per second` or `dollars`.
    pub unit: String,
}

/// One point.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SweepPoint {
    /// The value of each varied setting, in their order.
    pub at: Vec<String>,
    /// By the text of the measure; without the latencies and backlogs of a queue that does not
    /// settle.
    pub measures: ByName<EstimatedMeasure>,
    /// What theory says of a measure exactly, by its text; left out where it says nothing.
    #[serde(default = "ByName::empty", skip_serializing_if = "ByName::is_empty")]
    pub theory: ByName<f64>,
    /// The queues that do not settle; left out if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unstable: Vec<EstimatedUnstable>,
    /// The scenario's expectations.
    pub expect: Vec<EstimatedExpectation>,
    /// Why a replication ended early; `None` if none did.
    pub partial: Option<String>,
    /// Hash over the fingerprints of all replications: 16 hexadecimal digits.
    pub fingerprint: String,
}

impl SweepPoint {
    /// Whether every expectation holds, and there is one.
    pub fn holds(&self) -> bool {
        !self.expect.is_empty() && self.expect.iter().all(|expect| expect.holds)
    }
}

impl SweepOutcome {
    /// As JSON, indented, with a line feed at the end.
    ///
    /// # Errors
    /// Never for a document made by this crate.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// Hash over the fingerprints of all points: 16 hexadecimal digits.
    pub fn fingerprint(&self) -> String {
        let own = |point: &SweepPoint| u64::from_str_radix(&point.fingerprint, 16).unwrap_or(0);
        combined_hash(self.points.iter().map(own))
    }
}
