//! `sweep` and `merge`: the grid, what a kill leaves behind, shares.

use std::thread::sleep;
use std::time::Duration;

use crate::sandbox::{Sandbox, repeat};

const COUNTS: &str = "consumers.workers.count=1..4";
const TIMEOUTS: &str = "queues.jobs.visibility_timeout=500ms,2s";
const FILES: [&str; 4] = ["journal.jsonl", "sweep-busy.svg", "sweep.csv", "sweep.json"];

fn json(text: &str) -> serde_json::Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn every_combination_is_a_point() {
    let sandbox = Sandbox::new();
    let args = ["sweep", "small.ron", "--vary", COUNTS, "--vary", TIMEOUTS, "--reps", "3"];
    let text = sandbox.twice(&args, 0).stdout;
    assert!(text.starts_with("small.ron   seed 7   8 points x 3 replications\n"), "{text}");
    let repeat = repeat(&text);
    let again: Vec<&str> = repeat.split_whitespace().collect();
    assert_eq!(sandbox.run(&again).stdout, text, "what stands last repeats the answer");

    let with = |more: &[&str]| sandbox.twice(&[&args[..], more].concat(), 0).stdout;
    let document = json(&with(&["--format", "json"]));
    let points = document["points"].as_array().expect("points");
    assert_eq!(points.len(), 8);
    assert_eq!(points[3]["at"], serde_json::json!(["2", "2s"]), "the last knob changes fastest");
    // A point is what `run --reps` gives there: the same runs, the same chance.
    let alone = "consumers.workers.count=2";
    let longer = "queues.jobs.visibility_timeout=2s";
    let run = ["run", "small.ron", "--reps", "3", "--set", alone, "--set", longer];
    let estimate = json(&sandbox.run(&[&run[..], &["--format", "json"]].concat()).stdout);
    assert_eq!(points[3]["fingerprint"], estimate["fingerprint"]);
    let mean = "queues.jobs.latency_ns.sent_to_received.mean";
    let own = points[3]["measures"]["mean(sent_to_received)"]["mean"].as_f64().expect("a number");
    // The outcome rounds each run's mean to whole nanoseconds.
    assert!((own - estimate["measures"][mean]["mean"].as_f64().expect("a number")).abs() < 1.0);

    let table = with(&["--format", "csv"]);
    let rows: Vec<Vec<&str>> = table.lines().map(|line| line.split(',').collect()).collect();
    assert_eq!(rows.len(), 1 + 8);
    assert!(rows.iter().all(|row| row.len() == rows[0].len()));
    assert_eq!(rows[4][..2], ["2", "2s"]);
    for threads in ["1", "3", "7"] {
        assert_eq!(with(&["-j", threads, "--format", "csv"]), table, "{threads} threads");
    }
}

/// One picture for each measure, the quantiles of a latency together; what three settings give
/// cannot be drawn, and is said.
#[test]
fn pictures_stand_beside_the_numbers() {
    let sandbox = Sandbox::new();
    let sweep = |more: &[&str]| {
        let args = ["sweep", "small.ron", "--reps", "2", "--vary", COUNTS];
        sandbox.run(&[&args[..], more].concat())
    };
    let pictures = |directory: &str| -> Vec<String> {
        let names = sandbox.names(directory).into_iter();
        names.filter(|name| name.contains(".svg")).collect()
    };
    assert_eq!(sweep(&["-o", "one"]).code, Some(0));
    let one = [
        "sweep-busy.svg",
        "sweep-mean-sent_to_received.svg",
        "sweep-rate-deleted.svg",
        "sweep-sent_to_deleted.svg",
    ];
    assert_eq!(pictures("one"), one);
    let svg = sandbox.read("one/sweep-sent_to_deleted.svg");
    assert!(svg.contains("consumers.workers.count") && svg.contains("p95"), "{svg}");
    let measure = ["--measure", "p99(sent_to_deleted)", "--measure", "busy"];
    let two = [&["--vary", TIMEOUTS, "-o", "two"][..], &measure].concat();
    assert_eq!(sweep(&two).code, Some(0));
    assert_eq!(pictures("two"), ["sweep-busy.svg", "sweep-p99-sent_to_deleted.svg"]);
    let three = ["--vary", TIMEOUTS, "--vary", "queues.jobs.delay=0s,1s", "-o", "three"];
    let given = sweep(&three);
    assert!(given.stderr.contains("no pictures: they show one setting or two, not 3"), "{given:?}");
    assert!(pictures("three").is_empty());
}

#[test]
fn the_first_point_that_meets_the_expectations_is_named() {
    let sandbox = Sandbox::new();
    let expect = "expect=[\"p95(sent_to_received) < 100ms\"]";
    let args = ["sweep", "small.ron", "--vary", COUNTS, "--set", expect, "--reps", "4"];
    let given = sandbox.twice(&args, 0);
    let document = json(&sandbox.run(&[&args[..], &["--format", "json"]].concat()).stdout);
    let first = document["first_that_holds"].as_u64().expect("it holds somewhere");
    let holds = |point: &serde_json::Value| point["expect"][0]["holds"].as_bool().expect("judged");
    let points = document["points"].as_array().expect("points");
    assert!(first > 0 && points.iter().take(first as usize).all(|point| !holds(point)));
    assert!(holds(&points[first as usize]));
    let line = format!("the expectations hold first at consumers.workers.count = {}", first + 1);
    assert!(given.stdout.contains(&line), "{}", given.stdout);
    // Nowhere: the answer is no.
    let expect = "expect=[\"p95(sent_to_received) < 1ns\"]";
    let args = ["sweep", "small.ron", "--vary", COUNTS, "--set", expect, "--reps", "2"];
    assert!(sandbox.twice(&args, 1).stdout.contains("hold at no point"));
}

/// Killed at ten moments and gone on with, a sweep gives the bytes of an undisturbed one.
#[test]
fn a_killed_sweep_goes_on_from_where_it_was() {
    let sandbox = Sandbox::new();
    let sweep = |directory: &str| {
        let longer = "duration=20m";
        let args = ["sweep", "small.ron", "--vary", COUNTS, "--vary", TIMEOUTS, "--reps", "20"];
        sandbox.command(&[&args[..], &["--set", longer, "-o", directory]].concat())
    };
    let undisturbed = crate::sandbox::given(&mut sweep("whole"));
    assert_eq!(undisturbed.code, Some(0), "{undisturbed:?}");
    let journal = sandbox.path("killed/journal.jsonl");
    let lines = || std::fs::read_to_string(&journal).map_or(0, |text| text.lines().count());
    for moment in 0..10 {
        let mut child = sweep("killed").spawn().expect("it starts");
        // At some moment of the beginning, and then whenever another eight runs are done: a machine
        // may be as slow as it likes.
        sleep(Duration::from_millis(moment * 37 % 100));
        while lines() < 8 * moment as usize && child.try_wait().expect("is known").is_none() {
            sleep(Duration::from_millis(1));
        }
        child.kill().expect("it can be killed");
        child.wait().expect("it ends");
    }
    // A line that was not written whole counts as not done.
    let text = std::fs::read_to_string(&journal).expect("eight runs were done");
    sandbox.write("killed/journal.jsonl", &text[..text.len() - 20]);
    let given = crate::sandbox::given(&mut sweep("killed"));
    assert_eq!((given.code, &given.stdout), (Some(0), &undisturbed.stdout), "{}", given.stderr);
    for file in FILES {
        assert_eq!(sandbox.read(&format!("killed/{file}")), sandbox.read(&format!("whole/{file}")));
    }
    // All is known now: nothing runs any more.
    let again = crate::sandbox::given(&mut sweep("killed"));
    assert!(again.stderr.contains("160 of 160 runs were done before"), "{}", again.stderr);
    assert_eq!(again.stdout, undisturbed.stdout);
}

#[test]
fn shares_merged_in_any_order_are_the_whole() {
    let sandbox = Sandbox::new();
    let args = ["sweep", "small.ron", "--vary", COUNTS, "--reps", "5"];
    let whole = sandbox.run(&[&args[..], &["-o", "whole"]].concat());
    for (share, directory) in [("3/3", "c"), ("1/3", "a"), ("2/3", "b")] {
        let given = sandbox.run(&[&args[..], &["-o", directory, "--shard", share]].concat());
        assert_eq!((given.code, given.stdout.as_str()), (Some(0), ""), "{}", given.stderr);
        assert!(given.stderr.contains("sqsim merge"), "{}", given.stderr);
    }
    for order in [["a", "b", "c"], ["c", "a", "b"]] {
        let given = sandbox.run(&[&["merge"], &order[..], &["-o", "merged"]].concat());
        assert_eq!((given.code, &given.stdout), (Some(0), &whole.stdout), "{}", given.stderr);
        for file in FILES {
            let merged = sandbox.read(&format!("merged/{file}"));
            assert_eq!(merged, sandbox.read(&format!("whole/{file}")));
        }
        std::fs::remove_dir_all(sandbox.path("merged")).expect("it is there");
    }
    let given = sandbox.twice(&["merge", "a", "c"], 4);
    assert!(given.stderr.contains("7 of 20 runs are missing"), "{}", given.stderr);

    // Several shares in one folder, the share taken from the environment.
    for index in ["0", "1"] {
        let mut command = sandbox.command(&[&args[..], &["-o", "one", "--shard", "auto"]].concat());
        command.env("AWS_BATCH_JOB_ARRAY_INDEX", index).env("AWS_BATCH_JOB_ARRAY_SIZE", "2");
        assert_eq!(crate::sandbox::given(&mut command).code, Some(0));
    }
    assert_eq!(sandbox.names("one"), ["journal-1-of-2.jsonl", "journal-2-of-2.jsonl"]);
    assert_eq!(sandbox.run(&["merge", "one"]).stdout, whole.stdout);
}

/// What a power failure may leave of the first line is a part of it, or nothing: no run is lost
/// with it. Anything else is somebody's, and is not written over.
#[test]
fn a_journal_without_a_whole_first_line_has_no_runs() {
    let sandbox = Sandbox::new();
    let args = ["sweep", "small.ron", "--vary", COUNTS, "--reps", "2", "-o", "out"];
    let whole = sandbox.run(&args);
    let journal = sandbox.read("out/journal.jsonl");
    let header = journal.find('\n').expect("has a first line");
    for length in [0, 1, 9, header / 2, header] {
        sandbox.write("out/journal.jsonl", &journal[..length]);
        let given = sandbox.run(&args);
        assert_eq!((given.code, &given.stdout), (Some(0), &whole.stdout), "{}", given.stderr);
        assert_eq!(sandbox.read("out/journal.jsonl"), journal, "{length} bytes");
        assert!(!given.stderr.contains("were done before"), "{}", given.stderr);
    }
    for text in ["{", "{}", "x", "{\"format\":\"sqsim-journal/3\",\"identity\":{\"version\":\"9"] {
        sandbox.write("out/journal.jsonl", text);
        let given = sandbox.run(&args);
        let taken = journal.starts_with(text);
        assert_eq!(given.code, Some(if taken { 0 } else { 2 }), "{text}: {}", given.stderr);
        assert!(taken || sandbox.read("out/journal.jsonl") == text);
    }
}

/// Every line has a hash: one that was changed is told with its number, and nothing is taken from
/// it.
#[test]
fn a_row_that_was_changed_is_not_taken() {
    let sandbox = Sandbox::new();
    let args = ["sweep", "small.ron", "--vary", COUNTS, "--reps", "2", "-o", "out"];
    let whole = sandbox.run(&args);
    let journal = sandbox.read("out/journal.jsonl");
    let lines: Vec<&str> = journal.lines().collect();
    let with = |number: usize, line: &str| {
        let mut lines = lines.clone();
        lines[number - 1] = line;
        lines.join("\n") + "\n"
    };
    let other = lines[3].replacen("\"replication\":0", "\"replication\":1", 1);
    for line in [&lines[3][..40], "{}", "", "null", other.as_str()] {
        sandbox.write("out/journal.jsonl", &with(4, line));
        let given = sandbox.twice(&args, 2);
        let told = "line 4 of `out/journal.jsonl` was changed or torn";
        assert!(given.stderr.contains(told), "{line}: {}", given.stderr);
    }
    // As the help says.
    let without = [&lines[..3], &lines[4..]].concat().join("\n") + "\n";
    sandbox.write("out/journal.jsonl", &without);
    let given = sandbox.run(&args);
    assert!(given.stderr.contains("7 of 8 runs were done before"), "{}", given.stderr);
    assert_eq!(given.stdout, whole.stdout);
    // The same row twice is no harm.
    sandbox.write("out/journal.jsonl", &format!("{journal}{}\n", lines[2]));
    assert_eq!(sandbox.run(&args).stdout, whole.stdout);
    assert_eq!(sandbox.read("out/journal.jsonl"), journal);
}

#[test]
fn two_processes_do_not_write_one_journal() {
    let sandbox = Sandbox::new();
    let args = ["sweep", "long.ron", "--vary", COUNTS, "-o", "out"];
    let mut first = sandbox.command(&args).spawn().expect("it starts");
    let journal = sandbox.path("out/journal.jsonl");
    let begun = || std::fs::metadata(&journal).is_ok_and(|of| of.len() > 0);
    while !begun() {
        assert!(first.try_wait().expect("is known").is_none(), "it goes on for hours");
        sleep(Duration::from_millis(1));
    }
    let second = sandbox.run(&args);
    first.kill().expect("it can be killed");
    first.wait().expect("it ends");
    assert_eq!(second.code, Some(2), "{}", second.stderr);
    assert!(
        second.stderr.contains("another process writes `out/journal.jsonl`"),
        "{}",
        second.stderr
    );
    // Nobody holds it any more.
    let small = ["sweep", "small.ron", "--vary", COUNTS, "-o", "out"];
    assert!(sandbox.run(&small).stderr.contains("holds the runs of another text"));
}

#[test]
fn a_sweep_may_grow_but_not_become_another_one() {
    let sandbox = Sandbox::new();
    let args = ["sweep", "small.ron", "--reps", "2", "-o", "out", "--vary"];
    let grow = |vary: &str| sandbox.run(&[&args[..], &[vary]].concat());
    assert_eq!(grow("consumers.workers.count=2,3").code, Some(0));
    let more = grow("consumers.workers.count=1,2,3");
    assert!(more.stderr.contains("4 of 6 runs were done before"), "{}", more.stderr);
    let fresh = ["sweep", "small.ron", "--reps", "2", "--vary", "consumers.workers.count=1,2,3"];
    assert_eq!(more.stdout, sandbox.run(&fresh).stdout);

    let other =
        sandbox.twice(&[&args[..], &["consumers.workers.count=2", "--seed", "8"]].concat(), 2);
    assert!(other.stderr.contains("holds the runs of another seed"), "{}", other.stderr);
    sandbox.write("out/journal.jsonl", "no journal\n");
    let broken = sandbox.twice(&[&args[..], &["consumers.workers.count=2"]].concat(), 2);
    assert!(broken.stderr.contains("line 1 of `out/journal.jsonl`"), "{}", broken.stderr);
}

#[test]
fn nothing_runs_before_all_points_are_checked() {
    let sandbox = Sandbox::new();
    // Ten days of simulation, if anything ran.
    let refused = |args: &[&str], what: &str| {
        let given = sandbox.twice(&[&["sweep", "long.ron", "-o", "out"], args].concat(), 2);
        assert!(given.stderr.contains(what), "{args:?}: {}", given.stderr);
        assert!(!sandbox.path("out").exists(), "{args:?}");
    };
    refused(&["--vary", "consumers.workers.coutn=1..3"], "did you mean `count`?");
    refused(&["--vary", "consumers.wrokers.count=1..3"], "did you mean `workers`?");
    refused(&["--vary", "consumers.workers.receive.max=1..11"], "10");
    refused(&["--vary", "consumers.workers.count=9..1"], "begins after its end");
    refused(&["--vary", "consumers.workers.count"], "is not PATH=VALUES");
    let count = ["--vary", "consumers.workers.count=1,2"];
    refused(&[&count[..], &count[..]].concat(), "is varied twice");
    let measure = |text| [&count[..], &["--measure", text]].concat();
    refused(&measure("p99(sent_to_deletd)"), "did you mean `sent_to_deleted`?");
    refused(&measure("nonsense"), "there are sent, moved_in");
    refused(&measure("p99(sent_to_deleted) < 2s"), "write the measure alone");
    refused(&[&count[..], &["--shard", "3/2"]].concat(), "expected I/N");
    refused(&[&count[..], &["--shard", "auto"]].concat(), "finds no job array");
}
