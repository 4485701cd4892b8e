//! The blocks of the answer: flow and latency per queue, then one sentence each on consumers,
//! producers, partitions, nodes, theory, the bottleneck and what was left.
//!
//! Owns which numbers are worth a line: what is zero and not asked for is left out. Must not know
//! how a column is aligned.
//!
//! Invariant: a number stands in one place only. What was there at the end of the measured window
//! may be what is unfinished at the end of the run; the one closes an account, the other has an
//! age.

use super::estimated::Estimated;
use super::table::{Cell, Layout, Row, Table, left};
use super::{Style, Typed, cost, downstream, fleets, functions, nodes, partitions};
use crate::ledger::config::QueueId;
use crate::model::scenario::Scenario;
use crate::observe::measured::LatencyOf;
use crate::outcome::{
    EstimatedUnstable, Outcome, ProducerOutcome, QueueOutcome, Sample, commonest_bottleneck,
};
use crate::render::units::{self, Scale};
use crate::stats::by_queue::ByQueue;
use crate::stats::expect::Take;
use crate::stats::listed::NameList;
use crate::stats::recognise::{Prediction, recognise_by};

/// Width of the word that opens a sentence.
const OPENING: usize = 12;

/// The tables of every queue in which something happened; of the first one in any case.
pub(super) fn flow_and_latency(
    scenario: &Scenario,
    outcomes: Sample<'_>,
    unstable: &[EstimatedUnstable],
    style: Style,
    lines: &mut Vec<String>,
) {
    let used: Vec<usize> = (0..scenario.queues.len())
        .filter(|queue| *queue == 0 || happened(outcomes, *queue))
        .collect();
    let name = |queue: usize| match scenario.queues.get(queue) {
        Some(named) if used.len() > 1 => format!(" {}", named.name),
        _ => String::new(),
    };
    let flows = used.iter().map(|&queue| (queue, flow(scenario, outcomes, queue, &name(queue))));
    let flows: Vec<(usize, Table)> = flows.collect();
    let labels = flows.iter().map(|(_, table)| table.label_width()).max().unwrap_or(0);
    let mut tables = Vec::new();
    let settled = settled(scenario, unstable);
    for (queue, flow) in flows {
        tables.push(flow);
        if settled[queue] {
            tables.extend(latency(outcomes, queue, &name(queue), labels));
        }
    }
    // All tables share the width of their labels, so that they line up below each other.
    let layout = Layout::of(&tables);
    for table in tables {
        lines.push(String::new());
        lines.extend(table.lines(layout, |title| style.heading(title)));
    }
}

/// Whether each queue settles: otherwise its latencies have no mean.
pub(super) fn settled(scenario: &Scenario, unstable: &[EstimatedUnstable]) -> Vec<bool> {
    let names: NameList = scenario.queues.iter().map(|queue| queue.name.as_str()).collect();
    let mut settled = vec![true; names.len()];
    for place in unstable.iter().filter_map(|of| names.place(&of.queue)) {
        settled[place] = false;
    }
    settled
}

fn happened(outcomes: Sample<'_>, queue: usize) -> bool {
    let mut queues = outcomes.iter().filter_map(|outcome| outcome.queues.at(queue));
    queues.any(|queue| {
        let counts = queue.counts;
        counts.sent + counts.moved_in + counts.received + counts.deleted > 0
            || queue.levels.visible.max > 0
    })
}

/// When a row of the flow is shown, and how.
#[derive(Clone, Copy, PartialEq)]
enum Shown {
    /// Even where nothing was counted.
    Always,
    /// Where something was counted.
    Counted,
    /// Where messages were there at that instant: no rate.
    There,
}

/// What is counted, in the order of a message's life, between what was there at the edges: with
/// these the counters balance.
type Counted = (&'static str, Shown, fn(&QueueOutcome) -> u64);
const COUNTED: [Counted; 24] = [
    ("there at the start", Shown::There, |q| q.resident.begin),
    ("sent", Shown::Always, |q| q.counts.sent),
    ("moved in", Shown::Counted, |q| q.counts.moved_in),
    ("deleted", Shown::Always, |q| q.counts.deleted),
    ("deletes undone", Shown::Counted, |q| q.counts.undone),
    ("dead letters", Shown::Counted, |q| q.counts.dead_lettered),
    ("expired", Shown::Counted, |q| q.counts.expired),
    ("purged", Shown::Counted, |q| q.counts.purged),
    ("there at the end", Shown::There, |q| q.resident.end),
    ("redelivered", Shown::Counted, |q| q.counts.redelivered.total),
    ("  timeout too short", Shown::Counted, |q| q.counts.redelivered.outlived_timeout),
    ("  waited in buffer", Shown::Counted, |q| q.counts.redelivered.prefetched),
    ("  work failed", Shown::Counted, |q| q.counts.redelivered.failed),
    ("  worker crashed", Shown::Counted, |q| q.counts.redelivered.crashed),
    ("  delete lost", Shown::Counted, |q| q.counts.redelivered.delete_lost),
    ("  delete undone", Shown::Counted, |q| q.counts.redelivered.delete_undone),
    ("  not hidden", Shown::Counted, |q| q.counts.redelivered.not_hidden),
    ("  before its time", Shown::Counted, |q| q.counts.redelivered.early),
    ("  worker stopped", Shown::Counted, |q| q.counts.redelivered.stopped),
    ("  throttled", Shown::Counted, |q| q.counts.redelivered.throttled),
    ("processed again", Shown::Counted, |q| q.counts.duplicates),
    ("throttled calls", Shown::Counted, |q| q.counts.throttled),
    ("over the limit", Shown::Counted, |q| q.counts.over_limit),
    ("empty receives", Shown::Counted, |q| q.counts.empty_receives),
];

fn flow(scenario: &Scenario, outcomes: Sample<'_>, queue: usize, name: &str) -> Table {
    let seconds = outcomes.first().map_or(0.0, |outcome| {
        let [from, to] = outcome.window_ns;
        to.saturating_sub(from) as f64 / 1e9
    });
    let redrives = scenario.queues.get(queue).is_some_and(|of| of.config.redrive.is_some());
    let total = if outcomes.len() == 1 { "total" } else { "per run" };
    let mut rows = Vec::new();
    for (label, shown, count) in COUNTED {
        let count = |outcome: &Outcome| outcome.queues.at(queue).map_or(0, count);
        let there = shown == Shown::There;
        let sum = if there {
            Estimated::at_an_instant(outcomes, count)
        } else {
            Estimated::total(outcomes, count)
        };
        let asked = shown == Shown::Always || (redrives && label == "dead letters");
        if sum.mean == 0.0 && !asked {
            continue;
        }
        let no_rate = there || seconds == 0.0;
        let rate = if no_rate { Cell::default() } else { sum.per(seconds).cell(2) };
        let note = match label {
            "deleted" => receives_per_message(outcomes, queue),
            "dead letters" => dead_letters_outside(outcomes, queue),
            "empty receives" => missed(outcomes, queue),
            _ => String::new(),
        };
        rows.push(Row { label: label.to_owned(), cells: vec![sum.cell(0), rate], note });
    }
    Table { title: format!("Flow{name}"), columns: vec![total, "per second"], rows }
}

/// Of the messages that were deleted: what else was received says nothing about them.
fn receives_per_message(outcomes: Sample<'_>, queue: usize) -> String {
    let of = |outcome: &Outcome| Some(outcome.queues.at(queue)?.receives_of_deleted());
    let more = outcomes.iter().filter_map(of).any(|(_, messages, more)| messages > 0 && more);
    let least = if more { "at least " } else { "" };
    let ratio = Estimated::ratio(outcomes, |outcome| {
        let (receives, messages, _) = of(outcome)?;
        Some((receives as f64, messages as f64))
    });
    ratio.map_or_else(String::new, |ratio| {
        format!("{least}{} receives per message", ratio.inline(2))
    })
}

/// Dead letters of the warm-up and the drain, which stand in no other line.
fn dead_letters_outside(outcomes: Sample<'_>, queue: usize) -> String {
    // A part of a run does not know the whole.
    let told = Estimated::total(outcomes, |outcome| {
        outcome
            .queues
            .at(queue)
            .map_or(0, |of| of.dead_lettered_in_all.saturating_sub(of.counts.dead_lettered))
    });
    if told.mean == 0.0 {
        return String::new();
    }
    format!("{} more outside the measured time", Estimated { half: None, ..told }.inline(0))
}

fn missed(outcomes: Sample<'_>, queue: usize) -> String {
    let missed = Estimated::total(outcomes, |outcome| {
        outcome.queues.at(queue).map_or(0, |queue| queue.counts.false_empty_receives)
    });
    if missed.mean == 0.0 {
        return String::new();
    }
    format!("{:.0} of them missed a visible message", missed.mean)
}

/// Latencies with as many digits as fit beside labels of this width.
fn latency(outcomes: Sample<'_>, queue: usize, name: &str, labels: usize) -> Option<Table> {
    const ROWS: [(&str, LatencyOf); 2] =
        [("in queue", |of| &of.sent_to_received), ("sent to deleted", |of| &of.sent_to_deleted)];
    const COLUMNS: [(&str, Take); 5] = [
        ("mean", Take::Mean),
        ("stddev", Take::Stddev),
        ("p50", Take::Quantile(0.5)),
        ("p95", Take::Quantile(0.95)),
        ("p99", Take::Quantile(0.99)),
    ];
    let estimates: Vec<(&str, Vec<Estimated>)> = ROWS
        .iter()
        .filter_map(|&(label, kind)| {
            let cells =
                COLUMNS.iter().map(|&(_, take)| Estimated::latency(outcomes, queue, kind, take));
            Some((label, cells.collect::<Option<Vec<Estimated>>>()?))
        })
        .collect();
    let table = |scale: Scale| {
        let rows = estimates.iter().map(|(label, cells)| Row {
            label: (*label).to_owned(),
            cells: cells.iter().map(|cell| cell.length_cell(scale)).collect(),
            note: String::new(),
        });
        let columns = COLUMNS.iter().map(|(name, _)| *name).collect();
        Table { title: format!("Latency{name}"), columns, rows: rows.collect() }
    };
    let mut scale =
        Scale::of(estimates.iter().flat_map(|(_, row)| row.iter().map(|cell| cell.mean)));
    while let (false, Some(coarser)) = (table(scale).can_fit(labels), scale.coarser()) {
        scale = coarser;
    }
    (!estimates.is_empty()).then(|| table(scale))
}

/// The sentences below the tables.
pub(super) fn sentences(
    asked: &Typed<'_>,
    scenario: &Scenario,
    outcomes: Sample<'_>,
    unstable: &[EstimatedUnstable],
    style: Style,
    lines: &mut Vec<String>,
) {
    let mut say = |opening: &str, sentence: String| {
        let blanks = left("", OPENING.saturating_sub(opening.chars().count()));
        lines.push(format!("{}{blanks}{sentence}", style.heading(opening)));
    };
    for found in unstable {
        say("NOT STABLE", format!("{}: {}", found.queue, growing(found, outcomes)));
    }
    let settled = settled(scenario, unstable);
    fleets::sentences(scenario, outcomes, &settled, &mut say);
    for (place, named) in scenario.downstreams.iter().enumerate() {
        if let Some(sentence) = downstream::sentence(named.config.bound, outcomes, place) {
            say("Downstream", format!("{}: {sentence}", named.name));
        }
    }
    for (place, function) in scenario.functions.iter().enumerate() {
        let several = scenario.functions.len() > 1;
        let name = if several { format!("{}: ", function.name) } else { String::new() };
        say("Function", format!("{name}{}", functions::sentence(outcomes, place)));
        if let Some(sentence) = functions::troubles(outcomes, place) {
            say("Throttled", format!("{name}{sentence}"));
        }
    }
    for (place, producer) in scenario.producers.iter().enumerate() {
        if let Some(sentence) = producers(outcomes, place) {
            say("Producers", format!("{}: {sentence}", producer.name));
        }
    }
    for (place, queue) in scenario.queues.iter().enumerate() {
        let first = queue.config.ledger.partitions;
        if let Some(sentence) = partitions::sentence(first, outcomes, place) {
            say("Partitions", format!("{}: {sentence}", queue.name));
        }
    }
    for (place, queue) in scenario.queues.iter().enumerate() {
        if let Some(sentence) = nodes::sentence(outcomes, place) {
            say("Nodes", format!("{}: {sentence}", queue.name));
        }
    }
    // Theory knows one law from the start to the end.
    let places = if asked.fork.is_none() { 0..scenario.queues.len() } else { 0..0 };
    let by_queue = ByQueue::of(scenario);
    for place in places {
        if let Some(prediction) = recognise_by(&by_queue, scenario, QueueId(place as u32)) {
            say("Theory", theory(scenario, outcomes, &prediction));
        }
    }
    if let Some(sentence) = cost::sentence(scenario, outcomes) {
        say("Cost", sentence);
    }
    if let Some(sentence) = cost::requests(outcomes) {
        say("Requests", sentence);
    }
    say("Bottleneck", commonest_bottleneck(&outcomes));
    for (place, queue) in scenario.queues.iter().enumerate() {
        if let Some(sentence) = unfinished(outcomes, place) {
            say("Unfinished", format!("{}: {sentence}", queue.name));
        }
    }
}

/// Why a queue's latencies are not told, and what is told instead.
fn growing(found: &EstimatedUnstable, outcomes: Sample<'_>) -> String {
    let EstimatedUnstable { load, growth_per_second: mean, ci95, found_in, .. } = *found;
    let half = ci95.map(|[low, high]| (high - low) / 2.0);
    let growth = Estimated { mean, half, thin: None }.inline(2);
    let runs = match outcomes.len() as u64 {
        all if found_in < all => format!(" in {found_in} of {all} replications"),
        _ => String::new(),
    };
    format!(
        "load {load:.2}, redeliveries included; it grows by {growth} messages a second{runs}, so \
         that its latencies have no mean: the longer the run, the longer they are"
    )
}

fn producers(outcomes: Sample<'_>, producer: usize) -> Option<String> {
    let total = |count: fn(&ProducerOutcome) -> u64| {
        Estimated::total(outcomes, |outcome| outcome.producers.at(producer).map_or(0, count))
    };
    let counted = [
        ("refused", total(|of| of.throttled)),
        ("tried again", total(|of| of.retried)),
        ("given up", total(|of| of.given_up)),
    ];
    let mut words: Vec<String> = counted
        .iter()
        .filter(|(_, count)| count.mean > 0.0)
        .enumerate()
        .map(|(n, (word, count))| {
            let messages = if n == 0 { " messages" } else { "" };
            format!("{}{messages} {word}", count.inline(0))
        })
        .collect();
    let per_message = |sum: fn(&ProducerOutcome) -> u64| {
        Estimated::ratio(outcomes, |outcome| {
            let of = outcome.producers.at(producer)?;
            Some((sum(of) as f64, of.sent as f64))
        })
        .filter(|mean| mean.mean > 0.0)
    };
    if let Some(waited) = per_message(|of| of.waited_ns) {
        words
            .push(format!("{} of waiting for a connection on average", units::length(waited.mean)));
    }
    if let Some(calling) = per_message(|of| of.calling_ns).filter(|_| !words.is_empty()) {
        words.push(format!("{} from call to answer on average", units::length(calling.mean)));
    }
    let unsent = Estimated::at_an_instant(outcomes, |outcome| {
        outcome.producers.at(producer).map_or(0, |of| of.held_back.end)
    });
    if unsent.mean > 0.0 && !words.is_empty() {
        words.push(format!("{} not sent at the end", unsent.inline(0)));
    }
    (!words.is_empty()).then(|| words.join(", "))
}

fn theory(scenario: &Scenario, outcomes: Sample<'_>, prediction: &Prediction) -> String {
    let wait = units::length(prediction.wait_nanos);
    let says = format!(
        "{} predicts {wait} in queue and {:.2} busy on average",
        prediction.name, prediction.busy
    );
    if outcomes.iter().any(|outcome| outcome.partial.is_some()) {
        return says;
    }
    if !prediction.is_reached(scenario) {
        let start = units::length(prediction.start.as_nanos() as f64);
        return format!(
            "{says} in the long run; this one does not come to it: the start is felt for {start}"
        );
    }
    let queue = prediction.queue.0 as usize;
    let wait = Estimated::latency(outcomes, queue, |of| &of.sent_to_received, Take::Mean);
    let busy = outcomes.busy(prediction.fleet).map(Estimated::from);
    let inside = |estimated: Option<Estimated>, value| estimated?.contains(value);
    let verdict = match (inside(wait, prediction.wait_nanos), inside(busy, prediction.busy)) {
        (Some(true), Some(true)) => ": inside the intervals",
        (Some(false), Some(false)) => ": outside both intervals",
        (Some(false), Some(true)) => ": outside the interval in queue",
        (Some(true), Some(false)) => ": outside the interval of busy",
        _ => "",
    };
    says + verdict
}

fn unfinished(outcomes: Sample<'_>, queue: usize) -> Option<String> {
    let of = |outcome: &Outcome| outcome.queues.at(queue).map(|queue| queue.unfinished);
    let left =
        Estimated::at_an_instant(outcomes, |outcome| of(outcome).map_or(0, |left| left.messages));
    if left.mean == 0.0 {
        return None;
    }
    let oldest = outcomes.iter().filter_map(of).map(|left| left.oldest_ns).max().unwrap_or(0);
    let oldest = units::length(oldest as f64);
    let s = if left.half.is_none() && (left.mean - 1.0).abs() < f64::EPSILON { "" } else { "s" };
    let rounds = circulating(outcomes, queue);
    Some(format!("{} message{s}, the oldest {oldest} old{rounds}", left.inline(0)))
}

/// Messages that come back again and again: nothing but their retention will end that.
fn circulating(outcomes: Sample<'_>, queue: usize) -> String {
    let of = |outcome: &Outcome| outcome.queues.at(queue)?.unfinished.circulating;
    let messages =
        Estimated::at_an_instant(outcomes, |outcome| of(outcome).map_or(0, |found| found.messages));
    let found = outcomes.iter().filter_map(of);
    let Some((receives, oldest)) = found
        .map(|found| (found.receives, found.oldest_ns))
        .reduce(|most, next| (most.0.max(next.0), most.1.max(next.1)))
    else {
        return String::new();
    };
    let oldest = units::length(oldest as f64);
    let messages = messages.inline(0);
    format!(
        "; {messages} of them circulating: received up to {receives} times and not deleted, the \
         oldest {oldest} old"
    )
}
