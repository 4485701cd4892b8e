//! What a partition or a node carries, as it is written.
//!
//! Owns the notation of a token bucket. Must not know whose it is.

use serde::{Deserialize, Serialize};

use super::values::Rate;

/// What one partition carries.
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "capacity")]
pub enum CapacityFile {
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
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "burst")]
pub enum BurstFile {
    OneSecond,
    #[serde(rename = "(number)")]
    Calls(f64),
}
