//! How many bytes an outcome takes while others are made.
//!
//! Owns the sum. Must not know how many outcomes there are, nor what is too much.

use super::{
    Checkpoint, ExpectOutcome, FleetOutcome, FunctionOutcome, Lived, Outage, Outcome,
    ProducerOutcome, QueueOutcome, Refused, Unstable,
};
use crate::model::scenario::Scenario;

/// So many of something.
fn times(count: usize, bytes: usize) -> u64 {
    (count as u64).saturating_mul(bytes as u64)
}

/// What stands in a map by name.
fn named<T>(count: usize) -> u64 {
    times(count, size_of::<(String, T)>())
}

fn least(queues: usize, producers: usize, fleets: usize, functions: usize) -> u64 {
    (size_of::<Outcome>() as u64)
        .saturating_add(named::<QueueOutcome>(queues))
        .saturating_add(named::<ProducerOutcome>(producers))
        .saturating_add(named::<FleetOutcome>(fleets))
        .saturating_add(named::<FunctionOutcome>(functions))
}

impl Outcome {
    /// Bytes that the outcome of a run of this scenario takes at least, whatever happens in it.
    pub fn least_bytes(scenario: &Scenario) -> u64 {
        let Scenario { queues, producers, fleets, functions, .. } = scenario;
        least(queues.len(), producers.len(), fleets.len(), functions.len())
    }

    /// Bytes that it takes, in round terms.
    pub fn bytes(&self) -> u64 {
        let expect = |of: &ExpectOutcome| {
            size_of::<ExpectOutcome>() + of.text.len() + of.note.as_ref().map_or(0, String::len)
        };
        let expect: usize = self.expect.iter().map(expect).sum();
        let (fleets, functions) = (self.consumers.len(), self.functions.len());
        least(self.queues.len(), self.producers.len(), fleets, functions)
            .saturating_add(self.queues.iter().map(|(_, queue)| lists(queue)).sum())
            .saturating_add(times(self.checkpoints.len(), size_of::<Checkpoint>() + 16))
            .saturating_add(times(self.unstable.len(), size_of::<Unstable>()))
            .saturating_add(expect as u64)
            .saturating_add(self.merges.bytes())
    }
}

fn lists(queue: &QueueOutcome) -> u64 {
    let outages = queue.nodes.as_ref().map_or(0, |nodes| nodes.outages.len());
    times(queue.partitions.history.len(), size_of::<Lived>())
        + times(queue.partitions.refused.len(), size_of::<Refused>())
        + times(outages, size_of::<Outage>())
        + times(queue.receives_per_message.len(), size_of::<u64>())
}
