//! Which of several processes comes next.
//!
//! Owns their order. Must not know how the instants of one are made.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use crate::kernel::time::Time;

/// The next instant of each of several processes, [`Time::NEVER`] where it has ended.
#[derive(Clone, Debug)]
pub(super) enum Upcoming {
    /// By process: a scan of a handful is faster than any heap.
    Few(Vec<Time>),
    /// With its process, the first of equals on top.
    Many(BinaryHeap<Reverse<(Time, usize)>>),
}

impl Upcoming {
    /// Most processes that are scanned.
    const FEW: usize = 16;

    pub(super) fn of(times: Vec<Time>) -> Upcoming {
        if times.len() <= Upcoming::FEW {
            return Upcoming::Few(times);
        }
        let places = times.into_iter().enumerate();
        Upcoming::Many(places.map(|(place, time)| Reverse((time, place))).collect())
    }

    /// The earliest, the first of equals, once the process that was given last has this instant.
    pub(super) fn first_after(&mut self, known: Option<(usize, Time)>) -> Option<(usize, Time)> {
        let (first, at) = match self {
            Upcoming::Few(times) => {
                if let Some((place, time)) = known {
                    times[place] = time;
                }
                let (mut first, mut at) = (0, Time::NEVER);
                for (i, &next) in times.iter().enumerate() {
                    if next < at {
                        (first, at) = (i, next);
                    }
                }
                (first, at)
            }
            Upcoming::Many(heap) => {
                if let Some((place, time)) = known {
                    // What was given last stands on top.
                    let mut top = heap.peek_mut()?;
                    *top = Reverse((time, place));
                }
                let &Reverse((at, first)) = heap.peek()?;
                (first, at)
            }
        };
        (at != Time::NEVER).then_some((first, at))
    }
}
