//! The progress bar.
//!
//! Owns when and how it is drawn: on standard error, after a second, gone when the work is done.
//! Must not slow the work down: it looks at a counter ten times a second.

use std::io::{self, IsTerminal as _};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::{Global, When};
use super::terminal::complain;
use crate::experiment::progress::Progress;
use crate::kernel::time::Span;

/// Nobody needs a bar before.
const PATIENCE: Duration = Duration::from_secs(1);
/// Between two looks.
const REDRAW: Duration = Duration::from_millis(100);

/// Does `work`, which simulates `total` of virtual time over all its runs, with a progress bar
/// where one is wanted.
pub(super) fn with_progress<T>(
    global: &Global,
    label: &str,
    total: Span,
    work: impl FnOnce(Option<&Progress>) -> T,
) -> T {
    let bar = io::stderr().is_terminal();
    let wanted = match global.progress {
        When::Always => true,
        When::Never => false,
        When::Auto => bar && !global.quiet,
    };
    if !wanted {
        return work(None);
    }
    let progress = Progress::default();
    let (done, wait) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let progress = &progress;
        scope.spawn(move || watch(&wait, bar, label, total, progress));
        let result = work(Some(progress));
        drop(done);
        result
    })
}

/// Draws until the other end is dropped.
fn watch(wait: &Receiver<()>, bar: bool, label: &str, total: Span, progress: &Progress) {
    if wait.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let percent = || {
        let hundredth = (total + progress.added()).as_nanos() / 100;
        (progress.simulated().as_nanos() / hundredth.max(1)).min(100)
    };
    if !bar {
        loop {
            complain(&format!("{label}: {} %\n", percent()));
            if wait.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
                return;
            }
        }
    }
    let drawn = ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{prefix} [{bar:40}] {percent} %, {eta} left");
    if let Ok(style) = style {
        drawn.set_style(style.progress_chars("=> "));
    }
    drawn.set_prefix(label.to_owned());
    loop {
        drawn.set_position(percent());
        if wait.recv_timeout(REDRAW) != Err(RecvTimeoutError::Timeout) {
            break;
        }
    }
    drawn.finish_and_clear();
}
