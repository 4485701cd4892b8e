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
    Arrivals, Constant, Exponentials, Law, NONE_GIVEN, Process, Upcoming, path_of, phases,
};
use crate::kernel::rng::Streams;
use crate::kernel::time::Time;
use crate::model::clients::ArrivalProcess;

impl Arrivals {
    /// All arrivals before `at` were given, and at most one of each process after it: from `at` on
    /// the processes are `to` instead of `from`, by their places. Returns the next look, which
    /// takes the place of the one that was given last.
    pub fn change(
        &mut self,
        at: Time,
        from: &[ArrivalProcess],
        to: &[ArrivalProcess],
        streams: Streams,
        path: &str,
    ) -> Option<Time> {
        // Both are in the order of their indices.
        let mut before = std::mem::take(&mut self.processes).into_iter().peekable();
        let mut upcoming = Vec::with_capacity(to.len());
        self.given = NONE_GIVEN;
        for (index, process) in to.iter().enumerate() {
            while before.next_if(|old| old.index < index).is_some() {}
            let old = before.next_if(|old| old.index == index);
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
            upcoming.push(pending.unwrap_or(Time::NEVER));
        }
        if let [only] = upcoming[..] {
            self.upcoming = Upcoming::of(Vec::new());
            return (only != Time::NEVER).then_some(only);
        }
        self.upcoming = Upcoming::of(upcoming);
        self.next_of_several()
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
            Law::Listed(listed) => listed.pending(),
            Law::Repeated(repeated) => repeated.pending(),
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
            Law::Constant(_) | Law::OnOff(_) | Law::Listed(_) | Law::Repeated(_) => None,
        }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::dist::Dist;
    use crate::kernel::time::Span;
    use crate::model::clients::CountPeriod;

    const AT: Time = Time::from_nanos(100_000_000_000);
    const END: Time = Time::from_nanos(400_000_000_000);

    fn poisson(rate: f64) -> ArrivalProcess {
        ArrivalProcess::Poisson { rate }
    }

    fn seconds(seconds: u64) -> Time {
        Time::ZERO + Span::from_secs(seconds)
    }

    /// The arrivals of processes that become others at [`AT`].
    fn changed(from: &[ArrivalProcess], to: &[ArrivalProcess]) -> Vec<Time> {
        let (streams, path) = (Streams::new(1, 0), "producers.web");
        let mut arrivals = Arrivals::new(from, streams, path);
        let mut times = Vec::new();
        let mut next = arrivals.next();
        while let Some(time) = next.filter(|&time| time < AT) {
            times.push(time);
            next = arrivals.next();
        }
        next = arrivals.change(AT, from, to, streams, path);
        while let Some(time) = next.filter(|&time| time < END) {
            times.push(time);
            next = arrivals.next();
        }
        times
    }

    fn unchanged(processes: &[ArrivalProcess]) -> Vec<Time> {
        let arrivals = Arrivals::new(processes, Streams::new(1, 0), "producers.web");
        arrivals.take_while(|&time| time < END).collect()
    }

    /// As many arrivals, each within some nanoseconds.
    fn assert_near(found: &[Time], expected: &[Time], what: &str) {
        assert!(expected.len() > 1_000, "{what}");
        assert_eq!(found.len(), expected.len(), "{what}");
        for (found, expected) in found.iter().zip(expected) {
            assert!(found.as_nanos().abs_diff(expected.as_nanos()) <= 8, "{what}: {found}");
        }
    }

    #[test]
    fn a_poisson_process_goes_on_as_one_whose_rate_jumps() {
        let ramp = AT + Span::from_nanos(1);
        for (before, after) in [(20.0, 60.0), (60.0, 5.0), (0.02, 40.0)] {
            let jump = ArrivalProcess::Profile { points: vec![(AT, before), (ramp, after)] };
            let expected = unchanged(&[jump]);
            let profile = |rate| ArrivalProcess::Profile { points: vec![(Time::ZERO, rate)] };
            let counts = |rate: f64| {
                let period = |n: u64| CountPeriod {
                    from: seconds(30 * n),
                    length: Span::from_secs(30),
                    expected: 30.0 * rate,
                };
                ArrivalProcess::Counts { periods: (0..20).map(period).collect() }
            };
            let forms = [poisson(before), profile(before), counts(before)];
            for from in &forms {
                for to in [poisson(after), profile(after), counts(after)] {
                    let found = changed(std::slice::from_ref(from), &[to]);
                    assert_near(&found, &expected, &format!("{before} to {after}"));
                }
            }
        }
    }

    #[test]
    fn a_slope_is_cut_where_it_is() {
        let rise = |to: f64| ArrivalProcess::Profile {
            points: vec![(Time::ZERO, 0.0), (seconds(200), to), (seconds(300), 2.0)],
        };
        let half = ArrivalProcess::Profile {
            points: vec![
                (Time::ZERO, 0.0),
                (AT, 20.0),
                (AT + Span::from_nanos(1), 10.0),
                (seconds(200), 20.0),
                (seconds(300), 2.0),
            ],
        };
        assert_near(&changed(&[rise(40.0)], &[rise(20.0)]), &unchanged(&[half]), "half as steep");
    }

    /// The gap of 30 s that ends at 120 s has 20 s left at 100 s: two thirds of 3 s are 2 s.
    #[test]
    fn steady_arrivals_keep_their_share_of_the_gap() {
        let constant = |rate| ArrivalProcess::Constant { rate };
        let times = changed(&[constant(1.0 / 30.0)], &[constant(1.0 / 3.0)]);
        let expected = [30, 60, 90].into_iter().chain((102..400).step_by(3));
        assert_eq!(times, expected.map(seconds).collect::<Vec<_>>());
        let times = changed(&[constant(1.0)], &[constant(1.0), constant(0.1)]);
        let added = times.iter().filter(|&&time| time == seconds(110)).count();
        assert_eq!((times.len(), added), (399 + 29, 2), "one that is added begins at the change");
    }

    #[test]
    fn the_other_processes_are_not_moved() {
        let on_off = |rate| ArrivalProcess::OnOff {
            rate,
            on: Dist::Constant(Span::from_secs(10)),
            off: Dist::Constant(Span::from_secs(50)),
        };
        let burst = |at: u64, count| ArrivalProcess::Burst { at: seconds(at), count };
        let times = |seconds_: &[u64]| ArrivalProcess::Times {
            at: seconds_.iter().copied().map(seconds).collect(),
        };
        let steady = [poisson(7.0), poisson(3.0)];
        for (from, to, new) in [
            (burst(50, 3), burst(50, 3), 3),
            (burst(100, 3), burst(100, 3), 3),
            (burst(150, 3), burst(100, 5), 5),
            (burst(50, 3), burst(300, 4), 7),
            (times(&[1, 99, 100, 150]), times(&[1, 99, 100, 150]), 4),
            (times(&[1, 99, 150]), times(&[2, 100, 200, 300]), 5),
            (burst(50, 3), times(&[2, 200]), 4),
        ] {
            let [first, last] = steady.clone();
            let before = [first.clone(), from, last.clone()];
            let found = changed(&before, &[first, to, last]);
            let [first, last] = steady.clone();
            let nothing = ArrivalProcess::Times { at: [].into() };
            let mut others = unchanged(&[first, nothing, last]);
            assert_eq!(found.len(), others.len() + new);
            others.retain(|time| !found.contains(time));
            assert!(others.is_empty(), "{others:?}");
        }
        // It begins anew, on, and one that is left out ends.
        let found = changed(&[on_off(1.0), poisson(2.0)], &[on_off(300.0)]);
        let late: Vec<Time> = found.into_iter().filter(|&time| time >= AT).collect();
        let on = |time: &Time| (*time - AT).as_nanos() % 60_000_000_000 < 10_000_000_000;
        assert!(late.iter().all(on) && (14_000..16_000).contains(&late.len()), "{}", late.len());
    }
}
