//! Those who call the queue service: producers with their arrival processes, and fleets of
//! workers; and what decides how many those are.
//!
//! Must not know the loop: each kind handles its own events, and asks the core for the time, the
//! calendar and the queue service. No kind knows another; `tests/tidy` holds that.
//!
//! | module | owns |
//! |---|---|
//! | [`producers`] | what arises and how it is sent |
//! | [`fleets`] | what is received and how it is worked on |
//! | [`scaling`] | how many workers a fleet is to have, from what a queue's counters say |
//! | [`retry`] | back-off of throttled calls |

pub mod fleets;
pub mod producers;
pub mod retry;
pub mod scaling;
