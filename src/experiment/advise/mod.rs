//! Advice: what a person would look for by hand.
//!
//! Owns what the two advisors share. Must not know arguments, files or words.

mod candidates;
pub mod length;
pub mod timeout;
mod verdict;

use crate::ledger::config::QueueId;
use crate::model::scenario::Scenario;
use crate::scenario::fault::{Fault, Faults};

/// Probability with which every interval covers the truth.
const CONFIDENCE: f64 = 0.95;

/// The queue of the first fleet, about which advice is.
///
/// # Errors
/// There is no fleet.
fn first_queue(scenario: &Scenario) -> Result<QueueId, Faults> {
    let none = || {
        let what = "there is no advice without consumers";
        let help = "advice is about the queue of the first fleet in `consumers`";
        Faults::of(Fault::new(what).help(help))
    };
    let fleet = scenario.fleets.first().ok_or_else(none)?;
    if fleet.config.several.is_some() {
        let what = format!("there is no advice for `{}`, which receives from several", fleet.name);
        let help = "advice is about one queue; give each a fleet of its own";
        return Err(Faults::of(Fault::new(what).help(help)));
    }
    Ok(fleet.config.queue)
}
