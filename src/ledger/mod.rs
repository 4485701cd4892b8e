//! The queue service: a state machine, calls in, answers out. Knows no event, no producer and no
//! consumer.
//!
//! | module | owns |
//! |---|---|
//! | [`config`] | the settings of a queue |
//! | [`journal`] | the closed list of changes that it tells |
//! | [`service`] | the calls: send, receive, delete, change visibility, purge |
//! | `routing` | which partitions a poll asks |
//! | `serving` | how polls are served: waiting polls, hand-over, dead letters |
//! | `holders` | what holders of deliveries say, and what they will touch |
//! | `clock` | what happens without a call: deadlines, looks at the load |
//! | `reconfigure` | settings that change while the service runs |
//! | [`receipt`] | receipt handles |
//! | [`polls`] | long polls that wait |
//! | `queue`, `tally` | one queue's rules: lines, deadlines, dead letters; its counts |
//! | `partition`, `keys`, `capacity`, `ceiling`, `gate`, `backlog` | the sharded key space |
//! | `split` | policies: when and where partitions split and merge |
//! | `reshard`, `sealed`, `draining` | how they do it: stages, sealed partitions |
//! | [`nodes`] | the nodes that hold replicas of partitions, and their failures |
//! | `replication` | what these mean for calls: quorums, capacity of nodes, missed deletes |
//! | [`leftover`] | what is in a queue at the end |
//! | `undone` | how deletes that nobody knows any more are undone |
//! | `line`, `fresh` | a partition's line; messages that wait without a row |
//! | `message`, `timers`, `ring` | rows, deadlines, lists |
//! | `footprint` | how many bytes all that takes |

mod admission;
mod backlog;
mod capacity;
mod ceiling;
mod clock;
pub mod config;
mod cuts;
mod draining;
mod footprint;
mod fresh;
mod gate;
mod holders;
pub mod journal;
mod keys;
pub mod leftover;
mod line;
mod message;
pub mod nodes;
mod partition;
pub mod polls;
mod queue;
pub mod receipt;
mod reconfigure;
mod replication;
mod reshard;
mod ring;
mod routing;
mod sealed;
pub mod service;
mod serving;
mod split;
mod stirred;
mod tally;
mod timers;
mod undone;

pub use service::Ledger;
pub use tally::Tally;
