//! The partitions of a queue as split policies see them.
//!
//! Owns the load of each partition, what is known of its changes, and the guards: a threshold of
//! its own for each partition, and how much may change at once. Must not decide, cut or merge.
//!
//! Invariant: it has as many entries as the queue has partitions that take sends, in their order.

use std::ops::Range;

use super::load::Load;
use super::scaler::{self, Totals};
use super::{Snapshot, ewma, heat, reservoir};
use crate::kernel::rng::{Draws, Source, mix};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::{Guards, SplitPolicy};
use crate::ledger::journal::{Action, PartitionId};
use crate::ledger::partition::Partition;

/// A partition as a policy sees it.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Watched {
    pub(super) first: u64,
    pub(super) last: u64,
    pub(super) opened: Time,
    /// Its threshold in shares of the policy's: 1, or what the guard's jitter made of it.
    pub(super) leniency: f64,
    /// Splits and merges between it and the start.
    pub(super) depth: u32,
    /// A change of its range is under way.
    pub(super) changing: bool,
    /// Its split waits until fewer are under way.
    put_off: bool,
    /// The last split or refusal.
    pub(super) suggested: Option<Time>,
    pub(super) load: Load,
    /// Seeds its draws; differs by partition.
    pub(super) seed: u64,
}

impl Watched {
    fn new(seed: u64, jitter: f64, part: Opened, now: Time) -> Watched {
        let seed = seed ^ mix(u64::from(part.id.0));
        let unit = Draws::new(mix(seed)).unit();
        Watched {
            first: part.first,
            last: part.last,
            opened: now,
            leniency: 1.0 + jitter * (2.0 * unit - 1.0),
            depth: 0,
            changing: false,
            put_off: false,
            suggested: None,
            load: Load::default(),
            seed,
        }
    }

    /// Whether it is at least this old and nothing is done to it.
    pub(super) fn rests_since(&self, age: Span, now: Time) -> bool {
        !self.changing && now.since(self.opened) >= age
    }

    /// Whether its last split or refusal is at most this long ago.
    pub(super) fn suggested_within(&self, span: Span, now: Time) -> bool {
        self.suggested.is_some_and(|at| now.since(at) <= span)
    }

    /// The key in the middle of its range, or none if it holds a single one.
    pub(super) fn middle(&self) -> Option<u64> {
        (self.first < self.last).then(|| self.first + (self.last - self.first) / 2 + 1)
    }
}

/// A partition that came to be.
#[derive(Clone, Copy, Debug)]
pub(in crate::ledger) struct Opened {
    pub(in crate::ledger) id: PartitionId,
    pub(in crate::ledger) first: u64,
    pub(in crate::ledger) last: u64,
}

impl From<&Partition> for Opened {
    fn from(part: &Partition) -> Opened {
        Opened { id: part.id, first: part.first, last: part.last }
    }
}

/// What a queue's policy remembers of the queue as a whole.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::ledger) struct History {
    /// The last change that made more partitions.
    pub(super) split: Option<Time>,
    /// The last change that made fewer.
    pub(super) merged: Option<Time>,
    pub(super) totals: Totals,
}

/// All partitions of a queue that a policy watches.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Watch {
    parts: Vec<Watched>,
    history: History,
    guards: Guards,
    seed: u64,
}

impl Watch {
    pub(in crate::ledger) fn new(
        guards: Guards,
        seed: u64,
        opened: impl Iterator<Item = Opened>,
    ) -> Watch {
        let parts = opened.map(|part| Watched::new(seed, guards.jitter, part, Time::ZERO));
        Watch { parts: parts.collect(), history: History::default(), guards, seed }
    }

    /// A call came in at the partition at place `at`, admitted or not. A partition that takes no
    /// sends any more is not watched.
    pub(in crate::ledger) fn observe(&mut self, at: usize, action: Action, key: Option<u64>) {
        if let Some(part) = self.parts.get_mut(at) {
            part.load.observe(action, key);
        }
    }

    /// Closes a second of every partition.
    pub(in crate::ledger) fn close_second(
        &mut self,
        policy: &SplitPolicy,
        capacity: f64,
        now: Time,
    ) {
        let memory = policy.memory();
        for part in &mut self.parts {
            part.load.close_second(now, memory);
            match policy {
                SplitPolicy::HeatMedian(policy) => heat::sample(policy, part, capacity, now),
                SplitPolicy::Reservoir(policy) => reservoir::sample(policy, part, capacity, now),
                SplitPolicy::Ewma(_) => ewma::note(part, now),
                SplitPolicy::Static
                | SplitPolicy::MidpointDoubling(_)
                | SplitPolicy::ScalableTopic(_)
                | SplitPolicy::CountScaler(_)
                | SplitPolicy::Naive(_) => {}
            }
        }
        if let SplitPolicy::CountScaler(policy) = policy {
            scaler::note(policy, &mut self.history.totals, &self.parts, capacity, now);
        }
    }

    /// What a decision at `now` depends on; there will be `growth` partitions more when all that is
    /// under way has taken effect.
    pub(in crate::ledger) fn snapshot(
        &self,
        capacity: f64,
        growth: i64,
        now: Time,
    ) -> Snapshot<'_> {
        let count = self.parts.len().saturating_add_signed(growth as isize);
        Snapshot { now, capacity, parts: &self.parts, count, history: &self.history }
    }

    /// Takes note that a split or a refusal was suggested for the partition at place `at`.
    pub(in crate::ledger) fn suggested(&mut self, at: usize, now: Time) {
        self.parts[at].suggested = Some(now);
    }

    /// A split at place `at` has to wait until fewer are under way; returns whether that is news.
    pub(in crate::ledger) fn put_off(&mut self, at: usize) -> bool {
        !std::mem::replace(&mut self.parts[at].put_off, true)
    }

    /// Takes note that these partitions are about to change to `count` others.
    pub(in crate::ledger) fn changing(&mut self, parts: Range<usize>, count: usize, now: Time) {
        let grows = count > parts.len();
        let last = if grows { &mut self.history.split } else { &mut self.history.merged };
        *last = Some(now);
        for part in &mut self.parts[parts] {
            part.changing = true;
            if grows {
                part.suggested = Some(now);
            }
        }
    }

    /// These partitions became others. One that they all became inherits their peaks.
    pub(in crate::ledger) fn recut(
        &mut self,
        parts: Range<usize>,
        opened: impl ExactSizeIterator<Item = Opened>,
        now: Time,
    ) {
        let old = &self.parts[parts.clone()];
        let depth = 1 + old.iter().map(|part| part.depth).max().unwrap_or(0);
        let merged = (opened.len() == 1).then(|| Load::merged(old.iter().map(|part| &part.load)));
        let fresh = opened.map(|part| {
            let fresh = Watched::new(self.seed, self.guards.jitter, part, now);
            Watched { depth, load: merged.clone().unwrap_or_default(), ..fresh }
        });
        let fresh: Vec<Watched> = fresh.collect();
        self.parts.splice(parts, fresh);
    }

    #[cfg(test)]
    pub(super) fn parts(&self) -> &[Watched] {
        &self.parts
    }
}
