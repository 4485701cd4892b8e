//! What `sqsim test` keeps, and what it has found so far.
//!
//! Owns the stored outcomes' way in, and the tally. Must not know what is compared.

use std::io;
use std::path::Path;

use super::failure::Failure;
use crate::outcome::stored::Stored;
use crate::scenario::reading;
use crate::scenario::visible::visible;

/// Largest stored outcome in bytes: one of 65,536 partitions that split has about ten million.
const LARGEST_OUTCOME: u64 = 256 << 20;

/// What is said to have made a file.
pub(super) const SOURCE: &str = "tests/models.rs";

/// What was found in all scenarios.
#[derive(Default)]
pub(super) struct Tally<'a> {
    pub(super) ok: u64,
    pub(super) differ: u64,
    pub(super) new: u64,
    pub(super) stored: u64,
    /// The files whose outcome could be accepted.
    pub(super) open: Vec<&'a str>,
    /// How to look closer at the first difference.
    pub(super) look: String,
}

/// What was kept, if anything was.
///
/// # Errors
/// It cannot be read, or is no stored outcome.
pub(super) fn stored(kept: &Path) -> Result<Option<Stored>, Failure> {
    match reading::text(kept, LARGEST_OUTCOME) {
        Ok(text) => Stored::parse(&text).map(Some).ok_or_else(|| {
            let help = "delete it and run `sqsim test --update`";
            Failure::usage(format!("`{}` is no stored outcome", kept.display()), help)
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(Failure::io(&format!("read `{}`", kept.display()), &error)),
    }
}

/// A path in a line.
pub(super) fn shown(path: &Path) -> String {
    visible(&path.display().to_string()).into_owned()
}
