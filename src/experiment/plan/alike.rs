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
use crate::kernel::dist::Dist;
use crate::kernel::time::Span;
use crate::ledger::config::{LedgerConfig, QueueId, ReceiveRouting, SplitPolicy};
use crate::model::scenario::Scenario;
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
    let by = |queue| scenario.fleets.iter().any(|fleet| fleet.config.receives_from(queue));
    (0..scenario.queues.len()).filter(move |queue| by(QueueId(*queue as u32)))
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
    let of_it = scenario.fleets.iter().filter(|other| other.config.receives_from(fleet.queue));
    let LedgerConfig { partitions, capacity, ceiling, split, receive, nodes, .. } = &queue.ledger;
    let equal = of_it.count() == 1
        && fleet.size.fixed().is_some()
        && fleet.threads == 1
        && fleet.receive.prefetch == 0
        && fleet.receive.gap.is_none()
        && fleet.hold.is_none()
        && fleet.several.is_none()
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

#[cfg(test)]
mod tests {
    use super::super::super::point::Point;
    use super::super::super::row::RunRow;
    use super::*;
    use crate::stats::fixture;
    use crate::stats::pool::Reading;

    /// Of runs that tell of these numbers: an objective, what waits and how busy the fleet is.
    fn trial(runs: &[[f64; 3]]) -> Trial {
        let (name, sets) = (String::new(), Vec::new());
        let mut trial = Trial::new(Point { name, sets, scenario: fixture::scenario() });
        let row = |(number, of): (usize, &[f64; 3])| RunRow {
            told: of.map(|value| Told(vec![Ok(Reading::Mean(value))])).to_vec(),
            expect: Vec::new(),
            expect_told: Vec::new(),
            unstable: Vec::new(),
            fingerprint: number as u64,
            partial: None,
        };
        trial.rows = runs.iter().enumerate().map(row).collect();
        trial
    }

    #[test]
    fn facts_stand_behind_what_is_to_be_least() {
        let two = trial(&[[9.0, 3.0, 0.4], [9.0, 5.0, 0.8]]);
        assert_eq!(waiting(&two, 1), [3.0, 5.0]);
        assert_eq!(busy(&two, 1, 0).map(|busy| (busy * 1e9).round()), Some(0.6e9));
        assert_eq!((busy(&two, 1, 1), busy(&trial(&[]), 1, 0)), (None, None));
    }

    #[test]
    fn nothing_waits_where_all_of_each_run_is_known() {
        let free = trial(&[[9.0, 0.0, 0.4], [9.0, 0.0, 0.4]]);
        assert!(nothing_waits(&free, 1));
        assert!(!nothing_waits(&trial(&[[9.0, 0.0, 0.4], [9.0, 0.1, 0.4]]), 1));
        assert!(!nothing_waits(&trial(&[]), 1));
        let mut cut = free.clone();
        cut.rows[1].partial = Some("too many events".to_owned());
        assert!(!nothing_waits(&cut, 1));
        // Both must be free where they are not the same.
        let mut other = trial(&[[9.0, 0.1, 0.4], [9.0, 0.1, 0.4]]);
        assert!(alike(&free, &other, 1), "the same runs");
        other.rows[1].fingerprint = 99;
        assert!(!alike(&free, &other, 1) && !alike(&other, &free, 1));
        let mut twin = free.clone();
        twin.rows[1].fingerprint = 99;
        assert!(alike(&free, &twin, 1));
        twin.rows[1].told[0] = Told(vec![Ok(Reading::Mean(8.0))]);
        assert!(!alike(&free, &twin, 1), "another price");
    }
}
