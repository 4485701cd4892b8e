//! The command-line tool.
//!
//! Owns the process and nothing else. Must not know any command.

use std::process::ExitCode;

fn main() -> ExitCode {
    sqsim::cli::main()
}
