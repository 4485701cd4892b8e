//! One run: a scenario in, what was measured out.
//!
//! Owns the coupling of a world with its metrics and, if wanted, a second observer. Must not know
//! how many runs there are nor what is done with the result.

use std::sync::atomic::AtomicBool;

use super::world::{Ended, World};
use crate::facts::observer::Observer;
use crate::kernel::time::Time;
use crate::ledger::Leftover;
use crate::model::course::Course;
use crate::observe::measured::Measured;
use crate::observe::metrics::{Frame, Metrics};

/// What a run gave.
#[derive(Clone, Debug)]
pub struct Run<O> {
    /// Everything that was measured.
    pub measured: Measured,
    /// How it ended; all but `Completed` make the result partial.
    pub ended: Ended,
    /// The second observer.
    pub observer: O,
}

/// What the metrics of a course must know beforehand.
pub fn frame<'a>(course: impl Into<Course<'a>>) -> Frame {
    let course = course.into();
    let last = course.last();
    let window = (Time::ZERO + last.warm_up, Time::ZERO + last.duration);
    Frame {
        window,
        end: last.end(),
        series: last.window,
        partitions: last.queues.iter().map(|queue| queue.config.ledger.partitions).collect(),
        producers: last.producers.len(),
        fleets: course
            .with_a_past()
            .scenario
            .fleets
            .iter()
            .map(|fleet| (fleet.config.threads, fleet.config.size.at_start()))
            .collect(),
        downstreams: last.downstreams.iter().map(|it| it.config.bound).collect(),
        functions: last.functions.iter().map(|function| function.config.memory).collect(),
    }
}

/// Runs replication `replication` of a course to its end, or until `interrupt` is set.
pub fn run<'a>(course: impl Into<Course<'a>>, replication: u64, interrupt: &AtomicBool) -> Run<()> {
    run_with(course, replication, interrupt, ())
}

/// As [`run`], with a second observer beside the metrics.
pub fn run_with<'a, O: Observer>(
    course: impl Into<Course<'a>>,
    replication: u64,
    interrupt: &AtomicBool,
    observer: O,
) -> Run<O> {
    let course = course.into();
    let observers = (Metrics::new(&frame(course)), observer);
    let (world, ended) = World::follow(course, replication, interrupt, observers);
    finished(world, ended)
}

/// What a run gave that has ended.
pub(super) fn finished<O: Observer>(world: World<(Metrics, O)>, ended: Ended) -> Run<O> {
    let now = world.now();
    let leftovers: Vec<Leftover> =
        world.queues().map(|queue| world.ledger().leftover(queue, now)).collect();
    let events = world.events();
    let (metrics, observer) = world.into_observer();
    Run { measured: metrics.finish(now, events, &leftovers), ended, observer }
}
