//! What a file says of a scaler, and what that becomes.

use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::Span;
use sqsim::model::fleet_size::FleetSize;
use sqsim::model::scaling::{
    Adjustment, HpaConfig, KedaConfig, MetricConfig, PaceConfig, ScalerConfig, ScalingRule,
    StepAlarm, StepsConfig, TargetConfig,
};
use sqsim::{ConsumerFile, ScenarioFile};

use crate::settings::{behavior, keda, metric, pace, secs, service, target};

/// A scenario with a fleet of this `count`, written down once more as code writes it.
fn file(count: &str) -> ScenarioFile {
    let text = format!(
        "(duration: \"1h\", queues: {{\"jobs\": ()}},
            producers: {{\"web\": (queue: \"jobs\", arrivals: Poisson(\"4/s\"))}},
            consumers: {{\"w\": (
                queue: \"jobs\", processing: Constant(\"80ms\"), count: {count})}})"
    );
    let file: ScenarioFile = text.parse().unwrap_or_else(|faults| panic!("{count}: {faults}"));
    assert_eq!(file.to_string().parse::<ScenarioFile>().expect("it is read again"), file);
    file
}

fn scaler(count: &str) -> ScalerConfig {
    let loaded = file(count).check().unwrap_or_else(|faults| panic!("{count}: {faults}"));
    match loaded.scenario.fleets[0].config.size.clone() {
        FleetSize::Scaled(scaler) => *scaler,
        size @ (FleetSize::Fixed(_) | FleetSize::Schedule(_)) => panic!("{count} is {size:?}"),
    }
}

/// As in a run: clocks are drawn, and points are a minute late.
fn drawn() -> MetricConfig {
    MetricConfig { phase: None, delay: secs(60), ..metric() }
}

#[test]
fn target_tracking_is_that_of_an_ec2_group_unless_told_otherwise() {
    let found = scaler("TargetTracking(target: 100, max: 40)");
    let expected = ScalerConfig {
        rule: ScalingRule::TargetTracking(TargetConfig { metric: drawn(), ..target(100.0) }),
        min: 1,
        max: 40,
        start: 1,
        boot: Dist::Constant(secs(90)),
        protect: false,
    };
    assert_eq!(found, expected);
    let found = scaler(
        "TargetTracking(metric: BacklogPerWorker, target: 100, min: 2, max: 50, start: 3,
            boot: Exponential(\"90s\"), protect: true,
            low_share: \"90%\", warm_up: \"0s\", cooldown: \"300s\")",
    );
    let expected = ScalerConfig {
        rule: ScalingRule::TargetTracking(TargetConfig { metric: drawn(), ..service(100.0) }),
        min: 2,
        max: 50,
        start: 3,
        boot: Dist::Exponential { mean: secs(90) },
        protect: true,
    };
    assert_eq!(found, expected);
    assert_eq!((found.warm_up(), expected.start), (Span::ZERO, 3));
}

#[test]
fn steps_are_those_of_their_alarms() {
    let found = scaler(
        "Steps(max: 9, metric: Backlog, in_flight: true, every: \"10s\", phase: \"3s\", scale_out: (
            threshold: 50, points: 2, steps: [(0, Percent(0)), (10, Workers(2)), (20.5, Exact(9))]
        ))",
    );
    let by = [Adjustment::Percent(0.0), Adjustment::Workers(2), Adjustment::Exact(9)];
    let steps = [0.0, 10.0, 20.5].into_iter().zip(by).collect();
    let phase = Some(secs(3));
    let rule = ScalingRule::Steps(StepsConfig {
        metric: MetricConfig {
            in_flight: true,
            per_worker: false,
            every: secs(10),
            phase,
            ..drawn()
        },
        out: Some(StepAlarm { threshold: 50.0, points: 2, steps }),
        within: None,
        pace: PaceConfig { repeat: secs(60), ..pace() },
    });
    assert_eq!((found.rule, found.start), (rule, 1));
}

#[test]
fn keda_is_as_kubernetes_has_it_unless_told_otherwise() {
    let rule = |behavior| {
        let hpa = HpaConfig { phase: None, behavior, ..keda(5.0).hpa };
        ScalingRule::Keda(KedaConfig { phase: None, hpa, ..keda(5.0) })
    };
    let found = scaler("Keda(target: 5)");
    assert_eq!((found.rule, found.min, found.max, found.start), (rule(None), 0, 100, 0));
    let found = scaler("Keda(target: 5, min: 3, hpa: (behavior: ()))");
    assert_eq!((found.rule, found.start), (rule(Some(behavior())), 3));
    let mut slow = behavior();
    (slow.up.window, slow.down.window) = (secs(60), secs(0));
    let found = scaler(
        "Keda(target: 5, hpa: (behavior: (
            scale_up: (window: \"60s\"), scale_down: (window: \"0s\"))))",
    );
    assert_eq!(found.rule, rule(Some(slow)));
}

/// About four seconds were measured.
#[test]
fn counters_lag_by_four_seconds_unless_told_otherwise() {
    let lag = |file: &ScenarioFile| {
        let loaded = file.check().unwrap_or_else(|faults| panic!("{faults}"));
        loaded.scenario.queues[0].config.counter_lag.clone()
    };
    let mut file = file("3");
    assert_eq!(lag(&file), Dist::Constant(secs(4)));
    let within = "Uniform(min: \"0s\", max: \"60s\")".parse().expect("it is a distribution");
    file.queues.0[0].1.counters.lag = within;
    assert_eq!(lag(&file), Dist::Uniform { min: Span::ZERO, max: secs(60) });
}

/// 50 workers of one thread do 50 messages a second of 1 s; 80 come.
#[test]
fn a_scaler_that_may_not_want_enough_is_warned_of() {
    let mut file = file("Keda(target: 5, max: 50)");
    file.producers.0[0].1.arrivals = "Poisson(\"80/s\")".parse().expect("it is a process");
    let workers = file.consumers.0[0].1.workers_mut().expect("it is a fleet");
    *workers = ConsumerFile {
        call_latency: "Constant(\"0s\")".parse().expect("it is a distribution"),
        processing: "Constant(\"1s\")".parse().expect("it is a distribution"),
        ..workers.clone()
    };
    let warned = file.check().expect("it is no fault").warnings.to_string();
    assert!(warned.contains("it takes `consumers.w.count.max: 80` at least"), "{warned}");
}
