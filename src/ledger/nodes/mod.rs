//! The nodes that hold the replicas of partitions.
//!
//! Owns what nodes are up, which of them hold which partition, and what is copied where. Must not
//! know messages or calls: it says which partitions have a quorum, others act on it.
//!
//! | module | owns |
//! |---|---|
//! | [`placement`] | which nodes a partition goes to: pure functions |
//! | [`rebalance`] | which replicas move off the hottest node: a pure function |

pub mod placement;
pub mod rebalance;
