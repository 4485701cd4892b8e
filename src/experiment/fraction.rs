//! A share of one, as experiments write it.
//!
//! Owns its two notations. Must not know what it is a share of.

use std::fmt;

use serde::de::{Error, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::scenario::units::parse_probability;

/// A share from 0 to 1: `0.01` or `"1%"`; written as the number.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd, Serialize)]
pub struct Fraction(pub f64);

impl<'de> Deserialize<'de> for Fraction {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Fraction, D::Error> {
        deserializer.deserialize_any(Written)
    }
}

struct Written;

impl Visitor<'_> for Written {
    type Value = Fraction;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a share such as 0.01 or \"1%\"")
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Fraction, E> {
        let share = Some(number).filter(|share| (0.0..=1.0).contains(share));
        share.map(Fraction).ok_or_else(|| E::custom(format!("`{number}` is no share of one")))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Fraction, E> {
        parse_probability(text).map(Fraction).map_err(E::custom)
    }
}
