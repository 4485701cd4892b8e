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
use sqsim::ledger::config::{MessageSize, QueueId};
use sqsim::ledger::journal::{Change, Journal, Step};
use sqsim::model::scenario::Scenario;
use sqsim::observe::measured::Measured;

use support::{features, fleet, measure, named, producer, secs};

/// Fingerprints of replication 0 of some scenarios. A change of this table is a change of
/// results: the commit that makes it says why.
const FINGERPRINTS: [(&str, u64); 15] = [
    ("plain", 0x9229_143f_3128_8bb9),
    ("delay", 0xbdcf_8b08_c2fa_1a5e),
    ("batch", 0x78fe_aceb_9388_fe6e),
    ("crash", 0xf556_45b9_b22e_0e3d),
    ("redrive", 0x8c05_175b_9285_8553),
    ("splits", 0x1486_e502_e0d1_58a8),
    ("prefetch", 0xeca7_1a8c_7aa2_c94e),
    ("heartbeat", 0x96b2_3873_3ceb_4c51),
    ("leaning", 0xe8bb_1099_4b02_7e66),
    ("pipeline", 0x273f_12af_0238_cf2f),
    ("short-polls", 0x5611_8774_0b64_4cd8),
    ("closed", 0x5764_f5d4_d974_ac6d),
    ("removal", 0x488f_3032_1dec_35d5),
    ("nodes", 0x22c8_1055_ddf8_2830),
    ("weak-quorums", 0x3b70_fb9c_c10b_4be7),
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

/// What is billed is a fact: a call of 65,537 bytes is two requests, one of 65,536 is one.
#[test]
fn runs_with_different_bills_have_different_fingerprints() {
    let of = |bytes| {
        let mut scenario = features::all().swap_remove(0);
        for queue in &mut scenario.queues {
            queue.config.message_size = MessageSize::constant(bytes);
        }
        measure(&scenario, 0).measured
    };
    let (one, two) = (of(65_536), of(65_537));
    let sends =
        |of: &Measured| (of.queues[0].counts.calls.send, of.queues[0].counts.requests().send);
    let calls = one.queues[0].counts.calls.send;
    assert_eq!((sends(&one), sends(&two)), ((calls, calls), (calls, 2 * calls)));
    assert_ne!(one.fingerprint, two.fingerprint);
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
            let sums = |m: &Measured| {
                (
                    m.queues[0].latencies.sent_to_deleted.sum,
                    m.queues[0].latencies.processing.sum,
                    m.events,
                )
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
        if let Change::Message(message, Step::Sent { .. }) = *change
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
    scenario.fleets[0].config.size = 12.into();
    scenario
}

#[test]
fn another_consumer_leaves_the_arrivals_as_they_were() {
    let before = arrivals(&base());
    let mut more = base();
    more.fleets[0].config.size = (more.fleets[0].config.size.most() + 1).into();
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
    more.fleets[0].config.size = 40.into();
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
        scenario.fleets[0].config.size = 60.into();
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
