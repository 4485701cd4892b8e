//! Checks of distributions.
//!
//! Owns the ranges of their parameters: what passes here keeps every contract of
//! [`crate::kernel::dist`]. Must not know what they are the length of.

use super::Check;
use crate::kernel::dist::Dist;
use crate::kernel::time::Span;
use crate::scenario::file::DistFile;
use crate::scenario::file::values::{Length, Named};
use crate::scenario::tree::At;
use crate::scenario::units;

/// Ours: an Erlang draw costs one logarithm a stage.
const MOST_STAGES: u32 = 1_000;
/// Ours: beyond these a draw is all but certain to be 0 or endless.
const SHAPES: (f64, f64) = (0.01, 10_000.0);
const VARIATIONS: (f64, f64) = (0.0, 1_000.0);

const CONSTANT_ZERO: &str = "for no time at all write `Constant(\"0s\")`";

impl<'a> Check<'a> {
    /// A distribution.
    pub(super) fn dist(&mut self, at: &At<'a>, file: &DistFile) -> Dist {
        match file {
            DistFile::Constant(length) => Dist::Constant(length.0),
            DistFile::Uniform { min, max } => {
                self.ascending(at, &[("min", *min), ("max", *max)]);
                Dist::Uniform { min: min.0, max: max.0 }
            }
            DistFile::Exponential(mean) => {
                self.some_time(at, *mean, CONSTANT_ZERO);
                Dist::Exponential { mean: mean.0 }
            }
            DistFile::Erlang { k, mean } => {
                self.range(&at.field("k"), *k, 1, MOST_STAGES, "every stage costs time");
                self.some_time(&at.field("mean"), *mean, CONSTANT_ZERO);
                Dist::Erlang { k: *k, mean: mean.0 }
            }
            DistFile::Gamma { shape, mean } => {
                self.shape(at, *shape);
                self.some_time(&at.field("mean"), *mean, CONSTANT_ZERO);
                Dist::Gamma { shape: *shape, mean: mean.0 }
            }
            DistFile::HyperExponential { mean, cv } => self.hyper_exponential(at, *mean, *cv),
            DistFile::LogNormal { p50, p99, mean, cv } => {
                self.log_normal(at, (*p50, *p99), (*mean, *cv))
            }
            DistFile::Weibull { shape, scale } => {
                self.shape(at, *shape);
                self.some_time(&at.field("scale"), *scale, CONSTANT_ZERO);
                Dist::Weibull { shape: *shape, scale: scale.0 }
            }
            DistFile::Pareto { shape, min, max } => {
                self.shape(at, *shape);
                self.some_time(&at.field("min"), *min, "the bounded Pareto law begins above 0");
                self.ascending(at, &[("min", *min), ("max", *max)]);
                Dist::Pareto { shape: *shape, min: min.0, max: max.0 }
            }
            DistFile::Normal { mean, sd } => Dist::Normal { mean: mean.0, sd: sd.0 },
            DistFile::Triangular { min, mode, max } => {
                self.ascending(at, &[("min", *min), ("mode", *mode), ("max", *max)]);
                Dist::Triangular { min: min.0, mode: mode.0, max: max.0 }
            }
            DistFile::Percentiles(points) => self.percentiles(at, points),
            DistFile::Empirical(file) => self.empirical(at, file),
            DistFile::Mix(parts) => self.mix(at, parts),
            DistFile::Shifted { by, dist } => {
                let dist = Box::new(self.dist(&at.field("dist"), dist));
                Dist::Shifted { by: by.0, dist }
            }
        }
    }

    fn shape(&mut self, at: &At, shape: f64) {
        self.range(&at.field("shape"), shape, SHAPES.0, SHAPES.1, "a shape is a small number");
    }

    /// Lengths of which none is shorter than the one before.
    fn ascending(&mut self, at: &At, lengths: &[(&str, Length)]) {
        for pair in lengths.windows(2) {
            let [(low_name, low), (high_name, high)] = pair else { continue };
            if low.0 > high.0 {
                let what =
                    format!("`{high_name}` of {} is less than `{low_name}` of {}", high.0, low.0);
                self.push(&at.field(high_name), what);
            }
        }
    }

    fn hyper_exponential(&mut self, at: &At, mean: Length, cv: f64) -> Dist {
        self.some_time(&at.field("mean"), mean, CONSTANT_ZERO);
        let most = VARIATIONS.1;
        let why = "below 1 use `Erlang` or `Gamma`, which vary less than `Exponential`";
        self.range(&at.field("cv"), cv, 1.0, most, why);
        Dist::hyper_exponential_balanced(mean.0, if cv >= 1.0 { cv.min(most) } else { 1.0 })
    }

    fn log_normal(
        &mut self,
        at: &At,
        quantiles: (Option<Length>, Option<Length>),
        moments: (Option<Length>, Option<f64>),
    ) -> Dist {
        match (quantiles, moments) {
            ((Some(p50), Some(p99)), (None, None)) => {
                self.some_time(&at.field("p50"), p50, "a log-normal law lies above 0");
                self.ascending(at, &[("p50", p50), ("p99", p99)]);
                let p50 = p50.0.max(Span::from_nanos(1));
                Dist::log_normal_from_p50_p99(p50, p99.0.max(p50))
            }
            ((None, None), (Some(mean), Some(cv))) => {
                self.some_time(&at.field("mean"), mean, CONSTANT_ZERO);
                let why = "it is the standard deviation divided by the mean";
                self.range(&at.field("cv"), cv, VARIATIONS.0, VARIATIONS.1, why);
                let cv = if cv >= 0.0 { cv.min(VARIATIONS.1) } else { 0.0 };
                Dist::log_normal_from_mean_cv(mean.0.max(Span::from_nanos(1)), cv)
            }
            _ => {
                self.push(at, "`LogNormal` takes `p50` and `p99`, or `mean` and `cv`").help =
                    vec!["such as `LogNormal(p50: \"20ms\", p99: \"200ms\")`".into()];
                Dist::Constant(Span::ZERO)
            }
        }
    }

    /// Beyond the outermost percentiles given, the curve is flat: the least one given is the
    /// shortest length, the greatest one the longest.
    fn percentiles(&mut self, at: &At<'a>, points: &Named<Length>) -> Dist {
        let mut curve: Vec<(f64, Span)> = Vec::with_capacity(points.0.len() + 2);
        for (key, length) in &points.0 {
            let probability = match units::parse_probability(key) {
                Ok(probability) => probability,
                Err(why) => {
                    self.push(&at.key(key), why).help.push("write \"50%\": \"20ms\"".into());
                    continue;
                }
            };
            if let Some(&(p, before)) = curve.last() {
                if p >= probability {
                    let what = format!("the percentile `{key}` does not ascend");
                    self.push(&at.key(key), what).help.push("list them from low to high".into());
                } else if before > length.0 {
                    let what =
                        format!("`{}` is less than {before} of the percentile before", length.0);
                    self.push(&at.field(key), what);
                }
            }
            curve.push((probability, length.0));
        }
        let (Some(&(low, shortest)), Some(&(high, longest))) = (curve.first(), curve.last()) else {
            if at.keys().is_empty() {
                self.push(at, "`Percentiles` is empty: at least one is needed")
                    .help
                    .push("such as `Percentiles({\"50%\": \"20ms\", \"99%\": \"200ms\"})`".into());
            }
            return Dist::Constant(Span::ZERO);
        };
        if low > 0.0 {
            curve.insert(0, (0.0, shortest));
        }
        if high < 1.0 {
            curve.push((1.0, longest));
        }
        Dist::Percentiles(curve)
    }

    fn mix(&mut self, at: &At<'a>, parts: &[(f64, DistFile)]) -> Dist {
        if !at.is_whole(parts) {
            return Dist::Constant(Span::ZERO);
        }
        let mut sum = 0.0;
        let mut mixed = Vec::with_capacity(parts.len());
        for (index, (weight, part)) in parts.iter().enumerate() {
            let at = at.item(index);
            self.range(&at.item(0), *weight, 0.0, 1e9, "a weight is relative to the others");
            sum += weight;
            mixed.push((*weight, self.dist(&at.item(1), part)));
        }
        if sum > 0.0 {
            for (weight, _) in &mut mixed {
                *weight /= sum;
            }
        } else {
            self.push(at, "`Mix` needs at least one part with a weight above 0")
                .help
                .push("such as `Mix([(0.9, Constant(\"10ms\")), (0.1, Constant(\"1s\"))])`".into());
        }
        Dist::Mix(mixed)
    }
}
