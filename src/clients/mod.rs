//! Those who call the ledger: producers with their arrival processes, and fleets of workers.

pub mod arrivals;
pub mod config;
pub mod deed;
pub mod producer;
pub mod retry;
pub mod worker;
