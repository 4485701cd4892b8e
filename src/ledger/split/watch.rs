//! The partitions of a queue as split policies see them.
//!
//! Owns all of them, their changes, and the guards: a threshold of its own for each partition, and
//! how much may change at once. Must not decide, cut or merge.
//!
//! Invariant: it has as many entries as the queue has partitions that take sends, in their order.

use std::ops::Range;

use super::load::Load;
use super::watched::{History, Opened, Watched};
use super::{Snapshot, remember};
use crate::kernel::time::Time;
use crate::ledger::config::{Guards, SplitPolicy};
use crate::ledger::journal::Action;

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
        }
        remember(policy, &mut self.parts, &mut self.history, capacity, now);
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

#[cfg(test)]
mod tests {
    use super::super::Decision;
    use super::super::drive::Drive;
    use super::*;
    use crate::kernel::num;
    use crate::kernel::time::Span;
    use crate::ledger::config::{
        Ewma, HeatMedian, MidpointDoubling, Naive, Reservoir, ScalableTopic,
    };
    use crate::ledger::journal::PartitionId;

    /// A twentieth of the capacity is hot: 50 calls per second.
    const THRESHOLD: f64 = 0.05;
    const HOT: f64 = 50.0;

    const RESERVOIR: Reservoir = Reservoir {
        threshold: THRESHOLD,
        hold: Span::from_secs(10),
        cooldown: Span::from_secs(60),
        merge: 0.5,
        merge_window: Span::from_secs(300),
        max_partitions: 256,
    };
    const TOPIC: ScalableTopic = ScalableTopic {
        evaluate: Span::from_secs(60),
        threshold: THRESHOLD,
        merge: 0.02,
        merge_window: Span::from_secs(300),
        split_cooldown: Span::from_secs(60),
        merge_cooldown: Span::from_secs(300),
        min_partitions: 1,
        max_partitions: 64,
        depth: 10,
        consumers: None,
    };
    const EWMA: Ewma = Ewma { target: THRESHOLD, max_partitions: 256 };

    /// Calls with keys of each of three equal partitions, so many of each in a second.
    fn thirds(calls: [u64; 3]) -> (u64, impl FnMut() -> u64) {
        let third = u64::MAX / 3;
        let keys = calls.into_iter().enumerate();
        let keys = keys.flat_map(move |(at, calls)| (0..calls).map(move |_| at as u64 * third + 9));
        let mut keys = keys.collect::<Vec<_>>().into_iter().cycle();
        (calls.iter().sum(), move || keys.next().expect("calls come in"))
    }

    #[test]
    fn that_a_split_has_to_wait_is_news_once() {
        let mut drive = Drive::new(SplitPolicy::Static, 2);
        let put_off = [0, 0, 1, 1].map(|at| drive.watch.put_off(at));
        assert_eq!(put_off, [true, false, true, false]);
    }

    #[test]
    fn jitter_draws_shares_evenly_from_either_side_of_one() {
        let of = |jitter| {
            let guards = Guards { jitter, concurrent: None };
            let drive = Drive::guarded(SplitPolicy::Static, 1_000, 1, guards);
            drive.watch.parts().iter().map(|part| part.leniency).collect::<Vec<_>>()
        };
        assert!(of(0.0).iter().all(|&share| share.to_bits() == 1.0_f64.to_bits()), "none");
        let drawn = of(0.125);
        assert!(drawn.iter().all(|share| (0.875..1.125).contains(share)), "within an eighth");
        // A uniform share has the deviation 0.125/√3: 4.5 standard deviations of a thousand's mean.
        let mean = drawn.iter().sum::<f64>() / 1e3;
        assert!((mean - 1.0).abs() < 4.5 * 0.125 / f64::sqrt(3.0 * 1e3), "{mean}");
        // A tenth of the width lies at either end; binomial with a deviation of 9.5.
        for end in [0.875..0.9, 1.1..1.125] {
            let there = drawn.iter().filter(|&share| end.contains(share)).count();
            assert!((57..=143).contains(&there), "{there} in {end:?}");
        }
    }

    /// With the guard's jitter a partition is hot from its own threshold on, whatever the policy.
    #[test]
    fn a_partition_is_hot_by_its_own_threshold() {
        let (threshold, max_partitions) = (THRESHOLD, 256);
        let (evaluate, delay) = (Span::from_secs(60), Span::ZERO);
        let midpoint = MidpointDoubling { evaluate, threshold, delay, max_partitions };
        let median = HeatMedian { evaluate, threshold, isolate_hot: false, max_partitions };
        let naive = Naive { threshold, merge: 0.0, max_partitions };
        // Of a steady rate the ten-minute average of `Ewma` has reached 1 - 1/e when a partition is
        // old enough; the shorter ones, against several times the target, have reached less.
        for (policy, seconds, calls, seen) in [
            (SplitPolicy::MidpointDoubling(midpoint), 60, 50, 1.0),
            (SplitPolicy::HeatMedian(median), 60, 50, 1.0),
            (SplitPolicy::Reservoir(RESERVOIR), 11, 50, 1.0),
            (SplitPolicy::ScalableTopic(TOPIC), 60, 50, 1.0),
            (SplitPolicy::Ewma(EWMA), 600, 80, 1.0 - num::exp(-1.0)),
            (SplitPolicy::Naive(naive), 60, 50, 1.0),
        ] {
            let mut hot_ones = 0;
            for seed in 0..16 {
                let guards = Guards { jitter: 0.9, concurrent: None };
                let mut drive = Drive::guarded(policy, 1, seed, guards);
                let own = HOT * drive.watch.parts()[0].leniency;
                let decided = drive.run(seconds, |_| calls, || 42);
                let hot = seen * calls as f64 > own;
                assert_eq!(!decided.is_empty(), hot, "{policy:?}: {own} calls are hot");
                hot_ones += u32::from(hot);
            }
            assert!((1..16).contains(&hot_ones), "seeds on either side: {hot_ones}");
        }
    }

    /// `CockroachDB` and the averages of Pulsar and Pravega: what two carried, one has to carry.
    #[test]
    fn a_merged_partition_inherits_the_sums_of_what_is_remembered() {
        let after = |policy, seconds| {
            let mut drive = Drive::new(policy, 3);
            let (calls, key) = thirds([4, 7, 11]);
            let decided = drive.run(seconds, |_| calls, key);
            assert_eq!(decided, [(seconds, Decision::merge(0))]);
            drive.watch.parts().iter().map(|part| part.load.clone()).collect::<Vec<_>>()
        };
        let [merged, other] = &after(SplitPolicy::Reservoir(RESERVOIR), 300)[..] else { panic!() };
        assert_eq!((merged.peaks.max(), other.peaks.max()), (4 + 7, 11));
        let [merged, other] = &after(SplitPolicy::ScalableTopic(TOPIC), 300)[..] else { panic!() };
        assert_eq!((merged.averages.max(), other.averages.max()), (4 + 7, 11));
    }

    /// Of 480 calls to two that became one, the slow average has reached, 40 minutes after the
    /// beginning, 480 (1 - 1/e²) = 415, more than half of 700. Had it begun anew when they merged,
    /// after 20 minutes, it would be 480 (1 - 1/e) = 303, and cold.
    #[test]
    fn an_inherited_average_decides_about_the_next_merge() {
        let policy = SplitPolicy::Ewma(Ewma { target: 0.7, max_partitions: 256 });
        let mut drive = Drive::new(policy, 3);
        let (calls, key) = thirds([240, 240, 0]);
        assert_eq!(drive.run(2_400, |_| calls, key), [(1_200, Decision::merge(0))]);
    }

    #[test]
    fn what_comes_of_a_change_is_one_deeper_and_only_a_merge_remembers() {
        let mut drive = Drive::new(SplitPolicy::Reservoir(RESERVOIR), 3);
        let (calls, mut key) = thirds([4, 7, 11]);
        drive.second((0..calls).map(|_| key()));
        let opened = |id, first, last| Opened { id: PartitionId(id), first, last };
        let depths_and_peaks = |drive: &Drive| {
            let parts = drive.watch.parts().iter();
            parts.map(|part| (part.depth, part.load.peaks.max())).collect::<Vec<_>>()
        };
        assert_eq!(depths_and_peaks(&drive), [(0, 4), (0, 7), (0, 11)]);
        let (now, third) = (drive.now(), u64::MAX / 3);
        drive.watch.recut(0..1, [opened(3, 0, 7), opened(4, 8, third - 1)].into_iter(), now);
        assert_eq!(depths_and_peaks(&drive), [(1, 0), (1, 0), (0, 7), (0, 11)]);
        drive.watch.recut(1..3, std::iter::once(opened(5, 8, 2 * third - 1)), now);
        assert_eq!(depths_and_peaks(&drive), [(1, 0), (2, 7), (0, 11)]);
    }
}
