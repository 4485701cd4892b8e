//! Means over replications and their intervals.
//!
//! Owns the estimate of a mean from independent replications. Must not know what was measured.
//!
//! Invariant: values are folded in the order given, so that the bits of a result depend neither
//! on threads nor on the machine.

use super::student;

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

    /// Half the width of the 95 % interval of the mean (Student's t); `None` for one value.
    pub fn half_width(&self) -> Option<f64> {
        (self.n > 1)
            .then(|| student::quantile_975(self.n - 1) * (self.variance / self.n as f64).sqrt())
    }

    /// The 95 % interval of the mean.
    pub fn interval(&self) -> Option<[f64; 2]> {
        self.half_width().map(|half| [self.mean - half, self.mean + half])
    }
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
}
