//! What one measure is of, for whoever knows its value from elsewhere.
//!
//! Owns the answer. Must not know where values are found.

use super::known::LevelOf;
use super::measure::{Measure, Names, What};
use crate::observe::nature::Growth;
use crate::stats::take::Take;

/// What one measure is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Single {
    /// The name of the measure: `sent_to_received`, `busy`.
    pub name: &'static str,
    /// What becomes of it where messages become ever more.
    pub growth: Growth,
    /// What is taken of a latency or a level.
    pub take: Option<Take>,
    /// The place of its queue or fleet in the scenario.
    pub place: usize,
}

impl Measure {
    /// What it is of, for a latency, a level and the shares of a fleet's time.
    pub(super) fn single(&self, names: &Names<'_>) -> Option<Single> {
        let (name, growth, take) = match self.what {
            What::Share(share) => (share.name(), Growth::Settles, None),
            What::Latency(take, row) => (row.name, row.growth, Some(take)),
            What::Count(_)
            | What::Rate(_)
            | What::WorkerHours
            | What::Downstream(_)
            | What::Level(_, LevelOf::Downstream(_))
            | What::OfFunction(_)
            | What::Cost(_) => return None,
            What::Level(take, level) => (level.name(), level.growth(), Some(take)),
        };
        Some(Single { name, growth, take, place: self.place(names).ok()? })
    }
}
