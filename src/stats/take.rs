//! What a function takes out of a latency or a level.
//!
//! Owns the list of them and their names. Must not know where values are found.

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
pub(in crate::stats) fn take(function: &str) -> Option<Take> {
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
pub(in crate::stats) fn said_otherwise(function: &str) -> Option<&'static str> {
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
