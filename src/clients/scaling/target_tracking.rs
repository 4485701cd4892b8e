//! Target tracking on the backlog of each worker.
//!
//! Owns its two alarms and what they want. Must not know how points come.
//!
//! High: strictly above the target, 3 points of 3. Low: strictly below 0.7 of it (EC2 groups) or
//! 0.9 (Application Auto Scaling), 15 of 15. Either wants `ceil(capacity · load / target)` workers.
//! That holds the rule, too, that scale-in must not bring the rest above the target: by the
//! rounding up, fewer than that many would be.

use super::alarm::Alarm;
use super::metric::Load;
use super::pace::Pace;
use super::readings::Reads;
use super::{Bounds, Group};
use crate::kernel::time::Time;
use crate::model::scaling::TargetConfig;

/// A target tracking policy.
#[derive(Clone, Debug)]
pub struct TargetTracking {
    config: TargetConfig,
    bounds: Bounds,
    high: Alarm,
    low: Alarm,
    pace: Pace,
}

impl TargetTracking {
    /// One that has seen nothing yet.
    pub fn new(config: &TargetConfig, bounds: Bounds) -> TargetTracking {
        TargetTracking {
            bounds,
            high: Alarm::new(config.high_points),
            low: Alarm::new(config.low_points),
            pace: Pace::new(config.pace),
            config: config.clone(),
        }
    }

    /// How many workers it wants when this read arrives.
    pub fn point(&mut self, now: Time, read: &Reads, group: Group) -> u32 {
        let config = &self.config;
        let load = Load::of(&config.metric, read);
        let times = load.map(|load| load.times(config.target));
        let high = self.high.point(times.map(|times| times > 1.0));
        let low = self.low.point(times.map(|times| times < config.low_share));
        let wants = load.map_or(group.wanted, |load| load.workers(group.in_service, config.target));
        let wants = self.bounds.clip(wants);
        self.pace.decide(now, group, (high, low), (wants, wants))
    }
}
