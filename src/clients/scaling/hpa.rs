//! The horizontal pod autoscaler with one external metric of type `AverageValue`.
//!
//! Owns its recommendations and changes of the last while. Must not know when it syncs, nor what
//! the metric counts.
//!
//! Follows `pkg/controller/podautoscaler/horizontal.go` and `replica_calculator.go` of
//! kubernetes/kubernetes, with their arithmetic. What its first sync finds is its first
//! recommendation, so no fleet shrinks within the first window. Without a `behavior` the largest
//! recommendation of the window holds, upwards too, and one of exactly the window's age still
//! counts; with one, it does not.

use std::cmp::Ordering;
use std::collections::VecDeque;

use super::Bounds;
use super::metric::whole;
use crate::kernel::time::{Span, Time};
use crate::model::scaling::{Behavior, ChangeLimit, ChangeRules, HpaConfig, SelectPolicy};

/// An autoscaler.
#[derive(Clone, Debug)]
pub struct Autoscaler {
    config: HpaConfig,
    /// Messages a replica.
    target: f64,
    bounds: Bounds,
    recommendations: History,
    added: History,
    removed: History,
}

/// Numbers, each with its instant, in the order of time.
type History = VecDeque<(Time, u32)>;

impl Autoscaler {
    /// One that has not synced yet; `bounds` begin at 1.
    pub fn new(config: &HpaConfig, target: f64, bounds: Bounds) -> Autoscaler {
        Autoscaler {
            config: config.clone(),
            target,
            bounds,
            recommendations: History::new(),
            added: History::new(),
            removed: History::new(),
        }
    }

    /// How many replicas there are to be after a sync that finds so many messages and replicas.
    pub fn sync(&mut self, now: Time, messages: u64, replicas: u32) -> u32 {
        if self.recommendations.is_empty() {
            self.recommendations.push_back((now, replicas));
        }
        if replicas == 0 {
            return 0;
        }
        let wanted = if self.bounds.clip(replicas) == replicas {
            let recommended = self.recommended(messages, replicas);
            match self.config.behavior.clone() {
                None => self.held(now, recommended, replicas),
                Some(behavior) => self.behaved(now, &behavior, recommended, replicas),
            }
        } else {
            self.bounds.clip(replicas)
        };
        if let Some(Behavior { up, down }) = &self.config.behavior {
            let policies = up.policies.iter().chain(&down.policies);
            let longest = policies.map(|policy| policy.period).max().unwrap_or(Span::ZERO);
            note(&mut self.added, now, wanted.saturating_sub(replicas), longest);
            note(&mut self.removed, now, replicas.saturating_sub(wanted), longest);
        }
        wanted
    }

    /// What the metric asks for.
    fn recommended(&self, messages: u64, replicas: u32) -> u32 {
        let messages = messages as f64;
        let usage = messages / (self.target * f64::from(replicas));
        let tolerance = self.config.tolerance;
        let is_near = (1.0 - tolerance..=1.0 + tolerance).contains(&usage);
        if is_near { replicas } else { whole((messages / self.target).ceil()) }
    }

    /// Without a behavior: the most of the window, and twice as many or 4 at most.
    fn held(&mut self, now: Time, recommended: u32, replicas: u32) -> u32 {
        let window = self.config.window;
        forget(&mut self.recommendations, now, window);
        self.recommendations.push_back((now, recommended));
        let most = self.recommendations.iter().map(|&(_, count)| count).max();
        let limit = replicas.saturating_mul(2).max(4);
        self.bounds.clip(most.unwrap_or(recommended).min(limit))
    }

    /// With a behavior: within what the windows of both directions recommend, and their policies.
    fn behaved(&mut self, now: Time, behavior: &Behavior, recommended: u32, replicas: u32) -> u32 {
        let Behavior { up, down } = behavior;
        forget(&mut self.recommendations, now, up.window.max(down.window));
        let young = |window| self.recommendations.iter().filter(is_after(now, window));
        let least = young(up.window).map(|&(_, count)| count).fold(recommended, u32::min);
        let most = young(down.window).map(|&(_, count)| count).fold(recommended, u32::max);
        self.recommendations.push_back((now, recommended));
        let wanted = replicas.max(least).min(most);
        match wanted.cmp(&replicas) {
            Ordering::Greater => {
                let limit = self.limit(now, up, i64::from(replicas), 1);
                wanted.min(limit.max(replicas)).min(self.bounds.max)
            }
            Ordering::Less => {
                let limit = self.limit(now, down, i64::from(replicas), -1);
                wanted.max(limit.min(replicas)).max(self.bounds.min)
            }
            Ordering::Equal => replicas,
        }
    }

    /// The furthest that the policies of one direction, 1 up and -1 down, let the replicas go.
    fn limit(&self, now: Time, rules: &ChangeRules, replicas: i64, direction: i64) -> u32 {
        let changed = |history: &History, period| {
            let young = history.iter().filter(is_after(now, period));
            young.map(|&(_, count)| i64::from(count)).sum::<i64>()
        };
        let proposals = rules.policies.iter().map(|policy| {
            let gone = changed(&self.removed, policy.period);
            let start = replicas - changed(&self.added, policy.period) + gone;
            match policy.limit {
                ChangeLimit::Pods(count) => start + direction * i64::from(count),
                ChangeLimit::Percent(percent) => {
                    let share = direction as f64 * f64::from(percent) / 100.0;
                    let exact = start as f64 * (1.0 + share);
                    // Upwards it is rounded up, so that it can grow at all; downwards towards 0.
                    if direction > 0 { exact.ceil() as i64 } else { exact as i64 }
                }
            }
        });
        let furthest = match rules.select {
            SelectPolicy::Max => proposals.max_by_key(|&count| direction * count),
            SelectPolicy::Min => proposals.min_by_key(|&count| direction * count),
            SelectPolicy::Disabled => None,
        };
        let furthest = furthest.unwrap_or(replicas).max(0);
        u32::try_from(furthest).unwrap_or(u32::MAX)
    }
}

/// Whether an entry is younger than `window`.
fn is_after(now: Time, window: Span) -> impl Fn(&&(Time, u32)) -> bool {
    move |&&(at, _)| at.saturating_add(window) > now
}

/// Drops what is strictly older than `window`.
fn forget(history: &mut History, now: Time, window: Span) {
    while history.front().is_some_and(|&(at, _)| at.saturating_add(window) < now) {
        history.pop_front();
    }
}

/// Notes a change, if it is one, for so long.
fn note(history: &mut History, now: Time, change: u32, longest: Span) {
    forget(history, now, longest);
    if change > 0 {
        history.push_back((now, change));
    }
}
