//! What one measure is of, for whoever knows its value from elsewhere.
//!
//! Owns what a function takes out of a latency or a level. Must not know where values are found.

use super::measure::{Measure, Names, What, all_names, split};

/// What a function takes out of a latency or a level.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Take {
    /// The mean.
    Mean,
    /// The standard deviation.
    Stddev,
    /// The largest value.
    Max,
    /// The value at the end.
    Last,
    /// How many values there are.
    Count,
    /// The value that this share does not exceed.
    Quantile(f64),
}

/// `mean`, `stddev`, `max`, `last`, `count`, or `p` and the digits behind the point: `p99`, `p999`.
pub(super) fn take(function: &str) -> Option<Take> {
    match function {
        "mean" => Some(Take::Mean),
        "stddev" => Some(Take::Stddev),
        "max" => Some(Take::Max),
        "last" => Some(Take::Last),
        "count" => Some(Take::Count),
        _ => {
            let digits = function.strip_prefix('p')?;
            let plain =
                (2..=6).contains(&digits.len()) && digits.chars().all(|c| c.is_ascii_digit());
            plain.then(|| format!("0.{digits}").parse().ok().map(Take::Quantile)).flatten()
        }
    }
}

/// What a function of another tool is called here: `p99.9`, `median`, `avg`.
pub(super) fn said_otherwise(function: &str) -> Option<&'static str> {
    match function.to_ascii_lowercase().as_str() {
        "p99.9" => Some("p999"),
        "p99.99" => Some("p9999"),
        "p99.5" => Some("p995"),
        "p97.5" => Some("p975"),
        "p50.0" | "median" | "p5" => Some("p50"),
        "p100" | "maximum" => Some("max"),
        "avg" | "average" => Some("mean"),
        "sd" | "std" | "stdev" => Some("stddev"),
        "final" | "end" => Some("last"),
        _ => None,
    }
}

/// What one measure is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Single {
    /// The name of the measure: `sent_to_received`, `busy`.
    pub name: &'static str,
    /// What is taken of a latency or a level.
    pub take: Option<Take>,
    /// The place of its queue or fleet in the scenario.
    pub place: usize,
}

impl Measure {
    /// What it is of, for a latency, a level and the shares of a fleet's time.
    pub(super) fn single(&self, names: &Names<'_>) -> Option<Single> {
        let argument = self.name.trim_end_matches(')');
        let (_, last) = split(argument.rsplit('(').next().unwrap_or(argument));
        let (name, take) = match self.what {
            What::Share(share) => (share.name(), None),
            What::Latency(take, _) | What::Level(take, _) => (last, Some(take)),
            What::Count(_) | What::Rate(_) | What::WorkerHours | What::Cost(_) => return None,
        };
        let name = all_names().find(|known| *known == name)?;
        Some(Single { name, take, place: self.place(names).ok()? })
    }
}
