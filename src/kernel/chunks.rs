//! Lists of events in chunks.
//!
//! Owns the pool of blocks that the events of all lists stand in, and a list: in at either end, out
//! at the front. A long list is therefore written and read in sequence. Must not know when events
//! are due.

use super::front::Next;
use super::timers::{Key, TimerId};

/// An event in a list: a key in halves takes less room than as one word of 16 bytes.
#[derive(Clone, Copy, Debug)]
struct Entry {
    nanos: u64,
    order: u64,
    id: TimerId,
}

const _: () = assert!(size_of::<Entry>() == 24);

/// Events of a block. Some hundred lists are open at their ends at once: those ends are to fit a
/// near cache.
const BLOCK: u32 = 16;

/// The end of the list of free blocks.
const NONE: u32 = u32::MAX;

/// All blocks.
#[derive(Clone, Debug)]
pub(super) struct Pool {
    /// Block after block.
    places: Vec<Entry>,
    /// For each block the one after it, in its list or among the free ones.
    next: Vec<u32>,
    /// The first free block.
    free: u32,
}

impl Pool {
    /// Bytes of an event in a long list, and its share of the links.
    pub(super) const BYTES_PER_EVENT: usize = size_of::<Entry>() + 1;

    /// Bytes of a block.
    pub(super) const BYTES_PER_BLOCK: usize =
        BLOCK as usize * size_of::<Entry>() + size_of::<u32>();

    /// No blocks, and room for those that `events` events take in so many lists.
    pub(super) fn with_room(events: usize, lists: usize) -> Pool {
        let blocks = events / BLOCK as usize + 2 * lists;
        let places = Vec::with_capacity(blocks * BLOCK as usize);
        Pool { places, next: Vec::with_capacity(blocks), free: NONE }
    }

    #[inline(never)]
    fn take_block(&mut self) -> u32 {
        if self.free != NONE {
            let next = self.next[self.free as usize];
            return std::mem::replace(&mut self.free, next);
        }
        let nothing = Entry { nanos: 0, order: 0, id: TimerId::NONE };
        let places = self.places.len() + BLOCK as usize;
        assert!(u32::try_from(places).is_ok(), "less than 2^32 events are pending");
        self.places.resize(places, nothing);
        self.next.push(NONE);
        self.next.len() as u32 - 1
    }

    #[inline]
    fn give_block(&mut self, block: u32) {
        self.next[block as usize] = std::mem::replace(&mut self.free, block);
    }

    #[inline]
    fn put(&mut self, place: u32, Next { key, id }: Next) {
        let (nanos, order) = (key.nanos(), key.order());
        self.places[place as usize] = Entry { nanos, order, id };
    }

    #[inline]
    fn get(&self, place: u32) -> Next {
        let Entry { nanos, order, id } = self.places[place as usize];
        Next { key: Key::of_halves(nanos, order), id }
    }
}

/// One list. It has no block while it is empty.
#[derive(Clone, Copy, Debug)]
pub(super) struct List {
    /// The place of the first event.
    first: u32,
    /// The place after that of the last event.
    end: u32,
    len: u32,
}

impl List {
    pub(super) const EMPTY: List = List { first: 0, end: 0, len: 0 };

    #[inline]
    pub(super) fn len(&self) -> usize {
        self.len as usize
    }

    #[inline]
    pub(super) fn push_back(&mut self, pool: &mut Pool, next: Next) {
        if self.len == 0 {
            self.first = pool.take_block() * BLOCK;
            self.end = self.first;
        } else if self.end.is_multiple_of(BLOCK) {
            let block = pool.take_block();
            pool.next[(self.end / BLOCK) as usize - 1] = block;
            self.end = block * BLOCK;
        }
        pool.put(self.end, next);
        self.end += 1;
        self.len += 1;
    }

    #[inline]
    pub(super) fn push_front(&mut self, pool: &mut Pool, next: Next) {
        if self.len == 0 {
            return self.push_back(pool, next);
        }
        if self.first.is_multiple_of(BLOCK) {
            let block = pool.take_block();
            pool.next[block as usize] = self.first / BLOCK;
            self.first = (block + 1) * BLOCK;
        }
        self.first -= 1;
        pool.put(self.first, next);
        self.len += 1;
    }

    #[inline]
    pub(super) fn pop_front(&mut self, pool: &mut Pool) -> Option<Next> {
        self.len = self.len.checked_sub(1)?;
        let next = pool.get(self.first);
        let block = self.first / BLOCK;
        self.first += 1;
        if self.len == 0 {
            pool.give_block(block);
        } else if self.first.is_multiple_of(BLOCK) {
            self.first = pool.next[block as usize] * BLOCK;
            pool.give_block(block);
        }
        Some(next)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::kernel::rng::{Draws, Source};

    fn event(order: u64) -> Next {
        Next { key: Key::of_halves(!order, order), id: TimerId::new(1, order as u32) }
    }

    #[test]
    fn lists_that_share_a_pool_agree_with_double_ended_queues() {
        let mut draws = Draws::new(3);
        let mut pool = Pool::with_room(0, 0);
        let mut lists = [(List::EMPTY, VecDeque::new()), (List::EMPTY, VecDeque::new())];
        for order in 0..100_000 {
            let (list, model) = &mut lists[draws.below(2) as usize];
            // Lists grow long and fall back, again and again.
            let push = if order / 1_000 % 2 == 0 { 4 } else { 2 };
            match draws.below(6) {
                0 => {
                    list.push_front(&mut pool, event(order));
                    model.push_front(order);
                }
                draw if draw < push => {
                    list.push_back(&mut pool, event(order));
                    model.push_back(order);
                }
                _ => {
                    let (next, known) = (list.pop_front(&mut pool), model.pop_front());
                    assert_eq!(
                        next.map(|next| (next.key, next.id)),
                        known.map(|order| {
                            let Next { key, id } = event(order);
                            (key, id)
                        })
                    );
                }
            }
            assert_eq!(list.len(), model.len());
        }
        assert!(pool.next.len() < 1_000, "blocks are used again: {}", pool.next.len());
    }
}
