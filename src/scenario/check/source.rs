//! Checks of where a fleet receives.
//!
//! Owns lists of several queues. Must not know what else a consumer does.

use super::Check;
use crate::ledger::config::QueueId;
use crate::model::clients::Several;
use crate::model::fleet_size::FleetSize;
use crate::scenario::file::SourceFile;
use crate::scenario::tree::At;

impl Check<'_> {
    /// The queue of a fleet, of several the first, and how it goes through them.
    pub(super) fn source(
        &mut self,
        consumer: &At,
        file: &SourceFile,
        size: &FleetSize,
    ) -> (QueueId, Option<Several>) {
        let at = &consumer.field("queue");
        if matches!(size, FleetSize::Scaled(_)) && !matches!(file, SourceFile::Queue(_)) {
            let what = "a scaler reads the counters of one queue, and this fleet has several";
            self.push(&consumer.field("count"), what)
                .help
                .push("give each queue a fleet of its own, or write a number of workers".into());
        }
        let several = match file {
            SourceFile::Queue(queue) => return (self.queue_named(at, queue), None),
            SourceFile::Priority(queues) if !at.is_whole(queues) => return (QueueId(0), None),
            SourceFile::Weighted(queues) if !at.is_whole(queues) => return (QueueId(0), None),
            SourceFile::Priority(queues) => {
                let own = (0..).zip(queues);
                let own = own.map(|(place, name)| self.queue_named(&at.item(place), name));
                Several::Priority(own.collect())
            }
            SourceFile::Weighted(queues) => {
                let own = (0..).zip(queues).map(|(place, (name, weight))| {
                    let at = at.item(place);
                    self.at_least_one(&at.item(1), *weight);
                    (self.queue_named(&at.item(0), name), *weight)
                });
                Several::Weighted(own.collect())
            }
        };
        let names = file.names();
        for (place, name) in names.iter().enumerate() {
            if names[..place].contains(name) {
                self.push(&at.item(place), format!("the queue `{name}` is listed twice"))
                    .help
                    .push("a worker asks each queue once in a round".into());
            }
        }
        let Some(first) = several.queues().next() else {
            let help = match several {
                Several::Priority(_) => "write, for example, `Priority([\"high\", \"low\"])`",
                Several::Weighted(_) => "write, for example, `Weighted([(\"a\", 3), (\"b\", 1)])`",
            };
            self.push(at, "no queues: at least one is needed").help.push(help.into());
            return (QueueId(0), None);
        };
        (first, Some(several))
    }
}
