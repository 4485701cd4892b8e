//! `compare`: verdicts, pairing, what cannot be compared.

use serde_json::Value;

use crate::sandbox::{Sandbox, whole_commands};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

/// The measure of this text in a comparison.
fn measure<'v>(document: &'v Value, text: &str) -> &'v Value {
    let measures = document["measures"].as_array().expect("measures");
    measures.iter().find(|measure| measure["text"] == text).expect(text)
}

fn width(interval: &Value) -> f64 {
    interval[1].as_f64().expect("an end") - interval[0].as_f64().expect("a start")
}

/// Ten against eleven workers of the sign-up model: the same messages with the same work meet
/// both, so most of what varies from run to run varies in both alike.
#[test]
fn pairing_makes_intervals_a_third_as_wide() {
    let sandbox = Sandbox::new();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/models/signup.ron");
    let measures =
        ["mean(sent_to_deleted)", "working", "rate(deleted)", "mean(processing)", "sent"];
    let mut args = vec!["compare", model, "--format", "json"];
    args.extend(["--a", "consumers.workers.count=10", "--b", "consumers.workers.count=11"]);
    args.extend(measures.iter().flat_map(|measure| ["--measure", measure]));
    let document = json(&sandbox.twice(&args, 0).stdout);
    for text in &measures[..3] {
        let measure = measure(&document, text);
        let times = width(&measure["unpaired_ci95"]) / width(&measure["difference"]["ci95"]);
        assert!(times >= 3.0, "{text}: {times}");
    }
    // No arrival and no message's work changed, in none of the runs.
    for text in &measures[3..] {
        let measure = measure(&document, text);
        assert_eq!(measure["difference"]["ci95"], serde_json::json!([0.0, 0.0]), "{text}");
        assert_eq!(measure["verdict"], "no difference detected");
        assert!(width(&measure["a"]["ci95"]) > 0.0, "{text} varies from run to run");
    }
    let working = measure(&document, "working");
    assert_eq!(working["verdict"], "lower");
    // The same work on 11 instead of 10: 10/11 of the share of their time.
    let ratio = working["b"]["mean"].as_f64().unwrap() / working["a"]["mean"].as_f64().unwrap();
    assert!((ratio - 10.0 / 11.0).abs() < 1e-3, "{ratio}");
}

/// A line of a trace: when, and what.
type Line = (String, String);

/// The lines that the command of an answer shows.
fn lines(sandbox: &Sandbox, command: &str) -> Vec<Line> {
    let args: Vec<&str> = command.split_whitespace().skip(1).collect();
    let given = sandbox.run(&[&args[..], &["--to", "1m"]].concat());
    assert_eq!(given.code, Some(0), "{args:?}: {}", given.stderr);
    let line = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        (words[0].to_owned(), words[3..].join(" "))
    };
    given.stdout.lines().map(line).collect()
}

/// What happened, without who and where.
fn fate((at, what): &Line) -> Line {
    let nameless =
        |word: &str| if word.contains("workers.") { "somebody".into() } else { word.into() };
    let mut words: Vec<String> = what.split_whitespace().map(nameless).collect();
    for at in 1..words.len() {
        if ["thread", "partition"].contains(&words[at - 1].as_str()) {
            words[at].clear();
        }
    }
    (at.clone(), words.join(" "))
}

/// The message's traces agree up to the parting, but for who received it, and then show what the
/// answer says.
#[test]
fn first_fate_is_what_the_traces_show() {
    let sandbox = Sandbox::new();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/models/signup.ron");
    let seconds = |time: &str| time.trim_end_matches('s').parse::<f64>().expect("seconds");
    let time = |nanos: u64| format!("{}.{:09}s", nanos / 1_000_000_000, nanos % 1_000_000_000);
    for (file, a, b) in [(model, 10, 11), ("small.ron", 3, 2), ("small.ron", 1, 4)] {
        let [a, b] = [a, b].map(|count| format!("consumers.workers.count={count}"));
        let args = ["compare", file, "--a", &a, "--b", &b, "--reps", "1"];
        let given = sandbox.twice(&args, 0);
        let text = &given.stdout;
        let document = json(&sandbox.run(&[&args[..], &["--format", "json"]].concat()).stdout);
        let told = &document["first_fate"];
        let at = time(told["at_ns"].as_u64().expect("an instant"));
        let head = format!("First fate  m{} in", told["message"]);
        assert!(text.contains(&head) && text.contains(&format!("parts at {at}")), "{text}");
        let why = told["why"].as_str().expect("a cause");
        assert!(given.unbroken().contains(&format!("why: {why} look: ")), "{text}");

        let whole = whole_commands(text);
        let looks = whole.lines().filter_map(|line| line.trim().strip_prefix("look: "));
        let traces: Vec<Vec<Line>> = looks.map(|command| lines(&sandbox, command)).collect();
        assert_eq!(traces.len(), 2);
        let parted = told["at_ns"].as_u64();
        let sides = [&told["a"], &told["b"]];
        assert!(sides.iter().any(|side| side["at_ns"].as_u64() == parted), "{told}");
        let before = |trace: &[Line]| -> Vec<Line> {
            trace.iter().take_while(|(when, _)| seconds(when) < seconds(&at)).map(fate).collect()
        };
        for (trace, side) in traces.iter().zip(sides) {
            let when = time(side["at_ns"].as_u64().expect("an instant"));
            let line = (when, side["what"].as_str().expect("a sentence").to_owned());
            assert!(trace.contains(&line), "{line:?} in {trace:?}");
        }
        let [first, second] = [&traces[0], &traces[1]].map(|trace| before(trace));
        assert_eq!(first, second, "nothing parts before {at}");
    }
}

#[test]
fn four_verdicts_in_words() {
    let sandbox = Sandbox::new();
    let verdict = |more: &[&str], text: &str| {
        let args = ["compare", "small.ron", "--measure", text, "--format", "json"];
        let document = json(&sandbox.twice(&[&args[..], more].concat(), 0).stdout);
        measure(&document, text)["verdict"].as_str().expect("a verdict").to_owned()
    };
    let fewer = ["--b", "consumers.workers.count=2"];
    assert_eq!(verdict(&fewer, "mean(sent_to_received)"), "worse");
    let one = ["--b", "consumers.workers.count=1"];
    assert_eq!(verdict(&one, "rate(deleted)"), "worse");
    let swapped = ["--a", "consumers.workers.count=2"];
    assert_eq!(verdict(&swapped, "mean(sent_to_received)"), "better");
    let more = ["--b", "consumers.workers.count=30", "--a", "consumers.workers.count=20"];
    assert_eq!(verdict(&more, "sent"), "no difference detected");
    let tolerance = [&more[..], &["--tolerance", "1%"]].concat();
    assert_eq!(verdict(&tolerance, "mean(sent_to_deleted)"), "within the tolerance");
    // Too few messages lie beyond p999 for an interval; the same runs differ in nothing.
    assert_eq!(verdict(&fewer, "p999(sent_to_deleted)"), "open");
    let same = ["--b", "about=\"the same\""];
    assert_eq!(verdict(&same, "p999(sent_to_deleted)"), "no difference detected");
}

/// With twice the traffic nine workers delete twice as much, and not because they are better:
/// what follows the traffic is higher. A share of what follows it, a wait and a level do not
/// follow it. With twice the time as many are deleted, at the same rate.
#[test]
fn what_follows_the_traffic_is_neither_better_nor_worse() {
    let sandbox = Sandbox::new();
    let verdict = |b: &str, text: &str| {
        // Enough of them that nothing grows without end.
        let args = ["compare", "small.ron", "--set", "consumers.workers.count=9", "--b", b];
        let args = [&args[..], &["--measure", text, "--format", "json"]].concat();
        let document = json(&sandbox.run(&args).stdout);
        measure(&document, text)["verdict"].as_str().expect("a verdict").to_owned()
    };
    let twice = "producers.web.arrivals=Poisson(\"40/s\")";
    for follows in ["rate(deleted)", "deleted", "redelivered", "requests", "cost_per_month"] {
        assert_eq!(verdict(twice, follows), "higher", "{follows}");
    }
    assert_eq!(verdict(twice, "mean(visible)"), "worse");
    assert_eq!(verdict("consumers.workers.failure.probability=60%", "redelivered"), "worse");
    let longer = "duration=2m";
    assert_eq!(verdict(longer, "deleted"), "higher");
    assert_eq!(verdict("consumers.workers.failure.probability=90%", "rate(deleted)"), "worse");
}

/// Each stage has its own measures under its name; dead letters that nobody receives have none.
#[test]
fn every_queue_that_is_served_is_compared() {
    let sandbox = Sandbox::new();
    let model = concat!(env!("CARGO_MANIFEST_DIR"), "/models/pipeline.ron");
    let short = ["--set", "duration=3m", "--set", "warm_up=30s", "--reps", "2"];
    let text = |args: &[&str]| sandbox.run(&[args, &short, &["--format", "json"]].concat()).stdout;
    let document = json(&text(&["compare", model, "--b", "consumers.transcoders.count=21"]));
    let told: Vec<&str> = document["measures"]
        .as_array()
        .expect("it")
        .iter()
        .filter_map(|m| m["text"].as_str())
        .collect();
    let scenario = std::fs::read_to_string(model).expect("it is there");
    for queue in ["uploads", "thumbnails"] {
        assert!(scenario.contains(&format!("\"{queue}\"")), "the model has {queue}");
        for of in ["rate({}.deleted)", "mean({}.sent_to_received)", "p99({}.sent_to_deleted)"] {
            let of = of.replace("{}", queue);
            assert!(told.contains(&of.as_str()), "{of}: {told:?}");
        }
    }
    assert!(told.iter().all(|text| text.contains('.') || text.starts_with("busy(")), "{told:?}");
    let one = json(
        &sandbox
            .run(&["compare", "small.ron", "--b", "consumers.workers.count=4", "--format", "json"])
            .stdout,
    );
    assert_eq!(one["measures"][0]["text"], "rate(deleted)", "there is no other");
}

#[test]
fn two_files_share_the_seed_of_the_first() {
    let sandbox = Sandbox::new();
    sandbox.write("other.ron", &crate::sandbox::SMALL.replace("seed: 7", "seed: 8"));
    let args = ["compare", "small.ron", "other.ron", "--reps", "3", "-o", "out"];
    let text = sandbox.twice(&args, 0).stdout;
    assert!(text.starts_with("small.ron against other.ron   seed 7   3 pairs of runs"), "{text}");
    assert!(text.contains("First fate  no message's fate differs in replication 0\n"), "{text}");
    let document = json(&sandbox.read("out/compare.json"));
    assert_eq!(document["first_fate"], Value::Null);
    assert_eq!(document["a"]["fingerprint"], document["b"]["fingerprint"]);
    assert_eq!(sandbox.names("out"), ["compare.json", "journal.jsonl"]);
}

#[test]
fn what_cannot_be_compared_is_refused() {
    let sandbox = Sandbox::new();
    let refused = |args: &[&str], what: &str| {
        let given = sandbox.twice(&[&["compare"], args].concat(), 2);
        assert!(given.stderr.contains(what), "{args:?}: {}", given.stderr);
    };
    refused(&["long.ron"], "twice the same system");
    refused(&["long.ron", "--b", "consumers.workers.coutn=3"], "did you mean `count`?");
    let b = ["long.ron", "--b", "consumers.workers.count=3"];
    refused(&[&b[..], &["--measure", "p99(sent_to_deletd)"]].concat(), "did you mean");
    refused(&[&b[..], &["--tolerance", "2"]].concat(), "expected a share");
    assert_eq!(sandbox.run(&["compare", "long.ron", "none.ron"]).code, Some(3));
}
