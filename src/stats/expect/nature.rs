//! What kind of thing a measure is.
//!
//! Owns which values of it one wants, and what it follows: traffic, time, a growing queue. Must not
//! know where its value is found.

use super::Unit;
use super::measure::{Measure, Names, What, split};
use crate::stats::paired::Wanted;
use crate::stats::take::Take;

impl Measure {
    /// Which values of it one wants: fewer refused, repeated or paid things, shorter waits and
    /// lines, more work done; the rest is neither good nor bad.
    pub(super) fn wanted(&self) -> Wanted {
        let name = self.name.trim_end_matches(')');
        let (_, last) = split(name.rsplit('(').next().unwrap_or(name));
        match self.what {
            What::Latency(Take::Count, _) | What::Share(_) => Wanted::Neither,
            What::Latency(..) | What::WorkerHours | What::Cost(_) => Wanted::Less,
            What::Level(..) => match last {
                "visible" | "age_of_oldest" | "under_replicated" | "without_quorum" => Wanted::Less,
                _ => Wanted::Neither,
            },
            What::Count(_) | What::Rate(_) => match last {
                "deleted" | "processed" => Wanted::More,
                "sent" | "moved_in" | "received" | "arrived" | "work" | "probes" | "copies"
                | "node_failures" | "elections" | "purged" => Wanted::Neither,
                _ => Wanted::Less,
            },
        }
    }

    /// Whether it is a latency, or how many messages have one.
    pub(super) fn is_latency(&self) -> bool {
        matches!(self.what, What::Latency(..))
    }

    /// Whether it is a number of things, which has no percentage by itself.
    pub(super) fn is_number(&self) -> bool {
        match self.what {
            What::Count(_) | What::Latency(Take::Count, _) => true,
            What::Level(..) => self.unit() == Unit::Number,
            What::Latency(..)
            | What::Rate(_)
            | What::Share(_)
            | What::WorkerHours
            | What::Cost(_) => false,
        }
    }

    /// Whether it is an amount of money.
    pub(super) fn is_priced(&self) -> bool {
        matches!(self.what, What::Cost(_))
    }

    /// Whether it is the more, the more messages are sent: neither good nor bad where the traffic
    /// is another one.
    pub(super) fn follows_traffic(&self) -> bool {
        match self.what {
            What::Count(_) | What::Rate(_) | What::Latency(Take::Count, _) => true,
            What::Cost(_) => split(&self.name).1 != "cost_per_million",
            What::Latency(..) | What::Level(..) | What::Share(_) | What::WorkerHours => false,
        }
    }

    /// Whether it is the more, the longer the measured time is.
    pub(super) fn follows_time(&self) -> bool {
        match self.what {
            What::Count(_) => !self.is_of_an_instant(),
            What::Latency(Take::Count, _) | What::WorkerHours => true,
            What::Cost(_) => split(&self.name).1 == "cost",
            What::Rate(_) | What::Latency(..) | What::Level(..) | What::Share(_) => false,
        }
    }

    /// The place of the queue whose messages leave it without end where they become ever more: of
    /// a time since the send, the visible messages, the age of the oldest.
    pub(super) fn growing(&self, names: &Names<'_>) -> Option<usize> {
        let name = self.name.trim_end_matches(')');
        let (_, last) = split(name.rsplit('(').next().unwrap_or(name));
        let grows = match self.what {
            What::Latency(take, _) => {
                take != Take::Count && matches!(last, "sent_to_received" | "sent_to_deleted")
            }
            What::Level(..) => matches!(last, "visible" | "age_of_oldest"),
            What::Count(_) | What::Rate(_) | What::Share(_) | What::WorkerHours | What::Cost(_) => {
                false
            }
        };
        if grows { self.place(names).ok() } else { None }
    }
}
