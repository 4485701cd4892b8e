//! What a partition or a node carries, as it is written.
//!
//! Owns the notation of a token bucket. Must not know whose it is.

use serde::Deserialize;

use super::values::Rate;

/// What one partition carries.
#[derive(Debug, Deserialize)]
#[serde(rename = "capacity")]
pub(in crate::scenario) enum CapacityFile {
    Unlimited,
    #[serde(rename = "(text)")]
    Rate(Rate),
    #[serde(rename = "(record)")]
    Bucket {
        rate: Rate,
        burst: BurstFile,
    },
}

/// The depth of a token bucket.
#[derive(Debug, Deserialize)]
#[serde(rename = "burst")]
pub(in crate::scenario) enum BurstFile {
    OneSecond,
    #[serde(rename = "(number)")]
    Calls(f64),
}
