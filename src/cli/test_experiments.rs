//! `sqsim test` for experiments.
//!
//! Owns the comparison of an experiment's document with the stored one. Must not know scenarios.

use std::path::{Path, PathBuf};

use super::args::{Global, Test};
use super::differs;
use super::exit::Exit;
use super::experiment::{self, Loaded};
use super::failure::Failure;
use super::files::write;
use super::interrupt;
use super::run::threads;
use super::sources::read;
use super::terminal::{Terminal, told};
use super::test_kept::{SOURCE, Tally, shown, stored};
use crate::experiment::conduct::conduct;
use crate::experiment::regression::differences;
use crate::outcome::stored::{Stored, contents};
use crate::scenario::visible::visible;

/// What to say after an interrupt.
pub(super) const NOT_COMPARED: &str = "interrupted: the experiments after these were not compared";

/// An experiment to test.
pub(super) struct Experiment {
    /// Its file's stem.
    pub(super) name: String,
    /// Its file.
    pub(super) file: String,
    text: String,
    loaded: Loaded,
}

/// Loads experiments.
///
/// # Errors
/// The first that has a fault.
pub(super) fn load(files: &[PathBuf]) -> Result<Vec<Experiment>, Failure> {
    let one = |file: &PathBuf| {
        let text = read(file)?;
        let stem = file.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let loaded = experiment::load(&text)?;
        Ok(Experiment { name: stem, file: text.name, text: text.text, loaded })
    };
    files.iter().map(one).collect()
}

/// Conducts an experiment and compares its document with what was kept.
///
/// # Errors
/// It has a fault, or something cannot be read or written.
pub(super) fn one<'a>(
    args: &Test,
    global: &Global,
    terminal: Terminal,
    experiment: &'a Experiment,
    kept: &Path,
    tally: &mut Tally<'a>,
) -> Result<Exit, Failure> {
    let Experiment { file, text, loaded: Loaded { asked, texts }, .. } = experiment;
    let bug = |error: serde_json::Error| Failure::bug(format!("no document: {error}"));
    let known = stored(kept)?;
    // All that is kept of an experiment is its answer.
    let work = || conduct(asked, texts, threads(global), interrupt::flag());
    let done = interrupt::at_once(terminal.unless_quiet(NOT_COMPARED), work);
    let Some(document) = done.map_err(|faults| faults.in_experiment(file))? else {
        return Ok(Exit::Interrupted);
    };
    let contents = contents(&document).map_err(bug)?;
    match known {
        Some(known) if known.contents == contents => {
            tally.ok += 1;
            told(&format!("    ok  {}\n", visible(file)))?;
        }
        _ if args.update => {
            let stored = Stored { scenario: Some(text.clone()), contents };
            write(kept, &stored.to_text(SOURCE))?;
            tally.stored += 1;
            told(&format!("stored  {}\n", visible(file)))?;
        }
        Some(known) => {
            tally.differ += 1;
            tally.open.push(file);
            let changed = differences(&known, &contents).map_err(bug)?;
            told(&differs::experiment(file, &changed))?;
            return Ok(Exit::No);
        }
        None => {
            tally.new += 1;
            tally.open.push(file);
            told(&format!("   NEW  {}     no stored outcome `{}`\n", visible(file), shown(kept)))?;
            return Ok(Exit::No);
        }
    }
    Ok(Exit::Held)
}
