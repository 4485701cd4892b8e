//! Ctrl-C: what there is is printed, marked partial.
#![cfg(unix)]

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::thread::{self, sleep};
use std::time::Duration;

use crate::sandbox::{SMALL, Sandbox};

/// Waits for a line of the tool's progress that says enough, then interrupts it. A machine may be
/// as slow as it likes.
fn interrupt_once(
    mut enough: impl FnMut(&str) -> bool,
    mut child: Child,
) -> (Option<i32>, String, String) {
    let mut stderr = BufReader::new(child.stderr.take().expect("it is piped"));
    let mut told = String::new();
    loop {
        let before = told.len();
        stderr.read_line(&mut told).expect("it tells its progress");
        assert!(told.ends_with(" %\n"), "{told}");
        if enough(&told[before..]) {
            break;
        }
    }
    interrupt(&child);
    let mut stdout = String::new();
    child.stdout.take().expect("it is piped").read_to_string(&mut stdout).expect("text");
    stderr.read_to_string(&mut told).expect("text");
    (child.wait().expect("it ends").code(), stdout, told)
}

fn interrupt(child: &Child) {
    let kill = Command::new("kill").args(["-INT", &child.id().to_string()]).status();
    assert!(kill.expect("there is a `kill`").success());
}

/// Longer than anything is written after an interrupt.
const PATIENCE: Duration = Duration::from_millis(900);

/// A pipe in the place of a file: whoever opens it waits for the other end, so that a test knows
/// what the tool is doing, however slow the machine.
fn pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.expect("there is a `mkfifo`").success());
}

/// The code and what was said, of what is to end now.
fn ended(mut child: Child) -> (Option<i32>, String) {
    for _ in 0..1_000 {
        if child.try_wait().expect("it is ours").is_some() {
            let output = child.wait_with_output().expect("it ended");
            return (output.status.code(), String::from_utf8(output.stderr).expect("text"));
        }
        sleep(Duration::from_millis(10));
    }
    child.kill().expect("it can be killed");
    panic!("it did not hear the interrupt");
}

/// A minute and ten seconds of two queues in windows of 2 ms are 70,000 rows, some ten megabytes:
/// far more than a pipe holds.
#[test]
fn an_interrupted_table_ends_with_a_whole_row() {
    let sandbox = Sandbox::new();
    let args = ["run", "small.ron", "--set", "window=2ms", "--format", "csv"];
    let mut child = sandbox.command(&args).spawn().expect("it starts");
    let mut out = child.stdout.take().expect("it is piped");
    let mut taken = vec![0; 1_000];
    out.read_exact(&mut taken).expect("so much is printed");
    interrupt(&child);
    // It goes on for a moment, and notices that it does, until the pipe is full again.
    let mut more = vec![0; 200_000];
    out.read_exact(&mut more).expect("so much is printed");
    sleep(PATIENCE);
    taken.append(&mut more);
    out.read_to_end(&mut taken).expect("it ends");
    let (code, stderr) = ended(child);
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("interrupted: not all of the table is printed"), "{stderr}");
    let table = String::from_utf8(taken).expect("text");
    let fields = |line: &str| line.split(',').count();
    let wide = fields(table.lines().next().expect("the headings"));
    assert!(table.lines().all(|line| fields(line) == wide) && table.ends_with('\n'));
    assert!((100..70_000).contains(&table.lines().count()), "{}", table.lines().count());
}

/// Three pictures, the first two of which go to pipes. Where the interrupt is heard before the
/// first of them, there is no time for the second.
#[test]
fn the_pictures_of_a_sweep_end_soon_after_an_interrupt() {
    let sandbox = Sandbox::new();
    fs::create_dir(sandbox.path("out")).expect("a directory");
    let pictures = ["sent", "received", "deleted"];
    let path = |of: &str| sandbox.path(&format!("out/sweep-{of}.svg"));
    for of in &pictures[..2] {
        pipe(&path(of));
    }
    let measures = pictures.map(|of| ["--measure", of]).concat();
    let sweep = ["sweep", "small.ron", "--vary", "seed=1,2,3", "--reps", "1", "-o", "out"];
    let child = sandbox.command(&[&sweep[..], &measures].concat()).spawn().expect("it starts");
    // What stands before the pictures in the folder is there: next is the first pipe.
    while !sandbox.path("out/sweep.csv").exists() {
        sleep(Duration::from_millis(1));
    }
    interrupt(&child);
    let [first, second] = [path("sent"), path("received")];
    let late = |path: PathBuf| {
        sleep(PATIENCE);
        fs::read_to_string(path).expect("a picture")
    };
    assert!(late(first).starts_with("<svg"));
    let reader = thread::spawn({
        let second = second.clone();
        move || late(second)
    });
    let (code, stderr) = ended(child);
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("interrupted: not all pictures are in `out`"), "{stderr}");
    let there =
        ["journal.jsonl", "sweep-received.svg", "sweep-sent.svg", "sweep.csv", "sweep.json"];
    assert_eq!(sandbox.names("out"), there);
    // Nobody is at the other end any more: who waits for it finds an empty file.
    while !reader.is_finished() {
        drop(File::options().read(true).write(true).open(&second));
        sleep(Duration::from_millis(1));
    }
    let told = reader.join().expect("it reads");
    assert!(told.is_empty() || told.starts_with("<svg"));
}

/// The second experiment is being read when the first is done.
#[test]
fn an_interrupt_is_heard_while_the_next_experiment_is_checked() {
    let sandbox = Sandbox::new();
    pipe(&sandbox.path("counts.csv"));
    let arrivals = "Counts(file: \"counts.csv\")";
    sandbox.write("piped.ron", &SMALL.replace("Poisson(\"20/s\")", arrivals));
    sandbox.write("a.ron", "Replicate(model: \"small.ron\", reps: 2)");
    sandbox.write("b.ron", "Sweep(model: \"piped.ron\", vary: [\"seed=1,2\"], reps: 2)");
    let args = ["experiment", "a.ron", "b.ron", "-o", "out"];
    let child = sandbox.command(&args).spawn().expect("it starts");
    let held = File::options().write(true).open(sandbox.path("counts.csv")).expect("it is read");
    interrupt(&child);
    let (code, stderr) = ended(child);
    drop(held);
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("interrupted: nothing of this experiment was run"), "{stderr}");
    assert_eq!(sandbox.names("out/a"), ["estimate.json"]);
    assert!(sandbox.names("out/b").is_empty());
}

#[test]
fn an_interrupted_run_prints_what_there_is() {
    let sandbox = Sandbox::new();
    let args = ["run", "long.ron", "--progress", "always", "-o", "out"];
    let (code, stdout, stderr) =
        interrupt_once(|_| true, sandbox.command(&args).spawn().expect("it starts"));
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
        ["run", "small.ron", "-j2", "--reps", "20000", "--progress", "always", "--format", "json"];
    // One in a hundred: two hundred are done, and the rest takes many seconds.
    let some = |line: &str| !line.ends_with(" 0 %\n");
    let (code, stdout, stderr) =
        interrupt_once(some, sandbox.command(&args).spawn().expect("it starts"));
    assert_eq!(code, Some(130), "{stderr}");
    let estimate: serde_json::Value = serde_json::from_str(&stdout).expect("JSON");
    let complete = estimate["replications"].as_u64().expect("a number");
    assert!((200..20_000).contains(&complete), "{complete}");
    let why = format!("interrupted after {complete} of 20000 replications");
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
    // A run takes some milliseconds: three lines after the search began, seconds apart, there are
    // several even where twenty others want the same core.
    let mut searching = 0;
    let begun = |line: &str| {
        searching += u32::from(line.contains(" left: "));
        searching > 3
    };
    let (code, stdout, stderr) =
        interrupt_once(begun, sandbox.command(&args).spawn().expect("it starts"));
    assert_eq!(code, Some(130), "{stderr}");
    assert!(stderr.contains("consumers.workers.count=1"), "{stderr}");
    assert!(stderr.contains(" left: "), "{stderr}");
    assert!(stdout.contains("PARTIAL     interrupted after "), "{stdout}");
    assert!(stdout.contains("not found yet: consumers.workers.count = 1 misses"), "{stdout}");

    let args = [&args[..], &["--format", "json", "-o", "out"]].concat();
    let journal = sandbox.path("out/journal.jsonl");
    let kept = |_: &str| fs::read_to_string(&journal).is_ok_and(|text| text.lines().count() > 20);
    let (code, stdout, stderr) =
        interrupt_once(kept, sandbox.command(&args).spawn().expect("it starts"));
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
