//! What workers lean on: a database, a service, a shard.
//!
//! Owns the checked settings of a downstream. Must not know who calls it, nor how it answers.

use crate::kernel::dist::Dist;
use crate::kernel::num;
use crate::kernel::time::Span;

/// The settings of one downstream.
#[derive(Clone, Debug, PartialEq)]
pub struct DownstreamConfig {
    /// What bounds it.
    pub bound: DownstreamBound,
    /// How long a call takes that has what it waits for; where calls slow each other down, alone.
    pub work: Dist,
    /// Probability that a call fails, as its caller learns when its work is over.
    pub failure: f64,
    /// After so long without an answer a caller gives its call up; `None` waits.
    pub timeout: Option<Span>,
    /// A call that was given up is worked off all the same.
    pub goes_on: bool,
    /// Calls that may wait, further ones are refused; `None` is any number.
    pub waiting: Option<u32>,
}

/// What bounds a downstream.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DownstreamBound {
    /// A pool of connections: a call holds one while it works.
    Pool {
        /// How many.
        connections: u32,
    },
    /// A token bucket: a call takes a token, and then works beside the others.
    Limiter {
        /// Tokens per second.
        per_second: f64,
        /// Tokens of a full bucket; at least 1.
        burst: f64,
    },
    /// Calls slow each other down, as the universal scalability law has it: c of them at once are
    /// done at the rate (c/s)/(1 + a(c − 1) + b·c(c − 1)), where one alone takes s (N. Gunther,
    /// "Guerrilla Capacity Planning", 2007).
    Scalability {
        /// Contention: the share of the work that cannot be done side by side.
        contention: f64,
        /// Coherency: what each pair of calls costs.
        coherency: f64,
    },
}

impl DownstreamBound {
    /// Calls at once at which those that slow each other down are done fastest:
    /// √((1 − contention)/coherency), no less than one; `None` without such a peak.
    pub fn peak(self) -> Option<f64> {
        match self {
            DownstreamBound::Scalability { contention, coherency } if coherency > 0.0 => {
                Some(num::sqrt((1.0 - contention).max(0.0) / coherency).max(1.0))
            }
            DownstreamBound::Pool { .. }
            | DownstreamBound::Limiter { .. }
            | DownstreamBound::Scalability { .. } => None,
        }
    }

    /// What it does against what it can do, where so many calls are worked on and so many begin a
    /// second: the share of its connections that are in use, or of its tokens that are taken;
    /// `None` where nothing bounds it.
    pub fn used(self, in_use: f64, begun_per_second: f64) -> Option<f64> {
        match self {
            DownstreamBound::Pool { connections } => Some(in_use / f64::from(connections)),
            DownstreamBound::Limiter { per_second, .. } => Some(begun_per_second / per_second),
            DownstreamBound::Scalability { .. } => None,
        }
    }

    /// The number of its connections, if it has such.
    pub fn connections(self) -> Option<u32> {
        match self {
            DownstreamBound::Pool { connections } => Some(connections),
            DownstreamBound::Limiter { .. } | DownstreamBound::Scalability { .. } => None,
        }
    }

    /// How many times as long as alone each of so many calls takes.
    pub fn slowness(self, calls: u32) -> f64 {
        match self {
            DownstreamBound::Pool { .. } | DownstreamBound::Limiter { .. } => 1.0,
            DownstreamBound::Scalability { contention, coherency } => {
                let calls = f64::from(calls.max(1));
                1.0 + contention * (calls - 1.0) + coherency * calls * (calls - 1.0)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// (c/s)/(1 + a(c − 1) + b·c(c − 1)) has its derivative 0 where c² = (1 − a)/b.
    #[test]
    fn calls_that_slow_each_other_down_have_a_peak() {
        let law = |contention, coherency| DownstreamBound::Scalability { contention, coherency };
        let peak = law(0.05, 0.001).peak().expect("has one");
        assert!((peak * peak - 950.0).abs() < 1e-9, "{peak}");
        assert_eq!((law(1.0, 0.5).peak(), law(0.2, 0.0).peak()), (Some(1.0), None));
        assert_eq!(DownstreamBound::Pool { connections: 3 }.peak(), None);
    }
}
