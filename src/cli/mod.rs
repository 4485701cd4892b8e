//! People: arguments, progress, exit codes, one file per command.
//!
//! Owns the process: its arguments, streams, signals and exit code. Nothing below this room reads
//! a clock, the environment or an argument, or prints.
//!
//! Invariant: standard output is the answer and is the same bytes for the same input; everything
//! else goes to standard error.

mod advise;
mod args;
mod bug;
mod check;
mod compare;
mod differs;
pub mod exit;
mod experiment;
mod failure;
mod files;
mod interrupt;
mod journal;
mod merge;
mod meter;
mod plain;
mod plan;
mod replicating;
mod run;
mod shard;
mod sources;
mod sweep;
mod terminal;
mod test;
mod test_experiments;
mod trace;
mod values;
mod work;

use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use self::args::{Cli, Command};
use self::exit::Exit;
use self::failure::Failure;
use self::terminal::{Terminal, complain, written};

/// The tool: reads the arguments, does the work, answers.
pub fn main() -> ExitCode {
    bug::install_hook();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&error).into(),
    };
    let terminal = Terminal::new(&cli.global);
    match dispatch(&cli, terminal) {
        Ok(exit) => exit.into(),
        Err(failure) => {
            terminal.errors(&failure.faults);
            failure.exit.into()
        }
    }
}

fn dispatch(cli: &Cli, terminal: Terminal) -> Result<Exit, Failure> {
    let global = &cli.global;
    match &cli.command {
        None => plain::start(),
        Some(Command::Run(args)) => run::run(args, global, terminal),
        Some(Command::Check(args)) => check::check(args, terminal),
        Some(Command::Test(args)) => test::test(args, global, terminal),
        Some(Command::Trace(args)) => trace::trace(args, terminal),
        Some(Command::Sweep(args)) => sweep::sweep(args, global, terminal),
        Some(Command::Compare(args)) => compare::compare(args, global, terminal),
        Some(Command::Plan(args)) => plan::plan(args, global, terminal),
        Some(Command::Experiment(args)) => experiment::experiment(args, global, terminal),
        Some(Command::Merge(args)) => merge::merge(args, global, terminal),
        Some(Command::New(args)) => plain::new(args),
        Some(Command::Help(args)) => plain::help(args),
        Some(Command::Completions(args)) => plain::completions(args),
    }
}

/// What clap has to say: help and version are answers, the rest are errors.
fn not_parsed(error: &clap::Error) -> Exit {
    use std::io::Write as _;
    let answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !answer {
        let text = error.render();
        let mut err = anstream::stderr().lock();
        let _ = write!(err, "{}", text.ansi());
        return Exit::Usage;
    }
    let mut out = anstream::stdout().lock();
    match written(write!(out, "{}", error.render().ansi()).and_then(|()| out.flush())) {
        Ok(()) => Exit::Held,
        Err(failure) => {
            complain(&failure.faults.to_string());
            failure.exit
        }
    }
}
