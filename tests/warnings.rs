//! What a scenario may not mean: each warning by its name, at its place, and silenced.

use std::sync::atomic::AtomicBool;

use sqsim::engine::run::run;
use sqsim::scenario::load::from_text;
use sqsim::scenario::warnings::Warning;
use sqsim::scenario::{Faults, Loaded};

fn try_load(text: &str) -> Result<Loaded, Faults> {
    let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    from_text("jobs.ron", text, &[], &no_files)
}

/// A scenario of a minute with these settings; `rest` stands in it beside all others.
fn scenario(queue: &str, arrivals: &str, consumer: &str, rest: &str) -> String {
    format!(
        "(duration: \"60s\", queues: {{\"jobs\": ({queue})}},
          producers: {{\"web\": (queue: \"jobs\", arrivals: {arrivals})}},
          consumers: {{\"workers\": (queue: \"jobs\", {consumer})}}, {rest})"
    )
}

/// The name, the path and the words of the only warning, if there is one.
#[track_caller]
fn warned(text: &str) -> Option<(&'static str, String, String)> {
    let loaded = try_load(text).unwrap_or_else(|faults| panic!("{text}\n{faults}"));
    let mut all = loaded.warnings.iter();
    let first = all.next()?;
    assert!(all.next().is_none(), "{text}\n{}", loaded.warnings);
    assert!(!first.help.is_empty(), "{} has no help", first.what);
    let name = first.warning.expect("a warning has a name").name();
    Some((name, first.path.clone(), first.what.clone()))
}

const ARRIVALS: &str = "Poisson(\"10/s\")";
const WORK: &str = "processing: Constant(\"50ms\"), call_latency: Constant(\"0s\")";

/// Settings, then the warning's name, its path and some of its words; no name for none.
type Case = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

/// Where the arrivals stand.
const AT: &str = "producers.web.arrivals";

const CASES: [Case; 44] = [
    ("", ARRIVALS, WORK, "", "", ""),
    ("", "Constant(\"1/min\")", WORK, "never-sends", AT, "would come after 1m"),
    ("", "Constant(\"1.1/min\")", WORK, "", "", ""),
    ("", "Poisson(\"1/h\")", WORK, "never-sends", AT, "0.02 messages"),
    ("", "Poisson(\"1/min\")", WORK, "", "", ""),
    (
        "",
        "Profile([(\"60s\", \"0/s\"), (\"61s\", \"9/s\")])",
        WORK,
        "never-sends",
        AT,
        "0.00 messages",
    ),
    (
        "",
        "[Poisson(\"9/s\"), Constant(\"1/h\")]",
        WORK,
        "never-sends",
        "producers.web.arrivals.1",
        "after 1h",
    ),
    ("", "Closed(clients: 3, think: Constant(\"60s\"))", WORK, "never-sends", AT, "after 1m"),
    // 30 messages a second, 20 are done: 1.5.
    (
        "",
        "Poisson(\"30/s\")",
        WORK,
        "overload",
        "consumers.workers.count",
        "`jobs` gets 30 messages a second, its workers do 20 at most: a load of 1.50",
    ),
    ("", "Poisson(\"19.9/s\")", WORK, "", "", ""),
    (
        "",
        "[Poisson(\"15/s\"), Burst(at: \"1s\", count: 600)]",
        WORK,
        "overload",
        "consumers.workers.count",
        "gets 25 messages",
    ),
    (
        "",
        "Poisson(\"30/s\")",
        "processing: Constant(\"50ms\"), per: Batch, receive: (max: 10)",
        "",
        "",
        "",
    ),
    // A receive, the work and a delete: 150 ms.
    (
        "",
        "Poisson(\"15/s\")",
        "processing: Constant(\"50ms\"), call_latency: Constant(\"50ms\")",
        "overload",
        "consumers.workers.count",
        "its workers do 6.6667 at most",
    ),
    (
        "",
        "Poisson(\"15/s\")",
        "processing: Constant(\"50ms\"), call_latency: Constant(\"0s\"), \
          failure: (probability: 0.5)",
        "overload",
        "consumers.workers.count",
        "its workers do 10 at most",
    ),
    (
        "visibility_timeout: \"50ms\"",
        ARRIVALS,
        WORK,
        "timeout-below-work",
        "queues.jobs.visibility_timeout",
        "50ms ends before the work does, 50ms on average",
    ),
    ("visibility_timeout: \"51ms\"", ARRIVALS, WORK, "", "", ""),
    // e^-4 is 1.8 %.
    (
        "visibility_timeout: \"80ms\"",
        ARRIVALS,
        "processing: Exponential(\"20ms\")",
        "timeout-below-work",
        "queues.jobs.visibility_timeout",
        "1.8 % of the work",
    ),
    ("visibility_timeout: \"100ms\"", ARRIVALS, "processing: Exponential(\"20ms\")", "", "", ""),
    (
        "",
        ARRIVALS,
        "processing: Constant(\"50ms\"), receive: (visibility_timeout: \"20ms\")",
        "timeout-below-work",
        "consumers.workers.receive.visibility_timeout",
        "20ms",
    ),
    (
        "",
        "Poisson(\"0.02/s\")",
        "processing: Constant(\"40s\")",
        "timeout-below-work",
        "consumers.workers.processing",
        "30s ends before the work does, 40s on average",
    ),
    (
        "visibility_timeout: \"400ms\"",
        ARRIVALS,
        "processing: Constant(\"50ms\"), receive: (max: 10)",
        "timeout-below-work",
        "queues.jobs.visibility_timeout",
        "the last of 10 messages",
    ),
    (
        "visibility_timeout: \"400ms\"",
        ARRIVALS,
        "processing: Constant(\"50ms\"), receive: (max: 10), threads: 10",
        "",
        "",
        "",
    ),
    (
        "visibility_timeout: \"40ms\"",
        ARRIVALS,
        "processing: Constant(\"50ms\"), heartbeat: (every: \"40ms\", extend: \"1s\")",
        "heartbeat-too-late",
        "consumers.workers.heartbeat.every",
        "first beat comes after 40ms",
    ),
    (
        "visibility_timeout: \"40ms\"",
        ARRIVALS,
        "processing: Constant(\"50ms\"), heartbeat: (every: \"20ms\", extend: \"1s\")",
        "",
        "",
        "",
    ),
    (
        "",
        ARRIVALS,
        "processing: Constant(\"50ms\"), failure: (poison: \"1%\")",
        "poison-without-redrive",
        "consumers.workers.failure.poison",
        "until they are 4d old",
    ),
    (
        "",
        ARRIVALS,
        "processing: Constant(\"50ms\"), failure: (probability: 1)",
        "certain",
        "consumers.workers.failure.probability",
        "every processing fails",
    ),
    (
        "",
        ARRIVALS,
        "processing: Constant(\"50ms\"), failure: (poison: 1)",
        "certain",
        "consumers.workers.failure.poison",
        "every message fails",
    ),
    ("lost_deletes: 1", ARRIVALS, WORK, "certain", "queues.jobs.lost_deletes", "a copy"),
    (
        "ledger: (keys: HotRange(share: 1))",
        ARRIVALS,
        WORK,
        "certain",
        "queues.jobs.ledger.keys.share",
        "one range",
    ),
    (
        "ledger: (keys: Group(count: 9, hot: 1))",
        ARRIVALS,
        WORK,
        "certain",
        "queues.jobs.ledger.keys.hot",
        "one group",
    ),
    ("purge: [\"60s\"]", ARRIVALS, WORK, "at-the-end", "queues.jobs.purge.0", "1m"),
    ("ledger: (nodes: (count: 3))", ARRIVALS, WORK, "no-effect", "queues.jobs.ledger.nodes", ""),
    (
        "redrive: (to: \"dead\", max_receives: 1)), \"dead\": (",
        ARRIVALS,
        WORK,
        "few-receives",
        "queues.jobs.redrive.max_receives",
        "comes back once is moved",
    ),
    ("redrive: (to: \"dead\", max_receives: 2)), \"dead\": (", ARRIVALS, WORK, "", "", ""),
    // A message may be two hours old when it is moved. One retention for both, as AWS has it, is
    // told of a run that is longer.
    (
        "retention: \"1m\", redrive: (to: \"dead\", max_receives: 3)), \
         \"dead\": (retention: \"1m\"",
        ARRIVALS,
        WORK,
        "dead-letters-expire",
        "queues.jobs.redrive.to",
        "messages may be 1m old by then",
    ),
    (
        "retention: \"2h\", redrive: (to: \"dead\", max_receives: 3)), \
         \"dead\": (retention: \"1h\"",
        ARRIVALS,
        WORK,
        "dead-letters-expire",
        "queues.jobs.redrive.to",
        "dead letters go when they are 1h old",
    ),
    (
        "retention: \"2h\", redrive: (to: \"dead\", max_receives: 3)), \
         \"dead\": (retention: \"2h\"",
        ARRIVALS,
        WORK,
        "",
        "",
        "",
    ),
    (
        "",
        ARRIVALS,
        "processing: Constant(\"50ms\"), on_stop: Drop, \
         count: Schedule([(\"0s\", 2), (\"9s\", 1)])",
        "killed-at-work",
        "consumers.workers.on_stop",
        "is killed at once, 100 % of the work",
    ),
    ("", ARRIVALS, "processing: Constant(\"50ms\"), count: 2, on_stop: Drop", "", "", ""),
    // e^-4 is 1.8 %, e^-5 is 0.7 %.
    (
        "",
        ARRIVALS,
        "processing: Exponential(\"20ms\"), deploys: (at: [\"9s\"]), grace: \"80ms\"",
        "killed-at-work",
        "consumers.workers.grace",
        "is killed after 80ms, 2 % of the work",
    ),
    (
        "",
        ARRIVALS,
        "processing: Exponential(\"20ms\"), deploys: (at: [\"9s\"]), grace: \"100ms\"",
        "",
        "",
        "",
    ),
    (
        "",
        ARRIVALS,
        "processing: Exponential(\"20ms\"), deploys: (at: [\"9s\"]), grace: \"1ms\", \
         on_stop: GiveBack",
        "",
        "",
        "",
    ),
    (
        "",
        ARRIVALS,
        "processing: Constant(\"50ms\"), count: TargetTracking(target: 9, max: 5), on_stop: Drop",
        "killed-at-work",
        "consumers.workers.on_stop",
        "at once",
    ),
    (
        "",
        ARRIVALS,
        "processing: Constant(\"50ms\"), on_stop: Drop, \
         count: TargetTracking(target: 9, max: 5, protect: true)",
        "",
        "",
        "",
    ),
];

#[test]
fn what_the_settings_alone_decide_is_told() {
    for (queue, arrivals, consumer, name, path, words) in CASES {
        let text = scenario(queue, arrivals, consumer, "");
        match warned(&text) {
            None => assert_eq!(name, "", "{text}"),
            Some((found, at, what)) => {
                assert_eq!((found, at.as_str()), (name, path), "{text}\n{what}");
                assert!(what.contains(words), "{what}");
                let allowed = scenario(queue, arrivals, consumer, &format!("allow: [\"{name}\"]"));
                assert_eq!(warned(&allowed), None, "{name} is silenced");
                let other = scenario(queue, arrivals, consumer, "allow: [\"unsorted\"]");
                assert_eq!(warned(&other).map(|(name, ..)| name), Some(found));
            }
        }
    }
}

#[test]
fn what_can_be_done_while_it_drains_is_no_overload() {
    let text = scenario("", "Poisson(\"30/s\")", WORK, "drain: \"30s\"");
    assert_eq!(warned(&text), None, "1,800 messages, 20 a second in 90 s");
    let text = scenario("", "Poisson(\"30/s\")", WORK, "drain: \"29s\"");
    assert_eq!(warned(&text).map(|(name, ..)| name), Some("overload"));
}

#[test]
fn a_count_is_not_compared_with_a_share_in_silence() {
    let expecting =
        |text: &str| warned(&scenario("", ARRIVALS, WORK, &format!("expect: [\"{text}\"]")));
    for text in ["redelivered < 1%", "1% > redelivered", "jobs.redelivered < 0.01"] {
        let (name, path, what) = expecting(text).expect(text);
        assert_eq!((name, path.as_str()), ("count-against-share", "expect.0"), "{text}");
        assert!(what.contains("is a number of things"), "{what}");
    }
    for text in [
        "redelivered / received < 1%",
        "redelivered == 0",
        "redelivered < 10",
        "busy(workers) < 80%",
        "mean(visible) < 0.5",
        "p99(sent_to_deleted) < 2s",
    ] {
        assert_eq!(expecting(text), None, "{text}");
    }
}

#[test]
fn a_warning_changes_nothing_but_what_is_said() {
    let text = scenario("visibility_timeout: \"50ms\"", ARRIVALS, WORK, "");
    let allowed = text.replace("duration", "allow: [\"timeout-below-work\"], duration");
    let (said, silent) = (try_load(&text).unwrap(), try_load(&allowed).unwrap());
    assert_eq!(said.scenario, silent.scenario);
    let told = said.warnings.render(false);
    let last = "help: if it is meant, `allow: [\"timeout-below-work\"]` says so\n";
    assert!(told.starts_with("warning: ") && told.ends_with(last), "{told}");
    assert!(silent.warnings.is_empty());
}

#[test]
fn every_warning_can_be_named() {
    let names: Vec<String> = Warning::all().map(|of| format!("\"{}\"", of.name())).collect();
    let text = scenario("", ARRIVALS, WORK, &format!("allow: [{}]", names.join(", ")));
    assert_eq!(warned(&text), None);
}

/// A mean of thousands of years, as far tails have: it is longer than the timeout, and that is all.
#[test]
fn work_of_thousands_of_years_is_told() {
    let consumer = "processing: Weibull(shape: 0.1, scale: \"36500d\")";
    let text = scenario("", ARRIVALS, consumer, "");
    let loaded = try_load(&text).unwrap_or_else(|faults| panic!("{text}\n{faults}"));
    let told = loaded.warnings.to_string();
    assert!(told.contains("ends before the work does"), "{told}");
}

/// What its workers can do at most, as the warning of an overload says it, is what they did in a
/// minute of too much: whatever a call, a batch, a buffer or a failure takes of their time.
#[test]
fn what_workers_do_at_most_is_what_a_run_does() {
    let cases = [
        "",
        "receive: (max: 10)",
        "receive: (max: 10, prefetch: 10)",
        "receive: (prefetch: 10), threads: 20",
        "receive: (max: 10), delete: (batch: 10), threads: 3",
        "receive: (max: 10, prefetch: 20), delete: (batch: 10)",
        "receive: (max: 10), per: Batch",
        "receive: (max: 10), forward: \"more\"",
        "receive: (max: 10), failure: (probability: \"40%\", then: LetExpire)",
    ];
    for case in cases {
        let text = format!(
            "(duration: \"60s\", queues: {{\"jobs\": (), \"more\": ()}}, seed: 3,
              allow: [\"nobody-receives\"],
              producers: {{\"web\": (queue: \"jobs\", arrivals: Constant(\"5000/s\"))}},
              consumers: {{\"w\": (queue: \"jobs\", count: 9, processing: Constant(\"7ms\"),
                {case})}})"
        );
        let Loaded { scenario, warnings } =
            try_load(&text).unwrap_or_else(|faults| panic!("{faults}"));
        let told =
            warnings.iter().map(|warning| warning.what.as_str()).collect::<Vec<_>>().join(" ");
        let most = told.split("do ").nth(1).and_then(|rest| rest.split(' ').next());
        let most: f64 = most.and_then(|most| most.parse().ok()).unwrap_or_else(|| panic!("{told}"));
        let run = run(&scenario, 0, &AtomicBool::new(false));
        let did = run.measured.queues[0].counts.deleted as f64 / 60.0;
        assert!(did <= 1.01 * most, "{case}: {did} a second, more than {most}");
        // Threads that share what one receive brings wait for the last of it.
        let nearly = if case.contains("threads") { 0.7 } else { 0.98 };
        assert!(did >= nearly * most, "{case}: {did} a second, {most} at most");
    }
}
