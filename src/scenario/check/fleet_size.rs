//! Checks of how many workers a fleet has.
//!
//! Owns the rules of numbers that vary. Must not know what the workers do.

use super::Check;
use crate::kernel::time::{Span, Time};
use crate::model::fleet_size::{FleetSize, Schedule};
use crate::scenario::file::{CountFile, Length};
use crate::scenario::tree::At;

impl<'a> Check<'a> {
    /// How many workers there are.
    pub(super) fn fleet_size(&mut self, at: &At<'a>, file: &CountFile) -> FleetSize {
        match file {
            CountFile::Number(count) => {
                self.at_least_one(at, *count);
                FleetSize::Fixed(*count)
            }
            CountFile::Schedule { steps, every } => self.schedule(at, steps, *every),
        }
    }

    fn schedule(
        &mut self,
        at: &At<'a>,
        steps: &[(Length, u32)],
        every: Option<Length>,
    ) -> FleetSize {
        let list = at.field_or_self("steps");
        let last = steps.last().map_or(Span::ZERO, |(last, _)| last.0);
        if list.is_whole(steps) {
            self.steps(&list, steps);
        }
        let every = self.comes_again(at, every, last.saturating_add(Span::from_nanos(1)));
        let steps = steps.iter().map(|&(at, count)| (Time::ZERO + at.0, count)).collect();
        FleetSize::Schedule(Schedule { steps, every })
    }

    fn steps(&mut self, at: &At, steps: &[(Length, u32)]) {
        let example = "such as `Schedule([(\"0s\", 4), (\"8h\", 20)])`";
        let Some(&(first, _)) = steps.first() else {
            self.push(at, "a schedule needs at least one step").help.push(example.into());
            return;
        };
        if !first.0.is_zero() {
            let what = format!("nothing says how many there are before {}", first.0);
            self.push(&at.item(0).item(0), what)
                .help
                .push("the first step stands at \"0s\"".into());
        }
        if steps.iter().all(|&(_, count)| count == 0) {
            self.push(at, "a schedule needs at least one number above 0")
                .help
                .push("a fleet that never has a worker can be left out".into());
        }
        for (index, pair) in steps.windows(2).enumerate() {
            let (before, next) = (pair[0].0.0, pair[1].0.0);
            if next <= before {
                self.push(&at.item(index + 1).item(0), format!("`{next}` is not after {before}"));
            }
        }
    }
}
