//! What every kind of client works with: the clock, the events, the queue service.
//!
//! Must not know any kind of client, beyond the names of its events.
//!
//! | module | owns |
//! |---|---|
//! | [`event`] | the closed list of events and their order |
//! | [`shared`] | the state that all share, and what the queue service does at its events |
//! | [`downstreams`] | the states of all that workers lean on |
//! | [`leaning`] | the calls of these, in the hands of the clock |
//! | `turns` | what keeps its turn when it is moved at a fork |
//! | [`calls`] | calls under way |

pub mod calls;
pub mod downstreams;
pub mod event;
pub mod leaning;
pub mod shared;
mod turns;

pub use shared::Core;
