//! The first message whose fate differs between two systems, told.
//!
//! Owns the sentences about both runs, and the last resort where no cause is found. Must not know
//! how fates are compared.

use std::sync::atomic::AtomicBool;

use super::why::why;
use crate::engine::fates::{Side, first_parting};
use crate::engine::lockstep::{Stepper, first_difference};
use crate::facts::fact::Fact;
use crate::kernel::time::Time;
use crate::model::scenario::Scenario;
use crate::observe::trace::in_words;
use crate::outcome::{FateSide, FirstFate};

/// The first message whose fate differs in the first replications; `None` if none does, or
/// `interrupt` was set.
pub fn first_fate(scenarios: [&Scenario; 2], interrupt: &AtomicBool) -> Option<FirstFate> {
    let parting = first_parting(scenarios, interrupt)?;
    let [a, b] = [0, 1].map(|which| told(scenarios[which], &parting.sides[which]));
    let queue = (0..2).find_map(|which| {
        let number = parting.sides[which].queue?;
        Some(scenarios[which].queues[number.0 as usize].name.clone())
    });
    let why = why(scenarios, &parting);
    Some(FirstFate {
        message: parting.message.0,
        queue: queue.unwrap_or_default(),
        at_ns: parting.at.as_nanos(),
        a,
        b,
        why: why.unwrap_or_else(|| earliest(scenarios, interrupt)),
    })
}

fn told(scenario: &Scenario, side: &Side) -> FateSide {
    match side.next {
        Some((at, fact)) => {
            FateSide { at_ns: Some(at.as_nanos()), what: in_words(scenario, at, &fact) }
        }
        None if side.queue.is_none() => {
            FateSide { at_ns: None, what: "there is no such queue".to_owned() }
        }
        None => FateSide { at_ns: None, what: "nothing more happens to it in this run".to_owned() },
    }
}

/// Where nothing explains it: what differs first of all that happens.
fn earliest(scenarios: [&Scenario; 2], interrupt: &AtomicBool) -> String {
    let [a, b] = scenarios.map(|scenario| Stepper::new(scenario, 0));
    let Some(first) = first_difference(a, b, interrupt) else {
        return "no cause was found".to_owned();
    };
    let side = |which: usize, fact: Option<(Time, Fact)>| match fact {
        Some((at, fact)) => format!("`{} {}`", at, in_words(scenarios[which], at, &fact)),
        None => "nothing".to_owned(),
    };
    let (a, b) = (side(0, first.left), side(1, first.right));
    format!(
        "nothing that can be seen there; the first difference of any kind is {a} in a, {b} in b"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load::from_text;

    static GO_ON: AtomicBool = AtomicBool::new(false);

    /// One worker, ten messages a second from 0.1 s on, each 150 ms of work.
    const PLAIN: &str = r#"(
        duration: "10s",
        queues: {"jobs": (), "dead": ()},
        producers: {
            "web": (queue: "jobs", arrivals: Constant("10/s"), call_latency: Constant("0s")),
        },
        consumers: {
            "workers": (
                queue: "jobs",
                count: 1,
                processing: Constant("150ms"),
                call_latency: Constant("0s"),
            ),
        },
    )"#;

    fn scenario(text: &str, sets: &[&str]) -> Scenario {
        let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        let loaded = from_text("a.ron", text, &sets, &no_files);
        loaded.unwrap_or_else(|faults| panic!("{faults}")).scenario
    }

    fn parted(a: &Scenario, b: &Scenario) -> Option<FirstFate> {
        let found = first_fate([a, b], &GO_ON);
        let swapped = first_fate([b, a], &GO_ON);
        let seen = |fate: &FirstFate| (fate.message, fate.at_ns, fate.queue.clone());
        assert_eq!(found.as_ref().map(seen), swapped.as_ref().map(seen), "there and back");
        assert_eq!(found, first_fate([a, b], &GO_ON), "twice the same");
        found
    }

    /// The parting of the plain scenario with `shared` and `a` from that with `shared` and `b`.
    fn of(shared: &[&str], a: &[&str], b: &[&str]) -> FirstFate {
        let [a, b] = [a, b].map(|own| scenario(PLAIN, &[shared, own].concat()));
        parted(&a, &b).expect("their fates part")
    }

    const SECOND: u64 = 1_000_000_000;
    const MILLI: u64 = 1_000_000;

    /// m0 is worked on from 0.1 s to 0.25 s, m1 comes at 0.2 s.
    #[test]
    fn a_second_worker_takes_what_would_have_waited() {
        let fate = of(&[], &[], &["consumers.workers.count=2"]);
        assert_eq!((fate.message, fate.queue.as_str(), fate.at_ns), (1, "jobs", 200 * MILLI));
        assert_eq!((fate.a.at_ns, fate.b.at_ns), (Some(250 * MILLI), Some(200 * MILLI)));
        assert_eq!(fate.a.what, "received by workers.0, receive 1, hidden until 30.250000000s");
        assert_eq!(fate.b.what, "received by workers.1, receive 1, hidden until 30.200000000s");
        assert_eq!(
            fate.why,
            "in a the only thread was busy; in b workers.1, which a does not have, waited in a \
             long poll"
        );
    }

    /// The same parting as the two worlds show it; then with twice the messages, m1 at 0.1 s, while
    /// the answer that holds m0 is on its way from 0.05 s to 0.11 s.
    #[test]
    fn who_works_waits_and_awaits_an_answer_is_counted() {
        let of = |shared: &[&str]| {
            let more: &[&str] = &["consumers.workers.count=2"];
            let [a, b] = [&[], more].map(|own| scenario(PLAIN, &[shared, own].concat()));
            let parting = first_parting([&a, &b], &GO_ON).expect("their fates part");
            (parting.at, parting.sides.map(|side| side.situation))
        };
        let (at, [one, two]) = of(&[]);
        assert_eq!(at, Time::from_nanos(200 * MILLI));
        assert_eq!((one.workers, one.up, one.threads, one.busy), (1, 1, 1, 1));
        assert_eq!((one.waiting, one.answering, one.pausing, one.visible), (0, 0, 0, 1));
        assert_eq!((two.workers, two.up, two.threads, two.busy), (2, 2, 2, 1));
        assert_eq!((two.waiting, two.answering, two.pausing), (1, 0, 0));
        let taker = two.worker.expect("it comes to a worker");
        assert!(taker.waits && taker.up && !taker.in_transit && taker.busy == 0, "{taker:?}");
        let late = "consumers.workers.call_latency=Constant(\"60ms\")";
        let (at, [one, two]) = of(&["producers.web.arrivals=Constant(\"20/s\")", late]);
        assert_eq!(at, Time::from_nanos(100 * MILLI));
        assert_eq!((one.waiting, one.answering), (0, 1));
        assert_eq!((two.waiting, two.answering), (1, 1));
    }

    /// Two seconds a message, 1.5 s of work: it returns after 1 s, or is done in time.
    #[test]
    fn a_longer_visibility_timeout_is_told_by_both_ends() {
        let shared = [
            "producers.web.arrivals=Constant(\"0.5/s\")",
            "consumers.workers.processing=Constant(\"1500ms\")",
        ];
        let timeout = |length: &str| format!("queues.jobs.visibility_timeout={length}");
        let fate = of(&shared, &[&timeout("1s")], &[&timeout("2s")]);
        assert_eq!((fate.message, fate.at_ns), (0, 3 * SECOND));
        assert_eq!(fate.a.what, "visible again after receive 1 (work outlived the timeout)");
        assert_eq!(fate.b.at_ns, Some(3500 * MILLI));
        assert_eq!(fate.b.what, "workers.0 did it in 1.500000000s");
        let expected = "in a its visibility timeout ended at 3.000000000s; in b it ends at \
                        4.000000000s";
        assert_eq!(fate.why, expected);
    }

    #[test]
    fn longer_work_is_told_by_its_length() {
        let work = |length: &str| format!("consumers.workers.processing=Constant(\"{length}\")");
        let fate = of(&[], &[&work("40ms")], &[&work("60ms")]);
        assert_eq!((fate.message, fate.at_ns), (0, 140 * MILLI));
        assert_eq!(fate.b.at_ns, Some(160 * MILLI));
        assert_eq!(fate.why, "its work takes 40ms in a and 60ms in b");
    }

    #[test]
    fn failing_and_moving_follow_their_settings() {
        let fails = "consumers.workers.failure=(probability: 1, then: LetExpire)";
        let fate = of(&[], &[], &[fails]);
        assert_eq!((fate.message, fate.at_ns), (0, 250 * MILLI));
        assert_eq!(fate.why, "the failure of those who receive it is not the same in both");

        let slow = "producers.web.arrivals=Constant(\"0.2/s\")";
        let shared = [fails, slow, "queues.jobs.visibility_timeout=1s"];
        let redrive =
            |most: u32| format!("queues.jobs.redrive=(to: \"dead\", max_receives: {most})");
        let fate = of(&shared, &[&redrive(1)], &[&redrive(2)]);
        assert_eq!((fate.message, fate.at_ns), (0, 6 * SECOND));
        assert!(fate.a.what.starts_with("moved to dead after 1 receive"), "{fate:?}");
        assert!(fate.b.what.starts_with("received by workers.0, receive 2"), "{fate:?}");
        assert_eq!(fate.why, "the queue's redrive.max_receives is 1 in a and 2 in b");
    }

    #[test]
    fn sends_differ_with_their_producers() {
        let fate = of(&[], &[], &["producers.web.arrivals=Constant(\"20/s\")"]);
        assert_eq!((fate.message, fate.at_ns), (0, 50 * MILLI));
        assert_eq!((fate.a.at_ns, fate.b.at_ns), (Some(100 * MILLI), Some(50 * MILLI)));
        assert!(fate.why.starts_with("producers.web is not the same in both; "), "{fate:?}");
        assert!(fate.why.ends_with("one number need not be one message"), "{fate:?}");

        // The first of the ten sends of a second that finds the bucket of one call empty.
        let fate = of(&[], &["queues.jobs.ledger.capacity=1/s"], &[]);
        assert_eq!((fate.message, fate.at_ns), (1, 200 * MILLI));
        let expected = "in a a send was throttled at that instant, in b none was; ";
        assert!(fate.why.starts_with(expected), "{fate:?}");
    }

    /// m5, sent at 0.6 s, in the run that is shorter.
    #[test]
    fn a_run_that_is_shorter_says_so() {
        let drained = ["duration=550ms", "drain=10s"];
        let fate = of(&["consumers.workers.count=9"], &drained, &[]);
        assert_eq!((fate.message, fate.at_ns, fate.a.at_ns), (5, 600 * MILLI, None));
        assert_eq!(fate.a.what, "nothing more happens to it in this run");
        assert!(fate.why.starts_with("in a producers fell silent at 0.550000000s; "), "{fate:?}");
        let fate = of(&["consumers.workers.count=9"], &[], &["duration=550ms"]);
        assert_eq!(fate.why, "in b the run was over");
        let fate = of(&[], &[], &["limits.events=20"]);
        assert_eq!(fate.why, "in b the run was over");
    }

    #[test]
    fn what_waits_in_the_queue_is_told_by_its_rules() {
        let idle = "consumers={}";
        let minutes = ["duration=90s", "producers.web.arrivals=Constant(\"0.1/s\")", idle];
        let retention = |length: &str| format!("queues.jobs.retention={length}");
        let fate = of(&minutes, &[&retention("60s")], &[&retention("2m")]);
        assert_eq!((fate.message, fate.at_ns, fate.b.at_ns), (0, 70 * SECOND, None));
        assert_eq!(fate.why, "the queue's retention is 1m in a and 2m in b");

        // m0 is in flight from 0.1 s on.
        let cap = |most: u32| format!("queues.jobs.max_in_flight={most}");
        let fate = of(&["consumers.workers.count=2"], &[&cap(1)], &[&cap(2)]);
        assert_eq!((fate.message, fate.at_ns), (1, 200 * MILLI));
        let expected = "in a max_in_flight was reached with 1; in b 1 of 2 were in flight";
        assert_eq!(fate.why, expected);
    }

    /// Three messages at 1 s: m0 goes to the poll that waits, the others wait for 1.15 s.
    #[test]
    fn one_receive_that_takes_more_is_told() {
        let burst = "producers.web.arrivals=Burst(at: \"1s\", count: 3)";
        let max = |most: u32| format!("consumers.workers.receive.max={most}");
        let fate = of(&[burst], &[&max(1)], &[&max(10)]);
        assert_eq!((fate.message, fate.at_ns), (2, 1150 * MILLI));
        let expected = "in b workers.0 received 2 messages at that instant, in a 1";
        assert_eq!(fate.why, expected);
    }

    /// The short polls of b come every 130 ms: those at 0.1 s and 0.2 s are a's alone.
    #[test]
    fn a_pause_between_polls_is_told() {
        let pause = |length: &str| {
            format!("consumers.workers.receive=(wait: \"0s\", pause: Constant(\"{length}\"))")
        };
        let late = "producers.web.arrivals=Burst(at: \"50ms\", count: 1)";
        let fate = of(&[late], &[&pause("100ms")], &[&pause("130ms")]);
        assert_eq!((fate.message, fate.at_ns), (0, 100 * MILLI));
        assert_eq!(fate.b.at_ns, Some(130 * MILLI));
        assert_eq!(
            fate.why,
            "in b no poll waited: 1 of 1 workers paused between polls; 0 of 1 threads were busy; \
             in a workers.0 had a free thread and polled"
        );
    }

    /// Which worker receives a message is no part of its fate.
    #[test]
    fn equal_fates_do_not_part() {
        let plain = scenario(PLAIN, &[]);
        assert_eq!(parted(&plain, &plain), None);
        let two = |fleets: [&str; 2]| {
            let fleet = |name: &&str| {
                let threads = if *name == "x" { 2 } else { 1 };
                format!(
                    "\"{name}\": (queue: \"jobs\", threads: {threads}, \
                     processing: Constant(\"150ms\"))"
                )
            };
            let fleets: Vec<String> = fleets.iter().map(fleet).collect();
            scenario(PLAIN, &[&format!("consumers={{{}}}", fleets.join(", "))])
        };
        let (a, b) = (two(["x", "y"]), two(["y", "x"]));
        let [left, right] = [&a, &b].map(|scenario| Stepper::new(scenario, 0));
        assert!(first_difference(left, right, &GO_ON).is_some(), "other workers receive them");
        assert_eq!(parted(&a, &b), None);
    }

    #[test]
    fn an_interrupt_ends_the_search() {
        let [a, b] =
            ["1", "2"].map(|n| scenario(PLAIN, &[&format!("consumers.workers.count={n}")]));
        assert_eq!(first_fate([&a, &b], &AtomicBool::new(true)), None);
    }

    #[test]
    fn the_last_resort_is_the_first_fact_that_differs() {
        let [a, b] =
            ["1", "2"].map(|n| scenario(PLAIN, &[&format!("consumers.workers.count={n}")]));
        assert_eq!(
            earliest([&a, &b], &GO_ON),
            "nothing that can be seen there; the first difference of any kind is `0.100000000s \
             sent to partition 0, visible` in a, `0.000000000s workers.1 started` in b"
        );
    }
}
