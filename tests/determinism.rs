//! The same run is the same run, and a change moves only what it must.
//!
//! Equal scenarios give equal fingerprints: run again, in other threads, debug or release, on other
//! machines. Chance is named, so a scenario that differs in one thing has the same luck in all
//! others (P. L'Ecuyer, "Random number generation with multiple streams", WSC 2015).

mod support;

use std::collections::BTreeMap;
use std::sync::atomic::AtomicBool;
use std::thread;

use sqsim::engine::run::run_with;
use sqsim::engine::world::World;
use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Journal};
use sqsim::model::scenario::Scenario;

use support::{features, fleet, measure, named, producer, secs};

/// Fingerprints of replication 0 of some scenarios. A change of this table is a change of
/// results: the commit that makes it says why.
const FINGERPRINTS: [(&str, u64); 14] = [
    ("plain", 0x40fc_140a_274f_e1ab),
    ("delay", 0x4dbf_de7b_66ed_391f),
    ("batch", 0xffd0_7836_d252_58bb),
    ("crash", 0x13d9_e9e7_d4b8_beac),
    ("redrive", 0x7c8c_901b_b5f6_69b3),
    ("splits", 0x56d2_409c_4360_d6b0),
    ("prefetch", 0x9625_db34_0cf3_339d),
    ("heartbeat", 0x0113_c0c5_1f41_7f3b),
    ("pipeline", 0x7322_d65f_6abe_b8b9),
    ("short-polls", 0xda32_b577_71ed_90fe),
    ("closed", 0xf8eb_d6fc_4871_100e),
    ("removal", 0x57ea_1caa_9b0a_d35b),
    ("nodes", 0x7908_aee6_a782_1abc),
    ("weak-quorums", 0x1e8b_27b8_3f51_2a3b),
];

/// Everything measured, with every field, as text: two results are equal if their texts are.
fn everything(scenario: &Scenario, replication: u64) -> String {
    format!("{:?}", measure(scenario, replication).measured)
}

#[test]
fn fingerprints_are_the_same_on_every_machine_and_in_every_build() {
    let measured: Vec<(String, u64)> = features::all()
        .into_iter()
        .map(|scenario| (scenario.name.clone(), measure(&scenario, 0).measured.fingerprint))
        .collect();
    let row = |(name, print): &(String, u64)| format!("    ({name:?}, {print:#018x}),");
    let table: Vec<String> = measured.iter().map(row).collect();
    let pinned = FINGERPRINTS.map(|(name, print)| (name.to_owned(), print));
    assert!(measured == pinned, "the fingerprints are now\n{}", table.join("\n"));
}

#[test]
fn a_rerun_is_the_same_in_every_figure() {
    for scenario in features::all() {
        assert!(everything(&scenario, 3) == everything(&scenario, 3), "{}", scenario.name);
    }
}

#[test]
fn threads_change_nothing() {
    let scenarios = features::all();
    let alone: Vec<String> = scenarios.iter().map(|scenario| everything(scenario, 1)).collect();
    let together: Vec<String> = thread::scope(|scope| {
        let running: Vec<_> =
            scenarios.iter().map(|scenario| scope.spawn(|| everything(scenario, 1))).collect();
        running.into_iter().map(|thread| thread.join().expect("the run ends")).collect()
    });
    assert!(alone == together);
}

#[test]
fn another_seed_or_replication_changes_everything() {
    for scenario in features::all() {
        let mut other = scenario.clone();
        other.seed += 1;
        let runs = [measure(&scenario, 0), measure(&scenario, 1), measure(&other, 0)];
        let [first, replication, seed] = runs.map(|run| run.measured);
        for different in [&replication, &seed] {
            assert_ne!(first.fingerprint, different.fingerprint, "{}", scenario.name);
            let sums = |m: &sqsim::observe::measured::Measured| {
                (m.queues[0].sent_to_deleted.sum, m.queues[0].processing.sum, m.events)
            };
            let (ours, theirs) = (sums(&first), sums(different));
            assert_ne!(ours.0, theirs.0, "{}", scenario.name);
            assert_ne!(ours.1, theirs.1, "{}", scenario.name);
            assert_ne!(ours.2, theirs.2, "{}", scenario.name);
        }
    }
}

/// When messages arose and were sent, and the first work on each.
#[derive(Default)]
struct Arrivals {
    arrived: Vec<(Time, u32)>,
    sent: Vec<Time>,
    first_work: Vec<Option<Span>>,
    /// Receives of each message so far.
    receives: Vec<u32>,
    /// Which receive of its message each thread works on.
    begun: BTreeMap<(u32, u32), u32>,
}

impl Journal for Arrivals {
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        if let Change::Sent { message, .. } = *change
            && queue == QueueId(0)
        {
            assert_eq!(message.0 as usize, self.sent.len(), "messages are numbered as they come");
            self.sent.push(now);
            self.first_work.push(None);
            self.receives.push(0);
        }
    }
}

impl Observer for Arrivals {
    fn deed(&mut self, now: Time, deed: &Deed) {
        if let Deed::Arrived { producer } = *deed {
            self.arrived.push((now, producer.0));
        } else if let Deed::Began { worker, thread, message, receives, .. } = *deed {
            self.receives[message.0 as usize] = receives;
            self.begun.insert((worker.0, thread), receives);
        } else if let Deed::Ended { worker, thread, message, took, .. } = *deed
            && self.begun[&(worker.0, thread)] == 1
        {
            let before = self.first_work[message.0 as usize].replace(took);
            assert_eq!(before, None, "a message is worked on for the first time once");
        }
    }
}

fn arrivals(scenario: &Scenario) -> Arrivals {
    run_with(scenario, 0, &AtomicBool::new(false), Arrivals::default()).observer
}

/// One busy queue with two producers, the second of which sends in batches over a slow line.
fn base() -> Scenario {
    let mut scenario = features::all().swap_remove(0);
    let mut slow = producer(support::poisson_until(3.0, secs(300)));
    slow.batch = 4;
    slow.call_latency = Dist::Exponential { mean: Span::from_millis(80) };
    scenario.producers.push(named("slow", slow));
    scenario.fleets[0].config.count = 12;
    scenario
}

#[test]
fn another_consumer_leaves_the_arrivals_as_they_were() {
    let before = arrivals(&base());
    let mut more = base();
    more.fleets[0].config.count += 1;
    let mut other_fleet = base();
    let works = fleet(3, Dist::Constant(Span::from_millis(300)));
    other_fleet.fleets.insert(0, named("others", works));
    for scenario in [more, other_fleet] {
        let after = arrivals(&scenario);
        assert!(before.arrived.len() > 3_000 && before.arrived == after.arrived);
        assert!(before.sent == after.sent);
    }
    // The work of a message is its own too, whoever does it.
    let mut more = base();
    more.fleets[0].config.count = 40;
    assert!(before.first_work == arrivals(&more).first_work);
}

#[test]
fn another_producer_leaves_the_others_arrivals_as_they_were() {
    let of_first = |scenario: &Scenario| -> Vec<Time> {
        arrivals(scenario).arrived.into_iter().filter(|a| a.1 == 0).map(|a| a.0).collect()
    };
    let mut more = base();
    more.producers.push(named("third", producer(support::poisson(2.0))));
    assert!(of_first(&base()) == of_first(&more));
}

#[test]
fn the_visibility_timeout_changes_no_messages_first_work() {
    let with = |timeout: Span| {
        let mut scenario = base();
        scenario.queues[0].config.visibility_timeout = timeout;
        scenario.fleets[0].config.count = 60;
        arrivals(&scenario)
    };
    let (long, short) = (with(secs(3_600)), with(Span::from_millis(400)));
    assert!(short.receives.iter().filter(|&&n| n > 1).count() > 500, "many are received again");
    assert!(long.first_work.iter().all(Option::is_some));
    assert!(long.first_work == short.first_work);
}

/// Conservation and every derived count, after every single event.
#[test]
fn nothing_is_lost_at_any_event() {
    let mut events = 0;
    for seed in 1_000..1_030 {
        events += step_through(&features::random(seed), 3_000);
    }
    for scenario in features::all() {
        events += step_through(&scenario, 3_000);
    }
    assert!(events > 60_000, "{events} events are few");
}

fn step_through(scenario: &Scenario, most: u64) -> u64 {
    let mut world = World::new(scenario, 0, ());
    let mut steps = 0;
    let mut now = Time::ZERO;
    while steps < most
        && let Some((at, _)) = world.step()
    {
        assert!(now <= at, "time does not go back");
        now = at;
        steps += 1;
        world.ledger().check();
        for queue in 0..scenario.queues.len() as u32 {
            let tally = world.ledger().tally(QueueId(queue));
            assert!(tally.is_conserved(), "{}: {tally:?} at {now}", scenario.name);
            let cap = u64::from(scenario.queues[queue as usize].config.max_in_flight);
            assert!(tally.in_flight <= cap, "{}: {tally:?} at {now}", scenario.name);
        }
    }
    steps
}
