//! What a bug prints.
//!
//! Owns the panic hook. It names what is needed to see the bug again and ends the process with
//! its own code, because a release build aborts on a panic.

use std::panic::{self, PanicHookInfo};
use std::sync::Mutex;

use super::args::Changes;
use super::exit::Exit;
use super::terminal::complain;
use super::values::{hash, quoted};
use crate::kernel::time::Time;
use crate::model::scenario::Scenario;
use crate::scenario::load::Text;
use crate::scenario::visible::visible_lines;

/// What is being simulated, for the report.
static RUNNING: Mutex<String> = Mutex::new(String::new());

/// From now on, a panic is reported and ends the process with [`Exit::Bug`].
pub(super) fn install_hook() {
    panic::set_hook(Box::new(|info| {
        complain(&visible_lines(&report(info), false));
        Exit::Bug.leave();
    }));
}

/// Notes what a bug from now on belongs to.
pub(super) fn running(text: &Text, scenario: &Scenario, changes: &Changes) {
    let (name, seed, hash) = (&text.name, scenario.seed, hash(&text.text));
    let fork = changes.fork_at.map(|at| format!(", --fork-at {}", at - Time::ZERO));
    let fork = fork.unwrap_or_default();
    let sets = changes.sets.iter().fold(fork, |all, set| all + ", --set " + &quoted(set));
    if let Ok(mut running) = RUNNING.lock() {
        *running = format!("  scenario {} (hash {hash:016x}), seed {seed}{sets}\n", quoted(name));
    }
}

fn report(info: &PanicHookInfo<'_>) -> String {
    let payload = info.payload();
    let what = payload.downcast_ref::<String>().map(String::as_str);
    let what = what.or_else(|| payload.downcast_ref::<&str>().copied()).unwrap_or("a panic");
    let place = info.location().map_or_else(String::new, |at| format!(" at {at}"));
    let running = RUNNING.lock().map(|running| running.clone()).unwrap_or_default();
    format!(
        "error: a bug in sqsim: {what}{place}\n  sqsim {}\n{running}\n\
         help: please report these lines together with the scenario\n",
        env!("CARGO_PKG_VERSION")
    )
}

#[cfg(test)]
mod tests {
    use std::env;
    use std::process::Command;

    use super::*;
    use crate::scenario::load::from_text;

    /// Set in the process that is to panic.
    const PANIC: &str = "SQSIM_TEST_OF_PANIC";

    /// Panics where the test below runs it in a process of its own.
    #[test]
    fn panic_in_a_process_of_its_own() {
        if env::var_os(PANIC).is_none() {
            return;
        }
        let template = crate::scenario::templates::template("basic").unwrap();
        let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        let sets = ["seed=9".to_owned()];
        let scenario = from_text("a.ron", template, &sets, &no_files).unwrap().scenario;
        let (name, text) = ("a.ron".to_owned(), template.to_owned());
        install_hook();
        let changes = Changes { seed: None, sets: sets.to_vec(), fork_at: None };
        running(&Text { name, directory: "".into(), text }, &scenario, &changes);
        panic!("the world is {}", "upside down");
    }

    #[test]
    fn a_bug_says_what_to_report_and_has_its_own_code() {
        let mut child = Command::new(env::current_exe().unwrap());
        child.args(["--exact", "cli::bug::tests::panic_in_a_process_of_its_own", "--nocapture"]);
        let output = child.env(PANIC, "1").output().unwrap();
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(i32::from(Exit::Bug.code())), "{stderr}");
        assert!(
            !String::from_utf8_lossy(&output.stdout).contains("test result"),
            "it ended itself"
        );
        let says = [
            "error: a bug in sqsim: the world is upside down at src/cli/bug.rs:",
            concat!("\n  sqsim ", env!("CARGO_PKG_VERSION"), "\n"),
            "\n  scenario a.ron (hash ",
            "), seed 9, --set seed=9\n",
            "\nhelp: please report",
        ];
        for says in says {
            assert!(stderr.contains(says), "{says:?} is not in {stderr}");
        }
    }
}
