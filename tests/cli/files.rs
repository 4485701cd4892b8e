//! What `run -o` writes.

use crate::sandbox::{SMALL, Sandbox};

const PLOTS: [&str; 10] = [
    "busy-threads.svg",
    "depth.svg",
    "imbalance.svg",
    "latency-over-time.svg",
    "latency.svg",
    "offered.svg",
    "partitions.svg",
    "redeliveries.svg",
    "resharding.svg",
    "throughput.svg",
];

#[test]
fn a_directory_holds_outcome_series_and_plots() {
    let sandbox = Sandbox::new();
    let given = sandbox.twice(&["run", "small.ron", "-o", "a/b"], 0);
    let mut expected: Vec<String> = ["dead", "jobs"]
        .iter()
        .flat_map(|queue| PLOTS.map(|plot| format!("{queue}-{plot}")))
        .collect();
    expected.extend(["outcome.json".to_owned(), "series.csv".to_owned()]);
    expected.sort();
    assert_eq!(sandbox.names("a/b"), expected, "all, and no temporary file");
    let json = sandbox.run(&["run", "small.ron", "--format", "json"]).stdout;
    assert_eq!(sandbox.read("a/b/outcome.json"), json);
    let csv = sandbox.run(&["run", "small.ron", "--format", "csv"]).stdout;
    assert_eq!(sandbox.read("a/b/series.csv"), csv);
    assert_eq!(given.stdout, sandbox.run(&["run", "small.ron"]).stdout);
    assert!(sandbox.read("a/b/jobs-depth.svg").starts_with("<svg"));
}

/// Deploys move the workers of the small scenario, and they lean on a pool.
#[test]
fn parts_that_have_pictures_have_files_of_their_names() {
    let sandbox = Sandbox::new();
    sandbox.write(
        "parts.ron",
        r#"(
            duration: "1m",
            queues: {"jobs": ()},
            producers: {"site": (queue: "jobs", arrivals: Constant("1/s"))},
            consumers: {
                "moved": (queue: "jobs", count: 2, processing: Constant("1s"),
                          calls: (to: "db"), deploys: (at: ["30s"], batch: 1)),
                "fixed": (queue: "jobs", count: 2, processing: Constant("1s")),
                "handler": Lambda(queue: "jobs", timeout: "10s", processing: Constant("1s")),
            },
            downstream: {"db": Pool(connections: 1, work: Constant("1s"))},
        )"#,
    );
    sandbox.run(&["run", "parts.ron", "-o", "out"]);
    let mut expected: Vec<String> = PLOTS.map(str::to_owned).into();
    let parts = ["db-downstream.svg", "handler-function.svg", "moved-fleet.svg"];
    expected.extend(parts.map(str::to_owned));
    expected.extend(["outcome.json".to_owned(), "series.csv".to_owned()]);
    expected.sort();
    assert_eq!(sandbox.names("out"), expected);
    let head = sandbox.read("out/series.csv");
    let head = head.lines().next().unwrap_or_default();
    assert!(head.contains("moved.killed") && !head.contains("fixed.killed"), "{head}");
}

#[test]
fn replications_add_their_estimate() {
    let sandbox = Sandbox::new();
    sandbox.twice(&["run", "small.ron", "--reps", "2", "-o", "out"], 0);
    let json = sandbox.run(&["run", "small.ron", "--reps", "2", "--format", "json"]).stdout;
    assert_eq!(sandbox.read("out/estimate.json"), json);
    let first = sandbox.run(&["run", "small.ron", "--format", "json"]).stdout;
    assert_eq!(sandbox.read("out/outcome.json"), first);
}

#[test]
fn several_scenarios_have_a_directory_each() {
    let sandbox = Sandbox::new();
    sandbox.write("other.ron", &SMALL.replace("seed: 7", "seed: 8"));
    let given = sandbox.twice(&["run", "small.ron", "other.ron", "-o", "out"], 0);
    assert_eq!(sandbox.names("out"), ["other", "small"]);
    let alone = sandbox.run(&["run", "other.ron"]).stdout;
    assert!(given.stdout.ends_with(&format!("\n\n{alone}")), "{}", given.stdout);
    assert_ne!(sandbox.read("out/small/outcome.json"), sandbox.read("out/other/outcome.json"));
}

#[test]
fn what_cannot_be_written_is_known_before_anything_runs() {
    let sandbox = Sandbox::new();
    sandbox.write("out/outcome.json/in-the-way", "");
    let given = sandbox.twice(&["run", "long.ron", "-o", "out"], 3);
    assert!(given.stderr.contains("outcome.json`: it is a directory"), "{}", given.stderr);
    assert_eq!(given.stdout, "");
}
