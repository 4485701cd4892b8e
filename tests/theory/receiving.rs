//! How receiving costs time: batches and short polls.

use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::Span;
use sqsim::model::clients::WorkUnit;
use sqsim::model::scenario::Scenario;

use crate::book::measure;
use crate::evidence::{Length, agree, mean, reading, seconds};
use crate::servers::{exponential, station};
use crate::support::{fleet, poisson, producer, queue, scenario, secs};

const REPLICATIONS: u64 = 40;

/// One worker takes up to `batch` messages at once and works 1 s on them together: M/M^(1,b)/1
/// (M. F. Neuts, "A general class of bulk queues with Poisson input", Ann. Math. Statist. 38,
/// 1967). With r in (0, 1) a root of r^(b+1) − (λ+1)r + λ = 0 and C = 1/(1/λ + 1/(1−r)), the
/// worker is busy with probability C/(1−r) and Wq = C·r/((1−r)²λ).
fn batches(batch: u32, load: f64, root: f64, busy: f64, wait: f64) {
    let rate = load * f64::from(batch);
    let power: f64 = (0..=batch).map(|_| root).product();
    assert!((power - (rate + 1.0) * root + rate).abs() < 1e-4, "r solves its equation");
    let length = Length::at(load, 0.01, 1.0);
    let mut fleet = fleet(1, exponential());
    fleet.receive.max = batch;
    fleet.per = WorkUnit::Batch;
    let warm_up = seconds(length.warm_up);
    let measured = seconds(length.customers / REPLICATIONS as f64 / rate);
    let mut scenario =
        scenario(queue(), producer(poisson(rate)), fleet, warm_up + measured, warm_up);
    scenario.drain = warm_up;
    agree(&format!("batches of {batch} at load {load}"), REPLICATIONS, 0.02, |replication| {
        let measured = measure(&scenario, replication);
        let queue = &measured.queues[0];
        vec![
            reading("busy", busy, measured.fleets[0].busy.mean()),
            reading("Wq", wait, mean(&queue.latencies.sent_to_received)),
            reading("Lq", wait * rate, queue.levels.visible.mean()),
            // Work of exponential length does not tell how many share it.
            reading("in flight", rate, queue.levels.in_flight.mean()),
        ]
    });
}

#[test]
fn batches_of_two() {
    batches(2, 0.5, 0.618_034, 0.723_607, 1.170_820);
    batches(2, 0.8, 0.860_147, 0.919_618, 3.534_993);
}

#[test]
fn batches_of_ten() {
    batches(10, 0.5, 0.868_822, 0.974_435, 1.290_778);
    batches(10, 0.8, 0.958_980, 0.994_899, 2.907_362);
}

/// A worker that finds nothing pauses: multiple vacations. The wait is that of M/G/1 plus the mean
/// residual pause (Y. Levy, U. Yechiali, "Utilization of idle time in an M/G/1 queueing system",
/// Management Science 22, 1975): half a constant pause, or all of an exponential one.
fn pausing(load: f64, pause: Dist) -> Scenario {
    let mut station = station(1, exponential(), load, Length::at(load, 0.01, 1.0));
    let receive = &mut station.fleets[0].config.receive;
    receive.wait = Span::ZERO;
    receive.pause = pause;
    station
}

fn short_polls(load: f64, pause: Dist, wait: f64) {
    let title = format!("short polls at load {load}, pausing {pause:?}");
    let mean_pause = pause.mean_nanos() / 1e9;
    let station = pausing(load, pause);
    agree(&title, REPLICATIONS, 0.01, |replication| {
        let measured = measure(&station, replication);
        let queue = &measured.queues[0];
        // The idle time of the worker is all pauses, one after each empty receive.
        let over = queue.levels.visible.over as f64 / 1e9;
        let empty = queue.counts.empty_receives as f64 / over;
        vec![
            reading("Wq", wait, mean(&queue.latencies.sent_to_received)),
            reading("busy", load, measured.fleets[0].busy.mean()),
            reading("empty receives", (1.0 - load) / mean_pause, empty),
        ]
    });
}

#[test]
fn a_short_poll_adds_half_its_pause() {
    short_polls(0.5, Dist::Constant(secs(2)), 2.0);
    short_polls(0.8, Dist::Constant(secs(4)), 6.0);
}

#[test]
fn a_short_poll_with_exponential_pauses_adds_their_mean() {
    short_polls(0.5, Dist::Exponential { mean: secs(2) }, 3.0);
}

/// With constant work too: `M/D/1`'s 2 s at load 0.8, plus half of 4 s.
#[test]
fn a_short_poll_adds_half_its_pause_to_constant_work() {
    let load = 0.8;
    let mut station = pausing(load, Dist::Constant(secs(4)));
    station.fleets[0].config.processing = Dist::Constant(secs(1));
    agree("short polls, constant work", REPLICATIONS, 0.01, |replication| {
        let measured = measure(&station, replication);
        vec![reading("Wq", 4.0, mean(&measured.queues[0].latencies.sent_to_received))]
    });
}
