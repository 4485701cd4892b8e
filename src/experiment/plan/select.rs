//! The best of all points, by ranking and selection.
//!
//! Owns the two phases. Must not know how a point is replicated. First feasibility: every point
//! is replicated until it surely meets the targets or surely does not; those that are surely
//! dearer than one that meets them are let go. Then selection among those that meet them: the
//! fully sequential procedure of S.-H. Kim and B. L. Nelson, "A fully sequential procedure for
//! indifference-zone selection in simulation", ACM TOMACS 11 (2001), which is valid under common
//! random numbers (c = 1).
//!
//! Invariant: who is let go depends on the rows alone, so neither threads nor the order in which
//! runs end can show.

use std::collections::btree_map::Entry;

use super::Search;
use super::bisect::Stopped;
use super::trial::Tried;
use super::trial::{Trial, Verdict, grow, surely_falls};
use crate::kernel::num;
use crate::stats::summary::Summary;

/// Differences of what is to be least below this share of it do not matter.
const INDIFFERENCE: f64 = 0.01;

/// What selection found.
pub(super) struct Selected {
    /// The best point that meets the targets by its means.
    pub(super) at: Option<usize>,
    /// Points that could not be told from it.
    pub(super) like_it: usize,
    /// Points behind it that are as good as it in every replication.
    pub(super) equal: usize,
}

/// Tries all points; the best by the objective, or the first without one. From the place `alike` on
/// all are alike, so that one of them is enough.
pub(super) fn select(
    search: &Search<'_>,
    alike: Option<usize>,
    tried: &mut Tried,
) -> Result<Selected, Stopped> {
    let count = search.candidates.count();
    let upto = alike.unwrap_or(count - 1);
    for place in 0..=upto {
        if let Entry::Vacant(entry) = tried.entry(place) {
            let point = search.candidates.point(place, search.base).map_err(Stopped::Refused)?;
            entry.insert(Trial::new(point));
        }
    }
    feasibility(search, upto, tried)?;
    let holding = |trial: &Trial| trial.holds && trial.verdict != Verdict::Fails;
    if search.minimises {
        best(search, upto, tried)
    } else {
        let at = tried.iter().find(|(_, trial)| holding(trial)).map(|(place, _)| *place);
        Ok(Selected { at, like_it: 0, equal: 0 })
    }
}

/// Replicates every open point as far as `upto` in rounds, all of a round at once.
fn feasibility(search: &Search<'_>, upto: usize, tried: &mut Tried) -> Result<(), Stopped> {
    let mut total = search.effort.first;
    loop {
        let dearer = dearer(search, tried);
        let mut open: Vec<&mut Trial> = tried
            .range_mut(..=upto)
            .filter(|(place, trial)| trial.verdict == Verdict::Open && !dearer.contains(place))
            .map(|(_, trial)| trial)
            .collect();
        if open.is_empty() {
            return Ok(());
        }
        grow(&mut open, total, search.runner).ok_or(Stopped::Interrupted)?;
        for trial in open {
            trial.judge(search.targets, search.effort);
        }
        if total >= search.effort.most {
            return Ok(());
        }
        total = (total * 2).min(search.effort.most);
    }
}

/// The open points that are surely dearer than one that surely meets the targets.
fn dearer(search: &Search<'_>, tried: &Tried) -> Vec<usize> {
    if !search.minimises {
        return Vec::new();
    }
    let mean = |trial: &Trial| Summary::of(&trial.objective()).mean;
    let objective = search.runner.quantities.first();
    let meets = tried.values().filter(|trial| trial.verdict == Verdict::Meets);
    let meets = meets.filter(|trial| trial.is_priced(objective));
    let Some(cheapest) = meets.min_by(|a, b| mean(a).total_cmp(&mean(b))) else {
        return Vec::new();
    };
    let cheapest = cheapest.objective();
    let dearer = |trial: &Trial| {
        trial.is_priced(objective)
            && surely_falls(&trial.objective(), &cheapest, search.effort.error)
    };
    tried.iter().filter(|(_, trial)| dearer(trial)).map(|(place, _)| *place).collect()
}

/// A point that may yet meet the targets and would be preferred to the one at `at`: it stands
/// before it, or is not surely dearer.
pub(super) fn preferred(search: &Search<'_>, at: usize, tried: &Tried) -> Option<usize> {
    let objective = search.runner.quantities.first();
    let chosen = tried[&at].objective();
    let dearer = |trial: &Trial| {
        !trial.is_priced(objective)
            || surely_falls(&trial.objective(), &chosen, search.effort.error)
    };
    let open = |(place, trial): &(&usize, &Trial)| {
        trial.is_open() && if search.minimises { !dearer(trial) } else { **place < at }
    };
    tried.iter().rfind(open).map(|(place, _)| *place)
}

/// The point with the least objective among those up to `upto` that meet the targets.
fn best(search: &Search<'_>, upto: usize, tried: &mut Tried) -> Result<Selected, Stopped> {
    let least = search.runner.quantities.first();
    let priced = |trial: &Trial| trial.holds && trial.is_priced(least);
    let holding = tried.range(..=upto).filter(|(_, trial)| priced(trial));
    let mut left: Vec<usize> = holding.map(|(place, _)| *place).collect();
    // Replications that all of them have: the first stage of the procedure.
    let first = search.effort.first;
    let objective = |tried: &Tried, place: usize| tried[&place].objective();
    let released = release_equal(tried, &mut left);
    let equal = |at: usize| released.iter().filter(|(_, like)| *like == at).count();
    if first < 2 || left.len() < 2 {
        return Ok(selected(tried, &left, equal));
    }
    let dof = (first - 1) as f64;
    let error = search.selection_error / (left.len() - 1) as f64;
    let eta = (num::pow(2.0 * error, -2.0 / dof) - 1.0) / 2.0;
    let h2 = 2.0 * eta * dof;
    let stage = |tried: &Tried, place: usize| objective(tried, place)[..first as usize].to_vec();
    let least = left.iter().map(|&place| Summary::of(&stage(tried, place)).mean.abs());
    let delta = least.fold(f64::INFINITY, f64::min) * INDIFFERENCE;
    let variance = |tried: &Tried, a: usize, b: usize| {
        let (a, b) = (stage(tried, a), stage(tried, b));
        let differences: Vec<f64> = a.iter().zip(&b).map(|(a, b)| a - b).collect();
        Summary::of(&differences).variance
    };
    let all = left.clone();
    let variances: Vec<Vec<f64>> =
        all.iter().map(|&a| all.iter().map(|&b| variance(tried, a, b)).collect()).collect();
    let spread = |a: usize, b: usize| {
        let place = |of: usize| all.iter().position(|&known| known == of).unwrap_or(0);
        variances[place(a)][place(b)]
    };
    let mut total = first;
    while left.len() > 1 {
        let mean = |place: usize| Summary::of(&objective(tried, place)[..total as usize]).mean;
        let means: Vec<(usize, f64)> = left.iter().map(|&place| (place, mean(place))).collect();
        let r = total as f64;
        let worse = |a: usize, of_a: f64| {
            means.iter().any(|&(b, of_b)| {
                let width = if delta > 0.0 {
                    (h2 * spread(a, b) / delta - r * delta).max(0.0) / (2.0 * r)
                } else {
                    0.0
                };
                of_a > of_b + width
            })
        };
        left = means.iter().filter(|&&(a, of_a)| !worse(a, of_a)).map(|&(a, _)| a).collect();
        if left.len() < 2 || total >= search.effort.most {
            break;
        }
        total += 1;
        let mut trials: Vec<&mut Trial> =
            tried.iter_mut().filter(|(place, _)| left.contains(place)).map(|(_, t)| t).collect();
        grow(&mut trials, total, search.runner).ok_or(Stopped::Interrupted)?;
        for trial in trials {
            trial.judge(search.targets, search.effort);
        }
    }
    Ok(selected(tried, &left, equal))
}

/// Lets go of the points that are as good as an earlier one in every replication that both have,
/// which no replication could tell apart; each with the one it is like.
fn release_equal(tried: &Tried, left: &mut Vec<usize>) -> Vec<(usize, usize)> {
    let mut released = Vec::new();
    let mut kept: Vec<usize> = Vec::new();
    for &place in left.iter() {
        let own = tried[&place].objective();
        let equal = |of: &[f64]| of.iter().zip(&own).all(|(a, b)| a.total_cmp(b).is_eq());
        let like = kept.iter().find(|earlier| equal(&tried[earlier].objective()));
        match like {
            Some(&like) if !own.is_empty() => released.push((place, like)),
            _ => kept.push(place),
        }
    }
    *left = kept;
    released
}

/// The first of those that are left and do not matter to the one with the least mean: what could
/// not be told from it, and is hardly dearer, is no reason to prefer a later one.
fn selected(tried: &Tried, left: &[usize], equal: impl Fn(usize) -> usize) -> Selected {
    let mean = |place: &usize| Summary::of(&tried[place].objective()).mean;
    let least = left.iter().map(mean).fold(f64::INFINITY, f64::min);
    let near = |place: &&usize| mean(place) <= least + INDIFFERENCE * least.abs();
    let at = left.iter().find(near).copied();
    let like_it = left.len().saturating_sub(1);
    Selected { at, like_it, equal: at.map_or(0, equal) }
}
