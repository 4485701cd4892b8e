//! What went wrong, for a stranger.
//!
//! Owns the pairing of a message with the exit code. The message is shown like a scenario's
//! faults: `error:`, what is wrong, `help:`, what to do.

use std::io;

use super::exit::Exit;
use crate::engine::world::Ended;
use crate::model::scenario::Limits;
use crate::scenario::units::size_text;
use crate::scenario::{Fault, Faults};

/// Why a command cannot give its answer.
#[derive(Clone, Debug)]
pub(super) struct Failure {
    /// The code to end with.
    pub(super) exit: Exit,
    /// What to say.
    pub(super) faults: Faults,
}

impl Failure {
    /// A wrong command line.
    pub(super) fn usage(what: impl Into<String>, help: impl Into<String>) -> Failure {
        Failure { exit: Exit::Usage, faults: Faults::of(Fault::new(what).help(help)) }
    }

    /// No scenario to work on.
    pub(super) fn nothing(what: impl Into<String>, help: impl Into<String>) -> Failure {
        Failure { exit: Exit::Nothing, faults: Faults::of(Fault::new(what).help(help)) }
    }

    /// Reading or writing failed. `doing` completes "cannot …".
    pub(super) fn io(doing: &str, error: &io::Error) -> Failure {
        let fault = Fault::new(format!("cannot {doing}: {}", reason(error)));
        let known = KNOWN.iter().find(|(kind, ..)| *kind == error.kind());
        let help = known.map_or("", |(_, _, help)| help);
        let fault = if help.is_empty() { fault } else { fault.help(help) };
        Failure { exit: Exit::Io, faults: Faults::of(fault) }
    }

    /// A bug.
    pub(super) fn bug(what: impl Into<String>) -> Failure {
        let fault = Fault::new(what).help("this is a bug in sqsim: please report it");
        Failure { exit: Exit::Bug, faults: Faults::of(fault) }
    }
}

/// A scenario that cannot be read is a matter of reading, any other fault one of the scenario.
impl From<Faults> for Failure {
    fn from(faults: Faults) -> Failure {
        Failure { exit: if faults.unreadable { Exit::Io } else { Exit::Usage }, faults }
    }
}

/// What can be foreseen to go wrong: why, in words that do not differ between systems, and help.
const KNOWN: [(io::ErrorKind, &str, &str); 8] = [
    (io::ErrorKind::NotFound, "there is no such file or directory", ""),
    (io::ErrorKind::PermissionDenied, "permission denied", "name a place that you may write to"),
    (io::ErrorKind::ReadOnlyFilesystem, "the file system is read-only", "write to another one"),
    (io::ErrorKind::StorageFull, "no space is left on the device", "write to another disk"),
    (
        io::ErrorKind::FileTooLarge,
        "the file may not become so large",
        "raise the limit (`ulimit -f`), or write to another disk",
    ),
    (io::ErrorKind::IsADirectory, "it is a directory", ""),
    (io::ErrorKind::NotADirectory, "a part of the path is not a directory", ""),
    (io::ErrorKind::AlreadyExists, "there is a file of that name", ""),
];

fn reason(error: &io::Error) -> String {
    let known = KNOWN.iter().find(|(kind, ..)| *kind == error.kind());
    known.map_or_else(|| error.to_string(), |(_, words, _)| (*words).to_owned())
}

/// The limit that ended a run.
#[derive(Clone, Debug)]
pub(super) struct Reached {
    setting: &'static str,
    value: String,
    /// A larger one.
    raised: String,
}

impl Reached {
    /// The limit of this setting and value, a number.
    pub(super) fn of(setting: &'static str, value: u64) -> Reached {
        let raised = value.saturating_mul(10).to_string();
        Reached { setting, value: value.to_string(), raised }
    }

    /// That among `limits` that ended a run in this way; `None` if none did.
    pub(super) fn by(ended: Ended, limits: Limits) -> Option<Reached> {
        match ended {
            Ended::EventLimit => Some(Reached::of("limits.events", limits.events)),
            Ended::ResidentLimit => Some(Reached::of("limits.resident", limits.resident)),
            Ended::MemoryLimit => Some(Reached {
                setting: "limits.memory",
                value: size_text(limits.memory),
                raised: size_text(limits.memory.saturating_mul(2)),
            }),
            Ended::Completed | Ended::Interrupted | Ended::ObserverStopped => None,
        }
    }
}

/// What to say when a limit ended a run.
pub(super) fn limit(name: &str, reached: &Reached) -> Failure {
    let Reached { setting, value, raised } = reached;
    let fault =
        Fault::new(format!("`{setting}` ({value}) stopped `{name}`; the answer is partial"))
            .help(format!("`--set {setting}={raised}` raises it"));
    Failure { exit: Exit::Limit, faults: Faults::of(fault) }
}
