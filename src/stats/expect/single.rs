//! What one measure is of, for whoever knows its value from elsewhere.
//!
//! Owns the answer. Must not know where values are found.

use super::measure::{Measure, Names, What, all_names, split};
use crate::stats::take::Take;

/// What one measure is of.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Single {
    /// The name of the measure: `sent_to_received`, `busy`.
    pub name: &'static str,
    /// What is taken of a latency or a level.
    pub take: Option<Take>,
    /// The place of its queue or fleet in the scenario.
    pub place: usize,
}

impl Measure {
    /// What it is of, for a latency, a level and the shares of a fleet's time.
    pub(super) fn single(&self, names: &Names<'_>) -> Option<Single> {
        let argument = self.name.trim_end_matches(')');
        let (_, last) = split(argument.rsplit('(').next().unwrap_or(argument));
        let (name, take) = match self.what {
            What::Share(share) => (share.name(), None),
            What::Latency(take, _) | What::Level(take, _) => (last, Some(take)),
            What::Count(_) | What::Rate(_) | What::WorkerHours | What::Cost(_) => return None,
        };
        let name = all_names().find(|known| *known == name)?;
        Some(Single { name, take, place: self.place(names).ok()? })
    }
}
