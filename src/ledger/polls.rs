//! Long polls that wait at a queue.
//!
//! Owns who waits, in the order of arrival, and until when. Must not know messages.
//!
//! Invariant: a caller waits at one queue at most.

use super::config::QueueId;
use super::journal::Caller;
use super::ring::Rings;
use super::timers::{Slots, Timers};
use crate::kernel::time::{Span, Time};

/// What a receive asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// Who asks. A number below the count given to `Ledger::new`; a caller has one receive under
    /// way at a time.
    pub caller: Caller,
    /// Most messages, 1 to 10.
    pub max: u32,
    /// How long to wait for a first message; zero is a short poll.
    pub wait: Span,
    /// The visibility timeout of what is received.
    pub visibility_timeout: Span,
}

/// A waiting long poll.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    poll: Poll,
    due: Time,
    at: Option<QueueId>,
}

/// The waiters of one queue.
#[derive(Clone, Debug)]
struct Line {
    /// In the order of arrival.
    order: u32,
    /// In the order of their ends.
    ends: Timers,
}

/// All waiting long polls.
#[derive(Clone, Debug)]
pub(super) struct Polls {
    rows: Rows,
    lines: Vec<Line>,
}

/// One row a caller, then sentinels.
#[derive(Clone, Debug, Default)]
struct Rows {
    waiting: Vec<Waiting>,
    order: Rings,
    ends: Rings,
}

impl Rows {
    fn grow(&mut self) -> u32 {
        let poll = Poll {
            caller: Caller(u32::MAX),
            max: 0,
            wait: Span::ZERO,
            visibility_timeout: Span::ZERO,
        };
        self.waiting.push(Waiting { poll, due: Time::NEVER, at: None });
        self.order.grow();
        self.ends.grow()
    }
}

impl Slots for Rows {
    fn rings(&mut self) -> &mut Rings {
        &mut self.ends
    }

    fn sentinel(&mut self) -> u32 {
        self.grow()
    }
}

impl Polls {
    pub(super) fn new(callers: u32, queues: usize) -> Polls {
        let mut rows = Rows::default();
        for _ in 0..callers {
            rows.grow();
        }
        let lines =
            (0..queues).map(|_| Line { order: rows.grow(), ends: Timers::default() }).collect();
        Polls { rows, lines }
    }

    /// Lets `poll` wait at `queue`; returns when its wait ends.
    pub(super) fn enter(&mut self, queue: QueueId, poll: Poll, now: Time) -> Time {
        let slot = poll.caller.0;
        let row = &mut self.rows.waiting[slot as usize];
        assert!(row.at.is_none(), "a caller waits at one queue at most");
        let due = now + poll.wait;
        *row = Waiting { poll, due, at: Some(queue) };
        let line = &mut self.lines[queue.0 as usize];
        self.rows.order.push_back(line.order, slot);
        line.ends.set(&mut self.rows, slot, poll.wait, due);
        due
    }

    /// The first waiter of `queue`.
    #[inline]
    pub(super) fn first(&self, queue: QueueId) -> Option<Poll> {
        let slot = self.rows.order.first(self.lines[queue.0 as usize].order)?;
        Some(self.rows.waiting[slot as usize].poll)
    }

    /// Ends the wait of `caller`; false if it did not wait.
    pub(super) fn leave(&mut self, caller: Caller) -> bool {
        let Some(queue) = self.rows.waiting[caller.0 as usize].at.take() else { return false };
        self.rows.order.remove(caller.0);
        self.rows.ends.remove(caller.0);
        self.lines[queue.0 as usize].ends.cancel_heap(caller.0);
        true
    }

    /// Who at `queue` gives up first, and when.
    pub(super) fn earliest_end(&self, queue: QueueId) -> Option<(Time, Caller)> {
        let line = &self.lines[queue.0 as usize];
        let due = |slot: u32| self.rows.waiting[slot as usize].due;
        line.ends.earliest(&self.rows.ends, due).map(|(at, slot, _)| (at, Caller(slot)))
    }
}
