//! The command line as it is typed.
//!
//! Owns names, help and examples of all arguments. Must not do anything: what a command means is
//! in the module of its name. Parsing touches no file.

use std::path::PathBuf;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

use super::replicating::{Replicating, parse_precision};
use super::shard::{ShardArg, parse_shard};
use super::terminal::{Volume, When};
use super::values::{
    Seed, parse_confidence, parse_instant, parse_length, parse_limit, parse_message, parse_seed,
    parse_share,
};
use crate::experiment::range::{REPLICATIONS, SPREAD};
use crate::kernel::time::{Span, Time};
use crate::ledger::journal::MessageId;
use crate::scenario::units::parse_span;

/// Simulate an SQS-style queue system, deterministically.
#[derive(Debug, Parser)]
#[command(
    name = "sqsim",
    version,
    disable_help_subcommand = true,
    max_term_width = 80,
    after_help = "Examples:\n  sqsim run models/signup.ron\n  sqsim help scenario"
)]
pub(super) struct Cli {
    #[command(flatten)]
    pub(super) global: Global,
    #[command(subcommand)]
    pub(super) command: Option<Command>,
}

/// What every command takes.
#[derive(Debug, Args)]
pub(super) struct Global {
    /// Threads to run on [default: all cores]
    #[arg(short = 'j', long, global = true, value_name = "N")]
    #[arg(value_parser = clap::value_parser!(u16).range(1..))]
    pub(super) jobs: Option<u16>,
    /// Colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub(super) color: When,
    /// Progress on standard error
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t = When::Auto)]
    pub(super) progress: When,
    /// Say only errors beside the answer
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub(super) quiet: bool,
    /// Say more about the run
    #[arg(short, long, global = true)]
    pub(super) verbose: bool,
}

impl Global {
    /// How much is said beside the answer.
    pub(super) fn volume(&self) -> Volume {
        match (self.quiet, self.verbose) {
            (true, _) => Volume::Quiet,
            (false, false) => Volume::Usual,
            (false, true) => Volume::Verbose,
        }
    }
}

/// The commands.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Simulate scenarios and print the answer
    Run(Run),
    /// Check scenarios without running them; every fault is shown at once
    Check(Check),
    /// Run scenarios and compare them with their stored outcomes
    Test(Test),
    /// Print what happened in a run, event by event
    Trace(Trace),
    /// Simulate a scenario under many settings
    Sweep(Sweep),
    /// Compare two systems under the same chance
    Compare(Compare),
    /// Find the smallest settings that meet a target
    Plan(Plan),
    /// Do what experiment files say
    Experiment(Experiment),
    /// Put the shares of an experiment together
    Merge(Merge),
    /// Print a commented scenario to begin with
    New(New),
    /// Explain a topic, or list the topics
    Help(Help),
    /// Print the completions of a shell
    Completions(Completions),
}

/// How a scenario is changed where many runs are made of it.
#[derive(Debug, Args)]
pub(super) struct Settings {
    /// Seed of every stream: a number, or a commit hash of which the first 16
    /// digits count
    #[arg(long, value_name = "SEED", value_parser = parse_seed)]
    pub(super) seed: Option<Seed>,
    /// Change a setting, as consumers.workers.count=3; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE", action = ArgAction::Append)]
    pub(super) sets: Vec<String>,
}

/// How the scenario of a run is changed.
#[derive(Debug, Args)]
pub(super) struct Changes {
    /// Seed of every stream: a number, or a commit hash of which the first 16
    /// digits count
    #[arg(long, value_name = "SEED", value_parser = parse_seed)]
    pub(super) seed: Option<Seed>,
    /// Change a setting, as consumers.workers.count=3; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE", action = ArgAction::Append)]
    pub(super) sets: Vec<String>,
    /// Let every --set hold from this instant on; the past stays as it is
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    pub(super) fork_at: Option<Time>,
}

/// `sqsim run`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sqsim run models/signup.ron --reps 10\n  \
                  sqsim run models/signup.ron --set consumers.workers.count=20 -o out")]
pub(super) struct Run {
    /// Scenarios; `-` reads one from standard input
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(super) changes: Changes,
    #[command(flatten)]
    pub(super) replicating: Replicating,
    /// Form of the answer
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = RunFormat::Text)]
    pub(super) format: RunFormat,
    /// Write outcome, series and plots into this directory
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// Run twice, on other threads, and name the first difference
    #[arg(long)]
    pub(super) check_determinism: bool,
}

/// The forms of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum RunFormat {
    /// For people
    Text,
    /// The outcome, or with --reps the estimate, as JSON
    Json,
    /// The same as RON
    Ron,
    /// The series of one run, or the estimates of --reps
    Csv,
}

/// `sqsim check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sqsim check models/signup.ron\n  \
                  sqsim check models/signup.ron --strict --format json")]
pub(super) struct Check {
    /// Scenarios; `-` reads one from standard input
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Change a setting, as consumers.workers.count=3; may be repeated
    #[arg(long = "set", value_name = "PATH=VALUE", action = ArgAction::Append)]
    pub(super) sets: Vec<String>,
    /// Take warnings for errors
    #[arg(long)]
    pub(super) strict: bool,
    /// Form of the list
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = CheckFormat::Text)]
    pub(super) format: CheckFormat,
}

/// The forms of a list of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum CheckFormat {
    /// For people
    Text,
    /// For editors: one object a fault and warning
    Json,
}

/// `sqsim test`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sqsim test models --update\n  sqsim test")]
pub(super) struct Test {
    /// Scenarios, and directories of scenarios [default: models]
    #[arg(value_name = "PATH")]
    pub(super) paths: Vec<PathBuf>,
    /// Where the outcomes are stored
    #[arg(long, value_name = "DIR", default_value = "snapshots")]
    pub(super) snapshots: PathBuf,
    /// Store the outcomes as they are now
    #[arg(long)]
    pub(super) update: bool,
    /// What to do with stored outcomes of no scenario [default: warn]
    #[arg(long, value_enum, value_name = "WHAT")]
    pub(super) unreferenced: Option<Unreferenced>,
}

/// What to do with stored outcomes of no scenario.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Unreferenced {
    /// Answer no
    Reject,
    /// Remove them
    Delete,
}

/// `sqsim trace`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sqsim trace models/signup.ron --message 312\n  \
                  sqsim trace models/signup.ron --around 41.2s --format jsonl")]
pub(super) struct Trace {
    /// The scenario; `-` reads it from standard input
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    #[command(flatten)]
    pub(super) changes: Changes,
    /// Form of the trace
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = TraceFormat::Text)]
    pub(super) format: TraceFormat,
    /// Write to this file [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(super) output: Option<PathBuf>,
    /// Follow one message, by its number
    #[arg(long, value_name = "ID", value_parser = parse_message)]
    pub(super) message: Option<MessageId>,
    /// Show what happened about this instant
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    #[arg(conflicts_with_all = ["from", "to"])]
    pub(super) around: Option<Time>,
    /// How much time to show with --around
    #[arg(long, value_name = "LENGTH", value_parser = parse_span, default_value = "1s")]
    pub(super) span: Span,
    /// Nothing before this instant
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    pub(super) from: Option<Time>,
    /// Nothing after this instant
    #[arg(long, value_name = "INSTANT", value_parser = parse_instant)]
    pub(super) to: Option<Time>,
}

/// The forms of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TraceFormat {
    /// For people: a sentence an event
    Text,
    /// For programs: a JSON object an event
    Jsonl,
    /// For <https://ui.perfetto.dev>
    Perfetto,
}

/// `sqsim sweep`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
                  sqsim sweep models/signup.ron --vary consumers.workers.count=8..16:2\n  \
                  sqsim sweep models/signup.ron -o out --shard 1/2 \\\n    \
                  --vary queues.signups.visibility_timeout=5s,10s,30s")]
pub(super) struct Sweep {
    /// The scenario
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// A setting and its values, as consumers.workers.count=4..64:4 or
    /// PATH=5s,10s,30s; several make a grid
    #[arg(long, value_name = "PATH=VALUES", action = ArgAction::Append, required = true)]
    pub(super) vary: Vec<String>,
    #[command(flatten)]
    pub(super) changes: Settings,
    /// Replications at each point
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(REPLICATIONS))]
    pub(super) reps: u64,
    #[arg(help = "What to measure, as 'p99(sent_to_deleted)'; may be repeated")]
    #[arg(long = "measure", value_name = "MEASURE", action = ArgAction::Append)]
    pub(super) measures: Vec<String>,
    /// Form of the answer
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Form::Text)]
    pub(super) format: Form,
    #[command(flatten)]
    pub(super) work: Work,
}

/// The forms of an experiment's answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Form {
    /// For people
    Text,
    /// With every interval, for programs
    Json,
    /// A row a point, of a sweep
    Csv,
}

/// Work that takes long.
#[derive(Debug, Args)]
pub(super) struct Work {
    /// Write the results into this directory, and go on from what is there
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
    /// Do this share of the runs only; auto takes it from the environment of
    /// a job array (Slurm, AWS Batch, Kubernetes)
    #[arg(long, value_name = "I/N", value_parser = parse_shard, requires = "output")]
    pub(super) shard: Option<ShardArg>,
}

/// `sqsim compare`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
                  sqsim compare models/signup.ron --b consumers.workers.count=11\n  \
                  sqsim compare models/mm1.ron models/mmc.ron --tolerance 1%")]
pub(super) struct Compare {
    /// The first system, a; alone, both are of this scenario
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// The second system, b
    #[arg(value_name = "OTHER")]
    pub(super) other: Option<PathBuf>,
    /// Change a setting of a alone; may be repeated
    #[arg(long, value_name = "PATH=VALUE", action = ArgAction::Append)]
    pub(super) a: Vec<String>,
    /// Change a setting of b alone; may be repeated
    #[arg(long, value_name = "PATH=VALUE", action = ArgAction::Append)]
    pub(super) b: Vec<String>,
    #[command(flatten)]
    pub(super) changes: Settings,
    /// Pairs of runs
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(REPLICATIONS))]
    pub(super) reps: u64,
    #[arg(help = "What to compare, as 'p99(sent_to_deleted)'; may be repeated")]
    #[arg(long = "measure", value_name = "MEASURE", action = ArgAction::Append)]
    pub(super) measures: Vec<String>,
    /// A difference within this share of a's mean does not matter
    #[arg(long, value_name = "SHARE", value_parser = parse_share)]
    pub(super) tolerance: Option<f64>,
    /// Form of the answer
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Form::Text)]
    pub(super) format: Form,
    /// Write the results into this directory, and go on from what is there
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
}

/// `sqsim plan`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  \
                  sqsim plan models/signup.ron --find consumers.workers.count \\\n    \
                  --such-that 'p99(sent_to_deleted) < 450ms'\n  \
                  sqsim plan models/crash.ron --advise visibility_timeout \\\n    \
                  --duplicates 0.1% --recovery 60s")]
pub(super) struct Plan {
    /// The scenario
    #[arg(value_name = "FILE")]
    pub(super) file: PathBuf,
    /// What to find: the path of a whole number, or PATH=VALUES with the
    /// wanted values first; several make a grid
    #[arg(long, value_name = "PATH[=VALUES]", action = ArgAction::Append)]
    #[arg(required_unless_present = "advise")]
    pub(super) find: Vec<String>,
    /// An expectation that must hold; may be repeated [default: those of the
    /// scenario]
    #[arg(long, value_name = "EXPECTATION", action = ArgAction::Append)]
    pub(super) such_that: Vec<String>,
    /// What is to be least among all that meet the target
    #[arg(long, value_name = "MEASURE")]
    pub(super) minimise: Option<String>,
    /// Advise instead of finding: the visibility timeout of the first fleet's
    /// queue, or the run length
    #[arg(long, value_enum, value_name = "ON")]
    #[arg(conflicts_with_all = ["find", "such_that", "minimise", "confidence", "max_reps"])]
    pub(super) advise: Option<Advise>,
    /// Advised timeout: work done again stays below this share of messages
    #[arg(long, value_name = "SHARE", value_parser = parse_limit)]
    pub(super) duplicates: Option<f64>,
    /// Advised timeout: 95% of a crashed worker's messages are received again
    /// within this length
    #[arg(long, value_name = "LENGTH", value_parser = parse_length)]
    pub(super) recovery: Option<Span>,
    /// Advised run length: half the width of the mean wait's 95% interval
    /// [default: 2%]
    #[arg(long, value_name = "SHARE", value_parser = parse_precision)]
    pub(super) precision: Option<f64>,
    #[command(flatten)]
    pub(super) changes: Settings,
    /// Probability that every decision on the way is right
    #[arg(long, value_name = "SHARE", value_parser = parse_confidence, default_value = "95%")]
    pub(super) confidence: f64,
    /// Replications of the first look at a point
    #[arg(long, value_name = "N", default_value_t = 10)]
    #[arg(value_parser = clap::value_parser!(u64).range(SPREAD))]
    pub(super) reps: u64,
    /// Most replications of one point
    #[arg(long, value_name = "N", default_value_t = 640)]
    #[arg(value_parser = clap::value_parser!(u64).range(SPREAD))]
    pub(super) max_reps: u64,
    /// Form of the answer
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Form::Text)]
    pub(super) format: Form,
    /// Write the results into this directory, and go on from what is there
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
}

/// What is advised on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "snake_case")]
pub(super) enum Advise {
    /// Duplicates against recovery from a crash
    VisibilityTimeout,
    /// How long a run, or how many, for a precision
    RunLength,
}

/// `sqsim experiment`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sqsim experiment experiments/timeout-tail.ron\n  \
                  sqsim experiment experiments/idle-polling.ron -o out --format csv")]
pub(super) struct Experiment {
    /// Experiments: Sweep(…), Compare(…), Plan(…), Replicate(…)
    #[arg(required = true, value_name = "FILE")]
    pub(super) files: Vec<PathBuf>,
    /// Form of the answer
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Form::Text)]
    pub(super) format: Form,
    #[command(flatten)]
    pub(super) work: Work,
}

/// `sqsim merge`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sqsim merge out -o whole\n  sqsim merge out1 out2 -o whole")]
pub(super) struct Merge {
    /// Directories that shares were written into
    #[arg(required = true, value_name = "DIR")]
    pub(super) directories: Vec<PathBuf>,
    /// Form of the answer
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Form::Text)]
    pub(super) format: Form,
    /// Write the results into this directory
    #[arg(short, long, value_name = "DIR")]
    pub(super) output: Option<PathBuf>,
}

/// `sqsim new`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sqsim new\n  sqsim new dead-letter")]
pub(super) struct New {
    /// Which one
    #[arg(value_name = "TEMPLATE", default_value = "basic")]
    pub(super) template: String,
}

/// `sqsim help`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sqsim help\n  sqsim help distributions")]
pub(super) struct Help {
    /// A topic or a command
    #[arg(value_name = "TOPIC")]
    pub(super) topic: Option<String>,
}

/// `sqsim completions`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  sqsim completions bash\n  sqsim completions fish")]
pub(super) struct Completions {
    /// Which one
    #[arg(value_enum, value_name = "SHELL")]
    pub(super) shell: Shell,
}
