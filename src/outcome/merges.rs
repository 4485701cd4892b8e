//! What of a run merges exactly over runs, where its document has numbers only.
//!
//! Owns what an estimate needs beside outcomes: latencies as distributions, and what each
//! expectation is computed from. Must not know how they merge.
//!
//! Invariant: an outcome that was read back from its document has none of it.

use super::ExpectOutcome;
use crate::model::scenario::Scenario;
use crate::observe::measured::{Latency, Measured, QueueMeasured};
use crate::stats::cost::Cost;
use crate::stats::expect::{self, Names, Told};
use crate::stats::pool::Reading;

/// Beside the outcome of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merges {
    /// By queue, in the order of [`LatencyKind::ALL`].
    latencies: Vec<[Latency; 3]>,
    /// By expectation of the scenario.
    expect: Vec<Told>,
    /// Dollars of a million messages.
    per_million: Option<Reading>,
}

/// The latencies of a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LatencyKind {
    /// From send to first receive.
    SentToReceived,
    /// From send to delete.
    SentToDeleted,
    /// Work on one message.
    Processing,
}

impl LatencyKind {
    /// All of them.
    pub const ALL: [LatencyKind; 3] =
        [LatencyKind::SentToReceived, LatencyKind::SentToDeleted, LatencyKind::Processing];

    /// Its name in documents.
    pub fn name(self) -> &'static str {
        match self {
            LatencyKind::SentToReceived => "sent_to_received",
            LatencyKind::SentToDeleted => "sent_to_deleted",
            LatencyKind::Processing => "processing",
        }
    }

    fn of(self, queue: &QueueMeasured) -> &Latency {
        match self {
            LatencyKind::SentToReceived => &queue.sent_to_received,
            LatencyKind::SentToDeleted => &queue.sent_to_deleted,
            LatencyKind::Processing => &queue.processing,
        }
    }
}

impl Merges {
    /// Of one run.
    pub(super) fn of(scenario: &Scenario, measured: &Measured) -> Merges {
        let latencies = |queue: &QueueMeasured| LatencyKind::ALL.map(|kind| kind.of(queue).clone());
        let names = Names::of(scenario);
        let told = |text: &String| ExpectOutcome::told(text, &names, measured);
        Merges {
            latencies: measured.queues.iter().map(latencies).collect(),
            expect: scenario.expect.iter().map(told).collect(),
            per_million: Cost::of(scenario, measured).map(|cost| cost.per_million()),
        }
    }

    /// Bytes that it takes, in round terms.
    pub(super) fn bytes(&self) -> u64 {
        let own = |latency: &Latency| size_of::<Latency>() + latency.distribution.bytes();
        let latencies: usize = self.latencies.iter().flatten().map(own).sum();
        // Distributions of expectations are those of the latencies.
        let told =
            |of: &Told| size_of::<Told>() + of.0.len() * size_of::<Result<Reading, String>>();
        let told: usize = self.expect.iter().map(told).sum();
        (latencies + told) as u64
    }

    /// A latency of a queue, by its place in the scenario.
    pub(super) fn latency(&self, queue: usize, kind: LatencyKind) -> Option<&Latency> {
        self.latencies.get(queue).map(|all| &all[kind as usize])
    }

    /// What an expectation is computed from, by its place in the scenario.
    pub(super) fn told(&self, expectation: usize) -> Option<&Told> {
        self.expect.get(expectation)
    }

    /// Dollars of a million messages.
    pub(super) fn per_million(&self) -> Option<&Reading> {
        self.per_million.as_ref()
    }
}

impl ExpectOutcome {
    /// What one run tells of both sides of an expectation; nothing of a text that is none.
    pub fn told(text: &str, names: &Names<'_>, measured: &Measured) -> Told {
        let parsed = expect::parse(text).ok();
        parsed.map_or_else(Told::default, |expectation| expectation.told(names, measured))
    }
}
