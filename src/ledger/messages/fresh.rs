//! Messages that wait and were never received: 32 bytes each, in the order of their sends.
//!
//! Owns the pool of blocks that these messages stand in, for all lines of all queues, and the
//! line that a partition makes of its blocks: in at the back, out at the front, nothing in
//! between. A deep backlog is therefore written and read in sequence, and the blocks that it
//! leaves are used again. Must not know rows, nor who may be received.
//!
//! Invariant: a line ascends in its messages' ids and in the instants of their sends.

use crate::kernel::rng::Luck;
use crate::kernel::time::Time;
use crate::ledger::journal::MessageId;

/// A message that waits and was never received.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Waiting {
    pub(in crate::ledger) id: MessageId,
    /// When it was sent.
    pub(in crate::ledger) sent: Time,
    pub(in crate::ledger) luck: Luck,
    /// Its place in the key space.
    pub(in crate::ledger) key: u64,
}

/// Messages of a block: 2 KiB less one line of the cache, so that the fronts of many short lines
/// do not all fall into the same few sets of the cache.
const BLOCK: u32 = 62;

/// The end of the list of free blocks.
const NONE: u32 = u32::MAX;

/// All blocks.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Pool {
    /// Block after block.
    places: Vec<Waiting>,
    /// For each block the one after it, in its line or in the list of free blocks.
    next: Vec<u32>,
    /// The first free block.
    free: u32,
    len: u64,
}

impl Default for Pool {
    fn default() -> Pool {
        Pool { places: Vec::new(), next: Vec::new(), free: NONE, len: 0 }
    }
}

impl Pool {
    /// Messages that wait now.
    pub(super) fn len(&self) -> u64 {
        self.len
    }

    /// Bytes a waiting message costs in a long line, its share of the links among them.
    pub(in crate::ledger) const BYTES_PER_MESSAGE: usize =
        size_of::<Waiting>() + size_of::<u32>().div_ceil(BLOCK as usize);

    /// Bytes of a block.
    pub(in crate::ledger) const BYTES_PER_BLOCK: usize =
        BLOCK as usize * size_of::<Waiting>() + size_of::<u32>();

    /// Blocks that ever were in a line at once.
    pub(in crate::ledger) fn blocks(&self) -> usize {
        self.next.len()
    }

    fn take_block(&mut self) -> u32 {
        if self.free != NONE {
            let next = self.next[self.free as usize];
            return std::mem::replace(&mut self.free, next);
        }
        let nobody = Waiting { id: MessageId(u64::MAX), sent: Time::ZERO, luck: Luck(0), key: 0 };
        let places = self.places.len() + BLOCK as usize;
        assert!(u32::try_from(places).is_ok(), "less than 2^32 messages wait");
        self.places.resize(places, nobody);
        self.next.push(NONE);
        self.next.len() as u32 - 1
    }

    fn give_block(&mut self, block: u32) {
        self.next[block as usize] = std::mem::replace(&mut self.free, block);
    }
}

/// One line. It keeps its last block when it runs empty and begins it anew: a line that is empty
/// as often as not stays at one place in memory. Without a block at first.
#[derive(Clone, Debug, Default)]
pub(super) struct Fresh {
    /// The place of the first message.
    first: u32,
    /// The end of the first block.
    first_end: u32,
    /// The place that the next message takes.
    end: u32,
    /// The end of the last block; 0 without one.
    last_end: u32,
}

impl Fresh {
    /// The end of one block may be the beginning of another, so that equal places alone do not
    /// make a line empty.
    #[inline]
    pub(super) fn is_empty(&self) -> bool {
        self.first == self.end && self.first_end == self.last_end
    }

    /// Appends a message.
    #[inline]
    pub(super) fn push(&mut self, pool: &mut Pool, waiting: Waiting) {
        if self.end == self.last_end {
            self.lengthen(pool);
        }
        pool.places[self.end as usize] = waiting;
        pool.len += 1;
        self.end += 1;
    }

    #[inline(never)]
    fn lengthen(&mut self, pool: &mut Pool) {
        let block = pool.take_block();
        let start = block * BLOCK;
        if self.last_end == 0 {
            (self.first, self.first_end) = (start, start + BLOCK);
        } else {
            pool.next[last_block(self.last_end)] = block;
        }
        (self.end, self.last_end) = (start, start + BLOCK);
    }

    /// The first message.
    #[inline]
    pub(super) fn first<'a>(&self, pool: &'a Pool) -> Option<&'a Waiting> {
        (!self.is_empty()).then(|| &pool.places[self.first as usize])
    }

    /// Takes the first message out.
    #[inline]
    pub(super) fn pop(&mut self, pool: &mut Pool) -> Option<Waiting> {
        let waiting = *self.first(pool)?;
        pool.len -= 1;
        self.first += 1;
        if self.first == self.end {
            (self.first, self.first_end) = (self.last_end - BLOCK, self.last_end);
            self.end = self.first;
        } else if self.first == self.first_end {
            self.leave_block(pool);
        }
        Some(waiting)
    }

    #[inline(never)]
    fn leave_block(&mut self, pool: &mut Pool) {
        let block = last_block(self.first_end);
        self.first = pool.next[block] * BLOCK;
        self.first_end = self.first + BLOCK;
        pool.give_block(block as u32);
    }

    /// Gives back the block that an empty line keeps.
    pub(super) fn retire(self, pool: &mut Pool) {
        debug_assert!(self.is_empty(), "a retired line is empty");
        if self.last_end != 0 {
            pool.give_block(last_block(self.last_end) as u32);
        }
    }

    /// All messages, the first one first.
    pub(super) fn iter<'a>(&self, pool: &'a Pool) -> impl Iterator<Item = &'a Waiting> + use<'a> {
        let (mut first, mut first_end) = (self.first, self.first_end);
        let (end, last_end) = (self.end, self.last_end);
        std::iter::from_fn(move || {
            if first == end && first_end == last_end {
                return None;
            }
            if first == first_end {
                first = pool.next[last_block(first_end)] * BLOCK;
                first_end = first + BLOCK;
            }
            first += 1;
            Some(&pool.places[first as usize - 1])
        })
    }
}

/// The number of the block that ends at `end`.
fn last_block(end: u32) -> usize {
    (end / BLOCK - 1) as usize
}

const _: () = assert!(size_of::<Waiting>() == 32);
const _: () = assert!(Pool::BYTES_PER_MESSAGE <= 40);

#[cfg(test)]
mod tests {
    use super::*;

    fn waiting(id: u64) -> Waiting {
        Waiting { id: MessageId(id), sent: Time::from_nanos(id), luck: Luck(id), key: !id }
    }

    fn fill(line: &mut Fresh, pool: &mut Pool, ids: std::ops::Range<u64>) {
        for id in ids {
            line.push(pool, waiting(id));
        }
    }

    #[test]
    fn lines_that_share_a_pool_keep_their_own_order() {
        let (mut pool, mut lines) = (Pool::default(), [Fresh::default(), Fresh::default()]);
        for id in 0..1_000 {
            lines[(id % 3 / 2) as usize].push(&mut pool, waiting(id));
        }
        let of = |which: u64| (0..1_000).filter(move |id| id % 3 / 2 == which).map(waiting);
        for (line, which) in lines.iter_mut().zip(0..) {
            assert!(line.iter(&pool).copied().eq(of(which)), "as seen");
            assert_eq!(line.first(&pool), of(which).next().as_ref());
            assert!(std::iter::from_fn(|| line.pop(&mut pool)).eq(of(which)), "as taken");
            assert!(line.is_empty() && line.first(&pool).is_none());
        }
        assert_eq!(pool.len(), 0);
    }

    /// A line whose first block stands in memory right behind its full last block.
    #[test]
    fn a_line_is_not_empty_where_its_end_meets_its_beginning() {
        let mut pool = Pool::default();
        let (mut other, mut line) = (Fresh::default(), Fresh::default());
        let block = u64::from(BLOCK);
        fill(&mut other, &mut pool, 0..1);
        fill(&mut line, &mut pool, 0..1);
        assert!(other.pop(&mut pool).is_some());
        other.retire(&mut pool);
        fill(&mut line, &mut pool, 1..2 * block);
        assert_eq!(line.first, line.end, "the case that this test is about");
        assert!(!line.is_empty());
        assert_eq!(line.iter(&pool).count() as u64, 2 * block);
        assert!(std::iter::from_fn(|| line.pop(&mut pool)).eq((0..2 * block).map(waiting)));
    }

    #[test]
    fn a_line_that_is_empty_now_and_then_stays_where_it_is() {
        let (mut pool, mut line) = (Pool::default(), Fresh::default());
        assert!(pool.places.is_empty(), "an untouched line has no block");
        for id in 0..10 * u64::from(BLOCK) {
            line.push(&mut pool, waiting(id));
            assert_eq!(line.first, 0, "always the same place");
            assert_eq!(line.pop(&mut pool), Some(waiting(id)));
        }
        assert_eq!(pool.next.len(), 1, "blocks");
    }

    #[test]
    fn a_million_messages_drained_and_sent_again_take_no_more_memory() {
        const MESSAGES: u64 = 1_000_000;
        let (mut pool, mut lines) = (Pool::default(), vec![Fresh::default(); 3]);
        for id in 0..MESSAGES {
            lines[(id % 3) as usize].push(&mut pool, waiting(id));
        }
        let bytes = pool.places.len() * size_of::<Waiting>() + pool.next.len() * 4;
        assert!(bytes < 33 * MESSAGES as usize, "{bytes} bytes");
        let blocks = pool.next.len();
        for round in 1..4 {
            for line in &mut lines {
                while line.pop(&mut pool).is_some() {}
            }
            // Now in one line: blocks go from line to line.
            fill(&mut lines[round % 3], &mut pool, 0..MESSAGES);
            assert!(pool.next.len() <= blocks + 3, "a kept block a line, and no more");
        }
    }
}
