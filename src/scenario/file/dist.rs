//! Distributions as written.
//!
//! Owns their names. Must not know how they are sampled.

use serde::Deserialize;

use super::values::{Length, Named};

/// A distribution of lengths of time; see [`crate::kernel::dist::Dist`].
#[derive(Debug, Deserialize)]
#[serde(rename = "distribution")]
pub(in crate::scenario) enum DistFile {
    Constant(Length),
    Uniform { min: Length, max: Length },
    Exponential(Length),
    Erlang { k: u32, mean: Length },
    Gamma { shape: f64, mean: Length },
    HyperExponential { mean: Length, cv: f64 },
    LogNormal { p50: Option<Length>, p99: Option<Length>, mean: Option<Length>, cv: Option<f64> },
    Weibull { shape: f64, scale: Length },
    Pareto { shape: f64, min: Length, max: Length },
    Normal { mean: Length, sd: Length },
    Triangular { min: Length, mode: Length, max: Length },
    Percentiles(Named<Length>),
    Empirical(String),
    Mix(Vec<(f64, DistFile)>),
    Shifted { by: Length, dist: Box<DistFile> },
}
