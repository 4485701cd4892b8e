//! The nodes of a queue: how many, what they carry, where replicas are placed, what fails.
//!
//! Owns these settings. Must not know what follows from them.

use super::Capacity;
use crate::kernel::dist::Dist;
use crate::kernel::time::{Span, Time};

/// A node of the cluster, numbered from 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u32);

/// The nodes that hold the replicas of a queue's partitions.
#[derive(Clone, Debug, PartialEq)]
pub struct Nodes {
    /// How many; at least `replicas`.
    pub count: u32,
    /// Zones whose nodes fail together: node i stands in zone i modulo this; from 1 to `count`.
    pub zones: u32,
    /// What one node carries over all its partitions, in calls of any kind; `None` is unlimited. A
    /// send or a delete costs one on each replica that answers, a receive one on as many replicas
    /// as must answer it, the primary first.
    pub capacity: Option<Capacity>,
    /// Replicas of each partition, N; 3 in most systems.
    pub replicas: u32,
    /// Replicas that must answer a send or a delete, W; from 1 to `replicas`.
    pub write_quorum: u32,
    /// Replicas that must answer a receive, R; from 1 to `replicas`.
    pub read_quorum: u32,
    /// Which nodes hold a partition.
    pub placement: Placement,
    /// Failures that are known beforehand.
    pub outages: Vec<Outage>,
    /// Failures by chance.
    pub failures: Option<Failures>,
    /// How long a node must be down until others take its place as primaries (`FoundationDB`: 1 s;
    /// Redis: its configured timeout and 1 to 2 s more).
    pub suspect_after: Span,
    /// How long a node must be down until its replicas are made anew elsewhere (`FoundationDB`:
    /// 60 s; `CockroachDB`: 5 min; `TiKV`: 30 min); not below `suspect_after`.
    pub replicate_after: Span,
    /// How long it takes to copy one partition. This is the cap on the bandwidth of repair: a node
    /// sends one copy at a time and receives one at a time.
    pub copy: Span,
    /// The share of a node's capacity that a copy takes at each of its ends, from 0 to below 1.
    pub copy_share: f64,
    /// How many times faster than they came a node that returns applies the writes it missed; at
    /// least 1. It answers when it has them all, as a Raft follower does.
    pub catch_up: u32,
}

/// Which nodes hold a partition. A closed family; each variant names the system it models. With
/// each, no node holds two replicas of a partition, nor does a zone while another holds none.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Placement {
    /// The nodes that follow the partition's first key on a ring of random tokens (Dynamo's first
    /// strategy; Cassandra, whose default was 256 and is 16).
    Ring {
        /// Tokens of each node.
        tokens: u32,
    },
    /// The nodes that hold the fewest replicas (Dynamo's third strategy: Q equal partitions, Q/S
    /// of them to a node).
    EqualPartitions,
    /// The nodes with the highest scores, each a hash of the node and the partition (rendezvous or
    /// highest-random-weight hashing; D. Thaler, C. Ravishankar, 1998).
    Rendezvous,
    /// The nodes with the least load; from time to time replicas move off the hottest (Slicer).
    WeightedMove(WeightedMove),
}

/// Parameters of [`Placement::WeightedMove`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct WeightedMove {
    /// How often it looks; 60 s is our choice.
    pub every: Span,
    /// Most that moves at a look, as a share of the key space; Slicer: 9 % (A. Adya and others,
    /// "Slicer", OSDI 2016, section 4.4.1).
    pub churn: f64,
}

/// What fails at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum FailureDomain {
    /// One node.
    Node(u32),
    /// All nodes of one zone.
    Zone(u32),
}

/// A failure that is known beforehand.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// When it begins.
    pub at: Time,
    /// What fails.
    pub domain: FailureDomain,
    /// How long it lasts; [`Span::MAX`] for ever.
    pub lasts: Span,
}

/// Failures by chance, independent of each other.
#[derive(Clone, Debug, PartialEq)]
pub struct Failures {
    /// Whole zones fail, not single nodes.
    pub of_zones: bool,
    /// From each return to the next failure: exponential with this mean.
    pub mean_time_between: Span,
    /// From a failure to the return.
    pub repair: Dist,
}
