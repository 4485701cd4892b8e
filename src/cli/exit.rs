//! Exit codes.
//!
//! Owns the one documented list, and the one place that ends the process early. Where several
//! apply, as with several scenarios, the larger code wins.

use std::process::ExitCode;

/// How the process ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u8)]
pub enum Exit {
    /// Done, and every expectation held.
    Held = 0,
    /// Ran well, and the answer is no: an expectation failed, or a stored outcome differs.
    No = 1,
    /// Wrong command line, or the scenario is invalid.
    Usage = 2,
    /// Could not read or write.
    Io = 3,
    /// Nothing to do: no scenario matched.
    Nothing = 4,
    /// A limit stopped the run; what was measured is printed, marked partial.
    Limit = 5,
    /// A bug in sqsim.
    Bug = 101,
    /// Interrupted; what was measured is printed, marked partial.
    Interrupted = 130,
}

impl Exit {
    /// Every way to end, by code.
    pub const ALL: [Exit; 8] = [
        Exit::Held,
        Exit::No,
        Exit::Usage,
        Exit::Io,
        Exit::Nothing,
        Exit::Limit,
        Exit::Bug,
        Exit::Interrupted,
    ];

    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        self as u8
    }

    /// Ends the process now, from a signal's thread or a panic.
    #[expect(clippy::disallowed_methods, reason = "this is the one place")]
    pub(super) fn leave(self) -> ! {
        std::process::exit(i32::from(self.code()))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::topics::topic;

    #[test]
    fn the_help_topic_lists_every_code_and_no_other() {
        let text = topic("exit-codes").unwrap();
        let listed = text.lines().filter_map(|line| {
            line.strip_prefix("    ")?.split_whitespace().next()?.parse::<u8>().ok()
        });
        let codes = Exit::ALL.map(Exit::code);
        assert_eq!(listed.collect::<Vec<u8>>(), codes);
        assert!(codes.is_sorted());
    }
}
