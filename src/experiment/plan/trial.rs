//! One point of a plan, replicated until it is decided.
//!
//! Owns the decision whether a point meets its targets, and how sure that is. Must not know which
//! point is tried next.
//!
//! A target compares two sides; its margin is by how much it holds, replication by replication.
//! It is decided when the one-sided interval of the mean margin lies on one side of zero. Rounds
//! double the replications. The error that a plan may make is divided evenly over all decisions it
//! can make (Bonferroni), looks at a growing sample included, so that the stated confidence is one
//! of all of them together. `==` and `!=` are no comparisons of means: they must hold in every
//! replication.

use super::super::point::Point;
use super::super::runs::{Job, Row, Runner};
use crate::outcome::{EstimatedMeasure, ExpectOutcome, TriedPoint, TriedTarget};
use crate::stats::expect::{Comparison, Expectation};
use crate::stats::paired::Paired;
use crate::stats::summary::Summary;

/// How sure a plan is to be, and what it may cost.
#[derive(Clone, Copy, Debug)]
pub(super) struct Effort {
    /// Replications of the first round.
    pub(super) first: u64,
    /// Most replications of one point.
    pub(super) most: u64,
    /// Probability that one look at one target of one point may decide wrongly.
    pub(super) error: f64,
}

impl Effort {
    /// An error of `error` in all, divided over so many points and targets and all looks.
    pub(super) fn divided(
        first: u64,
        most: u64,
        error: f64,
        points: usize,
        targets: usize,
    ) -> Effort {
        let looks = 1 + (most / first.max(1)).max(1).next_power_of_two().trailing_zeros();
        let decisions = points.max(1) as f64 * targets.max(1) as f64 * f64::from(looks);
        Effort { first: first.min(most), most, error: error / decisions }
    }
}

/// Whether a point meets all targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// Surely.
    Meets,
    /// Surely not.
    Fails,
    /// The interval of a margin holds zero.
    Open,
}

/// A point and its replications so far.
#[derive(Clone, Debug)]
pub(super) struct Trial {
    pub(super) point: Point,
    pub(super) rows: Vec<Row>,
    pub(super) verdict: Verdict,
    /// Whether the means meet all targets.
    pub(super) holds: bool,
    targets: Vec<TriedTarget>,
    note: Option<String>,
}

impl Trial {
    pub(super) fn new(point: Point) -> Trial {
        let verdict = Verdict::Open;
        Trial { point, rows: Vec::new(), verdict, holds: false, targets: Vec::new(), note: None }
    }

    /// Replicates until it is decided or the effort is spent; `None` after an interrupt.
    pub(super) fn decide(
        &mut self,
        expectations: &[Expectation],
        effort: Effort,
        runner: &Runner<'_>,
    ) -> Option<()> {
        let mut total = effort.first;
        loop {
            grow(&mut [&mut *self], total, runner)?;
            self.judge(expectations, effort);
            if self.verdict != Verdict::Open || total >= effort.most {
                return Some(());
            }
            total = (total * 2).min(effort.most);
        }
    }

    /// Judges what there is.
    pub(super) fn judge(&mut self, expectations: &[Expectation], effort: Effort) {
        let judged = (0..).zip(expectations).map(|(at, expectation)| {
            let each = self.rows.iter().filter_map(move |row| row.expect.get(at));
            judge(expectation.comparison(), each, effort)
        });
        let judged: Vec<Judged> = judged.collect();
        self.verdict = match () {
            () if judged.iter().any(|target| target.verdict == Verdict::Fails) => Verdict::Fails,
            () if judged.iter().all(|target| target.verdict == Verdict::Meets) => Verdict::Meets,
            () => Verdict::Open,
        };
        self.holds = judged.iter().all(|target| target.holds);
        self.note = self.rows.iter().find_map(|row| row.partial.clone());
        if self.note.is_some() {
            // What was measured until a limit came says nothing of the whole.
            (self.verdict, self.holds) = (Verdict::Fails, false);
        }
        let noted = judged.iter().find_map(|target| target.note.clone());
        self.note = self.note.take().or(noted);
        self.targets = judged.into_iter().map(|target| target.target).collect();
    }

    /// The least margin of a replication over all targets, each in units of its limit: what must
    /// grow along a knob for bisection to be right.
    pub(super) fn margins(&self, expectations: &[Expectation]) -> Vec<f64> {
        let least = |row: &Row| {
            let margins = row.expect.iter().zip(expectations).map(|(expect, expectation)| {
                let scale = expect.limit.map_or(1.0, f64::abs).max(f64::MIN_POSITIVE);
                margin(expectation.comparison(), expect).map_or(f64::NEG_INFINITY, |m| m / scale)
            });
            margins.fold(f64::INFINITY, f64::min)
        };
        self.rows.iter().map(least).collect()
    }

    /// Estimates of what is to be least.
    pub(super) fn objective(&self) -> Vec<f64> {
        self.rows.iter().filter_map(|row| row.values.first().copied().flatten()).collect()
    }

    /// As the document tells it.
    pub(super) fn told(&self, minimise: bool) -> TriedPoint {
        let set = |set: &String| set.split_once('=').map_or("", |(_, value)| value).to_owned();
        TriedPoint {
            at: self.point.sets.iter().map(set).collect(),
            replications: self.rows.len() as u64,
            verdict: match self.verdict {
                Verdict::Meets => "meets",
                Verdict::Fails => "fails",
                Verdict::Open => "open",
            }
            .to_owned(),
            holds: self.holds,
            targets: self.targets.clone(),
            minimised: minimise.then(|| EstimatedMeasure::of(&self.objective())),
            note: self.note.clone(),
        }
    }
}

/// Replicates all trials up to `total`; `None` after an interrupt.
pub(super) fn grow(trials: &mut [&mut Trial], total: u64, runner: &Runner<'_>) -> Option<()> {
    let jobs: Vec<Job<'_>> = trials
        .iter()
        .flat_map(|trial| {
            let point = &trial.point;
            (trial.rows.len() as u64..total).map(move |replication| Job { point, replication })
        })
        .collect();
    let mut rows = runner.rows(&jobs)?.into_iter();
    for trial in trials {
        let missing = total.saturating_sub(trial.rows.len() as u64) as usize;
        trial.rows.extend(rows.by_ref().take(missing));
    }
    Some(())
}

/// One target, judged.
struct Judged {
    verdict: Verdict,
    holds: bool,
    target: TriedTarget,
    note: Option<String>,
}

fn judge<'a>(
    comparison: Comparison,
    each: impl Iterator<Item = &'a ExpectOutcome>,
    effort: Effort,
) -> Judged {
    let each: Vec<&ExpectOutcome> = each.collect();
    let all = |side: fn(&ExpectOutcome) -> Option<f64>| {
        each.iter().map(|expect| side(expect)).collect::<Option<Vec<f64>>>()
    };
    let (Some(values), Some(limits)) = (all(|expect| expect.value), all(|expect| expect.limit))
    else {
        let target = TriedTarget { value: None, limit: None, margin: None, half: None };
        let note = each.iter().find_map(|expect| expect.note.clone());
        return Judged { verdict: Verdict::Fails, holds: false, target, note };
    };
    let margins: Vec<f64> = each.iter().filter_map(|expect| margin(comparison, expect)).collect();
    let (value, limit) = (Summary::of(&values).mean, Summary::of(&limits).mean);
    let margin = Summary::of(&margins);
    let half = margin.half_width_at(1.0 - 2.0 * effort.error);
    let exact = matches!(comparison, Comparison::Equal | Comparison::NotEqual);
    let (verdict, holds) = if exact {
        let holds = each.iter().all(|expect| expect.holds);
        (if holds { Verdict::Meets } else { Verdict::Fails }, holds)
    } else {
        let holds = comparison.holds(value, limit);
        let verdict = match half {
            Some(half) if margin.mean - half > 0.0 => Verdict::Meets,
            Some(half) if margin.mean + half < 0.0 => Verdict::Fails,
            // Every replication lies on the limit.
            Some(0.0) if holds => Verdict::Meets,
            Some(0.0) => Verdict::Fails,
            _ => Verdict::Open,
        };
        (verdict, holds)
    };
    let target = TriedTarget {
        value: Some(value),
        limit: Some(limit),
        margin: Some(margin.mean),
        half: half.filter(|_| !exact),
    };
    Judged { verdict, holds, target, note: None }
}

/// By how much an expectation holds in one replication.
fn margin(comparison: Comparison, expect: &ExpectOutcome) -> Option<f64> {
    let (value, limit) = (expect.value?, expect.limit?);
    Some(match comparison {
        Comparison::Less | Comparison::LessOrEqual => limit - value,
        Comparison::Greater | Comparison::GreaterOrEqual => value - limit,
        Comparison::Equal => -(value - limit).abs(),
        Comparison::NotEqual => (value - limit).abs(),
    })
}

/// Whether the second margins are surely below the first: pairs of the replications that both
/// have.
pub(super) fn surely_falls(first: &[f64], second: &[f64], error: f64) -> bool {
    let pairs = first.len().min(second.len());
    let (first, second) = (&first[..pairs], &second[..pairs]);
    if first.iter().chain(second).any(|margin| !margin.is_finite()) {
        return false;
    }
    let difference = Paired::of(first, second).difference;
    let half = difference.half_width_at(1.0 - 2.0 * error);
    half.is_some_and(|half| difference.mean + half < 0.0)
}
