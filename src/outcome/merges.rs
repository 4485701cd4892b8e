//! What of a run merges exactly over runs, where its document has numbers only.
//!
//! Owns what an estimate needs beside outcomes: latencies as distributions, and what each
//! expectation is computed from. Must not know how they merge.
//!
//! Invariant: an outcome that was read back from its document has none of it.

use super::ExpectOutcome;
use crate::model::scenario::Scenario;
use crate::observe::measured::{
    Latency, LatencyOf, Measured, QueueLatencies, QueueLatency, QueueMeasured,
};
use crate::stats::cost::Cost;
use crate::stats::expect::{self, Names, Told};
use crate::stats::pool::Reading;

/// Beside the outcome of one run.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Merges {
    /// By queue.
    latencies: Vec<QueueLatencies<Latency>>,
    /// By expectation of the scenario.
    expect: Vec<Told>,
    /// Dollars of a million messages.
    per_million: Option<Reading>,
}

impl Merges {
    /// Of one run.
    pub(super) fn of(scenario: &Scenario, measured: &Measured) -> Merges {
        let latencies = |queue: &QueueMeasured| queue.latencies.clone();
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
        let of = |all: &QueueLatencies<Latency>| -> usize {
            QueueLatency::ALL.iter().map(|row| own((row.latency)(all))).sum()
        };
        let latencies: usize = self.latencies.iter().map(of).sum();
        // Distributions of expectations are those of the latencies.
        let told =
            |of: &Told| size_of::<Told>() + of.0.len() * size_of::<Result<Reading, String>>();
        let told: usize = self.expect.iter().map(told).sum();
        (latencies + told) as u64
    }

    /// A latency of a queue, by its place in the scenario.
    pub(super) fn latency(&self, queue: usize, of: LatencyOf) -> Option<&Latency> {
        self.latencies.get(queue).map(of)
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
