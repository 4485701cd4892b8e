//! KEDA's scaled object: between nothing and one replica, and the pod autoscaler above.
//!
//! Owns whether the object is active, and since when not. Must not know when it polls.
//!
//! Follows `pkg/scaling/executor/scale_scaledobjects.go` and `pkg/scalers/aws_sqs_queue_scaler.go`
//! of kedacore/keda.

use super::hpa::Autoscaler;
use super::{Bounds, Counters};
use crate::kernel::time::Time;
use crate::model::scaling::KedaConfig;

/// A scaled object with one SQS trigger.
#[derive(Clone, Debug)]
pub struct ScaledObject {
    config: KedaConfig,
    bounds: Bounds,
    last_active: Option<Time>,
    autoscaler: Autoscaler,
}

impl ScaledObject {
    /// One that is made at the start of the run.
    pub fn new(config: &KedaConfig, bounds: Bounds) -> ScaledObject {
        // The autoscaler knows no fleet of nothing.
        let above = Bounds { min: bounds.min.max(1), max: bounds.max };
        let autoscaler = Autoscaler::new(&config.hpa, config.target, above);
        ScaledObject { bounds, last_active: None, autoscaler, config: config.clone() }
    }

    /// How many replicas there are to be after a poll.
    pub fn poll(&mut self, now: Time, counters: Counters, replicas: u32) -> u32 {
        let KedaConfig { activation, idle, .. } = self.config;
        let min = self.bounds.min;
        if self.messages(counters) > activation {
            self.last_active = Some(now);
            let rests = replicas == 0 || (idle.is_some() && replicas < min);
            return if rests { min.max(1) } else { replicas };
        }
        let rest = match idle {
            Some(idle) => (replicas > idle).then_some(idle),
            None => (replicas > 0 && min == 0).then_some(0),
        };
        match rest {
            Some(rest) if self.has_cooled(now) => rest,
            None if idle.is_none() => replicas.max(min),
            Some(_) | None => replicas,
        }
    }

    /// How many replicas there are to be after a sync of the autoscaler.
    pub fn sync(&mut self, now: Time, counters: Counters, replicas: u32) -> u32 {
        self.autoscaler.sync(now, self.messages(counters), replicas)
    }

    /// The messages that count.
    fn messages(&self, counters: Counters) -> u64 {
        let Counters { visible, in_flight, delayed } = counters;
        let in_flight = if self.config.in_flight { in_flight } else { 0 };
        let delayed = if self.config.delayed { delayed } else { 0 };
        visible.saturating_add(in_flight).saturating_add(delayed)
    }

    /// Whether the cool-down is strictly over.
    fn has_cooled(&self, now: Time) -> bool {
        let KedaConfig { cooldown, initial_cooldown, .. } = self.config;
        let over = match self.last_active {
            Some(last) => last.saturating_add(cooldown),
            None => Time::ZERO.saturating_add(initial_cooldown),
        };
        over < now
    }
}
