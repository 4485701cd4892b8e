//! The size of a fleet that changed, in an outcome.
//!
//! Owns its serialised form. Must not know how a fleet's size is measured.

use serde::{Deserialize, Serialize};

use super::{FleetOutcome, LevelSummary};
use crate::kernel::time::Span;
use crate::observe::measured::{FleetCounts, FleetMeasured};

/// The size of a fleet that changed.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Size {
    /// Workers that were wanted at the beginning of the window.
    pub wanted_at_begin: u64,
    /// Workers that were wanted.
    pub wanted: LevelSummary,
    /// Workers that were up.
    pub ready: LevelSummary,
    /// Workers that started, or had crashed.
    pub starting: LevelSummary,
    /// How long the first worker that a backlog asked for was on its way: from when the backlog had
    /// passed the scaler's target to when a further worker was ready, in whole windows of the
    /// series; left out without a scaler, and where no worker came.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_help_ns: Option<u64>,
}

impl Size {
    /// Of a fleet; `None` if nobody joined or left it and as many workers were wanted as ever.
    pub(super) fn of(fleet: &FleetMeasured) -> Option<Size> {
        let FleetCounts { grown, shrunk, joined, left, .. } = fleet.counts;
        (grown + shrunk + joined + left > 0).then(|| Size {
            wanted_at_begin: fleet.wanted_at_begin,
            wanted: LevelSummary::of(fleet.wanted),
            ready: LevelSummary::of(fleet.ready()),
            starting: LevelSummary::of(fleet.starting()),
            first_help_ns: None,
        })
    }
}

impl FleetOutcome {
    /// With what is known of a scaler's first help.
    pub(super) fn helped(mut self, first_help: Option<Span>) -> FleetOutcome {
        if let Some(size) = &mut self.size {
            size.first_help_ns = first_help.map(Span::as_nanos);
        }
        self
    }
}
