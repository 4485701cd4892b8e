//! When messages arise at a producer.
//!
//! Owns the generator behind each [`ArrivalProcess`] and their merging into one ascending sequence
//! of instants. Must not know what arises, nor when the run ends: a generator goes on for as long
//! as it is asked.
//!
//! Invariant: each process has a stream of its own, so adding one never moves another's arrivals.
//! Poisson processes of every shape are made by inversion of their integrated rate, one number an
//! arrival (E. Çinlar, "Introduction to Stochastic Processes", 1975, chapter 4), so raising a
//! rate brings each arrival forward and never reorders chance.

mod change;
mod exact;
mod listed;
mod repeated;
mod upcoming;

use crate::kernel::dist::Dist;
use crate::kernel::num;
use crate::kernel::rng::{Purpose, Source, Stream, Streams};
use crate::kernel::time::Time;
use crate::model::clients::{ArrivalProcess, CountPeriod};
use listed::Listed;
use repeated::{Repeated, Turn};
use upcoming::Upcoming;

const NANOS_PER_SECOND: f64 = 1e9;

/// The arrivals of one producer: an iterator over ascending instants, one a message.
#[derive(Clone, Debug)]
pub struct Arrivals {
    processes: Vec<Process>,
    /// Unused while there is only one.
    upcoming: Upcoming,
    /// The process whose instant was given last, and whose next one is not known yet.
    given: usize,
}

/// Before the first instant is given.
const NONE_GIVEN: usize = usize::MAX;

/// The streams of process `index` at the producer `path`.
fn path_of(path: &str, index: usize) -> String {
    format!("{path}.arrivals.{index}")
}

impl Arrivals {
    /// Bytes of a process, what it lists apart.
    pub const BYTES_PER_PROCESS: usize = size_of::<Process>()
        + size_of::<[f64; Exponentials::BLOCK]>()
        + size_of::<OnOff>()
        + size_of::<Repeated>();
    /// Bytes of a stretch of a rate that changes, beside what its process lists.
    pub const BYTES_PER_PIECE: usize = size_of::<Piece>();

    /// The sum of `processes` at the producer `path` (`producers.web`). Process i draws from the
    /// stream `{path}.arrivals.{i}`. [`ArrivalProcess::Closed`] is left out: what its clients do
    /// depends on the answers they get (see [`Arrivals::closed`]).
    pub fn new(processes: &[ArrivalProcess], streams: Streams, path: &str) -> Arrivals {
        let mut processes: Vec<Process> = processes
            .iter()
            .enumerate()
            .filter_map(|(index, process)| {
                let path = path_of(path, index);
                let law = Law::new(process, Time::ZERO, || phases(streams, &path))?;
                Some(Process { index, numbers: Exponentials::at(streams, &path), law })
            })
            .collect();
        let upcoming = match processes.as_mut_slice() {
            [] | [_] => Upcoming::of(Vec::new()),
            several => Upcoming::of(several.iter_mut().map(Process::next_or_never).collect()),
        };
        Arrivals { processes, upcoming, given: NONE_GIVEN }
    }

    /// The closed processes among `processes`: number of clients and their think time.
    pub fn closed(processes: &[ArrivalProcess]) -> impl Iterator<Item = (u32, &Dist)> {
        processes.iter().filter_map(|process| match process {
            ArrivalProcess::Closed { clients, think } => Some((*clients, think)),
            ArrivalProcess::Poisson { .. }
            | ArrivalProcess::Constant { .. }
            | ArrivalProcess::Profile { .. }
            | ArrivalProcess::OnOff { .. }
            | ArrivalProcess::Burst { .. }
            | ArrivalProcess::Counts { .. }
            | ArrivalProcess::Exact { .. }
            | ArrivalProcess::Repeated { .. }
            | ArrivalProcess::Times { .. } => None,
        })
    }

    /// The next instant to look at: that of an arrival, or of a pause in the search for one.
    #[inline]
    pub fn next_look(&mut self) -> Option<Time> {
        match self.processes.as_mut_slice() {
            [only] => only.next(),
            _ => self.next_of_several(),
        }
    }

    /// Whether nothing arises at the instant that was given last: a process has looked through so
    /// many silent phases that others must have their turn.
    #[inline]
    pub fn is_pause(&self) -> bool {
        let given = if self.given == NONE_GIVEN { 0 } else { self.given };
        match self.processes.get(given).map(|process| &process.law) {
            Some(Law::OnOff(on_off)) => on_off.need.is_some(),
            _ => false,
        }
    }

    /// The earliest of several, the first of equals.
    fn next_of_several(&mut self) -> Option<Time> {
        let given = (self.given != NONE_GIVEN).then_some(self.given);
        let known = given.map(|given| (given, self.processes[given].next_or_never()));
        let (first, at) = self.upcoming.first_after(known)?;
        self.given = first;
        Some(at)
    }
}

/// The arrivals alone.
impl Iterator for Arrivals {
    type Item = Time;

    fn next(&mut self) -> Option<Time> {
        loop {
            let next = self.next_look()?;
            if !self.is_pause() {
                return Some(next);
            }
        }
    }
}

#[derive(Clone, Debug)]
struct Process {
    /// Its place among those that the producer was told.
    index: usize,
    numbers: Exponentials,
    law: Law,
}

/// Standard exponential numbers, drawn some dozens at a time: the processor works on several
/// logarithms at once where they do not wait for each other's event.
#[derive(Clone, Debug)]
struct Exponentials {
    stream: Stream,
    drawn: Box<[f64; Exponentials::BLOCK]>,
    next: usize,
}

impl Exponentials {
    const BLOCK: usize = 64;

    /// The numbers of the process at `path`.
    fn at(streams: Streams, path: &str) -> Exponentials {
        let stream = streams.stream(path, Purpose::Arrivals);
        let drawn = Box::new([0.0; Exponentials::BLOCK]);
        Exponentials { stream, drawn, next: Exponentials::BLOCK }
    }

    #[inline]
    fn next(&mut self) -> f64 {
        if self.next == Exponentials::BLOCK {
            self.fill();
        }
        let number = self.drawn[self.next];
        self.next += 1;
        number
    }

    #[inline(never)]
    fn fill(&mut self) {
        for number in self.drawn.iter_mut() {
            *number = self.stream.unit();
        }
        for number in self.drawn.iter_mut() {
            *number = num::exponential_quantile(*number);
        }
        self.next = 0;
    }
}

impl Process {
    #[inline]
    fn next(&mut self) -> Option<Time> {
        match &mut self.law {
            Law::Poisson { clock, gap } => clock.advance(*gap * self.numbers.next()),
            Law::Constant(constant) => constant.next(),
            Law::Piecewise(pieces) => pieces.spend(self.numbers.next()),
            Law::OnOff(on_off) => on_off.next(&mut self.numbers),
            Law::Listed(listed) => listed.next(),
            Law::Repeated(repeated) => repeated.next(),
        }
    }

    fn next_or_never(&mut self) -> Time {
        self.next().unwrap_or(Time::NEVER)
    }
}

/// One process, ready to run.
#[derive(Clone, Debug)]
enum Law {
    Poisson { clock: Clock, gap: f64 },
    Constant(Constant),
    Piecewise(Piecewise),
    OnOff(Box<OnOff>),
    Listed(Listed),
    Repeated(Box<Repeated>),
}

/// The lengths of the phases of the process at `path`.
fn phases(streams: Streams, path: &str) -> Stream {
    streams.stream(&format!("{path}.phases"), Purpose::Arrivals)
}

impl Law {
    /// The process from `begin` on. `None` for one that is not generated here or never has an
    /// arrival.
    fn new(process: &ArrivalProcess, begin: Time, phases: impl FnOnce() -> Stream) -> Option<Law> {
        let clock = Clock::at(begin.as_nanos());
        match *process {
            ArrivalProcess::Poisson { rate } => {
                (rate > 0.0).then(|| Law::Poisson { clock, gap: NANOS_PER_SECOND / rate })
            }
            ArrivalProcess::Constant { rate } => {
                (rate > 0.0).then(|| Law::Constant(Constant::new(rate, begin)))
            }
            ArrivalProcess::Profile { ref points } => {
                Some(Law::Piecewise(Piecewise::profile(points).from(clock)))
            }
            ArrivalProcess::Counts { ref periods } => {
                Some(Law::Piecewise(Piecewise::counts(periods).from(clock)))
            }
            ArrivalProcess::OnOff { rate, ref on, ref off } => {
                let ever = rate > 0.0 && on.mean_nanos() > 0.0;
                ever.then(|| Law::OnOff(Box::new(OnOff::new(rate, on, off, phases(), begin))))
            }
            ArrivalProcess::Burst { .. }
            | ArrivalProcess::Times { .. }
            | ArrivalProcess::Exact { .. } => Listed::new(process, begin).map(Law::Listed),
            ArrivalProcess::Repeated { every, ref of } => {
                let pieces = match &**of {
                    ArrivalProcess::Profile { points } => Piecewise::profile(points),
                    ArrivalProcess::Counts { periods } => Piecewise::counts(periods),
                    ArrivalProcess::Poisson { .. }
                    | ArrivalProcess::Constant { .. }
                    | ArrivalProcess::OnOff { .. }
                    | ArrivalProcess::Burst { .. }
                    | ArrivalProcess::Exact { .. }
                    | ArrivalProcess::Times { .. }
                    | ArrivalProcess::Repeated { .. }
                    | ArrivalProcess::Closed { .. } => {
                        let listed = Repeated::new(of, every, begin)?;
                        return Some(Law::Repeated(Box::new(listed)));
                    }
                };
                Some(Law::Piecewise(pieces.repeated(every)?.from(clock)))
            }
            ArrivalProcess::Closed { .. } => None,
        }
    }
}

/// A place on the time line with the fraction of a nanosecond that an instant cannot hold: gaps
/// add up without the bias that rounding each of them would have at a million arrivals a
/// millisecond.
#[derive(Clone, Copy, Debug)]
struct Clock {
    nanos: u64,
    fraction: f64,
}

impl Clock {
    const START: Clock = Clock::at(0);

    const fn at(nanos: u64) -> Clock {
        Clock { nanos, fraction: 0.0 }
    }

    /// Goes on by `gap` nanoseconds, at least 0: the instant there, rounded down, or `None` for
    /// good past the end of time.
    #[inline]
    #[expect(clippy::cast_sign_loss, reason = "a gap is not negative")]
    fn advance(&mut self, gap: f64) -> Option<Time> {
        let total = self.fraction + gap;
        let whole = total as u64;
        self.fraction = total - whole as f64;
        self.nanos = self.nanos.saturating_add(whole);
        (self.nanos < u64::MAX).then_some(Time::from_nanos(self.nanos))
    }

    /// Nanoseconds since `earlier`.
    #[inline]
    fn since(self, earlier: u64) -> f64 {
        (self.nanos - earlier) as f64 + self.fraction
    }

    /// Nanoseconds until `later`.
    #[inline]
    fn until(self, later: u64) -> f64 {
        later.saturating_sub(self.nanos) as f64 - self.fraction
    }
}

/// One arrival every `step`, in nanoseconds with 64 bits behind the point: after 10¹³ arrivals the
/// sum is still exact to a millionth of a nanosecond.
#[derive(Clone, Copy, Debug)]
struct Constant {
    position: u128,
    step: u128,
}

impl Constant {
    const POINT: u32 = 64;

    /// The step is 10⁹/rate to 106 bits: the quotient, and what its remainder adds.
    #[expect(clippy::cast_sign_loss, reason = "the sum of both parts is positive")]
    fn new(rate: f64, begin: Time) -> Constant {
        let scale = 2.0 * (1_u64 << (Constant::POINT - 1)) as f64;
        let quotient = NANOS_PER_SECOND / rate;
        let rest = num::fused(-quotient, rate, NANOS_PER_SECOND) / rate;
        let step = ((quotient * scale) as u128).saturating_add_signed((rest * scale) as i128);
        Constant { position: u128::from(begin.as_nanos()) << Constant::POINT, step }
    }

    #[inline]
    fn next(&mut self) -> Option<Time> {
        self.position = self.position.saturating_add(self.step);
        let rounded = self.position.saturating_add(1 << (Constant::POINT - 1)) >> Constant::POINT;
        (rounded < u128::from(u64::MAX)).then_some(Time::from_nanos(rounded as u64))
    }
}

/// A stretch of time in which the rate is linear: `rate + slope · (t − from)` arrivals a
/// nanosecond.
#[derive(Clone, Copy, Debug)]
struct Piece {
    from: u64,
    until: u64,
    rate: f64,
    slope: f64,
}

/// A Poisson process whose rate is linear in pieces; silent between and after them.
#[derive(Clone, Debug)]
struct Piecewise {
    clock: Clock,
    pieces: Vec<Piece>,
    at: usize,
    /// Where the pieces begin: they are told from there on.
    begin: u64,
    /// When they begin again, if they do.
    turn: Option<Turn>,
}

impl Piecewise {
    fn new(pieces: impl Iterator<Item = Piece>) -> Piecewise {
        // Silent ones are passed over once, not at each turn.
        let sends = |piece: &Piece| piece.rate > 0.0 || piece.slope > 0.0;
        let pieces = pieces.filter(|piece| piece.until > piece.from && sends(piece)).collect();
        Piecewise { clock: Clock::START, pieces, at: 0, begin: 0, turn: None }
    }

    fn profile(points: &[(Time, f64)]) -> Piecewise {
        let [(first, start), .., (last, end)] = *points else {
            let flat = points.iter().map(|&(_, rate)| flat(0, u64::MAX, rate));
            return Piecewise::new(flat);
        };
        let slopes = points.windows(2).map(|pair| {
            let (from, until) = (pair[0].0.as_nanos(), pair[1].0.as_nanos());
            let rise = (pair[1].1 - pair[0].1) / NANOS_PER_SECOND;
            Piece { slope: rise / (until - from).max(1) as f64, ..flat(from, until, pair[0].1) }
        });
        let before = flat(0, first.as_nanos(), start);
        let after = flat(last.as_nanos(), u64::MAX, end);
        Piecewise::new([before].into_iter().chain(slopes).chain([after]))
    }

    fn counts(periods: &[CountPeriod]) -> Piecewise {
        Piecewise::new(periods.iter().filter(|period| !period.length.is_zero()).map(|period| {
            let from = period.from.as_nanos();
            let until = period.from.saturating_add(period.length).as_nanos();
            flat(from, until, period.expected / period.length.as_secs_f64())
        }))
    }

    /// The same from `clock` on.
    fn from(self, clock: Clock) -> Piecewise {
        let begin = self.turn.map_or(0, |turn| turn.begin_of(clock.nanos));
        let at = self.pieces.partition_point(|piece| piece.until <= clock.nanos - begin);
        Piecewise { clock, at, begin, ..self }
    }

    /// Spends a standard exponential number on the area under the rate.
    fn spend(&mut self, mut need: f64) -> Option<Time> {
        loop {
            let Some(piece) = self.pieces.get(self.at) else {
                let (begin, left) = self.turn?.after(self.begin, need)?;
                (self.begin, self.at, need) = (begin, 0, left);
                continue;
            };
            let from = piece.from.saturating_add(self.begin);
            let until = piece.until.saturating_add(self.begin);
            if self.clock.nanos < from {
                self.clock = Clock::at(from);
            }
            let left = self.clock.until(until).max(0.0);
            let rate = (piece.rate + piece.slope * self.clock.since(from)).max(0.0);
            let area = left * (rate + 0.5 * piece.slope * left);
            if need < area {
                return self.clock.advance(gap(need, rate, piece.slope).min(left));
            }
            need -= area.max(0.0);
            self.clock = Clock::at(until);
            self.at += 1;
        }
    }
}

/// A constant rate, given in messages per second.
fn flat(from: u64, until: u64, per_second: f64) -> Piece {
    Piece { from, until, rate: per_second / NANOS_PER_SECOND, slope: 0.0 }
}

/// Where the area under `rate + slope·y` reaches `need`: the root of a quadratic, in the form that
/// subtracts nothing and holds for a slope of 0.
#[inline]
fn gap(need: f64, rate: f64, slope: f64) -> f64 {
    2.0 * need / (rate + num::sqrt((rate * rate + 2.0 * slope * need).max(0.0)))
}

/// Poisson while on. The lengths of the phases come from a stream of their own, so that the rate
/// does not move them.
#[derive(Clone, Debug)]
struct OnOff {
    clock: Clock,
    /// End of the on period under way.
    until: Time,
    /// Arrivals per nanosecond while on.
    rate: f64,
    on: Dist,
    off: Dist,
    phases: Stream,
    /// What is left of the number of the next arrival, while the search for it pauses.
    need: Option<f64>,
}

impl OnOff {
    /// Phases without an arrival after which the search pauses: some hundredths of a millisecond.
    const PATIENCE: u32 = 1_000;

    fn new(rate: f64, on: &Dist, off: &Dist, mut phases: Stream, begin: Time) -> OnOff {
        let until = begin.saturating_add(on.sample(&mut phases));
        let (on, off) = (on.clone(), off.clone());
        let clock = Clock::at(begin.as_nanos());
        OnOff { clock, until, rate: rate / NANOS_PER_SECOND, on, off, phases, need: None }
    }

    fn next(&mut self, numbers: &mut Exponentials) -> Option<Time> {
        let mut need = self.need.take().unwrap_or_else(|| numbers.next());
        for _ in 0..OnOff::PATIENCE {
            let left = self.clock.until(self.until.as_nanos()).max(0.0);
            if need < left * self.rate {
                return self.clock.advance((need / self.rate).min(left));
            }
            need -= left * self.rate;
            let off = self.off.sample(&mut self.phases);
            let start = self.until.saturating_add(off);
            self.clock = Clock::at(start.as_nanos());
            self.until = start.saturating_add(self.on.sample(&mut self.phases));
            if start == Time::NEVER {
                return None;
            }
        }
        self.need = Some(need);
        Some(Time::from_nanos(self.clock.nanos))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Span;

    const SECOND: u64 = 1_000_000_000;

    fn at(seconds: f64) -> Time {
        Time::ZERO + Span::round_nanos(seconds * 1e9)
    }

    fn arrivals(processes: &[ArrivalProcess]) -> Arrivals {
        Arrivals::new(processes, Streams::new(1, 0), "producers.web")
    }

    fn before(process: ArrivalProcess, end: Time) -> Vec<Time> {
        arrivals(&[process]).take_while(|&time| time < end).collect()
    }

    /// Standard errors by which a Poisson count differs from its mean.
    fn assert_poisson_count(count: usize, mean: f64, what: &str) {
        let z = (count as f64 - mean) / num::sqrt(mean);
        assert!(z.abs() < 4.0, "{what}: {count} arrivals where {mean} were expected, z {z}");
    }

    /// The index of dispersion over `windows` equal windows is 1 for a Poisson process with a
    /// constant rate; its standard error is the root of 2/(n − 1).
    fn assert_dispersion(times: &[Time], windows: usize, end: Time) {
        let mut counts = vec![0.0; windows];
        for time in times {
            let window = u128::from(time.as_nanos()) * windows as u128 / u128::from(end.as_nanos());
            counts[window as usize] += 1.0;
        }
        let mean = times.len() as f64 / windows as f64;
        let free = windows as f64 - 1.0;
        let index = counts.iter().map(|c: &f64| (c - mean) * (c - mean)).sum::<f64>() / free / mean;
        let z = (index - 1.0) / num::sqrt(2.0 / free);
        assert!(z.abs() < 4.0, "index of dispersion {index}, z {z}");
    }

    /// Time rescaling: the areas under the rate between arrivals are standard exponential numbers,
    /// whatever the rate. Checks their mean and their share below three points.
    fn assert_rescales(areas: &[f64]) {
        let n = (areas.len() - 1) as f64;
        let gaps: Vec<f64> = areas.windows(2).map(|pair| pair[1] - pair[0]).collect();
        let mean = gaps.iter().sum::<f64>() / n;
        assert!((mean - 1.0).abs() * num::sqrt(n) < 4.0, "mean area {mean} over {n} gaps");
        for point in [0.1, 0.7, 3.0] {
            let p = -num::exp_m1(-point);
            let below = gaps.iter().filter(|&&gap| gap <= point).count() as f64;
            let z = (below - n * p) / num::sqrt(n * p * (1.0 - p));
            assert!(z.abs() < 4.0, "share of areas below {point}: z {z}");
        }
    }

    #[test]
    fn poisson_counts_have_their_mean_and_dispersion() {
        let times = before(ArrivalProcess::Poisson { rate: 400.0 }, at(1_000.0));
        assert!(times.is_sorted());
        assert_poisson_count(times.len(), 400_000.0, "in 1000 s");
        assert_dispersion(&times, 20_000, at(1_000.0));
        assert_rescales(&times.iter().map(|t| t.as_nanos() as f64 * 4e-7).collect::<Vec<_>>());
    }

    /// Rounding each gap to whole nanoseconds would lose 4 % of this rate: e^-½/(1 − e^-1) = 0.96.
    #[test]
    fn a_gap_of_a_nanosecond_is_not_biased_by_rounding() {
        let times = before(ArrivalProcess::Poisson { rate: 1e9 }, at(0.001));
        assert_poisson_count(times.len(), 1e6, "in a millisecond");
    }

    #[test]
    fn constant_arrivals_fall_on_the_nearest_nanosecond_without_drift() {
        for rate in [1_u64, 3, 7, 400, 999_983, 1_000_000_000] {
            let process = ArrivalProcess::Constant { rate: rate as f64 };
            for (i, time) in (1_u64..=1_000_000).zip(arrivals(&[process])) {
                let nearest = (2 * i * SECOND + rate) / (2 * rate);
                assert_eq!(time.as_nanos(), nearest, "arrival {i} at {rate}/s");
            }
        }
        let slow = arrivals(&[ArrivalProcess::Constant { rate: 1.0 / 3600.0 }]);
        assert_eq!(slow.take(3).last(), Some(at(10_800.0)));
    }

    /// A ramp from silence, a plateau, a jump, silence, and a rate that stays after the last point.
    #[test]
    fn a_profile_follows_its_integrated_rate() {
        let points = [(5.0, 0.0), (15.0, 2e4), (25.0, 2e4), (25.0, 5e3), (26.0, 0.0), (30.0, 0.0)];
        let area = |t: f64| -> f64 {
            let segments = points.windows(2).map(|pair| {
                let ((from, low), (until, high)) = (pair[0], pair[1]);
                let spent = t.clamp(from, until) - from;
                let length = f64::max(until - from, 1e-9);
                spent * low + 0.5 * spent * spent * (high - low) / length
            });
            segments.sum()
        };
        let process =
            ArrivalProcess::Profile { points: points.map(|(t, rate)| (at(t), rate)).into() };
        let times: Vec<Time> = arrivals(&[process]).collect();
        assert!(times.is_sorted() && times[0] >= at(5.0) && times[times.len() - 1] < at(26.0));
        assert_poisson_count(times.len(), 302_500.0, "in all");
        let ramp = times.iter().filter(|&&t| t < at(10.0)).count();
        assert_poisson_count(ramp, 25_000.0, "in the first half of the ramp");
        let areas: Vec<f64> = times.iter().map(|t| area(t.as_nanos() as f64 / 1e9)).collect();
        assert_rescales(&areas);
    }

    #[test]
    fn a_profile_is_constant_outside_its_points() {
        let points = vec![(at(10.0), 1000.0), (at(20.0), 3000.0)];
        let times = before(ArrivalProcess::Profile { points }, at(30.0));
        let between = |from, until| times.iter().filter(|&&t| from <= t && t < until).count();
        assert_poisson_count(between(at(0.0), at(10.0)), 10_000.0, "before the first point");
        assert_poisson_count(between(at(10.0), at(20.0)), 20_000.0, "between the points");
        assert_poisson_count(between(at(20.0), at(30.0)), 30_000.0, "after the last point");
        let lone = before(ArrivalProcess::Profile { points: vec![(at(10.0), 1000.0)] }, at(30.0));
        assert_poisson_count(lone.len(), 30_000.0, "one point");
    }

    #[test]
    fn counts_are_poisson_within_each_period_and_exact_across_borders() {
        let period = |from: f64, length: f64, expected| CountPeriod {
            from: at(from),
            length: Span::round_nanos(length * 1e9),
            expected,
        };
        let periods = vec![
            period(0.0, 300.0, 40_000.0),
            period(300.0, 300.0, 0.0),
            period(600.0, 300.0, 90_000.0),
            period(1_000.0, 50.0, 250.0),
        ];
        let times: Vec<Time> =
            arrivals(&[ArrivalProcess::Counts { periods: periods.clone().into() }]).collect();
        let mut inside = 0;
        for CountPeriod { from, length, expected } in periods {
            let count = times.iter().filter(|&&t| from <= t && t < from + length).count();
            inside += count;
            if expected > 0.0 {
                assert_poisson_count(count, expected, "in a period");
            } else {
                assert_eq!(count, 0);
            }
        }
        assert_eq!(inside, times.len(), "nothing arrives between or after the periods");
        let first = times.partition_point(|&t| t < at(300.0));
        assert_dispersion(&times[..first], 2_000, at(300.0));
    }

    /// Many short periods of the same rate are one Poisson process: borders leave no trace.
    #[test]
    fn a_thousand_short_periods_are_one_poisson_process() {
        let period = |i| CountPeriod {
            from: Time::from_nanos(i * SECOND),
            length: Span::from_secs(1),
            expected: 0.5,
        };
        let periods: Vec<CountPeriod> = (0..100_000).map(period).collect();
        let times: Vec<Time> =
            arrivals(&[ArrivalProcess::Counts { periods: periods.into() }]).collect();
        assert_poisson_count(times.len(), 50_000.0, "in all");
        assert_dispersion(&times, 10_000, at(100_000.0));
        assert_rescales(&times.iter().map(|t| t.as_nanos() as f64 * 5e-10).collect::<Vec<_>>());
    }

    #[test]
    fn on_and_off_alternate_and_start_on() {
        let (on, off) = (Dist::Constant(Span::from_secs(2)), Dist::Constant(Span::from_secs(3)));
        let times = before(ArrivalProcess::OnOff { rate: 500.0, on, off }, at(1_000.0));
        assert!(times.iter().all(|t| t.as_nanos() % (5 * SECOND) < 2 * SECOND), "silent while off");
        assert_poisson_count(times.len(), 200_000.0, "on for 400 s of 1000");
        let area = |t: &Time| {
            let cycles = t.as_nanos() / (5 * SECOND);
            (cycles * 2 * SECOND + t.as_nanos() % (5 * SECOND)) as f64 * 5e-7
        };
        assert_rescales(&times.iter().map(area).collect::<Vec<_>>());
    }

    /// Exponential phases, mean 1 s on and 4 s off: over T seconds the on time has mean T/5 and,
    /// as a renewal-reward process, variance T·2·(1·4)²·/5³ = 0.256 T.
    #[test]
    fn random_phases_have_their_share() {
        let phase = |secs| Dist::Exponential { mean: Span::from_secs(secs) };
        let process = ArrivalProcess::OnOff { rate: 10.0, on: phase(1), off: phase(4) };
        let count = before(process, at(100_000.0)).len() as f64;
        let (mean, variance) = (200_000.0, 200_000.0 + 100.0 * 25_600.0);
        assert!((count - mean).abs() < 4.0 * num::sqrt(variance), "{count} arrivals");
    }

    #[test]
    fn the_rate_does_not_move_the_phases() {
        let phase = |secs| Dist::Exponential { mean: Span::from_secs(secs) };
        let starts = |rate| {
            let process = ArrivalProcess::OnOff { rate, on: phase(1), off: phase(1_000) };
            let times = before(process, at(50_000.0));
            let gaps = times.windows(2).filter(|pair| pair[1] - pair[0] > Span::from_secs(50));
            gaps.map(|pair| pair[1].as_nanos() / SECOND).collect::<Vec<_>>()
        };
        let (few, many) = (starts(1_000.0), starts(3_000.0));
        assert!(few.len() > 10, "{few:?}");
        assert!(few.iter().all(|s| many.iter().any(|m| m.abs_diff(*s) <= 1)), "{few:?} {many:?}");
    }

    #[test]
    fn bursts_and_listed_times_are_exact() {
        let burst = ArrivalProcess::Burst { at: at(7.0), count: 3 };
        assert_eq!(arrivals(&[burst]).collect::<Vec<_>>(), [at(7.0); 3]);
        let listed = vec![at(1.0), at(1.0), at(2.5)];
        let process = ArrivalProcess::Times { at: listed.clone().into() };
        assert_eq!(arrivals(&[process]).collect::<Vec<_>>(), listed);
    }

    #[test]
    fn several_processes_merge_and_leave_each_other_alone() {
        let processes = [
            ArrivalProcess::Closed { clients: 5, think: Dist::Constant(Span::ZERO) },
            ArrivalProcess::Poisson { rate: 50.0 },
            ArrivalProcess::Times { at: [at(1.0), at(3.0)].into() },
            ArrivalProcess::Poisson { rate: 70.0 },
            ArrivalProcess::Burst { at: at(3.0), count: 2 },
        ];
        let merged: Vec<Time> = arrivals(&processes).take_while(|&t| t < at(100.0)).collect();
        // Each process alone in the same place of the list, the others being silent there.
        let mut alone = Vec::new();
        for i in 0..processes.len() {
            let silent = ArrivalProcess::Poisson { rate: 0.0 };
            let mut others = vec![silent; processes.len()];
            others[i] = processes[i].clone();
            alone.extend(arrivals(&others).take_while(|&t| t < at(100.0)));
        }
        alone.sort_unstable();
        assert_eq!(merged, alone);
        assert_eq!(merged.iter().filter(|&&t| t == at(3.0)).count(), 3);
    }

    #[test]
    fn processes_that_never_send_end_at_once() {
        let zero = Dist::Constant(Span::ZERO);
        let silent = [
            ArrivalProcess::Poisson { rate: 0.0 },
            ArrivalProcess::Constant { rate: 0.0 },
            ArrivalProcess::Profile { points: vec![(at(1.0), 0.0)] },
            ArrivalProcess::OnOff { rate: 9.0, on: zero.clone(), off: zero },
            ArrivalProcess::Burst { at: at(1.0), count: 0 },
            ArrivalProcess::Counts { periods: [].into() },
            ArrivalProcess::Times { at: [].into() },
        ];
        assert_eq!(arrivals(&silent).next(), None);
        for process in silent {
            assert_eq!(arrivals(&[process]).next(), None);
        }
        assert_eq!(arrivals(&[]).next(), None);
    }

    /// Gaps of centuries end the process instead of wrapping round, and it stays ended.
    #[test]
    fn the_end_of_time_ends_a_process() {
        let century = Dist::Constant(Span::from_secs(3_155_760_000));
        let rare = [
            ArrivalProcess::Poisson { rate: 1e-10 },
            ArrivalProcess::Constant { rate: 1e-10 },
            ArrivalProcess::Profile { points: vec![(at(0.0), 1e-10)] },
            ArrivalProcess::OnOff { rate: 1e-10, on: century.clone(), off: century },
        ];
        for process in rare {
            let mut arrivals = arrivals(std::slice::from_ref(&process));
            let times: Vec<Time> = arrivals.by_ref().collect();
            assert!(times.is_sorted() && times.len() < 20, "{process:?}: {times:?}");
            assert_eq!(arrivals.next(), None, "{process:?}");
        }
    }

    /// More than are scanned: three at one instant, others between them, some that end.
    #[test]
    fn many_processes_merge_as_few_do() {
        let process = |i: u32| match i % 4 {
            0 => ArrivalProcess::Poisson { rate: 1.0 + f64::from(i) },
            1 => ArrivalProcess::Constant { rate: 1.0 },
            2 => ArrivalProcess::Times { at: [at(0.5), at(1.0), at(f64::from(i))].into() },
            _ => ArrivalProcess::Burst { at: at(2.0), count: 3 },
        };
        for number in [3, 16, 17, 40] {
            let processes: Vec<ArrivalProcess> = (0..number).map(process).collect();
            let mut merged = arrivals(&processes);
            let is_heap = matches!(merged.upcoming, Upcoming::Many(_));
            assert_eq!(is_heap, number > 16, "a scan of {number} for each message");
            let mut alone: Vec<(Time, usize)> = Vec::new();
            for (index, process) in processes.iter().enumerate() {
                // Silent ones before it leave it its own stream.
                let mut one = vec![ArrivalProcess::Poisson { rate: 0.0 }; index];
                one.push(process.clone());
                let times = arrivals(&one).take_while(|&time| time < at(3.0));
                alone.extend(times.map(|time| (time, index)));
            }
            alone.sort_unstable();
            for &(time, index) in &alone {
                assert_eq!((merged.next(), merged.given), (Some(time), index), "{number}");
            }
        }
    }

    /// A million phases of a microsecond before the first arrival: others get their turn, and the
    /// arrivals are those of a search that never pauses.
    #[test]
    fn a_search_through_silent_phases_pauses() {
        let phase = Dist::Exponential { mean: Span::from_nanos(1_000) };
        let process = ArrivalProcess::OnOff { rate: 2.0, on: phase.clone(), off: phase };
        let mut looked = arrivals(std::slice::from_ref(&process));
        let (mut looks, mut found, mut before) = (0, None, Time::ZERO);
        while found.is_none() {
            let next = looked.next_look().expect("it goes on");
            assert!(next >= before, "{next} after {before}");
            (before, looks) = (next, looks + 1);
            found = (!looked.is_pause()).then_some(next);
        }
        assert!(looks > 100, "{looks}");
        assert_eq!(arrivals(std::slice::from_ref(&process)).next(), found);
        let still = ArrivalProcess::Constant { rate: 1e-3 };
        assert_eq!(arrivals(&[process, still]).next(), found, "merged with another");
    }

    #[test]
    fn silent_pieces_are_not_kept() {
        let count = |i: u64| CountPeriod {
            from: Time::ZERO + Span::from_secs(i),
            length: Span::from_secs(1),
            expected: if i.is_multiple_of(100) { 1.0 } else { 0.0 },
        };
        let periods: Vec<CountPeriod> = (0..1_000).map(count).collect();
        assert_eq!(Piecewise::counts(&periods).pieces.len(), 10);
    }

    #[test]
    fn closed_processes_are_listed_for_the_engine() {
        let think = Dist::Constant(Span::from_secs(1));
        let closed = ArrivalProcess::Closed { clients: 7, think: think.clone() };
        let processes = [ArrivalProcess::Poisson { rate: 1.0 }, closed];
        assert_eq!(Arrivals::closed(&processes).collect::<Vec<_>>(), [(7, &think)]);
    }

    #[test]
    fn arrivals_are_pinned() {
        let processes = [
            ArrivalProcess::Poisson { rate: 400.0 },
            ArrivalProcess::OnOff {
                rate: 900.0,
                on: Dist::Exponential { mean: Span::from_millis(50) },
                off: Dist::Exponential { mean: Span::from_millis(50) },
            },
            ArrivalProcess::Profile { points: vec![(at(0.0), 0.0), (at(0.2), 800.0)] },
        ];
        let first: Vec<String> = arrivals(&processes).take(64).map(|t| t.to_string()).collect();
        insta::assert_snapshot!("arrivals", first.join("\n"));
    }
}
