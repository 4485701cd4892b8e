//! From arguments to checked scenarios.
//!
//! Owns the meaning of `-` and `--seed`. Must not know what the scenarios are for.

use std::io;
use std::path::{Path, PathBuf};

use super::args::Changes;
use super::exit::Exit;
use super::failure::Failure;
use super::terminal::{Terminal, complain};
use super::values::Seed;
use crate::engine::scenario::Scenario;
use crate::scenario::Loaded;
use crate::scenario::load::Text;

/// A scenario that may run, and its text.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// As it was read.
    pub(super) text: Text,
    /// As it is to run.
    pub(super) scenario: Scenario,
}

/// Reads a scenario; `-` is standard input.
pub(super) fn read(path: &Path) -> Result<Text, Failure> {
    if path != Path::new("-") {
        return Ok(Text::of_file(path)?);
    }
    Ok(Text::of_stream("-", Path::new(""), io::stdin().lock())?)
}

/// Loads all files and shows their warnings, or the faults of all of them.
///
/// # Errors
/// Some file has a fault; all are shown, and what is left is to end with this code.
pub(super) fn load_all(
    files: &[PathBuf],
    changes: &Changes,
    terminal: Terminal,
) -> Result<Vec<Source>, Exit> {
    let mut sources = Vec::new();
    let mut exit = Exit::Held;
    for file in files {
        match load(file, changes, terminal) {
            Ok(source) => sources.push(source),
            Err(failure) => {
                if exit != Exit::Held {
                    complain("\n");
                }
                terminal.errors(&failure.faults);
                exit = exit.max(failure.exit);
            }
        }
    }
    if exit == Exit::Held { Ok(sources) } else { Err(exit) }
}

fn load(file: &Path, changes: &Changes, terminal: Terminal) -> Result<Source, Failure> {
    let text = read(file)?;
    let Loaded { mut scenario, warnings } = text.load(&changes.sets)?;
    terminal.warnings(&warnings);
    if let Some(Seed(seed)) = changes.seed {
        scenario.seed = seed;
    }
    if text.name == "-" {
        "stdin".clone_into(&mut scenario.name);
    }
    Ok(Source { text, scenario })
}
