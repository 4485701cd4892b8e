//! Replications: the same scenario and seed, other streams.
//!
//! Owns what becomes of runs that end early. Must not know how an outcome is shown.
//!
//! Invariant: what is complete is the same for every number of threads.

use std::sync::atomic::{AtomicBool, Ordering};

use super::in_order::in_order;
use super::kept::{Kept, that_fit};
use super::progress::Progress;
use super::side_by_side::fitting;
use crate::engine::run::{Run, run, run_with};
use crate::engine::world::Ended;
use crate::model::course::Course;
use crate::model::scenario::Scenario;
use crate::observe::measured::Measured;
use crate::outcome::Outcome;
use crate::scenario::units::size_text;
use crate::stats::expect::{Names, Quantity, Told};

/// What to do.
#[derive(Clone, Copy, Debug)]
pub struct ReplicationPlan<'a> {
    /// How many replications, at least one.
    pub replications: u64,
    /// On at most so many threads.
    pub threads: usize,
    /// Set to end early.
    pub interrupt: &'a AtomicBool,
    /// Told how far the runs have come.
    pub progress: Option<&'a Progress>,
}

/// What the replications gave.
#[derive(Clone, Debug)]
pub struct Replications {
    /// Their outcomes in order, at least one. After an interrupt: those complete before the first
    /// unfinished one, or that one if it is the first.
    pub outcomes: Vec<Outcome>,
    /// Everything measured in the first of them.
    pub first: Measured,
    /// `Completed`, or what ended the earliest replication that did not complete.
    pub ended: Ended,
}

/// Runs a scenario once, on the caller's thread, to its end or to one of its limits.
///
/// ```
/// # let file: sqsim::ScenarioFile = r#"(
/// #     duration: "10m", queues: {"jobs": ()},
/// #     producers: {"site": (queue: "jobs", arrivals: Poisson("5/s"))},
/// #     consumers: {"workers": (queue: "jobs", count: 2, processing: Constant("100ms"))},
/// #     expect: ["p99(sent_to_deleted) < 1s"],
/// # )"#.parse()?;
/// let outcome = sqsim::simulate(&file.check()?.scenario);
/// let jobs = outcome.queues.get("jobs").expect("it is there");
/// assert!((2_800..3_200).contains(&jobs.counts.sent));
/// // Work takes 100 ms, and each call of the worker 20 ms.
/// assert!(jobs.latency_ns.sent_to_deleted.p50 >= 140_000_000);
/// assert!(outcome.held() && outcome.partial.is_none());
/// // The same scenario and seed give the same run.
/// assert_eq!(outcome, sqsim::simulate(&file.check()?.scenario));
/// # Ok::<(), sqsim::Faults>(())
/// ```
pub fn simulate(scenario: &Scenario) -> Outcome {
    let Run { measured, ended, .. } = run(scenario, 0, &AtomicBool::new(false));
    let partial = why_partial(scenario, ended, &measured);
    Outcome::from_run(scenario, scenario.seed, 0, &measured, partial)
}

/// Runs replications 0 to `plan.replications` - 1.
///
/// # Panics
/// If the plan has no replication.
pub fn replicate<'a>(course: impl Into<Course<'a>>, plan: ReplicationPlan<'_>) -> Replications {
    let mut runs = Replicator::new(course.into(), plan, &[]);
    runs.up_to(plan.replications);
    runs.finish()
}

/// Replications of one course, more of them as they are asked for.
#[derive(Debug)]
pub struct Replicator<'a> {
    course: Course<'a>,
    plan: ReplicationPlan<'a>,
    quantities: &'a [Quantity],
    asked: u64,
    /// Of these, those before the first that an interrupt ended or that is not kept.
    complete: usize,
    /// Bytes of their outcomes, how many there may be, whether the next one's are too many.
    kept: u64,
    limit: u64,
    full: bool,
    outcomes: Vec<Outcome>,
    first: Option<Measured>,
    /// By quantity, in the order of the replications.
    told: Vec<Vec<Told>>,
    ended: Ended,
}

/// One replication. Measurements are large, so only those of the first are kept.
struct Done {
    outcome: Outcome,
    measured: Option<Measured>,
    told: Vec<Told>,
    ended: Ended,
}

impl<'a> Replicator<'a> {
    /// No replication yet; of each it is kept what it tells of `quantities`. How many there are is
    /// said by [`Self::up_to`], not by the plan.
    pub fn new(
        course: Course<'a>,
        plan: ReplicationPlan<'a>,
        quantities: &'a [Quantity],
    ) -> Replicator<'a> {
        Replicator {
            limit: course.last().limits.memory,
            course,
            plan,
            quantities,
            asked: 0,
            complete: 0,
            kept: 0,
            full: false,
            outcomes: Vec::new(),
            first: None,
            told: vec![Vec::new(); quantities.len()],
            ended: Ended::Completed,
        }
    }

    /// What is known so far, in order.
    pub fn outcomes(&self) -> &[Outcome] {
        &self.outcomes
    }

    /// Runs those that are missing up to `total`; what ended the earliest that did not complete,
    /// or `Completed`. After an interrupt nothing more is run, nor where outcomes take as much
    /// memory as a run may.
    pub fn up_to(&mut self, total: u64) -> Ended {
        let from = self.asked;
        if self.ended == Ended::Interrupted || self.full || total <= from {
            return self.ended;
        }
        self.asked = total;
        let this: &Replicator<'_> = self;
        let threads = fitting(this.plan.threads, [this.course.scenario, this.course.last()]);
        let kept = Kept::new(this.limit, this.kept);
        let done = in_order(total - from, threads, |number| {
            let number = from + number;
            let stops = this.plan.interrupt.load(Ordering::Relaxed) || kept.is_full();
            // Boxed, so that a million that were not begun take no room.
            (number == 0 || !stops).then(|| {
                let done = Box::new(this.one(number));
                kept.add(done.outcome.bytes());
                done
            })
        });
        // After an interrupt, or when no more fit, the rest was not begun.
        let mut done: Vec<Box<Done>> = done.into_iter().map_while(|done| done).collect();
        // Replications that were quick enough to be complete behind a gap are not taken: quick
        // runs are no fair sample.
        let complete = done.iter().take_while(|done| done.ended != Ended::Interrupted).count();
        let sizes = done[..complete].iter().map(|done| done.outcome.bytes());
        let (fit, bytes) = that_fit(self.limit, self.kept, sizes);
        (self.full, self.kept) = (fit < complete, bytes);
        // The first is kept in any case: it is the answer.
        let first = usize::from(from == 0);
        let complete = if self.full { fit.max(first) } else { complete };
        done.truncate(complete.max(first));
        let ended = done.iter().map(|done| done.ended).find(|&ended| ended != Ended::Completed);
        self.complete += complete;
        if (complete as u64) < total - from && !self.full {
            self.ended = Ended::Interrupted;
        } else if self.ended == Ended::Completed {
            let whole = if self.full { Ended::MemoryLimit } else { Ended::Completed };
            self.ended = ended.unwrap_or(whole);
        }
        for done in done {
            let Done { outcome, measured, told, .. } = *done;
            self.outcomes.push(outcome);
            self.first = self.first.take().or(measured);
            for (all, told) in self.told.iter_mut().zip(told) {
                all.push(told);
            }
        }
        self.ended
    }

    /// What the replications tell of one of the quantities so far, in their order.
    pub fn told(&self, quantity: usize) -> &[Told] {
        &self.told[quantity]
    }

    /// What the replications gave.
    ///
    /// # Panics
    /// If none was asked for.
    pub fn finish(self) -> Replications {
        let Replicator { mut outcomes, first, ended, asked, complete, limit, full, .. } = self;
        let why = if full {
            let limit = size_text(limit);
            format!(
                "stopped after {complete} of {asked} replications by the limit of {limit} of \
                 memory, `limits.memory`, which their outcomes fill"
            )
        } else {
            format!("interrupted after {complete} of {asked} replications")
        };
        if full || ended == Ended::Interrupted {
            for outcome in outcomes.iter_mut().filter(|outcome| outcome.partial.is_none()) {
                outcome.partial = Some(why.clone());
            }
        }
        let first = first.expect("at least one replication is asked for");
        Replications { outcomes, first, ended }
    }

    fn one(&self, number: u64) -> Done {
        let (course, plan) = (self.course, self.plan);
        let scenario = course.last();
        let Run { measured, ended, .. } = match plan.progress {
            None => run(course, number, plan.interrupt),
            Some(progress) => {
                let pulse = progress.pulse(scenario.end());
                let Run { measured, ended, observer: _ } =
                    run_with(course, number, plan.interrupt, pulse);
                Run { measured, ended, observer: () }
            }
        };
        let partial = why_partial(scenario, ended, &measured);
        let outcome = Outcome::from_run(scenario, scenario.seed, number, &measured, partial);
        let names = Names::of(scenario);
        let told = self.quantities.iter().map(|of| of.told(&names, &measured)).collect();
        Done { outcome, measured: (number == 0).then_some(measured), told, ended }
    }
}

/// Why a run ended before its time, and what lets it run on; `None` if it did not.
pub fn why_partial(scenario: &Scenario, ended: Ended, measured: &Measured) -> Option<String> {
    let (at, limits) = (measured.end, scenario.limits);
    match ended {
        Ended::Completed | Ended::ObserverStopped => None,
        Ended::Interrupted => Some(format!("interrupted at {at}")),
        Ended::EventLimit => Some(format!(
            "stopped at {at} by the limit of {} events, `limits.events`",
            limits.events
        )),
        Ended::ResidentLimit => Some(format!(
            "stopped at {at} by the limit of {} messages at once, `limits.resident`",
            limits.resident
        )),
        Ended::MemoryLimit => Some(format!(
            "stopped at {at} by the limit of {} of memory, `limits.memory`",
            size_text(limits.memory)
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fixture::{scenario, seeded};

    fn run_on(threads: usize, interrupt: &AtomicBool, progress: Option<&Progress>) -> Replications {
        replicate(&seeded(7), ReplicationPlan { replications: 5, threads, interrupt, progress })
    }

    #[test]
    fn threads_and_progress_change_nothing() {
        let go_on = AtomicBool::new(false);
        let one = run_on(1, &go_on, None);
        assert_eq!(one.ended, Ended::Completed);
        let numbers: Vec<u64> = one.outcomes.iter().map(|outcome| outcome.replication).collect();
        assert_eq!(numbers, [0, 1, 2, 3, 4]);
        for threads in [2, 3, 8] {
            let progress = Progress::default();
            let more = run_on(threads, &go_on, Some(&progress));
            assert_eq!(more.outcomes, one.outcomes, "{threads} threads");
            assert_eq!(format!("{:?}", more.first), format!("{:?}", one.first));
            let told = progress.simulated().as_secs_f64() / 5.0;
            assert!((told - 10.0).abs() < 0.5, "five runs of 10 s each, but {told} s were told");
        }
    }

    #[test]
    fn an_interrupt_at_the_beginning_leaves_an_empty_first_run() {
        let runs = run_on(2, &AtomicBool::new(true), None);
        assert_eq!((runs.outcomes.len(), runs.ended), (1, Ended::Interrupted));
        let why = runs.outcomes[0].partial.as_deref();
        assert_eq!(why, Some("interrupted at 0.000000000s"));
    }

    #[test]
    fn every_replication_may_reach_a_limit() {
        let scenario = scenario("limits: (events: 100)");
        let go_on = AtomicBool::new(false);
        let plan =
            ReplicationPlan { replications: 3, threads: 2, interrupt: &go_on, progress: None };
        let runs = replicate(&scenario, plan);
        assert_eq!(runs.ended, Ended::EventLimit);
        assert_eq!(runs.outcomes.len(), 3);
        for outcome in runs.outcomes {
            assert!(outcome.partial.is_some_and(|why| why.contains("100 events")));
        }
    }

    /// As many outcomes as the limit holds, however many threads make them and in however many
    /// rounds; the first is the answer and kept in any case.
    #[test]
    fn outcomes_are_kept_as_far_as_memory_reaches() {
        let go_on = AtomicBool::new(false);
        let plan = |threads| ReplicationPlan {
            replications: 9,
            threads,
            interrupt: &go_on,
            progress: None,
        };
        let scenario = seeded(7);
        let free = replicate(&scenario, plan(2));
        let sizes: Vec<u64> = free.outcomes.iter().map(Outcome::bytes).collect();
        assert_eq!((free.ended, sizes.len()), (Ended::Completed, 9));
        for (limit, fit) in [
            (sizes[..4].iter().sum::<u64>(), 4),
            (sizes[..5].iter().sum::<u64>() - 1, 4),
            (sizes[0], 1),
            (0, 1),
        ] {
            for threads in [1, 3] {
                let mut runs = Replicator::new((&scenario).into(), plan(threads), &[]);
                runs.limit = limit;
                runs.up_to(2);
                assert_eq!(runs.up_to(9), Ended::MemoryLimit);
                assert_eq!(runs.up_to(99), Ended::MemoryLimit, "and no more");
                let told = runs.finish();
                let asked = if fit > 1 { 9 } else { 2 };
                let why = format!("stopped after {fit} of {asked} replications by the limit of");
                for (outcome, free) in told.outcomes.iter().zip(&free.outcomes) {
                    assert!(outcome.partial.as_ref().is_some_and(|of| of.starts_with(&why)));
                    assert_eq!(outcome.fingerprint, free.fingerprint);
                }
                assert_eq!(told.outcomes.len(), fit, "{limit} bytes on {threads} threads");
            }
        }
    }

    /// Two are complete when somebody interrupts; of five that were asked for no other is begun.
    #[test]
    fn what_was_complete_before_an_interrupt_is_kept() {
        let (scenario, interrupt) = (seeded(7), AtomicBool::new(false));
        let plan =
            ReplicationPlan { replications: 5, threads: 1, interrupt: &interrupt, progress: None };
        let mut runs = Replicator::new((&scenario).into(), plan, &[]);
        assert_eq!((runs.up_to(2), runs.outcomes().len()), (Ended::Completed, 2));
        assert_eq!((runs.up_to(1), runs.outcomes().len()), (Ended::Completed, 2));
        interrupt.store(true, Ordering::Relaxed);
        assert_eq!((runs.up_to(5), runs.outcomes().len()), (Ended::Interrupted, 2));
        interrupt.store(false, Ordering::Relaxed);
        assert_eq!((runs.up_to(9), runs.outcomes().len()), (Ended::Interrupted, 2));
        let runs = runs.finish();
        let why = Some("interrupted after 2 of 5 replications");
        assert!(runs.outcomes.iter().all(|outcome| outcome.partial.as_deref() == why));
    }
}
