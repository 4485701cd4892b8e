//! Closed forms of the laws in [`super::dist`]: quantile functions, probabilities, moments.
//!
//! Owns one formula a function, lengths in nanoseconds. Must not know where uniform numbers come
//! from.
//!
//! Invariant: every quantile function ascends in `u` and is finite for 0 < `u` < 1.

use super::num;
use super::time::Span;

#[inline]
pub(super) fn nanos(span: Span) -> f64 {
    span.as_nanos() as f64
}

#[inline]
pub(super) fn square(x: f64) -> f64 {
    x * x
}

pub(super) fn average(values: impl ExactSizeIterator<Item = f64>) -> f64 {
    let count = values.len() as f64;
    values.sum::<f64>() / count
}

#[inline]
pub(super) fn uniform(min: Span, max: Span, u: f64) -> f64 {
    nanos(min) + u * (nanos(max) - nanos(min))
}

/// How far `x` is on the way from `min` to `max`: 0 before, 1 after.
pub(super) fn share(min: Span, max: Span, x: Span) -> f64 {
    if x >= max { 1.0 } else { nanos(x.saturating_sub(min)) / nanos(max - min) }
}

#[inline]
pub(super) fn exponential(mean: Span, u: f64) -> f64 {
    nanos(mean) * num::exponential_quantile(u)
}

/// The law at `x`; all of it at 0 where the mean is 0.
pub(super) fn exponential_cdf(mean: Span, x: f64) -> f64 {
    if mean.is_zero() { 1.0 } else { -num::exp_m1(-x / nanos(mean)) }
}

/// The law of the gamma variable with this mean; all of it at 0 where the mean is 0.
pub(super) fn gamma_cdf(shape: f64, mean: Span, x: f64) -> f64 {
    if mean.is_zero() { 1.0 } else { num::gamma_cdf(shape, x * shape / nanos(mean)) }
}

#[inline]
pub(super) fn log_normal(mu: f64, sigma: f64, u: f64) -> f64 {
    num::exp(mu + sigma * num::normal_quantile(u))
}

pub(super) fn log_normal_cdf(mu: f64, sigma: f64, x: f64) -> f64 {
    let above = num::ln(x) - mu;
    if sigma > 0.0 { num::normal_cdf(above / sigma) } else { f64::from(u8::from(above >= 0.0)) }
}

#[inline]
pub(super) fn weibull(shape: f64, scale: Span, u: f64) -> f64 {
    nanos(scale) * num::pow(num::exponential_quantile(u), 1.0 / shape)
}

pub(super) fn weibull_cdf(shape: f64, scale: Span, x: f64) -> f64 {
    if scale.is_zero() { 1.0 } else { -num::exp_m1(-num::pow(x / nanos(scale), shape)) }
}

/// The probability that the Pareto law without an upper bound exceeds `max`.
#[inline]
pub(super) fn pareto_beyond(shape: f64, min: Span, max: Span) -> f64 {
    num::pow(nanos(min) / nanos(max), shape)
}

/// The inverse of the bounded law. `1 - u·(1 - beyond)` is written as a sum of two positive terms
/// so that the far tail loses no digits.
#[inline]
pub(super) fn pareto(shape: f64, min: Span, max: Span, u: f64) -> f64 {
    let exceed = (1.0 - u) + u * pareto_beyond(shape, min, max);
    (nanos(min) * num::pow(exceed, -1.0 / shape)).clamp(nanos(min), nanos(max))
}

pub(super) fn pareto_cdf(shape: f64, min: Span, max: Span, x: Span) -> f64 {
    if x >= max {
        1.0
    } else if x < min {
        0.0
    } else {
        (1.0 - pareto_beyond(shape, min, x)) / (1.0 - pareto_beyond(shape, min, max))
    }
}

/// The `k`-th moment in units of `min`: a/(1 − r^−a) · ∫ x^(k−a−1) dx from 1 to r = max/min, where
/// the integral at k = a is ln r.
pub(super) fn pareto_moment(shape: f64, min: Span, max: Span, k: f64) -> f64 {
    if min == max {
        return 1.0;
    }
    let ln_ratio = num::ln(nanos(max) / nanos(min));
    let power = k - shape;
    let integral = if power == 0.0 { ln_ratio } else { num::exp_m1(power * ln_ratio) / power };
    shape * integral / -num::exp_m1(-shape * ln_ratio)
}

/// The inverse of the normal law given that it is not negative, through its upper tail, where the
/// digits are.
#[inline]
pub(super) fn cut_normal(mean: Span, sd: Span, u: f64) -> f64 {
    if sd.is_zero() {
        return nanos(mean);
    }
    let kept = num::normal_cdf(nanos(mean) / nanos(sd));
    nanos(mean) - nanos(sd) * num::normal_quantile((1.0 - u) * kept)
}

pub(super) fn cut_normal_cdf(mean: Span, sd: Span, x: Span) -> f64 {
    if sd.is_zero() {
        return f64::from(u8::from(mean <= x));
    }
    let kept = num::normal_cdf(nanos(mean) / nanos(sd));
    1.0 - num::normal_cdf((nanos(mean) - nanos(x)) / nanos(sd)) / kept
}

/// The density at the cut over the probability above it, both of the standard normal law: what
/// the moments of the cut law are made of (N. L. Johnson, S. Kotz, "Continuous Univariate
/// Distributions 1", section 13.10.1).
pub(super) fn cut_hazard(mean: Span, sd: Span) -> f64 {
    if sd.is_zero() {
        return 0.0;
    }
    let cut = nanos(mean) / nanos(sd);
    num::normal_density(cut) / num::normal_cdf(cut)
}

#[inline]
pub(super) fn triangular(min: Span, mode: Span, max: Span, u: f64) -> f64 {
    let (width, left) = (nanos(max) - nanos(min), nanos(mode) - nanos(min));
    if u * width < left {
        nanos(min) + num::sqrt(u * width * left)
    } else {
        nanos(max) - num::sqrt((1.0 - u) * width * (width - left))
    }
}

pub(super) fn triangular_cdf(min: Span, mode: Span, max: Span, x: Span) -> f64 {
    if x >= max {
        return 1.0;
    }
    let width = nanos(max - min);
    if x < min {
        0.0
    } else if x < mode {
        square(nanos(x - min)) / (width * nanos(mode - min))
    } else {
        1.0 - square(nanos(max - x)) / (width * nanos(max - mode))
    }
}

#[inline]
pub(super) fn percentile(points: &[(f64, Span)], u: f64) -> f64 {
    let above = points.partition_point(|&(p, _)| p <= u).clamp(1, points.len() - 1);
    let ((p0, low), (p1, high)) = (points[above - 1], points[above]);
    nanos(low) + (u - p0) / (p1 - p0) * (nanos(high) - nanos(low))
}

pub(super) fn percentile_cdf(points: &[(f64, Span)], x: Span) -> f64 {
    let above = points.partition_point(|&(_, length)| length <= x);
    if above == 0 {
        return 0.0;
    }
    let (p0, low) = points[above - 1];
    points.get(above).map_or(1.0, |&(p1, high)| p0 + (p1 - p0) * share(low, high, x))
}

/// The straight pieces of a percentile curve: (probability, first length, last length).
pub(super) fn pieces(points: &[(f64, Span)]) -> impl Iterator<Item = (f64, f64, f64)> {
    points.windows(2).map(|pair| (pair[1].0 - pair[0].0, nanos(pair[0].1), nanos(pair[1].1)))
}

#[inline]
#[expect(clippy::cast_sign_loss, reason = "a uniform number is positive")]
pub(super) fn empirical(lengths: &[Span], u: f64) -> Span {
    let index = (u * lengths.len() as f64) as usize;
    lengths[index.min(lengths.len() - 1)]
}
