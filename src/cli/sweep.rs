//! `sqsim sweep`: one question at many points.
//!
//! Owns the order of what happens: everything is checked, then run, then written. Must not know
//! how an answer is worded.

use std::path::Path;

use super::args::{Form, Global, Sweep as Args};
use super::exit::Exit;
use super::failure::Failure;
use super::files::{prepare_directory, write};
use super::interrupt::{self, Grace};
use super::journal::{Header, Identity, Journal};
use super::run::threads;
use super::shard::resolve;
use super::sources::read;
use super::terminal::{Terminal, answer};
use super::values::{Seed, quoted};
use super::work::{ALL_KEPT, How, NOTHING_KEPT, data_hash, json, rows};
use crate::experiment::asked::Asked;
use crate::experiment::row::RunRow;
use crate::experiment::runs::Forgetful;
use crate::experiment::sweep::{Sweep, SweepAsked};
use crate::outcome::SweepOutcome;
use crate::render::text::{self, Style};
use crate::render::{csv, plots, text::Answer};
use crate::scenario::load::Text;

/// Runs every point.
///
/// # Errors
/// Something is wrong with what was asked, or cannot be read or written.
pub(super) fn sweep(args: &Args, global: &Global, terminal: Terminal) -> Result<Exit, Failure> {
    let model = read(&args.file)?;
    let asked = SweepAsked {
        about: String::new(),
        model: model.name.clone(),
        set: args.changes.sets.clone(),
        vary: args.vary.clone(),
        measures: args.measures.clone(),
        reps: args.reps,
        seed: args.changes.seed.map(|Seed(seed)| seed),
    };
    let shard = args.work.shard.map(resolve).transpose()?;
    let output = args.work.output.as_deref();
    let how = How { form: args.format, output, file: None, shard, command: None };
    conduct(asked, &model, &how, global, terminal)
}

/// Runs every point, or those of a share, and answers.
///
/// # Errors
/// Something is wrong with what was asked, or cannot be read or written.
pub(super) fn conduct(
    asked: SweepAsked,
    model: &Text,
    how: &How<'_>,
    global: &Global,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    let sweep = how.checked(terminal, || Sweep::prepare(asked, model, threads(global)))?;
    interrupt::catch();
    let mut jobs = sweep.jobs();
    let quantities = sweep.quantities();
    let Some(directory) = how.output else {
        let Some(rows) = rows("sweep", &jobs, quantities, &Forgetful, global) else {
            terminal.say(NOTHING_KEPT);
            return Ok(Exit::Interrupted);
        };
        return deliver(&sweep, &rows, how, terminal);
    };
    prepare_directory(directory)?;
    if let Some(shard) = how.shard {
        let numbered = jobs.into_iter().enumerate();
        jobs = numbered.filter(|(place, _)| shard.owns(*place)).map(|(_, job)| job).collect();
    }
    let header = header(&sweep, model);
    let journal = Journal::open(directory, how.shard, header, interrupt::flag())?;
    let Some(rows) = journal.rows("sweep", &jobs, quantities, global, terminal)? else {
        return Ok(Exit::Interrupted);
    };
    journal.finish(&jobs, &rows)?;
    if let Some(shard) = how.shard {
        let (done, shown) = (rows.len(), directory.display());
        terminal.say(&format!("share {} is done: {done} runs in `{shown}`", shard.words()));
        terminal.say(&format!("when all are: sqsim merge {} -o DIR", quoted(&shown.to_string())));
        return Ok(Exit::Held);
    }
    deliver(&sweep, &rows, how, terminal)
}

/// What a journal of this sweep begins with.
pub(super) fn header(sweep: &Sweep, model: &Text) -> Header {
    let asked = sweep.asked();
    // What is varied is no part of it, so that a sweep can grow; where the scenario is only whole
    // with what is varied, its data files are taken for unchanged.
    let whole = model.load(&asked.set).ok();
    let identity = Identity {
        texts: vec![model.text.clone()],
        scenarios: data_hash(whole.iter().map(|loaded| &loaded.scenario)),
        set: asked.set.clone(),
        seed: sweep.points()[0].scenario.seed,
        measures: sweep.quantities().iter().map(|q| q.text().to_owned()).collect(),
        ..Identity::of_this_program()
    };
    Header::new(identity, Asked::Sweep(asked.clone()), model.name.clone().into())
}

/// Answers, and writes the results where they are to be kept. What is made of rows can be made
/// again, so an interrupt ends it at once; what is written is written whole.
pub(super) fn deliver(
    sweep: &Sweep,
    rows: &[RunRow],
    how: &How<'_>,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    let words = terminal.unless_quiet(if how.output.is_some() { ALL_KEPT } else { NOTHING_KEPT });
    let wants = |form| how.output.is_some() || how.form == form;
    let made = interrupt::at_once(words, || -> Result<_, Failure> {
        let outcome = sweep.outcome(rows);
        let command = how.command.clone().unwrap_or_else(|| repeat(sweep.asked(), outcome.seed));
        let style = Style { colour: terminal.colour };
        let told = text::sweep(&sweep.asked().model, &command, &outcome, style);
        let document = wants(Form::Json).then(|| json(outcome.to_json())).transpose()?;
        let table = wants(Form::Csv).then(|| csv::sweep(&outcome));
        Ok((told, document.unwrap_or_default(), table.unwrap_or_default(), outcome))
    });
    let (Answer { stdout, warnings, held }, document, table, outcome) = made?;
    for warning in &warnings {
        terminal.warn(warning);
    }
    let mut exit = if held { Exit::Held } else { Exit::No };
    if outcome.points.iter().any(|point| point.partial.is_some()) {
        exit = Exit::Limit;
    }
    if let Some(directory) = how.output {
        write(&directory.join("sweep.json"), &document)?;
        write(&directory.join("sweep.csv"), &table)?;
        if !draw(directory, &outcome, terminal)? {
            let shown = directory.display();
            terminal.say(&format!("interrupted: not all pictures are in `{shown}`"));
            exit = Exit::Interrupted;
        }
    }
    answer(match how.form {
        Form::Text => &stdout,
        Form::Json => &document,
        Form::Csv => &table,
    })?;
    Ok(exit)
}

/// Writes the pictures; whether there was time for all of them.
fn draw(directory: &Path, outcome: &SweepOutcome, terminal: Terminal) -> Result<bool, Failure> {
    let mut grace = Grace::default();
    let mut plots = plots::each_of_sweep(outcome).peekable();
    if plots.peek().is_none() {
        let varied = outcome.vary.len();
        terminal.say(&format!("no pictures: they show one setting or two, not {varied}"));
    }
    while grace.goes_on() {
        let Some(plot) = plots.next() else { return Ok(true) };
        let plot = plot.map_err(|error| Failure::bug(error.to_string()))?;
        write(&directory.join(&plot.file), &plot.svg)?;
    }
    Ok(false)
}

/// The command that gives the same answer again.
fn repeat(asked: &SweepAsked, seed: u64) -> String {
    let mut words = vec!["sqsim sweep".to_owned(), quoted(&asked.model)];
    let mut options = |name: &str, texts: &[String]| {
        for text in texts {
            words.extend([name.to_owned(), quoted(text)]);
        }
    };
    options("--vary", &asked.vary);
    options("--set", &asked.set);
    options("--measure", &asked.measures);
    words.push(format!("--reps {} --seed {seed}", asked.reps));
    words.join(" ")
}
