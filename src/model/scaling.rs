//! What scales a fleet, as it is told: rules that read a queue's counters and want so many workers.
//!
//! Owns the checked settings of scalers, and of the nodes that replicas are placed on. Must not
//! know how a rule decides (`clients::scaling`) nor how a fleet comes to have what is wanted.
//!
//! Rules and numbers: Amazon EC2 Auto Scaling and Application Auto Scaling user guides, KEDA and
//! the Kubernetes horizontal pod autoscaler.

use crate::kernel::dist::Dist;
use crate::kernel::time::Span;

/// A fleet whose size follows its queue.
#[derive(Clone, Debug, PartialEq)]
pub struct ScalerConfig {
    /// What decides.
    pub rule: ScalingRule,
    /// Fewest workers.
    pub min: u32,
    /// Most workers.
    pub max: u32,
    /// Workers at the start of the run, ready and warm.
    pub start: u32,
    /// From when a worker is asked for to the start of its process: of an instance, or of an image.
    pub boot: Dist,
    /// A worker that works is not ended because fewer are wanted.
    pub protect: bool,
}

impl ScalerConfig {
    /// The backlog beyond which it wants more than so many ready workers; `None` if none makes it.
    pub fn backlog_for(&self, ready: f64) -> Option<f64> {
        match &self.rule {
            ScalingRule::TargetTracking(config) => Some(config.target * ready),
            ScalingRule::Steps(config) => {
                let threshold = config.out.as_ref()?.threshold;
                Some(if config.metric.per_worker { threshold * ready } else { threshold })
            }
            ScalingRule::Keda(config) if ready < 1.0 => Some(config.activation as f64),
            ScalingRule::Keda(config) => Some(config.target * ready),
        }
    }

    /// Which messages beside the visible ones are backlog to it: those in flight, those delayed.
    pub fn counts(&self) -> (bool, bool) {
        match &self.rule {
            ScalingRule::TargetTracking(TargetConfig { metric, .. })
            | ScalingRule::Steps(StepsConfig { metric, .. }) => (metric.in_flight, false),
            ScalingRule::Keda(config) => (config.in_flight, config.delayed),
        }
    }

    /// How long a ready worker counts as warming up ([`crate::clients::scaling::Group`]).
    pub fn warm_up(&self) -> Span {
        match &self.rule {
            ScalingRule::TargetTracking(config) => config.pace.warm_up,
            ScalingRule::Steps(config) => config.pace.warm_up,
            ScalingRule::Keda(_) => Span::ZERO,
        }
    }

    /// How many workers it keeps where nothing has come for long.
    pub fn at_rest(&self) -> u32 {
        match &self.rule {
            ScalingRule::TargetTracking(_) | ScalingRule::Steps(_) => self.min,
            ScalingRule::Keda(config) => config.idle.unwrap_or(self.min),
        }
    }

    /// Calls of `GetQueueAttributes` that it makes then in so long. The autoscaler asks for no
    /// metric of nothing, and points of `CloudWatch` are none.
    pub fn calls_at_rest(&self, length: Span) -> u64 {
        let each = |clock: Span| length.as_nanos() / clock.as_nanos().max(1);
        match &self.rule {
            ScalingRule::TargetTracking(_) | ScalingRule::Steps(_) => 0,
            ScalingRule::Keda(config) if self.at_rest() == 0 => each(config.polling),
            ScalingRule::Keda(config) => each(config.polling).saturating_add(each(config.hpa.sync)),
        }
    }
}

/// The rules.
#[derive(Clone, Debug, PartialEq)]
pub enum ScalingRule {
    /// Backlog per worker is held at a target: EC2 Auto Scaling, Application Auto Scaling.
    TargetTracking(TargetConfig),
    /// The further beyond a threshold, the larger the step.
    Steps(StepsConfig),
    /// KEDA between nothing and one, the horizontal pod autoscaler from there on.
    Keda(KedaConfig),
}

/// Points of a metric, as an alarm gets them: one each period, late.
#[derive(Clone, Debug, PartialEq)]
pub struct MetricConfig {
    /// Messages in flight count, too.
    pub in_flight: bool,
    /// Messages are divided by the workers in service.
    pub per_worker: bool,
    /// From point to point; `CloudWatch` has one a minute.
    pub every: Span,
    /// The first point; `None` is drawn in a run.
    pub phase: Option<Span>,
    /// From a point's instant to when an alarm has it.
    pub delay: Span,
}

/// When an alarm that stays acts again, and what keeps it from acting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaceConfig {
    /// From one action to the next while the alarm stays.
    pub repeat: Span,
    /// How long a ready worker counts as on its way only, not as capacity.
    pub warm_up: Span,
    /// After an action scale-in waits so long, and scale-out follows an excess that grows at once
    /// (Application Auto Scaling). `None`: scale-in waits until nothing warms up (EC2 groups).
    pub cooldown: Option<Span>,
}

/// Target tracking.
#[derive(Clone, Debug, PartialEq)]
pub struct TargetConfig {
    /// What it watches.
    pub metric: MetricConfig,
    /// Messages a worker, above 0.
    pub target: f64,
    /// Points above the target, one after the other, that scale out.
    pub high_points: u32,
    /// Points below `low_share` of the target that scale in.
    pub low_points: u32,
    /// 0.7 in EC2 groups, 0.9 in Application Auto Scaling.
    pub low_share: f64,
    /// When it acts again.
    pub pace: PaceConfig,
}

/// Step scaling.
#[derive(Clone, Debug, PartialEq)]
pub struct StepsConfig {
    /// What it watches.
    pub metric: MetricConfig,
    /// Above its threshold workers are added.
    pub out: Option<StepAlarm>,
    /// Below its threshold workers are taken away.
    pub within: Option<StepAlarm>,
    /// When it acts again.
    pub pace: PaceConfig,
}

/// An alarm with its steps.
#[derive(Clone, Debug, PartialEq)]
pub struct StepAlarm {
    /// Strictly beyond it is in breach.
    pub threshold: f64,
    /// Points in breach, one after the other.
    pub points: u32,
    /// From so far beyond the threshold on, so much: ascending, the first from 0, each up to the
    /// next.
    pub steps: Vec<(f64, Adjustment)>,
}

/// How many workers a step adds or takes away.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Adjustment {
    /// So many.
    Workers(u32),
    /// So many per cent of those there are: above 1 rounded down, between 0 and 1 it is 1.
    Percent(f64),
    /// There are to be so many.
    Exact(u32),
}

/// KEDA's `ScaledObject` with an SQS trigger.
#[derive(Clone, Debug, PartialEq)]
pub struct KedaConfig {
    /// `queueLength`: messages a replica, above 0.
    pub target: f64,
    /// `activationQueueLength`: active with more messages than that.
    pub activation: u64,
    /// `scaleOnInFlight`: messages in flight count.
    pub in_flight: bool,
    /// `scaleOnDelayed`: delayed messages count.
    pub delayed: bool,
    /// `pollingInterval`.
    pub polling: Span,
    /// The first poll; `None` is drawn in a run.
    pub phase: Option<Span>,
    /// `cooldownPeriod`: from the last active poll to nothing.
    pub cooldown: Span,
    /// `initialCooldownPeriod`: the same where no poll was active yet, from the start.
    pub initial_cooldown: Span,
    /// `idleReplicaCount`: replicas of an inactive object, fewer than the minimum.
    pub idle: Option<u32>,
    /// What scales from one replica on.
    pub hpa: HpaConfig,
}

/// The horizontal pod autoscaler.
#[derive(Clone, Debug, PartialEq)]
pub struct HpaConfig {
    /// From sync to sync.
    pub sync: Span,
    /// The first sync; `None` is drawn in a run.
    pub phase: Option<Span>,
    /// Usage off 1 by no more changes nothing.
    pub tolerance: f64,
    /// Fewer replicas than any recommendation of so long are not taken on. For objects without a
    /// behavior.
    pub window: Span,
    /// `behavior`; without one, at most twice the replicas or 4 a sync.
    pub behavior: Option<Behavior>,
}

/// Limits of both directions.
#[derive(Clone, Debug, PartialEq)]
pub struct Behavior {
    /// `scaleUp`.
    pub up: ChangeRules,
    /// `scaleDown`.
    pub down: ChangeRules,
}

/// Limits of one direction.
#[derive(Clone, Debug, PartialEq)]
pub struct ChangeRules {
    /// `stabilizationWindowSeconds`.
    pub window: Span,
    /// `selectPolicy`.
    pub select: SelectPolicy,
    /// `policies`, at least one.
    pub policies: Vec<ChangePolicy>,
}

/// Which of several policies holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SelectPolicy {
    /// The one that allows the largest change.
    Max,
    /// The one that allows the smallest change.
    Min,
    /// No change in this direction.
    Disabled,
}

/// Most change within a period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChangePolicy {
    /// How much.
    pub limit: ChangeLimit,
    /// In how long.
    pub period: Span,
}

/// A limit of change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeLimit {
    /// So many replicas.
    Pods(u32),
    /// So many per cent of those at the beginning of the period.
    Percent(u32),
}

/// Nodes that replicas are placed on.
#[derive(Clone, Debug, PartialEq)]
pub struct RoomConfig {
    /// Replicas a node, at least 1.
    pub per_node: u32,
    /// Nodes at the start. They stay.
    pub nodes: u32,
    /// From when a node is asked for to when replicas are placed on it.
    pub boot: Dist,
    /// The provisioner asks for nodes when no further replica has come to wait for so long.
    pub batch_idle: Span,
    /// Or so long after the first.
    pub batch_most: Span,
    /// An empty node goes after so long; `None`: it stays.
    pub empty: Option<Span>,
}
