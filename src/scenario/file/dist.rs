//! Distributions as written.
//!
//! Owns their names. Must not know how they are sampled.

use serde::{Deserialize, Serialize};

use super::values::{Length, NamedFile};

/// A distribution of lengths of time, or of sizes; see [`crate::kernel::dist::Dist`].
#[derive(Clone, Debug, PartialEq, Deserialize, Serialize)]
#[serde(rename = "distribution")]
pub enum DistFile<Q = Length> {
    Constant(Q),
    Uniform { min: Q, max: Q },
    Exponential(Q),
    Erlang { k: u32, mean: Q },
    Gamma { shape: f64, mean: Q },
    HyperExponential { mean: Q, cv: f64 },
    LogNormal { p50: Option<Q>, p99: Option<Q>, mean: Option<Q>, cv: Option<f64> },
    Weibull { shape: f64, scale: Q },
    Pareto { shape: f64, min: Q, max: Q },
    Normal { mean: Q, sd: Q },
    Triangular { min: Q, mode: Q, max: Q },
    Percentiles(NamedFile<Q>),
    Empirical(String),
    Mix(Vec<(f64, DistFile<Q>)>),
    Shifted { by: Q, dist: Box<DistFile<Q>> },
}
