//! The commands under fire: files and arguments that are nearly right or made to harm, in 4 GiB of
//! address space, for a bounded time (`fuzzing/mod.rs` says how long and how to repeat a case).
//!
//! Whatever stands in a file: the tool answers, refuses with a reason, or ends at a limit with its
//! name. It never panics, is never ended by a signal, and Ctrl-C is answered within a second of its
//! own processor time, in whatever phase it comes. Processor time is read where Linux tells it.
#![cfg(target_os = "linux")]

#[path = "fuzzing/corpus.rs"]
#[expect(dead_code, reason = "expectations stand in scenarios")]
mod corpus;
mod fuzzing;
#[path = "fuzzing/mutate.rs"]
mod mutate;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::slice;
use std::sync::LazyLock;
use std::thread;
use std::time::Duration;

use fuzzing::{Chance, fuzz};
use mutate::spoilt;
use tempfile::TempDir;

/// Address space in KiB.
const ROOM: u64 = 4 << 20;
/// Processor time after which a command is interrupted, in hundredths of a second.
const LONG_ENOUGH: u64 = 800;
/// And what it may take to answer, with as much again for a machine that is counted coarsely.
const AN_ANSWER: u64 = 200;
/// Processor time after which it is killed by the system, in seconds: it did not answer.
const TOO_LONG: u64 = 30;
/// Text that is more than this is not read by anybody.
const MOST_WORDS: usize = 64 << 10;

/// A few seconds of everything, for the files that are made of it.
const SMALL: &str = r#"(
    about: "A small scenario",
    duration: "5s",
    queues: {
        "jobs": (visibility_timeout: "2s", redrive: (to: "dead", max_receives: 3)),
        "dead": (),
    },
    producers: {"web": (queue: "jobs", arrivals: Poisson("20/s"))},
    consumers: {"workers": (queue: "jobs", count: 3, processing: Exponential("50ms"),
        failure: (probability: "20%", then: LetExpire))},
    expect: ["sent > 0"],
)"#;

/// What was made by the tool itself: a journal and a stored outcome of [`SMALL`].
struct Made {
    journal: String,
    snapshot: String,
}

static MADE: LazyLock<Made> = LazyLock::new(|| {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &str| directory.path().join(name);
    fs::create_dir(at("m")).expect("is made");
    fs::write(at("m/small.ron"), SMALL).expect("is written");
    let done = |args: &[&str]| {
        let output = tool(directory.path(), args).output().expect("it starts");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    done(&["sweep", "m/small.ron", "--vary", VARY, "--reps", "2", "-o", "out"]);
    done(&["test", "m", "--update"]);
    let text = |name: &str| fs::read_to_string(at(name)).expect("was written");
    Made { journal: text("out/journal.jsonl"), snapshot: text("snapshots/small.snap") }
});

const VARY: &str = "consumers.workers.count=2,3";

/// Settings that ask for much, each within what a file may say.
const HARMFUL: &[&str] = &[
    "window=1ns",
    "window=1ms",
    "duration=100d",
    "duration=36500d",
    "queues.jobs.ledger.partitions=65536",
    "consumers.workers.count=1000000",
    "consumers.workers.threads=1000",
    "producers.web.arrivals=Poisson(\"1000000/s\")",
    "producers.web.arrivals=Constant(\"1/h\")",
    "producers.web.arrivals=OnOff(on: Constant(\"1us\"), off: Constant(\"1us\"), rate: \"1/h\")",
    "producers.web.arrivals=Closed(clients: 1000000, think: Constant(\"1h\"))",
    "producers.web.arrivals=Burst(at: \"0s\", count: 1000000000)",
    "queues.jobs.ledger.nodes=(count: 4096, placement: Ring(tokens: 1024))",
    "queues.jobs.ledger.nodes=(count: 1024, replicas: 7)",
    "consumers.workers.processing=Constant(\"0s\")",
    "consumers.workers.receive=(max: 1, wait: \"0s\", pause: Constant(\"0s\"))",
    "producers.web.call_latency=Constant(\"0s\")",
    "limits.events=18446744073709551615",
    "limits.resident=18446744073709551615",
    "queues.jobs.visibility_timeout=0s",
    "warm_up=5s",
    "drain=1000d",
    "every=24h",
    "seed=18446744073709551615",
];

/// Arguments of each command that has files named like those of a case.
const COMMANDS: &[&[&str]] = &[
    &["run", "m/s.ron"],
    &["run", "m/s.ron", "--format", "json"],
    &["run", "m/s.ron", "--format", "csv"],
    &["run", "m/s.ron", "-o", "out"],
    &["run", "m/s.ron", "--reps", "3"],
    &["run", "m/s.ron", "--batches", "5"],
    &["run", "m/s.ron", "--check-determinism"],
    &["run", "m/s.ron", "--precision", "1%", "--of", "mean(sent_to_deleted)"],
    &["run", "m/s.ron", "--warm-up", "mser5"],
    &["check", "m/s.ron"],
    &["check", "m/s.ron", "--strict"],
    &["trace", "m/s.ron"],
    &["trace", "m/s.ron", "--format", "jsonl"],
    &["trace", "m/s.ron", "--format", "perfetto"],
    &["sweep", "m/s.ron", "--vary", VARY],
    &["sweep", "m/small.ron", "--vary", VARY, "--reps", "2", "-o", "out"],
    &["compare", "m/s.ron", "--b", "consumers.workers.count=2"],
    &["compare", "m/s.ron", "m/small.ron"],
    &["plan", "m/s.ron", "--find", "consumers.workers.count", "--such-that", "mean(visible) < 9"],
    &["plan", "m/s.ron", "--advise", "visibility_timeout"],
    &["experiment", "e.ron"],
    &["experiment", "e.ron", "-o", "out"],
    &["merge", "out"],
    &["merge", "out/journal.jsonl"],
    &["test", "m"],
    &["test", "m", "--update"],
    &["test", "."],
    &["help", "distributions"],
    &["new", "dlq"],
];

fn tool(directory: &Path, args: &[&str]) -> Command {
    let mut command = Command::new("sh");
    let limited = format!("ulimit -v {ROOM}; ulimit -t {TOO_LONG}; exec \"$0\" \"$@\"");
    command.args(["-c", &limited, env!("CARGO_BIN_EXE_sqsim")]).args(args);
    command.current_dir(directory).stdin(Stdio::null());
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// The processor time of a process in hundredths of a second; `None` once it has ended.
fn processor_time(child: &Child) -> Option<u64> {
    let stat = fs::read_to_string(format!("/proc/{}/stat", child.id())).ok()?;
    let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
    // The first field behind the name is the third (proc(5)); 14 and 15 are user and system time.
    let times = fields.get(11..13)?.iter().map(|of| of.parse::<u64>().ok());
    (fields[0] != "Z").then_some(times.sum::<Option<u64>>()?)
}

/// Lets it run until it ends, or interrupts it after so much processor time and sees it answer.
fn watched(mut child: Child, interrupt_after: u64, args: &[&str]) -> Output {
    let mut interrupted = None;
    let mut streams = [
        child.stdout.take().map(|out| drained(Box::new(out))),
        child.stderr.take().map(|err| drained(Box::new(err))),
    ];
    while child.try_wait().expect("it is ours").is_none() {
        thread::sleep(Duration::from_millis(2));
        let Some(time) = processor_time(&child) else { continue };
        match interrupted {
            None if time >= interrupt_after => {
                let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
                assert!(kill.is_ok_and(|status| status.success()) || child.try_wait().is_ok());
                interrupted = Some(time);
            }
            Some(then) => {
                let took = time - then;
                assert!(
                    took <= AN_ANSWER,
                    "{args:?}: Ctrl-C at {then}0 ms: no answer after {took}0 ms"
                );
            }
            None => {}
        }
    }
    let status = child.wait().expect("it is ours");
    let mut text = |of: usize| {
        let stream = streams[of].take().expect("each is read once");
        stream.join().expect("nobody panics")
    };
    Output { status, stdout: text(0), stderr: text(1) }
}

/// Reads on, so that nobody waits for a reader.
fn drained(mut from: Box<dyn std::io::Read + Send>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut kept = Vec::new();
        from.read_to_end(&mut kept).expect("a pipe is read");
        kept
    })
}

/// A folder for a case, so deep that a spoilt `.` or `m` leads to nothing of anybody else.
fn folder(within: &TempDir) -> PathBuf {
    let deep = within.path().join("a/b/c/d/e");
    fs::create_dir_all(&deep).expect("is made");
    deep
}

/// A case's files.
fn files(directory: &Path, chance: &mut Chance) {
    let at = |name: &str| directory.join(name);
    for folder in ["m", "out", "snapshots"] {
        fs::create_dir(at(folder)).expect("is made");
    }
    let (nearly_good, all) = &*SCENARIOS;
    let scenario = match chance.below(4) {
        0 => spoilt(nearly_good, 1, chance),
        1 => spoilt(all, 6, chance),
        2 => spoilt(&[SMALL.to_owned()], 2, chance),
        _ => SMALL.to_owned(),
    };
    let data = spoilt(&DATA, 4, chance);
    let write = |name: &str, text: &str| fs::write(at(name), text).expect("is written");
    write("m/s.ron", &scenario);
    write("m/small.ron", SMALL);
    for name in ["m/counts.csv", "m/times.txt", "m/t", "m/c"] {
        write(name, &data);
    }
    let experiment = spoilt(&EXPERIMENTS, 4, chance);
    write("e.ron", &experiment.replace("../models/", "m/"));
    if chance.one_in(2) {
        write("out/journal.jsonl", &spoilt(slice::from_ref(&MADE.journal), 3, chance));
    }
    let snapshot = spoilt(slice::from_ref(&MADE.snapshot), 4, chance);
    write("snapshots/small.snap", &snapshot);
    write("snapshots/s.snap", &snapshot);
}

static SCENARIOS: LazyLock<(Vec<String>, Vec<String>)> = LazyLock::new(corpus::scenarios);
static DATA: LazyLock<Vec<String>> = LazyLock::new(corpus::data);
static EXPERIMENTS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let texts = corpus::texts("experiments", &["ron"]).into_iter();
    texts.map(|text| text.replace("signup.ron", "small.ron")).collect()
});

/// The command of a case.
fn arguments(chance: &mut Chance) -> Vec<String> {
    let mut args: Vec<String> = chance.pick(COMMANDS).iter().map(|&arg| arg.to_owned()).collect();
    let takes_sets = ["run", "trace", "sweep", "compare", "plan"].contains(&args[0].as_str());
    for _ in 0..chance.below(3) {
        if takes_sets {
            args.push("--set".to_owned());
            args.push((*chance.pick(HARMFUL)).to_owned());
        }
    }
    if chance.one_in(6) {
        let at = chance.below(args.len());
        // No argument of a process holds a zero, and the whole machine is not read.
        let spoilt = spoilt(&[args[at].clone()], 2, chance).replace('\0', "0");
        spoilt.trim_start_matches('/').clone_into(&mut args[at]);
    }
    args
}

#[test]
fn no_file_and_no_argument_does_harm() {
    let mut codes = [0_u64; 256];
    let cases = fuzz("fuzz_commands", |chance| {
        let within = tempfile::tempdir().expect("a directory");
        let directory = folder(&within);
        files(&directory, chance);
        let args = arguments(chance);
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let after = if chance.one_in(2) { LONG_ENOUGH } else { chance.between(1, LONG_ENOUGH) };
        let output = watched(tool(&directory, &args).spawn().expect("it starts"), after, &args);
        let told = String::from_utf8_lossy(&output.stderr);
        let shown: String = told.chars().take(2_000).collect();
        let code = output.status.code();
        let code = code.unwrap_or_else(|| panic!("{args:?}: {}: {shown}", output.status));
        assert!([0, 1, 2, 3, 4, 5, 130].contains(&code), "{args:?}: {code}: {shown}");
        assert!([0, 1].contains(&code) || !told.trim().is_empty(), "{args:?}: {code} in silence");
        assert!(told.len() <= MOST_WORDS, "{args:?}: {} bytes: {shown}", told.len());
        codes[usize::from(u8::try_from(code).expect("codes are bytes"))] += 1;
    });
    let done: u64 = codes.iter().sum();
    let codes: Vec<(usize, u64)> =
        codes.into_iter().enumerate().filter(|(_, count)| *count > 0).collect();
    println!("{cases} commands; exit codes: {codes:?}");
    assert!(done < 100 || codes.len() > 3, "too few of a kind: {codes:?}");
}
