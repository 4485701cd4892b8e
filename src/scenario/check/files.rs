//! Data files that a scenario names.
//!
//! Owns their reading through the caller's door, and where their faults are shown: in the data
//! file itself. Must not open files on its own.

use std::any::type_name;
use std::io;
use std::sync::Arc;

use super::dist::Quantity;
use super::{Check, Data, RATES};
use crate::kernel::dist::Dist;
use crate::kernel::time::{Span, Time};
use crate::model::clients::CountPeriod;
use crate::scenario::data_files::{
    self, CountsChoice, CountsFile, DataFault, Duplicates, Gaps, is_too_much_to_fill,
};
use crate::scenario::fault::{Fault, FaultSource, Place};
use crate::scenario::file::{DuplicatesFile, GapsFile, Length};
use crate::scenario::reading::{self, NotText};
use crate::scenario::tree::At;
use crate::scenario::warnings::Warning;

/// What is asked of a counts file.
#[derive(Debug)]
pub(super) struct CountsAsked<'f> {
    pub(super) file: &'f str,
    pub(super) period: Option<Length>,
    pub(super) gaps: &'f GapsFile,
    pub(super) metric: Option<&'f str>,
    pub(super) duplicates: DuplicatesFile,
    /// The file begins anew after its end.
    pub(super) comes_again: bool,
}

impl<'a> Check<'a> {
    /// The periods of a counts file.
    pub(super) fn counts(
        &mut self,
        at: &At<'a>,
        asked: &CountsAsked<'_>,
        scale: f64,
    ) -> Arc<[CountPeriod]> {
        let &CountsAsked { file, period, gaps, metric, duplicates, comes_again } = asked;
        if let Some(period) = period {
            self.some_time(&at.field("period"), period, "`None` takes it from the file");
        }
        let duplicates = match duplicates {
            DuplicatesFile::Refuse => Duplicates::Refuse,
            DuplicatesFile::Sum => Duplicates::Sum,
        };
        let period = period.map(|period| period.0);
        let choice = CountsChoice { series: metric, period, duplicates };
        let read = |text: &str| data_files::read_counts(text, choice);
        let asked = format!("{choice:?}");
        let Some(counts) = self.data(&at.field("file"), file, &asked, read) else {
            return [].into();
        };
        let (gaps, done) = match gaps {
            GapsFile::Zero => (Gaps::Zero, "they count as 0"),
            GapsFile::Skip => (Gaps::Skip, "their time is cut out"),
            GapsFile::Interpolate => (Gaps::Interpolate, "they are interpolated"),
        };
        self.doubts(&at.field("file"), file, &counts, done);
        if is_too_much_to_fill(&counts, gaps) {
            let what = format!(
                "`{file}` lacks {} periods of {}: too many to interpolate",
                counts.missing, counts.period
            );
            self.push(&at.field("gaps"), what).help =
                vec!["give the `period` if it is longer, or write `gaps: Zero` or `Skip`".into()];
            return [].into();
        }
        let asked = format!("{asked} {gaps:?} {scale}");
        let periods = self.made(file, &asked, || data_files::periods(&counts, gaps, scale));
        let most = RATES.1 * counts.period.as_secs_f64();
        if let Some(period) =
            periods.iter().find(|period| period.expected.is_nan() || period.expected > most)
        {
            let what = format!("{} messages in {} are too many", period.expected, counts.period);
            self.push(&at.field("file"), what).help =
                vec![format!("at most {} a second can be told apart", RATES.1)];
        }
        let end = periods.last().map(|last| last.from.saturating_add(last.length));
        self.all_in_time(&at.field("file"), file, end);
        if let Some(end) = end.filter(|end| !comes_again && *end < Time::ZERO + self.duration) {
            self.ends_early(&at.field("file"), file, end);
        }
        periods
    }

    /// Warns of what a counts file leaves open.
    fn doubts(&mut self, at: &At, file: &str, counts: &CountsFile, done: &str) {
        let (missing, period) = (counts.missing, counts.period);
        for line in &counts.passed_over {
            let line: String = line.chars().take(60).collect();
            let what = format!("a line of `{file}` is taken for a title: `{line}`");
            self.warn(at, Warning::PassedOver, what).help =
                vec!["correct it if it is a row; begin it with `#` if it is none".into()];
        }
        if counts.is_guessed {
            let what = format!(
                "`{file}` does not tell its period: the smallest gap, {period}, is shorter than \
                 most"
            );
            self.warn(at, Warning::GuessedPeriod, what).help =
                vec![format!("`period: \"{period}\"` confirms it, or write another one")];
        }
        if missing > 0 {
            let what = format!("`{file}` lacks {missing} periods of {period}: {done}");
            let told = self.warn(at, Warning::MissingPeriods, what);
            told.help = vec!["`gaps` is one of `Zero`, `Skip` and `Interpolate`".into()];
            if counts.lost_hour {
                let help = "an hour is missing, as where daylight saving begins: export in UTC";
                told.help.push(help.into());
            }
        }
    }

    /// Warns where data end before their producers.
    fn ends_early(&mut self, at: &At, file: &str, end: Time) {
        let (end, duration) = (end - Time::ZERO, self.duration);
        let what = format!("`{file}` ends at {end}, nothing of it is sent until {duration}");
        self.warn(at, Warning::DataShorter, what)
            .help
            .push(format!("`duration: \"{end}\"` ends with it"));
    }

    /// Warns where the producers end before their data.
    fn all_in_time(&mut self, at: &At, file: &str, last: Option<Time>) {
        let length = last.map_or(Span::ZERO, |last| last - Time::ZERO);
        if length > self.duration {
            let what =
                format!("`{file}` goes on until {length}, producers only until {}", self.duration);
            self.warn(at, Warning::DataLonger, what)
                .help
                .push(format!("`duration: \"{length}\"` sends all of it"));
        }
    }

    /// The instants of a file.
    pub(super) fn times(&mut self, at: &At<'a>, file: &str, comes_again: bool) -> Arc<[Time]> {
        let at = at.field("file");
        let Some(times) = self.data(&at, file, "instants", data_files::read_times) else {
            return [].into();
        };
        if !times.was_sorted {
            self.warn(
                &at,
                Warning::Unsorted,
                format!("the instants in `{file}` are not ascending; they were sorted"),
            );
        }
        // Producers have ended at an instant that is their end.
        let after = times.at.last().map(|last| last.saturating_add(Span::from_nanos(1)));
        self.all_in_time(&at, file, after);
        // Instants come with gaps: one that is longer than all before it is told.
        let gaps = times.at.windows(2).map(|pair| pair[1] - pair[0]);
        let first = times.at.first().map(|first| *first - Time::ZERO);
        let longest = gaps.chain(first).max().unwrap_or(Span::ZERO);
        if let Some(last) = times.at.last().copied()
            && !comes_again
            && last.saturating_add(longest).saturating_add(longest) < Time::ZERO + self.duration
        {
            self.ends_early(&at, file, last);
        }
        self.made(file, "instants", || times.at.clone())
    }

    /// The law of the lengths or sizes in a file.
    pub(super) fn empirical<Q: Quantity>(&mut self, at: &At<'a>, file: &str) -> Dist {
        let asked = type_name::<Q>();
        let Some(values) = self.data(at, file, asked, Q::read) else {
            return Dist::Constant(Span::ZERO);
        };
        Dist::Empirical(self.made(file, asked, || values.to_vec()))
    }

    /// What becomes of a data file of which so much is `asked`, the same for all who ask.
    pub(super) fn made<T: Send + Sync + 'static>(
        &self,
        file: &str,
        asked: &str,
        make: impl FnOnce() -> Vec<T>,
    ) -> Arc<[T]> {
        let Data { folder, shared, .. } = self.data;
        let key = format!("made of {folder}/{file}: {asked}");
        let kept = shared.get(key, || Some(Arc::<[T]>::from(make())));
        kept.map_or_else(|| [].into(), |kept: Arc<Arc<[T]>>| Arc::clone(kept.as_ref()))
    }

    /// What a data file says to what is `asked`, read once for all who ask; what is wrong becomes a
    /// fault.
    fn data<T: Send + Sync + 'static>(
        &mut self,
        at: &At,
        file: &str,
        asked: &str,
        parse: impl FnOnce(&str) -> Result<T, DataFault>,
    ) -> Option<Arc<T>> {
        let Data { folder, shared, .. } = self.data;
        let key = format!("{folder}/{file}: {asked}");
        shared.get(key, || self.read(at, file, parse))
    }

    fn read<T>(
        &mut self,
        at: &At,
        file: &str,
        parse: impl FnOnce(&str) -> Result<T, DataFault>,
    ) -> Option<T> {
        let bytes = match (self.data.read)(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                let what = format!("cannot read `{file}`: {}", reason(&error));
                self.push(at, what)
                    .help
                    .push("paths of data files are relative to the scenario's directory".into());
                return None;
            }
        };
        let text = match reading::decoded(bytes) {
            Ok(text) => text,
            Err(not) => {
                self.push(at, format!("`{file}` is {not}")).help.push(NotText::HELP.into());
                return None;
            }
        };
        match parse(&text) {
            Ok(data) => Some(data),
            Err(wrong) => {
                let source = self.first_new_source + self.new_sources.len();
                let start = byte_of(&text, wrong.line, wrong.column);
                let width =
                    text[start..].find(['\n', '\r', ',', ';', '\t']).unwrap_or(text.len() - start);
                let place = Place { source, start, end: start + width };
                self.new_sources.push(FaultSource { name: file.into(), text });
                let fault = Fault::new(wrong.message).at(place, at.path()).help(wrong.help);
                self.keep(fault);
                None
            }
        }
    }
}

/// Why a file cannot be read, in words that do not differ between systems where possible.
pub(in crate::scenario) fn reason(error: &io::Error) -> String {
    const KNOWN: [(io::ErrorKind, &str); 3] = [
        (io::ErrorKind::NotFound, "there is no such file"),
        (io::ErrorKind::PermissionDenied, "permission denied"),
        (io::ErrorKind::IsADirectory, "it is a directory"),
    ];
    let known = KNOWN.iter().find(|(kind, _)| *kind == error.kind());
    known.map_or_else(|| error.to_string(), |(_, words)| (*words).into())
}

/// The byte at a line and a column of characters, both from 1.
fn byte_of(text: &str, line: usize, column: usize) -> usize {
    let start = match line {
        0 | 1 => 0,
        _ => text.match_indices('\n').nth(line - 2).map_or(text.len(), |(byte, _)| byte + 1),
    };
    let in_line = text[start..].char_indices().nth(column.saturating_sub(1));
    in_line.map_or(text.len(), |(byte, _)| start + byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_a_column_of_characters_give_a_byte() {
        let cases = [((1, 1), 0), ((1, 2), 2), ((2, 1), 4), ((2, 9), 6), ((9, 1), 6)];
        for ((line, column), expected) in cases {
            assert_eq!(byte_of("ä,\nbc", line, column), expected, "{line}:{column}");
        }
    }
}
