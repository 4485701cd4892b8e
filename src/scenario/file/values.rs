//! Scalars with a notation of their own, and maps that keep their order.
//!
//! Owns how lengths, sizes, rates, probabilities and prices may be written. Must not know where
//! they are used.

use std::fmt;
use std::marker::PhantomData;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};

use crate::kernel::time::Span;
use crate::scenario::units;
use crate::scenario::visible::visible;

/// A number or a text: what a scalar is made of.
#[derive(Debug)]
pub(in crate::scenario) enum Scalar {
    Number(f64),
    Text(String),
}

/// A length of time: `"30s"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Length(pub(in crate::scenario) Span);

/// Something per second: `"400/s"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Rate(pub(in crate::scenario) f64);

/// A number of bytes: `"64KiB"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Size(pub(in crate::scenario) u64);

/// A price in billionths of a dollar: `"$0.40"` or `0.40`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Price(pub(in crate::scenario) u64);

/// A probability: `0.02`, `"2%"` or `"1/50"`.
#[derive(Clone, Copy, Debug)]
pub(in crate::scenario) struct Probability(pub(in crate::scenario) f64);

/// A whole number, or no bound.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(rename = "bound")]
pub(in crate::scenario) enum Bound {
    Unlimited,
    #[serde(rename = "(number)")]
    Number(u32),
}

impl Bound {
    /// The number, `None` for no bound.
    pub(in crate::scenario) fn number(self) -> Option<u32> {
        match self {
            Bound::Unlimited => None,
            Bound::Number(number) => Some(number),
        }
    }
}

impl TryFrom<Scalar> for Length {
    type Error = String;

    fn try_from(scalar: Scalar) -> Result<Length, String> {
        let form = units::LENGTH_FORM;
        match scalar {
            Scalar::Text(text) => units::parse_span(&text)
                .map(Length)
                .map_err(|why| format!("{}\n{form}", visible(&why))),
            Scalar::Number(number) => Err(format!(
                "`{number}` has no unit of time\nwrite \"{number}s\" if it is seconds\n{form}"
            )),
        }
    }
}

impl TryFrom<Scalar> for Rate {
    type Error = String;

    fn try_from(scalar: Scalar) -> Result<Rate, String> {
        let form = units::RATE_FORM;
        match scalar {
            Scalar::Text(text) => units::parse_rate(&text)
                .map(Rate)
                .map_err(|why| format!("{}\n{form}", visible(&why))),
            Scalar::Number(number) => Err(format!(
                "`{number}` does not say per what unit of time\n\
                     write \"{number}/s\" if it is per second\n{form}"
            )),
        }
    }
}

impl TryFrom<Scalar> for Probability {
    type Error = String;

    fn try_from(scalar: Scalar) -> Result<Probability, String> {
        let form = units::PROBABILITY_FORM;
        match scalar {
            Scalar::Text(text) => units::parse_probability(&text)
                .map(Probability)
                .map_err(|why| format!("{}\n{form}", visible(&why))),
            Scalar::Number(value) if (0.0..=1.0).contains(&value) => Ok(Probability(value)),
            Scalar::Number(value) => Err(format!("`{value}` is not between 0 and 1\n{form}")),
        }
    }
}

impl TryFrom<Scalar> for Size {
    type Error = String;

    fn try_from(scalar: Scalar) -> Result<Size, String> {
        let form = units::SIZE_FORM;
        match scalar {
            Scalar::Text(text) => units::parse_size(&text)
                .map(Size)
                .map_err(|why| format!("{}\n{form}", visible(&why))),
            Scalar::Number(number) => Err(format!(
                "`{number}` has no unit of size\nwrite \"{number}B\" if it is bytes\n{form}"
            )),
        }
    }
}

impl TryFrom<Scalar> for Price {
    type Error = String;

    fn try_from(scalar: Scalar) -> Result<Price, String> {
        let form = units::PRICE_FORM;
        let text = match scalar {
            Scalar::Text(text) => text,
            Scalar::Number(number) => format!("${number}"),
        };
        units::parse_price(&text).map(Price).map_err(|why| format!("{}\n{form}", visible(&why)))
    }
}

/// Reads a scalar; `expecting` completes "expected …".
fn read<'de, D, T>(deserializer: D, expecting: &'static str) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: TryFrom<Scalar, Error = String>,
{
    let scalar = deserializer.deserialize_any(ScalarVisitor(expecting))?;
    T::try_from(scalar).map_err(D::Error::custom)
}

struct ScalarVisitor(&'static str);

impl Visitor<'_> for ScalarVisitor {
    type Value = Scalar;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Scalar, E> {
        Ok(Scalar::Number(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Scalar, E> {
        Ok(Scalar::Text(text.into()))
    }
}

impl<'de> Deserialize<'de> for Length {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Length, D::Error> {
        read(deserializer, "a length of time such as \"30s\"")
    }
}

impl<'de> Deserialize<'de> for Rate {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Rate, D::Error> {
        read(deserializer, "a rate such as \"400/s\"")
    }
}

impl<'de> Deserialize<'de> for Probability {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Probability, D::Error> {
        read(deserializer, "a probability such as 0.02 or \"2%\"")
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Size, D::Error> {
        read(deserializer, "a size such as \"64KiB\"")
    }
}

impl<'de> Deserialize<'de> for Price {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Price, D::Error> {
        read(deserializer, "a price in dollars such as \"$0.40\"")
    }
}

/// A map in the order of the file.
#[derive(Debug)]
pub(in crate::scenario) struct Named<T>(pub(in crate::scenario) Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Named<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Named<T>, D::Error> {
        deserializer.deserialize_map(NamedVisitor(PhantomData))
    }
}

struct NamedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NamedVisitor<T> {
    type Value = Named<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map in braces")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Named<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Named(entries))
    }
}
