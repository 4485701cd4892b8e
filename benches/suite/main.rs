//! How fast the simulator is: `cargo bench`, or `cargo bench -- mm10 heartbeats` for some of the
//! workloads.
//!
//! Owns the command line and the order of things. Must not know how anything is measured.
//!
//! Metrics are on and the trace is off, as in `sqsim run`, but where a workload says otherwise. A
//! rate is messages that were sent, received and deleted, divided by the wall time of the whole
//! run with the making of its world. What a run did does not depend on the machine: a wrong count
//! fails. No test looks at the clock, and a bar that is missed fails nothing.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a benchmark prints its figures")]

mod bars;
mod child;
mod figures;
mod measure;
mod scenarios;
#[expect(dead_code, reason = "tests need more of it than benchmarks do")]
#[path = "../../tests/support/mod.rs"]
mod support;
mod workloads;

use std::env;
use std::io;
use std::process::ExitCode;

use figures::Figures;
use workloads::{WORKLOADS, Workload};

const USAGE: &str = "\
cargo bench -- [FLAG]... [WORKLOAD]...
  --list           names the workloads
  --quick          one short run of each
  --instructions   counts instructions too, with valgrind: some minutes more
  --json           one JSON object a line for each workload";

/// What is wanted.
#[derive(Default)]
struct Wanted {
    quick: bool,
    instructions: bool,
    json: bool,
    workloads: Vec<&'static Workload>,
}

fn main() -> ExitCode {
    let args: Vec<String> = env::args().skip(1).collect();
    if args.first().is_some_and(|arg| arg == child::CHILD) {
        return child::answer(&args[1..]).map_or(ExitCode::FAILURE, |answer| {
            println!("{answer}");
            ExitCode::SUCCESS
        });
    }
    if !args.iter().any(|arg| arg == "--bench") {
        println!("this is a benchmark: `cargo bench` runs it");
        return ExitCode::SUCCESS;
    }
    if args.iter().any(|arg| arg == "--list") {
        println!("{}", listed());
        return ExitCode::SUCCESS;
    }
    match wanted(&args) {
        Err(mistake) => {
            eprintln!("{mistake}\n\n{USAGE}\n\n{}", listed());
            ExitCode::from(2)
        }
        Ok(wanted) => match run(&wanted) {
            Ok(true) => ExitCode::SUCCESS,
            Ok(false) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("this program cannot call itself: {error}");
                ExitCode::FAILURE
            }
        },
    }
}

fn wanted(args: &[String]) -> Result<Wanted, String> {
    let mut wanted = Wanted::default();
    for arg in args {
        match arg.as_str() {
            "--bench" => {}
            "--quick" => wanted.quick = true,
            "--instructions" => wanted.instructions = true,
            "--json" => wanted.json = true,
            name => {
                let found = workloads::find(name);
                wanted.workloads.push(found.ok_or_else(|| format!("there is no `{name}`"))?);
            }
        }
    }
    if wanted.workloads.is_empty() {
        wanted.workloads = WORKLOADS.iter().collect();
    }
    Ok(wanted)
}

/// All workloads, one a line.
fn listed() -> String {
    let lines = WORKLOADS.iter().map(|one| format!("{:<18}{}", one.name, one.about));
    lines.collect::<Vec<_>>().join("\n")
}

/// Measures what is wanted, and prints each as soon as it is known; whether all counts were right.
fn run(wanted: &Wanted) -> io::Result<bool> {
    let mut all_right = true;
    let mut instructions = wanted.instructions;
    let mut known: Vec<(&str, Figures)> = Vec::new();
    if !wanted.json {
        println!("{}", Figures::header());
    }
    for workload in &wanted.workloads {
        let sizes = &workload.sizes;
        let (name, size, runs) = if wanted.quick {
            ("quick", &sizes.quick, 1)
        } else {
            ("full", &sizes.full, workload.runs)
        };
        if measure::available_memory().is_some_and(|bytes| bytes < size.gib << 30) {
            eprintln!("{} is left out: it needs {} GiB of memory", workload.name, size.gib);
            continue;
        }
        let Some(measurement) = child::measured(workload, name, runs)? else {
            eprintln!("{} failed", workload.name);
            all_right = false;
            continue;
        };
        let mut figures = Figures::new(workload, measurement, !wanted.quick);
        if instructions && !workload.task.is_parallel() {
            match child::instructions(workload.name, sizes) {
                Ok(each) => figures.instructions = Some(each),
                Err(error) => {
                    eprintln!("instructions cannot be counted here: {error}");
                    instructions = false;
                }
            }
        }
        let base = |name: &str| known.iter().find(|(base, _)| *base == name).map(|(_, of)| of);
        figures.bars = workload.bars.iter().map(|bar| bar.judge(&figures, base)).collect();
        if wanted.json {
            println!("{}", serde_json::to_string(&figures).map_err(io::Error::other)?);
        } else {
            println!("{}", figures.line());
        }
        known.push((workload.name, figures));
    }
    Ok(all_right)
}
