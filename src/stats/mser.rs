//! Where the start of a run ends: MSER.
//!
//! Owns the rule that cuts the beginning off a series. Must not know what the series measures.
//!
//! The marginal standard error rule (K. P. White, "An effective truncation heuristic for bias
//! reduction in simulation output", Simulation 69, 1997) drops the first d of n values where the
//! squared standard error of the mean of the rest, as if they were independent,
//! `Σ (y − mean)² / (n − d)²`, is least: what is dropped takes bias away, and precision. On means
//! of five observations each it is called MSER-5 (K. P. White, M. J. Cobb, S. C. Spratt, "A
//! comparison of five steady-state truncation heuristics", Winter Simulation Conference 2000).
//!
//! Invariant: of equal minima the first one counts, so that a series without a start loses nothing.

/// Fewer values have no start that could be told from the rest.
pub const FEWEST: usize = 20;

/// What to drop of a series.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// How many values, from the first.
    pub values: usize,
    /// The minimum lies at the end (in the last tenth) of what was searched, the first half: the
    /// series is too short to have left its start behind.
    pub too_short: bool,
}

/// The cut of a series; `None` for fewer than [`FEWEST`] values.
pub fn mser(series: &[f64]) -> Option<Cut> {
    if series.len() < FEWEST {
        return None;
    }
    // From the end, one value more each time (B. P. Welford, Technometrics 4, 1962): nothing is
    // subtracted that is nearly as large, so values without spread have none.
    let last = series.len() / 2;
    let (mut mean, mut squares) = (0.0, 0.0);
    let mut best: Option<(f64, usize)> = None;
    for (dropped, value) in series.iter().enumerate().rev() {
        let kept = (series.len() - dropped) as f64;
        let off = value - mean;
        mean += off / kept;
        squares += off * (value - mean);
        let error = squares / (kept * kept);
        if dropped <= last && best.is_none_or(|(least, _)| error <= least) {
            best = Some((error, dropped));
        }
    }
    best.map(|(_, values)| Cut { values, too_short: values * 10 >= last * 9 })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::num;
    use crate::kernel::rng::{Draws, Source};

    /// Uniform between −1 and 1.
    fn noise(draws: &mut Draws) -> f64 {
        draws.below(2_000_001) as f64 / 1e6 - 1.0
    }

    /// By hand, of 20 values: a start of two high ones, then the same value; without the start the
    /// error is zero.
    #[test]
    fn a_plain_start_is_cut_exactly() {
        let mut series = vec![1.0; 20];
        series[..2].fill(9.0);
        assert_eq!(mser(&series), Some(Cut { values: 2, too_short: false }));
        assert_eq!(mser(&series[..19]), None);
    }

    #[test]
    fn a_constant_series_loses_nothing() {
        for value in [0.0, 0.1, 1e9] {
            assert_eq!(mser(&[value; 100]), Some(Cut { values: 0, too_short: false }), "{value}");
        }
    }

    #[test]
    fn a_stationary_series_loses_little() {
        let mut draws = Draws::new(1);
        let mut lost = 0;
        for _ in 0..100 {
            let series: Vec<f64> = (0..400).map(|_| noise(&mut draws)).collect();
            let cut = mser(&series).expect("long enough");
            assert!(!cut.too_short);
            lost += cut.values;
        }
        assert!(lost < 100 * 400 / 25, "{lost} of 40,000 values were cut without need");
    }

    /// A start that fades with e^(−t/50), eight times the noise: after 150 values it is a fifth of
    /// the noise, and an error in the mean worth the values it costs before.
    #[test]
    fn a_start_that_fades_is_cut_where_it_has_faded() {
        for seed in 0..20 {
            let mut draws = Draws::new(seed);
            let series: Vec<f64> = (0..1_000)
                .map(|t| 10.0 - 8.0 * num::exp(-f64::from(t) / 50.0) + noise(&mut draws))
                .collect();
            let cut = mser(&series).expect("long enough");
            assert!((80..300).contains(&cut.values) && !cut.too_short, "{cut:?}");
        }
    }

    #[test]
    fn a_series_that_only_climbs_is_too_short() {
        let series: Vec<f64> = (0..100).map(f64::from).collect();
        assert_eq!(mser(&series), Some(Cut { values: 50, too_short: true }));
    }

    /// The definition, without running sums.
    #[test]
    fn running_sums_change_nothing() {
        let mut draws = Draws::new(9);
        for length in [20, 21, 57] {
            let series: Vec<f64> =
                (0..length).map(|t| noise(&mut draws) - 30.0 / f64::from(t + 1)).collect();
            let error = |dropped: usize| {
                let kept = &series[dropped..];
                let mean = kept.iter().sum::<f64>() / kept.len() as f64;
                let squares: f64 = kept.iter().map(|value| (value - mean) * (value - mean)).sum();
                squares / (kept.len() * kept.len()) as f64
            };
            let least = (0..=series.len() / 2).min_by(|&a, &b| error(a).total_cmp(&error(b)));
            assert_eq!(mser(&series).map(|cut| cut.values), least);
        }
    }
}
