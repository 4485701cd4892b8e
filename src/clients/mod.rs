//! Those who call the queue service: producers with their arrival processes, fleets of workers, and
//! functions; and what decides how many workers there are.
//!
//! Must not know the loop: each kind handles its own events, and asks the core for the time, the
//! calendar and the queue service. No kind knows another; `tests/tidy` holds that.
//!
//! | module | owns |
//! |---|---|
//! | [`producers`] | what arises and how it is sent |
//! | [`fleets`] | what is received and how it is worked on |
//! | [`functions`] | what is invoked with what a mapping receives |
//! | [`scaling`] | how many workers a fleet is to have, from what a queue's counters say |
//! | `failure` | whether the processing of a message fails |
//! | [`retry`] | back-off of calls that are tried again, and their budget |

mod failure;
pub mod fleets;
pub mod functions;
pub mod producers;
pub mod retry;
pub mod scaling;
