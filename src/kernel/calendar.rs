//! The calendar: which event is next.
//!
//! Owns pending events and their total order. Must not know what an event does.
//!
//! An event is its own timer: at most one pending occurrence of equal events, scheduling it again
//! moves it, cancelling removes it. The order is the key ([`Time`], rank, sequence): the earlier
//! instant first; at one instant the lower rank; within a rank the one scheduled first. Sequence
//! numbers never repeat, so the order is total and nothing depends on the heap's or the hash's.
//!
//! The next arrivals stand beside all others. Where another pending event stands depends on when it
//! is due: the next few stand in front, sorted; those of the days after them in a timing wheel; the
//! others in a heap. Where one ends and the next begins is a key that only moves as events are
//! taken, or as the front overflows.
//!
//! An event in front or in the wheel that was cancelled or moved stays where it stood, stale, until
//! it is its turn: its row tells it from a pending one. So nothing needs to be found again, and a
//! row is read when its event is taken, not while it waits. When more than half of all are stale,
//! all of these go.

use std::cmp::Reverse;
use std::hash::{BuildHasherDefault, Hasher};
use std::hint::black_box;
use std::marker::PhantomData;

use priority_queue::PriorityQueue;

use super::front::{self, Front, Next};
use super::standing::Standing;
use super::time::Time;
pub use super::timers::TimerId;
use super::timers::{IDLE, Key, Timers};
use super::wheel::{Slot, Wheel};

/// A fast hasher for keys of two small integers or one large one: they are put side by side, then
/// multiplied and folded once, the seed fixed. Only look-ups use it; no order ever comes from it.
#[derive(Clone, Copy, Debug, Default)]
pub struct IntHasher(u64);

/// Builds [`IntHasher`]s.
pub type FastHash = BuildHasherDefault<IntHasher>;

impl Hasher for IntHasher {
    fn write(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            self.write_u64(u64::from(byte));
        }
    }

    #[inline]
    fn write_u32(&mut self, word: u32) {
        self.write_u64(u64::from(word));
    }

    #[inline]
    fn write_u64(&mut self, word: u64) {
        self.0 = self.0.rotate_left(32) ^ word;
    }

    #[inline]
    fn write_isize(&mut self, word: isize) {
        self.write_u64(word.cast_unsigned() as u64);
    }

    #[inline]
    fn finish(&self) -> u64 {
        let wide = u128::from(self.0) * 0x9e37_79b9_7f4a_7c15;
        (wide >> 64) as u64 ^ wide as u64
    }
}

/// What the calendar asks of an event.
pub trait Ranked: Copy {
    /// Its place among events of one instant: the lower first, below 64.
    fn rank(&self) -> u8;

    /// Its name: equal events have one, different ones have not.
    fn timer(&self) -> TimerId;

    /// The event of a name.
    fn of_timer(id: TimerId) -> Self;

    /// True for the few events that are pending nearly all the time and soon.
    #[inline]
    fn is_standing(&self) -> bool {
        false
    }
}

/// A slot with at most so many events comes to the front as a whole; one with more is spread over
/// narrower ones first. Slots come until the front holds about so many: where few are pending, they
/// all stand in front, and a wheel of one event a slot is not turned for each of them. Half of the
/// front stays free for events that come meanwhile.
const FEW: usize = front::MOST / 2;

/// So many events may be stale however few are pending.
const MOST_STALE: usize = 1_024;

/// Pending events in their total order.
///
/// ```
/// use sqsim::kernel::calendar::{Calendar, Ranked, TimerId};
/// use sqsim::kernel::time::Time;
///
/// #[derive(Clone, Copy, Debug, PartialEq)]
/// struct Alarm(u32);
///
/// impl Ranked for Alarm {
///     fn rank(&self) -> u8 {
///         0
///     }
///     fn timer(&self) -> TimerId {
///         TimerId::new(0, self.0)
///     }
///     fn of_timer(id: TimerId) -> Alarm {
///         Alarm(id.number())
///     }
/// }
///
/// let at = Time::from_nanos;
/// let mut calendar = Calendar::with_capacity(8);
/// for (nanos, number) in [(30, 1), (10, 2), (10, 3), (5, 1)] {
///     calendar.schedule(at(nanos), Alarm(number));
/// }
/// // The first was moved to an earlier instant; of two at one instant, the one that was scheduled
/// // first comes.
/// calendar.cancel(Alarm(3));
/// assert_eq!(calendar.pop(), Some((at(5), Alarm(1))));
/// assert_eq!(calendar.pop(), Some((at(10), Alarm(2))));
/// assert_eq!(calendar.pop(), None);
/// ```
#[derive(Clone, Debug)]
pub struct Calendar<E: Ranked> {
    timers: Timers,
    /// The event that was scheduled last, until the next one is: its time may still be in the
    /// making, and finding its place would wait for it.
    newest: Next,
    standing: Standing,
    front: Front,
    /// No event outside the front is before it, and every new one before it belongs to the front.
    reach: Key,
    wheel: Wheel,
    /// Gives its greatest first, hence the reversal. Nothing in it is stale.
    heap: PriorityQueue<TimerId, Reverse<Key>, FastHash>,
    /// Stale events in front and in the wheel.
    stale: usize,
    sequence: u64,
    /// The time of the event that was taken last.
    now: Time,
    events: PhantomData<E>,
}

impl<E: Ranked> Calendar<E> {
    /// An empty calendar with room for `capacity` events of each kind.
    pub fn with_capacity(capacity: usize) -> Calendar<E> {
        Calendar {
            timers: Timers::with_room(capacity),
            newest: Next::NONE,
            standing: Standing::new(),
            front: Front::new(),
            reach: Key::LAST,
            wheel: Wheel::with_room(capacity),
            heap: PriorityQueue::with_capacity_and_default_hasher(capacity),
            stale: 0,
            sequence: 0,
            now: Time::ZERO,
            events: PhantomData,
        }
    }

    /// Bytes of an empty calendar.
    pub const BYTES: usize = size_of::<Calendar<E>>() + Wheel::BYTES_OF_ROOM;

    /// Bytes of the room for one event of each of so many kinds: in the wheel; in the heap, where
    /// an entry has its hash, its item, two places in the other's order, and its slot in a table
    /// that is about half full; and a row for each kind.
    pub const fn bytes_of_room(kinds: usize) -> usize {
        let heaped = size_of::<(u64, TimerId, Key)>() + 4 * size_of::<usize>();
        Wheel::BYTES_PER_EVENT + heaped + kinds * size_of::<u64>()
    }

    /// Bytes of an event that is pending and had no row before.
    pub const BYTES_PER_EVENT: usize = Wheel::BYTES_PER_EVENT + size_of::<u64>();

    /// Schedules `event` at `at`, moving it if it is pending.
    ///
    /// # Panics
    /// If an event after `at` was taken, and after 2^56 calls, some centuries of computing.
    #[inline(always)]
    #[expect(clippy::inline_always, reason = "the event is known where it is scheduled")]
    pub fn schedule(&mut self, at: Time, event: impl Into<E>) {
        let event = event.into();
        assert!(at >= self.now, "an event is scheduled at {at}, before {}", self.now);
        let key = Key::new(at, event.rank(), self.sequence);
        self.sequence += 1;
        let id = event.timer();
        if !(event.is_standing() && self.standing.schedule(Next { key, id })) {
            self.place(key, id);
        }
    }

    /// Notes an event as the newest, and puts the one before it where it belongs.
    #[inline(never)]
    fn place(&mut self, key: Key, id: TimerId) {
        let was = std::mem::replace(self.timers.cover(id), key.order());
        if was != IDLE {
            self.let_stale(id);
        }
        let next = std::mem::replace(&mut self.newest, Next { key, id });
        if next.id == TimerId::NONE {
            return;
        }
        if next.key < self.reach {
            self.put_in_front(next);
        } else if self.wheel.spans(next.key.nanos()) {
            self.wheel.push_back(next);
        } else {
            self.heap.push(next.id, Reverse(next.key));
        }
    }

    #[inline]
    fn put_in_front(&mut self, next: Next) {
        if self.front.len() < front::MOST {
            self.front.insert(next);
        } else {
            self.put_back(next);
        }
    }

    /// Puts an event into a full front and the last of the front back; a stale one is dropped, as
    /// in the heap it would take the place of the pending occurrence of the same event.
    #[cold]
    fn put_back(&mut self, next: Next) {
        let last = self.front.exchange(next);
        self.reach = last.key;
        if self.timers.order(last.id) != last.key.order() {
            self.stale -= 1;
            return;
        }
        if self.wheel.spans(last.key.nanos()) {
            self.wheel.push_front(last);
        } else {
            self.heap.push(last.id, Reverse(last.key));
        }
    }

    /// Takes `event` off; false if it was not pending.
    #[inline]
    pub fn cancel(&mut self, event: impl Into<E>) -> bool {
        let event = event.into();
        let id = event.timer();
        if event.is_standing()
            && let Some(pending) = self.standing.cancel(id)
        {
            return pending;
        }
        let row = self.timers.known(id);
        let pending = row.is_some_and(|row| std::mem::replace(row, IDLE) != IDLE);
        if pending {
            self.let_stale(id);
        }
        pending
    }

    /// The occurrence of an event that was pending until now is so no more.
    #[inline(never)]
    fn let_stale(&mut self, id: TimerId) {
        if self.newest.id == id {
            self.newest = Next::NONE;
            return;
        }
        if !self.heap.is_empty() && self.heap.remove(&id).is_some() {
            return;
        }
        self.stale += 1;
        if self.stale > MOST_STALE && 2 * self.stale > self.front.len() + self.wheel.len() {
            self.sweep();
        }
    }

    /// Drops all stale events.
    #[cold]
    fn sweep(&mut self) {
        let timers = &self.timers;
        let pending = |Next { key, id }: Next| timers.order(id) == key.order();
        self.front.retain(pending);
        self.wheel.retain(pending);
        self.stale = 0;
    }

    /// Takes the next event out.
    #[inline]
    pub fn pop(&mut self) -> Option<(Time, E)> {
        self.pop_name().map(|(at, id)| (at, E::of_timer(id)))
    }

    /// As [`Calendar::pop`], for one who goes by the event's name.
    #[inline]
    pub fn pop_name(&mut self) -> Option<(Time, TimerId)> {
        let id = self.take();
        (id != TimerId::NONE).then_some((self.now, id))
    }

    /// Takes the next event out, which is due now then; [`TimerId::NONE`] if there is none.
    fn take(&mut self) -> TimerId {
        let next = loop {
            self.bring_next();
            let (front, newest, standing) =
                (self.front.first(), self.newest, self.standing.first());
            if standing.key < front.key && standing.key < newest.key {
                self.standing.cancel(standing.id);
                break standing;
            }
            let next = if newest.key < front.key {
                self.newest = Next::NONE;
                newest
            } else if front.id == TimerId::NONE {
                // The wheel may have turned to events that were stale.
                self.wheel.rebase(self.now.as_nanos());
                return TimerId::NONE;
            } else {
                self.front.pop();
                front
            };
            let row = self.timers.row(next.id);
            if *row == next.key.order() {
                *row = IDLE;
                break next;
            }
            self.stale -= 1;
        };
        self.now = Time::from_nanos(next.key.nanos());
        next.id
    }

    /// When the event is due that [`Calendar::pop`], which is to be called next, will take.
    pub fn next_at(&mut self) -> Option<Time> {
        loop {
            self.bring_next();
            let front = self.front.first();
            let beside = self.newest.key.min(self.standing.first().key);
            if front.key < beside && self.timers.order(front.id) != front.key.order() {
                self.front.pop();
                self.stale -= 1;
                continue;
            }
            let next = front.key.min(beside);
            return (next != Next::NONE.key).then(|| Time::from_nanos(next.nanos()));
        }
    }

    /// Most events that [`Calendar::upcoming`] gives.
    pub const MOST_UPCOMING: usize = front::MOST;

    /// Finds out what [`Calendar::pop`], which is to be called next, will take, if that is not
    /// known yet; true if [`Calendar::upcoming`] gives other events now.
    #[inline]
    pub fn bring_next(&mut self) -> bool {
        let must = self.front.len() == 0;
        if must {
            self.refill(u64::MAX);
        }
        must
    }

    /// Whether something is pending before `at`. It may be scheduled at `at` afterwards: nothing
    /// turns beyond it.
    pub fn has_before(&mut self, at: Time) -> bool {
        loop {
            if self.front.len() == 0 {
                self.refill(at.as_nanos());
            }
            let next = self.front.first();
            let stale = next.id != TimerId::NONE && *self.timers.row(next.id) != next.key.order();
            if !stale {
                let first = next.key.min(self.newest.key).min(self.standing.first().key);
                return first < Key::first_at(at.as_nanos());
            }
            self.front.pop();
            self.stale -= 1;
        }
    }

    /// The next few events, but for those that stand beside all others. More of them may come
    /// before they are taken.
    pub fn upcoming(&self) -> impl Iterator<Item = E> {
        let pending = |next: &Next| self.timers.order(next.id) == next.key.order();
        self.front.iter().filter(pending).map(|next| E::of_timer(next.id))
    }

    /// The pending events of a rank, in the order in which they were scheduled. It looks at all
    /// that is pending.
    pub fn in_turn(&mut self, rank: u8) -> Vec<(Time, E)> {
        self.sweep();
        let mut found = Vec::new();
        let mut look = |next: Next| {
            if next.key.rank() == rank {
                found.push(next);
            }
            true
        };
        self.front.retain(&mut look);
        self.wheel.retain(&mut look);
        for (&id, &Reverse(key)) in &self.heap {
            look(Next { key, id });
        }
        for next in self.standing.all().chain([self.newest]) {
            look(next);
        }
        // What is not pending has the last key, whose rank no event has.
        found.sort_unstable_by_key(|next| next.key.order());
        let told = |next: Next| (Time::from_nanos(next.key.nanos()), E::of_timer(next.id));
        found.into_iter().map(told).collect()
    }

    /// Reads what scheduling `event` would touch, so that it is near when that comes.
    #[inline]
    pub fn look_ahead(&self, event: impl Into<E>) {
        let event = event.into();
        black_box(self.timers.order(event.timer()));
    }

    /// Brings the next events to the empty front, unless those that stand beside it come first, or
    /// `bound` does.
    ///
    /// The wheel does not turn beyond these: what is scheduled when they are taken must find its
    /// place in it.
    #[inline(never)]
    fn refill(&mut self, bound: u64) {
        let first = self.newest.key.min(self.standing.first().key).nanos().min(bound);
        loop {
            let Some(slot) = self.wheel.first() else {
                if !self.turn_on(first) {
                    break;
                }
                continue;
            };
            if slot.is_finest() {
                self.bring_some(slot);
                break;
            }
            if self.wheel.count(slot) <= FEW {
                self.bring_all(slot);
                break;
            }
            if self.wheel.begin(slot) > first {
                self.reach = Key::first_at(self.wheel.begin(slot));
                return;
            }
            self.wheel.spread(slot);
        }
        while let Some(slot) = self.wheel.first()
            && self.front.len() + self.wheel.count(slot) <= FEW
            && !slot.is_finest()
        {
            self.bring_all(slot);
        }
        if self.wheel.len() == 0 {
            self.reach = self.heap.peek().map_or(Key::LAST, |(_, &Reverse(key))| key);
        }
    }

    /// Brings all events of a slot.
    fn bring_all(&mut self, slot: Slot) {
        self.reach = self.wheel.last_key(slot);
        while let Some(next) = self.wheel.pop(slot) {
            self.front.insert(next);
        }
    }

    /// Brings the first of the events of one instant and rank.
    fn bring_some(&mut self, slot: Slot) {
        for _ in 0..FEW {
            let Some(next) = self.wheel.pop(slot) else { break };
            self.front.insert(next);
            self.reach = next.key;
        }
    }

    /// Turns the empty wheel on to the first event of the heap, and brings all that it then
    /// spans; false if there is none, or if one comes `first` that stands beside.
    fn turn_on(&mut self, first: u64) -> bool {
        let Some((_, &Reverse(key))) = self.heap.peek() else { return false };
        if key.nanos() > first {
            return false;
        }
        self.wheel.rebase(key.nanos());
        while let Some((id, Reverse(key))) =
            self.heap.pop_if(|_, Reverse(key)| self.wheel.spans(key.nanos()))
        {
            self.wheel.push_back(Next { key, id });
        }
        true
    }
}

#[cfg(test)]
mod tests {
    use priority_queue::PriorityQueue;

    use super::*;
    use crate::kernel::rng::{Draws, Source};

    #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
    struct Numbered(u8, u32);

    impl Ranked for Numbered {
        fn rank(&self) -> u8 {
            self.0
        }

        fn timer(&self) -> TimerId {
            TimerId::new(self.0, self.1)
        }

        fn of_timer(id: TimerId) -> Numbered {
            Numbered(id.kind(), id.number())
        }

        fn is_standing(&self) -> bool {
            self.1.is_multiple_of(7)
        }
    }

    fn at(nanos: u64) -> Time {
        Time::from_nanos(nanos)
    }

    /// All that is pending, in its order.
    fn drain(calendar: &mut Calendar<Numbered>) -> Vec<(u64, u8, u32)> {
        let pops = std::iter::from_fn(|| {
            let next = calendar.next_at();
            let popped = calendar.pop();
            assert_eq!(next, popped.map(|(at, _)| at), "what is next is what comes");
            popped
        });
        pops.map(|(at, Numbered(rank, number))| (at.as_nanos(), rank, number)).collect()
    }

    /// Runs of random schedules, stopped at random instants to schedule more than the front holds:
    /// all comes in the order of a plain list.
    #[test]
    fn a_calendar_stops_before_any_instant_and_goes_on() {
        for seed in 0..200 {
            let mut draws = Draws::new(seed);
            let mut calendar = Calendar::with_capacity(4);
            let mut pending: Vec<(u64, u8, u32)> = Vec::new();
            let (mut number, mut stop) = (0, 0);
            while stop < 1 << 50 {
                let reach = 1 << (5 + draws.below(46));
                for _ in 0..draws.below(80) {
                    let (nanos, rank) = (stop + draws.below(reach), draws.below(5) as u8);
                    calendar.schedule(at(nanos), Numbered(rank, number));
                    pending.push((nanos, rank, number));
                    number += 1;
                }
                for _ in 0..(draws.below(40) as usize).min(pending.len()) {
                    let place = draws.below(pending.len() as u64) as usize;
                    let (_, rank, number) = pending.swap_remove(place);
                    assert!(calendar.cancel(Numbered(rank, number)));
                }
                pending.sort_unstable_by_key(|event| Reverse(*event));
                stop += draws.below(reach);
                while calendar.has_before(at(stop)) {
                    let (nanos, rank, number) = pending.pop().expect("something is pending");
                    assert_eq!(calendar.pop(), Some((at(nanos), Numbered(rank, number))));
                }
                assert!(pending.last().is_none_or(|&(nanos, ..)| nanos >= stop), "seed {seed}");
            }
        }
    }

    #[test]
    fn events_come_by_time_then_rank_then_order_of_scheduling() {
        let mut calendar = Calendar::with_capacity(8);
        calendar.schedule(at(5), Numbered(1, 10));
        calendar.schedule(at(5), Numbered(0, 11));
        calendar.schedule(at(3), Numbered(9, 12));
        calendar.schedule(at(5), Numbered(1, 13));
        calendar.schedule(at(5), Numbered(1, 9));
        let order = [(3, 9, 12), (5, 0, 11), (5, 1, 10), (5, 1, 13), (5, 1, 9)];
        assert_eq!(drain(&mut calendar), order);
    }

    #[test]
    fn scheduling_again_moves_and_cancelling_removes() {
        let mut calendar = Calendar::with_capacity(8);
        calendar.schedule(at(5), Numbered(0, 1));
        calendar.schedule(at(6), Numbered(0, 2));
        calendar.schedule(at(7), Numbered(0, 1));
        assert!(calendar.cancel(Numbered(0, 2)));
        assert!(!calendar.cancel(Numbered(0, 2)));
        assert!(!calendar.cancel(Numbered(3, 2)), "what never was there is not pending");
        assert_eq!(calendar.pop(), Some((at(7), Numbered(0, 1))));
        assert_eq!(calendar.pop(), None);
        assert!(!calendar.cancel(Numbered(0, 1)), "what was taken is not pending");
    }

    #[test]
    #[should_panic(expected = "an event is scheduled at 0.000000004s, before 0.000000005s")]
    fn nothing_is_scheduled_before_what_was_taken() {
        let mut calendar: Calendar<Numbered> = Calendar::with_capacity(8);
        calendar.schedule(at(5), Numbered(0, 1));
        calendar.pop();
        calendar.schedule(at(5), Numbered(0, 2));
        calendar.schedule(at(4), Numbered(0, 3));
    }

    /// Far more events at one nanosecond than the front holds, while it passes: those of a lower
    /// rank that come meanwhile go first, those of the same rank last.
    #[test]
    fn a_crowd_at_one_instant_keeps_its_order() {
        let mut calendar = Calendar::with_capacity(8);
        for number in 0..1_000 {
            calendar.schedule(at(77_777), Numbered(2 + (number % 2) as u8, number));
        }
        for number in (0..1_000).step_by(2) {
            assert_eq!(calendar.pop(), Some((at(77_777), Numbered(2, number))));
            calendar.schedule(at(77_777), Numbered(1, number));
            calendar.schedule(at(77_777), Numbered(3, 1_000 + number));
            assert_eq!(calendar.pop(), Some((at(77_777), Numbered(1, number))));
        }
        let numbers: Vec<u32> = drain(&mut calendar).into_iter().map(|(.., n)| n).collect();
        let expected = (1..1_000).step_by(2).chain((1_000..2_000).step_by(2));
        assert_eq!(numbers, expected.collect::<Vec<_>>());
    }

    /// Each slot of each level, and the windows of the wheel beyond the first.
    #[test]
    fn times_of_all_scales_come_in_order() {
        let edges = (0..64).flat_map(|bit| [(1 << bit) - 1, 1 << bit, (1 << bit) + 1]);
        let mut times: Vec<u64> = edges.chain([u64::MAX - 1, u64::MAX]).collect();
        let mut calendar = Calendar::with_capacity(8);
        for (number, &nanos) in (0..).zip(times.iter().rev()) {
            calendar.schedule(at(nanos), Numbered(0, number));
        }
        times.sort_unstable();
        let taken: Vec<u64> = drain(&mut calendar).into_iter().map(|(nanos, ..)| nanos).collect();
        assert_eq!(taken, times);
    }

    /// Beyond the wheel's span, where a full front puts into the heap what it has no room for.
    #[test]
    fn a_stale_event_that_is_put_back_is_not_taken_for_the_pending_one() {
        let far = 1 << 48;
        let mut calendar = Calendar::with_capacity(8);
        let moved = Numbered(1, 1);
        let mut others = (1..).map(|number| (at(far + number), Numbered(2, 7 * number as u32 + 1)));
        // The one that was scheduled last is not in front yet.
        for (time, other) in others.by_ref().take(front::MOST - 2) {
            calendar.schedule(time, other);
        }
        for (nanos, more) in [(100, 1), (200, 3)] {
            calendar.schedule(at(far + nanos), moved);
            for (time, other) in others.by_ref().take(more) {
                calendar.schedule(time, other);
            }
        }
        let taken = drain(&mut calendar);
        assert_eq!(taken.len(), front::MOST - 2 + 4 + 1);
        assert_eq!(taken.last(), Some(&(far + 200, 1, 1)));
    }

    /// More pending events than the front holds, at so many nanoseconds a step.
    fn stepped(step: u64) -> Calendar<Numbered> {
        let mut calendar = Calendar::with_capacity(8);
        for number in 0..100 {
            calendar.schedule(at(u64::from(number) * step), Numbered(0, number));
        }
        calendar
    }

    /// In front, in a slot of the wheel, in the heap, and again once they have moved on.
    #[test]
    fn an_event_is_cancelled_wherever_it_stands() {
        for step in [0, 1, 1_000, 1_000_000_000, 1_000_000_000_000] {
            let mut calendar = stepped(step);
            for number in (0..100).step_by(3) {
                assert!(calendar.cancel(Numbered(0, number)), "{number} at {step}");
            }
            for number in [1, 2, 4, 5] {
                assert_eq!(calendar.pop().map(|(_, event)| event.1), Some(number));
            }
            for number in (7..100).step_by(3) {
                assert!(calendar.cancel(Numbered(0, number)), "{number} at {step}");
            }
            let numbers: Vec<u32> = drain(&mut calendar).into_iter().map(|(.., n)| n).collect();
            assert_eq!(numbers, (8..100).step_by(3).collect::<Vec<_>>(), "{step}");
        }
    }

    #[test]
    fn an_event_is_moved_from_wherever_it_stands() {
        for step in [0, 1, 1_000, 1_000_000_000, 1_000_000_000_000] {
            let mut calendar = stepped(step);
            for number in (0..100).rev() {
                let nanos = step * u64::from(99 - number);
                calendar.schedule(at(nanos), Numbered(0, number));
            }
            let numbers: Vec<u32> = drain(&mut calendar).into_iter().map(|(.., n)| n).collect();
            assert_eq!(numbers, (0..100).rev().collect::<Vec<_>>(), "{step}");
        }
    }

    /// An event that stands beside is taken while the others are far away, and many more come
    /// before those.
    #[test]
    fn a_crowd_that_comes_in_a_lull_goes_first() {
        for far in [1_000_000, 1_000_000_000, 1_000_000_000_000_000] {
            let mut calendar: Calendar<Numbered> = Calendar::with_capacity(8);
            for number in 1_000..1_100 {
                calendar.schedule(at(far + 1_000 * u64::from(number)), Numbered(0, 7 * number + 1));
            }
            let mut order = Vec::new();
            for lull in 0..50 {
                let now = 1_000 * lull;
                calendar.schedule(at(now), Numbered(1, 7));
                let (_, event) = calendar.pop().expect("the one that stands beside");
                assert_eq!(event, Numbered(1, 7));
                for number in 0..lull as u32 {
                    calendar.schedule(at(now + u64::from(number)), Numbered(2, 7 * number + 1));
                }
                order.clear();
                order.extend((0..lull).filter_map(|_| calendar.pop()));
                let numbers = order.iter().map(|(_, event)| event.1);
                assert!(numbers.eq((0..lull as u32).map(|number| 7 * number + 1)), "{order:?}");
            }
            let numbers = drain(&mut calendar).into_iter().map(|(.., number)| number);
            assert!(numbers.eq((1_000..1_100).map(|number| 7 * number + 1)), "before {far}");
        }
    }

    /// What is moved or cancelled again and again, far from its turn, takes no room.
    #[test]
    fn stale_events_are_few() {
        for far in [1_000_000, 1_000_000_000_000_000] {
            let mut calendar = stepped(far);
            for number in 0..100_000 {
                calendar.schedule(at(100 * far + u64::from(number)), Numbered(1, number % 50));
                calendar.cancel(Numbered(1, number % 7));
            }
            let kept = calendar.front.len() + calendar.wheel.len();
            assert!(kept <= 2 * (MOST_STALE + 150), "{kept} events");
            assert_eq!(drain(&mut calendar).len(), 100 + 43);
        }
    }

    /// The calendar as a heap alone would keep it.
    #[derive(Default)]
    struct Oracle {
        heap: PriorityQueue<Numbered, Reverse<(Time, u8, u64)>>,
        sequence: u64,
    }

    impl Oracle {
        fn schedule(&mut self, at: Time, event: Numbered) {
            self.sequence += 1;
            self.heap.push(event, Reverse((at, event.rank(), self.sequence)));
        }

        fn cancel(&mut self, event: Numbered) -> bool {
            self.heap.remove(&event).is_some()
        }

        fn in_turn(&self, rank: u8) -> Vec<(Time, Numbered)> {
            let key = |(&event, &Reverse((at, _, sequence)))| (sequence, at, event);
            let mut own: Vec<(u64, Time, Numbered)> = self.heap.iter().map(key).collect();
            own.retain(|(.., event)| event.rank() == rank);
            own.sort_unstable_by_key(|&(sequence, ..)| sequence);
            own.into_iter().map(|(_, at, event)| (at, event)).collect()
        }

        fn pop(&mut self) -> Option<(Time, Numbered)> {
            self.heap.pop().map(|(event, Reverse((at, ..)))| (at, event))
        }
    }

    /// A time from `now` on: at an instant, near, far, or at an edge of a slot or window.
    fn some_time(draws: &mut Draws, now: u64) -> u64 {
        let length = 1 << draws.below(48);
        match draws.below(8) {
            0 => now,
            1 => now.saturating_add(draws.below(4)),
            2 => (now | (length - 1)).saturating_add(draws.below(3)),
            3 => now.saturating_add(length),
            4 if draws.below(1_000) == 0 => now.max(u64::MAX - 1),
            5 => now.saturating_add(draws.below(1_000)),
            6 => now.saturating_add(draws.below(10_000_000)),
            _ => now.saturating_add(draws.below(length)),
        }
    }

    /// Random calls give what a heap alone gives, while the number of pending events swells from
    /// none to thousands and falls back, again and again.
    #[test]
    fn it_agrees_with_a_heap() {
        const ROUNDS: u64 = 40;
        let mut draws = Draws::new(5);
        let (mut calendar, mut oracle) = (Calendar::with_capacity(8), Oracle::default());
        let mut now = 0;
        let mut most = 0;
        for round in 0..ROUNDS {
            let events = 1 << (1 + round % 12);
            let swell = 2_000 + 4 * events;
            for call in 0..3 * swell {
                let event = Numbered(draws.below(4) as u8, draws.below(events) as u32);
                if call % 400 == 0 {
                    assert_eq!(calendar.in_turn(event.0), oracle.in_turn(event.0));
                }
                let taking = if call < swell { 2 } else { 6 };
                match draws.below(10) {
                    0 => assert_eq!(calendar.cancel(event), oracle.cancel(event)),
                    share if share <= taking => {
                        if draws.below(2) == 0 {
                            calendar.bring_next();
                        }
                        let known = |event| oracle.heap.get(&event).is_some();
                        assert!(calendar.upcoming().all(known), "what is upcoming is pending");
                        let next = calendar.pop();
                        assert_eq!(next, oracle.pop(), "call {call} of round {round}");
                        now = next.map_or(now, |(at, _)| at.as_nanos());
                    }
                    _ => {
                        let at = at(some_time(&mut draws, now));
                        calendar.schedule(at, event);
                        oracle.schedule(at, event);
                    }
                }
                most = most.max(oracle.heap.len());
                if now == u64::MAX {
                    (calendar, oracle) = (Calendar::with_capacity(8), Oracle::default());
                    now = 0;
                }
            }
        }
        assert!(most > 4_000, "the calendar was full, not of {most} events");
    }
}
