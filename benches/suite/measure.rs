//! One workload, measured in this process.
//!
//! Owns the clock, the counts and the memory of a run. Must not know that there are other
//! processes, nor what is good.

use std::fs;
use std::sync::atomic::AtomicBool;
use std::time::Instant;

use serde::{Deserialize, Serialize};
use sqsim::engine::run::{Run, run, run_with};
use sqsim::engine::world::Ended;
use sqsim::experiment::replicate::{ReplicationPlan, replicate};
use sqsim::experiment::row::RunRow;
use sqsim::experiment::runs::{Forgetful, Runner};
use sqsim::experiment::sweep::Sweep;
use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::time::Time;
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Journal};
use sqsim::model::scenario::Scenario;
use sqsim::observe::measured::QueueMeasured;
use sqsim::observe::trace::{Filter, JsonLines};
use sqsim::stats::pool::Reading;

use crate::scenarios;
use crate::support;
use crate::workloads::{Size, Task, Unit, Workload};

/// What one process found out about a workload.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Measurement {
    /// Messages or heartbeats of each run.
    pub(crate) units: u64,
    /// Events of each run that the clock saw.
    pub(crate) events: u64,
    /// Most messages in the queue at once.
    pub(crate) resident: u64,
    /// Wall time of each run.
    pub(crate) seconds: Vec<f64>,
    /// For replications, wall time of the same on one thread.
    pub(crate) alone: Vec<f64>,
    /// Most memory before the first run, in bytes, where the system tells.
    pub(crate) idle_bytes: Option<u64>,
    /// Most memory at the end.
    pub(crate) peak_bytes: Option<u64>,
}

/// What one run did.
struct Done {
    units: u64,
    events: u64,
    resident: u64,
    seconds: f64,
}

/// Runs a workload so many times at one length.
///
/// # Panics
/// If a run does not count what it must.
pub(crate) fn measure(workload: &Workload, size: &Size, runs: usize) -> Measurement {
    let scenario = (workload.scenario)(size.length);
    let idle_bytes = peak_memory();
    let checked = |done: Done| {
        let (did, must) = ((done.units, done.events), (size.units, size.events));
        assert_eq!(did, must, "{}: ({}, events)", workload.name, workload.unit.name());
        done
    };
    let several = |threads: usize| -> Vec<Done> {
        (0..runs).map(|_| checked(once(workload, &scenario, size, threads))).collect()
    };
    let seconds = |runs: &[Done]| runs.iter().map(|done| done.seconds).collect();
    let alone = if workload.task.is_parallel() { several(1) } else { Vec::new() };
    let all = several(2);
    let primed = if let Task::Primed(events) = workload.task { events } else { 0 };
    Measurement {
        units: size.units,
        events: size.events - primed,
        resident: all.iter().map(|done| done.resident).max().unwrap_or(0),
        seconds: seconds(&all),
        alone: seconds(&alone),
        idle_bytes,
        peak_bytes: peak_memory(),
    }
}

/// One run. `threads` are for replications.
#[expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
fn once(workload: &Workload, scenario: &Scenario, size: &Size, threads: usize) -> Done {
    let started = Instant::now();
    match workload.task {
        Task::Run => done(workload.unit, &support::measure(scenario, 0), started),
        Task::Primed(_) => {
            let go_on = AtomicBool::new(false);
            let run = run_with(scenario, 0, &go_on, Stopwatch(None));
            done(workload.unit, &run, run.observer.0.unwrap_or(started))
        }
        Task::Traced => {
            let file = tempfile::tempfile().expect("a temporary file can be made");
            let go_on = AtomicBool::new(false);
            let trace = JsonLines::new(scenario, Filter::ALL, file);
            let Run { measured, ended, observer } = run_with(scenario, 0, &go_on, trace);
            observer.finish(measured.end).expect("the trace can be written");
            done(workload.unit, &Run { measured, ended, observer: () }, started)
        }
        Task::Replicated => {
            let interrupt = &AtomicBool::new(false);
            let plan =
                ReplicationPlan { replications: size.length, threads, interrupt, progress: None };
            let outcomes = replicate(scenario, plan).outcomes;
            let seconds = started.elapsed().as_secs_f64();
            let sent = |counts: &sqsim::outcome::Counts| counts.sent;
            let units = outcomes.iter().map(|one| one.queues.at(0).map_or(0, |q| sent(&q.counts)));
            let events = outcomes.iter().map(|outcome| outcome.events).sum();
            Done { units: units.sum(), events, resident: 0, seconds }
        }
        Task::Swept if threads == 1 => {
            let go_on = AtomicBool::new(false);
            let sent =
                |replication| run(scenario, replication, &go_on).measured.queues[0].counts.sent;
            let units = (0..size.length).flat_map(|_| 0..scenarios::SWEPT_REPLICATIONS).map(sent);
            Done {
                units: units.sum(),
                events: 0,
                resident: 0,
                seconds: started.elapsed().as_secs_f64(),
            }
        }
        Task::Swept => {
            let (asked, text) = scenarios::sweep(size.length);
            let (sweep, _) = Sweep::prepare(asked, &text, threads).expect("the sweep is whole");
            let (quantities, interrupt) = (sweep.quantities(), &AtomicBool::new(false));
            let (progress, memory) = (None, &Forgetful);
            let runner = Runner { quantities, threads, interrupt, progress, memory };
            let rows = runner.rows(&sweep.jobs()).expect("nobody interrupts");
            let document = sweep.outcome(&rows).to_json().expect("finite numbers");
            let seconds = started.elapsed().as_secs_f64();
            assert!(document.len() > 1_000, "the document is written");
            #[expect(clippy::cast_sign_loss, reason = "a count is not negative")]
            let sent = |row: &RunRow| {
                let count = row.told[0].0[0].as_ref().ok().and_then(Reading::value);
                count.expect("a count has a value") as u64
            };
            Done { units: rows.iter().map(sent).sum(), events: 0, resident: 0, seconds }
        }
    }
}

fn done<O>(unit: Unit, run: &Run<O>, started: Instant) -> Done {
    let seconds = started.elapsed().as_secs_f64();
    assert_eq!(run.ended, Ended::Completed, "a workload runs to its end");
    let queue = &run.measured.queues[0];
    let resident = queue.levels.visible.max + queue.levels.in_flight.max;
    Done { units: counted(unit, queue), events: run.measured.events, resident, seconds }
}

/// Messages deleted or heartbeats sent, over the whole run.
fn counted(unit: Unit, queue: &QueueMeasured) -> u64 {
    let windows = queue.series.iter().map(|window| match unit {
        Unit::Messages => window.counts.deleted,
        Unit::Heartbeats => window.counts.calls.change_visibility,
    });
    windows.sum()
}

/// Notes the first moment at which virtual time has left zero.
struct Stopwatch(Option<Instant>);

impl Stopwatch {
    #[inline]
    #[expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
    fn look(&mut self, now: Time) {
        if self.0.is_none() && now > Time::ZERO {
            self.0 = Some(Instant::now());
        }
    }
}

impl Journal for Stopwatch {
    #[inline]
    fn change(&mut self, now: Time, _queue: QueueId, _change: &Change) {
        self.look(now);
    }
}

impl Observer for Stopwatch {
    #[inline]
    fn deed(&mut self, now: Time, _deed: &Deed) {
        self.look(now);
    }
}

/// The most memory that this process ever held, in bytes, where the system tells (Linux).
fn peak_memory() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/self/status").ok()?, "VmHWM:")
}

/// The memory that this machine can give, in bytes, where the system tells (Linux).
pub(crate) fn available_memory() -> Option<u64> {
    kibibytes(&fs::read_to_string("/proc/meminfo").ok()?, "MemAvailable:")
}

/// The bytes of a line `name 123 kB`.
fn kibibytes(text: &str, name: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(name))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}
