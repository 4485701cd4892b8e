//! What is remembered of a partition's load.
//!
//! Owns the counts of calls by second, their averages and peaks. Must not judge them.

use super::memory::Memory;
use crate::kernel::time::{Span, Time};
use crate::ledger::journal::Action;

/// Seconds that the averages of the models look back: a minute.
const LOOK_BACK: usize = 60;
/// Slots of a maximum over a window.
const SLOTS: usize = 6;

/// The load of one partition. A rate is that of the action with most calls, as each action has a
/// capacity of its own.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Load {
    /// Calls in the current second, by action.
    calls: [u32; 4],
    /// Calls in the last second.
    pub(super) rate: u32,
    /// Sends in the last second.
    pub(super) sends: u32,
    recent: Recent,
    /// The highest rates of the policy's memory.
    pub(super) peaks: Peaks,
    /// The highest averages of the policy's memory.
    pub(super) averages: Peaks,
    /// What the policy remembers beside.
    pub(super) memory: Memory,
}

impl Load {
    /// The load of partitions that became one: the summed peaks and slow averages. What was sampled
    /// and the rates of the last minute are forgotten.
    pub(super) fn merged<'a>(loads: impl Iterator<Item = &'a Load>) -> Load {
        let mut merged = Load::default();
        for load in loads {
            merged.peaks = Peaks::sum(&merged.peaks, &load.peaks);
            merged.averages = Peaks::sum(&merged.averages, &load.averages);
            merged.memory.rates.add(&load.memory.rates);
        }
        merged
    }

    /// A call came in, admitted or not. One without a key, a receive, says nothing about where.
    pub(super) fn observe(&mut self, action: Action, key: Option<u64>) {
        self.calls[action as usize] += 1;
        if let Some(key) = key {
            self.memory.observe(key);
        }
    }

    /// Mean calls per second over the last minute; zero in a partition's first one, of which
    /// nothing can be said.
    pub(super) fn average(&self) -> f64 {
        self.recent.mean()
    }

    /// Closes a second; `memory` is how long the policy remembers peaks.
    pub(super) fn close_second(&mut self, now: Time, memory: Span) {
        self.rate = self.calls.iter().copied().max().unwrap_or(0);
        self.sends = self.calls[Action::Send as usize];
        self.calls = [0; 4];
        self.recent.push(self.rate);
        self.peaks.note(now, memory, self.rate);
        self.averages.note(now, memory, self.recent.whole_mean());
    }
}

/// The rates of the last minute.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Recent {
    rates: [u32; LOOK_BACK],
    sum: u64,
    seconds: u32,
}

impl Default for Recent {
    fn default() -> Recent {
        Recent { rates: [0; LOOK_BACK], sum: 0, seconds: 0 }
    }
}

impl Recent {
    pub(in crate::ledger) fn push(&mut self, rate: u32) {
        let place = &mut self.rates[self.seconds as usize % LOOK_BACK];
        self.sum += u64::from(rate);
        self.sum -= u64::from(*place);
        *place = rate;
        self.seconds += 1;
    }

    fn mean(&self) -> f64 {
        if self.is_full() { self.sum as f64 / LOOK_BACK as f64 } else { 0.0 }
    }

    /// The mean, rounded down.
    pub(in crate::ledger) fn whole_mean(&self) -> u32 {
        if self.is_full() { (self.sum / LOOK_BACK as u64) as u32 } else { 0 }
    }

    fn is_full(&self) -> bool {
        self.seconds as usize >= LOOK_BACK
    }
}

/// The maximum over a window of time, which moves on in sixths of it (`CockroachDB`,
/// `replicastats`).
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Peaks {
    slots: [u32; SLOTS],
    slot: u64,
}

impl Peaks {
    /// A maximum that is the sum of two.
    fn sum(left: &Peaks, right: &Peaks) -> Peaks {
        let sum = left.max() + right.max();
        Peaks { slots: [sum; SLOTS], slot: left.slot.max(right.slot) }
    }

    pub(in crate::ledger) fn note(&mut self, now: Time, window: Span, value: u32) {
        let slot = now.as_nanos() / (window.as_nanos() / SLOTS as u64).max(1);
        for passed in (self.slot + 1..=slot).take(SLOTS) {
            self.slots[(passed % SLOTS as u64) as usize] = 0;
        }
        self.slot = slot;
        let peak = &mut self.slots[(slot % SLOTS as u64) as usize];
        *peak = (*peak).max(value);
    }

    pub(in crate::ledger) fn max(&self) -> u32 {
        self.slots.iter().copied().max().unwrap_or(0)
    }

    #[cfg(test)]
    pub(super) fn of(value: u32) -> Peaks {
        Peaks { slots: [value, 0, 0, 0, 0, 0], slot: 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second(secs: u64) -> Time {
        Time::from_nanos(secs * 1_000_000_000)
    }

    #[test]
    fn a_rate_is_that_of_the_busiest_action() {
        let mut load = Load::default();
        for (action, calls) in [(Action::Send, 3), (Action::Receive, 5), (Action::Delete, 4)] {
            (0..calls).for_each(|_| load.observe(action, None));
        }
        load.close_second(second(1), Span::from_secs(300));
        assert_eq!((load.rate, load.sends), (5, 3));
    }

    #[test]
    fn an_average_needs_a_minute_and_forgets_what_is_older() {
        let mut load = Load::default();
        for s in 1..=90 {
            let calls = if s <= 30 { 600 } else { 0 };
            (0..calls).for_each(|_| load.observe(Action::Send, Some(0)));
            load.close_second(second(s), Span::from_secs(300));
            let busy = if (60..90).contains(&s) { 90 - s } else { 0 };
            let expected = 10.0 * busy as f64;
            assert!((load.average() - expected).abs() < 1e-9, "second {s}");
        }
    }

    #[test]
    fn a_peak_is_forgotten_when_its_window_has_passed() {
        let mut peaks = Peaks::default();
        peaks.note(second(0), Span::from_secs(60), 7);
        for (at, expected) in [(10, 7), (50, 7), (60, 1)] {
            peaks.note(second(at), Span::from_secs(60), 1);
            assert_eq!(peaks.max(), expected, "after {at} s");
        }
        let joined = Peaks::sum(&Peaks::of(3), &Peaks::of(4));
        assert_eq!(joined.max(), 7);
    }
}
