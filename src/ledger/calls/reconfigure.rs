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
        self.queues[queue.0 as usize].reconfigure(now, config);
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
        // What held waiters up may do so no longer, and what was young enough may be too old.
        self.resettle = now;
        self.falls_due(now);
    }
}
