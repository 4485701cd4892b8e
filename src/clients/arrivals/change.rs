//! Arrivals that change their law at an instant.
//!
//! Owns what becomes of an arrival that is pending then. Must not know why the law changes.
//!
//! A Poisson process of any shape spends exponential numbers on the area under its rate. What is
//! left of the pending arrival's number is spent under the new rate: before and after are one
//! process whose rate jumps, and every later arrival keeps its number, so that two futures stay
//! coupled. Steady arrivals keep the share of the gap that is left. An on-off process begins anew,
//! on; so does a process of another kind.

use super::{
    Arrivals, Constant, Exponentials, Law, NONE_GIVEN, Piece, Piecewise, Process, path_of, phases,
};
use crate::clients::config::ArrivalProcess;
use crate::kernel::rng::Streams;
use crate::kernel::time::Time;

impl Arrivals {
    /// All arrivals before `at` were given, and at most one of each process after it: from `at` on
    /// the processes are `to` instead of `from`, by their places. Returns the next arrival, which
    /// takes the place of the one that was given last.
    pub fn change(
        &mut self,
        at: Time,
        from: &[ArrivalProcess],
        to: &[ArrivalProcess],
        streams: Streams,
        path: &str,
    ) -> Option<Time> {
        let mut before = std::mem::take(&mut self.processes);
        self.upcoming.clear();
        self.given = NONE_GIVEN;
        for (index, process) in to.iter().enumerate() {
            let old = before.iter().position(|old| old.index == index);
            let old = old.map(|old| before.swap_remove(old));
            let (next, pending) = if from.get(index) == Some(process) {
                let Some(old) = old else { continue };
                let pending = old.law.pending().filter(|&pending| pending >= at);
                (old, pending)
            } else {
                let path = path_of(path, index);
                let Some(changed) = Process::change(old, index, process, at, streams, &path) else {
                    continue;
                };
                changed
            };
            self.processes.push(next);
            self.upcoming.push(pending.unwrap_or(Time::NEVER));
        }
        match self.upcoming[..] {
            [only] => {
                self.upcoming.clear();
                (only != Time::NEVER).then_some(only)
            }
            _ => self.next_of_several(),
        }
    }
}

impl Process {
    /// The process that follows on `old`, and its next arrival; none if it has none ever.
    fn change(
        old: Option<Process>,
        index: usize,
        to: &ArrivalProcess,
        at: Time,
        streams: Streams,
        path: &str,
    ) -> Option<(Process, Option<Time>)> {
        let (numbers, old) = match old {
            Some(Process { numbers, law, .. }) => (numbers, Some(law)),
            None => (Exponentials::at(streams, path), None),
        };
        let left = old.as_ref().and_then(|law| law.left_at(at));
        let share = match &old {
            Some(Law::Constant(constant)) => constant.share_left(at),
            _ => None,
        };
        let law = Law::new(to, at, || match old {
            Some(Law::OnOff(on_off)) => on_off.phases,
            _ => phases(streams, path),
        })?;
        let mut process = Process { index, numbers, law };
        let pending = match (&mut process.law, left, share) {
            (Law::Poisson { clock, gap }, Some(left), _) => clock.advance(*gap * left),
            (Law::Piecewise(pieces), Some(left), _) => pieces.spend(left),
            (Law::Constant(constant), _, Some(share)) => constant.go_on(share),
            _ => process.next(),
        };
        Some((process, pending))
    }
}

impl Law {
    /// The arrival that was given last.
    fn pending(&self) -> Option<Time> {
        match self {
            Law::Poisson { clock, .. } => Some(Time::from_nanos(clock.nanos)),
            Law::Constant(constant) => Some(constant.pending()),
            Law::Piecewise(pieces) => {
                let goes_on = pieces.at < pieces.pieces.len();
                goes_on.then_some(Time::from_nanos(pieces.clock.nanos))
            }
            Law::OnOff(on_off) => Some(Time::from_nanos(on_off.clock.nanos)),
            Law::Burst { at, .. } => Some(*at),
            Law::Times { at, next } => next.checked_sub(1).map(|given| at[given]),
        }
        .filter(|&pending| pending != Time::NEVER)
    }

    /// What is left at `at` of the exponential number of a pending arrival, for a Poisson process
    /// whose rate is known beforehand.
    fn left_at(&self, at: Time) -> Option<f64> {
        if self.pending().is_none_or(|pending| pending < at) {
            return None;
        }
        match self {
            Law::Poisson { clock, gap } => Some(clock.since(at.as_nanos()) / gap),
            Law::Piecewise(pieces) => Some(pieces.area_since(at.as_nanos())),
            Law::Constant(_) | Law::OnOff(_) | Law::Burst { .. } | Law::Times { .. } => None,
        }
    }
}

impl Piecewise {
    /// The area under the rate from `begin` to the clock.
    fn area_since(&self, begin: u64) -> f64 {
        let area = |piece: &Piece| {
            let from = begin.max(piece.from);
            let length = if self.clock.nanos < piece.until {
                if self.clock.nanos < from {
                    return 0.0;
                }
                self.clock.since(from)
            } else {
                piece.until.saturating_sub(from) as f64
            };
            let rate = (piece.rate + piece.slope * from.saturating_sub(piece.from) as f64).max(0.0);
            (length * (rate + 0.5 * piece.slope * length)).max(0.0)
        };
        self.pieces.iter().map(area).sum()
    }
}

impl Constant {
    fn pending(&self) -> Time {
        let rounded = self.position.saturating_add(1 << (Constant::POINT - 1)) >> Constant::POINT;
        Time::from_nanos(u64::try_from(rounded).unwrap_or(u64::MAX))
    }

    /// The share of the gap before the pending arrival that is left at `at`.
    fn share_left(&self, at: Time) -> Option<f64> {
        if self.pending() < at {
            return None;
        }
        let left = self.position.saturating_sub(u128::from(at.as_nanos()) << Constant::POINT);
        Some(left as f64 / self.step as f64)
    }

    /// The next arrival comes after this share of a gap.
    #[expect(clippy::cast_sign_loss, reason = "a share is not negative")]
    fn go_on(&mut self, share: f64) -> Option<Time> {
        let step = std::mem::replace(&mut self.step, 0);
        self.position = self.position.saturating_add((share * step as f64) as u128);
        let next = self.next();
        self.step = step;
        next
    }
}
