//! A directory that vanishes with its test, and the tool in it.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// A minute of light traffic: milliseconds to simulate.
pub(crate) const SMALL: &str = r#"
// Three workers, so that nothing waits for long.
(
    about: "A small scenario",
    duration: "1m",
    drain: "10s",
    warm_up: "5s",
    seed: 7,
    queues: {
        "jobs": (visibility_timeout: "2s", redrive: (to: "dead", max_receives: 3)),
        "dead": (),
    },
    producers: {"web": (queue: "jobs", arrivals: Poisson("20/s"))},
    consumers: {
        "workers": (
            queue: "jobs",
            count: 3,
            processing: Exponential("50ms"),
            failure: (probability: "20%", then: LetExpire),
        ),
    },
    expect: ["sent > 0"],
)
"#;

/// What would take hours to simulate.
pub(crate) const LONG: &str = r#"
(
    duration: "1000d",
    allow: ["overload"],
    queues: {"jobs": ()},
    producers: {"web": (queue: "jobs", arrivals: Poisson("5000/s"))},
    consumers: {"workers": (queue: "jobs", count: 100, processing: Constant("10ms"))},
    limits: (events: 1000000000000),
)
"#;

/// What a command gave.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Given {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Given {
    /// Standard output with every sentence and command on one line, however it is broken.
    pub(crate) fn unbroken(&self) -> String {
        let text = self.stdout.replace(" \\\n", " ");
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// An answer with every command on one line.
pub(crate) fn whole_commands(text: &str) -> String {
    let (mut whole, mut goes_on) = (String::new(), false);
    for line in text.lines() {
        let line = if goes_on { line.trim_start() } else { line };
        let part = line.strip_suffix('\\');
        whole += part.unwrap_or(line);
        goes_on = part.is_some();
        whole += if goes_on { "" } else { "\n" };
    }
    whole
}

/// The command that repeats an answer, without the name of the tool: what stands last.
pub(crate) fn repeat(text: &str) -> String {
    let whole = whole_commands(text);
    let last = whole.lines().last().expect("a last line");
    let command = last.strip_prefix("repeat: sqsim ").expect("the command");
    command.split("        outcome ").next().expect("a first part").to_owned()
}

/// A directory with `small.ron` and `long.ron`.
pub(crate) struct Sandbox(TempDir);

impl Sandbox {
    pub(crate) fn new() -> Sandbox {
        let sandbox = Sandbox(tempfile::tempdir().expect("a temporary directory"));
        sandbox.write("small.ron", SMALL);
        sandbox.write("long.ron", LONG);
        sandbox
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().expect("it is below the sandbox")).expect("a directory");
        fs::write(path, text).expect("the sandbox takes files");
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).expect(name)
    }

    /// The names in a directory of the sandbox, sorted.
    pub(crate) fn names(&self, directory: &str) -> Vec<String> {
        names(&self.path(directory))
    }

    /// The tool, about to run here: piped, without colour.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_sqsim"));
        command.args(args).current_dir(self.0.path());
        command.env("NO_COLOR", "1").env_remove("CLICOLOR_FORCE");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn run(&self, args: &[&str]) -> Given {
        given(&mut self.command(args))
    }

    pub(crate) fn run_with_input(&self, args: &[&str], input: &str) -> Given {
        let mut child = self.command(args).stdin(Stdio::piped()).spawn().expect("it starts");
        let mut stdin = child.stdin.take().expect("it is piped");
        stdin.write_all(input.as_bytes()).expect("it reads");
        drop(stdin);
        of(child.wait_with_output().expect("it ends"))
    }

    /// Runs twice, asserts the same bytes on standard output, and the expected code.
    pub(crate) fn twice(&self, args: &[&str], code: i32) -> Given {
        let (first, second) = (self.run(args), self.run(args));
        assert_eq!(first.code, Some(code), "{args:?}: {first:#?}");
        assert_eq!(first.stdout, second.stdout, "{args:?}");
        assert!(!first.stdout.contains('\u{1b}'), "{args:?} has colour in a pipe");
        first
    }
}

pub(crate) fn given(command: &mut Command) -> Given {
    of(command.output().expect("the tool starts"))
}

fn of(output: std::process::Output) -> Given {
    let text = |bytes| String::from_utf8(bytes).expect("it writes UTF-8");
    Given { code: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("a directory");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name().into_string().expect("UTF-8"))
        .collect();
    names.sort();
    names
}
