//! `sqsim experiment`: experiments that are kept in files.
//!
//! Owns the way from a file to the command that does the same. Must not know how an experiment is
//! done.

use std::path::Path;

use super::args::{Experiment as Args, Form, Global};
use super::exit::Exit;
use super::failure::Failure;
use super::files::{inside, prepare_directory, write};
use super::run::threads;
use super::shard::resolve;
use super::sources::read;
use super::terminal::{Terminal, answer};
use super::values::quoted;
use super::work::{How, NOTHING_KEPT, json, no_table};
use super::{compare, interrupt, plan, sweep};
use crate::experiment::asked::Asked;
use crate::experiment::file;
use crate::experiment::fraction::Fraction;
use crate::experiment::repeat::{Repeat, RepeatAsked};
use crate::outcome::Sample;
use crate::render::text::{self, Style, precision};
use crate::scenario::load::Text;

/// An experiment with the texts of its scenarios.
#[derive(Clone, Debug)]
pub(super) struct Loaded {
    /// What the file says.
    pub(super) asked: Asked,
    /// The texts of its models.
    pub(super) texts: Vec<Text>,
}

/// Reads an experiment and its scenarios.
///
/// # Errors
/// All faults found.
pub(super) fn load(text: &Text) -> Result<Loaded, Failure> {
    let asked = file::read(text)?;
    let texts = asked.models().into_iter().map(|model| read(Path::new(model)));
    let texts = texts.collect::<Result<Vec<Text>, Failure>>()?;
    Ok(Loaded { asked, texts })
}

/// Does what the files say, one after the other.
///
/// # Errors
/// Something is wrong with an experiment, or cannot be read or written.
pub(super) fn experiment(
    args: &Args,
    global: &Global,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    let mut loaded = Vec::new();
    for file in &args.files {
        loaded.push((file, load(&read(file)?)?));
    }
    let shard = args.work.shard.map(resolve).transpose()?;
    let output = |file: &Path| {
        args.work.output.as_ref().map(|root| match args.files.len() {
            1 => root.clone(),
            _ => inside(root, &file.file_stem().unwrap_or_default().to_string_lossy()),
        })
    };
    interrupt::catch();
    // The last folder is known to take files before the first experiment runs.
    for folder in args.files.iter().filter_map(|file| output(file)) {
        prepare_directory(&folder)?;
    }
    let mut exit = Exit::Held;
    for (number, (file, loaded)) in loaded.into_iter().enumerate() {
        if number > 0 && args.format == Form::Text {
            answer("\n")?;
        }
        let output = output(file);
        let command = Some(format!("sqsim experiment {}", quoted(&file.display().to_string())));
        let name = file.display().to_string();
        let (form, output, file) = (args.format, output.as_deref(), Some(&name[..]));
        let how = How { form, output, file, shard, command };
        exit = exit.max(conduct(loaded, &how, global, terminal)?);
        if exit == Exit::Interrupted {
            break;
        }
    }
    Ok(exit)
}

fn conduct(
    loaded: Loaded,
    how: &How<'_>,
    global: &Global,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    let Loaded { asked, texts } = loaded;
    let text = &texts[0];
    if how.shard.is_some() && !matches!(asked, Asked::Sweep(_)) {
        return Err(Failure::usage("only sweeps are done in shares", "leave `--shard` out"));
    }
    match asked {
        Asked::Sweep(asked) => sweep::conduct(asked, text, how, global, terminal),
        Asked::Compare(asked) => {
            let texts = [text, texts.get(1).unwrap_or(text)];
            compare::conduct(asked, texts, how, global, terminal)
        }
        Asked::Plan(asked) => plan::conduct(asked, text, how, global, terminal),
        Asked::Replicate(asked) => replicate(asked, text, how, global, terminal),
    }
}

/// Replications, answered as `run` answers them.
fn replicate(
    asked: RepeatAsked,
    model: &Text,
    how: &How<'_>,
    global: &Global,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    no_table(how)?;
    let repeat = how.checked(terminal, || Repeat::prepare(asked, model))?;
    interrupt::catch();
    how.prepare()?;
    let Some((runs, known)) = repeat.run(threads(global), interrupt::flag()) else {
        terminal.say(NOTHING_KEPT);
        return Ok(Exit::Interrupted);
    };
    let words = terminal.unless_quiet(NOTHING_KEPT);
    let document = || json(repeat.outcome(&runs).and_then(|estimate| estimate.to_json()));
    let document = interrupt::at_once(words, document)?;
    if let Some(directory) = how.output {
        write(&directory.join("estimate.json"), &document)?;
    }
    let command = how.command.clone().unwrap_or_default();
    let file = &model.name;
    let reached = |Fraction(asked)| precision::PrecisionReached { known: &known, asked };
    let precision = repeat.asked().precision.map(reached);
    let asked = text::Typed { file, command: &command, discarded_by: "", precision, fork: None };
    let style = Style { colour: terminal.colour };
    let found = text::answer(
        &asked,
        &repeat.point().scenario,
        Sample::of_replications(&runs.outcomes),
        style,
    );
    for warning in &found.warnings {
        terminal.warn(warning);
    }
    answer(if how.form == Form::Json { &document } else { &found.stdout })?;
    if runs.outcomes.iter().any(|outcome| outcome.partial.is_some()) {
        return Ok(Exit::Limit);
    }
    Ok(if found.held { Exit::Held } else { Exit::No })
}
