//! One row an exit code and cause. 101 is tested where the panic hook is, 130 in `signals`.

use crate::sandbox::{SMALL, Sandbox, given};

#[test]
fn every_cause_has_its_code_and_says_what_to_do() {
    let sandbox = Sandbox::new();
    sandbox.write("no.ron", &SMALL.replace("sent > 0", "sent == 0"));
    sandbox.write("bad.ron", &SMALL.replace("visibility_timeout", "visibility_timeuot"));
    sandbox.write("worse.ron", &SMALL.replace("\"20%\"", "\"120%\"").replace("20/s", "20"));
    sandbox.write("doubtful.ron", &SMALL.replace("\"20%\"", "1"));
    let growing = SMALL.replace("Poisson(\"20/s\")", "Burst(at: \"1s\", count: 300000)");
    let growing =
        growing.replace("seed:", "limits: (memory: \"12MiB\"), allow: [\"overload\"], seed:");
    sandbox.write("growing.ron", &growing);
    let sweep = |rest: &str| format!("Sweep(model: \"small.ron\", measures: [\"busy\"], {rest})");
    sandbox.write("few.ron", &sweep("vary: [\"consumers.workers.count=0,2\"]"));
    sandbox.write("unlike.ron", &sweep("set: [\"sed=1\"], vary: [\"queues.jobs.delay=1s\"]"));
    sandbox.write("empty/readme.md", "");
    sandbox.write("file", "");
    let cases: &[(&[&str], i32, &str)] = &[
        (&["run", "small.ron"], 0, ""),
        (&["run", "no.ron"], 1, ""),
        (&["run", "no.ron", "small.ron"], 1, ""),
        (&["run", "small.ron", "--resp", "3"], 2, "--reps"),
        (&["run"], 2, "FILE"),
        (&["run", "small.ron", "--reps", "0"], 2, "1..="),
        (&["run", "small.ron", "--seed", "seven"], 2, "hexadecimal"),
        (&["run", "small.ron", "small.ron", "--format", "csv"], 2, "name one FILE"),
        (&["run", "small.ron", "small.ron", "-o", "out"], 2, "one by one"),
        (&["run", "small.ron", "--set", "consumers.wokers.count=1"], 2, "`workers`"),
        (&["run", "bad.ron"], 2, "bad.ron:10:18"),
        (&["run", "bad.ron", "worse.ron"], 2, "between 0% and 100%"),
        (&["check", "bad.ron"], 2, "did you mean `visibility_timeout`?"),
        (&["check", "small.ron", "--strict"], 0, ""),
        (&["check", "doubtful.ron"], 0, "allow: [\"certain\"]"),
        (&["check", "doubtful.ron", "--strict"], 2, "allow: [\"certain\"]"),
        (&["check", "doubtful.ron", "--strict", "--set", "allow=[\"certain\"]"], 0, ""),
        (&["sweep", "small.ron", "--vary", "consumers.workers.count=2-8"], 2, "write `2..8`"),
        (&["sweep", "small.ron", "--vary", "consumers.workers.count=0,2"], 2, "--> --vary:1:25"),
        (&["compare", "small.ron", "--b", "consumers.workers.count=0"], 2, "--> --b:1:25"),
        (&["compare", "small.ron", "--a", "seeds=3", "--b", "seed=4"], 2, "--> --a:1:1"),
        (&["compare", "small.ron", "--set", "seeds=3", "--b", "seed=4"], 2, "--> --set:1:1"),
        (&["plan", "small.ron", "--find", "consumers.workers.conut"], 2, "--> --find:1:19"),
        (&["plan", "small.ron", "--find", "queues.jobs.delay=1h,2h"], 2, "--> --find:1:19"),
        (&["experiment", "few.ron"], 2, "--> few.ron: vary:1:25"),
        (&["experiment", "unlike.ron"], 2, "--> unlike.ron: set:1:1"),
        (&["test", "few.ron"], 2, "--> few.ron: vary:1:25"),
        (&["merge", "small.ron"], 2, "is a file, not a folder of results"),
        (&["new", "bsic"], 2, "did you mean `basic`?"),
        (&["help", "distribution"], 2, "did you mean `distributions`?"),
        (&["trace", "small.ron", "--message", "x"], 2, "m312"),
        (&["trace", "small.ron", "--around", "41"], 2, "no unit"),
        (&["run", "missing.ron"], 3, "no such file"),
        (&["run", "empty"], 3, "directory"),
        (&["run", "small.ron", "-o", "file/out"], 3, "not a directory"),
        (&["trace", "small.ron", "-o", "no/such/trace.txt"], 3, "no such file or directory"),
        (&["test", "missing.ron"], 3, "no such file"),
        (&["test"], 4, "no scenario matched"),
        (&["test", "empty"], 4, "`empty`"),
        (&["run", "small.ron", "--set", "limits.events=500"], 5, "--set limits.events=5000"),
        (&["run", "small.ron", "--set", "limits.resident=3"], 5, "--set limits.resident=30"),
        (&["trace", "small.ron", "--set", "limits.trace_bytes=999"], 5, "limits.trace_bytes=9990"),
        (&["trace", "small.ron", "--set", "limits.events=500"], 5, "limits.events=5000"),
        (&["run", "growing.ron"], 5, "--set limits.memory=24MiB"),
        (&["trace", "growing.ron", "--message", "m1"], 5, "`limits.memory` (12MiB) stopped"),
    ];
    for (args, code, says) in cases {
        let given = sandbox.twice(args, *code);
        assert!(given.stderr.contains(says), "{args:?} does not say `{says}`: {}", given.stderr);
        assert_eq!(*code > 1, given.stderr.contains("error:"), "{args:?}: {}", given.stderr);
        assert!(!given.stderr.contains("panicked"), "{args:?}: {}", given.stderr);
    }
}

/// Every command that runs something refuses what does not fit, before it runs anything.
#[test]
fn what_does_not_fit_is_refused_by_every_command() {
    let sandbox = Sandbox::new();
    let little = ["--set", "limits.memory=1MiB"];
    sandbox.write("large.ron", &SMALL.replace("seed:", "limits: (memory: \"1MiB\"), seed:"));
    let asked = "Sweep(model: \"../large.ron\", vary: [\"consumers.workers.count=1,2\"])";
    sandbox.write("experiments/large.ron", asked);
    let commands: [&[&str]; 8] = [
        &["check", "large.ron", "--strict"],
        &["run", "large.ron", "--reps", "3"],
        &["trace", "large.ron"],
        &["test", "large.ron"],
        &["sweep", "large.ron", "--vary", "consumers.workers.count=1,2"],
        &["compare", "large.ron", "--b", "consumers.workers.count=2"],
        &["plan", "large.ron", "--find", "consumers.workers.count=1..4"],
        &["experiment", "experiments/large.ron"],
    ];
    for args in commands {
        let given = sandbox.twice(args, 2);
        let says = "more than the 1MiB of `limits.memory`";
        assert!(given.stderr.contains(says), "{args:?}: {}", given.stderr);
        assert_eq!(given.stdout, "", "{args:?}");
    }
    let set = sandbox.twice(&[&["run", "small.ron"][..], &little].concat(), 2);
    assert!(set.stderr.contains("limits.memory"), "{}", set.stderr);
}

#[test]
fn all_faults_of_all_files_are_shown_before_anything_runs() {
    let sandbox = Sandbox::new();
    sandbox.write("one.ron", &SMALL.replace("count: 3", "cuont: 3").replace("seed", "sed"));
    sandbox.write("two.ron", &SMALL.replace("Exponential", "Exponental"));
    for command in ["run", "check"] {
        let given = sandbox.twice(&[command, "one.ron", "missing.ron", "two.ron"], 3);
        for says in ["`cuont`", "`sed`", "missing.ron", "`Exponental`"] {
            assert!(given.stderr.contains(says), "{says}: {}", given.stderr);
        }
        assert_eq!(given.stdout, "", "{command}");
    }
    let given = sandbox.twice(&["check", "one.ron", "small.ron"], 2);
    let needs = given.stdout.strip_prefix("ok  small.ron     needs about ").expect("what it needs");
    assert!(needs.ends_with(" MiB of memory\n"), "{needs}");
}

#[test]
fn faults_are_listed_for_editors() {
    let sandbox = Sandbox::new();
    sandbox.write("bad.ron", &SMALL.replace("count: 3", "cuont: 3").replace("seed", "sed"));
    let given = sandbox.twice(&["check", "--format", "json", "bad.ron", "small.ron"], 2);
    let list: serde_json::Value = serde_json::from_str(&given.stdout).expect("JSON");
    let fault = &list[1];
    assert_eq!((&fault["line"], &fault["column"]), (&17.into(), &13.into()), "{list:#}");
    assert_eq!(fault["path"], "consumers.workers.cuont");
    assert_eq!(fault["severity"], "error");
    assert_eq!(list[0]["file"], "bad.ron");
    assert_eq!(given.stderr, "");
    let given = sandbox.twice(&["check", "--format", "json", "small.ron"], 0);
    assert_eq!(given.stdout, "[]\n");
}

#[test]
fn a_limit_leaves_what_was_measured_marked_partial() {
    let sandbox = Sandbox::new();
    let args = ["run", "small.ron", "--set", "limits.events=4000"];
    let given = sandbox.twice(&args, 5);
    assert!(given.stdout.contains("PARTIAL: stopped at "), "{}", given.stdout);
    assert!(given.stdout.contains("`limits.events`"), "{}", given.stdout);
    let given = sandbox.twice(&[&args[..], &["--format", "json"]].concat(), 5);
    let outcome: serde_json::Value = serde_json::from_str(&given.stdout).expect("JSON");
    assert!(outcome["partial"].as_str().is_some_and(|why| why.contains("4000")), "{outcome:#}");
    assert_eq!(outcome["events"], 4000);
    let given = sandbox.twice(&[&args[..], &["--format", "json", "--reps", "3"]].concat(), 5);
    let estimate: serde_json::Value = serde_json::from_str(&given.stdout).expect("JSON");
    assert_eq!(estimate["replications"], 3);
    assert!(estimate["partial"].is_string(), "{estimate:#}");
}

/// A reader that closes its end at once.
#[test]
fn a_reader_that_went_away_is_no_error() {
    let sandbox = Sandbox::new();
    sandbox.write("no.ron", &SMALL.replace("sent > 0", "sent == 0"));
    let cases: &[(&[&str], i32)] = &[
        (&["trace", "long.ron"], 0),
        (&["trace", "long.ron", "--format", "jsonl"], 0),
        (&["run", "small.ron", "-q"], 0),
        (&["run", "no.ron", "-q"], 1),
        (&["help"], 0),
        (&["--help"], 0),
        (&["completions", "bash"], 0),
    ];
    for (args, code) in cases {
        let mut child = sandbox.command(args).spawn().expect("it starts");
        drop(child.stdout.take());
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(*code), "{args:?}: {stderr}");
        assert_eq!(stderr, "", "{args:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_told_in_a_sentence() {
    let sandbox = Sandbox::new();
    let says = "no space is left on the device";
    let runs: [&[&str]; 5] = [
        &["run", "small.ron"],
        &["trace", "small.ron"],
        &["check", "small.ron"],
        &["help", "queue"],
        &["--version"],
    ];
    for args in runs {
        let full = std::fs::File::options().write(true).open("/dev/full").expect("a device");
        let given = given(sandbox.command(args).stdout(full));
        assert_eq!(given.code, Some(3), "{args:?}: {}", given.stderr);
        let told = format!("error: cannot write to standard output: {says}");
        assert!(given.stderr.contains(&told), "{args:?}: {}", given.stderr);
    }
    let given = sandbox.run(&["trace", "small.ron", "-o", "/dev/full"]);
    assert_eq!(given.code, Some(3), "{}", given.stderr);
    assert!(given.stderr.contains(says), "{}", given.stderr);

    std::fs::create_dir(sandbox.path("out")).expect("a directory");
    std::os::unix::fs::symlink("/dev/full", sandbox.path("out/series.csv")).expect("a link");
    let given = sandbox.run(&["run", "small.ron", "-o", "out"]);
    assert_eq!(given.code, Some(3), "{}", given.stderr);
    assert!(given.stderr.contains("series.csv`: no space is left"), "{}", given.stderr);
    assert!(given.stdout.contains("repeat: sqsim run small.ron"), "the answer is not lost");
}
