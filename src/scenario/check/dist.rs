//! Checks of distributions.
//!
//! Owns the ranges of their parameters: what passes here keeps every contract of
//! [`crate::kernel::dist`]. Must not know what they are the length of.

use super::Check;
use crate::kernel::dist::Dist;
use crate::kernel::time::Span;
use crate::scenario::data_files::{self, DataFault};
use crate::scenario::file::{DistFile, Length, NamedFile, Size};
use crate::scenario::tree::At;
use crate::scenario::units;

/// Ours: an Erlang draw costs one logarithm a stage.
const MOST_STAGES: u32 = 1_000;
/// Ours: beyond these a draw is all but certain to be 0 or endless.
const SHAPES: (f64, f64) = (0.01, 10_000.0);
const VARIATIONS: (f64, f64) = (0.0, 1_000.0);

/// What is distributed, as written: lengths of time or sizes. A size is checked and drawn as a
/// length, a byte for each nanosecond.
pub(super) trait Quantity: Copy {
    /// What zero is where it may not be.
    const TOO_LITTLE: &'static str;
    /// What to write instead of a law that begins above zero.
    const CONSTANT_ZERO: &'static str;
    /// A law such as those that are wanted.
    const LOG_NORMAL: &'static str;
    /// A percentile such as those that are wanted.
    const PERCENTILE: &'static str;
    /// Several percentiles such as those that are wanted.
    const PERCENTILES: &'static str;
    /// Two laws such as those that are wanted.
    const MIX: &'static str;

    /// As a length.
    fn span(self) -> Span;
    /// As a person writes it.
    fn text(self) -> String;
    /// Values from a data file, ascending.
    fn read(text: &str) -> Result<Vec<Span>, DataFault>;
}

impl Quantity for Length {
    const TOO_LITTLE: &'static str = "too short: it must be longer";
    const CONSTANT_ZERO: &'static str = "for no time at all write `Constant(\"0s\")`";
    const LOG_NORMAL: &'static str = "LogNormal(p50: \"20ms\", p99: \"200ms\")";
    const PERCENTILE: &'static str = "\"50%\": \"20ms\"";
    const PERCENTILES: &'static str = "\"50%\": \"20ms\", \"99%\": \"200ms\"";
    const MIX: &'static str = "(0.9, Constant(\"10ms\")), (0.1, Constant(\"1s\"))";

    fn span(self) -> Span {
        self.0
    }

    fn text(self) -> String {
        self.0.to_string()
    }

    fn read(text: &str) -> Result<Vec<Span>, DataFault> {
        data_files::read_lengths(text)
    }
}

impl Quantity for Size {
    const TOO_LITTLE: &'static str = "too small: it must be larger";
    const CONSTANT_ZERO: &'static str = "a message has at least one byte: write `Constant(\"1B\")`";
    const LOG_NORMAL: &'static str = "LogNormal(p50: \"2KiB\", p99: \"40KiB\")";
    const PERCENTILE: &'static str = "\"50%\": \"2KiB\"";
    const PERCENTILES: &'static str = "\"50%\": \"2KiB\", \"99%\": \"40KiB\"";
    const MIX: &'static str = "(0.9, Constant(\"1KiB\")), (0.1, Constant(\"200KiB\"))";

    fn span(self) -> Span {
        Span::from_nanos(self.0)
    }

    fn text(self) -> String {
        units::size_text(self.0)
    }

    fn read(text: &str) -> Result<Vec<Span>, DataFault> {
        let sizes = data_files::read_sizes(text)?;
        Ok(sizes.into_iter().map(Span::from_nanos).collect())
    }
}

impl<'a> Check<'a> {
    /// A distribution.
    pub(super) fn dist<Q: Quantity>(&mut self, at: &At<'a>, file: &DistFile<Q>) -> Dist {
        match file {
            DistFile::Constant(value) => Dist::Constant(value.span()),
            DistFile::Uniform { min, max } => {
                self.ascending(at, &[("min", *min), ("max", *max)]);
                Dist::Uniform { min: min.span(), max: max.span() }
            }
            DistFile::Exponential(mean) => {
                self.above_zero(at, *mean, Q::CONSTANT_ZERO);
                Dist::Exponential { mean: mean.span() }
            }
            DistFile::Erlang { k, mean } => {
                self.range(&at.field("k"), *k, 1, MOST_STAGES, "every stage costs time");
                self.above_zero(&at.field("mean"), *mean, Q::CONSTANT_ZERO);
                Dist::Erlang { k: *k, mean: mean.span() }
            }
            DistFile::Gamma { shape, mean } => {
                self.shape(at, *shape);
                self.above_zero(&at.field("mean"), *mean, Q::CONSTANT_ZERO);
                Dist::Gamma { shape: *shape, mean: mean.span() }
            }
            DistFile::HyperExponential { mean, cv } => self.hyper_exponential(at, *mean, *cv),
            DistFile::LogNormal { p50, p99, mean, cv } => {
                self.log_normal(at, (*p50, *p99), (*mean, *cv))
            }
            DistFile::Weibull { shape, scale } => {
                self.shape(at, *shape);
                self.above_zero(&at.field("scale"), *scale, Q::CONSTANT_ZERO);
                Dist::Weibull { shape: *shape, scale: scale.span() }
            }
            DistFile::Pareto { shape, min, max } => {
                self.shape(at, *shape);
                self.above_zero(&at.field("min"), *min, "the bounded Pareto law begins above 0");
                self.ascending(at, &[("min", *min), ("max", *max)]);
                Dist::Pareto { shape: *shape, min: min.span(), max: max.span() }
            }
            DistFile::Normal { mean, sd } => Dist::Normal { mean: mean.span(), sd: sd.span() },
            DistFile::Triangular { min, mode, max } => {
                self.ascending(at, &[("min", *min), ("mode", *mode), ("max", *max)]);
                Dist::Triangular { min: min.span(), mode: mode.span(), max: max.span() }
            }
            DistFile::Percentiles(points) => self.percentiles(at, points),
            DistFile::Empirical(file) => self.empirical::<Q>(at, file),
            DistFile::Mix(parts) => self.mix(at, parts),
            DistFile::Shifted { by, dist } => {
                let dist = Box::new(self.dist(&at.field("dist"), dist));
                Dist::Shifted { by: by.span(), dist }
            }
        }
    }

    fn shape(&mut self, at: &At, shape: f64) {
        self.range(&at.field("shape"), shape, SHAPES.0, SHAPES.1, "a shape is a small number");
    }

    /// A value above 0.
    fn above_zero<Q: Quantity>(&mut self, at: &At, value: Q, help: &str) {
        if value.span().is_zero() {
            let what = format!("`{}` is {}", value.text(), Q::TOO_LITTLE);
            self.push(at, what).help.push(help.into());
        }
    }

    /// Values of which none is less than the one before.
    fn ascending<Q: Quantity>(&mut self, at: &At, values: &[(&str, Q)]) {
        for pair in values.windows(2) {
            let [(low_name, low), (high_name, high)] = pair else { continue };
            if low.span() > high.span() {
                let (low, high) = (low.text(), high.text());
                let what = format!("`{high_name}` of {high} is less than `{low_name}` of {low}");
                self.push(&at.field(high_name), what);
            }
        }
    }

    fn hyper_exponential<Q: Quantity>(&mut self, at: &At, mean: Q, cv: f64) -> Dist {
        self.above_zero(&at.field("mean"), mean, Q::CONSTANT_ZERO);
        let most = VARIATIONS.1;
        let why = "below 1 use `Erlang` or `Gamma`, which vary less than `Exponential`";
        self.range(&at.field("cv"), cv, 1.0, most, why);
        Dist::hyper_exponential_balanced(mean.span(), if cv >= 1.0 { cv.min(most) } else { 1.0 })
    }

    fn log_normal<Q: Quantity>(
        &mut self,
        at: &At,
        quantiles: (Option<Q>, Option<Q>),
        moments: (Option<Q>, Option<f64>),
    ) -> Dist {
        match (quantiles, moments) {
            ((Some(p50), Some(p99)), (None, None)) => {
                self.above_zero(&at.field("p50"), p50, "a log-normal law lies above 0");
                self.ascending(at, &[("p50", p50), ("p99", p99)]);
                let p50 = p50.span().max(Span::from_nanos(1));
                Dist::log_normal_from_p50_p99(p50, p99.span().max(p50))
            }
            ((None, None), (Some(mean), Some(cv))) => {
                self.above_zero(&at.field("mean"), mean, Q::CONSTANT_ZERO);
                let why = "it is the standard deviation divided by the mean";
                self.range(&at.field("cv"), cv, VARIATIONS.0, VARIATIONS.1, why);
                let cv = if cv >= 0.0 { cv.min(VARIATIONS.1) } else { 0.0 };
                Dist::log_normal_from_mean_cv(mean.span().max(Span::from_nanos(1)), cv)
            }
            _ => {
                self.push(at, "`LogNormal` takes `p50` and `p99`, or `mean` and `cv`").help =
                    vec![format!("such as `{}`", Q::LOG_NORMAL)];
                Dist::Constant(Span::ZERO)
            }
        }
    }

    /// Beyond the outermost percentiles given, the curve is flat: the least one given is the
    /// shortest length, the greatest one the longest.
    fn percentiles<Q: Quantity>(&mut self, at: &At<'a>, points: &NamedFile<Q>) -> Dist {
        let mut curve: Vec<(f64, Span)> = Vec::with_capacity(points.0.len() + 2);
        let mut last: Option<Q> = None;
        for (key, value) in &points.0 {
            let probability = match units::parse_probability(key) {
                Ok(probability) => probability,
                Err(why) => {
                    let percent = key.strip_prefix(['p', 'P']).filter(|p| p.parse::<f64>().is_ok());
                    let help = match percent {
                        Some(percent) => format!("write \"{percent}%\""),
                        None => format!("write {}", Q::PERCENTILE),
                    };
                    self.push(&at.key(key), why).help.push(help);
                    continue;
                }
            };
            if let (Some(&(p, _)), Some(before)) = (curve.last(), last) {
                if p >= probability {
                    let what = format!("the percentile `{key}` does not ascend");
                    self.push(&at.key(key), what).help.push("list them from low to high".into());
                } else if before.span() > value.span() {
                    let (value, before) = (value.text(), before.text());
                    let what = format!("`{value}` is less than {before} of the percentile before");
                    self.push(&at.field(key), what);
                }
            }
            curve.push((probability, value.span()));
            last = Some(*value);
        }
        let (Some(&(low, shortest)), Some(&(high, longest))) = (curve.first(), curve.last()) else {
            if at.keys().is_empty() {
                self.push(at, "`Percentiles` is empty: at least one is needed")
                    .help
                    .push(format!("such as `Percentiles({{{}}})`", Q::PERCENTILES));
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

    fn mix<Q: Quantity>(&mut self, at: &At<'a>, parts: &[(f64, DistFile<Q>)]) -> Dist {
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
                .push(format!("such as `Mix([{}])`", Q::MIX));
        }
        Dist::Mix(mixed)
    }
}
