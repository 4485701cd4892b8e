//! Virtual time and chance.
//!
//! Owns instants and lengths, the order of events, every random number and the arithmetic whose
//! bits must not depend on the machine. Must not know queues.

pub mod bucket;
pub mod calendar;
mod chunks;
mod closed_forms;
pub mod dist;
mod front;
pub mod num;
pub mod rng;
mod standing;
pub mod time;
mod timers;
mod wheel;
