//! What a queue counts of its messages.
//!
//! Owns the counts and the law that they keep. Must not know what moves a message.

use crate::ledger::journal::State;

/// What went in and out of a queue, and what is there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages stored by sends.
    pub sent: u64,
    /// Messages moved in from another queue.
    pub moved_in: u64,
    /// Messages that are there again because their deletes were undone.
    pub restored: u64,
    /// Visible now.
    pub visible: u64,
    /// Delayed now.
    pub delayed: u64,
    /// In flight now.
    pub in_flight: u64,
    /// Deleted.
    pub deleted: u64,
    /// Moved to the dead-letter queue.
    pub moved_out: u64,
    /// Removed by retention.
    pub expired: u64,
    /// Removed by a purge.
    pub purged: u64,
}

impl Tally {
    /// Messages there now.
    pub fn resident(&self) -> u64 {
        self.visible + self.delayed + self.in_flight
    }

    /// Whether every message that came in is accounted for.
    pub fn is_conserved(&self) -> bool {
        let gone = self.deleted + self.moved_out + self.expired + self.purged;
        self.sent + self.moved_in + self.restored == self.resident() + gone
    }

    pub(super) fn count(&mut self, state: State) -> &mut u64 {
        match state {
            State::Visible => &mut self.visible,
            State::Delayed => &mut self.delayed,
            State::InFlight => &mut self.in_flight,
        }
    }
}

/// What was told so far of which observers keep a list.
#[derive(Clone, Copy, Debug, Default)]
pub struct ListedFacts {
    /// Splits that were refused.
    pub refusals: u64,
    /// Failures and returns of nodes.
    pub failures: u64,
}
