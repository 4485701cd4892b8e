//! Text → checked [`crate::model::scenario::Scenario`], with every fault located.
//!
//! Owns the scenario language: its grammar, its settings, their defaults and ranges. Must not
//! know how a scenario runs.
//!
//! The steps, one module each: [`mod@load`] reads the bytes, `syntax` makes a tree whose parts know
//! their places, `set` changes it, `decode` turns it into the types of `file` with the defaults
//! filled in, `check` turns those into the engine's. No step stops at its first fault but the
//! grammar. What is made in code (`in_code`) is written down first (`write`) and goes the same way.

mod check;
pub mod data_files;
mod decode;
mod defaults;
pub mod fault;
pub mod file;
pub mod fork;
mod in_code;
pub mod load;
pub mod reading;
mod set;
pub mod shared;
mod syntax;
pub mod templates;
pub mod topics;
mod tree;
pub mod units;
pub mod visible;
pub mod warnings;
mod write;

pub use fault::{Fault, Faults};
pub use load::{Loaded, load};
