//! Data files that a scenario names.
//!
//! Owns their reading through the caller's door, and where their faults are shown: in the data
//! file itself. Must not open files on its own.

use std::io;

use super::Check;
use super::clients::RATES;
use super::dist::Quantity;
use crate::clients::config::CountPeriod;
use crate::kernel::dist::Dist;
use crate::kernel::time::{Span, Time};
use crate::scenario::data_files::{self, CountsChoice, DataFault, Gaps};
use crate::scenario::fault::{Fault, Place, Source};
use crate::scenario::file::GapsFile;
use crate::scenario::file::values::Length;
use crate::scenario::tree::At;

impl<'a> Check<'a> {
    /// The periods of a counts file.
    pub(super) fn counts(
        &mut self,
        at: &At<'a>,
        file: &str,
        period: Option<Length>,
        gaps: &GapsFile,
        metric: Option<&str>,
        scale: f64,
    ) -> Vec<CountPeriod> {
        if let Some(period) = period {
            self.some_time(&at.field("period"), period, "`None` takes it from the file");
        }
        let choice = CountsChoice { series: metric, period: period.map(|period| period.0) };
        let read = |text: &str| data_files::read_counts(text, choice);
        let Some(counts) = self.data(&at.field("file"), file, read) else { return Vec::new() };
        let (gaps, done) = match gaps {
            GapsFile::Zero => (Gaps::Zero, "they count as 0"),
            GapsFile::Skip => (Gaps::Skip, "their time is cut out"),
            GapsFile::Interpolate => (Gaps::Interpolate, "they are interpolated"),
        };
        if counts.missing > 0 {
            let what =
                format!("`{file}` lacks {} periods of {}: {done}", counts.missing, counts.period);
            self.warn(&at.field("file"), what).help =
                vec!["`gaps` is one of `Zero`, `Skip` and `Interpolate`".into()];
        }
        let periods = data_files::periods(&counts, gaps, scale);
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
        periods
    }

    /// Warns where the producers end before their data.
    fn all_in_time(&mut self, at: &At, file: &str, last: Option<Time>) {
        let length = last.map_or(Span::ZERO, |last| last - Time::ZERO);
        if length > self.duration {
            let what =
                format!("`{file}` goes on until {length}, producers only until {}", self.duration);
            self.warn(at, what).help.push(format!("`duration: \"{length}\"` sends all of it"));
        }
    }

    /// The instants of a file.
    pub(super) fn times(&mut self, at: &At<'a>, file: &str) -> Vec<Time> {
        let at = at.field("file");
        let Some(times) = self.data(&at, file, data_files::read_times) else { return Vec::new() };
        if !times.was_sorted {
            self.warn(&at, format!("the instants in `{file}` are not ascending; they were sorted"));
        }
        // Producers have ended at an instant that is their end.
        let after = times.at.last().map(|last| last.saturating_add(Span::from_nanos(1)));
        self.all_in_time(&at, file, after);
        times.at
    }

    /// The law of the lengths or sizes in a file.
    pub(super) fn empirical<Q: Quantity>(&mut self, at: &At<'a>, file: &str) -> Dist {
        let values = self.data(at, file, Q::read);
        values.map_or(Dist::Constant(Span::ZERO), Dist::Empirical)
    }

    /// Reads a data file; what is wrong becomes a fault.
    fn data<T>(
        &mut self,
        at: &At,
        file: &str,
        parse: impl FnOnce(&str) -> Result<T, DataFault>,
    ) -> Option<T> {
        let bytes = match (self.read)(file) {
            Ok(bytes) => bytes,
            Err(error) => {
                let what = format!("cannot read `{file}`: {}", reason(&error));
                self.push(at, what)
                    .help
                    .push("paths of data files are relative to the scenario's directory".into());
                return None;
            }
        };
        let Ok(text) = String::from_utf8(bytes) else {
            self.push(at, format!("`{file}` is not text in UTF-8"));
            return None;
        };
        match parse(&text) {
            Ok(data) => Some(data),
            Err(wrong) => {
                let source = self.first_new_source + self.new_sources.len();
                let start = byte_of(&text, wrong.line, wrong.column);
                let width = text[start..].find(['\n', '\r', ',']).unwrap_or(text.len() - start);
                let place = Place { source, start, end: start + width };
                self.new_sources.push(Source { name: file.into(), text });
                let fault = Fault::new(wrong.message).at(place, at.path()).help(wrong.help);
                self.faults.push(fault);
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
