//! Files of others, read within bounds.
//!
//! Owns how a file is read: not more than so many bytes of it, and no directory. Must not know what
//! stands in it.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, ErrorKind, Read};
use std::path::Path;

/// The bytes of a file.
///
/// # Errors
/// It cannot be read, is a directory, or has more than `largest` bytes.
pub fn bytes(path: &Path, largest: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    open(path)?.take(largest + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > largest {
        return Err(too_large(&format!("it is {}", words(largest))));
    }
    Ok(bytes)
}

/// The text of a file.
///
/// # Errors
/// As [`bytes`], or it is no UTF-8.
pub fn text(path: &Path, largest: u64) -> io::Result<String> {
    String::from_utf8(bytes(path, largest)?)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "it is no text in UTF-8"))
}

/// Gives `each` every line of a file that ends with a line feed, without it; then what stands
/// behind the last one.
///
/// # Errors
/// As [`bytes`], a line has more than `longest` bytes, or `each` says so.
pub fn lines<E: From<io::Error>>(
    path: &Path,
    longest: u64,
    mut each: impl FnMut(&[u8]) -> Result<(), E>,
) -> Result<Vec<u8>, E> {
    let mut file = BufReader::new(open(path)?);
    loop {
        let mut line = Vec::new();
        (&mut file).take(longest + 1).read_until(b'\n', &mut line)?;
        if line.pop_if(|last| *last == b'\n').is_none() {
            if line.len() as u64 > longest {
                return Err(too_large(&format!("a line of it is {}", words(longest))).into());
            }
            return Ok(line);
        }
        each(&line)?;
    }
}

fn open(path: &Path) -> io::Result<File> {
    if fs::metadata(path)?.is_dir() {
        return Err(ErrorKind::IsADirectory.into());
    }
    File::open(path)
}

fn too_large(what: &str) -> io::Error {
    io::Error::new(ErrorKind::FileTooLarge, what.to_owned())
}

/// `larger than 16 MiB`.
pub fn words(largest: u64) -> String {
    format!("larger than {} MiB", largest >> 20)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_read_beyond_its_bound() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("a");
        fs::write(&path, "12345\n678").expect("is written");
        assert_eq!(bytes(&path, 9).expect("fits"), b"12345\n678");
        assert_eq!(bytes(&path, 8).expect_err("does not").kind(), ErrorKind::FileTooLarge);
        assert_eq!(text(&path, 9).expect("is text"), "12345\n678");
        let mut seen = Vec::new();
        let mut keep = |line: &[u8]| -> io::Result<()> {
            seen.push(line.to_vec());
            Ok(())
        };
        assert_eq!(lines(&path, 5, &mut keep).expect("fits"), b"678");
        assert_eq!(
            lines(&path, 4, &mut keep).expect_err("is longer").kind(),
            ErrorKind::FileTooLarge
        );
        assert_eq!(seen, [b"12345"]);
        assert_eq!(
            bytes(directory.path(), 9).expect_err("is none").kind(),
            ErrorKind::IsADirectory
        );
        fs::write(&path, [0xff]).expect("is written");
        assert_eq!(text(&path, 9).expect_err("is none").kind(), ErrorKind::InvalidData);
    }

    /// A device that never ends is a file that is too large.
    #[cfg(unix)]
    #[test]
    fn what_never_ends_is_too_large() {
        let zero = Path::new("/dev/zero");
        let kind = |result: io::Result<Vec<u8>>| result.expect_err("never ends").kind();
        assert_eq!(kind(bytes(zero, 1 << 16)), ErrorKind::FileTooLarge);
        assert_eq!(kind(lines(zero, 1 << 16, |_| Ok(()))), ErrorKind::FileTooLarge);
    }
}
