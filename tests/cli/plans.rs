//! `plan` on the command line: what is asked wrongly, what is kept.

use crate::sandbox::Sandbox;

#[test]
fn nothing_runs_before_what_is_asked_is_checked() {
    let sandbox = Sandbox::new();
    let refused = |args: &[&str], what: &str| {
        let given = sandbox.twice(&[&["plan", "long.ron", "-o", "out"], args].concat(), 2);
        assert!(given.stderr.contains(what), "{args:?}: {}", given.stderr);
        assert!(!sandbox.path("out").exists(), "{args:?}");
    };
    let target = |text| ["--find", "consumers.workers.count", "--such-that", text];
    refused(&target("p99(sent_to_deletd) < 2s"), "did you mean `sent_to_deleted`?");
    refused(&target("nonsense < 2"), "there are sent, moved_in");
    refused(&target("p99(sent_to_deleted)"), "expected a comparison");
    refused(&["--find", "consumers.workers.count"], "there is no target");
    let such_that = ["--such-that", "p99(sent_to_deleted) < 2s"];
    let find = |texts: &[&'static str]| {
        let finds = texts.iter().flat_map(|text| ["--find", *text]);
        finds.chain(such_that).collect::<Vec<&str>>()
    };
    refused(&find(&["consumers.workers.coutn"]), "did you mean `count`?");
    refused(&find(&["consumers.workers.count=0..4"]), "at least 1 is needed");
    refused(&find(&["duration=1s..9s"]), "does not say its step");
    refused(&find(&["consumers.workers.count=1..4", "drain=1s,2s"]), "there is no smallest value");
    let least = [&find(&["consumers.workers.count"])[..], &["--minimise", "busy"]].concat();
    refused(&least, "needs its values");
    let sure = [&find(&["consumers.workers.count"])[..], &["--confidence", "100%"]].concat();
    refused(&sure, "expected a probability");
}

#[test]
fn an_answer_says_its_margin_and_is_found_again_without_a_run() {
    let sandbox = Sandbox::new();
    let find = ["--find", "consumers.workers.count", "--such-that", "p50(sent_to_received) < 1ms"];
    let args = [&["plan", "small.ron", "-o", "out"], &find[..]].concat();
    let first = sandbox.run(&args);
    assert_eq!(first.code, Some(0), "{first:?}");
    assert!(first.stdout.contains("Answer      consumers.workers.count = "), "{}", first.stdout);
    assert!(first.stdout.contains("met by"), "{}", first.stdout);
    assert!(first.stdout.contains("95% that every decision"), "{}", first.stdout);
    let journal = sandbox.read("out/journal.jsonl");
    let again = sandbox.run(&args);
    assert_eq!(again.stdout, first.stdout);
    assert!(sandbox.read("out/journal.jsonl") == journal, "nothing was run again");
    // Nothing does it: the answer is no.
    let never = ["--find", "consumers.workers.count=1..3", "--such-that", "busy < 0"];
    let none = sandbox.twice(&[&["plan", "small.ron"], &never[..]].concat(), 1);
    assert!(none.stdout.contains("none of them meets the target"), "{}", none.stdout);
}
