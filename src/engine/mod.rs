//! The world, the closed event enum and the loop.
//!
//! Must not know files, clocks, the environment, threads or output: a scenario comes in, observers
//! are told what happens.
//!
//! | module | owns |
//! |---|---|
//! | [`event`] | the closed list of events and their order |
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
//! | `calls` | calls under way |
//! | `sending` | what producers do at their events |
//! | `receiving` | how workers poll, and how they live and die |
//! | `working` | what their threads do with what they got |
//! | `thread_time` | what the threads' time goes into, as it is told |

mod calls;
pub mod event;
pub mod fates;
mod foreseen;
pub mod fork;
mod growth;
mod held;
pub mod lockstep;
mod look_ahead;
pub mod memory;
mod receiving;
pub mod run;
pub mod saved;
mod sending;
mod settling;
pub mod situation;
mod thread_time;
mod working;
pub mod world;

pub use world::World;
