//! Arrivals that are known beforehand.
//!
//! Owns which of them was given last. Must not know chance.
//!
//! Invariant: begun anew, they are the same again.

use std::sync::Arc;

use super::exact::Exact;
use crate::kernel::time::Time;
use crate::model::clients::ArrivalProcess;

/// A process whose instants chance has no part in.
#[derive(Clone, Debug)]
pub(super) enum Listed {
    Burst { at: Time, count: u64, left: u64 },
    Times { at: Arc<[Time]>, next: usize },
    Exact(Exact),
}

impl Listed {
    /// The process from `begin` on; `None` for one of chance.
    pub(super) fn new(process: &ArrivalProcess, begin: Time) -> Option<Listed> {
        match *process {
            ArrivalProcess::Burst { at, count } => {
                Some(Listed::Burst { at, count, left: if at < begin { 0 } else { count } })
            }
            ArrivalProcess::Times { ref at } => {
                let next = at.partition_point(|&time| time < begin);
                Some(Listed::Times { at: Arc::clone(at), next })
            }
            ArrivalProcess::Exact { ref periods } => {
                Some(Listed::Exact(Exact::new(periods, begin)))
            }
            ArrivalProcess::Poisson { .. }
            | ArrivalProcess::Constant { .. }
            | ArrivalProcess::Profile { .. }
            | ArrivalProcess::OnOff { .. }
            | ArrivalProcess::Counts { .. }
            | ArrivalProcess::Repeated { .. }
            | ArrivalProcess::Closed { .. } => None,
        }
    }

    pub(super) fn next(&mut self) -> Option<Time> {
        match self {
            Listed::Burst { at, left, .. } => {
                *left = left.checked_sub(1)?;
                Some(*at)
            }
            Listed::Exact(exact) => exact.next(),
            Listed::Times { at, next } => {
                let time = at.get(*next)?;
                *next += 1;
                Some(*time)
            }
        }
    }

    /// Begins anew.
    pub(super) fn rewind(&mut self) {
        match self {
            Listed::Burst { count, left, .. } => *left = *count,
            Listed::Exact(exact) => exact.rewind(),
            Listed::Times { next, .. } => *next = 0,
        }
    }

    /// The arrival that was given last.
    pub(super) fn pending(&self) -> Option<Time> {
        match self {
            Listed::Burst { at, .. } => Some(*at),
            Listed::Exact(exact) => exact.pending(),
            Listed::Times { at, next } => next.checked_sub(1).map(|given| at[given]),
        }
    }
}
