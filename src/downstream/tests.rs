//! What becomes of calls, by hand and by theory.
//!
//! Owns the drivers of callers that begin again. Must not know how a downstream keeps its calls.

use super::*;
use crate::kernel::dist::Dist;

const MILLI: u64 = 1_000_000;
const S0: Span = Span::from_millis(100);

fn at(millis: u64) -> Time {
    Time::from_nanos(millis * MILLI)
}

fn config(bound: DownstreamBound) -> DownstreamConfig {
    let work = Dist::Constant(S0);
    DownstreamConfig { bound, work, failure: 0.0, timeout: None, goes_on: false, waiting: None }
}

fn pool(connections: u32) -> DownstreamConfig {
    config(DownstreamBound::Pool { connections })
}

/// The instants of all that happens until nothing does, in milliseconds, with the callers.
fn all_steps(downstream: &mut Downstream<u32>) -> Vec<(u64, u32, CallProgress)> {
    let mut steps = Vec::new();
    while let Some(due) = downstream.due() {
        while let Some(step) = downstream.next(due) {
            steps.push((due.as_nanos() / MILLI, step.caller, step.progress));
        }
    }
    steps
}

/// When each call of so many callers ends, who call again at once, until `end`.
fn closed(downstream: &mut Downstream<u32>, callers: u32, end: Time) -> Vec<Time> {
    let mut ends = Vec::new();
    for caller in 0..callers {
        downstream.call(Time::ZERO, caller, S0, false);
    }
    while let Some(due) = downstream.due().filter(|&due| due <= end) {
        while let Some(step) = downstream.next(due) {
            if let CallProgress::Ends { .. } = step.progress {
                ends.push(due);
                downstream.call(due, step.caller, S0, false);
            }
        }
    }
    ends
}

fn ends(used: u64) -> CallProgress {
    CallProgress::Ends { failed: false, used: Span::from_millis(used) }
}

fn begins(waited: u64) -> CallProgress {
    CallProgress::Begins(Span::from_millis(waited))
}

/// c callers, K connections, work s₀: min(c, K)/s₀ calls a second, each after max(s₀, c·s₀/K).
#[test]
fn a_pool_does_as_many_calls_as_it_has_connections_for() {
    for (callers, per_100_ms, cycle) in
        [(4, 4, 100), (10, 10, 100), (100, 10, 1_000), (200, 10, 2_000)]
    {
        let mut pool = Downstream::new(pool(10));
        let ends = closed(&mut pool, callers, at(4_000));
        assert_eq!(ends.len(), 40 * per_100_ms, "{callers} callers");
        // All callers take turns: a caller's next call ends `callers` calls later.
        let cycles =
            ends.windows(callers as usize + 1).map(|ends| ends[callers as usize] - ends[0]);
        assert!(cycles.clone().count() > 0);
        cycles.for_each(|took| assert_eq!(took, Span::from_millis(cycle)));
    }
}

/// Gunther's law with a = 0.05, b = 0.001: X(c)·s₀, whose peak is at c = 30.82.
#[test]
fn callers_that_slow_each_other_down_do_as_many_calls_as_the_law_says() {
    let bound = DownstreamBound::Scalability { contention: 0.05, coherency: 0.001 };
    let mut most = (0.0, 0);
    for callers in 1..=100 {
        let mut shard = Downstream::new(config(bound));
        let seconds = 100;
        let ends = closed(&mut shard, callers, at(seconds * 1_000));
        let c = f64::from(callers);
        let law = c / (1.0 + 0.05 * (c - 1.0) + 0.001 * c * (c - 1.0));
        let last = ends[ends.len() - 1].as_nanos() as f64 / 1e9;
        let done = ends.len() as f64 / last * S0.as_secs_f64();
        assert!((done / law - 1.0).abs() < 1e-8, "{callers} callers: {done}, not {law}");
        if done > most.0 {
            most = (done, callers);
        }
        let known = [(10, 6.4935), (31, 9.0379), (100, 6.3091)];
        if let Some((_, known)) = known.into_iter().find(|&(at, _)| at == callers) {
            assert!((done - known).abs() < 5e-5, "{callers} callers: {done}");
        }
    }
    assert_eq!(most.1, 31);
}

/// Two calls of 100 ms each on one connection, the second given up 150 ms after it came at 10.
#[test]
fn a_call_that_waits_is_given_up_and_leaves_the_line() {
    let timeout = Some(Span::from_millis(150));
    let mut one = Downstream::new(DownstreamConfig { timeout, ..pool(1) });
    assert_eq!(one.call(at(0), 1, S0, false), Entry::Begins(CallId(0)));
    assert_eq!(one.call(at(10), 2, S0, false), Entry::Waits(CallId(1)));
    assert_eq!(one.call(at(20), 3, Span::from_millis(20), false), Entry::Waits(CallId(2)));
    let given_up = CallProgress::GivenUp { under_way: true, goes_on: false };
    let expected = [
        (100, 1, ends(100)),
        (100, 2, begins(90)),
        (160, 2, given_up),
        // Its connection was free at once, 10 ms before it would have been given up.
        (160, 3, begins(140)),
        (170, 3, CallProgress::GivenUp { under_way: true, goes_on: false }),
    ];
    assert_eq!(all_steps(&mut one), expected);
}

/// The same where the work goes on: the connection is held to the end of what nobody wants.
#[test]
fn what_was_given_up_may_be_worked_off_all_the_same() {
    let timeout = Some(Span::from_millis(150));
    let mut one = Downstream::new(DownstreamConfig { timeout, goes_on: true, ..pool(1) });
    one.call(at(0), 1, S0, false);
    one.call(at(10), 2, S0, false);
    one.call(at(20), 3, Span::from_millis(20), false);
    let given_up = |under_way| CallProgress::GivenUp { under_way, goes_on: true };
    let expected = [
        (100, 1, ends(100)),
        (100, 2, begins(90)),
        (160, 2, given_up(true)),
        (170, 3, given_up(false)),
        (200, 2, ends(100)),
        (200, 3, begins(180)),
        (220, 3, ends(20)),
    ];
    assert_eq!(all_steps(&mut one), expected);
}

#[test]
fn an_answer_at_the_end_of_the_timeout_is_in_time() {
    let timeout = Some(S0);
    let mut one = Downstream::new(DownstreamConfig { timeout, ..pool(1) });
    one.call(at(0), 1, S0, true);
    let used = S0;
    assert_eq!(all_steps(&mut one), [(100, 1, CallProgress::Ends { failed: true, used })]);
}

#[test]
fn who_does_not_find_room_in_the_line_is_refused() {
    let mut one = Downstream::new(DownstreamConfig { waiting: Some(1), ..pool(1) });
    assert_eq!(one.call(at(0), 1, S0, false), Entry::Begins(CallId(0)));
    assert_eq!(one.call(at(0), 2, S0, false), Entry::Waits(CallId(1)));
    assert_eq!(one.call(at(0), 3, S0, false), Entry::Refused);
    assert!(!one.hang_up(at(50), CallId(1)), "it waited");
    assert_eq!(one.call(at(50), 4, S0, false), Entry::Waits(CallId(1)));
    assert!(one.hang_up(at(60), CallId(0)), "it was worked on");
    assert_eq!(one.next(at(60)).map(|step| (step.caller, step.progress)), Some((4, begins(10))));
    assert_eq!(all_steps(&mut one), [(160, 4, ends(100))]);
}

/// 10 a second and 3 at once: of five calls at 0 three have a token, the others wait for those of
/// 100 and 200 ms, or are refused.
#[test]
fn a_limiter_gives_its_burst_and_then_its_rate() {
    let bound = DownstreamBound::Limiter { per_second: 10.0, burst: 3.0 };
    let none = Span::ZERO;
    let mut waits = Downstream::new(config(bound));
    let mut refuses = Downstream::new(DownstreamConfig { waiting: Some(0), ..config(bound) });
    let entries: Vec<Entry> =
        (0..5).map(|caller| refuses.call(at(0), caller, none, false)).collect();
    let begin = |number| Entry::Begins(CallId(number));
    let expected = [begin(0), begin(1), begin(2), Entry::Refused, Entry::Refused];
    assert_eq!(entries, expected);
    (0..5).for_each(|caller| {
        waits.call(at(0), caller, none, false);
    });
    let expected = [
        (0, 0, ends(0)),
        (0, 1, ends(0)),
        (0, 2, ends(0)),
        (100, 3, begins(100)),
        (100, 3, ends(0)),
        (200, 4, begins(200)),
        (200, 4, ends(0)),
    ];
    assert_eq!(all_steps(&mut waits), expected);
}

/// Three wait at one connection; with three connections all begin, and with one again none does
/// before all have ended.
#[test]
fn a_pool_of_another_size_lets_those_who_wait_begin() {
    let mut other = Downstream::new(pool(1));
    for caller in 1..=3 {
        other.call(at(0), caller, S0, false);
    }
    other.follow(at(40), &pool(3));
    assert_eq!(other.next(at(40)).map(|step| step.caller), Some(2));
    assert_eq!(other.next(at(40)).map(|step| step.caller), Some(3));
    other.follow(at(50), &pool(1));
    other.call(at(50), 4, S0, false);
    let expected =
        [(100, 1, ends(100)), (140, 2, ends(100)), (140, 3, ends(100)), (140, 4, begins(90))];
    assert_eq!(all_steps(&mut other)[..4], expected);
}
