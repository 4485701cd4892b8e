//! The expectation language: `p99(sent_to_deleted) < 2s`.
//!
//! Owns its grammar, its units and the judgement. Must not know where an expectation was written
//! or how a verdict is printed.
//!
//! ```text
//! expectation = sum ("<" | "<=" | ">" | ">=" | "==" | "!=") sum
//! sum         = product (("+" | "-") product)*
//! product     = atom (("*" | "/") atom)*
//! atom        = number | percentage | duration | rate | money | measure | "(" sum ")"
//! measure     = name | function "(" name ")"
//! name        = [queue | producer | fleet "."] measure, as in `redelivered.failed`, `orders.sent`
//! ```
//!
//! A sum alone is a [`Quantity`]: what sweeps, comparisons and plans tell of each run.
//!
//! A name without a queue means the first queue of the file, and likewise the first producer or
//! fleet. Every value has a [`Unit`]; unlike units are never compared or added.
//!
//! Invariant: what cannot be computed (a share of nothing, a quantile of no values) does not
//! hold, and the verdict says why.

mod known;
mod lex;
mod measure;
mod nature;
mod over;
mod parse;
mod share;
mod single;

use std::cmp::Ordering;
use std::fmt;

use self::measure::Measure;
use crate::observe::measured::Measured;
use crate::observe::nature::Wanted;

pub use crate::stats::take::Take;
pub use known::all_names;
pub use measure::Names;
pub use over::{Compared, Told};
pub use single::Single;

/// What a value is measured in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// A count or a share.
    Number,
    /// Nanoseconds.
    Duration,
    /// Per second.
    Rate,
    /// Dollars.
    Money,
}

impl Unit {
    /// Its name in documents.
    pub fn name(self) -> &'static str {
        match self {
            Unit::Number => "number",
            Unit::Duration => "ns",
            Unit::Rate => "per second",
            Unit::Money => "dollars",
        }
    }
}

impl fmt::Display for Unit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Unit::Number => "a bare number",
            Unit::Duration => "a duration",
            Unit::Rate => "a rate",
            Unit::Money => "an amount of money",
        })
    }
}

/// How two values are compared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
}

impl Comparison {
    /// Whether `left` compares so with `right`; never for a NaN.
    pub fn holds(self, left: f64, right: f64) -> bool {
        let Some(order) = left.partial_cmp(&right) else { return false };
        match self {
            Comparison::Less => order == Ordering::Less,
            Comparison::LessOrEqual => order != Ordering::Greater,
            Comparison::Greater => order == Ordering::Greater,
            Comparison::GreaterOrEqual => order != Ordering::Less,
            Comparison::Equal => order == Ordering::Equal,
            Comparison::NotEqual => order != Ordering::Equal,
        }
    }

    /// Whether it wants the left side below the right one; `None` if it wants no order.
    pub fn is_below(self) -> Option<bool> {
        match self {
            Comparison::Less | Comparison::LessOrEqual => Some(true),
            Comparison::Greater | Comparison::GreaterOrEqual => Some(false),
            Comparison::Equal | Comparison::NotEqual => None,
        }
    }

    /// The same statement with its sides exchanged.
    fn turned(self) -> Comparison {
        match self {
            Comparison::Less => Comparison::Greater,
            Comparison::LessOrEqual => Comparison::GreaterOrEqual,
            Comparison::Greater => Comparison::Less,
            Comparison::GreaterOrEqual => Comparison::LessOrEqual,
            Comparison::Equal | Comparison::NotEqual => self,
        }
    }
}

/// A parsed expectation.
#[derive(Clone, Debug)]
pub struct Expectation {
    text: String,
    /// The side that names a measure; the left one if both do.
    value: parse::Expr,
    comparison: Comparison,
    limit: parse::Expr,
}

/// A parsed expression without a comparison: `p99(sent_to_deleted)`, `redelivered / received`.
#[derive(Clone, Debug)]
pub struct Quantity {
    text: String,
    value: parse::Expr,
}

/// What is wrong with the text of an expectation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExpectFault {
    /// Where, in characters from 1.
    pub column: usize,
    /// How many characters are meant, at least 1.
    pub length: usize,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do.
    pub help: String,
}

impl fmt::Display for ExpectFault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} (column {}); {}", self.message, self.column, self.help)
    }
}

impl std::error::Error for ExpectFault {}

/// The verdict on one expectation.
#[derive(Clone, Debug, PartialEq)]
pub struct Judged {
    /// The expectation as written.
    pub text: String,
    /// Whether it held.
    pub holds: bool,
    /// The measured side; `None` where it cannot be computed.
    pub value: Option<f64>,
    /// The other side; `None` where it cannot be computed.
    pub limit: Option<f64>,
    /// `value` must compare so with `limit`.
    pub comparison: Comparison,
    /// What both are measured in.
    pub unit: Unit,
    /// Why it cannot be computed.
    pub note: Option<String>,
}

/// Reads an expectation.
///
/// # Errors
/// The first fault of the text, with its column. Names of queues, producers and fleets are not
/// looked up; [`Expectation::check`] does that.
///
/// ```
/// use sqsim::stats::expect::parse;
///
/// assert!(parse("p99(sent_to_deleted) < 2s").is_ok());
/// let fault = parse("p99(sent_to_deletd) < 2s").expect_err("no such latency");
/// assert_eq!(fault.column, 5);
/// assert!(fault.to_string().contains("did you mean `sent_to_deleted`?"), "{fault}");
/// ```
pub fn parse(text: &str) -> Result<Expectation, ExpectFault> {
    parse::expectation(text)
}

/// Reads an expression that names a measure and compares it with nothing.
///
/// # Errors
/// As [`parse()`]. A comparison is a fault too.
pub fn parse_quantity(text: &str) -> Result<Quantity, ExpectFault> {
    parse::quantity(text)
}

/// Judges an expectation on one run.
pub fn evaluate(expectation: &Expectation, names: &Names<'_>, measured: &Measured) -> Judged {
    let value = expectation.value.value(names, measured);
    let limit = expectation.limit.value(names, measured);
    let note = value.as_ref().err().or(limit.as_ref().err()).cloned();
    let (value, limit) = (value.ok(), limit.ok());
    let holds = match (value, limit) {
        (Some(value), Some(limit)) => expectation.comparison.holds(value, limit),
        _ => false,
    };
    Judged {
        text: expectation.text.clone(),
        holds,
        value,
        limit,
        comparison: expectation.comparison,
        unit: expectation.value.unit,
        note,
    }
}

impl Expectation {
    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How its value must compare with its limit.
    pub fn comparison(&self) -> Comparison {
        self.comparison
    }

    /// What its value and its limit are measured in.
    pub fn unit(&self) -> Unit {
        self.value.unit
    }

    /// Its measured side.
    pub fn quantity(&self) -> Quantity {
        Quantity { text: self.value.slice(&self.text), value: self.value.clone() }
    }

    /// Its limit, if that names no measure; in nanoseconds for a duration.
    pub fn constant_limit(&self) -> Option<f64> {
        self.limit.constant()
    }

    /// Whether all it measures are latencies: when things happened to messages, whoever did them.
    pub fn is_of_latencies(&self) -> bool {
        self.value.all(Measure::is_latency) && self.limit.all(Measure::is_latency)
    }

    /// Looks up the queues, producers and fleets it names.
    ///
    /// # Errors
    /// The first name that the scenario does not have.
    pub fn check(&self, names: &Names<'_>) -> Result<(), ExpectFault> {
        self.value.check(names)?;
        self.limit.check(names)
    }

    /// A number of things that is compared with a percentage, or with a part of one thing, is
    /// hardly meant: what to write instead.
    pub fn count_against_share(&self) -> Option<ExpectFault> {
        if !self.value.is_alone() || !self.value.all(Measure::is_number) {
            return None;
        }
        let limit = self.limit.slice(&self.text);
        let is_part = self.limit.constant().is_some_and(|limit| limit > 0.0 && limit < 1.0);
        // A mean may well be a part of one thing.
        let is_plain = !self.value.slice(&self.text).contains('(');
        let is_share = limit.ends_with('%') || is_part && is_plain;
        if !is_share {
            return None;
        }
        let value = self.value.slice(&self.text);
        let (queue, _) = known::split(&value);
        let queue = queue.map(|queue| format!("{queue}.")).unwrap_or_default();
        let (column, length) = self.limit.span();
        Some(ExpectFault {
            column,
            length,
            message: format!("`{value}` is a number of things, `{limit}` is a share"),
            help: format!(
                "write `{value} / {queue}sent`, or what else it is a share of, or a whole number"
            ),
        })
    }

    /// The queues, by their places, of which a latency or a level in it is without end where their
    /// messages become ever more, so that it has no value.
    pub fn growing(&self, names: &Names<'_>) -> Vec<usize> {
        let mut places = self.value.growing(names);
        places.extend(self.limit.growing(names));
        places
    }
}

impl Quantity {
    /// The text it was read from.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What its value is measured in.
    pub fn unit(&self) -> Unit {
        self.value.unit
    }

    /// Which values of it one wants.
    pub fn wanted(&self) -> Wanted {
        self.value.wanted()
    }

    /// The same against a system with other traffic, or measured over another time: what follows
    /// it is neither good nor bad.
    pub fn wanted_against(&self, same_traffic: bool, same_time: bool) -> Wanted {
        let follows = !same_traffic && self.value.follows(Measure::follows_traffic)
            || !same_time && self.value.follows(Measure::follows_time);
        if follows { Wanted::Neither } else { self.wanted() }
    }

    /// Looks up the queues, producers and fleets it names.
    ///
    /// # Errors
    /// The first name that the scenario does not have.
    pub fn check(&self, names: &Names<'_>) -> Result<(), ExpectFault> {
        self.value.check(names)
    }

    /// Whether a price has a part in it.
    pub fn is_priced(&self) -> bool {
        !self.value.all(|measure| !measure.is_priced())
    }

    /// The queues, by their places, of which a latency or a level in it is without end where their
    /// messages become ever more, so that it has no value.
    pub fn growing(&self, names: &Names<'_>) -> Vec<usize> {
        self.value.growing(names)
    }

    /// What it is of, if it is a latency, a level or `busy` and nothing is computed with it.
    pub fn single(&self, names: &Names<'_>) -> Option<Single> {
        self.value.single(names)
    }

    /// Its value in one run, in nanoseconds for a duration.
    ///
    /// # Errors
    /// Why it has none: a share of nothing, a quantile of no values.
    pub fn value(&self, names: &Names<'_>, measured: &Measured) -> Result<f64, String> {
        self.value.value(names, measured)
    }
}

#[cfg(test)]
mod tests;
