//! Random settings and backlogs, on which the machines and the plain rules must agree.

use sqsim::clients::scaling::Counters;
use sqsim::kernel::rng::{Draws, Source};
use sqsim::kernel::time::{Span, Time};
use sqsim::model::scaling::{
    Adjustment, Behavior, ChangeLimit, ChangePolicy, ChangeRules, HpaConfig, KedaConfig,
    MetricConfig, PaceConfig, ScalerConfig, ScalingRule, SelectPolicy, StepAlarm, StepsConfig,
    TargetConfig,
};

use crate::fleet::{Workers, at, course};
use crate::plain::{self, Past};
use crate::settings::{scaled, secs};

const HISTORIES: u64 = 10_000;

/// One of these.
fn one<T: Copy>(of: &[T], chance: &mut Draws) -> T {
    of[chance.below(of.len() as u64) as usize]
}

fn maybe(chance: &mut Draws) -> bool {
    chance.below(2) == 0
}

fn seconds(below: u64, chance: &mut Draws) -> Span {
    secs(chance.below(below))
}

/// Levels that hold for a while each, near what so many workers would be asked for.
fn backlog(length: u64, most: u64, hold: u64, chance: &mut Draws) -> Vec<Counters> {
    let mut all = Vec::new();
    let level = |chance: &mut Draws| if maybe(chance) { 0 } else { chance.below(most + 1) };
    while (all.len() as u64) < length {
        let (visible, in_flight, delayed) = (level(chance), level(chance) / 4, level(chance) / 4);
        let counters = Counters { visible, in_flight, delayed };
        let end = all.len() + 1 + chance.below(hold) as usize;
        all.resize(end, counters);
    }
    all.truncate(length as usize);
    all
}

/// Fails unless both give the same changes; how many those are.
#[track_caller]
fn compare(
    seed: u64,
    config: &ScalerConfig,
    truth: &[Counters],
    chance: &mut Draws,
    plain: impl FnOnce((u32, u32), Past) -> Vec<(Time, u32)>,
) -> usize {
    let start = config.min + chance.below(u64::from(config.max - config.min) + 1) as u32;
    let workers = Workers::new(start, seconds(200, chance), config.warm_up());
    let lag = chance.below(61);
    let now = |now: Time| truth[(now.as_nanos() / 1_000_000_000) as usize];
    let end = at(truth.len() as u64 - 1);
    let found = course(config, secs(lag), workers.clone(), end, now);
    let expected = plain((config.min, config.max), Past { truth, lag, workers });
    assert_eq!(found, expected, "history {seed}: {config:#?}");
    found.len()
}

fn bounds(chance: &mut Draws) -> (u32, u32) {
    let min = chance.below(4) as u32;
    (min, min + 1 + chance.below(40) as u32)
}

fn metric(chance: &mut Draws) -> MetricConfig {
    MetricConfig {
        in_flight: maybe(chance),
        per_worker: true,
        every: one(&[secs(10), secs(60), secs(60), secs(60)], chance),
        phase: Some(seconds(60, chance)),
        delay: seconds(150, chance),
    }
}

fn pace(chance: &mut Draws) -> PaceConfig {
    PaceConfig {
        repeat: one(&[Span::ZERO, secs(60), secs(90), secs(300)], chance),
        warm_up: one(&[Span::ZERO, secs(60), secs(300)], chance),
        cooldown: maybe(chance).then(|| seconds(400, chance)),
    }
}

#[test]
fn target_tracking_agrees_with_the_plain_rules() {
    let mut changes = 0;
    for seed in 0..HISTORIES {
        let mut chance = Draws::new(seed);
        let config = TargetConfig {
            metric: metric(&mut chance),
            target: (1 + chance.below(200)) as f64,
            high_points: 1 + chance.below(4) as u32,
            low_points: 1 + chance.below(15) as u32,
            low_share: one(&[0.5, 0.7, 0.9], &mut chance),
            pace: pace(&mut chance),
        };
        let (min, max) = bounds(&mut chance);
        let most = plain::whole(config.target) * chance.below(u64::from(max) + 10);
        let truth = backlog(2_400, most, 1_000, &mut chance);
        let rule = scaled(ScalingRule::TargetTracking(config.clone()), min, max);
        changes += compare(seed, &rule, &truth, &mut chance, |bounds, past| {
            plain::tracked(&config, bounds, past)
        });
    }
    assert!(changes > 10_000, "only {changes} changes");
}

fn step_alarm(threshold: u64, chance: &mut Draws) -> StepAlarm {
    let mut from = 0;
    let steps = (0..=chance.below(4)).map(|_| {
        let count = chance.below(10) as u32;
        let by = match chance.below(5) {
            0 => Adjustment::Exact(count),
            1 => Adjustment::Workers(count),
            _ => Adjustment::Percent(chance.below(120) as f64),
        };
        let step = (from as f64, by);
        from += 1 + chance.below(30);
        step
    });
    let steps = steps.collect();
    StepAlarm { threshold: threshold as f64, points: 1 + chance.below(4) as u32, steps }
}

#[test]
fn step_scaling_agrees_with_the_plain_rules() {
    let mut changes = 0;
    for seed in 0..HISTORIES {
        let mut chance = Draws::new(seed);
        let low = chance.below(60);
        let high = low + chance.below(20);
        let config = StepsConfig {
            metric: MetricConfig { per_worker: maybe(&mut chance), ..metric(&mut chance) },
            out: Some(step_alarm(high, &mut chance)),
            within: Some(step_alarm(low, &mut chance)),
            pace: pace(&mut chance),
        };
        let (min, max) = bounds(&mut chance);
        let workers = if config.metric.per_worker { u64::from(max) } else { 1 };
        let truth = backlog(2_400, 2 * high * workers, 1_000, &mut chance);
        let rule = scaled(ScalingRule::Steps(config.clone()), min, max);
        changes += compare(seed, &rule, &truth, &mut chance, |bounds, past| {
            plain::stepped(&config, bounds, past)
        });
    }
    assert!(changes > 10_000, "only {changes} changes");
}

fn change_rules(chance: &mut Draws) -> ChangeRules {
    let policies = (0..=chance.below(3)).map(|_| {
        let limit = if maybe(chance) {
            ChangeLimit::Pods(1 + chance.below(10) as u32)
        } else {
            ChangeLimit::Percent(1 + chance.below(150) as u32)
        };
        ChangePolicy { limit, period: one(&[secs(15), secs(40), secs(60), secs(120)], chance) }
    });
    ChangeRules {
        policies: policies.collect(),
        window: one(&[Span::ZERO, secs(15), secs(60), secs(300)], chance),
        select: one(
            &[SelectPolicy::Max, SelectPolicy::Max, SelectPolicy::Min, SelectPolicy::Disabled],
            chance,
        ),
    }
}

#[test]
fn keda_and_the_pod_autoscaler_agree_with_the_plain_rules() {
    let mut changes = 0;
    for seed in 0..HISTORIES {
        let mut chance = Draws::new(seed);
        let (min, max) = bounds(&mut chance);
        let polling = one(&[secs(10), secs(30), secs(45)], &mut chance);
        let sync = one(&[secs(15), secs(15), secs(20)], &mut chance);
        let hpa = HpaConfig {
            sync,
            phase: Some(seconds(30, &mut chance)),
            tolerance: one(&[0.0, 0.05, 0.1, 0.2], &mut chance),
            window: one(&[Span::ZERO, secs(60), secs(300)], &mut chance),
            behavior: maybe(&mut chance).then(|| Behavior {
                up: change_rules(&mut chance),
                down: change_rules(&mut chance),
            }),
        };
        let config = KedaConfig {
            target: (1 + chance.below(20)) as f64,
            activation: chance.below(4) * chance.below(10),
            in_flight: maybe(&mut chance),
            delayed: maybe(&mut chance),
            polling,
            phase: Some(seconds(30, &mut chance)),
            cooldown: one(&[Span::ZERO, secs(60), secs(300)], &mut chance),
            initial_cooldown: one(&[Span::ZERO, secs(60)], &mut chance),
            idle: (min > 0 && maybe(&mut chance)).then(|| chance.below(u64::from(min)) as u32),
            hpa,
        };
        let most = plain::whole(config.target) * chance.below(u64::from(max) + 10);
        let truth = backlog(1_200, most, 400, &mut chance);
        let rule = scaled(ScalingRule::Keda(config.clone()), min, max);
        changes += compare(seed, &rule, &truth, &mut chance, |bounds, past| {
            plain::pods(&config, bounds, past)
        });
    }
    assert!(changes > 50_000, "only {changes} changes");
}
