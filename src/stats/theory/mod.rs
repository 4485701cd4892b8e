//! Closed forms of queueing theory: what a run must reproduce wherever theory has an answer.
//!
//! Owns the formulas, each with its source. Must not know the simulator: plain numbers go in and
//! come out, in one unit of time of the caller's choice.
//!
//! General sources: L. Kleinrock, *Queueing Systems* I (1975); D. Gross, J. Shortle, J. Thompson,
//! C. Harris, *Fundamentals of Queueing Theory* (2008).
//!
//! Invariant: a queue that would grow without bound has no answer, `None`, never a number.

mod queue_service;
mod run_length;
mod single;

pub use queue_service::{
    Bulk, Nack, drain_time, expected_receives, exponential_first_finish, poisson_tail,
    power_of_choices, processor_sharing_time, set_up_time, short_poll_wait,
};
pub use run_length::{RunLength, run_length};
pub use single::{Mg1, Mmc, md1_wait_cdf};

#[cfg(test)]
mod tests;
