//! Who watches a run.
//!
//! Owns the trait that metrics, trace and fingerprint share. Observers are generic parameters of
//! the engine, so one that is off costs nothing. Must not influence the run.
#![expect(clippy::inline_always, reason = "a pair is what its two observers are, and no more")]

use crate::clients::deed::{Deed, FleetId};
use crate::clients::worker::ThreadTime;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Action, Change, Journal};

/// Someone who is told everything that happens, in the order in which it happens.
pub trait Observer: Journal {
    /// Time has come to `now`: told at each event, before what happens in it.
    #[inline]
    fn time(&mut self, _now: Time) {}

    /// At `now`, the time of so many threads of a fleet goes over from one part to another. Left
    /// out of traces: it follows from the deeds.
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

    #[inline]
    fn oldest_changed(&mut self, now: Time, queue: QueueId, sent: Option<Time>) {
        self.0.oldest_changed(now, queue, sent);
        self.1.oldest_changed(now, queue, sent);
    }

    #[inline]
    fn probed(&mut self, queue: QueueId, partitions: u32) {
        self.0.probed(queue, partitions);
        self.1.probed(queue, partitions);
    }

    fn more_chunks(&mut self, queue: QueueId, action: Action, chunks: u64) {
        self.0.more_chunks(queue, action, chunks);
        self.1.more_chunks(queue, action, chunks);
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
