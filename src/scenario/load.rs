//! A scenario file, from bytes to checked.
//!
//! Owns the order of the steps and the bounds of what is read at all. Must not know any setting.
//!
//! Invariant: [`from_text`] touches no file but through the function it is given.

use std::io::{self, Read};
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::check::files::reason;
use super::check::{self, Data};
use super::decode::decode;
use super::fault::{Fault, FaultSource, Faults, MOST_FAULTS};
use super::file::ScenarioFile;
use super::reading::{self, NotText};
use super::set;
use super::shared::SharedData;
use super::syntax;
use crate::model::scenario::Scenario;

/// Largest scenario file in bytes; one of a thousand queues has about one million.
const LARGEST_SCENARIO: u64 = 16 << 20;

/// Largest data file in bytes: a year of requests at one a second has about 600 million.
const LARGEST_DATA: u64 = 1 << 30;

/// A scenario that may run.
#[derive(Clone, Debug)]
pub struct Loaded {
    /// It.
    pub scenario: Scenario,
    /// What its author may not have meant.
    pub warnings: Faults,
}

/// A scenario's text and where it stands.
#[derive(Clone, Debug)]
pub struct Text {
    /// The file's name, for messages.
    pub name: String,
    /// Where the paths of its data files begin.
    pub directory: PathBuf,
    /// It.
    pub text: String,
}

impl Text {
    /// Reads a scenario file.
    ///
    /// # Errors
    /// It cannot be read, is too large or is no text.
    pub fn of_file(path: &Path) -> Result<Text, Faults> {
        let shown = path.display().to_string();
        let bytes =
            reading::bytes(path, LARGEST_SCENARIO).map_err(|error| unreadable(&shown, &error))?;
        let directory = path.parent().unwrap_or(Path::new("")).to_path_buf();
        Text::of_bytes(shown, directory, bytes)
    }

    /// Reads a scenario from a stream, such as standard input.
    ///
    /// # Errors
    /// As for a file.
    pub fn of_stream(name: &str, directory: &Path, stream: impl Read) -> Result<Text, Faults> {
        let mut bytes = Vec::new();
        let read = stream.take(LARGEST_SCENARIO + 1).read_to_end(&mut bytes);
        read.map_err(|error| unreadable(name, &error))?;
        Text::of_bytes(name.to_owned(), directory.to_path_buf(), bytes)
    }

    fn of_bytes(name: String, directory: PathBuf, bytes: Vec<u8>) -> Result<Text, Faults> {
        let text = reading::decoded(bytes).map_err(|not| {
            Faults::of(Fault::new(format!("`{name}` is {not}")).help(NotText::HELP))
        })?;
        Ok(Text { name, directory, text })
    }

    /// Checks it. `sets` are `PATH=VALUE`, applied in order.
    ///
    /// # Errors
    /// All faults found.
    pub fn load(&self, sets: &[String]) -> Result<Loaded, Faults> {
        self.load_with(sets, &SharedData::default())
    }

    /// The same where others have read the same data files, or will.
    ///
    /// # Errors
    /// All faults found.
    pub fn load_with(&self, sets: &[String], shared: &SharedData) -> Result<Loaded, Faults> {
        let read = |file: &str| reading::bytes(&self.directory.join(file), LARGEST_DATA);
        let folder = self.directory.to_string_lossy();
        let data = Data { read: &read, folder: &folder, shared };
        checked(&self.name, &self.text, sets, data)
    }
}

fn unreadable(name: &str, error: &io::Error) -> Faults {
    let fault = Fault::new(format!("cannot read `{name}`: {}", reason(error)));
    Faults::unreadable(fault.help("`sqsim new` prints a scenario to begin with"))
}

/// Loads a scenario file; data files are read relative to its directory. `sets` are
/// `PATH=VALUE`, applied in order.
///
/// # Errors
/// All faults found.
pub fn load(path: &Path, sets: &[String]) -> Result<Loaded, Faults> {
    Text::of_file(path)?.load(sets)
}

/// Loads a scenario from its text. `name` is the file's name, for messages; its stem is the
/// scenario's name. `read` gives the bytes of a data file by the path that stands in the text.
///
/// # Errors
/// All faults found.
pub fn from_text(
    name: &str,
    text: &str,
    sets: &[String],
    read: &dyn Fn(&str) -> io::Result<Vec<u8>>,
) -> Result<Loaded, Faults> {
    let shared = SharedData::default();
    checked(name, text, sets, Data { read, folder: "", shared: &shared })
}

fn checked(name: &str, text: &str, sets: &[String], data: Data) -> Result<Loaded, Faults> {
    if text.len() as u64 > LARGEST_SCENARIO {
        return Err(Faults::of(Fault::new(format!(
            "`{name}` is {}",
            reading::words(LARGEST_SCENARIO)
        ))));
    }
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut faults = Faults::none_in(vec![FaultSource { name: name.into(), text: text.into() }]);
    let (mut root, repeated) = match syntax::parse(text, 0) {
        Ok(parsed) => parsed,
        Err(fault) => {
            faults.push(fault);
            return Err(faults);
        }
    };
    for repeat in repeated.into_iter().take(MOST_FAULTS + 1) {
        faults.push(Fault { path: root.path_of(repeat.first), ..repeat.fault });
    }
    for argument in sets {
        if let Err(fault) = set::apply(argument, &mut root, &mut faults) {
            faults.push(fault);
        }
    }
    let (file, found) = decode::<ScenarioFile>(&root);
    for fault in found {
        faults.push(fault);
    }
    let stem = Path::new(name).file_stem().map_or("scenario".into(), |stem| stem.to_string_lossy());
    let scenario = file.and_then(|file| check::check(&stem, &file, &root, data, &mut faults));
    let (errors, warnings) = faults.parted();
    match scenario {
        Some(scenario) if errors.is_empty() => Ok(Loaded { scenario, warnings }),
        _ => Err(errors),
    }
}

/// Reads another document in the language of scenarios, with its defaults from the same page.
///
/// # Errors
/// All faults found.
pub(crate) fn read_document<T: for<'a> Deserialize<'a>>(text: &Text) -> Result<T, Faults> {
    let source = FaultSource { name: text.name.clone(), text: text.text.clone() };
    let mut faults = Faults::none_in(vec![source]);
    let (root, repeated) = match syntax::parse(&text.text, 0) {
        Ok(parsed) => parsed,
        Err(fault) => {
            faults.push(fault);
            return Err(faults);
        }
    };
    for repeat in repeated {
        faults.push(Fault { path: root.path_of(repeat.first), ..repeat.fault });
    }
    let (document, found) = decode::<T>(&root);
    for fault in found {
        faults.push(fault);
    }
    match document {
        Some(document) if faults.is_empty() => Ok(document),
        _ => Err(faults.parted().0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn loaded(text: &str) -> Result<Loaded, Faults> {
        from_text("large.ron", text, &[], &|_| Err(io::ErrorKind::NotFound.into()))
    }

    fn listed(number: u32, one: impl Fn(u32) -> String) -> String {
        (0..number).map(one).collect::<Vec<_>>().join(",\n")
    }

    /// A row of queues, each of which forwards to the next: with a search through all edges from
    /// each the check would take a quarter of an hour.
    fn row(number: u32, last: &str) -> String {
        let queues = listed(number, |n| format!("\"q{n}\": ()"));
        let consumers = listed(number, |n| {
            let forward = match n + 1 {
                next if next < number => format!("forward: \"q{next}\""),
                _ => last.to_owned(),
            };
            format!("\"c{n}\": (queue: \"q{n}\", processing: Constant(\"1ms\"), {forward})")
        });
        format!(
            "(duration: \"1s\", queues: {{{queues}}}, consumers: {{{consumers}}}, \
             producers: {{\"p\": (queue: \"q0\", arrivals: Poisson(\"1/s\"))}}, \
             limits: (memory: \"1TiB\"))"
        )
    }

    #[test]
    fn ten_thousand_queues_in_a_row_are_checked() {
        let found = loaded(&row(10_000, "")).expect("nothing is wrong");
        assert_eq!((found.scenario.queues.len(), found.warnings.len()), (10_000, 0));
        let faults = loaded(&row(10_000, "forward: \"q5000\"")).expect_err("a circle");
        let whats: Vec<&str> = faults.iter().map(|fault| fault.what.as_str()).collect();
        assert_eq!(whats.len(), 1);
        assert!(whats[0].starts_with("these queues forward in a circle: `q5000` → `q5001`"));
    }

    /// Ten thousand names that are none, among ten thousand that are.
    #[test]
    fn ten_thousand_faults_are_bounded() {
        let one = |n| format!("\"q{n}\": (redrive: (to: \"nobody-{n}\", max_receives: 3))");
        let queues = listed(10_000, one);
        let text =
            format!("(duration: \"1s\", queues: {{{queues}}}, producers: {{}}, consumers: {{}})");
        let faults = loaded(&text).expect_err("there are no such queues");
        assert_eq!(faults.len(), MOST_FAULTS);
        assert!(faults.iter().all(|fault| fault.what.starts_with("unknown queue")));
        let shown = faults.to_string();
        assert!(shown.ends_with("note: only the first 100 faults are shown\n"));
        assert!(shown.len() < 100_000, "{} bytes", shown.len());
    }

    /// Each queue gives a warning; the error that comes after them all must not be lost.
    #[test]
    fn an_error_behind_thousands_of_warnings_is_told() {
        let queues = listed(1_000, |n| format!("\"q{n}\": ()"));
        let text = format!(
            "(duration: \"1s\", queues: {{{queues}}}, producers: {{}}, consumers: {{}}, \
             expect: [\"sent(\"])"
        );
        assert_eq!(loaded(&text).expect_err("no expectation").len(), 1);
        let held = loaded(&text.replace("sent(", "q0.sent == 0")).expect("warnings only");
        assert_eq!(held.warnings.len(), MOST_FAULTS);
        let allowed = text
            .replace("sent(", "q0.sent == 0")
            .replace("expect", "allow: [\"nobody-receives\"], expect");
        assert_eq!(loaded(&allowed).expect("nothing").warnings.len(), 0);
    }
}
