//! The power of two choices: where a message goes decides how long it waits.
//!
//! The supermarket model: each partition has one worker of its own, and each message joins the
//! least loaded of d partitions, drawn at random. With many partitions the mean stay is the sum
//! over i of λ^((dⁱ − d)/(d − 1)) (M. Mitzenmacher, "The power of two choices in randomized load
//! balancing", IEEE TPDS 12, 2001); with one choice, that of M/M/1.
//!
//! With n partitions the stay is longer by about a share that falls as 1/n: at load 0.9 with two
//! choices 1.7 % for 100 (the paper's table 1: 2.6594 against 2.6141), hence 0.2 % for 1,000.

use sqsim::ledger::config::{Keys, ReceiveRouting};
use sqsim::model::scenario::Scenario;

use crate::book::measure;
use crate::evidence::{Length, agree, mean, reading, seconds};
use crate::servers::exponential;
use crate::support::{fleet, poisson, producer, queue, scenario};

const REPLICATIONS: u64 = 20;

/// One replication of this many seconds, after a warm-up and before a drain of as many.
fn supermarket(partitions: u32, choices: u32, load: f64, warm_up: f64, secs: f64) -> Scenario {
    let mut queue = queue();
    queue.ledger.partitions = partitions;
    queue.ledger.keys = Keys::LeastBacklog(choices);
    queue.ledger.receive = ReceiveRouting::Assigned;
    let producer = producer(poisson(load * f64::from(partitions)));
    let (warm_up, measured) = (seconds(warm_up), seconds(secs));
    let workers = fleet(partitions, exponential());
    let mut scenario = scenario(queue, producer, workers, warm_up + measured, warm_up);
    scenario.drain = warm_up;
    scenario
}

fn stay(title: &str, expected: f64, load: f64, precision: f64, scenario: &Scenario) {
    agree(title, REPLICATIONS, precision, |replication| {
        let measured = measure(scenario, replication);
        let threads = measured.fleets[0].threads() as f64;
        vec![
            reading("W", expected, mean(&measured.queues[0].latencies.sent_to_deleted)),
            reading("Wq", expected - 1.0, mean(&measured.queues[0].latencies.sent_to_received)),
            reading("busy", load, measured.fleets[0].busy.mean() / threads),
        ]
    });
}

#[test]
fn one_choice_is_many_queues_side_by_side() {
    for (load, expected) in [(0.7, 10.0 / 3.0), (0.9, 10.0)] {
        let partitions = 100;
        let length = Length::at(load, 0.02, 1.0);
        let rate = load * f64::from(partitions);
        let secs = length.customers / REPLICATIONS as f64 / rate;
        // Half of the usual warm-up, ten relaxation times, leaves 0.005 % of the empty start.
        let scenario = supermarket(partitions, 1, load, length.warm_up / 2.0, secs);
        stay(&format!("one choice at load {load}"), expected, load, 0.02, &scenario);
    }
}

#[test]
fn two_choices_shorten_the_stay_exponentially() {
    for (load, expected) in [(0.7, 1.614_454), (0.9, 2.614_057)] {
        let scenario = supermarket(1_000, 2, load, 100.0, 200.0);
        stay(&format!("two choices at load {load}"), expected, load, 0.005, &scenario);
    }
}
