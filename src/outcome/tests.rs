//! The documents keep their names, their order and their bytes.

use serde_json::Value;

use super::*;
use crate::stats::fixture;

fn outcome(shift: u64) -> Outcome {
    Outcome::from_run(&fixture::scenario(), 42, shift, &fixture::measured(shift), None)
}

/// Every path that the description of format 1 names.
const NAMES: &[&str] = &[
    "format",
    "scenario",
    "seed",
    "window_ns.1",
    "events",
    "queues.orders.counts.sent",
    "queues.orders.counts.received",
    "queues.orders.counts.deleted",
    "queues.orders.counts.empty_receives",
    "queues.orders.counts.probes",
    "queues.orders.counts.dead_lettered",
    "queues.orders.counts.expired",
    "queues.orders.counts.throttled",
    "queues.orders.counts.duplicates",
    "queues.orders.counts.redelivered.total",
    "queues.orders.counts.redelivered.outlived_timeout",
    "queues.orders.counts.redelivered.prefetched",
    "queues.orders.counts.redelivered.failed",
    "queues.orders.counts.redelivered.crashed",
    "queues.orders.counts.redelivered.delete_lost",
    "queues.orders.counts.calls.send",
    "queues.orders.counts.calls.receive",
    "queues.orders.counts.calls.delete",
    "queues.orders.counts.calls.change_visibility",
    "queues.orders.latency_ns.sent_to_received.count",
    "queues.orders.latency_ns.sent_to_received.mean",
    "queues.orders.latency_ns.sent_to_received.stddev",
    "queues.orders.latency_ns.sent_to_received.p50",
    "queues.orders.latency_ns.sent_to_received.p90",
    "queues.orders.latency_ns.sent_to_received.p95",
    "queues.orders.latency_ns.sent_to_received.p99",
    "queues.orders.latency_ns.sent_to_received.p999",
    "queues.orders.latency_ns.sent_to_received.max",
    "queues.orders.latency_ns.sent_to_deleted.p99",
    "queues.orders.levels.visible.mean",
    "queues.orders.levels.visible.max",
    "queues.orders.levels.visible.last",
    "queues.orders.levels.in_flight.mean",
    "queues.orders.levels.delayed.mean",
    "queues.orders.levels.age_of_oldest_ns.max",
    "queues.orders.levels.partitions.last",
    "queues.orders.partitions.splits",
    "queues.orders.partitions.merges",
    "queues.orders.partitions.refusals",
    "producers.web.sent",
    "producers.web.throttled",
    "producers.web.retried",
    "producers.web.given_up",
    "consumers.workers.busy",
    "consumers.workers.thread_time.work",
    "consumers.workers.thread_time.calls",
    "consumers.workers.thread_time.idle",
    "consumers.workers.thread_time.down",
    "consumers.workers.processed",
    "consumers.workers.wasted_ns",
    "bottleneck",
    "expect.0.text",
    "expect.0.holds",
    "expect.0.value",
    "partial",
    "fingerprint",
];

#[test]
fn the_document_has_the_names_of_format_1() {
    let json: Value = serde_json::to_value(outcome(0)).expect("serialises");
    for path in NAMES {
        let pointer = format!("/{}", path.replace('.', "/"));
        assert!(json.pointer(&pointer).is_some(), "no {path}");
    }
    assert_eq!(json["format"], "sqsim-outcome/1");
    assert_eq!(json["queues"]["orders"]["counts"]["redelivered"]["total"], 36);
    assert_eq!(json["queues"]["orders"]["latency_ns"]["sent_to_received"]["mean"], 49_500_000);
    assert_eq!(json["queues"]["orders"]["receives_per_message"], serde_json::json!([35_964, 36]));
    assert_eq!(json["queues"]["orders-dlq"]["receives_per_message"], serde_json::json!([]));
    assert_eq!(json["consumers"]["workers"]["wasted_ns"], 2_700_000_000_u64);
    assert_eq!(json["fingerprint"], "9f3c1a7200000000");
    assert_eq!(json["partial"], Value::Null);
}

/// What an outcome says of nodes.
const OF_NODES: &[&str] = &[
    "counts.unavailable",
    "counts.unavailable_sends",
    "counts.undone",
    "counts.redelivered.delete_undone",
    "counts.redelivered.not_hidden",
    "levels.under_replicated.mean",
    "levels.without_quorum.max",
    "nodes.failures",
    "nodes.elections",
    "nodes.copies",
    "nodes.copies_dropped",
    "nodes.unavailable",
    "nodes.under_replicated.most",
    "nodes.without_quorum.for_ns",
    "nodes.outages.0.node",
    "nodes.outages.0.to_ns",
];

#[test]
fn only_a_queue_with_nodes_speaks_of_them() {
    let (scenario, measured) = fixture::with_nodes();
    let outcome = document(Outcome::from_run(&scenario, 42, 0, &measured, None));
    let json = outcome.to_json().expect("serialises");
    assert_eq!(Outcome::from_json(&json).expect("parses"), outcome);
    let value: Value = serde_json::from_str(&json).expect("is JSON");
    for path in OF_NODES {
        let of = |queue| format!("/queues/{queue}/{}", path.replace('.', "/"));
        assert!(value.pointer(&of("orders")).is_some(), "no {path}");
        assert!(value.pointer(&of("orders-dlq")).is_none(), "{path} without nodes");
    }
}

#[test]
fn queues_keep_the_order_of_the_scenario() {
    let mut scenario = fixture::scenario();
    scenario.queues.swap(0, 1);
    let text = Outcome::from_run(&scenario, 1, 0, &fixture::measured(0), None)
        .to_json()
        .expect("serialises");
    let at = |name: &str| text.find(&format!("\"{name}\": {{")).expect("is there");
    assert!(at("orders-dlq") < at("orders"));
}

/// What is beside the document does not come back with it.
fn document(outcome: Outcome) -> Outcome {
    Outcome { merges: Merges::default(), ..outcome }
}

#[test]
fn what_was_written_is_read_back() {
    let outcome = document(outcome(3));
    let json = outcome.to_json().expect("serialises");
    assert_eq!(Outcome::from_json(&json).expect("parses"), outcome);
    let ron = outcome.to_ron().expect("serialises");
    assert_eq!(ron::from_str::<Outcome>(&ron).expect("parses"), outcome);
    let later = json.replacen("\"seed\"", "\"a_later_field\": [1], \"seed\"", 1);
    assert_eq!(Outcome::from_json(&later).expect("later fields are ignored"), outcome);
}

#[test]
fn another_format_is_refused_by_name() {
    let json = outcome(0).to_json().expect("serialises").replace("outcome/1", "outcome/2");
    let message = Outcome::from_json(&json).expect_err("format 2").to_string();
    assert_eq!(message, "this document is `sqsim-outcome/2`, expected `sqsim-outcome/1`");
}

#[test]
fn expectations_without_a_value_are_kept_as_not_held() {
    let mut scenario = fixture::scenario();
    scenario.expect =
        vec!["expired / dead_lettered != 0".to_owned(), "sent >".to_owned(), "sent > 0".to_owned()];
    let outcome = Outcome::from_run(&scenario, 42, 0, &fixture::measured(0), None);
    let held: Vec<bool> = outcome.expect.iter().map(|expect| expect.holds).collect();
    assert_eq!(held, [false, false, true]);
    assert_eq!(outcome.expect[0].note.as_deref(), Some("0 / 0 has no value"));
    assert!(outcome.expect[1].note.is_some());
    assert!(!outcome.held());
    let json = outcome.to_json().expect("serialises");
    assert_eq!(Outcome::from_json(&json).expect("parses"), document(outcome));
}

#[test]
fn an_estimate_has_every_number_with_its_interval() {
    // Replications 0, 1 and 2 differ by a shift of 0, 1 and 2: mean 1, standard deviation 1,
    // so the half width is t(2)/√3 = 4.302652730/1.732050808.
    let outcomes: Vec<Outcome> = (0..3).map(outcome).collect();
    let estimate = Estimate::of(&outcomes).expect("finite numbers");
    assert_eq!(estimate.replications, 3);
    let sent = estimate.measures.get("queues.orders.counts.sent").expect("is estimated");
    assert!((sent.mean - 36_001.0).abs() < 1e-9, "{sent:?}");
    let [low, high] = sent.ci95.expect("three replications");
    assert!((high - low - 2.0 * 2.484_137_7).abs() < 1e-6, "{sent:?}");
    assert_eq!(sent.n, 3);

    let has = |path| estimate.measures.get(path).is_some();
    assert!(has("queues.orders.latency_ns.sent_to_received.mean"));
    assert!(has("consumers.workers.busy"));
    assert!(!has("queues.orders-dlq.latency_ns.sent_to_received.mean"), "no message, no mean");
    assert!(has("queues.orders-dlq.latency_ns.sent_to_received.count"));
    assert!(!has("seed") && !has("consumers.workers.threads"), "settings are not measures");

    let names: Vec<&str> = estimate.measures.iter().map(|(name, _)| name).collect();
    let at = |name| names.iter().position(|known| *known == name);
    assert!(at("queues.orders.counts.sent") < at("queues.orders-dlq.counts.sent"));

    let held = &estimate.expect[1];
    assert_eq!((held.holds, held.held_in, held.value), (true, 3, Some(0.0)));
}

#[test]
fn a_latency_missing_in_one_replication_is_estimated_from_the_others() {
    let mut measured = fixture::measured(0);
    measured.queues[0].sent_to_received = fixture::latency(&[]);
    let scenario = fixture::scenario();
    let empty = Outcome::from_run(&scenario, 42, 0, &measured, None);
    for outcomes in [[empty.clone(), outcome(1)], [outcome(1), empty]] {
        let estimate = Estimate::of(&outcomes).expect("finite numbers");
        let path = "queues.orders.latency_ns.sent_to_received.mean";
        let measure = estimate.measures.get(path).expect("is estimated");
        assert_eq!((measure.n, measure.ci95), (1, None));
        let deleted = "queues.orders.latency_ns.sent_to_deleted.mean";
        assert_eq!(estimate.measures.get(deleted).expect("is estimated").n, 2);
    }
}

/// Three of four threads are busy, and one of two that are up while the others are down: 4 of 6 and
/// not the mean of 3/4 and 1/2, in the document as in an expectation.
#[test]
fn a_fleet_is_as_busy_as_its_threads_that_are_up_in_all_runs() {
    let mut scenario = fixture::scenario();
    scenario.expect = vec!["busy(workers) > 0.6".to_owned()];
    let run = |busy: u64, up: u64| {
        let mut measured = fixture::measured(0);
        let level = |value| fixture::level(value, value, value);
        let fleet = &mut measured.fleets[0];
        (fleet.busy, fleet.up, fleet.down) = (level(busy), level(up), level(4 - up));
        Outcome::from_run(&scenario, 42, 0, &measured, None)
    };
    let estimate = Estimate::of(&[run(3, 4), run(1, 2)]).expect("finite numbers");
    let found = estimate.measures.iter().find(|(path, _)| *path == "consumers.workers.busy");
    let (_, busy) = found.expect("is there");
    assert!((busy.mean - 4.0 / 6.0).abs() < 1e-12, "{busy:?}");
    let expected = estimate.expect[0].value.expect("has a value");
    assert!((busy.mean - expected).abs() < 1e-12, "{expected}");
}

#[test]
fn the_estimates_fingerprint_depends_on_every_replication_and_their_order() {
    let of = |shifts: &[u64]| {
        let outcomes: Vec<Outcome> = shifts.iter().map(|shift| outcome(*shift)).collect();
        Estimate::of(&outcomes).expect("finite numbers").fingerprint
    };
    assert_ne!(of(&[0, 1]), of(&[1, 0]));
    assert_ne!(of(&[0, 1]), of(&[0, 2]));
    assert_eq!(of(&[0, 1]), of(&[0, 1]));
}

#[test]
fn a_number_that_is_left_out_where_it_is_zero_counts_as_zero() {
    let mut measured = fixture::measured(0);
    measured.queues[0].counts.throttled_sends = 12;
    let throttled = Outcome::from_run(&fixture::scenario(), 42, 0, &measured, None);
    for outcomes in [[throttled.clone(), outcome(1)], [outcome(1), throttled]] {
        let estimate = Estimate::of(&outcomes).expect("finite numbers");
        let path = "queues.orders.counts.throttled_sends";
        let measure = estimate.measures.get(path).expect("is estimated");
        assert_eq!(measure.n, 2);
        assert!((measure.mean - 6.0).abs() < 1e-9, "{measure:?}");
    }
}
