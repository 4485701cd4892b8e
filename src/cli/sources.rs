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
use crate::kernel::time::Time;
use crate::model::course::{Course, Fork};
use crate::model::scenario::Scenario;
use crate::scenario::load::Text;
use crate::scenario::{Loaded, fork};

/// A scenario that may run, and its text.
#[derive(Clone, Debug)]
pub(super) struct Source {
    /// As it was read.
    pub(super) text: Text,
    /// As it is to run, from its fork on if it has one.
    pub(super) scenario: Scenario,
    /// As it runs before its fork, and until when.
    pub(super) past: Option<(Scenario, Time)>,
}

impl Source {
    /// What a run follows.
    pub(super) fn course(&self) -> Course<'_> {
        match &self.past {
            None => Course::from(&self.scenario),
            Some((scenario, at)) => {
                Course { scenario, fork: Some(Fork { at: *at, then: &self.scenario }) }
            }
        }
    }
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
    let scenario = |sets: &[String]| -> Result<Loaded, Failure> {
        let mut loaded = text.load(sets)?;
        if let Some(Seed(seed)) = changes.seed {
            loaded.scenario.seed = seed;
        }
        if text.name == "-" {
            "stdin".clone_into(&mut loaded.scenario.name);
        }
        Ok(loaded)
    };
    let past = changes.fork_at.map(|at| Ok::<_, Failure>((scenario(&[])?.scenario, at)));
    let past = past.transpose()?;
    let Loaded { scenario, warnings } = scenario(&changes.sets)?;
    terminal.warnings(&warnings);
    if let Some((base, at)) = &past {
        fork::check(base, Fork { at: *at, then: &scenario }, &changes.sets)?;
    }
    Ok(Source { text, scenario, past })
}
