//! What a plan may answer.
//!
//! Owns the values of the settings looked for, and the points made of them. Must not know which
//! are tried.

use super::super::knob::Knob;
use super::super::point::{Base, Point};
use crate::outcome::SweepKnob;
use crate::scenario::fault::Faults;
use crate::scenario::warnings::Warning;

/// Largest whole number that is tried where no values are given.
const LARGEST: usize = 1 << 20;

/// The candidates, in the order of preference.
#[derive(Clone, Debug)]
pub(super) enum Candidates {
    /// Every combination of the knobs' values.
    Listed(Vec<Knob>, Vec<Point>),
    /// The whole numbers from 1 on, of the setting at this path: so many.
    Whole(String, usize),
}

impl Candidates {
    /// Reads what is looked for; every point that is known is checked.
    ///
    /// # Errors
    /// All faults found.
    pub(super) fn read(find: &[String], base: Base<'_>) -> Result<(Candidates, Faults), Faults> {
        if let [path] = find
            && !path.contains('=')
        {
            let (_, mut warnings) = base.point(vec![format!("{path}=1")])?;
            // One is the least; where it is enough is what is asked.
            warnings.retain(|fault| !fault.warning.is_some_and(Warning::is_of_degree));
            return Ok((Candidates::Whole(path.clone(), numbers(path, base)), warnings));
        }
        let mut faults = Faults::default();
        let mut knobs = Vec::new();
        for text in find {
            match Knob::parse("--find", text, &mut faults) {
                Ok(knob) => knobs.push(knob),
                Err(fault) => faults.push(fault),
            }
        }
        if !faults.is_empty() {
            return Err(faults);
        }
        let (points, warnings) = base.grid(&knobs)?;
        Ok((Candidates::Listed(knobs, points), warnings))
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        match self {
            Candidates::Listed(_, points) => points.len(),
            Candidates::Whole(_, numbers) => *numbers,
        }
    }

    /// The point at a place.
    ///
    /// # Errors
    /// The setting does not take this whole number.
    pub(super) fn point(&self, place: usize, base: Base<'_>) -> Result<Point, Faults> {
        match self {
            Candidates::Listed(_, points) => Ok(points[place].clone()),
            Candidates::Whole(path, _) => {
                base.point(vec![format!("{path}={}", place + 1)]).map(|(point, _)| point)
            }
        }
    }

    /// Whether they are values of one setting that grow from each to the next.
    pub(super) fn ascend(&self) -> bool {
        match self {
            Candidates::Listed(knobs, _) => matches!(knobs.as_slice(), [knob] if knob.ascends()),
            Candidates::Whole(..) => true,
        }
    }

    /// The path, if one setting is looked for.
    pub(super) fn path(&self) -> Option<&str> {
        match self {
            Candidates::Listed(knobs, _) => match knobs.as_slice() {
                [knob] => Some(&knob.path),
                _ => None,
            },
            Candidates::Whole(path, _) => Some(path),
        }
    }

    /// One that may run: that of the first place.
    ///
    /// # Errors
    /// As [`Candidates::point`].
    pub(super) fn first(&self, base: Base<'_>) -> Result<Point, Faults> {
        self.point(0, base)
    }

    /// As the document tells them.
    pub(super) fn told(&self) -> Vec<SweepKnob> {
        match self {
            Candidates::Listed(knobs, _) => knobs
                .iter()
                .map(|knob| SweepKnob { path: knob.path.clone(), values: knob.values.clone() })
                .collect(),
            Candidates::Whole(path, _) => {
                vec![SweepKnob { path: path.clone(), values: Vec::new() }]
            }
        }
    }
}

/// How many whole numbers from 1 on the setting takes, which takes 1: all up to its largest.
fn numbers(path: &str, base: Base<'_>) -> usize {
    let fits = |number: usize| base.point(vec![format!("{path}={number}")]).is_ok();
    if fits(LARGEST) {
        return LARGEST;
    }
    let (mut taken, mut refused) = (1, LARGEST);
    while refused - taken > 1 {
        let middle = usize::midpoint(taken, refused);
        if fits(middle) { taken = middle } else { refused = middle }
    }
    taken
}
