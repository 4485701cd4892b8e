//! The journal of an experiment: every run that is done, a line each.
//!
//! Owns the file and what it may be used for. Must not know what rows mean.
//!
//! A killed experiment leaves its journal; asked again for the same folder it goes on from there.
//! The first line says what the rows belong to: where the scenario, the seed, the measures or the
//! version differ they are of no use, and it is said which. More points or replications than
//! before are no difference. Shares write journals of their own, so that any number may write
//! into one folder; all that lie there are read.
//!
//! Invariant: a row is on the disk, as one whole line, before it counts as done; when all are
//! done the lines stand in the order of the jobs, however often the work was interrupted.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use super::args::Global;
use super::failure::Failure;
use super::files::{cannot_write, write};
use super::shard::Shard;
use super::terminal::Terminal;
use super::work::rows;
use crate::experiment::asked::Asked;
use crate::experiment::row::Row;
use crate::experiment::runs::{Job, Memory};
use crate::stats::expect::Quantity;

const FORMAT: &str = "sqsim-journal/2";

/// What rows belong to: two experiments of one identity may share them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    /// The version of sqsim.
    pub(super) version: String,
    /// The texts of the scenarios.
    pub(super) texts: Vec<String>,
    /// Hash over the checked scenarios: data files have no part in the texts.
    pub(super) scenarios: String,
    /// Changes that all points share.
    pub(super) set: Vec<String>,
    /// The seed.
    pub(super) seed: u64,
    /// The measures.
    pub(super) measures: Vec<String>,
}

impl Identity {
    /// In what two of them differ, in words.
    fn difference(&self, other: &Identity) -> Option<&'static str> {
        let differs = [
            (self.version != other.version, "another version of sqsim"),
            (self.texts != other.texts, "another text of the scenario"),
            (self.set != other.set, "other changes with `--set`"),
            (self.seed != other.seed, "another seed"),
            (self.measures != other.measures, "other measures"),
            (self.scenarios != other.scenarios, "other data files"),
        ];
        differs.into_iter().find(|(differs, _)| *differs).map(|(_, what)| what)
    }
}

/// The first line.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Header {
    format: String,
    /// What the rows belong to.
    pub(super) identity: Identity,
    /// What was asked.
    pub(super) asked: Asked,
    /// The scenario's file, as it was named.
    pub(super) model: PathBuf,
}

impl Header {
    pub(super) fn new(identity: Identity, asked: Asked, model: PathBuf) -> Header {
        Header { format: FORMAT.to_owned(), identity, asked, model }
    }
}

/// Any other line.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// The name of the point.
    point: String,
    /// Which replication.
    replication: u64,
    row: Row,
}

type Key = (String, u64);

fn key(job: &Job<'_>) -> Key {
    (job.point.name.clone(), job.replication)
}

/// What journals tell.
#[derive(Debug)]
pub(super) struct Known(BTreeMap<Key, Row>);

impl Known {
    /// The rows of these journals.
    ///
    /// # Errors
    /// One belongs to another experiment than `header`, or cannot be read.
    pub(super) fn of(journals: &[PathBuf], header: &Header) -> Result<Known, Failure> {
        let mut known = BTreeMap::new();
        for found in journals {
            let (theirs, rows) = read(found)?;
            if let Some(what) = header.identity.difference(&theirs.identity) {
                return Err(Failure::usage(
                    format!("`{}` holds the runs of {what}", found.display()),
                    "name another folder, or delete this file to begin anew",
                ));
            }
            known.extend(rows);
        }
        Ok(Known(known))
    }
}

impl Memory for Known {
    fn recall(&self, job: &Job<'_>) -> Option<Row> {
        self.0.get(&key(job)).cloned()
    }

    fn keep(&self, _job: &Job<'_>, _row: &Row) {}
}

/// An experiment's memory in a folder.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    header: Header,
    known: Known,
    file: Mutex<File>,
    failed: Mutex<Option<io::Error>>,
    interrupt: &'static AtomicBool,
}

impl Journal {
    /// Opens the journal of an experiment, with what is known from earlier.
    ///
    /// # Errors
    /// The folder holds another experiment's runs, or cannot be read or written.
    pub(super) fn open(
        directory: &Path,
        shard: Option<Shard>,
        header: Header,
        interrupt: &'static AtomicBool,
    ) -> Result<Journal, Failure> {
        let known = Known::of(&journals(directory)?, &header)?;
        let name = shard.map_or_else(String::new, |shard| format!("-{}", shard.name()));
        let path = directory.join(format!("journal{name}.jsonl"));
        // What another journal tells need not be told again; a torn last line is left out.
        let own = if path.exists() { read(&path)?.1 } else { BTreeMap::new() };
        write(&path, &text(&header, own.iter())?)?;
        let file = File::options().append(true).open(&path);
        let file = file.map_err(|error| cannot_write(&path, &error))?;
        let (file, failed) = (Mutex::new(file), Mutex::default());
        Ok(Journal { path, header, known, file, failed, interrupt })
    }

    /// The rows of all jobs, those known from earlier included; `None` after an interrupt.
    ///
    /// # Errors
    /// A row could not be written.
    pub(super) fn rows(
        &self,
        label: &str,
        jobs: &[Job<'_>],
        quantities: &[Quantity],
        global: &Global,
        terminal: Terminal,
    ) -> Result<Option<Vec<Row>>, Failure> {
        let known = jobs.iter().filter(|job| self.known.0.contains_key(&key(job))).count();
        if known > 0 {
            terminal.say(&format!("{known} of {} runs were done before", jobs.len()));
        }
        let rows = rows(label, jobs, quantities, self, global);
        self.check()?;
        if rows.is_none() {
            terminal.say(&self.interrupted());
        }
        Ok(rows)
    }

    /// Says if a row could not be written.
    ///
    /// # Errors
    /// One could not.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let failed = lock(&self.failed).take();
        failed.map_or(Ok(()), |error| Err(cannot_write(&self.path, &error)))
    }

    /// What to say after an interrupt.
    pub(super) fn interrupted(&self) -> String {
        let kept = self.path.display();
        format!("interrupted: `{kept}` keeps what is done; repeat the command to go on")
    }

    /// All is done of work that says on the way which jobs there are: the rows by point and
    /// replication.
    ///
    /// # Errors
    /// They cannot be written.
    pub(super) fn sort(self) -> Result<(), Failure> {
        let (header, rows) = read(&self.path)?;
        write(&self.path, &text(&header, rows.iter())?)
    }

    /// All jobs are done: their rows in their order, and no others.
    ///
    /// # Errors
    /// They cannot be written.
    pub(super) fn finish(self, jobs: &[Job<'_>], rows: &[Row]) -> Result<(), Failure> {
        let keys: Vec<Key> = jobs.iter().map(key).collect();
        write(&self.path, &text(&self.header, keys.iter().zip(rows))?)
    }
}

impl Memory for Journal {
    fn recall(&self, job: &Job<'_>) -> Option<Row> {
        self.known.recall(job)
    }

    fn keep(&self, job: &Job<'_>, row: &Row) {
        let written = line(&key(job), row).and_then(|line| {
            // One call: a reader sees a whole line, and so does a successor after a kill.
            lock(&self.file).write_all(line.as_bytes())
        });
        if let Err(error) = written {
            // What cannot be kept need not be computed.
            self.interrupt.store(true, Ordering::Relaxed);
            lock(&self.failed).get_or_insert(error);
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The journals in a folder, in the order of their names.
///
/// # Errors
/// The folder cannot be read.
pub(super) fn journals(directory: &Path) -> Result<Vec<PathBuf>, Failure> {
    let failure = |error| Failure::io(&format!("read `{}`", directory.display()), &error);
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).map_err(failure)? {
        let path = entry.map_err(failure)?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("journal") && name.ends_with(".jsonl") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}

/// The header and the rows of a journal. What stands behind the last line feed was not written
/// whole and counts as not done.
///
/// # Errors
/// It cannot be read, or is no journal.
pub(super) fn read(path: &Path) -> Result<(Header, BTreeMap<Key, Row>), Failure> {
    let shown = path.display();
    let text = fs::read_to_string(path)
        .map_err(|error| Failure::io(&format!("read `{shown}`"), &error))?;
    let no_journal = |number: usize| {
        Failure::usage(
            format!("line {number} of `{shown}` is not that of a journal"),
            "name another folder, or delete this file to begin anew",
        )
    };
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let mut lines = whole.lines();
    let header: Option<Header> = lines.next().and_then(|line| serde_json::from_str(line).ok());
    let header = header.filter(|header| header.format == FORMAT).ok_or_else(|| no_journal(1))?;
    let mut rows = BTreeMap::new();
    for (line, number) in lines.zip(2..) {
        let Line { point, replication, row } =
            serde_json::from_str(line).map_err(|_| no_journal(number))?;
        rows.insert((point, replication), row);
    }
    Ok((header, rows))
}

fn text<'a>(
    header: &Header,
    rows: impl Iterator<Item = (&'a Key, &'a Row)>,
) -> Result<String, Failure> {
    let bug = |error: &dyn std::fmt::Display| Failure::bug(format!("no journal: {error}"));
    let mut text = serde_json::to_string(header).map_err(|error| bug(&error))?;
    text.push('\n');
    for (key, row) in rows {
        text += &line(key, row).map_err(|error| bug(&error))?;
    }
    Ok(text)
}

fn line(key: &Key, row: &Row) -> io::Result<String> {
    let (point, replication) = key.clone();
    Ok(serde_json::to_string(&Line { point, replication, row: row.clone() })? + "\n")
}
