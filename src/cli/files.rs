//! Output files.
//!
//! Owns their way onto the disk: written under a temporary name in the target's directory, then
//! renamed, so that a reader sees the old file or the new one and never half of one. Must not
//! know what they contain.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};
use std::process;

use super::failure::Failure;

/// How the names of results end.
const RESULTS: [&str; 5] = ["json", "jsonl", "csv", "svg", "snap"];

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Pending {
    file: File,
    /// The name until it is complete; `None` for what is no regular file, as a pipe.
    temporary: Option<PathBuf>,
    target: PathBuf,
}

impl Pending {
    /// Begins the file `target`, which somebody named: a link stays a link, and what it points to
    /// is replaced.
    ///
    /// # Errors
    /// It cannot be written there.
    pub(super) fn create(target: &Path) -> Result<Pending, Failure> {
        Pending::within(&fs::canonicalize(target).unwrap_or_else(|_| target.to_path_buf()))
    }

    /// Begins a file in a folder of results: a link of its name to another file is replaced, so
    /// that no text outside the folder is touched.
    ///
    /// # Errors
    /// It cannot be written there.
    pub(super) fn within(target: &Path) -> Result<Pending, Failure> {
        let name = target.file_name().unwrap_or_default();
        remove_left_over(target.parent().unwrap_or(Path::new("")), |left| *left == *name);
        Pending::begin(target)
    }

    /// The same where nothing was left over, as in a folder that was prepared.
    fn begin(target: &Path) -> Result<Pending, Failure> {
        let create = || -> io::Result<Pending> {
            let known = fs::symlink_metadata(target);
            if known.is_ok_and(|known| known.is_dir()) {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            // A pipe or a device, or a link to one, is written to: it holds nobody's text.
            let is_other = |of: fs::Metadata| !of.is_file() && !of.is_dir();
            if fs::metadata(target).is_ok_and(is_other) {
                let file = File::options().write(true).open(target)?;
                return Ok(Pending { file, temporary: None, target: target.to_path_buf() });
            }
            let (file, temporary) = new_beside(target)?;
            Ok(Pending { file, temporary: Some(temporary), target: target.to_path_buf() })
        };
        create().map_err(|error| cannot_write(target, &error))
    }

    /// The file is complete.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.rename()
    }

    /// The same with all of it on the disk: it, still open and locked.
    ///
    /// # Errors
    /// It cannot be written.
    pub(super) fn finish_synced(mut self) -> Result<File, Failure> {
        if self.temporary.is_some() {
            self.file.sync_all().map_err(|error| cannot_write(&self.target, &error))?;
        }
        self.rename()?;
        self.file.try_clone().map_err(|error| cannot_write(&self.target, &error))
    }

    fn rename(&mut self) -> Result<(), Failure> {
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

/// A new file beside `target`, locked so that others see that somebody is at work on it. Whatever
/// stands under its name already, be it a link that somebody put there, is left alone.
fn new_beside(target: &Path) -> io::Result<(File, PathBuf)> {
    /// Names to try: each process has its own, so that only left-over files can stand in the way.
    const TRIES: u32 = 100;
    let name = target.file_name().unwrap_or_default().to_string_lossy();
    let id = process::id();
    let mut taken = None;
    for number in 0..TRIES {
        let temporary = target.with_file_name(format!(".{name}.{id}-{number}.tmp"));
        match File::options().write(true).create_new(true).open(&temporary) {
            Ok(file) => {
                // Where a file system knows no locks nothing is removed either.
                let _ = file.try_lock();
                return Ok((file, temporary));
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => taken = Some(error),
            Err(error) => return Err(error),
        }
    }
    Err(taken.unwrap_or_else(|| io::ErrorKind::AlreadyExists.into()))
}

/// Removes the temporary files of the files of these names in a folder, unless a process holds
/// them: what killed ones left behind.
fn remove_left_over(folder: &Path, is_wanted: impl Fn(&str) -> bool) {
    let here = folder == Path::new("");
    let Ok(entries) = fs::read_dir(if here { Path::new(".") } else { folder }) else { return };
    for entry in entries.flatten() {
        let found = entry.file_name();
        let found = found.to_string_lossy();
        let parts = found.strip_prefix('.').and_then(|rest| rest.strip_suffix(".tmp"));
        let Some((name, number)) = parts.and_then(|parts| parts.rsplit_once('.')) else { continue };
        let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit() || byte == b'-');
        let is_ours = !number.is_empty() && is_number(number) && is_wanted(name);
        if is_ours && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            let held = File::open(entry.path()).map(|file| file.try_lock());
            if matches!(held, Ok(Ok(()))) {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// The path of what is called so in a folder of results, whatever the name is: never outside.
pub(super) fn inside(folder: &Path, name: &str) -> PathBuf {
    let mut parts = Path::new(name).components();
    let is_name = matches!(parts.next(), Some(Component::Normal(part)) if part == name);
    folder.join(if is_name && parts.next().is_none() { name } else { "scenario" })
}

/// Writes a whole file into a folder of results that was prepared.
///
/// # Errors
/// It cannot be written.
pub(super) fn write(target: &Path, contents: &str) -> Result<(), Failure> {
    let mut pending = Pending::begin(target)?;
    pending.write_all(contents.as_bytes()).map_err(|error| cannot_write(target, &error))?;
    pending.finish()
}

/// The same in pieces, for as long as there is `time` for another; whether all of it was written.
/// Otherwise there is no such file.
///
/// # Errors
/// It cannot be written.
pub(super) fn write_pieces(
    target: &Path,
    pieces: impl Iterator<Item = String>,
    mut time: impl FnMut() -> bool,
) -> Result<bool, Failure> {
    let mut pending = Pending::begin(target)?;
    for piece in pieces {
        if !time() {
            return Ok(false);
        }
        pending.write_all(piece.as_bytes()).map_err(|error| cannot_write(target, &error))?;
    }
    pending.finish()?;
    Ok(true)
}

/// Makes a directory of results, and finds out whether files can be made in it. What killed
/// processes left of results is removed: once for all files, of which there may be thousands.
///
/// # Errors
/// They cannot.
pub(super) fn prepare_directory(path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    fs::create_dir_all(path)
        .map_err(|error| Failure::io(&format!("make the directory `{shown}`"), &error))?;
    remove_left_over(path, |name| {
        let extension = Path::new(name).extension();
        RESULTS.iter().any(|result| extension.is_some_and(|of| of == *result))
    });
    Pending::begin(&path.join("outcome.json")).map(drop)
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

    /// A process that was killed leaves its temporary file; one that lives holds its own.
    #[test]
    fn what_killed_processes_left_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let target = directory.path().join("a.txt");
        let left = [".a.txt.4711-0.tmp", ".a.txt.4711.tmp"];
        let others = [".a.txt.tmp", ".a.txt.x.tmp", ".b.txt.4711-0.tmp"];
        for name in left.into_iter().chain(others) {
            fs::write(directory.path().join(name), "").unwrap();
        }
        let pending = Pending::within(&target).unwrap();
        write(&target, "new").unwrap();
        let own = pending.temporary.clone().unwrap();
        assert!(own.exists(), "its process lives");
        drop(pending);
        let mut kept = others.map(str::to_owned).to_vec();
        kept.push("a.txt".to_owned());
        assert_eq!(names(directory.path()), kept);
    }

    /// Of results alone: what others call alike stays.
    #[test]
    fn a_folder_is_prepared_once_for_all_results() {
        let directory = tempfile::tempdir().unwrap();
        let left = [".q-depth.svg.4711-0.tmp", ".outcome.json.4711-3.tmp", ".a.snap.12.tmp"];
        let others = [".a.svg.tmp", ".notes.txt.4711-0.tmp", ".x.svg.4711-a.tmp", "a.svg.12.tmp"];
        for name in left.into_iter().chain(others) {
            fs::write(directory.path().join(name), "").unwrap();
        }
        prepare_directory(directory.path()).unwrap();
        assert_eq!(names(directory.path()), others);
    }

    #[test]
    fn no_name_leads_out_of_the_folder() {
        let path = |name: &str| inside(Path::new("out"), name).display().to_string();
        for name in ["..", ".", "", "/etc", "a/b", "../x", "a/", "./a"] {
            assert_eq!(path(name), "out/scenario", "{name}");
        }
        assert_eq!((path("signup"), path("..."), path("a b")).0, "out/signup");
    }

    /// Somebody else put links where files are to be: under the name of a result, and under the
    /// name that the temporary file is going to have.
    #[cfg(unix)]
    #[test]
    fn links_in_a_folder_of_results_are_not_followed() {
        use std::os::unix::fs::symlink;
        let directory = tempfile::tempdir().unwrap();
        let path = |name: &str| directory.path().join(name);
        fs::write(path("mine"), "mine").unwrap();
        symlink(path("mine"), path("outcome.json")).unwrap();
        symlink(path("mine"), path(&format!(".outcome.json.{}-0.tmp", process::id()))).unwrap();
        write(&path("outcome.json"), "new").unwrap();
        assert_eq!(fs::read_to_string(path("mine")).unwrap(), "mine");
        assert!(!fs::symlink_metadata(path("outcome.json")).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(path("outcome.json")).unwrap(), "new");
    }

    #[cfg(unix)]
    #[test]
    fn links_and_devices_that_somebody_named_stay_what_they_are() {
        let directory = tempfile::tempdir().unwrap();
        let (target, link) = (directory.path().join("target"), directory.path().join("link"));
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let named = |path: &Path, text: &str| {
            let mut pending = Pending::create(path).unwrap();
            pending.write_all(text.as_bytes()).unwrap();
            pending.finish().unwrap();
        };
        named(&link, "new");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&target).unwrap(), "new");
        let null = directory.path().join("null");
        std::os::unix::fs::symlink("/dev/null", &null).unwrap();
        named(&null, "gone");
        assert!(!fs::metadata("/dev/null").unwrap().is_file());
    }
}
