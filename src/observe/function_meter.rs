//! One function's metrics while a run goes on.
//!
//! Owns its counters, levels and series. Must not know queues, nor when windows begin and end:
//! [`super::metrics`] tells.

use super::counts::FunctionCounts;
use super::function::FunctionMeasured;
use super::level_meter::{Meter, Metered};
use super::series::FunctionWindow;
use super::windows::{Past, Windows};
use crate::facts::deed::{Deed, Ending, Returned};
use crate::facts::thread_time::ThreadTime;
use crate::kernel::time::{Span, Time};

#[derive(Clone, Debug)]
pub(super) struct FunctionMeter {
    counts: FunctionCounts,
    billed: u128,
    at_begin: (FunctionCounts, u128),
    measured: FunctionMeasured,
    concurrency: Meter,
    in_use: Meter,
    limit: Meter,
    environments: Meter,
    /// As the last window of the series ended.
    before: FunctionCounts,
    /// It rests if nothing is told of it.
    pub(super) windows: Windows<FunctionWindow>,
}

impl FunctionMeter {
    pub(super) fn new(memory: u32, windows: usize) -> FunctionMeter {
        FunctionMeter {
            counts: FunctionCounts::default(),
            billed: 0,
            at_begin: (FunctionCounts::default(), 0),
            measured: FunctionMeasured { memory, ..FunctionMeasured::default() },
            concurrency: Meter::ZERO,
            in_use: Meter::ZERO,
            limit: Meter::ZERO,
            environments: Meter::ZERO,
            before: FunctionCounts::default(),
            windows: Windows::new(windows),
        }
    }

    fn meters(&mut self) -> [&mut Meter; 4] {
        [&mut self.concurrency, &mut self.in_use, &mut self.limit, &mut self.environments]
    }

    /// Something is going to be told, or to be measured: tells the windows that ended meanwhile.
    #[cold]
    #[inline(never)]
    pub(super) fn wake(&mut self, past: Past) {
        if self.windows.wake(past) {
            let levels = self.meters().map(|meter| meter.rested(past.at, past.each));
            let [concurrency, in_use, limit, environments] = levels;
            let rested = FunctionWindow::default();
            let window = FunctionWindow { concurrency, in_use, limit, environments, ..rested };
            self.windows.fill(past, window);
        }
    }

    pub(super) fn begin(&mut self, now: Time) {
        self.at_begin = (self.counts, self.billed);
        self.meters().into_iter().for_each(|meter| meter.begin(now));
    }

    pub(super) fn end(&mut self, now: Time, over: Span) {
        let levels = self.meters().map(|meter| meter.end(now, over));
        let measured = &mut self.measured;
        measured.counts = self.counts.since(&self.at_begin.0);
        measured.billed = self.billed - self.at_begin.1;
        [measured.concurrency, measured.in_use, measured.limit, measured.environments] = levels;
    }

    pub(super) fn close_window(&mut self, at: Time, over: Span) {
        let levels = self.meters().map(|meter| meter.close_window(at, over));
        let [concurrency, in_use, limit, environments] = levels;
        let counts = self.counts.since(&self.before);
        self.before = self.counts;
        self.windows.push(FunctionWindow {
            concurrency,
            in_use,
            limit,
            environments,
            invocations: counts.invocations,
            throttles: counts.invocation_throttles,
            failures: counts.invocation_failures,
        });
        self.windows.rest(true);
    }

    pub(super) fn into_measured(mut self) -> FunctionMeasured {
        let last = self.meters().map(|meter| meter.value());
        let mut measured = self.measured;
        [
            measured.concurrency.last,
            measured.in_use.last,
            measured.limit.last,
            measured.environments.last,
        ] = last;
        FunctionMeasured { series: self.windows.into_series(), ..measured }
    }

    /// So many places within its limit are taken, or free again.
    #[inline]
    pub(super) fn places(&mut self, now: Time, places: u32, from: ThreadTime, to: ThreadTime) {
        match (from.is_busy(), to.is_busy()) {
            (false, true) => self.in_use.add(now, u64::from(places)),
            (true, false) => self.in_use.sub(now, u64::from(places)),
            (true, true) | (false, false) => {}
        }
    }

    /// Takes the end of the work on a message in.
    #[inline]
    pub(super) fn end_work(&mut self, how: Ending) {
        match how {
            Ending::Done => self.counts.processed += 1,
            Ending::Duplicate => self.counts.duplicates += 1,
            Ending::Failed => self.counts.failed += 1,
            Ending::Recognised | Ending::Crashed | Ending::Killed => {}
        }
    }

    /// Takes in what a function did.
    #[inline]
    #[expect(clippy::wildcard_enum_match_arm, reason = "other deeds are of other clients")]
    pub(super) fn deed(&mut self, now: Time, deed: &Deed) {
        match *deed {
            Deed::Invoked { messages, cold, .. } => {
                self.counts.invocations += 1;
                self.counts.messages += u64::from(messages);
                self.concurrency.add(now, 1);
                if cold {
                    self.counts.cold_starts += 1;
                    self.environments.add(now, 1);
                }
            }
            Deed::InvocationEnded { how, billed, .. } => {
                self.concurrency.sub(now, 1);
                self.billed += u128::from(billed.as_nanos());
                self.counts.timeouts += u64::from(how == Returned::TimedOut);
                let failed = matches!(how, Returned::Failed | Returned::TimedOut);
                self.counts.invocation_failures += u64::from(failed);
            }
            Deed::InvocationThrottled { .. } => self.counts.invocation_throttles += 1,
            Deed::ReceivesBurnt { messages, .. } => {
                self.counts.receives_burnt += u64::from(messages);
            }
            Deed::EnvironmentGone { .. } => self.environments.sub(now, 1),
            Deed::LimitChanged { limit, .. } => self.limit.set(now, u64::from(limit)),
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::deed::{FunctionId, WorkerId};

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    /// Cold at 2, until 5; warm at 6, until 9, when it times out and is gone. Limit 5, 7 from 4 on.
    #[test]
    fn levels_and_counts_follow_what_is_told() {
        let function = FunctionId(0);
        let environment = WorkerId::of_function(function, 3);
        let mut meter = FunctionMeter::new(1_024, 2);
        let mut tell = |secs, deed: Deed| meter.deed(at(secs), &deed);
        let invoked = |cold| Deed::Invoked { environment, function, messages: 4, cold };
        let ended = |how, secs| Deed::InvocationEnded {
            environment,
            function,
            how,
            billed: Span::from_secs(secs),
        };
        tell(0, Deed::LimitChanged { function, limit: 5, was: 0 });
        tell(0, Deed::ReceivesBurnt { function, messages: 9 });
        meter.begin(at(1));
        let mut tell = |secs, deed: Deed| meter.deed(at(secs), &deed);
        tell(2, invoked(true));
        tell(4, Deed::LimitChanged { function, limit: 7, was: 5 });
        tell(5, ended(Returned::Failed, 3));
        tell(6, invoked(false));
        tell(7, Deed::InvocationThrottled { function, messages: 2 });
        tell(7, Deed::ReceivesBurnt { function, messages: 2 });
        tell(9, ended(Returned::TimedOut, 3));
        tell(9, Deed::EnvironmentGone { environment, function });
        meter.places(at(9), 1, ThreadTime::Idle, ThreadTime::Working);
        meter.end(at(11), Span::from_secs(10));
        let of = meter.into_measured();
        let levels = [of.concurrency, of.in_use, of.limit, of.environments];
        let second = 1_000_000_000;
        assert_eq!(levels.map(|level| level.area / second), [6, 2, 3 * 5 + 7 * 7, 7]);
        assert_eq!(levels.map(|level| level.last), [0, 1, 7, 0]);
        let expected = FunctionCounts {
            invocations: 2,
            messages: 8,
            cold_starts: 1,
            invocation_throttles: 1,
            receives_burnt: 2,
            timeouts: 1,
            invocation_failures: 2,
            ..FunctionCounts::default()
        };
        assert_eq!((of.counts, of.gb_seconds()), (expected, 6.0));
    }
}
