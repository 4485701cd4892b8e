//! The checked scenario: the engine's only input.
//!
//! Owns what a run is told. Names live here and in the output; the world knows ids only.
//! Must not know files or syntax: `scenario::load` makes one from text.

use std::ops::Range;

use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueConfig;
use crate::model::clients::{FleetConfig, ProducerConfig};
use crate::model::downstream::DownstreamConfig;
use crate::model::functions::{Account, FunctionConfig, FunctionPrices};

/// A named part of a scenario.
#[derive(Clone, Debug, PartialEq)]
pub struct Named<T> {
    /// Its key in the scenario file.
    pub name: String,
    /// Its settings.
    pub config: T,
}

impl<T> Named<T> {
    /// The parts that two scenarios have in common, by place.
    ///
    /// # Panics
    /// If one has more than the other.
    pub fn pairs<'a>(
        from: &'a [Named<T>],
        to: &'a [Named<T>],
    ) -> impl Iterator<Item = (&'a Named<T>, &'a Named<T>)> {
        assert_eq!(from.len(), to.len(), "a fork adds nothing with a name");
        from.iter().zip(to)
    }
}

/// Everything a run depends on, beside the replication's number.
#[derive(Clone, Debug, PartialEq)]
pub struct Scenario {
    /// The file's stem.
    pub name: String,
    /// The one sentence that the file gives about itself.
    pub about: String,
    /// Producers run from 0 to here.
    pub duration: Span,
    /// Consumers may finish the rest for this long after `duration`.
    pub drain: Span,
    /// Nothing before this is measured.
    pub warm_up: Span,
    /// The seed of every stream.
    pub seed: u64,
    /// Length of one window of the series.
    pub window: Span,
    /// Queues in the order of the file.
    pub queues: Vec<Named<QueueConfig>>,
    /// Producers in the order of the file.
    pub producers: Vec<Named<ProducerConfig>>,
    /// Fleets in the order of the file.
    pub fleets: Vec<Named<FleetConfig>>,
    /// What they lean on, in the order of the file.
    pub downstreams: Vec<Named<DownstreamConfig>>,
    /// Functions in the order of the file.
    pub functions: Vec<Named<FunctionConfig>>,
    /// What all functions share.
    pub account: Account,
    /// Expectations as written; parsed by `stats::expect`.
    pub expect: Vec<String>,
    /// Bounds of a run.
    pub limits: Limits,
    /// What is paid. No run depends on it.
    pub prices: Prices,
}

impl Scenario {
    /// The end of the run: producers' time and the drain.
    pub fn end(&self) -> Time {
        Time::ZERO + self.duration + self.drain
    }

    /// The windows of the series that a stretch of the run touches.
    pub fn windows_of(&self, (from, to): (Time, Time)) -> Range<usize> {
        let each = self.window.as_nanos().max(1);
        (from.as_nanos() / each) as usize..to.as_nanos().div_ceil(each) as usize
    }

    /// Windows of the series that begin before the end of the warm-up.
    pub fn windows_of_warm_up(&self) -> usize {
        self.warm_up.as_nanos().div_ceil(self.window.as_nanos().max(1)) as usize
    }
}

/// What is paid, in billionths of a dollar. The default: nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Prices {
    /// For requests: the first tier begins at 0, the others ascend.
    pub requests: Vec<Tier>,
    /// Requests of a month that cost nothing.
    pub free_requests: u64,
    /// For an hour of one worker, by fleet; `None` is unknown.
    pub worker_hour: Vec<Option<u64>>,
    /// For functions.
    pub functions: FunctionPrices,
    /// The measured window comes again each time so much has passed since it began; `None` if it
    /// goes on and on.
    pub every: Option<Span>,
}

/// The price of requests from so many a month on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Requests of the month before it.
    pub from: u64,
    /// Billionths of a dollar for a million.
    pub per_million: u64,
}

/// Bounds of a run; reaching one ends it, with what was measured marked partial.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Events handled.
    pub events: u64,
    /// Messages resident at once, over all queues.
    pub resident: u64,
    /// Bytes of trace written.
    pub trace_bytes: u64,
    /// Bytes of memory that one run takes; see [`crate::engine::memory`].
    pub memory: u64,
}
