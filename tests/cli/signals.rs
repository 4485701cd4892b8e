//! Ctrl-C: what there is is printed, marked partial.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command};

use crate::sandbox::Sandbox;

/// Waits for a line of the tool's progress that says enough, then interrupts it. A machine may be
/// as slow as it likes.
fn interrupt_once(
    mut enough: impl FnMut(&str) -> bool,
    mut child: Child,
) -> (Option<i32>, String, String) {
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut told = String::new();
    loop {
        let before = told.len();
        stderr.read_line(&mut told).expect("it tells its progress");
        assert!(told.ends_with(" %\n"), "{told}");
        if enough(&told[before..]) {
            break;
        }
    }
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("there is a `kill`").success());
    let mut stdout = String::new();
    child.stdout.take().expect("it is piped").read_to_string(&mut stdout).expect("text");
    stderr.read_to_string(&mut told).expect("text");
    (child.wait().expect("it ends").code(), stdout, told)
}

#[test]
fn an_interrupted_run_prints_what_there_is() {
    let sandbox = Sandbox::new();
    let args = ["run", "long.ron", "--progress", "always", "-o", "out"];
    let (code, stdout, stderr) =
        interrupt_once(|_| true, sandbox.command(&args).spawn().expect("it starts"));
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stdout.contains("PARTIAL: interrupted at "), "{stdout}");
    assert!(stdout.contains("repeat: sqsim run long.ron"), "{stdout}");
    assert!(stderr.contains("partial"), "{stderr}");
    assert!(sandbox.read("out/outcome.json").contains("\"partial\": \"interrupted at "));
}

#[test]
fn interrupted_replications_leave_the_complete_ones() {
    let sandbox = Sandbox::new();
    let args =
        ["run", "small.ron", "-j2", "--reps", "20000", "--progress", "always", "--format", "json"];
    // One in a hundred: two hundred are done, and the rest takes many seconds.
    let some = |line: &str| !line.ends_with(" 0 %\n");
    let (code, stdout, stderr) =
        interrupt_once(some, sandbox.command(&args).spawn().expect("it starts"));
    assert_eq!(code, Some(130), "{stderr}");
    let estimate: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    let complete = estimate["replications"].as_u64().expect("a number");
    assert!((200..20_000).contains(&complete), "{complete}");
    let why = format!("interrupted after {complete} of 20000 replications");
    assert_eq!(estimate["partial"], why);

    // What is complete is what as many replications give.
    let args = ["run", "small.ron", "--reps", &complete.to_string(), "--format", "json"];
    let again: serde_json::Value = serde_json::from_str(&sandbox.run(&args).stdout).expect("JSON");
    assert_eq!(again["measures"], estimate["measures"]);
}

/// The first look at the first point is far from done: what there is of it is told.
#[test]
fn an_interrupted_plan_prints_the_table_so_far() {
    let sandbox = Sandbox::new();
    let plan = ["plan", "small.ron", "--find", "consumers.workers.count", "--such-that"];
    let much = ["p99(sent_to_deleted) < 1ms", "--reps", "1000000", "--max-reps", "1000000"];
    let short = ["--set", "duration=2s", "--set", "warm_up=0s", "--set", "drain=0s"];
    let always = ["--progress", "always"];
    let args = [&plan[..], &much, &short, &always].concat();
    // A run takes some milliseconds: three lines after the search began, seconds apart, there are
    // several even where twenty others want the same core.
    let mut searching = 0;
    let begun = |line: &str| {
        searching += u32::from(line.contains(" left: "));
        searching > 3
    };
    let (code, stdout, stderr) =
        interrupt_once(begun, sandbox.command(&args).spawn().expect("it starts"));
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("consumers.workers.count=1"), "{stderr}");
    assert!(stderr.contains(" left: "), "{stderr}");
    assert!(stdout.contains("PARTIAL     interrupted after "), "{stdout}");
    assert!(stdout.contains("not found yet: consumers.workers.count = 1 misses"), "{stdout}");

    let args = [&args[..], &["--format", "json", "-o", "out"]].concat();
    let journal = sandbox.path("out/journal.jsonl");
    let kept = |_: &str| fs::read_to_string(&journal).is_ok_and(|text| text.lines().count() > 20);
    let (code, stdout, stderr) =
        interrupt_once(kept, sandbox.command(&args).spawn().expect("it starts"));
    assert_eq!(code, Some(130), "{stderr}");
    let plan: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    assert!(plan["partial"].as_str().is_some_and(|why| why.starts_with("interrupted after")));
    assert!(plan["answer"].is_null(), "{stdout}");
    let told = plan["tried"][0]["replications"].as_u64().expect("a number");
    assert!((1..1_000_000).contains(&told), "{told}");
    // Each run that was done is kept, and told in the file.
    let kept = sandbox.read("out/journal.jsonl").lines().count() as u64 - 1;
    assert!(kept >= told, "{kept} of {told}");
    assert_eq!(sandbox.read("out/plan.json"), stdout);
}
