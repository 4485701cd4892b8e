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

/// What the least number of a setting may be: none of something, one, or the two of AWS's least
/// `max_concurrency`.
const LEAST: [usize; 3] = [0, 1, 2];

/// Whole numbers of a setting, one after the other.
#[derive(Clone, Debug)]
pub(super) struct Numbers {
    path: String,
    /// The first.
    least: usize,
    /// How many there are.
    count: usize,
}

/// The candidates, in the order of preference.
#[derive(Clone, Debug)]
pub(super) enum Candidates {
    /// Every combination of the knobs' values.
    Listed(Vec<Knob>, Vec<Point>),
    /// The whole numbers that the setting takes.
    Whole(Numbers),
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
            let (numbers, mut warnings) = Numbers::of(path, base)?;
            // Where the least is enough is what is asked.
            warnings.retain(|fault| !fault.warning.is_some_and(Warning::is_of_degree));
            return Ok((Candidates::Whole(numbers), warnings));
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
            Candidates::Whole(numbers) => numbers.count,
        }
    }

    /// The point at a place.
    ///
    /// # Errors
    /// The setting does not take this whole number.
    pub(super) fn point(&self, place: usize, base: Base<'_>) -> Result<Point, Faults> {
        match self {
            Candidates::Listed(_, points) => Ok(points[place].clone()),
            Candidates::Whole(numbers) => numbers.point(place, base).map(|(point, _)| point),
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
            Candidates::Whole(numbers) => Some(&numbers.path),
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
            Candidates::Whole(numbers) => {
                vec![SweepKnob { path: numbers.path.clone(), values: Vec::new() }]
            }
        }
    }
}

impl Numbers {
    /// All from the least that the setting takes, of [`LEAST`], up to its largest, and the warnings
    /// of the least.
    ///
    /// # Errors
    /// What is wrong with 1, where the setting takes none of them.
    fn of(path: &str, base: Base<'_>) -> Result<(Numbers, Faults), Faults> {
        let mut numbers = Numbers { path: path.to_owned(), least: 1, count: 1 };
        let mut refused = None;
        for least in LEAST {
            numbers.least = least;
            match numbers.point(0, base) {
                Ok((_, warnings)) => {
                    numbers.count = numbers.taken(base);
                    return Ok((numbers, warnings));
                }
                Err(faults) if least == 1 => refused = Some(faults),
                Err(_) => {}
            }
        }
        Err(refused.unwrap_or_default())
    }

    /// How many the setting takes, one after the other.
    fn taken(&self, base: Base<'_>) -> usize {
        let fits = |place: usize| self.point(place, base).is_ok();
        let largest = LARGEST - self.least;
        if fits(largest) {
            return largest + 1;
        }
        let (mut taken, mut refused) = (0, largest);
        while refused - taken > 1 {
            let middle = usize::midpoint(taken, refused);
            if fits(middle) { taken = middle } else { refused = middle }
        }
        taken + 1
    }

    /// The point of the number at a place, and its warnings.
    fn point(&self, place: usize, base: Base<'_>) -> Result<(Point, Faults), Faults> {
        base.point(vec![format!("{}={}", self.path, self.least + place)])
    }
}
