//! The line of one partition: which of its visible messages is received next.
//!
//! Owns the order among them, and the ages of those that have left the line but not the queue.
//! Must not know capacity, deadlines or who receives.
//!
//! First come messages that returned after their first or second receive, as they are older than
//! fresh ones; then all others in the order in which they became visible. From the third receive
//! on a message goes to the back, as SQS does with poison messages (developer guide,
//! `ApproximateAgeOfOldestMessage`).
//!
//! Most messages become visible when they are sent and need no row until they are received: they
//! stand in `fresh`. The few others that go to the back, ends of a delay, moved messages and
//! poison, stand in a list of their own and carry their turn among the fresh ones.
//!
//! Invariant: `fresh` and `aged` ascend in their serial numbers, `late` in its turns.
#![expect(clippy::inline_always, reason = "every message passes here, from one or two places")]

use super::fresh::{Fresh, Waiting};
use super::message::{AGE, Message, PLACE, Slab};
use super::sealed::Came;
use super::timers::Slots as _;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::journal::MessageId;

/// Receives from which a returned message goes to the back of its line.
pub(in crate::ledger) const BACK_OF_LINE: u32 = 3;

/// The serial number of no message, greater than all others.
pub(in crate::ledger) const NO_MESSAGE: MessageId = MessageId(u64::MAX);

/// The line of one partition.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Line {
    /// Messages that were visible from their send on and were never received.
    fresh: Fresh,
    /// Messages in `returned` and `late`.
    rows: u32,
    /// Messages that were received before and go first.
    returned: u32,
    /// Messages that became visible after their send and take their turn among the fresh ones.
    late: u32,
    /// Messages that left `fresh` and whose age counts, oldest first.
    aged: u32,
}

/// The oldest message of a line.
#[derive(Clone, Copy, Debug)]
pub(in crate::ledger) struct Oldest {
    pub(in crate::ledger) id: MessageId,
    pub(in crate::ledger) sent: Time,
    /// Its row; without one it is the first of the fresh ones.
    pub(in crate::ledger) slot: Option<u32>,
}

impl Line {
    pub(in crate::ledger) fn new(slab: &mut Slab) -> Line {
        let [returned, late, aged] = [slab.sentinel(), slab.sentinel(), slab.sentinel()];
        Line { fresh: Fresh::default(), rows: 0, returned, late, aged }
    }

    #[inline]
    pub(in crate::ledger) fn is_empty(&self) -> bool {
        self.rows == 0 && self.fresh.is_empty()
    }

    /// Messages in it. Walks over the fresh ones.
    pub(in crate::ledger) fn len(&self, slab: &Slab) -> u32 {
        self.rows + self.fresh.iter(&slab.waiting).count() as u32
    }

    /// A message that was sent without a delay.
    #[inline(always)]
    pub(in crate::ledger) fn push(&mut self, slab: &mut Slab, waiting: Waiting) {
        self.fresh.push(&mut slab.waiting, waiting);
    }

    /// A message that was hidden or somewhere else before.
    pub(in crate::ledger) fn enter(&mut self, slab: &mut Slab, slot: u32) {
        let turn = slab.next_id();
        let row = slab.get_mut(slot);
        let list = if (1..BACK_OF_LINE).contains(&row.receives) {
            self.returned
        } else {
            row.set_turn(turn);
            self.late
        };
        slab.rows.push_back::<PLACE>(list, slot);
        self.rows += 1;
    }

    /// Takes the first message; if it has no row yet, it gets one in `queue`.
    #[inline(always)]
    pub(in crate::ledger) fn pop(&mut self, slab: &mut Slab, queue: QueueId) -> Option<u32> {
        if self.rows > 0
            && let Some(slot) = self.pop_row(slab)
        {
            return Some(slot);
        }
        let Waiting { id, sent, luck, key } = self.pop_fresh(slab)?;
        let slot = slab.insert(Message::new(id, queue, sent, luck, key));
        self.age(slab, slot);
        Some(slot)
    }

    /// Takes the first of those with a row, if no fresh one goes before it.
    #[inline(never)]
    fn pop_row(&mut self, slab: &mut Slab) -> Option<u32> {
        let slot = slab.rows.first::<PLACE>(self.returned).or_else(|| {
            let slot = slab.rows.first::<PLACE>(self.late)?;
            let turn = slab.get(slot).turn();
            let waits = |fresh: &Waiting| fresh.id < turn;
            (!self.fresh.first(&slab.waiting).is_some_and(waits)).then_some(slot)
        })?;
        self.leave(slab, slot);
        Some(slot)
    }

    /// Takes the first fresh message, without a row.
    #[inline]
    pub(in crate::ledger) fn pop_fresh(&mut self, slab: &mut Slab) -> Option<Waiting> {
        self.fresh.pop(&mut slab.waiting)
    }

    /// Takes a message with a row out of the line.
    pub(in crate::ledger) fn leave(&mut self, slab: &mut Slab, slot: u32) {
        slab.rows.remove::<PLACE>(slot);
        self.rows -= 1;
    }

    /// A fresh message got a row. What leaves `fresh` is younger than what left it before, unless
    /// two lines became one in between.
    #[inline]
    fn age(&self, slab: &mut Slab, slot: u32) {
        let id = slab.get(slot).id;
        let mut place = self.aged;
        while let Some(before) = slab.rows.before::<AGE>(place, self.aged)
            && slab.get(before).id > id
        {
            place = before;
        }
        slab.rows.insert_before::<AGE>(place, slot);
    }

    /// The oldest of the messages that were sent here without a delay and whose age counts.
    #[inline]
    pub(in crate::ledger) fn oldest(&self, slab: &Slab) -> Option<Oldest> {
        let received = slab.rows.first::<AGE>(self.aged).map(|slot| {
            let Message { id, sent, .. } = *slab.get(slot);
            Oldest { id, sent, slot: Some(slot) }
        });
        let fresh = self.fresh.first(&slab.waiting);
        let fresh = fresh.map(|&Waiting { id, sent, .. }| Oldest { id, sent, slot: None });
        match (received, fresh) {
            (Some(received), Some(fresh)) if fresh.id < received.id => Some(fresh),
            (received, fresh) => received.or(fresh),
        }
    }

    /// The serial number of the oldest one.
    pub(in crate::ledger) fn oldest_id(&self, slab: &Slab) -> MessageId {
        self.oldest(slab).map_or(NO_MESSAGE, |oldest| oldest.id)
    }

    /// The messages of `fresh` and `aged`: all that were sent here without a delay, but those that
    /// were received too often for their ages to count.
    pub(in crate::ledger) fn came<'a>(
        &self,
        slab: &'a Slab,
    ) -> impl Iterator<Item = Came> + use<'a> {
        let fresh = self.fresh.iter(&slab.waiting).map(Came::from);
        fresh.chain(slab.rows.list::<AGE>(self.aged).map(|slot| slab.get(slot).into()))
    }

    /// Those of them that were received.
    pub(in crate::ledger) fn received<'a>(
        &self,
        slab: &'a Slab,
    ) -> impl Iterator<Item = &'a Message> + use<'a> {
        slab.rows.list::<AGE>(self.aged).map(|slot| slab.get(slot))
    }

    /// Two lines of this one: what has a key below `cut`, and all else.
    pub(in crate::ledger) fn split(mut self, slab: &mut Slab, cut: u64) -> (Line, Line) {
        let (mut left, mut right) = (Line::new(slab), Line::new(slab));
        while let Some(waiting) = self.pop_fresh(slab) {
            let line = if waiting.key < cut { &mut left } else { &mut right };
            line.push(slab, waiting);
        }
        let returned = deal::<PLACE>(slab, self.returned, cut, left.returned, right.returned);
        let late = deal::<PLACE>(slab, self.late, cut, left.late, right.late);
        deal::<AGE>(slab, self.aged, cut, left.aged, right.aged);
        left.rows += returned[0] + late[0];
        right.rows += returned[1] + late[1];
        self.retire(slab);
        (left, right)
    }

    /// The lines of two neighbours become one. Returned messages of the left one go first; the
    /// others keep the order in which they became visible.
    pub(in crate::ledger) fn join(mut left: Line, mut right: Line, slab: &mut Slab) -> Line {
        let mut line = Line::new(slab);
        loop {
            let heads = [&left, &right].map(|side| side.fresh.first(&slab.waiting));
            let from = match heads {
                [Some(first), Some(other)] if other.id < first.id => &mut right,
                [Some(_), _] => &mut left,
                [None, _] => &mut right,
            };
            let Some(waiting) = from.pop_fresh(slab) else { break };
            line.push(slab, waiting);
        }
        let returned = [left.returned, right.returned];
        merge::<PLACE, ()>(slab, returned, line.returned, |_| ());
        merge::<PLACE, MessageId>(slab, [left.late, right.late], line.late, Message::turn);
        merge::<AGE, MessageId>(slab, [left.aged, right.aged], line.aged, |row| row.id);
        line.rows = left.rows + right.rows;
        left.retire(slab);
        right.retire(slab);
        line
    }

    /// Gives back what an empty line holds.
    pub(in crate::ledger) fn retire(self, slab: &mut Slab) {
        self.fresh.retire(&mut slab.waiting);
        for sentinel in [self.returned, self.late, self.aged] {
            slab.retire(sentinel);
        }
    }

    /// Panics if the lists contradict each other; returns how many messages are visible and how
    /// many ages are kept. For tests.
    pub(in crate::ledger) fn check(
        &self,
        slab: &Slab,
        range: std::ops::RangeInclusive<u64>,
    ) -> [u64; 2] {
        let ascends = |ids: &[MessageId]| ids.is_sorted_by(|a, b| a < b);
        let fresh: Vec<&Waiting> = self.fresh.iter(&slab.waiting).collect();
        let ids: Vec<MessageId> = fresh.iter().map(|waiting| waiting.id).collect();
        assert!(ascends(&ids), "fresh messages stand in the order of their sends");
        assert!(fresh.iter().all(|waiting| range.contains(&waiting.key)), "a line's own keys");
        let aged: Vec<&Message> =
            slab.rows.list::<AGE>(self.aged).map(|slot| slab.get(slot)).collect();
        let ids: Vec<MessageId> = aged.iter().map(|row| row.id).collect();
        assert!(ascends(&ids), "ages stand in the order of the sends");
        assert!(aged.iter().all(|row| range.contains(&row.key)), "a line's own keys");
        let late: Vec<MessageId> =
            slab.rows.list::<PLACE>(self.late).map(|slot| slab.get(slot).turn()).collect();
        assert!(late.is_sorted(), "late messages stand in the order of their turns");
        let placed = [self.returned, self.late];
        let placed = placed.into_iter().flat_map(|list| slab.rows.list::<PLACE>(list));
        let rows: Vec<&Message> = placed.map(|slot| slab.get(slot)).collect();
        assert!(rows.iter().all(|row| range.contains(&row.key)), "a line's own keys");
        assert_eq!(rows.len(), self.rows as usize, "the count of a line's rows");
        [fresh.len() + rows.len(), fresh.len() + aged.len()].map(|count| count as u64)
    }
}

/// Moves the list `from` to `left` or `right` by its members' keys, in its order; returns how many
/// went to each.
fn deal<const RING: usize>(
    slab: &mut Slab,
    from: u32,
    cut: u64,
    left: u32,
    right: u32,
) -> [u32; 2] {
    let mut counts = [0, 0];
    while let Some(slot) = slab.rows.pop_front::<RING>(from) {
        let goes_right = slab.get(slot).key >= cut;
        slab.rows.push_back::<RING>(if goes_right { right } else { left }, slot);
        counts[usize::from(goes_right)] += 1;
    }
    counts
}

/// Moves two lists that ascend by `order` to the list `to` that does as well; of equals the left
/// one goes first.
fn merge<const RING: usize, K: Ord>(
    slab: &mut Slab,
    [left, right]: [u32; 2],
    to: u32,
    order: impl Fn(&Message) -> K,
) {
    let key = |slab: &Slab, slot| order(slab.get(slot));
    loop {
        let heads = [left, right].map(|list| slab.rows.first::<RING>(list));
        let slot = match heads {
            [Some(first), Some(other)] if key(slab, other) < key(slab, first) => other,
            [Some(first), _] => first,
            [None, Some(other)] => other,
            [None, None] => return,
        };
        slab.rows.remove::<RING>(slot);
        slab.rows.push_back::<RING>(to, slot);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::kernel::rng::{Draws, Luck, Source};

    /// A message as the model knows it.
    #[derive(Clone, Copy, Debug, PartialEq)]
    struct Known {
        id: u64,
        key: u64,
        receives: u32,
        slot: Option<u32>,
        /// It was sent without a delay: the line keeps its age.
        ages: bool,
        /// What became visible before stands before it.
        order: u64,
    }

    /// A line as plainly as it can be said.
    #[derive(Default)]
    struct Model {
        returned: VecDeque<Known>,
        others: VecDeque<Known>,
        /// Received, and not back.
        held: Vec<Known>,
    }

    impl Model {
        fn all(&self) -> impl Iterator<Item = &Known> {
            self.returned.iter().chain(&self.others).chain(&self.held)
        }

        fn oldest(&self) -> Option<u64> {
            self.all().filter(|known| known.ages).map(|known| known.id).min()
        }

        fn visible(&self) -> usize {
            self.returned.len() + self.others.len()
        }
    }

    /// Lines of neighbours and their models; `cuts` begin all but the first.
    struct Bench {
        slab: Slab,
        lines: Vec<(Line, Model)>,
        cuts: Vec<u64>,
        die: Draws,
    }

    const QUEUE: QueueId = QueueId(0);

    impl Bench {
        fn below(&mut self, end: usize) -> usize {
            self.die.below(end as u64) as usize
        }

        fn send(&mut self) {
            let (id, key) = (self.slab.give_id(), self.die.next_u64());
            let (sent, luck) = (Time::from_nanos(id.0 / 3), Luck(id.0));
            let at = self.cuts.partition_point(|&cut| cut <= key);
            let (line, model) = &mut self.lines[at];
            let order = 2 * id.0 + 1;
            let mut known = Known { id: id.0, key, receives: 0, slot: None, ages: true, order };
            if self.die.below(8) == 0 {
                // Its delay is over before it is received.
                let slot = self.slab.insert(Message::new(id, QUEUE, sent, luck, key));
                line.enter(&mut self.slab, slot);
                known = Known { slot: Some(slot), ages: false, order: order + 1, ..known };
            } else {
                line.push(&mut self.slab, Waiting { id, sent, luck, key });
            }
            model.others.push_back(known);
        }

        fn receive(&mut self, at: usize) {
            let (line, model) = &mut self.lines[at];
            let slot = line.pop(&mut self.slab, QUEUE);
            let known = model.returned.pop_front().or_else(|| model.others.pop_front());
            let Some(mut known) = known else { return assert_eq!(slot, None) };
            let row = self.slab.get_mut(slot.expect("the model has a message"));
            assert_eq!((row.id.0, row.key, row.receives), (known.id, known.key, known.receives));
            assert_eq!(row.sent, Time::from_nanos(known.id / 3));
            assert!(known.slot.is_none_or(|known| Some(known) == slot), "it keeps its row");
            row.receives += 1;
            known.receives += 1;
            model.held.push(Known { slot, ..known });
        }

        /// A held message is gone, or visible again.
        fn end(&mut self, at: usize) {
            let count = self.lines[at].1.held.len();
            if count == 0 {
                return;
            }
            let (which, goes) = (self.below(count), self.below(2) == 0);
            let (line, model) = &mut self.lines[at];
            let known = model.held.swap_remove(which);
            let slot = known.slot.expect("a held message has a row");
            if goes {
                self.slab.rows.remove::<AGE>(slot);
                self.slab.free(slot);
            } else {
                line.enter(&mut self.slab, slot);
                let order = 2 * self.slab.next_id().0;
                let list = if known.receives < 3 { &mut model.returned } else { &mut model.others };
                list.push_back(Known { order, ..known });
            }
        }

        /// A visible message with a row leaves from the middle, or the first fresh one goes.
        fn remove(&mut self, at: usize) {
            let (line, model) = &mut self.lines[at];
            let from =
                if model.returned.is_empty() { &mut model.others } else { &mut model.returned };
            let fresh = from.iter().position(|known| known.slot.is_none());
            let row = from.iter().rposition(|known| known.slot.is_some());
            if let Some(known) = row.and_then(|place| from.remove(place)) {
                let slot = known.slot.expect("it has a row");
                line.leave(&mut self.slab, slot);
                self.slab.rows.remove::<AGE>(slot);
                self.slab.free(slot);
            } else {
                let known = fresh.and_then(|place| from.remove(place));
                let waiting = line.pop_fresh(&mut self.slab);
                assert_eq!(waiting.map(|waiting| waiting.id.0), known.map(|known| known.id));
            }
        }

        fn split(&mut self, at: usize) {
            let cut = self.die.next_u64();
            if self.cuts.partition_point(|&other| other <= cut) != at {
                return;
            }
            let (line, model) = self.lines.remove(at);
            let (left, right) = line.split(&mut self.slab, cut);
            let mut halves = [left, right].map(|line| (line, Model::default()));
            let side = |known: &Known| usize::from(known.key >= cut);
            for known in model.returned {
                halves[side(&known)].1.returned.push_back(known);
            }
            for known in model.others {
                halves[side(&known)].1.others.push_back(known);
            }
            for known in model.held {
                halves[side(&known)].1.held.push(known);
            }
            self.cuts.insert(at, cut);
            self.lines.splice(at..at, halves);
        }

        fn merge(&mut self, at: usize) {
            if at + 1 == self.lines.len() {
                return;
            }
            let (right, theirs) = self.lines.remove(at + 1);
            let (left, mut model) = self.lines.remove(at);
            model.returned.extend(theirs.returned);
            model.others.extend(theirs.others);
            model.others.make_contiguous().sort_by_key(|known| known.order);
            model.held.extend(theirs.held);
            self.cuts.remove(at);
            self.lines.insert(at, (Line::join(left, right, &mut self.slab), model));
        }

        fn check(&self) {
            let starts = std::iter::once(0).chain(self.cuts.iter().copied());
            let ends = self.cuts.iter().map(|cut| cut - 1).chain([u64::MAX]);
            for ((line, model), range) in self.lines.iter().zip(starts.zip(ends)) {
                let [visible, _] = line.check(&self.slab, range.0..=range.1);
                assert_eq!(visible as usize, model.visible());
                assert_eq!(line.is_empty(), model.visible() == 0);
                assert_eq!(line.oldest(&self.slab).map(|oldest| oldest.id.0), model.oldest());
            }
            let all: usize = self.lines.iter().map(|(_, model)| model.all().count()).sum();
            assert_eq!(self.slab.resident(), all as u64);
        }
    }

    /// Random sends, receives, returns, removals, splits and merges: the order of a line and its
    /// oldest are those of a plain model.
    #[test]
    fn a_line_is_what_a_plain_model_says() {
        let mut rows_taken = 0;
        for seed in 0..60 {
            let mut slab = Slab::with_capacity(0);
            let lines = vec![(Line::new(&mut slab), Model::default())];
            let mut bench = Bench { slab, lines, cuts: Vec::new(), die: Draws::new(seed) };
            for step in 0..2_000 {
                let at = bench.below(bench.lines.len());
                // Backlogs of several blocks come and go.
                let sends = if step / 500 % 2 == 0 { 50 } else { 20 };
                match bench.below(100) {
                    roll if roll < sends => bench.send(),
                    roll if roll < 75 => bench.receive(at),
                    roll if roll < 92 => bench.end(at),
                    roll if roll < 96 => bench.remove(at),
                    roll if roll < 98 => bench.split(at),
                    _ => bench.merge(at),
                }
                bench.check();
            }
            while bench.lines.len() > 1 {
                bench.merge(0);
                bench.check();
            }
            while bench.lines[0].1.visible() > 0 {
                bench.receive(0);
            }
            rows_taken += bench.lines[0].1.held.iter().filter(|known| known.receives > 3).count();
            bench.check();
        }
        assert!(rows_taken > 100, "too few went to the back: {rows_taken}");
    }
}
