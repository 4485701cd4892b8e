//! Which visibility timeout: duplicates against recovery.
//!
//! Owns the runs at each timeout, and which timeouts are looked at. The judgement is
//! `super::verdict`'s. Must not know how it is told.
//!
//! Without limits there is a curve over round lengths. With limits the answer is sought by
//! bisection to a whole second, as SQS takes it: a longer timeout saves duplicates and makes the
//! recovery longer, so the shortest whose duplicates are below their limit has the best recovery of
//! all of these. Where duplicates rise with the timeout nevertheless, that is told.
//!
//! Both curves come from runs under common random numbers: replication n meets the same messages
//! with the same work at every timeout. Where the scenario's workers do not crash, the recovery is
//! measured in runs of its own with crashes added, and the duplicates without.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::atomic::{AtomicBool, Ordering};

use super::candidates::{LONGEST, candidates};
use super::first_queue;
use super::verdict::{Judged, Limits, One, PATIENCE, judged, point};
use crate::engine::memory::Needed;
use crate::engine::run::run_with;
use crate::engine::world::Ended;
use crate::experiment::in_order::in_order;
use crate::experiment::point::Point;
use crate::experiment::progress::Progress;
use crate::experiment::replicate::why_partial;
use crate::experiment::side_by_side::fitting;
use crate::kernel::dist::Dist;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::QueueId;
use crate::model::clients::Crash;
use crate::model::scenario::Scenario;
use crate::observe::recovery::Recovery;
use crate::outcome::{ADVICE_FORMAT, AddedCrashes, Limit, TimeoutAdvice, TimeoutPoint, Unstable};
use crate::scenario::fault::Faults;
use crate::scenario::load::Text;
use crate::stats::stability::unstable;

/// From an added crash to the worker's next start.
const RESTART: Span = Span::from_secs(30);

/// Added crashes of a run, as far as workers do not become fewer by them: a worker is up twenty
/// times as long as it is down.
const CRASHES: u64 = 100;
const UP: u64 = 20;

const SECOND: Span = Span::from_secs(1);

/// Duplicates per message that are worth a longer timeout, for the knee of the curve.
const WORTH: f64 = 0.001;

/// What is asked.
#[derive(Clone, Debug, PartialEq)]
pub struct TimeoutAsked {
    /// The scenario's file.
    pub model: String,
    /// Changes: `PATH=VALUE`.
    pub set: Vec<String>,
    /// Duplicates per message deleted are to be less.
    pub duplicates: Option<f64>,
    /// 95 % of the messages of a crash are to be back within less.
    pub recovery: Option<Span>,
    /// Replications at each timeout.
    pub reps: u64,
    /// The seed, if it is not the scenario's.
    pub seed: Option<u64>,
}

/// Advice that may be sought.
#[derive(Clone, Debug)]
pub struct TimeoutAdvisor {
    asked: TimeoutAsked,
    scenario: Scenario,
    /// With crashes, if the scenario has none.
    crashing: Scenario,
    queue: QueueId,
    path: String,
    added: Option<AddedCrashes>,
    /// In whole seconds, ascending: the curve, and where the bisection begins.
    curve: Vec<u64>,
}

/// The timeouts looked at so far, by their seconds.
type Looked = BTreeMap<u64, TimeoutPoint>;

impl TimeoutAdvisor {
    /// Checks what was asked; the warnings.
    ///
    /// # Errors
    /// All faults found.
    pub fn prepare(asked: TimeoutAsked, text: &Text) -> Result<(TimeoutAdvisor, Faults), Faults> {
        let (point, warnings) = Point::alone(text, &asked.set, asked.seed)?;
        let scenario = point.scenario;
        let queue = first_queue(&scenario)?;
        let (name, fleet) = (&scenario.fleets[0].name, &scenario.fleets[0].config);
        let path = match fleet.receive.visibility_timeout {
            Some(_) => format!("consumers.{name}.receive.visibility_timeout"),
            None => format!("queues.{}.visibility_timeout", queue_name(&scenario, queue)),
        };
        let added = fleet.crash.is_none().then(|| crashes_for(&scenario));
        let mut crashing = scenario.clone();
        if let Some(added) = added {
            let [mean_time_between, restart] =
                [added.mean_time_between_ns, added.restart_ns].map(Span::from_nanos);
            let crash = Crash { mean_time_between, restart: Dist::Constant(restart) };
            crashing.fleets[0].config.crash = Some(crash);
        }
        let whole = |timeout: Span| timeout.as_nanos() / SECOND.as_nanos();
        let curve = candidates(fleet).into_iter().map(whole).collect();
        let advisor = TimeoutAdvisor { asked, scenario, crashing, queue, path, added, curve };
        Ok((advisor, warnings))
    }

    /// What was asked.
    pub fn asked(&self) -> &TimeoutAsked {
        &self.asked
    }

    /// Virtual time of all runs of the curve, without what they wait for at the end. A bisection
    /// adds what it looks at beyond its first look.
    pub fn total(&self) -> Span {
        let looks = if self.limits().any() { 0 } else { self.curve.len() as u64 };
        self.length_of_a_look().saturating_mul(looks)
    }

    fn length_of_a_look(&self) -> Span {
        let runs = self.asked.reps * if self.added.is_some() { 2 } else { 1 };
        (self.scenario.end() - Time::ZERO).saturating_mul(runs)
    }

    fn limits(&self) -> Limits {
        Limits { duplicates: self.asked.duplicates, recovery: self.asked.recovery }
    }

    /// Does all runs; `None` after an interrupt.
    pub fn run(
        &self,
        threads: usize,
        interrupt: &AtomicBool,
        progress: Option<&Progress>,
    ) -> Option<TimeoutAdvice> {
        let nobody = Progress::default();
        let progress = progress.unwrap_or(&nobody);
        let limited = self.limits().any();
        let mut looked = Looked::new();
        let mut look = |seconds: u64| -> Option<Limit> {
            let entry = match looked.entry(seconds) {
                Entry::Occupied(entry) => entry.into_mut(),
                Entry::Vacant(entry) => {
                    if limited {
                        progress.add(self.length_of_a_look());
                    }
                    entry.insert(self.look(seconds, threads, interrupt, progress)?)
                }
            };
            Some(entry.duplicates_limit.unwrap_or(Limit::Meets))
        };
        if self.asked.duplicates.is_some() {
            self.bisect(&mut look)?;
        } else {
            // The shortest of all has the best recovery.
            for seconds in limited.then_some(1).into_iter().chain(self.curve.iter().copied()) {
                look(seconds)?;
            }
        }
        Some(self.advice(looked.into_values().collect()))
    }

    /// Looks at the shortest timeout whose duplicates surely meet their limit, and at the shortest
    /// of which nobody can say that they miss it.
    fn bisect(&self, look: &mut impl FnMut(u64) -> Option<Limit>) -> Option<()> {
        let longest = LONGEST.as_nanos() / SECOND.as_nanos();
        let [first, last] = [self.curve.first(), self.curve.last()].map(Option::<&u64>::copied);
        let (mut low, mut high) = (first.unwrap_or(1), last.unwrap_or(longest));
        // Nothing is gained beyond a timeout without any duplicate: it is open or met there.
        while look(high)? == Limit::Misses && high < longest {
            (low, high) = (high, high.saturating_mul(2).min(longest));
        }
        while low > 1 && look(low)? != Limit::Misses {
            low /= 2;
        }
        for enough in [[Limit::Meets; 2], [Limit::Meets, Limit::Open]] {
            let (mut below, mut above) = (if low > 1 { low } else { 0 }, high);
            if !enough.contains(&look(above)?) {
                continue;
            }
            // What is above is enough, what is below is not; nothing is below one second.
            while above - below > 1 {
                let middle = u64::midpoint(below, above);
                if enough.contains(&look(middle)?) { above = middle } else { below = middle }
            }
        }
        Some(())
    }

    /// All runs at this timeout.
    fn look(
        &self,
        seconds: u64,
        threads: usize,
        interrupt: &AtomicBool,
        progress: &Progress,
    ) -> Option<TimeoutPoint> {
        let timeout = Span::from_secs(seconds);
        let plain = self.added.is_some().then(|| self.at(&self.scenario, timeout));
        let mut crashing = self.at(&self.crashing, timeout);
        let extended = crashing.fleets[0].config.heartbeat.map_or(Span::ZERO, |beat| beat.extend);
        let patience = timeout.max(extended).saturating_add(PATIENCE);
        crashing.drain = crashing.drain.saturating_add(patience);
        // Nobody asks for the series: where hours more of it would not fit, it is a coarser one.
        while Needed::of(&crashing).bytes() > crashing.limits.memory
            && crashing.window < crashing.duration
        {
            crashing.window = crashing.window.saturating_mul(2);
        }
        let scenarios: Vec<&Scenario> = plain.iter().chain([&crashing]).collect();
        let reps = self.asked.reps;
        let threads = fitting(threads, scenarios.iter().copied());
        let done = in_order(scenarios.len() as u64 * reps, threads, |number| {
            let go_on = !interrupt.load(Ordering::Relaxed);
            let scenario = scenarios[(number / reps) as usize];
            go_on.then(|| self.one(scenario, number % reps, interrupt, progress))?
        });
        let done: Vec<One> = done.into_iter().collect::<Option<_>>()?;
        let (plain, crashing) = done.split_at(done.len() - reps as usize);
        let plain = if plain.is_empty() { crashing } else { plain };
        Some(point(timeout, plain, crashing, self.limits()))
    }

    fn at(&self, of: &Scenario, timeout: Span) -> Scenario {
        let mut scenario = of.clone();
        match &mut scenario.fleets[0].config.receive.visibility_timeout {
            Some(own) => *own = timeout,
            None => scenario.queues[self.queue.0 as usize].config.visibility_timeout = timeout,
        }
        scenario
    }

    fn one(
        &self,
        scenario: &Scenario,
        replication: u64,
        interrupt: &AtomicBool,
        progress: &Progress,
    ) -> Option<One> {
        let window = (Time::ZERO + scenario.warm_up, Time::ZERO + scenario.duration);
        let observers = (Recovery::new(self.queue, window), progress.pulse(scenario.end()));
        let run = run_with(scenario, replication, interrupt, observers);
        if run.ended == Ended::Interrupted {
            return None;
        }
        let counts = &run.measured.queues[self.queue.0 as usize].counts;
        Some(One {
            duplicates: counts.duplicates,
            deleted: counts.deleted,
            recovered: run.observer.0.finish(run.measured.end),
            unstable: Unstable::all(scenario, &unstable(scenario, &run.measured)),
            partial: why_partial(scenario, run.ended, &run.measured),
        })
    }

    fn advice(&self, points: Vec<TimeoutPoint>) -> TimeoutAdvice {
        let asked = &self.asked;
        let limits = self.limits();
        let judged = limits.any().then(|| judged(&points, limits, asked.reps));
        let saved = |pair: &[TimeoutPoint]| {
            let [now, next] = [0, 1].map(|at| pair[at].duplicates.map(|of| of.mean));
            now.zip(next).is_some_and(|(now, next)| now - next < WORTH)
        };
        let knee = points.windows(2).position(saved).unwrap_or(points.len() - 1);
        let knee = judged.is_none().then(|| points[knee].timeout.clone());
        let verdict = judged.as_ref().map(|judged| judged.verdict);
        let Judged { answer, nearest, replications, .. } = judged.unwrap_or_default();
        TimeoutAdvice {
            format: ADVICE_FORMAT.to_owned(),
            version: env!("CARGO_PKG_VERSION").to_owned(),
            advises: "visibility_timeout".to_owned(),
            scenario: self.scenario.name.clone(),
            seed: self.scenario.seed,
            set: asked.set.clone(),
            path: self.path.clone(),
            replications: asked.reps,
            duplicates_below: asked.duplicates,
            recovery_below_ns: asked.recovery.map(Span::as_nanos),
            added_crashes: self.added,
            heartbeat: self.scenario.fleets[0].config.heartbeat.is_some(),
            verdict,
            answer,
            nearest,
            replications_to_decide: replications,
            rises: rise(&points),
            knee,
            points,
        }
    }
}

/// Two timeouts of which the longer one surely has more duplicates.
fn rise(points: &[TimeoutPoint]) -> Option<[String; 2]> {
    let interval = |point: &TimeoutPoint| point.duplicates.and_then(|of| of.ci95);
    let rises = |pair: &&[TimeoutPoint]| {
        let ends = interval(&pair[0]).zip(interval(&pair[1]));
        ends.is_some_and(|([_, before], [after, _])| after > before)
    };
    points.windows(2).find(rises).map(|pair| [0, 1].map(|at| pair[at].timeout.clone()))
}

fn queue_name(scenario: &Scenario, queue: QueueId) -> &str {
    &scenario.queues[queue.0 as usize].name
}

/// Crashes for a scenario that has none.
fn crashes_for(scenario: &Scenario) -> AddedCrashes {
    let measured = scenario.duration.saturating_sub(scenario.warm_up);
    let workers = u64::from(scenario.fleets[0].config.size.most());
    let between = measured.saturating_mul(workers) / CRASHES;
    let between = between.max(RESTART.saturating_mul(UP));
    AddedCrashes { mean_time_between_ns: between.as_nanos(), restart_ns: RESTART.as_nanos() }
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use super::*;
    use crate::outcome::{AdviceVerdict, EstimatedMeasure};

    static GO_ON: AtomicBool = AtomicBool::new(false);

    /// A message a second for a minute, and calls that take no time.
    fn text(fleet: &str) -> Text {
        let text = format!(
            "(duration: \"60s\", queues: {{\"q\": ()}},
              producers: {{\"p\": (queue: \"q\", arrivals: Constant(\"1/s\"),
                call_latency: Constant(\"0s\"))}},
              consumers: {{\"w\": (queue: \"q\", call_latency: Constant(\"0s\"), {fleet})}})"
        );
        Text { name: "advised.ron".to_owned(), directory: PathBuf::new(), text }
    }

    fn prepared(fleet: &str, duplicates: Option<f64>, recovery: Option<u64>) -> TimeoutAdvisor {
        let recovery = recovery.map(Span::from_secs);
        let (model, set) = ("advised.ron".to_owned(), Vec::new());
        let asked = TimeoutAsked { model, set, duplicates, recovery, reps: 2, seed: None };
        let advisor = TimeoutAdvisor::prepare(asked, &text(fleet));
        advisor.unwrap_or_else(|faults| panic!("{faults}")).0
    }

    /// The timeouts that a bisection looks at, each once, where those below `open` miss the limit
    /// and those from `meets` on keep it.
    fn bisected(mean: &str, open: u64, meets: u64) -> Vec<u64> {
        let fleet = format!("receive: (max: 1), processing: Exponential(\"{mean}\")");
        let advisor = prepared(&fleet, Some(0.5), None);
        let mut looked = Vec::new();
        let mut look = |seconds: u64| {
            assert!((1..=43_200).contains(&seconds));
            if !looked.contains(&seconds) {
                looked.push(seconds);
            }
            Some(match seconds {
                seconds if seconds < open => Limit::Misses,
                seconds if seconds < meets => Limit::Open,
                _ => Limit::Meets,
            })
        };
        advisor.bisect(&mut look).expect("every timeout is looked at");
        looked
    }

    /// The curve of work with a mean of 1 s goes from 1 to 15 s, that of 10 s from 5 to 300 s.
    #[test]
    fn bisection_goes_to_the_second() {
        assert_eq!(bisected("1s", 7, 7), [15, 7, 3, 5, 6]);
        assert_eq!(bisected("1s", 1, 1), [15, 7, 3, 1]);
        // The shortest that meets it, then the shortest that may.
        assert_eq!(bisected("1s", 3, 7), [15, 7, 3, 5, 6, 1, 2]);
        // Beyond the curve by doubling: between 60 and 120.
        assert_eq!(bisected("1s", 100, 100)[..4], [15, 30, 60, 120]);
        assert_eq!(bisected("1s", 100, 100).last(), Some(&100));
        assert!(bisected("1s", 100, 100).contains(&99));
        // Nowhere: up to twelve hours, and nothing between.
        let all = [15, 30, 60, 120, 240, 480, 960, 1_920, 3_840, 7_680, 15_360, 30_720, 43_200];
        assert_eq!(bisected("1s", 90_000, 90_000), all);
        // Open at the end: what may be is sought, not what does.
        assert_eq!(bisected("1s", 7, 90_000), [15, 7, 3, 5, 6]);
        // Below the curve by halving: 5, 2, 1.
        assert_eq!(bisected("10s", 2, 2)[..3], [300, 5, 2]);
        assert!(bisected("10s", 2, 2).contains(&1));
        assert!(!bisected("10s", 6, 6).contains(&2));
        let advisor = prepared("processing: Exponential(\"1s\")", Some(0.5), None);
        assert_eq!(advisor.bisect(&mut |_| None), None, "an interrupt");
    }

    fn timeouts(advice: &TimeoutAdvice) -> Vec<&str> {
        advice.points.iter().map(|point| point.timeout.as_str()).collect()
    }

    const WORK: &str = "count: 5, receive: (max: 1), processing: Constant(\"1500ms\")";

    /// Work of 1.5 s comes twice at least with a timeout of 1 s, and once with 2 s.
    #[test]
    fn the_shortest_timeout_that_outlives_the_work_is_advised() {
        let advisor = prepared(WORK, Some(0.5), None);
        assert_eq!(advisor.total(), Span::ZERO, "a bisection knows no length");
        let progress = Progress::default();
        let advice = advisor.run(1, &GO_ON, Some(&progress)).expect("nobody interrupts");
        assert_eq!(
            (advice.verdict, advice.answer.as_deref()),
            (Some(AdviceVerdict::Yes), Some("2s"))
        );
        assert_eq!(timeouts(&advice), ["1s", "2s", "5s", "10s"]);
        assert_eq!(advice.path, "queues.q.visibility_timeout");
        // Each look has two runs of a minute without crashes and two with.
        assert_eq!(progress.added(), Span::from_secs(4 * 4 * 60));
        assert!(advice.at("1s").is_some_and(|at| at.duplicates.is_some_and(|of| of.mean >= 1.0)));
        assert!(advice.at("2s").is_some_and(|at| at.duplicates.is_some_and(|of| of.mean == 0.0)));
        let json = advice.to_json().expect("is finite");
        assert_eq!(serde_json::from_str::<TimeoutAdvice>(&json).as_ref().ok(), Some(&advice));
        assert!(json.ends_with("}\n") && advice.is_limited());
        assert_eq!((advice.knee, advice.heartbeat, advice.rises), (None, false, None));
        // A timeout of the receives is the one that is set.
        let own = WORK.replace("max: 1", "max: 1, visibility_timeout: \"1m\"");
        let advisor = prepared(&own, Some(0.5), None);
        let advice = advisor.run(1, &GO_ON, None).expect("nobody interrupts");
        assert_eq!(advice.path, "consumers.w.receive.visibility_timeout");
        assert_eq!(advice.answer.as_deref(), Some("2s"));
    }

    /// Without a limit on duplicates the curve is looked at, and with one on recovery the shortest
    /// timeout of all, too. No length of the curve saves a duplicate: its first is the knee.
    #[test]
    fn without_a_limit_on_duplicates_there_is_a_curve() {
        let curve = prepared(WORK, None, None);
        assert_eq!(curve.total(), Span::from_secs(3 * 4 * 60));
        let advice = curve.run(1, &GO_ON, None).expect("nobody interrupts");
        assert_eq!(timeouts(&advice), ["2s", "5s", "10s"]);
        assert_eq!((advice.knee.as_deref(), advice.verdict), (Some("2s"), None));
        assert!(!advice.is_limited());
        let advice =
            prepared(WORK, None, Some(60)).run(1, &GO_ON, None).expect("nobody interrupts");
        assert_eq!(timeouts(&advice), ["1s", "2s", "5s", "10s"]);
        assert!(advice.verdict.is_some() && advice.knee.is_none() && advice.is_limited());
        // With crashes of its own there is nothing to add, and each look has two runs.
        let crash =
            format!("{WORK}, crash: (mean_time_between: \"20s\", restart: Constant(\"0s\"))");
        let own = prepared(&crash, None, None);
        assert_eq!(own.total(), Span::from_secs(3 * 2 * 60));
        let advice = own.run(1, &GO_ON, None).expect("nobody interrupts");
        assert_eq!(advice.added_crashes, None);
        // Five workers crash fifteen times a minute while 7.5 of 10 s are worked: some are hit, and
        // a message is back when its timeout ends, which is set at its receive.
        for (point, most) in advice.points.iter().zip([2e9, 5e9, 10e9]) {
            assert!(point.lost > 0 && point.not_back == 0, "{point:?}");
            let mean = point.recovery_mean_ns.expect("some are lost").mean;
            assert!(mean < most && mean > most - 1.5e9 - 1.0, "{mean} of {most}");
        }
        assert!(own.run(1, &AtomicBool::new(true), None).is_none());
    }

    /// A hundred workers that run 1,000 s after the warm-up crash a hundred times in all, one each.
    /// Of ten it would be every 100 s: up less than twenty times the 30 s of a restart.
    #[test]
    fn about_a_hundred_crashes_are_added() {
        let between = |workers: u32| {
            let fleet = format!("count: {workers}, processing: Constant(\"1s\")");
            let mut scenario = prepared(&fleet, None, None).scenario;
            scenario.warm_up = Span::from_secs(100);
            scenario.duration = Span::from_secs(1_100);
            let AddedCrashes { mean_time_between_ns, restart_ns } = crashes_for(&scenario);
            (mean_time_between_ns / 1_000_000_000, restart_ns / 1_000_000_000)
        };
        assert_eq!((between(100), between(10)), ((1_000, 30), (600, 30)));
        let advice = prepared(WORK, None, None);
        assert_eq!(advice.added.map(|added| added.restart_ns), Some(30_000_000_000));
        let crash = advice.crashing.fleets[0].config.crash.as_ref().expect("is added");
        assert_eq!(crash.mean_time_between, Span::from_secs(600));
    }

    /// From where on a longer timeout saves less than one duplicate in a thousand messages.
    #[test]
    fn the_knee_and_a_rise() {
        let advisor = prepared(WORK, None, None);
        let points = |duplicates: &[f64]| -> Vec<TimeoutPoint> {
            let advice = advisor.run(1, &GO_ON, None).expect("nobody interrupts");
            let at = |(at, &mean): (usize, &f64)| {
                let ci95 = Some([mean - 0.001, mean + 0.001]);
                let of = EstimatedMeasure { mean, ci95, n: 2, thin: None };
                let timeout = format!("{}s", at + 1);
                TimeoutPoint { timeout, duplicates: Some(of), ..advice.points[0].clone() }
            };
            duplicates.iter().enumerate().map(at).collect()
        };
        let knee = |of: &[f64]| advisor.advice(points(of)).knee;
        assert_eq!(knee(&[0.5, 0.1, 0.099_5, 0.09]).as_deref(), Some("2s"));
        assert_eq!(knee(&[0.5, 0.4, 0.3]).as_deref(), Some("3s"), "the last, if none is");
        let rises = |of: &[f64]| rise(&points(of)).map(|[from, to]| format!("{from} to {to}"));
        assert_eq!(rises(&[0.5, 0.1, 0.103, 0.2]).as_deref(), Some("2s to 3s"));
        assert_eq!(rises(&[0.5, 0.1, 0.101_5, 0.101]), None, "their intervals meet");
    }
}
