//! When an alarm that is on acts.
//!
//! Owns when it acted last. Must not know how many workers a rule makes of a metric.
//!
//! EC2 groups: at once, then again each `repeat` while the alarm stays; scale-in not while a worker
//! warms up (Amazon EC2 Auto Scaling, "Step and simple scaling policies", "Set the default instance
//! warmup"). Application Auto Scaling: in the cool-down after an action scale-in waits, and
//! scale-out goes on where more is wanted than was asked for ("How target tracking scaling works").

use super::Group;
use super::alarm::AlarmState;
use crate::kernel::time::{Span, Time};
use crate::model::scaling::PaceConfig;

/// The pace of a rule with an alarm in each direction.
#[derive(Clone, Debug)]
pub struct Pace {
    config: PaceConfig,
    /// When an alarm that has stayed on since last acted.
    out: Option<Time>,
    within: Option<Time>,
    /// The last action.
    acted: Option<Time>,
}

impl Pace {
    /// One that did nothing yet.
    pub fn new(config: PaceConfig) -> Pace {
        Pace { config, out: None, within: None, acted: None }
    }

    /// How many workers are wanted when the alarms say this, of which scale-out would want `out`
    /// and scale-in `within`.
    pub fn decide(
        &mut self,
        now: Time,
        group: Group,
        alarms: (AlarmState, AlarmState),
        (out, within): (u32, u32),
    ) -> u32 {
        let (high, low) = (alarms.0 == AlarmState::Alarm, alarms.1 == AlarmState::Alarm);
        if !high {
            self.out = None;
        }
        if !low {
            self.within = None;
        }
        let cools = self.config.cooldown.is_some_and(|length| is_within(now, self.acted, length));
        if high && out > group.wanted && (cools || self.is_due(now, self.out)) {
            (self.out, self.acted) = (Some(now), Some(now));
            return out;
        }
        let waits = cools || (self.config.cooldown.is_none() && group.warming > 0);
        if low && !high && within < group.wanted && !waits && self.is_due(now, self.within) {
            (self.within, self.acted) = (Some(now), Some(now));
            return within;
        }
        group.wanted
    }

    /// Whether an alarm that last acted then may act.
    fn is_due(&self, now: Time, last: Option<Time>) -> bool {
        !is_within(now, last, self.config.repeat)
    }
}

/// Whether less than `length` went by since.
fn is_within(now: Time, since: Option<Time>, length: Span) -> bool {
    since.is_some_and(|since| now < since.saturating_add(length))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is wanted minute by minute, of 10, where nothing comes into service: for each minute
    /// whether the high or the low alarm is on, what it wants, and how many warm up.
    fn wanted(cooldown: Option<u64>, minutes: &[(char, u32, u32)]) -> Vec<u32> {
        let (repeat, warm_up) = (Span::from_secs(300), Span::from_secs(300));
        let cooldown = cooldown.map(Span::from_secs);
        let mut pace = Pace::new(PaceConfig { repeat, warm_up, cooldown });
        let mut wanted = 10;
        let mut all = Vec::new();
        for (minute, &(alarm, wants, warming)) in (0..).zip(minutes) {
            let now = Time::ZERO + Span::from_secs(60 * minute);
            let on = |is| if alarm == is { AlarmState::Alarm } else { AlarmState::Ok };
            let group = Group { wanted, in_service: 10, warming };
            wanted = pace.decide(now, group, (on('h'), on('l')), (wants, wants));
            all.push(wanted);
        }
        all
    }

    #[test]
    fn an_alarm_acts_at_once_and_again_each_five_minutes() {
        let high = [('h', 12, 0), ('h', 14, 2), ('h', 14, 2), ('h', 15, 2), ('h', 16, 2)];
        let later = [('h', 17, 0), ('o', 0, 0), ('h', 18, 0)];
        let all = [&high[..], &later].concat();
        assert_eq!(wanted(None, &all), [12, 12, 12, 12, 12, 17, 17, 18]);
    }

    #[test]
    fn scale_in_waits_for_what_warms_up_and_scale_out_does_not() {
        let minutes = [('l', 7, 3), ('l', 7, 1), ('l', 7, 0), ('l', 5, 0), ('h', 12, 0)];
        assert_eq!(wanted(None, &minutes), [10, 10, 7, 7, 12]);
    }

    #[test]
    fn in_a_cooldown_scale_in_waits_and_scale_out_follows_what_grows() {
        let minutes = [
            ('h', 12, 0),
            ('h', 14, 0),
            ('h', 13, 0),
            ('l', 5, 0),
            ('l', 5, 0),
            ('l', 5, 0),
            // Five minutes after the last action, which was the second one.
            ('l', 5, 9),
            ('l', 4, 0),
        ];
        assert_eq!(wanted(Some(300), &minutes), [12, 14, 14, 14, 14, 14, 5, 5]);
    }
}
