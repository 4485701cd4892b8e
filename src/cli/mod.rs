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
mod size_limit;
mod sources;
mod sweep;
mod terminal;
mod test;
mod test_experiments;
mod test_kept;
mod trace;
mod values;
mod work;

use std::env;
use std::ffi::OsString;
use std::process::ExitCode;

use clap::Parser as _;
use clap::error::ErrorKind;

use self::args::{Cli, Command};
use self::exit::Exit;
use self::failure::Failure;
use self::terminal::{Terminal, complain, written};
use crate::scenario::visible::{brief, visible_lines};

/// The tool: reads the arguments, does the work, answers.
pub fn main() -> ExitCode {
    bug::install_hook();
    size_limit::catch();
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return not_parsed(&error).into(),
    };
    let terminal = Terminal::new(cli.global.color, cli.global.volume());
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

/// What clap says of arguments as a terminal may show them, each at most some hundred characters:
/// it quotes them as they are. They are as wrong as the arguments that they stand for.
fn shown(args: impl Iterator<Item = OsString>) -> Option<clap::Error> {
    Cli::try_parse_from(args.map(|arg| brief(&arg.to_string_lossy()))).err()
}

/// What clap has to say: help and version are answers, the rest are errors.
fn not_parsed(error: &clap::Error) -> Exit {
    use std::io::Write as _;
    let answer = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    if !answer {
        let again = shown(env::args_os()).filter(|again| again.kind() == error.kind());
        let text = again.as_ref().unwrap_or(error).render();
        let mut err = anstream::stderr().lock();
        let _ = write!(err, "{}", visible_lines(&text.ansi().to_string(), true));
        return Exit::Usage;
    }
    let mut out = anstream::stdout().lock();
    match written(write!(out, "{}", error.render().ansi()).and_then(|()| out.flush())) {
        Ok(()) => Exit::Held,
        Err(failure) => {
            complain(&failure.faults.render(false));
            failure.exit
        }
    }
}
