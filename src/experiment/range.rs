//! What numbers an experiment may be asked with, on the command line as in a file or a journal.
//!
//! Owns the ranges. Must not know which option or setting a number stands in.

use std::ops::RangeInclusive;

use serde::de::Error;
use serde::{Deserialize, Deserializer};

use super::fraction::Fraction;

/// Replications: a million rows of one point are more than anybody waits for.
pub const REPLICATIONS: RangeInclusive<u64> = 1..=1_000_000;

/// Replications of which a spread is needed.
pub const SPREAD: RangeInclusive<u64> = 2..=*REPLICATIONS.end();

/// Most runs of one experiment, over all points.
pub const MOST_RUNS: u64 = 10_000_000;

/// Probability to be sure with: not less than a coin, and never certain.
pub const CONFIDENCE: RangeInclusive<f64> = 0.5..=0.9999;

fn whole<'de, D: Deserializer<'de>>(
    deserializer: D,
    range: &RangeInclusive<u64>,
) -> Result<u64, D::Error> {
    let number = u64::deserialize(deserializer)?;
    if range.contains(&number) {
        return Ok(number);
    }
    let (least, most) = (range.start(), range.end());
    Err(D::Error::custom(format!("`{number}` is not a whole number from {least} to {most}")))
}

/// Reads a number of [`REPLICATIONS`].
///
/// # Errors
/// It is none of them.
pub fn replications<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    whole(deserializer, &REPLICATIONS)
}

/// Reads a number of [`SPREAD`].
///
/// # Errors
/// It is none of them.
pub fn spread<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    whole(deserializer, &SPREAD)
}

/// Reads a [`CONFIDENCE`].
///
/// # Errors
/// It is none.
pub fn confidence<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Fraction, D::Error> {
    let share = Fraction::deserialize(deserializer)?;
    if CONFIDENCE.contains(&share.0) {
        return Ok(share);
    }
    let message = format!("`{}` is no probability from 50% to 99.99%, such as \"95%\"", share.0);
    Err(D::Error::custom(message))
}

/// Whether a share of a mean is one that an interval may be wide.
pub fn is_precision(share: f64) -> bool {
    share > 0.0 && share < 1.0
}

/// Reads a share of a mean that an interval may be wide, or none.
///
/// # Errors
/// It is neither.
pub fn precision<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Fraction>, D::Error> {
    match Option::<Fraction>::deserialize(deserializer)? {
        Some(Fraction(share)) if !is_precision(share) => Err(D::Error::custom(format!(
            "`{share}` is no share of the mean above 0 and below 1, such as \"2%\""
        ))),
        share => Ok(share),
    }
}
