//! What a run measured of a fleet of consumers.
//!
//! Owns the plain result, and what its utilisation is. Must not know how it is measured or printed.
//!
//! A thread is down (its worker has crashed, or has not started), idle, or busy; a busy one works
//! or waits, for a call or for what its work leans on. Whoever leaves the fleet is none of these.

use super::counts::FleetCounts;
use super::levels::Level;
use super::series::{FleetWindow, Series};
use crate::model::clients::FleetConfig;

/// One fleet, over the measured window.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FleetMeasured {
    /// Busy threads.
    pub busy: Level,
    /// Of these, those that wait for a call: that which deletes, sends on or releases their
    /// message, or, with nothing to do, the receive that brings the next one.
    pub calling: Level,
    /// Of the busy ones, those that wait for a downstream.
    pub leaning: Level,
    /// Threads of workers that are up.
    pub up: Level,
    /// Threads of workers that are down.
    pub down: Level,
    /// Workers that are wanted.
    pub wanted: Level,
    /// How many of them were at the beginning of the window.
    pub wanted_at_begin: u64,
    /// Visible messages, as its scaler last read them.
    pub counted: Level,
    /// One entry a window of `Scenario::window`, over the whole run.
    pub series: Series<FleetWindow>,
    /// Threads of each worker.
    pub threads_each: u32,
    /// Counters over the window.
    pub counts: FleetCounts,
    /// Nanoseconds of work on duplicate completions.
    pub duplicate_work: u128,
    /// Nanoseconds of work that failed.
    pub failed_work: u128,
    /// Nanoseconds of work cut off by a crash.
    pub crashed_work: u128,
    /// Nanoseconds of all work.
    pub work: u128,
}

/// The time of a fleet's threads in parts: shares that add up to 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct ThreadShares {
    /// Working.
    pub work: f64,
    /// Waiting for a downstream.
    pub downstream: f64,
    /// Waiting for a call.
    pub calls: f64,
    /// Idle: a message would be taken at once.
    pub idle: f64,
    /// Their worker is down.
    pub down: f64,
}

/// A level of a fleet, as expectations name it.
#[derive(Debug)]
pub struct FleetLevel {
    /// Its name.
    pub name: &'static str,
    /// It over the measured window.
    pub level: fn(&FleetMeasured) -> Level,
}

impl FleetLevel {
    /// All of them.
    pub const ALL: [FleetLevel; 4] = [
        FleetLevel { name: "busy_consumers", level: |of| of.busy },
        FleetLevel { name: "wanted_workers", level: |of| of.wanted },
        FleetLevel { name: "ready_workers", level: FleetMeasured::ready },
        FleetLevel { name: "starting_workers", level: FleetMeasured::starting },
    ];
}

impl FleetMeasured {
    /// Workers that are up.
    pub fn ready(&self) -> Level {
        self.workers(self.up)
    }

    /// Workers that start, or have crashed.
    pub fn starting(&self) -> Level {
        self.workers(self.down)
    }

    /// Whether its workers came and went by a plan, a schedule, a scaler or deploys, or because a
    /// fork changed their number.
    pub fn varied(&self, config: &FleetConfig) -> bool {
        let wanted = |window: &FleetWindow| window.wanted.max;
        config.comes_and_goes()
            || self.series.iter().any(|window| wanted(window) != wanted(&self.series[0]))
    }

    /// A level of threads as one of workers.
    pub fn workers(&self, threads: Level) -> Level {
        let each = self.threads_each.max(1);
        Level {
            area: threads.area / u128::from(each),
            over: threads.over,
            max: threads.max.div_ceil(u64::from(each)),
            last: threads.last.div_ceil(u64::from(each)),
        }
    }

    /// What the fleet does against what it can do: the share of busy threads among those that are
    /// up, 1 for a saturated fleet; `None` if none was up.
    pub fn utilisation(&self) -> Option<f64> {
        (self.up.area > 0).then(|| self.busy.area as f64 / self.up.area as f64)
    }

    /// Nanoseconds of all workers, whether they are up or down: the time of their threads by the
    /// number that each has. A worker that leaves is there with each thread until that has finished
    /// what it holds.
    pub fn worker_time(&self) -> u128 {
        (self.up.area + self.down.area) / u128::from(self.threads_each.max(1))
    }

    /// Nanoseconds of work that did not complete a message for the first time.
    pub fn wasted(&self) -> u128 {
        self.duplicate_work + self.failed_work + self.crashed_work
    }

    /// Threads of all workers, up or down: the mean over the window to the nearest whole one, of a
    /// window without length those at its end.
    pub fn threads(&self) -> u64 {
        let (area, over) = (self.up.area + self.down.area, u128::from(self.up.over));
        let mean = (2 * area + over).checked_div(2 * over);
        mean.map_or(self.up.last + self.down.last, |mean| mean as u64)
    }

    /// What the threads did with their time; `None` if there was none.
    pub fn shares(&self) -> Option<ThreadShares> {
        let all = self.up.area + self.down.area;
        let share = |area: u128| area as f64 / all as f64;
        (all > 0).then(|| ThreadShares {
            work: share(self.busy.area - self.calling.area - self.leaning.area),
            downstream: share(self.leaning.area),
            calls: share(self.calling.area),
            idle: share(self.up.area - self.busy.area),
            down: share(self.down.area),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn level(area: u128) -> Level {
        Level { area, ..Level::default() }
    }

    /// Two threads over 10: one works 4 and calls 4 of the 8 in which it is up; the other works 1,
    /// calls 2 and is idle 5, and joined at 2.
    #[test]
    fn utilisation_is_of_the_time_that_threads_are_up_and_parts_are_of_all_time() {
        let (busy, calling, up, down) = (level(11), level(6), level(16), level(2));
        let fleet = FleetMeasured { busy, calling, up, down, ..FleetMeasured::default() };
        assert_eq!(fleet.utilisation(), Some(11.0 / 16.0));
        let [work, calls, idle, down] = [5.0, 6.0, 5.0, 2.0].map(|part| part / 18.0);
        assert_eq!(
            fleet.shares(),
            Some(ThreadShares { work, calls, idle, down, ..ThreadShares::default() })
        );
    }

    /// Two workers of four threads over 10, the second from 6 on: 1.4 workers are 5.6 threads.
    #[test]
    fn workers_and_threads_are_those_of_the_time_that_they_are_there() {
        let all = Level { over: 10, last: 8, ..level(4 * (10 + 4)) };
        let fleet = FleetMeasured { up: all, threads_each: 4, ..FleetMeasured::default() };
        assert_eq!((fleet.worker_time(), fleet.threads()), (14, 6));
        let at_the_end = Level { over: 0, area: 0, ..all };
        assert_eq!(FleetMeasured { up: at_the_end, ..fleet }.threads(), 8);
    }

    #[test]
    fn a_fleet_that_was_never_up_has_no_utilisation() {
        let mut fleet = FleetMeasured::default();
        assert_eq!((fleet.utilisation(), fleet.shares()), (None, None));
        fleet.down = level(7);
        let down = ThreadShares { down: 1.0, ..ThreadShares::default() };
        assert_eq!((fleet.utilisation(), fleet.shares()), (None, Some(down)));
    }
}
