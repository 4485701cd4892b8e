//! The first value that meets the targets, by bisection.
//!
//! Owns the order in which values are tried. Must not know how a value is decided. Right where
//! the margin grows along the values, which common random numbers make visible: every value meets
//! the same chance. Where it surely falls between two values that were tried, the caller is told.
//!
//! Invariant: below the answer every value that was tried misses the targets, and the one just
//! below was tried.

use std::collections::BTreeMap;

use super::Search;
use super::trial::{Trial, Verdict, surely_falls};
use crate::scenario::fault::Faults;

/// What bisection found.
pub(super) enum Found {
    /// The first value whose means meet the targets, and the first that surely does.
    First { at: usize, surely: Option<usize> },
    /// Neither the first value nor the last: no direction to go.
    Neither,
    /// The margin falls between these two values.
    Falls(usize, usize),
}

/// All values that were tried, by place.
pub(super) type Tried = BTreeMap<usize, Trial>;

/// Why a search ended early.
pub(super) enum Stopped {
    Interrupted,
    Refused(Faults),
}

/// Finds the first value that meets the targets.
pub(super) fn bisect(search: &Search<'_>, tried: &mut Tried) -> Result<Found, Stopped> {
    if search.at(0, tried)?.holds {
        let surely = surely(search, 0, tried)?;
        return Ok(Found::First { at: 0, surely });
    }
    let Some(mut meets) = upper(search, tried)? else { return Ok(Found::Neither) };
    let mut fails = tried.range(..meets).next_back().map_or(0, |(place, _)| *place);
    while meets - fails > 1 {
        let middle = usize::midpoint(fails, meets);
        if search.at(middle, tried)?.holds { meets = middle } else { fails = middle }
    }
    if let Some((left, right)) = falls(search, tried) {
        return Ok(Found::Falls(left, right));
    }
    let surely = surely(search, meets, tried)?;
    Ok(Found::First { at: meets, surely })
}

/// A value that meets the targets: the last one, or where none is the last, by doubling.
fn upper(search: &Search<'_>, tried: &mut Tried) -> Result<Option<usize>, Stopped> {
    let last = search.candidates.count() - 1;
    if !search.is_open() {
        return Ok(search.at(last, tried)?.holds.then_some(last));
    }
    let mut number = 2;
    while number - 1 <= last {
        if search.at(number - 1, tried)?.holds {
            return Ok(Some(number - 1));
        }
        number *= 2;
    }
    Ok(None)
}

/// The first value from `from` on that surely meets the targets; `None` if none does as far as
/// values were tried.
fn surely(search: &Search<'_>, from: usize, tried: &mut Tried) -> Result<Option<usize>, Stopped> {
    let sure = |trial: &Trial| trial.verdict == Verdict::Meets;
    if sure(search.at(from, tried)?) {
        return Ok(Some(from));
    }
    let last = search.candidates.count() - 1;
    if !search.is_open() && from < last {
        search.at(last, tried)?;
    }
    let beyond = tried.range(from + 1..).find(|(_, trial)| sure(trial)).map(|(place, _)| *place);
    let Some(mut meets) = beyond else {
        // Of whole numbers there is always a next one; a few of them are worth a look.
        for next in from + 1..(from + 4).min(last + 1) {
            if search.is_open() && sure(search.at(next, tried)?) {
                return Ok(Some(next));
            }
        }
        return Ok(None);
    };
    let mut open = from;
    while meets - open > 1 {
        let middle = usize::midpoint(open, meets);
        if sure(search.at(middle, tried)?) { meets = middle } else { open = middle }
    }
    Ok(Some(meets))
}

/// Two neighbours among the tried values between which the margin surely falls.
fn falls(search: &Search<'_>, tried: &Tried) -> Option<(usize, usize)> {
    let margins: Vec<(usize, Vec<f64>)> =
        tried.iter().map(|(place, trial)| (*place, trial.margins(search.targets))).collect();
    let falls =
        |pair: &&[(usize, Vec<f64>)]| surely_falls(&pair[0].1, &pair[1].1, search.effort.error);
    margins.windows(2).find(falls).map(|pair| (pair[0].0, pair[1].0))
}
