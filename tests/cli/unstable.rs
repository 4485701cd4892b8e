//! Queues that grow without end: no command tells a mean or a percentile of them.
//!
//! One worker of 100 ms serves 10 messages a second, without calls that take time. Of 20 that come
//! (Poisson) 10 are left every second: over 540 s the growth is 10/s with a standard deviation of
//! √(20/540) = 0.19.

use serde_json::Value;

use crate::sandbox::{Given, Sandbox};

const OVERLOADED: &str = r#"(
    duration: "10m", warm_up: "1m",
    queues: {"orders": (visibility_timeout: "12h")},
    producers: {"shop": (queue: "orders", arrivals: Poisson("20/s"), call_latency: Constant("0s"))},
    consumers: {"workers": (queue: "orders", count: 1, receive: (max: 1),
        processing: Constant("100ms"), call_latency: Constant("0s"))},
    expect: ["p99(sent_to_deleted) < 10h", "max(visible) > 0", "redelivered == 0"],
)"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("over.ron", OVERLOADED);
    sandbox
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// The rate of growth that an answer tells behind `NOT STABLE`.
fn growth(given: &Given) -> f64 {
    let text = given.unbroken();
    let (_, told) = text.split_once("NOT STABLE").expect(&text);
    let (_, rate) = told.split_once("grows by ").expect(&text);
    let rate = rate.split([' ', '/']).next().expect("a word");
    rate.parse().expect("a number")
}

fn has_growth(given: &Given) {
    let growth = growth(given);
    // Four standard deviations, and what a growth is rounded to.
    assert!((growth - 10.0).abs() < 0.85, "{growth}");
}

/// Both halves of the run grow, so the queue does not settle: a limit of ten hours is no property
/// that it meets, though no message of ten minutes can be older.
#[test]
fn an_expectation_on_what_grows_does_not_hold() {
    let sandbox = sandbox();
    for more in [&[][..], &["--reps", "4"], &["--batches", "10"]] {
        let given = sandbox.twice(&[&["run", "over.ron"], more].concat(), 1);
        has_growth(&given);
        let text = given.unbroken();
        for expectation in ["p99(sent_to_deleted) < 10h", "max(visible) > 0"] {
            let judged = format!("FAIL {expectation} ");
            let (_, said) = text.split_once(&judged).expect(&text);
            assert!(
                said.trim_start().starts_with("no value: `orders` grows without end"),
                "{text}"
            );
        }
        assert!(text.contains("ok redelivered == 0"), "what does not grow is judged: {text}");
        assert!(!text.contains("waiting on average"), "{text}");
        assert!(!text.contains("waited on average"), "{text}");
    }
    let estimate = sandbox.twice(&["run", "over.ron", "--reps", "4", "--format", "json"], 1);
    let estimate = json(&estimate.stdout);
    let measures = estimate["measures"].as_object().expect("measures");
    let grows = ["sent_to_received", "sent_to_deleted", "visible", "age_of_oldest_ns"];
    let told = measures.keys().filter(|path| grows.iter().any(|part| path.contains(part)));
    assert!(
        told.clone().all(|path| path.rsplit('.').next() == Some("count")),
        "{:?}",
        told.collect::<Vec<_>>()
    );
    assert!(measures.contains_key("queues.orders.latency_ns.processing.p99"));
    let table = sandbox.run(&["run", "over.ron", "--reps", "4", "--format", "csv"]).stdout;
    assert!(!table.contains("sent_to_deleted.p99"), "{table}");
}

/// Two workers of 20 a second are at load 1, three at 2/3.
#[test]
fn a_point_that_grows_has_no_percentile() {
    let sandbox = sandbox();
    let vary = ["sweep", "over.ron", "--reps", "3", "--vary", "consumers.workers.count=1,3"];
    let given = sandbox.twice(&vary, 0);
    has_growth(&given);
    assert_eq!(given.stdout.matches("NOT STABLE").count(), 1, "{}", given.stdout);
    let document = json(&sandbox.run(&[&vary[..], &["--format", "json"]].concat()).stdout);
    let points = document["points"].as_array().expect("points");
    assert_eq!(points[0]["unstable"][0]["queue"], "orders");
    assert_eq!(points[0]["unstable"][0]["found_in"], 3);
    assert!(points[1].get("unstable").is_none());
    for text in ["mean(sent_to_received)", "p50(sent_to_deleted)", "p99(sent_to_deleted)"] {
        assert!(points[0]["measures"].get(text).is_none(), "{text}");
        assert!(points[1]["measures"][text]["mean"].as_f64().is_some_and(|mean| mean > 0.0));
    }
    assert!(points[0]["measures"]["busy"]["mean"].as_f64().is_some_and(|busy| busy > 0.99));
    assert_eq!(document["first_that_holds"], 1);
    let table = sandbox.run(&[&vary[..], &["--format", "csv"]].concat()).stdout;
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    let column = rows[0].iter().position(|head| *head == "p99(sent_to_deleted)_ns").expect("it");
    assert_eq!(rows[1][column], "");
    assert_ne!(rows[2][column], "");
}

#[test]
fn what_grows_is_not_compared() {
    let sandbox = sandbox();
    let args = ["compare", "over.ron", "--a", "consumers.workers.count=3", "--reps", "3"];
    let given = sandbox.twice(&args, 0);
    has_growth(&given);
    let text = given.unbroken();
    assert!(text.contains("NOT STABLE b: orders grows by"), "{text}");
    let document = json(&sandbox.run(&[&args[..], &["--format", "json"]].concat()).stdout);
    let compared = document["measures"].as_array().expect("measures");
    let texts: Vec<&str> = compared.iter().filter_map(|one| one["text"].as_str()).collect();
    assert_eq!(texts, ["rate(deleted)", "busy"]);
    let not: Vec<&str> =
        document["not_compared"].as_array().expect("it").iter().filter_map(Value::as_str).collect();
    let grow = ["mean(sent_to_received)", "p50(sent_to_deleted)", "p95(sent_to_deleted)"];
    assert_eq!(not, [&grow[..], &["p99(sent_to_deleted)"]].concat());
}

/// One worker grows, so that a limit of ten hours fails there. What is least is not what has no
/// value: with one worker the percentile is none, not a small one.
#[test]
fn a_plan_does_not_take_what_grows() {
    let sandbox = sandbox();
    let find = ["plan", "over.ron", "--reps", "3", "--find"];
    let such = ["--such-that", "p99(sent_to_deleted) < 10h"];
    let first = [&find[..], &["consumers.workers.count=1..4"], &such].concat();
    let given = sandbox.twice(&first, 0);
    has_growth(&given);
    assert!(!given.stdout.contains("Answer      consumers.workers.count = 1"), "{}", given.stdout);
    let least = ["consumers.workers.count=1,3,4", "--such-that", "redelivered == 0"];
    let least = [&find[..], &least, &["--minimise", "p99(sent_to_deleted)"]].concat();
    let given = sandbox.twice(&least, 0);
    has_growth(&given);
    assert!(!given.stdout.contains("Answer      consumers.workers.count = 1"), "{}", given.stdout);
}

/// No number of replications makes it known, so there are no more than the first ten.
#[test]
fn precision_is_not_sought_for_what_grows() {
    let sandbox = sandbox();
    let args = ["run", "over.ron", "--precision", "1%", "--of", "p99(sent_to_deleted)"];
    let given = sandbox.twice(&args, 1);
    has_growth(&given);
    assert!(given.stdout.contains("10 replications x 10m"), "{}", given.stdout);
    assert!(given.unbroken().contains("`orders` grows without end, so `p99"), "{}", given.stdout);
}

/// 600 messages at once are drained in a minute: a backlog, no growth.
#[test]
fn a_burst_that_is_drained_is_stable() {
    let sandbox = sandbox();
    let burst = OVERLOADED.replace("Poisson(\"20/s\")", "Burst(at: \"5m\", count: 600)");
    sandbox.write("burst.ron", &burst);
    let sweep = ["sweep", "burst.ron", "--reps", "2", "--vary", "consumers.workers.count=1,2"];
    for args in [&["run", "burst.ron"][..], &["run", "burst.ron", "--reps", "3"], &sweep] {
        let given = sandbox.twice(args, 0);
        assert!(!given.stdout.contains("NOT STABLE"), "{}", given.stdout);
    }
}
