//! What happens at the edges of time: the end of the run, of the window, and of each row of the
//! series. All of them begin with their first instant and end before their last.

#[expect(dead_code, reason = "shared by several test binaries, none of which needs all of it")]
mod support;

use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::{Span, Time};
use sqsim::model::clients::ArrivalProcess;
use sqsim::model::course::{Course, Fork};
use sqsim::model::scenario::Scenario;
use sqsim::outcome::{AtEdges, Outcome};

use support::{fleet, measure, producer, queue, scenario, secs};

fn at(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

/// A message arises every second, from 1 s on, and its send takes a second; nobody receives it.
fn ticking(duration: u64) -> Scenario {
    let mut sends = producer(ArrivalProcess::Constant { rate: 1.0 });
    sends.call_latency = Dist::Constant(secs(1));
    let mut scenario =
        scenario(queue(), sends, fleet(1, Dist::Constant(secs(1))), secs(duration), Span::ZERO);
    scenario.fleets.clear();
    scenario.window = secs(5);
    scenario
}

fn outcome(scenario: &Scenario) -> Outcome {
    Outcome::from_run(scenario, 1, 0, &measure(scenario, 0).measured, None)
}

/// Of a run of 10 s: nine arise at 1 to 9 s, eight are stored at 2 to 9 s, and the last is under
/// way. Those that would arise and be stored at 10 s are not.
#[test]
fn what_would_happen_at_the_end_does_not() {
    let outcome = outcome(&ticking(10));
    let (queue, sends) = (outcome.queues.at(0).unwrap(), outcome.producers.at(0).unwrap());
    assert_eq!((queue.counts.sent, queue.unfinished.messages), (8, 8));
    assert_eq!(queue.resident, AtEdges { begin: 0, end: 8 });
    assert_eq!((sends.arrived, sends.sent, sends.held_back), (9, 8, AtEdges { begin: 0, end: 1 }));
}

/// A purge at the end is not done; one a nanosecond before it is.
#[test]
fn a_purge_at_the_end_is_not_done() {
    let mut scenario = ticking(10);
    for (purge, left) in [(at(10), 8), (Time::from_nanos(9_999_999_999), 0)] {
        scenario.queues[0].config.purges = vec![purge];
        let outcome = outcome(&scenario);
        let queue = outcome.queues.at(0).unwrap();
        assert_eq!((queue.counts.purged, queue.unfinished.messages), (8 - left, left));
    }
}

/// A window from 3 s to 10 s of a run that goes on to 15 s. Before it one message was stored, at
/// 2 s, and one arose at 2 s; in it seven are stored, at 3 to 9 s, and seven arise; after it the
/// one that arose at 9 s is stored.
#[test]
fn a_window_with_a_warm_up_and_a_drain_balances() {
    let mut scenario = ticking(10);
    (scenario.warm_up, scenario.drain) = (secs(3), secs(5));
    let outcome = outcome(&scenario);
    let (queue, sends) = (outcome.queues.at(0).unwrap(), outcome.producers.at(0).unwrap());
    assert_eq!((queue.counts.sent, queue.unfinished.messages), (7, 9));
    assert_eq!(queue.resident, AtEdges { begin: 1, end: 8 });
    assert_eq!((sends.arrived, sends.sent, sends.held_back), (7, 7, AtEdges { begin: 1, end: 1 }));
}

/// Rows of 5 s: stored at 2, 3 and 4 s, at 5 to 9 s, and at 10 s, which is the beginning of a third
/// row. A limit that ends the run there, after the send at 10 s, leaves a row of no length.
#[test]
fn a_run_that_a_limit_ends_as_a_row_begins_shows_what_happened_then() {
    let mut scenario = ticking(100);
    // One arrival at 1 s, then a send and an arrival a second: 17 events by 9 s, and two at 10 s.
    for (events, end, rows) in [(17, 9, &[3, 5][..]), (18, 10, &[3, 5, 1]), (19, 10, &[3, 5, 1])] {
        scenario.limits.events = events;
        let measured = measure(&scenario, 0).measured;
        let queue = &measured.queues[0];
        let found: Vec<u64> = queue.series.iter().map(|row| row.counts.sent).collect();
        assert_eq!((measured.end, found), (at(end), rows.to_vec()), "{events}");
        assert_eq!(queue.counts.sent, rows.iter().sum::<u64>());
        assert_eq!(queue.series.last().unwrap().levels.visible.last, queue.unfinished.messages);
    }
}

/// Nothing of a fork at the end comes to pass; one at an instant that another duration puts behind
/// the old end does.
#[test]
fn a_fork_at_the_end_changes_nothing_unless_the_run_goes_on() {
    let scenario = ticking(10);
    let mut then = scenario.clone();
    then.queues[0].config.purges = vec![at(10)];
    let interrupt = AtomicBool::new(false);
    let forked = |then: &Scenario| {
        let course = Course { scenario: &scenario, fork: Some(Fork { at: at(10), then }) };
        run(course, 0, &interrupt).measured.queues[0].counts
    };
    let plain = measure(&scenario, 0).measured.queues[0].counts;
    assert_eq!(forked(&then), plain);
    then.duration = secs(12);
    // Stored before at 2 to 9 s; at 10 and 11 s two more, after the purge at 10 s.
    let counts = forked(&then);
    assert_eq!((counts.sent, counts.purged), (10, 8));
}
