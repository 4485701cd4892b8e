//! What calls are given and what they answer.
//!
//! Owns the plain types. Must not know how an answer comes about.

use crate::kernel::rng::Luck;
use crate::kernel::time::Span;

/// A message to be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// What chance does to it.
    pub luck: Luck,
    /// Its own delay; `None` is the queue's.
    pub delay: Option<Span>,
}

/// One bit an entry of a batch call: those that a partition refused for lack of capacity or of
/// replicas that answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused(pub u16);

impl Refused {
    /// Whether entry `i` was refused.
    pub fn has(self, i: usize) -> bool {
        self.0 & (1 << i) != 0
    }

    /// How many were refused.
    pub fn count(self) -> u32 {
        self.0.count_ones()
    }
}

/// The answer to a receive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Received {
    /// Messages are handed over: `Ledger::next_served` and `Ledger::next_delivery` give them.
    Messages,
    /// A long poll waits; `Ledger::next_served` will tell how it ended.
    Waiting,
    /// A short poll found nothing.
    Empty,
    /// `OverLimit`: the in-flight cap is reached (short polls only; a long poll waits).
    OverLimit,
    /// Only partitions without capacity have messages, or too few replicas of the only one that
    /// was asked answer.
    Refused,
}

/// The answer to a change of visibility.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VisibilityAnswer {
    /// Done.
    Changed,
    /// `MessageNotInflight`, `ReceiptHandleIsInvalid`, or more than 12 h in all: refused.
    Refused,
    /// Too few replicas answered: nothing changed.
    Unavailable,
}
