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

use std::collections::BTreeMap;

use super::super::point::Point;
use super::super::row::RunRow;
use super::super::runs::{Job, Runner, growing, unstable};
use super::bill::Bill;
use crate::kernel::time::{Span, Time};
use crate::outcome::{EstimatedMeasure, Thin, TriedPoint, TriedTarget, is_common};
use crate::stats::expect::{Compared, Expectation, Quantity, Told};
use crate::stats::paired::Paired;
use crate::stats::pool::{Runs, Sampled};

/// All values that were tried, by place.
pub(super) type Tried = BTreeMap<usize, Trial>;

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
    pub(super) rows: Vec<RunRow>,
    pub(super) verdict: Verdict,
    /// Whether the means meet all targets.
    pub(super) holds: bool,
    targets: Vec<TriedTarget>,
    /// What is to be least, and how many replications tell of it.
    minimised: Option<(Sampled, u64)>,
    note: Option<String>,
}

impl Trial {
    pub(super) fn new(point: Point) -> Trial {
        Trial {
            point,
            rows: Vec::new(),
            verdict: Verdict::Open,
            holds: false,
            targets: Vec::new(),
            minimised: None,
            note: None,
        }
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
        let judged = (0..).zip(expectations).map(|(at, of)| judge(of, at, &self.rows, effort));
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

    /// The margin of the target that is met the least, in units of its limit: what must grow along
    /// a knob for bisection to be right. What stands for each replication; nothing if a target has
    /// no value.
    pub(super) fn margins(&self, expectations: &[Expectation]) -> Vec<f64> {
        let margins = (0..).zip(expectations).map(|(at, expectation)| {
            let Compared { limit, margin, .. } = compared(expectation, at, &self.rows).ok()?;
            let scale = limit.value.abs().max(f64::MIN_POSITIVE);
            Some(margin.map(|margin| margin / scale))
        });
        let margins: Option<Vec<Sampled>> = margins.collect();
        let least = margins.into_iter().flatten().min_by(|a, b| a.value.total_cmp(&b.value));
        least.map_or_else(Vec::new, |least| least.pseudo)
    }

    /// By how much the target at place `at` is met: what stands for each replication; `None` where
    /// it has no value.
    pub(super) fn margin(&self, target: &Expectation, at: usize) -> Option<Vec<f64>> {
        compared(target, at, &self.rows).ok().map(|compared| compared.margin.pseudo)
    }

    /// What is to be least: what stands for each replication.
    pub(super) fn objective(&self) -> Vec<f64> {
        self.minimised.as_ref().map_or_else(Vec::new, |(of, _)| of.pseudo.clone())
    }

    /// Whether it misses the targets by its means, and may yet meet them.
    pub(super) fn is_open(&self) -> bool {
        self.verdict == Verdict::Open && !self.holds
    }

    /// What was decided is open after all, for this reason.
    pub(super) fn doubt(&mut self, note: String) {
        self.verdict = Verdict::Open;
        self.note = Some(note);
    }

    /// Whether what is to be least, `objective`, has a value here: something that stands for every
    /// replication, so that pairs stay pairs, and not one that grows for as long as they last.
    pub(super) fn is_priced(&self, objective: Option<&Quantity>) -> bool {
        let unstable = unstable(&self.rows);
        let whole = |(of, n): &(Sampled, u64)| {
            let rows = self.rows.len();
            *n == rows as u64 && (rows < 2 || of.pseudo.len() == rows)
        };
        objective.is_some_and(|of| growing(of, &self.point.scenario, &unstable).is_none())
            && self.minimised.as_ref().is_some_and(whole)
    }

    /// The values of what is looked for.
    pub(super) fn values(&self) -> Vec<String> {
        let set = |set: &String| set.split_once('=').map_or("", |(_, value)| value).to_owned();
        self.point.sets.iter().map(set).collect()
    }

    /// As the document tells it.
    pub(super) fn told(&self, objective: Option<&Quantity>, bill: Option<&Bill>) -> TriedPoint {
        TriedPoint {
            at: self.values(),
            replications: self.rows.len() as u64,
            verdict: match self.verdict {
                Verdict::Meets => "meets",
                Verdict::Fails => "fails",
                Verdict::Open => "open",
            }
            .to_owned(),
            holds: self.holds,
            targets: self.targets.clone(),
            minimised: self.is_priced(objective).then(|| {
                let known = self.minimised.as_ref();
                known.map_or(EstimatedMeasure::NONE, |(of, n)| EstimatedMeasure::sampled(of, *n))
            }),
            cost_per_month: bill.and_then(|bill| bill.over(&self.rows)),
            unstable: unstable(&self.rows),
            note: self.note.clone(),
        }
    }
}

/// Replicates all trials up to `total`; `None` after an interrupt, with the replications before the
/// first that is missing.
pub(super) fn grow(trials: &mut [&mut Trial], total: u64, runner: &Runner<'_>) -> Option<()> {
    let jobs: Vec<Job<'_>> = trials
        .iter()
        .flat_map(|trial| {
            let point = &trial.point;
            (trial.rows.len() as u64..total).map(move |replication| Job { point, replication })
        })
        .collect();
    if let Some(progress) = runner.progress {
        let length = |job: &Job<'_>| job.point.scenario.end() - Time::ZERO;
        progress.add(jobs.iter().map(length).fold(Span::ZERO, Span::saturating_add));
    }
    let mut rows = runner.done(&jobs).into_iter();
    let mut all = Some(());
    for trial in trials {
        let missing = total.saturating_sub(trial.rows.len() as u64) as usize;
        let own: Vec<Option<RunRow>> = rows.by_ref().take(missing).collect();
        all = all.filter(|()| own.iter().all(Option::is_some));
        trial.rows.extend(own.into_iter().map_while(|row| row));
        if let Some(quantity) = runner.quantities.first() {
            let told: Vec<&Told> = trial.rows.iter().map(|row| &row.told[0]).collect();
            trial.minimised = quantity.over(&told, Runs::Replications).ok();
        }
    }
    all
}

/// One target, judged.
struct Judged {
    verdict: Verdict,
    holds: bool,
    target: TriedTarget,
    note: Option<String>,
}

/// Both sides of the target at place `at` over all replications.
fn compared(target: &Expectation, at: usize, rows: &[RunRow]) -> Result<Compared, String> {
    let told: Vec<&Told> = rows.iter().filter_map(|row| row.expect_told.get(at)).collect();
    target.over(&told, Runs::Replications)
}

fn judge(expectation: &Expectation, at: usize, rows: &[RunRow], effort: Effort) -> Judged {
    let comparison = expectation.comparison();
    let without_value = |note: Option<String>| {
        let target = TriedTarget { value: None, limit: None, margin: None, half: None, thin: None };
        Judged { verdict: Verdict::Fails, holds: false, target, note }
    };
    let each = || rows.iter().filter_map(|row| row.expect.get(at));
    let growing = || each().filter(|expect| expect.grows_with.is_some());
    if is_common(growing().count(), rows.len()) {
        return without_value(growing().next().and_then(|of| of.note.clone()));
    }
    let compared = match compared(expectation, at, rows) {
        Ok(compared) => compared,
        Err(note) => return without_value(Some(note)),
    };
    let Compared { value, limit, margin, .. } = &compared;
    let confidence = 1.0 - 2.0 * effort.error;
    let exact = comparison.is_below().is_none();
    let (verdict, holds) = if exact {
        let holds = each().all(|expect| expect.holds);
        (if holds { Verdict::Meets } else { Verdict::Fails }, holds)
    } else {
        let verdict = match compared.surely(confidence) {
            Some(true) => Verdict::Meets,
            Some(false) => Verdict::Fails,
            None => Verdict::Open,
        };
        (verdict, comparison.holds(value.value, limit.value))
    };
    let target = TriedTarget {
        value: Some(value.value),
        limit: Some(limit.value),
        margin: Some(margin.value),
        half: margin.half_width_at(confidence).filter(|_| !exact),
        thin: Thin::of(margin).filter(|_| !exact && verdict == Verdict::Open),
    };
    Judged { verdict, holds, target, note: None }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::observe::measured::Latency;
    use crate::stats::expect::{Take, parse};
    use crate::stats::fixture;
    use crate::stats::pool::Reading;

    fn trial(rows: impl IntoIterator<Item = Vec<Reading>>) -> Trial {
        let (name, sets) = (String::new(), Vec::new());
        let mut trial = Trial::new(Point { name, sets, scenario: fixture::scenario() });
        let row = |readings: Vec<Reading>| RunRow {
            told: Vec::new(),
            expect: Vec::new(),
            expect_told: readings.into_iter().map(|of| Told(vec![Ok(of)])).collect(),
            unstable: Vec::new(),
            fingerprint: 0,
            partial: None,
        };
        trial.rows = rows.into_iter().map(row).collect();
        trial
    }

    /// 90 of 100 is met by a tenth, 60 of 50 by a fifth; 95 by a twentieth.
    #[test]
    fn the_target_that_is_met_the_least_counts_in_units_of_its_limit() {
        let targets = ["duplicates < 100", "deleted > 50"].map(|text| parse(text).expect(text));
        let of = |duplicates, deleted| vec![Reading::Count(duplicates), Reading::Count(deleted)];
        let margins = trial([of(90.0, 60.0), of(95.0, 60.0)]).margins(&targets);
        let close = |found: &[f64], expected: &[f64]| {
            assert_eq!(found.len(), expected.len());
            let near = |(a, b): (&f64, &f64)| (a - b).abs() < 1e-12;
            assert!(found.iter().zip(expected).all(near), "{found:?}");
        };
        close(&margins, &[0.1, 0.05]);
        close(&trial([of(50.0, 60.0), of(50.0, 51.0)]).margins(&targets), &[0.2, 0.02]);
        assert!(
            trial([vec![Reading::Count(1.0)]]).margins(&targets).is_empty(),
            "one has no value"
        );
    }

    /// -1 and -2, give or take 3 in turn: half the 90 % interval of ten is 1.833.
    #[test]
    fn a_fall_must_be_more_than_chance() {
        let falls = |by: f64| {
            let first = [5.0; 10];
            let second: Vec<f64> =
                (0..10).map(|n| 5.0 - by + if n % 2 == 0 { 3.0 } else { -3.0 }).collect();
            surely_falls(&first, &second, 0.05)
        };
        assert!(falls(1.9) && !falls(1.8) && !falls(-1.9));
        assert!(!surely_falls(&[5.0, 5.0], &[f64::NEG_INFINITY, 1.0], 0.05));
        assert!(!surely_falls(&[5.0], &[1.0], 0.05), "one pair has no spread");
    }

    /// Twelve runs of 1 to 100 s have twelve messages beyond p99, on which its limit lies.
    #[test]
    fn what_is_open_for_lack_of_messages_says_so() {
        let lengths: Vec<Span> = (1..=100).map(Span::from_secs).collect();
        let of = || Latency::of(&lengths).reading(Take::Quantile(0.99)).expect("is a percentile");
        let judged = |text: &str| {
            let mut trial = trial((0..12).map(|_| vec![of()]));
            let effort = Effort { first: 12, most: 12, error: 0.025 };
            trial.judge(&[parse(text).expect(text)], effort);
            (trial.verdict, trial.targets[0].thin.map(|thin| thin.beyond.round()))
        };
        assert_eq!(judged("p99(sent_to_deleted) <= 99s"), (Verdict::Open, Some(12.0)));
        assert_eq!(judged("p99(sent_to_deleted) < 200s"), (Verdict::Meets, None));
    }
}
