//! A second opinion on the ledger.
//!
//! | module | owns |
//! |---|---|
//! | `setup` | plain settings and a journal that remembers |
//! | `ledger` | the reference ledger: slow and obvious, written from the rules |
//! | `duo` | the real ledger and the reference side by side, compared after every call |

pub(crate) mod duo;
mod ledger;
pub(crate) mod setup;
