//! What kind of thing a measure is.
//!
//! Owns what follows from its kind and its row: which values of it one wants, and what it follows:
//! traffic, time, a growing queue. Must not know where its value is found, nor any name.

use super::Unit;
use super::measure::{Measure, Names, What};
use crate::observe::nature::{Growth, Wanted};
use crate::stats::take::Take;

impl Measure {
    /// Which values of it one wants: less of a latency, of hours and of costs; of counters and
    /// levels what their rows say.
    pub(super) fn wanted(&self) -> Wanted {
        match self.what {
            What::Latency(Take::Count, _) | What::Share(_) => Wanted::Neither,
            What::Latency(..) | What::WorkerHours | What::Cost(_) => Wanted::Less,
            What::Level(_, level) => level.wanted(),
            What::Downstream(of) => of.wanted,
            What::Count(count) | What::Rate(count) => count.wanted,
            What::OfFunction(sum) => sum.wanted,
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
            | What::Downstream(_)
            | What::OfFunction(_)
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
            What::Cost(cost) => cost.follows_traffic,
            What::OfFunction(sum) => sum.adds_up,
            What::Latency(..)
            | What::Level(..)
            | What::Share(_)
            | What::WorkerHours
            | What::Downstream(_) => false,
        }
    }

    /// Whether it is the more, the longer the measured time is.
    pub(super) fn follows_time(&self) -> bool {
        match self.what {
            What::Count(count) => !count.is_of_an_instant,
            What::Latency(Take::Count, _) | What::WorkerHours => true,
            What::Cost(cost) => cost.follows_time,
            What::OfFunction(sum) => sum.adds_up,
            What::Rate(_)
            | What::Latency(..)
            | What::Level(..)
            | What::Share(_)
            | What::Downstream(_) => false,
        }
    }

    /// The place of the queue whose messages leave it without end where they become ever more.
    pub(super) fn growing(&self, names: &Names<'_>) -> Option<usize> {
        let growth = match self.what {
            What::Latency(Take::Count, _)
            | What::Count(_)
            | What::Rate(_)
            | What::Share(_)
            | What::WorkerHours
            | What::Downstream(_)
            | What::OfFunction(_)
            | What::Cost(_) => Growth::Settles,
            What::Latency(_, row) => row.growth,
            What::Level(_, level) => level.growth(),
        };
        (growth == Growth::Grows).then(|| self.place(names).ok()).flatten()
    }
}
