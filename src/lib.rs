//! sqsim: a deterministic discrete-event simulator of an SQS-style queue system.
//!
//! A run flows one way, and so does this list of rooms: each may use those below it, none knows
//! those above.
//!
//! | room | owns |
//! |---|---|
//! | `cli` | people: arguments, progress, exit codes, one file per command |
//! | [`render`] | text, tables and plots of an outcome |
//! | [`experiment`] | many runs on all cores, folded in order |
//! | [`scenario`] | text → checked [`model::scenario::Scenario`], with every fault located |
//! | [`outcome`] | what is serialised, versioned |
//! | [`stats`] | intervals, expectations, closed forms of queueing theory |
//! | [`engine`] | the world, the loop, limits, forks |
//! | [`observe`] | facts → metrics and traces |
//! | [`clients`] | those who call the ledger, each kind by itself: producers, fleets of workers |
//! | [`core`] | what all clients work with: the clock, the closed list of events, the ledger |
//! | [`model`] | the checked scenario, as plain data |
//! | [`facts`] | what happened, as it is told, and its fingerprint |
//! | [`ledger`] | the queue service as a state machine: calls in, answers out |
//! | [`kernel`] | virtual time and chance |
#![forbid(unsafe_code)]

#[cfg(feature = "cli")]
pub mod cli;
pub mod clients;
pub mod core;
pub mod engine;
pub mod experiment;
pub mod facts;
pub mod kernel;
pub mod ledger;
pub mod model;
pub mod observe;
pub mod outcome;
pub mod render;
pub mod scenario;
pub mod stats;
