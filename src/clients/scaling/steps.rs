//! Step scaling: the further a metric is beyond its threshold, the larger the step.
//!
//! Owns its alarms and what a step makes of a number of workers. Must not know how points come.
//!
//! Workers that warm up are no capacity to add to, but count in what is on its way, so that only
//! what a larger excess asks beyond it is added (Amazon EC2 Auto Scaling, "Step and simple scaling
//! policies").

use super::alarm::{Alarm, AlarmState};
use super::metric::{Load, whole};
use super::pace::Pace;
use super::readings::Reads;
use super::{Bounds, Group};
use crate::kernel::time::Time;
use crate::model::scaling::{Adjustment, StepAlarm, StepsConfig};

/// A step scaling policy for each direction.
#[derive(Clone, Debug)]
pub struct StepScaling {
    config: StepsConfig,
    bounds: Bounds,
    high: Alarm,
    low: Alarm,
    pace: Pace,
}

impl StepScaling {
    /// One that has seen nothing yet.
    pub fn new(config: &StepsConfig, bounds: Bounds) -> StepScaling {
        let alarm = |alarm: &Option<StepAlarm>| Alarm::new(alarm.as_ref().map_or(1, |a| a.points));
        StepScaling {
            bounds,
            high: alarm(&config.out),
            low: alarm(&config.within),
            pace: Pace::new(config.pace),
            config: config.clone(),
        }
    }

    /// How many workers it wants when this read arrives.
    pub fn point(&mut self, now: Time, read: &Reads, group: Group) -> u32 {
        let Some(load) = Load::of(&self.config.metric, read) else {
            let none = (self.high.point(None), self.low.point(None));
            return self.pace.decide(now, group, none, (group.wanted, group.wanted));
        };
        let mut wants = (group.wanted, group.wanted);
        let mut states = (AlarmState::Ok, AlarmState::Ok);
        if let Some(alarm) = &self.config.out {
            states.0 = self.high.point(Some(load.exceeds(alarm.threshold)));
            let capacity = group.in_service;
            wants.0 = match step(alarm, load).of(capacity) {
                Step::To(count) => count,
                Step::By(count) => capacity.saturating_add(count),
            };
        }
        if let Some(alarm) = &self.config.within {
            states.1 = self.low.point(Some(load.falls_short(alarm.threshold)));
            wants.1 = match step(alarm, load).of(group.wanted) {
                Step::To(count) => count,
                Step::By(count) => group.wanted.saturating_sub(count),
            };
        }
        let wants = (self.bounds.clip(wants.0), self.bounds.clip(wants.1));
        self.pace.decide(now, group, states, wants)
    }
}

/// The step that a load so far beyond the threshold takes: each holds from its own bound up to the
/// next one's.
fn step(alarm: &StepAlarm, load: Load) -> Adjustment {
    let beyond = load.distance(alarm.threshold);
    let reached = alarm.steps.iter().take_while(|&&(from, _)| from <= beyond);
    reached.last().map_or(Adjustment::Workers(0), |&(_, by)| by)
}

/// An adjustment of a known number of workers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// So many more or fewer.
    By(u32),
    /// So many from then on.
    To(u32),
}

impl Adjustment {
    fn of(self, capacity: u32) -> Step {
        match self {
            Adjustment::Workers(count) => Step::By(count),
            Adjustment::Exact(count) => Step::To(count),
            Adjustment::Percent(percent) => {
                let exact = f64::from(capacity) * percent / 100.0;
                Step::By(if exact > 0.0 { whole(exact.floor()).max(1) } else { 0 })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Per cents become whole workers: above 1 down, between 0 and 1 to 1.
    #[test]
    fn percents_are_rounded_towards_none_but_never_to_none() {
        let of = |capacity, percent| match Adjustment::Percent(percent).of(capacity) {
            Step::By(count) => count,
            Step::To(count) => panic!("a percentage is no number of workers, {count}"),
        };
        assert_eq!([0.0, 1.0, 10.0, 19.9, 20.0, 250.0].map(|p| of(10, p)), [0, 1, 1, 1, 2, 25]);
        assert_eq!([of(3, 10.0), of(0, 50.0), of(14, 10.0), of(13, 30.0)], [1, 0, 1, 3]);
    }
}
