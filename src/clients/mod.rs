//! Those who call the ledger: producers with their arrival processes, and fleets of workers.
//!
//! Owns what each of them decides by itself. Must not know the calendar: the engine asks them, and
//! lets their calls take effect.

pub mod arrivals;
pub mod producer;
pub mod retry;
pub mod worker;
