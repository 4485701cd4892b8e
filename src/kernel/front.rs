//! The next few events, in order.
//!
//! Owns a short sorted ring. Must not know where events come from, nor which are in it.

use super::timers::{Key, TimerId};

/// Most events in front. A power of two.
pub(super) const MOST: usize = 32;

/// An event in front.
#[derive(Clone, Copy, Debug)]
pub(super) struct Next {
    pub(super) key: Key,
    pub(super) id: TimerId,
}

impl Next {
    /// No event: after all others.
    pub(super) const NONE: Next = Next { key: Key::LAST, id: TimerId::NONE };
}

/// At most [`MOST`] events, the first first.
#[derive(Clone, Debug)]
pub(super) struct Front {
    ring: [Next; MOST],
    /// Events that ever were taken from the front end, and put there: places modulo [`MOST`].
    head: usize,
    tail: usize,
}

impl Front {
    pub(super) fn new() -> Front {
        Front { ring: [Next::NONE; MOST], head: 0, tail: 0 }
    }

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.tail.wrapping_sub(self.head)
    }

    /// Adds an event, for which there must be room: those before it make way if it belongs to the
    /// first half, else those after it.
    #[inline]
    pub(super) fn insert(&mut self, next: Next) {
        debug_assert!(self.len() < MOST);
        let middle = self.head.wrapping_add(self.len() / 2);
        if self.head != self.tail && next.key < self.ring[middle % MOST].key {
            self.insert_from_head(next);
        } else {
            self.insert_from_tail(next);
        }
    }

    #[inline]
    fn insert_from_head(&mut self, next: Next) {
        let mut at = self.head;
        self.head = at.wrapping_sub(1);
        while self.ring[at % MOST].key < next.key {
            self.ring[at.wrapping_sub(1) % MOST] = self.ring[at % MOST];
            at = at.wrapping_add(1);
        }
        self.ring[at.wrapping_sub(1) % MOST] = next;
    }

    #[inline]
    fn insert_from_tail(&mut self, next: Next) {
        let mut at = self.tail;
        self.tail = at.wrapping_add(1);
        while at != self.head && next.key < self.ring[at.wrapping_sub(1) % MOST].key {
            self.ring[at % MOST] = self.ring[at.wrapping_sub(1) % MOST];
            at = at.wrapping_sub(1);
        }
        self.ring[at % MOST] = next;
    }

    /// The first event, or [`Next::NONE`].
    #[inline]
    pub(super) fn first(&self) -> Next {
        if self.head == self.tail { Next::NONE } else { self.ring[self.head % MOST] }
    }

    /// All events, the first first.
    pub(super) fn iter(&self) -> impl Iterator<Item = Next> {
        (0..self.len()).map(|place| self.ring[self.head.wrapping_add(place) % MOST])
    }

    /// Takes the first event out, of which there must be one.
    #[inline]
    pub(super) fn pop(&mut self) {
        debug_assert!(self.head != self.tail);
        self.head = self.head.wrapping_add(1);
    }

    /// Adds an event to a full front and takes the last out.
    #[inline]
    pub(super) fn exchange(&mut self, next: Next) -> Next {
        let back = self.tail.wrapping_sub(1);
        let last = self.ring[back % MOST];
        if last.key < next.key {
            return next;
        }
        self.tail = back;
        self.insert(next);
        last
    }

    /// Drops the events that are not to be kept.
    pub(super) fn retain(&mut self, mut keeps: impl FnMut(Next) -> bool) {
        let end = std::mem::replace(&mut self.tail, self.head);
        let mut at = self.head;
        while at != end {
            let next = self.ring[at % MOST];
            if keeps(next) {
                self.ring[self.tail % MOST] = next;
                self.tail = self.tail.wrapping_add(1);
            }
            at = at.wrapping_add(1);
        }
    }
}
