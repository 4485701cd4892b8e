//! A batch on its way.
//!
//! Owns its row. Must not know who moves it.

use crate::kernel::time::{Span, Time};
use crate::ledger::Delivery;

/// Where a batch stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its messages are on their way to a reader.
    Arriving,
    /// It is gathered.
    Open,
    /// It waits for a place within its mapping's limit, or for concurrency of its function.
    Closed,
    /// It runs.
    Running,
    /// It runs, and will take longer than it may.
    TimingOut,
    /// What was processed of it is deleted.
    Deleting,
    /// Its place rests until the next batch may take it.
    Resting,
}

/// One batch. Ten thousand of them are looked at in random order, so a row lies in one line of the
/// cache. Rows are used again with the room that they have.
#[derive(Clone, Debug)]
#[repr(align(64))]
pub(super) struct Batch {
    /// Its function.
    pub(super) function: u32,
    /// The environment that runs it.
    pub(super) environment: u32,
    /// Of its payload, where that matters.
    pub(super) bytes: u32,
    /// Tries in a row that were throttled: to invoke it, or to delete of it.
    pub(super) attempts: u16,
    pub(super) stage: Stage,
    /// When it was invoked.
    pub(super) began: Time,
    /// When the visibility timeout of its first message ends.
    pub(super) until: Time,
    /// How long its cold start takes.
    pub(super) cold: Span,
    /// Its messages; while it is deleted, those that are left to be.
    pub(super) deliveries: Vec<Delivery>,
}

const _: () = assert!(size_of::<Batch>() == 64);

impl Batch {
    /// A row of none, with room for what one receive brings.
    pub(super) fn none() -> Batch {
        Batch {
            function: 0,
            environment: 0,
            bytes: 0,
            attempts: 0,
            stage: Stage::Arriving,
            began: Time::ZERO,
            until: Time::ZERO,
            cold: Span::ZERO,
            deliveries: Vec::with_capacity(crate::ledger::config::MAX_BATCH),
        }
    }

    /// The row becomes that of a batch of `function`, which has nothing yet.
    #[inline]
    pub(super) fn begin(&mut self, function: u32, stage: Stage) {
        (self.function, self.bytes, self.attempts, self.stage) = (function, 0, 0, stage);
        self.deliveries.clear();
    }

    /// How many messages it has.
    #[inline]
    pub(super) fn messages(&self) -> u32 {
        self.deliveries.len() as u32
    }

    /// Whether the work on its messages is still to come or under way.
    pub(super) fn is_unfinished(&self) -> bool {
        !matches!(self.stage, Stage::Deleting | Stage::Resting)
    }
}
