//! Which points are alike, so that one of them need not be run.
//!
//! Owns what is measured to know it, and the two grounds. Must not know which points are tried.
//!
//! The sure ground: the runs of both are the same, or in neither of them a message waited and the
//! targets came out equal, in every replication that both have. Common random numbers make that an
//! exact comparison.
//!
//! The ground that needs no second point ([`more_are_idle`]): all messages of a run were taken at
//! once by one of several equal workers that all waited for them. Who else waited changes no
//! message's fate. The conditions are a closed list; what workers do beside messages (their polls,
//! their hours) is another matter, so it holds for latencies alone.

use super::trial::Trial;
use crate::engine::scenario::Scenario;
use crate::kernel::dist::Dist;
use crate::kernel::time::Span;
use crate::ledger::config::{LedgerConfig, ReceiveRouting, SplitPolicy};
use crate::stats::expect::{Expectation, Names, Quantity, Told, parse_quantity};
use crate::stats::summary::Summary;

/// What a run must tell beside its targets: how many messages wait on average in each queue that a
/// fleet receives from, and how busy each fleet is.
pub(super) fn facts(scenario: &Scenario) -> Vec<Quantity> {
    let names = Names::of(scenario);
    let waiting = served(scenario).map(|queue| format!("mean({}.visible)", names.queues[queue]));
    let busy = names.fleets.iter().map(|fleet| format!("busy({fleet})"));
    let known = |text: String| parse_quantity(&text).ok().filter(|fact| fact.check(&names).is_ok());
    waiting.chain(busy).map(known).collect::<Option<_>>().unwrap_or_default()
}

/// The places of the queues that a fleet receives from.
fn served(scenario: &Scenario) -> impl Iterator<Item = usize> {
    let by =
        |queue: usize| scenario.fleets.iter().any(|fleet| fleet.config.queue.0 as usize == queue);
    (0..scenario.queues.len()).filter(move |queue| by(*queue))
}

/// How many messages wait on average, over all of these queues, in each replication; `from` is the
/// place of the first of [`facts`] among what was measured. Empty where it is not known.
pub(super) fn waiting(trial: &Trial, from: usize) -> Vec<f64> {
    let queues = served(&trial.point.scenario).count();
    let sum = |told: &[Told]| {
        let facts = told.get(from..from + queues).filter(|facts| !facts.is_empty())?;
        facts.iter().try_fold(0.0, |sum, waiting| waiting.alone().map(|waiting| sum + waiting))
    };
    let each = trial.rows.iter().map(|row| sum(&row.told));
    each.collect::<Option<_>>().unwrap_or_default()
}

/// The mean share of the fleet at this place that was busy; `None` where it is not known.
pub(super) fn busy(trial: &Trial, from: usize, fleet: usize) -> Option<f64> {
    let at = from + served(&trial.point.scenario).count() + fleet;
    let each = trial.rows.iter().map(|row| row.told.get(at).and_then(Told::alone));
    let each: Vec<f64> = each.collect::<Option<_>>()?;
    (!each.is_empty()).then(|| Summary::of(&each).mean)
}

/// Whether in no replication a message waited for a worker while it was measured.
pub(super) fn nothing_waits(trial: &Trial, from: usize) -> bool {
    let waiting = waiting(trial, from);
    let whole = trial.rows.iter().all(|row| row.partial.is_none());
    whole && !waiting.is_empty() && waiting.iter().all(|&waiting| waiting == 0.0)
}

/// Whether two points give the same targets, and the same of what is to be least, wherever both
/// were run.
pub(super) fn alike(a: &Trial, b: &Trial, from: usize) -> bool {
    let free = nothing_waits(a, from) && nothing_waits(b, from);
    let mut pairs = a.rows.iter().zip(&b.rows).peekable();
    pairs.peek().is_some()
        && pairs.all(|(a, b)| {
            let same = a.fingerprint == b.fingerprint || free;
            same && a.expect == b.expect && a.told.get(..from) == b.told.get(..from)
        })
}

/// Whether `path` sets the number of workers of a fleet of which more could only be idle, once
/// nothing waits for one of them.
pub(super) fn more_are_idle(path: &str, scenario: &Scenario, targets: &[Expectation]) -> bool {
    let fleet = path.strip_prefix("consumers.").and_then(|path| path.strip_suffix(".count"));
    let place = scenario.fleets.iter().position(|known| Some(known.name.as_str()) == fleet);
    let latencies = targets.iter().all(Expectation::is_of_latencies);
    latencies && place.is_some_and(|place| equal_and_waiting(scenario, place))
}

/// Whether all workers of a fleet are equal and wait for messages whenever they do not work, and
/// nothing else that they do changes what others find.
fn equal_and_waiting(scenario: &Scenario, place: usize) -> bool {
    let fleet = &scenario.fleets[place].config;
    let queue = &scenario.queues[fleet.queue.0 as usize].config;
    let of_it = scenario.fleets.iter().filter(|other| other.config.queue == fleet.queue);
    let LedgerConfig { partitions, capacity, ceiling, split, receive, nodes, .. } = &queue.ledger;
    let equal = of_it.count() == 1
        && fleet.threads == 1
        && fleet.receive.prefetch == 0
        && fleet.delete.batch == 1
        && fleet.crash.is_none()
        && matches!(fleet.start_up, Dist::Constant(_));
    let always = !fleet.receive.wait.is_zero()
        && fleet.call_latency == Dist::Constant(Span::ZERO)
        && (*partitions == 1 || *receive == ReceiveRouting::RegisterAll);
    let unseen = capacity.is_none()
        && ceiling.is_none()
        && nodes.is_none()
        && matches!(split, SplitPolicy::Static)
        && queue.lost_deletes == 0.0
        && queue.duplicates == 0.0;
    equal && always && unseen
}
