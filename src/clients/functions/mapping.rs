//! How many invocations a mapping may have at once.
//!
//! Owns its limit: how it grows while there is a backlog, falls when there is none, and is halved
//! while invocations fail. A pure machine. Must not know messages, readers or the calendar.

use crate::kernel::time::{Span, Time};
use crate::model::functions::{Account, FunctionConfig, POLLER_INVOCATIONS, Pollers, Ramp, Slope};

const MINUTE: Span = Span::from_secs(60);

/// The limit of one mapping.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    limit: u32,
    /// What it has without a backlog.
    start: u32,
    /// What it grows to.
    most: u32,
    /// What failures leave of it.
    least: u32,
    /// It grows by so many at once.
    step: u32,
    /// From one growth to the next.
    every: Span,
    back_off: Span,
    failing: f64,
    /// The period of failures that runs: when it began, how many invocations ended or were
    /// throttled in it, and how many of them were no success.
    began: Time,
    ended: u32,
    bad: u32,
    /// Too many were none in the period before.
    was_bad: bool,
}

impl Mapping {
    /// That of a function, at the start.
    pub fn new(config: &FunctionConfig, account: Account) -> Mapping {
        let mut mapping = Mapping {
            limit: config.start(account),
            start: 0,
            most: 0,
            least: 0,
            step: 0,
            every: MINUTE,
            back_off: MINUTE,
            failing: 0.0,
            began: Time::ZERO,
            ended: 0,
            bad: 0,
            was_bad: false,
        };
        mapping.follow(config, account);
        mapping
    }

    /// Follows these settings from now on.
    pub fn follow(&mut self, config: &FunctionConfig, account: Account) {
        let Ramp { slope, shape, back_off, failing, .. } = config.ramp;
        (self.start, self.most) = (config.start(account), config.most(account));
        (self.least, self.step) = match config.pollers {
            Pollers::OnDemand { .. } => (1, 1),
            Pollers::Provisioned { .. } => (self.start, POLLER_INVOCATIONS),
        };
        match shape {
            Slope::Even => {
                self.every = MINUTE * u64::from(self.step) / u64::from(slope.max(1));
            }
            Slope::ByTheMinute => {
                self.step = slope.next_multiple_of(self.step);
                self.every = MINUTE;
            }
        }
        (self.back_off, self.failing) = (back_off, failing);
        self.limit = self.limit.clamp(self.least, self.most);
    }

    /// Invocations that it may have at once.
    #[inline]
    pub fn limit(&self) -> u32 {
        self.limit
    }

    /// From one growth to the next; `None` if it does not grow any more.
    #[inline]
    pub fn growth(&self) -> Option<Span> {
        (self.limit < self.most).then_some(self.every)
    }

    /// There has been a backlog for long enough: it grows, unless too many invocations fail.
    pub fn grow(&mut self, now: Time) {
        self.turn(now);
        if !self.was_bad && !self.is_bad() {
            self.limit = self.limit.saturating_add(self.step).min(self.most);
        }
    }

    /// There is little to do: it falls to what it has at the start, or to what is in use.
    pub fn fall(&mut self, in_use: u32) {
        let in_use = in_use.next_multiple_of(self.unit());
        self.limit = self.limit.min(self.start.max(in_use));
    }

    /// An invocation ended, or could not begin; `bad` if it was no success. Too many of these in a
    /// period halve the limit at its end.
    #[inline]
    pub fn note(&mut self, now: Time, bad: bool) {
        self.turn(now);
        self.ended = self.ended.saturating_add(1);
        self.bad = self.bad.saturating_add(u32::from(bad));
    }

    /// A period that is over counts.
    #[inline]
    fn turn(&mut self, now: Time) {
        if now.since(self.began) >= self.back_off {
            self.next_period(now);
        }
    }

    #[cold]
    fn next_period(&mut self, now: Time) {
        self.was_bad = self.is_bad();
        if self.was_bad {
            // A poller is on or off.
            let half = (self.limit / 2).next_multiple_of(self.unit());
            self.limit = half.clamp(self.least, self.limit);
        }
        (self.began, self.ended, self.bad) = (now, 0, 0);
    }

    /// What it is a multiple of.
    fn unit(&self) -> u32 {
        if self.least == 1 { 1 } else { POLLER_INVOCATIONS }
    }

    fn is_bad(&self) -> bool {
        self.bad > 0 && f64::from(self.bad) >= self.failing * f64::from(self.ended)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::dist::Dist;
    use crate::ledger::config::QueueId;
    use crate::model::clients::{Failure, OnFailure, Retry, WorkUnit};
    use crate::model::functions::Environments;

    /// A function as AWS has it, with a concurrency that is no bound.
    fn function() -> FunctionConfig {
        let at_once = Dist::Constant(Span::ZERO);
        let retry = Retry { base: MINUTE, cap: MINUTE, attempts: None };
        FunctionConfig {
            queue: QueueId(0),
            batch: 1,
            window: Span::ZERO,
            pollers: Pollers::OnDemand { max: None, idle: 5 },
            ramp: Ramp {
                start: 5,
                slope: 300,
                shape: Slope::Even,
                ceiling: 1_250,
                back_off: Span::from_secs(10),
                failing: 0.5,
            },
            reserved: None,
            timeout: MINUTE,
            partial: false,
            processing: at_once.clone(),
            per: WorkUnit::Message,
            failure: Failure {
                probability: 0.0,
                poison: 0.0,
                then: OnFailure::LetExpire,
                whole_batch: false,
            },
            memory: 128,
            environments: Environments {
                cold_start: at_once.clone(),
                keep_warm: MINUTE,
                per_10_s: 1_000,
            },
            gap: Span::ZERO,
            call_latency: at_once,
            retry,
            invoke_retry: retry,
        }
    }

    const ACCOUNT: Account = Account { concurrency: 20_000 };

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    /// How long it grows under a backlog without errors, and in how many steps.
    fn growth(config: &FunctionConfig, account: Account) -> (Span, u32, u32) {
        let mut mapping = Mapping::new(config, account);
        let (mut after, mut steps) = (Span::ZERO, 0);
        while let Some(every) = mapping.growth() {
            after = after.saturating_add(every);
            steps += 1;
            mapping.grow(Time::ZERO + after);
        }
        (after, steps, mapping.limit())
    }

    /// Oracle 1 of the reference: (1,250 - 5) / 5 = 249 s; in the fifth minute; with 60 a minute in
    /// the twenty-first.
    #[test]
    fn a_mapping_grows_from_5_to_1250() {
        let even = function();
        assert_eq!(growth(&even, ACCOUNT), (Span::from_secs(249), 1_245, 1_250));
        let mut steps = even.clone();
        steps.ramp.shape = Slope::ByTheMinute;
        assert_eq!(growth(&steps, ACCOUNT), (MINUTE * 5, 5, 1_250));
        steps.ramp.slope = 60;
        assert_eq!(growth(&steps, ACCOUNT), (MINUTE * 21, 21, 1_250));
    }

    #[test]
    fn the_maximum_and_the_account_bound_it_and_what_is_reserved_does_not() {
        let mut config = function();
        config.reserved = Some(1);
        assert_eq!(growth(&config, Account { concurrency: 800 }).2, 800);
        config.pollers = Pollers::OnDemand { max: Some(100), idle: 5 };
        assert_eq!(growth(&config, ACCOUNT), (Span::from_secs(19), 95, 100));
        config.pollers = Pollers::OnDemand { max: Some(2), idle: 5 };
        assert_eq!(growth(&config, ACCOUNT), (Span::ZERO, 0, 2));
    }

    /// A poller each 0.6 s: 1,000 invocations a minute.
    #[test]
    fn provisioned_pollers_come_one_by_one() {
        let mut config = function();
        config.pollers = Pollers::Provisioned { min: 2, max: 200 };
        (config.ramp.slope, config.ramp.ceiling) = (1_000, 20_000);
        assert_eq!(growth(&config, ACCOUNT), (Span::from_millis(600) * 198, 198, 2_000));
        let mut mapping = Mapping::new(&config, ACCOUNT);
        mapping.grow(at(1));
        mapping.fall(0);
        assert_eq!(mapping.limit(), 20, "the least that is paid for");
    }

    /// Of two invocations one fails, all the time: at the end of each period of 10 s it is halved.
    #[test]
    fn failures_halve_it_each_10_seconds_and_it_does_not_grow_meanwhile() {
        let mut mapping = Mapping::new(&function(), ACCOUNT);
        for _ in 0..95 {
            mapping.grow(at(0));
        }
        let mut limits = Vec::new();
        for second in 0..80 {
            mapping.note(at(second), true);
            mapping.note(at(second), false);
            mapping.grow(at(second));
            limits.push(mapping.limit());
        }
        let expected = [100, 50, 25, 12, 6, 3, 1, 1].map(|limit| [limit; 10]).concat();
        assert_eq!(limits, expected);
        // A period without failures, and it grows again.
        for second in 80..91 {
            mapping.note(at(second), false);
        }
        mapping.grow(at(91));
        assert_eq!(mapping.limit(), 2);
    }

    #[test]
    fn fewer_failures_than_its_share_do_not_hold_it_up() {
        let mut mapping = Mapping::new(&function(), ACCOUNT);
        for second in 0..60 {
            mapping.note(at(second), false);
            mapping.note(at(second), false);
            mapping.note(at(second), true);
            mapping.grow(at(second));
        }
        assert_eq!(mapping.limit(), 65);
    }

    #[test]
    fn without_work_it_falls_to_its_start_or_to_what_is_in_use() {
        let mut mapping = Mapping::new(&function(), ACCOUNT);
        for _ in 0..95 {
            mapping.grow(at(0));
        }
        mapping.fall(40);
        assert_eq!(mapping.limit(), 40);
        mapping.fall(0);
        assert_eq!(mapping.limit(), 5);
    }
}
