//! A queue without messages, for the tests of policies: calls go in, decisions come out.

use super::watch::Watch;
use super::watched::Opened;
use super::{Decision, decide};
use crate::kernel::time::Time;
use crate::ledger::config::{Guards, SplitPolicy};
use crate::ledger::journal::{Action, PartitionId};
use crate::ledger::keyspace::cuts::equal_cuts;
use crate::ledger::keyspace::partition::pieces;

/// Calls per second that each partition carries.
pub(super) const CAPACITY: f64 = 1000.0;

/// A watched key space whose changes take no time.
pub(super) struct Drive {
    policy: SplitPolicy,
    pub(super) watch: Watch,
    second: u64,
    next_id: u32,
}

impl Drive {
    /// `count` equal ranges.
    pub(super) fn new(policy: SplitPolicy, count: u32) -> Drive {
        Drive::seeded(policy, count, 1)
    }

    /// The same with samples of its own.
    pub(super) fn seeded(policy: SplitPolicy, count: u32, seed: u64) -> Drive {
        Drive::guarded(policy, count, seed, Guards::default())
    }

    /// The same with guards.
    pub(super) fn guarded(policy: SplitPolicy, count: u32, seed: u64, guards: Guards) -> Drive {
        let ranges = pieces([0, u64::MAX], &equal_cuts(count)).collect::<Vec<_>>();
        let opened = (0..).zip(ranges).map(|(id, (first, last))| Opened {
            id: PartitionId(id),
            first,
            last,
        });
        let watch = Watch::new(guards, seed, opened);
        Drive { policy, watch, second: 0, next_id: count }
    }

    pub(super) fn partitions(&self) -> usize {
        self.watch.parts().len()
    }

    pub(super) fn now(&self) -> Time {
        Time::from_nanos(self.second * 1_000_000_000)
    }

    /// One second in which a send comes in for each of `keys`; what is decided is done at once.
    pub(super) fn second(&mut self, keys: impl Iterator<Item = u64>) -> Vec<Decision> {
        for key in keys {
            let at = self.watch.parts().partition_point(|part| part.last < key);
            self.watch.observe(at, Action::Send, Some(key));
        }
        self.second += 1;
        let now = self.now();
        self.watch.close_second(&self.policy, CAPACITY, now);
        let decisions = decide(&self.policy, &self.watch.snapshot(CAPACITY, 0, now));
        for decision in decisions.iter().rev() {
            self.apply(decision, now);
        }
        decisions
    }

    fn apply(&mut self, decision: &Decision, now: Time) {
        let (parts, cuts) = match decision {
            Decision::Refuse { part, .. } => return self.watch.suggested(*part, now),
            Decision::Recut { parts, cuts, .. } => (parts.clone(), cuts),
        };
        let old = &self.watch.parts()[parts.clone()];
        let ends = [old[0].first, old[old.len() - 1].last];
        let opened: Vec<Opened> = (self.next_id..)
            .zip(pieces(ends, cuts))
            .map(|(id, (first, last))| Opened { id: PartitionId(id), first, last })
            .collect();
        self.next_id += opened.len() as u32;
        self.watch.changing(parts.clone(), opened.len(), now);
        self.watch.recut(parts, opened.into_iter(), now);
    }

    /// Runs `seconds` of a load, `rate(s)` calls in second s with keys from `key`; returns what was
    /// decided, and when.
    pub(super) fn run(
        &mut self,
        seconds: u64,
        rate: impl Fn(u64) -> u64,
        mut key: impl FnMut() -> u64,
    ) -> Vec<(u64, Decision)> {
        let mut decided = Vec::new();
        for _ in 0..seconds {
            let calls = rate(self.second + 1);
            let keys: Vec<u64> = (0..calls).map(|_| key()).collect();
            let decisions = self.second(keys.into_iter());
            decided.extend(decisions.into_iter().map(|decision| (self.second, decision)));
        }
        decided
    }
}

/// Uniform keys, the same ones for each call of this.
pub(super) fn uniform() -> impl FnMut() -> u64 {
    let mut drawn = 0;
    move || {
        drawn += 1;
        crate::kernel::rng::mix(drawn)
    }
}
