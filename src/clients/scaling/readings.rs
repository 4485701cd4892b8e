//! Readings of a queue's approximate counters: one each period, of an older truth, which arrive
//! later.
//!
//! Owns when counters are read, how far they lag, and what is under way. Must not know what the
//! numbers are used for.
//!
//! A read at `t` shows the truth of `t − lag`, the lag drawn for each (AWS, "Resources required to
//! process Amazon SQS messages": the counters are approximate, and settle within a minute). Reads
//! are known ahead, so lags are drawn ahead and the truth is looked at when a later read needs it:
//! nothing of the past is kept. A poll uses what it reads at once; a point of `CloudWatch` is the
//! same thing with a delay.

use std::collections::VecDeque;

use super::{Counters, Group};
use crate::kernel::dist::Dist;
use crate::kernel::rng::{Source as _, Stream};
use crate::kernel::time::{Span, Time};

/// No counter lags more (API reference of `GetQueueAttributes`: consistent within 1 minute).
pub const MOST_LAG: Span = Span::from_secs(60);

/// The clock of a reader.
#[derive(Clone, Copy, Debug)]
pub struct ReadClock {
    /// From read to read, above 0.
    pub every: Span,
    /// The first read; `None` is drawn.
    pub phase: Option<Span>,
    /// From a read to its arrival.
    pub delay: Span,
}

/// What a read showed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reads {
    /// When it was made.
    pub at: Time,
    /// The counters.
    pub counters: Counters,
    /// The fleet then.
    pub group: Group,
}

/// All readings of one reader.
#[derive(Clone, Debug)]
pub struct Readings {
    clock: ReadClock,
    lag: Dist,
    /// The most that a read may lag.
    most: Span,
    chance: Stream,
    /// The first read that is not planned.
    next: Time,
    /// Reads whose lag is drawn, in their order.
    planned: VecDeque<Planned>,
}

/// A read that is planned or under way.
#[derive(Clone, Copy, Debug)]
struct Planned {
    /// When the truth is as the read will show it.
    look: Time,
    at: Time,
    arrives: Time,
    counters: Option<Counters>,
    group: Option<Group>,
}

impl Planned {
    /// When something of it is due.
    fn due(&self) -> Time {
        match (self.counters, self.group) {
            (None, _) => self.look,
            (Some(_), None) => self.at,
            (Some(_), Some(_)) => self.arrives,
        }
    }
}

impl Readings {
    /// Those of a reader with its own stream of chance.
    pub fn new(clock: ReadClock, lag: &Dist, mut chance: Stream) -> Readings {
        // Drawn even where it is given, so that the lags are the same.
        let drawn = Span::from_nanos(chance.below(clock.every.as_nanos().max(1)));
        let next = Time::ZERO.saturating_add(clock.phase.unwrap_or(drawn));
        let most = lag.longest().map_or(MOST_LAG, |longest| longest.min(MOST_LAG));
        let planned = VecDeque::new();
        let mut readings = Readings { clock, lag: lag.clone(), most, chance, next, planned };
        readings.plan();
        readings
    }

    /// When it next looks, reads or has an arrival.
    pub fn next_at(&self) -> Time {
        self.planned.iter().map(Planned::due).min().unwrap_or(Time::NEVER)
    }

    /// Does all that is due at `now`, with the truth and the fleet as they are then: what arrives.
    pub fn act(&mut self, now: Time, truth: Counters, group: Group) -> Option<Reads> {
        for read in &mut self.planned {
            if read.counters.is_none() && read.look <= now {
                read.counters = Some(truth);
            }
            if read.counters.is_some() && read.group.is_none() && read.at <= now {
                read.group = Some(group);
            }
        }
        let arrived = self.planned.front().is_some_and(|read| read.due() <= now);
        let read = if arrived { self.planned.pop_front() } else { None };
        self.plan();
        let Planned { at, counters, group, .. } = read?;
        Some(Reads { at, counters: counters?, group: group? })
    }

    /// Plans reads until the next would look later than what is due first.
    fn plan(&mut self) {
        while self.next < Time::NEVER && before(self.next, self.most) <= self.next_at() {
            let at = self.next;
            let lag = self.lag.sample(&mut self.chance).min(MOST_LAG);
            let look = before(at, lag);
            // Before the start there was nothing.
            let nothing = at.since(Time::ZERO) < lag;
            let counters = nothing.then(Counters::default);
            let arrives = at.saturating_add(self.clock.delay);
            self.planned.push_back(Planned { look, at, arrives, counters, group: None });
            self.next = at.saturating_add(self.clock.every.max(Span::from_nanos(1)));
        }
    }
}

/// The instant so long before `at`, or the start.
fn before(at: Time, length: Span) -> Time {
    Time::ZERO.saturating_add(at.since(Time::ZERO).saturating_sub(length))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::{Purpose, Streams};

    fn stream(replication: u64) -> Stream {
        Streams::new(1, replication).stream("consumers.w", Purpose::Counters)
    }

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    /// What reads show of a backlog, and when they arrive, up to `until`.
    fn shown(
        clock: (u64, u64, u64),
        lag: &Dist,
        until: u64,
        backlog: impl Fn(Time) -> u64,
    ) -> Vec<(Time, Time, u64)> {
        let (every, phase, delay) = clock;
        let clock = ReadClock {
            every: Span::from_secs(every),
            phase: Some(Span::from_secs(phase)),
            delay: Span::from_secs(delay),
        };
        let mut readings = Readings::new(clock, lag, stream(0));
        let mut found = Vec::new();
        while readings.next_at() <= at(until) {
            let now = readings.next_at();
            let truth = Counters { visible: backlog(now), ..Counters::default() };
            let read = readings.act(now, truth, Group::default());
            found.extend(read.map(|read| (read.at, now, read.counters.visible)));
        }
        found
    }

    /// fleets.md 8.1: a backlog that falls by 8 a second, read 4 s late, seems 32 larger, until the
    /// backlog ends; 4 s after that it is 0.
    #[test]
    fn a_counter_that_lags_shows_the_backlog_of_then() {
        let backlog = |now: Time| 800_u64.saturating_sub(now.as_nanos() * 8 / 1_000_000_000);
        let lag = Dist::Constant(Span::from_secs(4));
        let shown = shown((1, 0, 0), &lag, 120, backlog);
        assert_eq!(shown.len(), 121);
        for (read, now, visible) in shown {
            assert_eq!(read, now);
            let secs = now.as_nanos() / 1_000_000_000;
            let expected = match secs {
                4..=100 => backlog(now) + 32,
                101..104 => backlog(at(secs - 4)),
                _ => 0,
            };
            assert_eq!(visible, expected, "{now}");
        }
    }

    /// fleets.md 8.3.
    #[test]
    fn a_burst_between_two_points_leaves_no_trace() {
        let burst = |now: Time| if (at(61)..at(119)).contains(&now) { 9_999 } else { 0 };
        let shown = shown((60, 0, 60), &Dist::Constant(Span::ZERO), 600, burst);
        assert_eq!(shown.len(), 10);
        assert!(shown.iter().all(|&(_, _, visible)| visible == 0));
    }

    #[test]
    fn a_point_arrives_after_its_delay_and_shows_its_own_minute() {
        let clock = |now: Time| now.as_nanos() / 1_000_000_000;
        let shown = shown((60, 5, 150), &Dist::Constant(Span::from_secs(4)), 400, clock);
        let expected = [(5, 1), (65, 61), (125, 121), (185, 181), (245, 241)];
        assert_eq!(shown, expected.map(|(read, seen)| (at(read), at(read + 150), seen)));
    }

    /// With reads each 7 s and lags up to a minute a later read often looks earlier than one before
    /// it; and what lags more is cut.
    #[test]
    fn lags_are_drawn_for_each_read_and_cut_at_a_minute() {
        let long = Dist::Uniform { min: Span::ZERO, max: Span::from_secs(90) };
        let shown = shown((7, 0, 0), &long, 14_000, Time::as_nanos);
        let lags = shown.iter().skip(10).map(|&(read, _, seen)| read - Time::from_nanos(seen));
        let lags: Vec<Span> = lags.collect();
        assert!(lags.len() > 1_900);
        assert!(lags.iter().all(|&lag| lag <= MOST_LAG));
        // Of a uniform law over 90 s a third is beyond the cut.
        let cut = lags.iter().filter(|&&lag| lag == MOST_LAG).count() as f64 / lags.len() as f64;
        assert!((cut - 1.0 / 3.0).abs() < 0.04, "{cut}");
        assert!(shown.windows(2).any(|pair| pair[1].2 < pair[0].2));
    }

    #[test]
    fn a_phase_is_drawn_within_the_period_and_moves_no_lag() {
        let lag = Dist::Uniform { min: Span::ZERO, max: Span::from_secs(30) };
        let every = Span::from_secs(60);
        let first = |phase, replication| {
            let clock = ReadClock { every, phase, delay: Span::ZERO };
            let readings = Readings::new(clock, &lag, stream(replication));
            let read = readings.planned[0];
            (read.at, read.at - read.look)
        };
        let phases: Vec<Time> = (0..100).map(|replication| first(None, replication).0).collect();
        assert!(phases.iter().all(|&phase| phase < Time::ZERO + every));
        assert!(phases.iter().any(|&phase| phase > at(50)));
        assert!(phases.iter().any(|&phase| phase < at(10)));
        // Reads in the first 30 s may look at the start instead.
        let late = |&replication: &u64| phases[replication as usize] > at(30);
        for replication in (0..100).filter(late) {
            let given = first(Some(Span::from_secs(40)), replication);
            assert_eq!(first(None, replication).1, given.1);
        }
    }
}
