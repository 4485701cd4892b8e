//! One question at many points: how a measure changes with a setting.
//!
//! Owns the way from what is asked to a table of estimates. Must not know arguments or files.
//!
//! Replication n of every point has the same seed and the same streams: common random numbers, so
//! that neighbours differ by what was varied and not by luck.

use serde::{Deserialize, Serialize};

use super::kept::few_enough_rows;
use super::knob::Knob;
use super::point::{Base, Point};
use super::quantities;
use super::range;
use super::row::RunRow;
use super::runs::{Job, Runner, growing, unstable};
use crate::outcome::{
    EstimatedExpectation, EstimatedMeasure, SWEEP_FORMAT, SweepKnob, SweepMeasure, SweepOutcome,
    SweepPoint, combined_hash,
};
use crate::scenario::fault::{Fault, Faults};
use crate::scenario::load::Text;
use crate::scenario::shared::SharedData;
use crate::stats::expect::{Names, Quantity, Told};
use crate::stats::pool::Runs;
use crate::stats::predict::predict;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename = "Sweep", deny_unknown_fields)]
pub struct SweepAsked {
    /// The question; may be empty.
    pub about: String,
    /// The scenario's file.
    pub model: String,
    /// Changes that all points share: `PATH=VALUE`.
    pub set: Vec<String>,
    /// Settings with their values: `PATH=VALUES`.
    pub vary: Vec<String>,
    /// Expressions of the expectation language; the usual ones for none.
    pub measures: Vec<String>,
    /// Replications at each point.
    #[serde(deserialize_with = "range::replications")]
    pub reps: u64,
    /// The seed, if it is not the scenario's.
    pub seed: Option<u64>,
}

/// A sweep that may run.
#[derive(Clone, Debug)]
pub struct Sweep {
    asked: SweepAsked,
    knobs: Vec<Knob>,
    points: Vec<Point>,
    quantities: Vec<Quantity>,
}

impl Sweep {
    /// Checks every point before anything runs; the warnings of all of them.
    ///
    /// # Errors
    /// All faults found.
    pub fn prepare(
        asked: SweepAsked,
        text: &Text,
        threads: usize,
    ) -> Result<(Sweep, Faults), Faults> {
        let mut faults = Faults::default();
        let mut knobs = Vec::new();
        for knob in &asked.vary {
            match Knob::parse("--vary", knob, &mut faults) {
                Ok(knob) => knobs.push(knob),
                Err(fault) => faults.push(fault),
            }
        }
        if asked.vary.is_empty() {
            let help = "such as `--vary consumers.workers.count=4..64:4`";
            faults.push(Fault::new("a sweep varies at least one setting").help(help));
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let data = SharedData::default();
        let base = Base {
            text,
            sets: &asked.set,
            option: "--vary",
            expect: None,
            seed: asked.seed,
            threads,
            data: &data,
        };
        base.few_enough(&knobs, asked.reps)?;
        let (points, warnings) = base.grid(&knobs)?;
        let names = Names::of(&points[0].scenario);
        let quantities = quantities::read("--measure", &asked.measures, &names)?;
        few_enough_rows(&points, asked.reps, &quantities)?;
        Ok((Sweep { asked, knobs, points, quantities }, warnings))
    }

    /// What was asked.
    pub fn asked(&self) -> &SweepAsked {
        &self.asked
    }

    /// All points, in the order of the grid.
    pub fn points(&self) -> &[Point] {
        &self.points
    }

    /// What is measured.
    pub fn quantities(&self) -> &[Quantity] {
        &self.quantities
    }

    /// Every run, point by point.
    pub fn jobs(&self) -> Vec<Job<'_>> {
        let of = |point| (0..self.asked.reps).map(move |replication| Job { point, replication });
        self.points.iter().flat_map(of).collect()
    }

    /// Does all runs; `None` after an interrupt.
    pub fn run(&self, runner: &Runner<'_>) -> Option<SweepOutcome> {
        runner.rows(&self.jobs()).map(|rows| self.outcome(&rows))
    }

    /// The document of the rows of [`Sweep::jobs`].
    pub fn outcome(&self, rows: &[RunRow]) -> SweepOutcome {
        let replications = rows.chunks(self.asked.reps.max(1) as usize);
        let points: Vec<SweepPoint> = self
            .points
            .iter()
            .zip(replications)
            .map(|(point, rows)| self.at(point, rows))
            .collect();
        let scenario = &self.points[0].scenario;
        let knob = |knob: &Knob| SweepKnob { path: knob.path.clone(), values: knob.values.clone() };
        let measure = |quantity: &Quantity| SweepMeasure {
            text: quantity.text().to_owned(),
            unit: quantity.unit().name().to_owned(),
        };
        SweepOutcome {
            format: SWEEP_FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            scenario: scenario.name.clone(),
            about: self.asked.about.clone(),
            seed: scenario.seed,
            replications: self.asked.reps,
            set: self.asked.set.clone(),
            vary: self.knobs.iter().map(knob).collect(),
            measures: self.quantities.iter().map(measure).collect(),
            first_that_holds: points.iter().position(SweepPoint::holds).map(|at| at as u64),
            points,
        }
    }

    fn at(&self, point: &Point, rows: &[RunRow]) -> SweepPoint {
        let unstable = unstable(rows);
        let settles = |quantity: &Quantity| growing(quantity, &point.scenario, &unstable).is_none();
        let estimate = |(at, quantity): (usize, &Quantity)| {
            let told: Vec<&Told> = rows.iter().map(|row| &row.told[at]).collect();
            let over = quantity.over(&told, Runs::Replications);
            let of =
                over.map_or(EstimatedMeasure::NONE, |(of, n)| EstimatedMeasure::sampled(&of, n));
            (quantity.text().to_owned(), of)
        };
        let measures = self.quantities.iter().enumerate().filter(|(_, of)| settles(of));
        let expectation = |at: usize| {
            let told: Vec<Told> =
                rows.iter().filter_map(|row| row.expect_told.get(at).cloned()).collect();
            let each = rows.iter().filter_map(|row| row.expect.get(at));
            EstimatedExpectation::of(each, &told)
        };
        let expectations = rows.first().map_or(0, |row| row.expect.len());
        let theory = |quantity: &'_ Quantity| predict(&point.scenario, quantity);
        // What was varied stands behind the `=` of each change.
        let set = |set: &String| set.split_once('=').map_or("", |(_, value)| value).to_owned();
        let told_by_theory =
            |quantity: &Quantity| Some((quantity.text().to_owned(), theory(quantity)?));
        SweepPoint {
            at: point.sets.iter().map(set).collect(),
            measures: measures.map(estimate).collect(),
            theory: self.quantities.iter().filter_map(told_by_theory).collect(),
            unstable: unstable.clone(),
            expect: (0..expectations).map(expectation).collect(),
            partial: rows.iter().find_map(|row| row.partial.clone()),
            fingerprint: combined_hash(rows.iter().map(|row| row.fingerprint)),
        }
    }
}
