//! What a scaler made of its fleet.
//!
//! Owns when help came that a backlog asked for, and when it came too late. Must not know how a
//! scaler decides, nor how any of this is said.
//!
//! All is read from the series: at the end of each window stands what the scaler would want if it
//! knew the truth at once. Lengths are whole windows.
//!
//! Invariant: a pure function of the scenario and what was measured.

use std::ops::Range;

use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::model::fleet_size::FleetSize;
use crate::model::scaling::ScalerConfig;
use crate::model::scenario::Scenario;
use crate::observe::measured::{FleetWindow, Measured, Window};

/// Share of the windows in which a backlog climbs beyond its target from which on a fleet that may
/// have more workers has them too late.
const LATE: f64 = 0.5;

/// A fleet that was too small for a backlog though it could have been larger.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Late {
    /// Highest backlog of visible messages.
    pub(super) peak: u64,
    /// The age of the oldest message then or at another time of the part.
    pub(super) oldest: Span,
    /// Ready workers on average while the backlog climbed beyond the target.
    pub(super) ready: f64,
    /// Most workers that there may be.
    pub(super) most: u32,
    /// From when the backlog had passed its target to when a further worker was ready; `None` if
    /// none came.
    pub(super) help: Option<Span>,
}

/// How long the first worker that a backlog asked for was on its way: from when the backlog had
/// passed the target of the fleet's scaler to when a further worker was ready, after the warm-up.
/// `None` without a scaler, and where no worker came.
pub fn first_help(scenario: &Scenario, measured: &Measured, fleet: usize) -> Option<Span> {
    Story::of(scenario, measured, fleet)?.help(scenario.windows_of_warm_up())
}

/// Whether a fleet had too few workers in a part of the run though it may have more.
pub(super) fn late(
    scenario: &Scenario,
    measured: &Measured,
    fleet: usize,
    part: (Time, Time),
) -> Option<Late> {
    Story::of(scenario, measured, fleet)?.late(scenario.windows_of(part))
}

/// A fleet with a scaler and its queue over time.
struct Story {
    /// Most workers that there may be.
    most: u32,
    each: Span,
    /// At the end of each window.
    states: Vec<State>,
}

/// At the end of a window.
struct State {
    /// Messages that are backlog to the scaler.
    backlog: u64,
    /// How many may be before it wants more workers.
    wants_beyond: Option<f64>,
    ready: f64,
    /// Most visible messages in the window.
    peak: u64,
    /// Highest age in it.
    oldest: Span,
}

impl State {
    fn of(scaler: &ScalerConfig, threads: f64, queue: &Window, fleet: &FleetWindow) -> State {
        let (in_flight, delayed) = scaler.counts();
        let levels = &queue.levels;
        let also = |counts: bool, level: u64| if counts { level } else { 0 };
        let ready = fleet.up.last as f64 / threads;
        State {
            backlog: levels.visible.last
                + also(in_flight, levels.in_flight.last)
                + also(delayed, levels.delayed.last),
            wants_beyond: scaler.backlog_for(ready),
            ready,
            peak: levels.visible.max,
            oldest: Span::from_nanos(levels.age_of_oldest_ns.max),
        }
    }

    fn is_beyond(&self) -> bool {
        self.wants_beyond.is_some_and(|bound| self.backlog as f64 > bound)
    }
}

impl Story {
    fn of(scenario: &Scenario, measured: &Measured, fleet: usize) -> Option<Story> {
        let config = &scenario.fleets.get(fleet)?.config;
        let FleetSize::Scaled(scaler) = &config.size else { return None };
        let QueueId(queue) = config.queues().next()?;
        let windows = measured.queues.get(queue as usize)?.series.iter();
        let both = windows.zip(measured.fleets.get(fleet)?.series.iter());
        let threads = f64::from(config.threads.max(1));
        let states = both.map(|(queue, fleet)| State::of(scaler, threads, queue, fleet)).collect();
        Some(Story { most: scaler.max, each: scenario.window, states })
    }

    /// Whether there were too few workers in a part of the run.
    fn late(&self, part: Range<usize>) -> Option<Late> {
        let from = part.start;
        let states = self.states.get(from..part.end.min(self.states.len()))?;
        let peak = states.iter().map(|state| state.peak).max()?;
        let top = states.iter().position(|state| state.peak == peak)?;
        let beyond: Vec<&State> = states[..=top].iter().filter(|state| state.is_beyond()).collect();
        let may_grow = beyond.iter().filter(|state| state.ready < f64::from(self.most)).count();
        if beyond.is_empty() || (may_grow as f64) < LATE * beyond.len() as f64 {
            return None;
        }
        Some(Late {
            peak,
            oldest: states.iter().map(|state| state.oldest).max()?,
            ready: beyond.iter().map(|state| state.ready).sum::<f64>() / beyond.len() as f64,
            most: self.most,
            help: self.help(from),
        })
    }

    /// How long help from this window on was on its way, of the first backlog that a further worker
    /// came for.
    fn help(&self, from: usize) -> Option<Span> {
        let mut passed = None;
        for (at, state) in self.states.iter().enumerate().skip(from) {
            let before = at.checked_sub(1).map_or(state.ready, |before| self.states[before].ready);
            match passed {
                Some(passed) if state.ready > before => {
                    return Some(self.each.saturating_mul((at - passed) as u64));
                }
                Some(_) if state.is_beyond() => {}
                _ => passed = state.is_beyond().then_some(at),
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Windows of ten seconds with so many messages and ready workers at their ends; the scaler
    /// aims at five messages a worker.
    fn story(ends: &[(u64, u32)]) -> Story {
        let state = |&(backlog, ready): &(u64, u32)| State {
            backlog,
            wants_beyond: Some(5.0 * f64::from(ready)),
            ready: f64::from(ready),
            peak: backlog,
            oldest: Span::from_secs(backlog),
        };
        Story { most: 4, each: Span::from_secs(10), states: ends.iter().map(state).collect() }
    }

    #[test]
    fn help_is_the_first_worker_after_the_target_was_passed() {
        let help = |ends: &[(u64, u32)], from| story(ends).help(from).map(Span::as_secs_f64);
        // Passed in the second window, a worker in the fifth.
        assert_eq!(help(&[(5, 1), (6, 1), (9, 1), (9, 1), (9, 2)], 0), Some(30.0));
        // What went down again asked for nobody.
        assert_eq!(help(&[(6, 1), (5, 1), (5, 2), (11, 2), (11, 3)], 0), Some(10.0));
        assert_eq!(help(&[(6, 1), (9, 1), (99, 1)], 0), None);
        assert_eq!(help(&[(6, 1), (9, 2), (11, 2), (11, 2), (11, 3)], 2), Some(20.0));
    }

    #[test]
    fn a_fleet_is_late_that_could_have_had_more_while_the_backlog_climbed() {
        let late = |ends: &[(u64, u32)]| story(ends).late(0..100);
        // Beyond the target with 1, 2 and 4 of at most 4; after the peak it does not count.
        let found = late(&[(5, 1), (6, 1), (11, 2), (30, 4), (20, 4)]).expect("two of three");
        assert_eq!((found.peak, found.oldest, found.most), (30, Span::from_secs(30), 4));
        assert!((found.ready - 7.0 / 3.0).abs() < 1e-12, "{}", found.ready);
        assert_eq!(found.help, Some(Span::from_secs(10)));
        assert_eq!(late(&[(5, 1), (6, 1), (21, 4), (30, 4), (20, 4)]), None, "one of three");
        assert_eq!(late(&[(5, 1), (4, 1)]), None, "never beyond it");
        assert_eq!(late(&[]), None);
    }
}
