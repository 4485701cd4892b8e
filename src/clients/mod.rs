//! Those who call the ledger: producers with their arrival processes, and fleets of workers.

pub mod config;
pub mod deed;
