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
use crate::observe::metrics::{FleetFrame, Frame, Metrics};

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
    let fleets = course.scenario.fleets.iter().zip(&last.fleets);
    let workers = |first: u32, last: u32| match course.fork {
        Some(fork) => mean_count(first, last, fork.at, window),
        None => last,
    };
    let fleets = fleets.map(|(first, last)| FleetFrame {
        workers: workers(first.config.count, last.config.count),
        threads: last.config.threads,
    });
    Frame {
        window,
        end: last.end(),
        series: last.window,
        partitions: last.queues.iter().map(|queue| queue.config.ledger.partitions).collect(),
        producers: last.producers.len(),
        fleets: fleets.collect(),
    }
}

/// The mean number of a fleet's workers over the window, to the nearest whole one.
fn mean_count(first: u32, last: u32, at: Time, (from, to): (Time, Time)) -> u32 {
    let at = at.clamp(from, to.max(from));
    let [before, after] = [at - from, to.max(from) - at].map(|span| u128::from(span.as_nanos()));
    if before == 0 {
        return last;
    }
    let all = before + after;
    let sum = u128::from(first) * before + u128::from(last) * after;
    ((2 * sum + all) / (2 * all)) as u32
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workers_of_a_window_are_counted_by_their_time_in_it() {
        let at = Time::from_nanos;
        let window = (at(100), at(200));
        let cases = [(0, 9), (100, 9), (150, 6), (160, 5), (180, 4), (200, 3), (900, 3)];
        for (fork, mean) in cases {
            assert_eq!(mean_count(3, 9, at(fork), window), mean, "forked at {fork}");
        }
        // 3 × 0.6 + 9 × 0.4 = 5.4; a window that is empty has those at the end.
        assert_eq!(mean_count(3, 9, at(50), (at(100), at(100))), 9);
    }
}
