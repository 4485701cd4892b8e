//! Who and what the facts of a queue are about, by number.
//!
//! Owns the numbers of messages and partitions, and of those who call. Must not know what happens
//! to them.

/// The serial number of a message, from 0 in the order of all sends of the run. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub u64);

/// A partition, numbered from 0 in the order of creation within its queue. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PartitionId(pub u32);

/// Someone who calls receive, chosen by the caller; the ledger only gives it back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Caller(pub u32);
