//! Many runs on all cores, folded in order.
//!
//! Owns what is made of several runs: replications, and the check that runs agree. Must not know
//! arguments, files or terminals.
//!
//! Invariant: the number of threads never shows in a result.

pub mod advise;
pub mod asked;
pub mod batches;
pub mod compare;
pub mod conduct;
pub mod determinism;
pub mod fates;
pub mod file;
#[cfg(test)]
mod fixture;
pub mod fraction;
pub mod in_order;
pub mod kept;
pub mod knob;
pub mod plan;
pub mod point;
pub mod precision;
pub mod progress;
pub mod quantities;
pub mod range;
pub mod regression;
pub mod repeat;
pub mod replicate;
pub mod row;
pub mod runs;
pub mod side_by_side;
pub mod sweep;
#[cfg(test)]
mod tests;
pub mod warm_up;
mod why;
