//! What numbers mean: intervals, expectations, closed forms of queueing theory, the bottleneck.
//!
//! Owns everything that is computed from a scenario and what was measured, as pure functions.
//! Must not know how a number is printed or stored.

pub mod advice;
mod assumed;
pub mod batch_means;
pub mod bottleneck;
pub mod by_queue;
pub mod cost;
pub mod counted;
pub mod expect;
#[cfg(test)]
pub(crate) mod fixture;
pub mod listed;
pub mod mser;
pub mod paired;
pub mod pool;
pub mod predict;
pub mod recognise;
pub mod scaling;
pub mod stability;
pub mod student;
pub mod summary;
pub mod tail;
mod take;
pub mod theory;
