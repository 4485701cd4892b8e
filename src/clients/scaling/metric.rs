//! A point of a metric on a queue's backlog.
//!
//! Owns how messages become a number that is compared. Must not know what is done then.

use super::readings::Reads;
use crate::model::scaling::MetricConfig;

/// Messages over workers, kept as the two whole numbers: their quotient would be rounded before it
/// is compared and multiplied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Load {
    messages: u64,
    over: u32,
}

impl Load {
    /// What a read says; nothing where it is divided by no worker (a missing point).
    pub(super) fn of(config: &MetricConfig, read: &Reads) -> Option<Load> {
        let counters = read.counters;
        let in_flight = if config.in_flight { counters.in_flight } else { 0 };
        let messages = counters.visible.saturating_add(in_flight);
        let over = if config.per_worker { read.group.in_service } else { 1 };
        (over > 0).then_some(Load { messages, over })
    }

    /// The number itself.
    fn value(self) -> f64 {
        self.messages as f64 / f64::from(self.over)
    }

    /// How many times another number it is. One division, of numbers that are whole as a rule, so
    /// that what equals a bound compares as equal.
    pub(super) fn times(self, bound: f64) -> f64 {
        self.messages as f64 / (bound * f64::from(self.over))
    }

    /// Strictly above a threshold.
    pub(super) fn exceeds(self, threshold: f64) -> bool {
        self.messages as f64 > threshold * f64::from(self.over)
    }

    /// Strictly below a threshold.
    pub(super) fn falls_short(self, threshold: f64) -> bool {
        (self.messages as f64) < threshold * f64::from(self.over)
    }

    /// How far it is from a threshold, whichever side.
    pub(super) fn distance(self, threshold: f64) -> f64 {
        (self.value() - threshold).abs()
    }

    /// How many workers of this load each, `capacity` of them, would be at the target: rounded up.
    pub(super) fn workers(self, capacity: u32, target: f64) -> u32 {
        let all = self.messages as f64 * f64::from(capacity);
        whole((all / (target * f64::from(self.over))).ceil())
    }
}

/// A number of workers that is whole already; what is too large is the most there can be.
#[expect(clippy::cast_sign_loss, reason = "`as` saturates, and below 0 there are none")]
pub(super) fn whole(workers: f64) -> u32 {
    workers as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clients::scaling::{Counters, Group};
    use crate::kernel::time::{Span, Time};

    fn load(in_flight: bool, per_worker: bool, in_service: u32) -> Option<Load> {
        let every = Span::from_secs(60);
        let metric = MetricConfig { in_flight, per_worker, every, phase: None, delay: Span::ZERO };
        let counters = Counters { visible: 1_500, in_flight: 100, delayed: 7 };
        let group = Group { wanted: 20, in_service, warming: 0 };
        Load::of(&metric, &Reads { at: Time::ZERO, counters, group })
    }

    #[test]
    fn messages_are_counted_and_divided_as_the_metric_says() {
        let values = |in_flight, per_worker, of| load(in_flight, per_worker, of).map(Load::value);
        assert_eq!(values(false, true, 10), Some(150.0));
        assert_eq!(values(true, true, 10), Some(160.0));
        assert_eq!(values(true, false, 0), Some(1_600.0));
        assert_eq!(values(false, true, 0), None);
    }

    /// fleets.md 4.1: ceil(10 · 150 / 100) = 15.
    #[test]
    fn workers_at_the_target_are_rounded_up_and_what_is_whole_stays() {
        let load = load(false, true, 10).expect("there are workers");
        assert_eq!([150.0, 100.0, 99.0, 5.0].map(|t| load.workers(10, t)), [10, 15, 16, 300]);
        assert_eq!(load.workers(10, 1e-300), u32::MAX);
        // 100 messages over 3 workers are 33.333… each, and 3 of them are 100 again.
        assert_eq!(Load { messages: 100, over: 3 }.workers(3, 100.0), 1);
    }
}
