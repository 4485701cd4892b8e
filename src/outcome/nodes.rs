//! What happened to the nodes of a queue.
//!
//! Owns the serialised form: failures with their length, what partitions lacked, and what repair
//! did. Must not know which node holds what.

use serde::{Deserialize, Serialize};

use super::partitions::is_zero;
use crate::kernel::time::Time;
use crate::observe::measured::{Lack, NodeEvent, QueueCounts, QueueMeasured};

/// Most entries of [`Nodes::outages`].
const MOST: usize = 64;

/// What happened to the nodes, over the whole run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Nodes {
    /// Nodes that went down.
    pub failures: u64,
    /// Partitions that got another primary.
    pub elections: u64,
    /// Copies of partitions that arrived: replicas that were made anew or moved.
    pub copies: u64,
    /// Copies that ended before they were there.
    pub copies_dropped: u64,
    /// Calls that too few replicas of a partition answered.
    pub unavailable: u64,
    /// Partitions of which fewer replicas answered than there are to be.
    pub under_replicated: Lacked,
    /// Partitions of which too few replicas answered for a send or a delete.
    pub without_quorum: Lacked,
    /// Failures in order of time; at most the first 64.
    pub outages: Vec<Outage>,
    /// Failures that `outages` leaves out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub outages_left_out: u64,
}

/// What some of the partitions lacked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lacked {
    /// Most partitions that lacked it at once.
    pub most: u64,
    /// Partitions in all when so many first did.
    pub of: u64,
    /// How long one or more lacked it, in sum.
    pub for_ns: u64,
}

/// One failure of one node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// The node.
    pub node: u32,
    /// When it went down.
    pub from_ns: u64,
    /// When it was up again; left out if it was not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to_ns: Option<u64>,
}

impl Nodes {
    pub(super) fn of(queue: &QueueMeasured) -> Nodes {
        // The windows of the series are those of the whole run.
        let sum = |count: fn(&QueueCounts) -> u64| -> u64 {
            queue.series.iter().map(|window| count(&window.counts)).sum()
        };
        let mut outages = outages(&queue.nodes.events);
        let left_out = outages.len().saturating_sub(MOST);
        outages.truncate(MOST);
        Nodes {
            failures: sum(|counts| counts.nodes.failures),
            elections: sum(|counts| counts.nodes.elections),
            copies: sum(|counts| counts.nodes.copies),
            copies_dropped: sum(|counts| counts.nodes.copies_dropped),
            unavailable: sum(|counts| counts.unavailable),
            under_replicated: Lacked::of(queue.nodes.under_replicated),
            without_quorum: Lacked::of(queue.nodes.without_quorum),
            outages,
            outages_left_out: left_out as u64,
        }
    }
}

impl Lacked {
    fn of(lack: Lack) -> Lacked {
        Lacked { most: lack.most, of: lack.of, for_ns: lack.time.as_nanos() }
    }
}

/// Failures with the returns that ended them.
fn outages(events: &[(Time, NodeEvent)]) -> Vec<Outage> {
    let mut outages: Vec<Outage> = Vec::new();
    for &(at, event) in events {
        match event {
            NodeEvent::Failed(node) => {
                outages.push(Outage { node: node.0, from_ns: at.as_nanos(), to_ns: None });
            }
            NodeEvent::Returned(node) => {
                let last = outages.iter_mut().rfind(|outage| outage.node == node.0);
                if let Some(outage) = last {
                    outage.to_ns = Some(at.as_nanos());
                }
            }
        }
    }
    outages
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Span;
    use crate::ledger::config::NodeId;
    use crate::observe::measured::{NodeCounts, Window};
    use crate::stats::fixture;

    fn at(secs: u64) -> Time {
        Time::ZERO + Span::from_secs(secs)
    }

    fn failed(secs: u64, node: u32) -> (Time, NodeEvent) {
        (at(secs), NodeEvent::Failed(NodeId(node)))
    }

    fn returned(secs: u64, node: u32) -> (Time, NodeEvent) {
        (at(secs), NodeEvent::Returned(NodeId(node)))
    }

    #[test]
    fn a_return_ends_the_last_failure_of_its_node() {
        let events = [failed(10, 4), failed(20, 0), returned(30, 4), failed(40, 4)];
        let outage = |node, from: u64, to: Option<u64>| Outage {
            node,
            from_ns: from * 1_000_000_000,
            to_ns: to.map(|to| to * 1_000_000_000),
        };
        let expected = [outage(4, 10, Some(30)), outage(0, 20, None), outage(4, 40, None)];
        assert_eq!(outages(&events), expected);
    }

    #[test]
    fn numbers_are_those_of_the_whole_run() {
        let mut queue = fixture::idle_queue();
        let nodes = NodeCounts { failures: 1, elections: 4, copies: 3, copies_dropped: 2 };
        let counts = QueueCounts { nodes, unavailable: 10, ..QueueCounts::default() };
        queue.series.push(Window { counts, ..Window::default() }, 3);
        queue.nodes.without_quorum = Lack { most: 2, of: 9, time: Span::from_secs(3) };
        let nodes = Nodes::of(&queue);
        assert_eq!((nodes.failures, nodes.elections, nodes.unavailable), (3, 12, 30));
        assert_eq!((nodes.copies, nodes.copies_dropped), (9, 6));
        assert_eq!(nodes.without_quorum, Lacked { most: 2, of: 9, for_ns: 3_000_000_000 });
        assert_eq!(nodes.under_replicated, Lacked::default());
    }

    #[test]
    fn many_failures_are_cut_off_and_it_says_so() {
        let mut queue = fixture::idle_queue();
        queue.nodes.events = (0..100).map(|secs| failed(secs, secs as u32)).collect();
        let nodes = Nodes::of(&queue);
        assert_eq!((nodes.outages.len(), nodes.outages_left_out), (64, 36));
        assert_eq!(nodes.outages[63].node, 63);
    }
}
