//! What two lines of an answer say about one thing is one number, and a ratio is that of its name.

use serde_json::Value;

use crate::sandbox::{Given, Sandbox};

/// Messages at once at the start, workers of 100 ms, no call that takes time.
fn burst(count: u64, more: &str, queue: &str, failure: &str) -> Given {
    let sandbox = Sandbox::new();
    let text = format!(
        "(queues: {{\"jobs\": ({queue}), \"dead\": ()}}, {more},
          producers: {{\"web\": (queue: \"jobs\", arrivals: Burst(at: \"0s\", count: {count}),
              call_latency: Constant(\"0s\"))}},
          consumers: {{\"workers\": (queue: \"jobs\", count: 10, receive: (max: 1),
              processing: Constant(\"100ms\"), call_latency: Constant(\"0s\"),
              failure: ({failure}, then: LetExpire))}})"
    );
    sandbox.write("burst.ron", &text);
    let document = sandbox.run(&["run", "burst.ron", "--format", "json"]).stdout;
    Given { stderr: document, ..sandbox.twice(&["run", "burst.ron"], 0) }
}

/// Half of a thousand messages always fail: each of them is received twice and becomes a dead
/// letter, so that 500 messages are deleted after one receive each. What was received over what was
/// deleted would be 3.
#[test]
fn receives_per_message_are_those_of_the_deleted() {
    let redrive = "visibility_timeout: \"30s\", redrive: (to: \"dead\", max_receives: 2)";
    let given = burst(1_000, "duration: \"10m\"", redrive, "probability: 0, poison: \"50%\"");
    let document: Value = serde_json::from_str(&given.stderr).expect("JSON");
    let jobs = &document["queues"]["jobs"];
    let deleted = jobs["counts"]["deleted"].as_u64().expect("a number");
    assert_eq!(jobs["receives_per_message"], serde_json::json!([deleted]));
    assert!((400..600).contains(&deleted), "{deleted}");
    let received = jobs["counts"]["received"].as_u64();
    assert_eq!(received, Some(deleted + 2 * (1_000 - deleted)));
    assert!(given.unbroken().contains("1.00 receives per message"), "{}", given.stdout);
}

/// A message that always fails and is received by nobody else comes back every 30 s: at 0 s, 30 s
/// and so on, 40 times in 1,190 s.
#[test]
fn a_message_that_circulates_is_told() {
    let queue = "visibility_timeout: \"30s\"";
    let given = burst(1, "duration: \"1190s\"", queue, "probability: 0, poison: \"100%\"");
    let text = given.unbroken();
    assert!(text.contains("Unfinished jobs: 1 message, the oldest "), "{text}");
    assert!(
        text.contains("; 1 of them circulating: received up to 40 times and not deleted"),
        "{text}"
    );
    let document: Value = serde_json::from_str(&given.stderr).expect("JSON");
    let circulating = &document["queues"]["jobs"]["unfinished"]["circulating"];
    assert_eq!(circulating["receives"], 40);
    assert_eq!(circulating["oldest_ns"], 1_190_000_000_000_u64);
}

/// All twenty fail once, which makes them dead letters after a second, within the warm-up: none of
/// them counts, and all of them are there at the end.
#[test]
fn dead_letters_outside_the_measured_time_are_told_beside_those_within() {
    let redrive = "visibility_timeout: \"1s\", redrive: (to: \"dead\", max_receives: 1)";
    let more = "duration: \"1m\", warm_up: \"30s\"";
    let given = burst(20, more, redrive, "probability: 0, poison: \"100%\"");
    let text = given.unbroken();
    assert!(text.contains("dead letters 0 0.00 20 more outside the measured time"), "{text}");
    assert!(text.contains("Unfinished dead: 20 messages"), "{text}");
}
