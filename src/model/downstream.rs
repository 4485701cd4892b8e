//! What workers lean on: a database, a service, a shard.
//!
//! Owns the checked settings of a downstream. Must not know who calls it, nor how it answers.

use crate::kernel::dist::Dist;
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
