//! When nodes fail and return.
//!
//! Owns the outages, those known beforehand and those by chance, and how many lie on each node now.
//! Must not know what follows from one.
//!
//! A node is down while any outage lies on it; at one instant all that begin and end are taken
//! together, so that outages that adjoin are one. Each node or zone has numbers of its own: another
//! one, or a longer run, moves none.

use std::cmp::Reverse;

use crate::kernel::dist::Dist;
use crate::kernel::rng::{Draws, mix};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::{FailureDomain, Failures, Nodes};

/// One begin or end of an outage.
#[derive(Clone, Copy, Debug)]
struct Edge {
    at: Time,
    domain: FailureDomain,
    begins: bool,
}

/// A node or zone that fails by chance.
#[derive(Clone, Debug)]
struct Lottery {
    next: Edge,
    draws: Draws,
}

/// All outages.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    /// Those that are known beforehand, from the last to the first.
    edges: Vec<Edge>,
    by_chance: Option<(Failures, Vec<Lottery>)>,
    zones: u32,
    /// Outages that lie on each node now.
    outages: Vec<u32>,
}

impl Schedule {
    /// Bytes of a node that fails by chance.
    pub(super) const BYTES_PER_NODE: usize = size_of::<Lottery>() + size_of::<u32>();

    pub(super) fn new(config: &Nodes, seed: u64) -> Schedule {
        let edge = |at, domain, begins| Edge { at, domain, begins };
        let both = config.outages.iter().flat_map(|outage| {
            let end = outage.at.saturating_add(outage.lasts);
            [edge(outage.at, outage.domain, true), edge(end, outage.domain, false)]
        });
        let mut edges: Vec<Edge> = both.collect();
        // Of one instant the begins come first: one that lasts no time ends after it began.
        edges.sort_by_key(|edge| (Reverse(edge.at), edge.begins));
        let by_chance = config.failures.clone().map(|failures| {
            let domains = if failures.of_zones { config.zones } else { config.count };
            let lottery = |i: u32| {
                let of = if failures.of_zones { FailureDomain::Zone } else { FailureDomain::Node };
                let domain = of(i);
                let mut draws = Draws::new(seed ^ mix(u64::from(i) + 1));
                let at = Time::ZERO.saturating_add(failures.between(&mut draws));
                Lottery { next: Edge { at, domain, begins: true }, draws }
            };
            let lotteries = (0..domains).map(lottery).collect();
            (failures, lotteries)
        });
        let outages = vec![0; config.count as usize];
        Schedule { edges, by_chance, zones: config.zones, outages }
    }

    /// When an outage next begins or ends.
    pub(super) fn due(&self) -> Time {
        let known = self.edges.last().map(|edge| edge.at);
        let lotteries = self.by_chance.iter().flat_map(|(_, lotteries)| lotteries);
        let next = lotteries.map(|lottery| lottery.next.at).chain(known).min();
        next.unwrap_or(Time::NEVER)
    }

    /// Whether an outage lies on this node.
    pub(super) fn is_down(&self, node: usize) -> bool {
        self.outages[node] > 0
    }

    /// All that begins or ends by `now` has done so.
    pub(super) fn advance(&mut self, now: Time) {
        while let Some(edge) = self.edges.pop_if(|edge| edge.at <= now) {
            self.apply(edge);
        }
        let Some((failures, mut lotteries)) = self.by_chance.take() else { return };
        for Lottery { next, draws } in &mut lotteries {
            while next.at <= now {
                self.apply(*next);
                next.begins = !next.begins;
                let span = if next.begins {
                    failures.between(draws)
                } else {
                    failures.repair.sample(draws)
                };
                next.at = next.at.saturating_add(span);
            }
        }
        self.by_chance = Some((failures, lotteries));
    }

    fn apply(&mut self, edge: Edge) {
        for (id, outages) in (0..).zip(&mut self.outages) {
            let meant = match edge.domain {
                FailureDomain::Node(node) => node == id,
                FailureDomain::Zone(zone) => zone == id % self.zones,
            };
            match (meant, edge.begins) {
                (true, true) => *outages += 1,
                (true, false) => *outages -= 1,
                (false, _) => {}
            }
        }
    }
}

impl Failures {
    /// From a return to the next failure.
    fn between(&self, draws: &mut Draws) -> Span {
        Dist::Exponential { mean: self.mean_time_between }.sample(draws)
    }
}
