//! One producer's metrics while a run goes on.
//!
//! Owns its counters and its series. Must not know queues, nor when windows begin and end:
//! [`super::metrics`] tells.

use super::measured::{ProducerCounts, ProducerMeasured, ProducerWindow};
use super::series::Series;
use super::windows::{Past, Windows};
use crate::kernel::time::Span;

#[derive(Clone, Debug)]
pub(super) struct ProducerMeter {
    now: ProducerMeasured,
    at_begin: ProducerMeasured,
    measured: ProducerMeasured,
    /// What had been counted when the window of the series began.
    before: ProducerWindow,
    pub(super) windows: Windows<ProducerWindow>,
}

impl ProducerMeter {
    pub(super) fn new(windows: usize) -> ProducerMeter {
        ProducerMeter {
            now: ProducerMeasured::default(),
            at_begin: ProducerMeasured::default(),
            measured: ProducerMeasured::default(),
            before: ProducerWindow::default(),
            windows: Windows::new(windows),
        }
    }

    /// Whether no message arose or left since a window of the series ended.
    pub(super) fn rests(&self) -> bool {
        let ProducerCounts { arrived, sent, given_up, .. } = self.now.counts;
        let before = &self.before;
        (arrived, sent, given_up) == (before.arrived, before.sent, before.given_up)
    }

    /// Tells the windows that ended while it rested.
    fn catch_up(&mut self, past: Past) {
        let held_back = self.before.held_back;
        self.windows.fill(past, ProducerWindow { held_back, ..ProducerWindow::default() });
    }

    pub(super) fn begin(&mut self) {
        self.at_begin = self.now.clone();
    }

    pub(super) fn end(&mut self) {
        self.measured = self.now.since(&self.at_begin);
    }

    /// A window of the series ends, after those that are past.
    pub(super) fn close_window(&mut self, past: Past) {
        self.catch_up(past);
        let ProducerCounts { arrived, sent, given_up, .. } = self.now.counts;
        let waited = self.now.waited;
        let before = self.before;
        self.before =
            ProducerWindow { arrived, sent, given_up, waited, held_back: self.now.unsettled() };
        self.windows.push(ProducerWindow {
            arrived: arrived - before.arrived,
            sent: sent - before.sent,
            given_up: given_up - before.given_up,
            waited: waited - before.waited,
            ..self.before
        });
    }

    /// What was measured in a run whose last window of the series is past.
    pub(super) fn into_measured(mut self, past: Past) -> ProducerMeasured {
        self.catch_up(past);
        ProducerMeasured { series: self.windows.into_series(), ..self.measured }
    }

    #[inline]
    pub(super) fn arrived(&mut self) {
        self.now.counts.arrived += 1;
    }

    #[inline]
    pub(super) fn confirmed(&mut self, messages: u32, waited: Span, took: Span) {
        self.now.counts.sent += u64::from(messages);
        self.now.waited += u128::from(waited.as_nanos()) * u128::from(messages);
        self.now.calling += u128::from(took.as_nanos()) * u128::from(messages);
    }

    pub(super) fn retried(&mut self, messages: u32) {
        self.now.counts.throttled += u64::from(messages);
        self.now.counts.retried += u64::from(messages);
    }

    pub(super) fn given_up(&mut self, messages: u32) {
        self.now.counts.throttled += u64::from(messages);
        self.now.counts.given_up += u64::from(messages);
    }
}

impl ProducerMeasured {
    /// Of counters that begin with the run: messages neither stored nor given up.
    fn unsettled(&self) -> u64 {
        self.counts.arrived - self.counts.sent - self.counts.given_up
    }

    /// What was added since `before`; what counts the whole run is kept.
    fn since(&self, before: &ProducerMeasured) -> ProducerMeasured {
        ProducerMeasured {
            arrived_in_all: self.counts.arrived,
            counts: self.counts.since(&before.counts),
            held_back: (before.unsettled(), self.unsettled()),
            waited: self.waited - before.waited,
            calling: self.calling - before.calling,
            series: Series::default(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Time;

    /// So many windows are past; how long they were does not matter to what is counted.
    fn past(windows: usize) -> Past {
        Past { windows, at: Time::ZERO, each: Span::ZERO }
    }

    /// Seven arise and four are sent, each after 2 s and a call of 1 s; then two of the others are
    /// sent and one is given up. Windows of the series tell what came in each, and what is held
    /// back at its end; the measured window begins with the second.
    #[test]
    fn what_is_held_back_is_what_arose_and_has_not_left() {
        let mut meter = ProducerMeter::new(2);
        let second = Span::from_secs(1);
        (0..7).for_each(|_| meter.arrived());
        meter.confirmed(4, second.saturating_mul(2), second);
        meter.close_window(past(0));
        meter.begin();
        meter.retried(3);
        meter.confirmed(2, second, second);
        meter.given_up(1);
        meter.close_window(past(1));
        meter.end();
        let measured = meter.into_measured(past(2));
        let nanos = u128::from(second.as_nanos());
        let first =
            ProducerWindow { arrived: 7, sent: 4, given_up: 0, waited: 8 * nanos, held_back: 3 };
        let then =
            ProducerWindow { arrived: 0, sent: 2, given_up: 1, waited: 2 * nanos, held_back: 0 };
        assert_eq!(measured.series, [first, then].into_iter().collect());
        let counts = ProducerCounts { arrived: 0, sent: 2, throttled: 4, retried: 3, given_up: 1 };
        assert_eq!((measured.arrived_in_all, measured.counts), (7, counts));
        assert_eq!((measured.held_back, measured.waited), ((3, 0), 2 * nanos));
        assert_eq!(measured.calling, 2 * nanos);
    }
}
