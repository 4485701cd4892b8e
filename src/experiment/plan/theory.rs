//! Where a search begins if theory knows the targets.
//!
//! Owns what theory says of a point, and the first point that meets all targets by it. Must not
//! know what runs say: they confirm it, or the answer is open.

use super::super::point::Base;
use super::candidates::Candidates;
use crate::model::scenario::Scenario;
use crate::stats::expect::Expectation;
use crate::stats::predict::predict;

/// What theory says of the targets at a point.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Said {
    Meets,
    Misses,
    /// No closed form holds, or there is no steady state.
    Nothing,
}

/// What theory says of these targets.
pub(super) fn said(scenario: &Scenario, targets: &[Expectation]) -> Said {
    let one = |target: &Expectation| {
        let (value, limit) = (predict(scenario, &target.quantity())?, target.constant_limit()?);
        Some(target.comparison().holds(value, limit))
    };
    match targets.iter().map(one).collect::<Option<Vec<bool>>>() {
        None => Said::Nothing,
        Some(each) if each.iter().all(|holds| *holds) => Said::Meets,
        Some(_) => Said::Misses,
    }
}

/// The place of the first point that meets the targets by theory, if it knows them there.
pub(super) fn first(
    candidates: &Candidates,
    base: Base<'_>,
    targets: &[Expectation],
) -> Option<usize> {
    let at = |place: usize| {
        let point = candidates.point(place, base).ok()?;
        Some(said(&point.scenario, targets))
    };
    let count = candidates.count();
    if let Candidates::Listed(..) = candidates {
        return (0..count).find(|&place| at(place) == Some(Said::Meets));
    }
    let mut misses = None;
    let mut number = 1;
    let mut meets = loop {
        if number > count {
            return None;
        }
        match at(number - 1)? {
            Said::Meets => break number - 1,
            Said::Misses | Said::Nothing => misses = Some(number - 1),
        }
        number *= 2;
    };
    while let Some(below) = misses.filter(|below| meets - below > 1) {
        let middle = usize::midpoint(below, meets);
        if at(middle)? == Said::Meets { meets = middle } else { misses = Some(middle) }
    }
    Some(meets)
}
