//! What an outcome says of a fleet beside its counters: the time of its threads, work in vain, and
//! its size where that changed.
//!
//! Owns the serialised form. Must not know how any of it is measured.

use serde::{Deserialize, Serialize};

use super::level::{LevelSummary, nanos};
use crate::observe::measured::{FleetCounts, FleetMeasured, ThreadShares};

/// The time of all threads in shares that add up to 1; all zero for a fleet without threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ThreadTime {
    /// Working.
    pub work: f64,
    /// Waiting for a downstream; left out if there is none of it.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub downstream: f64,
    /// Waiting for a call: that which deletes, sends on or gives back a message, or, with nothing
    /// to do, the receive that brings the next one.
    pub calls: f64,
    /// Idle.
    pub idle: f64,
    /// Their worker had crashed or had not started.
    pub down: f64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_nothing(share: &f64) -> bool {
    *share == 0.0
}

/// Wasted work by cause, in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WastedBy {
    /// On messages that had been completed before.
    pub duplicate_ns: u64,
    /// That failed.
    pub failed_ns: u64,
    /// That a crash cut off.
    pub crashed_ns: u64,
}

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

impl ThreadTime {
    pub(super) fn of(fleet: &FleetMeasured) -> ThreadTime {
        let ThreadShares { work, downstream, calls, idle, down } =
            fleet.shares().unwrap_or_default();
        ThreadTime { work, downstream, calls, idle, down }
    }
}

impl WastedBy {
    pub(super) fn of(fleet: &FleetMeasured) -> WastedBy {
        WastedBy {
            duplicate_ns: nanos(fleet.duplicate_work),
            failed_ns: nanos(fleet.failed_work),
            crashed_ns: nanos(fleet.crashed_work),
        }
    }
}
