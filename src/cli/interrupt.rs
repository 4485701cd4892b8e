//! Ctrl-C.
//!
//! Owns the flag that running worlds look at. The first interrupt lets them finish the step they
//! are in, the second ends the process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use super::exit::Exit;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Set once somebody asked to stop.
pub(super) fn flag() -> &'static AtomicBool {
    &INTERRUPTED
}

/// From now on, Ctrl-C sets the flag. Where it cannot be caught it ends the process, as ever.
pub(super) fn catch() {
    let _ = ctrlc::set_handler(|| {
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            Exit::Interrupted.leave();
        }
    });
}

/// How long results are still written after somebody asked to stop.
const GRACE: Duration = Duration::from_millis(700);

/// Lets results be written to the end, unless somebody waits for that longer than a moment: ten
/// thousand pictures are not what one who pressed Ctrl-C wants.
#[derive(Debug, Default)]
pub(super) struct Grace {
    since: Option<Instant>,
}

impl Grace {
    /// Whether there is time for another piece.
    #[expect(clippy::disallowed_methods, reason = "the user's patience, not the simulation's time")]
    pub(super) fn goes_on(&mut self) -> bool {
        if !INTERRUPTED.load(Ordering::Relaxed) {
            return true;
        }
        self.since.get_or_insert_with(Instant::now).elapsed() < GRACE
    }
}
