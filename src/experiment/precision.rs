//! Replications until the means are known precisely enough.
//!
//! Owns the rounds: how many replications there are at first, how many more, and when it is
//! enough. Must not know what a quantity means.
//!
//! Rounds grow by what the spread so far says is missing: a half width shrinks like 1/√n, so that
//! n (half/wanted)² replications would do (A. M. Law, *Simulation Modeling and Analysis*, 5th ed.
//! 2015, section 9.4.1). At most twice as many as there are, as the spread of few replications is
//! itself known vaguely. Stopping as soon as it is enough favours stopping where the spread is by
//! chance small: with ten replications at least, and a tenth more a round, the intervals cover
//! about a percent less often than they say.
//!
//! Invariant: the rounds depend on the values alone, so no number of threads shows in the answer.

use super::replicate::{ReplicationPlan, Replications, Replicator};
use super::runs::growing;
use crate::engine::world::Ended;
use crate::kernel::time::Time;
use crate::model::course::Course;
use crate::outcome::{EstimatedUnstable, Sample, Thin};
use crate::stats::expect::{Quantity, Told};
use crate::stats::pool::Runs;
use crate::stats::summary::Summary;

/// Replications of the first round.
pub const FIRST: u64 = 10;

/// What is to be known how precisely.
#[derive(Clone, Copy, Debug)]
pub struct Target<'a> {
    /// Quantities, every one of which is to be known so.
    pub of: &'a [Quantity],
    /// Half the width of the interval of a mean, as a share of the mean.
    pub precision: f64,
    /// Probability with which the interval covers the truth, such as 0.95.
    pub confidence: f64,
}

/// How precisely one quantity is known.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    /// The quantity as it was written.
    pub text: String,
    /// Its value over the replications that tell of it, and how these vary.
    pub summary: Summary,
    /// Half the width of its interval; `None` for fewer than two replications, and for a percentile
    /// with too few messages beyond it.
    pub half: Option<f64>,
    /// Those messages, where they are too few.
    pub thin: Option<Thin>,
    /// Whether that is precise enough.
    pub enough: bool,
    /// About how many replications would be enough; `None` if none of what is known says so.
    pub needs: Option<u64>,
    /// Why some replication has no value, or all of them have none that counts.
    pub note: Option<String>,
    /// A queue does not settle, so that it grows for as long as the runs last: no number of them
    /// makes it known.
    pub grows: bool,
}

/// What the replications gave.
#[derive(Clone, Debug)]
pub struct Reached {
    /// The replications themselves.
    pub runs: Replications,
    /// The quantities in their order.
    pub known: Vec<Known>,
}

impl Reached {
    /// Whether all is known precisely enough.
    pub fn enough(&self) -> bool {
        self.known.iter().all(|known| known.enough)
    }
}

/// Replicates in rounds until the target is met, and at most `plan.replications` times.
///
/// # Panics
/// If the plan has no replication, or a run panics.
pub fn replicate_until<'a>(
    course: impl Into<Course<'a>>,
    target: Target<'_>,
    plan: ReplicationPlan<'_>,
) -> Reached {
    let course = course.into();
    let scenario = course.last();
    let mut runs = Replicator::new(course, plan, target.of);
    let mut total = FIRST.min(plan.replications);
    loop {
        let ended = runs.up_to(total);
        let unstable = EstimatedUnstable::all(Sample::of_replications(runs.outcomes()));
        let known: Vec<Known> = (0..target.of.len())
            .map(|at| match growing(&target.of[at], scenario, &unstable) {
                Some(queue) => Known::never(target.of[at].text(), queue),
                None => Known::of(&target.of[at], runs.told(at), target),
            })
            .collect();
        let enough = known.iter().all(|known| known.enough || known.grows);
        if enough || ended != Ended::Completed || total >= plan.replications {
            return Reached { runs: runs.finish(), known };
        }
        let next = next_total(total, &known).min(plan.replications);
        if let Some(progress) = plan.progress {
            progress.add((scenario.end() - Time::ZERO).saturating_mul(next - total));
        }
        total = next;
    }
}

/// How many replications there are after the next round.
fn next_total(total: u64, known: &[Known]) -> u64 {
    let missing = known.iter().filter(|known| !known.enough);
    let needs = missing.map(|known| known.needs.unwrap_or(u64::MAX)).max().unwrap_or(total);
    needs.clamp(total + total.div_ceil(10), total * 2)
}

impl Known {
    /// What is known from what the replications tell, in their order.
    pub fn of(quantity: &Quantity, told: &[Told], target: Target<'_>) -> Known {
        let over = quantity.over(&told.iter().collect::<Vec<_>>(), Runs::Replications);
        let text = quantity.text().to_owned();
        let (sampled, n) = match over {
            Ok(known) => known,
            Err(note) => {
                let summary = Summary::of(&[]);
                let (half, thin, needs, note) = (None, None, None, Some(note));
                let (enough, grows) = (false, false);
                return Known { text, summary, half, thin, enough, needs, note, grows };
            }
        };
        let summary = sampled.summary();
        let half = sampled.half_width_at(target.confidence);
        let wanted = target.precision * summary.mean.abs();
        let complete = n == told.len() as u64;
        let missing = told.iter().find_map(Told::missing).cloned();
        let needs = summary.replications_for(wanted, target.confidence).filter(|_| complete);
        let thin = Thin::of(&sampled);
        let backed = thin.map_or(0, |thin| thin.replications(n));
        Known {
            text,
            summary,
            half,
            thin,
            enough: complete && half.is_some_and(|half| half <= wanted),
            needs: needs.map(|needs| needs.max(backed)),
            note: missing,
            grows: false,
        }
    }

    /// Of a latency or a level of this queue, which does not settle.
    fn never(text: &str, queue: &str) -> Known {
        Known {
            text: text.to_owned(),
            summary: Summary::of(&[]),
            half: None,
            thin: None,
            enough: false,
            needs: None,
            note: Some(format!("`{queue}` grows without end")),
            grows: true,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::experiment::fixture::seeded;
    use crate::experiment::progress::Progress;
    use crate::kernel::time::Span;
    use crate::stats::expect::parse_quantity;

    static GO_ON: AtomicBool = AtomicBool::new(false);

    fn reached(of: &[&str], precision: f64, most: u64, threads: usize) -> Reached {
        let of: Vec<Quantity> = of.iter().map(|text| parse_quantity(text).expect(text)).collect();
        let target = Target { of: &of, precision, confidence: 0.95 };
        let plan =
            ReplicationPlan { replications: most, threads, interrupt: &GO_ON, progress: None };
        replicate_until(&seeded(5), target, plan)
    }

    #[test]
    fn it_stops_where_the_mean_is_known() {
        let Reached { runs, known } = reached(&["mean(processing)", "sent"], 0.02, 1_000, 2);
        let count = runs.outcomes.len() as u64;
        assert!((FIRST..1_000).contains(&count), "{count}");
        for known in known {
            assert!(known.enough && known.summary.n == count, "{known:?}");
            assert!(known.half.is_some_and(|half| half <= 0.02 * known.summary.mean));
        }
        let numbers: Vec<u64> = runs.outcomes.iter().map(|outcome| outcome.replication).collect();
        assert_eq!(numbers, (0..count).collect::<Vec<_>>());
    }

    /// Three workers do 3/0.08 = 37 messages a second, calls included, of the 55 receives of 50 a
    /// second that fail once in ten: the wait grows, and no number of runs makes it known.
    #[test]
    fn what_grows_is_not_sought() {
        let Reached { runs, known } = reached(&["mean(sent_to_deleted)"], 0.02, 1_000, 2);
        assert_eq!(runs.outcomes.len() as u64, FIRST);
        assert!(known[0].grows && !known[0].enough && known[0].summary.n == 0, "{known:?}");
    }

    #[test]
    fn threads_change_no_round() {
        let one = reached(&["mean(processing)"], 0.02, 60, 1);
        for threads in [2, 8] {
            let more = reached(&["mean(processing)"], 0.02, 60, threads);
            assert_eq!(more.runs.outcomes, one.runs.outcomes, "{threads} threads");
            assert_eq!(more.known, one.known);
        }
    }

    #[test]
    fn a_cap_that_comes_first_says_how_many_it_would_need() {
        let reached = reached(&["mean(processing)"], 0.001, 12, 2);
        assert!(!reached.enough());
        assert_eq!(reached.runs.outcomes.len(), 12);
        assert!(reached.known[0].needs.is_some_and(|needs| needs > 1_000), "{:?}", reached.known);
    }

    #[test]
    fn what_has_no_value_is_never_known() {
        let Reached { runs, known } = reached(&["redelivered / dead_lettered"], 0.5, 15, 1);
        assert_eq!(runs.outcomes.len(), 15);
        assert!(!known[0].enough && known[0].note.is_some() && known[0].needs.is_none());
    }

    #[test]
    fn rounds_grow_by_a_tenth_at_least_and_double_at_most() {
        let needs = |needs| {
            let sent = parse_quantity("sent").expect("is a measure");
            let target = Target { of: &[], precision: 0.1, confidence: 0.95 };
            Known { needs, ..Known::of(&sent, &[], target) }
        };
        assert_eq!(next_total(10, &[needs(Some(14))]), 14);
        assert_eq!(next_total(10, &[needs(Some(10))]), 11);
        assert_eq!(next_total(10, &[needs(Some(14)), needs(Some(400))]), 20);
        assert_eq!(next_total(40, &[needs(None)]), 80);
    }

    /// Ten runs of ten seconds were planned; the others came to it.
    #[test]
    fn rounds_that_follow_are_said_to_come() {
        let of = [parse_quantity("mean(processing)").expect("is a measure")];
        let target = Target { of: &of, precision: 0.001, confidence: 0.95 };
        let progress = Progress::default();
        let plan = ReplicationPlan {
            replications: 25,
            threads: 1,
            interrupt: &GO_ON,
            progress: Some(&progress),
        };
        let reached = replicate_until(&seeded(5), target, plan);
        assert_eq!(reached.runs.outcomes.len(), 25);
        assert_eq!(progress.added(), Span::from_secs(15 * 10));
        let loose = Target { precision: 0.9, ..target };
        let plan = ReplicationPlan { progress: None, ..plan };
        assert!(replicate_until(&seeded(5), loose, plan).enough());
    }
}
