//! What the clock does to the queues.
//!
//! Owns everything that happens without a call: ends of retention, of visibility timeouts, delays
//! and long polls, and the split policy's look at the load. Must not know who asks.
//!
//! Invariant: nothing is due in a queue before the instant that [`Ledger::due`] gives.

use super::config::{Mechanics, QueueId};
use super::journal::{Change, Journal, State};
use super::message::Slab;
use super::queue::Queue;
use super::receipt::Served;
use super::service::Ledger;
use super::split::{self, Snapshot, TICK, Verdict};
use crate::kernel::rng::mix;
use crate::kernel::time::Time;

impl Ledger {
    /// Lets everything happen that is due in `queue` by `now`; returns how many things were. At
    /// one instant: ends of retention first, then visibility timeouts and delays, the look of the
    /// split policy, waiters that capacity had held up, and last the ends of long polls.
    pub fn advance<J: Journal>(&mut self, now: Time, queue: QueueId, journal: &mut J) -> u64 {
        let mut happened = 0;
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
                journal.change(now, queue, &Change::DelayEnded { message });
                q.show(&mut self.slab, slot);
            } else {
                self.give_back(queue, slot, now, journal);
            }
            happened += 1;
        };
        if self.queue(queue).tick <= now {
            self.look_at_load(queue, now, journal);
            happened += 1;
        }
        let q = &mut self.queues[queue.0 as usize];
        q.tell_oldest(&self.slab, now, journal);
        if q.resettle <= now {
            q.resettle = Time::NEVER;
        }
        // No timer goes from here on, and one that comes lowers this.
        q.due = next_timer;
        self.settle(queue, now, journal);
        let next_end = loop {
            let caller = match self.polls.earliest_end(queue) {
                Some((at, caller)) if at <= now => caller,
                next => break next.map_or(Time::NEVER, |(at, _)| at),
            };
            self.polls.leave(caller);
            self.served.push_back(Served { caller, messages: 0 });
            let q = &self.queues[queue.0 as usize];
            let over_limit = q.is_full();
            let nothing = Change::ReceivedNothing { caller, falsely: false, over_limit };
            journal.change(now, queue, &nothing);
            happened += 1;
        };
        let q = &mut self.queues[queue.0 as usize];
        q.due = q.due.min(next_end).min(q.retention_ends()).min(q.tick).min(q.resettle);
        happened
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
            journal.change(now, queue, &Change::Expired { message, from });
        }
        q.tally.expired - before
    }

    /// A message in flight, detached, is visible again.
    pub(super) fn give_back<J: Journal>(
        &mut self,
        queue: QueueId,
        slot: u32,
        now: Time,
        journal: &mut J,
    ) {
        let row = self.slab.get(slot);
        let (message, cause, receives) = (row.id, row.held(), row.receives);
        journal.change(now, queue, &Change::Returned { message, cause, receives });
        let q = &mut self.queues[queue.0 as usize];
        q.show(&mut self.slab, slot);
        q.tell_oldest(&self.slab, now, journal);
    }

    /// The split policy looks at the last second's load and cuts or merges.
    fn look_at_load<J: Journal>(&mut self, queue: QueueId, now: Time, journal: &mut J) {
        let q = &mut self.queues[queue.0 as usize];
        q.tick = now + TICK;
        let Some(capacity) = q.rate.map(|rate| rate.per_second) else { return };
        let policy = q.config.ledger.split;
        let mut at = 0;
        while at < q.shards.len() {
            let partitions = q.shards.len();
            let part = q.shards.get_mut(at);
            let seed = q.seed ^ mix(u64::from(part.id.0));
            let range = (part.first, part.last);
            let snapshot = Snapshot { now, capacity, partitions, range, seed };
            match split::verdict(&policy, &mut part.load, snapshot) {
                Verdict::Keep => at += 1,
                Verdict::Refuse(reason) => {
                    let partition = part.id;
                    journal.change(now, queue, &Change::SplitRefused { partition, reason });
                    at += 1;
                }
                Verdict::Split(key) => {
                    cut(q, &mut self.slab, at, key, now, journal);
                    at += 2;
                }
            }
        }
        let loads = q.shards.iter().map(|part| (part.opened, &part.load));
        if let Some(at) = split::merge(&policy, now, capacity, loads) {
            let key = q.shards.get(at).first;
            let last = q.shards.get(at + 1).last;
            let [left, right, into] = q.shards.merge(&mut self.slab, at, now);
            pause(q, &[at], now);
            journal.change(now, queue, &Change::Merged { left, right, into });
            for partition in [left, right] {
                journal.change(now, queue, &Change::PartitionClosed { partition });
            }
            let opened = Change::PartitionOpened { partition: into, first: key, last };
            journal.change(now, queue, &opened);
        }
    }
}

/// Cuts the partition at index `at`.
fn cut<J: Journal>(
    q: &mut Queue,
    slab: &mut Slab,
    at: usize,
    key: u64,
    now: Time,
    journal: &mut J,
) {
    let queue = q.id;
    let [parent, left, right] = q.shards.split(slab, at, key, now);
    pause(q, &[at, at + 1], now);
    journal.change(now, queue, &Change::Split { parent, left, right, at: key });
    journal.change(now, queue, &Change::PartitionClosed { partition: parent });
    for at in [at, at + 1] {
        let part = q.shards.get(at);
        let (partition, first, last) = (part.id, part.first, part.last);
        journal.change(now, queue, &Change::PartitionOpened { partition, first, last });
    }
}

/// What the change of a range costs: no calls for a moment.
fn pause(q: &mut Queue, parts: &[usize], now: Time) {
    let Mechanics::Metadata { pause } = q.config.ledger.mechanics;
    let until = now + pause;
    for &at in parts {
        q.shards.get_mut(at).paused_until = until;
    }
    q.resettle = q.resettle.min(until);
    q.falls_due(until);
}
