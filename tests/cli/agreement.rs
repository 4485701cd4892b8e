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

/// Ten messages at once, each of 1 s for one worker: two are deleted in the warm-up of 3 s, those
/// at 3 s, 4 s and 5 s in the window, which ends before 6 s.
#[test]
fn what_was_there_before_and_is_there_after_makes_the_counters_balance() {
    let sandbox = Sandbox::new();
    let text = "(duration: \"6s\", warm_up: \"3s\", queues: {\"jobs\": ()},
        producers: {\"web\": (queue: \"jobs\", arrivals: Burst(at: \"0s\", count: 10),
            call_latency: Constant(\"0s\"))},
        consumers: {\"worker\": (queue: \"jobs\", processing: Constant(\"1s\"),
            receive: (max: 1), call_latency: Constant(\"0s\"))},
        expect: [\"resident.begin == 8\", \"jobs.resident.end == 5\", \"deleted == 3\",
            \"resident.begin + sent == deleted + resident.end\", \"held_back.end == 0\"])";
    sandbox.write("ten.ron", text);
    let given = sandbox.twice(&["run", "ten.ron"], 0);
    let text = given.unbroken();
    let flow = "there at the start 8 sent 0 0.00 deleted 3 1.00 there at the end 5";
    assert!(text.contains(flow), "{text}");
}

/// An hour once a day: what workers cost until it comes again is part of a million messages'
/// dollars, in a line of the answer as in an expectation, in one run, in several and in its parts,
/// each of which stands for the same month. A cent an hour: 24 cents a day, and at 10/s 36,000
/// messages with a request each to send, receive and delete.
#[test]
fn a_million_messages_cost_the_same_wherever_it_is_said() {
    let sandbox = Sandbox::new();
    let text = "(duration: \"1h\", every: \"24h\", queues: {\"jobs\": ()},
        producers: {\"web\": (queue: \"jobs\", arrivals: Constant(\"10/s\"))},
        consumers: {\"workers\": (queue: \"jobs\", processing: Constant(\"10ms\"),
            price_per_hour: \"$0.01\", receive: (wait: \"20s\"))},
        expect: [\"cost_per_million < $99\", \"cost_per_month < $99\"])";
    sandbox.write("sale.ron", text);
    let document = |more: &[&str]| -> Value {
        let run = [&["run", "sale.ron", "--format", "json"], more].concat();
        serde_json::from_str(&sandbox.run(&run).stdout).expect("JSON")
    };
    let one = document(&[]);
    let cost = &one["cost"];
    let number = |value: &Value| value.as_f64().expect("a number");
    let [million, month] = ["dollars_per_million", "dollars_per_month"].map(|of| number(&cost[of]));
    // About 108,000 requests of the hour and 4,140 polls of the rest, at 40 cents a million.
    let day = 0.24 + (108_000.0 + 23.0 * 180.0) * 0.4e-6;
    assert!((million / (day * 1e6 / 36_000.0) - 1.0).abs() < 0.001, "{million}");
    assert!((month / (day * 730.0 / 24.0) - 1.0).abs() < 0.001, "{month}");
    let near = |value: &Value, of: f64| {
        assert!((number(value) / of - 1.0).abs() < 1e-3, "{value} is not {of}");
    };
    let expectations = |of: &Value| {
        near(&of["expect"][0]["value"], million);
        near(&of["expect"][1]["value"], month);
    };
    expectations(&one);
    for several in [&["--reps", "2"], &["--batches", "10"]] {
        let document = document(several);
        expectations(&document);
        for (of, value) in [("dollars_per_million", million), ("dollars_per_month", month)] {
            let measure = &document["measures"][format!("cost.{of}").as_str()];
            near(&measure["mean"], value);
            let [low, high] = [0, 1].map(|end| number(&measure["ci95"][end]));
            assert!(low > value * 0.99 && high < value * 1.01, "{low} to {high}, not {value}");
        }
    }
}

/// A scenario of its own in `x.ron`, and the document of a run of it.
fn of(sandbox: &Sandbox, text: &str, more: &[&str]) -> Value {
    sandbox.write("x.ron", text);
    let given = sandbox.run(&[&["run", "x.ron", "--format", "json"], more].concat());
    serde_json::from_str(&given.stdout).unwrap_or_else(|_| panic!("{}", given.stderr))
}

fn close(one: &Value, other: f64) {
    let one = one.as_f64().expect("a number");
    assert!((one - other).abs() <= 1e-9 * other.abs(), "{one} is not {other}");
}

/// A worker that is up for half of the time, in one run more and in another less, and busy for a
/// part of that: utilisation over several runs is all busy time over all that it was up, as in an
/// expectation, and not the mean of the runs'. So are the other ratios that a text tells.
#[test]
fn a_ratio_over_several_runs_is_one_number() {
    let sandbox = Sandbox::new();
    let text = "(duration: \"20m\", queues: {\"jobs\": (visibility_timeout: \"5s\")},
        producers: {\"web\": (queue: \"jobs\", arrivals: Poisson(\"1/s\"), connections: 1,
            call_latency: Exponential(\"500ms\"))},
        consumers: {\"workers\": (queue: \"jobs\", processing: Exponential(\"300ms\"),
            failure: (probability: \"20%\"),
            crash: (mean_time_between: \"5m\", restart: Exponential(\"5m\")))},
        expect: [\"busy < 2\", \"wasted / work < 100%\", \"processed > 0\"])";
    let several = of(&sandbox, text, &["--reps", "4"]);
    let measures = &several["measures"];
    let mean = |path: &str| measures[path]["mean"].as_f64().expect(path);
    let part = |name: &str| mean(&format!("consumers.workers.thread_time.{name}"));
    // All runs are equally long, so that the means of the parts are those of the sums.
    let busy = (part("work") + part("calls")) / (1.0 - part("down"));
    assert!((0.2..0.8).contains(&part("down")), "{}", part("down"));
    close(&measures["consumers.workers.busy"]["mean"], busy);
    close(&several["expect"][0]["value"], busy);
    assert_eq!(measures["consumers.workers.busy"]["ci95"], several["expect"][0]["ci95"]);
    let wasted = mean("consumers.workers.wasted_ns") / mean("consumers.workers.work_ns");
    close(&several["expect"][1]["value"], wasted);
    let text = sandbox.run(&["run", "x.ron", "--reps", "4"]).unbroken();
    assert!(text.contains(&format!("utilisation {busy:.2} ±")), "{text}");
    assert!(text.contains(&format!("{:.0}% of the work", wasted * 100.0)), "{text}");
    let sent = mean("producers.web.sent");
    let wait = mean("producers.web.waited_ns") / sent / 1e6;
    assert!(text.contains(&format!("web: {wait:.0}ms of waiting")), "{text}");
}

/// In the buffer of a worker messages wait for longer than the timeout, and some work takes longer
/// than that, too: each cause has its share. How often work is done again is no number of messages.
#[test]
fn what_the_bottleneck_says_is_what_was_counted() {
    let sandbox = Sandbox::new();
    let text = "(duration: \"1h\", queues: {\"jobs\": (visibility_timeout: \"8s\")},
        producers: {\"web\": (queue: \"jobs\", arrivals: Poisson(\"7/min\"))},
        consumers: {\"workers\": (queue: \"jobs\", processing: Exponential(\"4s\"),
            receive: (prefetch: 2))})";
    let document = of(&sandbox, text, &[]);
    let counts = &document["queues"]["jobs"]["counts"];
    let count = |name: &str| counts[name].as_f64().expect(name);
    let cause =
        |name: &str| counts["redelivered"][name].as_f64().expect(name) / count("received") * 100.0;
    let (prefetched, outlived) = (cause("prefetched"), cause("outlived_timeout"));
    assert!(prefetched > outlived && outlived > 0.5, "{prefetched} and {outlived}");
    let expected = format!(
        "visibility timeout: {prefetched:.1}% of the receives from `jobs` came because the timeout \
         ended in a buffer, {outlived:.1}% because the work outlived the timeout; messages were \
         processed again {} times",
        count("duplicates")
    );
    assert_eq!(document["bottleneck"], expected.as_str());
    let text = sandbox.run(&["run", "x.ron"]).unbroken();
    assert!(text.contains(&expected), "{text}");
}

/// Of ten workers that take ten at a time, for one thread each, two hold all that may be in flight,
/// 20, while the others wait for a message, and the queue grows: more workers would change nothing.
#[test]
fn a_queue_that_grows_at_its_in_flight_cap_says_so() {
    let sandbox = Sandbox::new();
    let text = "(duration: \"10m\", queues: {\"jobs\": (max_in_flight: 20)},
        producers: {\"web\": (queue: \"jobs\", arrivals: Poisson(\"12/s\"))},
        consumers: {\"workers\": (queue: \"jobs\", count: 10, processing: Exponential(\"1s\"),
            receive: (max: 10, prefetch: 10))})";
    let document = of(&sandbox, text, &[]);
    assert_eq!(document["limited_by"]["kind"], "in_flight_cap");
    let said = document["bottleneck"].as_str().expect("a sentence");
    let start = "ledger capacity: 20 of the 20 messages that may be in flight from `jobs` were";
    assert!(said.starts_with(start), "{said}");
}

/// The title of a picture: its first text.
fn title(sandbox: &Sandbox, picture: &str) -> String {
    let svg = sandbox.read(&format!("out/{picture}.svg"));
    let text = svg.split("<text").nth(1).and_then(|text| text.split(">\n").nth(1));
    text.and_then(|text| text.lines().next()).expect("a title").to_owned()
}

/// Half of the messages of two bursts always fail: what became of all is in the title, and nothing
/// falls behind. Of the series the title names the window with the highest p99.
#[test]
fn pictures_say_what_the_document_and_the_series_say() {
    let sandbox = Sandbox::new();
    let text = "(duration: \"100s\", drain: \"30s\", window: \"7s\",
        queues: {\"jobs\": (visibility_timeout: \"5s\", redrive: (to: \"dead\", max_receives: 2)),
            \"dead\": ()},
        producers: {\"web\": (queue: \"jobs\", arrivals: [Burst(at: \"20s\", count: 90),
            Burst(at: \"40s\", count: 70)])},
        consumers: {\"workers\": (queue: \"jobs\", count: 3, processing: Exponential(\"100ms\"),
            failure: (poison: \"50%\"))})";
    let document = of(&sandbox, text, &["-o", "out"]);
    let queue = &document["queues"]["jobs"];
    let number = |value: &Value| value.as_f64().expect("a number");
    let rate = |name: &str| format!("{:.2}/s", number(&queue["counts"][name]) / 100.0);
    assert!(number(&queue["counts"]["dead_lettered"]) > 60.0, "{queue}");
    let [sent, deleted, dead] = ["sent", "deleted", "dead_lettered"].map(rate);
    let expected = format!("sent {sent}, deleted {deleted}, dead letters {dead}");
    assert_eq!(
        title(&sandbox, "jobs-throughput").replace("0/s", "/s"),
        expected.replace("0/s", "/s")
    );
    assert!(title(&sandbox, "dead-throughput").starts_with("deletes fall behind: moved in "));
    let levels = &queue["levels"];
    let most = |name: &str| levels[name]["max"].as_u64().expect("a number");
    let expected = format!("at most {} visible, {} in flight", most("visible"), most("in_flight"));
    assert!(title(&sandbox, "jobs-depth").starts_with(&expected), "{expected}");
    let busy = number(&document["consumers"]["workers"]["busy"]);
    assert_eq!(title(&sandbox, "jobs-busy-threads"), format!("workers: utilisation {busy:.2}"));
    let counts = &queue["counts"];
    let share = number(&counts["redelivered"]["total"]) / number(&counts["received"]) * 100.0;
    let expected = format!("{share:.1}% of receives are redeliveries, all failed work");
    assert_eq!(
        title(&sandbox, "jobs-redeliveries").replace(".0%", "%"),
        expected.replace(".0%", "%")
    );

    let series = sandbox.read("out/series.csv");
    let mut rows = series.lines().map(|line| line.split(',').collect::<Vec<&str>>());
    let heads = rows.next().expect("headings");
    let at = |name: &str| heads.iter().position(|head| *head == name).expect(name);
    let p99 = at("sent_to_deleted_p99_s");
    let own = rows.filter(|row| row[2] == "jobs" && !row[p99].is_empty());
    let length = |row: &[&str]| row[p99].parse::<f64>().expect("seconds");
    let highest = own.reduce(|a, b| if length(&b) > length(&a) { b } else { a }).expect("a row");
    let expected =
        format!("p99 sent to deleted is highest from {}s to {}s: ", highest[0], highest[1]);
    let said = title(&sandbox, "jobs-latency-over-time");
    assert!(said.starts_with(&expected), "{said}: {highest:?}");
    // Without the time of the drain, which is part of the series too.
    assert!(!said.contains("130s"), "{said}");
}

/// A window of an hour with two quiet halves of it, so that parts of it delete nothing, and a month
/// whose first requests are free: the interval of the document is that of an expectation.
#[test]
fn what_parts_say_is_one_interval() {
    let sandbox = Sandbox::new();
    let text = "(duration: \"1h\", queues: {\"jobs\": ()},
        producers: {\"web\": (queue: \"jobs\", arrivals: [Burst(at: \"1m\", count: 100),
            Burst(at: \"25m\", count: 50), Burst(at: \"26m\", count: 90)])},
        consumers: {\"workers\": (queue: \"jobs\", processing: Exponential(\"1s\"))},
        prices: (requests: [(0, \"$5\"), (100000, \"$3\")], free_requests: 10000),
        expect: [\"mean(sent_to_deleted) < 1h\", \"cost > $0\", \"cost_per_million > $0\",
            \"stddev(sent_to_deleted) < 1h\", \"p50(sent_to_deleted) < 1h\"])";
    let document = of(&sandbox, text, &["--batches", "10"]);
    let latency = "queues.jobs.latency_ns.sent_to_deleted.";
    let paths = ["mean", "cost.dollars", "cost.dollars_per_million", "stddev", "p50"];
    for (place, path) in paths.into_iter().enumerate() {
        let path = if path.contains('.') { path.to_owned() } else { format!("{latency}{path}") };
        let (told, expected) = (&document["measures"][&path], &document["expect"][place]);
        assert_eq!(told["ci95"].is_null(), expected["ci95"].is_null(), "{path}");
        for end in [0, 1].into_iter().filter(|_| !told["ci95"].is_null()) {
            let [one, other] = [told, expected].map(|of| of["ci95"][end].as_f64().expect("ends"));
            let near = (one - other).abs() <= 1e-9 * other.abs();
            assert!(near, "{path}: {one} is not {other}");
        }
    }
}
