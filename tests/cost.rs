//! What a run would cost: requests counted by hand, and what sizes must not change.

use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::MessageSize;
use sqsim::model::course::{Course, Fork};
use sqsim::model::scenario::Scenario;
use sqsim::observe::measured::{Calls, Measured, QueueCounts, Window};
use sqsim::scenario::load;
use sqsim::scenario::load::from_text;
use sqsim::stats::cost::Cost;

const KIB: u64 = 1_024;

fn ran(scenario: &Scenario) -> Measured {
    run(scenario, 0, &AtomicBool::new(false)).measured
}

/// Ten seconds of a queue to which ten messages are sent in one call at 1 s. Its one worker polls
/// at 0 s, finds nothing and pauses for 2 s; at 2 s it receives and deletes in one call each, polls
/// again at once, and then every 2 s.
fn small(queue: &str) -> Measured {
    sent(queue, "Burst(at: \"1s\", count: 10)")
}

/// The same with other arrivals.
fn sent(queue: &str, arrivals: &str) -> Measured {
    ran(&scenario(queue, arrivals))
}

fn scenario(queue: &str, arrivals: &str) -> Scenario {
    let text = format!(
        "(duration: \"10s\",
          queues: {{\"jobs\": ({queue})}},
          producers: {{\"web\": (queue: \"jobs\", arrivals: {arrivals}, batch: 10,
              call_latency: Constant(\"0s\"), retry: (attempts: 1))}},
          consumers: {{\"workers\": (queue: \"jobs\", processing: Constant(\"0s\"), threads: 10,
              call_latency: Constant(\"0s\"), delete: (batch: 10),
              receive: (max: 10, wait: \"0s\", pause: Constant(\"2s\")))}})"
    );
    let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    let loaded = from_text("small.ron", &text, &[], &no_files);
    loaded.unwrap_or_else(|faults| panic!("{faults}")).scenario
}

/// Calls and requests of the only queue.
fn billed(measured: &Measured) -> (Calls, Calls) {
    let counts = measured.queues[0].counts;
    (counts.calls, counts.requests())
}

const CALLS: Calls =
    Calls { send: 1, receive: 6, delete: 1, change_visibility: 0, get_attributes: 0 };

#[test]
fn small_messages_cost_a_request_a_call() {
    let measured = small("");
    assert_eq!(measured.queues[0].counts.empty_receives, 5, "at 0, 2, 4, 6 and 8 s");
    assert_eq!(billed(&measured), (CALLS, CALLS));
    // 6,553 bytes ten times are 6 bytes short of 64 KiB.
    let (calls, requests) = billed(&small("message_size: Constant(\"6553B\")"));
    assert_eq!((calls, requests), (CALLS, CALLS));
}

/// A queue that has other settings from an instant on goes on counting chunks.
#[test]
fn a_fork_leaves_the_payload_of_calls_on_the_bill() {
    let queue = |more: &str| format!("message_size: Constant(\"60KiB\"){more}");
    let once = |more: &str| scenario(&queue(more), "Burst(at: \"1s\", count: 10)");
    let (bound, free) = (once(", ledger: (capacity: (rate: \"100/s\", burst: 100))"), once(""));
    let at = Time::ZERO + Span::from_millis(500);
    for (scenario, then) in [(&free, &bound), (&bound, &free)] {
        let fork = Some(Fork { at, then });
        let forked = run(Course { scenario, fork }, 0, &AtomicBool::new(false)).measured;
        assert_eq!(billed(&forked), billed(&ran(then)));
        assert_eq!(billed(&forked).1.send, 10, "600 KiB in one call");
    }
}

#[test]
fn each_64_kib_of_a_call_are_a_request() {
    // 600 KiB are 10 chunks of 64; five receives are empty.
    let (calls, requests) = billed(&small("message_size: Constant(\"60KiB\")"));
    assert_eq!(calls, CALLS);
    assert_eq!(requests, Calls { send: 10, receive: 10 + 5, ..CALLS });
    // 65,540 bytes are 4 more than one chunk.
    let (_, requests) = billed(&small("message_size: Constant(\"6554B\")"));
    assert_eq!(requests, Calls { send: 2, receive: 2 + 5, ..CALLS });
}

#[test]
fn a_message_of_256_kib_is_four_requests() {
    let text = "(duration: \"1m\", queues: {\"jobs\": (message_size: Constant(\"256KiB\"))},
        producers: {\"web\": (queue: \"jobs\", arrivals: Burst(at: \"1s\", count: 1))},
        consumers: {\"workers\": (queue: \"jobs\", processing: Constant(\"5s\"),
            heartbeat: (every: \"2s\", extend: \"30s\"))})";
    let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    let measured = ran(&from_text("one.ron", text, &[], &no_files).expect("it is right").scenario);
    let (calls, requests) = billed(&measured);
    assert_eq!((calls.send, calls.delete, calls.change_visibility), (1, 1, 2));
    // Polls at 0, 6, 26 and 46 s; the first ends with the message.
    assert_eq!(
        requests,
        Calls { send: 4, receive: 4 + 3, delete: 1, change_visibility: 2, get_attributes: 0 }
    );
}

#[test]
fn the_payload_of_a_call_is_that_of_all_partitions_together() {
    // 70 KiB are 2 chunks, though no partition has 64 KiB of them.
    let queue = "message_size: Constant(\"7KiB\"), ledger: (partitions: 8, receive: Sample(8))";
    let (calls, requests) = billed(&small(queue));
    assert_eq!(calls, CALLS);
    assert_eq!(requests, Calls { send: 2, receive: 2 + 5, ..CALLS });
    // Each partition adds to what the poll has from those before it.
    let queue = "message_size: Constant(\"60KiB\"), ledger: (partitions: 8, receive: Sample(8))";
    let (_, requests) = billed(&small(queue));
    assert_eq!(requests, Calls { send: 10, receive: 10 + 5, ..CALLS });
}

#[test]
fn a_refused_call_is_billed_with_its_payload() {
    // The bucket has one token, and another after 100 s: the second batch is refused.
    let queue = "message_size: Constant(\"60KiB\"),
        ledger: (capacity: (rate: \"0.01/s\", burst: 1))";
    let two = "[Burst(at: \"1s\", count: 10), Burst(at: \"1500ms\", count: 10)]";
    let measured = sent(queue, two);
    let counts = measured.queues[0].counts;
    assert_eq!((counts.sent, counts.throttled_sends), (10, 10));
    assert_eq!((counts.calls.send, counts.requests().send), (2, 20));
}

/// All that was measured, without chunks of payload and the fingerprints that cover them.
fn but_for_the_bill(measured: &Measured) -> String {
    let mut measured = measured.clone();
    (measured.fingerprint, measured.checkpoints) = (0, Vec::new());
    for queue in &mut measured.queues {
        queue.counts.more_chunks = Calls::default();
        let windows = queue.series.iter().map(|&window| {
            let counts = QueueCounts { more_chunks: Calls::default(), ..window.counts };
            Window { counts, ..window }
        });
        queue.series = windows.collect();
    }
    format!("{measured:?}")
}

#[test]
fn a_larger_message_changes_nothing_but_the_bill() {
    for model in ["signup", "prefetch", "pipeline", "poison", "batch", "crash"] {
        let path = format!("models/{model}.ron");
        let mut scenario = load(std::path::Path::new(&path), &[]).expect(&path).scenario;
        let minutes = |minutes: u64| Span::from_secs(60 * minutes);
        (scenario.duration, scenario.warm_up) = (minutes(2), Span::ZERO);
        let plain = ran(&scenario);
        for queue in &mut scenario.queues {
            queue.config.message_size = MessageSize::constant(256 * KIB);
        }
        let large = ran(&scenario);
        assert_ne!(plain.fingerprint, large.fingerprint, "{model}: the bill is a fact");
        assert_eq!(but_for_the_bill(&plain), but_for_the_bill(&large), "{model}");
        for (plain, large) in plain.queues.iter().zip(&large.queues) {
            let (calls, requests) = (large.counts.calls, large.counts.requests());
            assert_eq!(plain.counts.calls, calls, "{model}");
            assert_eq!(plain.counts.requests(), plain.counts.calls, "{model}");
            // Without throttling every message is sent once, four chunks each.
            if large.counts.throttled == 0 {
                assert_eq!(requests.send, large.counts.sent * 4, "{model}");
            }
            let found = calls.receive - requests.receive.min(calls.receive);
            assert_eq!(found, 0, "{model}");
            let beyond_the_first = large.counts.received * 4 - large.counts.more_chunks.receive;
            assert!(beyond_the_first <= calls.receive, "{model}: one for each that found some");
        }
    }
}

#[test]
fn idle_polling_costs_what_arithmetic_says() {
    let path = std::path::Path::new("models/idle-polling.ron");
    let mut scenario = load(path, &[]).expect("it is right").scenario;
    scenario.producers.clear();
    let cost = Cost::of(&scenario, &ran(&scenario)).expect("the window is an hour");
    // Ten workers: 30,000 short polls each in an hour, 180 long ones.
    assert_eq!(cost.requests, 10 * (30_000 + 180));
    let month = 730.0 * 301_800.0 / 1e6 * 0.40;
    assert!((cost.per_month() - month).abs() < 1e-9, "{} not {month}", cost.per_month());
    // An hour of it once a day. For 23 hours more each worker polls every 120 ms, or every 20.02 s:
    // 690,000 times and 4,135 times.
    scenario.prices.every = Some(Span::from_secs(86_400));
    let daily = Cost::of(&scenario, &ran(&scenario)).expect("the window is an hour");
    let month = 730.0 / 24.0 * (301_800.0 + 10.0 * (690_000.0 + 4_135.0)) / 1e6 * 0.40;
    assert!((daily.per_month() - month).abs() < 1e-9, "{} not {month}", daily.per_month());
}

/// A sale of 1,000 messages in ten minutes, each worked on for half a second by one worker at $0.36
/// an hour, as one day has it: 1,000 sends, 1,000 deletes, 1,000 receives that find something, and
/// one every 20 s when there is nothing. A month of such ten minutes would be 4,380 of them; there
/// are 730/24.
#[test]
fn a_sale_of_a_day_costs_what_arithmetic_says() {
    let text = "(duration: \"10m\", every: \"24h\", queues: {\"q\": ()},
        producers: {\"p\": (queue: \"q\", arrivals: Burst(at: \"0s\", count: 1000),
            call_latency: Constant(\"0s\"))},
        consumers: {\"w\": (queue: \"q\", processing: Constant(\"500ms\"),
            call_latency: Constant(\"0s\"), price_per_hour: \"$0.36\")})";
    let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    let loaded = from_text("sale.ron", text, &[], &no_files).unwrap_or_else(|f| panic!("{f}"));
    let mut scenario = loaded.scenario;
    let cost = Cost::of(&scenario, &ran(&scenario)).expect("the window is ten minutes");
    // Busy for 500 s, then polls at 500 s, 520 s, … 580 s; the window's end is that of the next.
    let in_sale = 3_000.0 + 5.0;
    let idle = (86_400.0 - 600.0) / 20.0;
    assert!((cost.requests as f64 - in_sale).abs() <= 1.0, "{}", cost.requests);
    let requests = (cost.requests as f64 + idle) * 730.0 / 24.0 / 1e6 * 0.40;
    let month = requests + 730.0 * 0.36;
    assert!((cost.per_month() - month).abs() < 1e-9, "{} not {month}", cost.per_month());
    scenario.prices.every = None;
    let again = Cost::of(&scenario, &ran(&scenario)).expect("the window is ten minutes");
    let on_and_on = cost.requests as f64 * 4_380.0 / 1e6 * 0.40;
    assert!((again.requests_per_month - on_and_on).abs() < 1e-9, "{again:?}");
}

/// Dollars that workers cost in 1,000 s at a cent a second each, and what they do with a burst.
fn workers_cost(burst: &str, work: &str, fleet: &str) -> f64 {
    let text = format!(
        "(duration: \"1000s\",
          queues: {{\"q\": (visibility_timeout: \"1h\", counters: (lag: Constant(\"0s\")))}},
          producers: {{\"p\": (queue: \"q\", arrivals: {burst}, call_latency: Constant(\"0s\"))}},
          consumers: {{\"w\": (queue: \"q\", processing: Constant(\"{work}\"),
              call_latency: Constant(\"0s\"), price_per_hour: \"$36\", {fleet})}})"
    );
    let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    let loaded = from_text("hours.ron", &text, &[], &no_files);
    let scenario = loaded.unwrap_or_else(|faults| panic!("{faults}")).scenario;
    let cost = Cost::of(&scenario, &ran(&scenario)).expect("there is a window");
    cost.of_window() - cost.requests as f64 / 1e6 * 0.40
}

/// All start in 2 s and then work for 10 s on each message: the first two at 2, 12 and 22, the two
/// that join at 5 at 7 and 17. At 25 all but the first are to leave, and do so at 32 and 27.
#[test]
fn workers_that_come_and_go_are_paid_from_the_asking_to_their_last_message() {
    let fleet = r#"count: Schedule([("0s", 2), ("5s", 4), ("25s", 1)]), start_up: Constant("2s")"#;
    let dollars = workers_cost("Burst(at: \"0s\", count: 200)", "10s", fleet);
    let seconds = 1_000.0 + 32.0 + 2.0 * (27.0 - 5.0);
    assert!((dollars - seconds * 0.01).abs() < 1e-9, "{dollars}, not {seconds} cents");
}

/// A message at 1 s is seen at 30; its pod boots for 20 s, starts in 30 and works from 80 to 81.
/// The last poll that saw a message is that at 60, so the pod goes at 390: more than 300 s later.
#[test]
fn a_pod_is_paid_while_it_boots_and_starts_and_while_nothing_comes() {
    let fleet = r#"count: Keda(target: 5, phase: "0s", hpa: (phase: "0s")),
        start_up: Constant("30s")"#;
    let dollars = workers_cost("Burst(at: \"1s\", count: 1)", "1s", fleet);
    assert!((dollars - 3.60).abs() < 1e-9, "{dollars}, not 360 cents");
}
