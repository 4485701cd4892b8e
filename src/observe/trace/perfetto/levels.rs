//! Levels of a queue, for the counter tracks.
//!
//! Owns their sums. Must not know the format, nor how each step moves a message.

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
        let (from, to) = step.moves();
        if let Some(state) = from {
            let level = self.of(state);
            *level = level.saturating_sub(1);
        }
        if let Some(state) = to {
            *self.of(state) += 1;
        }
    }
}
