//! Admission of batch calls.
//!
//! Owns which entries of a call its partitions let through. Must not know what the call does.
//!
//! Invariant: each partition that a call touches gives one token for it, however many entries are
//! its own ([SendMessageBatch](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/APIReference/API_SendMessageBatch.html)
//! is split by partition).

use super::journal::{Action, Change, Journal};
use super::queue::Queue;
use super::service::{MAX_BATCH, Throttled};
use crate::kernel::time::Time;

/// What one batch call did to one partition. Small, as a call begins with ten empty ones.
#[derive(Clone, Copy, Debug, Default)]
struct Touched {
    at: u32,
    admitted: bool,
    refused: u8,
}

/// Admission of the entries of one batch call: one token for each partition touched.
pub(super) struct Gate {
    action: Action,
    pub(super) refused: Throttled,
    touched: [Touched; MAX_BATCH],
    count: usize,
}

impl Gate {
    #[inline]
    pub(super) fn new(action: Action) -> Gate {
        let touched = [Touched::default(); MAX_BATCH];
        Gate { action, refused: Throttled(0), touched, count: 0 }
    }

    #[inline]
    pub(super) fn admit(
        &mut self,
        q: &mut Queue,
        at: usize,
        key: u64,
        entry: usize,
        now: Time,
    ) -> bool {
        q.rate.is_none() && !q.watched || self.admit_limited(q, at, key, entry, now)
    }

    /// As `admit`, for a queue whose partitions have limits or are watched.
    #[inline(never)]
    fn admit_limited(
        &mut self,
        q: &mut Queue,
        at: usize,
        key: u64,
        entry: usize,
        now: Time,
    ) -> bool {
        let known = self.touched[..self.count].iter().position(|touched| touched.at == at as u32);
        let which = known.unwrap_or_else(|| {
            let rate = q.rate;
            let part = q.shards.get_mut(at);
            if q.watched {
                part.load.observe(self.action, Some(key));
            }
            let admitted = part.admit(rate, self.action, now);
            self.touched[self.count] = Touched { at: at as u32, admitted, refused: 0 };
            self.count += 1;
            self.count - 1
        });
        let touched = &mut self.touched[which];
        if !touched.admitted {
            touched.refused += 1;
            self.refused.0 |= 1 << entry;
        }
        touched.admitted
    }

    /// Tells which partitions refused how much.
    #[inline]
    pub(super) fn tell<J: Journal>(&self, q: &Queue, now: Time, journal: &mut J) {
        if self.refused != Throttled(0) {
            self.tell_refusals(q, now, journal);
        }
    }

    #[inline(never)]
    fn tell_refusals<J: Journal>(&self, q: &Queue, now: Time, journal: &mut J) {
        for touched in self.touched[..self.count].iter().filter(|touched| !touched.admitted) {
            let partition = q.shards.get(touched.at as usize).id;
            let (action, messages) = (self.action, u32::from(touched.refused));
            journal.change(now, q.id, &Change::Throttled { action, partition, messages });
        }
    }
}
