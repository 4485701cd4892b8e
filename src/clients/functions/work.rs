//! How long the work on a batch takes, and which of its messages fail.
//!
//! Owns both: the luck of each message decides. Must not know what becomes of a batch.

use crate::kernel::rng::Fate;
use crate::kernel::time::Span;
use crate::ledger::Delivery;
use crate::model::clients::WorkUnit;
use crate::model::functions::FunctionConfig;

/// How long the work on a batch would take. Messages are worked on one after the other; the first
/// that fails ends it, unless the answer names those that failed.
#[inline]
pub(super) fn work(config: &FunctionConfig, deliveries: &[Delivery]) -> Span {
    match config.per {
        WorkUnit::Batch => work_on(config, &deliveries[0]),
        WorkUnit::Message => {
            let mut sum = Span::ZERO;
            for delivery in deliveries {
                sum = sum.saturating_add(work_on(config, delivery));
                if !config.partial && fails(config, delivery) {
                    break;
                }
            }
            sum
        }
    }
}

/// How long the work on a message takes.
#[inline]
fn work_on(config: &FunctionConfig, delivery: &Delivery) -> Span {
    let receives = delivery.receipt.receives;
    config.processing.sample(&mut delivery.luck.draws(Fate::Work, receives))
}

/// Whether the processing of a message fails at this receive.
#[inline]
fn fails(config: &FunctionConfig, delivery: &Delivery) -> bool {
    config.failure.strikes(delivery.luck, delivery.receipt.receives)
}

/// How far an invocation came, from message to message.
pub(super) struct Progress<'a> {
    config: &'a FunctionConfig,
    timed_out: bool,
    /// Work on the messages so far.
    spent: Span,
    /// A message failed the batch.
    stopped: bool,
}

impl<'a> Progress<'a> {
    /// At the beginning of one that will time out, or will not.
    pub(super) fn new(config: &'a FunctionConfig, timed_out: bool) -> Progress<'a> {
        Progress { config, timed_out, spent: Span::ZERO, stopped: false }
    }

    /// Whether the next message was processed.
    #[inline]
    pub(super) fn completes(&mut self, delivery: &Delivery) -> bool {
        if self.timed_out && !self.is_in_time(delivery) {
            return false;
        }
        let fails = fails(self.config, delivery);
        self.stopped |= fails && !self.config.partial;
        !fails && !self.stopped
    }

    #[cold]
    fn is_in_time(&mut self, delivery: &Delivery) -> bool {
        self.spent = self.spent.saturating_add(work_on(self.config, delivery));
        self.config.per == WorkUnit::Message && self.spent <= self.config.timeout
    }
}
