//! A message's row in the ledger, and the slab of all rows.
//!
//! Owns what is kept of each resident message and the reuse of slots. Must not know lines, timers
//! or rules.
//!
//! Invariant: a resident message costs 64 bytes: 48 here and two pairs of 32-bit links.

use super::config::QueueId;
use super::journal::{Held, MessageId, State};
use super::ring::Rings;
use super::timers::Slots;
use crate::kernel::rng::Luck;
use crate::kernel::time::Time;

/// What is kept of a resident message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Message {
    pub(super) id: MessageId,
    /// When it was sent to, or moved to, its queue.
    pub(super) sent: Time,
    pub(super) luck: Luck,
    /// Its place in the key space.
    pub(super) key: u64,
    /// When its visibility timeout or its delay ends.
    pub(super) due: Time,
    /// Receives in this queue.
    pub(super) receives: u32,
    pub(super) queue: u16,
    pub(super) state: State,
    marks: u8,
}

const HELD: u8 = 0b0111;
const DONE: u8 = 0b1000;
const HEAP_TIMER: u8 = 0b1_0000;
const HEAP_RETENTION: u8 = 0b10_0000;
const FREE: u8 = 0b100_0000;

impl Message {
    pub(super) fn new(id: MessageId, queue: QueueId, sent: Time, luck: Luck, key: u64) -> Message {
        let queue = u16::try_from(queue.0).expect("a scenario has less than 65,536 queues");
        let state = State::Visible;
        Message { id, sent, luck, key, due: sent, receives: 0, queue, state, marks: 0 }
    }

    pub(super) fn queue(&self) -> QueueId {
        QueueId(u32::from(self.queue))
    }

    /// What its holder last said.
    pub(super) fn held(&self) -> Held {
        match self.marks & HELD {
            0 => Held::Buffered,
            1 => Held::Working,
            2 => Held::Failed,
            3 => Held::Crashed,
            _ => Held::Deleting,
        }
    }

    pub(super) fn set_held(&mut self, held: Held) {
        self.marks = (self.marks & !HELD) | held as u8;
    }

    fn has(&self, mark: u8) -> bool {
        self.marks & mark != 0
    }

    fn set(&mut self, mark: u8, on: bool) {
        self.marks = if on { self.marks | mark } else { self.marks & !mark };
    }

    /// Some holder completed its work.
    pub(super) fn is_done(&self) -> bool {
        self.has(DONE)
    }

    pub(super) fn set_done(&mut self) {
        self.set(DONE, true);
    }

    /// Its visibility timeout or delay waits in the heap rather than in a list.
    pub(super) fn in_timer_heap(&self) -> bool {
        self.has(HEAP_TIMER)
    }

    pub(super) fn set_in_timer_heap(&mut self, on: bool) {
        self.set(HEAP_TIMER, on);
    }

    /// Its retention waits in the heap rather than in the list of ages.
    pub(super) fn in_retention_heap(&self) -> bool {
        self.has(HEAP_RETENTION)
    }

    pub(super) fn set_in_retention_heap(&mut self, on: bool) {
        self.set(HEAP_RETENTION, on);
    }
}

/// All resident messages, by slot; some slots are sentinels of lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Slab {
    rows: Vec<Message>,
    free: Vec<u32>,
    /// Where a message stands: in a partition's line, or in a list of timers.
    pub(super) place: Rings,
    /// A queue's messages in the order of their age.
    pub(super) age: Rings,
    resident: u64,
}

impl Slab {
    /// Gives back a sentinel whose list is empty.
    pub(super) fn retire(&mut self, sentinel: u32) {
        debug_assert!(self.place.first(sentinel).is_none(), "a retired list is empty");
        self.free.push(sentinel);
    }

    /// Adds a row, and room to free it: the list of free slots is longest when the queue is
    /// empty, which may first happen long after the rows have reached their peak.
    fn grow(&mut self, row: Message) -> u32 {
        self.rows.push(row);
        self.free.reserve(self.rows.len());
        self.age.grow();
        self.place.grow()
    }

    /// Stores a message.
    #[inline]
    pub(super) fn insert(&mut self, message: Message) -> u32 {
        self.resident += 1;
        if let Some(slot) = self.free.pop() {
            self.rows[slot as usize] = message;
            slot
        } else {
            self.grow(message)
        }
    }

    /// Frees a slot whose message is in no list any more. The row keeps its id and marks until it
    /// is reused, so that a late holder can still learn whether the work had been done.
    #[inline]
    pub(super) fn free(&mut self, slot: u32) {
        self.resident -= 1;
        self.rows[slot as usize].set(FREE, true);
        self.free.push(slot);
    }

    #[inline]
    pub(super) fn get(&self, slot: u32) -> &Message {
        &self.rows[slot as usize]
    }

    #[inline]
    pub(super) fn get_mut(&mut self, slot: u32) -> &mut Message {
        &mut self.rows[slot as usize]
    }

    /// The row at `slot`, if it holds a resident message.
    #[inline]
    pub(super) fn live(&self, slot: u32) -> Option<&Message> {
        let row = &self.rows[slot as usize];
        (!row.has(FREE)).then_some(row)
    }

    /// Messages stored now.
    pub(super) fn resident(&self) -> u64 {
        self.resident
    }

    /// Bytes per resident message: the row and its two links.
    pub(super) const BYTES_PER_MESSAGE: usize = size_of::<Message>() + 2 * 8;
}

impl Slots for Slab {
    fn rings(&mut self) -> &mut Rings {
        &mut self.place
    }

    fn sentinel(&mut self) -> u32 {
        let mut row = Message::new(MessageId(u64::MAX), QueueId(0), Time::ZERO, Luck(0), 0);
        row.set(FREE, true);
        if let Some(slot) = self.free.pop() {
            self.rows[slot as usize] = row;
            slot
        } else {
            self.grow(row)
        }
    }
}

const _: () = assert!(Slab::BYTES_PER_MESSAGE == 64);
