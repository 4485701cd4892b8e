//! What a bug prints.
//!
//! Owns the panic hook. It names what is needed to see the bug again and ends the process with
//! its own code, because a release build aborts on a panic.

use std::panic::{self, PanicHookInfo};
use std::sync::Mutex;

use super::exit::Exit;
use super::terminal::complain;
use crate::engine::scenario::Scenario;
use crate::kernel::rng::mix;
use crate::scenario::load::Text;

/// What is being simulated, for the report.
static RUNNING: Mutex<String> = Mutex::new(String::new());

/// From now on, a panic is reported and ends the process with [`Exit::Bug`].
pub(super) fn install_hook() {
    panic::set_hook(Box::new(|info| {
        complain(&report(info));
        Exit::Bug.leave();
    }));
}

/// Notes what a bug from now on belongs to.
pub(super) fn running(text: &Text, scenario: &Scenario, sets: &[String]) {
    let (name, seed, hash) = (&text.name, scenario.seed, hash(&text.text));
    let sets = sets.iter().fold(String::new(), |all, set| all + ", --set " + set);
    if let Ok(mut running) = RUNNING.lock() {
        *running = format!("  scenario {name} (hash {hash:016x}), seed {seed}{sets}\n");
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

/// A hash of a text, to tell two versions of a scenario apart.
fn hash(text: &str) -> u64 {
    text.bytes().fold(0, |hash, byte| mix(hash ^ u64::from(byte)))
}
