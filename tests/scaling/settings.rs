//! The settings that AWS, KEDA and Kubernetes have by default, with clocks that begin at 0.

use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::Span;
use sqsim::model::scaling::{
    Adjustment, Behavior, ChangeLimit, ChangePolicy, ChangeRules, HpaConfig, KedaConfig,
    MetricConfig, PaceConfig, ScalerConfig, ScalingRule, SelectPolicy, StepAlarm, StepsConfig,
    TargetConfig,
};

pub(crate) fn secs(secs: u64) -> Span {
    Span::from_secs(secs)
}

/// Visible messages a worker, a point a minute, known at once.
pub(crate) fn metric() -> MetricConfig {
    MetricConfig {
        in_flight: false,
        per_worker: true,
        every: secs(60),
        phase: Some(Span::ZERO),
        delay: Span::ZERO,
    }
}

/// Of an EC2 group.
pub(crate) fn pace() -> PaceConfig {
    PaceConfig { repeat: secs(300), warm_up: secs(300), cooldown: None }
}

/// Target tracking of an EC2 group.
pub(crate) fn target(target: f64) -> TargetConfig {
    TargetConfig {
        metric: metric(),
        target,
        high_points: 3,
        low_points: 15,
        low_share: 0.7,
        pace: pace(),
    }
}

/// Target tracking of Application Auto Scaling, as ECS services have it.
pub(crate) fn service(messages: f64) -> TargetConfig {
    let pace = PaceConfig { warm_up: Span::ZERO, cooldown: Some(secs(300)), ..pace() };
    TargetConfig { low_share: 0.9, pace, ..target(messages) }
}

/// The steps of the example of the EC2 Auto Scaling guide, each after one point.
pub(crate) fn steps() -> StepsConfig {
    let percent = Adjustment::Percent;
    let steps = vec![(0.0, percent(0.0)), (10.0, percent(10.0)), (20.0, percent(30.0))];
    let alarm = StepAlarm { threshold: 50.0, points: 1, steps };
    let pace = PaceConfig { repeat: secs(60), warm_up: Span::ZERO, cooldown: None };
    StepsConfig { metric: metric(), out: Some(alarm.clone()), within: Some(alarm), pace }
}

pub(crate) fn keda(target: f64) -> KedaConfig {
    KedaConfig {
        target,
        activation: 0,
        in_flight: true,
        delayed: false,
        polling: secs(30),
        phase: Some(Span::ZERO),
        cooldown: secs(300),
        initial_cooldown: Span::ZERO,
        idle: None,
        hpa: HpaConfig {
            sync: secs(15),
            phase: Some(Span::ZERO),
            tolerance: 0.1,
            window: secs(300),
            behavior: None,
        },
    }
}

/// What a `behavior` that says nothing is.
pub(crate) fn behavior() -> Behavior {
    let policy = |limit| ChangePolicy { limit, period: secs(15) };
    let rules = |window, limits: &[ChangeLimit]| ChangeRules {
        window: secs(window),
        select: SelectPolicy::Max,
        policies: limits.iter().copied().map(policy).collect(),
    };
    Behavior {
        up: rules(0, &[ChangeLimit::Pods(4), ChangeLimit::Percent(100)]),
        down: rules(300, &[ChangeLimit::Percent(100)]),
    }
}

/// Between so few and so many workers.
pub(crate) fn scaled(rule: ScalingRule, min: u32, max: u32) -> ScalerConfig {
    let boot = Dist::Constant(Span::ZERO);
    ScalerConfig { rule, min, max, start: min, boot, protect: false }
}
