//! Replications, batches, warm-up and precision, as they are typed.

use crate::sandbox::{SMALL, Sandbox, whole_commands};

#[test]
fn the_rule_that_cuts_the_start_is_shown() {
    let sandbox = Sandbox::new();
    let header = |rule: &str| {
        let args = ["run", "small.ron", "--reps", "5", "--warm-up", rule];
        let given = sandbox.twice(&args, 0);
        let repeats = given.stdout.contains(&format!("--warm-up {rule}"));
        assert_eq!(repeats, rule != "fixed", "{}", given.stdout);
        given.stdout.lines().next().expect("a header").to_owned()
    };
    assert!(header("fixed").ends_with("5 replications x 1m, first 5s of each discarded"));
    assert!(header("none").ends_with("5 replications x 1m"));
    assert!(header("12s").ends_with(", first 12s of each discarded"));
    let mser = header("mser5");
    assert!(
        mser.ends_with("5 replications x 1m") || mser.ends_with(" discarded (MSER-5)"),
        "{mser}"
    );
}

#[test]
fn batches_give_one_run_its_intervals() {
    let sandbox = Sandbox::new();
    let batches = ["run", "small.ron", "--batches", "10"];
    let text = sandbox.twice(&batches, 0).stdout;
    assert!(text.contains("one run of 1m in 10 batches, first 5s discarded"), "{text}");
    assert!(text.contains('±') && text.contains("--batches 10 --seed 7"), "{text}");
    let read = |args: &[&str]| -> serde_json::Value {
        let args = [args, &["--format", "json"]].concat();
        serde_json::from_str(&sandbox.run(&args).stdout).expect("JSON")
    };
    let (one, parts) = (read(&["run", "small.ron"]), read(&batches));
    assert_eq!((&parts["batches"], &parts["replications"]), (&10.into(), &1.into()));
    assert_eq!(parts["fingerprint"], one["fingerprint"], "the same run");
    let of = |path: &str| parts["measures"][path].clone();
    let sent = of("queues.jobs.counts.sent");
    assert_eq!(sent["mean"].as_f64(), one["queues"]["jobs"]["counts"]["sent"].as_f64());
    // A total of about 20/s in 55 s: a Poisson number has a deviation of 33, ±75 by Student's t.
    let half =
        (sent["ci95"][1].as_f64().expect("an end") - sent["mean"].as_f64().expect("a mean")).abs();
    assert!((25.0..160.0).contains(&half), "{half}");
    assert!(of("queues.jobs.latency_ns.sent_to_received.mean")["ci95"].is_array());
    // Of 1,100 messages some 55 lie beyond p95, in crowds: fewer than an interval takes.
    let tail = of("queues.jobs.latency_ns.sent_to_received.p95");
    assert!(tail["ci95"].is_null() && tail["thin"]["beyond"].as_f64() < Some(60.0), "{tail}");
    assert!(of("queues.jobs.latency_ns.sent_to_received.max")["ci95"].is_null());
}

#[test]
fn precision_says_how_many_it_took_or_would_take() {
    let sandbox = Sandbox::new();
    let of = ["run", "small.ron", "--of", "mean(sent_to_received)", "--max-reps", "40"];
    let enough = sandbox.twice(&[&of[..], &["--precision", "60%"]].concat(), 0).stdout;
    let enough = whole_commands(&enough);
    assert!(enough.contains("10 replications x 1m"), "{enough}");
    assert!(enough.contains("precision: `mean(sent_to_received)` is "), "{enough}");
    assert!(enough.contains("--precision 60% --of 'mean(sent_to_received)' --max-reps 40"));
    let capped = sandbox.twice(&[&of[..], &["--precision", "0.1%"]].concat(), 0).stdout;
    assert!(capped.contains("40 replications x 1m"), "{capped}");
    assert!(capped.contains("NOT PRECISE: ") && capped.contains("would do: `--max-reps "));
    for threads in ["1", "3"] {
        let args = [&of[..], &["--precision", "0.1%", "-j", threads]].concat();
        assert_eq!(sandbox.run(&args).stdout, capped, "{threads} threads");
    }
}

#[test]
fn what_cannot_be_is_refused_before_anything_runs() {
    let sandbox = Sandbox::new();
    let cases: &[(&[&str], &str)] = &[
        (&["--warm-up", "1m"], "leaves nothing to measure: `small.ron` runs 1m"),
        (&["--warm-up", "mser"], "expected `fixed`, `none`, `mser5` or a length"),
        (&["--precision", "2"], "a share of the mean above 0 and below 1"),
        (&["--precision", "2%", "--of", "men(sent)"], "did you mean `mean`?"),
        (&["--precision", "2%", "--of", "job.sent"], "did you mean `jobs`?"),
        (&["--precision", "2%", "--reps", "5"], "cannot be used with"),
        (&["--of", "sent"], "--precision"),
        (&["--batches", "4"], "5..=100"),
        (&["--batches", "10", "--reps", "2"], "cannot be used with"),
    ];
    for (args, says) in cases {
        let given = sandbox.twice(&[&["run", "small.ron"], *args].concat(), 2);
        assert!(given.stderr.contains(says), "{args:?} does not say `{says}`: {}", given.stderr);
    }
}

/// A limit in the middle of what is measured: 1,100 messages are sent on average, ±33 in one run.
#[test]
fn an_interval_that_reaches_across_the_limit_decides_nothing() {
    let sandbox = Sandbox::new();
    let middle = sandbox.run(&["run", "small.ron", "--reps", "4", "--format", "json"]).stdout;
    let middle: serde_json::Value = serde_json::from_str(&middle).expect("JSON");
    let mean = middle["measures"]["queues.jobs.counts.sent"]["mean"].as_f64().expect("a mean");
    for (limit, code, says) in
        [(mean + 0.3, 0, "the mean holds"), (mean - 0.3, 1, "the mean fails")]
    {
        sandbox.write("open.ron", &SMALL.replace("sent > 0", &format!("sent < {limit}")));
        let given = sandbox.twice(&["run", "open.ron", "--reps", "4"], code).unbroken();
        assert!(given.contains(" open sent < ") && given.contains(says), "{given}");
        assert!(given.contains("the interval cannot decide: about `--reps "), "{given}");
        assert!(!given.contains("FAIL"), "{given}");
    }
}

#[test]
fn what_grows_has_a_rate_instead_of_a_latency() {
    let sandbox = Sandbox::new();
    let args = ["run", "small.ron", "--reps", "4", "--set", "consumers.workers.count=1"];
    let given = sandbox.twice(&[&args[..], &["--set", "drain=0s"]].concat(), 0).stdout;
    let says = given.contains("NOT STABLE") && given.contains("messages a second");
    assert!(says && !given.contains("Latency"), "{given}");
}
