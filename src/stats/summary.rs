//! Means over replications and their intervals.
//!
//! Owns the estimate of a mean from independent replications. Must not know what was measured.
//!
//! Invariant: values are folded in the order given, so that the bits of a result depend neither
//! on threads nor on the machine.

use super::student;
use crate::kernel::num;

/// A mean over replications.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Values.
    pub n: u64,
    /// Their mean; 0 for none.
    pub mean: f64,
    /// Their variance (divided by n − 1); 0 for fewer than two.
    pub variance: f64,
}

impl Summary {
    /// The summary of `values`, in two passes in their order.
    pub fn of(values: &[f64]) -> Summary {
        let n = values.len() as u64;
        if n == 0 {
            return Summary { n, mean: 0.0, variance: 0.0 };
        }
        // Equal values have no spread; a rounded mean would give them some.
        if values.iter().all(|value| value.total_cmp(&values[0]).is_eq()) {
            return Summary { n, mean: values[0], variance: 0.0 };
        }
        let mean = values.iter().sum::<f64>() / n as f64;
        let squares: f64 = values.iter().map(|value| (value - mean) * (value - mean)).sum();
        Summary { n, mean, variance: squares / (n - 1) as f64 }
    }

    /// A mean known otherwise, with the spread of the values that stand for its runs.
    pub fn about(mean: f64, pseudo: &[f64]) -> Summary {
        Summary { mean, ..Summary::of(pseudo) }
    }

    /// Half the width of the 95 % interval of the mean (Student's t); `None` for one value.
    pub fn half_width(&self) -> Option<f64> {
        self.half_width_at(0.95)
    }

    /// Half the width of the interval that covers the mean with probability `confidence`; `None`
    /// for one value.
    pub fn half_width_at(&self, confidence: f64) -> Option<f64> {
        (self.n > 1).then(|| student::quantile(self.n - 1, confidence) * self.standard_error())
    }

    /// Standard error of the mean.
    pub fn standard_error(&self) -> f64 {
        if self.n == 0 { 0.0 } else { (self.variance / self.n as f64).sqrt() }
    }

    /// About how many values would make half the width of the interval `wanted`, if they had the
    /// spread that these have; `None` where nobody can tell: for fewer than two values, and if
    /// nothing is wanted of values that differ.
    pub fn replications_for(&self, wanted: f64, confidence: f64) -> Option<u64> {
        if self.n < 2 {
            return None;
        }
        if self.variance == 0.0 {
            return Some(2);
        }
        if wanted <= 0.0 {
            return None;
        }
        let needed = |t: f64| whole((t * t * self.variance / (wanted * wanted)).ceil().max(2.0));
        // Student's t lies above its normal limit and depends on n itself: a few more, found by
        // trying; where there are many, their number hardly moves it.
        let mut n = needed(num::normal_quantile(f64::midpoint(1.0, confidence)));
        if n > 1_000 {
            return Some(needed(student::quantile(n, confidence)));
        }
        while needed(student::quantile(n - 1, confidence)) > n {
            n += 1;
        }
        Some(n)
    }

    /// The 95 % interval of the mean.
    pub fn interval(&self) -> Option<[f64; 2]> {
        self.half_width().map(|half| [self.mean - half, self.mean + half])
    }
}

/// A positive whole number of any size.
#[expect(clippy::cast_sign_loss, reason = "it is not negative")]
fn whole(number: f64) -> u64 {
    number as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_value_has_no_interval() {
        let one = Summary::of(&[3.0]);
        assert_eq!((one.mean, one.half_width()), (3.0, None));
        assert_eq!(Summary::of(&[]).n, 0);
        let equal = Summary::of(&[0.8; 10]);
        assert_eq!((equal.mean, equal.half_width()), (0.8, Some(0.0)));
    }

    /// About their mean, whole numbers off it: squares 1 + 9 + 16 + 36 = 62. Of differences between
    /// squares of such numbers little would be left.
    #[test]
    fn a_spread_far_from_zero_is_exact() {
        let values = [9.25, 13.25, 14.25, 4.25].map(|value| 1e15 + value);
        assert_eq!(Summary::of(&values).variance.to_bits(), (62.0_f64 / 3.0).to_bits());
    }

    /// The classic sleep data (Student 1908, as in R's `t.test(sleep$extra)`): mean 1.54, 95 %
    /// interval 0.5955845 to 2.4844155.
    #[test]
    fn the_interval_of_students_own_data() {
        let extra = [
            0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0, 1.9, 0.8, 1.1, 0.1, -0.1, 4.4,
            5.5, 1.6, 4.6, 3.4,
        ];
        let [low, high] = Summary::of(&extra).interval().expect("twenty values");
        assert!((low - 0.595_584_5).abs() < 1e-6, "{low}");
        assert!((high - 2.484_415_5).abs() < 1e-6, "{high}");
    }

    /// Student's own data again: the half width of 20 values is 0.944. Of n values it is
    /// t(n − 1) · 2.018/√n: 0.5 needs 66 (t = 1.997: 0.4960; of 65 it is 0.5000 and a bit more).
    #[test]
    fn how_many_values_it_takes_follows_from_their_spread() {
        let n = |wanted| {
            let summary = Summary { n: 20, mean: 1.54, variance: 4.072 };
            summary.replications_for(wanted, 0.95)
        };
        let found = n(0.5).expect("there is a spread");
        let half = |n: u64| student::quantile(n - 1, 0.95) * (4.072 / n as f64).sqrt();
        assert!(half(found) <= 0.5 && half(found - 1) > 0.5, "{found}");
        assert!((64..=67).contains(&found), "{found}");
        assert_eq!(n(100.0), Some(2));
        // t = 12.7 for two values: two are not enough where six are.
        assert_eq!(n(2.2), Some(6), "2.571 · 2.018/√6 = 2.118, and 2.776 · 2.018/√5 = 2.505");
        let many = n(0.01).expect("there is a spread");
        assert!((156_424..156_440).contains(&many), "1.95996² · 4.072/0.0001 is 156,424: {many}");
        assert_eq!(n(0.0), None);
        assert_eq!(Summary::of(&[1.0]).replications_for(1.0, 0.95), None);
        assert_eq!(Summary::of(&[1.0; 3]).replications_for(0.0, 0.95), Some(2));
    }
}
