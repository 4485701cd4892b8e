//! `plan --advise`: the answers, their commands, what contradicts itself.

use serde_json::Value;

use crate::sandbox::{self, Sandbox};

const TIMEOUT: [&str; 10] = [
    "plan",
    "small.ron",
    "--advise",
    "visibility_timeout",
    "--set",
    "consumers.workers.failure=(probability: 0)",
    "--set",
    "duration=30m",
    "--reps",
    "3",
];

/// The words of the last line, as a shell reads them.
fn repeat(text: &str) -> Vec<String> {
    words(&sandbox::repeat(text))
}

fn words(line: &str) -> Vec<String> {
    let parts = line.split('\'').enumerate();
    let words = parts.flat_map(|(number, part)| match number % 2 {
        0 => part.split_whitespace().map(str::to_owned).collect(),
        _ => vec![part.to_owned()],
    });
    words.collect()
}

fn run(sandbox: &Sandbox, words: &[String]) -> sandbox::Given {
    sandbox.run(&words.iter().map(String::as_str).collect::<Vec<_>>())
}

#[test]
fn the_timeout_is_answered_in_words_and_as_a_document() {
    let sandbox = Sandbox::new();
    let limits = ["--duplicates", "1%", "--recovery", "30s"];
    // A p95 takes some eighty recoveries, of which three replications have ten.
    let more = TIMEOUT.map(|argument| if argument == "3" { "48" } else { argument });
    let args = [&more[..], &limits[..]].concat();
    let text = sandbox.twice(&args, 0).stdout;
    assert!(text.contains("Answer      queues.jobs.visibility_timeout = 1s\n"), "{text}");
    assert!(text.contains("Crashes     none in the scenario"), "{text}");
    assert_eq!(run(&sandbox, &repeat(&text)).stdout, text, "the last line repeats the answer");
    for threads in ["1", "3"] {
        assert_eq!(sandbox.run(&[&args[..], &["-j", threads]].concat()).stdout, text);
    }
    let json = sandbox.run(&[&args[..], &["--format", "json", "-o", "out"]].concat()).stdout;
    let document: Value = serde_json::from_str(&json).expect("JSON");
    assert_eq!(document["format"], "sqsim-advice/1");
    assert_eq!(
        (&document["advises"], &document["answer"]),
        (&"visibility_timeout".into(), &"1s".into())
    );
    assert_eq!(sandbox.read("out/advice.json"), json);

    let none = [&TIMEOUT[..], &["--recovery", "100ms"]].concat();
    let text = sandbox.twice(&none, 1).stdout;
    for part in ["Answer      no timeout has", "Nearest     1s", "Remedy      a heartbeat"] {
        assert!(text.contains(part), "{text}");
    }
    // In a minute hardly any worker crashes.
    let short = [&TIMEOUT[..], &limits[..], &["--set", "duration=1m"]].concat();
    let text = sandbox.twice(&short, 1).stdout;
    assert!(text.contains("recovery open") && text.contains("Answer      open: "), "{text}");
    let curve = sandbox.twice(&TIMEOUT, 0).stdout;
    assert!(curve.contains("Knee        1s: going on to 2s saves"), "{curve}");
    assert!(!curve.contains("Answer"), "{curve}");
}

#[test]
fn the_run_length_comes_with_commands_that_work() {
    let sandbox = Sandbox::new();
    let mm1 = "(duration: \"20m\", queues: {\"q\": (visibility_timeout: \"1h\")},
        producers: {\"p\": (queue: \"q\", arrivals: Poisson(\"5/s\"),
            call_latency: Constant(\"0s\"))},
        consumers: {\"w\": (queue: \"q\", receive: (max: 1), processing: Exponential(\"100ms\"),
            call_latency: Constant(\"0s\"))})";
    sandbox.write("mm1.ron", mm1);
    let args = ["plan", "mm1.ron", "--advise", "run_length", "--precision", "10%"];
    let theory = sandbox.twice(&args, 0).stdout;
    assert!(theory.contains("Theory      M/M/1 at a load of 50%\n"), "{theory}");
    let prefetch = ["--set", "consumers.w.receive.prefetch=1"];
    let pilot = sandbox.twice(&[&args[..], &prefetch[..]].concat(), 0).stdout;
    assert!(pilot.contains("replications of the scenario's own length"), "{pilot}");
    assert!(pilot.contains("mser5`"), "{pilot}");
    for text in [&theory, &pilot] {
        assert_eq!(&run(&sandbox, &repeat(text)).stdout, text);
        let whole = sandbox::whole_commands(text);
        let commands: Vec<&str> =
            whole.lines().filter_map(|line| line.strip_prefix("  sqsim ")).collect();
        assert_eq!(commands.len(), 2, "{text}");
        for command in commands {
            let given = run(&sandbox, &words(command));
            assert_eq!(given.code, Some(0), "{command}: {}", given.stderr);
        }
    }
    let unstable = [&args[..], &["--set", "producers.p.arrivals=Poisson(\"15/s\")"]].concat();
    let text = sandbox.twice(&unstable, 1).stdout;
    // 15 a second arrive, 10 are done.
    let growth = text.split("NOT STABLE  it grows by ").nth(1).expect(&text);
    let growth: f64 = growth.split(' ').next().expect("a word").parse().expect("a number");
    assert!((growth - 5.0).abs() < 0.25, "{text}");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let sandbox = Sandbox::new();
    let refused = |args: &[&str], what: &str| {
        let given = sandbox.twice(&[&["plan", "long.ron"], args].concat(), 2);
        assert!(given.stderr.contains(what), "{args:?}: {}", given.stderr);
    };
    refused(&["--advise", "nothing"], "visibility_timeout, run_length");
    refused(&[], "--find");
    let timeout = ["--advise", "visibility_timeout"];
    let with = |more: &[&'static str]| [&timeout[..], more].concat();
    for other in ["--find", "--such-that", "--minimise"] {
        refused(&with(&[other, "sent"]), "cannot be used with");
    }
    refused(&with(&["--max-reps", "9"]), "cannot be used with");
    refused(&with(&["--precision", "2%"]), "belongs to `--advise run_length`");
    refused(&with(&["--duplicates", "0"]), "expected a share above 0");
    refused(&with(&["--recovery", "0s"]), "expected a length above 0");
    refused(&with(&["--recovery", "60"]), "unit");
    refused(&with(&["--format", "csv"]), "only a sweep is a table");
    refused(&["--advise", "run_length", "--duplicates", "1%"], "--advise visibility_timeout");
    refused(&["--find", "consumers.workers.count", "--recovery", "60s"], "belongs to `--advise`");
    refused(&with(&["--set", "consumers={}"]), "there is no advice without consumers");
}
