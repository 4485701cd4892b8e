//! How ranges become other ranges.
//!
//! Owns what a change of the key space does to partitions and lines. Must not know when it comes,
//! nor what it costs.

use std::ops::Range;

use super::{Partition, Shards};
use crate::ledger::journal::PartitionId;
use crate::ledger::messages::line::Line;
use crate::ledger::messages::message::Slab;
use crate::ledger::messages::sealed::Sealed;

/// What a change of the key space did.
#[derive(Clone, Debug)]
pub(in crate::ledger) struct Recut {
    /// Those that take no sends any more.
    pub(in crate::ledger) closed: Vec<PartitionId>,
    /// The places of the new ones.
    pub(in crate::ledger) opened: Range<usize>,
}

/// The first and the last key of neighbours that are cut anew at `cuts`.
fn ends(parts: &[Partition], cuts: &[u64]) -> [u64; 2] {
    let [first, last] = [parts[0].first, parts[parts.len() - 1].last];
    assert!(cuts.is_sorted_by(|a, b| a < b), "cuts ascend");
    assert!(cuts.iter().all(|&cut| first < cut && cut <= last), "a cut lies inside its partition");
    [first, last]
}

/// The first and the last key of each range that those between two keys become when they are cut
/// at `cuts`.
pub(in crate::ledger) fn pieces(
    [first, last]: [u64; 2],
    cuts: &[u64],
) -> impl Iterator<Item = (u64, u64)> {
    let firsts = std::iter::once(first).chain(cuts.iter().copied());
    firsts.zip(cuts.iter().map(|cut| cut - 1).chain([last]))
}

/// Makes one line of those of neighbours, two by two so that a message moves a few times only.
fn join(mut lines: Vec<Line>, slab: &mut Slab) -> Line {
    while lines.len() > 1 {
        let mut pairs = Vec::with_capacity(lines.len().div_ceil(2));
        let mut rest = lines.into_iter();
        while let Some(left) = rest.next() {
            pairs.push(match rest.next() {
                Some(right) => Line::join(left, right, slab),
                None => left,
            });
        }
        lines = pairs;
    }
    lines.pop().expect("at least one partition is cut anew")
}

impl Shards {
    /// The partitions at `parts`, which take sends, become others: the first begins where they
    /// begin, the rest at the keys `cuts`. Their messages move.
    pub(in crate::ledger) fn recut(
        &mut self,
        slab: &mut Slab,
        parts: Range<usize>,
        cuts: &[u64],
    ) -> Recut {
        let at = parts.start;
        let old: Vec<Partition> = self.parts.drain(parts).collect();
        let closed: Vec<PartitionId> = old.iter().map(|part| part.id).collect();
        let ends = ends(&old, cuts);
        let mut rest = join(old.into_iter().map(|part| part.line).collect(), slab);
        let mut lines = Vec::with_capacity(cuts.len() + 1);
        for &cut in cuts {
            let (below, above) = rest.split(slab, cut);
            lines.push(below);
            rest = above;
        }
        lines.push(rest);
        let fresh = pieces(ends, cuts).zip(lines);
        let fresh = fresh.map(|((first, last), line)| self.open(first, last, line)).collect();
        self.put_in(slab, at, fresh, closed)
    }

    /// The partitions at `parts`, which take sends, are sealed with their messages; empty ones take
    /// their place, of which the first begins where they begin, the rest at the keys `cuts`.
    pub(in crate::ledger) fn seal(
        &mut self,
        slab: &mut Slab,
        parts: Range<usize>,
        cuts: &[u64],
        seal: &Sealed,
    ) -> Recut {
        let at = parts.start;
        let mut old: Vec<Partition> = self.parts.drain(parts).collect();
        let closed: Vec<PartitionId> = old.iter().map(|part| part.id).collect();
        let ends = ends(&old, cuts);
        for part in &mut old {
            let mut sealed = seal.clone();
            part.line.came(slab).for_each(|came| sealed.count(came.key));
            part.sealed = Some(Box::new(sealed));
        }
        self.parts.extend(old);
        let fresh = pieces(ends, cuts);
        let fresh = fresh.map(|(first, last)| self.open(first, last, Line::new(slab))).collect();
        self.put_in(slab, at, fresh, closed)
    }

    /// Puts new partitions in the place of closed ones that are taken out.
    fn put_in(
        &mut self,
        slab: &Slab,
        at: usize,
        fresh: Vec<Partition>,
        closed: Vec<PartitionId>,
    ) -> Recut {
        let opened = at..at + fresh.len();
        self.live = self.live - closed.len() + fresh.len();
        self.parts.splice(at..at, fresh);
        self.index(slab);
        Recut { closed, opened }
    }

    /// Takes out the sealed partitions that hold nothing any more; returns their ids.
    pub(in crate::ledger) fn retire(&mut self, slab: &mut Slab) -> Vec<PartitionId> {
        let empty = |part: &mut Partition| part.sealed.as_ref().is_some_and(|it| it.is_empty());
        let gone: Vec<Partition> = self.parts.extract_if(self.live.., empty).collect();
        if !gone.is_empty() {
            self.index(slab);
        }
        gone.into_iter()
            .map(|part| {
                part.line.retire(slab);
                part.id
            })
            .collect()
    }
}
