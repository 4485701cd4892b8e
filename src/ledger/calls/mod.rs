//! The calls of the service, and what happens without one.
//!
//! Owns [`Ledger`](service::Ledger): all queues, the rows of all messages and the polls that wait.
//! Must not know how a queue keeps its messages.
//!
//! | module | owns |
//! |---|---|
//! | `answers` | what calls are given and what they answer |
//! | `service` | the calls: send, receive, delete, change visibility, purge |
//! | `gate` | which entries of a batch call are let through |
//! | `serving` | how polls are served: waiting polls, hand-over, dead letters |
//! | `polls` | long polls that wait |
//! | `holders` | what holders of deliveries say, and what they will touch |
//! | `clock` | what happens without a call: visibility timeouts and other deadlines |
//! | `reconfigure` | settings that change while the service runs |
//! | `looks` | which queues the clock has to look at, and when |
//! | `leftover` | what is in a queue at the end |
//! | `footprint` | how many bytes all that takes |

pub(super) mod answers;
mod clock;
mod footprint;
mod gate;
mod holders;
pub(super) mod leftover;
mod looks;
pub(super) mod polls;
mod reconfigure;
pub(super) mod service;
mod serving;
