//! What comes again: `every`, wherever instants stand.
//!
//! Owns its range, and the instants of a run that it makes. Must not know what happens at them.
//!
//! Invariant: what comes again has ended before it begins anew, and of all that does a run has at
//! most [`MOST_INSTANTS`]: arrivals, which may be more, are repeated while they are made, not here.

use super::Check;
use crate::kernel::time::{Span, Time};
use crate::model::clients::ArrivalProcess;
use crate::scenario::file::{InstantFile, Length};
use crate::scenario::tree::At;
use crate::scenario::units::LONGEST;

/// Ours, of a whole scenario: each is kept for the whole run, and every entry makes some.
const MOST_INSTANTS: u64 = 1_000_000;

impl<'a> Check<'a> {
    /// How often something comes again that is over after `length`; `None` where it does not, or is
    /// at fault. `at` is what has the setting.
    pub(super) fn comes_again(
        &mut self,
        at: &At<'a>,
        every: Option<Length>,
        length: Span,
    ) -> Option<Span> {
        let every = every?;
        let at = at.field("every");
        if every.0.is_zero() {
            self.some_time(&at, every, "`every: None` is once");
            return None;
        }
        if length > every.0 {
            let what = format!(
                "it begins anew every {}, but goes on until {length} after its beginning",
                every.0
            );
            self.push(&at, what).help = vec![format!("write at least `every: \"{length}\"`")];
            return None;
        }
        Some(every.0)
    }

    /// An arrival process, again and again if `every` says so.
    pub(super) fn again(
        &mut self,
        at: &At<'a>,
        every: Option<Length>,
        length: Span,
        process: ArrivalProcess,
    ) -> ArrivalProcess {
        match self.comes_again(at, every, length) {
            Some(every) => ArrivalProcess::Repeated { every, of: Box::new(process) },
            None => process,
        }
    }

    /// All instants before `end`, from the first on.
    pub(super) fn occurrences(
        &mut self,
        at: &At<'a>,
        first: Span,
        every: Option<Span>,
        end: Span,
    ) -> Vec<Time> {
        let Some(every) = every else { return vec![Time::ZERO + first] };
        let count = end.saturating_sub(first).as_nanos().div_ceil(every.as_nanos()).max(1);
        let (before, room) = (self.instants, MOST_INSTANTS - self.instants);
        if count > room {
            // A length that is too long was told already.
            if self.duration < LONGEST {
                let others = match before {
                    0 => String::new(),
                    before => format!(", after {before} times that others come"),
                };
                let what =
                    format!("every {every} it comes {count} times in a run of {end}{others}");
                self.push(&at.field("every"), what).help = vec![format!(
                    "at most {MOST_INSTANTS} are kept in all: write a longer `every`"
                )];
            }
            return vec![Time::ZERO + first];
        }
        self.instants += count;
        (0..count).map(|n| Time::ZERO + first + every * n).collect()
    }

    /// Instants of the run: ascending as far as they come once, `gap` apart, none after its end.
    pub(super) fn instants(
        &mut self,
        at: &At<'a>,
        instants: &[InstantFile],
        gap: Span,
        end: Span,
    ) -> Vec<Time> {
        let mut times: Vec<(Time, usize)> = Vec::with_capacity(instants.len());
        if !at.is_whole(instants) {
            return Vec::new();
        }
        for (index, instant) in instants.iter().enumerate() {
            let at = at.item(index);
            let (place, first, every) = match *instant {
                InstantFile::Once(first) => (at.clone(), first, None),
                InstantFile::Repeated { at: first, every } => (at.field("at"), first, every),
            };
            self.within_run(&place, first, end);
            let every = self.comes_again(&at, every, Span::ZERO);
            let all = self.occurrences(&at, first.0, every, end);
            times.extend(all.into_iter().map(|time| (time, index)));
        }
        let comes_again = |of: &InstantFile| matches!(of, InstantFile::Repeated { .. });
        if instants.iter().any(comes_again) {
            times.sort_by_key(|&(time, _)| time);
        }
        let mut told = None;
        for pair in times.windows(2) {
            let ((before, _), (time, index)) = (pair[0], pair[1]);
            if time < before.saturating_add(gap) && told != Some(index) {
                told = Some(index);
                let length = time - Time::ZERO;
                let what = format!("`{length}` is less than {gap} after the one before");
                self.push(&at.item(index), what);
            }
        }
        times.into_iter().map(|(time, _)| time).collect()
    }
}
