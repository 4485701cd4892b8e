//! The document of a comparison, `sqsim-compare/1`.
//!
//! Owns its fields. Must not know how a verdict is reached.

use serde::{Deserialize, Serialize};

use super::{EstimatedMeasure, EstimatedUnstable};

/// The format of a [`CompareOutcome`].
pub const COMPARE_FORMAT: &str = "sqsim-compare/1";

/// What a comparison of two systems, a and b, gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CompareOutcome {
    /// [`COMPARE_FORMAT`].
    pub format: String,
    /// The version of sqsim that made it.
    pub version: String,
    /// The question it answers; may be empty.
    pub about: String,
    /// The seed of every stream of both.
    pub seed: u64,
    /// Pairs of runs: number n of both has the same chance.
    pub replications: u64,
    /// The share of a's mean that counts as no difference; `None` if none does.
    pub tolerance: Option<f64>,
    /// The first system.
    pub a: ComparedSystem,
    /// The second.
    pub b: ComparedSystem,
    /// What was compared.
    pub measures: Vec<ComparedMeasure>,
    /// Measures that have no value in one of the systems, as a queue does not settle there; left
    /// out if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub not_compared: Vec<String>,
    /// The first message whose fate differs in replication 0; `None` if none does.
    #[serde(default)]
    pub first_fate: Option<FirstFate>,
    /// Why a run ended early; `None` if none did.
    pub partial: Option<String>,
}

/// One of the two systems.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparedSystem {
    /// The scenario's name.
    pub scenario: String,
    /// Its changes: `PATH=VALUE`.
    pub set: Vec<String>,
    /// The queues that do not settle; left out if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unstable: Vec<EstimatedUnstable>,
    /// Hash over the fingerprints of all replications: 16 hexadecimal digits.
    pub fingerprint: String,
}

/// One measure of both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ComparedMeasure {
    /// An expression of the expectation language.
    pub text: String,
    /// `number`, `ns`, `per second` or `dollars`.
    pub unit: String,
    /// Of the first system.
    pub a: EstimatedMeasure,
    /// Of the second.
    pub b: EstimatedMeasure,
    /// Second minus first, pair by pair: with the interval of the paired differences.
    pub difference: EstimatedMeasure,
    /// The interval of the difference if the runs had been independent.
    pub unpaired_ci95: Option<[f64; 2]>,
    /// The share of the variance that pairing removed; `None` where nothing varies.
    pub variance_removed: Option<f64>,
    /// `better`, `worse`, `higher`, `lower`, `no difference detected`, `within the tolerance` or
    /// `open`: what b is against a.
    pub verdict: String,
}

/// The first message whose fate differs: when, how, and why.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirstFate {
    /// Its number, in the order of the sends.
    pub message: u64,
    /// The name of its queue.
    pub queue: String,
    /// When its fate parts.
    pub at_ns: u64,
    /// What happens to it then or next in the first system.
    pub a: FateSide,
    /// And in the second.
    pub b: FateSide,
    /// What was different around it, a sentence.
    pub why: String,
}

/// What happens to a message in one of the two systems.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FateSide {
    /// When; `None` if nothing does before the run is over.
    pub at_ns: Option<u64>,
    /// What, in the words of the trace.
    pub what: String,
}

impl CompareOutcome {
    /// As JSON, indented, with a line feed at the end.
    ///
    /// # Errors
    /// Never for a document made by this crate.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}
