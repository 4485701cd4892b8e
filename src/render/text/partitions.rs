//! What the ledger did with the partitions of a queue, in a sentence.
//!
//! Owns its words; a queue in which nothing was split, merged or refused has none. Must not know
//! where the sentence stands.

use super::estimated::Estimated;
use crate::outcome::{Outcome, Partitions, QueueOutcome, Reason, Sample};
use crate::render::units;

/// `split 14 times, 4 → 18 partitions, throttling ended after 22s; refused 48 times: …`. The queue
/// began with `first` partitions.
pub(super) fn sentence(first: u32, outcomes: Sample<'_>, queue: usize) -> Option<String> {
    let mean = |count: fn(&QueueOutcome) -> u64| {
        Estimated::total(outcomes, |outcome| outcome.queues.at(queue).map_or(0, count)).mean
    };
    let splits = mean(|queue| queue.partitions.splits);
    let merges = mean(|queue| queue.partitions.merges);
    let refusals = mean(|queue| queue.partitions.refusals);
    if splits + merges + refusals == 0.0 {
        return None;
    }
    let mut words = Vec::new();
    for (what, count) in [("split", splits), ("merged", merges)] {
        if count > 0.0 {
            words.push(format!("{what} {}", times(count)));
        }
    }
    words.push(if words.is_empty() {
        let s = if first == 1 { "" } else { "s" };
        format!("{first} partition{s} throughout")
    } else {
        let last = units::number(mean(|queue| queue.levels.partitions.last));
        let most = units::number(mean(|queue| queue.partitions.most));
        let peak = if most == last { String::new() } else { format!(" (at most {most})") };
        format!("{first} → {last} partitions{peak}")
    });
    let at_once = mean(|queue| queue.partitions.most_at_once);
    if at_once > 1.0 {
        words.push(format!("at most {} changes at once", units::number(at_once)));
    }
    words.extend(throttling(outcomes, queue));
    let mut text = words.join(", ");
    if refusals > 0.0 {
        let why = reasons(outcomes, queue);
        text = format!("{text}; refused {}: {why}", times(refusals));
    }
    let average = if outcomes.len() > 1 { " (on average)" } else { "" };
    Some(text + average)
}

fn times(count: f64) -> String {
    match units::number(count).as_str() {
        "1" => "once".to_owned(),
        number => format!("{number} times"),
    }
}

fn of(outcome: &Outcome, queue: usize) -> Option<&Partitions> {
    outcome.queues.at(queue).map(|queue| &queue.partitions)
}

/// When producers were no longer throttled, from when they first were.
fn throttling(outcomes: Sample<'_>, queue: usize) -> Option<String> {
    let spans: Vec<(u64, bool)> = outcomes
        .iter()
        .filter_map(|outcome| {
            let [from, to] = of(outcome, queue)?.throttled_ns?;
            Some((to - from, to < outcome.window_ns[1]))
        })
        .collect();
    let endless = spans.iter().filter(|(_, ended)| !ended).count();
    Some(match (spans.len(), endless) {
        (0, _) => return None,
        (_, 0) => {
            let sum: f64 = spans.iter().map(|(span, _)| *span as f64).sum();
            format!("throttling ended after {}", units::length(sum / spans.len() as f64))
        }
        _ if outcomes.len() == 1 => "throttling did not end".to_owned(),
        _ => format!("throttling did not end in {endless} of {} runs", outcomes.len()),
    })
}

/// Why splits were refused, the commonest reason first.
fn reasons(outcomes: Sample<'_>, queue: usize) -> String {
    let mut all: Vec<(Reason, u64, Option<u64>)> = Vec::new();
    let refused = outcomes.iter().filter_map(|outcome| of(outcome, queue));
    for refused in refused.flat_map(|partitions| &partitions.refused) {
        if let Some(known) = all.iter_mut().find(|known| known.0 == refused.reason) {
            *known = (known.0, known.1 + refused.times, known.2.max(refused.permille));
        } else {
            all.push((refused.reason, refused.times, refused.permille));
        }
    }
    all.sort_by_key(|&(reason, count, _)| (u64::MAX - count, reason));
    let several = all.len() > 1;
    let words = all.into_iter().map(|(reason, count, permille)| {
        let why = in_words(reason, permille);
        let count = times(count as f64 / outcomes.len() as f64);
        if several { format!("{why} ({count})") } else { why }
    });
    words.collect::<Vec<_>>().join(", ")
}

fn in_words(reason: Reason, permille: Option<u64>) -> String {
    let why = match reason {
        Reason::NoBalancedKey => "no sampled key divides the load evenly",
        Reason::TooManyPartitions => "the queue has its most partitions",
        Reason::SingleKey => "a range is a single hash value",
        Reason::HotKey => {
            let share = units::percent(permille.unwrap_or(0) as f64 / 1e3);
            return format!("one key holds up to {share} of the sampled load");
        }
        Reason::Sequential => "the load moves along the range",
        Reason::TooManyAtOnce => "too many splits are under way",
    };
    why.to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Time;
    use crate::ledger::journal::{PartitionId, Refusal};
    use crate::observe::measured::{QueueMeasured, SplitEvent, WindowLevel};
    use crate::stats::fixture;

    fn sentence(first: u32, outcomes: &[Outcome], queue: usize) -> Option<String> {
        super::sentence(first, Sample::of_replications(outcomes), queue)
    }

    const FIRST: PartitionId = PartitionId(0);

    fn at(secs: u64) -> Time {
        Time::from_nanos(secs * 1_000_000_000)
    }

    fn events(times: usize, event: SplitEvent) -> Vec<(Time, SplitEvent)> {
        vec![(at(400), event); times]
    }

    fn refused(times: usize, reason: Refusal) -> Vec<(Time, SplitEvent)> {
        events(times, SplitEvent::Refused { partition: FIRST, reason })
    }

    /// A run whose first queue is as `change` makes it.
    fn outcome(change: impl FnOnce(&mut QueueMeasured)) -> Outcome {
        let mut measured = fixture::measured(0);
        change(&mut measured.queues[0]);
        Outcome::from_run(&fixture::scenario(), 42, 0, &measured, None)
    }

    fn said(change: impl FnOnce(&mut QueueMeasured)) -> Option<String> {
        sentence(4, &[outcome(change)], 0)
    }

    #[test]
    fn a_queue_whose_partitions_stay_has_no_sentence() {
        assert_eq!(said(|_| {}), None);
        assert_eq!(said(|queue| queue.throttling = Some((at(300), at(310)))), None);
    }

    #[test]
    fn splits_are_told_with_what_they_led_to() {
        let split = SplitEvent::Split { parent: FIRST, at: 1 };
        let grown = |queue: &mut QueueMeasured| {
            queue.split_events = events(14, split);
            queue.levels.partitions = fixture::level(10, 18, 18);
            queue.series.each_mut()[2].levels.partitions = WindowLevel::steady(18);
            queue.throttling = Some((at(400), at(422)));
        };
        assert_eq!(
            said(grown).as_deref(),
            Some("split 14 times, 4 → 18 partitions, throttling ended after 22s")
        );
    }

    #[test]
    fn merges_the_peak_and_changes_under_way_are_told() {
        let merged = SplitEvent::Merged { into: FIRST, at: 1 };
        let shrunk = |queue: &mut QueueMeasured| {
            queue.split_events = events(1, SplitEvent::Split { parent: FIRST, at: 1 });
            queue.split_events.extend(events(2, merged));
            queue.levels.partitions = fixture::level(4, 5, 3);
            let windows = queue.series.each_mut();
            windows[1].levels.resharding = WindowLevel::steady(2);
            windows[2].levels.partitions = WindowLevel::steady(5);
        };
        assert_eq!(
            said(shrunk).as_deref(),
            Some(
                "split once, merged 2 times, 4 → 3 partitions (at most 5), \
                 at most 2 changes at once"
            )
        );
    }

    #[test]
    fn refusals_are_told_with_their_reasons() {
        let hot = refused(47, Refusal::HotKey { permille: 570 });
        let hottest = refused(1, Refusal::HotKey { permille: 612 });
        // The producers of the fixture send until 1,200 s.
        let one = said(|queue| {
            queue.split_events = [hot.clone(), hottest.clone()].concat();
            queue.throttling = Some((at(400), at(1_200)));
        });
        let why = "one key holds up to 61% of the sampled load";
        let expected =
            format!("4 partitions throughout, throttling did not end; refused 48 times: {why}");
        assert_eq!(one, Some(expected));
        let two = said(|queue| {
            let sequential = refused(1, Refusal::Sequential);
            queue.split_events = [sequential, hot.clone(), hottest.clone()].concat();
        });
        let both = format!("{why} (48 times), the load moves along the range (once)");
        assert_eq!(two, Some(format!("4 partitions throughout; refused 49 times: {both}")));
    }

    #[test]
    fn of_several_runs_the_mean_is_told() {
        let split = SplitEvent::Split { parent: FIRST, at: 1 };
        let run = |splits: usize, until: u64| {
            outcome(|queue| {
                queue.split_events = events(splits, split);
                let partitions = 4 + splits as u64;
                queue.levels.partitions = fixture::level(4, partitions, partitions);
                queue.series.each_mut()[2].levels.partitions = WindowLevel::steady(partitions);
                queue.throttling = Some((at(400), at(until)));
            })
        };
        assert_eq!(
            sentence(4, &[run(2, 410), run(4, 430)], 0).as_deref(),
            Some("split 3 times, 4 → 7 partitions, throttling ended after 20s (on average)")
        );
        assert_eq!(
            sentence(4, &[run(2, 410), run(4, 1_200)], 0).as_deref(),
            Some(
                "split 3 times, 4 → 7 partitions, throttling did not end in 1 of 2 runs \
                 (on average)"
            )
        );
    }
}
