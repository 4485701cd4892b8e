//! What clients do in a run.
//!
//! Owns the way from a course to its list. Must not know what is forked.

use sqsim::engine::run::run_with;
use sqsim::kernel::time::Time;
use sqsim::model::course::Course;

use super::GO_ON;
use super::deeds::Deeds;

/// All of it in a run.
pub(crate) fn of(course: Course<'_>) -> Deeds {
    run_with(course, 0, &GO_ON, Deeds::default()).observer
}

/// The arrivals of a producer from `at` on.
pub(crate) fn arrivals(deeds: &Deeds, producer: u32, at: Time) -> Vec<Time> {
    let own = deeds.arrived.iter().filter(|&&(time, of)| of == producer && time >= at);
    own.map(|&(time, _)| time).collect()
}
