//! The worst stretch of a run that was not limited as a whole.
//!
//! Owns where a stretch begins and ends, and when it is more than chance. Must not know how it is
//! said.
//!
//! The worst stretch is that of the highest backlog of a queue that somebody receives from: from
//! where it left a twentieth of its peak to where it was back there. Queues of steady traffic have
//! backlogs, too. One that arises by chance climbs as it would if arrivals and work had exchanged
//! their rates (P. W. Glynn and W. Whitt, "Logarithmic asymptotics for steady-state tail
//! probabilities in a single-server queue", J. Appl. Prob. 31A (1994)): of n messages the highest
//! climb is about √(ln n / 2) times the square root of twice the arrivals on the way, 2.6 times in
//! a million messages, 3.4 in ten thousand millions. Four times is no chance. Arrivals in batches
//! of b vary b times as much.
//!
//! A producer's backlog, of messages that it has not sent, is one as well, if it waited as long for
//! connections as the queue then took to have the messages deleted. The higher one counts.
//!
//! Where no backlog stands out, calls may have been refused, or answered by too few replicas, or
//! messages may have come back, in a part of the run alone: the stretch with the greatest excess
//! over the threshold of the whole run.
//!
//! Invariant: a pure function of the scenario and what was measured.

use super::words::Finding;
use super::{Bottleneck, Limit, THROTTLED, TIMED_OUT, UNAVAILABLE, share, timed_out};
use crate::kernel::time::Time;
use crate::model::scenario::Scenario;
use crate::observe::measured::{Measured, ProducerWindow, QueueCounts, Window};
use crate::stats::by_queue::ByQueue;

/// A stretch begins and ends at this part of its peak.
const FLOOR: u64 = 20;
/// A climb by chance is lower than so many times the square root of the variance on its way.
const CHANCE: f64 = 4.0;
/// Least share of a queue's messages or calls that a stretch concerns, and fewest of them.
const CONCERNED: f64 = 0.001;
const FEW: u64 = 10;

/// The windows of a queue's series from the end of the warm-up on.
struct Series<'a> {
    queue: usize,
    /// The visible messages before the first.
    before: u64,
    windows: Vec<&'a Window>,
}

/// Windows from the first of these to before the second.
type Part = (usize, usize);

/// What may happen in a part of a run alone: what it is, its threshold, how often it happened and
/// of what it is a share.
type Event = (Finding, f64, fn(&QueueCounts) -> u64, fn(&QueueCounts) -> u64);

const EVENTS: [Event; 4] = [
    (Finding::Throttled, THROTTLED, |of| of.throttled, |of| of.calls.total()),
    (Finding::Unanswered, UNAVAILABLE, |of| of.unavailable, |of| of.calls.total()),
    (Finding::Outlived, TIMED_OUT, timed_out, |of| of.received),
    (Finding::Prefetched, TIMED_OUT, timed_out, |of| of.received),
];

/// The worst stretch; `None` where none stands out.
pub(super) fn worst(scenario: &Scenario, measured: &Measured) -> Option<Bottleneck> {
    let told = Told { scenario, measured };
    let all: Vec<Series<'_>> =
        (0..measured.queues.len()).filter_map(|of| Series::of(scenario, measured, of)).collect();
    let by_queue = ByQueue::of(scenario);
    let has_workers = |series: &Series<'_>| !by_queue.fleets(series.queue).is_empty();
    let served = |series: &&Series<'_>| has_workers(series) || by_queue.has_function(series.queue);
    let backlogs = all.iter().filter(served).filter_map(|series| {
        let part = series.backlog()?;
        let other = if has_workers(series) { Finding::Backlog } else { Finding::BacklogOfFunction };
        let kind = series.limit(part).unwrap_or(other);
        Some((series.peak(part), told.of_queue(series, kind, part)))
    });
    let unsent = (0..measured.producers.len()).filter_map(|at| told.unsent(at, &all));
    let highest = backlogs.chain(unsent).reduce(
        |highest, next| {
            if next.0 > highest.0 { next } else { highest }
        },
    );
    if let Some((_, verdict)) = highest {
        return Some(verdict);
    }
    EVENTS.into_iter().find_map(|event| {
        let parts = all.iter().filter_map(|series| Some((series.excess(event)?, series)));
        let worst = parts.reduce(|worst, next| if next.0.0 > worst.0.0 { next } else { worst });
        worst.map(|((_, part), series)| told.of_queue(series, event.0, part))
    })
}

/// What a stretch is told of.
#[derive(Clone, Copy)]
struct Told<'a> {
    scenario: &'a Scenario,
    measured: &'a Measured,
}

impl Told<'_> {
    fn of_queue(self, series: &Series<'_>, kind: Finding, part: Part) -> Bottleneck {
        let stretch = self.at(part);
        let seconds = stretch.1.since(stretch.0).as_secs_f64();
        Bottleneck {
            kind,
            of: self.scenario.queues[series.queue].name.clone(),
            figures: series.figures(kind, part, seconds),
            stretch: Some(stretch),
        }
    }

    /// When a part of the windows was.
    fn at(self, part: Part) -> (Time, Time) {
        let first = self.scenario.windows_of_warm_up();
        let at = |window: usize| {
            let into = self.scenario.window.saturating_mul((first + window) as u64);
            (Time::ZERO + into).clamp(self.measured.window.0, self.measured.end)
        };
        (at(part.0), at(part.1))
    }

    /// Where a producer held most messages back, with their number, if that is more than chance and
    /// they waited for its connections.
    fn unsent(self, producer: usize, queues: &[Series<'_>]) -> Option<(u64, Bottleneck)> {
        let first = self.scenario.windows_of_warm_up();
        let all = &self.measured.producers[producer].series;
        let windows: Vec<&ProducerWindow> = all.iter().skip(first).collect();
        if windows.len() < 2 {
            return None;
        }
        let before = first.checked_sub(1).map_or(0, |last| all[last].held_back);
        let held_back = |at: usize| windows[at].held_back;
        let Climb { peak, top, part, height } = climb(windows.len(), before, held_back, held_back)?;
        let arrived = |(from, to): Part| -> u64 {
            windows[from..to].iter().map(|window| window.arrived).sum()
        };
        let concerned = arrived(part) as f64 >= CONCERNED * arrived((0, windows.len())) as f64;
        let chance = CHANCE * (2.0 * arrived((part.0, top + 1)) as f64).sqrt();
        if height as f64 <= chance || !concerned {
            return None;
        }
        let named = &self.scenario.producers[producer];
        // They stand in the order of the queues.
        let place = named.config.queue.0 as usize;
        let queue = &queues[queues.binary_search_by_key(&place, |of| of.queue).ok()?];
        // Calls that are refused or fail keep connections busy: then these are the limit.
        if let Some(kind) = queue.limit(part) {
            return Some((peak, self.of_queue(queue, kind, part)));
        }
        let sum = |of: fn(&ProducerWindow) -> u128| {
            windows[part.0..part.1].iter().map(|window| of(window)).sum()
        };
        let (waited, sent): (u128, u128) =
            (sum(|window| window.waited), sum(|window| u128::from(window.sent)));
        let waited = waited as f64 / sent.max(1) as f64;
        let after = queue.mean_to_delete(part);
        (waited > 0.0 && waited >= after).then(|| {
            let (of, stretch) = (named.name.clone(), Some(self.at(part)));
            (peak, Bottleneck { kind: Finding::Waited, of, figures: vec![waited, after], stretch })
        })
    }
}

/// The highest climb of a level.
struct Climb {
    peak: u64,
    /// The window of the peak.
    top: usize,
    /// From where it left a twentieth of the peak to where it was back there.
    part: Part,
    /// Of the peak above the level at the beginning of the part.
    height: u64,
}

/// Of a level with these highest and last values in its windows, and the value `before` the first;
/// `None` of no window.
fn climb(
    windows: usize,
    before: u64,
    highest: impl Fn(usize) -> u64,
    last: impl Fn(usize) -> u64,
) -> Option<Climb> {
    let peak = (0..windows).map(&highest).max()?;
    let top = (0..windows).find(|&at| highest(at) == peak)?;
    let low = |at: &usize| last(*at) <= peak / FLOOR;
    let from = (0..top).rev().find(low).map_or(0, |at| at + 1);
    let to = (top..windows).find(low).map_or(windows, |at| at + 1);
    let start = from.checked_sub(1).map_or(before, last);
    Some(Climb { peak, top, part: (from, to), height: peak.saturating_sub(start) })
}

impl<'a> Series<'a> {
    fn of(scenario: &Scenario, measured: &'a Measured, queue: usize) -> Option<Series<'a>> {
        let all = &measured.queues[queue].series;
        let first = scenario.windows_of_warm_up();
        let windows: Vec<&Window> = all.iter().skip(first).collect();
        let before = first.checked_sub(1).and_then(|last| all.get(last));
        let before = before.map_or(0, |window| window.levels.visible.last);
        (windows.len() > 1).then_some(Series { queue, before, windows })
    }

    /// What was counted in a part.
    fn counts(&self, (from, to): Part) -> QueueCounts {
        let mut sum = QueueCounts::default();
        for window in &self.windows[from..to] {
            let (all, own) = (&mut sum, &window.counts);
            all.sent += own.sent;
            all.moved_in += own.moved_in;
            all.received += own.received;
            all.deleted += own.deleted;
            all.undone += own.undone;
            all.throttled += own.throttled;
            all.unavailable += own.unavailable;
            all.duplicates += own.duplicates;
            all.redelivered.outlived_timeout += own.redelivered.outlived_timeout;
            all.redelivered.prefetched += own.redelivered.prefetched;
            all.calls.send += own.calls.send;
            all.calls.receive += own.calls.receive;
            all.calls.delete += own.calls.delete;
            all.calls.change_visibility += own.calls.change_visibility;
        }
        sum
    }

    fn whole(&self) -> Part {
        (0, self.windows.len())
    }

    fn peak(&self, (from, to): Part) -> u64 {
        self.windows[from..to].iter().map(|window| window.levels.visible.max).max().unwrap_or(0)
    }

    /// Where the highest backlog stood, if it is more than chance.
    fn backlog(&self) -> Option<Part> {
        let highest = |at: usize| self.windows[at].levels.visible.max;
        let last = |at: usize| self.windows[at].levels.visible.last;
        let Climb { top, part, height, .. } =
            climb(self.windows.len(), self.before, highest, last)?;
        let climbed = self.counts((part.0, top + 1));
        let came = climbed.sent + climbed.moved_in;
        let batch = (climbed.sent as f64 / climbed.calls.send.max(1) as f64).max(1.0);
        let chance = CHANCE * ((1.0 + batch) * came as f64).sqrt();
        let came = |part| {
            let QueueCounts { sent, moved_in, .. } = self.counts(part);
            sent + moved_in
        };
        let concerned = came(part) as f64 >= CONCERNED * came(self.whole()) as f64;
        (height as f64 > chance && concerned).then_some(part)
    }

    /// Mean nanoseconds from the send to the delete, of the deletes in a part; 0 without any.
    fn mean_to_delete(&self, (from, to): Part) -> f64 {
        let of = self.windows[from..to].iter().map(|window| window.latencies.sent_to_deleted);
        let (count, sum) = of.fold((0_u64, 0_u128), |(count, sum), of| {
            let own = u128::from(of.mean.as_nanos()) * u128::from(of.count);
            (count + of.count, sum + own)
        });
        sum as f64 / count.max(1) as f64
    }

    /// What beside the consumers limited a part.
    fn limit(&self, part: Part) -> Option<Finding> {
        let counts = self.counts(part);
        let found = EVENTS.into_iter().find(|(kind, threshold, events, of)| {
            share(events(&counts), of(&counts)) >= *threshold && kind.is_cause(&counts)
        });
        found.map(|(kind, ..)| kind)
    }

    /// The part with the greatest excess of an event over its threshold, if it concerns enough.
    fn excess(&self, (kind, threshold, events, of): Event) -> Option<(f64, Part)> {
        let (mut best, mut sum, mut from) = ((0.0, (0, 0)), 0.0, 0);
        for (at, window) in self.windows.iter().enumerate() {
            if sum <= 0.0 {
                (sum, from) = (0.0, at);
            }
            sum += events(&window.counts) as f64 - threshold * of(&window.counts) as f64;
            if sum > best.0 {
                best = (sum, (from, at + 1));
            }
        }
        let counts = self.counts(best.1);
        let least = CONCERNED * of(&self.counts(self.whole())) as f64;
        let happened = events(&counts);
        let enough = happened >= FEW && happened as f64 >= least && kind.is_cause(&counts);
        enough.then_some(best)
    }

    fn figures(&self, kind: Finding, part: Part, seconds: f64) -> Vec<f64> {
        let counts = self.counts(part);
        if let Some((_, _, events, of)) = EVENTS.iter().find(|event| event.0 == kind) {
            if kind.limit() == Limit::VisibilityTimeout {
                return kind.causes(&counts).to_vec();
            }
            let happened = events(&counts);
            return vec![share(happened, of(&counts)), happened as f64];
        }
        let windows = &self.windows[part.0..part.1];
        let oldest = windows.iter().map(|window| window.levels.age_of_oldest_ns.max).max();
        let per_second = |count: u64| count as f64 / seconds.max(f64::MIN_POSITIVE);
        vec![
            self.peak(part) as f64,
            oldest.unwrap_or(0) as f64,
            per_second(counts.sent + counts.moved_in),
            per_second(counts.deleted.saturating_sub(counts.undone)),
        ]
    }
}

impl Finding {
    /// Whether it is the more frequent of the two causes of a timeout; others have no rival.
    pub(super) fn is_cause(self, counts: &QueueCounts) -> bool {
        let causes = counts.redelivered;
        let outlived = causes.outlived_timeout >= causes.prefetched;
        (self != Finding::Outlived || outlived) && (self != Finding::Prefetched || !outlived)
    }

    /// The figures of a timeout that is too short, of which this is the more frequent cause.
    pub(super) fn causes(self, counts: &QueueCounts) -> [f64; 3] {
        let QueueCounts { redelivered: of, received, duplicates, .. } = *counts;
        let outlived = self == Finding::Outlived;
        let (own, other) = if outlived {
            (of.outlived_timeout, of.prefetched)
        } else {
            (of.prefetched, of.outlived_timeout)
        };
        [share(own, received), duplicates as f64, share(other, received)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Span;
    use crate::observe::measured::{Calls, Redelivered};
    use crate::stats::fixture;

    fn window(sent: u64, visible: u64) -> Window {
        let calls = Calls { send: sent, ..Calls::default() };
        let counts = QueueCounts { sent, calls, ..QueueCounts::default() };
        Window { counts, levels: fixture::waiting(visible), ..Window::default() }
    }

    fn series(windows: &[Window]) -> Series<'_> {
        Series { queue: 0, before: 0, windows: windows.iter().collect() }
    }

    #[test]
    fn a_part_counts_what_its_windows_do() {
        let counts = |n: u64| QueueCounts {
            sent: n,
            moved_in: 2 * n,
            received: 3 * n,
            deleted: 4 * n,
            undone: 5 * n,
            throttled: 6 * n,
            unavailable: 7 * n,
            duplicates: 8 * n,
            redelivered: Redelivered {
                outlived_timeout: 9 * n,
                prefetched: 10 * n,
                ..Redelivered::default()
            },
            calls: Calls {
                send: 11 * n,
                receive: 12 * n,
                delete: 13 * n,
                change_visibility: 14 * n,
                ..Calls::default()
            },
            ..QueueCounts::default()
        };
        let windows = [1, 10, 100, 1_000].map(|n| Window { counts: counts(n), ..window(0, 0) });
        assert_eq!(series(&windows).counts((1, 3)), counts(110));
    }

    /// A backlog is low at a twentieth of its peak: 31 of 620.
    #[test]
    fn a_backlog_stands_from_where_it_was_low_to_where_it_is_again() {
        let levels = [0, 30, 310, 620, 32, 31, 0];
        let windows = levels.map(|visible| window(1_000, visible));
        assert_eq!(series(&windows).backlog(), Some((2, 6)));
        // It has not been low, and is not again.
        assert_eq!(series(&windows[2..5]).backlog(), Some((0, 3)));
        // What stood before is no climb.
        assert_eq!(Series { before: 600, ..series(&windows[2..5]) }.backlog(), None);
    }

    /// Four times the root of twice the arrivals on the way: of 50 that is 40. Batches of ten vary
    /// ten times as much.
    #[test]
    fn what_chance_makes_depends_on_arrivals_and_their_batches() {
        let climbs = |window: &dyn Fn(u64) -> Window, peak: u64| {
            series(&[0, peak, 0].map(window)).backlog().is_some()
        };
        let single = |visible| window(50, visible);
        // The first window is low: what comes in the second counts.
        assert!(!climbs(&single, 40) && climbs(&single, 41));
        let batches = |visible| {
            let mut batches = window(6_000, visible);
            batches.counts.calls.send = 600;
            batches
        };
        // 4 √(11 · 6,000) is 1,027.6.
        assert!(!climbs(&batches, 1_027) && climbs(&batches, 1_028));
        let moved = |visible| {
            let mut moved = window(0, visible);
            moved.counts.moved_in = 50;
            moved
        };
        assert!(!climbs(&moved, 40) && climbs(&moved, 41));
    }

    /// A stretch with fewer than a thousandth of the messages is none.
    #[test]
    fn a_stretch_concerns_a_thousandth_of_the_messages() {
        let concerned = |sent: u64| {
            let windows = [window(200_000 - sent, 0), window(sent, 5_000), window(0, 0)];
            series(&windows).backlog().is_some()
        };
        assert!(concerned(200) && !concerned(199));
        let thrown = |calls: u64| {
            let mut windows = [window(calls, 0), window(20, 0)];
            windows[1].counts.throttled = 10;
            series(&windows).excess(EVENTS[0]).map(|(_, part)| part)
        };
        assert_eq!((thrown(9_980), thrown(9_981)), (Some((1, 2)), None));
    }

    /// Of two that are as great the first one.
    #[test]
    fn the_greatest_excess_is_the_first_of_equal_ones() {
        let mut windows = [100; 6].map(|sent| window(sent, 0));
        for (at, throttled) in [(1, 50), (4, 50)] {
            windows[at].counts.throttled = throttled;
        }
        let threshold = (Finding::Throttled, 0.4, EVENTS[0].2, EVENTS[0].3);
        let (excess, part) = series(&windows).excess(threshold).expect("is one");
        assert_eq!((excess, part), (10.0, (1, 2)), "50 of which 40 are allowed");
    }

    #[test]
    fn the_more_frequent_cause_of_a_timeout_is_the_cause() {
        let cause = |outlived_timeout, prefetched| {
            let redelivered =
                Redelivered { outlived_timeout, prefetched, ..Redelivered::default() };
            let counts = QueueCounts { redelivered, ..QueueCounts::default() };
            [Finding::Outlived, Finding::Prefetched, Finding::Throttled]
                .map(|kind| kind.is_cause(&counts))
        };
        assert_eq!(cause(2, 1), [true, false, true]);
        assert_eq!(cause(1, 1), [true, false, true]);
        assert_eq!(cause(1, 2), [false, true, true]);
    }

    /// Two queues with a fleet each: the higher peak is told, and of equal ones the first.
    #[test]
    fn the_worst_of_all_queues_is_told() {
        let (mut scenario, mut measured) = (fixture::scenario(), fixture::measured(0));
        let mut second = scenario.fleets[0].clone();
        second.config.queue.0 = 1;
        scenario.fleets.push(second);
        (scenario.warm_up, scenario.window) = (Span::ZERO, Span::from_secs(60));
        measured.window.0 = Time::ZERO;
        let mut told = |peaks: [u64; 2], throttled: [u64; 2]| {
            for at in [0, 1] {
                let mut windows: Vec<Window> =
                    [0, peaks[at], 0, 0].map(|v| window(100, v)).to_vec();
                windows[2].counts.throttled = throttled[at];
                measured.queues[at].series = windows.into_iter().collect();
            }
            worst(&scenario, &measured).map(|verdict| (verdict.kind, verdict.of, verdict.figures))
        };
        let of =
            |verdict: Option<(Finding, String, Vec<f64>)>| verdict.map(|told| (told.0, told.1));
        let orders = |kind| Some((kind, "orders".to_owned()));
        let dead = |kind| Some((kind, "orders-dlq".to_owned()));
        assert_eq!(of(told([900, 800], [0, 0])), orders(Finding::Backlog));
        assert_eq!(of(told([800, 900], [0, 0])), dead(Finding::Backlog));
        assert_eq!(of(told([900, 900], [0, 0])), orders(Finding::Backlog));
        assert_eq!(of(told([0, 0], [50, 40])), orders(Finding::Throttled));
        assert_eq!(of(told([0, 0], [40, 50])), dead(Finding::Throttled));
        assert_eq!(of(told([0, 0], [50, 50])), orders(Finding::Throttled));
        let figures = told([0, 0], [50, 0]).map(|told| told.2);
        assert_eq!(figures, Some(vec![0.5, 50.0]), "half of the calls, and how many");
        assert_eq!(told([0, 0], [0, 0]), None);
    }
}
