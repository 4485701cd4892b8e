//! Who sends to each queue and who receives from it.
//!
//! Owns the index of a scenario by queue, so that what is asked of each of ten thousand queues does
//! not go through all consumers each time. Must not know what is asked.

use crate::ledger::config::QueueId;
use crate::model::scenario::Scenario;

/// The parts of a scenario by the place of their queue.
#[derive(Clone, Debug)]
pub struct ByQueue {
    producers: Vec<Vec<usize>>,
    fleets: Vec<Vec<usize>>,
    /// Messages come from another queue, or from this one again.
    is_fed: Vec<bool>,
    /// A function receives from it.
    has_function: Vec<bool>,
}

impl ByQueue {
    /// Of this scenario.
    pub fn of(scenario: &Scenario) -> ByQueue {
        let number = scenario.queues.len();
        let (mut producers, mut fleets) = (vec![Vec::new(); number], vec![Vec::new(); number]);
        let mut is_fed = vec![false; number];
        let mut feed = |to: Option<QueueId>| {
            if let Some(fed) = to.and_then(|to| is_fed.get_mut(to.0 as usize)) {
                *fed = true;
            }
        };
        for queue in &scenario.queues {
            feed(queue.config.redrive.map(|redrive| redrive.to));
        }
        for (place, fleet) in scenario.fleets.iter().enumerate() {
            feed(fleet.config.forward);
            for queue in fleet.config.queues() {
                if let Some(own) = fleets.get_mut(queue.0 as usize) {
                    own.push(place);
                }
            }
        }
        let mut has_function = vec![false; number];
        for function in &scenario.functions {
            if let Some(own) = has_function.get_mut(function.config.queue.0 as usize) {
                *own = true;
            }
        }
        for (place, producer) in scenario.producers.iter().enumerate() {
            if let Some(own) = producers.get_mut(producer.config.queue.0 as usize) {
                own.push(place);
            }
        }
        ByQueue { producers, fleets, is_fed, has_function }
    }

    /// The places of the producers that send to the queue at this place, ascending.
    pub fn producers(&self, queue: usize) -> &[usize] {
        self.producers.get(queue).map_or(&[], Vec::as_slice)
    }

    /// The places of the fleets that receive from the queue at this place, ascending.
    pub fn fleets(&self, queue: usize) -> &[usize] {
        self.fleets.get(queue).map_or(&[], Vec::as_slice)
    }

    /// Whether a function receives from the queue at this place.
    pub fn has_function(&self, queue: usize) -> bool {
        self.has_function.get(queue).is_some_and(|has| *has)
    }

    /// Whether messages are forwarded or moved to the queue at this place.
    pub fn is_fed(&self, queue: usize) -> bool {
        self.is_fed.get(queue).is_some_and(|fed| *fed)
    }
}
