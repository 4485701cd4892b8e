//! Messages, and the lists that they stand in.
//!
//! Owns the memory of messages: rows, blocks, links. Must not know queues or calls.
//!
//! | module | owns |
//! |---|---|
//! | `message` | rows, one line of the cache each |
//! | `fresh` | messages that wait without a row |
//! | `line` | a partition's line |
//! | `groups` | which groups are held back, and who stands behind |
//! | `sealed` | which messages belong to a sealed partition |
//! | `timers` | deadlines that were set equally far ahead |
//! | `ring` | the lists that rows are linked into |
//! | `receipt` | receipt handles, and what a receive hands out |

pub(super) mod fresh;
pub(super) mod groups;
pub(super) mod line;
pub(super) mod message;
pub(super) mod receipt;
pub(super) mod ring;
pub(super) mod sealed;
pub(super) mod timers;
