//! The estimate over replications of one scenario.
//!
//! Owns the document `sqsim-estimate/1`: every number of the outcomes with its interval. Must
//! not know how an outcome was made.
//!
//! Invariant: replications are folded in their order.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::numbers::Numbers;
use super::unstable::{self, is_common};
use super::{
    ByName, Estimated, EstimatedUnstable, ExpectOutcome, Outcome, Sample, commonest_bottleneck, hex,
};
use crate::kernel::rng::mix;
use crate::observe::measured::{Counter, QueueLatency, QueueLevel};
use crate::observe::nature::Growth;
use crate::stats::expect::{self, Compared, Expectation, Take, Told};
use crate::stats::pool::{Runs, Sampled};
use crate::stats::summary::Summary;

/// The format of an [`Estimate`].
pub const ESTIMATE_FORMAT: &str = "sqsim-estimate/1";

/// What is the same in every replication, or no quantity: not estimated.
const NOT_MEASURES: [&str; 7] =
    ["seed", "replication", "window_ns", "checkpoints", "expect", "threads", "limited_by"];

/// The parts of an outcome by name: no name of a scenario stands for what a key does.
const BY_NAME: [&str; 5] = ["queues", "producers", "consumers", "downstream", "functions"];

/// What an outcome leaves out where it is zero, counters of a queue aside.
const ZERO_IF_LEFT_OUT: [&str; 5] =
    ["dead_lettered_in_all", "recuts", "most_at_once", "history_left_out", "outages_left_out"];

/// Whether an outcome leaves the number at this path out where it is zero.
fn zero_if_left_out(path: &str) -> bool {
    let last = path.rsplit('.').next().unwrap_or(path);
    let counter =
        || Counter::all().any(|of| of.left_out && of.name.rsplit('.').next() == Some(last));
    ZERO_IF_LEFT_OUT.contains(&last) || counter()
}

/// Means over the replications of one scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Estimate {
    /// [`ESTIMATE_FORMAT`].
    pub format: String,
    /// The version of sqsim that made it.
    pub version: String,
    /// The scenario's name.
    pub scenario: String,
    /// The seed of every stream.
    pub seed: u64,
    /// How many replications.
    pub replications: u64,
    /// In how many parts the one run was measured, to know how far its means may be off; left out
    /// for replications.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batches: Option<u64>,
    /// The measured window of each: start and end.
    pub window_ns: [u64; 2],
    /// By path of the number in the outcome, as `queues.signups.counts.sent`.
    pub measures: ByName<EstimatedMeasure>,
    /// What limited most replications (of two as frequent, the one seen first), with the means of
    /// its figures, and in how many of them if not in all.
    pub bottleneck: String,
    /// The queues that do not settle: their mean latencies mean nothing, as they grow with the
    /// run's length. Left out if there is none.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub unstable: Vec<EstimatedUnstable>,
    /// The scenario's expectations.
    pub expect: Vec<EstimatedExpectation>,
    /// Why a replication ended early; `None` if none did.
    pub partial: Option<String>,
    /// Hash over the fingerprints of all replications: 16 hexadecimal digits.
    pub fingerprint: String,
    /// The fingerprint of each replication.
    pub fingerprints: Vec<String>,
}

/// One estimated number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct EstimatedMeasure {
    /// Mean over the replications.
    pub mean: f64,
    /// 95 % interval of that mean (Student's t); `None` for one replication, and for what parts of
    /// a run cannot tell, as the maximum of the whole.
    pub ci95: Option<[f64; 2]>,
    /// Replications that have the number: a latency of no message is left out.
    pub n: u64,
    /// Why a percentile has no interval though there are several runs; left out otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thin: Option<Thin>,
}

/// Too few messages beyond a percentile: its interval would cover the truth less often than it
/// says.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Thin {
    /// As many independent messages as those beyond it are worth.
    pub beyond: f64,
    /// How many times as much would have to be measured.
    pub times: f64,
}

impl Thin {
    /// Of a number over several runs; `None` where nothing is lacking.
    pub fn of(sampled: &Sampled) -> Option<Thin> {
        let beyond = sampled.beyond.filter(|_| sampled.pseudo.len() > 1)?;
        (!sampled.is_backed()).then(|| Thin { beyond, times: sampled.times_for_backing() })
    }

    /// About how many replications would have enough, where so many have too few.
    #[expect(clippy::cast_sign_loss, reason = "it is positive")]
    pub fn replications(self, of: u64) -> u64 {
        (self.times * of as f64).ceil() as u64
    }
}

/// One expectation, judged on the mean of its two sides over the replications.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EstimatedExpectation {
    /// As written.
    pub text: String,
    /// Whether it holds for the means.
    pub holds: bool,
    /// Mean of the measured side; `None` where it has no value in some replication.
    pub value: Option<f64>,
    /// 95 % interval of that mean.
    pub ci95: Option<[f64; 2]>,
    /// Mean of the other side.
    pub limit: Option<f64>,
    /// In how many replications it held.
    pub held_in: u64,
    /// Why there is no value.
    pub note: Option<String>,
    /// The interval reaches across the limit, so that it cannot be said whether it holds; left out
    /// if it does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub undecided: Option<Undecided>,
}

/// Why an expectation is not decided.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Undecided {
    /// About how many replications (or parts as long as these) would decide it; `None` if the mean
    /// is the limit, as near as anybody can tell.
    pub needs: Option<u64>,
    /// Where it is for lack of messages beyond a percentile; left out otherwise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub thin: Option<Thin>,
}

impl Estimate {
    /// The estimate from the outcomes of all replications, in their order.
    ///
    /// # Errors
    /// Never for outcomes made by [`Outcome::from_run`]; a float that is not finite would be one.
    ///
    /// # Panics
    /// If there is no outcome.
    pub fn of(outcomes: &[Outcome]) -> Result<Estimate, serde_json::Error> {
        Estimate::of_sample(Sample::of_replications(outcomes))
    }

    /// The estimate from replications, or from one run and its parts.
    ///
    /// # Errors
    /// As [`Estimate::of`].
    ///
    /// # Panics
    /// If there is no outcome.
    pub fn of_sample(sample: Sample<'_>) -> Result<Estimate, serde_json::Error> {
        let first = sample.first().expect("an estimate needs at least one replication");
        let unstable = EstimatedUnstable::all(sample);
        let mut told = numbers(&sample)?;
        let growing: BTreeSet<&str> = unstable.iter().map(|of| of.queue.as_str()).collect();
        told.retain(|(path, _)| growing_queue(path).is_none_or(|of| !growing.contains(of)));
        let parts = sample.batches().map(numbers).transpose()?;
        let parts = parts.map(|parts| parts.into_iter().collect::<BTreeMap<_, _>>());
        let merged: BTreeMap<String, Estimated> = merged(sample).into_iter().collect();
        let measure = |(path, values): &(String, Vec<f64>)| {
            if let Some(of) = merged.get(path) {
                return Some((path.clone(), EstimatedMeasure::from(*of)));
            }
            let parts = parts.as_ref().map(|parts| {
                let found = parts.get(path).filter(|_| varies_by_part(path));
                found.cloned().unwrap_or_default()
            });
            let estimated = Sample::of_numbers(values, parts)?;
            Some((path.clone(), EstimatedMeasure::from(estimated)))
        };
        Ok(Estimate {
            format: ESTIMATE_FORMAT.to_owned(),
            version: first.version.clone(),
            scenario: first.scenario.clone(),
            seed: first.seed,
            replications: sample.len() as u64,
            batches: sample.batches().map(|parts| parts.len() as u64),
            window_ns: first.window_ns,
            measures: told.iter().filter_map(measure).collect(),
            bottleneck: commonest_bottleneck(&sample),
            unstable,
            expect: EstimatedExpectation::all(sample),
            partial: sample.iter().find_map(|outcome| outcome.partial.clone()),
            fingerprint: combined_fingerprint(&sample),
            fingerprints: sample.iter().map(|outcome| outcome.fingerprint.clone()).collect(),
        })
    }

    /// As JSON, indented, with a line feed at the end.
    ///
    /// # Errors
    /// Never for a document made by this module.
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

    /// The first eight digits of the fingerprint, for people.
    pub fn short_fingerprint(&self) -> &str {
        self.fingerprint.get(..8).unwrap_or(&self.fingerprint)
    }

    /// Whether every expectation holds.
    pub fn held(&self) -> bool {
        self.expect.iter().all(|expect| expect.holds)
    }
}

/// Every number of the outcomes, by its path, in their order.
fn numbers(outcomes: &[Outcome]) -> Result<Vec<(String, Vec<f64>)>, serde_json::Error> {
    let mut numbers = Numbers::default();
    for outcome in outcomes {
        numbers.begin();
        let mut add = |path: &str, number: f64| numbers.add(path, number);
        flatten(&serde_json::to_value(outcome)?, &mut add);
    }
    let mut paths = numbers.into_list();
    for (path, values) in &mut paths {
        if zero_if_left_out(path) {
            values.resize(outcomes.len(), 0.0);
        }
    }
    Ok(paths)
}

/// Whether the parts of a run have the number too, and their spread is that of the whole: extremes,
/// the end of the run and histories of all of it have none.
fn varies_by_part(path: &str) -> bool {
    const EXTREMES: [&str; 4] = ["max", "last", "events", "end_ns"];
    const WHOLE: [&str; 5] = ["partitions", "nodes", "unfinished", "resident", "held_back"];
    let mut words = path.split('.');
    let extreme = words.next_back().is_none_or(|last| EXTREMES.contains(&last));
    // `queues.signups.partitions.splits`, but not `queues.signups.levels.partitions.mean`.
    let whole = words.nth(2).is_some_and(|part| WHOLE.contains(&part));
    !extreme && !whole
}

/// The queue whose messages leave a number of the outcome without end where they become ever more,
/// as the row of the latency or the level says.
fn growing_queue(path: &str) -> Option<&str> {
    // A name has no dot.
    let (queue, own) = path.strip_prefix("queues.")?.split_once('.')?;
    let (kind, own) = own.split_once('.')?;
    let (name, taken) = own.split_once('.')?;
    let growth = match kind {
        "latency_ns" if taken != "count" => {
            QueueLatency::ALL.iter().find(|row| row.name == name)?.growth
        }
        "levels" => QueueLevel::ALL.iter().find(|row| row.field == name)?.growth,
        _ => return None,
    };
    (growth == Growth::Grows).then_some(queue)
}

/// Tells `each` the path and value of every number of an outcome. Lists and what was measured on no
/// message are left out.
fn flatten(outcome: &Value, each: &mut impl FnMut(&str, f64)) {
    for (key, value) in measures(outcome) {
        if BY_NAME.contains(&key.as_str()) {
            for (name, part) in value.as_object().into_iter().flatten() {
                flatten_part(&format!("{key}.{name}"), part, each);
            }
        } else {
            flatten_part(key, value, each);
        }
    }
}

/// The same of one part of it.
fn flatten_part(path: &str, value: &Value, each: &mut impl FnMut(&str, f64)) {
    if let Some(number) = value.as_f64() {
        each(path, number);
    }
    for (key, value) in measures(value) {
        flatten_part(&format!("{path}.{key}"), value, each);
    }
}

/// What is measured of what a map has; of a latency of no message, that there is none.
fn measures(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let map = value.as_object();
    let empty = map.and_then(|map| map.get("count")).and_then(Value::as_u64) == Some(0);
    let measured = move |key: &str| !NOT_MEASURES.contains(&key) && (!empty || key == "count");
    map.into_iter().flatten().filter(move |(key, _)| measured(key))
}

/// The numbers of an outcome that are no means over replications but merge, by their path.
fn merged(sample: Sample<'_>) -> Vec<(String, Estimated)> {
    const TAKEN: [(&str, Take); 7] = [
        ("mean", Take::Mean),
        ("stddev", Take::Stddev),
        ("p50", Take::Quantile(0.5)),
        ("p90", Take::Quantile(0.9)),
        ("p95", Take::Quantile(0.95)),
        ("p99", Take::Quantile(0.99)),
        ("p999", Take::Quantile(0.999)),
    ];
    let mut merged = Vec::new();
    let names = sample.first().into_iter().flat_map(|outcome| outcome.queues.iter());
    for (queue, (name, _)) in names.enumerate() {
        for row in QueueLatency::ALL {
            for (word, take) in TAKEN {
                let path = format!("queues.{name}.latency_ns.{}.{word}", row.name);
                merged.extend(sample.latency(queue, row.latency, take).map(|of| (path, of)));
            }
        }
    }
    let fleets = sample.first().into_iter().flat_map(|outcome| outcome.consumers.iter());
    for (fleet, (name, _)) in fleets.enumerate() {
        merged.extend(sample.busy(fleet).map(|of| (format!("consumers.{name}.busy"), of)));
    }
    let functions = sample.first().into_iter().flat_map(|outcome| outcome.functions.iter());
    for (function, (name, _)) in functions.enumerate() {
        let [taken, size] = [sample.places_taken(function), sample.batch_size(function)];
        merged.extend(taken.map(|of| (format!("functions.{name}.busy"), of)));
        merged.extend(size.map(|of| (format!("functions.{name}.batch_size"), of)));
    }
    let downstreams = sample.first().into_iter().flat_map(|outcome| outcome.downstream.iter());
    for (downstream, (name, _)) in downstreams.enumerate() {
        let wait = sample.wait_of_call(downstream);
        merged.extend(wait.map(|of| (format!("downstream.{name}.waited_ns.mean"), of)));
    }
    merged.extend(sample.dollars().map(|of| ("cost.dollars".to_owned(), of)));
    let per_million = sample.per_million();
    merged.extend(per_million.map(|of| ("cost.dollars_per_million".to_owned(), of)));
    merged
}

impl From<Estimated> for EstimatedMeasure {
    fn from(Estimated { mean, half, n, thin }: Estimated) -> EstimatedMeasure {
        EstimatedMeasure { mean, ci95: half.map(|half| [mean - half, mean + half]), n, thin }
    }
}

impl EstimatedMeasure {
    /// The estimate from one value a replication.
    pub fn of(values: &[f64]) -> EstimatedMeasure {
        let summary = Summary::of(values);
        let ci95 = summary.interval();
        EstimatedMeasure { mean: summary.mean, ci95, n: summary.n, thin: None }
    }

    /// Of a number over `n` runs.
    pub fn sampled(of: &Sampled, n: u64) -> EstimatedMeasure {
        let half = of.half_width_at(0.95);
        EstimatedMeasure::from(Estimated { mean: of.value, half, n, thin: Thin::of(of) })
    }

    /// Of what no run has.
    pub const NONE: EstimatedMeasure = EstimatedMeasure { mean: 0.0, ci95: None, n: 0, thin: None };
}

impl EstimatedExpectation {
    /// Every expectation of the scenario, judged on all replications, or on the whole run.
    pub fn all(sample: Sample<'_>) -> Vec<EstimatedExpectation> {
        let count = sample.first().map_or(0, |outcome| outcome.expect.len());
        let told = |outcomes: &'_ [Outcome], at: usize| -> Vec<Told> {
            outcomes.iter().filter_map(|outcome| outcome.merges.told(at).cloned()).collect()
        };
        let of = |at: usize| {
            let each = sample.iter().filter_map(|outcome| outcome.expect.get(at));
            let parts = sample.batches().map(|parts| told(parts, at));
            EstimatedExpectation::judged(each, &told(&sample, at), parts.as_deref())
        };
        (0..count).map(of).collect()
    }

    /// One expectation, judged on its verdicts in all replications and what these tell of it.
    pub fn of<'e>(
        each: impl Iterator<Item = &'e ExpectOutcome>,
        told: &[Told],
    ) -> EstimatedExpectation {
        EstimatedExpectation::judged(each, told, None)
    }

    fn judged<'e>(
        each: impl Iterator<Item = &'e ExpectOutcome>,
        told: &[Told],
        parts: Option<&[Told]>,
    ) -> EstimatedExpectation {
        let each: Vec<&ExpectOutcome> = each.collect();
        let text = each.first().map_or_else(String::new, |expect| expect.text.clone());
        let growing = each.iter().filter(|expect| expect.grows_with.is_some()).count();
        if is_common(growing, each.len()) {
            return EstimatedExpectation::without_end(text, &each);
        }
        let parsed = expect::parse(&text).ok();
        let over = |told: &[Told], runs| {
            parsed.as_ref().map(|of| of.over(&told.iter().collect::<Vec<_>>(), runs))
        };
        let compared = over(told, Runs::Replications).and_then(Result::ok);
        let spread = match parts {
            None => compared.clone(),
            Some(parts) => over(parts, Runs::Parts).and_then(Result::ok),
        };
        let comparison = parsed.as_ref().map(Expectation::comparison);
        let sides = compared.as_ref().map(|of| (of.value.value, of.limit.value));
        let holds = match (comparison, sides) {
            (Some(comparison), Some((value, limit))) => comparison.holds(value, limit),
            _ => false,
        };
        let half = spread.as_ref().and_then(|of| of.value.half_width_at(0.95));
        // A mean on one side of the limit may be on the other; but one dead letter in ten runs is
        // enough against `dead_lettered == 0`, whatever its interval.
        let ordered = comparison.is_some_and(|of| of.is_below().is_some());
        let note = each.iter().find_map(|expect| expect.note.clone());
        EstimatedExpectation {
            text,
            holds,
            value: sides.map(|(value, _)| value),
            ci95: sides.and_then(|(value, _)| half.map(|half| [value - half, value + half])),
            limit: sides.map(|(_, limit)| limit),
            held_in: each.iter().filter(|expect| expect.holds).count() as u64,
            note: note.filter(|_| sides.is_none()),
            undecided: spread.filter(|_| ordered).and_then(|of| undecided(&of)),
        }
    }
}

impl EstimatedExpectation {
    /// Of a latency or a level that grows for as long as the runs last.
    fn without_end(text: String, each: &[&ExpectOutcome]) -> EstimatedExpectation {
        let queue = each.iter().find_map(|expect| expect.grows_with.as_deref());
        EstimatedExpectation {
            text,
            holds: false,
            value: None,
            ci95: None,
            limit: None,
            held_in: each.iter().filter(|expect| expect.holds).count() as u64,
            note: queue.map(unstable::without_end),
            undecided: None,
        }
    }
}

/// What would decide an expectation that these replications or parts do not; `None` if they do, and
/// for a single run.
fn undecided(compared: &Compared) -> Option<Undecided> {
    let summary = compared.margin.summary();
    if summary.n < 2 || compared.surely(0.95).is_some() {
        return None;
    }
    let thin = Thin::of(&compared.margin);
    let backed = thin.map_or(0, |thin| thin.replications(summary.n));
    let needs = summary.replications_for(summary.mean.abs(), 0.95);
    Some(Undecided { needs: needs.map(|needs| needs.max(backed)), thin })
}

/// The fingerprint of one run, or a hash that depends on the fingerprint of every replication
/// and on their order: 16 hexadecimal digits.
pub fn combined_fingerprint(outcomes: &[Outcome]) -> String {
    let own = |outcome: &Outcome| u64::from_str_radix(&outcome.fingerprint, 16).unwrap_or(0);
    combined_hash(outcomes.iter().map(own))
}

/// As [`combined_fingerprint`], of the bare hashes.
pub fn combined_hash(hashes: impl ExactSizeIterator<Item = u64>) -> String {
    let one = hashes.len() == 1;
    hex(hashes.fold(0, |all: u64, own| if one { own } else { mix(all.rotate_left(1) ^ own) }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_a_run_tell_of_what_is_no_extreme_and_no_history() {
        for (path, varies) in [
            ("queues.orders.counts.sent", true),
            ("queues.orders.levels.visible.mean", true),
            ("queues.orders.levels.partitions.mean", true),
            ("consumers.workers.busy", true),
            ("queues.orders.levels.visible.max", false),
            ("queues.orders.levels.visible.last", false),
            ("queues.orders.partitions.splits", false),
            ("queues.orders.nodes.failures", false),
            ("queues.orders.unfinished.messages", false),
            ("events", false),
            ("end_ns", false),
        ] {
            assert_eq!(varies_by_part(path), varies, "{path}");
        }
    }

    #[test]
    fn what_grows_with_a_queue_is_its_waits_and_its_backlog() {
        for (path, grows) in [
            ("queues.orders.latency_ns.sent_to_received.mean", true),
            ("queues.orders.latency_ns.sent_to_deleted.p99", true),
            ("queues.orders.levels.visible.mean", true),
            ("queues.orders.levels.age_of_oldest_ns.max", true),
            ("queues.orders.latency_ns.sent_to_received.count", false),
            ("queues.orders.latency_ns.processing.mean", false),
            ("queues.orders.levels.in_flight.mean", false),
            ("queues.orders-dlq.levels.visible.mean", false),
            ("consumers.workers.busy", false),
        ] {
            assert_eq!(growing_queue(path) == Some("orders"), grows, "{path}");
        }
    }

    #[test]
    fn a_single_run_lacks_no_messages() {
        let of = |pseudo: &[f64], beyond: f64| {
            let (value, beyond) = (1.0, Some(beyond));
            Thin::of(&Sampled { value, pseudo: pseudo.to_vec(), beyond })
        };
        assert_eq!(of(&[1.0], 5.0), None);
        assert_eq!(of(&[1.0, 1.0], 60.0), None);
        let thin = of(&[1.0, 1.0], 5.0).expect("5 of 60");
        assert_eq!((thin, thin.replications(10)), (Thin { beyond: 5.0, times: 12.0 }, 120));
    }
}
