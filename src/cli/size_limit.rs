//! A limit on the size of files (`ulimit -f`).
//!
//! Owns the signal that comes with it. What a write that failed means is told by whoever wrote.

/// From now on, a write beyond the limit fails like one on a full disk, with its file told. By
/// itself its signal, SIGXFSZ, ends the process without a word, and temporary files stay.
#[cfg(unix)]
pub(super) fn catch() {
    use std::sync::Arc;

    // Nobody looks at the flag: what matters is that the signal is caught. Where it cannot be, it
    // ends the process, as ever.
    let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
}

/// Elsewhere there is no such limit.
#[cfg(not(unix))]
pub(super) fn catch() {}
