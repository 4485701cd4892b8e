//! Routing of receives: which partitions a poll asks.
//!
//! Owns [`Routing`], the chance that it draws on and what it remembers of the partitions. Must not
//! know what is handed over, nor who waits.
//!
//! A partition is asked once for each poll; how many were is told as probes. What a poll that waits
//! is served later costs no probe: the partition has it registered.

use super::partition::Shards;
use crate::kernel::rng::{Source, Stream};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::ReceiveRouting;
use crate::ledger::journal::Caller;

/// How old the lengths of lines may be that weights are made of.
const AGE: Span = Span::from_secs(1);
/// Children of a node of the forwarding tree (Temporal's and Cadence's default).
const DEGREE: usize = 20;

/// Where one poll goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::ledger) struct Choice {
    /// The place of the partition that it takes from, and waits at.
    pub(in crate::ledger) at: usize,
    /// Partitions asked.
    pub(in crate::ledger) probes: u32,
}

/// Chooses the partitions of one queue that polls ask.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Routing {
    rule: ReceiveRouting,
    chance: Stream,
    /// Places of partitions in a random order, those of the last sample first.
    deck: Vec<u32>,
    weights: Weights,
    /// How often the places had changed when polls were last routed.
    changes: u32,
}

impl Routing {
    pub(in crate::ledger) fn new(rule: ReceiveRouting, chance: Stream, shards: &Shards) -> Routing {
        let changes = shards.changes();
        Routing { rule, chance, deck: Vec::new(), weights: Weights::default(), changes }
    }

    /// Polls from now on are routed by `rule`, which lets them wait where the one before did and
    /// looks at the lines if that did.
    pub(in crate::ledger) fn follow(&mut self, rule: ReceiveRouting) {
        self.rule = rule;
    }

    /// A long poll waits at one partition; otherwise at the queue.
    #[inline]
    pub(in crate::ledger) fn waits_at_one(&self) -> bool {
        self.rule.waits_at_one()
    }

    /// Polls climb a tree of partitions.
    #[inline]
    pub(in crate::ledger) fn forwards(&self) -> bool {
        self.rule == ReceiveRouting::ForwardingTree
    }

    /// Whether the places of partitions have changed since this was last asked: polls that wait at
    /// one of them must be routed anew.
    pub(in crate::ledger) fn is_outdated(&mut self, shards: &Shards) -> bool {
        let before = std::mem::replace(&mut self.changes, shards.changes());
        self.waits_at_one() && before != self.changes
    }

    /// How many of `count` partitions a poll asks that asks several.
    #[inline]
    pub(in crate::ledger) fn sampled(&self, short: bool, count: usize) -> usize {
        match self.rule {
            _ if !short => count,
            ReceiveRouting::Sample(k) | ReceiveRouting::WeightedSample(k) => {
                (k as usize).min(count)
            }
            ReceiveRouting::RegisterAll
            | ReceiveRouting::Uniform
            | ReceiveRouting::PowerOfTwo
            | ReceiveRouting::BacklogWeighted
            | ReceiveRouting::ForwardingTree
            | ReceiveRouting::Assigned => (count / 4).max(1),
        }
    }

    /// Draws a sample of `asked` partitions without replacement; [`Routing::drawn`] gives them.
    pub(in crate::ledger) fn sample(&mut self, shards: &Shards, asked: usize, now: Time) {
        let count = shards.len();
        if let ReceiveRouting::WeightedSample(_) = self.rule {
            self.weights.refresh(shards, now);
            self.deck.clear();
            for _ in 0..asked {
                let at = self.weights.draw(&mut self.chance, &self.deck);
                self.deck.push(at);
            }
            return;
        }
        if self.deck.len() != count {
            self.deck.clear();
            self.deck.extend(0..count as u32);
        }
        for drawn in 0..asked {
            let other = drawn + self.chance.below((count - drawn) as u64) as usize;
            self.deck.swap(drawn, other);
        }
    }

    /// The `i`-th partition of the last sample.
    #[inline]
    pub(in crate::ledger) fn drawn(&self, i: usize) -> usize {
        self.deck[i] as usize
    }

    /// The partition of a poll that waits at one.
    pub(in crate::ledger) fn choose(
        &mut self,
        shards: &Shards,
        caller: Caller,
        now: Time,
    ) -> Choice {
        let count = shards.len();
        let one = |at| Choice { at, probes: 1 };
        match self.rule {
            ReceiveRouting::Assigned => one(caller.0 as usize % count),
            ReceiveRouting::BacklogWeighted => {
                self.weights.refresh(shards, now);
                one(self.weights.draw(&mut self.chance, &[]) as usize)
            }
            ReceiveRouting::PowerOfTwo if count > 1 => {
                let first = self.chance.below(count as u64) as usize;
                let second = self.chance.below(count as u64 - 1) as usize;
                let second = second + usize::from(second >= first);
                let waiting = shards.backlogs().waiting();
                let at = if waiting[second] > waiting[first] { second } else { first };
                Choice { at, probes: 2 }
            }
            ReceiveRouting::RegisterAll
            | ReceiveRouting::Sample(_)
            | ReceiveRouting::WeightedSample(_)
            | ReceiveRouting::Uniform
            | ReceiveRouting::PowerOfTwo
            | ReceiveRouting::ForwardingTree => one(self.chance.below(count as u64) as usize),
        }
    }
}

/// The parent of the partition at place `at` in the forwarding tree; none of the root.
pub(in crate::ledger) fn parent(at: usize) -> Option<usize> {
    at.checked_sub(1).map(|below| below / DEGREE)
}

/// What the routers last heard of the lines: chance in proportion to the lengths, plus 1.
#[derive(Clone, Debug, Default)]
struct Weights {
    /// The sum of the weights up to and with each partition.
    sums: Vec<u64>,
    /// When they were heard, and how often the places had changed by then.
    heard: Option<(Time, u32)>,
    /// The partitions that a draw leaves out, in order.
    left_out: Vec<u32>,
}

impl Weights {
    fn refresh(&mut self, shards: &Shards, now: Time) {
        let fresh = |(at, changes): (Time, u32)| now.since(at) < AGE && changes == shards.changes();
        if !self.heard.is_some_and(fresh) {
            self.hear(shards.backlogs().waiting());
            self.heard = Some((now, shards.changes()));
        }
    }

    fn hear(&mut self, waiting: &[u32]) {
        let mut sum = 0;
        self.sums.clear();
        self.sums.extend(waiting.iter().map(|&count| {
            sum += u64::from(count) + 1;
            sum
        }));
    }

    /// The sum of the weights before partition `at`, and its own weight.
    fn weight(&self, at: u32) -> (u64, u64) {
        let at = at as usize;
        let before = if at == 0 { 0 } else { self.sums[at - 1] };
        (before, self.sums[at] - before)
    }

    /// A partition that is none of `left_out`, of which there are less than partitions.
    fn draw(&mut self, chance: &mut impl Source, left_out: &[u32]) -> u32 {
        self.left_out.clear();
        self.left_out.extend(left_out);
        self.left_out.sort_unstable();
        let all = self.sums.last().copied().unwrap_or(0);
        let out: u64 = self.left_out.iter().map(|&at| self.weight(at).1).sum();
        let mut drawn = chance.below(all - out);
        // The weights of those left out are no part of the range: what lies behind one moves up.
        for &at in &self.left_out {
            let (before, weight) = self.weight(at);
            if drawn >= before {
                drawn += weight;
            }
        }
        self.sums.partition_point(|&sum| sum <= drawn) as u32
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::{Luck, Purpose, Streams};
    use crate::ledger::journal::MessageId;
    use crate::ledger::keyspace::backlog::Counted;
    use crate::ledger::messages::fresh::Waiting;
    use crate::ledger::messages::message::Slab;

    const DRAWS: u32 = 100_000;

    /// Partitions in which so many messages wait.
    fn shards(waiting: &[u32]) -> (Shards, Slab) {
        let mut slab = Slab::with_capacity(0);
        let counted = Counted { waiting: true, held: false };
        let mut shards = Shards::new(waiting.len() as u32, None, counted, &mut slab);
        for (at, &count) in waiting.iter().enumerate() {
            push(&mut shards, &mut slab, at, count);
        }
        (shards, slab)
    }

    fn push(shards: &mut Shards, slab: &mut Slab, at: usize, count: u32) {
        for _ in 0..count {
            let id = slab.give_id();
            assert_ne!(id, MessageId(u64::MAX));
            let key = shards.get(at).first;
            shards.push(slab, at, Waiting { id, sent: Time::ZERO, luck: Luck(0), key });
        }
    }

    fn routing(rule: ReceiveRouting, shards: &Shards) -> Routing {
        Routing::new(rule, Streams::new(1, 0).stream("queue", Purpose::Sampling), shards)
    }

    /// How often each partition is chosen, and the probes of each poll, which are always as many.
    fn choices(rule: ReceiveRouting, waiting: &[u32]) -> (Vec<u32>, u32) {
        let (shards, _) = shards(waiting);
        let mut routing = routing(rule, &shards);
        let mut counts = vec![0; waiting.len()];
        let mut probes = None;
        for i in 0..DRAWS {
            let choice = routing.choose(&shards, Caller(i), Time::ZERO);
            counts[choice.at] += 1;
            assert_eq!(*probes.get_or_insert(choice.probes), choice.probes);
        }
        (counts, probes.unwrap_or(0))
    }

    /// Chi-square against these shares, with one degree of freedom less than there are.
    fn chi_square(counts: &[u32], shares: &[f64]) -> f64 {
        let drawn: u32 = counts.iter().sum();
        let total: f64 = shares.iter().sum();
        let off = |(&count, &share): (&u32, &f64)| {
            let expected = f64::from(drawn) * share / total;
            (f64::from(count) - expected) * (f64::from(count) - expected) / expected
        };
        counts.iter().zip(shares).map(off).sum()
    }

    /// The 99.9 % quantile of chi-square with 3 degrees of freedom.
    const CRITICAL: f64 = 16.27;

    #[test]
    fn one_partition_is_chosen_by_the_law_of_its_rule() {
        let lines = [0, 9, 3, 4];
        let laws = [
            (ReceiveRouting::Uniform, [1.0; 4], 1),
            (ReceiveRouting::ForwardingTree, [1.0; 4], 1),
            (ReceiveRouting::BacklogWeighted, [1.0, 10.0, 4.0, 5.0], 1),
        ];
        for (rule, shares, asked) in laws {
            let (counts, probes) = choices(rule, &lines);
            assert_eq!(probes, asked, "{rule:?}");
            let off = chi_square(&counts, &shares);
            assert!(off < CRITICAL, "{rule:?}: chi-square {off} of {counts:?}");
        }
    }

    #[test]
    fn of_two_partitions_the_longer_is_taken() {
        // Pairs without replacement: of six, the longest is in three, the shortest wins none.
        let (counts, probes) = choices(ReceiveRouting::PowerOfTwo, &[0, 9, 3, 4]);
        assert_eq!((probes, counts[0]), (2, 0));
        // 99.9 % with 2 degrees of freedom.
        let off = chi_square(&counts[1..], &[3.0, 1.0, 2.0]);
        assert!(off < 13.82, "chi-square {off} of {counts:?}");
        let (counts, _) = choices(ReceiveRouting::PowerOfTwo, &[5; 4]);
        let off = chi_square(&counts, &[1.0; 4]);
        assert!(off < CRITICAL, "equal ones: chi-square {off} of {counts:?}");
        assert_eq!(choices(ReceiveRouting::PowerOfTwo, &[5]), (vec![DRAWS], 1), "no second one");
    }

    #[test]
    fn an_assigned_caller_asks_the_same_partition_always() {
        let (shards, _) = shards(&[0, 9, 3]);
        let mut routing = routing(ReceiveRouting::Assigned, &shards);
        let places: Vec<usize> =
            (0..7).map(|i| routing.choose(&shards, Caller(i), Time::ZERO).at).collect();
        assert_eq!(places, [0, 1, 2, 0, 1, 2, 0]);
    }

    #[test]
    fn a_weighted_sample_is_drawn_one_by_one_without_replacement() {
        let (shards, _) = shards(&[0, 9, 3, 4]);
        let mut routing = routing(ReceiveRouting::WeightedSample(2), &shards);
        assert_eq!((routing.sampled(true, 4), routing.sampled(false, 4)), (2, 4));
        let (mut first, mut second) = ([0; 4], [0; 4]);
        for _ in 0..DRAWS {
            routing.sample(&shards, 2, Time::ZERO);
            let (one, other) = (routing.drawn(0), routing.drawn(1));
            assert_ne!(one, other);
            first[one] += 1;
            second[other] += 1;
        }
        let weights = [1.0, 10.0, 4.0, 5.0];
        let off = chi_square(&first, &weights);
        assert!(off < CRITICAL, "chi-square {off} of {first:?}");
        // P(second = j) is the sum over i of P(first = i) × w(j)/(1 − w(i)).
        let all: f64 = weights.iter().sum();
        let after = |j: usize| -> f64 {
            let others = (0..4).filter(|&i| i != j);
            others.map(|i| weights[i] / all * weights[j] / (all - weights[i])).sum()
        };
        let off = chi_square(&second, &[0, 1, 2, 3].map(after));
        assert!(off < CRITICAL, "chi-square {off} of {second:?}");
        routing.sample(&shards, 4, Time::ZERO);
        let mut all: Vec<usize> = (0..4).map(|i| routing.drawn(i)).collect();
        all.sort_unstable();
        assert_eq!(all, [0, 1, 2, 3], "as many as there are");
    }

    #[test]
    fn weights_are_as_old_as_a_second_and_no_older() {
        let (mut shards, mut slab) = shards(&[0, 0]);
        let mut routing = routing(ReceiveRouting::BacklogWeighted, &shards);
        let mut second = |shards: &Shards, at: Span| {
            let now = Time::ZERO + at;
            let chosen = (0..1_000).map(|_| routing.choose(shards, Caller(0), now).at);
            chosen.sum::<usize>()
        };
        // 500 ± 4 standard deviations.
        assert!((437..=563).contains(&second(&shards, Span::ZERO)), "nothing waits");
        push(&mut shards, &mut slab, 1, 1_000_000);
        let stale = second(&shards, AGE - Span::from_nanos(1));
        assert!((437..=563).contains(&stale), "not heard of yet: {stale}");
        assert!(second(&shards, AGE) > 990, "heard of");
    }

    #[test]
    fn every_partition_has_a_way_to_the_root_that_grows_with_its_logarithm() {
        assert_eq!(parent(0), None);
        assert_eq!([1, 20, 21, 40, 41, 420, 421].map(parent), [0, 0, 1, 1, 2, 20, 21].map(Some));
        let depth = |at| std::iter::successors(parent(at), |&above| parent(above)).count();
        assert_eq!([0, 20, 420, 8_420].map(depth), [0, 1, 2, 3]);
    }
}
