//! Facts → metrics, traces and the fingerprint. Never influences a run.

pub mod measured;
pub mod observer;
