//! Files of others, read within bounds.
//!
//! Owns how a file is read: not more than so many bytes of it, and no directory; and how bytes
//! become text. Must not know what stands in it.

use std::fmt;
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
/// As [`bytes`], or it is no text.
pub fn text(path: &Path, largest: u64) -> io::Result<String> {
    decoded(bytes(path, largest)?)
        .map_err(|not| io::Error::new(ErrorKind::InvalidData, format!("it is {not}")))
}

/// Why bytes are no text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotText {
    /// What they were read as, or are.
    what: &'static str,
    /// How many bytes, and how many line feeds, stand before the first that is none.
    place: Option<(usize, usize)>,
}

impl NotText {
    /// What to do about it.
    pub const HELP: &str = "save it as UTF-8, or as UTF-16 with its mark; spreadsheets call it \
                            \"CSV UTF-8\", PowerShell `-Encoding utf8`";
}

impl fmt::Display for NotText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.what)?;
        let Some((bytes, lines)) = self.place else { return Ok(()) };
        write!(f, ", from byte {bytes} on, in line {}", lines + 1)
    }
}

/// The text that bytes are: UTF-8, with a byte order mark or without, or UTF-16 with its mark, as
/// PowerShell writes it. The mark is no part of the text.
///
/// # Errors
/// They are none, or a text that does not say how it is written.
pub fn decoded(bytes: Vec<u8>) -> Result<String, NotText> {
    /// Bytes that tell whether text is written in more than one a character.
    const SAMPLE: usize = 1_024;
    let sample = &bytes[..bytes.len().min(SAMPLE)];
    let zeros = sample.split(|byte| *byte == 0).count() - 1;
    // Of UTF-16 about half of the bytes are 0 in western texts; a table's separators, digits and
    // line ends are a good part of any other.
    let is_wide = zeros > 0 && 4 * zeros >= sample.len();
    match bytes[..] {
        [0xff, 0xfe, 0, 0, ..] => Err(NotText { what: "text in UTF-32", place: None }),
        [0xff, 0xfe, ..] => utf16(&bytes, u16::from_le_bytes),
        [0xfe, 0xff, ..] => utf16(&bytes, u16::from_be_bytes),
        _ if is_wide => {
            let what = "text in UTF-16 without a byte order mark, or no text";
            Err(NotText { what, place: None })
        }
        _ => {
            let mut text = String::from_utf8(bytes).map_err(|error| {
                let before = &error.as_bytes()[..error.utf8_error().valid_up_to()];
                let lines = before.split(|byte| *byte == b'\n').count() - 1;
                NotText { what: "not text in UTF-8", place: Some((before.len(), lines)) }
            })?;
            if text.starts_with('\u{feff}') {
                text.remove(0);
            }
            Ok(text)
        }
    }
}

/// The text behind the mark.
fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<String, NotText> {
    const MARK: usize = 2;
    let (pairs, odd) = bytes[MARK..].as_chunks::<2>();
    let mut text = String::with_capacity(pairs.len());
    let mut read = MARK;
    for character in char::decode_utf16(pairs.iter().map(|&pair| unit(pair))) {
        let Ok(character) = character else {
            let lines = text.matches('\n').count();
            return Err(NotText { what: "not text in UTF-16", place: Some((read, lines)) });
        };
        read += 2 * character.len_utf16();
        text.push(character);
    }
    if odd.is_empty() {
        return Ok(text);
    }
    let lines = text.matches('\n').count();
    Err(NotText { what: "not text in UTF-16", place: Some((read, lines)) })
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

    /// `ä,1` and a clef beyond the first plane, in every form that says what it is.
    #[test]
    fn text_is_read_as_its_mark_says() {
        let text = "ä,1\n𝄞,2\r\n";
        let mark = |mark: &[u8], rest: Vec<u8>| [mark, &rest].concat();
        let wide = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect();
        let forms = [
            text.as_bytes().to_vec(),
            mark(b"\xef\xbb\xbf", text.into()),
            mark(b"\xff\xfe", wide(u16::to_le_bytes)),
            mark(b"\xfe\xff", wide(u16::to_be_bytes)),
        ];
        for bytes in forms {
            assert_eq!(decoded(bytes.clone()).as_deref(), Ok(text), "{bytes:?}");
        }
        for bytes in [&b""[..], b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf"] {
            assert_eq!(decoded(bytes.to_vec()).as_deref(), Ok(""), "{bytes:?}");
        }
        // A zero among letters is a fault of what stands there, told with its place.
        assert_eq!(decoded(b"a\0bcde".to_vec()).as_deref(), Ok("a\0bcde"));
    }

    #[test]
    fn what_is_no_text_is_told_with_its_place() {
        let cases: [(&[u8], &str); 9] = [
            (b"a\nb\xfcc", "not text in UTF-8, from byte 3 on, in line 2"),
            (b"\xef\xbb\xbf\xfc", "not text in UTF-8, from byte 3 on, in line 1"),
            // Half a character at the end, a second half alone, and a first one.
            (b"\xff\xfea\0\n\0b", "not text in UTF-16, from byte 6 on, in line 2"),
            (b"\xff\xfea\0\x00\xdcb\0", "not text in UTF-16, from byte 4 on, in line 1"),
            (b"\xfe\xff\xd8\x00\0a", "not text in UTF-16, from byte 2 on, in line 1"),
            (b"\xff\xfe\x34\xd8", "not text in UTF-16, from byte 2 on, in line 1"),
            (b"\xff\xfe\0\0a\0\0\0", "text in UTF-32"),
            (b"0\0,\x001\0\n\0", "text in UTF-16 without a byte order mark, or no text"),
            (b"\0B\0\n", "text in UTF-16 without a byte order mark, or no text"),
        ];
        for (bytes, expected) in cases {
            let not = decoded(bytes.to_vec()).expect_err(expected);
            assert_eq!(not.to_string(), expected, "{bytes:?}");
        }
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
