//! What `run` prints: the same bytes for the same input, in every form.

use std::process::Command;

use crate::sandbox::{SMALL, Sandbox, given};

#[test]
fn the_answer_is_the_same_bytes_in_every_form() {
    let sandbox = Sandbox::new();
    for format in ["text", "json", "ron", "csv"] {
        for reps in ["1", "3"] {
            let args = ["run", "small.ron", "--format", format, "--reps", reps];
            let given = sandbox.twice(&args, 0);
            assert!(given.stdout.ends_with('\n') && given.stdout.len() > 500, "{}", given.stdout);
        }
    }
    let given = sandbox.run(&["run", "small.ron", "--format", "json"]);
    let outcome: serde_json::Value = serde_json::from_str(&given.stdout).expect("JSON");
    assert_eq!(outcome["format"], "sqsim-outcome/1");
    let given = sandbox.run(&["run", "small.ron", "--format", "json", "--reps", "2"]);
    let estimate: serde_json::Value = serde_json::from_str(&given.stdout).expect("JSON");
    assert_eq!(estimate["format"], "sqsim-estimate/1");
    assert!(estimate["measures"]["queues.jobs.counts.sent"]["ci95"].is_array());
    let given = sandbox.run(&["run", "small.ron", "small.ron", "--format", "json"]);
    let both: serde_json::Value = serde_json::from_str(&given.stdout).expect("JSON");
    assert_eq!(both[1], outcome);
}

#[test]
fn threads_do_not_show() {
    let sandbox = Sandbox::new();
    for format in ["text", "json", "ron", "csv"] {
        let args = ["run", "small.ron", "--reps", "7", "--format", format];
        let one = sandbox.run(&[&args[..], &["-j", "1"]].concat());
        for threads in ["2", "5"] {
            let more = sandbox.run(&[&args[..], &["-j", threads]].concat());
            assert_eq!(one.stdout, more.stdout, "{format} on {threads} threads");
        }
    }
}

#[test]
fn one_run_has_no_intervals_and_says_so() {
    let sandbox = Sandbox::new();
    let one = sandbox.run(&["run", "small.ron"]).stdout;
    assert!(one.contains("one run: no intervals; `--reps 10` gives them"), "{one}");
    assert!(!one.contains('±'), "{one}");
    let ten = sandbox.run(&["run", "small.ron", "--reps", "10"]).stdout;
    assert!(ten.contains('±') && ten.contains("10 replications x 1m"), "{ten}");
}

#[test]
fn a_seed_is_a_number_or_a_commit() {
    let sandbox = Sandbox::new();
    let with = |seed: &str| {
        let args = ["run", "small.ron", "--format", "json", "--seed", seed];
        let outcome: serde_json::Value =
            serde_json::from_str(&sandbox.twice(&args, 0).stdout).expect("JSON");
        (outcome["seed"].as_u64().expect("a number"), outcome["fingerprint"].clone())
    };
    assert_eq!(with("42"), with("0x2a"));
    let commit = with("4718e78cfeedfacebeefb0b1de5c0ffee0000000");
    assert_eq!(commit.0, 0x4718_e78c_feed_face);
    assert_ne!(with("42").1, with("43").1);
    let own = sandbox.run(&["run", "small.ron"]).stdout;
    assert_eq!(own, sandbox.run(&["run", "small.ron", "--seed", "7"]).stdout, "the file's seed");
}

/// The last line is a command for a shell; it gives the same answer.
#[cfg(unix)]
#[test]
fn the_last_line_repeats_the_answer() {
    let sandbox = Sandbox::new();
    sandbox.write("a b.ron", SMALL);
    let set = "consumers.workers.processing=Exponential(\"60ms\")";
    let args = ["run", "a b.ron", "--set", set, "--reps", "2", "--seed", "9"];
    let first = sandbox.twice(&args, 0).stdout;
    let (_, command) = first.rsplit_once("repeat: sqsim ").expect("the command");
    assert!(command.contains(" \\\n"), "it is long: {command}");
    let mut shell = Command::new("sh");
    shell.current_dir(sandbox.path("")).env("NO_COLOR", "1");
    shell.args(["-c", &format!("exec '{}' {command}", env!("CARGO_BIN_EXE_sqsim"))]);
    assert_eq!(given(&mut shell).stdout, first);
    let other = sandbox.run(&["run", "a b.ron", "--reps", "2", "--seed", "9"]).stdout;
    assert_ne!(other, first, "`--set` changed nothing");
}

#[test]
fn a_scenario_may_come_from_standard_input() {
    let sandbox = Sandbox::new();
    let piped = sandbox.run_with_input(&["run", "-", "--format", "csv"], SMALL);
    assert_eq!(piped.code, Some(0), "{}", piped.stderr);
    assert_eq!(piped.stdout, sandbox.run(&["run", "small.ron", "--format", "csv"]).stdout);
    let bad = sandbox.run_with_input(&["check", "-"], &SMALL.replace("seed", "sed"));
    assert_eq!(bad.code, Some(2));
    assert!(bad.stderr.contains("--> -:8:5"), "{}", bad.stderr);
    for template in ["basic", "dead-letter", "burst", "poison"] {
        let text = sandbox.twice(&["new", template], 0).stdout;
        let checked = sandbox.run_with_input(&["check", "-"], &text);
        assert_eq!((checked.code, checked.stderr.as_str()), (Some(0), ""), "{template}");
    }
}

#[test]
fn what_is_no_answer_goes_to_standard_error() {
    let sandbox = Sandbox::new();
    let given = sandbox.run(&["run", "small.ron"]);
    assert!(given.stderr.contains(" events in "), "{}", given.stderr);
    assert!(!given.stdout.contains("events in"), "{}", given.stdout);
    let verbose = sandbox.run(&["run", "small.ron", "-v"]);
    assert!(verbose.stderr.contains("a second, on "), "{}", verbose.stderr);
    let quiet = sandbox.run(&["run", "small.ron", "-q"]);
    assert_eq!((quiet.stderr.as_str(), quiet.stdout), ("", given.stdout));
}

#[test]
fn colour_only_says_what_words_say() {
    let sandbox = Sandbox::new();
    let plain = sandbox.run(&["run", "small.ron"]).stdout;
    let coloured = sandbox.run(&["run", "small.ron", "--color", "always"]).stdout;
    assert!(coloured.contains("\u{1b}["), "{coloured}");
    let mut stripped = String::new();
    for part in coloured.split('\u{1b}') {
        let rest = part.strip_prefix('[').and_then(|code| code.split_once('m'));
        stripped += rest.map_or(part, |(_, rest)| rest);
    }
    assert_eq!(stripped, plain);
    let mut forced = sandbox.command(&["run", "small.ron"]);
    let forced = given(forced.env_remove("NO_COLOR").env("CLICOLOR_FORCE", "1"));
    assert_eq!(forced.stdout, coloured);
    let mut never = sandbox.command(&["run", "small.ron", "--color", "never"]);
    let never = given(never.env_remove("NO_COLOR").env("CLICOLOR_FORCE", "1"));
    assert_eq!(never.stdout, plain);
}

#[test]
fn a_run_can_be_checked_against_itself() {
    let sandbox = Sandbox::new();
    let plain = sandbox.run(&["run", "small.ron", "--reps", "3", "-j", "2"]).stdout;
    let args = ["run", "small.ron", "--reps", "3", "-j", "2", "--check-determinism"];
    let given = sandbox.twice(&args, 0);
    assert_eq!(given.stdout, plain);
    assert!(given.stderr.contains("run again on 1 instead of 2 threads: the same"));
}
