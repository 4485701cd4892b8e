//! Functions behind event source mappings: what theory and AWS's own figures say of them.
//!
//! Every number is derived beside it, or stands in the guide that is named.
#![expect(clippy::wildcard_enum_match_arm, reason = "other deeds are of other clients")]

use std::sync::atomic::AtomicBool;

use sqsim::ScenarioFile;
use sqsim::engine::run::{Run, run, run_with};
use sqsim::facts::deed::{Deed, Ending, Returned};
use sqsim::facts::observer::Observer;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Held, Journal, Step};
use sqsim::model::course::{Course, Fork};
use sqsim::model::scenario::Scenario;
use sqsim::stats::cost::Cost;

/// What is told, with its instant.
#[derive(Debug, Default)]
struct Told {
    deeds: Vec<(Time, Deed)>,
    steps: Vec<(Time, Step)>,
}

impl Journal for Told {
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        if let Change::Message(_, step) = *change
            && queue == QueueId(0)
        {
            self.steps.push((now, step));
        }
    }
}

impl Observer for Told {
    fn deed(&mut self, now: Time, deed: &Deed) {
        self.deeds.push((now, *deed));
    }
}

impl Told {
    /// When each invocation began, and with how many messages.
    fn invoked(&self) -> impl Iterator<Item = (Time, u32)> {
        self.deeds.iter().filter_map(|&(now, deed)| match deed {
            Deed::Invoked { messages, .. } => Some((now, messages)),
            _ => None,
        })
    }

    fn ended(&self) -> impl Iterator<Item = (Time, Returned)> {
        self.deeds.iter().filter_map(|&(now, deed)| match deed {
            Deed::InvocationEnded { how, .. } => Some((now, how)),
            _ => None,
        })
    }

    fn count(&self, what: impl Fn(&Deed) -> bool) -> usize {
        self.deeds.iter().filter(|(_, deed)| what(deed)).count()
    }

    fn limits(&self) -> Vec<(Time, u32)> {
        let limits = self.deeds.iter().filter_map(|&(now, deed)| match deed {
            Deed::LimitChanged { limit, .. } => Some((now, limit)),
            _ => None,
        });
        limits.collect()
    }
}

/// A function with these settings, without latencies and cold starts unless they say so.
fn scenario(rest: &str, queue: &str, arrivals: &str, function: &str) -> Scenario {
    let defaults =
        [("call_latency", "Constant(\"0s\")"), ("environments", "(cold_start: Constant(\"0s\"))")];
    let defaults = defaults.iter().filter(|(key, _)| !function.contains(key));
    let defaults = defaults.map(|(key, value)| format!("{key}: {value}")).collect::<Vec<String>>();
    let defaults = defaults.join(", ");
    let text = format!(
        "({rest}, queues: {{\"jobs\": ({queue})}},
        producers: {{\"site\": (queue: \"jobs\", call_latency: Constant(\"0s\"), {arrivals})}},
        consumers: {{\"handler\": Lambda(queue: \"jobs\", {function}, {defaults})}})"
    );
    let file: ScenarioFile = text.parse().expect("it parses");
    file.check().unwrap_or_else(|faults| panic!("{faults}")).scenario
}

fn told(scenario: &Scenario) -> Run<Told> {
    run_with(scenario, 0, &AtomicBool::new(false), Told::default())
}

fn at(millis: u64) -> Time {
    Time::ZERO + Span::from_millis(millis)
}

/// Oracle 2. 5 places at 0 and another one each 0.2 s: of 30,000 messages of 2 s the last starts at
/// 153.0 s and ends at 155.0 s. With a maximum of 100 at 608.0 s and 610.0 s.
#[test]
fn a_burst_is_worked_off_as_the_ramp_says() {
    for (more, start, end) in [("", 153_000, 155_000), (", max_concurrency: 100", 608_000, 610_000)]
    {
        let function = format!("batch: 1, processing: Constant(\"2s\"){more}");
        let scenario = scenario(
            "duration: \"20m\"",
            "visibility_timeout: \"1m\"",
            "arrivals: Burst(at: \"0s\", count: 30000)",
            &function,
        );
        let told = told(&scenario).observer;
        assert_eq!(told.invoked().last(), Some((at(start), 1)), "{more}");
        assert_eq!(told.ended().last(), Some((at(end), Returned::Succeeded)), "{more}");
        assert_eq!(told.invoked().count(), 30_000);
    }
}

/// The limit grows by one each 0.2 s, from 5 on, while there is a backlog.
#[test]
fn the_limit_grows_with_the_backlog_and_falls_without() {
    let scenario = scenario(
        "duration: \"2m\"",
        "visibility_timeout: \"1m\"",
        "arrivals: Burst(at: \"1s\", count: 300)",
        "batch: 1, processing: Constant(\"2s\")",
    );
    let limits = told(&scenario).observer.limits();
    assert_eq!(limits[..3], [(at(0), 5), (at(1_200), 6), (at(1_400), 7)]);
    let (fell, least) = *limits.last().unwrap();
    let (_, most) = limits[limits.len() - 2];
    // When the last message starts, each of the 5 + 5t places has 1 s of work left on average, so
    // that 5t + 2.5t² = 600 - (5 + 5t): t = 13.6 s, 73 places.
    assert!((72..=74).contains(&most), "{most}");
    assert_eq!(least, 5);
    // The first poll that found nothing for 20 s began when the queue was empty.
    assert!(at(33_000) < fell && fell < at(38_000), "{fell}");
}

/// Oracle 3, where every try is throttled to its end: a message dies unprocessed, N times the
/// visibility timeout after its first receive.
#[test]
fn throttles_burn_receives() {
    let text = "(duration: \"5m\",
        queues: {\"jobs\": (visibility_timeout: \"30s\", redrive: (to: \"dead\", max_receives: 3)),
                 \"dead\": ()},
        producers: {\"site\": (queue: \"jobs\", arrivals: Burst(at: \"7s\", count: 1),
                               call_latency: Constant(\"0s\"))},
        consumers: {\"handler\": Lambda(queue: \"jobs\", reserved: 0, processing: Constant(\"1s\"),
                                        call_latency: Constant(\"0s\"))})";
    let scenario = text.parse::<ScenarioFile>().unwrap().check().unwrap().scenario;
    let Run { measured, observer: told, .. } = told(&scenario);
    let moved = told.steps.iter().find(|(_, step)| matches!(step, Step::DeadLettered { .. }));
    let cause = Held::Throttled;
    let how = Step::DeadLettered { to: QueueId(1), receives: 3, cause };
    assert_eq!(moved, Some(&(at(7_000 + 3 * 30_000), how)));
    assert_eq!(told.count(|deed| matches!(deed, Deed::ReceivesBurnt { messages: 1, .. })), 3);
    assert_eq!(told.invoked().count(), 0);
    assert_eq!(measured.queues[0].counts.redelivered.throttled, 2);
}

/// Oracle 3 where a receive is throttled to its end with probability 0.4: of five receives that is
/// five times so for 0.01024 of all messages, of three for 0.064. One place is left in the account,
/// and the one invocation of another function, an M/M/1 queue at load 0.4, holds it; that is
/// forgotten from one receive to the next. The work takes no time, and no try comes before the
/// visibility timeout ends.
#[test]
fn a_message_dies_unprocessed_when_all_its_receives_are_throttled() {
    for (receives, dead) in [(3, 0.064), (5, 0.01024)] {
        let text = format!(
            "(duration: \"3000s\", drain: \"2m\", account: (concurrency: 2000),
            allow: [\"few-receives\", \"little-time-for-retries\", \"nothing-sent\"],
            queues: {{
                \"jobs\": (visibility_timeout: \"10s\",
                           redrive: (to: \"dead\", max_receives: {receives})),
                \"dead\": (), \"other\": (), \"none\": (),
            }},
            producers: {{
                \"site\": (queue: \"jobs\", arrivals: Poisson(\"20/s\"),
                           call_latency: Constant(\"0s\")),
                \"others\": (queue: \"other\", arrivals: Poisson(\"4/s\"),
                             call_latency: Constant(\"0s\")),
            }},
            consumers: {{
                \"handler\": Lambda({NO_DELAYS}, queue: \"jobs\", processing: Constant(\"0s\"),
                                    scaling: (start: 1000, failing: \"100%\"),
                                    throttled: (base: \"12h\", cap: \"12h\")),
                \"holder\": Lambda({NO_DELAYS}, queue: \"other\",
                                   processing: Exponential(\"100ms\"),
                                   scaling: (start: 1, idle: 1, ceiling: 1)),
                \"keeper\": Lambda({NO_DELAYS}, queue: \"none\", processing: Constant(\"1s\"),
                                   reserved: 1999),
            }})"
        );
        let scenario = text.parse::<ScenarioFile>().unwrap().check();
        let scenario = scenario.unwrap_or_else(|faults| panic!("{faults}")).scenario;
        let (mut sent, mut moved) = (0, 0);
        for replication in 0..4 {
            let measured = run(&scenario, replication, &AtomicBool::new(false)).measured;
            sent += measured.queues[0].counts.sent;
            moved += measured.queues[0].dead_lettered_in_all;
        }
        let share = moved as f64 / sent as f64;
        assert!((share / dead - 1.0).abs() < 0.1, "{receives} receives: {share}, not {dead}");
    }
}

/// Of a function: batches of one, and no time but for the work.
const NO_DELAYS: &str = "batch: 1, timeout: \"9s\", call_latency: Constant(\"0s\"), \
    environments: (cold_start: Constant(\"0s\"))";

/// Reserved 1, four messages at once, 3 s of work, V = 90 s: mappings do not see what is reserved,
/// so three of the four are throttled at once; each gets its turn within its visibility timeout.
#[test]
fn a_mapping_does_not_see_what_is_reserved() {
    let scenario = scenario(
        "duration: \"5m\"",
        "visibility_timeout: \"90s\"",
        "arrivals: Burst(at: \"0s\", count: 4)",
        "batch: 1, reserved: 1, processing: Constant(\"3s\"), timeout: \"15s\"",
    );
    let Run { measured, observer: told, .. } = told(&scenario);
    let throttled = |deed: &Deed| matches!(deed, Deed::InvocationThrottled { .. });
    let at_once = told.deeds.iter().filter(|(now, deed)| *now == Time::ZERO && throttled(deed));
    assert_eq!(at_once.count(), 3);
    let times: Vec<Time> = told.invoked().map(|(now, _)| now).collect();
    assert!(times.windows(2).all(|pair| pair[1].since(pair[0]) >= Span::from_secs(3)));
    assert_eq!((times.len(), measured.queues[0].counts.deleted), (4, 4));
}

/// Oracle 4. A batch has its first message, and those of Poisson(2 · 3) that come within its
/// window, ten at most: E[min(10, 1 + Poisson(6))] = 6.838741.
#[test]
fn a_window_gathers_what_comes_after_its_first_message() {
    let scenario = scenario(
        "duration: \"48h\", seed: 5",
        "visibility_timeout: \"30s\"",
        "arrivals: Poisson(\"2/s\")",
        "batch: 10, window: \"3s\", processing: Constant(\"100ms\")",
    );
    let told = told(&scenario).observer;
    let sizes: Vec<f64> = told.invoked().map(|(_, messages)| f64::from(messages)).collect();
    let count = sizes.len() as f64;
    let mean = sizes.iter().sum::<f64>() / count;
    let variance = sizes.iter().map(|size| (size - mean) * (size - mean)).sum::<f64>() / count;
    let error = (mean - 6.838_741) / (variance / count).sqrt();
    assert!(count > 40_000.0 && error.abs() < 3.5, "mean {mean} of {count}");
}

/// Messages waiting after 10 minutes of 100 a second, in batches of 10, with so many pollers.
fn waiting_with_pollers(pollers: u32, bytes: u32, work: &str) -> u64 {
    let scenario = scenario(
        "duration: \"10m\"",
        &format!("visibility_timeout: \"1m\", message_size: Constant(\"{bytes}B\")"),
        "arrivals: Constant(\"100/s\"), batch: 10, linger: \"1s\"",
        &format!(
            "batch: 10, provisioned: (min: {pollers}, max: {pollers}), \
             processing: Constant(\"{work}\"), per: Batch, timeout: \"10s\""
        ),
    );
    run(&scenario, 0, &AtomicBool::new(false)).measured.queues[0].levels.visible.last
}

/// Oracle 5. Ten batches a second for 5 s each are 50 at once: 5 pollers, though one would carry
/// the bytes and one the polls. Four begin 8 batches a second, so that 20 messages more wait each
/// second. Where the work takes no time, 30 kB a message are 3 MB a second: 3 pollers.
#[test]
fn provisioned_pollers_are_as_many_as_their_busiest_dimension_needs() {
    assert_eq!(waiting_with_pollers(5, 10_000, "5s"), 0);
    // What comes in the first 5 s is begun at once, up to 40 batches.
    let waiting = waiting_with_pollers(4, 10_000, "5s");
    assert!(waiting.abs_diff(600 * 20 - 100) <= 100, "{waiting}");
    assert_eq!(waiting_with_pollers(3, 30_000, "0s"), 0);
    let waiting = waiting_with_pollers(2, 30_000, "0s");
    assert!(waiting.abs_diff(600 * 100 - 600 * 2_000_000 / 30_000) <= 50, "{waiting}");
}

/// From the least on, a poller is added each 0.6 s while there is a backlog.
#[test]
fn provisioned_pollers_are_added_while_there_is_a_backlog() {
    let scenario = scenario(
        "duration: \"1m\"",
        "visibility_timeout: \"1m\"",
        "arrivals: Burst(at: \"0s\", count: 2000), batch: 10",
        "batch: 10, provisioned: (max: 5), processing: Constant(\"5s\"), per: Batch, \
         timeout: \"10s\"",
    );
    let limits = told(&scenario).observer.limits();
    assert_eq!(limits[..4], [(at(0), 20), (at(600), 30), (at(1_200), 40), (at(1_800), 50)]);
    assert_eq!(limits[4..].iter().map(|&(_, limit)| limit).collect::<Vec<_>>(), [20]);
}

/// The idle mapping of the reference: 15 empty receives a minute, 648,000 in 30 days, $0.2592 at
/// $0.40 a million; two provisioned pollers cost $13.505 in 730 hours, and poll 6 times a minute.
#[test]
fn an_idle_mapping_polls_15_times_a_minute() {
    for (more, a_minute) in [("", 15), (", scaling: (idle: 2)", 6), (", provisioned: ()", 6)] {
        let scenario = scenario(
            "duration: \"1h\", allow: [\"never-sends\"]",
            "visibility_timeout: \"1m\"",
            "arrivals: Poisson(\"0.000001/s\")",
            &format!("processing: Constant(\"1s\"){more}"),
        );
        let measured = run(&scenario, 0, &AtomicBool::new(false)).measured;
        let counts = measured.queues[0].counts;
        // Polls that begin at 0 find nothing at 20 s, 40 s and so on; those of the end go on.
        let waiting = a_minute / 3;
        assert_eq!(counts.empty_receives, 60 * a_minute - waiting, "{more}");
        assert_eq!(counts.calls.receive, 60 * a_minute, "{more}");
        let cost = Cost::of(&scenario, &measured).expect("an hour was measured");
        let polls = cost.requests_per_month / 730.0 * 720.0;
        assert!((polls - 0.2592 / 15.0 * a_minute as f64).abs() < 1e-9, "{more}: {polls}");
        let pollers = if more.contains("provisioned") { 13.505 } else { 0.0 };
        assert!((cost.functions_per_month - pollers).abs() < 1e-9, "{more}: {cost:?}");
    }
}

/// What a fork changes holds from then on: two polls in place of five wait when the five have found
/// nothing, pollers that are to be there at least are there, a limit falls to another start.
#[test]
fn a_fork_changes_what_a_mapping_does_from_then_on() {
    let of = |more: &str| {
        scenario(
            "duration: \"1h\", allow: [\"never-sends\"]",
            "visibility_timeout: \"1m\"",
            "arrivals: Poisson(\"0.000001/s\")",
            &format!("processing: Constant(\"1s\"){more}"),
        )
    };
    let forked = |from: &str, to: &str| {
        let (scenario, then) = (of(from), of(to));
        let fork = Fork { at: at(61_000), then: &then };
        let course = Course { scenario: &scenario, fork: Some(fork) };
        run_with(course, 0, &AtomicBool::new(false), Told::default())
    };
    let counts = forked("", ", scaling: (idle: 2)").measured.queues[0].counts;
    // Five find nothing at 20 s, 40 s, 60 s and 80 s, then two each 20 s up to 3,580 s.
    assert_eq!(counts.empty_receives, 4 * 5 + 175 * 2);
    let limits = |run: Run<Told>| run.observer.limits();
    let more = limits(forked(", provisioned: ()", ", provisioned: (min: 3)"));
    assert_eq!(more, [(at(0), 20), (at(61_000), 30)]);
    let fewer = limits(forked(", scaling: (start: 9)", ", scaling: (start: 6)"));
    assert_eq!(fewer, [(at(0), 9), (at(80_000), 6)], "at the next empty poll");
}

/// Oracle 6. A function that fails once: its message comes back when its visibility timeout ends,
/// counted from the receive and not from the failure.
#[test]
fn what_failed_comes_back_when_its_visibility_timeout_ends() {
    let scenario = scenario(
        "duration: \"5m\", allow: [\"certain\"]",
        "visibility_timeout: \"40s\"",
        "arrivals: Burst(at: \"10s\", count: 1)",
        "processing: Constant(\"2s\"), failure: (probability: 1)",
    );
    let Run { measured, observer: told, .. } = told(&scenario);
    let times: Vec<Time> = told.invoked().map(|(now, _)| now).collect();
    assert_eq!(times[..3], [at(10_000), at(50_000), at(90_000)]);
    assert_eq!(told.ended().next(), Some((at(12_000), Returned::Failed)));
    let counts = measured.queues[0].counts;
    assert_eq!((counts.redelivered.failed, counts.redelivered.total()), (7, 7));
}

/// A batch of ten of which the third fails: the two before it are processed and come back none the
/// less, or are deleted where the answer names those that failed.
#[test]
fn one_failure_fails_a_batch_unless_it_is_named() {
    for partial in [false, true] {
        let scenario = scenario(
            "duration: \"25s\", seed: 3",
            "visibility_timeout: \"30s\"",
            "arrivals: Burst(at: \"0s\", count: 10), batch: 10",
            &format!(
                "processing: Constant(\"100ms\"), failure: (probability: \"30%\"), \
                 partial: {partial}"
            ),
        );
        let Run { measured, observer: told, .. } = told(&scenario);
        let ends: Vec<Ending> = (told.deeds.iter())
            .filter_map(|(_, deed)| match *deed {
                Deed::Ended { how, .. } => Some(how),
                _ => None,
            })
            .collect();
        let first = ends.iter().position(|&how| how == Ending::Failed).expect("30 % of 10");
        assert!(first > 0, "another seed");
        let (now, how) = told.ended().next().unwrap();
        let deleted = measured.queues[0].counts.deleted;
        let done = ends.iter().filter(|&&how| how == Ending::Done).count();
        if partial {
            assert_eq!((now, how), (at(1_000), Returned::InPart));
            assert_eq!(deleted, done as u64);
        } else {
            // The work ends with the message that fails.
            assert_eq!((now, how), (at(100 * (first as u64 + 1)), Returned::Failed));
            assert!(ends[first..].iter().all(|&how| how == Ending::Failed));
            assert_eq!((done, deleted), (first, 0));
        }
    }
}

/// Ten messages of 400 ms in a function that may take 1 s: two are processed, all come back, and
/// the environment is gone.
#[test]
fn an_invocation_that_takes_too_long_fails() {
    let scenario = scenario(
        "duration: \"20s\"",
        "visibility_timeout: \"6s\"",
        "arrivals: Burst(at: \"0s\", count: 10), batch: 10",
        "processing: Constant(\"400ms\"), timeout: \"1s\", partial: true",
    );
    let Run { measured, observer: told, .. } = told(&scenario);
    assert_eq!(told.ended().next(), Some((at(1_000), Returned::TimedOut)));
    let times: Vec<Time> = told.invoked().map(|(now, _)| now).collect();
    assert_eq!(times, [at(0), at(6_000), at(12_000), at(18_000)]);
    let cold = |deed: &Deed| matches!(deed, Deed::Invoked { cold: true, .. });
    assert_eq!(told.count(cold), 4, "no environment survives");
    let how = |wanted| move |deed: &Deed| matches!(deed, Deed::Ended { how, .. } if *how == wanted);
    let counts = [Ending::Done, Ending::Duplicate, Ending::Failed].map(|it| told.count(how(it)));
    assert_eq!(counts, [2, 3 * 2, 4 * 8]);
    assert_eq!(measured.queues[0].counts.deleted, 0);
}

/// The account's concurrency is shared by those who have none of their own.
#[test]
fn functions_share_what_nobody_has_reserved() {
    let text = "(duration: \"1m\", account: (concurrency: 10),
        queues: {\"a\": (visibility_timeout: \"1m\"), \"b\": (visibility_timeout: \"1m\")},
        producers: {\"to-a\": (queue: \"a\", arrivals: Burst(at: \"0s\", count: 50)),
                    \"to-b\": (queue: \"b\", arrivals: Burst(at: \"0s\", count: 50))},
        consumers: {
            \"own\": Lambda(queue: \"a\", batch: 1, reserved: 7, processing: Constant(\"3s\")),
            \"rest\": Lambda(queue: \"b\", batch: 1, processing: Constant(\"3s\"))})";
    let scenario = text.parse::<ScenarioFile>().unwrap().check().unwrap().scenario;
    let told = told(&scenario).observer;
    let mut running = [0_i32; 2];
    let mut most = [0; 2];
    for (_, deed) in &told.deeds {
        match *deed {
            Deed::Invoked { function, .. } => running[function.0 as usize] += 1,
            Deed::InvocationEnded { function, .. } => running[function.0 as usize] -= 1,
            _ => {}
        }
        most = [0, 1].map(|of: usize| most[of].max(running[of]));
    }
    assert_eq!(most, [7, 3]);
}

/// When messages arise and how long their work takes is theirs: a function beside does not matter,
/// nor which function it is.
#[test]
fn a_function_moves_no_arrival_and_no_work() {
    let of = |more: &str| {
        let workers = "\"workers\": (queue: \"jobs\", count: 9, processing: Exponential(\"1s\"))";
        let consumers = format!("consumers: {{{workers}, {more}}}");
        let text = format!(
            "(duration: \"1m\", queues: {{\"jobs\": (), \"others\": (visibility_timeout: \"1m\")}},
            producers: {{\"site\": (queue: \"jobs\", arrivals: Poisson(\"7/s\")),
                         \"app\": (queue: \"others\", arrivals: Poisson(\"7/s\"))}}, {consumers})"
        );
        let scenario = text.parse::<ScenarioFile>().unwrap().check().unwrap().scenario;
        let (mut arrivals, mut works) = (Vec::new(), Vec::new());
        for (now, deed) in told(&scenario).observer.deeds {
            match deed {
                Deed::Arrived { .. } => arrivals.push((now, deed)),
                Deed::Ended { worker, sent, took, queue: QueueId(0), .. } => {
                    works.push((worker, sent, took));
                }
                _ => {}
            }
        }
        (arrivals, works)
    };
    let without = of("");
    let function = "\"f\": Lambda(queue: \"others\", processing: Exponential(\"1s\"))";
    assert!(without.0.len() > 700 && without.1.len() > 300);
    assert!(of(function) == without);
    assert!(of(&function.replace("1s", "2s")) == without);
}

/// A mapping with a maximum stops reading at it: nothing is throttled, nothing is held in vain.
#[test]
fn a_maximum_is_never_read_beyond() {
    let scenario = scenario(
        "duration: \"2m\"",
        "visibility_timeout: \"1m\"",
        "arrivals: Burst(at: \"0s\", count: 2000)",
        "batch: 10, max_concurrency: 7, reserved: 7, processing: Exponential(\"100ms\"), \
         timeout: \"10s\", call_latency: Constant(\"20ms\"), window: \"1s\"",
    );
    let Run { measured, observer: told, .. } = told(&scenario);
    assert_eq!(told.count(|deed| matches!(deed, Deed::InvocationThrottled { .. })), 0);
    assert!(measured.queues[0].levels.in_flight.max <= 70);
    assert_eq!(measured.queues[0].counts.deleted, 2_000);
}
