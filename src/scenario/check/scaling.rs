//! Checks of what scales a fleet, and of the counters that it reads.
//!
//! Owns their ranges, and which of them go together. Must not know how a scaler decides.

use super::Check;
use crate::clients::scaling::readings::MOST_LAG;
use crate::kernel::dist::Dist;
use crate::kernel::time::Span;
use crate::model::scaling::{
    Adjustment, Behavior, ChangeLimit, ChangePolicy, ChangeRules, HpaConfig, KedaConfig,
    MetricConfig, PaceConfig, ScalerConfig, ScalingRule, SelectPolicy, StepAlarm, StepsConfig,
    TargetConfig,
};
use crate::scenario::file::{
    AdjustmentFile, AlarmFile, BehaviorFile, ChangePolicyFile, CountersFile, DistFile, HpaFile,
    KedaFile, Length, MetricFile, SelectFile, StepsFile, TargetMetricFile, TargetTrackingFile,
};
use crate::scenario::tree::At;

/// Ours: a clock that is read more often costs events, and counters are known by the second.
const SHORTEST_PERIOD: Span = Span::from_secs(1);
/// Ours: reads are planned a minute ahead, and points are under way for as long as they are late.
const LONGEST_PERIOD: Span = Span::from_secs(86_400);
/// Ours: no metric takes longer.
const LONGEST_DELAY: Span = Span::from_secs(3_600);
/// Ours: an alarm looks back a day at most, as `CloudWatch` does.
const MOST_POINTS: u32 = 1_440;

const OURS: &str = "other values cost the simulator more than they tell";

/// What all rules share.
#[derive(Clone, Copy)]
struct Shared<'f> {
    min: u32,
    max: u32,
    start: Option<u32>,
    boot: &'f DistFile,
    protect: bool,
}

impl<'a> Check<'a> {
    /// How far the counters of a queue lag.
    pub(super) fn counters(&mut self, at: &At<'a>, file: &CountersFile) -> Dist {
        let at = at.field("lag");
        let lag = self.dist(&at, &file.lag);
        let why = "the counters of SQS settle within a minute";
        match lag.longest() {
            None => {
                let what = "this distribution has no longest length, and a lag needs one";
                self.push(&at, what).help = vec![
                    why.into(),
                    "such as `Constant(\"4s\")` or `Uniform(min: \"0s\", max: \"13s\")`".into(),
                ];
            }
            Some(longest) => {
                if longest > MOST_LAG {
                    let what = format!("a lag of up to {longest} is above {MOST_LAG}");
                    self.push(&at, what).help.push(why.into());
                }
            }
        }
        lag
    }

    /// A fleet that target tracking scales.
    pub(super) fn target_tracking(
        &mut self,
        at: &At<'a>,
        file: &TargetTrackingFile,
    ) -> ScalerConfig {
        let TargetTrackingFile { min, max, start, ref boot, protect, .. } = *file;
        self.positive(&at.field("target"), file.target);
        self.points(&at.field("high_points"), file.high_points);
        self.points(&at.field("low_points"), file.low_points);
        let per_worker = match file.metric {
            TargetMetricFile::BacklogPerWorker => true,
        };
        let clock = (file.every, file.phase, file.delay);
        let rule = ScalingRule::TargetTracking(TargetConfig {
            metric: self.metric(at, per_worker, file.in_flight, clock),
            target: file.target,
            high_points: file.high_points,
            low_points: file.low_points,
            low_share: file.low_share.0,
            pace: pace(file.warm_up, file.repeat, file.cooldown),
        });
        self.scaler(at, Shared { min, max, start, boot, protect }, rule)
    }

    /// A fleet that step scaling scales.
    pub(super) fn step_scaling(&mut self, at: &At<'a>, file: &StepsFile) -> ScalerConfig {
        let StepsFile { min, max, start, ref boot, protect, .. } = *file;
        let (out, within) = (file.scale_out.as_ref(), file.scale_in.as_ref());
        if out.is_none() && within.is_none() {
            self.push(at, "steps need an alarm: `scale_out`, `scale_in` or both")
                .help
                .push("such as `scale_out: (threshold: 100, steps: [(0, Percent(10))])`".into());
        }
        if let (Some(out), Some(within)) = (out, within)
            && out.threshold < within.threshold
        {
            let what = format!(
                "between {} and {} both alarms would be on",
                out.threshold, within.threshold
            );
            self.push(&at.field("scale_in").field("threshold"), what)
                .help
                .push("scale in below the threshold that scales out, or at it".into());
        }
        let per_worker = match file.metric {
            MetricFile::BacklogPerWorker => true,
            MetricFile::Backlog => false,
        };
        let mut alarm = |name: &str, alarm: &AlarmFile| self.alarm(&at.field(name), alarm);
        let out = out.map(|file| alarm("scale_out", file));
        let within = within.map(|file| alarm("scale_in", file));
        let clock = (file.every, file.phase, file.delay);
        let rule = ScalingRule::Steps(StepsConfig {
            metric: self.metric(at, per_worker, file.in_flight, clock),
            out,
            within,
            pace: pace(file.warm_up, file.repeat, file.cooldown),
        });
        self.scaler(at, Shared { min, max, start, boot, protect }, rule)
    }

    /// A fleet that KEDA scales.
    pub(super) fn keda(&mut self, at: &At<'a>, file: &KedaFile) -> ScalerConfig {
        let KedaFile { min, max, start, ref boot, protect, .. } = *file;
        self.positive(&at.field("target"), file.target);
        self.clock(at, ("polling", file.polling), file.phase);
        if let Some(idle) = file.idle
            && idle >= min
        {
            let what = format!("`{idle}` idle replicas are not fewer than the least, {min}");
            self.push(&at.field("idle"), what)
                .help
                .push("raise `min`, or write `idle: None`: then `min` holds".into());
        }
        let rule = ScalingRule::Keda(KedaConfig {
            target: file.target,
            activation: file.activation,
            in_flight: file.in_flight,
            delayed: file.delayed,
            polling: file.polling.0,
            phase: file.phase.map(|phase| phase.0),
            cooldown: file.cooldown.0,
            initial_cooldown: file.initial_cooldown.0,
            idle: file.idle,
            hpa: self.hpa(&at.field("hpa"), &file.hpa),
        });
        self.scaler(at, Shared { min, max, start, boot, protect }, rule)
    }

    fn scaler(&mut self, at: &At<'a>, shared: Shared, rule: ScalingRule) -> ScalerConfig {
        let Shared { min, max, start, boot, protect } = shared;
        self.at_least_one(&at.field("max"), max);
        if min > max {
            let what = format!("at least {min} workers are more than at most {max}");
            self.push(&at.field("max"), what).help.push(format!("`max: {min}` is the least"));
        } else if let Some(start) = start {
            let why = "the fleet starts within `min` and `max`";
            self.range(&at.field("start"), start, min, max, why);
        }
        let boot = self.dist(&at.field("boot"), boot);
        ScalerConfig { rule, min, max, start: start.unwrap_or(min), boot, protect }
    }

    fn metric(
        &mut self,
        at: &At,
        per_worker: bool,
        in_flight: bool,
        (every, phase, delay): (Length, Option<Length>, Length),
    ) -> MetricConfig {
        self.clock(at, ("every", every), phase);
        self.range(&at.field("delay"), delay.0, Span::ZERO, LONGEST_DELAY, OURS);
        MetricConfig {
            in_flight,
            per_worker,
            every: every.0,
            phase: phase.map(|phase| phase.0),
            delay: delay.0,
        }
    }

    /// A period by its name, and when it first ends.
    fn clock(&mut self, at: &At, (name, every): (&str, Length), phase: Option<Length>) {
        self.range(&at.field(name), every.0, SHORTEST_PERIOD, LONGEST_PERIOD, OURS);
        if let Some(phase) = phase {
            let why = format!("it is where in `{name}` the clock stands; `None` draws it");
            self.range(&at.field("phase"), phase.0, Span::ZERO, every.0, &why);
        }
    }

    fn points(&mut self, at: &At, points: u32) {
        self.range(at, points, 1, MOST_POINTS, "an alarm looks at the points of a day at most");
    }

    fn alarm(&mut self, at: &At<'a>, file: &AlarmFile) -> StepAlarm {
        let threshold = at.field("threshold");
        if !(file.threshold >= 0.0 && file.threshold.is_finite()) {
            let what = format!("`{}` is no number of messages", file.threshold);
            self.push(&threshold, what).help.push("0 or more".into());
        }
        self.points(&at.field("points"), file.points);
        let list = at.field("steps");
        if list.is_whole(&file.steps) {
            self.bounds_of_steps(&list, &file.steps);
        }
        let steps = file.steps.iter().map(|&(from, by)| (from, adjustment(by))).collect();
        StepAlarm { threshold: file.threshold, points: file.points, steps }
    }

    fn bounds_of_steps(&mut self, at: &At, steps: &[(f64, AdjustmentFile)]) {
        let Some(&(first, _)) = steps.first() else {
            let what = "an alarm without a step does nothing: at least one is needed";
            self.push(at, what).help.push("such as `steps: [(0, Percent(10))]`".into());
            return;
        };
        if first != 0.0 {
            let what = format!("no step says what is done up to {first} beyond the threshold");
            self.push(&at.item(0).item(0), what)
                .help
                .push("the first step begins at 0; `(0, Percent(0))` does nothing there".into());
        }
        for (index, pair) in steps.windows(2).enumerate() {
            let (before, next) = (pair[0].0, pair[1].0);
            if !(next > before && next.is_finite()) {
                let what = format!("`{next}` is not above {before}, where the step before begins");
                self.push(&at.item(index + 1).item(0), what)
                    .help
                    .push("each step holds from its bound up to the next one's".into());
            }
        }
        for (index, &(_, by)) in steps.iter().enumerate() {
            if let AdjustmentFile::Percent(percent) = by
                && !(percent >= 0.0 && percent.is_finite())
            {
                let what = format!("`{percent}` per cent are below 0");
                self.push(&at.item(index).item(1), what)
                    .help
                    .push("`scale_in` takes away what its steps say: give it without sign".into());
            }
        }
    }

    fn hpa(&mut self, at: &At<'a>, file: &HpaFile) -> HpaConfig {
        self.clock(at, ("sync", file.sync), file.phase);
        self.range(&at.field("window"), file.window.0, Span::ZERO, LONGEST_PERIOD, OURS);
        HpaConfig {
            sync: file.sync.0,
            phase: file.phase.map(|phase| phase.0),
            tolerance: file.tolerance.0,
            window: file.window.0,
            behavior: file.behavior.as_ref().map(|file| self.behavior(&at.field("behavior"), file)),
        }
    }

    fn behavior(&mut self, at: &At<'a>, file: &BehaviorFile) -> Behavior {
        let BehaviorFile { scale_up: up, scale_down: down } = file;
        Behavior {
            up: self.changes(&at.field("scale_up"), up.window, up.select, &up.policies),
            down: self.changes(&at.field("scale_down"), down.window, down.select, &down.policies),
        }
    }

    fn changes(
        &mut self,
        at: &At<'a>,
        window: Length,
        select: SelectFile,
        policies: &[ChangePolicyFile],
    ) -> ChangeRules {
        // `stabilizationWindowSeconds` is up to an hour, `periodSeconds` up to half of one.
        let most = Span::from_secs(3_600);
        let theirs = "Kubernetes allows no other value";
        self.range(&at.field("window"), window.0, Span::ZERO, most, theirs);
        let list = at.field("policies");
        let is_whole = list.is_whole(policies);
        if is_whole && policies.is_empty() {
            self.push(&list, "no policy: at least one is needed")
                .help
                .push("`select: Disabled` lets nothing change in this direction".into());
        }
        let policies = policies.iter().enumerate().map(|(index, file)| {
            let at = list.item(index);
            let limit = match (file.pods, file.percent) {
                (Some(pods), None) => ChangeLimit::Pods(pods),
                (None, Some(percent)) => ChangeLimit::Percent(percent),
                (Some(_), Some(_)) | (None, None) => {
                    if is_whole {
                        self.push(&at, "a policy limits either `pods` or `percent`")
                            .help
                            .push("such as `(percent: 100, period: \"15s\")`".into());
                    }
                    ChangeLimit::Pods(1)
                }
            };
            if is_whole {
                self.at_least_one(&at.field("pods"), file.pods.unwrap_or(1));
                self.at_least_one(&at.field("percent"), file.percent.unwrap_or(1));
                let (shortest, longest) = (SHORTEST_PERIOD, Span::from_secs(1_800));
                self.range(&at.field("period"), file.period.0, shortest, longest, theirs);
            }
            ChangePolicy { limit, period: file.period.0 }
        });
        let policies = policies.collect();
        let select = match select {
            SelectFile::Max => SelectPolicy::Max,
            SelectFile::Min => SelectPolicy::Min,
            SelectFile::Disabled => SelectPolicy::Disabled,
        };
        ChangeRules { window: window.0, select, policies }
    }
}

fn pace(warm_up: Length, repeat: Length, cooldown: Option<Length>) -> PaceConfig {
    let cooldown = cooldown.map(|length| length.0);
    PaceConfig { repeat: repeat.0, warm_up: warm_up.0, cooldown }
}

fn adjustment(file: AdjustmentFile) -> Adjustment {
    match file {
        AdjustmentFile::Percent(percent) => Adjustment::Percent(percent),
        AdjustmentFile::Workers(count) => Adjustment::Workers(count),
        AdjustmentFile::Exact(count) => Adjustment::Exact(count),
    }
}
