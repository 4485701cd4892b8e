//! What polls ask for and get, and the long polls that wait at a queue.
//!
//! Owns who waits, in the order of arrival, and until when. Must not know messages.
//!
//! Whether a poll waits at a queue or at one of its partitions is the routing's choice, and the
//! same for all polls of a queue.
//!
//! A caller has a row as long as it is there, its seat. Callers are numbered as they come, and no
//! number is given twice; a seat is, so there are as many as callers that were there at once. Heads
//! of lists stand among the seats: they come when partitions and lengths of waits do.
//!
//! Invariant: a caller waits at one queue at most, and there in one line.
#![expect(clippy::inline_always, reason = "every message passes here, from one or two places")]

use std::hint::black_box;

use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Caller, group_of};
use crate::ledger::messages::ring::{Link, Linked, Links, Rows};
use crate::ledger::messages::timers::{Slots, Timers};
use crate::ledger::queue::admission::Admission;

/// What a receive asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Poll {
    /// Who asks: one that has joined and not left, with one receive under way at a time.
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

/// The row of a caller.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Seat(u32);

impl Seat {
    /// That of a caller who is not there.
    const NONE: Seat = Seat(u32::MAX);
}

/// The ring of a row that gives the order of arrival. Seats that nobody has stand in it too.
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

/// All callers, and the long polls of those that wait.
#[derive(Clone, Debug)]
pub(super) struct Polls {
    /// Seats and sentinels.
    rows: Rows<Waiting>,
    /// The list of the seats that nobody has.
    free: u32,
    /// The seat of each caller that comes alone, by its number.
    seats: Vec<Seat>,
    /// Those of the members of each group.
    grouped: Vec<Vec<Seat>>,
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
    pub(super) const BYTES_PER_CALLER: usize = size_of::<Waiting>() + size_of::<Seat>();
    pub(super) const BYTES_PER_LINE: usize = size_of::<Waiting>() + size_of::<Line>();
    pub(super) const BYTES_PER_PLACE: usize = size_of::<Waiting>() + size_of::<u32>();

    /// Nobody is there, and room for `callers`.
    pub(super) fn new(callers: u32, queues: usize) -> Polls {
        let mut rows = Rows::with_capacity(callers as usize + queues + 1);
        let free = rows.push(Waiting::nobody());
        let line = |rows: &mut Rows<Waiting>| Line {
            order: rows.push(Waiting::nobody()),
            at: Vec::new(),
            awaited: Vec::new(),
            ends: Timers::default(),
        };
        let lines = (0..queues).map(|_| line(&mut rows)).collect();
        let seats = Vec::with_capacity(callers as usize);
        Polls { rows, free, seats, grouped: Vec::new(), lines }
    }

    /// Gives `caller` a seat.
    pub(super) fn joined(&mut self, caller: Caller) {
        assert_eq!(self.seat(caller), None, "a caller that joins is not there yet");
        let left = self.rows.pop_front::<ORDER>(self.free);
        *self.seat_of(caller) = Seat(left.unwrap_or_else(|| self.rows.push(Waiting::nobody())));
    }

    /// Ends the wait of `caller` and takes its seat away; false if it did not wait.
    pub(super) fn left(&mut self, caller: Caller) -> bool {
        let waited = self.hang_up(caller);
        let seat = std::mem::replace(self.seat_of(caller), Seat::NONE);
        assert_ne!(seat, Seat::NONE, "a caller that leaves is there");
        self.rows.push_back::<ORDER>(self.free, seat.0);
        waited
    }

    /// The seat of a caller, if it is there.
    #[inline]
    fn seat(&self, caller: Caller) -> Option<Seat> {
        let seat = match group_of(caller.0) {
            None => self.seats.get(caller.0 as usize),
            Some((group, member)) => self.grouped.get(group as usize)?.get(member as usize),
        };
        seat.copied().filter(|&seat| seat != Seat::NONE)
    }

    /// Where the seat of a caller is kept.
    fn seat_of(&mut self, caller: Caller) -> &mut Seat {
        let (seats, number) = match group_of(caller.0) {
            None => (&mut self.seats, caller.0 as usize),
            Some((group, member)) => {
                let groups = self.grouped.len().max(group as usize + 1);
                self.grouped.resize_with(groups, Vec::new);
                (&mut self.grouped[group as usize], member as usize)
            }
        };
        if number >= seats.len() {
            seats.resize(number + 1, Seat::NONE);
        }
        &mut seats[number]
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
        let Seat(slot) = self.seat(poll.caller).expect("a caller that waits is there");
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
    pub(super) fn first_at(&mut self, queue: QueueId, at: usize) -> Option<(Seat, Poll)> {
        let line = &mut self.lines[queue.0 as usize];
        let first = self.rows.first::<ORDER>(*line.at.get(at)?);
        if first.is_none() {
            line.awaited[at / 64] &= !(1 << (at % 64));
        }
        first.map(|slot| (Seat(slot), self.rows.get(slot).poll))
    }

    /// Places of 64 partitions of `queue`, those from 64 × `word` on, one bit each: set where
    /// somebody waits, and perhaps elsewhere.
    #[inline]
    pub(super) fn awaited(&self, queue: QueueId, word: usize) -> u64 {
        self.lines[queue.0 as usize].awaited.get(word).copied().unwrap_or(0)
    }

    /// Takes those who wait at partitions of `queue` out of their lines, the first to come first;
    /// each must be put into one again by [`Polls::move_to`].
    pub(super) fn gather(&mut self, queue: QueueId) -> Vec<(Seat, Caller)> {
        let line = &mut self.lines[queue.0 as usize];
        let mut waiters = Vec::new();
        for &list in &line.at {
            while let Some(slot) = self.rows.pop_front::<ORDER>(list) {
                waiters.push((Seat(slot), self.rows.get(slot).poll.caller));
            }
        }
        line.awaited.fill(0);
        let arrived = |&(Seat(slot), _): &(Seat, Caller)| {
            let row = self.rows.get(slot);
            row.due.as_nanos() - row.poll.wait.as_nanos()
        };
        waiters.sort_by_key(arrived);
        waiters
    }

    /// Puts a waiter that was taken out of its line at the end of another.
    pub(super) fn move_to(&mut self, queue: QueueId, at: usize, seat: Seat) {
        let list = self.place(queue, at);
        self.rows.push_back::<ORDER>(list, seat.0);
    }

    /// The first of those who wait at `queue` itself.
    #[inline]
    pub(super) fn first(&self, queue: QueueId) -> Option<(Seat, Poll)> {
        let slot = self.rows.first::<ORDER>(self.lines[queue.0 as usize].order)?;
        Some((Seat(slot), self.rows.get(slot).poll))
    }

    /// Reads the row of `caller`, so that it is near when it polls.
    #[inline]
    pub(super) fn look_ahead(&self, caller: Caller) {
        if let Some(Seat(slot)) = self.seat(caller) {
            black_box(self.rows.get(slot).poll.max);
        }
    }

    /// Who waits at `queue` itself, the first to come first.
    pub(super) fn waiters(&self, queue: QueueId) -> impl Iterator<Item = Caller> {
        let slots = self.rows.list::<ORDER>(self.lines[queue.0 as usize].order);
        slots.map(|slot| self.rows.get(slot).poll.caller)
    }

    /// The queue at which, or at a partition of which, `caller` waits.
    pub(super) fn waits_at(&self, caller: Caller) -> Option<QueueId> {
        self.seat(caller).and_then(|Seat(slot)| self.rows.get(slot).at)
    }

    /// Ends the wait of `caller`; false if it did not wait.
    pub(super) fn hang_up(&mut self, caller: Caller) -> bool {
        let Some(seat) = self.seat(caller) else { return false };
        let Some(queue) = self.rows.get(seat.0).at else { return false };
        self.leave(queue, seat);
        true
    }

    /// Ends a wait at `queue`; returns whose.
    #[inline(always)]
    pub(super) fn leave(&mut self, queue: QueueId, Seat(slot): Seat) -> Caller {
        let row = self.rows.get_mut(slot);
        row.at = None;
        let caller = row.poll.caller;
        self.rows.remove::<ORDER>(slot);
        self.rows.remove::<ENDS>(slot);
        self.lines[queue.0 as usize].ends.cancel_heap(slot);
        caller
    }

    /// Who at `queue` gives up first, and when.
    #[inline]
    pub(super) fn earliest_end(&self, queue: QueueId) -> Option<(Time, Seat)> {
        let earliest = self.lines[queue.0 as usize].ends.earliest(&self.rows);
        earliest.map(|(at, slot)| (at, Seat(slot)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::{Draws, Source};

    /// Polls wait at this queue itself, at the other one at its partitions.
    const WHOLE: QueueId = QueueId(0);
    const CUT: QueueId = QueueId(1);
    const PLACES: u64 = 3;

    fn poll(caller: Caller, wait: Span) -> Poll {
        Poll { caller, max: 1, wait, visibility_timeout: None }
    }

    /// Where one waits: at a queue, or at a partition of one.
    type Place = (QueueId, Option<usize>);

    /// A poll that waits, as the model knows it.
    struct Waits {
        caller: Caller,
        place: Place,
        due: Time,
    }

    /// The polls, and beside them a list of those that wait, in the order of their arrival.
    struct Bench {
        polls: Polls,
        model: Vec<Waits>,
        there: Vec<Caller>,
        joined: u32,
        now: Time,
        draws: Draws,
    }

    impl Bench {
        fn new(seed: u64) -> Bench {
            let (polls, draws) = (Polls::new(0, 2), Draws::new(seed));
            let (model, there) = (Vec::new(), Vec::new());
            Bench { polls, model, there, joined: 0, now: Time::ZERO, draws }
        }

        fn draw(&mut self, below: usize) -> usize {
            self.draws.below(below as u64) as usize
        }

        fn first(&self, place: Place) -> Option<Caller> {
            self.model.iter().find(|waits| waits.place == place).map(|waits| waits.caller)
        }

        fn first_end(&self, queue: QueueId) -> Option<(Time, Caller)> {
            let at = self.model.iter().filter(|waits| waits.place.0 == queue);
            at.min_by_key(|waits| waits.due).map(|waits| (waits.due, waits.caller))
        }

        /// The model's poll of `caller` waits no longer; false if it did not.
        fn forget(&mut self, caller: Caller) -> bool {
            let before = self.model.len();
            self.model.retain(|waits| waits.caller != caller);
            self.model.len() < before
        }

        fn join(&mut self) {
            let caller = Caller(self.joined);
            self.polls.joined(caller);
            self.there.push(caller);
            self.joined += 1;
        }

        fn leave(&mut self) {
            let at = self.draw(self.there.len());
            let caller = self.there.swap_remove(at);
            assert_eq!(self.polls.left(caller), self.forget(caller), "{caller:?} leaves");
        }

        /// One of twelve waits, more than have a list of their own. No two end together: nothing
        /// says which would be first.
        fn wait(&mut self) {
            let at = self.draw(self.there.len());
            let caller = self.there[at];
            let wait = Span::from_secs(1 + self.draws.below(12));
            let due = self.now + wait;
            let taken = |waits: &Waits| waits.caller == caller || waits.due == due;
            if self.model.iter().any(taken) {
                return;
            }
            let at = self.draws.below(2 * PLACES);
            let place = if at < PLACES { (CUT, Some(at as usize)) } else { (WHOLE, None) };
            let poll = poll(caller, wait);
            let told = match place {
                (queue, None) => self.polls.enter(queue, poll, self.now),
                (queue, Some(at)) => self.polls.enter_at(queue, at, poll, self.now),
            };
            assert_eq!(told, due);
            self.model.push(Waits { caller, place, due });
        }

        /// Who came first gets something.
        fn serve(&mut self) {
            let at = self.draws.below(PLACES) as usize;
            let found = [self.polls.first(WHOLE), self.polls.first_at(CUT, at)];
            let places = [(WHOLE, None), (CUT, Some(at))];
            for (place, found) in places.into_iter().zip(found) {
                assert_eq!(found.map(|(_, poll)| poll.caller), self.first(place), "{place:?}");
                if let Some((seat, poll)) = found {
                    assert_eq!(self.polls.leave(place.0, seat), poll.caller);
                    assert!(self.forget(poll.caller));
                }
            }
        }

        /// Time passes, and waits end.
        fn pass(&mut self) {
            self.now += Span::from_nanos(1 + self.draws.below(2_000_000_000));
            for queue in [WHOLE, CUT] {
                while let Some((at, seat)) = self.polls.earliest_end(queue)
                    && at <= self.now
                {
                    let caller = self.polls.leave(queue, seat);
                    assert_eq!(Some((at, caller)), self.first_end(queue));
                    self.forget(caller);
                }
            }
        }

        fn check(&mut self) {
            let order = |place| {
                let there = self.model.iter().filter(move |waits| waits.place == place);
                there.map(|waits| waits.caller)
            };
            assert!(self.polls.waiters(WHOLE).eq(order((WHOLE, None))), "the order of arrival");
            for queue in [WHOLE, CUT] {
                let end = self.polls.earliest_end(queue).map(|(at, _)| at);
                assert_eq!(end, self.first_end(queue).map(|(at, _)| at), "the next end");
            }
            for caller in (0..self.joined).map(Caller) {
                let waits = self.model.iter().any(|waits| waits.caller == caller);
                assert_eq!(self.polls.waits_at(caller).is_some(), waits, "{caller:?}");
            }
        }
    }

    /// Against a list of those that wait: who is first, whose wait ends next, and that nobody
    /// waits who has left, whoever has his seat.
    #[test]
    fn whoever_joins_and_leaves_those_that_wait_keep_their_order() {
        for seed in 0..20 {
            let mut bench = Bench::new(seed);
            for _ in 0..500 {
                match bench.draw(10) {
                    0 | 1 if bench.there.len() < 20 => bench.join(),
                    2 if !bench.there.is_empty() => bench.leave(),
                    3 => bench.serve(),
                    4 => bench.pass(),
                    _ if !bench.there.is_empty() => bench.wait(),
                    _ => {}
                }
                bench.check();
            }
            assert!(bench.joined > 30, "seats are used again: {} joined", bench.joined);
        }
    }

    /// Five that stay, and one after the other that comes and goes, every second one while it
    /// waits: six seats, besides the heads of the lists of free seats, of the queue, and of the
    /// one length of waits.
    #[test]
    fn a_hundred_thousand_that_come_and_go_have_one_seat() {
        let mut polls = Polls::new(0, 1);
        let wait = Span::from_secs(20);
        for caller in (0..5).map(Caller) {
            polls.joined(caller);
            assert_eq!(polls.enter(WHOLE, poll(caller, wait), Time::ZERO), Time::ZERO + wait);
        }
        for caller in (5..100_005).map(Caller) {
            polls.joined(caller);
            let waits = caller.0.is_multiple_of(2);
            if waits {
                assert_eq!(polls.enter(WHOLE, poll(caller, wait), Time::ZERO), Time::ZERO + wait);
            }
            assert_eq!(polls.left(caller), waits);
        }
        assert_eq!(polls.rows.len(), 6 + 3);
        assert!(polls.waiters(WHOLE).eq((0..5).map(Caller)));
    }
}
