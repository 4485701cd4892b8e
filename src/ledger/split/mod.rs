//! Split policies: when and where partitions are cut and merged.
//!
//! Owns the closed family of policies. A decision is a pure function of a [`Snapshot`]: what was
//! observed of each partition, the clock, and what the queue did before. Must not change anything;
//! [`crate::ledger::queue`] does what is decided.
//!
//! | module | owns |
//! |---|---|
//! | `ceiling` | the most that all partitions of a queue take together |
//! | `load` | what is remembered of a partition's load |
//! | `memory` | what single policies remember beside it |
//! | `watched` | a partition as policies see it |
//! | `watch` | all of a queue, second by second |
//! | `midpoint` | Kinesis on-demand: halves, late |
//! | `heat` | `DynamoDB`: the median of the load, with reasons to refuse |
//! | `reservoir` | `CockroachDB`, `TiKV`: a balanced key among sampled ones |
//! | `topic` | Pulsar's scalable topics: one action a minute |
//! | `scaler` | Cadence: the count follows the total rate |
//! | `ewma` | Pravega: the shorter the average, the more it must exceed the target |
//! | `naive` | no system: the control that flaps |
//!
//! A new policy is a variant of [`SplitPolicy`], an arm in [`decide`], a module with its rule, and,
//! if it must remember more than the load, an arm in [`remember`] and a part of [`memory::Memory`].

pub(super) mod ceiling;
#[cfg(test)]
mod drive;
mod ewma;
mod heat;
#[cfg(test)]
mod laws;
mod load;
mod memory;
mod midpoint;
mod naive;
mod reservoir;
mod scaler;
mod topic;
pub(super) mod watch;
pub(super) mod watched;

use std::ops::Range;

use crate::kernel::time::{Span, Time};
use crate::ledger::config::SplitPolicy;
use crate::ledger::journal::Refusal;
use load::Load;
use watched::{History, Watched};

/// How often policies look at the load.
pub(super) const TICK: Span = Span::from_secs(1);
/// What policies call a while.
const MINUTE: Span = Span::from_secs(60);

/// What a policy wants done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    /// Partitions become others.
    Recut {
        /// The ones that go, by their places in the snapshot.
        parts: Range<usize>,
        /// First keys of those that come, but of the first, ascending: none merges them all.
        cuts: Vec<u64>,
        /// How long the system takes until it begins.
        delay: Span,
    },
    /// A hot partition is left as it is.
    Refuse {
        /// Its place in the snapshot.
        part: usize,
        /// Why.
        reason: Refusal,
    },
}

impl Decision {
    /// Cuts the partition at place `part` so that its right half begins with `key`.
    fn split(part: usize, key: u64) -> Decision {
        Decision::Recut { parts: part..part + 1, cuts: vec![key], delay: Span::ZERO }
    }

    /// Joins the partition at place `part` with its right neighbour.
    fn merge(part: usize) -> Decision {
        Decision::Recut { parts: part..part + 2, cuts: Vec::new(), delay: Span::ZERO }
    }
}

/// What a decision depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Snapshot<'a> {
    pub(super) now: Time,
    /// Calls per second that a partition carries.
    pub(super) capacity: f64,
    /// The partitions that take sends, ascending in their keys.
    pub(super) parts: &'a [Watched],
    /// How many there will be when all that is under way is done.
    pub(super) count: usize,
    /// What the queue did before.
    pub(super) history: &'a History,
}

impl Snapshot<'_> {
    /// Whether this is the end of one of the periods of length `every` since the start.
    fn ends(&self, every: Span) -> bool {
        self.now.as_nanos().is_multiple_of(every.as_nanos())
    }
}

/// What the policy wants at the end of a second. Splits stand in the order of the keys, then comes
/// the merge, if there is one.
pub(super) fn decide(policy: &SplitPolicy, snapshot: &Snapshot) -> Vec<Decision> {
    match policy {
        SplitPolicy::Static => Vec::new(),
        SplitPolicy::MidpointDoubling(policy) => midpoint::decide(policy, snapshot),
        SplitPolicy::HeatMedian(policy) => heat::decide(policy, snapshot),
        SplitPolicy::Reservoir(policy) => reservoir::decide(policy, snapshot),
        SplitPolicy::ScalableTopic(policy) => topic::decide(policy, snapshot),
        SplitPolicy::CountScaler(policy) => scaler::decide(policy, snapshot),
        SplitPolicy::Ewma(policy) => ewma::decide(policy, snapshot),
        SplitPolicy::Naive(policy) => naive::decide(policy, snapshot),
    }
}

/// Closes a second of all partitions: what their policy remembers of it beside their load.
fn remember(
    policy: &SplitPolicy,
    parts: &mut [Watched],
    history: &mut History,
    capacity: f64,
    now: Time,
) {
    match policy {
        SplitPolicy::HeatMedian(policy) => {
            for part in parts {
                heat::sample(policy, part, capacity, now);
            }
        }
        SplitPolicy::Reservoir(policy) => {
            for part in parts {
                reservoir::sample(policy, part, capacity, now);
            }
        }
        SplitPolicy::Ewma(_) => {
            for Load { rate, memory, .. } in parts.iter_mut().map(|part| &mut part.load) {
                memory.rates.note(*rate, now);
            }
        }
        SplitPolicy::CountScaler(policy) => {
            scaler::note(policy, &mut history.totals, parts, capacity, now);
        }
        SplitPolicy::Static
        | SplitPolicy::MidpointDoubling(_)
        | SplitPolicy::ScalableTopic(_)
        | SplitPolicy::Naive(_) => {}
    }
}
