//! Placement: which nodes hold a partition.
//!
//! Owns the closed family of placements. Pure functions of nodes, partitions and a seed: must not
//! know why a replica is wanted, nor when.
//!
//! Everything is made of one step, [`Placer::choose`], the node for one more replica of one
//! partition. The first placement takes it for each replica of each partition in turn, repair for
//! each that was lost.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use crate::kernel::num;
use crate::kernel::rng::mix;
use crate::ledger::config::{NodeId, Placement};
use crate::ledger::journal::PartitionId;

/// A node, as placement sees it; its id is its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// Where it stands: nodes of one zone fail together.
    pub zone: u32,
    /// It can take replicas.
    pub up: bool,
    /// Its capacity relative to the others'; at least 1.
    pub weight: u32,
}

/// A partition, as placement sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its number.
    pub id: PartitionId,
    /// Its first key.
    pub first: u64,
    /// Its last key.
    pub last: u64,
    /// Calls per second, or any other measure of what it costs a node that holds it.
    pub load: u64,
}

/// What one node holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NodeLoad {
    /// Partitions of which it is the primary.
    pub primaries: u32,
    /// Partitions of which it has a replica.
    pub replicas: u32,
    /// Their loads.
    pub load: u64,
}

impl NodeLoad {
    /// It holds one more replica.
    pub fn add(&mut self, load: u64, primary: bool) {
        self.primaries += u32::from(primary);
        self.replicas += 1;
        self.load += load;
    }
}

/// What a hash is for; part of what is hashed, so that no two purposes share a number. Far from
/// the small numbers that people choose as seeds.
#[derive(Clone, Copy)]
#[repr(u64)]
enum Purpose {
    Token = 1 << 32,
    Score = 2 << 32,
    Tie = 3 << 32,
}

/// Places replicas. Its ring is made once, from all nodes, up or not.
#[derive(Clone, Debug)]
pub struct Placer {
    placement: Placement,
    seed: u64,
    /// Tokens in the order of their positions; empty unless there is a ring.
    ring: Vec<(u64, NodeId)>,
    /// Every zone that a node stands in, once.
    zones: Vec<u32>,
}

/// Free nodes on the ring that are looked at before all are counted.
const NEAR: usize = 64;

impl Placer {
    /// A placer for these nodes.
    pub fn new(placement: Placement, nodes: &[Node], seed: u64) -> Placer {
        let zones: BTreeSet<u32> = nodes.iter().map(|node| node.zone).collect();
        let zones = zones.into_iter().collect();
        let mut placer = Placer { placement, seed, ring: Vec::new(), zones };
        if let Placement::Ring { tokens } = placement {
            for (id, node) in ids(nodes) {
                let tokens = u64::from(tokens) * u64::from(node.weight);
                let position = |k| placer.hash(Purpose::Token, id.0.into(), k);
                let tokens: Vec<_> = (0..tokens).map(|k| (position(k), id)).collect();
                placer.ring.extend(tokens);
            }
            placer.ring.sort_unstable();
        }
        placer
    }

    /// How many of these zones are at least the same as one that has fewest of them.
    fn fewest(&self, taken: &[u32]) -> usize {
        if self.zones.len() > taken.len() {
            return 0;
        }
        let number = |zone: &u32| taken.iter().filter(|other| *other == zone).count();
        self.zones.iter().map(number).min().unwrap_or(0)
    }

    fn hash(&self, purpose: Purpose, a: u64, b: u64) -> u64 {
        mix(mix(mix(self.seed ^ purpose as u64) ^ a) ^ b)
    }

    /// The node for a further replica of `part` beside those on `others`: one that is up and has
    /// none yet, in a zone that has the fewest. The first that is chosen, beside none, is the
    /// primary. `None` if there is no such node.
    pub fn choose(
        &self,
        nodes: &[Node],
        held: &[NodeLoad],
        part: &Part,
        others: &[NodeId],
    ) -> Option<NodeId> {
        let zone = |id: NodeId| nodes[id.0 as usize].zone;
        let crowd = |id: NodeId| others.iter().filter(|&&other| zone(other) == zone(id)).count();
        let is_free = |id: NodeId| nodes[id.0 as usize].up && !others.contains(&id);
        let walk = || {
            let start = self.ring.partition_point(|&(position, _)| position < part.first);
            let walk = self.ring[start..].iter().chain(&self.ring[..start]);
            walk.map(|&(_, id)| id).filter(|&id| is_free(id))
        };
        // On a ring the next one but few is nearly always in a zone as good as any can be: then
        // nobody needs to look at all nodes.
        let best = self.fewest(&others.iter().map(|&other| zone(other)).collect::<Vec<_>>());
        if let Some(found) = walk().take(NEAR).find(|&id| crowd(id) == best) {
            return Some(found);
        }
        let free = (0..nodes.len() as u32).map(NodeId).filter(|&id| is_free(id));
        let least = free.clone().map(crowd).min()?;
        let fit = free.filter(|&id| crowd(id) == least);
        match self.placement {
            Placement::Ring { .. } => walk().find(|&id| crowd(id) == least),
            Placement::Rendezvous => {
                let score = |id: NodeId| self.score(nodes, part, id);
                fit.reduce(|best, id| if score(id) > score(best) { id } else { best })
            }
            Placement::EqualPartitions | Placement::WeightedMove(_) => {
                let filled =
                    |id: NodeId| (id, self.filled(held[id.0 as usize], part, others.is_empty()));
                fit.min_by(|&a, &b| self.fuller(nodes, [filled(a), filled(b)], part.id))
            }
        }
    }

    /// A hash with the law of an exponential variable whose rate is the inverse of the weight, so
    /// that a node comes first as often as its weight says (C. Schindelhauer, G. Schomaker,
    /// "Weighted distributed hash tables", SPAA 2005).
    fn score(&self, nodes: &[Node], part: &Part, id: NodeId) -> f64 {
        let hash = self.hash(Purpose::Score, part.id.0.into(), id.0.into());
        let unit = ((hash >> 12) as f64 + 0.5) * (1.0 / 4_503_599_627_370_496.0);
        f64::from(nodes[id.0 as usize].weight) / -num::ln(unit)
    }

    /// Which of two nodes would be fuller with one more replica, relative to their weights; of
    /// equals, the one that chance says.
    fn fuller(
        &self,
        nodes: &[Node],
        [a, b]: [(NodeId, [u64; 3]); 2],
        part: PartitionId,
    ) -> Ordering {
        let weight = |id: NodeId| u128::from(nodes[id.0 as usize].weight);
        let measures = a.1.into_iter().zip(b.1);
        let compare =
            |(of_a, of_b)| (u128::from(of_a) * weight(b.0)).cmp(&(u128::from(of_b) * weight(a.0)));
        let tie = |id: NodeId| self.hash(Purpose::Tie, part.0.into(), id.0.into());
        let by_chance = || tie(a.0).cmp(&tie(b.0));
        measures.map(compare).find(|order| order.is_ne()).unwrap_or_else(by_chance)
    }

    /// What a node would hold with one more replica, what counts most first: the load, if it
    /// counts at all, the primaries, if it is to be one, the replicas.
    fn filled(&self, held: NodeLoad, part: &Part, primary: bool) -> [u64; 3] {
        let weighted = matches!(self.placement, Placement::WeightedMove(_));
        let load = if weighted { held.load + part.load } else { 0 };
        let primaries = if primary { u64::from(held.primaries) + 1 } else { 0 };
        [load, primaries, u64::from(held.replicas) + 1]
    }

    /// The nodes of `replicas` replicas of each partition, or of as many as there are nodes for.
    /// The first is the primary.
    pub fn place(&self, nodes: &[Node], parts: &[Part], replicas: u32) -> Vec<Vec<NodeId>> {
        let mut held = vec![NodeLoad::default(); nodes.len()];
        parts.iter().map(|part| self.place_one(nodes, &mut held, part, replicas)).collect()
    }

    /// The nodes of the replicas of one partition beside all that is `held`, to which it is added.
    pub fn place_one(
        &self,
        nodes: &[Node],
        held: &mut [NodeLoad],
        part: &Part,
        replicas: u32,
    ) -> Vec<NodeId> {
        let mut chosen = Vec::with_capacity(replicas as usize);
        for _ in 0..replicas {
            let Some(id) = self.choose(nodes, held, part, &chosen) else { break };
            held[id.0 as usize].add(part.load, chosen.is_empty());
            chosen.push(id);
        }
        chosen
    }
}

/// The nodes with their ids.
fn ids(nodes: &[Node]) -> impl Iterator<Item = (NodeId, &Node)> + Clone {
    (0..).map(NodeId).zip(nodes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::rng::{Draws, Source};

    /// The node on a ring as its definition says, with a look at all nodes.
    fn by_definition(
        placer: &Placer,
        nodes: &[Node],
        part: &Part,
        others: &[NodeId],
    ) -> Option<NodeId> {
        let zone = |id: NodeId| nodes[id.0 as usize].zone;
        let crowd = |id: NodeId| others.iter().filter(|&&other| zone(other) == zone(id)).count();
        let is_free = |id: &NodeId| nodes[id.0 as usize].up && !others.contains(id);
        let free = ids(nodes).map(|(id, _)| id).filter(is_free);
        let least = free.map(crowd).min()?;
        let start = placer.ring.partition_point(|&(position, _)| position < part.first);
        let walk = placer.ring[start..].iter().chain(&placer.ring[..start]).map(|&(_, id)| id);
        walk.filter(is_free).find(|&id| crowd(id) == least)
    }

    #[test]
    fn a_few_steps_on_the_ring_find_what_a_look_at_all_nodes_does() {
        let mut draws = Draws::new(11);
        for round in 0..2_000 {
            let (count, zones) = (1 + draws.below(12) as u32, 1 + draws.below(4) as u32);
            let up = [1, 2, 20][draws.below(3) as usize];
            let node = |i| Node { zone: i % zones, up: draws.below(up + 1) > 0, weight: 1 };
            let nodes: Vec<Node> = (0..count).map(node).collect();
            let placer = Placer::new(Placement::Ring { tokens: 3 }, &nodes, round);
            let first = draws.next_u64();
            let part = Part { id: PartitionId(0), first, last: u64::MAX, load: 0 };
            let held = vec![NodeLoad::default(); nodes.len()];
            let mut others = Vec::new();
            for _ in 0..5 {
                let found = placer.choose(&nodes, &held, &part, &others);
                assert_eq!(found, by_definition(&placer, &nodes, &part, &others), "{round}");
                let Some(found) = found else { break };
                others.push(found);
            }
        }
    }
}
