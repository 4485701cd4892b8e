//! Two systems that met the same chance.
//!
//! Owns the difference of their means over pairs of runs, and what may be said of it. Must not
//! know what was measured, nor which system is which.
//!
//! Sources: A. M. Law, *Simulation Modeling and Analysis* (2015), 10.2 (paired-t intervals) and
//! 11.2 (common random numbers); D. J. Schuirmann, "A comparison of the two one-sided tests
//! procedure …", J. Pharmacokinetics and Biopharmaceutics 15 (1987), for equivalence.
//!
//! Invariant: pairs are folded in their order.

use super::pool::Sampled;
use super::summary::Summary;
use crate::observe::nature::Wanted;

/// Values of two systems, replication by replication.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// Of the first system.
    pub a: Summary,
    /// Of the second.
    pub b: Summary,
    /// Second minus first, pair by pair.
    pub difference: Summary,
}

/// What may be said of the second system against the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Judgement {
    /// It is better.
    Better,
    /// It is worse.
    Worse,
    /// It is higher, of a measure that is neither good nor bad.
    Higher,
    /// It is lower, of a measure that is neither good nor bad.
    Lower,
    /// The interval holds zero: these runs detect no difference. That is not the same as none.
    NotDetected,
    /// The whole interval lies within the tolerance: any difference is too small to matter.
    WithinTolerance,
    /// There is no interval: too few messages lie beyond a percentile.
    Open,
}

impl Judgement {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Judgement::Better => "better",
            Judgement::Worse => "worse",
            Judgement::Higher => "higher",
            Judgement::Lower => "lower",
            Judgement::NotDetected => "no difference detected",
            Judgement::WithinTolerance => "within the tolerance",
            Judgement::Open => "open",
        }
    }
}

impl Paired {
    /// Of the values of two systems in the same replications.
    ///
    /// # Panics
    /// If there are not as many of one as of the other.
    pub fn of(a: &[f64], b: &[f64]) -> Paired {
        assert_eq!(a.len(), b.len(), "values come in pairs");
        let difference: Vec<f64> = a.iter().zip(b).map(|(a, b)| b - a).collect();
        Paired { a: Summary::of(a), b: Summary::of(b), difference: Summary::of(&difference) }
    }

    /// Of a number over the same replications of two systems.
    ///
    /// # Panics
    /// If there are not as many of one as of the other.
    pub fn between(a: &Sampled, b: &Sampled) -> Paired {
        assert_eq!(a.pseudo.len(), b.pseudo.len(), "values come in pairs");
        Paired { a: a.summary(), b: b.summary(), difference: b.less(a).summary() }
    }

    /// The 95 % interval of the difference of the means; `None` for one pair.
    pub fn interval(&self) -> Option<[f64; 2]> {
        self.difference.interval()
    }

    /// Half its width if the runs had been independent: what pairing is measured against. The
    /// degrees of freedom are those of the pairs, so that only the variances differ.
    pub fn unpaired_half_width(&self) -> Option<f64> {
        let variance = self.a.variance + self.b.variance;
        Summary { variance, ..self.difference }.half_width()
    }

    /// The share of the variance that pairing removed: 1 where it removed all, 0 for independent
    /// runs, negative where it made things worse. `None` where neither system varies.
    pub fn variance_removed(&self) -> Option<f64> {
        let independent = self.a.variance + self.b.variance;
        (independent > 0.0).then(|| 1.0 - self.difference.variance / independent)
    }

    /// What may be said. A tolerance is a share of the first system's mean.
    pub fn verdict(&self, wanted: Wanted, tolerance: Option<f64>) -> Judgement {
        let Some([low, high]) = self.interval() else { return Judgement::NotDetected };
        let near = tolerance.map(|share| share * self.a.mean.abs());
        if near.is_some_and(|near| -near <= low && high <= near) {
            return Judgement::WithinTolerance;
        }
        match (low > 0.0, high < 0.0, wanted) {
            (false, false, _) => Judgement::NotDetected,
            (true, _, Wanted::More) | (_, true, Wanted::Less) => Judgement::Better,
            (true, _, Wanted::Less) | (_, true, Wanted::More) => Judgement::Worse,
            (true, _, Wanted::Neither) => Judgement::Higher,
            (_, true, Wanted::Neither) => Judgement::Lower,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Student's sleep data (1908) as pairs: R's `t.test(extra ~ group, paired = TRUE)` gives a
    /// mean difference of 1.58 with the interval 0.7001142 to 2.4598858.
    #[test]
    fn the_interval_of_students_own_pairs() {
        let a = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let b = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let paired = Paired::of(&a, &b);
        let [low, high] = paired.interval().unwrap();
        assert!((low - 0.700_114_2).abs() < 1e-6 && (high - 2.459_885_8).abs() < 1e-6);
        // Var(a) = 3.2005…, Var(b) = 4.009, Var(b - a) = 1.5128…: by hand 1 - 1.5128/7.2096.
        assert!((paired.variance_removed().unwrap() - 0.790_17).abs() < 1e-4);
        let times = paired.unpaired_half_width().unwrap() / paired.difference.half_width().unwrap();
        assert!((times * times - 1.0 / (1.0 - 0.790_17)).abs() < 1e-2);
        assert_eq!(paired.verdict(Wanted::More, None), Judgement::Better);
        assert_eq!(paired.verdict(Wanted::Less, None), Judgement::Worse);
        assert_eq!(paired.verdict(Wanted::Neither, None), Judgement::Higher);
        assert_eq!(Paired::of(&b, &a).verdict(Wanted::Neither, None), Judgement::Lower);
    }

    #[test]
    fn small_differences_are_told_from_unknown_ones() {
        let a = [100.0, 110.0, 90.0, 105.0];
        let nearly = a.map(|value| value + 0.1);
        let paired = Paired::of(&a, &nearly);
        assert_eq!(paired.verdict(Wanted::Less, None), Judgement::Worse);
        assert_eq!(paired.verdict(Wanted::Less, Some(0.01)), Judgement::WithinTolerance);
        let noisy = Paired::of(&a, &[110.0, 95.0, 97.0, 101.0]);
        assert_eq!(noisy.verdict(Wanted::Less, Some(0.01)), Judgement::NotDetected);
        let same = Paired::of(&a, &a);
        assert_eq!(same.verdict(Wanted::Less, None), Judgement::NotDetected);
        assert_eq!(same.verdict(Wanted::Less, Some(0.0)), Judgement::WithinTolerance);
        assert_eq!(same.variance_removed(), Some(1.0));
        assert_eq!(Paired::of(&[1.0], &[2.0]).verdict(Wanted::Less, None), Judgement::NotDetected);
        assert_eq!(Paired::of(&[1.0, 1.0], &[1.0, 1.0]).variance_removed(), None);
    }

    #[test]
    fn verdicts_are_words_that_say_no_more_than_is_known() {
        let words = [Judgement::NotDetected, Judgement::WithinTolerance].map(Judgement::words);
        assert_eq!(words, ["no difference detected", "within the tolerance"]);
        let words = [Judgement::Better, Judgement::Worse, Judgement::Higher, Judgement::Lower];
        assert_eq!(words.map(Judgement::words), ["better", "worse", "higher", "lower"]);
    }

    /// Schuirmann's two tests: both bounds must lie within the tolerance. It is one here, the
    /// hundredth part of 100, and t with one degree of freedom is 12.706.
    #[test]
    fn a_difference_is_within_the_tolerance_if_both_bounds_are() {
        let of = |differences: [f64; 2], wanted| {
            let a = [100.0, 100.0];
            let paired = Paired::of(&a, &[a[0] + differences[0], a[1] + differences[1]]);
            paired.verdict(wanted, Some(0.01))
        };
        // The same difference twice: an interval without width.
        assert_eq!(of([1.0; 2], Wanted::Less), Judgement::WithinTolerance, "at the upper edge");
        assert_eq!(of([-1.0; 2], Wanted::Less), Judgement::WithinTolerance, "at the lower edge");
        assert_eq!(of([1.5; 2], Wanted::Less), Judgement::Worse, "above both edges");
        assert_eq!(of([-1.5; 2], Wanted::Less), Judgement::Better, "below both edges");
        assert_eq!(of([1.5; 2], Wanted::Neither), Judgement::Higher);
        assert_eq!(of([-1.5; 2], Wanted::Neither), Judgement::Lower);
        // A mean of ±0.25 with a deviation of 0.0884: ±(0.25 ± 12.706 * 0.0884 / √2 = 0.794).
        let narrow = [0.1875, 0.3125];
        assert_eq!(of(narrow, Wanted::More), Judgement::NotDetected, "-0.544 to 1.044");
        assert_eq!(of(narrow.map(|d| -d), Wanted::More), Judgement::NotDetected, "-1.044 to 0.544");
        // A mean of zero with the same width.
        assert_eq!(of([-0.0625, 0.0625], Wanted::More), Judgement::WithinTolerance, "±0.794");
    }
}
