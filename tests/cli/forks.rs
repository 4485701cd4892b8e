//! `--fork-at`: the same past, another future.

use crate::sandbox::{SMALL, Sandbox, repeat};

#[test]
fn a_fork_without_a_change_is_the_run() {
    let sandbox = Sandbox::new();
    for more in [&[][..], &["--reps", "3"]] {
        for format in ["json", "ron", "csv"] {
            let run = [&["run", "small.ron", "--format", format], more].concat();
            let whole = sandbox.twice(&run, 0).stdout;
            for at in ["0s", "31s", "1m9s"] {
                let forked = [&run[..], &["--fork-at", at]].concat();
                assert_eq!(sandbox.run(&forked).stdout, whole, "{forked:?}");
            }
        }
    }
    let trace = sandbox.twice(&["trace", "small.ron", "--format", "perfetto"], 0).stdout;
    let forked = ["trace", "small.ron", "--format", "perfetto", "--fork-at", "31s"];
    assert_eq!(sandbox.run(&forked).stdout, trace);
}

#[test]
fn traces_part_at_the_fork() {
    let sandbox = Sandbox::new();
    let fork = ["--fork-at", "30s", "--set", "consumers.workers.count=5"];
    for format in ["text", "jsonl", "perfetto"] {
        let trace = ["trace", "small.ron", "--format", format];
        let whole = sandbox.run(&trace).stdout;
        let forked = sandbox.twice(&[&trace[..], &fork].concat(), 0).stdout;
        let same = whole.lines().zip(forked.lines()).take_while(|(a, b)| a == b).count();
        let first = forked.lines().nth(same).expect("they differ");
        if format == "text" {
            let wanted = "30.000000000s  jobs            workers: 5 workers wanted from now on";
            assert_eq!(first, wanted);
        }
        assert!(same > 1_000, "{format}: {first}");
        assert!(forked.contains("workers.4") && !whole.contains("workers.4"), "{format}");
    }
}

#[test]
fn the_answer_says_where_it_forked_and_repeats_itself() {
    let sandbox = Sandbox::new();
    let args = [
        "run",
        "small.ron",
        "--fork-at",
        "1500ms",
        "--set",
        "queues.jobs.visibility_timeout=9s",
        "--check-determinism",
        "-o",
        "out",
    ];
    let given = sandbox.twice(&args, 0);
    assert!(given.stderr.contains("threads: the same"), "{}", given.stderr);
    assert!(given.stdout.lines().next().is_some_and(|line| line.ends_with(", forked at 1s500ms")));
    let command = repeat(&given.stdout);
    let again: Vec<&str> = command.split(' ').collect();
    assert_eq!(again[2..4], ["--fork-at", "1s500ms"]);
    assert_eq!(sandbox.run(&again).stdout, given.stdout);
    let outcome: serde_json::Value =
        serde_json::from_str(&sandbox.read("out/outcome.json")).unwrap();
    let fingerprint = outcome["fingerprint"].as_str().expect("a fingerprint");
    let told = format!("outcome {}\n", &fingerprint[..8]);
    assert!(given.stdout.contains(&told), "{}", given.stdout);
    let changed = [&args[..2], &args[4..6]].concat();
    assert!(!sandbox.run(&changed).stdout.contains(&told), "not from the start");
}

#[test]
fn theory_is_silent_about_two_laws() {
    let sandbox = Sandbox::new();
    let plain = SMALL.replace("\"20%\"", "\"0%\"").replace("\"2s\"", "\"30s\"");
    let plain = plain.replace("count: 3,", "count: 3, call_latency: Constant(\"0s\"),");
    sandbox.write("plain.ron", &plain.replace(", redrive: (to: \"dead\", max_receives: 3)", ""));
    let theory = |more: &[&str]| {
        let given = sandbox.run(&[&["run", "plain.ron"], more].concat());
        given.stdout.lines().any(|line| line.starts_with("Theory"))
    };
    assert!(theory(&[]));
    assert!(!theory(&["--fork-at", "30s", "--set", "consumers.workers.count=4"]));
}

#[test]
fn what_cannot_change_says_why_before_anything_runs() {
    let sandbox = Sandbox::new();
    let cases: &[(&str, &str, &[&str])] = &[
        ("30s", "seed=8", &["`seed` cannot change at a fork: the past", "`--seed` sets"]),
        ("30s", "duration=20s", &["would have fallen silent at 20s", "`--set duration=30s`"]),
        ("1m2s", "drain=1s", &["the run would have ended at 1m1s by then", "fork earlier"]),
        ("1m2s", "duration=2m", &["the producers fell silent at 1m, before it", "`drain`"]),
        ("1m2s", "producers.web.scale=2", &["producers have fallen silent", "web.scale=2"]),
        ("30s", "queues.jobs.purge=[\"20s\"]", &["the purges before it are past", "jobs.purge"]),
        ("30s", "queues.jobs.ledger.partitions=2", &["cut at the start", "split policy"]),
        ("30s", "queues.jobs.ledger.keys=PerCall", &["where their keys put them", "keys"]),
        ("30s", "queues.jobs.ledger.receive=Uniform", &["polls wait where", "`RegisterAll`"]),
        ("30s", "producers.web.queue=dead", &["messages and calls are on their way", "queue"]),
        (
            "30s",
            "producers.web.arrivals=Closed(clients: 2, think: Constant(\"1s\"))",
            &["neither come"],
        ),
        ("30s", "producers.web.arrivals=Burst(at: \"9s\", count: 2)", &["a burst at 9s would"]),
        ("30s", "consumers.workers.queue=dead", &["messages and calls are on their way"]),
        ("30s", "consumers.workers.forward=dead", &["messages and calls are on their way"]),
        ("30s", "consumers.workers.threads=2", &["its threads from its start", "`count`"]),
        ("30s", "consumers.workers.start_up=Constant(\"1s\")", &["have their start behind"]),
        ("2m", "consumers.workers.count=4", &["a fork at 2m lies behind", "the run at 1m10s"]),
        ("5", "consumers.workers.count=4", &["no unit"]),
        ("30s", "consumers.workers.cuont=4", &["did you mean `count`?"]),
    ];
    for &(at, set, says) in cases {
        for command in ["run", "trace"] {
            let given = sandbox.twice(&[command, "small.ron", "--fork-at", at, "--set", set], 2);
            assert_eq!(given.stdout, "", "{set}");
            for says in says {
                assert!(given.stderr.contains(says), "{set} does not say {says}: {}", given.stderr);
            }
        }
    }
    let twice = ["run", "small.ron", "--fork-at", "9s", "--set", "seed=8", "--set"];
    let given = sandbox.run(&[&twice[..], &["consumers.workers.threads=2"]].concat());
    assert_eq!(given.stderr.matches("error:").count(), 2, "all at once: {}", given.stderr);
}
