//! What polls ask for and get, and the long polls that wait at a queue.
//!
//! Owns who waits, in the order of arrival, and until when. Must not know messages.
//!
//! Whether a poll waits at a queue or at one of its partitions is the routing's choice, and the
//! same for all polls of a queue.
//!
//! Invariant: a caller waits at one queue at most, and there in one line.
#![expect(clippy::inline_always, reason = "every message passes here, from one or two places")]

use std::hint::black_box;

use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::ledger::journal::Caller;
use crate::ledger::messages::ring::{Link, Linked, Links, Rows};
use crate::ledger::messages::timers::{Slots, Timers};
use crate::ledger::queue::admission::Admission;

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
    /// The visibility timeout of what is received; `None` is what the queue has when it hands the
    /// messages over.
    pub visibility_timeout: Option<Span>,
}

/// A poll that asks a queue at an instant.
#[derive(Clone, Copy)]
pub(super) struct Asking<'a> {
    pub(super) queue: QueueId,
    pub(super) poll: &'a Poll,
    pub(super) now: Time,
}

/// What one poll got.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Taken {
    pub(super) messages: u32,
    /// A partition with messages that did not let the receive through, and why.
    pub(super) refused: Option<(u32, Admission)>,
    /// Partitions asked.
    pub(super) asked: u32,
    /// Chunks of the payload, where it may be more than one.
    pub(super) chunks: u32,
    /// The partition that a long poll waits at if it got nothing; `None` is the queue.
    pub(super) waits_at: Option<usize>,
}

/// The ring of a row that gives the order of arrival.
const ORDER: usize = 0;
/// The ring of a row that gives the order of the ends.
const ENDS: usize = 1;

/// A caller's row: its waiting long poll, if it has one.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
struct Waiting {
    poll: Poll,
    due: Time,
    at: Option<QueueId>,
    links: Links,
}

impl Waiting {
    fn nobody() -> Waiting {
        let poll =
            Poll { caller: Caller(u32::MAX), max: 0, wait: Span::ZERO, visibility_timeout: None };
        Waiting { poll, due: Time::NEVER, at: None, links: Link::alone(0) }
    }
}

const _: () = assert!(size_of::<Waiting>() == 64, "a row is one line of the cache");

impl Linked for Waiting {
    fn links(&self) -> &Links {
        &self.links
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// The waiters of one queue.
#[derive(Clone, Debug)]
struct Line {
    /// Those who wait at the queue, in the order of arrival.
    order: u32,
    /// Those who wait at a partition, by its place, in the order of arrival.
    at: Vec<u32>,
    /// One bit a partition: somebody waits there, or did when it was last looked at.
    awaited: Vec<u64>,
    /// In the order of their ends.
    ends: Timers,
}

/// All waiting long polls: one row a caller, then sentinels.
#[derive(Clone, Debug)]
pub(super) struct Polls {
    rows: Rows<Waiting>,
    lines: Vec<Line>,
}

impl Slots for Rows<Waiting> {
    fn sentinel(&mut self) -> u32 {
        self.push(Waiting::nobody())
    }

    #[inline]
    fn append(&mut self, sentinel: u32, slot: u32) {
        self.push_back::<ENDS>(sentinel, slot);
    }

    #[inline]
    fn first(&self, sentinel: u32) -> Option<u32> {
        self.first::<ENDS>(sentinel)
    }

    #[inline]
    fn due(&self, slot: u32) -> Time {
        self.get(slot).due
    }
}

impl Polls {
    /// Bytes of a caller, of a queue, and of a partition where polls wait.
    pub(super) const BYTES_PER_ROW: usize = size_of::<Waiting>();
    pub(super) const BYTES_PER_LINE: usize = size_of::<Waiting>() + size_of::<Line>();

    pub(super) fn new(callers: u32, queues: usize) -> Polls {
        let mut rows = Rows::with_capacity(callers as usize + queues);
        for _ in 0..callers {
            rows.push(Waiting::nobody());
        }
        let line = |rows: &mut Rows<Waiting>| Line {
            order: rows.push(Waiting::nobody()),
            at: Vec::new(),
            awaited: Vec::new(),
            ends: Timers::default(),
        };
        let lines = (0..queues).map(|_| line(&mut rows)).collect();
        Polls { rows, lines }
    }

    /// Makes room for `more` callers, numbered after the `callers` that there are.
    pub(super) fn make_room(&mut self, callers: u32, more: u32) {
        self.rows.make_room(callers, (0..more).map(|_| Waiting::nobody()));
        for line in &mut self.lines {
            line.order += more;
            line.at.iter_mut().for_each(|list| *list += more);
            line.ends.moved_up(more);
        }
    }

    /// Lets `poll` wait at `queue`; returns when its wait ends.
    pub(super) fn enter(&mut self, queue: QueueId, poll: Poll, now: Time) -> Time {
        self.enter_line(self.lines[queue.0 as usize].order, queue, poll, now)
    }

    /// Lets `poll` wait at the partition of `queue` at place `at`; returns when its wait ends.
    pub(super) fn enter_at(&mut self, queue: QueueId, at: usize, poll: Poll, now: Time) -> Time {
        let list = self.place(queue, at);
        self.enter_line(list, queue, poll, now)
    }

    fn enter_line(&mut self, list: u32, queue: QueueId, poll: Poll, now: Time) -> Time {
        let slot = poll.caller.0;
        let row = self.rows.get_mut(slot);
        assert!(row.at.is_none(), "a caller waits at one queue at most");
        let due = now + poll.wait;
        row.poll = poll;
        row.due = due;
        row.at = Some(queue);
        let line = &mut self.lines[queue.0 as usize];
        self.rows.push_back::<ORDER>(list, slot);
        line.ends.set(&mut self.rows, slot, poll.wait, due);
        due
    }

    /// Makes room for waiters at each of `count` partitions of `queue`.
    pub(super) fn make_places(&mut self, queue: QueueId, count: usize) {
        let line = &mut self.lines[queue.0 as usize];
        while line.at.len() < count {
            line.at.push(self.rows.push(Waiting::nobody()));
        }
        line.awaited.resize(line.at.len().div_ceil(64), 0);
    }

    /// The list of those who wait at a partition, which somebody enters now.
    fn place(&mut self, queue: QueueId, at: usize) -> u32 {
        self.make_places(queue, at + 1);
        let line = &mut self.lines[queue.0 as usize];
        line.awaited[at / 64] |= 1 << (at % 64);
        line.at[at]
    }

    /// The first waiter at the partition of `queue` at place `at`.
    pub(super) fn first_at(&mut self, queue: QueueId, at: usize) -> Option<Poll> {
        let line = &mut self.lines[queue.0 as usize];
        let first = self.rows.first::<ORDER>(*line.at.get(at)?);
        if first.is_none() {
            line.awaited[at / 64] &= !(1 << (at % 64));
        }
        Some(self.rows.get(first?).poll)
    }

    /// Places of 64 partitions of `queue`, those from 64 × `word` on, one bit each: set where
    /// somebody waits, and perhaps elsewhere.
    #[inline]
    pub(super) fn awaited(&self, queue: QueueId, word: usize) -> u64 {
        self.lines[queue.0 as usize].awaited.get(word).copied().unwrap_or(0)
    }

    /// Takes those who wait at partitions of `queue` out of their lines, the first to come first;
    /// each must be put into one again by [`Polls::move_to`].
    pub(super) fn gather(&mut self, queue: QueueId) -> Vec<Caller> {
        let line = &mut self.lines[queue.0 as usize];
        let mut waiters = Vec::new();
        for &list in &line.at {
            while let Some(slot) = self.rows.pop_front::<ORDER>(list) {
                waiters.push(slot);
            }
        }
        line.awaited.fill(0);
        let arrived = |slot: &u32| {
            let row = self.rows.get(*slot);
            row.due.as_nanos() - row.poll.wait.as_nanos()
        };
        waiters.sort_by_key(arrived);
        waiters.into_iter().map(Caller).collect()
    }

    /// Puts a waiter that was taken out of its line at the end of another.
    pub(super) fn move_to(&mut self, queue: QueueId, at: usize, caller: Caller) {
        let list = self.place(queue, at);
        self.rows.push_back::<ORDER>(list, caller.0);
    }

    /// The first of those who wait at `queue` itself.
    #[inline]
    pub(super) fn first(&self, queue: QueueId) -> Option<Poll> {
        let slot = self.rows.first::<ORDER>(self.lines[queue.0 as usize].order)?;
        Some(self.rows.get(slot).poll)
    }

    /// Reads the row of `caller`, so that it is near when it polls.
    #[inline]
    pub(super) fn look_ahead(&self, caller: Caller) {
        black_box(self.rows.get(caller.0).poll.max);
    }

    /// Who waits at `queue` itself, the first to come first.
    pub(super) fn waiters(&self, queue: QueueId) -> impl Iterator<Item = Caller> {
        self.rows.list::<ORDER>(self.lines[queue.0 as usize].order).map(Caller)
    }

    /// Whether `caller` waits, at a queue or at one of its partitions.
    pub(super) fn waits(&self, caller: Caller) -> bool {
        self.rows.get(caller.0).at.is_some()
    }

    /// Ends the wait of `caller`; false if it did not wait.
    #[inline(always)]
    pub(super) fn leave(&mut self, caller: Caller) -> bool {
        let Some(queue) = self.rows.get_mut(caller.0).at.take() else { return false };
        self.rows.remove::<ORDER>(caller.0);
        self.rows.remove::<ENDS>(caller.0);
        self.lines[queue.0 as usize].ends.cancel_heap(caller.0);
        true
    }

    /// Who at `queue` gives up first, and when.
    #[inline]
    pub(super) fn earliest_end(&self, queue: QueueId) -> Option<(Time, Caller)> {
        let earliest = self.lines[queue.0 as usize].ends.earliest(&self.rows);
        earliest.map(|(at, slot)| (at, Caller(slot)))
    }
}
