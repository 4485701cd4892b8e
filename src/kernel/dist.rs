//! Distributions of lengths of time.
use super::rng::Source;
use super::time::Span;

/// A distribution of lengths. All parameters are in nanoseconds or dimensionless; the scenario
/// room checks their ranges before one is made.
#[derive(Clone, Debug, PartialEq)]
pub enum Dist {
    /// Always the same.
    Constant(Span),
    /// Even between the two.
    Uniform {
        /// Shortest.
        min: Span,
        /// Longest.
        max: Span,
    },
    /// Exponential.
    Exponential {
        /// Mean.
        mean: Span,
    },
    /// Sum of `k` exponentials.
    Erlang {
        /// Stages, at least 1.
        k: u32,
        /// Mean of the sum.
        mean: Span,
    },
    /// Gamma.
    Gamma {
        /// Shape, above 0.
        shape: f64,
        /// Mean.
        mean: Span,
    },
    /// Exponential with mean `first` with probability `p`, else with mean `second`.
    HyperExponential {
        /// Probability of the first branch.
        p: f64,
        /// Mean of the first branch.
        first: Span,
        /// Mean of the second branch.
        second: Span,
    },
    /// Log-normal: e to the power of a normal variable.
    LogNormal {
        /// Mean of the logarithm of the nanoseconds.
        mu: f64,
        /// Standard deviation of that logarithm.
        sigma: f64,
    },
    /// Weibull.
    Weibull {
        /// Shape, above 0.
        shape: f64,
        /// Scale.
        scale: Span,
    },
    /// Pareto, bounded on both sides.
    Pareto {
        /// Tail index, above 0.
        shape: f64,
        /// Shortest, above 0.
        min: Span,
        /// Longest.
        max: Span,
    },
    /// Normal, cut at 0 (what would be negative is drawn anew, by inversion of the cut law).
    Normal {
        /// Mean before the cut.
        mean: Span,
        /// Standard deviation before the cut.
        sd: Span,
    },
    /// Triangular.
    Triangular {
        /// Shortest.
        min: Span,
        /// Likeliest.
        mode: Span,
        /// Longest.
        max: Span,
    },
    /// Piecewise linear quantile function through (probability, length), ascending in both, from
    /// probability 0 to 1.
    Percentiles(Vec<(f64, Span)>),
    /// One of these lengths (ascending), each as likely: the inverse of the empirical law.
    Empirical(Vec<Span>),
    /// One of several, with weights that sum to 1.
    Mix(Vec<(f64, Dist)>),
    /// Another one, longer by a constant.
    Shifted {
        /// The constant.
        by: Span,
        /// The other one.
        dist: Box<Dist>,
    },
}

impl Dist {
    /// One draw.
    pub fn sample<S: Source>(&self, _source: &mut S) -> Span {
        Span::ZERO
    }
}
