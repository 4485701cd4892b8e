//! The queue service: a state machine, calls in, answers out. Knows no event, no producer and no
//! consumer.
//!
//! Each room may use those below it in this table; none knows those above. `tests/tidy` holds
//! the arrows.
//!
//! | room | owns |
//! |---|---|
//! | `calls` | the calls of the service, and what happens without one: deadlines, waiting polls |
//! | `queue` | one queue's rules: states of messages, retention, changes of its key space |
//! | `split` | policies: when and where partitions split and merge; the ceiling |
//! | `replication` | what nodes mean for calls: quorums, capacity of nodes, missed deletes |
//! | [`nodes`] | the nodes that hold replicas of partitions, and their failures |
//! | `keyspace` | the sharded key space: partitions, keys, routing, capacity |
//! | `messages` | rows and lists of messages, deadlines, receipts |
//! | [`journal`] | the closed list of changes that it tells |
//! | [`config`] | the settings of a queue |

mod calls;
pub mod config;
pub mod journal;
mod keyspace;
mod messages;
pub mod nodes;
mod queue;
mod replication;
mod split;

pub use calls::answers::{Outgoing, Received, Refused, VisibilityAnswer};
pub use calls::leftover::{Circulating, Leftover};
pub use calls::polls::Poll;
pub use calls::service::Ledger;
pub use messages::receipt::{Delivery, RECEIPT_LIFE, Receipt, Served};
pub use queue::tally::Tally;
