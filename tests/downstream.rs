//! What workers lean on, held against theory and against runs by hand.
//!
//! Owns the oracles of pools, limits, slowdown, retries and of overload that stays. Must not know
//! how a downstream keeps its calls.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run;
use sqsim::observe::measured::Measured;
use sqsim::{Outcome, ScenarioFile, simulate};

fn scenario(text: &str) -> sqsim::model::scenario::Scenario {
    let file: ScenarioFile = text.parse().unwrap_or_else(|faults| panic!("{faults}"));
    file.check().unwrap_or_else(|faults| panic!("{faults}")).scenario
}

fn outcome(text: &str) -> Outcome {
    simulate(&scenario(text))
}

fn measured(text: &str) -> Measured {
    run(&scenario(text), 0, &AtomicBool::new(false)).measured
}

/// All messages at 0; `workers` that poll without a gap, and do nothing but to call "db".
fn all_at_once(messages: u32, workers: u32, queue: &str, downstream: &str) -> String {
    format!(
        r#"(
            duration: "10m",
            queues: {{"q": ({queue})}},
            producers: {{"p": (queue: "q", arrivals: Burst(at: "0s", count: {messages}),
                call_latency: Constant("0s"))}},
            consumers: {{"w": (queue: "q", count: {workers}, processing: Constant("0s"),
                call_latency: Constant("0s"), calls: (to: "db"))}},
            downstream: {{"db": {downstream}}},
        )"#
    )
}

const POOL: &str = r#"Pool(connections: 10, work: Constant("100ms"))"#;

/// K = 10, s₀ = 0.1 s: min(c, K)/s₀ calls a second, and a message is done max(s₀, c·s₀/K) after its
/// receive.
#[test]
fn workers_of_a_pool_do_as_much_as_it_has_connections_for() {
    for (workers, seconds, cycle_ms) in [(5, 40, 100), (10, 20, 100), (100, 20, 1_000)] {
        let of = outcome(&all_at_once(2_000, workers, "", POOL));
        let (queue, db) = (of.queues.at(0).unwrap(), of.downstream.at(0).unwrap());
        assert_eq!((queue.counts.deleted, db.calls, db.done), (2_000, 2_000, 2_000));
        assert_eq!(queue.latency_ns.sent_to_deleted.max, seconds * 1_000_000_000);
        assert_eq!(queue.latency_ns.processing.max, cycle_ms * 1_000_000);
        // Busy for so many of 600 s.
        let busy = seconds as f64 / 600.0 * f64::from(workers.min(10)) / 10.0;
        assert!((db.utilisation.unwrap() - busy).abs() < 1e-12);
    }
}

/// How the plain simulation below settles what the rules leave open.
#[derive(Clone, Copy)]
struct Rules {
    /// The message that has been visible for longest is received first. If not, those that came
    /// back after their first or second receive are, as in SQS and in the ledger.
    longest_first: bool,
    /// At one instant work ends before timeouts do, and all work before anybody receives. If not,
    /// timeouts end first, and each worker receives as soon as it is free.
    work_first: bool,
}

/// As the numbers were computed that are known from elsewhere.
const KNOWN: Rules = Rules { longest_first: true, work_first: true };
/// As the ledger and its workers do it.
const OURS: Rules = Rules { longest_first: false, work_first: false };

/// When, whether it is the second kind at one instant, its turn; whether it is a timeout; the
/// message and its receive.
type Happening = (u64, bool, u64, bool, usize, u32);

/// K = 10, s₀ = 0.1 s, V = 2.05 s once more, plain and apart from the crate. Time in hundredths of
/// a second.
struct Plain {
    rules: Rules,
    visible: VecDeque<usize>,
    returned: VecDeque<usize>,
    receives: Vec<u32>,
    is_done: Vec<bool>,
    idle: u32,
    line: VecDeque<(usize, u32)>,
    in_use: u32,
    events: BinaryHeap<Reverse<Happening>>,
    turns: u64,
    calls: u64,
}

impl Plain {
    fn plan(&mut self, at: u64, is_timeout: bool, message: usize, receive: u32) {
        self.turns += 1;
        let second = is_timeout == self.rules.work_first;
        self.events.push(Reverse((at, second, self.turns, is_timeout, message, receive)));
    }

    fn receive(&mut self, now: u64) {
        while self.idle > 0 {
            let next = self.returned.pop_front().or_else(|| self.visible.pop_front());
            let Some(message) = next else { return };
            if self.is_done[message] {
                continue;
            }
            self.idle -= 1;
            self.receives[message] += 1;
            self.plan(now + 205, true, message, self.receives[message]);
            self.line.push_back((message, self.receives[message]));
        }
    }

    fn call(&mut self, now: u64) {
        while self.in_use < 10
            && let Some((message, receive)) = self.line.pop_front()
        {
            self.in_use += 1;
            self.calls += 1;
            self.plan(now + 10, false, message, receive);
        }
    }

    /// Messages that are done before 600 s, when the last of them is, and the calls that end until
    /// then.
    fn run(messages: usize, workers: u32, stale_deletes: bool, rules: Rules) -> (u64, u64, u64) {
        let mut plain = Plain {
            rules,
            visible: (0..messages).collect(),
            returned: VecDeque::new(),
            receives: vec![0; messages],
            is_done: vec![false; messages],
            idle: workers,
            line: VecDeque::new(),
            in_use: 0,
            events: BinaryHeap::new(),
            turns: 0,
            calls: 0,
        };
        plain.receive(0);
        plain.call(0);
        let (mut done, mut last) = (0, 0);
        while let Some(&Reverse((now, kind, ..))) = plain.events.peek().filter(|of| of.0.0 < 60_000)
        {
            while let Some(Reverse((_, _, _, is_timeout, message, receive))) =
                plain.events.peek().copied().filter(|of| (of.0.0, of.0.1) == (now, kind))
            {
                plain.events.pop();
                let is_latest = plain.receives[message] == receive;
                if is_timeout && is_latest && !plain.is_done[message] {
                    let first = receive < 3 && !rules.longest_first;
                    let line = if first { &mut plain.returned } else { &mut plain.visible };
                    line.push_back(message);
                } else if !is_timeout {
                    plain.in_use -= 1;
                    plain.idle += 1;
                    if !plain.is_done[message] && (is_latest || stale_deletes) {
                        plain.is_done[message] = true;
                        (done, last) = (done + 1, now);
                    }
                }
                if !rules.work_first {
                    plain.receive(now);
                }
            }
            plain.receive(now);
            plain.call(now);
        }
        (done, last, plain.calls)
    }
}

/// Messages, workers; those that are done, when the last of them is in hundredths of a second, and
/// the calls until then, for stale deletes that do nothing and for such as delete. Where some are
/// never done the calls go on.
type Row = (usize, u32, [(u64, u64, Option<u64>); 2]);

/// The plain simulation gives the known numbers.
#[test]
fn the_plain_simulation_gives_the_known_livelock() {
    let rows: [Row; 6] = [
        (1_000, 150, [(1_000, 1_000, Some(1_000)), (1_000, 1_000, Some(1_000))]),
        (250, 250, [(250, 300, Some(300)), (250, 250, Some(300))]),
        (405, 405, [(405, 1_630, Some(1_630)), (405, 410, Some(610))]),
        (410, 410, [(200, 200, None), (410, 410, Some(620))]),
        (1_000, 1_000, [(200, 200, None), (1_000, 1_000, Some(1_800))]),
        (3_000, 250, [(2_760, 2_760, None), (3_000, 3_000, Some(3_240))]),
    ];
    for (messages, workers, columns) in rows {
        for (stale_deletes, (done, last, calls)) in [false, true].into_iter().zip(columns) {
            let of = Plain::run(messages, workers, stale_deletes, KNOWN);
            assert_eq!(of, (done, last, calls.unwrap_or(60_000)), "{messages}, {workers}");
        }
    }
}

/// What a pool can do in one visibility timeout is 205 calls: a fleet that has more than so many
/// messages left, and more workers than those, finishes nothing any more. The simulator against the
/// plain simulation with its rules, to the instant; and the known numbers where those leave nothing
/// open, or but for a tie, which a nanosecond more settles.
#[test]
fn a_fleet_that_is_too_large_for_its_pool_stops_where_stale_deletes_do_nothing() {
    let sizes = [
        (1_000, 150),
        (250, 250),
        (404, 404),
        (405, 405),
        (410, 410),
        (1_000, 1_000),
        (3_000, 250),
        (600, 230),
    ];
    let run = |messages: usize, workers, stale_deletes: bool, timeout: &str| {
        let stale = u32::from(stale_deletes);
        let queue = format!("visibility_timeout: \"{timeout}\", stale_deletes: {stale}");
        let of = outcome(&all_at_once(messages as u32, workers, &queue, POOL));
        let (queue, db) = (of.queues.at(0).unwrap(), of.downstream.at(0).unwrap());
        let last = queue.latency_ns.sent_to_deleted.max / 10_000_000;
        (queue.counts.deleted, last, db.begun)
    };
    for (messages, workers) in sizes {
        for stale_deletes in [false, true] {
            let ours = run(messages, workers, stale_deletes, "2.05s");
            let plain = Plain::run(messages, workers, stale_deletes, OURS);
            assert_eq!(ours, plain, "{messages}, {workers}, {stale_deletes}");
        }
    }
    assert_eq!(run(405, 405, false, "2.05s"), (200, 200, 60_000));
    assert_eq!(run(405, 405, false, "2050000001ns"), (405, 1_630, 1_630));
    assert_eq!(run(410, 410, false, "2050000001ns"), (200, 200, 60_000));
    assert_eq!(run(410, 410, true, "2.05s"), (410, 410, 620));
}

/// Gunther's law for a = 0.05, b = 0.001: X(c)·s₀ calls at once are done in the time of one alone.
#[test]
fn workers_that_slow_each_other_down_do_as_much_as_the_law_says() {
    let shard = r#"Scalability(work: Constant("100ms"), a: 0.05, b: 0.001)"#;
    for (workers, hundredths) in [(1, 100), (10, 154), (31, 343), (100, 1_585)] {
        let of = outcome(&all_at_once(workers * 20, workers, "", shard));
        // Twenty rounds of all workers, each as slow as the law says: to the nanosecond.
        let took = of.queues.at(0).unwrap().latency_ns.sent_to_deleted.max;
        assert_eq!(took, hundredths * 20 * 1_000_000, "{workers} workers");
    }
}

/// Three tries in each of three receives, all of which fail: nine calls, and then a dead letter.
#[test]
fn layers_of_retries_multiply() {
    let text = r#"(
        duration: "10m",
        queues: {"q": (visibility_timeout: "60s", redrive: (to: "dead", max_receives: 3)),
            "dead": ()},
        producers: {"p": (queue: "q", arrivals: Burst(at: "0s", count: 7))},
        consumers: {"w": (queue: "q", count: 7, processing: Constant("0s"),
            calls: (to: "db", retry: (attempts: 3)))},
        downstream: {"db": Pool(connections: 10, work: Constant("100ms"), failure: 1)},
        allow: ["nobody-receives"],
    )"#;
    let of = outcome(text);
    let (queue, db) = (of.queues.at(0).unwrap(), of.downstream.at(0).unwrap());
    assert_eq!((queue.counts.received, queue.counts.dead_lettered), (21, 7));
    assert_eq!((db.calls, db.retries, db.failed, db.done), (63, 42, 63, 0));
    assert_eq!(of.consumers.at(0).unwrap().failed, 21);
}

/// Each try fails with p, of m: (1 − pᵐ)/(1 − p) calls a message, of which pᵐ are dead.
#[test]
fn retries_make_as_many_calls_as_theory_says() {
    for (failure, calls, dead) in [(0.5, 1.75, 0.125), (0.2, 1.24, 0.008)] {
        let messages = 20_000.0;
        let of = outcome(&format!(
            r#"(
                duration: "2h",
                queues: {{"q": (visibility_timeout: "10m", redrive: (to: "dead", max_receives: 1)),
                    "dead": ()}},
                producers: {{"p": (queue: "q", arrivals: Burst(at: "0s", count: 20000))}},
                consumers: {{"w": (queue: "q", count: 100, processing: Constant("0s"),
                    calls: (to: "db", budget: Unlimited))}},
                downstream: {{"db": Pool(connections: 100, work: Constant("10ms"),
                    failure: {failure})}},
            )"#
        ));
        let (queue, db) = (of.queues.at(0).unwrap(), of.downstream.at(0).unwrap());
        // Calls of a message lie between 1 and 3, dead ones are a Bernoulli number.
        let error = (db.calls as f64 / messages - calls) / (1.0 / messages.sqrt());
        assert!(error.abs() < 4.0, "{} calls", db.calls);
        let deviation = (dead * (1.0 - dead) / messages).sqrt();
        let error = (queue.counts.dead_lettered as f64 / messages - dead) / deviation;
        assert!(error.abs() < 4.0, "{} dead", queue.counts.dead_lettered);
    }
}

/// A pool of 100 calls a second whose callers give up after 1 s, and call twice; what they gave up
/// is worked off all the same. `rate` is the load of each minute.
fn hysteresis(burst: u32, rates: &[u32]) -> Vec<u64> {
    let points = rates.iter().enumerate().map(|(minute, rate)| {
        format!("(\"{minute}m\", \"{rate}/s\"), (\"{}m\", \"{rate}/s\")", minute + 1)
    });
    let points = points.collect::<Vec<String>>().join(", ");
    let text = format!(
        r#"(
            duration: "{}m",
            window: "1m",
            queues: {{"q": (visibility_timeout: "1h", redrive: (to: "dead", max_receives: 1)),
                "dead": ()}},
            producers: {{"p": (queue: "q", arrivals: [Profile([{points}]),
                Burst(at: "1m", count: {burst})])}},
            consumers: {{"w": (queue: "q", count: 100, threads: 20, processing: Constant("0s"),
                calls: (to: "db", retry: (attempts: 2), budget: Unlimited))}},
            downstream: {{"db": Pool(connections: 10, work: Constant("100ms"), timeout: "1s",
                given_up: GoesOn)}},
            allow: ["nobody-receives"],
        )"#,
        rates.len()
    );
    measured(&text).queues[0].series.iter().map(|window| window.counts.deleted).collect()
}

/// Healthy at 70 of 100 calls a second. A burst lets all calls of its time be given up and made
/// again: 140 a second, more than the pool does, so that it stays so. At 45 a second, 90 calls, the
/// line of the pool grows shorter, and when it is, 70 a second are healthy again; at 55, 110 calls,
/// it does not.
#[test]
fn overload_outlasts_its_cause_until_the_load_falls_below_the_capacity_over_the_amplification() {
    let healthy = |minute: u64, rate: u64| {
        // A Poisson number, four standard deviations.
        let mean = 60.0 * rate as f64;
        (minute as f64 - mean).abs() < 4.0 * mean.sqrt() + 70.0
    };
    let calm = hysteresis(1, &[70; 4]);
    assert!(calm.iter().all(|&minute| healthy(minute, 70)), "{calm:?}");
    let heals = hysteresis(500, &[70, 70, 45, 45, 45, 45, 45, 45, 45, 45, 45, 70, 70]);
    assert!(healthy(heals[0], 70), "{heals:?}");
    assert!(heals[2..6].iter().all(|&minute| minute < 100), "{heals:?}");
    assert!(heals[11..].iter().all(|&minute| healthy(minute, 70)), "{heals:?}");
    let stays = hysteresis(500, &[70, 70, 55, 55, 55, 55, 55, 55, 55, 55, 55, 70, 70]);
    assert!(stays[2..].iter().all(|&minute| minute < 100), "{stays:?}");
}

/// One connection, two workers, work of 60 s; the first crashes 10 s later on average and restarts
/// after an hour, so that the other one has its connection then.
#[test]
fn a_worker_that_dies_frees_its_connection() {
    let text = r#"(
        duration: "30m",
        queues: {"q": (visibility_timeout: "12h")},
        producers: {"p": (queue: "q", arrivals: Burst(at: "0s", count: 2),
            call_latency: Constant("0s"))},
        consumers: {
            "dies": (queue: "q", count: 1, processing: Constant("0s"), calls: (to: "db"),
                call_latency: Constant("0s"),
                crash: (mean_time_between: "10s", restart: Constant("12h"))),
            "lives": (queue: "q", count: 1, processing: Constant("0s"), calls: (to: "db"),
                call_latency: Constant("0s")),
        },
        downstream: {"db": Pool(connections: 1, work: Constant("10m"))},
    )"#;
    let of = measured(text);
    let db = &of.downstreams[0];
    assert_eq!((db.counts.hung_up, db.counts.begun, db.counts.done), (1, 2, 1));
    assert_eq!((db.waiting.last, db.in_use.last), (0, 0));
    // The other one had waited for as long as the first lived: well below its ten minutes.
    assert!(db.longest_wait.as_secs_f64() < 120.0, "{:?}", db.longest_wait);
    assert_eq!((of.fleets[0].counts.crashed, of.fleets[1].counts.processed), (1, 1));
}

/// Its visibility timeout is 5 s, and each of four workers waits for 20 s: received at 0, 5, 10 and
/// 15, and, when the first is free, at 20, and at 25.
#[test]
fn a_heartbeat_goes_on_while_a_thread_waits() {
    for (heartbeat, receives) in [("None", 6), ("(every: \"2s\", extend: \"5s\")", 1)] {
        let of = outcome(&format!(
            r#"(
                duration: "30s",
                queues: {{"q": (visibility_timeout: "5s")}},
                producers: {{"p": (queue: "q", arrivals: Burst(at: "0s", count: 1),
                    call_latency: Constant("0s"))}},
                consumers: {{"w": (queue: "q", count: 4, processing: Constant("0s"),
                    call_latency: Constant("0s"), calls: (to: "db"), heartbeat: {heartbeat})}},
                downstream: {{"db": Pool(connections: 4, work: Constant("20s"))}},
            )"#
        ));
        assert_eq!(of.queues.at(0).unwrap().counts.received, receives);
    }
}

/// One call a second, and ten callers at once of which nine are refused. A budget of tokens pays
/// for two retries of each worker, a share of 50 % with one saved up for one.
#[test]
fn a_budget_bounds_what_is_tried_again() {
    for (budget, retries) in
        [("Tokens(size: 14, cost: 7, cost_refused: 5)", 18), ("Share(share: \"50%\", saved: 1)", 9)]
    {
        let text = format!(
            r#"(
                duration: "1h",
                queues: {{"q": (visibility_timeout: "12h")}},
                producers: {{"p": (queue: "q", arrivals: Burst(at: "0s", count: 10),
                    call_latency: Constant("0s"))}},
                consumers: {{"w": (queue: "q", count: 10, processing: Constant("0s"),
                    call_latency: Constant("0s"), calls: (to: "api", budget: {budget},
                    retry: (attempts: 100, base: "1ms", base_refused: "1ms", cap: "1ms")))}},
                downstream: {{"api": Limiter(rate: "1/s", burst: 1)}},
            )"#
        );
        let of = outcome(&text);
        let api = of.downstream.at(0).unwrap();
        assert_eq!((api.calls, api.retries, api.refused), (10 + retries, retries, 9 + retries));
        assert_eq!(of.consumers.at(0).unwrap().failed, 9);
    }
}

/// What a fork makes of a pool: at 5 s it has five connections instead of one.
#[test]
fn a_fork_lets_those_who_wait_begin() {
    let text = |connections: u32| {
        let pool = format!("Pool(connections: {connections}, work: Constant(\"10s\"))");
        all_at_once(5, 5, "", &pool)
    };
    let (from, to) = (scenario(&text(1)), scenario(&text(5)));
    let at = sqsim::kernel::time::Time::from_nanos(5_000_000_000);
    let fork = sqsim::model::course::Fork { at, then: &to };
    let course = sqsim::model::course::Course { scenario: &from, fork: Some(fork) };
    let of = run(course, 0, &AtomicBool::new(false)).measured;
    let waits = of.queues[0].latencies.sent_to_deleted.clone();
    assert_eq!((waits.count(), waits.max.as_nanos()), (5, 15_000_000_000));
}
