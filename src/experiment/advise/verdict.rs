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
