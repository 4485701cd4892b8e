//! Ctrl-C: what there is is printed, marked partial.
#![cfg(unix)]

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command};

use crate::sandbox::Sandbox;

/// Waits until the tool tells its progress, so that its run has begun, then interrupts it.
fn interrupt(child: Child) -> (Option<i32>, String, String) {
    interrupt_after(1, child)
}

/// Waits until the tool has told its progress so often, once a second, then interrupts it.
fn interrupt_after(lines: u32, mut child: Child) -> (Option<i32>, String, String) {
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut told = String::new();
    for _ in 0..lines {
        stderr.read_line(&mut told).expect("it tells its progress");
        assert!(told.ends_with(" %\n"), "{told}");
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
    let (code, stdout, stderr) = interrupt(sandbox.command(&args).spawn().expect("it starts"));
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
        ["run", "small.ron", "--reps", "1000000", "--progress", "always", "--format", "json"];
    let (code, stdout, stderr) = interrupt(sandbox.command(&args).spawn().expect("it starts"));
    assert_eq!(code, Some(130), "{stderr}");
    let estimate: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    let complete = estimate["replications"].as_u64().expect("a number");
    assert!((2..1_000_000).contains(&complete), "{complete}");
    let why = format!("interrupted after {complete} of 1000000 replications");
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
    let (code, stdout, stderr) =
        interrupt_after(4, sandbox.command(&args).spawn().expect("it starts"));
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("consumers.workers.count=1"), "{stderr}");
    assert!(stderr.contains(" left: "), "{stderr}");
    assert!(stdout.contains("PARTIAL     interrupted after "), "{stdout}");
    assert!(stdout.contains("not found yet: consumers.workers.count = 1 misses"), "{stdout}");

    let args = [&args[..], &["--format", "json", "-o", "out"]].concat();
    let (code, stdout, stderr) =
        interrupt_after(4, sandbox.command(&args).spawn().expect("it starts"));
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
