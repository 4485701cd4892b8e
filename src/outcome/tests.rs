//! The documents keep their names, their order and their bytes.

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;
use crate::kernel::time::Span;
use crate::ledger;
use crate::observe::measured::Latency;
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
    measured.queues[0].latencies.sent_to_received = fixture::latency(&[]);
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

/// The keys of a document, each once.
fn keys(value: &Value, found: &mut BTreeSet<String>) {
    for (key, value) in value.as_object().into_iter().flatten() {
        found.insert(key.clone());
        keys(value, found);
    }
}

/// A queue or a fleet may be called whatever the outcome calls something else: it has all its
/// measures.
#[test]
fn no_measure_is_lost_by_the_name_of_its_part() {
    let estimated = |name: &str| -> Vec<String> {
        let mut scenario = fixture::scenario();
        for part in [&mut scenario.queues[0].name, &mut scenario.producers[0].name] {
            *part = name.to_owned();
        }
        scenario.fleets[0].name = name.to_owned();
        scenario.expect.clear();
        let of = |n| Outcome::from_run(&scenario, 42, n, &fixture::measured(n), None);
        let estimate = Estimate::of(&[of(0), of(1)]).expect("finite numbers");
        let all = serde_json::to_value(&estimate).expect("finite numbers");
        let paths = all["measures"].as_object().expect("a map").keys();
        let own = ["queues", "producers", "consumers"].map(|part| format!("{part}.{name}."));
        let own = |path: &&String| own.iter().any(|part| path.starts_with(part));
        paths.filter(own).map(|path| path.replacen(&format!(".{name}."), ".x.", 1)).collect()
    };
    let (plain, mut words) = (estimated("plain"), BTreeSet::new());
    keys(&serde_json::to_value(outcome(0)).expect("finite numbers"), &mut words);
    assert!(plain.len() > 90 && words.len() > 100, "{} and {}", plain.len(), words.len());
    // Another queue has that name.
    words.remove("orders-dlq");
    for word in words {
        assert_eq!(estimated(&word), plain, "of parts called `{word}`");
    }
}

#[test]
fn a_fingerprint_is_shortened_for_people() {
    assert_eq!(outcome(0).short_fingerprint(), "9f3c1a72");
    assert!(outcome(0).held());
    let estimate = Estimate::of(&[outcome(0), outcome(1)]).expect("finite numbers");
    assert_eq!(estimate.short_fingerprint(), &estimate.fingerprint[..8]);
    assert!(estimate.held());
    let expect =
        estimate.expect.iter().map(|of| EstimatedExpectation { holds: false, ..of.clone() });
    assert!(!Estimate { expect: expect.collect(), ..estimate.clone() }.held());
    assert!(estimate.to_ron().expect("is finite").ends_with(")\n"));
}

#[test]
fn a_map_by_name_knows_how_many_it_has() {
    let two: ByName<u32> = [("b".to_owned(), 1), ("a".to_owned(), 2)].into_iter().collect();
    assert_eq!((two.len(), two.is_empty(), two.at(1)), (2, false, Some(&2)));
    assert_eq!((ByName::<u32>::empty().len(), ByName::<u32>::empty().is_empty()), (0, true));
    let fault = serde_json::from_str::<ByName<u32>>("[]").expect_err("a list is no map");
    assert!(fault.to_string().contains("a map by name"), "{fault}");
}

/// An outcome whose orders were deleted after so many milliseconds each.
fn deleted_after(millis: &[u64]) -> Outcome {
    let mut measured = fixture::measured(0);
    measured.queues[0].latencies.sent_to_deleted = fixture::latency(millis);
    measured.queues[0].counts.deleted = millis.len() as u64;
    let mut scenario = fixture::scenario();
    scenario.expect = vec!["mean(sent_to_deleted) < 160ms".to_owned()];
    Outcome::from_run(&scenario, 42, 0, &measured, None)
}

/// One message of 100 ms in one run and three of 200 ms in the other: a mean of 175, and not of 150
/// or of what a run has. The money of both runs is divided by the messages of both.
#[test]
fn what_merges_is_no_mean_of_means() {
    let outcomes = [deleted_after(&[100]), deleted_after(&[200, 200, 200])];
    let estimate = Estimate::of(&outcomes).expect("finite numbers");
    let of = |path: &str| *estimate.measures.get(path).expect(path);
    let mean = of("queues.orders.latency_ns.sent_to_deleted.mean");
    assert_eq!((mean.mean, mean.n), (175e6, 2));
    let close = |path: &str, expected: f64| {
        let mean = of(path).mean;
        assert!((mean - expected).abs() < 1e-3, "{path}: {mean}, not {expected}");
    };
    close("queues.orders.latency_ns.sent_to_deleted.p50", 200e6);
    close("queues.orders.latency_ns.sent_to_received.mean", 49.5e6);
    // 108,048 requests at a dollar a million and four workers at half a dollar for a quarter of an
    // hour, twice, of four messages: all deletes count among the requests.
    let dollars = 2.0 * (108_048.0 / 1e6 + 0.5);
    let per_million = of("cost.dollars_per_million").mean;
    assert!((per_million / (dollars * 1e6 / 4.0) - 1.0).abs() < 1e-9, "{per_million}");
    // Without the first 200 ms, without the second 100: 150 and 250 stand for the runs, and half
    // the interval about 175 is 12.7 times 50.
    let expect = &estimate.expect[0];
    assert_eq!((expect.holds, expect.held_in, expect.value), (false, 1, Some(175e6)));
    let [low, high] = expect.ci95.expect("two runs");
    assert!((low + high - 350e6).abs() < 1.0 && high > 175e6 + 12.7 * 50e6, "{low} to {high}");
}

/// One run whose four parts sent 9,000 each: the counts of parts times four are those of the whole.
#[test]
fn the_parts_of_a_run_tell_how_sure_its_numbers_are() {
    let whole = outcome(0);
    let parts: Vec<Outcome> = (0..20).map(outcome).collect();
    let sample = Sample::of_batches(&whole, &parts);
    assert_eq!(sample.batches().map(<[Outcome]>::len), Some(20));
    let estimate = Estimate::of_sample(sample).expect("finite numbers");
    assert_eq!((estimate.replications, estimate.batches), (1, Some(20)));
    let of = |path: &str| *estimate.measures.get(path).expect(path);
    let max = of("queues.orders.levels.visible.max");
    assert_eq!((max.mean, max.ci95, max.n), (31.0, None, 1));
    // No part has another mean: an interval without width.
    let busy = of("consumers.workers.busy");
    assert_eq!((busy.mean, busy.ci95), (0.8, Some([0.8, 0.8])));
    assert_eq!(Estimate::of(&[whole]).expect("finite numbers").batches, None);
}

/// Two messages were received once and one twice.
#[test]
fn parts_of_an_outcome_by_hand() {
    let (scenario, mut measured) = (fixture::scenario(), fixture::measured(0));
    let queue = &mut measured.queues[0];
    queue.receives_per_message = vec![2, 1, 0, 0];
    queue.resident = (5, 7);
    queue.latencies.sent_to_received = Latency::of(&[1, 2, 2].map(Span::from_nanos));
    queue.latencies.sent_to_deleted = Latency::of(&[1, 1, 2].map(Span::from_nanos));
    queue.unfinished.circulating =
        ledger::Circulating { messages: 3, oldest: Span::from_secs(9), receives: 7 };
    measured.fleets[0].duplicate_work = 1;
    let outcome = Outcome::from_run(&scenario, 42, 0, &measured, None);
    let of = outcome.queues.get("orders").expect("is there");
    assert_eq!(of.receives_of_deleted(), (4, 3, false));
    assert_eq!((of.resident.begin, of.resident.end), (5, 7));
    // 5/3 and 4/3, to the nearest.
    assert_eq!((of.latency_ns.sent_to_received.mean, of.latency_ns.sent_to_deleted.mean), (2, 1));
    assert_eq!((of.latency_ns.sent_to_received.p50, of.latency_ns.sent_to_deleted.p50), (2, 1));
    let circulating = of.unfinished.circulating.as_ref().expect("three do");
    assert_eq!((circulating.messages, circulating.receives), (3, 7));
    let fleet = outcome.consumers.get("workers").expect("is there");
    assert_eq!((fleet.worker_ns, fleet.wasted_ns), (4 * 900_000_000_000, 2_700_000_001));
    let other = outcome.queues.get("orders-dlq").expect("is there");
    assert_eq!(other.receives_of_deleted(), (0, 0, false));
    assert_eq!(other.latency_ns.sent_to_received.p50, 0);
    assert!(other.unfinished.circulating.is_none());
}

/// The expectation on what grows does not hold, whatever its value.
#[test]
fn what_grows_without_end_is_said_so() {
    let (mut scenario, measured) = (fixture::scenario(), fixture::measured(0));
    scenario.expect = vec!["mean(visible) < 99".to_owned(), "sent > 1".to_owned()];
    let grows = stability::Unstable { queue: 0, load: 2.0, growth: 1.0 };
    let [visible, sent] = &ExpectOutcome::all(&scenario, &measured, &[grows])[..] else {
        panic!("there are two")
    };
    assert_eq!((visible.holds, visible.value), (false, Some(2.0)));
    assert_eq!(visible.note.as_deref(), Some("no value: `orders` grows without end"));
    assert_eq!((sent.holds, sent.note.as_deref(), &sent.grows_with), (true, None, &None));
}
