//! The runs of an experiment: which, on all cores, and what is kept of each.
//!
//! Owns the doing of many. Must not know where rows are remembered, nor what they are compared
//! with.
//!
//! Invariant: a row depends on its point and replication alone, so it may come from a run or from
//! the memory of an earlier one, on any machine.

use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};

use super::in_order::in_order;
use super::point::Point;
use super::progress::Progress;
use super::replicate::why_partial;
use super::row::RunRow;
use super::side_by_side::fitting;
use crate::engine::run::{Run, run, run_with};
use crate::engine::world::Ended;
use crate::kernel::time::Time;
use crate::model::scenario::Scenario;
use crate::outcome::{EstimatedUnstable, Unstable};
use crate::stats::expect::{Names, Quantity};

/// One run to do.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// Where.
    pub point: &'a Point,
    /// Which replication under the scenario's seed, from 0.
    pub replication: u64,
}

/// What is known from earlier runs, and told of new ones.
pub trait Memory: Sync {
    /// The row of this job, if it was done before.
    fn recall(&self, job: &Job<'_>) -> Option<RunRow>;
    /// A job is done. Called from any thread, in the order in which jobs end.
    fn keep(&self, job: &Job<'_>, row: &RunRow);
}

/// Remembers nothing.
#[derive(Clone, Copy, Debug)]
pub struct Forgetful;

impl Memory for Forgetful {
    fn recall(&self, _job: &Job<'_>) -> Option<RunRow> {
        None
    }

    fn keep(&self, _job: &Job<'_>, _row: &RunRow) {}
}

/// How runs are done.
#[derive(Clone, Copy)]
pub struct Runner<'a> {
    /// What is taken of each.
    pub quantities: &'a [Quantity],
    /// On at most so many threads.
    pub threads: usize,
    /// Set to end early.
    pub interrupt: &'a AtomicBool,
    /// Told how far the runs have come.
    pub progress: Option<&'a Progress>,
    /// What is known already.
    pub memory: &'a dyn Memory,
}

impl Runner<'_> {
    /// The rows of all jobs in their order; `None` after an interrupt.
    pub fn rows(&self, jobs: &[Job<'_>]) -> Option<Vec<RunRow>> {
        self.done(jobs).into_iter().collect()
    }

    /// The rows of all jobs in their order; `None` for those that an interrupt left undone.
    pub fn done(&self, jobs: &[Job<'_>]) -> Vec<Option<RunRow>> {
        // The jobs of a point mostly follow each other: it is looked at once.
        let points = jobs.chunk_by(|job, next| ptr::eq(job.point, next.point));
        let threads = fitting(self.threads, points.map(|jobs| &jobs[0].point.scenario));
        in_order(jobs.len() as u64, threads, |number| {
            let job = &jobs[number as usize];
            let known = self.memory.recall(job);
            let fits = |row: &RunRow| row.fits(self.quantities, &job.point.scenario);
            if let Some(row) = known.filter(fits) {
                if let Some(progress) = self.progress {
                    progress.skip(job.point.scenario.end() - Time::ZERO);
                }
                return Some(row);
            }
            let row = self.run(job)?;
            self.memory.keep(job, &row);
            Some(row)
        })
    }

    fn run(&self, job: &Job<'_>) -> Option<RunRow> {
        if self.interrupt.load(Ordering::Relaxed) {
            return None;
        }
        let scenario = &job.point.scenario;
        let (measured, ended) = match self.progress {
            None => {
                let Run { measured, ended, .. } = run(scenario, job.replication, self.interrupt);
                (measured, ended)
            }
            Some(progress) => {
                let pulse = progress.pulse(scenario.end());
                let Run { measured, ended, .. } =
                    run_with(scenario, job.replication, self.interrupt, pulse);
                (measured, ended)
            }
        };
        (ended != Ended::Interrupted).then(|| {
            let partial = why_partial(scenario, ended, &measured);
            RunRow::of(self.quantities, scenario, &measured, partial)
        })
    }
}

/// The queues that do not settle in half of these replications of a point or more.
pub(super) fn unstable(rows: &[RunRow]) -> Vec<EstimatedUnstable> {
    let runs: Vec<&[Unstable]> = rows.iter().map(|row| row.unstable.as_slice()).collect();
    EstimatedUnstable::over(&runs)
}

/// The queue of these that do not settle which leaves a quantity without a value.
pub(super) fn growing<'a>(
    quantity: &Quantity,
    scenario: &Scenario,
    unstable: &'a [EstimatedUnstable],
) -> Option<&'a str> {
    let names = Names::of(scenario);
    let growing = quantity.growing(&names);
    let place = |of: &EstimatedUnstable| names.queues.place(&of.queue);
    let grows = |of: &&EstimatedUnstable| place(of).is_some_and(|place| growing.contains(&place));
    unstable.iter().find(grows).map(|of| of.queue.as_str())
}
