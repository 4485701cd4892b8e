//! The metrics of one downstream while a run goes on.
//!
//! Owns its counters, levels and series. Must not know who calls, nor when windows begin and end:
//! [`super::metrics`] tells.

use super::downstream::{DownstreamMeasured, DownstreamWindow};
use super::level_meter::{Meter, Metered};
use super::measured::DownstreamCounts;
use super::windows::{Past, Windows};
use crate::facts::deed::Deed;
use crate::kernel::time::{Span, Time};
use crate::model::downstream::DownstreamBound;

#[derive(Clone, Debug)]
pub(super) struct DownstreamMeter {
    now: DownstreamMeasured,
    at_begin: DownstreamMeasured,
    measured: DownstreamMeasured,
    waiting: Meter,
    in_use: Meter,
    /// What had been counted when the window of the series began.
    before: DownstreamCounts,
    /// It rests if nobody calls, and nothing becomes of a call.
    pub(super) windows: Windows<DownstreamWindow>,
}

impl DownstreamMeter {
    pub(super) fn new(bound: DownstreamBound, windows: usize) -> DownstreamMeter {
        let now = DownstreamMeasured::new(bound);
        DownstreamMeter {
            at_begin: now.clone(),
            measured: now.clone(),
            now,
            waiting: Meter::ZERO,
            in_use: Meter::ZERO,
            before: DownstreamCounts::default(),
            windows: Windows::new(windows),
        }
    }

    /// Something is going to be told of it, or to be measured: tells the windows that ended
    /// meanwhile.
    pub(super) fn wake(&mut self, past: Past) {
        if self.windows.wake(past) {
            let waiting = self.waiting.rested(past.at, past.each);
            let in_use = self.in_use.rested(past.at, past.each);
            let window = DownstreamWindow { waiting, in_use, ..DownstreamWindow::default() };
            self.windows.fill(past, window);
        }
    }

    pub(super) fn begin(&mut self, now: Time) {
        self.now.longest_wait = Span::ZERO;
        self.at_begin = self.now.clone();
        self.waiting.begin(now);
        self.in_use.begin(now);
    }

    pub(super) fn end(&mut self, now: Time, over: Span) {
        self.measured.counts = self.now.counts.since(&self.at_begin.counts);
        self.measured.waited = self.now.waited - self.at_begin.waited;
        self.measured.longest_wait = self.now.longest_wait;
        self.measured.waiting = self.waiting.end(now, over);
        self.measured.in_use = self.in_use.end(now, over);
    }

    pub(super) fn close_window(&mut self, at: Time, over: Span) {
        let counts = self.now.counts.since(&self.before);
        self.before = self.now.counts;
        self.windows.push(DownstreamWindow {
            calls: counts.calls,
            refused: counts.refused,
            timeouts: counts.timeouts,
            begun: counts.begun,
            done: counts.done,
            failed: counts.failed,
            unheard: counts.unheard,
            waiting: self.waiting.close_window(at, over),
            in_use: self.in_use.close_window(at, over),
        });
        self.windows.rest(true);
    }

    pub(super) fn into_measured(self) -> DownstreamMeasured {
        let mut measured = self.measured;
        measured.waiting.last = self.waiting.value();
        measured.in_use.last = self.in_use.value();
        DownstreamMeasured { series: self.windows.into_series(), ..measured }
    }

    /// Something that became of a call.
    #[expect(clippy::wildcard_enum_match_arm, reason = "no other deed is told to it")]
    pub(super) fn deed(&mut self, now: Time, deed: &Deed) {
        let counts = &mut self.now.counts;
        match *deed {
            Deed::Called { attempt, .. } => {
                counts.calls += 1;
                counts.retries += u64::from(attempt > 1);
                self.waiting.add(now, 1);
            }
            Deed::CallBegun { waited, .. } => {
                counts.begun += 1;
                self.now.waited += u128::from(waited.as_nanos());
                self.now.longest_wait = self.now.longest_wait.max(waited);
                self.waiting.sub(now, 1);
                self.in_use.add(now, 1);
            }
            Deed::CallEnded { failed, heard, .. } => {
                match (heard, failed) {
                    (true, false) => counts.done += 1,
                    (true, true) => counts.failed += 1,
                    (false, _) => counts.unheard += 1,
                }
                self.in_use.sub(now, 1);
            }
            Deed::CallRefused { .. } => {
                counts.refused += 1;
                self.waiting.sub(now, 1);
            }
            Deed::CallGivenUp { dies, under_way, goes_on, .. } => {
                counts.timeouts += u64::from(!dies);
                counts.hung_up += u64::from(dies);
                match (goes_on, under_way) {
                    (true, _) => {}
                    (false, true) => self.in_use.sub(now, 1),
                    (false, false) => self.waiting.sub(now, 1),
                }
            }
            _ => {}
        }
    }
}
