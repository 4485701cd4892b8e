//! What the clock does to the queues.
//!
//! Owns the order of everything that happens without a call: failures of nodes, ends of retention,
//! of visibility timeouts, delays and long polls, changes of the key space, and the split policy's
//! look at the load. Must not know who asks.
//!
//! Invariant: nothing is due in a queue before the instant that [`Ledger::due`] gives.

use super::service::Ledger;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Call, Change, Journal, NodeChange, State, Step};
use crate::ledger::messages::receipt::Served;

impl Ledger {
    /// Lets everything happen that is due in `queue` by `now`; returns how many things were. At
    /// one instant: what happens to nodes first, then ends of retention, visibility timeouts and
    /// delays, stages of changes of the key space, the look of the split policy, waiters that
    /// capacity had held up, and last the ends of long polls.
    pub fn advance<J: Journal>(&mut self, now: Time, queue: QueueId, journal: &mut J) -> u64 {
        self.queues[queue.0 as usize].look = Time::NEVER;
        let mut happened = 0;
        if self.queue(queue).nodes_due() <= now {
            happened += self.advance_nodes(queue, now, journal);
        }
        if self.queue(queue).retention_ends() <= now {
            happened += self.expire(queue, now, journal);
        }
        let next_timer = loop {
            let q = &mut self.queues[queue.0 as usize];
            let slot = match q.next_timer(&self.slab) {
                Some((at, slot)) if at <= now => slot,
                next => break next.map_or(Time::NEVER, |(at, _)| at),
            };
            if q.detach(&mut self.slab, slot) == State::Delayed {
                let message = self.slab.get(slot).id;
                journal.change(now, queue, &Change::Message(message, Step::DelayEnded {}));
                q.show(&mut self.slab, slot);
            } else {
                self.end_visibility_timeout(queue, slot, now, journal);
            }
            happened += 1;
        };
        if self.queue(queue).reshards.due() <= now || self.queue(queue).drained {
            let q = &mut self.queues[queue.0 as usize];
            happened += q.reshard(&mut self.slab, now, journal);
        }
        if self.queue(queue).tick <= now {
            let q = &mut self.queues[queue.0 as usize];
            q.look_at_load(&mut self.slab, now, journal);
            happened += 1;
        }
        self.route_anew(queue, now, journal);
        let q = &mut self.queues[queue.0 as usize];
        q.tell_oldest(&self.slab, now, journal);
        if q.resettle <= now {
            q.resettle = Time::NEVER;
        }
        // No timer goes from here on, and one that comes lowers this.
        q.due = next_timer;
        self.settle(queue, now, journal);
        let next_end = loop {
            let seat = match self.polls.earliest_end(queue) {
                Some((at, seat)) if at <= now => seat,
                next => break next.map_or(Time::NEVER, |(at, _)| at),
            };
            let caller = self.polls.leave(queue, seat);
            self.served.push_back(Served { caller, messages: 0 });
            let q = &self.queues[queue.0 as usize];
            let over_limit = q.is_full();
            // Nothing can be received while a poll waits at the queue, but what lacks a quorum. One
            // that waits at a partition does not see the others.
            let misses = q.routing.waits_at_one() || q.replication.is_some();
            let falsely = misses && !over_limit && q.tally.visible > q.behind;
            let nothing = Call::ReceivedNothing { caller, falsely, over_limit }.into();
            journal.change(now, queue, &nothing);
            happened += 1;
        };
        let q = &mut self.queues[queue.0 as usize];
        q.due = q.due.min(next_end).min(q.retention_ends()).min(q.tick).min(q.resettle);
        q.due = q.due.min(q.nodes_due()).min(q.reshards.due()).min(if q.drained {
            now
        } else {
            Time::NEVER
        });
        self.heed(queue);
        happened
    }

    /// Nodes fail and return, replicas move; returns how much was told, and at least one: a look
    /// that moves nothing has happened too. Deletes that nobody knows any more are undone.
    #[cold]
    fn advance_nodes<J: Journal>(&mut self, queue: QueueId, now: Time, journal: &mut J) -> u64 {
        let q = &mut self.queues[queue.0 as usize];
        let Some(replication) = &mut q.replication else { return 0 };
        let mut told = 0;
        let undone = replication.advance(now, &q.shards, |at, change| {
            told += 1;
            let listed = matches!(change, NodeChange::Failed { .. } | NodeChange::Returned { .. });
            q.listed.failures += u64::from(listed);
            journal.change(at, queue, &Change::Node(change));
        });
        for gone in undone {
            let (message, sent, receives) = (gone.row.id, gone.row.sent, gone.row.receives);
            if q.restore(&mut self.slab, gone, now) {
                journal.change(
                    now,
                    queue,
                    &Change::Message(message, Step::Undone { sent, receives }),
                );
                told += 1;
            }
        }
        told.max(1)
    }

    /// Removes the messages whose retention has ended; returns how many there were.
    #[cold]
    fn expire<J: Journal>(&mut self, queue: QueueId, now: Time, journal: &mut J) -> u64 {
        let q = &mut self.queues[queue.0 as usize];
        let before = q.tally.expired;
        while let Some((end, which)) = q.next_expiry(&self.slab)
            && end <= now
        {
            let (message, from) = q.remove(&mut self.slab, which);
            q.tally.expired += 1;
            journal.change(now, queue, &Change::Message(message, Step::Expired { from }));
        }
        q.tally.expired - before
    }

    /// The visibility timeout of a message in flight, detached, is over: it is visible again.
    pub(super) fn end_visibility_timeout<J: Journal>(
        &mut self,
        queue: QueueId,
        slot: u32,
        now: Time,
        journal: &mut J,
    ) {
        let row = self.slab.get(slot);
        let (message, cause, receives) = (row.id, row.held(), row.receives);
        journal.change(now, queue, &Change::Message(message, Step::Returned { cause, receives }));
        let q = &mut self.queues[queue.0 as usize];
        q.show(&mut self.slab, slot);
        q.tell_oldest(&self.slab, now, journal);
    }
}
