//! What a full disk, a folder that takes no files, a reader that goes away and a kill leave behind:
//! a message that names the file, and a folder from which the same command gives the bytes of an
//! undisturbed run.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::Duration;

use crate::sandbox::{Given, SMALL, Sandbox, given};

/// A command, and the folder that it writes.
struct Writes {
    name: &'static str,
    args: &'static [&'static str],
    folder: &'static str,
}

const COUNT: &str = "consumers.workers.count=1..3";
const TARGET: &str = "p50(sent_to_received) < 1s";

/// Every command that writes a folder.
const ALL: [Writes; 7] = [
    Writes { name: "run", args: &["run", "brief.ron", "-o", "out"], folder: "out" },
    Writes {
        name: "run of two",
        args: &["run", "brief.ron", "other.ron", "--reps", "2", "-o", "out"],
        folder: "out",
    },
    Writes {
        name: "sweep",
        args: &["sweep", "brief.ron", "--vary", COUNT, "--reps", "5", "-o", "out"],
        folder: "out",
    },
    Writes {
        name: "compare",
        args: &["compare", "brief.ron", "--b", "consumers.workers.count=2", "-o", "out"],
        folder: "out",
    },
    Writes {
        name: "plan",
        args: &[
            "plan",
            "brief.ron",
            "--find",
            COUNT,
            "--such-that",
            TARGET,
            "--reps",
            "3",
            "-o",
            "out",
        ],
        folder: "out",
    },
    Writes {
        name: "experiment",
        args: &["experiment", "e/a.ron", "e/b.ron", "e/c.ron", "e/d.ron", "-o", "out"],
        folder: "out",
    },
    Writes { name: "test", args: &["test", "e", "m", "--update"], folder: "snapshots" },
];

/// What is in a folder, by path.
type Tree = BTreeMap<PathBuf, Vec<u8>>;

fn tree(folder: &Path) -> Tree {
    let mut found = Tree::new();
    // A file may go away while one looks.
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(tree(&path));
        } else if let Ok(bytes) = fs::read(&path) {
            found.insert(path, bytes);
        }
    }
    found
}

/// A sandbox in which all commands work.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    let brief = SMALL.replace("\"1m\"", "\"6s\"").replace("warm_up: \"5s\"", "warm_up: \"1s\"");
    for name in ["brief.ron", "other.ron", "m/one.ron", "m/two.ron", "m/three.ron"] {
        sandbox.write(name, &brief);
    }
    let model = "model: \"../brief.ron\"";
    sandbox.write("e/a.ron", &format!("Sweep({model}, vary: [\"{COUNT}\"], reps: 3)"));
    let b = "b: [\"consumers.workers.count=2\"]";
    sandbox.write("e/b.ron", &format!("Compare({model}, {b}, reps: 4)"));
    let such_that = format!("such_that: [\"{TARGET}\"]");
    sandbox.write("e/c.ron", &format!("Plan({model}, find: [\"{COUNT}\"], {such_that}, reps: 3)"));
    sandbox.write("e/d.ron", &format!("Replicate({model}, reps: 3)"));
    sandbox
}

impl Writes {
    /// What an undisturbed run gives, and the folder it leaves, which is gone then.
    fn undisturbed(&self, sandbox: &Sandbox) -> (Given, Tree) {
        let first = sandbox.run(self.args);
        assert_eq!(first.code, Some(0), "{}: {first:#?}", self.name);
        let whole = self.tree(sandbox);
        assert!(whole.len() > 1, "{}", self.name);
        fs::remove_dir_all(sandbox.path(self.folder)).expect("it is there");
        (first, whole)
    }

    fn tree(&self, sandbox: &Sandbox) -> Tree {
        tree(&sandbox.path(self.folder))
    }

    /// Run once more with nothing in the way, it gives what an undisturbed run gave.
    fn recovers(&self, sandbox: &Sandbox, (first, whole): &(Given, Tree), what: &str) {
        let again = sandbox.run(self.args);
        assert_eq!(again.code, Some(0), "{}, {what}: {again:#?}", self.name);
        // Of outcomes it is said which were stored now.
        if self.name != "test" {
            assert_eq!(again.stdout, first.stdout, "{}, {what}", self.name);
        }
        same(&self.tree(sandbox), whole, &format!("{}, {what}", self.name));
        fs::remove_dir_all(sandbox.path(self.folder)).expect("it is there");
    }
}

/// Asserts that two folders are the same to the byte.
fn same(found: &Tree, whole: &Tree, of: &str) {
    let names = |tree: &Tree| tree.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(found), names(whole), "{of}");
    let other = found.iter().find(|(path, bytes)| whole[*path] != **bytes);
    assert!(other.is_none(), "{of}: {:?} has other bytes", other.map(|(path, _)| path));
}

/// No file that is half written, under whatever name: of a journal whole lines count, the others
/// are whole or not there.
fn nothing_torn(found: &Tree, whole: &Tree, of: &str) {
    for (path, bytes) in found {
        let shown = path.display();
        assert!(whole.contains_key(path), "{of}: {shown} is left over");
        let is_journal = path.extension().is_some_and(|extension| extension == "jsonl");
        assert!(is_journal || *bytes == whole[path], "{of}: {shown} is torn");
    }
}

/// Runs a command in a shell that prepares the way.
fn in_shell(sandbox: &Sandbox, before: &str, args: &[&str]) -> Command {
    let mut shell = Command::new("sh");
    let script = format!("{before}; exec \"$0\" \"$@\"");
    shell.args(["-c", &script, env!("CARGO_BIN_EXE_sqsim")]).args(args);
    shell.current_dir(sandbox.path("")).env("NO_COLOR", "1");
    shell.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    shell
}

/// No file may become larger than some hundred bytes to some hundred thousand: the write that
/// would go beyond fails, as on a full disk, wherever that is.
#[test]
fn a_disk_that_is_full_is_told_with_the_file_and_leaves_nothing_torn() {
    let sandbox = sandbox();
    for writes in &ALL {
        let first = writes.undisturbed(&sandbox);
        let mut failed = 0;
        for blocks in [0, 3, 14, 60] {
            let of = format!("{}, {blocks} blocks", writes.name);
            let before = format!("ulimit -f {blocks}");
            let given = given(&mut in_shell(&sandbox, &before, writes.args));
            let found = writes.tree(&sandbox);
            nothing_torn(&found, &first.1, &of);
            if given.code != Some(0) {
                failed += 1;
                assert_eq!(given.code, Some(3), "{of}: {given:#?}");
                let says = format!("error: cannot write `{}/", writes.folder);
                assert!(given.stderr.contains(&says), "{of}: {}", given.stderr);
                assert!(given.stderr.contains("the file may not become so large"), "{of}");
                assert!(given.stderr.contains("ulimit -f"), "{of}: {}", given.stderr);
            }
            writes.recovers(&sandbox, &first, &of);
        }
        assert!(failed > 1, "{}: nothing was too large", writes.name);
    }
}

/// A limit on the size of files comes with a signal, which ends whoever does not catch it. Answers
/// and traces that go to a file meet it like results, also where a parent ignores it.
#[test]
fn a_limit_on_the_size_of_files_is_a_fault_wherever_it_is_met() {
    let sandbox = sandbox();
    let csv: &[&str] = &["run", "brief.ron", "--format", "csv", "-q"];
    let trace: &[&str] = &["trace", "brief.ron", "-o", "trace.txt", "-q"];
    let answer = "cannot write to standard output";
    for (args, redirect, says) in [
        (csv, "exec > table.csv", answer),
        (&trace[..2], "exec > table.csv", answer),
        (trace, "trap '' XFSZ", "cannot write `trace.txt`"),
        (trace, ":", "cannot write `trace.txt`"),
    ] {
        let before = format!("{redirect}; ulimit -f 1");
        let given = given(&mut in_shell(&sandbox, &before, args));
        assert_eq!(given.code, Some(3), "{args:?}: {given:#?}");
        let says = format!("error: {says}: the file may not become so large");
        assert!(given.stderr.contains(&says), "{args:?}: {}", given.stderr);
    }
    let left: Vec<String> = sandbox.names("");
    assert!(left.iter().all(|name| !name.contains(".tmp") && name != "trace.txt"), "{left:?}");
}

/// Runs a script where file systems can be mounted, which some systems allow nobody.
#[cfg(target_os = "linux")]
#[expect(clippy::print_stderr, reason = "what is left out is said")]
fn with_mounts(sandbox: &Sandbox, script: &str, args: &[&str]) -> Option<Given> {
    let unshare = |words: &[&str]| {
        let mut command = Command::new("unshare");
        command.args(["-rm", "sh", "-c"]).args(words).current_dir(sandbox.path(""));
        command.env("NO_COLOR", "1").stdin(Stdio::null());
        command
    };
    fs::create_dir_all(sandbox.path("mounted")).expect("a directory");
    let mount = "mount -t tmpfs -o size=64k none mounted";
    if !unshare(&[mount]).output().is_ok_and(|output| output.status.success()) {
        eprintln!("left out: nothing can be mounted here");
        return None;
    }
    let words = [&[script, env!("CARGO_BIN_EXE_sqsim")], args].concat();
    Some(given(&mut unshare(&words)))
}

/// A small disk of its own, which grows later.
#[cfg(target_os = "linux")]
#[test]
fn a_small_disk_that_grows_holds_what_an_undisturbed_one_does() {
    let sandbox = sandbox();
    for writes in &ALL {
        let first = writes.undisturbed(&sandbox);
        let folder = writes.folder;
        let mut failed = 0;
        for size in ["4k", "16k", "48k"] {
            let of = format!("{} on {size}", writes.name);
            fs::create_dir_all(sandbox.path(folder)).expect("a directory");
            let script = format!(
                "mount -t tmpfs -o size={size} none {folder} || exit 99
                \"$0\" \"$@\"; code=$?
                cp -r {folder} left || exit 98
                mount -o remount,size=64m {folder} || exit 97
                \"$0\" \"$@\" > /dev/null || exit 96
                cp -r {folder} result || exit 95
                exit $code"
            );
            let Some(given) = with_mounts(&sandbox, &script, writes.args) else { return };
            let moved = |name: &str| -> Tree {
                let below = sandbox.path(name);
                let found = tree(&below).into_iter();
                let there = |path: &Path| {
                    sandbox.path(folder).join(path.strip_prefix(&below).expect("it is below"))
                };
                let found = found.map(|(path, bytes)| (there(&path), bytes)).collect();
                fs::remove_dir_all(below).expect("it is there");
                found
            };
            nothing_torn(&moved("left"), &first.1, &of);
            same(&moved("result"), &first.1, &of);
            assert!(matches!(given.code, Some(0 | 3)), "{of}: {given:#?}");
            if given.code == Some(3) {
                failed += 1;
                let says = format!("error: cannot write `{folder}/");
                assert!(given.stderr.contains(&says), "{of}: {}", given.stderr);
                assert!(given.stderr.contains("no space is left on the device"), "{of}");
            }
        }
        assert!(failed > 0, "{}: it fits everywhere", writes.name);
        fs::remove_dir_all(sandbox.path(folder)).expect("it is there");
    }
}

/// The same commands, of what would take hours: what cannot be written is known before.
const LONG: [&[&str]; 8] = [
    &["run", "long.ron", "-o"],
    &["sweep", "long.ron", "--vary", COUNT, "-o"],
    &["compare", "long.ron", "--b", "consumers.workers.count=2", "-o"],
    &["plan", "long.ron", "--find", COUNT, "--such-that", TARGET, "-o"],
    &["plan", "long.ron", "--advise", "visibility_timeout", "-o"],
    &["plan", "long.ron", "--advise", "run_length", "-o"],
    &["experiment", "e/long.ron", "-o"],
    &["test", "long.ron", "--update", "--snapshots"],
];

#[test]
fn a_folder_that_takes_no_files_is_told_before_anything_runs() {
    let sandbox = sandbox();
    sandbox.write("e/long.ron", "Replicate(model: \"../long.ron\", reps: 3)");
    sandbox.write("file", "mine");
    let told = |args: &[&str], folder: &str, says: &str, given: &Given| {
        assert_eq!(given.code, Some(3), "{args:?}: {given:#?}");
        assert_eq!(given.stdout, "", "{args:?}");
        for says in ["error: cannot ", folder, says] {
            assert!(given.stderr.contains(says), "{args:?} does not say {says}: {}", given.stderr);
        }
    };
    fs::create_dir(sandbox.path("closed")).expect("a directory");
    let closed = fs::Permissions::from_mode(0o555);
    fs::set_permissions(sandbox.path("closed"), closed).expect("it is mine");
    // Whoever may do everything may write there, too.
    let holds = fs::write(sandbox.path("closed/x"), "").is_err();
    if !holds {
        eprintln!("left out: permissions do not hold for this user");
        fs::remove_file(sandbox.path("closed/x")).expect("it was written");
    }
    for long in LONG {
        let with = |folder: &'static str| [long, &[folder]].concat();
        let args = with("file");
        told(&args, "`file`", "there is a file of that name", &sandbox.run(&args));
        let args = with("file/out");
        told(&args, "`file/out`", "not a directory", &sandbox.run(&args));
        for folder in ["closed", "closed/deeper"].into_iter().filter(|_| holds) {
            let args = with(folder);
            told(&args, folder, "permission denied", &sandbox.run(&args));
        }
        #[cfg(target_os = "linux")]
        for folder in ["closed", "closed/deeper"] {
            let args = with(folder);
            let script = "mount -t tmpfs -o ro none closed || exit 99; exec \"$0\" \"$@\"";
            if let Some(given) = with_mounts(&sandbox, script, &args) {
                told(&args, folder, "the file system is read-only", &given);
            }
        }
    }
    // The second of two folders.
    sandbox.write("out/a", "");
    let args = ["experiment", "e/long.ron", "e/a.ron", "-o", "out"];
    told(&args, "`out/a`", "there is a file of that name", &sandbox.run(&args));
    assert_eq!(sandbox.read("file"), "mine");
    assert!(sandbox.names("closed").is_empty());
}

/// Readers that close at once, and after a line, as `head -1`: no word of it, the code of the
/// answer, and whole folders.
#[test]
fn a_reader_that_goes_away_changes_nothing() {
    let sandbox = sandbox();
    sandbox.run(&[
        "sweep",
        "brief.ron",
        "--vary",
        COUNT,
        "--reps",
        "2",
        "-o",
        "s",
        "--shard",
        "1/1",
    ]);
    let alone: [&[&str]; 16] = [
        &["run", "brief.ron"],
        &["run", "brief.ron", "--format", "json"],
        &["run", "brief.ron", "--reps", "2", "--format", "csv"],
        &["run", "brief.ron", "other.ron", "--format", "ron"],
        &["trace", "brief.ron"],
        &["trace", "brief.ron", "--format", "jsonl"],
        &["trace", "brief.ron", "--format", "perfetto"],
        &["check", "brief.ron", "other.ron"],
        &["check", "brief.ron", "--format", "json"],
        &["merge", "s"],
        &["merge", "s", "--format", "csv"],
        &["new"],
        &["help"],
        &["help", "plan"],
        &["completions", "zsh"],
        &[],
    ];
    let quiet = |args: &[&'static str]| {
        if args.is_empty() { Vec::new() } else { [args, &["-q"]].concat() }
    };
    let left = |args: &[&str], bytes: usize| {
        let mut child = sandbox.command(args).spawn().expect("it starts");
        let mut stdout = child.stdout.take().expect("it is piped");
        let mut taken = vec![0; bytes];
        stdout.read_exact(&mut taken).expect("so much is said");
        drop(stdout);
        let output = child.wait_with_output().expect("it ends");
        let stderr = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!((output.status.code(), stderr.as_str()), (Some(0), ""), "{args:?}");
    };
    for args in alone {
        for bytes in [0, 1] {
            // Of a single line there may be nothing.
            let says = !(args.first() == Some(&"check") && bytes == 1);
            left(&quiet(args), if says { bytes } else { 0 });
        }
    }
    for writes in &ALL {
        let (_, whole) = writes.undisturbed(&sandbox);
        for bytes in [0, 1] {
            left(&quiet(writes.args), bytes);
            same(&writes.tree(&sandbox), &whole, writes.name);
            fs::remove_dir_all(sandbox.path(writes.folder)).expect("it is there");
        }
    }
}

/// Numbers that are the same every time (Steele, Lea, Flood 2014).
struct Moments(u64);

impl Moments {
    /// From 0 up to 1.
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let z = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Twenty kills a command, four before each run that may end: at a share of the time that an
/// undisturbed one takes here, and in turn once a share of its bytes is written.
#[test]
fn a_killed_command_gives_the_same_folder_afterwards() {
    #[expect(clippy::disallowed_methods, reason = "moments are shares of this machine's time")]
    let now = std::time::Instant::now;
    let sandbox = sandbox();
    for (number, writes) in (0..).zip(&ALL) {
        let began = now();
        let first = writes.undisturbed(&sandbox);
        let time = began.elapsed();
        let bytes: usize = first.1.values().map(Vec::len).sum();
        let mut moments = Moments(number);
        let mut killed = 0;
        for kill in 0..20 {
            // The first is sure to meet it at work.
            let share = if kill == 0 { 0.0 } else { moments.next() };
            let began = now();
            let mut child = sandbox.command(writes.args).spawn().expect("it starts");
            let mut over = || child.try_wait().expect("it is known").is_some();
            let written = || writes.tree(&sandbox).values().map(Vec::len).sum::<usize>();
            let reached = || match kill % 2 {
                0 => began.elapsed() >= time.mul_f64(share),
                _ => written() as f64 >= bytes as f64 * share,
            };
            while !reached() && !over() {
                sleep(Duration::from_millis(1));
            }
            child.kill().expect("it can be killed");
            killed += u32::from(child.wait().expect("it ends").code().is_none());
            if kill % 4 == 3 {
                writes.recovers(&sandbox, &first, &format!("after kill {kill}"));
            }
        }
        assert!(killed > 0, "{}: it was over each time", writes.name);
    }
}
