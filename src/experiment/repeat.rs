//! One scenario again and again: its measures with intervals.
//!
//! Owns the way from what is asked to an estimate. Must not know arguments or files; how
//! replications are made and when they are precise enough is [`super::replicate`]'s and
//! [`super::precision`]'s.

use std::sync::atomic::AtomicBool;

use serde::{Deserialize, Serialize};

use super::fraction::Fraction;
use super::kept;
use super::point::Point;
use super::precision::{Known, Reached, Target, replicate_until};
use super::quantities;
use super::range;
use super::replicate::{ReplicationPlan, Replications, replicate};
use crate::engine::world::Ended;
use crate::outcome::Estimate;
use crate::scenario::fault::Faults;
use crate::scenario::load::Text;
use crate::stats::expect::{Names, Quantity};

/// Probability with which an interval covers the truth.
const CONFIDENCE: f64 = 0.95;

/// What is asked.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename = "Replicate", deny_unknown_fields)]
pub struct RepeatAsked {
    /// The question; may be empty.
    pub about: String,
    /// The scenario's file.
    pub model: String,
    /// Changes: `PATH=VALUE`.
    pub set: Vec<String>,
    /// What is to be known with the precision.
    pub measures: Vec<String>,
    /// Half the width of an interval as a share of its mean; `None` for `reps` replications.
    #[serde(deserialize_with = "range::precision")]
    pub precision: Option<Fraction>,
    /// Replications, without a precision.
    #[serde(deserialize_with = "range::replications")]
    pub reps: u64,
    /// Most replications, with one.
    #[serde(deserialize_with = "range::spread")]
    pub max_reps: u64,
    /// The seed, if it is not the scenario's.
    pub seed: Option<u64>,
}

/// Replications that may run.
#[derive(Clone, Debug)]
pub struct Repeat {
    asked: RepeatAsked,
    point: Point,
    quantities: Vec<Quantity>,
}

impl Repeat {
    /// Checks what was asked; the warnings.
    ///
    /// # Errors
    /// All faults found.
    pub fn prepare(asked: RepeatAsked, text: &Text) -> Result<(Repeat, Faults), Faults> {
        let (point, warnings) = Point::alone(text, &asked.set, asked.seed)?;
        if asked.precision.is_none() {
            kept::few_enough(&point.scenario, asked.reps)?;
        }
        let names = Names::of(&point.scenario);
        let quantities = quantities::read("measures", &asked.measures, &names)?;
        Ok((Repeat { asked, point, quantities }, warnings))
    }

    /// What was asked.
    pub fn asked(&self) -> &RepeatAsked {
        &self.asked
    }

    /// The scenario.
    pub fn point(&self) -> &Point {
        &self.point
    }

    /// Does all runs, and says how precisely the measures are known if that was asked for; `None`
    /// after an interrupt.
    pub fn run(
        &self,
        threads: usize,
        interrupt: &AtomicBool,
    ) -> Option<(Replications, Vec<Known>)> {
        let scenario = &self.point.scenario;
        let replications =
            if self.asked.precision.is_some() { self.asked.max_reps } else { self.asked.reps };
        let plan = ReplicationPlan {
            replications: replications.max(1),
            threads,
            interrupt,
            progress: None,
        };
        let (runs, known) = match self.asked.precision {
            None => (replicate(scenario, plan), Vec::new()),
            Some(Fraction(precision)) => {
                let target = Target { of: &self.quantities, precision, confidence: CONFIDENCE };
                let Reached { runs, known } = replicate_until(scenario, target, plan);
                (runs, known)
            }
        };
        (runs.ended != Ended::Interrupted).then_some((runs, known))
    }

    /// The document.
    ///
    /// # Errors
    /// Never for runs of this crate.
    pub fn outcome(&self, runs: &Replications) -> Result<Estimate, serde_json::Error> {
        Estimate::of(&runs.outcomes)
    }
}
