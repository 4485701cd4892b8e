//! A message's row in the ledger, and the slab of all rows.
//!
//! Owns what is kept of each resident message, the reuse of slots and the serial numbers. A message
//! that waits and was never received has no row: it costs 33 bytes in a line of `fresh`. Must not
//! know lines, timers or rules.
//!
//! Invariant: a row is one line of the cache, its links among its 64 bytes, so that what happens to
//! a message touches that one and its neighbours'.

use super::fresh::Pool;
use super::ring::{Link, Linked, Links, Rows};
use super::timers::Slots;
use crate::kernel::rng::Luck;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Held, MessageId, State};

/// The ring of a row that gives its place: in a partition's line, or in a list of deadlines.
pub(in crate::ledger) const PLACE: usize = 0;
/// The ring of a row that gives its place in the order of ages.
pub(in crate::ledger) const AGE: usize = 1;

/// What is kept of a message that was received, delayed or moved.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(in crate::ledger) struct Message {
    pub(in crate::ledger) id: MessageId,
    /// When it was sent to, or moved to, its queue.
    pub(in crate::ledger) sent: Time,
    pub(in crate::ledger) luck: Luck,
    /// Its place in the key space.
    pub(in crate::ledger) key: u64,
    /// When its visibility timeout or its delay ends. While it is visible neither runs, and its
    /// turn stands here.
    pub(in crate::ledger) due: Time,
    links: Links,
    /// Receives in this queue.
    pub(in crate::ledger) receives: u32,
    /// The queue, and above it the highest bit of what its holder last said.
    queue_and_word: u16,
    pub(in crate::ledger) state: State,
    marks: u8,
}

const HELD: u8 = 0b0111;
/// The bit of a word that does not fit there, in `queue_and_word`.
const HELD_HIGH: u16 = 1 << 15;
const DONE: u8 = 0b1000;
const HEAP_TIMER: u8 = 0b1_0000;
const HEAP_RETENTION: u8 = 0b10_0000;
const FREE: u8 = 0b100_0000;
const BEHIND: u8 = 0b1000_0000;
/// Of a row that was given up, while those that nobody asks about are looked for: somebody may.
const WANTED: u8 = BEHIND;

impl Message {
    pub(in crate::ledger) fn new(
        id: MessageId,
        queue: QueueId,
        sent: Time,
        luck: Luck,
        key: u64,
    ) -> Message {
        let queue_and_word = u16::try_from(queue.0).ok().filter(|queue| queue & HELD_HIGH == 0);
        let queue_and_word = queue_and_word.expect("a scenario has less than 32,768 queues");
        let state = State::Visible;
        let links = Link::alone(0);
        Message {
            id,
            sent,
            luck,
            key,
            due: sent,
            links,
            receives: 0,
            queue_and_word,
            state,
            marks: 0,
        }
    }

    pub(super) fn queue(&self) -> QueueId {
        QueueId(u32::from(self.queue_and_word & !HELD_HIGH))
    }

    /// For a visible message: the first serial number that was not given out yet when it became
    /// visible. Messages of lower numbers entered the line before it.
    pub(super) fn turn(&self) -> MessageId {
        MessageId(self.due.as_nanos())
    }

    pub(super) fn set_turn(&mut self, turn: MessageId) {
        self.due = Time::from_nanos(turn.0);
    }

    /// What its holder last said while it was in flight.
    pub(in crate::ledger) fn held(&self) -> Held {
        let high = u8::from(self.queue_and_word & HELD_HIGH != 0);
        match self.marks & HELD | high << 3 {
            0 => Held::Buffered,
            1 => Held::Working,
            2 => Held::Failed,
            3 => Held::Crashed,
            4 => Held::Deleting,
            5 => Held::Undone,
            6 => Held::NotHidden,
            7 => Held::Stopped,
            8 => Held::Early,
            _ => Held::Throttled,
        }
    }

    pub(in crate::ledger) fn set_held(&mut self, held: Held) {
        let word = held as u8;
        self.marks = (self.marks & !HELD) | (word & HELD);
        let high = if word > HELD { HELD_HIGH } else { 0 };
        self.queue_and_word = (self.queue_and_word & !HELD_HIGH) | high;
    }

    fn has(&self, mark: u8) -> bool {
        self.marks & mark != 0
    }

    fn set(&mut self, mark: u8, on: bool) {
        self.marks = if on { self.marks | mark } else { self.marks & !mark };
    }

    /// Some holder completed its work.
    pub(in crate::ledger) fn is_done(&self) -> bool {
        self.has(DONE)
    }

    pub(in crate::ledger) fn set_done(&mut self) {
        self.set(DONE, true);
    }

    /// Its visibility timeout or delay waits in the heap rather than in a list.
    pub(in crate::ledger) fn in_timer_heap(&self) -> bool {
        self.has(HEAP_TIMER)
    }

    pub(in crate::ledger) fn set_in_timer_heap(&mut self, on: bool) {
        self.set(HEAP_TIMER, on);
    }

    /// Its retention waits in the heap rather than in the list of ages.
    pub(in crate::ledger) fn in_retention_heap(&self) -> bool {
        self.has(HEAP_RETENTION)
    }

    pub(in crate::ledger) fn set_in_retention_heap(&mut self, on: bool) {
        self.set(HEAP_RETENTION, on);
    }

    /// It is visible, but stands behind a sealed partition instead of in a line.
    pub(in crate::ledger) fn is_behind(&self) -> bool {
        self.has(BEHIND)
    }

    pub(in crate::ledger) fn set_behind(&mut self, on: bool) {
        self.set(BEHIND, on);
    }
}

impl Linked for Message {
    #[inline]
    fn links(&self) -> &Links {
        &self.links
    }

    #[inline]
    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

/// All resident messages: those with a row by slot, some slots being sentinels of lists, and those
/// that wait without one.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Slab {
    pub(in crate::ledger) rows: Rows<Message>,
    free: Vec<u32>,
    /// Rows of messages that were removed before anybody had completed them, and that somebody may
    /// still hold.
    given_up: Vec<u32>,
    /// Messages with a row.
    used: u64,
    pub(in crate::ledger) waiting: Pool,
    next_id: MessageId,
}

impl Slab {
    /// No messages, and room for `rows` rows.
    pub(in crate::ledger) fn with_capacity(rows: usize) -> Slab {
        Slab {
            rows: Rows::with_capacity(rows),
            free: Vec::with_capacity(rows),
            given_up: Vec::new(),
            used: 0,
            waiting: Pool::default(),
            next_id: MessageId(0),
        }
    }

    /// Rows that ever were used at once.
    pub(in crate::ledger) fn rows(&self) -> usize {
        self.rows.len()
    }

    /// The serial number of the next message that is sent.
    #[inline]
    pub(in crate::ledger) fn next_id(&self) -> MessageId {
        self.next_id
    }

    /// Gives out a serial number.
    #[inline]
    pub(in crate::ledger) fn give_id(&mut self) -> MessageId {
        let id = self.next_id;
        self.next_id.0 += 1;
        id
    }

    /// Gives back a sentinel whose list is empty.
    pub(in crate::ledger) fn retire(&mut self, sentinel: u32) {
        debug_assert!(self.rows.first::<PLACE>(sentinel).is_none(), "a retired list is empty");
        debug_assert!(self.rows.first::<AGE>(sentinel).is_none(), "a retired list is empty");
        self.free.push(sentinel);
    }

    /// Finds a slot for a row. A new one comes with room to free it: the list of free slots is
    /// longest when the queue is empty, which may first happen long after the rows have reached
    /// their peak.
    #[inline]
    fn place(&mut self, mut row: Message) -> u32 {
        if let Some(slot) = self.free.pop() {
            row.links = Link::alone(slot);
            *self.rows.get_mut(slot) = row;
            return slot;
        }
        let slot = self.rows.push(row);
        self.free.reserve(slot as usize + 1);
        slot
    }

    /// Stores a message in a row.
    #[inline]
    pub(in crate::ledger) fn insert(&mut self, message: Message) -> u32 {
        self.used += 1;
        self.place(message)
    }

    /// Puts `message` in the place of the one in the row at `slot`, which is in no list.
    pub(in crate::ledger) fn replace(&mut self, slot: u32, mut message: Message) {
        message.links = Link::alone(slot);
        *self.rows.get_mut(slot) = message;
    }

    /// Frees the slot of a message that is in no list any more and that its holder has done with.
    #[inline]
    pub(in crate::ledger) fn free(&mut self, slot: u32) {
        self.used -= 1;
        self.rows.get_mut(slot).set(FREE | DONE, true);
        self.free.push(slot);
    }

    /// Gives up the slot of a message that is in no list any more and that others than its holder
    /// removed. A late holder must still learn whether the work had been done before, and may do
    /// it: if nobody has, the row keeps its id and marks as long as somebody holds a delivery of
    /// the message. So a row with another message in it says that this one is done.
    pub(in crate::ledger) fn give_up(&mut self, slot: u32) {
        self.used -= 1;
        let row = self.rows.get_mut(slot);
        row.set(FREE, true);
        row.set(WANTED, false);
        if row.is_done() {
            self.free.push(slot);
        } else {
            self.given_up.push(slot);
        }
    }

    /// Rows that were given up and not freed yet.
    #[inline]
    pub(in crate::ledger) fn given_up(&self) -> usize {
        self.given_up.len()
    }

    /// Frees the rows that were given up and that no delivery of these, each a row and its message,
    /// will ask about; and those that have been completed since.
    pub(in crate::ledger) fn free_unheld(&mut self, held: impl Iterator<Item = (u32, MessageId)>) {
        for (slot, id) in held {
            let row = self.rows.get_mut(slot);
            if row.id == id && row.has(FREE) {
                row.set(WANTED, true);
            }
        }
        self.given_up.retain(|&slot| {
            let row = self.rows.get_mut(slot);
            let stays = row.has(WANTED) && !row.is_done();
            row.set(WANTED, false);
            if !stays {
                row.set_done();
                self.free.push(slot);
            }
            stays
        });
    }

    #[inline]
    pub(in crate::ledger) fn get(&self, slot: u32) -> &Message {
        self.rows.get(slot)
    }

    #[inline]
    pub(in crate::ledger) fn get_mut(&mut self, slot: u32) -> &mut Message {
        self.rows.get_mut(slot)
    }

    /// The row at `slot`, if it holds a resident message.
    #[inline]
    pub(super) fn live(&self, slot: u32) -> Option<&Message> {
        let row = self.rows.get(slot);
        (!row.has(FREE)).then_some(row)
    }

    /// Reads the rows that the removal of the one at `slot` would touch.
    #[inline]
    pub(in crate::ledger) fn look_at_neighbours(&self, slot: u32) {
        self.rows.look_at_neighbours::<PLACE>(slot);
        self.rows.look_at_neighbours::<AGE>(slot);
    }

    /// Messages stored now.
    #[inline]
    pub(in crate::ledger) fn resident(&self) -> u64 {
        self.used + self.waiting.len()
    }
}

impl Slots for Slab {
    fn sentinel(&mut self) -> u32 {
        let mut row = Message::new(MessageId(u64::MAX), QueueId(0), Time::ZERO, Luck(0), 0);
        row.set(FREE, true);
        self.place(row)
    }

    #[inline]
    fn append(&mut self, sentinel: u32, slot: u32) {
        self.rows.push_back::<PLACE>(sentinel, slot);
    }

    #[inline]
    fn first(&self, sentinel: u32) -> Option<u32> {
        self.rows.first::<PLACE>(sentinel)
    }

    #[inline]
    fn due(&self, slot: u32) -> Time {
        self.rows.get(slot).due
    }
}

const _: () = assert!(size_of::<Message>() == 64);

#[cfg(test)]
mod tests {
    use super::*;

    fn send(slab: &mut Slab, done: bool) -> u32 {
        let id = slab.give_id();
        let mut message = Message::new(id, QueueId(0), Time::ZERO, Luck(0), 0);
        if done {
            message.set_done();
        }
        slab.insert(message)
    }

    #[test]
    fn every_word_of_a_holder_is_kept_and_moves_neither_queue_nor_marks() {
        let queue = QueueId(0x7fff);
        let mut message = Message::new(MessageId(7), queue, Time::ZERO, Luck(0), 0);
        message.set_done();
        for &word in Held::ALL.iter().chain(Held::ALL.iter().rev()) {
            message.set_held(word);
            assert_eq!((message.held(), message.queue()), (word, queue));
            assert!(message.is_done());
        }
    }

    /// Of four messages that are removed, the second is done, the third is held; so is the fourth,
    /// whose holder completes it.
    #[test]
    fn a_row_given_up_stays_while_somebody_may_ask_whether_its_work_is_done() {
        let mut slab = Slab::with_capacity(0);
        let slots = [false, true, false, false].map(|done| send(&mut slab, done));
        for &slot in &slots {
            slab.give_up(slot);
            assert!(slab.live(slot).is_none());
        }
        assert_eq!((slab.given_up(), slab.resident()), (3, 0));
        assert_eq!(send(&mut slab, false), slots[1], "the one whose work was done is free at once");
        let held = [2, 3].map(|at| (slots[at], MessageId(at as u64)));
        // A delivery whose row has another message in it asks for nothing.
        let held = || held.into_iter().chain([(slots[1], MessageId(1))]);
        slab.free_unheld(held());
        assert_eq!(slab.given_up(), 2);
        assert_eq!(send(&mut slab, false), slots[0], "the one that nobody holds");
        slab.get_mut(slots[3]).set_done();
        slab.free_unheld(held());
        assert_eq!(send(&mut slab, false), slots[3], "the one that was completed since");
        assert!(!slab.get(slots[2]).is_done() && slab.get(slots[2]).id == MessageId(2));
        slab.free_unheld(std::iter::empty());
        assert_eq!((send(&mut slab, false), slab.given_up()), (slots[2], 0));
    }
}
