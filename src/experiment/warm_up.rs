//! How much of the beginning of each run is discarded.
//!
//! Owns the pilot runs, and what becomes of their cut. Must not know the rule that cuts:
//! [`crate::stats::mser`].
//!
//! The pilots are the first replications themselves, as many as there will be, but five at least
//! and a hundred at most: the mean over them is what shows a start in the noise. At load 0.9 an
//! M/M/1 queue that begins empty has lost half of its bias with ten pilots and three quarters with
//! a hundred; with five, the rule mostly sees chance, and a longer run is the better remedy. What
//! is looked at are the waits, from send to first receive, of each queue: mean over all pilots of
//! the messages sent in one slot of time, slots being just so long that one holds five messages of
//! each pilot (MSER-5). The cut is the latest one of all queues, rounded up to a plain length. The
//! measured runs begin anew, with the cut as their warm-up, so everything that follows is as if the
//! scenario had said so; it costs the time of the pilots.
//!
//! Invariant: the cut depends on the scenario, its seed and the number of replications alone.

use super::in_order::in_order;
use super::replicate::ReplicationPlan;
use super::side_by_side::fitting;
use crate::engine::run::run_with;
use crate::engine::world::Ended;
use crate::kernel::time::Span;
use crate::model::scenario::Scenario;
use crate::observe::waits::{Slot, Waits};
use crate::stats::mser::{FEWEST, mser};

/// Fewest pilot runs.
const FEWEST_PILOTS: u64 = 5;
/// Most pilot runs.
const MOST_PILOTS: u64 = 100;
/// Messages of each pilot in one slot.
const GROUP: u64 = 5;

/// Who says how much is discarded.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WarmUp {
    /// The scenario, by its `warm_up`.
    #[default]
    Fixed,
    /// Nothing is discarded.
    None,
    /// This much, whatever the scenario says.
    Length(Span),
    /// MSER-5, from pilot runs.
    Mser5,
}

/// What the pilots gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// How much to discard.
    pub cut: Span,
    /// What is doubtful about it: a lower-case sentence with what to do, for a warning.
    pub doubt: Option<String>,
}

impl WarmUp {
    /// Whether something is left to measure.
    ///
    /// # Errors
    /// The length is not below the scenario's duration.
    pub fn check(self, scenario: &Scenario) -> Result<(), TooLong> {
        let duration = scenario.duration;
        match self {
            WarmUp::Length(length) if length >= duration => Err(TooLong { duration }),
            WarmUp::Length(_) | WarmUp::Fixed | WarmUp::None | WarmUp::Mser5 => Ok(()),
        }
    }

    /// Sets the warm-up of `scenario`; for MSER-5 makes the pilots of `plan` first, and says what
    /// is doubtful about their cut.
    ///
    /// # Panics
    /// If a run does.
    pub fn apply(self, scenario: &mut Scenario, plan: ReplicationPlan<'_>) -> Option<String> {
        let (warm_up, doubt) = match self {
            WarmUp::Fixed => return None,
            WarmUp::None => (Span::ZERO, None),
            WarmUp::Length(length) => (length, None),
            WarmUp::Mser5 => {
                let Found { cut, doubt } = mser5(scenario, plan);
                (cut, doubt)
            }
        };
        scenario.warm_up = warm_up;
        doubt
    }
}

/// The warm-up would leave nothing to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TooLong {
    /// How long producers run.
    pub duration: Span,
}

/// The cut by MSER-5, from the first replications, as many as the plan has: 5 to 100.
///
/// # Panics
/// If a run does.
pub fn mser5(scenario: &Scenario, plan: ReplicationPlan<'_>) -> Found {
    let empty = Waits::new(scenario.duration, scenario.queues.len());
    let pilots = plan.replications.clamp(FEWEST_PILOTS, MOST_PILOTS);
    let runs = in_order(pilots, fitting(plan.threads, [scenario]), |number| {
        let run = run_with(scenario, number, plan.interrupt, empty.clone());
        (run.observer.into_queues(), run.ended)
    });
    let slot = empty.slot();
    let mut queues = empty.into_queues();
    let mut early = false;
    for (waits, ended) in runs {
        early |= ended != Ended::Completed;
        for (sum, slots) in queues.iter_mut().flatten().zip(waits.into_iter().flatten()) {
            *sum = sum.and(slots);
        }
    }
    let named = scenario.queues.iter().map(|queue| queue.name.as_str()).zip(&queues);
    let cuts = named.map(|(name, slots)| (name, of_queue(slots, slot, pilots)));
    let latest = cuts
        .filter_map(|(name, cut)| cut.map(|(cut, too_short)| (cut, too_short, name)))
        .reduce(|latest, next| if next.0 > latest.0 { next } else { latest });
    // Pilots that a limit or an interrupt ended say nothing, and the runs will end like them.
    match latest {
        _ if early => Found { cut: Span::ZERO, doubt: None },
        None => {
            let fewest = FEWEST as u64 * GROUP;
            let doubt = format!(
                "MSER-5 found no warm-up: it needs {fewest} messages of a queue in each run; a \
                 longer `duration` gives them"
            );
            Found { cut: Span::ZERO, doubt: Some(doubt) }
        }
        Some((cut, too_short, name)) => {
            let doubt = too_short.then(|| {
                format!(
                    "MSER-5 would cut the waits of `{name}` at half of the run or later: it is too \
                     short to have left its start behind, or the queue grows; try a `duration` \
                     four times as long"
                )
            });
            Found { cut: plain(cut).min(scenario.duration / 2), doubt }
        }
    }
}

/// The cut of one queue, and whether the run is too short for it.
fn of_queue(slots: &[Slot], slot: Span, pilots: u64) -> Option<(Span, bool)> {
    let messages: u64 = slots.iter().map(|slot| slot.count).sum();
    let groups = (messages / (GROUP * pilots.max(1))).min(slots.len() as u64);
    let together = (slots.len() as u64).checked_div(groups)?.max(1) as usize;
    let groups =
        slots.chunks(together).map(|group| group.iter().copied().fold(Slot::default(), Slot::and));
    let (places, means): (Vec<usize>, Vec<f64>) = (0..)
        .zip(groups)
        .filter(|(_, group)| group.count > 0)
        .map(|(place, group)| (place * together, group.sum as f64 / group.count as f64))
        .unzip();
    let cut = mser(&means)?;
    let place = places[cut.values];
    // What is empty before the first message is no start.
    let first = if cut.values == 0 { 0 } else { place };
    Some((slot.saturating_mul(first as u64), cut.too_short))
}

/// Rounded up to whole seconds, from ten of them, or to whole milliseconds.
fn plain(length: Span) -> Span {
    const SECOND: u64 = 1_000_000_000;
    let unit = if length.as_nanos() >= 10 * SECOND { SECOND } else { SECOND / 1_000 };
    Span::from_nanos(length.as_nanos().next_multiple_of(unit))
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::*;
    use crate::experiment::fixture::{scenario, seeded};

    static GO_ON: AtomicBool = AtomicBool::new(false);

    fn plan(threads: usize) -> ReplicationPlan<'static> {
        ReplicationPlan { replications: 5, threads, interrupt: &GO_ON, progress: None }
    }

    #[test]
    fn a_length_is_rounded_up_to_a_plain_one() {
        let nanos = [0, 1, 9_999_000_001, 10_000_000_001, 133_200_000_000];
        let plain: Vec<u64> =
            nanos.into_iter().map(|n| plain(Span::from_nanos(n)).as_nanos()).collect();
        assert_eq!(plain, [0, 1_000_000, 10_000_000_000, 11_000_000_000, 134_000_000_000]);
    }

    #[test]
    fn the_cut_does_not_depend_on_threads() {
        let cuts = [1, 2, 8].map(|threads| mser5(&seeded(3), plan(threads)));
        assert_eq!(cuts[0], cuts[1]);
        assert_eq!(cuts[0], cuts[2]);
    }

    #[test]
    fn a_series_of_groups_is_cut_at_an_instant() {
        // Slots of one second with two messages each, of one pilot: three make a group of six.
        let wait = |place: usize| if place < 30 { 900 } else { 100 };
        let slots: Vec<Slot> =
            (0..300).map(|place| Slot { count: 2, sum: 2 * wait(place) }).collect();
        let cut = of_queue(&slots, Span::from_secs(1), 1);
        assert_eq!(cut, Some((Span::from_secs(30), false)));
        let gap = [vec![Slot::default(); 40], vec![Slot { count: 2, sum: 200 }; 300]].concat();
        assert_eq!(of_queue(&gap, Span::from_secs(1), 1), Some((Span::ZERO, false)));
        assert_eq!(of_queue(&slots[..30], Span::from_secs(1), 1), None, "ten groups only");
        assert_eq!(of_queue(&[], Span::from_secs(1), 1), None);
    }

    #[test]
    fn a_queue_that_only_grows_is_said_to_be_too_short() {
        let mut growing = scenario("seed: 1");
        growing.fleets[0].config.size = 1.into();
        growing.drain = Span::from_secs(60);
        let Found { cut, doubt } = mser5(&growing, plan(2));
        assert!(cut <= growing.duration / 2);
        assert!(doubt.is_some_and(|doubt| doubt.contains("`jobs`")));
    }

    #[test]
    fn a_scenario_without_messages_says_what_is_missing() {
        let mut silent = scenario("seed: 1");
        silent.producers.clear();
        let Found { cut, doubt } = mser5(&silent, plan(1));
        assert!(cut.is_zero() && doubt.is_some_and(|doubt| doubt.contains("100 messages")));
    }

    #[test]
    fn a_warm_up_is_set_by_whom_it_was_asked_for() {
        let of = |rule: WarmUp| {
            let mut scenario = scenario("warm_up: \"2s\"");
            assert_eq!(rule.check(&scenario).and(Ok(rule.apply(&mut scenario, plan(1)))), Ok(None));
            scenario.warm_up
        };
        let rules = [WarmUp::Fixed, WarmUp::None, WarmUp::Length(Span::from_secs(3))];
        assert_eq!(rules.map(of), [2, 0, 3].map(Span::from_secs));
        let duration = Span::from_secs(9);
        let all = WarmUp::Length(duration).check(&seeded(1));
        assert_eq!(all, Err(TooLong { duration }));
    }

    /// Five messages of each of five pilots make a group: of 600 there are 24, so that twelve of
    /// 300 slots are together. In the third of them seven are long: it is cut, up to 36 s.
    /// Lengths below ten seconds are rounded to the millisecond.
    #[test]
    fn pilots_share_their_groups() {
        let wait = |place: usize| if place < 31 { 900_u64 } else { 100 };
        let slots: Vec<Slot> =
            (0..300).map(|place| Slot { count: 2, sum: 2 * u128::from(wait(place)) }).collect();
        assert_eq!(of_queue(&slots, Span::from_secs(1), 5), Some((Span::from_secs(36), false)));
        assert_eq!(plain(Span::from_nanos(1_500_000_001)), Span::from_millis(1_501));
    }

    /// Pilots that a limit ends say nothing.
    #[test]
    fn pilots_that_end_early_find_no_cut() {
        let found = mser5(&scenario("limits: (events: 200)"), plan(1));
        assert_eq!(found, Found { cut: Span::ZERO, doubt: None });
    }
}
