//! Levels of a queue, for the counter tracks.
//!
//! Owns how each change moves a message between states. Must not know the format.

use crate::ledger::journal::{State, Step};

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

    /// Counts what happened to a message.
    pub(super) fn apply(&mut self, step: &Step) {
        let (from, to) = match *step {
            Step::Sent { state, .. } => (None, Some(state)),
            Step::MovedIn { .. } | Step::Undone { .. } => (None, Some(State::Visible)),
            Step::DelayEnded { .. } => (Some(State::Delayed), Some(State::Visible)),
            Step::Received { .. } => (Some(State::Visible), Some(State::InFlight)),
            Step::Returned { .. } => (Some(State::InFlight), Some(State::Visible)),
            Step::DeadLettered { .. } => (Some(State::Visible), None),
            Step::Deleted { from, .. } | Step::Expired { from, .. } | Step::Purged { from, .. } => {
                (Some(from), None)
            }
            Step::DeletedNothing { .. }
            | Step::DeleteLost { .. }
            | Step::ReceiptExpired { .. }
            | Step::VisibilityChanged { .. }
            | Step::VisibilityRefused { .. } => (None, None),
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
