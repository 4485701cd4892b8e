//! Runs against theory: where queueing theory has an exact answer, the simulator must give it.
//!
//! | module | owns |
//! |---|---|
//! | `evidence` | replications, standard errors, the verdict |
//! | `book` | the identities that hold in every run, checked in each of these |
//! | `servers` | M/M/1, M/M/c, M/G/1, M/G/∞ |
//! | `redelivery` | failures, dead-letter queues, visibility timeouts that are too short |
//! | `receiving` | batches, short polls |
//! | `choices` | the power of two choices |
//! | `drain` | how long a backlog lasts |
//! | `recursions` | waiting times to the nanosecond |
//! | `spoken` | all that theory says of settings drawn at random |
//! | `varying` | fleets whose size the clock changes |
//! | `identities` | Little's law and its relatives, exactly |
//!
//! Work is 1 s on average, so that the numbers of the literature can be read off as they stand.

mod book;
mod choices;
mod drain;
mod evidence;
mod identities;
mod receiving;
mod recursions;
mod redelivery;
mod servers;
mod spoken;
#[path = "../support/mod.rs"]
#[expect(dead_code, reason = "shared by several test binaries, none of which needs all of it")]
mod support;
mod varying;
