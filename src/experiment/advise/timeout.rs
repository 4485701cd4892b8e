//! Which visibility timeout: duplicates against recovery.
//!
//! Owns the runs at each timeout and the judgement. Must not know how it is told.
//!
//! Both curves come from runs under common random numbers: replication n meets the same messages
//! with the same work at every timeout. Where the scenario's workers do not crash, the recovery is
//! measured in runs of its own with crashes added, and the duplicates without.

use std::sync::atomic::{AtomicBool, Ordering};

use super::candidates::candidates;
use super::{estimated, first_queue};
use crate::engine::run::run_with;
use crate::engine::scenario::Scenario;
use crate::engine::world::Ended;
use crate::experiment::in_order::in_order;
use crate::experiment::point::Base;
use crate::experiment::progress::Progress;
use crate::experiment::replicate::why_partial;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::observe::recovery::{Recovered, Recovery};
use crate::outcome::{ADVICE_FORMAT, AddedCrashes, EstimatedMeasure, TimeoutAdvice, TimeoutPoint};
use crate::scenario::fault::Faults;
use crate::scenario::load::Text;

/// From an added crash to the worker's next start.
const RESTART: Span = Span::from_secs(30);

/// Added crashes of a run, as far as workers do not become fewer by them: a worker is up twenty
/// times as long as it is down.
const CRASHES: u64 = 100;
const UP: u64 = 20;

/// After its producers a run goes on until all that was lost is back: so long beyond the timeout.
const PATIENCE: Span = Span::from_secs(3_600);

/// Duplicates per message that are worth a longer timeout, for the knee of the curve.
const WORTH: f64 = 0.001;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeoutAsked {
    /// The scenario's file.
    pub model: String,
    /// Changes: `PATH=VALUE`.
    pub set: Vec<String>,
    /// Duplicates per message deleted are to be less.
    pub duplicates: Option<f64>,
    /// 95 % of the messages of a crash are to be back within less.
    pub recovery: Option<Span>,
    /// Replications at each timeout.
    pub reps: u64,
    /// The seed, if it is not the scenario's.
    pub seed: Option<u64>,
}

/// Advice that may be sought.
#[derive(Clone, Debug)]
pub struct TimeoutAdvisor {
    asked: TimeoutAsked,
    scenario: Scenario,
    queue: QueueId,
    path: String,
    added: Option<AddedCrashes>,
    points: Vec<Candidate>,
}

/// A timeout and what is run at it.
#[derive(Clone, Debug)]
struct Candidate {
    timeout: Span,
    /// Without added crashes; `None` if there are none.
    plain: Option<Scenario>,
    crashing: Scenario,
}

/// What one run gave.
struct One {
    /// Work done again, and messages deleted.
    duplicates: u64,
    deleted: u64,
    recovered: Recovered,
    partial: Option<String>,
}

impl TimeoutAdvisor {
    /// Checks all points before anything runs; the warnings of all of them.
    ///
    /// # Errors
    /// All faults found.
    pub fn prepare(asked: TimeoutAsked, text: &Text) -> Result<(TimeoutAdvisor, Faults), Faults> {
        let base = Base { text, sets: &asked.set, expect: None, seed: asked.seed, threads: 1 };
        let (point, mut warnings) = base.point(Vec::new())?;
        let scenario = point.scenario;
        let queue = first_queue(&scenario)?;
        let (name, fleet) = (&scenario.fleets[0].name, &scenario.fleets[0].config);
        let path = match fleet.receive.visibility_timeout {
            Some(_) => format!("consumers.{name}.receive.visibility_timeout"),
            None => format!("queues.{}.visibility_timeout", queue_name(&scenario, queue)),
        };
        let added = fleet.crash.is_none().then(|| crashes_for(&scenario));
        let crash = added.map(|added| {
            let [between, restart] =
                [added.mean_time_between_ns, added.restart_ns].map(Span::from_nanos);
            format!(
                "consumers.{name}.crash=(mean_time_between: \"{between}\", \
                 restart: Constant(\"{restart}\"))"
            )
        });
        let extended = fleet.heartbeat.map_or(Span::ZERO, |beat| beat.extend);
        let mut points = Vec::new();
        for timeout in candidates(fleet) {
            let own = format!("{path}={timeout}");
            let back = timeout.max(extended).saturating_add(PATIENCE);
            let drain = format!("drain={}", scenario.drain.saturating_add(back));
            let sets = [own.clone(), drain].into_iter().chain(crash.clone()).collect();
            let (crashing, _) = base.point(sets)?;
            let (plain, own_warnings) = base.point(vec![own])?;
            warnings.absorb(own_warnings);
            let plain = added.is_some().then_some(plain.scenario);
            points.push(Candidate { timeout, plain, crashing: crashing.scenario });
        }
        Ok((TimeoutAdvisor { asked, scenario, queue, path, added, points }, warnings))
    }

    /// What was asked.
    pub fn asked(&self) -> &TimeoutAsked {
        &self.asked
    }

    /// Virtual time of all runs, without what they wait for at the end.
    pub fn total(&self) -> Span {
        let runs = self.runs().len() as u64 * self.asked.reps;
        (self.scenario.end() - Time::ZERO).saturating_mul(runs)
    }

    /// The scenarios, each of which is replicated: by timeout, the one without added crashes first.
    fn runs(&self) -> Vec<&Scenario> {
        let both = self.points.iter().flat_map(|point| point.plain.iter().chain([&point.crashing]));
        both.collect()
    }

    /// Does all runs; `None` after an interrupt.
    pub fn run(
        &self,
        threads: usize,
        interrupt: &AtomicBool,
        progress: Option<&Progress>,
    ) -> Option<TimeoutAdvice> {
        let (runs, reps) = (self.runs(), self.asked.reps);
        let nobody = Progress::default();
        let progress = progress.unwrap_or(&nobody);
        let done = in_order(runs.len() as u64 * reps, threads, |number| {
            let go_on = !interrupt.load(Ordering::Relaxed);
            let scenario = runs[(number / reps) as usize];
            go_on.then(|| self.one(scenario, number % reps, interrupt, progress))?
        });
        let done: Vec<One> = done.into_iter().collect::<Option<_>>()?;
        let mut rows = done.chunks(reps as usize);
        let points = self.points.iter().filter_map(|point| {
            let plain = rows.next()?;
            let crashing = if point.plain.is_some() { rows.next()? } else { plain };
            Some(self.point(point, plain, crashing))
        });
        Some(self.advice(points.collect()))
    }

    fn one(
        &self,
        scenario: &Scenario,
        replication: u64,
        interrupt: &AtomicBool,
        progress: &Progress,
    ) -> Option<One> {
        let window = (Time::ZERO + scenario.warm_up, Time::ZERO + scenario.duration);
        let observers = (Recovery::new(self.queue, window), progress.pulse(scenario.end()));
        let run = run_with(scenario, replication, interrupt, observers);
        if run.ended == Ended::Interrupted {
            return None;
        }
        let counts = &run.measured.queues[self.queue.0 as usize].counts;
        Some(One {
            duplicates: counts.duplicates,
            deleted: counts.deleted,
            recovered: run.observer.0.finish(run.measured.end),
            partial: why_partial(scenario, run.ended, &run.measured),
        })
    }

    fn point(&self, point: &Candidate, plain: &[One], crashing: &[One]) -> TimeoutPoint {
        let of = |value: fn(&Recovered) -> Option<f64>| {
            let values: Vec<_> = crashing.iter().map(|one| value(&one.recovered)).collect();
            estimated(&values)
        };
        let (mean, p95) = (of(Recovered::mean_nanos), of(Recovered::p95_nanos));
        let duplicates = duplicates(plain);
        let partial = plain.iter().chain(crashing).find_map(|one| one.partial.clone());
        let limit = self.asked.recovery.map(|limit| limit.as_nanos() as f64);
        let against = [
            ("duplicates", missing(duplicates, self.asked.duplicates)),
            ("recovery", missing(p95, limit)),
        ];
        let not_met = against.into_iter().filter(|(_, of)| *of >= 1.0);
        let misses: Vec<String> = not_met.map(|(name, _)| name.to_owned()).collect();
        let limited = self.asked.duplicates.is_some() || limit.is_some();
        TimeoutPoint {
            timeout: point.timeout.to_string(),
            duplicates,
            recovery_mean_ns: mean,
            recovery_p95_ns: p95,
            lost: crashing.iter().map(|one| one.recovered.lengths.len() as u64).sum(),
            not_back: crashing.iter().map(|one| one.recovered.open).sum(),
            meets: limited.then_some(misses.is_empty() && partial.is_none()),
            misses,
            partial,
        }
    }

    fn advice(&self, points: Vec<TimeoutPoint>) -> TimeoutAdvice {
        let asked = &self.asked;
        let answer = points.iter().find(|point| point.meets == Some(true));
        let worst = |point: &TimeoutPoint| {
            let limit = asked.recovery.map(|limit| limit.as_nanos() as f64);
            missing(point.duplicates, asked.duplicates).max(missing(point.recovery_p95_ns, limit))
        };
        let limited = points.first().is_some_and(|point| point.meets.is_some());
        let nearest = points.iter().min_by(|a, b| worst(a).total_cmp(&worst(b)));
        let nearest = nearest.filter(|_| limited && answer.is_none());
        let saved = |pair: &[TimeoutPoint]| {
            let [now, next] = [0, 1].map(|at| pair[at].duplicates.map(|of| of.mean));
            now.zip(next).is_some_and(|(now, next)| now - next < WORTH)
        };
        let knee = points.windows(2).position(saved).unwrap_or(points.len() - 1);
        let timeout = |point: &TimeoutPoint| point.timeout.clone();
        TimeoutAdvice {
            format: ADVICE_FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            advises: "visibility_timeout".to_owned(),
            scenario: self.scenario.name.clone(),
            seed: self.scenario.seed,
            set: asked.set.clone(),
            path: self.path.clone(),
            replications: asked.reps,
            duplicates_below: asked.duplicates,
            recovery_below_ns: asked.recovery.map(Span::as_nanos),
            added_crashes: self.added,
            heartbeat: self.scenario.fleets[0].config.heartbeat.is_some(),
            answer: answer.map(timeout),
            nearest: nearest.map(timeout),
            knee: timeout(&points[knee]),
            points,
        }
    }
}

fn queue_name(scenario: &Scenario, queue: QueueId) -> &str {
    &scenario.queues[queue.0 as usize].name
}

/// Crashes for a scenario that has none.
fn crashes_for(scenario: &Scenario) -> AddedCrashes {
    let measured = scenario.duration.saturating_sub(scenario.warm_up);
    let workers = u64::from(scenario.fleets[0].config.count);
    let between = measured.saturating_mul(workers) / CRASHES;
    let between = between.max(RESTART.saturating_mul(UP));
    AddedCrashes { mean_time_between_ns: between.as_nanos(), restart_ns: RESTART.as_nanos() }
}

/// Duplicates per message deleted; the upper end of none in n messages is 3/n.
fn duplicates(runs: &[One]) -> Option<EstimatedMeasure> {
    let share = |run: &One| (run.deleted > 0).then(|| run.duplicates as f64 / run.deleted as f64);
    let shares: Vec<_> = runs.iter().map(share).collect();
    let mut estimate = estimated(&shares)?;
    if estimate.mean == 0.0 {
        let deleted: u64 = runs.iter().map(|run| run.deleted).sum();
        estimate.ci95 = Some([0.0, 3.0 / deleted as f64]);
    }
    Some(estimate)
}

/// The upper end of an interval as a share of its limit; 0 without a limit, and beyond all where
/// there is no interval.
fn missing(of: Option<EstimatedMeasure>, limit: Option<f64>) -> f64 {
    let Some(limit) = limit else { return 0.0 };
    let upper = of.and_then(|of| of.ci95).map(|[_, upper]| upper);
    upper.map_or(f64::INFINITY, |upper| upper / limit)
}
