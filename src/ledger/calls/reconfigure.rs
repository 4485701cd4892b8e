//! Settings that change while the service runs.
//!
//! Owns what becomes of a queue's state when its settings do (as by
//! [SetQueueAttributes](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SetQueueAttributes.html)).
//! Must not know which settings may change: those that its state is laid out by stay as they are.
//!
//! What is under way keeps what it was promised: a message in flight or delayed stays hidden as
//! long as it would have. Retention is a rule about ages and holds for every message at once.

use std::cmp::Reverse;

use super::service::Ledger;
use crate::kernel::time::Time;
use crate::ledger::config::{QueueConfig, QueueId};
use crate::ledger::queue::Queue;

impl Ledger {
    /// From `now` on, `queue` follows `config`.
    pub fn reconfigure(&mut self, now: Time, queue: QueueId, config: &QueueConfig) {
        let q = &mut self.queues[queue.0 as usize];
        q.reconfigure(now, config);
        // What held waiters up may do so no longer. Where none is held up, the clock is left alone:
        // the queue keeps its place among those that are due at one instant.
        if q.tally.visible > 0 && self.polls.earliest_end(queue).is_some() {
            q.resettle = now;
            q.falls_due(now);
        }
        self.heed(queue);
    }
}

impl Queue {
    fn reconfigure(&mut self, now: Time, config: &QueueConfig) {
        let before = std::mem::replace(&mut self.config, config.clone());
        let (was, is) = (before.retention, config.retention);
        for (_, Reverse(end)) in self.retention.iter_mut() {
            *end = Time::from_nanos(end.as_nanos() - was.as_nanos()).saturating_add(is);
        }
        if before.ledger.capacity != config.ledger.capacity {
            self.shards.carry(config.ledger.capacity, now);
        }
        self.heed_settings();
        self.routing.follow(config.ledger.receive);
        // What was young enough may be too old.
        self.falls_due(self.retention_ends());
    }
}
