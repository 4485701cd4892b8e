//! The progress bar.
//!
//! Owns when and how it is drawn: on standard error, after a second, gone when the work is done.
//! Must not slow the work down: it looks at a counter ten times a second.

use std::io::{self, IsTerminal as _};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::args::Global;
use super::terminal::{When, complain};
use crate::experiment::progress::Progress;
use crate::kernel::time::Span;
use crate::scenario::visible::visible;

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
    let label = &*visible(label);
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

/// Tells how far the work has come until the other end is dropped.
#[expect(clippy::disallowed_methods, reason = "the user's time, to say how much is left")]
fn watch(wait: &Receiver<()>, bar: bool, label: &str, total: Span, progress: &Progress) {
    let began = Instant::now();
    if wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        if bar {
            draw(wait, label, total, progress);
        } else {
            while {
                news(progress);
                let percent = percent(total, progress);
                let what = match visible(&progress.now()).into_owned() {
                    now if now.is_empty() => label.to_owned(),
                    now => format!("{label}: {now}, {}", left(began.elapsed(), percent)),
                };
                complain(&format!("{what}: {percent} %\n"));
                wait.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout)
            } {}
        }
    }
    news(progress);
}

/// Draws a bar, and what was found out above it.
fn draw(wait: &Receiver<()>, label: &str, total: Span, progress: &Progress) {
    let drawn = ProgressBar::with_draw_target(Some(100), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template("{prefix} [{bar:40}] {percent} %, {eta} left{msg}");
    if let Ok(style) = style {
        drawn.set_style(style.progress_chars("=> "));
    }
    drawn.set_prefix(label.to_owned());
    loop {
        for line in progress.news() {
            drawn.println(visible(&line));
        }
        drawn.set_position(percent(total, progress));
        let now = visible(&progress.now()).into_owned();
        drawn.set_message(if now.is_empty() { now } else { format!(": {now}") });
        if wait.recv_timeout(REDRAW) != Err(RecvTimeoutError::Timeout) {
            break;
        }
    }
    drawn.finish_and_clear();
}

/// How much of what is to be simulated, as far as this is known, is done.
fn percent(total: Span, progress: &Progress) -> u64 {
    let all = total.saturating_add(progress.added()).saturating_add(progress.expected());
    (progress.simulated().as_nanos() / (all.as_nanos() / 100).max(1)).min(100)
}

/// How long the rest takes if it goes on like this.
fn left(elapsed: Duration, percent: u64) -> String {
    let left = elapsed.as_secs() * (100 - percent) / percent.max(1);
    format!("about {} left", Span::from_secs(left))
}

/// Prints what was found out.
fn news(progress: &Progress) {
    for line in progress.news() {
        complain(&format!("{}\n", visible(&line)));
    }
}
