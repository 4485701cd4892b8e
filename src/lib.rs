//! sqsim: a deterministic discrete-event simulator of an SQS-style queue system.
//!
//! ```
//! use sqsim::{ArrivalFile, ConsumerFile, DistFile, ProducerFile, QueueFile, Rate, ScenarioFile};
//!
//! // One worker that asks again at once: an M/M/1 queue, busy half of its time.
//! let work = DistFile::Exponential("100ms".parse()?);
//! let at_once = DistFile::Constant("0s".parse()?);
//! let worker = ConsumerFile { call_latency: at_once, ..ConsumerFile::new("jobs", work) };
//! let file = ScenarioFile {
//!     duration: "1d".parse()?,
//!     queues: [("jobs", QueueFile::default())].into(),
//!     producers: [("site", ProducerFile::new("jobs", ArrivalFile::Poisson(Rate(5.0))))].into(),
//!     consumers: [("worker", worker)].into(),
//!     ..ScenarioFile::default()
//! };
//! let outcome = sqsim::simulate(&file.check()?.scenario);
//!
//! // Theory: half of all messages are done within ln 2 / (10/s - 5/s) = 139 ms.
//! let jobs = outcome.queues.get("jobs").expect("it is there");
//! let p50 = jobs.latency_ns.sent_to_deleted.p50;
//! assert!((135_000_000..143_000_000).contains(&p50), "{p50}");
//! # Ok::<(), sqsim::Faults>(())
//! ```
//!
//! The types that end in `File` are what a scenario's file says, with its defaults and its checks:
//! [`scenario::file`] lists every setting. [`load()`] reads one from a file. Without the features
//! `cli` and `plots`, both on by default, the library needs neither's crates.
//!
//! A run flows one way, and so does this list of rooms: each may use those below it, none knows
//! those above.
//!
//! | room | owns |
//! |---|---|
//! | `cli` | people: arguments, progress, exit codes, one file per command |
//! | [`render`] | text, tables and plots of an outcome |
//! | [`experiment`] | many runs on all cores, folded in order |
//! | [`scenario`] | text or code → checked [`model::scenario::Scenario`], all faults located |
//! | [`outcome`] | what is serialised, versioned |
//! | [`stats`] | intervals, expectations, closed forms of queueing theory |
//! | [`engine`] | the world, the loop, limits, forks |
//! | [`observe`] | facts → metrics and traces |
//! | [`clients`] | those who call the ledger, each kind by itself: producers, fleets of workers |
//! | [`core`] | what all clients work with: the clock, the closed list of events, the ledger |
//! | [`downstream`] | what workers lean on: pools, limits, slowdown under concurrency |
//! | [`model`] | the checked scenario, as plain data |
//! | [`facts`] | what happened, as it is told, and its fingerprint |
//! | [`ledger`] | the queue service as a state machine: calls in, answers out |
//! | [`kernel`] | virtual time and chance |
#![forbid(unsafe_code)]

#[cfg(feature = "cli")]
pub mod cli;
pub mod clients;
pub mod core;
pub mod downstream;
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

pub use experiment::replicate::simulate;
pub use outcome::Outcome;
pub use scenario::file::{
    ArrivalFile, ConsumerFile, DistFile, Length, ProducerFile, QueueFile, Rate, ScenarioFile,
};
pub use scenario::{Faults, Loaded, load};
