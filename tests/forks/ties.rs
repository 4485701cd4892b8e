//! What comes first at one instant: a change of one of two that are alike moves no tie.
//!
//! Owns the rule, by `sqsim help ties`: what was scheduled first. What stands in a scenario is
//! scheduled from the start on, in the order of the scenario.

use sqsim::engine::lockstep::Stepper;
use sqsim::facts::fact::Fact;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::journal::{Change, Step};
use sqsim::model::course::{Course, Fork};
use sqsim::scenario::fork::check;

use super::EARLY;
use super::bases::{FIRST, base, load};
use super::log;

/// What a scenario gives that is forked before anything happens.
fn forked<T>(of: &str, first: &[&str], then: &[&str], give: impl Fn(Course<'_>) -> T) -> T {
    let [first, then] = [first, then].map(|sets| sets.iter().map(|&set| set.to_owned()));
    let (first, then): (Vec<String>, Vec<String>) = (first.collect(), then.collect());
    let scenario = load(base(of), &first).expect("it is one");
    let later = load(base(of), &[first, then.clone()].concat()).expect("it is one");
    let fork = Fork { at: EARLY[0], then: &later };
    check(&scenario, fork, &then).expect("it may change");
    give(Course { scenario: &scenario, fork: Some(fork) })
}

fn facts(course: Course<'_>) -> Vec<(Time, Fact)> {
    Stepper::new(course, 0).collect()
}

/// Whose messages are purged, and when.
fn purged(facts: &[(Time, Fact)]) -> impl Iterator<Item = (Time, u32)> {
    facts.iter().filter_map(|&(at, fact)| match fact {
        Fact::Change(queue, Change::Message(_, Step::Purged { .. })) => Some((at, queue.0)),
        Fact::Change(..) | Fact::Deed(_) => None,
    })
}

/// Of pairs (instant, who), those at one instant come in the order of their numbers.
fn assert_in_order(pairs: impl Iterator<Item = (Time, u32)>, least: usize) {
    let pairs: Vec<(Time, u32)> = pairs.collect();
    let meet = pairs.windows(2).filter(|pair| pair[0].0 == pair[1].0 && pair[0].1 != pair[1].1);
    assert!(meet.count() >= least, "{pairs:?}");
    assert!(pairs.is_sorted(), "{pairs:?}");
}

/// Both are purged at 10 s, while messages are in flight.
#[test]
fn queues_are_purged_in_their_order() {
    for first in [
        &["queues.b.purge=[\"10s\"]"][..],
        &["queues.a.purge=[\"11s\"]", "queues.b.purge=[\"10s\"]"],
    ] {
        let facts = forked("plain", first, &["queues.a.purge=[\"10s\"]"], facts);
        assert_in_order(purged(&facts), 1);
    }
}

/// Both send twenty at 9 s: each message is scheduled at the one before it, so they take turns.
#[test]
fn producers_send_in_their_order() {
    let deeds = forked("laws", &[], &["producers.s.arrivals.at=9s"], log::of);
    let [s, u] = [3, 5];
    let bursts = deeds.arrived.into_iter().filter(|&(_, producer)| [s, u].contains(&producer));
    let at = FIRST + Span::from_secs(4);
    assert_eq!(bursts.collect::<Vec<_>>(), [(at, s), (at, u)].repeat(20));
}

/// Whatever their law, in the middle of a run: what is scheduled anew is what was to come.
#[test]
fn the_producers_that_do_not_change_send_as_they_would_have() {
    for (of, set, changed) in [
        ("laws", "producers.s.arrivals=Burst(at: \"50s\", count: 3)", 3),
        ("early", "producers.poisson.arrivals=Poisson(\"50/s\")", 0),
    ] {
        let set = [set.to_owned()];
        let [first, then] = [&[][..], &set].map(|sets| load(base(of), sets).expect("it is one"));
        let others = |course: Course<'_>| {
            let arrived = log::of(course).arrived.into_iter();
            arrived.filter(|&(_, producer)| producer != changed).collect::<Vec<_>>()
        };
        let whole = others(Course::from(&first));
        assert!(whole.len() > 200);
        // While the one of `early` that comes and goes is on, and while it is off.
        for at in [Span::from_millis(17_100), Span::from_millis(23_400)] {
            let fork = Fork { at: Time::ZERO + at, then: &then };
            check(&first, fork, &set).expect("it may change");
            let forked = others(Course { scenario: &first, fork: Some(fork) });
            assert_eq!(forked, whole, "{of} at {at}");
        }
    }
}

/// At 18 s two send of which one has sent at 17 s, and at 70 s two queues are purged of which one
/// was at 8 s: who has waited for longer comes first, whatever others do from 17.5 s on.
#[test]
fn those_that_do_not_change_keep_their_turns() {
    let first = [
        "producers.p.arrivals=Constant(\"1/s\")".to_owned(),
        "producers.q.arrivals=Constant(\"0.5/s\")".to_owned(),
        "queues.a.purge=[\"8s\", \"70s\"]".to_owned(),
        "queues.b.purge=[\"70s\"]".to_owned(),
        "consumers.w.processing=Constant(\"500s\")".to_owned(),
        "consumers.x.processing=Constant(\"500s\")".to_owned(),
    ];
    let then = [
        "producers.s.arrivals=Burst(at: \"50s\", count: 3)".to_owned(),
        "queues.c.purge=[\"80s\"]".to_owned(),
    ];
    let scenario = load(base("laws"), &first).expect("it is one");
    let later = load(base("laws"), &[&first[..], &then].concat()).expect("it is one");
    let fork = Fork { at: Time::ZERO + Span::from_millis(17_500), then: &later };
    check(&scenario, fork, &then).expect("it may change");
    let course = Course { scenario: &scenario, fork: Some(fork) };
    let at = |seconds| Time::ZERO + Span::from_secs(seconds);
    let sent = log::of(course).arrived.into_iter().filter(|&(time, _)| time == at(18));
    let sent: Vec<u32> = sent.map(|(_, producer)| producer).filter(|&of| of < 2).collect();
    assert_eq!(sent, [1, 0]);
    let facts = facts(course);
    let purged = purged(&facts).filter(|&(time, _)| time == at(70)).map(|(_, queue)| queue);
    let mut purged: Vec<u32> = purged.collect();
    purged.dedup();
    assert_eq!(purged, [1, 0]);
}

/// Two policies see the same load at the same seconds, and decide the same.
#[test]
fn policies_decide_in_the_order_of_their_queues() {
    let facts = forked("midpoint", &[], &["queues.a.visibility_timeout=29s"], facts);
    let decided = facts.iter().filter_map(|&(at, fact)| match fact {
        Fact::Change(queue, Change::KeySpace(_)) => Some((at, queue.0)),
        Fact::Change(..) | Fact::Deed(_) => None,
    });
    assert_in_order(decided, 3);
}
