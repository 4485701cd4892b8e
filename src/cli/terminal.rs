//! The way to people: standard output and standard error.
//!
//! Owns both streams, colour and how much is said. Standard output is the answer and nothing
//! else. A reader that went away is no error: the verdict stands without being read.

use std::io::{self, BufWriter, Write};

use anstream::{AutoStream, ColorChoice};
use clap::ValueEnum;

use super::failure::Failure;
use crate::render::text::fold::fold;
use crate::scenario::Faults;
use crate::scenario::visible::{visible, visible_lines};

/// How to speak.
#[derive(Clone, Copy, Debug)]
pub(super) struct Terminal {
    /// Standard output has colours.
    pub(super) colour: bool,
    /// Standard error has colours.
    colour_of_errors: bool,
    /// How much is said.
    pub(super) volume: Volume,
}

/// When to do something that fits terminals only.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum When {
    /// Where it fits
    Auto,
    /// Everywhere
    Always,
    /// Nowhere
    Never,
}

/// How much is said beside the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Volume {
    /// Errors.
    Quiet,
    /// Warnings and the time it took.
    Usual,
    /// The speed too.
    Verbose,
}

impl Terminal {
    /// As the arguments and the environment (`NO_COLOR`, `CLICOLOR_FORCE`, `TERM`) ask for.
    pub(super) fn new(colour: When, volume: Volume) -> Terminal {
        let chosen = |auto: ColorChoice| match colour {
            When::Always => true,
            When::Never => false,
            When::Auto => auto != ColorChoice::Never,
        };
        Terminal {
            colour: chosen(AutoStream::choice(&io::stdout())),
            colour_of_errors: chosen(AutoStream::choice(&io::stderr())),
            volume,
        }
    }

    /// Says something beside the answer, in a line.
    pub(super) fn say(self, text: &str) {
        self.tell(&visible(text));
    }

    /// What is said beside the answer, if anything is.
    pub(super) fn unless_quiet(self, text: &'static str) -> &'static str {
        if self.volume == Volume::Quiet { "" } else { text }
    }

    fn tell(self, text: &str) {
        if self.volume != Volume::Quiet {
            complain(&format!("{text}\n"));
        }
    }

    /// Warns.
    pub(super) fn warn(self, text: &str) {
        let (on, off) = if self.colour_of_errors { ("\x1b[1;33m", "\x1b[0m") } else { ("", "") };
        let text = visible(text);
        self.tell(&fold(&format!("{on}warning{off}: {text}")).join("\n"));
    }

    /// Shows warnings with their place in the scenario.
    pub(super) fn warnings(self, warnings: &Faults) {
        if !warnings.is_empty() {
            self.tell(warnings.render(self.colour_of_errors).trim_end());
        }
    }

    /// Shows errors; `-q` does not silence them.
    pub(super) fn errors(self, faults: &Faults) {
        complain(&faults.render(self.colour_of_errors));
    }
}

/// Prints lines of the answer that are for people: what a terminal would obey is escaped.
///
/// # Errors
/// As [`answer`].
pub(super) fn told(lines: &str) -> Result<(), Failure> {
    answer(&visible_lines(lines, false))
}

/// Prints a part of the answer on standard output, as it is.
///
/// # Errors
/// It takes no more, for another reason than that nobody reads it.
pub(super) fn answer(text: &str) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// The same in pieces, for as long as there is `time` for another; whether that was enough.
///
/// # Errors
/// As [`answer`].
pub(super) fn answer_in_pieces(
    pieces: impl Iterator<Item = String>,
    mut time: impl FnMut() -> bool,
) -> Result<bool, Failure> {
    let mut out = BufWriter::new(io::stdout().lock());
    for piece in pieces {
        if !time() {
            return written(out.flush()).map(|()| false);
        }
        if let Err(error) = out.write_all(piece.as_bytes()) {
            return written(Err(error)).map(|()| true);
        }
    }
    written(out.flush()).map(|()| true)
}

/// Whether standard output took all of it.
///
/// # Errors
/// It did not, for another reason than that nobody reads it.
pub(super) fn written(result: io::Result<()>) -> Result<(), Failure> {
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
            Err(Failure::io("write to standard output", &error))
        }
        _ => Ok(()),
    }
}

/// Writes to standard error; of what a terminal would obey only colours are left. Where even that
/// fails there is nobody left to tell.
pub(super) fn complain(text: &str) {
    let _ = io::stderr().lock().write_all(visible_lines(text, true).as_bytes());
}
