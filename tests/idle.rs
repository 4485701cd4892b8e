//! What stands idle costs nothing where it stands beside something busy.
//!
//! `cargo bench -- mm10 idle-queues idle-producers idle-fleets` measures it; what does not depend
//! on the machine is held here: the busy part does the same, in as many events.

#[expect(dead_code, reason = "shared by several test binaries, none of which needs all of it")]
mod support;

use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::Span;
use sqsim::ledger::config::QueueId;
use sqsim::model::scenario::Scenario;
use sqsim::observe::measured::Measured;

use support::{fleet, measure, named, poisson, producer, queue, scenario, secs};

const IDLE: u32 = 800;

/// 10 workers at load 0.8 for 100 s.
fn busy() -> Scenario {
    let work = Dist::Exponential { mean: Span::from_millis(80) };
    scenario(queue(), producer(poisson(100.0)), fleet(10, work), secs(100), Span::ZERO)
}

/// The busy queue and its fleet as they are alone, and so many events more.
fn assert_idle(what: &str, scenario: &Scenario, more: u64) {
    let (alone, beside) = (measure(&busy(), 0).measured, measure(scenario, 0).measured);
    assert_eq!(beside.events, alone.events + more, "{what}: events");
    let busy =
        |run: &Measured| format!("{:?} {:?} {:?}", run.queues[0], run.producers[0], run.fleets[0]);
    assert!(busy(&beside) == busy(&alone), "{what}: the busy part");
}

fn idle(number: u32) -> String {
    format!("idle-{number}")
}

#[test]
fn idle_queues_make_no_event() {
    let mut scenario = busy();
    scenario.queues.extend((0..IDLE).map(|number| named(&idle(number), queue())));
    assert_idle("queues", &scenario, 0);
}

#[test]
fn idle_producers_make_no_event() {
    let mut scenario = busy();
    let silent = producer(poisson(1e-9));
    scenario.producers.extend((0..IDLE).map(|number| named(&idle(number), silent.clone())));
    assert_idle("producers", &scenario, 0);
}

/// Their long polls end empty at 20, 40, 60 and 80 s; at 100 s the run is over.
#[test]
fn idle_fleets_make_an_event_a_poll() {
    let mut scenario = busy();
    scenario.queues.push(named("empty", queue()));
    let mut waiting = fleet(1, Dist::Constant(secs(1)));
    waiting.queue = QueueId(1);
    scenario.fleets.extend((0..IDLE).map(|number| named(&idle(number), waiting.clone())));
    assert_idle("fleets", &scenario, 4 * u64::from(IDLE));
}
