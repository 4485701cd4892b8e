//! What limited a run.
//!
//! Owns the verdict and its thresholds. Must not know how it is printed.
//!
//! The causes are tried in this order, because each hides behind the ones before it: a ledger
//! that throttles makes messages wait at their producers, a visibility timeout that is too short
//! makes consumers work twice, and so does a downstream that lets them wait.
//!
//! - **ledger capacity**: at least 1 % of a queue's calls were throttled, or 1 % of its receives
//!   were refused at the in-flight cap.
//! - **nodes**: at least 1 % of a queue's calls were answered by too few replicas.
//! - **downstream**: a fleet's threads spent at least half of the time in which they were up on a
//!   downstream that was used to 95 %, or had more calls at once than it does fastest.
//! - **visibility timeout**: at least 5 % of a queue's receives were redeliveries of messages
//!   whose timeout ended while they were worked on or waited in a buffer.
//! - **consumers' count**: at least 95 % of a fleet's threads were busy, or the messages waiting
//!   in a queue grew by 5 % of those sent to it; **ledger capacity** where these threads are idle
//!   because 95 % of the in-flight cap are in flight; **scaling too late** where a scaler may have
//!   had more workers while the backlog climbed.
//! - **producers**: at least 5 % of a producer's messages did not leave it in time, or one waited
//!   as long for a connection as from send to delete, or all are closed clients.
//! - **a stretch**: none of these in the run as a whole, but one of them, or a backlog of a queue
//!   or of a producer, in a part of it (`stretch`).
//! - **nothing**: none of these.
//!
//! Invariant: a pure function of the scenario and what was measured.

mod downstream;
mod stretch;
mod words;

pub use words::Finding;

use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::model::clients::{ArrivalProcess, FleetConfig};
use crate::model::scenario::{Named, Scenario};
use crate::observe::measured::{FunctionCounts, Measured, QueueCounts, QueueMeasured};
use crate::stats::by_queue::ByQueue;
use crate::stats::scaling;
use crate::stats::stability::unstable;
use crate::stats::summary::Summary;

/// Share of calls throttled above which the ledger is the limit.
const THROTTLED: f64 = 0.01;
/// Share of calls that too few replicas answered above which the nodes are the limit.
const UNAVAILABLE: f64 = 0.01;
/// Share of receives that a timeout caused above which the timeout is the limit.
const TIMED_OUT: f64 = 0.05;
/// Share of busy threads above which a fleet is the limit.
const BUSY: f64 = 0.95;
/// Share of the in-flight cap from which on it is the limit of a queue that grows though threads
/// of its consumers are idle.
const FULL: f64 = 0.95;
/// Growth of the waiting messages, as a share of those sent, above which a fleet is the limit.
const GROWTH: f64 = 0.05;
/// Share of a producer's messages left behind above which it is the limit.
const LEFT_BEHIND: f64 = 0.05;

/// What limited a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// The partitions' capacity, or the in-flight cap.
    Ledger,
    /// Nodes that were down.
    Nodes,
    /// What consumers lean on.
    Downstream,
    /// A visibility timeout too short for the work or the buffer.
    VisibilityTimeout,
    /// Too few consumers.
    Consumers,
    /// Workers that came after they were needed.
    Scaling,
    /// Invocations that a function, or its mapping, may not have at once.
    FunctionConcurrency,
    /// Producers that cannot send as fast as messages arise.
    Producers,
    /// There was room everywhere.
    Nothing,
}

impl Limit {
    /// Its name in output.
    pub fn name(self) -> &'static str {
        match self {
            Limit::Ledger => "ledger capacity",
            Limit::Nodes => "nodes",
            Limit::Downstream => "downstream",
            Limit::VisibilityTimeout => "visibility timeout",
            Limit::Consumers => "consumers' count",
            Limit::Scaling => "scaling too late",
            Limit::FunctionConcurrency => "function concurrency",
            Limit::Producers => "producers",
            Limit::Nothing => "nothing",
        }
    }
}

/// The verdict.
#[derive(Clone, Debug, PartialEq)]
pub struct Bottleneck {
    /// What was found.
    pub kind: Finding,
    /// Of which queue, fleet or producer; empty for none.
    pub of: String,
    /// The figures that say so, as the kind orders them.
    pub figures: Vec<f64>,
    /// Of which part of the run: from, to; `None` for the whole of it.
    pub stretch: Option<(Time, Time)>,
}

impl Bottleneck {
    fn of(kind: Finding, of: &str, figures: &[f64]) -> Bottleneck {
        Bottleneck { kind, of: of.to_owned(), figures: figures.to_vec(), stretch: None }
    }

    /// What limited the run.
    pub fn limit(&self) -> Limit {
        self.kind.limit()
    }

    /// The figures that say so: a lower-case fragment.
    pub fn said(&self) -> String {
        let words = self.kind.words(&self.of, &self.figures);
        match self.stretch {
            None => words,
            Some((from, to)) => {
                let [from, to] = [from, to].map(|at| words::length(at.as_nanos() as f64));
                format!("from {from} to {to} {words}")
            }
        }
    }

    /// `consumers' count: …`
    pub fn sentence(&self) -> String {
        format!("{}: {}", self.limit().name(), self.said())
    }
}

/// What limited most of these replications, with the means of its figures and in how many it was
/// found if that is not all; of two as frequent, the one seen first. Empty for no replication.
pub fn commonest(verdicts: &[Bottleneck]) -> String {
    fn most<T: PartialEq>(keys: &[T]) -> Option<&T> {
        let mut counts: Vec<(&T, u64)> = Vec::new();
        for key in keys {
            match counts.iter_mut().find(|of| of.0 == key) {
                Some((_, count)) => *count += 1,
                None => counts.push((key, 1)),
            }
        }
        let most =
            counts.into_iter().reduce(|most, next| if next.1 > most.1 { next } else { most });
        most.map(|of| of.0)
    }
    let limits: Vec<Limit> = verdicts.iter().map(Bottleneck::limit).collect();
    let limit = most(&limits).copied();
    let alike = verdicts.iter().filter(|verdict| Some(verdict.limit()) == limit);
    let found: Vec<(Finding, &str, bool)> =
        alike.map(|of| (of.kind, of.of.as_str(), of.stretch.is_some())).collect();
    let Some(&(kind, of, stretches)) = most(&found) else { return String::new() };
    let same: Vec<&Bottleneck> = verdicts
        .iter()
        .filter(|one| (one.kind, one.of.as_str(), one.stretch.is_some()) == (kind, of, stretches))
        .collect();
    let mean = |figure: &dyn Fn(&Bottleneck) -> f64| {
        Summary::of(&same.iter().map(|one| figure(one)).collect::<Vec<f64>>()).mean
    };
    let figures: Vec<f64> = (0..same[0].figures.len())
        .map(|at| mean(&|one| one.figures.get(at).copied().unwrap_or(0.0)))
        .collect();
    let spans: Vec<(Time, Time)> = same.iter().filter_map(|one| one.stretch).collect();
    let latest = spans.iter().map(|span| span.0).max();
    let earliest = spans.iter().map(|span| span.1).min();
    // Stretches that share an instant are one and the same; others come when chance has it.
    let one = latest.zip(earliest).is_some_and(|(latest, earliest)| latest < earliest);
    let edge = |of: fn(&(Time, Time)) -> Time| {
        let at = mean(&|one| one.stretch.as_ref().map_or(0.0, |span| of(span).as_nanos() as f64));
        Time::ZERO + Span::round_nanos(at)
    };
    let stretch = one.then(|| (edge(|span| span.0), edge(|span| span.1)));
    let said = Bottleneck { kind, of: of.to_owned(), figures, stretch }.said();
    let at_times = if stretches && !one { "at times " } else { "" };
    let (found, all) = (same.len(), verdicts.len());
    let runs =
        if found < all { format!(" (in {found} of {all} replications)") } else { String::new() };
    format!("{}: {at_times}{said}{runs}", kind.limit().name())
}

/// What limited this run.
pub fn verdict(scenario: &Scenario, measured: &Measured) -> Bottleneck {
    type Rule = fn(&Scenario, &Measured) -> Option<Bottleneck>;
    const RULES: [Rule; 8] = [
        ledger,
        nodes,
        downstream::saturated,
        visibility,
        functions,
        consumers,
        producers,
        stretch::worst,
    ];
    let found = RULES.iter().find_map(|rule| rule(scenario, measured));
    match found {
        Some(found) if found.limit() == Limit::Consumers => {
            let leaning = || leaning(scenario, measured, &found);
            leaning().or_else(|| too_late(scenario, measured, &found)).unwrap_or(found)
        }
        Some(found) => found,
        None => room(scenario, measured),
    }
}

/// The same stretch, where a downstream had no more to give in it.
fn leaning(scenario: &Scenario, measured: &Measured, found: &Bottleneck) -> Option<Bottleneck> {
    let queue = scenario.queues.iter().position(|queue| queue.name == found.of)?;
    downstream::saturated_in(scenario, measured, QueueId(queue as u32), found.stretch?)
}

/// The same of a fleet that a scaler could have made large enough.
fn too_late(scenario: &Scenario, measured: &Measured, found: &Bottleneck) -> Option<Bottleneck> {
    let part = found.stretch.unwrap_or(measured.window);
    let concerns = |fleet: &Named<FleetConfig>| {
        let names_queue = |queue: QueueId| scenario.queues.get(queue.0 as usize).map(|it| &it.name);
        fleet.name == found.of || fleet.config.queues().any(|it| names_queue(it) == Some(&found.of))
    };
    let fleets = scenario.fleets.iter().enumerate().filter(|(_, fleet)| concerns(fleet));
    let (fleet, late) = fleets
        .filter_map(|(at, fleet)| Some((fleet, scaling::late(scenario, measured, at, part)?)))
        .reduce(|worst, next| if next.1.peak > worst.1.peak { next } else { worst })?;
    let help = late.help.map_or(-1.0, |help| help.as_nanos() as f64);
    let (peak, oldest) = (late.peak as f64, late.oldest.as_nanos() as f64);
    let figures = [peak, oldest, late.ready, f64::from(late.most), help];
    let stretch = found.stretch;
    Some(Bottleneck { stretch, ..Bottleneck::of(Finding::Late, &fleet.name, &figures) })
}

/// Queues with their names.
fn queues<'a>(
    scenario: &'a Scenario,
    measured: &'a Measured,
) -> impl Iterator<Item = (&'a str, &'a QueueMeasured)> {
    scenario.queues.iter().map(|queue| queue.name.as_str()).zip(&measured.queues)
}

fn share(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// The greatest by share, if it reaches the threshold.
fn worst<T>(candidates: impl Iterator<Item = (f64, T)>, threshold: f64) -> Option<(f64, T)> {
    candidates
        .filter(|(share, _)| *share >= threshold)
        .reduce(|worst, next| if next.0 > worst.0 { next } else { worst })
}

/// The share of a queue's calls that this counts, with its name.
fn of_calls<'a>((name, queue): (&'a str, &QueueMeasured), count: u64) -> (f64, (&'a str, u64)) {
    (share(count, queue.counts.calls.total()), (name, count))
}

/// Receives that a visibility timeout caused.
fn timed_out(counts: &QueueCounts) -> u64 {
    counts.redelivered.outlived_timeout + counts.redelivered.prefetched
}

fn nodes(scenario: &Scenario, measured: &Measured) -> Option<Bottleneck> {
    let failed =
        queues(scenario, measured).map(|queue| of_calls(queue, queue.1.counts.unavailable));
    let (share, (name, count)) = worst(failed, UNAVAILABLE)?;
    Some(Bottleneck::of(Finding::Unanswered, name, &[share, count as f64]))
}

fn ledger(scenario: &Scenario, measured: &Measured) -> Option<Bottleneck> {
    let throttled =
        queues(scenario, measured).map(|queue| of_calls(queue, queue.1.counts.throttled));
    if let Some((share, (name, count))) = worst(throttled, THROTTLED) {
        return Some(Bottleneck::of(Finding::Throttled, name, &[share, count as f64]));
    }
    let capped =
        queues(scenario, measured).zip(&scenario.queues).map(|((name, queue), settings)| {
            let share = share(queue.counts.over_limit, queue.counts.calls.receive);
            (share, (name, queue.counts.over_limit, settings.config.max_in_flight))
        });
    let (share, (name, count, cap)) = worst(capped, THROTTLED)?;
    Some(Bottleneck::of(Finding::Capped, name, &[share, count as f64, f64::from(cap)]))
}

fn visibility(scenario: &Scenario, measured: &Measured) -> Option<Bottleneck> {
    let late = queues(scenario, measured).map(|(name, queue)| {
        (share(timed_out(&queue.counts), queue.counts.received), (name, queue))
    });
    let (_, (name, queue)) = worst(late, TIMED_OUT)?;
    let [outlived, prefetched] = [Finding::Outlived, Finding::Prefetched];
    let kind = if outlived.is_cause(&queue.counts) { outlived } else { prefetched };
    Some(Bottleneck::of(kind, name, &kind.causes(&queue.counts)))
}

fn functions(scenario: &Scenario, measured: &Measured) -> Option<Bottleneck> {
    let both = || scenario.functions.iter().zip(&measured.functions);
    let throttled = both().map(|(function, of)| {
        let FunctionCounts { invocations, invocation_throttles: throttles, .. } = of.counts;
        (share(throttles, throttles + invocations), (function, of.counts))
    });
    if let Some((share, (function, counts))) = worst(throttled, THROTTLED) {
        let figures = [share, counts.invocation_throttles as f64, counts.receives_burnt as f64];
        return Some(Bottleneck::of(Finding::Uninvoked, &function.name, &figures));
    }
    let busy = both().map(|(function, of)| (of.utilisation().unwrap_or(0.0), (function, of)));
    let (share, (function, of)) = worst(busy, BUSY)?;
    let queue = measured.queues.get(function.config.queue.0 as usize)?;
    let figures = [share, of.limit.mean(), queue.levels.visible.mean()];
    Some(Bottleneck::of(Finding::FullFunction, &function.name, &figures))
}

fn consumers(scenario: &Scenario, measured: &Measured) -> Option<Bottleneck> {
    let busy = scenario.fleets.iter().zip(&measured.fleets).map(|(fleet, measured)| {
        (measured.utilisation().unwrap_or(0.0), (fleet, measured.threads()))
    });
    if let Some((share, (fleet, threads))) = worst(busy, BUSY) {
        let own = |place: usize| fleet.config.receives_from(QueueId(place as u32));
        let figures = |third| [share, threads as f64, third];
        // What grows without end has no mean.
        let grows = unstable(scenario, measured).into_iter().find(|of| own(of.queue));
        if let Some(grows) = grows {
            return Some(Bottleneck::of(Finding::Overrun, &fleet.name, &figures(grows.growth)));
        }
        let queues = measured.queues.iter().enumerate().filter(|(place, _)| own(*place));
        let waiting = queues.map(|(_, queue)| queue.levels.visible.mean()).sum();
        return Some(Bottleneck::of(Finding::Busy, &fleet.name, &figures(waiting)));
    }
    let by_queue = ByQueue::of(scenario);
    let growing = queues(scenario, measured).enumerate().map(|(at, (name, queue))| {
        let growth = growth(scenario, queue);
        let served = !by_queue.fleets(at).is_empty() || by_queue.has_function(at);
        (share(growth, queue.counts.sent), (name, growth, served))
    });
    let (share, (name, growth, served)) = worst(growing, GROWTH)?;
    let growth = growth as f64;
    if !served {
        return Some(Bottleneck::of(Finding::Unserved, name, &[growth]));
    }
    let both = scenario.queues.iter().zip(&measured.queues).find(|(queue, _)| queue.name == name);
    let in_flight =
        both.map(|(of, queue)| (queue.levels.in_flight.mean(), of.config.max_in_flight));
    let full = in_flight.filter(|&(mean, cap)| mean >= FULL * f64::from(cap));
    Some(match full {
        Some((mean, cap)) => Bottleneck::of(Finding::Full, name, &[mean, f64::from(cap), growth]),
        None => Bottleneck::of(Finding::Growing, name, &[growth, share]),
    })
}

/// By how many messages the visible ones grew over the measured window.
fn growth(scenario: &Scenario, queue: &QueueMeasured) -> u64 {
    let window = scenario.window.as_nanos();
    if window == 0 {
        return 0;
    }
    let ended = |nanos: u64| (nanos / window) as usize;
    let before = ended(scenario.warm_up.as_nanos()).checked_sub(1);
    let before =
        before.and_then(|at| queue.series.get(at)).map_or(0, |window| window.levels.visible.last);
    let last = ended(scenario.duration.as_nanos().saturating_sub(1)).min(queue.series.len());
    let after = queue
        .series
        .get(last)
        .or(queue.series.last())
        .map_or(0, |window| window.levels.visible.last);
    after.saturating_sub(before)
}

fn producers(scenario: &Scenario, measured: &Measured) -> Option<Bottleneck> {
    let both = || scenario.producers.iter().zip(&measured.producers);
    let behind = both().map(|(producer, measured)| {
        let counts = measured.counts;
        let left = counts.arrived.saturating_sub(counts.sent + counts.given_up);
        (share(left, counts.arrived), (producer.name.as_str(), left))
    });
    if let Some((share, (name, left))) = worst(behind, LEFT_BEHIND) {
        return Some(Bottleneck::of(Finding::Behind, name, &[share, left as f64]));
    }
    for (producer, of) in both().filter(|(_, of)| of.counts.sent > 0) {
        let waited = of.waited as f64 / of.counts.sent as f64;
        let after = measured
            .queues
            .get(producer.config.queue.0 as usize)
            .map_or(0.0, |queue| queue.latencies.sent_to_deleted.mean_nanos());
        if waited > 0.0 && waited >= after {
            let whole = Bottleneck::of(Finding::Waited, &producer.name, &[waited, after]);
            // A mean of the whole run may come from a part of it.
            let part = stretch::worst(scenario, measured);
            return part
                .filter(|part| part.kind == whole.kind && part.of == whole.of)
                .or(Some(whole));
        }
    }
    let closed = |arrivals: &[ArrivalProcess]| {
        arrivals.iter().all(|process| matches!(process, ArrivalProcess::Closed { .. }))
    };
    let all_closed = scenario.producers.iter().all(|producer| closed(&producer.config.arrivals));
    let first = scenario.producers.first().filter(|_| all_closed)?;
    Some(Bottleneck::of(Finding::Closed, &first.name, &[]))
}

/// How much room there was.
fn room(scenario: &Scenario, measured: &Measured) -> Bottleneck {
    let busiest = scenario
        .fleets
        .iter()
        .zip(&measured.fleets)
        .map(|(fleet, measured)| (measured.utilisation().unwrap_or(0.0), fleet.name.as_str()));
    let functions =
        scenario.functions.iter().zip(&measured.functions).map(|(function, measured)| {
            (measured.utilisation().unwrap_or(0.0), function.name.as_str())
        });
    match (worst(busiest, 0.0), worst(functions, 0.0)) {
        (Some((share, name)), _) => Bottleneck::of(Finding::Room, name, &[share]),
        (None, Some((share, name))) => Bottleneck::of(Finding::RoomOfFunction, name, &[share]),
        (None, None) => Bottleneck::of(Finding::Quiet, "", &[]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::dist::Dist;
    use crate::observe::measured::{
        Calls, FunctionMeasured, ProducerWindow, QueueLevels, Window, WindowLatency, WindowLevel,
    };
    use crate::scenario::file::ScenarioFile;
    use crate::stats::fixture;

    fn limit(change: impl FnOnce(&mut Scenario, &mut Measured)) -> Bottleneck {
        let (mut scenario, mut measured) = (fixture::scenario(), fixture::measured(0));
        change(&mut scenario, &mut measured);
        verdict(&scenario, &measured)
    }

    #[test]
    fn a_quiet_run_is_limited_by_nothing() {
        let verdict = limit(|_, _| {});
        assert_eq!(verdict.limit(), Limit::Nothing);
        assert!(verdict.said().contains("`workers` was the busiest fleet with 0.80"));
    }

    /// A function that may have 20 invocations at once, in place of the workers.
    fn with_function(scenario: &mut Scenario, measured: &mut Measured) {
        let file: ScenarioFile = r#"(
            duration: "20m",
            queues: {"orders": (visibility_timeout: "3m")},
            consumers: {"handler": Lambda(queue: "orders", timeout: "30s", max_concurrency: 20,
                                          processing: Constant("1s"))},
        )"#
        .parse()
        .expect("it parses");
        let function = file.check().expect("it is in range").scenario.functions;
        (scenario.functions, scenario.fleets) = (function, Vec::new());
        measured.fleets = Vec::new();
        let counts = FunctionCounts { invocations: 990, ..FunctionCounts::default() };
        let (limit, in_use) = (fixture::level(20, 20, 20), fixture::level(10, 20, 0));
        measured.functions =
            vec![FunctionMeasured { in_use, limit, counts, ..FunctionMeasured::default() }];
    }

    #[test]
    fn a_function_limits_by_what_it_may_not_have_at_once() {
        let of = |change: &dyn Fn(&mut FunctionMeasured)| {
            limit(|s, m| {
                with_function(s, m);
                change(&mut m.functions[0]);
            })
        };
        let quiet = of(&|_| {});
        assert_eq!((quiet.kind, quiet.figures), (Finding::RoomOfFunction, vec![0.5]));
        // 10 of 1,000 tries are 1 %; 9 of 999 are less.
        let throttled = of(&|it| {
            (it.counts.invocation_throttles, it.counts.receives_burnt) = (10, 7);
        });
        let limit = Limit::FunctionConcurrency;
        assert_eq!((throttled.kind, throttled.limit()), (Finding::Uninvoked, limit));
        assert_eq!(throttled.figures, [0.01, 10.0, 7.0]);
        assert!(
            throttled.said().contains("1.0% of the tries to invoke `handler`"),
            "{throttled:?}"
        );
        let few = of(&|it| it.counts.invocation_throttles = 9);
        assert_eq!(few.limit(), Limit::Nothing);
        let full = of(&|it| it.in_use = fixture::level(19, 20, 19));
        assert_eq!((full.kind, full.limit()), (Finding::FullFunction, limit));
        assert_eq!(full.figures[..2], [0.95, 20.0]);
        let less = of(&|it| it.in_use = fixture::level(18, 20, 18));
        assert_eq!(less.limit(), Limit::Nothing);
    }

    #[test]
    fn each_cause_is_named_with_its_figures() {
        let ledger = limit(|_, m| m.queues[0].counts.throttled = 10_804);
        assert_eq!(ledger.limit(), Limit::Ledger);
        assert!(ledger.said().starts_with("10.0% of the calls to `orders`"), "{ledger:?}");

        let cap = limit(|_, m| m.queues[0].counts.over_limit = 3_605);
        assert_eq!(cap.limit(), Limit::Ledger);
        assert!(cap.said().contains("refused at 120000 messages in flight"), "{cap:?}");

        let nodes = limit(|_, m| m.queues[0].counts.unavailable = 10_804);
        assert_eq!(nodes.limit(), Limit::Nodes);
        let said = "too few replicas answered 10.0% of the calls to `orders` (10804)";
        assert_eq!(nodes.said(), said);

        let visibility = limit(|_, m| m.queues[0].counts.redelivered.outlived_timeout = 3_604);
        assert_eq!(visibility.limit(), Limit::VisibilityTimeout);
        assert!(visibility.said().starts_with("10.0% of the receives from `orders`"));
        assert!(visibility.said().contains("the work outlived the timeout"));

        let both = limit(|_, m| {
            m.queues[0].counts.redelivered.outlived_timeout = 721;
            m.queues[0].counts.redelivered.prefetched = 1_442;
            m.queues[0].counts.duplicates = 1;
        });
        let said = "4.0% of the receives from `orders` came because the timeout ended in a buffer, \
                    2.0% because the work outlived the timeout; messages were processed again once";
        assert_eq!(both.said(), said);

        let busy = limit(|_, m| m.fleets[0].busy.area = u128::from(m.fleets[0].busy.over) * 4);
        assert_eq!(busy.limit(), Limit::Consumers);
        assert!(busy.said().starts_with("100% of the 4 threads of `workers` were busy"));

        let alone = Finding::Busy.words("workers", &[0.99, 1.0, 5.5]);
        assert!(alone.starts_with("the one thread of `workers` was busy 99% of the time, 5.5"));

        let behind = limit(|_, m| m.producers[0].counts.arrived = 40_000);
        assert_eq!(behind.limit(), Limit::Producers);
        assert!(behind.said().starts_with("10.0% of the messages of `web` (4000)"));

        let waited = limit(|_, m| m.producers[0].waited = 36_000 * 2_000_000_000);
        assert_eq!(waited.limit(), Limit::Producers);
        assert!(waited.said().contains("waited 2000.0ms for a connection"));
    }

    #[test]
    fn a_growing_backlog_blames_the_consumers_even_when_threads_idle() {
        let verdict = limit(|_, m| {
            m.queues[0].series.each_mut()[2] =
                Window { levels: fixture::waiting(5_000), ..Window::default() };
        });
        assert_eq!(verdict.limit(), Limit::Consumers);
        assert!(verdict.said().contains("grew by 5000, 13.9% of those sent"), "{verdict:?}");
    }

    #[test]
    fn a_growing_dead_letter_queue_is_no_bottleneck() {
        let verdict = limit(|_, m| {
            m.queues[1].counts.moved_in = 5_000;
            let window = Window { levels: fixture::waiting(5_000), ..Window::default() };
            m.queues[1].series = [window; 3].into_iter().collect();
        });
        assert_eq!(verdict.limit(), Limit::Nothing);
    }

    #[test]
    fn closed_clients_limit_themselves() {
        let verdict = limit(|scenario, _| {
            let think = Dist::Constant(Span::from_secs(1));
            scenario.producers[0].config.arrivals =
                vec![ArrivalProcess::Closed { clients: 5, think }];
        });
        assert_eq!(verdict.limit(), Limit::Producers);
    }

    #[test]
    fn the_first_cause_hides_the_later_ones() {
        let verdict = limit(|_, m| {
            m.queues[0].counts.throttled = 10_804;
            m.producers[0].counts.arrived = 40_000;
        });
        assert_eq!(verdict.limit(), Limit::Ledger);
    }

    /// Windows of 60 s in which messages come, are deleted and wait: (sent, deleted, visible).
    fn series(windows: &[(u64, u64, u64)]) -> impl FnOnce(&mut Scenario, &mut Measured) + use<> {
        let window = |&(sent, deleted, visible): &(u64, u64, u64)| {
            let calls = Calls { send: sent, receive: sent, delete: deleted, ..Calls::default() };
            let age_of_oldest_ns = WindowLevel::steady(Span::from_secs(visible / 100).as_nanos());
            let visible = WindowLevel::steady(visible);
            let counts =
                QueueCounts { sent, deleted, received: deleted, calls, ..Default::default() };
            let levels = QueueLevels { visible, age_of_oldest_ns, ..QueueLevels::default() };
            Window { counts, levels, ..Window::default() }
        };
        let windows = windows.iter().map(window).collect();
        move |scenario, measured| {
            scenario.window = Span::from_secs(60);
            (scenario.warm_up, scenario.duration) = (Span::ZERO, Span::from_secs(1_200));
            measured.window.0 = Time::ZERO;
            measured.queues[0].series = windows;
        }
    }

    /// Twenty minutes of 6,000 messages each; in the fifth and sixth as many again, and the
    /// consumers do 7,500 a minute: 4,500 and 9,000 wait, then 1,500 less each minute, so that the
    /// twelfth ends with none. From 4m to 12m 8 · 6,000 + 12,000 = 60,000 messages come and are
    /// deleted: 125 a second.
    fn sale() -> Vec<(u64, u64, u64)> {
        let mut windows = vec![(6_000, 6_000, 0); 20];
        windows[4] = (12_000, 7_500, 4_500);
        windows[5] = (12_000, 7_500, 9_000);
        for (minutes, window) in (1..).zip(&mut windows[6..12]) {
            *window = (6_000, 7_500, 9_000 - 1_500 * minutes);
        }
        windows
    }

    #[test]
    fn the_backlog_of_a_sale_is_told_with_its_time() {
        let verdict = limit(series(&sale()));
        assert_eq!(verdict.limit(), Limit::Consumers);
        let said = "from 4m to 12m up to 9000 messages waited in `orders`, the oldest 1m30s: \
                    125/s came, 125/s were deleted";
        assert_eq!(verdict.said(), said);
    }

    /// A climb of 300 on 12,000 arrivals is 1.9 deviations of √24,000 = 155: any queue near its
    /// capacity has that. One of 620 is 4.002.
    #[test]
    fn what_chance_piles_up_is_no_stretch() {
        let climb = |peak| {
            let mut windows = vec![(6_000, 6_000, 0); 20];
            windows[4] = (6_000, 6_000, peak / 2);
            windows[5] = (6_000, 6_000, peak);
            limit(series(&windows))
        };
        assert_eq!(climb(300).limit(), Limit::Nothing);
        assert_eq!(climb(618).limit(), Limit::Nothing);
        assert_eq!(climb(620).kind, Finding::Backlog);
    }

    /// In the stretch 5 % of the calls are throttled, in the whole run 100 of 108,048.
    #[test]
    fn the_cause_within_a_stretch_is_its_own() {
        let mut windows = sale();
        let throttled = |windows: &[(u64, u64, u64)]| {
            let set = series(windows);
            limit(move |scenario, measured| {
                set(scenario, measured);
                let queue = &mut measured.queues[0];
                for window in &mut queue.series.each_mut()[4..12] {
                    window.counts.throttled = window.counts.calls.total() / 20;
                }
                queue.counts.throttled = 100;
            })
        };
        let during = throttled(&windows);
        assert_eq!(during.kind, Finding::Throttled);
        assert!(during.said().starts_with("from 4m to 12m 5.0% of the calls"), "{during:?}");
        // Without a backlog it is found by the excess over its threshold.
        for window in &mut windows {
            window.2 = 0;
        }
        let alone = throttled(&windows);
        assert_eq!((alone.kind, alone.stretch), (Finding::Throttled, during.stretch));
    }

    /// Two of three runs are limited: the means of 2 % and 4 %, of 60 s and 120 s, 180 s and 240 s.
    #[test]
    fn replications_are_told_by_their_means() {
        let of = |share, stretch: Option<(u64, u64)>| Bottleneck {
            kind: Finding::Throttled,
            of: "orders".to_owned(),
            figures: vec![share, share * 1_000.0],
            stretch: stretch.map(|(from, to)| (seconds(from), seconds(to))),
        };
        let room = Bottleneck::of(Finding::Room, "workers", &[0.5]);
        let all = [of(0.02, Some((60, 180))), room.clone(), of(0.04, Some((120, 240)))];
        let said = "ledger capacity: from 1m30s to 3m30s 3.0% of the calls to `orders` were \
                    throttled (30) (in 2 of 3 replications)";
        assert_eq!(commonest(&all), said);
        let apart = [of(0.02, Some((60, 180))), of(0.04, Some((180, 240)))];
        assert!(commonest(&apart).starts_with("ledger capacity: at times 3.0% of"));
        assert_eq!(
            commonest(&[room]),
            "nothing: `workers` was the busiest fleet with 0.50 of its threads"
        );
        assert_eq!(commonest(&[]), "");
    }

    /// Twenty minutes of 6,000 messages each; in the fifth come 12,000, but the connections carry
    /// 7,500 a minute, so that 4,500 are left, then 1,500 less each minute: none after the eighth.
    /// 30,000 of them waited 9 s on average, and then took 100 ms.
    fn held_back() -> Vec<ProducerWindow> {
        let (arrived, sent) = (6_000, 6_000);
        let mut windows = vec![ProducerWindow { arrived, sent, ..Default::default() }; 20];
        windows[4].arrived = 12_000;
        for (window, held_back) in windows[4..8].iter_mut().zip([4_500, 3_000, 1_500, 0]) {
            (window.sent, window.held_back) = (7_500, held_back);
            window.waited = 7_500 * u128::from(Span::from_secs(9).as_nanos());
        }
        windows
    }

    fn with_held_back(
        held_back: Vec<ProducerWindow>,
        change: impl FnOnce(&mut Measured),
    ) -> Bottleneck {
        let set = series(&[(6_000, 6_000, 0); 20]);
        limit(move |scenario, measured| {
            set(scenario, measured);
            for window in measured.queues[0].series.each_mut() {
                let mean = Span::from_millis(100);
                window.latencies.sent_to_deleted =
                    WindowLatency { count: 6_000, mean, ..Default::default() };
            }
            measured.producers[0].series = held_back.into_iter().collect();
            change(measured);
        })
    }

    #[test]
    fn a_stretch_that_a_producer_could_not_send_in_time_is_told() {
        let verdict = with_held_back(held_back(), |_| {});
        assert_eq!(verdict.limit(), Limit::Producers);
        let said = "from 4m to 8m a message of `web` waited 9000.0ms for a connection, and then \
                    took 100.0ms from send to delete";
        assert_eq!(verdict.said(), said);
    }

    /// The mean wait of all 120,000 messages is 2.25 s, but it comes from four minutes.
    #[test]
    fn a_wait_that_comes_from_a_part_of_the_run_is_told_of_that_part() {
        let verdict = with_held_back(held_back(), |measured| {
            measured.producers[0].waited = 36_000 * 2_250_000_000;
        });
        assert!(verdict.said().starts_with("from 4m to 8m a message of `web` waited 9000.0ms"));
        let all = vec![ProducerWindow { arrived: 6_000, sent: 6_000, ..Default::default() }; 20];
        let steady = with_held_back(all, |measured| {
            measured.producers[0].waited = 36_000 * 2_250_000_000;
        });
        assert!(steady.said().starts_with("a message of `web` waited 2250.0ms"), "{steady:?}");
    }

    /// What is in calls or in unfilled batches waits for no connection; what takes longer in the
    /// queue than before it is no matter of producers; a climb of 618 on 12,000 arrivals is chance.
    #[test]
    fn messages_that_a_producer_holds_may_wait_for_others() {
        let mut batches = held_back();
        for window in &mut batches {
            window.waited = 0;
        }
        assert_eq!(with_held_back(batches, |_| {}).limit(), Limit::Nothing);
        let slow = with_held_back(held_back(), |measured| {
            for window in measured.queues[0].series.each_mut() {
                window.latencies.sent_to_deleted.mean = Span::from_secs(10);
            }
        });
        assert_eq!(slow.limit(), Limit::Nothing);
        let climb = |peak: u64| {
            let mut few = held_back();
            for (window, third) in few[4..7].iter_mut().zip([3, 2, 1]) {
                window.held_back = peak * third / 3;
            }
            with_held_back(few, |_| {}).limit()
        };
        // Four times √24,000 is 619.7.
        assert_eq!((climb(618), climb(621)), (Limit::Nothing, Limit::Producers));
    }

    /// A twentieth of the calls is refused while messages are held back: that keeps connections
    /// busy. And a backlog in the queue that is higher is the worse one.
    #[test]
    fn a_producer_is_not_blamed_for_what_others_do() {
        let refused = with_held_back(held_back(), |measured| {
            for window in &mut measured.queues[0].series.each_mut()[4..8] {
                window.counts.throttled = window.counts.calls.total() / 20;
            }
        });
        assert_eq!(refused.limit(), Limit::Ledger);
        assert!(refused.said().starts_with("from 4m to 8m 5.0% of the calls to `orders`"));
        let backlog = |peak| {
            with_held_back(held_back(), |measured| {
                measured.queues[0].series.each_mut()[10].levels.visible = WindowLevel::steady(peak);
            })
        };
        assert_eq!(backlog(4_600).kind, Finding::Backlog);
        assert_eq!(backlog(4_400).kind, Finding::Waited);
    }

    fn seconds(at: u64) -> Time {
        Time::ZERO + Span::from_secs(at)
    }

    #[test]
    fn the_greatest_share_is_told_and_of_equal_ones_the_first() {
        let throttled = |of: [u64; 2]| {
            limit(|_, m| {
                m.queues[1].counts.calls = m.queues[0].counts.calls;
                for (queue, throttled) in m.queues.iter_mut().zip(of) {
                    queue.counts.throttled = throttled;
                }
            })
        };
        assert_eq!(throttled([10_804, 21_609]).of, "orders-dlq");
        assert_eq!(throttled([21_609, 10_804]).of, "orders");
        let equal = throttled([10_804, 10_804]);
        let said = "ledger capacity: 10.0% of the calls to `orders` were throttled (10804)";
        assert_eq!(equal.sentence(), said);
        // 2,000 and 1,604 of 36,036: 5.55 % and 4.45 %.
        let late = limit(|_, m| {
            let redelivered = &mut m.queues[0].counts.redelivered;
            (redelivered.outlived_timeout, redelivered.prefetched) = (2_000, 1_604);
            m.queues[0].counts.duplicates = 77;
        });
        assert_eq!(late.kind, Finding::Outlived);
        let shares = [2_000.0, 1_604.0].map(|count: f64| count / 36_036.0);
        let close = |at: usize, of: f64| (late.figures[at] - of).abs() < 1e-12;
        assert!(close(0, shares[0]) && close(1, 77.0) && close(2, shares[1]), "{late:?}");
    }

    /// A hundred messages more each minute, 1,900 from the end of the first to that of the last of
    /// twenty: 1.67 a second.
    #[test]
    fn busy_threads_of_a_queue_that_grows_have_no_mean() {
        let windows: Vec<(u64, u64, u64)> = (1..=20).map(|n| (6_000, 5_900, 100 * n)).collect();
        let set = series(&windows);
        let verdict = limit(move |scenario, m| {
            set(scenario, m);
            m.fleets[0].busy.area = u128::from(m.fleets[0].busy.over) * 4;
        });
        assert_eq!(verdict.kind, Finding::Overrun);
        assert!(verdict.said().ends_with("ever more messages waited (1.67/s)"), "{verdict:?}");
    }

    #[test]
    fn what_was_given_up_is_not_left_behind() {
        let left = |given_up: u64| {
            limit(|_, m| {
                let counts = &mut m.producers[0].counts;
                (counts.arrived, counts.given_up) = (40_000, given_up);
            })
        };
        assert_eq!((left(0).kind, left(4_000).kind), (Finding::Behind, Finding::Room));
    }

    /// A producer that sent nothing has not waited, and one that did not wait has not waited as
    /// long as messages of which none was deleted took.
    #[test]
    fn who_did_not_wait_is_no_limit() {
        let none = limit(|_, m| {
            let web = &mut m.producers[0];
            (web.counts.sent, web.counts.arrived, web.waited) = (0, 0, 5);
        });
        assert_eq!(none.kind, Finding::Room);
        let nothing = limit(|_, m| m.queues[0].latencies.sent_to_deleted = fixture::latency(&[]));
        assert_eq!(nothing.kind, Finding::Room);
        // 200 ms before, and 278 ms after the send.
        let less = limit(|_, m| m.producers[0].waited = 36_000 * 200_000_000);
        assert_eq!(less.kind, Finding::Room);
    }

    #[test]
    fn of_two_limits_as_frequent_the_first_is_told() {
        let throttled = || Bottleneck::of(Finding::Throttled, "orders", &[0.02, 20.0]);
        let room = || Bottleneck::of(Finding::Room, "workers", &[0.5]);
        assert!(commonest(&[room(), throttled()]).starts_with("nothing: "));
        assert!(commonest(&[throttled(), room()]).starts_with("ledger capacity: "));
        assert!(commonest(&[room(), throttled(), throttled()]).starts_with("ledger capacity: "));
    }
}
