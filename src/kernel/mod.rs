//! Virtual time and chance; knows nothing of queues.

pub mod calendar;
mod closed_forms;
pub mod dist;
pub mod num;
pub mod rng;
pub mod time;
