//! `sqsim compare`: two systems under the same chance.
//!
//! Owns the meaning of one or two files and of `--a` and `--b`. Must not know how an answer is
//! worded.

use super::args::{Compare as Args, Form, Global};
use super::exit::Exit;
use super::failure::Failure;
use super::files::{prepare_directory, write};
use super::interrupt;
use super::journal::{Header, Identity, Journal};
use super::sources::read;
use super::terminal::{Terminal, answer};
use super::values::{Seed, quoted};
use super::work::{ALL_KEPT, How, NOTHING_KEPT, data_hash, json, no_table, rows};
use crate::experiment::asked::Asked;
use crate::experiment::compare::{Compare, CompareAsked};
use crate::experiment::fraction::Fraction;
use crate::experiment::runs::Forgetful;
use crate::outcome::CompareOutcome;
use crate::render::text::{self, Answer, Style};
use crate::scenario::load::Text;

/// Runs both systems.
///
/// # Errors
/// Something is wrong with what was asked, or cannot be read or written.
pub(super) fn compare(args: &Args, global: &Global, terminal: Terminal) -> Result<Exit, Failure> {
    let models = [Some(read(&args.file)?), args.other.as_deref().map(read).transpose()?];
    let first = &models[0].as_ref().expect("the first file was read");
    let texts = [*first, models[1].as_ref().unwrap_or(first)];
    let asked = CompareAsked {
        about: String::new(),
        model: first.name.clone(),
        other: models[1].as_ref().map(|text| text.name.clone()),
        set: args.changes.sets.clone(),
        a: args.a.clone(),
        b: args.b.clone(),
        measures: args.measures.clone(),
        reps: args.reps,
        tolerance: args.tolerance.map(Fraction),
        seed: args.changes.seed.map(|Seed(seed)| seed),
    };
    let output = args.output.as_deref();
    let how = How { form: args.format, output, file: None, shard: None, command: None };
    conduct(asked, texts, &how, global, terminal)
}

/// Runs both systems and answers.
///
/// # Errors
/// Something is wrong with what was asked, or cannot be read or written.
pub(super) fn conduct(
    asked: CompareAsked,
    texts: [&Text; 2],
    how: &How<'_>,
    global: &Global,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    no_table(how)?;
    if asked.other.is_none() && asked.a == asked.b {
        return Err(Failure::usage(
            "these are twice the same system",
            "name a second FILE, or what changes: `--b consumers.workers.count=11`",
        ));
    }
    let compare = how.checked(terminal, || Compare::prepare(asked, texts))?;
    interrupt::catch();
    let jobs = compare.jobs();
    let quantities = compare.quantities();
    let Some(directory) = how.output else {
        let Some(rows) = rows("compare", &jobs, quantities, &Forgetful, global) else {
            terminal.say(NOTHING_KEPT);
            return Ok(Exit::Interrupted);
        };
        let Some(outcome) = compare.outcome(&rows, interrupt::flag()) else {
            terminal.say(NOTHING_KEPT);
            return Ok(Exit::Interrupted);
        };
        return deliver(&compare, &outcome, how, terminal);
    };
    prepare_directory(directory)?;
    let journal = Journal::open(directory, None, header(&compare, texts), interrupt::flag())?;
    let Some(rows) = journal.rows("compare", &jobs, quantities, global, terminal)? else {
        return Ok(Exit::Interrupted);
    };
    journal.finish(&jobs, &rows)?;
    let Some(outcome) = compare.outcome(&rows, interrupt::flag()) else {
        terminal.say(ALL_KEPT);
        return Ok(Exit::Interrupted);
    };
    deliver(&compare, &outcome, how, terminal)
}

fn header(compare: &Compare, texts: [&Text; 2]) -> Header {
    let asked = compare.asked();
    let identity = Identity {
        texts: texts.map(|text| text.text.clone()).to_vec(),
        scenarios: data_hash(compare.points().iter().map(|point| &point.scenario)),
        set: asked.set.iter().chain(&asked.a).chain(&asked.b).cloned().collect(),
        seed: compare.points()[0].scenario.seed,
        measures: compare.quantities().iter().map(|q| q.text().to_owned()).collect(),
        ..Identity::of_this_program()
    };
    Header::new(identity, Asked::Compare(asked.clone()), asked.model.clone().into())
}

fn deliver(
    compare: &Compare,
    outcome: &CompareOutcome,
    how: &How<'_>,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    let asked = compare.asked();
    let command = how.command.clone().unwrap_or_else(|| repeat(asked, outcome.seed));
    let files = match &asked.other {
        Some(other) => format!("{} against {other}", asked.model),
        None => asked.model.clone(),
    };
    let style = Style { colour: terminal.colour };
    let traces = traces(asked, outcome);
    let Answer { stdout, warnings, .. } = text::compare(&files, &command, outcome, &traces, style);
    for warning in &warnings {
        terminal.warn(warning);
    }
    let document = json(outcome.to_json())?;
    if let Some(directory) = how.output {
        write(&directory.join("compare.json"), &document)?;
    }
    answer(if how.form == Form::Json { &document } else { &stdout })?;
    Ok(if outcome.partial.is_some() { Exit::Limit } else { Exit::Held })
}

/// The commands that show the first message whose fate differs, in both systems.
fn traces(asked: &CompareAsked, outcome: &CompareOutcome) -> Vec<String> {
    let Some(fate) = &outcome.first_fate else { return Vec::new() };
    let other = asked.other.as_ref().unwrap_or(&asked.model);
    let of = |(file, own): (&String, &Vec<String>)| {
        let mut words = vec!["sqsim trace".to_owned(), quoted(file)];
        words.push(format!("--message {} --seed {}", fate.message, outcome.seed));
        words.extend(asked.set.iter().chain(own).map(|set| format!("--set {}", quoted(set))));
        words.join(" ")
    };
    [(&asked.model, &asked.a), (other, &asked.b)].map(of).to_vec()
}

/// The command that gives the same answer again.
fn repeat(asked: &CompareAsked, seed: u64) -> String {
    let mut words = vec!["sqsim compare".to_owned(), quoted(&asked.model)];
    words.extend(asked.other.iter().map(|other| quoted(other)));
    let lists = [("--a", &asked.a), ("--b", &asked.b), ("--set", &asked.set)];
    for (name, texts) in lists.into_iter().chain([("--measure", &asked.measures)]) {
        for text in texts {
            words.extend([name.to_owned(), quoted(text)]);
        }
    }
    if let Some(Fraction(tolerance)) = asked.tolerance {
        words.push(format!("--tolerance {}%", tolerance * 100.0));
    }
    words.push(format!("--reps {} --seed {seed}", asked.reps));
    words.join(" ")
}
