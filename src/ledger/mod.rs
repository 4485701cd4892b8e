//! The queue service: a state machine, calls in, answers out. Knows no event, no producer and no
//! consumer.

pub mod config;
pub mod journal;
