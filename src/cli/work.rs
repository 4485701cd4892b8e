//! The runs of an experiment, done for the command line.
//!
//! Owns threads, progress and the interrupt of long work. Must not know which experiment.

use super::args::Global;
use super::interrupt;
use super::meter::with_progress;
use super::run::threads;
use super::values::hash;
use crate::engine::scenario::Scenario;
use crate::experiment::runs::{Job, Memory, Row, Runner};
use crate::kernel::time::{Span, Time};
use crate::stats::expect::Quantity;

/// The rows of all jobs; `None` after an interrupt.
pub(super) fn rows(
    label: &str,
    jobs: &[Job<'_>],
    quantities: &[Quantity],
    memory: &dyn Memory,
    global: &Global,
) -> Option<Vec<Row>> {
    let lengths = jobs.iter().map(|job| job.point.scenario.end() - Time::ZERO);
    let total = lengths.fold(Span::ZERO, Span::saturating_add);
    with_progress(global, label, total, |progress| {
        let (threads, interrupt) = (threads(global), interrupt::flag());
        Runner { quantities, threads, interrupt, progress, memory }.rows(jobs)
    })
}

/// A hash over checked scenarios: 16 hexadecimal digits. What their data files say is in them.
pub(super) fn data_hash<'a>(scenarios: impl Iterator<Item = &'a Scenario>) -> String {
    let all: Vec<String> = scenarios.map(|scenario| format!("{scenario:?}")).collect();
    format!("{:016x}", hash(&all.concat()))
}
