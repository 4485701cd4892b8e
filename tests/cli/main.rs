//! The tool as people and scripts meet it: the real binary, in a directory of its own.
//!
//! One binary for all modules links once (matklad, "Delete Cargo Integration Tests", 2021).

mod advises;
mod agreement;
mod answers;
mod compares;
mod disasters;
mod documents;
mod exits;
mod experiments;
mod files;
mod forks;
mod help;
mod hostile;
mod intervals;
mod plans;
mod regression;
mod sandbox;
mod signals;
mod sweeps;
mod traces;
mod unstable;
