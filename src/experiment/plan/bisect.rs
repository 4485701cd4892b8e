//! The first value that meets the targets, by bisection.
//!
//! Owns the order in which values are tried. Must not know how a value is decided. Right where
//! the margin grows along the values, which common random numbers make visible: every value meets
//! the same chance. Where it surely falls between two values that were tried, the caller is told.
//!
//! Where theory names the first value, the search begins with it and the one before it; otherwise
//! with the ends, or by doubling where there is no last one.
//!
//! Invariant: below the answer every value that was tried misses the targets, and the one just
//! below was tried.

use super::Search;
use super::alike::{alike, nothing_waits};
use super::stuck::{Stuck, stuck};
use super::trial::{Trial, Tried, Verdict, surely_falls};
use crate::outcome::PlanAnswer;
use crate::scenario::fault::Faults;

/// Doublings after a target stopped moving, for the value from which on more changes nothing.
const PATIENCE: usize = 3;

/// What bisection found.
pub(super) enum Found {
    /// The first value whose means meet the targets, and the first that surely does.
    First { at: usize, surely: Option<usize> },
    /// Neither the first value nor the last: no direction to go.
    Neither,
    /// None as far as they were tried, and larger ones will not do.
    Stuck(Stuck),
    /// The margin falls between these two values.
    Falls(usize, usize),
}

/// Why a search ended early.
pub(super) enum Stopped {
    Interrupted,
    Refused(Faults),
}

/// Two places that differ in whether the targets are met.
enum Between {
    /// The first of them, or `None` where the very first value meets the targets.
    Answer(Option<usize>, usize),
    Nowhere(Found),
}

/// The point at `place`, where the one at `surely` is the first that surely meets the targets and
/// the one at `open` would be preferred if it did.
pub(super) fn answer(
    place: usize,
    surely: Option<usize>,
    open: Option<usize>,
    tried: &Tried,
) -> PlanAnswer {
    let told = |place: usize| tried[&place].values();
    PlanAnswer {
        at: told(place),
        sure: surely == Some(place) && open.is_none(),
        surely_at: surely.filter(|&surely| surely != place).map(told),
        open_at: open.map(told),
    }
}

/// Finds the first value that meets the targets.
pub(super) fn bisect(search: &Search<'_>, tried: &mut Tried) -> Result<Found, Stopped> {
    let between = match search.theory {
        Some(place) => around(search, place, tried)?,
        None if search.at(0, tried)?.holds => Between::Answer(None, 0),
        None if search.is_open() => doubling(search, tried)?,
        None => {
            let last = search.candidates.count() - 1;
            if search.at(last, tried)?.holds {
                Between::Answer(Some(0), last)
            } else {
                Between::Nowhere(Found::Neither)
            }
        }
    };
    let (mut fails, mut meets) = match between {
        Between::Nowhere(found) => return Ok(found),
        Between::Answer(None, meets) => {
            let surely = surely(search, meets, tried)?;
            return Ok(Found::First { at: meets, surely });
        }
        Between::Answer(Some(fails), meets) => (fails, meets),
    };
    while meets - fails > 1 {
        search.expect((meets - fails).next_power_of_two().trailing_zeros() as usize);
        let middle = usize::midpoint(fails, meets);
        if search.at(middle, tried)?.holds { meets = middle } else { fails = middle }
    }
    if let Some((left, right)) = falls(search, tried) {
        return Ok(Found::Falls(left, right));
    }
    let surely = surely(search, meets, tried)?;
    Ok(Found::First { at: meets, surely })
}

/// Begins with the value that theory names and the one before it; where runs say otherwise, goes
/// away from there in growing steps.
fn around(search: &Search<'_>, place: usize, tried: &mut Tried) -> Result<Between, Stopped> {
    let last = search.candidates.count() - 1;
    let (mut at, mut step) = (place, 1);
    if search.at(place, tried)?.holds {
        while at > 0 {
            let below = at.saturating_sub(step);
            if !search.at(below, tried)?.holds {
                return Ok(Between::Answer(Some(below), at));
            }
            (at, step) = (below, step * 2);
        }
        return Ok(Between::Answer(None, 0));
    }
    while at < last {
        let next = (at + step).min(last);
        if search.at(next, tried)?.holds {
            return Ok(Between::Answer(Some(at), next));
        }
        (at, step) = (next, step * 2);
    }
    Ok(Between::Nowhere(Found::Neither))
}

/// Doubles the number until it meets the targets; the first is known to miss them.
fn doubling(search: &Search<'_>, tried: &mut Tried) -> Result<Between, Stopped> {
    let last = search.candidates.count() - 1;
    let mut places = vec![0];
    let mut at = 0;
    let mut flat = None;
    while at < last {
        let found = stuck(search, &places, tried);
        flat = flat.or_else(|| found.map(|found| (found, places.len())));
        match (found, flat) {
            (Some(Stuck::Alike(from, to)), _) => {
                let from = narrowed(search, from, to, tried)?;
                return Ok(Between::Nowhere(Found::Stuck(Stuck::Alike(from, to))));
            }
            (_, Some((flat, since))) if places.len() >= since + PATIENCE => {
                return Ok(Between::Nowhere(Found::Stuck(flat)));
            }
            (Some(stuck @ Stuck::Limit(_)), _) => {
                return Ok(Between::Nowhere(Found::Stuck(stuck)));
            }
            _ => {}
        }
        // As many halvings will follow as there were doublings.
        search.expect(places.len() + 1);
        let next = (2 * at + 1).min(last);
        if search.at(next, tried)?.holds {
            return Ok(Between::Answer(Some(at), next));
        }
        places.push(next);
        at = next;
    }
    Ok(Between::Nowhere(Found::Neither))
}

/// The first value that is like `to`, which `from` is.
fn narrowed(
    search: &Search<'_>,
    from: usize,
    to: usize,
    tried: &mut Tried,
) -> Result<usize, Stopped> {
    let before = tried.range(..from).next_back().map(|(place, _)| *place);
    first_alike(search, before, from, to, tried)
}

/// The first place after `before` that is like `to`, which `from` is.
fn first_alike(
    search: &Search<'_>,
    before: Option<usize>,
    from: usize,
    to: usize,
    tried: &mut Tried,
) -> Result<usize, Stopped> {
    let (mut differs, mut like) = (before, from);
    loop {
        let middle = match differs {
            Some(differs) if like - differs > 1 => usize::midpoint(differs, like),
            None if like > 0 => like / 2,
            _ => return Ok(like),
        };
        search.glance(middle, tried)?;
        let facts = search.objectives();
        let same = alike(&tried[&middle], &tried[&to], facts)
            || (search.more_are_idle && nothing_waits(&tried[&middle], facts));
        if same { like = middle } else { differs = Some(middle) }
    }
}

/// The first place from which on all values are like the last one, where the last one tells that
/// others are.
pub(super) fn plateau(search: &Search<'_>, tried: &mut Tried) -> Result<Option<usize>, Stopped> {
    let last = search.candidates.count() - 1;
    if last < 2 || !search.candidates.ascend() {
        return Ok(None);
    }
    search.glance(last, tried)?;
    let first = first_alike(search, None, last, last, tried)?;
    Ok(Some(first).filter(|first| last - first > 1))
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
