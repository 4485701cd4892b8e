//! Checks of how processing fails.
//!
//! Owns the ranges of what a worker does then. Must not know the other settings of a consumer
//! beyond what it works on at once.

use super::Check;
use crate::model::clients::{Failure, Jitter, OnFailure};
use crate::scenario::file::{ConsumerFile, JitterFile, OnFailureFile, WorkUnitFile};
use crate::scenario::tree::At;

impl Check<'_> {
    /// How processing fails.
    pub(super) fn failure(&mut self, at: &At, file: &ConsumerFile) -> Failure {
        let failure = &file.failure;
        if failure.whole_batch && matches!(file.per, WorkUnitFile::Message) {
            let what = "messages that are worked on one by one do not fail together";
            self.push(&at.field("whole_batch"), what)
                .help
                .push("give the consumer `per: Batch`, or leave `whole_batch` out".into());
        }
        Failure {
            probability: failure.probability.0,
            poison: failure.poison.0,
            then: self.on_failure(&at.field("then"), &failure.then),
            whole_batch: failure.whole_batch,
        }
    }

    fn on_failure(&mut self, at: &At, file: &OnFailureFile) -> OnFailure {
        match file {
            OnFailureFile::LetExpire => OnFailure::LetExpire,
            OnFailureFile::Release(length) => {
                self.visibility(at, length.0);
                OnFailure::Release(length.0)
            }
            OnFailureFile::Backoff { base, cap, jitter } => {
                self.visibility(&at.field("base"), base.0);
                self.visibility(&at.field("cap"), cap.0);
                if cap.0 < base.0 {
                    let what = format!("a cap of {} is below the base of {}", cap.0, base.0);
                    self.push(&at.field("cap"), what)
                        .help
                        .push("make `cap` longer, or `base` shorter".into());
                }
                let jitter = match jitter {
                    JitterFile::None => Jitter::None,
                    JitterFile::Full => Jitter::Full,
                };
                OnFailure::Backoff { base: base.0, cap: cap.0, jitter }
            }
            OnFailureFile::Delays(lengths) => {
                if !at.is_whole(lengths) {
                    return OnFailure::LetExpire;
                }
                if lengths.is_empty() {
                    self.push(at, "no delays: at least one is needed")
                        .help
                        .push("write, for example, `Delays([\"1s\", \"10s\", \"1m\"])`".into());
                }
                for (number, length) in lengths.iter().enumerate() {
                    self.visibility(&at.item(number), length.0);
                }
                OnFailure::Delays(lengths.iter().map(|length| length.0).collect())
            }
        }
    }
}
