//! Deadlines inside the ledger: many that were set with the same length, few that were not.
//!
//! Owns the order in which deadlines fall due. A deadline set `span` ahead goes to the back of the
//! list of that span: time never goes back, so each list stays sorted by itself and setting or
//! cancelling costs a few links. Spans beyond the first few kinds go to a heap. Must not know what
//! a deadline is for.
//!
//! Invariant: every list is ascending in its deadlines.

use std::cmp::Reverse;

use priority_queue::PriorityQueue;

use crate::kernel::calendar::FastHash;
use crate::kernel::time::{Span, Time};

/// A heap of deadlines by slot, for those that arrive out of order.
pub(in crate::ledger) type DeadlineHeap = PriorityQueue<u32, Reverse<Time>, FastHash>;

/// Kinds of span that get a list of their own. A scenario has a handful: the visibility timeout,
/// the heartbeat's extension, the delay of a release.
const LISTS: usize = 8;

/// A list of deadlines that were all set equally far ahead.
#[derive(Clone, Copy, Debug)]
struct SpanList {
    span: Span,
    sentinel: u32,
}

/// Deadlines of slots whose lists someone else keeps.
#[derive(Clone, Debug, Default)]
pub(in crate::ledger) struct Timers {
    lists: Vec<SpanList>,
    heap: DeadlineHeap,
}

/// Where a deadline went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) enum Kept {
    /// In a list: removing the slot from it cancels the deadline.
    List,
    /// In the heap: [`Timers::cancel_heap`] cancels it.
    Heap,
}

/// Slots with a deadline each, which can stand in lists of deadlines.
pub(in crate::ledger) trait Slots {
    /// A new slot to head a list.
    fn sentinel(&mut self) -> u32;
    /// Appends a slot to the list of deadlines headed by `sentinel`.
    fn append(&mut self, sentinel: u32, slot: u32);
    /// The first slot of a list of deadlines.
    fn first(&self, sentinel: u32) -> Option<u32>;
    /// The deadline of a slot.
    fn due(&self, slot: u32) -> Time;
}

impl Timers {
    /// Sets the deadline of `slot` `span` ahead, at `due`.
    #[inline]
    pub(in crate::ledger) fn set<S: Slots>(
        &mut self,
        slots: &mut S,
        slot: u32,
        span: Span,
        due: Time,
    ) -> Kept {
        if let Some(list) = self.lists.iter().find(|list| list.span == span) {
            slots.append(list.sentinel, slot);
            return Kept::List;
        }
        self.set_unlisted(slots, slot, span, due)
    }

    #[cold]
    fn set_unlisted<S: Slots>(&mut self, slots: &mut S, slot: u32, span: Span, due: Time) -> Kept {
        if self.lists.len() == LISTS {
            self.heap.push(slot, Reverse(due));
            return Kept::Heap;
        }
        let sentinel = slots.sentinel();
        self.lists.push(SpanList { span, sentinel });
        slots.append(sentinel, slot);
        Kept::List
    }

    /// Cancels a deadline that was kept in the heap.
    #[inline]
    pub(in crate::ledger) fn cancel_heap(&mut self, slot: u32) {
        if !self.heap.is_empty() {
            self.heap.remove(&slot);
        }
    }

    /// The earliest deadline and its slot: the lists in their order, then the heap; the first of
    /// equals.
    #[inline]
    pub(in crate::ledger) fn earliest<S: Slots>(&self, slots: &S) -> Option<(Time, u32)> {
        let mut earliest: Option<(Time, u32)> = None;
        for list in &self.lists {
            let head = slots.first(list.sentinel).map(|slot| (slots.due(slot), slot));
            earliest = earlier(earliest, head);
        }
        let heaped = self.heap.peek().map(|(&slot, &Reverse(at))| (at, slot));
        earlier(earliest, heaped)
    }
}

/// The earlier one of two deadlines; the first of equals.
#[inline]
fn earlier(first: Option<(Time, u32)>, other: Option<(Time, u32)>) -> Option<(Time, u32)> {
    match (first, other) {
        (Some((before, _)), Some((at, _))) if before <= at => first,
        (_, None) => first,
        (_, Some(_)) => other,
    }
}
