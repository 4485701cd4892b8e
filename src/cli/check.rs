//! `sqsim check`: all faults of all files, what runs will need, and nothing is run.
//!
//! Owns the list of files and their faults. Must not run a scenario.

use serde::Serialize;

use super::args::{Check, CheckFormat};
use super::exit::Exit;
use super::failure::Failure;
use super::sources::read;
use super::terminal::{Terminal, answer, complain, told};
use crate::engine::memory::Needed;
use crate::scenario::fault::Severity;
use crate::scenario::units::about_size;
use crate::scenario::visible::visible;
use crate::scenario::warnings::Warning;
use crate::scenario::{Faults, Loaded};

/// One fault or warning, for editors.
#[derive(Serialize)]
struct Told<'a> {
    file: &'a str,
    severity: &'static str,
    warning: Option<&'static str>,
    what: &'a str,
    line: Option<usize>,
    column: Option<usize>,
    path: &'a str,
    help: &'a [String],
}

/// Checks every file.
///
/// # Errors
/// Standard output cannot be written.
pub(super) fn check(args: &Check, terminal: Terminal) -> Result<Exit, Failure> {
    let mut exit = Exit::Held;
    let mut lines = Vec::new();
    for path in &args.files {
        let checked = read(path).and_then(|text| Ok(text.load(&args.sets)?));
        let shown = path.display().to_string();
        let mut needed = 0;
        let (faults, failed) = match checked {
            Ok(Loaded { warnings, .. }) if args.strict && !warnings.is_empty() => {
                (warnings.as_errors(), Exit::Usage)
            }
            Ok(Loaded { scenario, warnings }) => {
                needed = Needed::of(&scenario).bytes();
                (warnings, Exit::Held)
            }
            Err(failure) => (failure.faults, failure.exit),
        };
        if args.format == CheckFormat::Json {
            lines.extend(faults.iter().map(|fault| line_of(&shown, &faults, fault)));
        } else if failed == Exit::Held {
            terminal.warnings(&faults);
            let (shown, needed) = (visible(&shown), about_size(needed));
            told(&format!("ok  {shown}     needs about {needed} of memory\n"))?;
        } else {
            if exit != Exit::Held {
                complain("\n");
            }
            terminal.errors(&faults);
        }
        exit = exit.max(failed);
    }
    if args.format == CheckFormat::Json {
        let list = if lines.is_empty() { "[]".to_owned() } else { array(&lines) };
        answer(&(list + "\n"))?;
    }
    Ok(exit)
}

fn array(lines: &[String]) -> String {
    format!("[\n  {}\n]", lines.join(",\n  "))
}

fn line_of(file: &str, faults: &Faults, fault: &crate::scenario::Fault) -> String {
    let place = faults.position(fault);
    let told = Told {
        file: place.map_or(file, |(name, ..)| name),
        severity: match fault.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
        },
        warning: fault.warning.map(Warning::name),
        what: &fault.what,
        line: place.map(|(_, line, _)| line),
        column: place.map(|(_, _, column)| column),
        path: &fault.path,
        help: &fault.help,
    };
    serde_json::to_string(&told).expect("texts and numbers are JSON")
}
