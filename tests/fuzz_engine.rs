//! The engine under fire: random valid scenarios for a bounded time (`fuzzing/mod.rs` says how
//! long and how to repeat a case). After every event nothing is lost and time has not gone back;
//! limits end a run where they should; the same scenario gives the same facts, watched or not.

#[path = "fuzzing/balance.rs"]
mod balance;
mod fuzzing;
#[path = "fuzzing/scenarios.rs"]
mod scenarios;
#[path = "fuzzing/watch.rs"]
mod watch;

use std::sync::atomic::AtomicBool;

use balance::balances;
use fuzzing::{Chance, fuzz};
use sqsim::engine::World;
use sqsim::engine::run::{Run, run_with};
use sqsim::engine::world::Ended;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::Span;
use sqsim::model::scenario::Scenario;
use watch::Watch;

/// Of a look at the whole ledger, between two of its kind.
const EVENTS_PER_LOOK: u64 = 50;
/// Looks of the calendar that come too early are no events; they are rare.
const STEPS_PER_EVENT: u64 = 3;

/// Runs a scenario as users do, metrics and all.
fn whole(scenario: &Scenario) -> Run<Watch> {
    run_with(scenario, 0, &AtomicBool::new(false), Watch::new(scenario))
}

/// Runs it step by step up to `events` events, and looks closely after each.
fn stepwise(scenario: &Scenario, run: &Run<Watch>) {
    let events = run.measured.events;
    let mut world = World::new(scenario, 0, Watch::new(scenario));
    let mut before = world.now();
    let mut steps = 0;
    let mut looked = 0;
    loop {
        world.observer().compare(world.ledger());
        if world.events() >= looked + EVENTS_PER_LOOK || world.ledger().resident() < 20 {
            world.observer().compare_all(world.ledger());
            looked = world.events();
        }
        if run.ended != Ended::Completed && world.events() >= events {
            break;
        }
        let Some((at, _)) = world.step() else {
            assert_eq!(run.ended, Ended::Completed);
            break;
        };
        assert!(at >= before && at == world.now() && at < scenario.end());
        before = at;
        steps += 1;
        assert!(
            steps <= STEPS_PER_EVENT * world.events() + 1_000,
            "{steps} steps, {events} events"
        );
    }
    world.observer().compare_all(world.ledger());
    assert_eq!(world.events(), events, "the same scenario, the same events");
    assert_eq!(
        world.observer().fingerprint.hash(),
        run.observer.fingerprint.hash(),
        "the same scenario, the same facts"
    );
}

/// A run ends by its end or by the limit it says.
fn ends_properly(scenario: &Scenario, run: &Run<Watch>) {
    let (limits, events) = (scenario.limits, run.measured.events);
    match run.ended {
        Ended::Completed => assert_eq!(run.measured.end, scenario.end()),
        Ended::EventLimit => assert!(events >= limits.events),
        Ended::ResidentLimit => assert!(events < limits.events),
        Ended::MemoryLimit => panic!("it may take all memory"),
        Ended::Interrupted | Ended::ObserverStopped => panic!("nobody stopped it"),
    }
}

#[test]
fn random_scenarios_keep_every_law() {
    let mut ends = [0_u64; 3];
    let mut events = 0;
    let cases = fuzz("fuzz_engine", |chance| {
        let scenario = scenarios::scenario(chance);
        let run = whole(&scenario);
        ends_properly(&scenario, &run);
        balances(&scenario, &run);
        stepwise(&scenario, &run);
        events += run.measured.events;
        ends[match run.ended {
            Ended::Completed => 0,
            Ended::EventLimit => 1,
            Ended::ResidentLimit
            | Ended::MemoryLimit
            | Ended::Interrupted
            | Ended::ObserverStopped => 2,
        }] += 1;
    });
    println!(
        "{cases} runs of {events} events; to the end, an event limit, a resident limit: {ends:?}"
    );
    assert!(cases < 200 || ends.iter().all(|&count| count > 0), "{ends:?}");
}

/// Whole seconds everywhere: most events share their instant with the end, an edge of the window or
/// of the series, and with each other.
#[test]
fn what_happens_at_the_edges_is_counted_once() {
    let cases = fuzz("fuzz_engine", |chance| {
        let scenario = scenarios::round(chance);
        let run = whole(&scenario);
        ends_properly(&scenario, &run);
        balances(&scenario, &run);
    });
    println!("{cases} runs");
}

#[test]
fn lengths_beyond_all_time_are_waited_out() {
    // A Weibull law of a small shape draws such lengths, and a check lets it pass.
    let endless =
        Dist::Mix(vec![(0.5, Dist::Constant(Span::MAX)), (0.5, Dist::Constant(Span::ZERO))]);
    for seed in 0..200 {
        let mut scenario = scenarios::scenario(&mut Chance::of_case(seed, 0));
        for producer in &mut scenario.producers {
            producer.config.call_latency = endless.clone();
            producer.config.retry.cap = Span::MAX;
        }
        for fleet in &mut scenario.fleets {
            fleet.config.call_latency = endless.clone();
            fleet.config.receive.wait = Span::ZERO;
            fleet.config.receive.pause = Dist::Constant(Span::from_nanos(u64::MAX - seed));
            fleet.config.retry.cap = Span::MAX;
        }
        let run = whole(&scenario);
        ends_properly(&scenario, &run);
        stepwise(&scenario, &run);
    }
}
