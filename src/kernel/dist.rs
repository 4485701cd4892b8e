//! Distributions of lengths of time.
//!
//! Owns how a length is drawn, and the moments, the law and the quantiles that theory gives for
//! it. Must not know what the length is of, nor check parameters: the scenario room has.
//!
//! Invariant: where the quantile function has a closed form, a sample is that function of exactly
//! one uniform number and ascends in it, so that two runs with the same luck differ as little as
//! their distributions do (common random numbers; L. Devroye, "Non-Uniform Random Variate
//! Generation", 1986, chapter II.2). `Constant` needs no number; `Erlang` takes k,
//! `HyperExponential` and `Mix` one to pick the branch and then those of the branch, `Gamma` as
//! many as its rejection takes.

use std::sync::Arc;

use super::closed_forms as form;
use super::closed_forms::{average, nanos, pieces, square};
use super::num;
use super::rng::Source;
use super::time::Span;

/// A distribution of lengths. All parameters are in nanoseconds or dimensionless; the scenario
/// room checks their ranges before one is made.
///
/// ```
/// use sqsim::kernel::dist::Dist;
/// use sqsim::kernel::time::Span;
///
/// let work = Dist::log_normal_from_p50_p99(Span::from_millis(200), Span::from_secs(2));
/// // Ten times the median at 2.3263 standard deviations of the logarithm: one is 0.9898, and the
/// // mean is exp(0.9898² / 2) = 1.632 times the median.
/// assert!((work.mean_nanos() / 1e6 - 326.4).abs() < 0.1);
/// assert!((work.cdf(Span::from_secs(2)) - 0.99).abs() < 1e-9);
/// ```
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
    Empirical(Arc<[Span]>),
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
    /// The log-normal law with this median and 99 % quantile.
    ///
    /// # Panics
    /// Unless 0 < `p50` ≤ `p99`.
    pub fn log_normal_from_p50_p99(p50: Span, p99: Span) -> Dist {
        assert!(!p50.is_zero() && p50 <= p99, "expected 0 < p50 <= p99, not {p50} and {p99}");
        let (mu, upper) = (num::ln(nanos(p50)), num::ln(nanos(p99)));
        Dist::LogNormal { mu, sigma: (upper - mu) / num::normal_quantile(0.99) }
    }

    /// The log-normal law with this mean and coefficient of variation (standard deviation over
    /// mean).
    ///
    /// # Panics
    /// Unless `mean` is above 0 and `cv` at least 0.
    pub fn log_normal_from_mean_cv(mean: Span, cv: f64) -> Dist {
        assert!(!mean.is_zero() && cv >= 0.0, "expected a mean above 0 and a cv of at least 0");
        let variance = num::ln_1p(cv * cv);
        Dist::LogNormal { mu: num::ln(nanos(mean)) - variance / 2.0, sigma: num::sqrt(variance) }
    }

    /// The hyper-exponential law with this mean and coefficient of variation whose two branches
    /// contribute equally to the mean (W. Whitt, "Approximating a point process by a
    /// renewal process, I", Operations Research 30, 1982: "balanced means").
    ///
    /// # Panics
    /// Unless `cv` is finite and at least 1; at 1 both branches are the exponential law.
    pub fn hyper_exponential_balanced(mean: Span, cv: f64) -> Dist {
        assert!((1.0..f64::INFINITY).contains(&cv), "expected a finite cv of at least 1, not {cv}");
        let square = cv * cv;
        let root = num::sqrt((square - 1.0) / (square + 1.0));
        let (p, q) = (f64::midpoint(1.0, root), (1.0 / (square + 1.0)) / (1.0 + root));
        let branch = |share: f64| Span::round_nanos(nanos(mean) / (2.0 * share));
        Dist::HyperExponential { p, first: branch(p), second: branch(q) }
    }

    /// One draw.
    #[inline]
    pub fn sample<S: Source>(&self, source: &mut S) -> Span {
        // Every call has a latency, and most scenarios leave it constant: no call for that.
        if let Dist::Constant(span) = *self { span } else { self.draw(source) }
    }

    fn draw<S: Source>(&self, source: &mut S) -> Span {
        // Most work is exponential; what the others need would make its way longer.
        if let Dist::Exponential { mean } = *self {
            return Span::round_nanos(form::exponential(mean, source.unit()));
        }
        self.draw_other(source)
    }

    #[inline(never)]
    fn draw_other<S: Source>(&self, source: &mut S) -> Span {
        let drawn = match *self {
            Dist::Constant(_) | Dist::Exponential { .. } => return self.sample(source),
            Dist::Uniform { min, max } => form::uniform(min, max, source.unit()),
            Dist::Erlang { k, mean } => nanos(mean) / f64::from(k) * sum_of_exponentials(k, source),
            Dist::Gamma { shape, mean } => nanos(mean) / shape * standard_gamma(shape, source),
            Dist::HyperExponential { p, first, second } => {
                let mean = if source.unit() < p { first } else { second };
                form::exponential(mean, source.unit())
            }
            Dist::LogNormal { mu, sigma } => form::log_normal(mu, sigma, source.unit()),
            Dist::Weibull { shape, scale } => form::weibull(shape, scale, source.unit()),
            Dist::Pareto { shape, min, max } => form::pareto(shape, min, max, source.unit()),
            Dist::Normal { mean, sd } => form::cut_normal(mean, sd, source.unit()),
            Dist::Triangular { min, mode, max } => form::triangular(min, mode, max, source.unit()),
            Dist::Percentiles(ref points) => form::percentile(points, source.unit()),
            Dist::Empirical(ref lengths) => return form::empirical(lengths, source.unit()),
            Dist::Mix(ref branches) => return branch(branches, source.unit()).sample(source),
            Dist::Shifted { by, ref dist } => return by.saturating_add(dist.sample(source)),
        };
        Span::round_nanos(drawn)
    }

    /// The length, in nanoseconds, that a draw stays below with probability `p`, 0 < p < 1; `None`
    /// where it has no closed form.
    pub fn quantile_nanos(&self, p: f64) -> Option<f64> {
        match *self {
            Dist::Constant(span) => Some(nanos(span)),
            Dist::Uniform { min, max } => Some(form::uniform(min, max, p)),
            Dist::Exponential { mean } => Some(form::exponential(mean, p)),
            Dist::LogNormal { mu, sigma } => Some(form::log_normal(mu, sigma, p)),
            Dist::Weibull { shape, scale } => Some(form::weibull(shape, scale, p)),
            Dist::Pareto { shape, min, max } => Some(form::pareto(shape, min, max, p)),
            Dist::Normal { mean, sd } => Some(form::cut_normal(mean, sd, p)),
            Dist::Triangular { min, mode, max } => Some(form::triangular(min, mode, max, p)),
            Dist::Percentiles(ref points) => Some(form::percentile(points, p)),
            Dist::Empirical(ref lengths) => Some(nanos(form::empirical(lengths, p))),
            Dist::Shifted { by, ref dist } => dist.quantile_nanos(p).map(|q| nanos(by) + q),
            Dist::Erlang { .. }
            | Dist::Gamma { .. }
            | Dist::HyperExponential { .. }
            | Dist::Mix(_) => None,
        }
    }

    /// The probability that a draw is at most `x`.
    pub fn cdf(&self, x: Span) -> f64 {
        let at = nanos(x);
        match *self {
            Dist::Constant(span) => f64::from(u8::from(span <= x)),
            Dist::Uniform { min, max } => form::share(min, max, x),
            Dist::Exponential { mean } => form::exponential_cdf(mean, at),
            Dist::Erlang { k, mean } => form::gamma_cdf(f64::from(k), mean, at),
            Dist::Gamma { shape, mean } => form::gamma_cdf(shape, mean, at),
            Dist::HyperExponential { p, first, second } => {
                p * form::exponential_cdf(first, at) + (1.0 - p) * form::exponential_cdf(second, at)
            }
            Dist::LogNormal { mu, sigma } => form::log_normal_cdf(mu, sigma, at),
            Dist::Weibull { shape, scale } => form::weibull_cdf(shape, scale, at),
            Dist::Pareto { shape, min, max } => form::pareto_cdf(shape, min, max, x),
            Dist::Normal { mean, sd } => form::cut_normal_cdf(mean, sd, x),
            Dist::Triangular { min, mode, max } => form::triangular_cdf(min, mode, max, x),
            Dist::Percentiles(ref points) => form::percentile_cdf(points, x),
            Dist::Empirical(ref lengths) => {
                lengths.partition_point(|&l| l <= x) as f64 / lengths.len() as f64
            }
            Dist::Mix(ref branches) => branches.iter().map(|(w, d)| w * d.cdf(x)).sum(),
            Dist::Shifted { by, ref dist } => {
                if x < by {
                    0.0
                } else {
                    dist.cdf(x.saturating_sub(by))
                }
            }
        }
    }

    /// The longest length that can be drawn; `None` where any can.
    pub fn longest(&self) -> Option<Span> {
        match *self {
            Dist::Constant(span) => Some(span),
            Dist::Uniform { max, .. } | Dist::Pareto { max, .. } | Dist::Triangular { max, .. } => {
                Some(max)
            }
            Dist::Percentiles(ref points) => points.last().map(|&(_, longest)| longest),
            Dist::Empirical(ref lengths) => lengths.last().copied(),
            Dist::Mix(ref branches) => {
                let drawn = branches.iter().filter(|(weight, _)| *weight > 0.0);
                drawn
                    .map(|(_, dist)| dist.longest())
                    .try_fold(Span::ZERO, |most, longest| longest.map(|longest| most.max(longest)))
            }
            Dist::Shifted { by, ref dist } => {
                dist.longest().map(|longest| by.saturating_add(longest))
            }
            Dist::Exponential { .. }
            | Dist::Erlang { .. }
            | Dist::Gamma { .. }
            | Dist::HyperExponential { .. }
            | Dist::LogNormal { .. }
            | Dist::Weibull { .. }
            | Dist::Normal { .. } => None,
        }
    }

    /// The mean in nanoseconds.
    pub fn mean_nanos(&self) -> f64 {
        match *self {
            Dist::Constant(span) => nanos(span),
            Dist::Uniform { min, max } => nanos(min).midpoint(nanos(max)),
            Dist::Exponential { mean } | Dist::Erlang { mean, .. } | Dist::Gamma { mean, .. } => {
                nanos(mean)
            }
            Dist::HyperExponential { p, first, second } => {
                p * nanos(first) + (1.0 - p) * nanos(second)
            }
            Dist::LogNormal { mu, sigma } => num::exp(mu + sigma * sigma / 2.0),
            Dist::Weibull { shape, scale } => nanos(scale) * num::gamma(1.0 + 1.0 / shape),
            Dist::Pareto { shape, min, max } => {
                nanos(min) * form::pareto_moment(shape, min, max, 1.0)
            }
            Dist::Normal { mean, sd } => nanos(mean) + nanos(sd) * form::cut_hazard(mean, sd),
            Dist::Triangular { min, mode, max } => (nanos(min) + nanos(mode) + nanos(max)) / 3.0,
            Dist::Percentiles(ref points) => {
                pieces(points).map(|(w, a, b)| w * a.midpoint(b)).sum()
            }
            Dist::Empirical(ref lengths) => average(lengths.iter().map(|&l| nanos(l))),
            Dist::Mix(ref branches) => branches.iter().map(|(w, d)| w * d.mean_nanos()).sum(),
            Dist::Shifted { by, ref dist } => nanos(by) + dist.mean_nanos(),
        }
    }

    /// The variance in square nanoseconds; finite for every variant, as even Pareto is bounded.
    pub fn variance_nanos2(&self) -> f64 {
        match *self {
            Dist::Constant(_) => 0.0,
            Dist::Uniform { min, max } => square(nanos(max) - nanos(min)) / 12.0,
            Dist::Exponential { mean } => square(nanos(mean)),
            Dist::Erlang { k, mean } => square(nanos(mean)) / f64::from(k),
            Dist::Gamma { shape, mean } => square(nanos(mean)) / shape,
            Dist::HyperExponential { p, first, second } => {
                let (a, b) = (nanos(first), nanos(second));
                p * square(a) + (1.0 - p) * square(b) + p * (1.0 - p) * square(a - b)
            }
            Dist::LogNormal { sigma, .. } => square(self.mean_nanos()) * num::exp_m1(sigma * sigma),
            Dist::Weibull { shape, scale } => {
                let moment = |k: f64| num::gamma(1.0 + k / shape);
                square(nanos(scale)) * (moment(2.0) - square(moment(1.0)))
            }
            Dist::Pareto { shape, min, max } => {
                let moment = |k: f64| form::pareto_moment(shape, min, max, k);
                square(nanos(min)) * (moment(2.0) - square(moment(1.0)))
            }
            Dist::Normal { mean, sd } => {
                let hazard = form::cut_hazard(mean, sd);
                square(nanos(sd)) - nanos(sd) * hazard * (nanos(mean) + nanos(sd) * hazard)
            }
            Dist::Triangular { min, mode, max } => {
                let (width, left) = (nanos(max) - nanos(min), nanos(mode) - nanos(min));
                (square(width) + square(left) - width * left) / 18.0
            }
            Dist::Percentiles(ref points) => {
                let mean = self.mean_nanos();
                pieces(points)
                    .map(|(w, a, b)| w * (square(a.midpoint(b) - mean) + square(b - a) / 12.0))
                    .sum()
            }
            Dist::Empirical(ref lengths) => {
                let mean = self.mean_nanos();
                average(lengths.iter().map(|&l| square(nanos(l) - mean)))
            }
            Dist::Mix(ref branches) => {
                let mean = self.mean_nanos();
                let spread = |d: &Dist| d.variance_nanos2() + square(d.mean_nanos() - mean);
                branches.iter().map(|(w, d)| w * spread(d)).sum()
            }
            Dist::Shifted { ref dist, .. } => dist.variance_nanos2(),
        }
    }
}

/// The sum of `k` exponentials with mean 1: one logarithm for up to 16 of them, since the product
/// of 16 uniforms, each at least 2^-53, does not underflow.
#[inline]
fn sum_of_exponentials<S: Source>(k: u32, source: &mut S) -> f64 {
    let mut left = k;
    let mut sum = 0.0;
    while left > 0 {
        let now = left.min(16);
        let product = (0..now).fold(1.0, |product, _| product * (1.0 - source.unit()));
        sum -= num::ln(product);
        left -= now;
    }
    sum
}

/// Gamma with scale 1: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM
/// TOMS 26 (2000), without their squeeze; shapes below 1 by the boost they
/// give.
fn standard_gamma<S: Source>(shape: f64, source: &mut S) -> f64 {
    let (raised, boost) = if shape < 1.0 {
        (shape + 1.0, num::pow(source.unit(), 1.0 / shape))
    } else {
        (shape, 1.0)
    };
    let d = raised - 1.0 / 3.0;
    let c = 1.0 / num::sqrt(9.0 * d);
    loop {
        let x = num::normal_quantile(source.unit());
        let root = 1.0 + c * x;
        let v = root * root * root;
        if root > 0.0 && num::ln(source.unit()) < 0.5 * x * x + d * (1.0 - v + num::ln(v)) {
            return boost * d * v;
        }
    }
}

/// The branch that `u` falls into. Weights that sum to a little less than 1 by rounding leave the
/// rest to the last.
#[inline]
fn branch(branches: &[(f64, Dist)], u: f64) -> &Dist {
    let mut below = 0.0;
    let last = branches.len() - 1;
    for (weight, dist) in &branches[..last] {
        below += weight;
        if u < below {
            return dist;
        }
    }
    &branches[last].1
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::super::rng::{Purpose, Stream, Streams};
    use super::*;

    /// Lengths near 2^52 ns, so that the nanoseconds show every bit of the double behind them.
    const LONG: u64 = 4_000_000_000_000_000;

    fn long(share: f64) -> Span {
        Span::round_nanos(LONG as f64 * share)
    }

    /// One of every variant and of every branch of its sampler.
    fn specimens() -> Vec<(&'static str, Dist)> {
        let exponential = Dist::Exponential { mean: long(1.0) };
        let uniform = Dist::Uniform { min: long(0.5), max: long(1.5) };
        vec![
            ("constant", Dist::Constant(long(1.0))),
            ("uniform", uniform.clone()),
            ("exponential", exponential.clone()),
            ("erlang-4", Dist::Erlang { k: 4, mean: long(1.0) }),
            ("erlang-40", Dist::Erlang { k: 40, mean: long(1.0) }),
            ("gamma-0.5", Dist::Gamma { shape: 0.5, mean: long(1.0) }),
            ("gamma-3", Dist::Gamma { shape: 3.0, mean: long(1.0) }),
            ("hyper-exponential", Dist::hyper_exponential_balanced(long(1.0), 2.0)),
            ("log-normal", Dist::log_normal_from_p50_p99(long(0.2), long(1.0))),
            ("weibull-0.7", Dist::Weibull { shape: 0.7, scale: long(1.0) }),
            ("weibull-3", Dist::Weibull { shape: 3.0, scale: long(1.0) }),
            ("pareto", Dist::Pareto { shape: 1.5, min: long(0.1), max: long(10.0) }),
            ("normal", Dist::Normal { mean: long(1.0), sd: long(0.2) }),
            ("normal, half cut", Dist::Normal { mean: long(0.1), sd: long(1.0) }),
            ("triangular", Dist::Triangular { min: long(0.5), mode: long(0.8), max: long(2.0) }),
            ("percentiles", Dist::Percentiles(curve())),
            ("empirical", Dist::Empirical([0.1, 0.2, 0.2, 0.7, 3.0].map(long).into())),
            ("mix", Dist::Mix(vec![(0.7, exponential.clone()), (0.3, uniform)])),
            ("shifted", Dist::Shifted { by: long(0.5), dist: Box::new(exponential) }),
        ]
    }

    fn curve() -> Vec<(f64, Span)> {
        [(0.0, 0.1), (0.5, 0.3), (0.9, 1.0), (0.99, 2.0), (1.0, 4.0)]
            .map(|(p, x)| (p, long(x)))
            .into()
    }

    fn stream(name: &str) -> Stream {
        Streams::new(1, 0).stream(name, Purpose::Latency)
    }

    /// A source that always gives the same number, and counts.
    struct Fixed {
        bits: u64,
        draws: u32,
    }

    impl Source for Fixed {
        fn next_u64(&mut self) -> u64 {
            self.draws += 1;
            self.bits
        }
    }

    fn variance(draws: &[f64], mean: f64) -> (f64, f64) {
        let moment = |f: fn(f64) -> f64| average(draws.iter().map(|&x| f(square(x - mean))));
        let second = moment(|s| s);
        (second, moment(square) - square(second))
    }

    #[test]
    fn draws_are_pinned_bit_for_bit() {
        let mut text = String::new();
        for (name, dist) in specimens() {
            let mut source = stream("golden");
            text.push_str(name);
            for i in 0..64 {
                text.push(if i % 4 == 0 { '\n' } else { ' ' });
                write!(text, "{:>17}", dist.sample(&mut source).as_nanos()).unwrap();
            }
            text.push('\n');
        }
        insta::assert_snapshot!("draws", text);
    }

    /// The sample mean against the theoretical one in its standard errors, the sample variance in
    /// those that the fourth moment gives, and the share of draws below each of five points.
    #[test]
    fn draws_follow_their_law() {
        const DRAWS: usize = 200_000;
        for (name, dist) in specimens().into_iter().skip(1) {
            let mut source = stream(name);
            let draws: Vec<f64> = (0..DRAWS).map(|_| nanos(dist.sample(&mut source))).collect();
            let n = DRAWS as f64;
            let mean = average(draws.iter().copied());
            let z = (mean - dist.mean_nanos()) / num::sqrt(dist.variance_nanos2() / n);
            assert!(z.abs() < 4.0, "{name}: z {z} of the mean {mean}");
            let (second, fourth) = variance(&draws, dist.mean_nanos());
            let z = (second - dist.variance_nanos2()) / num::sqrt(fourth / n);
            assert!(z.abs() < 4.0, "{name}: z {z} of the variance {second}");
            for point in [0.15, 0.4, 0.9, 1.3, 2.5].map(long) {
                let p = dist.cdf(point);
                let below = draws.iter().filter(|&&x| x <= nanos(point)).count() as f64;
                let error = num::sqrt(p * (1.0 - p) * n);
                assert!(
                    (below - n * p).abs() <= 4.0 * error,
                    "{name}: {below} below {point}, p {p}"
                );
            }
        }
    }

    #[test]
    fn probabilities_and_quantiles_are_inverse() {
        for (name, dist) in specimens().into_iter().skip(1) {
            for p in [1e-6, 0.01, 0.25, 0.5, 0.89, 0.99, 1.0 - 1e-9] {
                let Some(quantile) = dist.quantile_nanos(p) else { continue };
                let back = dist.cdf(Span::round_nanos(quantile));
                let stepped = matches!(dist, Dist::Empirical(_)) && back >= p;
                assert!(stepped || (back - p).abs() < 1e-12, "{name}: {p} came back as {back}");
            }
        }
    }

    #[test]
    fn samplers_with_an_inverse_take_one_number_and_ascend_in_it() {
        for (name, dist) in specimens() {
            if dist.quantile_nanos(0.5).is_none() {
                continue;
            }
            let takes = u32::from(!matches!(dist, Dist::Constant(_)));
            let mut last = Span::ZERO;
            for i in 0..=100_000_u64 {
                let mut source = Fixed { bits: i * (u64::MAX / 100_000), draws: 0 };
                let sample = dist.sample(&mut source);
                assert!(sample >= last, "{name}: {sample} after {last}");
                assert_eq!(source.draws, takes, "{name}");
                last = sample;
            }
        }
    }

    /// Numbers from 40-digit arithmetic on the textbook formulas, means and variances in units of
    /// 1 s and 1 s².
    #[test]
    fn moments_agree_with_the_textbook() {
        let s = |x: f64| Span::round_nanos(x * 1e9);
        let cases = [
            (
                Dist::Weibull { shape: 0.7, scale: s(1.0) },
                1.265_823_506_057_28,
                3.426_835_553_653_15,
            ),
            (
                Dist::Pareto { shape: 1.5, min: s(0.1), max: s(10.0) },
                0.270_270_270_270_27,
                0.197_224_251_278_305,
            ),
            (
                Dist::Pareto { shape: 1.0, min: s(1.0), max: s(2.0) },
                2.0 * std::f64::consts::LN_2,
                0.078_187_944_327_194_3,
            ),
            (Dist::Normal { mean: s(1.0), sd: s(2.0) }, 2.018_320_867_674_07, 1.944_701_742_785_47),
            (Dist::log_normal_from_mean_cv(s(1.0), std::f64::consts::SQRT_2), 1.0, 2.0),
            (Dist::hyper_exponential_balanced(s(1.0), 2.0), 1.0, 4.0),
        ];
        for (dist, mean, variance) in cases {
            let (m, v) = (dist.mean_nanos() / 1e9, dist.variance_nanos2() / 1e18);
            assert!((m - mean).abs() < 1e-8, "{dist:?}: mean {m}, not {mean}");
            assert!((v - variance).abs() < 1e-7, "{dist:?}: variance {v}, not {variance}");
        }
    }

    #[test]
    fn two_numbers_fix_a_log_normal_and_a_hyper_exponential_law() {
        let (p50, p99) = (Span::from_millis(20), Span::from_millis(200));
        let dist = Dist::log_normal_from_p50_p99(p50, p99);
        assert!((dist.cdf(p50) - 0.5).abs() < 1e-12);
        assert!((dist.cdf(p99) - 0.99).abs() < 1e-12);

        let dist = Dist::hyper_exponential_balanced(Span::from_secs(1), 2.0);
        let Dist::HyperExponential { p, first, second } = dist else { panic!("{dist:?}") };
        assert!((p - 0.887_298_334_621).abs() < 1e-12, "{p}");
        assert!((1.0 / first.as_secs_f64() - 1.774_596_669_241).abs() < 1e-8, "{first}");
        assert!((1.0 / second.as_secs_f64() - 0.225_403_330_759).abs() < 1e-9, "{second}");
    }

    #[test]
    fn degenerate_parameters_give_the_lengths_they_name() {
        let (zero, one) = (Span::ZERO, Span::from_secs(1));
        let cases = [
            (Dist::Exponential { mean: zero }, zero),
            (Dist::Erlang { k: 3, mean: zero }, zero),
            (Dist::Uniform { min: one, max: one }, one),
            (Dist::Triangular { min: one, mode: one, max: one }, one),
            (Dist::Normal { mean: one, sd: zero }, one),
            (Dist::Pareto { shape: 2.0, min: one, max: one }, one),
            (Dist::log_normal_from_mean_cv(one, 0.0), one),
            (Dist::Percentiles(vec![(0.0, one), (1.0, one)]), one),
            (Dist::Empirical([one].into()), one),
            (Dist::Mix(vec![(1.0, Dist::Constant(one))]), one),
        ];
        let mut source = stream("degenerate");
        for (dist, expected) in cases {
            let sample = dist.sample(&mut source);
            assert!(nanos(sample) - nanos(expected) < 2.0, "{dist:?} gave {sample}");
            assert!((dist.mean_nanos() - nanos(expected)).abs() < 2.0, "{dist:?}: mean");
            assert!(dist.variance_nanos2().abs() < 2.0, "{dist:?}: variance");
            assert!(
                (dist.cdf(expected + Span::from_nanos(2)) - 1.0).abs() < 1e-12,
                "{dist:?}: law"
            );
        }
    }
}
