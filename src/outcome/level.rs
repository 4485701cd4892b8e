//! A level, and a sum of nanoseconds, in an outcome.
//!
//! Owns their serialised form. Must not know what they are of.

use serde::{Deserialize, Serialize};

use crate::observe::measured::Level;

/// One level.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct LevelSummary {
    /// Mean over time.
    pub mean: f64,
    /// Highest that lasted.
    pub max: u64,
    /// At the end of the run.
    pub last: u64,
}

impl LevelSummary {
    pub(super) fn of(level: Level) -> LevelSummary {
        LevelSummary { mean: level.mean(), max: level.max, last: level.last }
    }
}

/// Sums of nanoseconds fit 64 bits up to 584 years of work.
pub(super) fn nanos(sum: u128) -> u64 {
    u64::try_from(sum).unwrap_or(u64::MAX)
}
