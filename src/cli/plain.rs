//! The commands that print a text which the tool brings along.
//!
//! Owns `new`, `help` and `completions`. Must not read a file.

use clap::CommandFactory as _;

use super::args::{Cli, Completions, Help, New};
use super::exit::Exit;
use super::failure::Failure;
use super::terminal::answer;
use crate::model::near::nearest;
use crate::scenario::templates::{template, templates};
use crate::scenario::topics::{topic, topics};

/// What `sqsim` alone says.
const START: &str = "\
sqsim simulates an SQS-style queue system, deterministically.

  sqsim new > first.ron     a commented scenario to begin with
  sqsim run first.ron       simulate it and print the answer
  sqsim help                topics and commands
";

/// `sqsim` alone.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn start() -> Result<Exit, Failure> {
    answer(START)?;
    Ok(Exit::Held)
}

/// `sqsim new`.
///
/// # Errors
/// There is no such template, or standard output cannot be written.
pub(super) fn new(args: &New) -> Result<Exit, Failure> {
    let Some(text) = template(&args.template) else {
        return Err(unknown("template", &args.template, &templates().collect::<Vec<_>>()));
    };
    answer(text)?;
    Ok(Exit::Held)
}

/// `sqsim help`.
///
/// # Errors
/// There is no such topic, or standard output cannot be written.
pub(super) fn help(args: &Help) -> Result<Exit, Failure> {
    let Some(name) = &args.topic else {
        let topics: Vec<&str> = topics().collect();
        let lines: Vec<String> = topics.chunks(6).map(|line| line.join(", ")).collect();
        let text = format!(
            "{}\nTopics: {}\n\n`sqsim help NAME` explains a topic or a command.\n",
            Cli::command().render_help(),
            lines.join(",\n        "),
        );
        answer(&text)?;
        return Ok(Exit::Held);
    };
    if let Some(text) = topic(name) {
        answer(&text)?;
        return Ok(Exit::Held);
    }
    let mut cli = Cli::command();
    cli.build();
    if let Some(command) = cli.find_subcommand_mut(name) {
        answer(&command.render_long_help().to_string())?;
        return Ok(Exit::Held);
    }
    let mut names: Vec<&str> = topics().collect();
    names.extend(cli.get_subcommands().map(clap::Command::get_name));
    Err(unknown("topic", name, &names))
}

/// `sqsim completions`.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn completions(args: &Completions) -> Result<Exit, Failure> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "sqsim", &mut script);
    answer(&String::from_utf8_lossy(&script))?;
    Ok(Exit::Held)
}

fn unknown(kind: &str, name: &str, names: &[&str]) -> Failure {
    let help = match nearest(name, names.iter().copied()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("there are {}", names.join(", ")),
    };
    Failure::usage(format!("there is no {kind} `{name}`"), help)
}
