//! Which fleets, functions and downstreams have a picture of their own.
//!
//! Owns what such a picture is drawn from. Must not know what it shows. A fleet has one where its
//! workers come and go: by a schedule, a scaler or deploys, or because a fork changed their number.
//! Crashes and hosts alone give it none, as the number that is wanted stays; each function and each
//! downstream has one.

use std::collections::BTreeSet;

use super::page::{self, Pictured};
use super::{Plot, PlotError, downstream, fleet, format, function};
use crate::ledger::config::QueueId;
use crate::model::scenario::Scenario;
use crate::observe::measured::{Level, Measured, Series, WindowLevel};

/// What the picture of a fleet, a function or a downstream is drawn from.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) scenario: &'a Scenario,
    pub(super) measured: &'a Measured,
    kind: &'static str,
    /// Its name.
    pub(super) name: &'a str,
    /// Its place among those of its kind.
    pub(super) place: usize,
    grows: bool,
}

impl Pictured for Part<'_> {
    fn scenario(&self) -> &Scenario {
        self.scenario
    }

    fn measured(&self) -> &Measured {
        self.measured
    }

    fn part(&self) -> (&'static str, &str) {
        (self.kind, self.name)
    }

    fn grows(&self) -> bool {
        self.grows
    }
}

impl Part<'_> {
    /// Each window of a series of it, with the visible messages of these queues.
    pub(super) fn with_backlog<W: Clone + PartialEq>(
        self,
        series: &Series<W>,
        queues: impl Iterator<Item = QueueId>,
    ) -> Series<(W, f64)> {
        let queues = queues.filter_map(|queue| self.measured.queues.get(queue.0 as usize));
        let queues: Vec<_> = queues.map(|queue| &queue.series).collect();
        let visible = |at: usize| -> f64 {
            let windows = queues.iter().filter_map(|series| series.get(at));
            windows.map(|window| window.levels.visible).map(|WindowLevel { mean, .. }| mean).sum()
        };
        let windows = series.iter().enumerate();
        windows.map(|(at, window)| (window.clone(), visible(at))).collect()
    }

    /// The figure of the visible messages of these queues. Of several the highest sum is not known.
    pub(super) fn visible_figure(self, queues: impl Iterator<Item = QueueId>) -> String {
        let queues = queues.filter_map(|queue| self.measured.queues.get(queue.0 as usize));
        let levels: Vec<Level> = queues.map(|queue| queue.levels.visible).collect();
        match levels[..] {
            [one] => page::figure(one),
            _ => format!("mean {}", format::count(levels.iter().map(Level::mean).sum())),
        }
    }
}

/// Draws a picture, or says why not.
type Draw = fn(Part<'_>) -> Result<String, String>;

/// Every picture of a fleet that comes and goes, of a function and of a downstream, in the order of
/// the scenario; `unstable` are the queues that do not settle.
pub(super) fn each<'a>(
    scenario: &'a Scenario,
    measured: &'a Measured,
    unstable: &BTreeSet<usize>,
) -> impl Iterator<Item = Result<Plot, PlotError>> + use<'a> {
    let grows = |queue: QueueId| unstable.contains(&(queue.0 as usize));
    let part = |kind, name, place, grows| Part { scenario, measured, kind, name, place, grows };
    let mut parts: Vec<(Part<'a>, Draw)> = Vec::new();
    for (place, (named, fleet)) in scenario.fleets.iter().zip(&measured.fleets).enumerate() {
        if fleet.varied(&named.config) {
            let grows = named.config.queues().any(grows);
            parts.push((part("fleet", &named.name, place, grows), fleet::draw));
        }
    }
    for (place, (named, _)) in scenario.functions.iter().zip(&measured.functions).enumerate() {
        let grows = grows(named.config.queue);
        parts.push((part("function", &named.name, place, grows), function::draw));
    }
    for (place, (named, _)) in scenario.downstreams.iter().zip(&measured.downstreams).enumerate() {
        let calls = |to: usize| to == place;
        let mut callers =
            scenario.fleets.iter().map(|fleet| &fleet.config).filter(|config| {
                config.calls.as_ref().is_some_and(|call| calls(call.to.0 as usize))
            });
        let grows = callers.any(|config| config.queues().any(grows));
        parts.push((part("downstream", &named.name, place, grows), downstream::draw));
    }
    parts.into_iter().map(|(part, draw)| {
        let file = format!("{}-{}.svg", part.name, part.kind);
        match draw(part) {
            Ok(svg) => Ok(Plot { file, svg }),
            Err(reason) => Err(PlotError { file, reason }),
        }
    })
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::AtomicBool;

    use super::super::{all, sample, sample_parts};
    use super::*;
    use crate::ScenarioFile;
    use crate::engine::run::run;
    use crate::kernel::time::Time;
    use crate::model::downstream::DownstreamBound;
    use crate::observe::measured::{FunctionCounts, Window};
    use crate::stats::fixture;

    fn drawn(scenario: &Scenario, measured: &Measured, unstable: &[usize]) -> Vec<Plot> {
        let unstable = unstable.iter().copied().collect();
        let plots: Result<Vec<Plot>, PlotError> = each(scenario, measured, &unstable).collect();
        let plots = plots.expect("there is memory");
        for plot in &plots {
            sample::check(&plot.svg);
        }
        plots
    }

    fn files(plots: &[Plot]) -> Vec<&str> {
        plots.iter().map(|plot| plot.file.as_str()).collect()
    }

    #[test]
    fn parts_have_pictures_after_those_of_queues() {
        let plots = all(&sample_parts::scenario(), &sample_parts::measured()).expect("is drawn");
        let own = ["workers-fleet.svg", "handler-function.svg", "db-downstream.svg"];
        assert_eq!((plots.len(), &files(&plots)[10..]), (13, &own[..]));
    }

    /// The same fleet with a fixed number has none unless a deploy or a fork moves its workers.
    #[test]
    fn a_fleet_has_a_picture_if_its_workers_come_and_go() {
        let mut scenario = sample_parts::scenario();
        let mut measured = sample_parts::measured();
        (scenario.functions, scenario.downstreams) = (Vec::new(), Vec::new());
        scenario.fleets[0].config.size = 12.into();
        assert_eq!(files(&drawn(&scenario, &measured, &[])), ["workers-fleet.svg"], "a fork");
        for window in measured.fleets[0].series.each_mut() {
            window.wanted = WindowLevel::steady(12);
        }
        assert!(drawn(&scenario, &measured, &[]).is_empty());
        let scenario: ScenarioFile = r#"(duration: "1m", queues: {"q": ()}, consumers: {"w": (
            queue: "q", count: 2, processing: Constant("1s"), deploys: (at: ["30s"], batch: 1),
        )})"#
            .parse()
            .expect("a scenario");
        let scenario = scenario.check().expect("no fault").scenario;
        let measured = run(&scenario, 0, &AtomicBool::new(false)).measured;
        assert_eq!(files(&drawn(&scenario, &measured, &[])), ["w-fleet.svg"]);
    }

    /// Sixteen threads of two each are eight workers, nine busy ones 4.5; 162,000 calls and 900
    /// answers in 900 s.
    #[test]
    fn titles_state_the_finding() {
        let scenario = sample_parts::scenario();
        let mut measured = sample_parts::measured();
        let plots = drawn(&scenario, &measured, &[]);
        let titles = [
            "workers: up to 12 wanted; on average 8 ready, 4.5 busy; 3 killed",
            "handler: up to 40 of 60 at once; 1.2k throttled",
            "db: 90% of 10 connections used; called 180/s, answered 1/s",
        ];
        for (plot, title) in plots.iter().zip(titles) {
            assert!(plot.svg.contains(title), "{title}: {}", plot.svg);
        }
        measured.functions[0].counts = FunctionCounts::default();
        for window in measured.functions[0].series.each_mut() {
            window.throttles = 0;
        }
        let quiet = &drawn(&scenario, &measured, &[])[1].svg;
        assert!(quiet.contains("at once; none throttled or failed"), "{quiet}");
        assert!(quiet.contains("none throttled, none failed"), "{quiet}");
    }

    #[test]
    fn pictures_say_what_they_show() {
        let plots = drawn(&sample_parts::scenario(), &sample_parts::measured(), &[]);
        let labels: [&[&str]; 3] = [
            &[
                "fleet workers of flash-crowd",
                "wanted",
                "starting",
                "ready",
                "busy threads / 2",
                "mean 9, max 12",
                "deploy: 1",
                "killed: 3",
                "visible",
                "warm-up",
                "drain",
            ],
            &[
                "function handler of",
                "limit",
                "place held",
                "running",
                "mean 13, max 40",
                "throttled",
                "1.2k measured",
                "visible",
            ],
            &[
                "downstream db of",
                "connections",
                "in use",
                "wait",
                "mean 500, max 500",
                "answered",
                "timed out",
                "179/s",
                "for nobody",
                "44/s",
            ],
        ];
        for (plot, labels) in plots.iter().zip(labels) {
            for label in labels {
                assert!(plot.svg.contains(label), "{} lacks {label}", plot.file);
            }
        }
        // What never happened has no line, and no scaler reads a queue for a schedule.
        let [fleet, _, downstream] = &plots[..] else { panic!("{plots:?}") };
        assert!(!downstream.svg.contains("refused") && !downstream.svg.contains(">failed"));
        assert!(!fleet.svg.contains("as its scaler read"), "{}", fleet.svg);
    }

    /// 40,500 calls in 900 s of 50 tokens a second; √(0.95/0.001) = 30.8.
    #[test]
    fn a_downstream_stands_against_what_bounds_it() {
        let scenario = sample_parts::scenario();
        let mut measured = sample_parts::measured();
        let mut picture = |bound| {
            measured.downstreams = vec![sample_parts::downstream(bound, 300)];
            drawn(&scenario, &measured, &[]).pop().expect("the last one").svg
        };
        let limiter = picture(DownstreamBound::Limiter { per_second: 50.0, burst: 1.0 });
        assert!(limiter.contains("db: 90% of 50 tokens/s taken; called 180/s"), "{limiter}");
        assert!(limiter.contains("tokens per second") && limiter.contains("40.5k in all"));
        let law = picture(DownstreamBound::Scalability { contention: 0.05, coherency: 0.001 });
        assert!(law.contains("db: up to 10 calls at once"), "{law}");
        assert!(law.contains("most is done at") && law.contains(">\n30.8\n<"), "{law}");
        let law = picture(DownstreamBound::Scalability { contention: 0.05, coherency: 0.0 });
        assert!(!law.contains("most is done at"), "it has no peak");
    }

    #[test]
    fn pictures_of_parts_of_a_queue_that_grows_say_so() {
        let (scenario, measured) = (sample_parts::scenario(), sample_parts::measured());
        let said = |unstable: &[usize]| -> Vec<bool> {
            let plots = drawn(&scenario, &measured, unstable);
            plots.iter().map(|plot| plot.svg.contains("; NOT STABLE")).collect()
        };
        assert_eq!((said(&[0]), said(&[7])), (vec![true; 3], vec![false; 3]));
    }

    #[test]
    fn odd_runs_are_drawn_too() {
        let (scenario, mut measured) = (sample_parts::scenario(), sample_parts::measured());
        measured.downstreams[0].series.clear();
        measured.functions[0].series.clear();
        measured.fleets[0].series.clear();
        let plots = drawn(&scenario, &measured, &[]);
        assert!(plots[2].svg.contains("nothing to show: nobody called it"));
        measured.end = Time::ZERO;
        let plots = drawn(&scenario, &measured, &[]);
        assert!(plots.iter().all(|plot| plot.svg.contains("nothing to show")), "{plots:?}");
    }

    #[test]
    fn a_very_long_run_stays_small() {
        let (mut scenario, mut measured) = (sample_parts::scenario(), sample_parts::measured());
        scenario.duration = crate::kernel::time::Span::from_secs(1_000_000);
        measured.end = scenario.end();
        let fleet = &mut measured.fleets[0].series;
        *fleet = (0..200_000).map(|number| fleet[number % 300]).collect();
        let calls = &mut measured.downstreams[0].series;
        *calls = (0..200_000).map(|number| calls[number % 300]).collect();
        for plot in drawn(&scenario, &measured, &[]) {
            assert!(plot.svg.len() < 1_000_000, "{}: {} bytes", plot.file, plot.svg.len());
        }
    }

    /// Two queues with 3 and 4 messages in their first window, one of them with 5 in the second.
    #[test]
    fn the_backlog_of_several_queues_is_their_sum() {
        let (scenario, mut measured) = (sample_parts::scenario(), sample_parts::measured());
        let series = |waiting: &[u64]| -> Series<Window> {
            let levels = waiting.iter().map(|&messages| fixture::waiting(messages));
            levels.map(|levels| Window { levels, ..Window::default() }).collect()
        };
        measured.queues.push(measured.queues[0].clone());
        measured.queues[0].series = series(&[3, 0]);
        measured.queues[1].series = series(&[4, 5]);
        let (name, kind, place, grows) = ("workers", "fleet", 0, false);
        let part = Part { scenario: &scenario, measured: &measured, kind, name, place, grows };
        let two = [QueueId(0), QueueId(1)];
        let windows = part.with_backlog(&["a", "b"].into_iter().collect(), two.into_iter());
        assert_eq!(windows.iter().copied().collect::<Vec<_>>(), [("a", 7.0), ("b", 5.0)]);
        assert!(part.visible_figure(two.into_iter()).starts_with("mean "));
    }

    #[test]
    fn real_runs_are_drawn() {
        let file: ScenarioFile = r#"(
            duration: "10m",
            queues: {"a": (), "b": ()},
            producers: {
                "p": (queue: "a", arrivals: Poisson("5/s")),
                "q": (queue: "b", arrivals: Poisson("5/s")),
            },
            consumers: {
                "pods": (queue: "a", count: Keda(target: 5, max: 20), processing: Constant("1s"),
                         calls: (to: "db")),
                "handler": Lambda(queue: "b", timeout: "5s", processing: Constant("1s")),
            },
            downstream: {"db": Limiter(rate: "10/s", work: Constant("100ms"))},
        )"#
        .parse()
        .expect("a scenario");
        let scenario = file.check().expect("no fault").scenario;
        let measured = run(&scenario, 0, &AtomicBool::new(false)).measured;
        let plots = drawn(&scenario, &measured, &[]);
        assert_eq!(files(&plots), ["pods-fleet.svg", "handler-function.svg", "db-downstream.svg"]);
        assert!(plots[0].svg.contains("as its scaler read"), "{}", plots[0].svg);
        assert!(!plots.iter().any(|plot| plot.svg.contains("nothing to show")));
    }
}
