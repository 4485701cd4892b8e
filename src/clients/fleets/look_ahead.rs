//! Reads ahead what the next events will touch.
//!
//! Owns the order in which those rows are read. Must not know what is done with them.
//!
//! In a large world each row that an event touches comes from afar, and where the next one stands
//! is known only when it has come. Several events look at their rows together, kind by kind: those
//! of one kind do not depend on each other, so the processor waits for all of them at once. What is
//! read here is not used; that it is near is all that is wanted.

use std::hint::black_box;

use super::Fleets;
use crate::core::Core;
use crate::core::event::{Event, FleetEvent};
use crate::facts::observer::Observer;
use crate::kernel::calendar::Calendar;
use crate::ledger::Receipt;
use crate::ledger::journal::Caller;

/// Threads from which it pays: about as many as have their rows in a second-level cache.
const WORTHWHILE: usize = 2_000;

/// Most threads of a kind that one look is at.
const MOST: usize = Calendar::<Event>::MOST_UPCOMING;

/// Queues whose waiters are looked for.
const MOST_QUEUES: usize = 64;

impl Fleets {
    /// Rows of many threads are read ahead, as they do not fit a near cache.
    pub(super) fn choose_look_ahead(&mut self) {
        self.looks_ahead = self.threads.len() >= WORTHWHILE;
    }

    /// Reads the rows of the threads that have something due next and of what they hold, and those
    /// of the threads that will take what comes meanwhile.
    #[inline(never)]
    pub fn look_ahead<O: Observer>(&self, core: &Core<O>) {
        let (mut threads, mut count) = ([0; MOST], 0);
        for event in core.calendar.upcoming() {
            if let Event::Fleets(FleetEvent::Thread(number) | FleetEvent::Heartbeat(number)) = event
            {
                threads[count] = number;
                count += 1;
            }
        }
        self.look_at_idle(core, count);
        let mut holders = [(Caller(0), Receipt::of_nothing()); MOST];
        let threads = threads[..count].iter().map(|&number| &self.threads[number as usize]);
        for (thread, holder) in threads.zip(&mut holders) {
            black_box(self.workers[thread.worker as usize].busy);
            *holder = (Caller(thread.worker), self.held[thread.first as usize].receipt);
        }
        core.ledger.look_ahead(&holders[..count]);
    }

    /// Reads the rows of the idle threads of the workers that will be served next, `most` at most.
    #[inline]
    fn look_at_idle<O: Observer>(&self, core: &Core<O>, most: usize) {
        // Nobody may wait at any of ten thousand queues.
        let queues = core.queues().take(MOST_QUEUES);
        let waiters = queues.flat_map(|queue| core.ledger.waiters(queue).take(most));
        for caller in waiters.take(most) {
            if let Some(number) = self.workers[caller.0 as usize].idle_thread() {
                let thread = &self.threads[number as usize];
                black_box(self.held[thread.first as usize].luck.0);
                core.calendar.look_ahead(FleetEvent::Thread(number));
            }
        }
    }
}
