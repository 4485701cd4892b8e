//! What the ledger says about itself while it works.
//!
//! Owns the trait of those who are told. Must not know who listens.
//!
//! | module | owns |
//! |---|---|
//! | `changes` | the closed list of what happens to messages, calls, partitions and nodes |
//! | `words` | the closed lists of words that it is told in |
//! | `ids` | who and what it is about |
//! | [`vocabulary`] | how such lists are written down, once for all who use them |

mod changes;
mod ids;
pub mod vocabulary;
mod words;

pub use changes::{Call, Census, Change, KeySpace, NodeChange, Step};
pub use ids::{Caller, MOST_GROUPS, MOST_MEMBERS, MessageId, PartitionId, group_of, grouped};
pub use words::{Action, Held, Refusal, State};

use super::config::QueueId;
use crate::kernel::time::Time;

/// Someone who is told each change, at once and in order.
pub trait Journal {
    /// At `now`, `change` happened in `queue`.
    fn change(&mut self, now: Time, queue: QueueId, change: &Change);
}

/// The journal nobody reads.
impl Journal for () {
    #[inline]
    fn change(&mut self, _now: Time, _queue: QueueId, _change: &Change) {}
}
