//! Outcomes for people: the answer on the terminal, tables for spreadsheets, plots.
//!
//! Owns words, units, columns, pictures. Must not compute anything that an outcome or `stats` does
//! not already say, and never prints: it returns strings.
//!
//! Invariant: the same outcomes give the same bytes.

pub mod csv;
#[cfg(feature = "cli")]
mod faults;
#[cfg(feature = "plots")]
pub mod plots;
pub mod text;
pub mod units;
