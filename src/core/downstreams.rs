//! All downstreams of a run.
//!
//! Owns their states, and for when each has an event in the calendar. Must not know who calls.

use crate::downstream::Downstream;
use crate::facts::deed::WorkerId;
use crate::kernel::time::Time;
use crate::model::downstream::DownstreamConfig;
use crate::model::scenario::Named;

/// Who calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Calling {
    /// The worker.
    pub worker: WorkerId,
    /// Its thread, among its own.
    pub thread: u32,
    /// Its thread, among those of all workers.
    pub number: u32,
}

/// All downstreams of a run.
#[derive(Clone, Debug)]
pub(super) struct Downstreams {
    pub(super) all: Vec<Downstream<Calling>>,
    /// For when each has an event in the calendar.
    pub(super) planned: Vec<Option<Time>>,
}

impl Downstreams {
    /// Those of a scenario, which nobody has called.
    pub(super) fn new(named: &[Named<DownstreamConfig>]) -> Downstreams {
        let all = named.iter().map(|it| Downstream::new(it.config.clone())).collect();
        Downstreams { all, planned: vec![None; named.len()] }
    }
}
