//! Ctrl-C.
//!
//! Owns the flag that running worlds look at. The first interrupt lets them finish the step they
//! are in, the second ends the process.

use std::sync::atomic::{AtomicBool, Ordering};

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
