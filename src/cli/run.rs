//! `sqsim run`: simulate, answer.
//!
//! Owns the order of what happens to each file. Must not know how an answer is worded.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::Instant;

use super::args::{Global, Run, RunFormat};
use super::bug;
use super::differs;
use super::exit::Exit;
use super::failure::{Failure, Reached, limit};
use super::files::{inside, prepare_directory, write, write_pieces};
use super::interrupt::{self, Grace};
use super::meter::with_progress;
use super::replicating::Replicated;
use super::sources::{Source, load_all};
use super::terminal::{Terminal, Volume, answer, answer_in_pieces, complain};
use super::values::quoted;
use crate::engine::world::Ended;
use crate::experiment::determinism::{self, Checked};
use crate::experiment::replicate::{ReplicationPlan, Replications};
use crate::kernel::time::Time;
use crate::model::scenario::Scenario;
use crate::outcome::Estimate;
use crate::render::text::{Answer, Style, Typed};
use crate::render::{csv, plots, text};
use crate::scenario::visible::visible_lines;

/// Runs every scenario.
///
/// # Errors
/// The arguments contradict each other, or something cannot be written.
pub(super) fn run(args: &Run, global: &Global, terminal: Terminal) -> Result<Exit, Failure> {
    if args.format == RunFormat::Csv && args.files.len() > 1 {
        return Err(Failure::usage(
            "`--format csv` prints one table, but there are several scenarios",
            "name one FILE, or write a table each with `-o DIR`",
        ));
    }
    let mut sources = match load_all(&args.files, &args.changes, terminal) {
        Ok(sources) => sources,
        Err(exit) => return Ok(exit),
    };
    for source in &sources {
        args.replicating.check(&source.text.name, &source.scenario, source.past.is_some())?;
    }
    interrupt::catch();
    let directories = directories(args, &sources)?;
    let mut exit = Exit::Held;
    let mut documents = Vec::new();
    let mut grace = Grace::default();
    for (number, source) in sources.iter_mut().enumerate() {
        args.replicating.warm_up(&mut source.scenario, threads(global), terminal);
        let (replicated, found) = simulate(args, global, terminal, source);
        let runs = &replicated.runs;
        if args.format == RunFormat::Csv && args.replicating.is_single() {
            let series = csv::series_in_pieces(&source.scenario, &runs.first);
            if !answer_in_pieces(series, || grace.goes_on())? {
                terminal.say("interrupted: not all of the table is printed");
                exit = Exit::Interrupted;
            }
        } else {
            let document = document(args, &replicated, &found)?;
            if args.format == RunFormat::Text {
                let gap = if number > 0 { "\n" } else { "" };
                answer(&format!("{gap}{document}"))?;
            } else {
                documents.push(document);
            }
        }
        exit = exit.max(verdict(source, runs, &found, terminal));
        if args.check_determinism {
            exit = exit.max(agreement(global, terminal, source, runs));
        }
        if let Some(directory) = directories.get(number)
            && !write_all(directory, &source.scenario, &replicated, &mut grace)?
        {
            let shown = directory.display();
            terminal.say(&format!("interrupted: not all results are in `{shown}`"));
            exit = exit.max(Exit::Interrupted);
        }
        if exit == Exit::Interrupted {
            break;
        }
    }
    if args.format != RunFormat::Text {
        answer(&joined(&documents, args.files.len() > 1))?;
    }
    Ok(exit)
}

/// Runs one scenario and says what is to be said beside the answer.
fn simulate(
    args: &Run,
    global: &Global,
    terminal: Terminal,
    source: &Source,
) -> (Replicated, Answer) {
    let (scenario, threads) = (&source.scenario, threads(global));
    bug::running(&source.text, scenario, &args.changes);
    #[expect(clippy::disallowed_methods, reason = "the user's time, told beside the answer")]
    let began = Instant::now();
    let total = (scenario.end() - Time::ZERO).saturating_mul(args.replicating.at_first());
    let replicated = with_progress(global, &scenario.name, total, |progress| {
        args.replicating.replicate(source.course(), threads, progress)
    });
    let command = repeat(args, source);
    let asked = Typed {
        file: &source.text.name,
        command: &command,
        discarded_by: args.replicating.discarded_by(),
        precision: replicated.precision(),
        fork: args.changes.fork_at,
    };
    let runs = &replicated.runs;
    let style = Style { colour: terminal.colour };
    let answer = text::answer(&asked, scenario, replicated.sample(), style);
    for warning in &answer.warnings {
        terminal.warn(warning);
    }
    let events: u64 = runs.outcomes.iter().map(|outcome| outcome.events).sum();
    let seconds = began.elapsed().as_secs_f64();
    if terminal.volume == Volume::Verbose {
        let rate = events as f64 / seconds.max(1e-9);
        terminal.say(&format!(
            "{events} events in {seconds:.2} s, {rate:.0} a second, on {threads} threads"
        ));
    } else {
        terminal.say(&format!("{events} events in {seconds:.2} s"));
    }
    (replicated, answer)
}

/// Makes the runs again and says whether they are the same.
fn agreement(global: &Global, terminal: Terminal, source: &Source, runs: &Replications) -> Exit {
    let (course, threads) = (source.course(), threads(global));
    let replications = runs.outcomes.len() as u64;
    let plan =
        ReplicationPlan { replications, threads, interrupt: interrupt::flag(), progress: None };
    match determinism::check(course, plan, runs) {
        Checked::Same => {
            let other = determinism::other_threads(threads);
            terminal.say(&format!("run again on {other} instead of {threads} threads: the same"));
            Exit::Held
        }
        Checked::Interrupted => {
            terminal.say("interrupted: whether a second run is the same was not found out");
            Exit::Interrupted
        }
        Checked::Differs(disagreement) => {
            let (what, lines) = differs::disagreement(course, &disagreement);
            let bug = Failure::bug(what);
            terminal.errors(&bug.faults);
            complain(&visible_lines(&lines, false));
            bug.exit
        }
    }
}

/// As many threads as asked for, or as there are cores.
pub(super) fn threads(global: &Global) -> usize {
    let cores = || thread::available_parallelism().map_or(1, usize::from);
    global.jobs.map_or_else(cores, usize::from)
}

/// The command that gives the same answer again.
fn repeat(args: &Run, source: &Source) -> String {
    let mut words = vec!["sqsim run".to_owned(), quoted(&source.text.name)];
    if let Some(at) = args.changes.fork_at {
        words.push(format!("--fork-at {}", at - Time::ZERO));
    }
    for set in &args.changes.sets {
        words.extend(["--set".to_owned(), quoted(set)]);
    }
    words.extend(args.replicating.words());
    words.push(format!("--seed {}", source.scenario.seed));
    words.join(" ")
}

/// The answer in the wanted form.
fn document(args: &Run, replicated: &Replicated, answer: &Answer) -> Result<String, Failure> {
    let bug = |error: &dyn std::fmt::Display| Failure::bug(format!("no document: {error}"));
    let estimate = || Estimate::of_sample(replicated.sample()).map_err(|error| bug(&error));
    let one = &replicated.runs.outcomes[0];
    let single = args.replicating.is_single();
    match args.format {
        RunFormat::Text => Ok(answer.stdout.clone()),
        RunFormat::Json if single => one.to_json().map_err(|error| bug(&error)),
        RunFormat::Json => estimate()?.to_json().map_err(|error| bug(&error)),
        RunFormat::Ron if single => one.to_ron().map_err(|error| bug(&error)),
        RunFormat::Ron => estimate()?.to_ron().map_err(|error| bug(&error)),
        RunFormat::Csv => Ok(csv::summary(&estimate()?)),
    }
}

/// One document as it is, several as a list.
fn joined(documents: &[String], list: bool) -> String {
    if !list {
        return documents.concat();
    }
    let items: Vec<&str> = documents.iter().map(|document| document.trim_end()).collect();
    format!("[\n{}\n]\n", items.join(",\n"))
}

/// The exit code of one scenario, and why it is not 0.
fn verdict(source: &Source, runs: &Replications, answer: &Answer, terminal: Terminal) -> Exit {
    let name = &source.text.name;
    if runs.ended == Ended::Interrupted {
        terminal.say(&format!("interrupted: what is printed about `{name}` is partial"));
        return Exit::Interrupted;
    }
    if let Some(reached) = Reached::by(runs.ended, source.scenario.limits) {
        terminal.errors(&limit(name, &reached).faults);
        return Exit::Limit;
    }
    if answer.held { Exit::Held } else { Exit::No }
}

/// Where the files of each scenario go; made, and found writable, before anything runs.
fn directories(args: &Run, sources: &[Source]) -> Result<Vec<PathBuf>, Failure> {
    let Some(root) = &args.output else { return Ok(Vec::new()) };
    let mut directories: Vec<PathBuf> = Vec::new();
    for Source { scenario, .. } in sources {
        let directory =
            if sources.len() == 1 { root.clone() } else { inside(root, &scenario.name) };
        if directories.contains(&directory) {
            return Err(Failure::usage(
                format!("two scenarios are called `{}`", scenario.name),
                "their files would have the same names: run them one by one",
            ));
        }
        prepare_directory(&directory)?;
        directories.push(directory);
    }
    Ok(directories)
}

/// Outcome, series and plots of the first replication; with several, or with parts, the estimate
/// too. Whether there was time for all of them.
fn write_all(
    directory: &Path,
    scenario: &Scenario,
    replicated: &Replicated,
    grace: &mut Grace,
) -> Result<bool, Failure> {
    let bug = |error: &dyn std::fmt::Display| Failure::bug(format!("no file: {error}"));
    let runs = &replicated.runs;
    let outcome = runs.outcomes[0].to_json().map_err(|error| bug(&error))?;
    write(&directory.join("outcome.json"), &outcome)?;
    let sample = replicated.sample();
    if sample.len() > 1 || sample.batches().is_some() {
        let estimate = Estimate::of_sample(sample).map_err(|error| bug(&error))?;
        let estimate = estimate.to_json().map_err(|error| bug(&error))?;
        write(&directory.join("estimate.json"), &estimate)?;
    }
    let series = csv::series_in_pieces(scenario, &runs.first);
    if !write_pieces(&directory.join("series.csv"), series, || grace.goes_on())? {
        return Ok(false);
    }
    for plot in plots::each(scenario, &runs.first) {
        if !grace.goes_on() {
            return Ok(false);
        }
        let plot = plot.map_err(|error| bug(&error))?;
        write(&directory.join(&plot.file), &plot.svg)?;
    }
    Ok(true)
}
