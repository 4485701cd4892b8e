//! Facts → metrics and traces.
//!
//! Owns what is remembered of a run. Must not know how the run goes on, and never influences it.

pub mod batches;
mod cells;
pub(crate) mod counts;
pub mod distribution;
mod downstream;
mod downstream_meter;
mod each;
mod fleet;
mod fleet_meter;
mod function;
mod function_meter;
pub(crate) mod latencies;
mod level_meter;
pub(crate) mod levels;
pub mod measured;
pub mod metrics;
pub mod nature;
mod node_meter;
mod producer_meter;
mod queue_meter;
pub mod recovery;
pub mod series;
mod squares;
pub mod trace;
pub mod waits;
mod window_cells;
mod windows;
