//! Output files.
//!
//! Owns their way onto the disk: written under a temporary name in the target's directory, then
//! renamed, so that a reader sees the old file or the new one and never half of one. Must not
//! know what they contain.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process;

use super::failure::Failure;

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Pending {
    file: File,
    /// The name until it is complete; `None` for what is no regular file, as a pipe.
    temporary: Option<PathBuf>,
    target: PathBuf,
}

impl Pending {
    /// Begins the file `target`.
    ///
    /// # Errors
    /// It cannot be written there.
    pub(super) fn create(target: &Path) -> Result<Pending, Failure> {
        // A link stays a link: what it points to is replaced.
        let target = fs::canonicalize(target).unwrap_or_else(|_| target.to_path_buf());
        let create = || -> io::Result<Pending> {
            let known = fs::metadata(&target);
            if known.as_ref().is_ok_and(fs::Metadata::is_dir) {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            if known.is_ok_and(|known| !known.is_file()) {
                let file = File::options().write(true).open(&target)?;
                return Ok(Pending { file, temporary: None, target: target.clone() });
            }
            let name = target.file_name().unwrap_or_default().to_string_lossy();
            let temporary = target.with_file_name(format!(".{name}.{}.tmp", process::id()));
            let file = File::create(&temporary)?;
            Ok(Pending { file, temporary: Some(temporary), target: target.clone() })
        };
        create().map_err(|error| cannot_write(&target, &error))
    }

    /// The file is complete.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        let Some(temporary) = &self.temporary else { return Ok(()) };
        let renamed = self.file.flush().and_then(|()| fs::rename(temporary, &self.target));
        renamed.map_err(|error| cannot_write(&self.target, &error))?;
        self.temporary = None;
        Ok(())
    }
}

impl Write for Pending {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// A file that was not finished leaves nothing behind.
impl Drop for Pending {
    fn drop(&mut self) {
        if let Some(temporary) = &self.temporary {
            let _ = fs::remove_file(temporary);
        }
    }
}

/// Writes a whole file.
///
/// # Errors
/// It cannot be written.
pub(super) fn write(target: &Path, contents: &str) -> Result<(), Failure> {
    let mut pending = Pending::create(target)?;
    pending.write_all(contents.as_bytes()).map_err(|error| cannot_write(target, &error))?;
    pending.finish()
}

/// Makes a directory, and finds out whether files can be made in it.
///
/// # Errors
/// They cannot.
pub(super) fn prepare_directory(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    fs::create_dir_all(path)
        .map_err(|error| Failure::io(&format!("make the directory `{shown}`"), &error))?;
    Pending::create(&path.join("outcome.json")).map(drop)
}

/// What to say about a file that cannot be written.
pub(super) fn cannot_write(target: &Path, error: &io::Error) -> Failure {
    Failure::io(&format!("write `{}`", target.display()), error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(directory: &Path) -> Vec<String> {
        let entries = fs::read_dir(directory).unwrap();
        let mut names: Vec<String> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_appears_whole_or_not_at_all() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("a.txt");
        write(&target, "old").unwrap();
        let mut pending = Pending::create(&target).unwrap();
        pending.write_all(b"half").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "old");
        drop(pending);
        assert_eq!(names(directory.path()), ["a.txt"]);
        write(&target, "new").unwrap();
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        assert_eq!(names(directory.path()), ["a.txt"]);
    }

    #[test]
    fn what_cannot_be_written_is_known_at_the_beginning() {
        let directory = tempfile::tempdir().unwrap();
        let told = |failure: Failure| failure.faults.to_string();
        let missing = Pending::create(&directory.path().join("no/such/a.txt")).unwrap_err();
        assert!(told(missing).contains("no such file or directory"));
        let taken = Pending::create(directory.path()).unwrap_err();
        assert!(told(taken).contains("it is a directory"));
        fs::write(directory.path().join("file"), "").unwrap();
        let inside = prepare_directory(&directory.path().join("file/out")).unwrap_err();
        assert!(told(inside).contains("not a directory"));
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_stay_what_they_are() {
        let directory = tempfile::tempdir().unwrap();
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        write(&link, "new").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        let null = directory.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &null).unwrap();
        write(&null, "gone").unwrap();
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
