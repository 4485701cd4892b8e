//! How far the runs have come.
//!
//! Owns one counter that running worlds add to, what came to the plan on the way, and what a search
//! says of itself. Must not know who looks at it, nor influence a run: it is an observer.

use std::mem;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::facts::deed::Deed;
use crate::facts::observer::Observer;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Change, Journal};

/// Steps in which one run reports.
const STEPS: u64 = 1000;

/// Virtual time simulated so far, over all runs.
#[derive(Debug, Default)]
pub struct Progress {
    nanos: AtomicU64,
    added: AtomicU64,
    expected: AtomicU64,
    words: Mutex<Words>,
}

/// What a search says of itself.
#[derive(Debug, Default)]
struct Words {
    /// What it does now.
    now: String,
    /// What it found out, a line each.
    news: Vec<String>,
}

impl Progress {
    /// Virtual time simulated so far, over all runs.
    pub fn simulated(&self) -> Span {
        Span::from_nanos(self.nanos.load(Ordering::Relaxed))
    }

    /// A run of this length need not be done.
    pub(super) fn skip(&self, length: Span) {
        self.nanos.fetch_add(length.as_nanos(), Ordering::Relaxed);
    }

    /// Virtual time that came to what was planned at first.
    pub fn added(&self) -> Span {
        Span::from_nanos(self.added.load(Ordering::Relaxed))
    }

    /// So much more is to be simulated than was planned.
    pub fn add(&self, more: Span) {
        self.added.fetch_add(more.as_nanos(), Ordering::Relaxed);
    }

    /// What is to be simulated beyond what is planned, as far as this can be guessed.
    pub fn expected(&self) -> Span {
        Span::from_nanos(self.expected.load(Ordering::Relaxed))
    }

    /// Guesses anew what is to be simulated beyond what is planned.
    pub fn expect(&self, more: Span) {
        self.expected.store(more.as_nanos(), Ordering::Relaxed);
    }

    /// What the work is at now; empty if it does not say.
    pub fn now(&self) -> String {
        self.words(|words| words.now.clone())
    }

    /// Says what the work is at now.
    pub fn at(&self, now: String) {
        self.words(|words| words.now = now);
    }

    /// What was found out since this was asked last, a line each.
    pub fn news(&self) -> Vec<String> {
        self.words(|words| mem::take(&mut words.news))
    }

    /// Says what was found out, a line.
    pub fn tell(&self, line: String) {
        self.words(|words| words.news.push(line));
    }

    fn words<T>(&self, of: impl FnOnce(&mut Words) -> T) -> T {
        of(&mut self.words.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// An observer that reports one run of length `end`.
    pub(super) fn pulse(&self, end: Time) -> Pulse<'_> {
        Pulse { progress: self, step: (end - Time::ZERO) / STEPS, told: Time::ZERO }
    }
}

/// Reports the progress of one run.
#[derive(Debug)]
pub(super) struct Pulse<'a> {
    progress: &'a Progress,
    step: Span,
    told: Time,
}

impl Pulse<'_> {
    #[inline]
    fn at(&mut self, now: Time) {
        if now.since(self.told) > self.step {
            self.tell(now);
        }
    }

    #[cold]
    fn tell(&mut self, now: Time) {
        let nanos = now.since(self.told).as_nanos();
        self.progress.nanos.fetch_add(nanos, Ordering::Relaxed);
        self.told = now;
    }
}

impl Journal for Pulse<'_> {
    #[inline]
    fn change(&mut self, now: Time, _queue: QueueId, _change: &Change) {
        self.at(now);
    }
}

impl Observer for Pulse<'_> {
    #[inline]
    fn deed(&mut self, now: Time, _deed: &Deed) {
        self.at(now);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use crate::facts::deed::{Deed, ProducerId};
    use crate::ledger::journal::{MessageId, Step};

    #[test]
    fn what_is_told_is_there_for_who_looks() {
        let progress = Progress::default();
        progress.add(Span::from_secs(3));
        progress.add(Span::from_secs(4));
        progress.expect(Span::from_secs(5));
        progress.expect(Span::from_secs(6));
        progress.skip(Span::from_secs(8));
        progress.at("first".to_owned());
        progress.at("second".to_owned());
        progress.tell("one".to_owned());
        progress.tell("two".to_owned());
        let lengths = [progress.added(), progress.expected(), progress.simulated()];
        assert_eq!(lengths, [7, 6, 8].map(Span::from_secs));
        assert_eq!(progress.now(), "second");
        assert_eq!(progress.news(), ["one", "two"]);
        assert!(progress.news().is_empty(), "it was told");
    }

    /// A run of 1,000 s reports every second, whichever happens: a change of a queue or a deed.
    #[test]
    fn a_run_reports_in_a_thousand_steps() {
        let at = |nanos: u64| Time::ZERO + Span::from_nanos(nanos);
        let second = 1_000_000_000;
        let progress = Progress::default();
        let told = || progress.simulated().as_nanos();
        let mut pulse = progress.pulse(at(1_000 * second));
        let change = Change::Message(MessageId(0), Step::DelayEnded {});
        pulse.change(at(second), QueueId(0), &change);
        assert_eq!(told(), 0, "no longer than a step");
        pulse.change(at(second + 1), QueueId(0), &change);
        assert_eq!(told(), second + 1);
        let deed = Deed::Arrived { producer: ProducerId(0) };
        pulse.deed(at(2 * second + 1), &deed);
        assert_eq!(told(), second + 1);
        pulse.deed(at(2 * second + 2), &deed);
        assert_eq!(told(), 2 * second + 2);
    }
}
