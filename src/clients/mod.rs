//! Those who call the queue service: producers with their arrival processes, and fleets of
//! workers.
//!
//! Must not know the loop: each kind handles its own events, and asks the core for the time, the
//! calendar and the queue service. No kind knows another; `tests/tidy` holds that.
//!
//! | module | owns |
//! |---|---|
//! | [`producers`] | what arises and how it is sent |
//! | [`fleets`] | what is received and how it is worked on |
//! | [`retry`] | back-off of calls that are tried again, and their budget |

pub mod fleets;
pub mod producers;
pub mod retry;
