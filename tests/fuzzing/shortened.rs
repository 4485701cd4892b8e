//! Scenarios that a fuzz target has time for.
//!
//! Owns the bounds. Must not know how a scenario was made.

use sqsim::ledger::config::{Keys, LedgerConfig};
use sqsim::model::clients::ArrivalProcess;
use sqsim::model::scenario::Scenario;

/// It with some hundred events at most; `None` if laying it out takes too long.
pub(crate) fn shortened(mut scenario: Scenario) -> Option<Scenario> {
    let threads: u64 = (scenario.fleets.iter())
        .map(|fleet| u64::from(fleet.config.size.most()) * u64::from(fleet.config.threads))
        .sum();
    let windows = scenario.end().as_nanos() / scenario.window.as_nanos().max(1);
    let is_small = threads <= 1_000
        && windows <= 10_000
        && scenario.queues.iter().all(|queue| is_small_ledger(&queue.config.ledger))
        && scenario.producers.iter().all(|it| it.config.arrivals.iter().all(has_few_clients));
    scenario.limits.events = scenario.limits.events.min(500);
    is_small.then_some(scenario)
}

fn is_small_ledger(ledger: &LedgerConfig) -> bool {
    let few = !matches!(ledger.keys, Keys::Group { count, .. } if count > 10_000);
    let few_nodes = ledger.nodes.as_ref().is_none_or(|nodes| nodes.count <= 64);
    few && few_nodes && ledger.partitions <= 64
}

fn has_few_clients(process: &ArrivalProcess) -> bool {
    !matches!(process, ArrivalProcess::Closed { clients, .. } if *clients > 1_000)
}
