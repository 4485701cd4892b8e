//! The world and the loop.
//!
//! Must not know files, clocks, the environment, threads or output: a scenario comes in, observers
//! are told what happens.
//!
//! | module | owns |
//! |---|---|
//! | [`world`] | the state of everything, and the loop |
//! | [`lockstep`] | two worlds side by side, to their first difference |
//! | [`fates`] | two worlds side by side, to the first message whose fate differs |
//! | [`situation`] | what a world looks like to one message |
//! | [`fork`] | how a world takes other settings on |
//! | `held` | which deliveries are held whose work is still to come or under way |
//! | [`run`] | one run: a scenario in, what was measured out |
//! | [`saved`] | one past, several futures |
//! | [`memory`] | how many bytes a run will take, foreseen from its scenario |
//! | `foreseen` | the same, kept while it runs |
//! | `growth` | what it takes beyond that |

pub mod fates;
mod foreseen;
pub mod fork;
mod growth;
mod held;
pub mod lockstep;
pub mod memory;
pub mod run;
pub mod saved;
pub mod situation;
pub mod world;

pub use world::World;
