//! What is left in a queue.
//!
//! Owns the count of it, and of those that come back again and again. Must not know when a run
//! ends.

use super::service::Ledger;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;

/// What is in a queue at the end of a run. Ages count from the send to, or move to, the queue.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Leftover {
    /// Messages, in any state.
    pub messages: u64,
    /// Age of the oldest.
    pub oldest: Span,
    /// Mean age.
    pub mean_age: Span,
    /// Those that come back again and again.
    pub circulating: Circulating,
}

/// Messages that were received six times or more and are still there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Circulating {
    /// How many.
    pub messages: u64,
    /// Age of the oldest.
    pub oldest: Span,
    /// Receives of the one that was received most often.
    pub receives: u32,
}

/// Receives from which on a message circulates: with one in ten failing, one message in a hundred
/// thousand is received so often by chance.
const ROUNDS: u32 = 6;

impl Ledger {
    /// What is still resident in `queue`.
    pub fn leftover(&self, queue: QueueId, now: Time) -> Leftover {
        let mut left = Leftover::default();
        let mut sum = 0_u128;
        for sent in self.queues[queue.0 as usize].came(&self.slab) {
            let age = now.since(sent);
            left.messages += 1;
            left.oldest = left.oldest.max(age);
            sum += u128::from(age.as_nanos());
        }
        left.mean_age = Span::from_nanos((sum / u128::from(left.messages.max(1))) as u64);
        let rows = self.queues[queue.0 as usize].rows(&self.slab);
        for row in rows.filter(|row| row.receives >= ROUNDS) {
            let circulating = &mut left.circulating;
            circulating.messages += 1;
            circulating.oldest = circulating.oldest.max(now.since(row.sent));
            circulating.receives = circulating.receives.max(row.receives);
        }
        left
    }
}
