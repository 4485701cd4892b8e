//! Checks of how messages travel between queues.
//!
//! Owns what no single part shows: cycles, and queues or partitions that nothing fills or nobody
//! empties. Must not know ranges.
//!
//! Invariant: unknown queues and parts at fault are no edges, so that one mistake gives one fault.

use std::ops::Range;

use super::Check;
use super::queue::MOST_PARTITIONS;
use crate::ledger::config::LedgerConfig;
use crate::model::scenario::Scenario;
use crate::scenario::file::{RoutingFile, ScenarioFile};
use crate::scenario::tree::At;
use crate::scenario::warnings::Warning;
use crate::stats::listed::NameList;

/// A way from one queue to another, by their places, with the setting that says so.
struct Edge<'a> {
    from: usize,
    to: usize,
    at: At<'a>,
}

/// Who receives from each queue, by its place. Workers are numbered through all consumers, in
/// their order.
pub(super) struct Served(Vec<Vec<Range<u64>>>);

impl Served {
    pub(super) fn of(file: &ScenarioFile, queues: &NameList) -> Served {
        let mut by_queue = vec![Vec::new(); queues.len()];
        let mut number = 0_u64;
        for (_, consumer) in &file.consumers.0 {
            // A function has no workers, and is there none the less.
            let workers = consumer.workers().map_or(0, |fleet| fleet.count.most());
            let next = number + u64::from(workers);
            for place in consumer.queues().into_iter().filter_map(|name| queues.place(name)) {
                by_queue[place].push(number..next);
            }
            number = next;
        }
        Served(by_queue)
    }

    /// The workers of each consumer of a queue.
    fn fleets(&self, queue: Option<usize>) -> &[Range<u64>] {
        queue.and_then(|place| self.0.get(place)).map_or(&[], Vec::as_slice)
    }

    /// How many workers receive from a queue.
    pub(super) fn workers(&self, queue: Option<usize>) -> u64 {
        self.fleets(queue).iter().map(|fleet| fleet.end - fleet.start).sum()
    }

    /// How many partitions of a queue nobody asks: worker n asks partition n modulo `partitions`.
    fn unasked(&self, queue: Option<usize>, partitions: u32) -> usize {
        let all = u64::from(partitions);
        // By how many more workers each partition is asked than the one before it.
        let mut more = vec![0_i64; partitions as usize + 1];
        let mut ask = |from: u64, to: u64| {
            more[from as usize] += 1;
            more[to as usize] -= 1;
        };
        for fleet in self.fleets(queue) {
            let first = fleet.start % all;
            let last = first + (fleet.end - fleet.start).min(all);
            ask(first, last.min(all));
            ask(0, last.saturating_sub(all));
        }
        let mut workers = 0;
        let mut is_idle = |&more: &i64| {
            workers += more;
            workers == 0
        };
        more[..partitions as usize].iter().filter(|more| is_idle(more)).count()
    }
}

impl<'a> Check<'a> {
    /// All relations between queues.
    pub(super) fn graph(&mut self, file: &ScenarioFile, checked: &Scenario, served: &Served) {
        let queues = self.root.field("queues");
        let consumers = self.root.field("consumers");
        let edge = |from: &str, to: &str, at: At<'a>| {
            Some(Edge { from: self.queues.place(from)?, to: self.queues.place(to)?, at })
        };
        let redrives: Vec<Edge> = (file.queues.0.iter())
            .filter_map(|(name, queue)| {
                let at = queues.field(name).field("redrive").field("to");
                edge(name, &queue.redrive.as_ref()?.to, at)
            })
            .collect();
        let forwards: Vec<Edge> = (file.consumers.0.iter())
            .filter_map(|(name, consumer)| Some((name, consumer.workers()?)))
            .flat_map(|(name, fleet)| {
                let at = consumers.field(name).field("forward");
                let from = fleet.queue.names().into_iter();
                from.filter_map(move |from| edge(from, fleet.forward.as_ref()?, at.clone()))
            })
            .collect();
        self.cycles(&redrives, "redrive", "a queue cannot be its own dead-letter queue");
        self.cycles(&forwards, "forward", "messages that are forwarded in a circle never end");
        self.idle_queues(file, served, &redrives, &forwards);
        self.unassigned(file, checked, served);
    }

    /// Partitions of queues with `receive: Assigned` that no worker asks.
    fn unassigned(&mut self, file: &ScenarioFile, checked: &Scenario, served: &Served) {
        for ((name, queue), checked) in file.queues.0.iter().zip(&checked.queues) {
            let partitions = queue.ledger.partitions;
            if !matches!(queue.ledger.receive, RoutingFile::Assigned)
                || !(1..=MOST_PARTITIONS).contains(&partitions)
            {
                continue;
            }
            let place = self.queues.place(name);
            let workers = served.workers(place);
            let idle = served.unasked(place, partitions);
            if workers > 0 && idle > 0 {
                let at = self.root.field("queues").field(name).field("ledger").field("receive");
                let what = format!(
                    "{workers} workers leave {idle} of {partitions} partitions without one: \
                     nothing is received there"
                );
                self.warn(&at, Warning::UnaskedPartitions, what).help = vec![
                    "give the consumer a higher `count`, or the ledger fewer partitions".into(),
                ];
                continue;
            }
            // Without a capacity they never split.
            let LedgerConfig { split, capacity, .. } = &checked.config.ledger;
            let most = split.max_partitions().filter(|_| capacity.is_some());
            let most = most.filter(|&most| workers > 0 && u64::from(most) > workers);
            if let Some(most) = most {
                let at = self.root.field("queues").field(name).field("ledger").field("receive");
                let what = format!(
                    "splits may make {most} partitions, more than there are workers ({workers}): \
                     nothing is received from the others"
                );
                self.warn(&at, Warning::UnaskedPartitions, what).help = vec![
                    "give the consumer a higher `count`, or the split policy a lower \
                     `max_partitions`"
                        .into(),
                ];
            }
        }
    }

    /// One fault for each cycle, at the first of its edges in the file.
    fn cycles(&mut self, edges: &[Edge], verb: &str, help: &str) {
        let mut next = vec![Vec::new(); self.queues.len()];
        for edge in edges {
            next[edge.from].push(edge.to);
        }
        let component = components(&next);
        let mut told = vec![false; next.len()];
        for edge in edges {
            // There is a way back exactly within a component.
            if told[edge.from] || component[edge.from] != component[edge.to] || self.is_full() {
                continue;
            }
            let way = way_back(&next, edge.from, edge.to);
            let names: Vec<&str> = way.iter().map(|&place| self.queues[place]).collect();
            let what = if edge.from == edge.to {
                format!("the queue `{}` {verb}s to itself", names[0])
            } else {
                format!(
                    "these queues {verb} in a circle: `{}` → `{}`",
                    names.join("` → `"),
                    names[0]
                )
            };
            for place in way {
                told[place] = true;
            }
            self.push(&edge.at, what).help.push(help.into());
        }
    }

    fn idle_queues(
        &mut self,
        file: &ScenarioFile,
        served: &Served,
        redrives: &[Edge],
        forwards: &[Edge],
    ) {
        let queues = self.root.field("queues");
        let consumers = self.root.field("consumers");
        // Of what is at fault itself, only the name of its queue is missed here: no warnings then.
        if file.consumers.0.len() < consumers.keys().len()
            || file.producers.0.len() < self.root.field("producers").keys().len()
            || file.queues.0.len() < queues.keys().len()
        {
            return;
        }
        let mut is_fed = vec![false; self.queues.len()];
        for edge in redrives {
            is_fed[edge.to] = true;
        }
        for (name, _) in &file.queues.0 {
            let place = self.queues.place(name);
            let is_target = place.is_some_and(|place| is_fed[place]);
            if !is_target && served.fleets(place).is_empty() {
                self.warn(
                    &queues.key(name),
                    Warning::NobodyReceives,
                    format!("nobody receives from the queue `{name}`"),
                );
            }
        }
        for edge in forwards {
            is_fed[edge.to] = true;
        }
        for (_, producer) in &file.producers.0 {
            if let Some(place) = self.queues.place(&producer.queue) {
                is_fed[place] = true;
            }
        }
        for (name, consumer) in &file.consumers.0 {
            for queue in consumer.queues() {
                if self.queues.place(queue).is_some_and(|place| !is_fed[place]) {
                    let at = consumers.field(name).field("queue");
                    self.warn(
                        &at,
                        Warning::NothingSent,
                        format!("nothing is ever sent to the queue `{queue}`"),
                    );
                }
            }
        }
    }
}

/// The queues on the way from an edge's end back to its start, the start first. There must be
/// such a way.
fn way_back(next: &[Vec<usize>], from: usize, to: usize) -> Vec<usize> {
    // From where each was reached; the start itself is not among them.
    let mut before: Vec<Option<usize>> = vec![None; next.len()];
    if to != from {
        before[to] = Some(from);
    }
    let mut open = vec![(to, from)];
    while let Some((here, mut via)) = open.pop() {
        if here == from {
            let mut way = Vec::new();
            while let Some(earlier) = before[via] {
                way.push(via);
                via = earlier;
            }
            way.push(from);
            way.reverse();
            return way;
        }
        for &to in &next[here] {
            if to == from {
                open.push((to, here));
            } else if before[to].is_none() {
                before[to] = Some(here);
                open.push((to, here));
            }
        }
    }
    vec![from]
}

/// For each place the number of its strongly connected component: those from each of which there
/// is a way to every other. In linear time (S. Kosaraju's two searches), without recursion: a row
/// of ten thousand would exhaust the stack.
fn components(next: &[Vec<usize>]) -> Vec<usize> {
    let mut before = vec![Vec::new(); next.len()];
    for (from, to) in
        next.iter().enumerate().flat_map(|(from, to)| to.iter().map(move |to| (from, *to)))
    {
        before[to].push(from);
    }
    let mut left = Vec::with_capacity(next.len());
    let mut seen = vec![false; next.len()];
    for start in 0..next.len() {
        search(next, start, &mut seen, &mut |place| left.push(place));
    }
    let mut component = vec![0; next.len()];
    let mut seen = vec![false; next.len()];
    for (number, &start) in left.iter().rev().enumerate() {
        search(&before, start, &mut seen, &mut |place| component[place] = number);
    }
    component
}

/// Goes in depth through what is not seen yet, and tells each place when all behind it is done.
fn search(next: &[Vec<usize>], start: usize, seen: &mut [bool], leave: &mut impl FnMut(usize)) {
    if std::mem::replace(&mut seen[start], true) {
        return;
    }
    let mut way = vec![(start, 0)];
    while let Some((here, tried)) = way.last_mut() {
        if let Some(&to) = next[*here].get(*tried) {
            *tried += 1;
            if !std::mem::replace(&mut seen[to], true) {
                way.push((to, 0));
            }
        } else {
            leave(*here);
            way.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_component_is_what_reaches_itself() {
        // 0 → 1 ⇄ 2 → 3 → 4 → 3, and 5 alone.
        let next = [vec![1], vec![2], vec![1, 3], vec![4], vec![3], vec![]];
        let found = components(&next);
        let same = |a: usize, b: usize| found[a] == found[b];
        assert!(same(1, 2) && same(3, 4));
        assert!(!same(0, 1) && !same(2, 3) && !same(4, 5) && !same(0, 5));
        assert_eq!(way_back(&next, 1, 2), [1, 2]);
        assert_eq!(way_back(&next, 3, 4), [3, 4]);
        assert_eq!(way_back(&[vec![0]], 0, 0), [0]);
    }

    #[test]
    fn partitions_are_asked_by_numbers_round_and_round() {
        let unasked = |fleets: &[Range<u64>], partitions| {
            Served(vec![fleets.to_vec()]).unasked(Some(0), partitions)
        };
        let one_by_one = |fleets: &[Range<u64>], partitions: u32| {
            let asks = |of: u64| {
                let mut workers = fleets.iter().flat_map(Clone::clone);
                workers.any(|worker| worker % u64::from(partitions) == of)
            };
            (0..u64::from(partitions)).filter(|&of| !asks(of)).count()
        };
        let cases: [&[(u64, u64)]; 6] =
            [&[], &[(0, 1)], &[(3, 6)], &[(6, 8)], &[(2, 30)], &[(1, 2), (9, 12)]];
        for fleets in cases {
            let fleets: Vec<Range<u64>> = fleets.iter().map(|&(from, to)| from..to).collect();
            for partitions in 1..9 {
                let expected = one_by_one(&fleets, partitions);
                assert_eq!(unasked(&fleets, partitions), expected, "{fleets:?} {partitions}");
            }
        }
    }
}
