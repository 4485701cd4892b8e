//! One fleet's metrics while a run goes on.
//!
//! Owns its counters, what its threads' time goes into, and its series. Must not know queues, nor
//! when windows begin and end: [`super::metrics`] tells.

use std::cmp::Ordering;

use super::level_meter::{Meter, Metered};
use super::measured::{FleetCounts, FleetMeasured, FleetWindow};
use super::windows::{Past, Windows};
use crate::facts::deed::Ending;
use crate::facts::thread_time::ThreadTime;
use crate::kernel::time::{Span, Time};

#[derive(Clone, Debug)]
pub(super) struct FleetMeter {
    now: FleetMeasured,
    at_begin: FleetMeasured,
    measured: FleetMeasured,
    busy: Meter,
    calling: Meter,
    up: Meter,
    down: Meter,
    wanted: Meter,
    counted: Meter,
    /// Over the measured window alone.
    leaning: Meter,
    /// As the last window of the series ended.
    before: FleetCounts,
    /// It rests if no thread's time goes over from one part to another.
    pub(super) windows: Windows<FleetWindow>,
}

impl FleetMeter {
    /// Of a fleet that wants so many workers of so many threads each.
    pub(super) fn new(threads_each: u32, wanted: u32, windows: usize) -> FleetMeter {
        let now = FleetMeasured { threads_each, ..FleetMeasured::default() };
        FleetMeter {
            at_begin: now.clone(),
            measured: now.clone(),
            now,
            busy: Meter::ZERO,
            calling: Meter::ZERO,
            up: Meter::ZERO,
            down: Meter::ZERO,
            wanted: Meter::starting_at(u64::from(wanted)),
            leaning: Meter::ZERO,
            counted: Meter::ZERO,
            before: FleetCounts::default(),
            windows: Windows::new(windows),
        }
    }

    fn meters(&mut self) -> [&mut Meter; 6] {
        let FleetMeter { busy, calling, up, down, wanted, counted, .. } = self;
        [busy, calling, up, down, wanted, counted]
    }

    /// A thread's time is going to go over, or to be measured: tells the windows that ended
    /// meanwhile.
    #[cold]
    #[inline(never)]
    pub(super) fn wake(&mut self, past: Past) {
        if self.windows.wake(past) {
            let levels = self.meters().map(|meter| meter.rested(past.at, past.each));
            let [busy, calling, up, down, wanted, counted] = levels;
            let window =
                FleetWindow { busy, calling, up, down, wanted, counted, ..FleetWindow::default() };
            self.windows.fill(past, window);
        }
    }

    pub(super) fn begin(&mut self, now: Time) {
        let wanted_at_begin = self.wanted.value();
        self.at_begin = FleetMeasured { wanted_at_begin, ..self.now.clone() };
        self.meters().into_iter().for_each(|meter| meter.begin(now));
        self.leaning.begin(now);
    }

    pub(super) fn end(&mut self, now: Time, over: Span) {
        self.measured = self.now.since(&self.at_begin);
        self.measured.wanted_at_begin = self.at_begin.wanted_at_begin;
        self.measured.busy = self.busy.end(now, over);
        self.measured.calling = self.calling.end(now, over);
        self.measured.up = self.up.end(now, over);
        self.measured.down = self.down.end(now, over);
        self.measured.wanted = self.wanted.end(now, over);
        self.measured.counted = self.counted.end(now, over);
        self.measured.leaning = self.leaning.end(now, over);
    }

    pub(super) fn close_window(&mut self, at: Time, over: Span) {
        let counts = self.now.counts.since(&self.before);
        self.before = self.now.counts;
        self.windows.push(FleetWindow {
            busy: self.busy.close_window(at, over),
            calling: self.calling.close_window(at, over),
            up: self.up.close_window(at, over),
            down: self.down.close_window(at, over),
            wanted: self.wanted.close_window(at, over),
            counted: self.counted.close_window(at, over),
            killed: u32::try_from(counts.killed).unwrap_or(u32::MAX),
            deploys: u32::try_from(counts.deploys).unwrap_or(u32::MAX),
        });
        self.windows.rest(true);
    }

    pub(super) fn into_measured(self) -> FleetMeasured {
        let mut measured = self.measured;
        measured.busy.last = self.busy.value();
        measured.calling.last = self.calling.value();
        measured.up.last = self.up.value();
        measured.down.last = self.down.value();
        measured.wanted.last = self.wanted.value();
        measured.counted.last = self.counted.value();
        measured.leaning.last = self.leaning.value();
        FleetMeasured { series: self.windows.into_series(), ..measured }
    }

    /// The time of so many threads goes over from one part to another.
    #[inline(always)]
    pub(super) fn threads(&mut self, now: Time, threads: u32, from: ThreadTime, to: ThreadTime) {
        type Part = fn(ThreadTime) -> bool;
        let parts: [Part; 5] = [
            ThreadTime::is_busy,
            |time| time == ThreadTime::Calling,
            ThreadTime::is_up,
            |time| time == ThreadTime::Down,
            |time| time == ThreadTime::Leaning,
        ];
        let FleetMeter { busy, calling, up, down, leaning, .. } = self;
        for (meter, part) in [busy, calling, up, down, leaning].into_iter().zip(parts) {
            match (part(from), part(to)) {
                (false, true) => meter.add(now, u64::from(threads)),
                (true, false) => meter.sub(now, u64::from(threads)),
                (true, true) | (false, false) => {}
            }
        }
    }

    /// The fleet is to have so many workers.
    pub(super) fn resized(&mut self, now: Time, wanted: u32) {
        let wanted = u64::from(wanted);
        let counts = &mut self.now.counts;
        match wanted.cmp(&self.wanted.value()) {
            Ordering::Greater => counts.grown += 1,
            Ordering::Less => counts.shrunk += 1,
            Ordering::Equal => {}
        }
        self.wanted.set(now, wanted);
    }

    /// Its scaler reads so many visible messages.
    pub(super) fn counted(&mut self, now: Time, visible: u64) {
        self.counted.set(now, visible);
    }

    /// Counters of workers that come and go.
    pub(super) fn counts(&mut self) -> &mut FleetCounts {
        &mut self.now.counts
    }

    /// Takes the end of the work on a message in.
    #[inline]
    pub(super) fn end_work(&mut self, took: Span, how: Ending) {
        self.now.end_work(took, how);
    }
}

impl FleetMeasured {
    #[inline]
    fn end_work(&mut self, took: Span, how: Ending) {
        let work = u128::from(took.as_nanos());
        self.work += work;
        if how == Ending::Done {
            self.counts.processed += 1;
        } else {
            self.end_in_vain(work, how);
        }
    }

    /// The work was not the first to complete its message.
    #[cold]
    fn end_in_vain(&mut self, work: u128, how: Ending) {
        match how {
            Ending::Done => {}
            Ending::Recognised => self.duplicate_work += work,
            Ending::Duplicate => {
                self.counts.duplicates += 1;
                self.duplicate_work += work;
            }
            Ending::Failed => {
                self.counts.failed += 1;
                self.failed_work += work;
            }
            Ending::Crashed | Ending::Killed => {
                self.counts.crashed += 1;
                self.crashed_work += work;
            }
        }
    }

    /// What was counted since `before`.
    fn since(&self, before: &FleetMeasured) -> FleetMeasured {
        FleetMeasured {
            threads_each: self.threads_each,
            counts: self.counts.since(&before.counts),
            duplicate_work: self.duplicate_work - before.duplicate_work,
            failed_work: self.failed_work - before.failed_work,
            crashed_work: self.crashed_work - before.crashed_work,
            work: self.work - before.work,
            ..FleetMeasured::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::measured::WindowLevel;
    use super::*;
    use crate::facts::thread_time::ThreadTime::{Calling, Down, Gone, Idle, Working};

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    /// Three threads start at 2; from 3 on two work, of which one calls from 5 to 6; at 8 all of
    /// them crash.
    #[test]
    fn every_thread_is_in_one_part_at_any_time() {
        let mut meter = FleetMeter::new(1, 3, 2);
        meter.threads(at(0), 3, Gone, Down);
        meter.begin(at(0));
        meter.threads(at(2), 3, Down, Idle);
        meter.threads(at(3), 2, Idle, Working);
        meter.threads(at(5), 1, Working, Calling);
        meter.close_window(at(5), Span::from_secs(5));
        meter.threads(at(6), 1, Calling, Idle);
        meter.threads(at(8), 1, Working, Down);
        meter.threads(at(8), 2, Idle, Down);
        meter.close_window(at(10), Span::from_secs(5));
        meter.end(at(10), Span::from_secs(10));
        let measured = meter.into_measured();
        let second = 1_000_000_000;
        let [busy, calling, up, down] =
            [measured.busy, measured.calling, measured.up, measured.down];
        let areas = [busy, calling, up, down].map(|level| level.area / second);
        // Busy 2 from 3 to 6 and 1 until 8; up 3 from 2 to 8; down 3 before and after.
        assert_eq!(areas, [3 * 2 + 2, 1, 3 * 6, 3 * 2 + 3 * 2]);
        assert_eq!([busy, calling, up, down].map(|level| level.max), [2, 1, 3, 3]);
        assert_eq!([busy, calling, up, down].map(|level| level.last), [0, 0, 0, 3]);
        assert_eq!(measured.utilisation(), Some(8.0 / 18.0));
        let busy: Vec<_> = measured.series.iter().map(|window| window.busy).collect();
        let first = WindowLevel { mean: 4.0 / 5.0, max: 2, last: 2 };
        assert_eq!(busy, [first, WindowLevel { mean: 4.0 / 5.0, max: 2, last: 0 }]);
        let calling: Vec<f64> = measured.series.iter().map(|window| window.calling.mean).collect();
        assert_eq!(calling, [0.0, 0.2]);
    }

    /// Two of each before the window, and three in it; each takes so many seconds.
    #[test]
    fn work_is_counted_by_how_it_ended() {
        let ends = [
            (Ending::Done, 1),
            (Ending::Duplicate, 10),
            (Ending::Recognised, 100),
            (Ending::Failed, 1_000),
            (Ending::Crashed, 10_000),
        ];
        let mut meter = FleetMeter::new(1, 1, 1);
        let work = |meter: &mut FleetMeter, times: usize| {
            for (how, secs) in ends.into_iter().cycle().take(5 * times) {
                meter.end_work(Span::from_secs(secs), how);
            }
        };
        work(&mut meter, 2);
        meter.begin(at(5));
        work(&mut meter, 3);
        meter.end(at(9), Span::from_secs(4));
        work(&mut meter, 4);
        let of = meter.into_measured();
        let each = FleetCounts {
            processed: 3,
            duplicates: 3,
            failed: 3,
            crashed: 3,
            ..FleetCounts::default()
        };
        assert_eq!(of.counts, each);
        let work = [of.work, of.duplicate_work, of.failed_work, of.crashed_work];
        assert_eq!(work.map(|nanos| nanos / 1_000_000_000), [33_333, 330, 3_000, 30_000]);
    }
}
