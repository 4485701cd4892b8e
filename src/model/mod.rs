//! The checked scenario: what a run is told, as plain data.
//!
//! Owns its types; those of a queue are the ledger's own (`ledger::config`). Must not know files or
//! syntax, which `scenario` reads one from, nor anything that happens.

pub mod clients;
pub mod course;
pub mod downstream;
pub mod fleet_size;
pub mod functions;
pub(crate) mod near;
pub mod scaling;
pub mod scenario;
