//! The points of an experiment: one scenario under different settings.
//!
//! Owns the grid and its checking: every point is loaded before anything runs. Must not know what
//! is done at a point.

use std::collections::BTreeMap;

use super::in_order::in_order;
use super::knob::Knob;
use super::range::MOST_RUNS;
use crate::model::scenario::Scenario;
use crate::scenario::Loaded;
use crate::scenario::fault::{Fault, Faults};
use crate::scenario::load::Text;
use crate::scenario::shared::SharedData;
use crate::scenario::warnings::Warning;

/// Most points of one experiment.
const MOST_POINTS: usize = 100_000;

/// One scenario with some settings changed.
#[derive(Clone, Debug, PartialEq)]
pub struct Point {
    /// What tells it from the other points of its experiment.
    pub name: String,
    /// Its own changes, in order: `PATH=VALUE`.
    pub sets: Vec<String>,
    /// As it is to run.
    pub scenario: Scenario,
}

impl Point {
    /// The only point of an experiment: the scenario with these changes, and its warnings.
    ///
    /// # Errors
    /// All faults found.
    pub fn alone(
        text: &Text,
        sets: &[String],
        seed: Option<u64>,
    ) -> Result<(Point, Faults), Faults> {
        let data = SharedData::default();
        let option = "--set";
        Base { text, sets, option, expect: None, seed, threads: 1, data: &data }.point(Vec::new())
    }
}

/// What every point of an experiment shares.
#[derive(Clone, Copy, Debug)]
pub struct Base<'a> {
    /// The scenario's text.
    pub text: &'a Text,
    /// Changes that all points share.
    pub sets: &'a [String],
    /// The option that the points' own changes were written for, such as `--vary`.
    pub option: &'a str,
    /// Expectations in the place of the scenario's.
    pub expect: Option<&'a [String]>,
    /// The seed, if it is not the scenario's.
    pub seed: Option<u64>,
    /// Load on so many threads.
    pub threads: usize,
    /// What the points have read from data files, each once for all of them.
    pub data: &'a SharedData,
}

impl Base<'_> {
    /// Refuses more runs than anybody waits for, before a point is loaded.
    ///
    /// # Errors
    /// Replications of all points are too many.
    pub fn few_enough(&self, knobs: &[Knob], reps: u64) -> Result<(), Faults> {
        let sizes = knobs.iter().map(|knob| knob.values.len() as u64);
        let points = sizes.fold(1_u64, u64::saturating_mul);
        if points.saturating_mul(reps) <= MOST_RUNS {
            return Ok(());
        }
        let what = format!("{points} points x {reps} replications are more than {MOST_RUNS} runs");
        Err(Faults::of(Fault::new(what).help("try fewer points, or less `reps`")))
    }

    /// The point with these changes after the shared ones, which are its name.
    ///
    /// # Errors
    /// All faults found.
    pub fn point(&self, own: Vec<String>) -> Result<(Point, Faults), Faults> {
        let all: Vec<String> = self.sets.iter().chain(&own).cloned().collect();
        let loaded = self.text.load_with(&all, self.data);
        let Loaded { mut scenario, mut warnings } = loaded.map_err(|mut faults| {
            faults.written_for(self.option, &own);
            faults
        })?;
        warnings.written_for(self.option, &own);
        scenario.seed = self.seed.unwrap_or(scenario.seed);
        if let Some(expect) = self.expect {
            scenario.expect = expect.to_vec();
        }
        Ok((Point { name: own.join(" "), sets: own, scenario }, warnings))
    }

    /// All combinations of the knobs' values, the last knob changing fastest, and the warnings of
    /// all of them.
    ///
    /// # Errors
    /// All faults of all points, each once.
    pub fn grid(&self, knobs: &[Knob]) -> Result<(Vec<Point>, Faults), Faults> {
        let sizes = knobs.iter().map(|knob| knob.values.len());
        let count = sizes.fold(1_usize, usize::saturating_mul);
        if count > MOST_POINTS {
            let sizes: Vec<String> =
                knobs.iter().map(|knob| knob.values.len().to_string()).collect();
            let what = format!("{} values are more than {MOST_POINTS} points", sizes.join(" x "));
            return Err(Faults::of(
                Fault::new(what).help("vary fewer settings, or in larger steps"),
            ));
        }
        if let Some(twice) = repeated(knobs) {
            let what = format!("`{twice}` is varied twice");
            return Err(Faults::of(Fault::new(what).help("name all of its values at once")));
        }
        let loaded = in_order(count as u64, self.threads, |number| {
            self.point(combination(knobs, number as usize))
        });
        let (mut points, mut warnings, mut faults) = (Vec::new(), Vec::new(), Faults::default());
        for one in loaded {
            match one {
                Ok((point, own)) => {
                    points.push(point);
                    warnings.push(own);
                }
                Err(own) => faults.absorb(own),
            }
        }
        if faults.is_empty() { Ok((points, shared(warnings))) } else { Err(faults) }
    }
}

/// The warnings of all points. Where a value of a setting decides, some points have one and others
/// not: that is what was asked, and only what all have is told.
fn shared(of_points: Vec<Faults>) -> Faults {
    let mut times: BTreeMap<(Option<Warning>, String), usize> = BTreeMap::new();
    for fault in of_points.iter().flat_map(Faults::iter) {
        *times.entry((fault.warning, fault.path.clone())).or_default() += 1;
    }
    let points = of_points.len();
    let mut all = Faults::default();
    for mut own in of_points {
        own.retain(|fault| {
            let of_degree = fault.warning.is_some_and(Warning::is_of_degree);
            !of_degree || times.get(&(fault.warning, fault.path.clone())) == Some(&points)
        });
        all.absorb(own);
    }
    all
}

fn repeated(knobs: &[Knob]) -> Option<&str> {
    let twice = |(at, knob): (usize, &'_ Knob)| knobs[..at].iter().any(|k| k.path == knob.path);
    let at = (0..knobs.len()).find(|&at| twice((at, &knobs[at])))?;
    Some(&knobs[at].path)
}

/// The changes of combination `number`.
fn combination(knobs: &[Knob], mut number: usize) -> Vec<String> {
    let mut sets: Vec<String> = knobs
        .iter()
        .rev()
        .map(|knob| {
            let place = number % knob.values.len();
            number /= knob.values.len();
            knob.set(place)
        })
        .collect();
    sets.reverse();
    sets
}
