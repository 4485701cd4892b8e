//! The documents of advice, `sqsim-advice/1`: which visibility timeout, how long a run.
//!
//! Owns their fields; `advises` tells the two apart. Must not know how the numbers were found.

use serde::{Deserialize, Serialize};

use super::{EstimatedMeasure, EstimatedUnstable};

/// The format of a [`TimeoutAdvice`] and of a [`LengthAdvice`].
pub const ADVICE_FORMAT: &str = "sqsim-advice/1";

/// Duplicates against recovery over visibility timeouts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeoutAdvice {
    /// [`ADVICE_FORMAT`].
    pub format: String,
    /// The version of sqsim that made it.
    pub version: String,
    /// `visibility_timeout`.
    pub advises: String,
    /// The scenario's name.
    pub scenario: String,
    /// The seed of every stream.
    pub seed: u64,
    /// Changes that all points share: `PATH=VALUE`.
    pub set: Vec<String>,
    /// The setting that is advised on.
    pub path: String,
    /// Replications at each timeout.
    pub replications: u64,
    /// Work done again is to be less than this share of the messages deleted.
    pub duplicates_below: Option<f64>,
    /// 95 % of the messages of a crash are to be received again within less than this.
    pub recovery_below_ns: Option<u64>,
    /// The crashes that were added for the recovery; `None` if the scenario has its own.
    pub added_crashes: Option<AddedCrashes>,
    /// Whether workers extend the timeout while they work.
    pub heartbeat: bool,
    /// The curve, in ascending order.
    pub points: Vec<TimeoutPoint>,
    /// Whether there is a timeout that meets what is wanted; `None` if nothing is wanted.
    pub verdict: Option<AdviceVerdict>,
    /// The shortest timeout that surely meets what is wanted.
    pub answer: Option<String>,
    /// Where something is wanted and there is no answer: which may yet be one, or, where none may,
    /// misses least.
    pub nearest: Option<String>,
    /// Where the verdict is open: about how many replications would decide whether `nearest` is an
    /// answer; `None` where nobody can tell.
    pub replications_to_decide: Option<u64>,
    /// Two timeouts of which the longer one has more duplicates, beyond chance: then a shorter one
    /// than those looked at may do as well.
    pub rises: Option<[String; 2]>,
    /// Where nothing is wanted: the first timeout from which on the next one saves less than one
    /// duplicate in a thousand messages.
    pub knee: Option<String>,
}

/// Whether anything meets what is wanted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AdviceVerdict {
    /// There is an answer.
    Yes,
    /// There is none.
    No,
    /// These runs cannot say.
    #[default]
    Open,
}

/// Whether a limit is kept, by the interval of what it limits. From good to bad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// The whole interval is below it.
    Meets,
    /// It lies in the interval, or there is none.
    Open,
    /// No part of the interval is below it.
    Misses,
}

/// Crashes that the scenario does not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddedCrashes {
    /// Mean time from a worker's start to its crash.
    pub mean_time_between_ns: u64,
    /// From the crash to the next start.
    pub restart_ns: u64,
}

/// One timeout.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TimeoutPoint {
    /// As `--set` takes it.
    pub timeout: String,
    /// Work done again per message deleted, without added crashes. Where none was seen the
    /// interval ends at three over the messages deleted (the "rule of three").
    pub duplicates: Option<EstimatedMeasure>,
    /// Messages deleted over all replications, without added crashes.
    pub deleted: u64,
    /// Mean time from a crash until a message that was worked on is received again.
    pub recovery_mean_ns: Option<EstimatedMeasure>,
    /// The time that 95 % of them do not exceed.
    pub recovery_p95_ns: Option<EstimatedMeasure>,
    /// Messages that were worked on when a worker crashed, over all replications.
    pub lost: u64,
    /// Of these, those that were not back when the run ended: counted with the time until then.
    pub not_back: u64,
    /// The queues that do not settle at this timeout: how long a recovery takes there has no mean
    /// and no quantile, and keeps no limit. Left out if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unstable: Vec<EstimatedUnstable>,
    /// Whether all limits are kept; `None` without limits.
    pub limits: Option<Limit>,
    /// Whether the duplicates are below their limit; `None` without one.
    pub duplicates_limit: Option<Limit>,
    /// Whether `recovery_p95_ns` is below its limit; `None` without one.
    pub recovery_limit: Option<Limit>,
    /// Why a run ended early: then nothing is surely met.
    pub partial: Option<String>,
}

/// How long a run must be, or how many there must be.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LengthAdvice {
    /// [`ADVICE_FORMAT`].
    pub format: String,
    /// The version of sqsim that made it.
    pub version: String,
    /// `run_length`.
    pub advises: String,
    /// The scenario's name.
    pub scenario: String,
    /// The seed of every stream.
    pub seed: u64,
    /// Changes: `PATH=VALUE`.
    pub set: Vec<String>,
    /// The queue whose mean time from send to first receive is to be known.
    pub queue: String,
    /// Half the width of the 95 % interval of that mean, as a share of it.
    pub precision: f64,
    /// What theory says; `None` if it does not know the queue.
    pub theory: Option<TheoryLength>,
    /// What pilot runs say, where theory says nothing.
    pub pilot: Option<PilotLength>,
}

/// From theory.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TheoryLength {
    /// What the queue is: `M/M/1`.
    pub queue: String,
    /// Share of busy threads.
    pub load: f64,
    /// Messages to measure.
    pub messages: u64,
    /// What to discard of the beginning.
    pub warm_up_ns: u64,
    /// Length of one run, warm-up included.
    pub duration_ns: u64,
    /// The scenario's own length.
    pub own_duration_ns: u64,
    /// Replications of that length that measure as many messages; `None` if the warm-up leaves
    /// nothing of it.
    pub replications: Option<u64>,
}

/// From pilot runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PilotLength {
    /// How many.
    pub runs: u64,
    /// Their mean wait in nanoseconds; `None` if no message was received, and of a queue that does
    /// not settle.
    pub mean_ns: Option<EstimatedMeasure>,
    /// About how many would be enough; `None` where nobody can tell, and of a queue that does not
    /// settle.
    pub replications: Option<u64>,
    /// How the queue grows, if it does not settle.
    pub unstable: Option<EstimatedUnstable>,
    /// Why a run ended early.
    pub partial: Option<String>,
}

impl TimeoutAdvice {
    /// As JSON, indented, with a line feed at the end.
    ///
    /// # Errors
    /// Never for a document made by this crate.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// The point of this timeout.
    pub fn at(&self, timeout: &str) -> Option<&TimeoutPoint> {
        self.points.iter().find(|point| point.timeout == timeout)
    }

    /// Whether a limit was given.
    pub fn is_limited(&self) -> bool {
        self.duplicates_below.is_some() || self.recovery_below_ns.is_some()
    }
}

impl LengthAdvice {
    /// As JSON, indented, with a line feed at the end.
    ///
    /// # Errors
    /// Never for a document made by this crate.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }
}
