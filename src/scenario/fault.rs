//! Faults and warnings, each with its place in the text.
//!
//! Owns [`Fault`], the texts they point into, and how they are told in plain lines. Must not know
//! what a scenario means, nor how a terminal shows the faulty line (`render::faults`).
//!
//! Invariant: a place is a range of bytes on character boundaries of its source; lines and
//! columns are computed from it in one function, [`FaultSource::line_and_column`].

use std::borrow::Cow;
use std::fmt;

use super::visible::{brief, shortened};
use super::warnings::Warning;

/// Most errors of one scenario that are kept, and most warnings: more help nobody, and each costs
/// time.
pub(super) const MOST_FAULTS: usize = 100;

/// A range of bytes of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// Which source, by its place in [`Faults`].
    pub source: usize,
    /// First byte.
    pub start: usize,
    /// The byte after the last.
    pub end: usize,
}

/// A text that faults point into: the scenario file, or one `--set`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultSource {
    /// The file's name as given, or `--set`.
    pub name: String,
    /// Its text.
    pub text: String,
}

impl FaultSource {
    /// The 1-based line and column of a byte; the column counts characters.
    pub fn line_and_column(&self, byte: usize) -> (usize, usize) {
        let before = self.text.get(..byte).unwrap_or(&self.text);
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = before.matches('\n').count() + 1;
        (line, before[line_start..].chars().count() + 1)
    }
}

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    /// The scenario cannot run.
    Error,
    /// It runs; it may not mean what its author thinks.
    Warning,
}

/// One thing wrong with a scenario.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Whether it stops the run.
    pub severity: Severity,
    /// What is wrong and what was expected: a lower-case fragment.
    pub what: String,
    /// Where; `None` where no text could be read.
    pub place: Option<Place>,
    /// The setting's path, as `--set` takes it; empty for none.
    pub path: String,
    /// What to do, one sentence each.
    pub help: Vec<String>,
    /// Which warning it is; `None` for an error.
    pub warning: Option<Warning>,
}

impl Fault {
    /// A fault without a place.
    pub fn new(what: impl Into<String>) -> Fault {
        Fault {
            severity: Severity::Error,
            what: what.into(),
            place: None,
            path: String::new(),
            help: Vec::new(),
            warning: None,
        }
    }

    /// A fault without a place; what follows the first line is advice.
    pub(super) fn of_lines(text: &str) -> Fault {
        let mut lines = text.lines();
        let fault = Fault::new(lines.next().unwrap_or_default());
        lines.fold(fault, Fault::help)
    }

    /// The same at a place.
    #[must_use]
    pub fn at(mut self, place: Place, path: impl Into<String>) -> Fault {
        self.place = Some(place);
        self.path = path.into();
        self
    }

    /// The same with advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Fault {
        self.help.push(help.into());
        self
    }

    /// What to do, and how to say of a warning that it is meant.
    pub fn advice(&self) -> impl Iterator<Item = Cow<'_, str>> {
        let meant = self.warning.map(|warning| {
            Cow::from(format!("if it is meant, `allow: [\"{}\"]` says so", warning.name()))
        });
        self.help.iter().map(Cow::from).chain(meant)
    }

    /// The same as a warning.
    #[must_use]
    pub fn warning(mut self, warning: Warning) -> Fault {
        self.severity = Severity::Warning;
        self.warning = Some(warning);
        self
    }
}

/// All faults (or all warnings) of one scenario, in the order of its text.
#[derive(Clone, Default)]
pub struct Faults {
    sources: Vec<FaultSource>,
    list: Vec<Fault>,
    /// Errors in the list, which warnings crowd out no more than the other way round.
    errors: usize,
    /// There are more errors than are kept.
    more_errors: bool,
    /// There are more warnings than are kept.
    more_warnings: bool,
    /// The scenario itself could not be read: an input/output problem, not a wrong scenario.
    pub unreadable: bool,
}

impl Faults {
    /// No fault in these texts.
    pub fn none_in(sources: Vec<FaultSource>) -> Faults {
        Faults { sources, ..Faults::default() }
    }

    /// One fault without a text.
    pub fn of(fault: Fault) -> Faults {
        let mut faults = Faults::default();
        faults.push(fault);
        faults
    }

    /// The scenario could not be read at all.
    pub fn unreadable(fault: Fault) -> Faults {
        Faults { unreadable: true, ..Faults::of(fault) }
    }

    /// Adds one, unless it is there already or there are too many of its severity. It quotes what
    /// others wrote, which may be long.
    pub fn push(&mut self, mut fault: Fault) {
        for text in [&mut fault.what, &mut fault.path].into_iter().chain(&mut fault.help) {
            if let Cow::Owned(short) = shortened(text) {
                *text = short;
            }
        }
        if self.list.contains(&fault) {
            return;
        }
        let is_error = fault.severity == Severity::Error;
        let (kept, more) = if is_error {
            (self.errors, &mut self.more_errors)
        } else {
            (self.list.len() - self.errors, &mut self.more_warnings)
        };
        if kept < MOST_FAULTS {
            self.list.push(fault);
            self.errors += usize::from(is_error);
        } else {
            *more = true;
        }
    }

    /// The options that faults point at stand as settings in this file of an experiment.
    #[must_use]
    pub fn in_experiment(mut self, file: &str) -> Faults {
        for source in &mut self.sources {
            if let Some(option) = source.name.strip_prefix("--") {
                source.name = format!("{file}: {}", option.replace('-', "_"));
            }
        }
        self
    }

    /// These changes were written for `option`, and not for `--set` as all changes are called.
    pub(crate) fn written_for(&mut self, option: &str, changes: &[String]) {
        let own =
            |source: &&mut FaultSource| source.name == "--set" && changes.contains(&source.text);
        for source in self.sources.iter_mut().filter(own) {
            option.clone_into(&mut source.name);
        }
    }

    /// Adds a text and gives its number.
    pub fn add_source(&mut self, source: FaultSource) -> usize {
        self.sources.push(source);
        self.sources.len() - 1
    }

    /// Adds all of another scenario's, each once: those of equal texts at equal places are one.
    pub fn absorb(&mut self, other: Faults) {
        let mut numbers: Vec<Option<usize>> = vec![None; other.sources.len()];
        for mut fault in other.list {
            if let Some(place) = &mut fault.place {
                let source = &other.sources[place.source];
                place.source = *numbers[place.source].get_or_insert_with(|| {
                    let known = self.sources.iter().position(|known| known == source);
                    known.unwrap_or_else(|| {
                        self.sources.push(source.clone());
                        self.sources.len() - 1
                    })
                });
            }
            self.push(fault);
        }
        self.more_errors |= other.more_errors;
        self.more_warnings |= other.more_warnings;
        self.unreadable |= other.unreadable;
    }

    /// The texts.
    pub fn sources(&self) -> &[FaultSource] {
        &self.sources
    }

    /// True for none.
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// How many are kept.
    pub fn len(&self) -> usize {
        self.list.len()
    }

    /// Them, in order.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.list.iter()
    }

    /// What to say of those that are not kept.
    pub fn left_out(&self) -> impl Iterator<Item = String> {
        let told = [(self.more_errors, "faults"), (self.more_warnings, "warnings")];
        let more = told.into_iter().filter(|&(more, _)| more);
        more.map(|(_, what)| format!("only the first {MOST_FAULTS} {what} are shown"))
    }

    /// The source's name, line and column of one.
    pub fn position(&self, fault: &Fault) -> Option<(&str, usize, usize)> {
        let place = fault.place?;
        let source = self.sources.get(place.source)?;
        let (line, column) = source.line_and_column(place.start);
        Some((&source.name, line, column))
    }

    /// The same where nobody has seen the first text: what stands in it is named by its path.
    pub(super) fn without_first_text(mut self) -> Faults {
        for fault in &mut self.list {
            fault.place = fault.place.filter(|place| place.source > 0);
        }
        self
    }

    /// All of them as errors.
    #[must_use]
    pub fn as_errors(mut self) -> Faults {
        for fault in &mut self.list {
            fault.severity = Severity::Error;
        }
        self.errors = self.list.len();
        self.more_errors |= std::mem::take(&mut self.more_warnings);
        self
    }

    /// Keeps those that are wanted.
    pub(crate) fn retain(&mut self, wanted: impl FnMut(&Fault) -> bool) {
        self.list.retain(wanted);
        let errors = self.list.iter().filter(|fault| fault.severity == Severity::Error);
        self.errors = errors.count();
    }

    /// Puts errors and warnings apart, each in the order of the text.
    pub(super) fn parted(mut self) -> (Faults, Faults) {
        self.list.sort_by_key(|fault| fault.place);
        let (errors, warnings) =
            self.list.into_iter().partition(|fault| fault.severity == Severity::Error);
        let mut warnings = Faults { list: warnings, ..Faults::none_in(self.sources.clone()) };
        warnings.more_warnings = self.more_warnings;
        let errors = Faults { list: errors, errors: self.errors, ..Faults::none_in(self.sources) };
        (Faults { more_errors: self.more_errors, ..errors }, warnings)
    }
}

/// One line a fault, `bad.ron:5:13: error at queues.jobs.delay: …`, and one for each advice.
impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for fault in &self.list {
            if let Some((name, line, column)) = self.position(fault) {
                write!(f, "{}:{line}:{column}: ", brief(name))?;
            }
            f.write_str(match fault.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
            })?;
            if !fault.path.is_empty() {
                write!(f, " at {}", brief(&fault.path))?;
            }
            writeln!(f, ": {}", brief(&fault.what))?;
            for advice in fault.advice() {
                writeln!(f, "  help: {}", brief(&advice))?;
            }
        }
        self.left_out().try_for_each(|note| writeln!(f, "note: {note}"))
    }
}

/// The same: `unwrap`, and a `main` that returns them, show them so.
impl fmt::Debug for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl std::error::Error for Faults {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_several_scenarios_share_is_told_once() {
        let source = |name: &str| FaultSource { name: name.into(), text: "(a: 1)".into() };
        let faults = |names: &[&str], what: &str| {
            let mut faults = Faults::none_in(names.iter().map(|name| source(name)).collect());
            let last = names.len() - 1;
            faults.push(Fault::new(what).at(Place { source: last, start: 1, end: 2 }, "a"));
            faults
        };
        let mut all = Faults::default();
        all.absorb(faults(&["x.ron"], "bad"));
        all.absorb(faults(&["y.ron", "x.ron"], "bad"));
        all.absorb(faults(&["y.ron", "--set"], "bad"));
        let positions: Vec<_> = all.iter().map(|fault| all.position(fault)).collect();
        assert_eq!(positions, [Some(("x.ron", 1, 2)), Some(("--set", 1, 2))]);
    }

    #[test]
    fn lines_and_columns_count_characters_from_one() {
        let source = FaultSource { name: "x".into(), text: "a\näö\"b\n".into() };
        let cases = [(0, (1, 1)), (1, (1, 2)), (2, (2, 1)), (4, (2, 2)), (6, (2, 3)), (9, (3, 1))];
        for (byte, expected) in cases {
            assert_eq!(source.line_and_column(byte), expected, "byte {byte}");
        }
    }

    #[test]
    fn a_hundred_faults_are_kept() {
        let mut faults = Faults::default();
        for n in 0..130 {
            faults.push(Fault::new(format!("fault {n}")));
            faults.push(Fault::new(format!("fault {n}")));
        }
        assert_eq!(faults.len(), MOST_FAULTS);
        assert!(faults.to_string().ends_with("note: only the first 100 faults are shown\n"));
    }

    /// A scenario that is full of warnings must not pass because its error found no room.
    #[test]
    fn warnings_do_not_crowd_out_an_error() {
        let mut faults = Faults::default();
        for n in 0..130 {
            faults.push(Fault::new(format!("doubt {n}")).warning(Warning::Overload));
        }
        faults.push(Fault::new("wrong"));
        let (errors, warnings) = faults.parted();
        assert_eq!((errors.to_string().as_str(), warnings.len()), ("error: wrong\n", 100));
        assert!(warnings.to_string().ends_with("note: only the first 100 warnings are shown\n"));
        let errors = warnings.as_errors().to_string();
        assert!(errors.ends_with("note: only the first 100 faults are shown\n"));
    }

    #[test]
    fn a_fault_is_told_in_plain_lines() {
        let text = "(\n  delay: \"16m\")";
        let mut faults =
            Faults::none_in(vec![FaultSource { name: "x\u{1b}[31m".into(), text: text.into() }]);
        let wrong =
            Fault::new("wrong").at(Place { source: 0, start: 11, end: 16 }, "queues.q.delay");
        faults.push(wrong.help("change it"));
        faults.push(Fault::new("odd").warning(Warning::Overload));
        assert_eq!(
            faults.to_string(),
            "x\\u{1b}[31m:2:10: error at queues.q.delay: wrong\n  help: change it\n\
             warning: odd\n  help: if it is meant, `allow: [\"overload\"]` says so\n"
        );
    }
}
