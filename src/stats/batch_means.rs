//! Intervals from the parts of one long run.
//!
//! Owns sectioning and the test whether neighbouring parts are independent. Must not know what was
//! measured.
//!
//! The estimate is that of the whole run; parts only say how far it may be off (sectioning: S.
//! Asmussen and P. W. Glynn, *Stochastic Simulation* 2007, III.5a; for quantiles M. K. Nakayama,
//! "Confidence intervals for quantiles using sectioning when applying variance-reduction
//! techniques", ACM TOMACS 24, 2014). A mean over parts would give a quantile the bias of the short
//! parts.
//!
//! Invariant: parts are folded in their order.

use super::student;
use super::summary::Summary;
use crate::kernel::num;

/// A half width this small against the value is the rounding of what is known exactly.
const ROUNDING: f64 = 1e-9;

/// Half the width of the interval of `whole`, from the same quantity in each part; `None` for
/// fewer than two. A quantity that adds up over the parts, such as a counter, has the spread of
/// their sum.
pub fn half_width(whole: f64, parts: &[f64], confidence: f64) -> Option<f64> {
    let count = parts.len() as f64;
    if parts.len() < 2 {
        return None;
    }
    let sum: f64 = parts.iter().sum();
    let total = whole != 0.0 && (sum - whole).abs() <= ROUNDING * whole.abs();
    let (centre, scale) = if total { (whole / count, count) } else { (whole, 1.0) };
    let squares: f64 = parts.iter().map(|part| (part - centre) * (part - centre)).sum();
    let error = (squares / (count - 1.0) / count).sqrt();
    let half = student::quantile(parts.len() as u64 - 1, confidence) * error * scale;
    Some(if half <= ROUNDING * whole.abs() { 0.0 } else { half })
}

/// What is wrong with parts that follow each other.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Correlated {
    /// Autocorrelation of neighbouring parts.
    pub lag_1: f64,
}

/// Whether neighbouring parts are alike, so that their spread is too small and intervals are too
/// narrow: J. von Neumann's test ("Distribution of the ratio of the mean square successive
/// difference to the variance", Ann. Math. Stat. 12, 1941) at 1 %, one-sided. For independent
/// normal parts, 1 − Σ(y − next)²/(2 Σ(y − mean)²) has mean 0 and variance (n − 2)/(n² − 1).
pub fn correlated(parts: &[f64]) -> Option<Correlated> {
    const CRITICAL: f64 = 2.326_347_874_040_841;
    let count = parts.len() as f64;
    let Summary { mean, variance, .. } = Summary::of(parts);
    if parts.len() < 5 || variance == 0.0 {
        return None;
    }
    let squares = variance * (count - 1.0);
    let pairs = || parts.iter().zip(&parts[1..]);
    let successive: f64 = pairs().map(|(one, next)| (one - next) * (one - next)).sum();
    let ratio = 1.0 - successive / (2.0 * squares);
    let spread = num::sqrt((count - 2.0) / (count * count - 1.0));
    let products: f64 = pairs().map(|(one, next)| (one - mean) * (next - mean)).sum();
    (ratio > CRITICAL * spread).then_some(Correlated { lag_1: products / squares })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::{Draws, Source};

    fn uniform(draws: &mut Draws) -> f64 {
        draws.below(1_000_001) as f64 / 1e6
    }

    /// Four parts 1, 2, 3, 6 of a mean of 3: by hand, centred at the mean, squares 4 + 1 + 0 + 9 =
    /// 14, error √(14/3/4) = 1.0801, t = 3.1824.
    #[test]
    fn a_mean_has_the_spread_of_its_parts() {
        let parts = [1.0, 2.0, 3.0, 6.0];
        let half = half_width(3.0, &parts, 0.95).expect("four parts");
        assert!((half - 3.182_446 * 1.080_123).abs() < 1e-5, "{half}");
        // About another centre, as that of a quantile: 4 + … with 2.5 instead of 3.
        let squares: f64 = 2.25 + 0.25 + 0.25 + 12.25;
        let half = half_width(2.5, &parts, 0.95).expect("four parts");
        assert!((half - 3.182_446 * (squares / 12.0).sqrt()).abs() < 1e-5, "{half}");
        assert_eq!(half_width(3.0, &parts[..1], 0.95), None);
        // Narrower than the value itself: squares 2, error √(2/2/3), t = 4.3027.
        let half = half_width(10.0, &[9.0, 10.0, 11.0], 0.95).expect("three parts");
        assert!((half - 4.302_653 / 3_f64.sqrt()).abs() < 1e-5, "{half}");
        // Two are enough: squares 2, error 1, t = 12.706.
        let half = half_width(2.0, &[1.0, 3.0], 0.95).expect("two parts");
        assert!((half - 12.706_205).abs() < 1e-5, "{half}");
    }

    #[test]
    fn a_total_has_the_spread_of_the_sum() {
        let parts = [1.0, 2.0, 3.0, 6.0];
        let (mean, total) = (half_width(3.0, &parts, 0.95), half_width(12.0, &parts, 0.95));
        assert_eq!(mean.map(|half| half * 4.0), total);
        assert_eq!(half_width(0.0, &[0.0; 4], 0.95), Some(0.0));
        assert_eq!(half_width(0.4, &[0.1; 4], 0.95), Some(0.0));
        // A maximum of 8 is no total of parts that sum up to 12: squares 49 + 36 + 25 + 4 = 114.
        let half = half_width(8.0, &parts, 0.95).expect("four parts");
        assert!((half - 3.182_446 * (114.0_f64 / 12.0).sqrt()).abs() < 1e-4, "{half}");
    }

    /// What is a billionth of the value is rounding: of a sum that is to be the total, and of a
    /// spread that is to be none.
    #[test]
    fn rounding_is_told_by_the_size_of_the_value() {
        // A total of a million, off by 1e-4. About 250,000: squares 2 * (1.5² + 0.5²) * 1e10.
        let half = half_width(1e6, &[1e5, 2e5, 3e5, 4e5 + 1e-4], 0.95).expect("four parts");
        let total = 4.0 * 3.182_446 * (5e10_f64 / 12.0).sqrt();
        assert!((half / total - 1.0).abs() < 1e-6, "{half}, not {total}");
        assert_eq!(half_width(1e6, &[1e6 - 1e-5, 1e6 + 1e-5], 0.95), Some(0.0));
        let half = half_width(1e6, &[1e6 - 1.0, 1e6 + 1.0], 0.95).expect("two parts");
        assert!((half - 12.706_205).abs() < 1e-5, "{half}");
    }

    /// Six parts have a deviation of √(4/35) = 0.3381 and so a bound of 0.7865.
    #[test]
    fn neighbours_are_alike_beyond_the_bound_of_their_number() {
        // Climbing evenly: squares 35/2, successive ones 5, 1 - 5/35 = 0.857. By pairs: the
        // products about 2.5 are 3.75, 0.75, -0.25, 0.75 and 3.75.
        let found = correlated(&[0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).expect("0.857 is beyond");
        assert!((found.lag_1 - 8.75 / 17.5).abs() < 1e-12, "{found:?}");
        // Squares 15 - 49/6 = 41/6, successive ones 3: 1 - 9/41 = 0.780.
        assert_eq!(correlated(&[0.0, 0.0, 1.0, 1.0, 2.0, 3.0]), None);
        // Of 32 that climb: squares 32 * (32² - 1)/12 = 2,728, products Σ (i² - 1/4) over -15..=15.
        let climbing: Vec<f64> = (0..32).map(f64::from).collect();
        let found = correlated(&climbing).expect("they climb");
        assert!((found.lag_1 - (2_480.0 - 7.75) / 2_728.0).abs() < 1e-12, "{found:?}");
    }

    /// Independent parts are called correlated in one case of a hundred; parts of which each keeps
    /// 0.6 of the one before nearly always (2.33 standard deviations of 1/√32 are 0.41).
    #[test]
    fn likeness_of_neighbours_is_found() {
        let mut draws = Draws::new(4);
        let found = |keep: f64, draws: &mut Draws| {
            (0..1_000)
                .filter(|_| {
                    let mut last = 0.5;
                    let parts: Vec<f64> = (0..32)
                        .map(|_| {
                            last = keep * last + (1.0 - keep) * uniform(draws);
                            last
                        })
                        .collect();
                    correlated(&parts).is_some()
                })
                .count()
        };
        let (without, with) = (found(0.0, &mut draws), found(0.6, &mut draws));
        assert!((1..=25).contains(&without), "{without} of 1,000");
        assert!(with > 750, "{with} of 1,000");
        assert_eq!(correlated(&[1.0; 32]), None);
    }
}
