//! Plots of one run, and of a sweep, as SVG text.
//!
//! Owns what each picture shows. Must not know files: the caller writes [`Plot::svg`] where it
//! likes. The same run gives the same bytes on every machine: positions are whole pixels, and
//! whatever arithmetic leads to them is exact or goes through `kernel::num`.
//!
//! Invariant: a picture hides nothing. Counts are steps, axes of counts begin at 0, warm-up and
//! drain are shaded and named, several windows in one column are named on the axis, and a state has
//! one colour everywhere, told by its pattern and label too (palette of M. Okabe and K. Ito,
//! [Color Universal Design](https://jfly.uni-koeln.de/color/)).

mod axis;
mod bands;
mod busy_threads;
mod canvas;
mod columns;
mod curves;
mod depth;
mod downstream;
mod fleet;
mod format;
mod function;
mod imbalance;
mod latency;
mod latency_over_time;
mod marks;
mod offered;
mod page;
mod partitions;
mod parts;
mod pattern;
mod redeliveries;
mod replicas;
mod resharding;
mod sweep;
mod throughput;

#[cfg(test)]
mod sample;
#[cfg(test)]
mod sample_parts;

use std::collections::BTreeSet;
use std::fmt;
use std::rc::Rc;

use self::page::Pictured;
pub use sweep::{each_of_sweep, of_sweep};

use crate::model::scenario::Scenario;
use crate::observe::measured::{Measured, QueueMeasured};
use crate::stats::by_queue::ByQueue;
use crate::stats::stability::unstable;

/// One picture.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plot {
    /// A file name without directory: `depth.svg`, or `signups-depth.svg` where the scenario has
    /// several queues; `pods-fleet.svg` of a fleet, a function or a downstream.
    pub file: String,
    /// The picture, 1280 by 720 pixels.
    pub svg: String,
}

/// A picture that could not be drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlotError {
    /// Which.
    pub file: String,
    /// Why, in the drawing library's words.
    pub reason: String,
}

impl fmt::Display for PlotError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot draw `{}`: {}", self.file, self.reason)
    }
}

impl std::error::Error for PlotError {}

/// What a picture of one queue is drawn from.
#[derive(Clone, Copy)]
struct Subject<'a> {
    scenario: &'a Scenario,
    measured: &'a Measured,
    /// The queue's place in the scenario.
    queue: usize,
    /// The places of the fleets that receive from it.
    fleets: &'a [usize],
    /// Whether it does not settle: what waits in it grows for as long as the run lasts.
    grows: bool,
}

impl<'a> Subject<'a> {
    fn measures(&self) -> &'a QueueMeasured {
        &self.measured.queues[self.queue]
    }
}

impl Pictured for Subject<'_> {
    fn scenario(&self) -> &Scenario {
        self.scenario
    }

    fn measured(&self) -> &Measured {
        self.measured
    }

    fn part(&self) -> (&'static str, &str) {
        ("queue", &self.scenario.queues[self.queue].name)
    }

    fn grows(&self) -> bool {
        self.grows
    }
}

/// The title in place of a percentile that would be another one had the run been longer.
const GROWS: &str = "NOT STABLE: latencies grow for as long as the run lasts";

/// The picture that only a queue with nodes has.
const OF_NODES: &str = "replicas";

/// Draws a picture, or says why not.
type Draw = fn(Subject<'_>) -> Result<String, String>;

/// Every picture of a run: ten for each queue, and one more for one with nodes; one for each fleet
/// whose workers come and go, each function and each downstream. In the order of the scenario.
///
/// # Errors
/// [`PlotError`] if the drawing library fails, which it does only for lack of memory.
pub fn all(scenario: &Scenario, measured: &Measured) -> Result<Vec<Plot>, PlotError> {
    each(scenario, measured).collect()
}

/// The same one by one, each drawn when it is asked for.
pub fn each<'a>(
    scenario: &'a Scenario,
    measured: &'a Measured,
) -> impl Iterator<Item = Result<Plot, PlotError>> + 'a {
    const KINDS: [(&str, Draw); 11] = [
        ("throughput", throughput::draw),
        ("redeliveries", redeliveries::draw),
        ("depth", depth::draw),
        ("latency", latency::draw),
        ("latency-over-time", latency_over_time::draw),
        ("busy-threads", busy_threads::draw),
        ("partitions", partitions::draw),
        ("resharding", resharding::draw),
        ("offered", offered::draw),
        ("imbalance", imbalance::draw),
        (OF_NODES, replicas::draw),
    ];
    let several = scenario.queues.len() > 1;
    let unstable: BTreeSet<usize> =
        unstable(scenario, measured).iter().map(|found| found.queue).collect();
    let parts = parts::each(scenario, measured, &unstable);
    let by_queue = Rc::new(ByQueue::of(scenario));
    let queues = scenario.queues.iter().enumerate().take(measured.queues.len());
    let of_queues = queues.flat_map(move |(queue, named)| {
        let has_nodes = named.config.ledger.nodes.is_some();
        let kinds = KINDS.into_iter().filter(move |(kind, _)| has_nodes || *kind != OF_NODES);
        let (grows, by_queue) = (unstable.contains(&queue), Rc::clone(&by_queue));
        kinds.map(move |(kind, draw)| {
            let file =
                if several { format!("{}-{kind}.svg", named.name) } else { format!("{kind}.svg") };
            let fleets = by_queue.fleets(queue);
            match draw(Subject { scenario, measured, queue, fleets, grows }) {
                Ok(svg) => Ok(Plot { file, svg }),
                Err(reason) => Err(PlotError { file, reason }),
            }
        })
    });
    of_queues.chain(parts)
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::sample::check;
    use super::*;
    use crate::engine::run::run;
    use crate::kernel::time::{Span, Time};
    use crate::observe::measured::{SplitEvent, Window, WindowLevel};
    use crate::outcome::Partitions;
    use crate::stats::fixture;

    fn plots() -> Vec<Plot> {
        all(&sample::scenario(), &sample::measured()).unwrap()
    }

    fn plot(kind: &str) -> String {
        plots().into_iter().find(|plot| plot.file == format!("{kind}.svg")).unwrap().svg
    }

    #[test]
    #[ignore = "writes the pictures to target/plots, to be looked at"]
    fn write_pictures() {
        let dir = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("target/plots");
        std::fs::create_dir_all(&dir).unwrap();
        let troubled = crate::observe::trace::sample::troubled();
        let (long_scenario, long) = a_million_seconds();
        let idle = sample::run(vec![QueueMeasured::default()], sample::scenario().end());
        let runs = [
            ("", sample::scenario(), sample::measured()),
            ("long-", long_scenario, long),
            ("idle-", sample::scenario(), idle),
            ("nodes-", sample::with_nodes(), sample::measured_with_nodes()),
            ("real-", troubled.clone(), run(&troubled, 0, &AtomicBool::new(false)).measured),
        ];
        for (prefix, scenario, measured) in runs {
            for plot in all(&scenario, &measured).unwrap() {
                std::fs::write(dir.join(format!("{prefix}{}", plot.file)), plot.svg).unwrap();
            }
        }
    }

    #[test]
    fn there_are_ten_well_formed_pictures() {
        let plots = plots();
        let files: Vec<_> = plots.iter().map(|plot| plot.file.as_str()).collect();
        let expected = [
            "throughput.svg",
            "redeliveries.svg",
            "depth.svg",
            "latency.svg",
            "latency-over-time.svg",
            "busy-threads.svg",
            "partitions.svg",
            "resharding.svg",
            "offered.svg",
            "imbalance.svg",
        ];
        assert_eq!(files, expected);
        for plot in &plots {
            check(&plot.svg);
        }
    }

    #[test]
    fn the_same_run_gives_the_same_bytes() {
        assert_eq!(plots(), plots());
    }

    #[test]
    fn pictures_say_what_they_show() {
        let labels = [
            ("throughput", vec!["messages per second", "virtual time, min", "warm-up", "drain"]),
            ("redeliveries", vec!["redeliveries per 5s", "timeout too short", "failed", "crashed"]),
            ("depth", vec!["messages", "visible", "in flight", "delayed", "age, min", "warm-up"]),
            ("latency", vec!["p50", "p95", "p99", "sent to received", "sent to deleted", "100ms"]),
            (
                "latency-over-time",
                vec!["p50", "p95", "p99", "sent to received, ", "sent to deleted, ", "drain"],
            ),
            (
                "busy-threads",
                vec!["threads", "working", "waiting for calls", "up", "mean 8", "warm-up"],
            ),
            ("partitions", vec!["key space", "split: 3", "merge: 1", "split refused: 1", "100%"]),
            ("resharding", vec!["partitions", "under way", "splits and merges", "warm-up"]),
            ("offered", vec!["messages offered per second", "admitted", "throttled", "drain"]),
            ("imbalance", vec!["over the mean", "hottest partition", "balance", "not drawn"]),
        ];
        for (kind, labels) in labels {
            let svg = plot(kind);
            for label in labels {
                assert!(svg.contains(label), "{kind} lacks {label}");
            }
        }
    }

    #[test]
    fn titles_state_the_finding() {
        // The quantiles of the sample's log-normal law: median times e^(0.8 z), z = 2.3263.
        assert!(plot("latency").contains("p99 sent to deleted 688ms, median 107ms"));
        assert!(plot("partitions").contains("from 4 to 6 partitions: 3 splits, 1 merge"));
        assert!(
            plot("resharding")
                .contains("from 4 to 6 partitions, at most 7; at most 2 under way at once")
        );
        // Of 450 sends a second while it is throttled, 80 of 900 s, a third of the stored ones.
        assert!(plot("offered").contains("throttled; throttling ended after 80s"));
        assert!(
            plot("redeliveries").contains("redeliveries, mostly work that outlived the timeout")
        );
    }

    /// 5,000 more wait after each of the windows than after the one before. What waits has no mean
    /// then, and a percentile is one of this run; every picture of the queue says so.
    #[test]
    fn pictures_of_a_queue_that_grows_say_so() {
        let mut measured = sample::measured();
        let queue = &mut measured.queues[0];
        let mut waiting = 0;
        for window in queue.series.each_mut() {
            waiting += 5_000;
            (window.levels.visible, window.levels.in_flight) =
                (WindowLevel::steady(waiting), WindowLevel::default());
        }
        (queue.counts.sent, queue.counts.deleted) = (2 * waiting, waiting);
        let plots = all(&sample::scenario(), &measured).unwrap();
        assert!(plots.iter().all(|plot| plot.svg.contains("; NOT STABLE")), "{plots:?}");
        for name in ["latency.svg", "latency-over-time.svg"] {
            let plot = plots.iter().find(|plot| plot.file == name).unwrap();
            assert!(plot.svg.contains(GROWS), "{}", plot.svg);
            assert!(!plot.svg.contains("p99 sent to deleted"), "{}", plot.svg);
        }
        let stable = all(&sample::scenario(), &sample::measured()).unwrap();
        assert!(!stable.iter().any(|plot| plot.svg.contains("NOT STABLE")));
    }

    /// Four partitions became eighteen in one step: fourteen more, as the outcome counts them. For
    /// a moment there were twenty, before the measured time.
    #[test]
    fn pictures_and_words_count_splits_and_partitions_alike() {
        let mut measured = sample::measured();
        let queue = &mut measured.queues[0];
        let at = Time::ZERO + Span::from_secs(100);
        queue.split_events = vec![(at, SplitEvent::Recut { old: 4, new: 18 })];
        queue.series.each_mut()[30].levels.partitions.max = 20;
        let told = Partitions::of(queue);
        assert_eq!((told.splits, told.merges, told.most), (14, 0, 20));
        let plots = all(&sample::scenario(), &measured).unwrap();
        let plot = |name: &str| plots.iter().find(|plot| plot.file == name).unwrap().svg.as_str();
        assert!(plot("partitions.svg").contains("partitions: 14 splits, 0 merges"));
        assert!(plot("partitions.svg").contains("split: 14"));
        assert!(plot("resharding.svg").contains("partitions, at most 20"));
    }

    /// A dead-letter queue is sent nothing: the words of the answer say `sent 0`, too.
    #[test]
    fn what_is_moved_in_is_not_called_sent() {
        let mut measured = sample::measured();
        for Window { counts, .. } in measured.queues[0].series.each_mut() {
            (counts.moved_in, counts.sent) = (counts.sent, 0);
        }
        let counts = &mut measured.queues[0].counts;
        (counts.moved_in, counts.sent) = (counts.sent, 0);
        let title = |measured: &Measured| {
            let plots = all(&sample::scenario(), measured).unwrap();
            let start = plots[0].svg.find("moved in ").map(|at| plots[0].svg[at..].to_owned());
            (start.unwrap(), plots[0].svg.contains("sent"))
        };
        let (moved, sent) = title(&measured);
        assert!(moved.starts_with("moved in 399/s") && !sent, "{}", &moved[..60]);
        measured.queues[0].series.each_mut()[9].counts.sent = 1;
        assert!(title(&measured).1, "sent or moved in");
    }

    #[test]
    fn a_queue_with_nodes_has_a_picture_of_their_failures() {
        let (scenario, measured) = (sample::with_nodes(), sample::measured_with_nodes());
        let plots = all(&scenario, &measured).unwrap();
        for plot in &plots {
            check(&plot.svg);
        }
        let plot = |name: &str| plots.iter().find(|plot| plot.file == name).unwrap().svg.as_str();
        assert_eq!(plots.last().unwrap().file, "replicas.svg");
        let labels = [
            ("replicas.svg", "at most 120 of 256 partitions lacked a replica, 11 a write quorum"),
            ("replicas.svg", "node failed: 3"),
            ("replicas.svg", "node returned: 2"),
            ("replicas.svg", "nodes down"),
            ("replicas.svg", "lack a quorum"),
            ("offered.svg", "unavailable"),
            ("redeliveries.svg", "delete undone"),
            ("redeliveries.svg", "not hidden"),
        ];
        for (name, label) in labels {
            assert!(plot(name).contains(label), "{name} lacks {label}");
        }
        let quiet = all(&scenario, &sample::measured()).unwrap();
        assert!(quiet.last().unwrap().svg.contains("every partition had all its replicas"));
        let mut ended = measured;
        ended.end = Time::ZERO;
        check(&all(&scenario, &ended).unwrap().last().unwrap().svg);
    }

    #[test]
    fn counts_are_drawn_as_steps() {
        let svg = plot("throughput");
        let points = svg.split("stroke-width=\"8\" points=\"").nth(1).unwrap();
        let points: Vec<(i32, i32)> = points
            .split('"')
            .next()
            .unwrap()
            .split_whitespace()
            .map(|point| point.split_once(',').unwrap())
            .map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap()))
            .collect();
        assert!(points.len() > 300, "{}", points.len());
        for pair in points.windows(2) {
            assert!(pair[0].0 == pair[1].0 || pair[0].1 == pair[1].1, "a slope: {pair:?}");
        }
    }

    #[test]
    fn a_run_without_anything_gives_pictures_that_say_so() {
        let scenario = sample::scenario();
        for end in [Time::ZERO, Time::from_nanos(1), scenario.end()] {
            let measured = sample::run(vec![QueueMeasured::default()], end);
            for plot in all(&scenario, &measured).unwrap() {
                check(&plot.svg);
                assert!(plot.svg.contains("nothing to show: "), "{}", plot.file);
            }
        }
    }

    #[test]
    fn odd_runs_are_drawn_too() {
        let mut scenario = sample::scenario();
        let mut measured = sample::measured();
        measured.end = Time::ZERO + Span::from_secs(333);
        measured.window.1 = measured.end;
        scenario.queues[0].config.ledger.capacity = None;
        scenario.queues[0].name = "a <queue> & \"more\" with a name that never seems to end".into();
        for plot in all(&scenario, &measured).unwrap() {
            check(&plot.svg);
            assert!(plot.svg.contains("PARTIAL: the run ended at 5m33s"), "{}", plot.svg);
        }
    }

    /// Many windows, with a peak in one of them.
    fn a_million_seconds() -> (Scenario, Measured) {
        let mut scenario = sample::scenario();
        let mut measured = sample::measured();
        let windows = 200_000_u64;
        scenario.duration = Span::from_secs(windows * 5);
        scenario.drain = Span::ZERO;
        measured.end = scenario.end();
        let sent = |number: u64| if number == 77_777 { 5_000_000 } else { 1_000 };
        measured.queues[0].series = (0..windows)
            .map(|number| {
                let levels = fixture::waiting(sent(number));
                let mut window = Window { levels, ..Window::default() };
                window.counts.sent = sent(number);
                window
            })
            .collect();
        (scenario, measured)
    }

    #[test]
    fn a_very_long_run_stays_small() {
        let (scenario, measured) = a_million_seconds();
        for plot in all(&scenario, &measured).unwrap() {
            check(&plot.svg);
            assert!(plot.svg.len() < 1_000_000, "{}: {} bytes", plot.file, plot.svg.len());
            if plot.file == "depth.svg" {
                assert!(
                    plot.svg.contains("the highest mean (below: longest) of 209 windows of 5s")
                );
            }
        }
    }

    #[test]
    fn a_real_run_is_drawn() {
        let scenario = crate::observe::trace::sample::troubled();
        let result = run(&scenario, 0, &AtomicBool::new(false));
        let plots = all(&scenario, &result.measured).unwrap();
        for plot in &plots {
            check(&plot.svg);
        }
        let empty = |plot: &&Plot| plot.svg.contains("nothing to show");
        let empty: Vec<_> = plots.iter().filter(empty).map(|plot| plot.file.as_str()).collect();
        let expected = [
            "redeliveries",
            "latency",
            "latency-over-time",
            "busy-threads",
            "offered",
            "imbalance",
        ]
        .map(|of| format!("signups-dlq-{of}.svg"));
        assert_eq!(empty[..6], expected);
        assert_eq!(empty[6..], ["db-downstream.svg"], "nobody calls it");
    }

    #[test]
    fn several_queues_have_pictures_of_their_own() {
        let mut scenario = sample::scenario();
        scenario.queues.push(scenario.queues[0].clone());
        scenario.queues[1].name = "other".into();
        let mut measured = sample::measured();
        measured.queues.push(QueueMeasured::default());
        let plots = all(&scenario, &measured).unwrap();
        assert_eq!(plots.len(), 20);
        assert_eq!(plots[2].file, "signups-depth.svg");
        assert_eq!(plots[12].file, "other-depth.svg");
    }
}
