//! `plan` on the command line: what is asked wrongly, what is kept.

use crate::sandbox::Sandbox;

#[test]
fn nothing_runs_before_what_is_asked_is_checked() {
    let sandbox = Sandbox::new();
    let refused = |args: &[&str], what: &str| {
        let given = sandbox.twice(&[&["plan", "long.ron", "-o", "out"], args].concat(), 2);
        assert!(given.stderr.contains(what), "{args:?}: {}", given.stderr);
        assert!(!sandbox.path("out").exists(), "{args:?}");
    };
    let target = |text| ["--find", "consumers.workers.count", "--such-that", text];
    refused(&target("p99(sent_to_deletd) < 2s"), "did you mean `sent_to_deleted`?");
    refused(&target("nonsense < 2"), "there are sent, moved_in");
    refused(&target("p99(sent_to_deleted)"), "expected a comparison");
    refused(&["--find", "consumers.workers.count"], "there is no target");
    let such_that = ["--such-that", "p99(sent_to_deleted) < 2s"];
    let find = |texts: &[&'static str]| {
        let finds = texts.iter().flat_map(|text| ["--find", *text]);
        finds.chain(such_that).collect::<Vec<&str>>()
    };
    refused(&find(&["consumers.workers.coutn"]), "did you mean `count`?");
    refused(&find(&["consumers.workers.count=0..4"]), "at least 1 is needed");
    let whole = "`consumers.workers.count` is the number `";
    refused(&find(&["consumers.workers.count.target=5,10"]), whole);
    refused(&find(&["duration=1s..9s"]), "does not say its step");
    refused(&find(&["consumers.workers.count=1..4", "drain=1s,2s"]), "there is no smallest value");
    let least = [&find(&["consumers.workers.count"])[..], &["--minimise", "busy"]].concat();
    refused(&least, "needs its values");
    let least = [&find(&["consumers.workers.count=1..4"])[..], &["--minimise", "cost_per_month"]];
    refused(&least.concat(), "--set consumers.workers.price_per_hour=$0.05`, or `$0` for nothing");
    // Whatever is looked for: a bill that leaves workers out is not the cost.
    let least = [&find(&["queues.jobs.visibility_timeout=1s,2s"])[..], &["--minimise", "cost * 2"]];
    refused(&least.concat(), "`consumers.workers.price_per_hour` is not set");
    let sure = [&find(&["consumers.workers.count"])[..], &["--confidence", "100%"]].concat();
    refused(&sure, "expected a probability");
}

#[test]
fn an_answer_says_its_margin_and_is_found_again_without_a_run() {
    let sandbox = Sandbox::new();
    let find =
        ["--find", "consumers.workers.count", "--such-that", "p50(sent_to_received) < 300ms"];
    let args = [&["plan", "small.ron", "-o", "out"], &find[..]].concat();
    let first = sandbox.run(&args);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(first.stdout.contains("Answer      consumers.workers.count = "), "{}", first.stdout);
    assert!(first.stdout.contains("met by"), "{}", first.stdout);
    assert!(first.stdout.contains("95% that every decision"), "{}", first.stdout);
    let journal = sandbox.read("out/journal.jsonl");
    let again = sandbox.run(&args);
    assert_eq!(again.stdout, first.stdout);
    assert!(sandbox.read("out/journal.jsonl") == journal, "nothing was run again");
    // Nothing does it: the answer is no.
    let never = ["--find", "consumers.workers.count=1..3", "--such-that", "busy < 0"];
    let none = sandbox.twice(&[&["plan", "small.ron"], &never[..]].concat(), 1);
    assert!(none.stdout.contains("none of them meets the target"), "{}", none.stdout);
}

/// A worker for nothing is said, not assumed.
#[test]
fn a_price_of_nothing_is_a_price() {
    let sandbox = Sandbox::new();
    let args = ["plan", "small.ron", "--find", "consumers.workers.count=2..3", "--minimise"];
    let free = ["cost", "--set", "consumers.workers.price_per_hour=$0", "--reps", "2"];
    let given = sandbox.run(&[&args[..], &free, &["--max-reps", "2"]].concat());
    assert_eq!(given.code, Some(0), "{given:?}");
}

/// Of 20 messages a second of 50 ms one in five is done again: two or three workers are the answer,
/// and what they and the one before them cost is told.
#[test]
fn an_answer_says_what_it_costs_where_every_worker_has_a_price() {
    let sandbox = Sandbox::new();
    let args = ["plan", "small.ron", "--find", "consumers.workers.count", "--such-that"];
    let target = ["p50(sent_to_received) < 300ms", "--max-reps", "20"];
    let unpriced = sandbox.run(&[&args[..], &target].concat());
    assert!(!unpriced.stdout.contains("Cost"), "{}", unpriced.stdout);
    let price = ["--set", "consumers.workers.price_per_hour=$10"];
    let priced = sandbox.run(&[&args[..], &target, &price].concat());
    let found = priced.unbroken();
    let count: f64 = found
        .split("Answer consumers.workers.count = ")
        .nth(1)
        .and_then(|rest| rest.split(' ').next())
        .and_then(|count| count.parse().ok())
        .expect("an answer");
    // $7,300 a month for each, and some dollars of requests.
    let cost = found.split("Cost $").nth(1).expect("a cost");
    let dollars: f64 = cost.split(' ').next().and_then(|d| d.parse().ok()).expect("dollars");
    assert!((0.0..200.0).contains(&(dollars - 7_300.0 * count)), "{found}");
    assert!(count > 1.0 && cost.contains(&format!("a month, with {}", count - 1.0)), "{found}");
    let json = sandbox.run(&[&args[..], &target, &price, &["--format", "json"]].concat());
    assert!(json.stdout.contains("\"cost_per_month\""), "{}", json.stdout);
}

/// Work of 250 ms for a message every 100 ms keeps three workers busy.
const REGULAR: &str = r#"(
    duration: "30s", drain: "30s", queues: {"q": ()},
    producers: {"p": (queue: "q", arrivals: Constant("10/s"), call_latency: Constant("0s"))},
    consumers: {"w": (queue: "q", receive: (max: 1), processing: Constant("250ms"),
        call_latency: Constant("0s"))},
)"#;

#[test]
fn a_plan_that_cannot_succeed_says_why_in_eighty_columns() {
    let sandbox = Sandbox::new();
    sandbox.write("regular.ron", REGULAR);
    let args = ["plan", "regular.ron", "--find", "consumers.w.count"];
    let target = ["--such-that", "p99(sent_to_deleted) < 100ms"];
    let given = sandbox.twice(&[&args[..], &target].concat(), 1);
    let answer = given.stdout.split("repeat: ").next().expect("a text");
    assert!(answer.lines().all(|line| line.chars().count() <= 80), "{answer}");
    let words = answer.split_whitespace().collect::<Vec<_>>().join(" ");
    let waits = "from consumers.w.count=3 on nothing waits and more changes nothing";
    assert!(words.contains(waits), "{answer}");
    assert!(words.contains("what remains is the work itself, whose p99 is 250ms"), "{answer}");
    assert!(words.contains("Answer none of them meets the target"), "{answer}");
}
