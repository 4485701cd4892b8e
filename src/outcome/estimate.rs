//! The estimate over replications of one scenario.
//!
//! Owns the document `sqsim-estimate/1`: every number of the outcomes with its interval. Must
//! not know how an outcome was made.
//!
//! Invariant: replications are folded in their order.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{ByName, Estimated, EstimatedUnstable, ExpectOutcome, Outcome, Sample, hex};
use crate::kernel::rng::mix;
use crate::stats::expect::{self, Comparison};
use crate::stats::student;
use crate::stats::summary::Summary;

/// The format of an [`Estimate`].
pub const ESTIMATE_FORMAT: &str = "sqsim-estimate/1";

/// What is the same in every replication, or no quantity: not estimated.
const NOT_MEASURES: [&str; 6] =
    ["seed", "replication", "window_ns", "checkpoints", "expect", "threads"];

/// What an outcome leaves out where it is zero.
const ZERO_IF_LEFT_OUT: [&str; 10] = [
    "throttled_sends",
    "unavailable",
    "unavailable_sends",
    "undone",
    "delete_undone",
    "not_hidden",
    "recuts",
    "most_at_once",
    "history_left_out",
    "outages_left_out",
];

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
    /// What limited most replications (of two as frequent, the one seen first): the sentence of
    /// the first replication that says so.
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
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Undecided {
    /// About how many replications (or parts as long as these) would decide it; `None` if the mean
    /// is the limit, as near as anybody can tell.
    pub needs: Option<u64>,
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
        let told = numbers(&sample)?;
        let parts = sample.batches().map(numbers).transpose()?;
        let measure = |(path, values): &(String, Vec<f64>)| {
            let parts = parts.as_ref().map(|parts| {
                let found = parts.iter().find(|(known, _)| known == path);
                let values =
                    found.filter(|_| varies_by_part(path)).map(|(_, values)| values.clone());
                values.unwrap_or_default()
            });
            let Estimated { mean, half, n } = Sample::of_numbers(values, parts)?;
            let ci95 = half.map(|half| [mean - half, mean + half]);
            Some((path.clone(), EstimatedMeasure { mean, ci95, n }))
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
            unstable: EstimatedUnstable::all(sample),
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
    let mut paths: Vec<(String, Vec<f64>)> = Vec::new();
    for outcome in outcomes {
        let mut at = 0;
        flatten("", &serde_json::to_value(outcome)?, &mut |path, number| {
            insert(&mut paths, &mut at, path, number);
        });
    }
    for (path, values) in &mut paths {
        if path.rsplit('.').next().is_some_and(|last| ZERO_IF_LEFT_OUT.contains(&last)) {
            values.resize(outcomes.len(), 0.0);
        }
    }
    Ok(paths)
}

/// Whether the parts of a run have the number too, and their spread is that of the whole: extremes,
/// the end of the run and histories of all of it have none.
fn varies_by_part(path: &str) -> bool {
    const EXTREMES: [&str; 4] = ["max", "last", "events", "end_ns"];
    const WHOLE: [&str; 3] = ["partitions", "nodes", "unfinished"];
    let mut words = path.split('.');
    let extreme = words.next_back().is_none_or(|last| EXTREMES.contains(&last));
    // `queues.signups.partitions.splits`, but not `queues.signups.levels.partitions.mean`.
    let whole = words.nth(2).is_some_and(|part| WHOLE.contains(&part));
    !extreme && !whole
}

/// Adds a number to the values of its path. Outcomes of one scenario share the order of their
/// paths, so the place after the last one is nearly always right.
fn insert(paths: &mut Vec<(String, Vec<f64>)>, at: &mut usize, path: &str, number: f64) {
    let known = match paths.get(*at) {
        Some((expected, _)) if expected == path => Some(*at),
        _ => paths.iter().position(|(known, _)| known == path),
    };
    if let Some(known) = known {
        paths[known].1.push(number);
        *at = known + 1;
    } else {
        paths.insert((*at).min(paths.len()), (path.to_owned(), vec![number]));
        *at += 1;
    }
}

/// Tells `each` the path and value of every number below `value`. Lists and what was measured on
/// no message are left out.
fn flatten(path: &str, value: &Value, each: &mut impl FnMut(&str, f64)) {
    if let Some(number) = value.as_f64() {
        each(path, number);
        return;
    }
    let Some(map) = value.as_object() else { return };
    let empty = map.get("count").is_some_and(|count| count.as_u64() == Some(0));
    for (key, value) in map {
        if NOT_MEASURES.contains(&key.as_str()) || (empty && key != "count") {
            continue;
        }
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        flatten(&path, value, each);
    }
}

impl EstimatedMeasure {
    /// The estimate from one value a replication.
    pub fn of(values: &[f64]) -> EstimatedMeasure {
        let summary = Summary::of(values);
        EstimatedMeasure { mean: summary.mean, ci95: summary.interval(), n: summary.n }
    }
}

impl EstimatedExpectation {
    /// Every expectation of the scenario, judged on all replications, or on the whole run.
    pub fn all(sample: Sample<'_>) -> Vec<EstimatedExpectation> {
        let count = sample.first().map_or(0, |outcome| outcome.expect.len());
        (0..count).map(|at| EstimatedExpectation::of_sample(sample, at)).collect()
    }

    fn of_sample(sample: Sample<'_>, at: usize) -> EstimatedExpectation {
        let of = |outcomes: &'_ [Outcome]| -> Vec<ExpectOutcome> {
            outcomes.iter().filter_map(|outcome| outcome.expect.get(at).cloned()).collect()
        };
        EstimatedExpectation::judged(&of(&sample), sample.batches().map(of).as_deref())
    }

    /// One expectation, judged on its verdicts in all replications.
    pub fn of(each: &[ExpectOutcome]) -> EstimatedExpectation {
        EstimatedExpectation::judged(each, None)
    }

    fn judged(each: &[ExpectOutcome], parts: Option<&[ExpectOutcome]>) -> EstimatedExpectation {
        let text = each.first().map_or_else(String::new, |expect| expect.text.clone());
        let all = |side: Side| {
            let sides = |of: &[ExpectOutcome]| of.iter().map(side).collect::<Option<Vec<f64>>>();
            Sample::of_numbers(&sides(each)?, parts.map(|parts| sides(parts).unwrap_or_default()))
        };
        let (value, limit) = (all(|expect| expect.value), all(|expect| expect.limit));
        let comparison = expect::parse(&text).ok().map(|expectation| expectation.comparison());
        let holds = match (comparison, value, limit) {
            (Some(comparison), Some(value), Some(limit)) => {
                comparison.holds(value.mean, limit.mean)
            }
            _ => false,
        };
        let margin = all(|expect| Some(expect.value? - expect.limit?));
        let ordered = comparison.is_some_and(is_ordered);
        let size = parts.map_or(each.len(), <[ExpectOutcome]>::len) as u64;
        EstimatedExpectation {
            text,
            holds,
            value: value.map(|value| value.mean),
            ci95: value
                .and_then(|value| value.half.map(|half| [value.mean - half, value.mean + half])),
            limit: limit.map(|limit| limit.mean),
            held_in: each.iter().filter(|expect| expect.holds).count() as u64,
            note: each.iter().find_map(|expect| expect.note.clone()),
            undecided: margin.filter(|_| ordered).and_then(|margin| undecided(margin, size)),
        }
    }
}

/// One side of an expectation in one run.
type Side = fn(&ExpectOutcome) -> Option<f64>;

/// Whether a mean on one side of the limit may be on the other: one dead letter in ten runs is
/// enough against `dead_lettered == 0`, whatever its interval.
fn is_ordered(comparison: Comparison) -> bool {
    match comparison {
        Comparison::Less
        | Comparison::LessOrEqual
        | Comparison::Greater
        | Comparison::GreaterOrEqual => true,
        Comparison::Equal | Comparison::NotEqual => false,
    }
}

/// Whether the interval of `margin`, the value less the limit, has both signs, over `size`
/// replications or parts.
fn undecided(margin: Estimated, size: u64) -> Option<Undecided> {
    let (half, away) = (margin.half?, margin.mean.abs());
    if half <= away {
        return None;
    }
    let error = half / student::quantile(size - 1, 0.95);
    let variance = error * error * size as f64;
    let seen = Summary { n: size, mean: margin.mean, variance };
    Some(Undecided { needs: seen.replications_for(away, 0.95) })
}

/// What limited most replications (of two as frequent, the one seen first): the sentence of the
/// first replication that says so.
pub fn commonest_bottleneck(outcomes: &[Outcome]) -> String {
    let name = |outcome: &Outcome| {
        outcome.bottleneck.split_once(':').map_or_else(String::new, |(name, _)| name.to_owned())
    };
    let count = |wanted: &str| outcomes.iter().filter(|outcome| name(outcome) == wanted).count();
    let commonest = outcomes
        .iter()
        .reduce(|best, next| if count(&name(next)) > count(&name(best)) { next } else { best });
    commonest.map_or_else(String::new, |outcome| outcome.bottleneck.clone())
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
