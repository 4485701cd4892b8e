//! What theory says of a measure exactly.
//!
//! Owns the way from a measure to the closed form of its queue. Must not know what was measured.
//!
//! Invariant: in doubt there is no prediction.

use super::expect::{Names, Quantity, Single, Take};
use super::recognise::recognise;
use crate::ledger::config::QueueId;
use crate::model::scenario::Scenario;

/// The value of a quantity in the steady state, in nanoseconds for a duration; `None` where
/// theory does not know it, and of a run that is too short to come to it.
pub fn predict(scenario: &Scenario, quantity: &Quantity) -> Option<f64> {
    let Single { name, take, place, .. } = quantity.single(&Names::of(scenario))?;
    let queue = match name {
        "busy" => scenario.fleets.get(place)?.config.queue,
        _ => QueueId(u32::try_from(place).ok()?),
    };
    let prediction = recognise(scenario, queue).filter(|known| known.is_reached(scenario))?;
    match (name, take) {
        ("busy", None) => Some(prediction.busy),
        ("visible", Some(Take::Mean)) => Some(prediction.waiting),
        ("sent_to_received", Some(Take::Mean)) => Some(prediction.wait_nanos),
        ("sent_to_received", Some(Take::Quantile(p))) => {
            prediction.in_order.map(|queue| queue.wait_quantile(p) * 1e9)
        }
        ("sent_to_deleted", Some(Take::Mean)) => prediction.time_nanos,
        ("sent_to_deleted", Some(Take::Quantile(p))) => {
            prediction.in_order?.time_quantile(p).map(|seconds| seconds * 1e9)
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::dist::Dist;
    use crate::kernel::num;
    use crate::kernel::time::Span;
    use crate::model::clients::{ArrivalProcess, Failure, OnFailure};
    use crate::stats::expect::parse_quantity;
    use crate::stats::fixture;

    fn told(text: &str, change: impl FnOnce(&mut Scenario)) -> Option<f64> {
        let mut scenario = fixture::scenario();
        change(&mut scenario);
        predict(&scenario, &parse_quantity(text).expect(text))
    }

    fn assert_close(found: Option<f64>, expected: f64, what: &str) {
        let found = found.expect(what);
        assert!((found - expected).abs() <= 1e-5 * expected, "{what}: {found}, not {expected}");
    }

    fn one_line(scenario: &mut Scenario) {
        scenario.queues[0].config.ledger.partitions = 1;
    }

    /// One worker with 100 ms of work on average, at load 0.8.
    fn one_worker(scenario: &mut Scenario) {
        one_line(scenario);
        let fleet = &mut scenario.fleets[0].config;
        (fleet.size, fleet.processing) =
            (1.into(), Dist::Exponential { mean: Span::from_millis(100) });
        scenario.producers[0].config.arrivals = vec![ArrivalProcess::Poisson { rate: 8.0 }];
    }

    /// The means of M/M/4 at load 0.8 in units of 80 ms of work: a wait of 0.745541 (the oracle's
    /// cell), 40/s times it in the line. They hold for any number of partitions.
    #[test]
    fn means_are_those_of_the_recognised_queue() {
        let wait = 0.745_541 * 80e6;
        for text in ["mean(sent_to_received)", "mean(orders.sent_to_received)"] {
            assert_close(told(text, |_| {}), wait, text);
        }
        assert_close(told("mean(sent_to_deleted)", |_| {}), wait + 80e6, "wait and work");
        assert_close(told("mean(visible)", |_| {}), 40.0 * wait / 1e9, "Little's law");
        for text in ["busy", "busy(workers)"] {
            assert_close(told(text, |_| {}), 0.8, text);
        }
    }

    /// P(wait > t) = C e^(-c (1 - load) t / work): Erlang's C of M/M/4 at 0.8 is its mean wait
    /// times c (1 - load), 0.745541 x 0.8. The median is 0 where fewer than half wait.
    #[test]
    fn quantiles_of_the_wait_need_one_line() {
        let c = 0.745_541 * 0.8;
        let at = |p: f64| num::ln(c / (1.0 - p)) / 0.8 * 80e6;
        assert_close(told("p95(sent_to_received)", one_line), at(0.95), "p95");
        assert_close(told("p999(orders.sent_to_received)", one_line), at(0.999), "p999");
        assert_eq!(told("p95(sent_to_received)", |_| {}), None, "four partitions");
        let few = |scenario: &mut Scenario| {
            one_line(scenario);
            scenario.producers[0].config.arrivals = vec![ArrivalProcess::Poisson { rate: 10.0 }];
        };
        assert_eq!(told("p50(sent_to_received)", few), Some(0.0));
        assert_eq!(told("p95(sent_to_deleted)", one_line), None, "several servers");
    }

    /// The time in M/M/1 is exponential with mean work / (1 - load), 500 ms.
    #[test]
    fn quantiles_of_the_time_are_those_of_one_worker() {
        let tail = |p: f64| -num::ln(1.0 - p) * 500e6;
        assert_close(told("mean(sent_to_deleted)", one_worker), 500e6, "mean");
        assert_close(told("p50(sent_to_deleted)", one_worker), tail(0.5), "p50");
        assert_close(told("p99(sent_to_deleted)", one_worker), tail(0.99), "p99");
    }

    /// Sent on to a queue that takes all, at the instant of the delete.
    #[test]
    fn a_queue_that_is_followed_by_another_is_itself_all_the_same() {
        let sent_on = |scenario: &mut Scenario| {
            one_worker(scenario);
            scenario.fleets[0].config.forward = Some(QueueId(1));
        };
        assert_close(told("mean(sent_to_deleted)", sent_on), 500e6, "mean");
        let p99 = -num::ln(0.01) * 500e6;
        assert_close(told("p99(sent_to_deleted)", sent_on), p99, "p99");
    }

    /// At 0.8 the start of one worker is felt for 897 works; a run of 4 minutes has 2,400, and
    /// 2,243 is a hundred times a quarter of its relaxation time.
    #[test]
    fn a_run_that_is_too_short_is_told_nothing() {
        let of = |secs| {
            told("mean(sent_to_received)", |scenario| {
                one_worker(scenario);
                (scenario.warm_up, scenario.duration) = (Span::ZERO, Span::from_secs(secs));
            })
        };
        assert_close(of(240), 400e6, "long enough");
        assert_eq!(of(220), None);
    }

    #[test]
    fn in_doubt_there_is_none() {
        type Change = fn(&mut Scenario);
        for text in [
            "max(sent_to_received)",
            "count(sent_to_received)",
            "max(visible)",
            "mean(in_flight)",
            "mean(processing)",
            "rate(deleted)",
            "deleted",
            "mean(orders-dlq.sent_to_received)",
            "mean(sent_to_received) * 2",
            "p99(sent_to_deleted) - p50(sent_to_deleted)",
        ] {
            assert_eq!(told(text, one_worker), None, "{text}");
        }
        let changes: [(&str, Change); 2] = [
            ("nacks", |s| {
                let then = OnFailure::Release(Span::from_secs(3));
                s.queues[0].config.redrive = None;
                s.fleets[0].config.failure =
                    Failure { probability: 0.1, poison: 0.0, then, whole_batch: false };
            }),
            ("short polls", |s| {
                s.fleets[0].config.receive.wait = Span::ZERO;
                s.fleets[0].config.receive.pause = Dist::Constant(Span::from_millis(10));
            }),
        ];
        for (what, change) in changes {
            let told = |text| {
                told(text, |scenario| {
                    one_worker(scenario);
                    change(scenario);
                })
            };
            assert!(told("mean(sent_to_received)").is_some(), "{what}");
            assert_eq!(told("p99(sent_to_received)"), None, "{what}");
            assert_eq!(told("p99(sent_to_deleted)"), None, "{what}");
        }
    }

    /// The second fleet takes from the first queue.
    #[test]
    fn a_busy_share_is_that_of_the_fleet_and_not_of_its_place() {
        let another = |scenario: &mut Scenario| {
            let mut first = scenario.fleets[0].clone();
            (first.name, first.config.queue) = ("first".to_owned(), QueueId(1));
            scenario.fleets.insert(0, first);
        };
        assert_close(told("busy(workers)", another), 0.8, "the second");
        assert_eq!(told("busy(first)", another), None);
    }
}
