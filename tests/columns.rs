//! Answers fit a terminal of 80 columns: those about every stored outcome and experiment.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use serde::de::DeserializeOwned;
use serde_json::Value;
use sqsim::experiment::replicate::{ReplicationPlan, replicate};
use sqsim::outcome::stored::Stored;
use sqsim::outcome::{CompareOutcome, Outcome, PlanOutcome, Sample, SweepOutcome};
use sqsim::render::text::{self, Answer, Style, Typed};
use sqsim::scenario::load::Text;

const STYLE: Style = Style { colour: false };

fn files(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("it is part of the repository") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            files(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "ron") {
            found.push(path);
        }
    }
}

/// The stored document of a model or an experiment.
fn stored(path: &Path, below: &str) -> Value {
    let name = path.file_stem().expect("it has a name").to_string_lossy();
    let file = fs::read_to_string(format!("snapshots/{below}{name}.snap")).expect("it is stored");
    let mut value = Stored::parse(&file).and_then(|stored| stored.value()).expect("JSON");
    value["version"] = "0".into();
    value
}

fn read<T: DeserializeOwned>(value: &Value) -> T {
    serde_json::from_value(value.clone()).expect("a document of this form")
}

/// A word that is as long as this may go beyond: nothing else may.
fn fits(answer: &Answer, of: &str) {
    for line in answer.stdout.lines() {
        let columns = line.chars().count();
        let longest = line.split_whitespace().map(|word| word.chars().count()).max().unwrap_or(0);
        assert!(columns <= 80 || longest > 60, "{of}: {columns} columns\n{line}");
    }
}

#[test]
fn the_answer_about_every_model_fits() {
    let mut models = Vec::new();
    files(Path::new("models"), &mut models);
    assert!(models.len() > 40);
    for path in models {
        let text = Text::of_file(&path).unwrap_or_else(|faults| panic!("{faults}"));
        let scenario = text.load(&[]).unwrap_or_else(|faults| panic!("{faults}")).scenario;
        let one: Outcome = read(&stored(&path, ""));
        let file = path.display().to_string();
        let command = format!("sqsim run {file} --set 'limits=(events: 1000000)' --seed 42");
        let asked =
            Typed { file: &file, command: &command, discarded_by: "", precision: None, fork: None };
        // Numbers that differ have intervals.
        let mut other = one.clone();
        if let Some(cost) = &mut other.cost {
            cost.dollars_per_month *= 1.0 + 1.0 / 3.0;
        }
        for outcomes in [vec![one.clone()], vec![one, other]] {
            let sample = Sample::of_replications(&outcomes);
            fits(&text::answer(&asked, &scenario, sample, STYLE), &file);
        }
    }
}

#[test]
fn the_answer_to_every_experiment_fits() {
    let mut experiments = Vec::new();
    files(Path::new("experiments"), &mut experiments);
    for path in experiments {
        let (file, value) = (path.display().to_string(), stored(&path, "experiments/"));
        let command = format!("sqsim experiment {file} --seed 42");
        let answer = match value["format"].as_str() {
            Some("sqsim-sweep/1") => {
                text::sweep(&file, &command, &read::<SweepOutcome>(&value), STYLE)
            }
            Some("sqsim-compare/1") => {
                let compared: CompareOutcome = read(&value);
                let trace =
                    "sqsim trace models/signup.ron --message 12 --seed 42 --set x=5 -j 2 -q";
                text::compare(&file, &command, &compared, &[trace.to_owned()], STYLE)
            }
            Some("sqsim-plan/1") => {
                text::plan(&file, &command, &read::<PlanOutcome>(&value), STYLE)
            }
            _ => continue,
        };
        fits(&answer, &file);
    }
}

/// No row of a table of latencies is broken: each is a label and five lengths, or the halves of
/// their intervals below them.
fn stay_whole(answer: &Answer) {
    let rows: Vec<&str> = answer
        .stdout
        .lines()
        .filter(|line| line.starts_with("  in queue") || line.starts_with("  sent to deleted"))
        .collect();
    assert!(!rows.is_empty());
    for row in rows {
        let numbers = row.trim_start().trim_start_matches(|c: char| !c.is_ascii_digit());
        assert_eq!(numbers.split_whitespace().count(), 5, "{}", answer.stdout);
    }
}

/// The answer to a run, or three, of a scenario.
fn answer_of(scenario: &str, replications: u64) -> Answer {
    let text = Text {
        name: "orders.ron".to_owned(),
        directory: PathBuf::new(),
        text: scenario.to_owned(),
    };
    let scenario = text.load(&[]).unwrap_or_else(|faults| panic!("{faults}")).scenario;
    let go_on = AtomicBool::new(false);
    let command = "sqsim run orders.ron --reps 3 --seed 42";
    let (file, discarded_by, precision, fork) = ("orders.ron", "", None, None);
    let asked = Typed { file, command, discarded_by, precision, fork };
    let plan = ReplicationPlan { replications, threads: 1, interrupt: &go_on, progress: None };
    let outcomes = replicate(&scenario, plan).outcomes;
    text::answer(&asked, &scenario, Sample::of_replications(&outcomes), STYLE)
}

/// Runs that are made here, with latencies, long names, two queues and everything that gets a line.
#[test]
fn answers_with_long_names_fit() {
    let text = r#"(
        about: "Orders that many services pass on, with names that say what they are for",
        duration: "60s", drain: "5s", warm_up: "5s",
        queues: {
            "orders-of-the-web-shop-to-be-charged": (visibility_timeout: "2s",
                redrive: (to: "orders-that-nobody-could-charge-at-all", max_receives: 2)),
            "orders-that-nobody-could-charge-at-all": (),
        },
        producers: {"the-web-shop-in-all-its-countries": (
            queue: "orders-of-the-web-shop-to-be-charged", arrivals: Poisson("20/s"))},
        consumers: {"workers-that-charge-credit-cards": (
            queue: "orders-of-the-web-shop-to-be-charged", count: 3,
            processing: Exponential("80ms"), price_per_hour: "$0.05",
            failure: (probability: "5%", then: Release("1s")))},
        expect: [
            "p99(orders-of-the-web-shop-to-be-charged.sent_to_deleted) < 2s",
            "redelivered / received < 10%",
        ],
    )"#;
    for replications in [1, 3] {
        let answer = answer_of(text, replications);
        assert!(answer.stdout.contains("Latency"), "{}", answer.stdout);
        fits(&answer, "long names");
        stay_whole(&answer);
    }
}

/// Waits of microseconds beside work of seconds: a unit and decimals that show both would be wider
/// than the terminal.
#[test]
fn latencies_that_differ_a_thousandfold_fit() {
    let text = r#"(
        duration: "10m",
        queues: {"orders": (visibility_timeout: "7s", redrive: (to: "dead", max_receives: 3)),
            "dead": ()},
        producers: {"shop": (queue: "orders", arrivals: Poisson("13/s"))},
        consumers: {"workers": (queue: "orders", count: 18, receive: (max: 4),
            processing: LogNormal(p50: "300ms", p99: "3s"),
            failure: (probability: "5%", poison: "3%"))},
    )"#;
    for replications in [1, 3] {
        let answer = answer_of(text, replications);
        fits(&answer, "wide ranges");
        stay_whole(&answer);
    }
}
