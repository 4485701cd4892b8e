//! What is spoilt: texts of this repository and some that are made, all nearly right.
//!
//! Owns the seeds of every fuzz target. Must not know how they are spoilt. Paths are relative to
//! the repository's folder.

use std::fs;

use sqsim::scenario::templates::{template, templates};

/// The texts of all files of a directory with one of these extensions.
pub(crate) fn texts(directory: &str, extensions: &[&str]) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("it is a directory");
    let mut paths: Vec<_> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    paths.sort();
    paths.retain(|path| path.extension().is_some_and(|of| extensions.iter().any(|it| of == *it)));
    let bytes = paths.into_iter().map(|path| fs::read(path).expect("the file is readable"));
    bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).collect()
}

/// A scenario of what no file of the models has.
const NODES: &str = r#"(
    duration: "10m",
    queues: {
        "jobs": (
            duplicates: "2%",
            ledger: (
                partitions: 16,
                capacity: "300/s",
                split: Naive(merge: 0),
                nodes: (
                    count: 12,
                    zones: 3,
                    capacity: (rate: "4000/s", burst: 100),
                    replicas: 5,
                    write_quorum: 3,
                    read_quorum: 1,
                    placement: WeightedMove(every: "30s", churn: "9%"),
                    outages: [(at: "60s", node: 0, for: "5m"), (at: "2m", zone: 1)],
                    failures: (mean_time_between: "1h", repair: Exponential("1m"), of: Zone),
                    suspect_after: "1s",
                    replicate_after: "60s",
                    copy: "2s",
                    copy_share: 0.2,
                    catch_up: 3,
                ),
            ),
        ),
        "more": (ledger: (nodes: (count: 5, capacity: "9/s", placement: Ring(tokens: 4)))),
    },
    producers: {"web": (queue: "jobs", arrivals: Poisson("400/s"))},
    consumers: {"workers": (queue: "jobs", processing: Exponential("20ms"), forward: "more")},
)"#;

/// Every good scenario of this repository, and all of them.
pub(crate) fn scenarios() -> (Vec<String>, Vec<String>) {
    let mut good = texts("models", &["ron"]);
    good.extend(templates().filter_map(template).map(str::to_owned));
    good.push(NODES.to_owned());
    let mut all = good.clone();
    all.extend(texts("tests/bad", &["ron"]));
    all.extend(texts("src/scenario", &["ron"]));
    assert!(good.len() > 12 && all.len() > 80, "{} of {} scenarios", good.len(), all.len());
    (good, all)
}

/// Data files of every kind.
pub(crate) fn data() -> Vec<String> {
    let mut all = texts("models", &["csv"]);
    all.extend(texts("tests/bad", &["csv", "txt"]));
    let made = [
        "0.5\n1.5s\n# later\n2m30s\n",
        "2014-04-10T00:04:00Z\n2014-04-10 00:09:00.25\n1397088240\n2014-04-10T02:04:00+02:00\n",
        "12ms\n15ms\n1s\n",
        r#"{"MetricDataResults": [{"Id": "m1", "Label": "NumberOfMessagesSent",
            "Timestamps": ["2024-09-29T22:16:00+00:00", "2024-09-29T22:14:00Z"],
            "Values": [90.0, 96.0], "StatusCode": "Complete"}], "Messages": []}"#,
        "sep=;\nRequests of web\nDay;Time;Sum;Unit\n13/04/2026;0:00;1.234,5;Count\n14/04/2026;\
         0:05;1.000;Count\nTotal;;2.234,5;\n",
        "Time (ms)\tSampleCount\tSum\n1727648040000\t3\t\"1,234\"\n1727648100000\t4\t7\n",
        "Apr 10, 2014 12:04 AM,\"1,234,567\"\nApr 10, 2014 12:05 AM,94.0\n",
        r#"{"Label": "Sent", "Datapoints": [{"Timestamp": "2014-04-09T11:18:00Z", "Sum": 44.0},
            {"Timestamp": "2014-04-09T09:18:00Z", "Sum": 47.0, "Unit": "Count"}]}"#,
    ];
    all.extend(made.map(str::to_owned));
    assert!(all.len() > 6, "{} data files", all.len());
    all
}

/// Expectations of every form.
pub(crate) fn expectations() -> Vec<String> {
    let made = [
        "p99(sent_to_deleted) < 2s",
        "redelivered / received < 0.1%",
        "orders.dead_lettered == 0",
        "max(age_of_oldest) < 15m + 2 * 30s",
        "(sent - deleted) * 2 >= 10/s",
        "mean(visible) != last(workers.busy)",
        "redelivered.failed <= 1e3",
    ];
    made.map(str::to_owned).to_vec()
}
