//! Two systems under the same chance: is the second better?
//!
//! Owns the pairing: replication n of both has the same seed and streams, so the same messages
//! with the same work meet both. Must not know arguments or files.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::{Deserialize, Serialize};

use super::fates::first_fate;
use super::fraction::Fraction;
use super::kept::few_enough_rows;
use super::point::{Base, Point};
use super::quantities;
use super::range;
use super::row::RunRow;
use super::runs::{Job, Runner, growing, unstable};
use crate::model::clients::ProducerConfig;
use crate::model::scenario::{Named, Scenario};
use crate::observe::nature::Wanted;
use crate::outcome::{
    COMPARE_FORMAT, CompareOutcome, ComparedMeasure, ComparedSystem, EstimatedMeasure,
    combined_hash,
};
use crate::scenario::fault::Faults;
use crate::scenario::load::Text;
use crate::scenario::shared::SharedData;
use crate::stats::expect::{Names, Quantity, Told};
use crate::stats::paired::{Judgement, Paired};
use crate::stats::pool::Runs;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Compare", deny_unknown_fields)]
pub struct CompareAsked {
    /// The question; may be empty.
    pub about: String,
    /// The scenario's file of the first system.
    pub model: String,
    /// That of the second, if it is another one.
    pub other: Option<String>,
    /// Changes of both: `PATH=VALUE`.
    pub set: Vec<String>,
    /// Changes of the first alone.
    pub a: Vec<String>,
    /// Changes of the second alone.
    pub b: Vec<String>,
    /// Expressions of the expectation language; the usual ones for none.
    pub measures: Vec<String>,
    /// Pairs of runs.
    #[serde(deserialize_with = "range::replications")]
    pub reps: u64,
    /// The share of a's mean that counts as no difference.
    pub tolerance: Option<Fraction>,
    /// The seed of both, if it is not the first scenario's.
    pub seed: Option<u64>,
}

/// A comparison that may run.
#[derive(Clone, Debug)]
pub struct Compare {
    asked: CompareAsked,
    points: [Point; 2],
    quantities: Vec<Quantity>,
}

impl Compare {
    /// Checks both systems before anything runs; the warnings of both.
    ///
    /// # Errors
    /// All faults found.
    pub fn prepare(asked: CompareAsked, texts: [&Text; 2]) -> Result<(Compare, Faults), Faults> {
        let (mut faults, mut warnings) = (Faults::default(), Faults::default());
        let mut seed = asked.seed;
        let mut points = Vec::new();
        let data = SharedData::default();
        let systems = [("a", "--a", &asked.a), ("b", "--b", &asked.b)];
        for (text, (name, option, own)) in texts.into_iter().zip(systems) {
            let sets = &asked.set[..];
            let base = Base { text, sets, option, expect: None, seed, threads: 1, data: &data };
            match base.point(own.clone()) {
                Ok((point, own)) => {
                    // Both have the first one's seed: no pairs without it.
                    seed = Some(point.scenario.seed);
                    points.push(Point { name: name.to_owned(), ..point });
                    warnings.absorb(own);
                }
                Err(own) => faults.absorb(own),
            }
        }
        let Ok(points) = <[Point; 2]>::try_from(points) else { return Err(faults) };
        let mut read = |point: &Point| {
            let names = Names::of(&point.scenario);
            let read = quantities::read("--measure", &asked.measures, &names);
            read.map_err(|own| faults.absorb(own)).unwrap_or_default()
        };
        let [first, second] = points.each_ref().map(&mut read);
        if !faults.is_empty() {
            return Err(faults);
        }
        let both = |quantity: &Quantity| second.iter().any(|own| own.text() == quantity.text());
        let quantities: Vec<Quantity> = first.into_iter().filter(both).collect();
        few_enough_rows(&points, asked.reps, &quantities)?;
        Ok((Compare { asked, points, quantities }, warnings))
    }

    /// What was asked.
    pub fn asked(&self) -> &CompareAsked {
        &self.asked
    }

    fn tolerance(&self) -> Option<f64> {
        self.asked.tolerance.map(|Fraction(share)| share)
    }

    /// Both systems.
    pub fn points(&self) -> &[Point; 2] {
        &self.points
    }

    /// What is compared.
    pub fn quantities(&self) -> &[Quantity] {
        &self.quantities
    }

    /// Every run: those of the first system, then those of the second.
    pub fn jobs(&self) -> Vec<Job<'_>> {
        let of = |point| (0..self.asked.reps).map(move |replication| Job { point, replication });
        self.points.iter().flat_map(of).collect()
    }

    /// Does all runs; `None` after an interrupt.
    pub fn run(&self, runner: &Runner<'_>) -> Option<CompareOutcome> {
        let rows = runner.rows(&self.jobs())?;
        self.outcome(&rows, runner.interrupt)
    }

    /// The document of the rows of [`Compare::jobs`]; `None` after an interrupt.
    pub fn outcome(&self, rows: &[RunRow], interrupt: &AtomicBool) -> Option<CompareOutcome> {
        let (a, b) = rows.split_at(rows.len() / 2);
        let system = |point: &Point, rows: &[RunRow]| ComparedSystem {
            scenario: point.scenario.name.clone(),
            set: self.asked.set.iter().chain(&point.sets).cloned().collect(),
            unstable: unstable(rows),
            fingerprint: combined_hash(rows.iter().map(|row| row.fingerprint)),
        };
        let systems = [system(&self.points[0], a), system(&self.points[1], b)];
        let settles = |quantity: &Quantity| {
            let mut both = self.points.iter().zip(&systems);
            both.all(|(point, of)| growing(quantity, &point.scenario, &of.unstable).is_none())
        };
        let (measures, not_compared): (Vec<_>, Vec<_>) =
            self.quantities.iter().enumerate().partition(|(_, quantity)| settles(quantity));
        // Rows of one fingerprint tell the same facts: nothing can differ.
        let [first, second] = [a, b].map(|rows| rows.first().map(|row| row.fingerprint));
        let same = first == second;
        let scenarios = self.points.each_ref().map(|point| &point.scenario);
        let first_fate = if same { None } else { first_fate(scenarios, interrupt) };
        if interrupt.load(Ordering::Relaxed) {
            return None;
        }
        let [of_a, of_b] = systems;
        Some(CompareOutcome {
            format: COMPARE_FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            about: self.asked.about.clone(),
            seed: self.points[0].scenario.seed,
            replications: self.asked.reps,
            tolerance: self.tolerance(),
            a: of_a,
            b: of_b,
            measures: measures
                .into_iter()
                .map(|(at, quantity)| self.measure(quantity, at, a, b))
                .collect(),
            not_compared: not_compared.iter().map(|(_, of)| of.text().to_owned()).collect(),
            first_fate,
            partial: rows.iter().find_map(|row| row.partial.clone()),
        })
    }

    /// Which values of a measure one wants of the second system, against the first.
    fn wanted(&self, quantity: &Quantity) -> Wanted {
        let [a, b] = self.points.each_ref().map(|point| &point.scenario);
        let traffic = |of: &'_ Scenario| {
            let arrivals = |producer: &Named<ProducerConfig>| {
                (producer.config.queue, producer.config.arrivals.clone())
            };
            of.producers.iter().map(arrivals).collect::<Vec<_>>()
        };
        let same_time = (a.warm_up, a.duration) == (b.warm_up, b.duration);
        quantity.wanted_against(traffic(a) == traffic(b), same_time)
    }

    /// One measure. A pair of which one side tells nothing does not count.
    fn measure(
        &self,
        quantity: &Quantity,
        at: usize,
        a: &[RunRow],
        b: &[RunRow],
    ) -> ComparedMeasure {
        let both = a.iter().zip(b).map(|(a, b)| (&a.told[at], &b.told[at]));
        let pairs = both.filter(|(a, b)| a.is_whole() && b.is_whole());
        // The same facts on both sides differ in nothing, however few they are.
        let same = a.iter().zip(b).all(|(a, b)| a.fingerprint == b.fingerprint);
        let (a, b): (Vec<&Told>, Vec<&Told>) = pairs.unzip();
        let over = |told: &[&Told]| quantity.over(told, Runs::Replications);
        let (text, unit) = (quantity.text().to_owned(), quantity.unit().name().to_owned());
        let (Ok((a, n)), Ok((b, _))) = (over(&a), over(&b)) else {
            return ComparedMeasure {
                text,
                unit,
                a: EstimatedMeasure::NONE,
                b: EstimatedMeasure::NONE,
                difference: EstimatedMeasure::NONE,
                unpaired_ci95: None,
                variance_removed: None,
                verdict: Judgement::NotDetected.words().to_owned(),
            };
        };
        let (paired, difference) = (Paired::between(&a, &b), b.less(&a));
        let unpaired = paired.unpaired_half_width().filter(|_| difference.is_backed());
        let mean = difference.value;
        let verdict = match difference.cautious_half_width_at(0.95) {
            _ if difference.is_backed() => paired.verdict(self.wanted(quantity), self.tolerance()),
            Some(half) if half < mean.abs() => paired.verdict(self.wanted(quantity), None),
            _ if same => Judgement::NotDetected,
            _ => Judgement::Open,
        };
        ComparedMeasure {
            text,
            unit,
            a: EstimatedMeasure::sampled(&a, n),
            b: EstimatedMeasure::sampled(&b, n),
            difference: EstimatedMeasure::sampled(&difference, n),
            unpaired_ci95: unpaired.map(|half| [mean - half, mean + half]),
            variance_removed: paired.variance_removed(),
            verdict: verdict.words().to_owned(),
        }
    }
}
