//! Checks of how messages travel between queues.
//!
//! Owns what no single part shows: cycles, and queues or partitions that nothing fills or nobody
//! empties. Must not know ranges.
//!
//! Invariant: unknown queues and parts at fault are no edges, so that one mistake gives one fault.

use super::Check;
use super::queue::MOST_PARTITIONS;
use crate::engine::scenario::Scenario;
use crate::ledger::config::LedgerConfig;
use crate::scenario::file::{RoutingFile, ScenarioFile};
use crate::scenario::tree::At;
use crate::scenario::warnings::Warning;

/// A way from one queue to another, by name, with the setting that says so.
struct Edge<'f, 'a> {
    from: &'f str,
    to: &'f str,
    at: At<'a>,
}

/// How many workers receive from the queue of this name.
pub(super) fn workers(file: &ScenarioFile, queue: &str) -> u64 {
    let fleets = file.consumers.0.iter().filter(|(_, fleet)| fleet.queue == queue);
    fleets.map(|(_, fleet)| u64::from(fleet.count)).sum()
}

impl Check<'_> {
    /// All relations between queues.
    pub(super) fn graph(&mut self, file: &ScenarioFile, checked: &Scenario) {
        let queues = self.root.field("queues");
        let consumers = self.root.field("consumers");
        let redrives: Vec<Edge> = (file.queues.0.iter())
            .filter_map(|(name, queue)| {
                let at = queues.field(name).field("redrive").field("to");
                Some(Edge { from: name, to: &queue.redrive.as_ref()?.to, at })
            })
            .collect();
        let forwards: Vec<Edge> = (file.consumers.0.iter())
            .filter_map(|(name, fleet)| {
                let at = consumers.field(name).field("forward");
                Some(Edge { from: &fleet.queue, to: fleet.forward.as_ref()?, at })
            })
            .collect();
        self.cycle(&redrives, "redrive", "a queue cannot be its own dead-letter queue");
        self.cycle(&forwards, "forward", "messages that are forwarded in a circle never end");
        self.idle_queues(file, &redrives, &forwards);
        self.unassigned(file, checked);
    }

    /// Partitions of queues with `receive: Assigned` that no worker asks. Workers are numbered
    /// through all consumers, in their order.
    fn unassigned(&mut self, file: &ScenarioFile, checked: &Scenario) {
        for ((name, queue), checked) in file.queues.0.iter().zip(&checked.queues) {
            let partitions = queue.ledger.partitions;
            if !matches!(queue.ledger.receive, RoutingFile::Assigned)
                || partitions > MOST_PARTITIONS
            {
                continue;
            }
            let mut asked = vec![false; partitions as usize];
            let mut number = 0_u64;
            for (_, fleet) in &file.consumers.0 {
                let next = number + u64::from(fleet.count);
                if fleet.queue == *name {
                    for worker in (number..next).take(asked.len()) {
                        asked[(worker % u64::from(partitions)) as usize] = true;
                    }
                }
                number = next;
            }
            let workers = workers(file, name);
            let idle = asked.iter().filter(|&&asked| !asked).count();
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
    fn cycle(&mut self, edges: &[Edge], verb: &str, help: &str) {
        let mut told: Vec<&str> = Vec::new();
        for edge in edges {
            if told.contains(&edge.from) {
                continue;
            }
            let Some(way) = way_back(edges, edge) else { continue };
            told.extend(&way);
            let what = if edge.from == edge.to {
                format!("the queue `{}` {verb}s to itself", edge.from)
            } else {
                format!("these queues {verb} in a circle: `{}` → `{}`", way.join("` → `"), way[0])
            };
            self.push(&edge.at, what).help.push(help.into());
        }
    }

    fn idle_queues(&mut self, file: &ScenarioFile, redrives: &[Edge], forwards: &[Edge]) {
        let queues = self.root.field("queues");
        let consumers = self.root.field("consumers");
        // Of what is at fault itself, only the name of its queue is missed here: no warnings then.
        if file.consumers.0.len() < consumers.keys().len()
            || file.producers.0.len() < self.root.field("producers").keys().len()
            || file.queues.0.len() < queues.keys().len()
        {
            return;
        }
        for (name, _) in &file.queues.0 {
            let is_target = redrives.iter().any(|edge| edge.to == name);
            if !is_target && !file.consumers.0.iter().any(|(_, fleet)| fleet.queue == *name) {
                self.warn(
                    &queues.key(name),
                    Warning::NobodyReceives,
                    format!("nobody receives from the queue `{name}`"),
                );
            }
        }
        for (name, fleet) in &file.consumers.0 {
            let queue = &fleet.queue;
            let is_fed = file.producers.0.iter().any(|(_, producer)| producer.queue == *queue)
                || redrives.iter().chain(forwards).any(|edge| edge.to == queue);
            if !is_fed && self.queues.contains(&queue.as_str()) {
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

/// The queues on the way from an edge's end back to its start, the start first; `None` if there
/// is no such way.
fn way_back<'f>(edges: &[Edge<'f, '_>], start: &Edge<'f, '_>) -> Option<Vec<&'f str>> {
    let mut ways: Vec<Vec<&str>> = vec![vec![start.from, start.to]];
    let mut seen = vec![start.to];
    while let Some(way) = ways.pop() {
        let here = *way.last()?;
        if here == start.from {
            return Some(way[..way.len() - 1].to_vec());
        }
        for edge in edges.iter().filter(|edge| edge.from == here) {
            if edge.to == start.from || !seen.contains(&edge.to) {
                seen.push(edge.to);
                ways.push(way.iter().copied().chain([edge.to]).collect());
            }
        }
    }
    None
}
