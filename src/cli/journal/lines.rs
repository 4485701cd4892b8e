//! The lines of a journal.
//!
//! Owns their form: JSON, with a hash of the line at its end, so that one which was torn or changed
//! is known; and how a whole file is read. Must not know what a journal is for.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::{Header, Key};
use crate::cli::failure::Failure;
use crate::cli::values::hash;
use crate::experiment::row::RunRow;
use crate::scenario::reading;

/// Longest line in bytes. A header holds the texts of its scenarios, a row its distributions.
const LONGEST: u64 = 256 << 20;

/// What stands before the hash at the end of a line.
const CHECK: &str = ",\"check\":\"";

/// Any line but the first.
#[derive(Debug, Serialize, Deserialize)]
struct Line {
    /// The name of the point.
    point: String,
    /// Which replication.
    replication: u64,
    row: RunRow,
}

/// Rows by point and replication.
pub(super) type Rows = BTreeMap<Key, RunRow>;

/// What stands in a file.
#[derive(Debug)]
pub(super) enum Found {
    /// A journal.
    Journal(Box<Header>, Rows),
    /// No line that ended: nothing, or a header that was not written whole.
    Begun(Vec<u8>),
}

/// A header as a line.
///
/// # Errors
/// Never for one made here.
pub(super) fn of_header(header: &Header) -> io::Result<String> {
    Ok(checked(serde_json::to_string(header)?))
}

/// A row as a line.
///
/// # Errors
/// Never for one made here.
pub(super) fn of_row(key: &Key, row: &RunRow) -> io::Result<String> {
    let (point, replication) = key.clone();
    Ok(checked(serde_json::to_string(&Line { point, replication, row: row.clone() })?))
}

/// With its hash before the last bracket, and a line feed.
fn checked(mut json: String) -> String {
    json.pop();
    let hash = hash(&json);
    json + CHECK + &format!("{hash:016x}\"}}\n")
}

/// The JSON of a line whose hash is right.
fn unchecked(line: &[u8]) -> Option<String> {
    let (json, check) = std::str::from_utf8(line).ok()?.rsplit_once(CHECK)?;
    (check.strip_suffix("\"}")? == format!("{:016x}", hash(json))).then(|| format!("{json}}}"))
}

/// The header and the rows of a journal. What stands behind the last line feed was not written
/// whole and counts as not done.
///
/// # Errors
/// It cannot be read, or is no journal.
pub(super) fn read(path: &Path) -> Result<Found, Failure> {
    let shown = path.display();
    let mut read = Read { path: path.to_path_buf(), number: 0, header: None, rows: Rows::new() };
    let rest =
        reading::lines(path, LONGEST, |line| read.take(line)).map_err(|wrong| match wrong {
            Wrong::Io(error) => Failure::io(&format!("read `{shown}`"), &error),
            Wrong::Told(failure) => *failure,
        })?;
    Ok(match read.header {
        Some(header) => Found::Journal(Box::new(header), read.rows),
        None => Found::Begun(rest),
    })
}

/// Why a journal cannot be read on.
enum Wrong {
    Io(io::Error),
    Told(Box<Failure>),
}

impl From<io::Error> for Wrong {
    fn from(error: io::Error) -> Wrong {
        Wrong::Io(error)
    }
}

/// A journal that is being read.
struct Read {
    path: PathBuf,
    number: u64,
    header: Option<Header>,
    rows: Rows,
}

impl Read {
    fn take(&mut self, line: &[u8]) -> Result<(), Wrong> {
        self.number += 1;
        let taken = match &self.header {
            None => self.begin(line),
            Some(_) => self.row(line),
        };
        taken.map_err(|failure| Wrong::Told(Box::new(failure)))
    }

    fn begin(&mut self, line: &[u8]) -> Result<(), Failure> {
        let parsed = unchecked(line).and_then(|json| serde_json::from_str::<Header>(&json).ok());
        let header = parsed.filter(Header::is_known).ok_or_else(|| self.no_journal(line))?;
        self.header = Some(header);
        Ok(())
    }

    fn row(&mut self, line: &[u8]) -> Result<(), Failure> {
        let parsed = unchecked(line).and_then(|json| serde_json::from_str::<Line>(&json).ok());
        let Some(Line { point, replication, row }) = parsed else {
            return Err(Failure::usage(
                format!("line {} of `{}` was changed or torn", self.number, self.path.display()),
                "delete this line, and its run is done again",
            ));
        };
        add(&mut self.rows, ((point, replication), row), [&self.path, &self.path])
    }

    fn no_journal(&self, line: &[u8]) -> Failure {
        let shown = self.path.display();
        let older = std::str::from_utf8(line).is_ok_and(|line| line.contains("sqsim-journal/"));
        let what = if older {
            format!(
                "`{shown}` is a journal of another version of sqsim, or its first line was changed"
            )
        } else {
            format!("line 1 of `{shown}` is not that of a journal")
        };
        Failure::usage(what, "name another folder, or delete this file to begin anew")
    }
}

/// Adds a row to others, which stand in the first of these files; its own is the second.
///
/// # Errors
/// Another row is known of the same run.
fn add(rows: &mut Rows, (key, row): (Key, RunRow), files: [&Path; 2]) -> Result<(), Failure> {
    if let Some(known) = rows.get(&key) {
        return agree(&key, [known, &row], files);
    }
    rows.insert(key, row);
    Ok(())
}

/// What two files tell of one run must be the same.
///
/// # Errors
/// It is not.
pub(super) fn agree(key: &Key, rows: [&RunRow; 2], files: [&Path; 2]) -> Result<(), Failure> {
    if rows[0] == rows[1] {
        return Ok(());
    }
    let (point, replication) = key;
    let [first, second] = files.map(|file| file.display().to_string());
    let files =
        if first == second { format!("`{first}`") } else { format!("`{first}` and `{second}`") };
    let what = format!("{files} tell two things of one run, replication {replication} of {point}");
    let prints = match rows.map(|row| row.fingerprint) {
        [one, other] if one == other => {
            "their fingerprints are equal, what was measured is not".to_owned()
        }
        [one, other] => format!("the fingerprints are {one:016x} and {other:016x}"),
    };
    Err(Failure::bug(format!("{what}: {prints}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::fixture;

    /// Two machines gave different runs for one seed: that is told, and who said what.
    #[test]
    fn what_two_journals_tell_of_one_run_must_be_the_same() {
        let row = RunRow::of(&[], &fixture::scenario(), &fixture::measured(0), None);
        let key = || ("x=1".to_owned(), 3);
        let [a, b] = ["a/journal.jsonl", "b/journal.jsonl"].map(Path::new);
        let mut rows = Rows::new();
        for _ in 0..2 {
            add(&mut rows, (key(), row.clone()), [a, b]).expect("it is the same");
        }
        assert_eq!(rows.len(), 1);
        let other = RunRow { fingerprint: 7, ..row.clone() };
        let failure = add(&mut rows, (key(), other), [a, b]).expect_err("it is another");
        let told = failure.faults.to_string();
        let what = "`a/journal.jsonl` and `b/journal.jsonl` tell two things of one run, \
                    replication 3 of x=1: the fingerprints are 9f3c1a7200000000 and \
                    0000000000000007";
        assert!(told.contains(what), "{told}");
        assert_eq!(failure.exit, crate::cli::exit::Exit::Bug);
        let partial = RunRow { partial: Some("why".to_owned()), ..row };
        let failure = add(&mut rows, (key(), partial), [b, b]).expect_err("it is another");
        let told = failure.faults.to_string();
        assert!(told.contains("`b/journal.jsonl` tell"), "{told}");
        assert!(told.contains("fingerprints are equal, what was measured is not"), "{told}");
    }

    #[test]
    fn a_line_that_was_changed_is_known() {
        let line = checked("{\"point\":\"x=1\",\"replication\":3}".to_owned());
        let bytes = line.trim_end().as_bytes();
        assert_eq!(unchecked(bytes).as_deref(), Some("{\"point\":\"x=1\",\"replication\":3}"));
        for at in 0..bytes.len() {
            let mut changed = bytes.to_vec();
            changed[at] ^= 1;
            assert_eq!(unchecked(&changed), None, "byte {at}");
            assert_eq!(unchecked(&bytes[..at]), None, "{at} bytes");
        }
    }
}
