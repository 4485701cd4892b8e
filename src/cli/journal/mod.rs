//! The journal of an experiment: every run that is done, a line each.
//!
//! Owns the file and what it may be used for. Must not know what rows mean.
//!
//! A killed experiment leaves its journal; asked again for the same folder it goes on from there.
//! The first line says what the rows belong to: where the scenario, the seed, the measures or the
//! program differ they are of no use, and it is said which. More points or replications than
//! before are no difference. Shares write journals of their own, so that any number may write
//! into one folder; all that lie there are read, and what two of them tell of one run must be the
//! same. One process writes a journal at a time: it holds a lock on it.
//!
//! Invariant: a row is handed to the system, as one whole line, before it counts as done, so that a
//! killed process loses none; a machine that loses its power may lose the last ones, which are then
//! done again. When all are done the lines stand in the order of the jobs, however often the work
//! was interrupted, and are on the disk.

mod lines;

use std::fs::{self, File, TryLockError};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde::{Deserialize, Serialize};

use self::lines::{Found, Rows, agree, of_header, of_row};
use super::args::Global;
use super::failure::Failure;
use super::files::{Pending, cannot_write};
use super::interrupt;
use super::shard::Shard;
use super::terminal::Terminal;
use super::work::rows;
use crate::experiment::asked::Asked;
use crate::experiment::row::RunRow;
use crate::experiment::runs::{Job, Memory};
use crate::stats::expect::Quantity;

const FORMAT: &str = "sqsim-journal/3";

/// A hash over the sources of this program.
const BUILD: &str = env!("SQSIM_BUILD");

/// What rows belong to: two experiments of one identity may share them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Identity {
    /// The version of sqsim.
    pub(super) version: String,
    /// A hash over its sources.
    pub(super) build: String,
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
    /// Of this program; what it is about is still to be said.
    pub(super) fn of_this_program() -> Identity {
        Identity {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            build: BUILD.to_owned(),
            texts: Vec::new(),
            scenarios: String::new(),
            set: Vec::new(),
            seed: 0,
            measures: Vec::new(),
        }
    }

    /// In what two of them differ, in words.
    fn difference(&self, other: &Identity) -> Option<&'static str> {
        let differs = [
            (self.version != other.version, "another version of sqsim"),
            (self.build != other.build, "another build of sqsim"),
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

    fn is_known(&self) -> bool {
        self.format == FORMAT
    }
}

type Key = (String, u64);

fn key(job: &Job<'_>) -> Key {
    (job.point.name.clone(), job.replication)
}

/// Journals as they were read, in an order of their own.
#[derive(Debug)]
pub(super) struct Read(Vec<(PathBuf, Found)>);

impl Read {
    /// Reads journals, each once.
    ///
    /// # Errors
    /// One cannot be read, or is none.
    pub(super) fn of(journals: Vec<PathBuf>) -> Result<Read, Failure> {
        let read = |path: PathBuf| lines::read(&path).map(|found| (path, found));
        Ok(Read(journals.into_iter().map(read).collect::<Result<_, Failure>>()?))
    }

    /// The first that was begun, with what it belongs to.
    pub(super) fn first(&self) -> Option<(&Path, &Header)> {
        self.0.iter().find_map(|(path, found)| match found {
            Found::Journal(header, _) => Some((path.as_path(), &**header)),
            Found::Begun(_) => None,
        })
    }
}

/// What journals tell, each by its path.
#[derive(Debug)]
pub(super) struct Known(Vec<(PathBuf, Rows)>);

impl Known {
    /// The rows of journals.
    ///
    /// # Errors
    /// One belongs to another experiment than `header`, or two tell different things of one run.
    pub(super) fn of(read: Read, header: &Header) -> Result<Known, Failure> {
        let mut known: Vec<(PathBuf, Rows)> = Vec::new();
        for (path, found) in read.0 {
            let rows = header.rows_of(&path, found)?;
            for (before, earlier) in &known {
                for (key, row) in &rows {
                    let other = earlier.get(key).unwrap_or(row);
                    agree(key, [other, row], [before, &path])?;
                }
            }
            known.push((path, rows));
        }
        Ok(Known(known))
    }

    /// The rows of one of the journals.
    fn own(&self, path: &Path) -> impl Iterator<Item = (&Key, &RunRow)> {
        self.0.iter().filter(move |(known, _)| known == path).flat_map(|(_, rows)| rows)
    }

    fn get(&self, key: &Key) -> Option<&RunRow> {
        self.0.iter().find_map(|(_, rows)| rows.get(key))
    }
}

impl Memory for Known {
    fn recall(&self, job: &Job<'_>) -> Option<RunRow> {
        self.get(&key(job)).cloned()
    }

    fn keep(&self, _job: &Job<'_>, _row: &RunRow) {}
}

/// An experiment's memory in a folder.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    header: Header,
    known: Known,
    /// It, locked; and the one that it took the place of, so that nobody gets hold of that.
    file: Mutex<[File; 2]>,
    failed: Mutex<Option<io::Error>>,
    interrupt: &'static AtomicBool,
}

impl Journal {
    /// Opens the journal of an experiment, with what is known from earlier.
    ///
    /// # Errors
    /// The folder holds another experiment's runs, another process writes there, or it cannot be
    /// read or written.
    pub(super) fn open(
        directory: &Path,
        shard: Option<Shard>,
        header: Header,
        interrupt: &'static AtomicBool,
    ) -> Result<Journal, Failure> {
        let name = shard.map_or_else(String::new, |shard| format!("-{}", shard.name()));
        let path = directory.join(format!("journal{name}.jsonl"));
        let before = begin(&path)?;
        let read = || journals(directory).and_then(Read::of);
        let known = interrupt::at_once("", read).and_then(|read| Known::of(read, &header));
        let known = known.inspect_err(|_| {
            // A folder of others is left as it was found.
            if before.metadata().is_ok_and(|of| of.len() == 0) {
                let _ = fs::remove_file(&path);
            }
        })?;
        // What another journal tells need not be told again; a torn last line is left out.
        let file = rewrite(&path, &text(&header, known.own(&path))?)?;
        let (file, failed) = (Mutex::new([file, before]), Mutex::default());
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
    ) -> Result<Option<Vec<RunRow>>, Failure> {
        let known = jobs.iter().filter(|job| self.known.get(&key(job)).is_some()).count();
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
        let rows = self.header.rows_of(&self.path, lines::read(&self.path)?)?;
        rewrite(&self.path, &text(&self.header, rows.iter())?).map(drop)
    }

    /// All jobs are done: their rows in their order, and no others.
    ///
    /// # Errors
    /// They cannot be written.
    pub(super) fn finish(self, jobs: &[Job<'_>], rows: &[RunRow]) -> Result<(), Failure> {
        let keys: Vec<Key> = jobs.iter().map(key).collect();
        rewrite(&self.path, &text(&self.header, keys.iter().zip(rows))?).map(drop)
    }
}

impl Memory for Journal {
    fn recall(&self, job: &Job<'_>) -> Option<RunRow> {
        self.known.recall(job)
    }

    fn keep(&self, job: &Job<'_>, row: &RunRow) {
        let line = of_row(&key(job), row);
        let mut file = lock(&self.file);
        let mut failed = lock(&self.failed);
        // A line that was torn by a full disk is the last one: behind it, once there is room again,
        // another one would be lost.
        if failed.is_some() {
            return;
        }
        // One call: a reader sees a whole line, and so does a successor after a kill.
        if let Err(error) = line.and_then(|line| file[0].write_all(line.as_bytes())) {
            // What cannot be kept need not be computed.
            self.interrupt.store(true, Ordering::Relaxed);
            *failed = Some(error);
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
    if directory.is_file() {
        return Err(Failure::usage(
            format!("`{}` is a file, not a folder of results", directory.display()),
            "name the folder that `sqsim sweep -o DIR` wrote into",
        ));
    }
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

impl Header {
    /// The rows of a journal of the same experiment.
    ///
    /// # Errors
    /// It belongs to another one.
    fn rows_of(&self, path: &Path, found: Found) -> Result<Rows, Failure> {
        let other = |what: &str| {
            let what = format!("`{}` holds the runs of {what}", path.display());
            Failure::usage(what, "name another folder, or delete this file to begin anew")
        };
        match found {
            Found::Journal(theirs, rows) => match self.identity.difference(&theirs.identity) {
                Some(what) => Err(other(what)),
                None => Ok(rows),
            },
            // Nothing was done yet. That is sure where nothing stands there, or a part of what this
            // experiment would write.
            Found::Begun(begun) => {
                let own = of_header(self).map_err(|error| no_text(&error))?;
                let sure = own.as_bytes().starts_with(&begun);
                if sure { Ok(Rows::new()) } else { Err(other("nobody knows what")) }
            }
        }
    }
}

/// Makes a journal's file if there is none, and takes its lock: of two processes that begin at once
/// one has it.
///
/// # Errors
/// Another process has it, it cannot be written, or somebody put a link there.
fn begin(path: &Path) -> Result<File, Failure> {
    if fs::symlink_metadata(path).is_ok_and(|known| known.is_symlink()) {
        let what = format!("`{}` is a link", path.display());
        return Err(Failure::usage(what, "remove it, or name another folder"));
    }
    let file = File::options().read(true).append(true).create(true).open(path);
    let file = file.map_err(|error| cannot_write(path, &error))?;
    lock_file(&file, path)?;
    Ok(file)
}

/// Writes a journal anew, on the disk and locked.
///
/// # Errors
/// It cannot be written.
fn rewrite(path: &Path, text: &str) -> Result<File, Failure> {
    let mut pending = Pending::within(path)?;
    pending.write_all(text.as_bytes()).map_err(|error| cannot_write(path, &error))?;
    pending.finish_synced()
}

/// Takes the lock on a journal for as long as the file is open.
///
/// # Errors
/// Another process has it.
fn lock_file(file: &File, path: &Path) -> Result<(), Failure> {
    match file.try_lock() {
        Err(TryLockError::WouldBlock) => Err(Failure::usage(
            format!("another process writes `{}`", path.display()),
            "wait for its end, name another folder, or give each a `--shard I/N`",
        )),
        // Where a file system knows no locks there are none.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(()),
    }
}

fn no_text(error: &dyn std::fmt::Display) -> Failure {
    Failure::bug(format!("no journal: {error}"))
}

fn text<'a>(
    header: &Header,
    rows: impl Iterator<Item = (&'a Key, &'a RunRow)>,
) -> Result<String, Failure> {
    let mut text = of_header(header).map_err(|error| no_text(&error))?;
    for (key, row) in rows {
        text += &of_row(key, row).map_err(|error| no_text(&error))?;
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::point::Point;
    use crate::experiment::sweep::SweepAsked;
    use crate::stats::fixture;

    fn header() -> Header {
        let asked = SweepAsked {
            about: String::new(),
            model: "a.ron".to_owned(),
            set: Vec::new(),
            vary: vec!["x=1".to_owned()],
            measures: Vec::new(),
            reps: 2,
            seed: None,
        };
        Header::new(Identity::of_this_program(), Asked::Sweep(asked), "a.ron".into())
    }

    /// Once a row could not be written, none is: there might be room again behind a torn line.
    #[test]
    fn nothing_is_written_behind_a_row_that_failed() {
        static INTERRUPT: AtomicBool = AtomicBool::new(false);
        let directory = tempfile::tempdir().expect("a directory");
        let scenario = fixture::scenario();
        let row = RunRow::of(&[], &scenario, &fixture::measured(0), None);
        let point = Point { name: "x=1".to_owned(), sets: Vec::new(), scenario };
        let journal =
            Journal::open(directory.path(), None, header(), &INTERRUPT).expect("it opens");
        let keep = |replication| journal.keep(&Job { point: &point, replication }, &row);
        let text = || fs::read_to_string(&journal.path).expect("it can be read");
        keep(0);
        let before = text();
        assert_eq!(before.lines().count(), 2);
        let closed = File::open(&journal.path).expect("it can be read");
        let open = std::mem::replace(&mut lock(&journal.file)[0], closed);
        keep(1);
        lock(&journal.file)[0] = open;
        keep(2);
        assert_eq!(text(), before);
        assert!(INTERRUPT.load(Ordering::Relaxed));
        let told = journal.check().expect_err("one is not kept").faults.to_string();
        assert!(told.contains("cannot write `") && told.contains("journal.jsonl`"), "{told}");
    }

    /// The first and the third of three journals tell two things of one run: these are named.
    #[test]
    fn journals_that_disagree_are_those_that_are_named() {
        let row = |fingerprint| RunRow {
            fingerprint,
            ..RunRow::of(&[], &fixture::scenario(), &fixture::measured(0), None)
        };
        let journal = |path: &str, replication, fingerprint| {
            let rows = Rows::from([(("x=1".to_owned(), replication), row(fingerprint))]);
            (PathBuf::from(path), Found::Journal(Box::new(header()), rows))
        };
        let known = |third| {
            let read = Read(vec![journal("a", 0, 7), journal("b", 1, 8), journal("c", 0, third)]);
            Known::of(read, &header())
        };
        let alike = known(7).expect("they agree");
        assert_eq!(alike.own(Path::new("b")).map(|(key, _)| key.1).collect::<Vec<u64>>(), [1]);
        assert_eq!(alike.get(&("x=1".to_owned(), 0)).map(|row| row.fingerprint), Some(7));
        let told = known(9).expect_err("they differ").faults.to_string();
        assert!(told.contains("`a` and `c` tell two things of one run, replication 0"), "{told}");
    }
}
