//! Intervals of what is counted over replications: how often per something, and how long at most.
//!
//! Owns the ratio of two counts and the quantile of pooled lengths, each with an interval that
//! holds the truth with probability 0.95. Must not know what is counted.
//!
//! What happens in one run may hang together, so the spread between runs counts; and where little
//! was counted runs are alike by chance, so the spread of independent events counts too. The
//! interval is the wider of the two. Where nothing was counted there is only the second: it then
//! takes the events for independent.
//!
//! Invariant: a count of none is never a proof of none.

use super::student;
use super::summary::Summary;
use crate::kernel::num;

/// Probability with which an interval holds the truth.
const CONFIDENCE: f64 = 0.95;

/// An estimate with its interval.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Counted {
    /// The estimate over all runs.
    pub value: f64,
    /// Where its interval begins.
    pub low: f64,
    /// Where it ends; `None` if nobody can tell.
    pub high: Option<f64>,
}

/// How many there are for each of those, from pairs of the two counts, one a run; `None` of none.
///
/// The ratio of the sums: its spread between runs is that of what each run is beyond it (W. G.
/// Cochran, *Sampling Techniques*, 1977, section 6.4), and of independent events the limits are
/// those of a Poisson count (F. Garwood, "Fiducial limits for the Poisson distribution", Biometrika
/// 28, 1936). Of no event in n the upper limit is 3.0/n, the rule of three.
pub fn ratio(runs: &[[u64; 2]]) -> Option<Counted> {
    let sum = |place: usize| runs.iter().map(|run| run[place]).sum::<u64>();
    let (events, of) = (sum(0), sum(1));
    if of == 0 {
        return None;
    }
    let value = events as f64 / of as f64;
    let between = between_runs(runs, value, of);
    let [low, high] = poisson_limits(events).map(|limit| limit / of as f64);
    let apart = between.filter(|_| events > 0).unwrap_or(0.0);
    let (low, high) = (low.min(value - apart).max(0.0), high.max(value + apart));
    Some(Counted { value, low, high: Some(high) })
}

/// How many of those without any event there must be until the upper limit of the ratio is below
/// `limit`.
pub fn none_until(limit: f64) -> f64 {
    poisson_limits(0)[1] / limit
}

/// The length that a share `p` of all does not exceed, from the lengths of each run in any order;
/// `None` of none, or of one run. Its interval has no end where that lies beyond the longest.
///
/// The interval is that of the share, read as lengths (R. S. Woodruff, "Confidence intervals for
/// medians and other position measures", J. American Statistical Association 47, 1952).
pub fn quantile(runs: &[&[u64]], p: f64) -> Option<Counted> {
    let mut all: Vec<u64> = runs.iter().flat_map(|run| run.iter().copied()).collect();
    all.sort_unstable();
    let n = all.len() as f64;
    let at = |rank: f64| usize::try_from(whole(rank)).ok().and_then(|rank| all.get(rank)).copied();
    let value = at((p * n).ceil() - 1.0)?;
    let within = |run: &&[u64]| run.iter().filter(|length| **length <= value).count() as u64;
    let shares: Vec<[u64; 2]> = runs.iter().map(|run| [within(run), run.len() as u64]).collect();
    let share = all.partition_point(|&length| length <= value) as f64 / n;
    let between = between_runs(&shares, share, all.len() as u64)?;
    let alone = student::quantile(u64::MAX, CONFIDENCE) * num::sqrt(p * (1.0 - p) / n);
    let apart = between.max(alone);
    let low = at(((p - apart) * n).ceil().max(1.0) - 1.0)?;
    let high = at(((p + apart) * n).floor()).map(|high| high as f64);
    Some(Counted { value: value as f64, low: low as f64, high })
}

#[expect(clippy::cast_sign_loss, reason = "`as` saturates, and no rank is negative")]
fn whole(rank: f64) -> u64 {
    rank as u64
}

/// Half the interval of a ratio of sums by what each run is beyond it; `None` of one run.
fn between_runs(runs: &[[u64; 2]], ratio: f64, of: u64) -> Option<f64> {
    let mean = of as f64 / runs.len() as f64;
    let beyond = |run: &[u64; 2]| (run[0] as f64 - ratio * run[1] as f64) / mean;
    let beyond: Vec<f64> = runs.iter().map(beyond).collect();
    Summary::of(&beyond).half_width_at(CONFIDENCE)
}

/// The limits of the mean of a Poisson variable of which `count` were seen. Of none there is no
/// lower limit to miss, so the upper one has all of the doubt.
fn poisson_limits(count: u64) -> [f64; 2] {
    /// Beyond it the normal law is as good.
    const MANY: u64 = 100_000;
    let doubt = 1.0 - CONFIDENCE;
    if count == 0 {
        return [0.0, -num::ln(doubt)];
    }
    let seen = count as f64;
    if count > MANY {
        let half = num::normal_quantile(1.0 - doubt / 2.0) * num::sqrt(seen);
        return [seen - half, seen + half];
    }
    let solve = |shape: f64, p: f64| {
        let (mut low, mut high) = (0.0, 2.0 * seen + 20.0);
        loop {
            let middle = f64::midpoint(low, high);
            if middle <= low || middle >= high {
                return middle;
            }
            if num::gamma_cdf(shape, middle) < p { low = middle } else { high = middle }
        }
    };
    [solve(seen, doubt / 2.0), solve(seen + 1.0, 1.0 - doubt / 2.0)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn close(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 2e-4 * expected.abs(), "{found}, not {expected}");
    }

    /// Garwood's table: 1 seen has limits 0.0253 and 5.572, 10 have 4.795 and 18.39, 100 have 81.36
    /// and 121.63.
    #[test]
    fn limits_of_a_count_are_those_of_the_table() {
        for (count, low, high) in [(1, 0.025_318, 5.571_64), (10, 4.795_39, 18.390_36)] {
            let [found, above] = poisson_limits(count);
            close(found, low);
            close(above, high);
        }
        let [low, high] = poisson_limits(100);
        assert!((low - 81.36).abs() < 0.01 && (high - 121.63).abs() < 0.01, "{low} {high}");
        let [low, high] = poisson_limits(1_000_000);
        assert!((low - 998_040.0).abs() < 1.0 && (high - 1_001_960.0).abs() < 1.0);
    }

    /// Of none in 1,430 there may be 2.9957/1,430 = 0.209 %; 0.1 % takes 2,996.
    #[test]
    fn none_is_no_proof_of_none() {
        let none = ratio(&[[0, 700], [0, 730]]).expect("some were looked at");
        assert_eq!(none.value.to_bits(), 0.0_f64.to_bits());
        assert_eq!(none.low.to_bits(), 0.0_f64.to_bits());
        close(none.high.expect("always"), 0.002_094_9);
        close(none_until(0.001), 2_995.73);
        assert_eq!(ratio(&[[0, 0]]), None);
    }

    /// 10 and 30 events in 100 each: the runs are 0.1 and 0.3, at 0.2 ± 12.706 · 0.1, while 40
    /// events would have the limits 28.58/200 and 54.47/200.
    #[test]
    fn the_wider_of_the_two_spreads_counts() {
        let ends = |runs: &[[u64; 2]]| {
            let found = ratio(runs).expect("some were looked at");
            [found.low, found.high.expect("always")]
        };
        let [low, high] = ends(&[[10, 100], [30, 100]]);
        assert_eq!(low.to_bits(), 0.0_f64.to_bits());
        close(high, 0.2 + 1.270_62);
        let [low, high] = ends(&[[20, 100]; 2]);
        close(low, 28.576_6 / 200.0);
        close(high, 54.468_6 / 200.0);
    }

    /// 1 to 1,000: of 95 % the interval is 0.95 ± 1.96 √(0.95 · 0.05/1,000), ±0.0135: the 937th and
    /// the 964th. Of eighty, ±0.048, the longest is just enough, of fifty, ±0.060, it is not.
    #[test]
    fn a_quantile_is_as_uncertain_as_its_share() {
        let upto = |n: u64| {
            let halves = [0, 1].map(|odd| (1..=n).filter(|i| i % 2 == odd).collect::<Vec<u64>>());
            quantile(&[&halves[0], &halves[1]], 0.95).expect("there are some")
        };
        assert_eq!(upto(1_000), Counted { value: 950.0, low: 937.0, high: Some(964.0) });
        assert_eq!(upto(80).high, Some(80.0));
        assert_eq!(upto(50).high, None);
        assert_eq!(quantile(&[&[], &[]], 0.95), None);
    }

    /// A quarter of them in one run and the rest in the other: both runs have 95 % up to 950, but
    /// for half a message, so the interval is that of all. By Wilson and Hilferty 1,000 events have
    /// the limits 938.96 and 1,063.95.
    #[test]
    fn runs_of_unlike_lengths_are_alike() {
        let halves = [true, false].map(|fourth| {
            (1..=1_000_u64).filter(|i| i.is_multiple_of(4) == fourth).collect::<Vec<u64>>()
        });
        let found = quantile(&[&halves[0], &halves[1]], 0.95).expect("there are some");
        assert_eq!(found, Counted { value: 950.0, low: 937.0, high: Some(964.0) });
        let [low, high] = poisson_limits(1_000);
        assert!((low - 938.96).abs() < 0.1 && (high - 1_063.95).abs() < 0.1, "{low} {high}");
    }
}
