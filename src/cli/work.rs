//! The runs of an experiment, done for the command line.
//!
//! Owns threads, progress and the interrupt of long work. Must not know which experiment.

use std::fmt::{self, Write};
use std::path::Path;

use super::args::{Form, Global};
use super::failure::Failure;
use super::files::prepare_directory;
use super::interrupt;
use super::meter::with_progress;
use super::run::threads;
use super::shard::Shard;
use super::terminal::Terminal;
use super::values::hash_on;
use crate::experiment::row::RunRow;
use crate::experiment::runs::{Job, Memory, Runner};
use crate::kernel::time::{Span, Time};
use crate::model::scenario::Scenario;
use crate::scenario::fault::Faults;
use crate::stats::expect::Quantity;

/// How an experiment is to be answered, and how much of it is to be done.
#[derive(Clone, Debug)]
pub(super) struct How<'a> {
    /// Form of the answer.
    pub(super) form: Form,
    /// Where the results are kept.
    pub(super) output: Option<&'a Path>,
    /// The file that asks for it, if not the command line.
    pub(super) file: Option<&'a str>,
    /// Which share of the runs.
    pub(super) shard: Option<Shard>,
    /// The command that gives the answer again, where it is not made of what was asked.
    pub(super) command: Option<String>,
}

impl How<'_> {
    /// What is checked of an experiment before its first run, with its warnings told: an interrupt
    /// ends the process meanwhile. Faults and warnings stand at what was written, an option or a
    /// setting of the file.
    ///
    /// # Errors
    /// All faults found.
    pub(super) fn checked<T>(
        &self,
        terminal: Terminal,
        check: impl FnOnce() -> Result<(T, Faults), Faults>,
    ) -> Result<T, Failure> {
        let placed = |faults: Faults| match self.file {
            Some(file) => faults.in_experiment(file),
            None => faults,
        };
        let words = terminal.unless_quiet(NOTHING_RUN);
        let (checked, warnings) = interrupt::at_once(words, check).map_err(placed)?;
        terminal.warnings(&placed(warnings));
        Ok(checked)
    }

    /// Makes the folder of the results, and finds out whether files can be made in it: before
    /// anything runs.
    ///
    /// # Errors
    /// They cannot.
    pub(super) fn prepare(&self) -> Result<(), Failure> {
        self.output.map_or(Ok(()), prepare_directory)
    }
}

/// What to say about what an interrupt left, where nothing is kept.
pub(super) const NOTHING_KEPT: &str = "interrupted: nothing is kept without `-o DIR`";

/// What to say after an interrupt of what is made of runs that are all in a journal.
pub(super) const ALL_KEPT: &str =
    "interrupted: all runs are kept, the same command gives the answer";

/// What to say after an interrupt before the first run.
const NOTHING_RUN: &str = "interrupted: nothing of this experiment was run";

/// Refuses a table of what is none.
///
/// # Errors
/// A table is wanted.
pub(super) fn no_table(how: &How<'_>) -> Result<(), Failure> {
    if how.form != Form::Csv {
        return Ok(());
    }
    Err(Failure::usage("only a sweep is a table", "write `--format json` for programs"))
}

/// A document, or a bug.
pub(super) fn json(document: Result<String, serde_json::Error>) -> Result<String, Failure> {
    document.map_err(|error| Failure::bug(format!("no document: {error}")))
}

/// The rows of all jobs; `None` after an interrupt.
pub(super) fn rows(
    label: &str,
    jobs: &[Job<'_>],
    quantities: &[Quantity],
    memory: &dyn Memory,
    global: &Global,
) -> Option<Vec<RunRow>> {
    let lengths = jobs.iter().map(|job| job.point.scenario.end() - Time::ZERO);
    let total = lengths.fold(Span::ZERO, Span::saturating_add);
    with_progress(global, label, total, |progress| {
        let (threads, interrupt) = (threads(global), interrupt::flag());
        Runner { quantities, threads, interrupt, progress, memory }.rows(jobs)
    })
}

/// A hash over checked scenarios: 16 hexadecimal digits. What their data files say is in them, and
/// never stands in one text: of a million rows that would be a hundred megabytes.
pub(super) fn data_hash<'a>(scenarios: impl Iterator<Item = &'a Scenario>) -> String {
    let mut hashed = Hashed(0);
    for scenario in scenarios {
        write!(hashed, "{scenario:?}").expect("hashing does not fail");
    }
    format!("{:016x}", hashed.0)
}

/// The hash of all that is written to it.
struct Hashed(u64);

impl Write for Hashed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = hash_on(self.0, text);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::values::hash;
    use crate::scenario::load::from_text;

    /// Journals of earlier runs stay valid.
    #[test]
    fn scenarios_are_hashed_as_their_texts() {
        let both = ["1s", "2s"].map(|duration| {
            let text = format!("(duration: \"{duration}\", queues: {{\"q\": ()}})");
            let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
            from_text("m.ron", &text, &[], &no_files).expect("is one").scenario
        });
        let texts = both.each_ref().map(|scenario| format!("{scenario:?}")).concat();
        assert_eq!(data_hash(both.iter()), format!("{:016x}", hash(&texts)));
    }
}
