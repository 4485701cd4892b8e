//! How many workers a fleet has.
//!
//! Owns the number that is wanted, where settings alone say it, and which settings say it
//! otherwise. Must not know how a fleet comes to have so many (`clients::fleets`).

use std::sync::Arc;

use super::scaling::ScalerConfig;
use crate::kernel::time::{Span, Time};

/// How many workers a fleet is to have.
#[derive(Clone, Debug, PartialEq)]
pub enum FleetSize {
    /// So many for ever.
    Fixed(u32),
    /// So many from each instant on.
    Schedule(Schedule),
    /// As many as a scaler wants.
    Scaled(Box<ScalerConfig>),
}

/// Numbers of workers by the clock.
#[derive(Clone, Debug, PartialEq)]
pub struct Schedule {
    /// So many from then on, ascending; the first at 0.
    pub steps: Arc<[(Time, u32)]>,
    /// From each beginning of the steps to the next, after the last of them.
    pub every: Option<Span>,
}

impl From<u32> for FleetSize {
    fn from(count: u32) -> FleetSize {
        FleetSize::Fixed(count)
    }
}

impl From<ScalerConfig> for FleetSize {
    fn from(scaler: ScalerConfig) -> FleetSize {
        FleetSize::Scaled(Box::new(scaler))
    }
}

impl FleetSize {
    /// How many settings say there are at `now`; `None` if a scaler says it.
    pub fn at(&self, now: Time) -> Option<u32> {
        match self {
            FleetSize::Fixed(count) => Some(*count),
            FleetSize::Schedule(schedule) => Some(schedule.at(now)),
            FleetSize::Scaled(_) => None,
        }
    }

    /// How many there are at the start.
    pub fn at_start(&self) -> u32 {
        match self {
            FleetSize::Fixed(count) => *count,
            FleetSize::Schedule(schedule) => schedule.at(Time::ZERO),
            FleetSize::Scaled(scaler) => scaler.start,
        }
    }

    /// Most that are wanted at once.
    pub fn most(&self) -> u32 {
        match self {
            FleetSize::Fixed(count) => *count,
            FleetSize::Schedule(Schedule { steps, .. }) => {
                steps.iter().map(|&(_, count)| count).max().unwrap_or(0)
            }
            FleetSize::Scaled(scaler) => scaler.max.max(scaler.start),
        }
    }

    /// How many, if that never changes.
    pub fn fixed(&self) -> Option<u32> {
        match self {
            FleetSize::Fixed(count) => Some(*count),
            FleetSize::Schedule(Schedule { steps, .. }) => {
                let (_, first) = *steps.first()?;
                steps.iter().all(|&(_, count)| count == first).then_some(first)
            }
            FleetSize::Scaled(_) => None,
        }
    }

    /// Nanoseconds of all workers between two instants, where nothing comes and nobody is late.
    pub fn time_at_rest(&self, from: Time, to: Time) -> u128 {
        let steady = |count: u32| u128::from(count) * u128::from(to.since(from).as_nanos());
        match self {
            FleetSize::Fixed(count) => steady(*count),
            FleetSize::Schedule(schedule) => schedule.time_until(to) - schedule.time_until(from),
            FleetSize::Scaled(scaler) => steady(scaler.at_rest()),
        }
    }

    /// When the clock next says how many, after `now`.
    pub fn next_step(&self, now: Time) -> Option<Time> {
        match self {
            FleetSize::Fixed(_) | FleetSize::Scaled(_) => None,
            FleetSize::Schedule(schedule) => schedule.next_step(now),
        }
    }
}

impl Schedule {
    /// The beginning of the steps that hold at `now`, and how long after it that is.
    fn phase(&self, now: Time) -> (Time, Time) {
        match self.every {
            None => (Time::ZERO, now),
            Some(every) => {
                let since = now.as_nanos() % every.as_nanos().max(1);
                (Time::from_nanos(now.as_nanos() - since), Time::from_nanos(since))
            }
        }
    }

    fn at(&self, now: Time) -> u32 {
        let (_, since) = self.phase(now);
        let passed = self.steps.partition_point(|&(at, _)| at <= since);
        self.steps.get(passed.saturating_sub(1)).map_or(0, |&(_, count)| count)
    }

    /// Nanoseconds of all workers from the start to `now`.
    fn time_until(&self, now: Time) -> u128 {
        let (beginning, since) = self.phase(now);
        let rounds = self.every.map_or(0, |every| beginning.as_nanos() / every.as_nanos().max(1));
        let round = self.every.map_or(0, |every| self.time_of_round(Time::ZERO + every));
        u128::from(rounds) * round + self.time_of_round(since)
    }

    /// The same from the beginning of the steps to `since`.
    fn time_of_round(&self, since: Time) -> u128 {
        let ends = self.steps.iter().skip(1).map(|&(at, _)| at.min(since)).chain([since]);
        let each = self.steps.iter().zip(ends).map(|(&(at, count), end)| {
            u128::from(count) * u128::from(end.since(at.min(since)).as_nanos())
        });
        each.sum()
    }

    fn next_step(&self, now: Time) -> Option<Time> {
        let (beginning, since) = self.phase(now);
        let passed = self.steps.partition_point(|&(at, _)| at <= since);
        match (self.steps.get(passed), self.every) {
            (Some(&(at, _)), _) => Some(beginning.saturating_add(at - Time::ZERO)),
            (None, Some(every)) => Some(beginning.saturating_add(every)),
            (None, None) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    fn steps(every: Option<u64>) -> FleetSize {
        let steps = [(at(0), 4), (at(8), 20), (at(20), 6)].into();
        FleetSize::Schedule(Schedule { steps, every: every.map(Span::from_secs) })
    }

    #[test]
    fn a_schedule_holds_from_each_instant_to_the_next_and_the_last_for_ever() {
        let once = steps(None);
        let counts = [0, 7, 8, 19, 20, 1_000].map(|secs| once.at(at(secs)).unwrap_or(99));
        assert_eq!(counts, [4, 4, 20, 20, 6, 6]);
        let next = [0, 7, 8, 20].map(|secs| once.next_step(at(secs)));
        assert_eq!(next, [Some(at(8)), Some(at(8)), Some(at(20)), None]);
        assert_eq!((once.at_start(), once.most(), once.fixed()), (4, 20, None));
    }

    #[test]
    fn one_that_comes_again_begins_anew() {
        let daily = steps(Some(24));
        let counts = [23, 24, 31, 32, 44, 48].map(|secs| daily.at(at(secs)).unwrap_or(99));
        assert_eq!(counts, [6, 4, 4, 20, 6, 4]);
        let next = [20, 24, 32, 44].map(|secs| daily.next_step(at(secs)));
        assert_eq!(next, [24, 32, 44, 48].map(|secs| Some(at(secs))));
    }

    /// 4 for 8 s, 20 for 12 s, 6 for the 4 s to the next day: 296 worker-seconds a day.
    #[test]
    fn the_time_of_workers_is_the_sum_of_its_steps() {
        let time = |size: &FleetSize, from, to| size.time_at_rest(at(from), at(to));
        let seconds = |worker_seconds: u128| worker_seconds * 1_000_000_000;
        let (once, daily) = (steps(None), steps(Some(24)));
        assert_eq!(time(&once, 0, 24), seconds(4 * 8 + 20 * 12 + 6 * 4));
        assert_eq!(time(&once, 5, 9), seconds(4 * 3 + 20));
        assert_eq!(time(&once, 100, 110), seconds(60));
        assert_eq!(time(&daily, 0, 24 * 1_000), seconds(296 * 1_000));
        assert_eq!(time(&daily, 22, 24 + 9), seconds(6 * 2 + 4 * 8 + 20));
        assert_eq!(time(&FleetSize::from(3), 10, 30), seconds(60));
        assert_eq!(time(&daily, 7, 7), 0);
    }

    #[test]
    fn numbers_that_are_all_the_same_never_change() {
        let same = [(at(0), 4), (at(8), 4)].into();
        let same = FleetSize::Schedule(Schedule { steps: same, every: None });
        assert_eq!((same.fixed(), FleetSize::from(4).fixed()), (Some(4), Some(4)));
        assert_eq!(FleetSize::from(4).next_step(at(0)), None);
    }
}
