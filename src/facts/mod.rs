//! What happened, as it is told: the words that all who listen to a run share.
//!
//! Owns the deeds of clients, the trait of those who are told, facts as values, and the
//! fingerprint of a run. What the ledger tells stands in [`crate::ledger::journal`]. Must not know
//! who listens, nor what they make of it.

pub mod deed;
pub mod fact;
pub mod fingerprint;
pub mod observer;
pub mod schema;
pub mod thread_time;
