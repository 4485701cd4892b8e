//! Who watches a run.
//!
//! Owns the trait that metrics, trace and fingerprint share. Observers are generic parameters of
//! the engine, so one that is off costs nothing. Must not influence the run.
#![expect(clippy::inline_always, reason = "a pair is what its two observers are, and no more")]

use crate::facts::deed::{Deed, FleetId};
use crate::facts::thread_time::ThreadTime;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Change, Journal};

/// Someone who is told everything that happens, in the order in which it happens.
///
/// ```
/// use std::sync::atomic::AtomicBool;
/// use sqsim::engine::run::run_with;
/// use sqsim::facts::deed::Deed;
/// use sqsim::facts::observer::Observer;
/// use sqsim::kernel::time::Time;
/// use sqsim::ledger::config::QueueId;
/// use sqsim::ledger::journal::{Change, Journal};
///
/// #[derive(Default)]
/// struct Arrivals(u64);
///
/// impl Journal for Arrivals {
///     fn change(&mut self, _: Time, _: QueueId, _: &Change) {}
/// }
///
/// impl Observer for Arrivals {
///     fn deed(&mut self, _: Time, deed: &Deed) {
///         self.0 += u64::from(matches!(deed, Deed::Arrived { .. }));
///     }
/// }
///
/// let file: sqsim::ScenarioFile = r#"(
///     duration: "1h",
///     queues: {"jobs": ()},
///     producers: {"site": (queue: "jobs", arrivals: Constant("2/s"))},
///     consumers: {"workers": (queue: "jobs", count: 1, processing: Constant("100ms"))},
/// )"#.parse()?;
/// let run = run_with(&file.check()?.scenario, 0, &AtomicBool::new(false), Arrivals::default());
/// // One every half second, the first after one; an hour ends before the last.
/// assert_eq!(run.observer.0, 7_199);
/// # Ok::<(), sqsim::Faults>(())
/// ```
pub trait Observer: Journal {
    /// Time has come to `now`: told at each event, before what happens in it.
    #[inline]
    fn time(&mut self, _now: Time) {}

    /// At `now`, the time of so many threads of a fleet goes over from one part to another. No
    /// line of a trace: it follows from the deeds.
    #[inline]
    fn threads(
        &mut self,
        _now: Time,
        _fleet: FleetId,
        _threads: u32,
        _from: ThreadTime,
        _to: ThreadTime,
    ) {
    }

    /// At `now`, a client did `deed`.
    fn deed(&mut self, now: Time, deed: &Deed);

    /// True once nothing more will be recorded (the reader went away, a limit was reached, the
    /// wanted time is over): a run made for this observer alone may end here.
    fn stopped(&self) -> bool {
        false
    }
}

impl Observer for () {
    #[inline]
    fn deed(&mut self, _now: Time, _deed: &Deed) {}
}

impl<A: Journal, B: Journal> Journal for (A, B) {
    #[inline(always)]
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        self.0.change(now, queue, change);
        self.1.change(now, queue, change);
    }
}

impl<A: Observer, B: Observer> Observer for (A, B) {
    #[inline(always)]
    fn time(&mut self, now: Time) {
        self.0.time(now);
        self.1.time(now);
    }

    #[inline(always)]
    fn threads(
        &mut self,
        now: Time,
        fleet: FleetId,
        threads: u32,
        from: ThreadTime,
        to: ThreadTime,
    ) {
        self.0.threads(now, fleet, threads, from, to);
        self.1.threads(now, fleet, threads, from, to);
    }

    #[inline(always)]
    fn deed(&mut self, now: Time, deed: &Deed) {
        self.0.deed(now, deed);
        self.1.deed(now, deed);
    }

    #[inline]
    fn stopped(&self) -> bool {
        self.0.stopped() || self.1.stopped()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::deed::ProducerId;

    /// Notes what it is told, and stops once it was told so often.
    struct Listener {
        heard: Vec<&'static str>,
        enough: usize,
    }

    fn listener(enough: usize) -> Listener {
        Listener { heard: Vec::new(), enough }
    }

    impl Journal for Listener {
        fn change(&mut self, _now: Time, _queue: QueueId, _change: &Change) {
            self.heard.push("change");
        }
    }

    impl Observer for Listener {
        fn time(&mut self, _now: Time) {
            self.heard.push("time");
        }

        fn threads(
            &mut self,
            _now: Time,
            _fleet: FleetId,
            _threads: u32,
            _from: ThreadTime,
            _to: ThreadTime,
        ) {
            self.heard.push("threads");
        }

        fn deed(&mut self, _now: Time, _deed: &Deed) {
            self.heard.push("deed");
        }

        fn stopped(&self) -> bool {
            self.heard.len() >= self.enough
        }
    }

    /// Either may end the run.
    #[test]
    fn two_observers_hear_all_and_either_may_stop() {
        let mut both = (listener(4), listener(5));
        let (now, queue) = (Time::ZERO, QueueId(0));
        both.time(now);
        both.change(now, queue, &Change::Oldest(None));
        both.threads(now, FleetId(0), 1, ThreadTime::Idle, ThreadTime::Working);
        assert!(!both.stopped());
        both.deed(now, &Deed::Arrived { producer: ProducerId(0) });
        let all = ["time", "change", "threads", "deed"];
        assert_eq!((&both.0.heard[..], &both.1.heard[..]), (&all[..], &all[..]));
        assert!(both.stopped(), "the first has enough");
        both.1.enough = 4;
        both.0.enough = 5;
        assert!(both.stopped(), "the second has");
    }
}
