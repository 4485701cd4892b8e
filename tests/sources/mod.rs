//! The files of this repository as the tests of its own rules see them.
//!
//! Owns where files are found and what of a Rust file is code, what is a test and what is neither.
//! Must not know any rule.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

/// One Rust file.
#[derive(Clone, Debug)]
pub(crate) struct Source {
    /// From the repository's root, with `/`.
    pub(crate) path: String,
    /// As it is.
    pub(crate) text: String,
    /// As it is, but blanks for comments and for what stands in quotes.
    pub(crate) code: String,
    /// Lines before the module `tests` at its end; none if all of it is for tests.
    pub(crate) own_lines: usize,
}

impl Source {
    /// A file of this text.
    pub(crate) fn new(path: &str, text: &str, is_test: bool) -> Source {
        let code = code_of(text);
        let own_lines = if is_test { 0 } else { lines_before_tests(&code) };
        Source { path: path.to_owned(), text: text.to_owned(), code, own_lines }
    }

    /// The directory below `src`, or the file there: `ledger`, `lib`.
    pub(crate) fn room(&self) -> &str {
        let path = self.path.strip_prefix("src/").unwrap_or(&self.path);
        path.split(['/', '.']).next().unwrap_or(path)
    }

    /// The code outside tests, line by line with its number from 1.
    pub(crate) fn own_code(&self) -> impl Iterator<Item = (usize, &str)> {
        (1..).zip(self.code.lines()).take(self.own_lines)
    }
}

/// All Rust files below `src`, in the order of their paths.
pub(crate) fn sources() -> Vec<Source> {
    let paths: Vec<String> =
        files_below(Path::new("src")).into_iter().filter(|path| is_of(path, "rs")).collect();
    let texts: Vec<(String, String)> =
        paths.into_iter().map(|path| (path.clone(), read(&path))).collect();
    let for_tests: BTreeSet<String> =
        texts.iter().flat_map(|(path, text)| test_modules(path, text)).collect();
    texts.iter().map(|(path, text)| Source::new(path, text, for_tests.contains(path))).collect()
}

/// Whether a path has this extension.
pub(crate) fn is_of(path: &str, extension: &str) -> bool {
    Path::new(path).extension().is_some_and(|it| it == extension)
}

/// The text of a file.
pub(crate) fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// What belongs to the repository: what git would commit, or without git all but build products.
pub(crate) fn tracked() -> Vec<String> {
    let listed = Path::new(".git").exists().then(|| {
        let mut git = Command::new("git");
        git.args(["ls-files", "-z", "--cached", "--others", "--exclude-standard"]).output().ok()
    });
    match listed.flatten() {
        Some(output) if output.status.success() => {
            let names = String::from_utf8_lossy(&output.stdout).into_owned();
            let exists = |name: &&str| !name.is_empty() && Path::new(name).is_file();
            names.split('\0').filter(exists).map(str::to_owned).collect()
        }
        Some(_) | None => files_below(Path::new(".")),
    }
}

/// All files below a directory, sorted, without `target` and what git keeps.
pub(crate) fn files_below(directory: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut left: Vec<PathBuf> = vec![directory.to_path_buf()];
    while let Some(directory) = left.pop() {
        let entries = fs::read_dir(&directory).expect("the directory is readable");
        for path in entries.map(|entry| entry.expect("the entry is readable").path()) {
            if path.is_dir() {
                if !path.ends_with("target") && !path.ends_with(".git") {
                    left.push(path);
                }
            } else {
                let shown = path.to_string_lossy().replace('\\', "/");
                found.push(shown.strip_prefix("./").unwrap_or(&shown).to_owned());
            }
        }
    }
    found.sort();
    found
}

/// Paths that the modules declared under `#[cfg(test)]` in a file may have.
fn test_modules(path: &str, text: &str) -> Vec<String> {
    let directory = match path.strip_suffix("/mod.rs") {
        Some(directory) => directory,
        None => path.strip_suffix(".rs").unwrap_or(path),
    };
    let mut under_test = false;
    let mut found = Vec::new();
    for line in text.lines() {
        if line == "#[cfg(test)]" {
            under_test = true;
        } else if !line.starts_with("#[") {
            if let (true, Some(name)) = (under_test, declared_module(line)) {
                found.push(format!("{directory}/{name}.rs"));
                found.push(format!("{directory}/{name}/mod.rs"));
            }
            under_test = false;
        }
    }
    found
}

/// The name in `mod name;`, however visible.
fn declared_module(line: &str) -> Option<&str> {
    let (before, name) = line.strip_suffix(';')?.rsplit_once("mod ")?;
    (before.is_empty() || before.starts_with("pub")).then_some(name)
}

/// Lines before `#[cfg(test)] mod … {`.
fn lines_before_tests(code: &str) -> usize {
    let lines: Vec<&str> = code.lines().collect();
    let begins = |&at: &usize| {
        let next = lines[at + 1..].iter().find(|line| !line.starts_with("#["));
        lines[at] == "#[cfg(test)]"
            && next.is_some_and(|line| line.starts_with("mod ") && line.ends_with('{'))
    };
    (0..lines.len()).find(begins).unwrap_or(lines.len())
}

/// The same text with blanks for comments and for what stands in quotes; lines stay lines.
pub(crate) fn code_of(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut in_word = false;
    while let Some(first) = rest.chars().next() {
        let length = hidden(rest, in_word);
        let (part, after) = rest.split_at(length.max(first.len_utf8()));
        if length == 0 {
            out.push_str(part);
        } else {
            out.extend(part.chars().map(|c| if c == '\n' { c } else { ' ' }));
        }
        in_word = length == 0 && (first.is_alphanumeric() || first == '_');
        rest = after;
    }
    out
}

/// Bytes of the comment or literal that `text` begins with; 0 if it begins with neither. An `r`
/// in a word opens no literal.
fn hidden(text: &str, in_word: bool) -> usize {
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return block_comment(text);
    }
    let raw = text.strip_prefix('b').unwrap_or(text);
    if let Some(raw) = raw.strip_prefix('r').filter(|_| !in_word) {
        let hashes = raw.len() - raw.trim_start_matches('#').len();
        if raw[hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let opened = text.len() - raw.len() + hashes + 1;
            return text[opened..].find(&end).map_or(text.len(), |at| opened + at + end.len());
        }
    }
    match text.as_bytes() {
        [b'"', ..] => quoted(text, '"'),
        [b'\'', b'\\', ..] => quoted(text, '\''),
        [b'\'', ..] => {
            let mut chars = text.char_indices().skip(2);
            chars.next().filter(|&(_, c)| c == '\'').map_or(0, |(at, _)| at + 1)
        }
        _ => 0,
    }
}

fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            (depth, at) = (depth + 1, at + 2);
        } else if text[at..].starts_with("*/") {
            (depth, at) = (depth - 1, at + 2);
            if depth == 0 {
                break;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// Up to and with the closing mark, the first that no backslash stands before.
fn quoted(text: &str, mark: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == mark => return at + 1,
            _ => {}
        }
    }
    text.len()
}
