//! Levels of a queue, for the counter tracks.
//!
//! Owns how each change moves a message between states. Must not know the format.

use crate::ledger::journal::{Change, State};

/// Messages of a queue by state.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Levels {
    /// Visible.
    pub(super) visible: u64,
    /// In flight.
    pub(super) in_flight: u64,
    /// Delayed.
    pub(super) delayed: u64,
    /// Changed since the last sample.
    pub(super) changed: bool,
}

impl Levels {
    fn of(&mut self, state: State) -> &mut u64 {
        self.changed = true;
        match state {
            State::Delayed => &mut self.delayed,
            State::Visible => &mut self.visible,
            State::InFlight => &mut self.in_flight,
        }
    }

    /// Counts a change.
    pub(super) fn apply(&mut self, change: &Change) {
        let (from, to) = match *change {
            Change::Sent { state, .. } => (None, Some(state)),
            Change::MovedIn { .. } | Change::Undone { .. } => (None, Some(State::Visible)),
            Change::DelayEnded { .. } => (Some(State::Delayed), Some(State::Visible)),
            Change::Received { .. } => (Some(State::Visible), Some(State::InFlight)),
            Change::Returned { .. } => (Some(State::InFlight), Some(State::Visible)),
            Change::DeadLettered { .. } => (Some(State::Visible), None),
            Change::Deleted { from, .. }
            | Change::Expired { from, .. }
            | Change::Purged { from, .. } => (Some(from), None),
            Change::DeletedNothing { .. }
            | Change::DeleteLost { .. }
            | Change::ReceiptExpired { .. }
            | Change::VisibilityChanged { .. }
            | Change::VisibilityRefused { .. }
            | Change::ReceivedNothing { .. }
            | Change::Throttled { .. }
            | Change::Unavailable { .. }
            | Change::Called { .. }
            | Change::KeySpace(_)
            | Change::Node(_) => (None, None),
        };
        if let Some(state) = from {
            let level = self.of(state);
            *level = level.saturating_sub(1);
        }
        if let Some(state) = to {
            *self.of(state) += 1;
        }
    }
}
