//! Everything that happens, written down: as text, as JSON lines, as a Perfetto trace.
//!
//! Owns the filter, the names and the way out that the three formats share. Must not know files
//! or terminals: it writes to any `io::Write`.
//!
//! Invariant: a trace is the same bytes for the same scenario and seed, and one that is cut short
//! by its limit (`limits.trace_bytes`) is a whole, shorter trace.

mod json;
mod jsonl;
mod names;
mod perfetto;
mod sentence;
mod sink;
mod text;

#[cfg(test)]
pub(crate) mod sample;

pub use jsonl::JsonLines;
pub use perfetto::Perfetto;
pub use sink::Written;
pub use text::{TextLines, in_words, line};

use crate::kernel::time::Time;
use crate::ledger::journal::MessageId;

/// Which facts a trace shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Only facts about this message.
    pub message: Option<MessageId>,
    /// Nothing before this instant.
    pub from: Time,
    /// Nothing after this instant.
    pub to: Time,
}

impl Filter {
    /// Shows everything.
    pub const ALL: Filter = Filter { message: None, from: Time::ZERO, to: Time::NEVER };

    /// The instant is wanted.
    #[inline]
    fn at(&self, now: Time) -> bool {
        self.from <= now && now <= self.to
    }

    /// A fact about `message`, or about none, is wanted.
    #[inline]
    fn about(&self, message: Option<MessageId>) -> bool {
        self.message.is_none() || self.message == message
    }
}
