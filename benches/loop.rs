//! How fast the loop is: `cargo bench`, or `cargo bench -- mm10 resident` for some of the
//! workloads.
//!
//! Metrics are on and the trace is off, as in `sqsim run`. A rate is messages that were sent,
//! received and deleted, divided by the wall time of the whole run with the making of its world;
//! the median and the best of several runs are printed. What a run did does not depend on the
//! machine, so the numbers of messages and events are asserted. No test looks at the clock.
#![expect(clippy::print_stdout, reason = "a benchmark prints its figures")]

use std::time::Instant;

use sqsim::clients::config::ArrivalProcess;
use sqsim::engine::run::Run;
use sqsim::engine::scenario::Scenario;
use sqsim::kernel::dist::Dist;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::Ledger;

#[expect(dead_code, reason = "tests need more of it than benchmarks do")]
#[path = "../tests/support/mod.rs"]
mod support;

use support::{fleet, measure, producer, queue, scenario, secs};

/// Runs of each timed workload.
const RUNS: usize = 7;

/// Messages of each timed workload: the same unit Poisson process, run for 2 million mean gaps.
const MESSAGES: u64 = 1_998_533;

/// An arrival and an end of work for each message, and the arrival that comes after the end.
const EVENTS: u64 = 2 * MESSAGES + 1;

/// What `resident` may take, in bytes.
const GIB: u64 = 1 << 30;

/// A timed workload, with what it must do.
struct Workload {
    name: &'static str,
    scenario: Scenario,
    events: u64,
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if !args.iter().any(|arg| arg == "--bench") {
        println!("this is a benchmark: `cargo bench` runs it");
        return;
    }
    let names: Vec<&String> = args.iter().filter(|arg| !arg.starts_with("--")).collect();
    let wanted = |name: &str| names.is_empty() || names.iter().any(|arg| *arg == name);
    println!(
        "{:<14}{:>11}{:>11}{:>26}{:>13}",
        "", "messages", "events", "M messages/s", "M events/s"
    );
    println!("{:<14}{:>22}{:>26}{:>13}", "", "", "median (best)", "median");
    for workload in [mm10(), batch10(), ten_thousand()] {
        if wanted(workload.name) {
            time(&workload);
        }
    }
    if wanted("resident") {
        resident();
    }
}

/// M/M/10 at load 0.8: 1,000 messages a second, 8 ms of work each.
fn mm10() -> Workload {
    let work = Dist::Exponential { mean: Span::from_millis(8) };
    let mut scenario = scenario(queue(), poisson(1_000.0), fleet(10, work), secs(2_000), secs(1));
    scenario.drain = secs(3);
    Workload { name: "mm10", scenario, events: EVENTS }
}

/// The same load, sent, received and deleted in batches of ten.
fn batch10() -> Workload {
    let Workload { mut scenario, .. } = mm10();
    scenario.producers[0].config.batch = 10;
    let fleet = &mut scenario.fleets[0].config;
    fleet.receive.max = 10;
    fleet.delete.batch = 10;
    // The last three messages fill no batch: their send and their delete wait for the linger.
    Workload { name: "batch10", scenario, events: EVENTS + 2 }
}

/// 10,000 workers at load 0.8 of a queue with a million messages a second and 64 partitions.
fn ten_thousand() -> Workload {
    let mut queue = queue();
    queue.ledger.partitions = 64;
    let work = Dist::Exponential { mean: Span::from_millis(8) };
    let (run, warm_up) = (secs(2), Span::from_millis(1));
    let mut scenario = scenario(queue, poisson(1e6), fleet(10_000, work), run, warm_up);
    scenario.drain = secs(3);
    Workload { name: "ten-thousand", scenario, events: EVENTS }
}

fn poisson(rate: f64) -> sqsim::clients::config::ProducerConfig {
    producer(ArrivalProcess::Poisson { rate })
}

/// Times a workload and prints its line.
fn time(workload: &Workload) {
    let mut seconds: Vec<f64> = (0..RUNS).map(|_| once(workload)).collect();
    seconds.sort_by(f64::total_cmp);
    let (median, best) = (seconds[RUNS / 2], seconds[0]);
    let Workload { name, events, .. } = *workload;
    let millions = |count: u64, seconds: f64| count as f64 / seconds / 1e6;
    println!(
        "{name:<14}{MESSAGES:>11}{events:>11}{:>17.2} ({:>6.2}){:>13.2}",
        millions(MESSAGES, median),
        millions(MESSAGES, best),
        millions(events, median),
    );
}

/// The seconds of one run.
#[expect(clippy::disallowed_methods, reason = "a benchmark looks at the clock")]
fn once(workload: &Workload) -> f64 {
    let started = Instant::now();
    let run = measure(&workload.scenario, 0);
    let seconds = started.elapsed().as_secs_f64();
    let [sent, deleted] = counted(&run);
    let did = (sent, deleted, run.measured.events);
    let expected = (MESSAGES, MESSAGES, workload.events);
    assert_eq!(did, expected, "{}: (sent, deleted, events)", workload.name);
    seconds
}

/// Messages sent and deleted over the whole run.
fn counted(run: &Run<()>) -> [u64; 2] {
    let windows = &run.measured.queues[0].series;
    windows.iter().fold([0, 0], |[sent, deleted], window| {
        [sent + window.counts.sent, deleted + window.counts.deleted]
    })
}

/// Ten million messages that nobody receives: what a waiting message costs.
fn resident() {
    let mut producer = producer(ArrivalProcess::Burst { at: Time::ZERO, count: 10_000_000 });
    producer.batch = 10;
    let nobody = fleet(0, Dist::Constant(Span::ZERO));
    let mut scenario = scenario(queue(), producer, nobody, secs(1), Span::ZERO);
    scenario.fleets.clear();
    let run = measure(&scenario, 0);
    let messages = run.measured.queues[0].unfinished.messages;
    assert_eq!(messages, 10_000_000, "nobody takes a message");
    let bytes = Ledger::BYTES_PER_MESSAGE;
    println!("\nresident: {messages} waiting messages, {bytes} bytes each in the ledger");
    let Some(peak) = peak_memory() else {
        println!("  this system does not tell the peak memory of a process");
        return;
    };
    let each = peak as f64 / messages as f64;
    println!("  peak memory {} MiB, {each:.1} bytes a message in all", peak >> 20);
    assert!(peak < GIB, "ten million waiting messages fit in 1 GiB");
}

/// The most memory that this process ever held, in bytes, where the system tells (Linux).
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.trim().parse::<u64>().ok().map(|kib| kib << 10)
}
