//! `sqsim test`: stored outcomes, and the first event that differs.

use crate::sandbox::{SMALL, Sandbox};

/// A sandbox with one model whose outcome is stored.
fn stored() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("models/one.ron", SMALL);
    assert_eq!(sandbox.run(&["test", "--update"]).code, Some(0));
    sandbox
}

#[test]
fn a_new_outcome_is_stored_and_then_the_same() {
    let sandbox = Sandbox::new();
    sandbox.write("models/one.ron", SMALL);
    sandbox.write("models/deeper/two.ron", &SMALL.replace("sent > 0", "sent == 0"));
    sandbox.write("models/notes.md", "no scenario");
    let new = sandbox.twice(&["test"], 1).stdout;
    assert!(new.contains("   NEW  models/one.ron"), "{new}");
    assert!(new.contains("2 scenarios: 2 new\n"), "{new}");
    assert!(new.ends_with("help: accept        sqsim test --update\n"), "{new}");
    assert_eq!(sandbox.run(&["test", "--update"]).code, Some(0));
    assert_eq!(sandbox.names("snapshots"), ["one.snap", "two.snap"]);
    let same = sandbox.twice(&["test"], 0).stdout;
    assert_eq!(
        same,
        "    ok  models/deeper/two.ron     1 expectation fails, as stored\n    \
         ok  models/one.ron\n2 scenarios: 2 ok\n"
    );
    assert_eq!(sandbox.twice(&["test", "-j", "1"], 0).stdout, same);
    assert!(sandbox.read("snapshots/one.snap").starts_with("---\nsource: tests/models.rs\n"));
    assert!(!sandbox.read("snapshots/one.snap").contains("\"version\""));
}

/// What every event's line is compared with: the traces of both versions.
#[test]
fn a_changed_scenario_is_traced_to_its_first_event() {
    let sandbox = stored();
    let changed = SMALL.replace("Exponential(\"50ms\")", "Exponential(\"51ms\")");
    sandbox.write("models/one.ron", &changed);
    let given = sandbox.twice(&["test"], 1);
    let old = sandbox.run(&["trace", "small.ron"]).stdout;
    let new = sandbox.run(&["trace", "models/one.ron"]).stdout;
    let parted = old.lines().zip(new.lines()).find(|(old, new)| old != new);
    let (old, new) = parted.expect("the traces differ");
    let lines: Vec<&str> = given.stdout.lines().collect();
    let times = [old, new].map(|line| line.split_whitespace().next().expect("a time"));
    let at = times.into_iter().min_by_key(|time| (time.len(), time.to_owned())).expect("two");
    let first = format!("  DIFF  models/one.ron     first difference at {at}, event ");
    assert!(lines[0].starts_with(&first), "{first}\n{}", given.stdout);
    assert_eq!(lines[1], format!("          - {}", old.trim_start()));
    assert_eq!(lines[2], format!("          + {}", new.trim_start()));
    assert!(lines[3].contains("queues.jobs."), "{}", given.stdout);
    assert!(given.stdout.contains("1 scenario: 1 differs\n"), "{}", given.stdout);
    let (look, accept) = (lines[lines.len() - 2], lines[lines.len() - 1]);
    assert_eq!(accept, "help: accept        sqsim test models/one.ron --update");

    // Both helps are commands that do what they say.
    let words: Vec<&str> = look.split_whitespace().skip(4).collect();
    let shown = sandbox.twice(&words, 0).stdout;
    assert!(shown.contains(new), "{shown}");
    assert_eq!(sandbox.run(&["test", "models/one.ron", "--update"]).code, Some(0));
    assert_eq!(sandbox.twice(&["test"], 0).stdout, "    ok  models/one.ron\n1 scenario: 1 ok\n");
}

#[test]
fn a_comment_changes_nothing() {
    let sandbox = stored();
    sandbox.write("models/one.ron", &format!("// why\n{SMALL}"));
    assert_eq!(sandbox.run(&["test"]).code, Some(0));
}

#[test]
fn other_measures_of_the_same_events_are_told_as_such() {
    let sandbox = stored();
    sandbox.write("models/one.ron", &SMALL.replace("warm_up: \"5s\"", "warm_up: \"6s\""));
    let told = sandbox.twice(&["test"], 1).stdout;
    assert!(told.contains("every event is the same, what is measured is not"), "{told}");
    assert!(told.contains("queues.jobs.counts.sent"), "{told}");
    assert!(!told.contains("look closer"), "{told}");
}

/// A stored outcome that this engine never gave stands for a changed engine.
#[test]
fn a_changed_engine_is_bracketed_by_checkpoints() {
    let sandbox = stored();
    let snapshot = sandbox.read("snapshots/one.snap");
    let contents = snapshot.split_once("\n---\n").expect("a header").1;
    let outcome: serde_json::Value = serde_json::from_str(contents).expect("JSON");
    let checkpoints = outcome["checkpoints"].as_array().expect("a list");
    let mut other = snapshot.clone();
    for checkpoint in &checkpoints[6..] {
        let fingerprint = checkpoint["fingerprint"].as_str().expect("text");
        other = other.replace(fingerprint, "0123456789abcdef");
    }
    let fingerprint = outcome["fingerprint"].as_str().expect("text");
    sandbox.write("snapshots/one.snap", &other.replace(fingerprint, "fedcba9876543210"));
    let told = sandbox.twice(&["test"], 1).stdout;
    let line = told.lines().next().expect("a line");
    assert!(line.contains("first difference between event 32 at "), "{told}");
    assert!(line.contains(" and event 64 at "), "{told}");
    assert!(told.contains("sqsim or a data file changed"), "{told}");
    assert_eq!(told.lines().filter(|line| line.starts_with("          + ")).count(), 3, "{told}");
}

#[test]
fn orphans_are_warned_of_rejected_or_deleted() {
    let sandbox = stored();
    sandbox.write("snapshots/gone.snap", "---\nsource: x\n---\n{}\n");
    let warned = sandbox.twice(&["test"], 0);
    assert!(warned.stderr.contains("gone.snap` belongs to no scenario"), "{}", warned.stderr);
    let rejected = sandbox.twice(&["test", "--unreferenced", "reject"], 1);
    assert!(rejected.stdout.contains("ORPHAN  snapshots/gone.snap"), "{}", rejected.stdout);
    // One scenario alone says nothing about the others.
    sandbox.twice(&["test", "models/one.ron", "--unreferenced", "reject"], 0);
    assert_eq!(sandbox.run(&["test", "--unreferenced", "delete"]).code, Some(0));
    assert_eq!(sandbox.names("snapshots"), ["one.snap"]);
}

#[test]
fn what_cannot_be_compared_is_said() {
    let sandbox = stored();
    sandbox.write("snapshots/one.snap", "not insta's");
    let told = sandbox.twice(&["test"], 2);
    assert!(told.stderr.contains("is no stored outcome"), "{}", told.stderr);
    sandbox.write("models/other/one.ron", SMALL);
    let told = sandbox.twice(&["test"], 2);
    assert!(told.stderr.contains("have the same name"), "{}", told.stderr);
    sandbox.write("limited/l.ron", &SMALL.replace("expect:", "limits: (events: 500), expect:"));
    let told = sandbox.twice(&["test", "limited"], 5);
    assert!(told.stderr.contains("limits.events"), "{}", told.stderr);
}
