//! Scalars with a notation of their own, and maps that keep their order.
//!
//! Owns how lengths, sizes, rates, probabilities and prices may be written. Must not know where
//! they are used.
//!
//! Invariant: what is written is read as the same value, to the last bit.

use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use serde::de::{Error, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::kernel::time::Span;
use crate::scenario::fault::{Fault, Faults};
use crate::scenario::units;
use crate::scenario::visible::visible;

/// A number or a text: what a scalar is made of.
#[derive(Debug)]
enum Scalar {
    Number(f64),
    Text(String),
}

/// A length of time: `"30s"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Length(pub Span);

/// Something per second: `"400/s"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Rate(pub f64);

/// A number of bytes: `"64KiB"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Size(pub u64);

/// A price in billionths of a dollar: `"$0.40"` or `0.40`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Price(pub u64);

/// A probability: `0.02`, `"2%"` or `"1/50"`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Probability(pub f64);

/// A whole number, or no bound.
#[derive(Clone, Copy, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "bound")]
pub enum Bound {
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

/// What stands in quotes in a file: `"30s".parse()`.
macro_rules! parsed {
    ($($of:ty),*) => {$(
        impl FromStr for $of {
            type Err = Faults;

            fn from_str(text: &str) -> Result<$of, Faults> {
                let value = <$of>::try_from(Scalar::Text(text.into()));
                value.map_err(|why| Faults::of(Fault::of_lines(&why)))
            }
        }
    )*};
}

parsed!(Length, Price, Probability, Rate, Size);

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

impl Serialize for Length {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&self.0)
    }
}

impl Serialize for Rate {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}/s", self.0))
    }
}

impl Serialize for Probability {
    /// A percentage where that is exact and short.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let percent = format!("{}%", 100.0 * self.0);
        let is_exact = units::parse_probability(&percent) == Ok(self.0);
        if self.0 > 0.0 && is_exact && percent.len() <= "12.5%".len() {
            serializer.serialize_str(&percent)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

impl Serialize for Size {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&units::size_with_half(self.0))
    }
}

impl Serialize for Price {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&units::price_text(self.0))
    }
}

/// A map in the order of the file: `[("jobs", QueueFile::default())].into()`.
#[derive(Clone, Debug, PartialEq)]
pub struct NamedFile<T>(pub Vec<(String, T)>);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for NamedFile<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NamedFile<T>, D::Error> {
        deserializer.deserialize_map(NamedVisitor(PhantomData))
    }
}

struct NamedVisitor<T>(PhantomData<T>);

impl<'de, T: Deserialize<'de>> Visitor<'de> for NamedVisitor<T> {
    type Value = NamedFile<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a map in braces")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<NamedFile<T>, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(NamedFile(entries))
    }
}

impl<T> Default for NamedFile<T> {
    fn default() -> NamedFile<T> {
        NamedFile(Vec::new())
    }
}

impl<N: Into<String>, T> FromIterator<(N, T)> for NamedFile<T> {
    fn from_iter<I: IntoIterator<Item = (N, T)>>(entries: I) -> NamedFile<T> {
        NamedFile(entries.into_iter().map(|(name, value)| (name.into(), value)).collect())
    }
}

impl<N: Into<String>, T, U: Into<T>, const COUNT: usize> From<[(N, U); COUNT]> for NamedFile<T> {
    fn from(entries: [(N, U); COUNT]) -> NamedFile<T> {
        entries.into_iter().map(|(name, value)| (name, value.into())).collect()
    }
}

impl<T: Serialize> Serialize for NamedFile<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}
