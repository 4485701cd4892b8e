//! What is serialised: the outcome of one run and the estimate over several.
//!
//! Owns the two versioned documents, `sqsim-outcome/1` and `sqsim-estimate/1`. They mirror what
//! was measured; the engine's own types never derive `Serialize`. Must not know how a person is
//! shown a number.
//!
//! Lengths of time are whole nanoseconds. Maps keep the order of the scenario. A field keeps its
//! name and meaning within a version; fields may be added.
//!
//! Invariant: the same run gives the same bytes.

mod advice;
mod by_name;
mod compare;
mod cost;
mod estimate;
mod fleets;
mod footprint;
mod level;
mod limit;
mod merges;
mod nodes;
mod numbers;
mod partitions;
mod parts;
mod plan;
mod sample;
pub mod stored;
mod sweep;
mod unstable;

use serde::{Deserialize, Serialize};

use self::unstable::without_end;
use crate::kernel::time::Time;
use crate::model::scenario::Scenario;
use crate::observe::measured::Measured;
use crate::stats::cost::Cost;
use crate::stats::expect::Names;
use crate::stats::{bottleneck, expect, scaling, stability};

pub use advice::{
    ADVICE_FORMAT, AddedCrashes, AdviceVerdict, LengthAdvice, Limit, PilotLength, TheoryLength,
    TimeoutAdvice, TimeoutPoint,
};
pub use by_name::ByName;
pub use compare::{
    COMPARE_FORMAT, CompareOutcome, ComparedMeasure, ComparedSystem, FateSide, FirstFate,
};
pub use cost::CostOutcome;
pub use estimate::{
    ESTIMATE_FORMAT, Estimate, EstimatedExpectation, EstimatedMeasure, Thin, Undecided,
    combined_fingerprint, combined_hash,
};
pub use fleets::{Size, ThreadTime, WastedBy};
pub use level::LevelSummary;
pub use limit::{LimitedBy, commonest_bottleneck};
pub use merges::Merges;
pub use nodes::{Lacked, Nodes, Outage};
pub use partitions::{Lived, Partitions, Reason, Refused};
pub use parts::{
    AtEdges, Calls, Circulating, Counts, DownstreamOutcome, FleetOutcome, FunctionOutcome,
    Latencies, LatencySummary, Levels, ProducerOutcome, QueueOutcome, Redelivered, Unfinished,
    Waited,
};
pub use plan::{PLAN_FORMAT, PlanAnswer, PlanOutcome, TriedPoint, TriedTarget};
pub use sample::{Estimated, Sample};
pub use sweep::{SWEEP_FORMAT, SweepKnob, SweepMeasure, SweepOutcome, SweepPoint};
pub use unstable::{EstimatedUnstable, Unstable, is_common};

/// The format of an [`Outcome`].
pub const OUTCOME_FORMAT: &str = "sqsim-outcome/1";

/// The outcome of one run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Outcome {
    /// [`OUTCOME_FORMAT`].
    pub format: String,
    /// The version of sqsim that made it.
    pub version: String,
    /// The scenario's name.
    pub scenario: String,
    /// The seed of every stream.
    pub seed: u64,
    /// Which replication under that seed, from 0.
    pub replication: u64,
    /// The measured window: start and end.
    pub window_ns: [u64; 2],
    /// Where the run ended.
    pub end_ns: u64,
    /// Events handled, over the whole run.
    pub events: u64,
    /// By queue.
    pub queues: ByName<QueueOutcome>,
    /// By producer.
    pub producers: ByName<ProducerOutcome>,
    /// By fleet.
    pub consumers: ByName<FleetOutcome>,
    /// By what they lean on; left out if there is none.
    #[serde(default = "ByName::empty", skip_serializing_if = "ByName::is_empty")]
    pub downstream: ByName<DownstreamOutcome>,
    /// By function; left out if there is none.
    #[serde(default = "ByName::empty", skip_serializing_if = "ByName::is_empty")]
    pub functions: ByName<FunctionOutcome>,
    /// What it would cost; `None` where the window is empty.
    pub cost: Option<CostOutcome>,
    /// What limited the run, with the figures that say so.
    pub bottleneck: String,
    /// The same in parts; left out by versions that did not tell it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limited_by: Option<LimitedBy>,
    /// The queues that do not settle: their mean latencies mean nothing, as they grow with the
    /// run's length. Left out if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unstable: Vec<Unstable>,
    /// The scenario's expectations.
    pub expect: Vec<ExpectOutcome>,
    /// Why the run ended early; `None` if it did not.
    pub partial: Option<String>,
    /// Rolling hash over everything that happened: 16 hexadecimal digits.
    pub fingerprint: String,
    /// The hash after every power of two of changes and deeds.
    pub checkpoints: Vec<Checkpoint>,
    /// What an estimate over several runs needs beside this one's numbers; no part of the document.
    #[serde(skip)]
    pub merges: Merges,
}

/// The verdict on one expectation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ExpectOutcome {
    /// As written.
    pub text: String,
    /// Whether it held.
    pub holds: bool,
    /// The measured side: a number, nanoseconds or a rate per second; `None` has no value.
    pub value: Option<f64>,
    /// The other side.
    pub limit: Option<f64>,
    /// Why there is no value, or none that counts.
    pub note: Option<String>,
    /// The queue that does not settle and lets a latency or a level of it grow for as long as the
    /// run lasts: the value is of this run alone and does not hold. Left out if there is none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grows_with: Option<String>,
}

/// The fingerprint on the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checkpoint {
    /// After how many changes and deeds.
    pub number: u64,
    /// When.
    pub at_ns: u64,
    /// The hash: 16 hexadecimal digits.
    pub fingerprint: String,
}

impl Outcome {
    /// The outcome of replication `replication` under `seed`; `partial` says why it ended early.
    pub fn from_run(
        scenario: &Scenario,
        seed: u64,
        replication: u64,
        measured: &Measured,
        partial: Option<String>,
    ) -> Outcome {
        let named = |name: &String| name.clone();
        let queues = scenario.queues.iter().zip(&measured.queues);
        let producers = scenario.producers.iter().zip(&measured.producers);
        let fleets = scenario.fleets.iter().zip(&measured.fleets);
        let downstreams = scenario.downstreams.iter().zip(&measured.downstreams);
        let unstable = stability::unstable(scenario, measured);
        let verdict = bottleneck::verdict(scenario, measured);
        let checkpoints = measured.checkpoints.iter();
        let priced = scenario.prices.worker_hour.iter().any(Option::is_some);
        Outcome {
            format: OUTCOME_FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: scenario.name.clone(),
            seed,
            replication,
            window_ns: [measured.window.0.as_nanos(), measured.window.1.as_nanos()],
            end_ns: measured.end.as_nanos(),
            events: measured.events,
            queues: queues
                .map(|(of, queue)| {
                    let nodes = of.config.ledger.nodes.is_some();
                    (named(&of.name), QueueOutcome::of(queue, nodes))
                })
                .collect(),
            producers: producers
                .map(|(of, producer)| (named(&of.name), ProducerOutcome::of(producer)))
                .collect(),
            consumers: fleets
                .enumerate()
                .map(|(place, (of, fleet))| {
                    let first_help = scaling::first_help(scenario, measured, place);
                    (named(&of.name), FleetOutcome::of(fleet).helped(first_help))
                })
                .collect(),
            functions: (scenario.functions.iter().zip(&measured.functions))
                .map(|(of, function)| (named(&of.name), FunctionOutcome::of(function)))
                .collect(),
            downstream: downstreams
                .map(|(of, downstream)| (named(&of.name), DownstreamOutcome::of(downstream)))
                .collect(),
            cost: Cost::of(scenario, measured)
                .map(|cost| CostOutcome::of(&cost, priced, !scenario.functions.is_empty())),
            bottleneck: verdict.sentence(),
            limited_by: Some(LimitedBy::of(&verdict)),
            unstable: Unstable::all(scenario, &unstable),
            expect: ExpectOutcome::all(scenario, measured, &unstable),
            partial,
            fingerprint: hex(measured.fingerprint),
            checkpoints: checkpoints
                .map(|(number, at, hash)| checkpoint(*number, *at, *hash))
                .collect(),
            merges: Merges::of(scenario, measured),
        }
    }

    /// As JSON, indented, with a line feed at the end.
    ///
    /// # Errors
    /// Never for a document made by this module; a float that is not finite would be one.
    pub fn to_json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// As RON, indented, with a line feed at the end.
    ///
    /// # Errors
    /// Never for a document made by this module.
    pub fn to_ron(&self) -> Result<String, ron::Error> {
        ron::ser::to_string_pretty(self, ron::ser::PrettyConfig::default()).map(|text| text + "\n")
    }

    /// Reads what [`Outcome::to_json`] wrote. Unknown fields are ignored.
    ///
    /// # Errors
    /// With the place where the text is not JSON, lacks a field or has another format.
    pub fn from_json(text: &str) -> Result<Outcome, serde_json::Error> {
        let outcome: Outcome = serde_json::from_str(text)?;
        if outcome.format == OUTCOME_FORMAT {
            return Ok(outcome);
        }
        let found = &outcome.format;
        let message = format!("this document is `{found}`, expected `{OUTCOME_FORMAT}`");
        Err(serde::de::Error::custom(message))
    }

    /// The first eight digits of the fingerprint, for people.
    pub fn short_fingerprint(&self) -> &str {
        self.fingerprint.get(..8).unwrap_or(&self.fingerprint)
    }

    /// Whether every expectation held.
    pub fn held(&self) -> bool {
        self.expect.iter().all(|expect| expect.holds)
    }
}

impl ExpectOutcome {
    /// The verdicts on one run, of which `unstable` do not settle.
    pub fn all(
        scenario: &Scenario,
        measured: &Measured,
        unstable: &[stability::Unstable],
    ) -> Vec<ExpectOutcome> {
        let (each, names) = (scenario.expect.iter(), Names::of(scenario));
        each.map(|text| ExpectOutcome::of(text, scenario, &names, measured, unstable)).collect()
    }

    fn of(
        text: &str,
        scenario: &Scenario,
        names: &Names<'_>,
        measured: &Measured,
        unstable: &[stability::Unstable],
    ) -> ExpectOutcome {
        let text = text.to_owned();
        match expect::parse(&text) {
            Ok(expectation) => {
                let judged = expect::evaluate(&expectation, names, measured);
                let expect::Judged { holds, value, limit, note, .. } = judged;
                let growing = expectation.growing(names);
                let grows = unstable.iter().find(|of| growing.contains(&of.queue));
                let grows_with = grows.map(|of| scenario.queues[of.queue].name.clone());
                let grows = grows_with.as_deref().map(without_end);
                let (holds, note) = (holds && grows.is_none(), note.or(grows));
                ExpectOutcome { text, holds, value, limit, note, grows_with }
            }
            // The scenario room refuses such a text; one that got past it must not pass for held.
            Err(fault) => {
                let (note, value, limit) = (Some(fault.to_string()), None, None);
                ExpectOutcome { text, holds: false, value, limit, note, grows_with: None }
            }
        }
    }
}

fn checkpoint(number: u64, at: Time, hash: u64) -> Checkpoint {
    Checkpoint { number, at_ns: at.as_nanos(), fingerprint: hex(hash) }
}

fn hex(hash: u64) -> String {
    format!("{hash:016x}")
}

#[cfg(test)]
mod tests;
