//! Checks of the sizes of messages.
//!
//! Owns what SQS takes of a message and of a send of several
//! ([quotas](https://docs.aws.amazon.com/AWSSimpleQueueService/latest/SQSDeveloperGuide/quotas-messages.html)).
//! Must not know what a size costs.

use super::Check;
use crate::ledger::config::{MAX_BYTES, MessageSize};
use crate::model::scenario::Scenario;
use crate::scenario::file::{DistFile, ScenarioFile, Size};
use crate::scenario::tree::At;
use crate::scenario::units::size_text;
use crate::scenario::warnings::Warning;

/// Ours: what is rarer than this is not worth a warning.
const RARE: f64 = 0.001;

impl<'a> Check<'a> {
    /// The sizes of a queue's messages.
    pub(super) fn message_size(&mut self, at: &At<'a>, file: &DistFile<Size>) -> MessageSize {
        let size = MessageSize::new(self.dist(at, file));
        let most = size_text(MAX_BYTES);
        match size.largest() {
            Some(0) => {
                let what = "`0B` is too small: a message has at least one byte";
                self.push(at, what).help.push("write `Constant(\"1B\")`".into());
            }
            Some(largest) if largest > MAX_BYTES => {
                let largest = size_text(largest);
                let what =
                    format!("a message of {largest} is larger than the {most} that SQS takes");
                self.push(at, what).help.push(
                    "a larger body is kept elsewhere, such as in S3, and the message names it"
                        .into(),
                );
            }
            Some(_) => {}
            None => {
                let share = size.exceeds(MAX_BYTES);
                if share > RARE {
                    let what = format!(
                        "{:.1} % of the messages would be larger than the {most} that SQS takes",
                        share * 100.0
                    );
                    self.warn(at, Warning::TooLarge, what)
                        .help
                        .push(format!("they count as {most}"));
                }
            }
        }
        size
    }

    /// A full batch of a producer must fit a call.
    pub(super) fn batches(&mut self, file: &ScenarioFile, scenario: &Scenario) {
        let producers = self.root.field("producers");
        for (name, producer) in &file.producers.0 {
            let queue = self.queues.place(&producer.queue);
            let queue = queue.and_then(|queue| scenario.queues.get(queue));
            let Some(size) = queue.map(|queue| &queue.config.message_size) else { continue };
            if producer.batch <= 1 {
                continue;
            }
            let at = producers.field(name).field("batch");
            let (batch, most) = (u64::from(producer.batch), size_text(MAX_BYTES));
            if size.mean().saturating_mul(batch) > MAX_BYTES {
                let mean = size_text(size.mean());
                let what = format!(
                    "{batch} messages of {mean} on average do not fit a call: SQS takes {most}"
                );
                self.push(&at, what).help.push("write a smaller `batch`".into());
            } else if size.exceeds(MAX_BYTES / batch) > RARE {
                let what =
                    format!("a batch of {batch} can be larger than the {most} that SQS takes");
                self.warn(&at, Warning::TooLarge, what)
                    .help
                    .push("such a call counts as if SQS took it".into());
            }
        }
    }
}
