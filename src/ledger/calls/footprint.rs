//! How many bytes the ledger takes: foreseen from settings, and counted while it grows.
//!
//! Owns the sums over what other modules lay out. Must not know clients, nor what is too much.
//!
//! What grows by doubling is counted without the half that may be empty.

use super::polls::Polls;
use super::service::Ledger;
use crate::ledger::config::{Keys, MAX_BATCH, Nodes, Placement, QueueConfig};
use crate::ledger::keyspace::partition::{Partition, Shards};
use crate::ledger::messages::fresh::Pool;
use crate::ledger::messages::message::Message;
use crate::ledger::nodes::cluster;
use crate::ledger::queue::Queue;
use crate::ledger::queue::tally::ListedFacts;
use crate::ledger::replication::Replication;
use crate::ledger::split::watched::Watched;

/// Sentinels of a line, and of a queue's lists of ages.
const SENTINELS: usize = 3;

/// A key of a partition, at most one weight, its serial number, counts, and place in a sample.
const TABLES: usize = 6 * size_of::<u64>();

impl Ledger {
    /// Bytes that a message costs while it waits and was never received.
    pub const BYTES_PER_WAITING: usize = Pool::BYTES_PER_MESSAGE;

    /// Bytes that a message costs from its first receive, its delay or its move on: its row, and
    /// its place in the list of free ones.
    pub const BYTES_PER_ROW: usize = size_of::<Message>() + size_of::<u32>();

    /// Bytes of the rows for what a caller receives at once.
    pub const BYTES_OF_RECEIVE: usize = MAX_BATCH * Self::BYTES_PER_ROW;

    /// Bytes of a caller: its seat, and rows for what it receives at once.
    pub const BYTES_PER_CALLER: usize = Polls::BYTES_PER_CALLER + Self::BYTES_OF_RECEIVE;

    /// Bytes of a queue, its partitions, nodes and messages apart.
    pub fn bytes_of_queue(config: &QueueConfig) -> u64 {
        let groups = match config.ledger.keys {
            // Their shares are a table that grew by doubling, and half of it may be empty.
            Keys::Group { count, zipf, .. } if zipf > 0.0 => u64::from(count) * 16,
            Keys::Group { .. }
            | Keys::Uniform
            | Keys::PerCall
            | Keys::Sticky(_)
            | Keys::Sequential { .. }
            | Keys::HotRange { .. }
            | Keys::LeastBacklog(_) => 0,
        };
        let own = size_of::<Queue>() + SENTINELS * Self::BYTES_PER_ROW + Shards::BYTES_OF_TABLE;
        (own + Polls::BYTES_PER_LINE) as u64 + groups
    }

    /// Bytes of a partition of a queue: with its line's first block, which it keeps.
    pub fn bytes_of_partition(config: &QueueConfig) -> u64 {
        let config = &config.ledger;
        let own = size_of::<Partition>() + SENTINELS * Self::BYTES_PER_ROW + TABLES;
        let poll = if config.receive.waits_at_one() { Polls::BYTES_PER_PLACE } else { 0 };
        let watch = Watched::bytes(&config.split);
        let replicas = config.nodes.as_ref().map_or(0, |nodes| {
            Replication::BYTES_PER_PARTITION + 2 * nodes.replicas as usize * size_of::<u64>()
        });
        (own + poll + watch + replicas + Pool::BYTES_PER_BLOCK) as u64
    }

    /// Bytes of a queue's nodes.
    pub fn bytes_of_nodes(nodes: &Nodes) -> u64 {
        let tokens = match nodes.placement {
            Placement::Ring { tokens } => u64::from(tokens),
            Placement::EqualPartitions | Placement::Rendezvous | Placement::WeightedMove(_) => 0,
        };
        let each = Replication::BYTES_PER_NODE;
        let outages = nodes.outages.len() as u64 * size_of::<[u64; 8]>() as u64;
        u64::from(nodes.count)
            .saturating_mul(each as u64 + tokens.saturating_mul(cluster::BYTES_PER_TOKEN as u64))
            .saturating_add(outages)
    }

    /// Of the bytes of so many partitions those of their first blocks.
    pub fn bytes_of_blocks(partitions: u64) -> u64 {
        partitions.saturating_mul(Pool::BYTES_PER_BLOCK as u64)
    }

    /// Of the bytes of so many partitions those of their lines: first blocks and heads of lists.
    pub fn bytes_of_lines(partitions: u64) -> u64 {
        let heads = partitions.saturating_mul((SENTINELS * Self::BYTES_PER_ROW) as u64);
        heads.saturating_add(Self::bytes_of_blocks(partitions))
    }

    /// Bytes of the rows that ever were used at once, the heads of lists among them, and of the
    /// lines of messages that waited.
    pub fn bytes_of_messages(&self) -> u64 {
        let rows = self.slab.rows() as u64 * Self::BYTES_PER_ROW as u64;
        rows + self.slab.waiting.blocks() as u64 * Pool::BYTES_PER_BLOCK as u64
    }

    /// What observers have listed of all queues so far.
    pub fn listed(&self) -> ListedFacts {
        self.queues.iter().fold(ListedFacts::default(), |sum, queue| ListedFacts {
            refusals: sum.refusals + queue.listed.refusals,
            failures: sum.failures + queue.listed.failures,
        })
    }

    /// Bytes of all replicas that are to move or on their way.
    pub fn bytes_of_transfers(&self) -> u64 {
        let replications = self.queues.iter().filter_map(|queue| queue.replication.as_ref());
        replications.map(|replication| replication.bytes_of_transfers()).sum()
    }

    /// Of each queue: partitions that ever came to be, and those that are there, sealed ones
    /// included.
    pub fn partitions(&self) -> impl Iterator<Item = (u64, u64)> {
        let counts = |queue: &Queue| (queue.shards.opened().into(), queue.shards.len() as u64);
        self.queues.iter().map(counts)
    }
}
