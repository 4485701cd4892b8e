//! How long a backlog lasts.

use sqsim::engine::world::World;
use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::num;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Journal, Step};
use sqsim::model::clients::ArrivalProcess;
use sqsim::model::scenario::Scenario;

use crate::evidence::{agree, reading};
use crate::servers::exponential;
use crate::support::{fleet, poisson, producer, queue, scenario, secs};

/// When the queue was empty for the first time after its first message.
#[derive(Default)]
struct Emptied {
    messages: u64,
    at: Option<Time>,
}

impl Journal for Emptied {
    fn change(&mut self, now: Time, _queue: QueueId, change: &Change) {
        if let Change::Message(_, Step::Sent { .. }) = change {
            self.messages += 1;
        } else if let Change::Message(_, Step::Deleted { .. }) = change {
            self.messages -= 1;
            if self.messages == 0 {
                self.at.get_or_insert(now);
            }
        }
    }
}

impl Observer for Emptied {
    fn deed(&mut self, _now: Time, _deed: &Deed) {}
}

fn drain_secs(scenario: &Scenario, replication: u64) -> f64 {
    let mut world = World::new(scenario, replication, Emptied::default());
    while world.observer().at.is_none() {
        assert!(world.step().is_some(), "the queue drains before the end of the run");
    }
    world.observer().at.map_or(0.0, |at| at.since(Time::ZERO).as_secs_f64())
}

/// One worker, `backlog` messages at 0 and arrivals that go on at `load`: the time to the first
/// empty queue is the sum of as many busy periods of M/M/1, with mean B/(1 − λ) and variance
/// B(1 + λ)/(1 − λ)³ (L. Takács, "Introduction to the Theory of Queues", 1962).
///
/// A replication is `runs` runs, whose squared deviations are taken from theory's mean: so their
/// average is the variance without bias.
fn drains(backlog: u64, load: f64, runs: u64) {
    let mut producer = producer(ArrivalProcess::Burst { at: Time::ZERO, count: backlog });
    producer.arrivals.push(poisson(load));
    let fleet = fleet(1, exponential());
    let scenario = scenario(queue(), producer, fleet, secs(1_000_000), Span::ZERO);
    let spare = 1.0 - load;
    let expected = backlog as f64 / spare;
    let variance = backlog as f64 * (1.0 + load) / (spare * spare * spare);
    let title = format!("drain of {backlog} at load {load}, sd {:.3}", num::sqrt(variance));
    agree(&title, 40, 0.01, |replication| {
        let first = replication * runs;
        let times: Vec<f64> = (first..first + runs).map(|run| drain_secs(&scenario, run)).collect();
        let average = |value: &dyn Fn(f64) -> f64| {
            times.iter().map(|&t| value(t)).sum::<f64>() / times.len() as f64
        };
        let square = |t: f64| (t - expected) * (t - expected);
        vec![
            reading("mean", expected, average(&|t| t)),
            reading("variance", variance, average(&square)).to(0.05),
        ]
    });
}

#[test]
fn a_backlog_drains_at_the_rate_that_arrivals_leave() {
    drains(100, 0.5, 100);
    drains(100, 0.8, 100);
    drains(1_000, 0.9, 40);
}
