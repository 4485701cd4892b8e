//! The shares of a fleet's time that an expectation may name.
//!
//! Owns their names and values. Must not know the grammar around them.

use crate::observe::measured::FleetMeasured;
use crate::stats::pool::Reading;

/// A share of the time of a fleet's threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Share {
    /// Utilisation: busy threads among those that are up.
    Busy,
    /// Of all time, like the rest, which add up to 1: at work.
    Working,
    /// Waiting for a downstream.
    Leaning,
    /// Waiting for a call.
    Calling,
    /// Idle.
    Idle,
    /// Of workers that have crashed or have not started.
    Down,
}

/// Every share by name.
pub(super) const SHARES: &[(&str, Share)] = &[
    ("busy", Share::Busy),
    ("working", Share::Working),
    ("leaning", Share::Leaning),
    ("calling", Share::Calling),
    ("idle", Share::Idle),
    ("down", Share::Down),
];

impl Share {
    /// Its name.
    pub(super) fn name(self) -> &'static str {
        SHARES.iter().find(|entry| entry.1 == self).map_or("", |entry| entry.0)
    }

    /// What one run tells of it; `None` if no thread has time of which it could be a share.
    pub(super) fn reading(self, fleet: &FleetMeasured) -> Option<Reading> {
        let (busy, calling) = (fleet.busy.area, fleet.calling.area);
        let (up, down, leaning) = (fleet.up.area, fleet.down.area, fleet.leaning.area);
        let (sum, over) = match self {
            Share::Busy => (busy, up),
            Share::Working => (busy - calling - leaning, up + down),
            Share::Leaning => (leaning, up + down),
            Share::Calling => (calling, up + down),
            Share::Idle => (up - busy, up + down),
            Share::Down => (down, up + down),
        };
        (over > 0).then_some(Reading::Ratio { sum: sum as f64, over: over as f64 })
    }
}
