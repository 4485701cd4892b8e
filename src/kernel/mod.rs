//! Virtual time and chance; knows nothing of queues.

pub mod dist;
pub mod rng;
pub mod time;
