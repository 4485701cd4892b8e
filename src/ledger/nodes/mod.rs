//! The nodes that hold the replicas of partitions: a state machine beside the queues.
//!
//! Owns what nodes are up, which of them hold which partition, and what is copied where. Must not
//! know messages or calls: it says which partitions have a quorum, others act on it.
//!
//! | module | owns |
//! |---|---|
//! | [`cluster`] | the state machine: failures, suspicion, repair, quorums |
//! | [`placement`] | which nodes a partition goes to: pure functions |
//! | [`rebalance`] | which replicas move off the hottest node: a pure function |
//! | `schedule` | when nodes fail and return |
//! | `health` | what is known of one node |
//! | `transfers` | replicas on their way, one copy at a time at each end |

pub mod cluster;
mod health;
pub mod placement;
pub mod rebalance;
mod schedule;
mod transfers;
