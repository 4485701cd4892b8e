//! When larger values will not do.
//!
//! Owns the grounds on which a search for a large enough value gives up. Must not know which
//! values come next, nor how a ground is worded.
//!
//! The values of a search grow by doubling. It gives up where a larger value surely changes
//! nothing ([`super::alike`]), where the last doublings moved a target too little, and where the
//! runs reach a limit that smaller values did not.

use std::cmp::Ordering;

use super::Search;
use super::alike::{alike, nothing_waits, waiting};
use super::trial::{Trial, Tried};
use crate::stats::paired::Paired;

/// Each doubling gains less than this share of the one before where gains are said to run out.
const RUNS_OUT: f64 = 0.9;
/// The share that is assumed at least: what falls in proportion to the value gains half as much.
const LEAST_SHARE: f64 = 0.5;
/// The confidence with which a target is said not to move.
const CONFIDENCE: f64 = 0.95;

/// Why larger values will not do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Stuck {
    /// From this place on all values are alike, at least as far as the second.
    Alike(usize, usize),
    /// The target of this number moved by so much, in its unit, from the first place to the
    /// second: too little.
    Flat { target: usize, moved: f64, from: usize, to: usize },
    /// At this place the runs reach a limit.
    Limit(usize),
}

/// Whether values beyond the last of `places`, which ascend and all miss the targets, will do.
pub(super) fn stuck(search: &Search<'_>, places: &[usize], tried: &Tried) -> Option<Stuck> {
    let from = search.objectives();
    let trial = |back: usize| places.iter().rev().nth(back).map(|place| (*place, &tried[place]));
    let (at, last) = trial(0)?;
    let cut = |trial: &Trial| trial.rows.iter().any(|row| row.partial.is_some());
    if search.more_are_idle && nothing_waits(last, from) {
        return Some(Stuck::Alike(at, at));
    }
    let (before, second) = trial(1)?;
    if cut(last) || cut(second) {
        return (cut(last) && !cut(second)).then_some(Stuck::Limit(at));
    }
    if alike(second, last, from) {
        return Some(Stuck::Alike(before, at));
    }
    let (_, third) = trial(2)?;
    (0..search.targets.len()).find_map(|target| {
        let margins = |trial: &Trial| trial.margin(&search.targets[target], target);
        let needed = -mean(&margins(last)?);
        if needed.partial_cmp(&0.0) == Some(Ordering::Less) {
            return None;
        }
        let gain = Gain::of(&margins(second)?, &margins(last)?)?;
        let earlier = Gain::of(&margins(third)?, &margins(second)?)?;
        let drains = |a: &Trial, b: &Trial| {
            Gain::of(&waiting(a, from), &waiting(b, from)).is_some_and(|gain| gain.most < 0.0)
        };
        let still = gain.least <= 0.0 && earlier.least <= 0.0;
        let still = still && !drains(third, second) && !drains(second, last);
        let runs_out = || {
            let (_, fourth) = trial(3)?;
            let first = Gain::of(&margins(fourth)?, &margins(third)?)?;
            let shares = [earlier.share_of(&first)?, gain.share_of(&earlier)?];
            let share = shares[1].max(LEAST_SHARE);
            let to_come = gain.most.max(0.0) * share / (1.0 - share);
            let shrinks = shares.iter().all(|share| *share < RUNS_OUT);
            (shrinks && to_come <= needed * (1.0 + 1e-9)).then_some(())
        };
        let flat = Stuck::Flat { target, moved: gain.mean, from: before, to: at };
        (still || runs_out().is_some()).then_some(flat)
    })
}

fn mean(values: &[f64]) -> f64 {
    values.iter().sum::<f64>() / values.len().max(1) as f64
}

/// What a step from one value to the next gained.
struct Gain {
    mean: f64,
    least: f64,
    most: f64,
}

impl Gain {
    /// The paired difference over the replications that both have.
    fn of(a: &[f64], b: &[f64]) -> Option<Gain> {
        let pairs = a.len().min(b.len());
        let difference = Paired::of(&a[..pairs], &b[..pairs]).difference;
        let half = difference.half_width_at(CONFIDENCE)?;
        let mean = difference.mean;
        Some(Gain { mean, least: mean - half, most: mean + half })
    }

    /// As a share of an earlier gain; `None` unless both gained.
    fn share_of(&self, earlier: &Gain) -> Option<f64> {
        (self.mean > 0.0 && earlier.mean > 0.0).then(|| self.mean / earlier.mean)
    }
}
