//! Facts → metrics, traces and the fingerprint. Never influences a run.

pub mod fingerprint;
mod level;
pub mod measured;
pub mod metrics;
pub mod observer;
pub mod trace;
