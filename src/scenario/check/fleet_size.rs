//! Checks of how many workers a fleet has, and of when they are exchanged.
//!
//! Owns the rules of numbers that vary, of hosts and of deploys. Must not know what the workers do.

use super::Check;
use crate::kernel::time::{Span, Time};
use crate::model::clients::{Deploys, Portion};
use crate::model::fleet_size::{FleetSize, Schedule};
use crate::model::scaling::RoomConfig;
use crate::scenario::file::{CountFile, DeploysFile, HostsFile, Length, PortionFile};
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
            CountFile::TargetTracking(file) => self.target_tracking(at, file).into(),
            CountFile::Steps(file) => self.step_scaling(at, file).into(),
            CountFile::Keda(file) => self.keda(at, file).into(),
        }
    }

    fn schedule(
        &mut self,
        at: &At<'a>,
        steps: &[(Length, u32)],
        every: Option<Length>,
    ) -> FleetSize {
        let list = at.field_or_self("steps");
        let longest = steps.last().map_or(Span::ZERO, |(at, _)| at.0);
        if list.is_whole(steps) {
            self.steps(&list, steps);
        }
        let every = self.comes_again(at, every, longest);
        if every == Some(longest) {
            self.push(&at.field("every"), "the last step holds for no time: it begins anew then")
                .help
                .push("make it longer than the last step's instant".into());
        }
        let steps = steps.iter().map(|&(at, count)| (Time::ZERO + at.0, count)).collect();
        FleetSize::Schedule(Schedule { steps, every })
    }

    /// When workers are exchanged, before `end`.
    pub(super) fn deploys(&mut self, at: &At<'a>, file: &DeploysFile, end: Span) -> Deploys {
        let times = self.instants(&at.field("at"), &file.at, Span::from_nanos(1), end);
        if file.at.is_empty() {
            self.push(&at.field("at"), "deploys need at least one instant")
                .help
                .push("such as `at: [\"12h\"]`; `deploys: None` is never".into());
        }
        let batch = match &file.batch {
            PortionFile::Workers(count) => {
                self.at_least_one(&at.field("batch"), *count);
                Portion::Workers(*count)
            }
            PortionFile::Share(share) => {
                if share.0 <= 0.0 {
                    self.push(&at.field("batch"), "a share of 0 never exchanges anybody")
                        .help
                        .push("such as \"25%\", or a number of workers".into());
                }
                Portion::Share(share.0)
            }
        };
        let start_up =
            file.start_up.as_ref().map(|start_up| self.dist(&at.field("start_up"), start_up));
        Deploys { at: times.into(), batch, start_up }
    }

    /// What workers are placed on.
    pub(super) fn hosts(&mut self, at: &At<'a>, file: &HostsFile) -> RoomConfig {
        self.at_least_one(&at.field("room"), file.room);
        if file.batch_most.0 < file.batch_idle.0 {
            let what =
                format!("{} after the first is before {}", file.batch_most.0, file.batch_idle.0);
            self.push(&at.field("batch_most"), what)
                .help
                .push("make it as long as `batch_idle` at least".into());
        }
        RoomConfig {
            per_node: file.room,
            nodes: file.there,
            boot: self.dist(&at.field("boot"), &file.boot),
            batch_idle: file.batch_idle.0,
            batch_most: file.batch_most.0,
            empty: file.empty.map(|after| after.0),
        }
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
                self.push(&at.item(index + 1).item(0), format!("`{next}` is not after {before}"))
                    .help
                    .push("steps stand in the order of time, each at an instant of its own".into());
            }
        }
    }
}
