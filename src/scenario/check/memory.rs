//! Whether a run fits into the memory that it may take.
//!
//! Owns what is said of a scenario that does not. Must not know how much anything takes:
//! [`crate::engine::memory`] says.

use super::Check;
use crate::engine::memory::{Needed, Occupant, windows};
use crate::model::scenario::Scenario;
use crate::scenario::tree::At;
use crate::scenario::units::{about_size, size_text};

impl<'a> Check<'a> {
    /// Refuses what would not fit, at the setting that takes most.
    pub(super) fn memory(&mut self, scenario: &Scenario) {
        let needed = Needed::of(scenario);
        let (bytes, limit) = (needed.bytes(), scenario.limits.memory);
        if bytes <= limit {
            return;
        }
        let what = format!(
            "a run needs about {} of memory, more than the {} of `limits.memory`",
            about_size(bytes),
            size_text(limit)
        );
        let (part, number, most) = needed.most();
        let (at, whose, help) = self.takes(scenario, part, number);
        let most = about_size(most);
        let advice = &mut self.push(&at, what).help;
        advice.push(format!("the largest part, {most}, is for {whose}: {help}"));
        let unit = if bytes >> 30 > 0 { 1 << 30 } else { 1 << 20 };
        if let Some(enough) = bytes.checked_next_multiple_of(unit) {
            let enough = size_text(enough);
            advice.push(format!(
                "where there is so much, `limits: (memory: \"{enough}\")` allows it"
            ));
        }
    }

    /// The setting that says how much a part takes, what that is, and how it takes less.
    fn takes(
        &self,
        scenario: &Scenario,
        part: Occupant,
        number: usize,
    ) -> (At<'a>, String, &'static str) {
        let each = |kind: &str, name: &str| self.root.field(kind).field(name);
        let windows = windows(scenario);
        let length = scenario.window;
        let queue = || {
            let named = &scenario.queues[number];
            (each("queues", &named.name).field("ledger"), named)
        };
        match part {
            Occupant::Program => (
                self.root.field("limits").field("memory"),
                "the program and what every run has".into(),
                "allow at least that",
            ),
            Occupant::Windows => (
                self.root.field("window"),
                format!("the series of {windows} windows of {length}"),
                "write a longer `window`, or `Auto`",
            ),
            Occupant::Loads => {
                let (ledger, named) = queue();
                let partitions = named.config.ledger.partitions;
                let window = self.root.field("window");
                (
                    if window.is_written() { window } else { ledger.field("partitions") },
                    format!(
                        "the loads of {partitions} partitions in {windows} windows of {length}"
                    ),
                    "write a longer `window`, or fewer `partitions`",
                )
            }
            Occupant::Queue => (
                self.root.field("queues"),
                format!("{} queues with their latencies", scenario.queues.len()),
                "make them fewer, or look at a part of the system",
            ),
            Occupant::Partitions => {
                let (ledger, named) = queue();
                let partitions = named.config.ledger.partitions;
                let whose = format!("partitions, {partitions} of them in `{}`", named.name);
                (ledger.field("partitions"), whose, "make them fewer")
            }
            Occupant::Nodes => {
                let (ledger, named) = queue();
                let whose = format!("nodes with their tokens, such as those of `{}`", named.name);
                (ledger.field("nodes"), whose, "make them fewer")
            }
            Occupant::Workers => {
                let fleet = &scenario.fleets[number];
                let (count, threads) = (fleet.config.size.most(), fleet.config.threads);
                let whose =
                    format!("workers, {count} with {threads} threads each in `{}`", fleet.name);
                (each("consumers", &fleet.name).field("count"), whose, "make them fewer")
            }
            Occupant::Functions => self.of_function(scenario, number),
            Occupant::Arrivals | Occupant::Clients => {
                let producer = &scenario.producers[number];
                let (whose, help) = if part == Occupant::Clients {
                    ("closed clients, most of them in", "make them fewer")
                } else {
                    ("arrivals that are listed, most of them in", "list fewer of them")
                };
                let at = each("producers", &producer.name).field("arrivals");
                (at, format!("{whose} `{}`", producer.name), help)
            }
        }
    }

    /// The same of a function.
    fn of_function(&self, scenario: &Scenario, number: usize) -> (At<'a>, String, &'static str) {
        let function = &scenario.functions[number];
        let most = function.config.most(scenario.account);
        let whose = format!("functions, {most} invocations at once of `{}`", function.name);
        let consumers = self.root.field("consumers");
        let at = consumers.field(&function.name).field("scaling").field("ceiling");
        (at, whose, "let it grow less far, or write a smaller `batch`")
    }
}
