//! What decides how many workers a fleet has, from what its queue's approximate counters say.
//!
//! Owns [`Scaler`]: a rule with its readings, as a state machine that is told the truth at the
//! instants at which it asks for it. Must not know events, fleets, the queue service or the core.
//!
//! | module | owns |
//! |---|---|
//! | [`target_tracking`] | backlog per worker held at a target |
//! | [`steps`] | larger steps further beyond a threshold |
//! | [`pace`] | when an alarm that is on acts |
//! | [`alarm`] | n points of n in breach |
//! | `metric` | messages over workers |
//! | [`keda`] | KEDA, between nothing and one replica |
//! | [`hpa`] | the horizontal pod autoscaler, from one on |
//! | [`readings`] | counters that lag, and when they are read |
//! | [`room`] | where replicas are placed, and nodes that come for them |

pub mod alarm;
pub mod hpa;
pub mod keda;
mod metric;
pub mod pace;
pub mod readings;
pub mod room;
pub mod steps;
pub mod target_tracking;

use keda::ScaledObject;
use readings::{ReadClock, Readings, Reads};
use steps::StepScaling;
use target_tracking::TargetTracking;

use crate::kernel::dist::Dist;
use crate::kernel::rng::{Purpose, Streams};
use crate::kernel::time::{Span, Time};
use crate::model::scaling::{MetricConfig, ScalerConfig, ScalingRule};

/// What a queue's approximate counters say.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// `ApproximateNumberOfMessages`.
    pub visible: u64,
    /// `ApproximateNumberOfMessagesNotVisible`.
    pub in_flight: u64,
    /// `ApproximateNumberOfMessagesDelayed`.
    pub delayed: u64,
}

/// A fleet as its scaler sees it. `in_service + warming` is `wanted` unless workers are broken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Group {
    /// Workers that were asked for last; those that are told to end do not count any more.
    pub wanted: u32,
    /// Those of them that are ready, and have been for the warm-up
    /// ([`ScalerConfig::warm_up`]): what a metric is divided by. Workers of the start are.
    pub in_service: u32,
    /// Those of them that are on their way: asked for, or ready for less than the warm-up.
    pub warming: u32,
}

/// Fewest and most workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bounds {
    /// Fewest.
    pub min: u32,
    /// Most, which holds where it is below the fewest.
    pub max: u32,
}

impl Bounds {
    /// The nearest number within.
    pub fn clip(self, count: u32) -> u32 {
        count.max(self.min).min(self.max)
    }
}

/// What scales one fleet.
///
/// ```
/// use sqsim::clients::scaling::{Counters, Group, Scaler};
/// # use sqsim::kernel::dist::Dist;
/// # use sqsim::kernel::rng::Streams;
/// # use sqsim::kernel::time::Span;
/// # use sqsim::model::scaling::*;
/// # let metric = MetricConfig {
/// #     in_flight: false,
/// #     per_worker: true,
/// #     every: Span::from_secs(60),
/// #     phase: Some(Span::ZERO),
/// #     delay: Span::from_secs(60),
/// # };
/// # let pace = PaceConfig {
/// #     repeat: Span::from_secs(300),
/// #     warm_up: Span::from_secs(300),
/// #     cooldown: None,
/// # };
/// # let config = ScalerConfig {
/// #     rule: ScalingRule::TargetTracking(TargetConfig {
/// #         metric,
/// #         target: 100.0,
/// #         high_points: 3,
/// #         low_points: 15,
/// #         low_share: 0.7,
/// #         pace,
/// #     }),
/// #     min: 1,
/// #     max: 50,
/// #     start: 10,
/// #     boot: Dist::Constant(Span::from_secs(90)),
/// #     protect: false,
/// # };
/// let lag = Dist::Constant(Span::from_secs(4));
/// let mut scaler = Scaler::new(&config, &lag, Streams::new(1, 0), "consumers.workers");
/// let group = Group { wanted: 10, in_service: 10, warming: 0 };
/// let truth = Counters { visible: 1_500, ..Counters::default() };
/// let wanted = loop {
///     let now = scaler.next_at();
///     if let Some(wanted) = scaler.act(now, truth, group) {
///         break (now, wanted);
///     }
/// };
/// // Points at 1, 2 and 3 minutes are above 100 a worker; the last of them is known at 4.
/// assert_eq!(wanted.0.to_string(), "240.000000000s");
/// assert_eq!(wanted.1, 15);
/// ```
#[derive(Clone, Debug)]
pub struct Scaler {
    rule: Rule,
    last: Option<Reads>,
    readings: u64,
    calls: u64,
}

/// A rule with its readings.
#[derive(Clone, Debug)]
enum Rule {
    TargetTracking { points: Readings, policy: TargetTracking },
    Steps { points: Readings, policy: StepScaling },
    Keda { polls: Readings, syncs: Readings, object: Box<ScaledObject> },
}

impl Scaler {
    /// The scaler of the fleet at `path`, of a queue whose counters lag by `lag`.
    pub fn new(config: &ScalerConfig, lag: &Dist, streams: Streams, path: &str) -> Scaler {
        let bounds = Bounds { min: config.min, max: config.max };
        let readings = |clock, purpose| Readings::new(clock, lag, streams.stream(path, purpose));
        let points = |metric: &MetricConfig| {
            let MetricConfig { every, phase, delay, .. } = *metric;
            readings(ReadClock { every, phase, delay }, Purpose::Counters)
        };
        let at_once = |every, phase| ReadClock { every, phase, delay: Span::ZERO };
        let rule = match &config.rule {
            ScalingRule::TargetTracking(config) => Rule::TargetTracking {
                points: points(&config.metric),
                policy: TargetTracking::new(config, bounds),
            },
            ScalingRule::Steps(config) => Rule::Steps {
                points: points(&config.metric),
                policy: StepScaling::new(config, bounds),
            },
            ScalingRule::Keda(config) => Rule::Keda {
                polls: readings(at_once(config.polling, config.phase), Purpose::Counters),
                syncs: readings(at_once(config.hpa.sync, config.hpa.phase), Purpose::Syncs),
                object: Box::new(ScaledObject::new(config, bounds)),
            },
        };
        Scaler { rule, last: None, readings: 0, calls: 0 }
    }

    /// When it next needs the truth, for a decision or for what a later read will show. It may be
    /// now again: a poll and a sync of one instant are two steps.
    pub fn next_at(&self) -> Time {
        match &self.rule {
            Rule::TargetTracking { points, .. } | Rule::Steps { points, .. } => points.next_at(),
            Rule::Keda { polls, syncs, .. } => polls.next_at().min(syncs.next_at()),
        }
    }

    /// At that instant, with queue and fleet as they are then: how many workers it wants from now
    /// on, if that is another number than it wanted.
    pub fn act(&mut self, now: Time, truth: Counters, group: Group) -> Option<u32> {
        let wants = match &mut self.rule {
            Rule::TargetTracking { points, policy } => {
                let read = points.act(now, truth, group)?;
                (self.last, self.readings) = (Some(read), self.readings + 1);
                policy.point(now, &read, group)
            }
            Rule::Steps { points, policy } => {
                let read = points.act(now, truth, group)?;
                (self.last, self.readings) = (Some(read), self.readings + 1);
                policy.point(now, &read, group)
            }
            Rule::Keda { polls, syncs, object } => {
                if let Some(read) = polls.act(now, truth, group) {
                    (self.last, self.readings) = (Some(read), self.readings + 1);
                    self.calls += 1;
                    object.poll(now, read.counters, group.wanted)
                } else {
                    let read = syncs.act(now, truth, group)?;
                    // The autoscaler asks for no metric of nothing.
                    if group.wanted > 0 {
                        (self.last, self.readings) = (Some(read), self.readings + 1);
                        self.calls += 1;
                    }
                    object.sync(now, read.counters, group.wanted)
                }
            }
        };
        (wants != group.wanted).then_some(wants)
    }

    /// How often it read so far.
    pub fn readings(&self) -> u64 {
        self.readings
    }

    /// What it read last.
    pub fn last(&self) -> Option<&Reads> {
        self.last.as_ref()
    }

    /// Calls of `GetQueueAttributes` that its reads made, which are billed. Points of `CloudWatch`
    /// come from the queue service itself and are none.
    pub fn calls(&self) -> u64 {
        self.calls
    }
}
