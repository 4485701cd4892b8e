//! Whether a percentile is below a limit, where few messages lie beyond either.
//!
//! Owns the decision by counting. Must not know where percentiles come from.
//!
//! "p99 is at most 2 s" says that at most 1 % take longer than 2 s. So many independent messages of
//! which so many take longer decide it by the binomial distribution (C. J. Clopper and E. S.
//! Pearson, "The use of confidence or fiducial limits illustrated in the case of the binomial",
//! Biometrika 26, 1934), however few they are: if none of 368 takes longer, p99 is below with 97.5
//! %. Messages beyond a percentile come in crowds even more than others do, so that all count for
//! half.

use crate::kernel::num;

/// What independent messages are worth beyond a percentile.
const CROWDED: f64 = 0.5;

/// A percentile against a limit, by counting.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Tail {
    /// The share of all that is to be at or below the limit, as 0.99.
    pub share: f64,
    /// How many independent messages there are.
    pub independent: f64,
    /// The share of all that is beyond the limit.
    pub beyond: f64,
}

impl Tail {
    /// Whether the percentile is surely below the limit (`Some(true)`) or surely above, where each
    /// may be wrong with probability `error`.
    pub fn is_below(&self, error: f64) -> Option<bool> {
        let count = (self.independent * CROWDED).floor();
        let (allowed, seen) = (1.0 - self.share, self.beyond * count);
        if at_most(seen.ceil(), count, allowed) <= error {
            return Some(true);
        }
        (1.0 - at_most(seen.floor() - 1.0, count, allowed) <= error).then_some(false)
    }
}

/// The probability that at most `most` of `count` happen, each with probability `p`.
fn at_most(most: f64, count: f64, p: f64) -> f64 {
    if most < 0.0 {
        return 0.0;
    }
    if most >= count {
        return 1.0;
    }
    let mut term = num::exp(count * num::ln(1.0 - p));
    let (mut sum, mut k) = (term, 0.0);
    while k < most {
        term *= (count - k) / (k + 1.0) * p / (1.0 - p);
        k += 1.0;
        sum += term;
    }
    sum.min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By hand: 0.5¹⁰ = 1/1024, and of 10 at most 2 are (1 + 10 + 45)/1024.
    #[test]
    fn the_binomial_distribution() {
        for (most, ways) in [(0.0, 1.0), (1.0, 11.0), (2.0, 56.0), (9.0, 1023.0), (10.0, 1024.0)] {
            let found = at_most(most, 10.0, 0.5);
            assert!((found - ways / 1024.0).abs() < 1e-12, "{most}: {found}");
        }
        assert!(at_most(-1.0, 10.0, 0.5) == 0.0);
    }

    /// None of n beyond: 0.99ⁿ ≤ 0.025 from n = 368 on (ln 0.025/ln 0.99 = 367.04), so twice that.
    #[test]
    fn nothing_beyond_the_limit_is_enough_of_many() {
        let none = |independent| Tail { share: 0.99, independent, beyond: 0.0 }.is_below(0.025);
        assert_eq!([none(735.0), none(736.0)], [None, Some(true)]);
    }

    /// All of n beyond the limit of a median: 0.5ⁿ ≤ 0.025 from n = 6 on.
    #[test]
    fn too_many_beyond_the_limit_are_enough_of_few() {
        let all = |independent| Tail { share: 0.5, independent, beyond: 1.0 }.is_below(0.025);
        assert_eq!([all(11.0), all(12.0)], [None, Some(false)]);
        let as_many = Tail { share: 0.9, independent: 1_000.0, beyond: 0.1 };
        assert_eq!(as_many.is_below(0.025), None, "on the limit nobody can tell");
    }
}
