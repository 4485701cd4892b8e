//! `sqsim merge`: the shares of an experiment, put together.
//!
//! Owns the search for what is missing. Nothing is run: the rows are those of the journals, so
//! the result is that of the experiment done in one piece, to the byte.

use std::path::{Path, PathBuf};

use super::args::{Global, Merge};
use super::exit::Exit;
use super::failure::Failure;
use super::files::prepare_directory;
use super::interrupt;
use super::journal::{Header, Journal, Known, Read, journals};
use super::run::threads;
use super::sweep::{deliver, header};
use super::terminal::Terminal;
use super::work::How;
use crate::experiment::asked::Asked;
use crate::experiment::row::RunRow;
use crate::experiment::runs::{Job, Memory as _};
use crate::experiment::sweep::Sweep;
use crate::scenario::load::Text;

/// Puts the shares together.
///
/// # Errors
/// Runs are missing, the shares belong to different experiments, or something cannot be read or
/// written.
pub(super) fn merge(args: &Merge, global: &Global, terminal: Terminal) -> Result<Exit, Failure> {
    let mut found: Vec<PathBuf> = Vec::new();
    for directory in &args.directories {
        found.extend(journals(directory)?);
    }
    let read = Read::of(found)?;
    // One that was not begun has nothing to say.
    let Some((first, Header { asked, identity, model, .. })) = read.first() else {
        return Err(Failure::nothing(
            "there is no journal in these directories",
            "name those that `sqsim sweep -o DIR --shard I/N` wrote into",
        ));
    };
    let directory = model.parent().unwrap_or(Path::new("")).to_path_buf();
    let text = identity.texts.concat();
    let model = Text { name: model.display().to_string(), directory, text };
    let Asked::Sweep(asked) = asked.clone() else {
        return Err(Failure::usage(
            format!("`{}` is not the journal of a sweep", first.display()),
            "only sweeps are done in shares",
        ));
    };
    let (sweep, _) = Sweep::prepare(asked, &model, threads(global))?;
    let known = Known::of(read, &header(&sweep, &model))?;
    let jobs = sweep.jobs();
    let recall = |job: &Job<'_>| {
        let row = known.recall(job)?;
        row.fits(sweep.quantities(), &job.point.scenario).then_some(row)
    };
    let recalled: Vec<Option<RunRow>> = jobs.iter().map(recall).collect();
    let missing = recalled.iter().filter(|row| row.is_none()).count();
    if let Some(first) = recalled.iter().position(Option::is_none) {
        let (all, first) = (jobs.len(), &jobs[first]);
        let (point, replication) = (&first.point.name, first.replication);
        return Err(Failure::nothing(
            format!(
                "{missing} of {all} runs are missing, the first is number {replication} of {point}"
            ),
            "name the directories of all shares, or finish those that were interrupted",
        ));
    }
    let rows: Vec<RunRow> = recalled.into_iter().flatten().collect();
    if let Some(directory) = &args.output {
        interrupt::catch();
        prepare_directory(directory)?;
        let journal = Journal::open(directory, None, header(&sweep, &model), interrupt::flag())?;
        journal.finish(&jobs, &rows)?;
    }
    let output = args.output.as_deref();
    let how = How { form: args.format, output, file: None, shard: None, command: None };
    deliver(&sweep, &rows, &how, terminal)
}
