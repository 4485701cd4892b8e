//! Whether a timeout keeps its limits: yes, no, or open.
//!
//! Owns what the runs at one timeout say, and the judgement over several. Must not know which were
//! looked at, nor why.
//!
//! Invariant: an interval that holds a limit decides nothing.

use crate::kernel::time::Span;
use crate::observe::recovery::Recovered;
use crate::outcome::{
    AdviceVerdict, EstimatedMeasure, EstimatedUnstable, Limit, TimeoutPoint, Unstable,
};
use crate::stats::counted::{Counted, none_until, quantile, ratio};
use crate::stats::summary::Summary;

/// After its producers a run goes on until all that was lost is back: so long beyond the timeout.
pub(super) const PATIENCE: Span = Span::from_secs(3_600);

/// Of a 95 % quantile: with fewer lengths its interval has no end.
const ENOUGH_LOST: u64 = 100;

/// What one run gave.
pub(super) struct One {
    /// Work done again, and messages deleted.
    pub(super) duplicates: u64,
    pub(super) deleted: u64,
    pub(super) recovered: Recovered,
    /// The queues that do not settle.
    pub(super) unstable: Vec<Unstable>,
    pub(super) partial: Option<String>,
}

/// What is to be kept.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    /// Duplicates per message deleted.
    pub(super) duplicates: Option<f64>,
    /// Time until 95 % of the messages of a crash are back.
    pub(super) recovery: Option<Span>,
}

/// The judgement over all timeouts that were looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Judged {
    pub(super) verdict: AdviceVerdict,
    /// The shortest that meets all limits.
    pub(super) answer: Option<String>,
    /// Without an answer: the one that may yet be it, or else misses least.
    pub(super) nearest: Option<String>,
    /// About how many replications would decide whether that one is it.
    pub(super) replications: Option<u64>,
}

impl Limits {
    /// Whether there is one.
    pub(super) fn any(&self) -> bool {
        self.duplicates.is_some() || self.recovery.is_some()
    }

    fn recovery_nanos(&self) -> Option<f64> {
        self.recovery.map(|limit| limit.as_nanos() as f64)
    }
}

/// What the runs at one timeout say, those without added crashes and those with.
pub(super) fn point(
    timeout: Span,
    plain: &[One],
    crashing: &[One],
    limits: Limits,
) -> TimeoutPoint {
    let counts: Vec<[u64; 2]> = plain.iter().map(|one| [one.duplicates, one.deleted]).collect();
    let duplicates = ratio(&counts);
    let lengths: Vec<Vec<u64>> = crashing.iter().map(|one| nanos(&one.recovered)).collect();
    let lengths: Vec<&[u64]> = lengths.iter().map(Vec::as_slice).collect();
    let runs: Vec<&[Unstable]> = crashing.iter().map(|one| one.unstable.as_slice()).collect();
    let unstable = EstimatedUnstable::over(&runs);
    let settles = unstable.is_empty();
    let p95 = quantile(&lengths, 0.95).filter(|_| settles);
    let partial = plain.iter().chain(crashing).find_map(|one| one.partial.clone());
    let not_back = crashing.iter().map(|one| one.recovered.open).sum();
    let recovery_limit = limits.recovery_nanos().map(|limit| {
        // What was not back yet has waited for the patience at least.
        let patience = PATIENCE.as_nanos() as f64;
        match settles {
            false => Limit::Misses,
            true if not_back > 0 && limit > patience => Limit::Open,
            true => kept(p95, limit),
        }
    });
    let duplicates_limit = limits.duplicates.map(|limit| kept(duplicates, limit));
    let both = duplicates_limit.into_iter().chain(recovery_limit);
    let whole = if partial.is_some() { Limit::Open } else { Limit::Meets };
    let n = plain.len() as u64;
    TimeoutPoint {
        timeout: timeout.to_string(),
        duplicates: duplicates.map(|of| estimated(of, n)),
        deleted: plain.iter().map(|one| one.deleted).sum(),
        recovery_mean_ns: mean(crashing).filter(|_| settles),
        recovery_p95_ns: p95.map(|of| estimated(of, n)),
        lost: lengths.iter().map(|run| run.len() as u64).sum(),
        not_back,
        unstable,
        limits: limits.any().then(|| both.fold(whole, Limit::max)),
        duplicates_limit,
        recovery_limit,
        partial,
    }
}

/// The judgement over these, by ascending timeouts, each replicated `reps` times.
pub(super) fn judged(points: &[TimeoutPoint], limits: Limits, reps: u64) -> Judged {
    let of = |wanted: Limit| points.iter().filter(move |point| point.limits == Some(wanted));
    if let Some(point) = of(Limit::Meets).next() {
        let answer = Some(point.timeout.clone());
        return Judged { verdict: AdviceVerdict::Yes, answer, ..Judged::default() };
    }
    // Of those that may be it, the one of which it is known first.
    let needs = |point: &TimeoutPoint| replications(point, limits, reps);
    let soonest = |point: &&TimeoutPoint| needs(point).unwrap_or(u64::MAX);
    if let Some(point) = of(Limit::Open).min_by_key(soonest) {
        let nearest = Some(point.timeout.clone());
        let verdict = AdviceVerdict::Open;
        return Judged { verdict, nearest, replications: needs(point), answer: None };
    }
    let beyond = |of: Option<EstimatedMeasure>, limit: Option<f64>| {
        limit.map_or(0.0, |limit| of.map_or(f64::INFINITY, |of| of.mean / limit))
    };
    let worst = |point: &TimeoutPoint| {
        let recovery = beyond(point.recovery_p95_ns, limits.recovery_nanos());
        beyond(point.duplicates, limits.duplicates).max(recovery)
    };
    let nearest = points.iter().min_by(|a, b| worst(a).total_cmp(&worst(b)));
    let nearest = nearest.map(|point| point.timeout.clone());
    Judged { verdict: AdviceVerdict::No, nearest, ..Judged::default() }
}

fn kept(of: Option<Counted>, limit: f64) -> Limit {
    match of {
        Some(Counted { high: Some(high), .. }) if high < limit => Limit::Meets,
        Some(Counted { low, .. }) if low >= limit => Limit::Misses,
        Some(_) | None => Limit::Open,
    }
}

/// About how many replications would decide what is open at this timeout, if they went on as those
/// there are; `None` where nobody can tell.
fn replications(point: &TimeoutPoint, limits: Limits, reps: u64) -> Option<u64> {
    let mut times = 1.0_f64;
    if let Some(limit) = limits.duplicates.filter(|_| is_open(point.duplicates_limit)) {
        let of = point.duplicates?;
        times = times.max(if of.mean > 0.0 {
            narrower(of, limit)?
        } else {
            none_until(limit) / point.deleted as f64
        });
    }
    if let Some(limit) = limits.recovery_nanos().filter(|_| is_open(point.recovery_limit)) {
        let few = (point.lost > 0).then(|| ENOUGH_LOST as f64 / point.lost as f64);
        times = times.max(match point.recovery_p95_ns {
            Some(of) if of.ci95.is_some() => narrower(of, limit)?,
            Some(_) | None => few?,
        });
    }
    whole(times * reps as f64).map(|needs| needs.max(reps + 1))
}

fn is_open(limit: Option<Limit>) -> bool {
    limit == Some(Limit::Open)
}

/// How many times as much it takes for the interval not to hold its limit any more: its width falls
/// with the square root.
fn narrower(of: EstimatedMeasure, limit: f64) -> Option<f64> {
    let [low, high] = of.ci95?;
    let half = if of.mean < limit { high - of.mean } else { of.mean - low };
    let ratio = half / (limit - of.mean).abs();
    Some(ratio * ratio)
}

#[expect(clippy::cast_sign_loss, reason = "no number of replications is negative")]
fn whole(number: f64) -> Option<u64> {
    /// Nobody makes more.
    const MOST: f64 = 1e9;
    (number.is_finite() && number < MOST).then(|| number.ceil() as u64)
}

fn estimated(of: Counted, n: u64) -> EstimatedMeasure {
    EstimatedMeasure { mean: of.value, ci95: of.high.map(|high| [of.low, high]), n, thin: None }
}

fn nanos(recovered: &Recovered) -> Vec<u64> {
    recovered.lengths.iter().map(|length| length.as_nanos()).collect()
}

/// The mean over the replications that lost a message; `None` if none has.
fn mean(crashing: &[One]) -> Option<EstimatedMeasure> {
    let means: Vec<f64> = crashing.iter().filter_map(|one| one.recovered.mean_nanos()).collect();
    let summary = Summary::of(&means);
    let (mean, ci95, n) = (summary.mean, summary.interval(), summary.n);
    (n > 0).then_some(EstimatedMeasure { mean, ci95, n, thin: None })
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMITS: Limits = Limits { duplicates: Some(0.01), recovery: None };

    /// A run with these counts, in which lost messages were back after so many seconds.
    fn one(duplicates: u64, deleted: u64, back: &[u64]) -> One {
        let lengths = back.iter().map(|&secs| Span::from_secs(secs)).collect();
        let recovered = Recovered { lengths, open: 0 };
        One { duplicates, deleted, recovered, unstable: Vec::new(), partial: None }
    }

    fn recovery(secs: u64) -> Limits {
        Limits { duplicates: None, recovery: Some(Span::from_secs(secs)) }
    }

    fn told(runs: &[One], limits: Limits) -> TimeoutPoint {
        point(Span::from_secs(30), runs, runs, limits)
    }

    /// Ten in two thousand: a Poisson count of 10 has the limits 4.80 and 18.39, so the ratio is
    /// 0.0050 and lies between 0.0024 and 0.0092. None in two thousand has the limit 3.00/2000.
    #[test]
    fn duplicates_keep_a_limit_that_lies_above_their_interval() {
        let ten = [one(5, 1_000, &[]), one(5, 1_000, &[])];
        let none = [one(0, 1_000, &[]), one(0, 1_000, &[])];
        let cases = [
            (&ten, 0.009_3, Limit::Meets),
            (&ten, 0.009_1, Limit::Open),
            (&ten, 0.002_5, Limit::Open),
            (&ten, 0.002_3, Limit::Misses),
            (&none, 0.001_5, Limit::Meets),
            (&none, 0.001_49, Limit::Open),
            (&none, 0.0, Limit::Misses),
        ];
        for (runs, limit, kept) in cases {
            let point = told(runs, Limits { duplicates: Some(limit), ..LIMITS });
            assert_eq!((point.duplicates_limit, point.limits), (Some(kept), Some(kept)), "{limit}");
            assert_eq!((point.deleted, point.recovery_limit), (2_000, None));
        }
        let point = told(&ten, LIMITS);
        assert_eq!(point.duplicates.map(|of| (of.mean, of.n)), Some((0.005, 2)));
        let free = told(&ten, Limits { duplicates: None, recovery: None });
        assert_eq!((free.limits, free.duplicates_limit), (None, None));
    }

    /// Of 200 lengths the interval of the 95 % quantile goes to rank 200 (0.95 + 1.96 x 0.0154):
    /// all of them are 30 s. Of ten it has no end.
    #[test]
    fn a_recovery_keeps_a_limit_that_lies_above_its_interval() {
        let many = [one(0, 1, &[30; 100]), one(0, 1, &[30; 100])];
        let few = [one(0, 1, &[30; 5]), one(0, 1, &[30; 5])];
        let cases = [
            (&many, 31, Limit::Meets),
            (&many, 30, Limit::Misses),
            (&few, 31, Limit::Open),
            (&few, 30, Limit::Misses),
        ];
        for (runs, limit, kept) in cases {
            let point = told(runs, recovery(limit));
            assert_eq!((point.recovery_limit, point.limits), (Some(kept), Some(kept)), "{limit}");
        }
        let point = told(&many, recovery(31));
        assert_eq!((point.lost, point.not_back, point.timeout.as_str()), (200, 0, "30s"));
        assert_eq!(point.recovery_p95_ns.map(|of| of.mean), Some(30e9));
        assert_eq!(point.recovery_mean_ns.map(|of| (of.mean, of.n)), Some((30e9, 2)));
        // A run that lost nothing has no mean; nor have all of them.
        let one_lost = told(&[one(0, 1, &[30]), one(0, 1, &[])], recovery(31));
        assert_eq!(one_lost.recovery_mean_ns.map(|of| (of.mean, of.n)), Some((30e9, 1)));
        assert_eq!(told(&[one(0, 1, &[])], recovery(31)).recovery_mean_ns, None);
        // Both limits: the worse of the two counts.
        let limits = Limits { duplicates: Some(0.9), recovery: Some(Span::from_secs(31)) };
        let point = told(&many, limits);
        let limits = (point.duplicates_limit, point.recovery_limit, point.limits);
        assert_eq!(limits, (Some(Limit::Open), Some(Limit::Meets), Some(Limit::Open)));
    }

    /// What was not back has waited for the hour of patience: beyond it nothing is known.
    #[test]
    fn what_is_not_back_tells_nothing_beyond_the_patience() {
        let lost = || {
            let mut lost = one(0, 1, &[30; 100]);
            lost.recovered.open = 2;
            lost
        };
        for (limit, kept) in [(3_600, Limit::Meets), (3_601, Limit::Open)] {
            let point = told(&[lost(), lost()], recovery(limit));
            assert_eq!((point.recovery_limit, point.not_back), (Some(kept), 4), "{limit}");
        }
    }

    /// In half of the runs or more: then there is no recovery to speak of.
    #[test]
    fn a_queue_that_does_not_settle_keeps_no_recovery() {
        let grows = || {
            let queue = "q".to_owned();
            let unstable = vec![Unstable { queue, load: 2.0, growth_per_second: 1.0 }];
            One { unstable, ..one(0, 1, &[30; 100]) }
        };
        let point = told(&[grows(), one(0, 1, &[30; 100])], recovery(31));
        assert_eq!(point.recovery_limit, Some(Limit::Misses));
        assert_eq!((point.recovery_p95_ns, point.recovery_mean_ns), (None, None));
        let settled = || one(0, 1, &[30; 100]);
        let point = told(&[grows(), settled(), settled()], recovery(31));
        assert_eq!(point.recovery_limit, Some(Limit::Meets));
    }

    #[test]
    fn what_ended_early_meets_no_limit() {
        let partial = Some("too many events".to_owned());
        let runs = [One { partial, ..one(0, 1_000, &[]) }, one(0, 1_000, &[])];
        let point = told(&runs, LIMITS);
        assert_eq!(point.duplicates_limit, Some(Limit::Meets));
        assert_eq!((point.limits, point.partial.is_some()), (Some(Limit::Open), true));
    }

    fn looked(secs: u64, deleted: u64, limit: Limit) -> TimeoutPoint {
        let point = told(&[one(0, deleted, &[])], LIMITS);
        let timeout = Span::from_secs(secs).to_string();
        TimeoutPoint { timeout, limits: Some(limit), duplicates_limit: Some(limit), ..point }
    }

    #[test]
    fn the_shortest_that_keeps_all_limits_is_the_answer() {
        let points = [(1, Limit::Misses), (2, Limit::Open), (5, Limit::Meets), (9, Limit::Meets)];
        let points = points.map(|(secs, limit)| looked(secs, 1_000, limit));
        let judged = judged(&points, LIMITS, 10);
        assert_eq!((judged.verdict, judged.answer.as_deref()), (AdviceVerdict::Yes, Some("5s")));
        assert_eq!((judged.nearest, judged.replications), (None, None));
    }

    /// No duplicate was seen: a limit of 1 % takes 3.00/0.01 = 300 messages without one. Of 20
    /// messages in ten replications that is 15 times as many, of 60 five times.
    #[test]
    fn of_those_that_are_open_the_one_known_first_is_told() {
        let points = [(1, 20), (2, 60), (5, 30)];
        let points = points.map(|(secs, deleted)| looked(secs, deleted, Limit::Open));
        let judged = judged(&points, LIMITS, 10);
        assert_eq!((judged.verdict, judged.nearest.as_deref()), (AdviceVerdict::Open, Some("2s")));
        // ln 20 / 0.01 = 299.6: 4.99 times.
        assert_eq!((judged.answer, judged.replications), (None, Some(50)));
    }

    /// The mean is 5 and its interval goes from 3 to 9: below a limit of 6 there must be 1, not 4,
    /// which takes 16 times as much; above one of 4.5 half a unit, not 2, which takes 16 times.
    #[test]
    fn an_interval_gets_narrower_with_the_root_of_the_replications() {
        let of = EstimatedMeasure { mean: 5.0, ci95: Some([3.0, 9.0]), n: 10, thin: None };
        let open = |limit: f64| {
            let point = TimeoutPoint { duplicates: Some(of), ..looked(1, 20, Limit::Open) };
            replications(&point, Limits { duplicates: Some(limit), ..LIMITS }, 10)
        };
        assert_eq!((open(6.0), open(4.5)), (Some(160), Some(160)));
        // One more than there are, at least; and a limit on the mean itself is never decided.
        assert_eq!((open(100.0), open(5.0)), (Some(11), None));
        // (4/ε)² times 10 is a billion at ε = 4e-4: nobody makes as many.
        assert_eq!((open(5.0 + 4.1e-4).is_some(), open(5.0 + 3.9e-4)), (true, None));
        let recovered = |of: Option<EstimatedMeasure>, lost: u64| TimeoutPoint {
            recovery_p95_ns: of,
            recovery_limit: Some(Limit::Open),
            duplicates_limit: None,
            lost,
            ..looked(1, 20, Limit::Open)
        };
        let nanos = EstimatedMeasure { mean: 5e9, ci95: Some([3e9, 9e9]), ..of };
        assert_eq!(replications(&recovered(Some(nanos), 20), recovery(6), 10), Some(160));
        // A hundred lengths have an interval: five times as many as twenty.
        let none = EstimatedMeasure { ci95: None, ..nanos };
        assert_eq!(replications(&recovered(Some(none), 20), recovery(6), 10), Some(50));
        assert_eq!(replications(&recovered(None, 0), recovery(6), 10), None);
        // What is not open needs no more, and of two the longer one counts.
        let met = TimeoutPoint { recovery_limit: Some(Limit::Meets), ..recovered(None, 0) };
        assert_eq!(replications(&met, recovery(6), 10), Some(11));
        let both = TimeoutPoint {
            duplicates: Some(of),
            duplicates_limit: Some(Limit::Open),
            ..recovered(Some(none), 20)
        };
        let limits = Limits { duplicates: Some(7.0), ..recovery(6) };
        assert_eq!(replications(&both, limits, 10), Some(50), "(4/2)² is less than 5");
    }

    /// Twice the limit on duplicates is nearer than three times the one on recovery.
    #[test]
    fn without_an_answer_the_one_that_misses_least_is_near() {
        let of = |mean: f64| Some(EstimatedMeasure { mean, ci95: None, n: 1, thin: None });
        let missed = |secs: u64, duplicates: f64, recovery: f64| TimeoutPoint {
            duplicates: of(duplicates),
            recovery_p95_ns: of(recovery * 1e9),
            ..looked(secs, 100, Limit::Misses)
        };
        let limits = Limits { duplicates: Some(0.01), ..recovery(10) };
        let points = [missed(1, 0.05, 1.0), missed(2, 0.02, 20.5), missed(5, 0.001, 30.0)];
        let judged = judged(&points, limits, 10);
        assert_eq!((judged.verdict, judged.nearest.as_deref()), (AdviceVerdict::No, Some("2s")));
        assert_eq!((judged.answer, judged.replications), (None, None));
        // One without a value is as far as can be.
        let unknown = TimeoutPoint { duplicates: None, ..missed(1, 0.0, 1.0) };
        let judged = super::judged(&[unknown, missed(5, 0.001, 90.0)], limits, 10);
        assert_eq!(judged.nearest.as_deref(), Some("5s"));
    }
}
