//! The world, the closed event enum and the loop.

pub mod scenario;
