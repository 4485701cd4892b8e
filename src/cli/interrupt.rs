//! Ctrl-C.
//!
//! Owns the flag that running worlds look at. The first interrupt lets them finish the step they
//! are in, the second ends the process; so does the first where nothing would be lost.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::exit::Exit;
use super::terminal::complain;

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// What to say at an interrupt that ends the process at once, while one does.
static AT_ONCE: Mutex<Option<&str>> = Mutex::new(None);

/// Set once somebody asked to stop.
pub(super) fn flag() -> &'static AtomicBool {
    &INTERRUPTED
}

/// From now on, Ctrl-C sets the flag. Where it cannot be caught it ends the process, as ever.
pub(super) fn catch() {
    let _ = ctrlc::set_handler(|| {
        // Held to the end: meanwhile nobody begins to write a file.
        let now = at_once_now();
        if let Some(words) = *now {
            end(words);
        }
        if INTERRUPTED.swap(true, Ordering::Relaxed) {
            Exit::Interrupted.leave();
        }
    });
}

fn at_once_now() -> MutexGuard<'static, Option<&'static str>> {
    AT_ONCE.lock().unwrap_or_else(PoisonError::into_inner)
}

fn end(words: &str) -> ! {
    if !words.is_empty() {
        complain(&format!("{words}\n"));
    }
    Exit::Interrupted.leave();
}

/// Does work that may be done again and writes no file, such as checking ten thousand points: an
/// interrupt ends the process with these words, however long the work takes.
pub(super) fn at_once<T>(words: &'static str, work: impl FnOnce() -> T) -> T {
    let mut now = at_once_now();
    if INTERRUPTED.load(Ordering::Relaxed) {
        end(words);
    }
    *now = Some(words);
    drop(now);
    let done = work();
    *at_once_now() = None;
    done
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
