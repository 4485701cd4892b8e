//! The health of one node.
//!
//! Owns what is known of a node that fails, is suspected, is given up and returns, and when the
//! next of these is due. Must not know partitions.

use crate::kernel::time::{Span, Time};

/// What a node is, and since when.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// It answers.
    Serving,
    /// It is up, and does not answer before it has the writes it missed.
    CatchingUp { until: Time },
    /// It does not answer, and nobody knows why yet.
    Down { since: Time },
    /// Others take its place as primaries.
    Suspected { since: Time },
    /// Its replicas are made anew elsewhere.
    GivenUp,
}

/// One node.
#[derive(Clone, Copy, Debug)]
pub(super) struct Health {
    state: State,
    /// When it last answered, unless it does.
    answered: Time,
}

/// What the clock brought a node to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Passed {
    CaughtUp,
    Suspected,
    GivenUp,
}

impl Health {
    pub(super) const SERVING: Health = Health { state: State::Serving, answered: Time::ZERO };

    pub(super) fn is_serving(self) -> bool {
        self.state == State::Serving
    }

    pub(super) fn is_up(self) -> bool {
        matches!(self.state, State::Serving | State::CatchingUp { .. })
    }

    pub(super) fn is_suspected(self) -> bool {
        matches!(self.state, State::Suspected { .. } | State::GivenUp)
    }

    pub(super) fn is_given_up(self) -> bool {
        self.state == State::GivenUp
    }

    pub(super) fn fail(&mut self, now: Time) {
        if self.is_serving() {
            self.answered = now;
        }
        self.state = State::Down { since: now };
    }

    /// It is up again and applies what it missed, `speed` times as fast as it came and in `most` at
    /// the most.
    pub(super) fn come_back(&mut self, now: Time, speed: u32, most: Span) {
        let missed = now.since(self.answered) / u64::from(speed);
        self.state = State::CatchingUp { until: now.saturating_add(missed.min(most)) };
    }

    /// When the clock next brings it further.
    pub(super) fn due(self, suspect_after: Span, replicate_after: Span) -> Time {
        match self.state {
            State::Serving | State::GivenUp => Time::NEVER,
            State::CatchingUp { until } => until,
            State::Down { since } => since.saturating_add(suspect_after),
            State::Suspected { since } => since.saturating_add(replicate_after),
        }
    }

    /// One step further.
    pub(super) fn pass(&mut self) -> Option<Passed> {
        let (state, passed) = match self.state {
            State::Serving | State::GivenUp => return None,
            State::CatchingUp { .. } => (State::Serving, Passed::CaughtUp),
            State::Down { since } => (State::Suspected { since }, Passed::Suspected),
            State::Suspected { .. } => (State::GivenUp, Passed::GivenUp),
        };
        self.state = state;
        Some(passed)
    }
}
