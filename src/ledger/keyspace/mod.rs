//! The sharded key space of a queue.
//!
//! Owns its partitions: which keys each holds, how much it may carry, and which of them a send or
//! a poll goes to. Must not know why partitions change, nor what a call does.
//!
//! | module | owns |
//! |---|---|
//! | `partition` | partitions in the order of their keys, and how they become others |
//! | `cuts` | where the key space is cut |
//! | `keys` | which key a message gets |
//! | `routing` | which partitions a poll asks |
//! | `backlog` | how much each partition holds |

pub(super) mod backlog;
pub(super) mod cuts;
pub(super) mod keys;
pub(super) mod partition;
pub(super) mod routing;
