//! Forks before anything happens: the same as a run that had the settings from the start.
//!
//! | module | owns |
//! |---|---|
//! | `bases` | the scenarios that are forked |
//! | `log` | what clients do in them |
//! | `ties` | what comes first at one instant after a fork |
//! | `loads` | what a split policy knows of the time before it had a capacity |

mod bases;
mod loads;
mod log;
mod ties;

use std::sync::atomic::AtomicBool;

use sqsim::kernel::time::Time;

static GO_ON: AtomicBool = AtomicBool::new(false);

/// Before anything happens.
const EARLY: [Time; 2] = [Time::from_nanos(500_000_000), Time::from_nanos(4_000_000_000)];
