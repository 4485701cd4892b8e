//! Scenarios made in code: the types of [`super::file`] as builders.
//!
//! Owns how their values come about without a file, and how they are checked: written down as a
//! file would have them and read like one, so that defaults, checks and faults are the same. Must
//! not know any default or range.

use std::fmt;
use std::io;
use std::path::PathBuf;
use std::str::FromStr;

use serde::Deserialize;

use super::decode::decode;
use super::fault::Faults;
use super::file::{
    AccountFile, ArrivalFile, CapacityFile, CeilingFile, ConsumerFile, CountFile, CountersFile,
    CrashFile, DeleteFile, DistFile, DownstreamFile, EnvironmentsFile, FailureFile, FailuresFile,
    FunctionFile, FunctionPricesFile, GuardsFile, KeysFile, LedgerFile, Length, LimitsFile,
    MechanicsFile, NodesFile, OutageFile, PlacementFile, PricesFile, ProducerFile, ProvisionedFile,
    QueueFile, ReceiveFile, ReceiverFile, RedriveFile, RetryFile, RoutingFile, ScalingFile,
    ScenarioFile, Size, SourceFile, SplitFile, ThrottledFile,
};
use super::load::{Loaded, Text, from_text, read_document};
use super::syntax;
use super::write::written;

/// What a scenario is called that has no file.
const NAME: &str = "scenario";

impl ScenarioFile {
    /// Checks it, as the same scenario in a file is checked: every fault is found and named by its
    /// setting's path. Its name is `scenario`. Data files are not there; see
    /// [`ScenarioFile::check_with`].
    ///
    /// ```
    /// # use sqsim::{QueueFile, ScenarioFile};
    /// let queue = QueueFile { delay: "16m".parse()?, max_in_flight: 0, ..QueueFile::default() };
    /// let queues = [("jobs", queue)].into();
    /// let scenario = ScenarioFile { duration: "1h".parse()?, queues, ..ScenarioFile::default() };
    /// assert_eq!(
    ///     scenario.check().unwrap_err().to_string(),
    ///     "error at queues.jobs.delay: `16m` is outside 0s to 15m\n\
    ///     \x20 help: SQS allows no other value\n\
    ///     error at queues.jobs.max_in_flight: `0` is too few: at least 1 is needed\n"
    /// );
    /// # Ok::<(), sqsim::Faults>(())
    /// ```
    ///
    /// # Errors
    /// All faults found.
    pub fn check(&self) -> Result<Loaded, Faults> {
        self.check_with(&|_| Err(io::ErrorKind::NotFound.into()))
    }

    /// The same where `read` gives the bytes of a data file by its path.
    ///
    /// # Errors
    /// All faults found.
    pub fn check_with(&self, read: &dyn Fn(&str) -> io::Result<Vec<u8>>) -> Result<Loaded, Faults> {
        let loaded = from_text(NAME, &self.to_string(), &[], read);
        let Loaded { scenario, warnings } = loaded.map_err(Faults::without_first_text)?;
        Ok(Loaded { scenario, warnings: warnings.without_first_text() })
    }
}

/// The text of a file, for what asks for one: experiments, and changes by path.
impl From<&ScenarioFile> for Text {
    fn from(file: &ScenarioFile) -> Text {
        text_of(NAME, &file.to_string())
    }
}

/// A text that stands in no file.
fn text_of(name: &str, text: &str) -> Text {
    Text { name: name.into(), directory: PathBuf::new(), text: text.into() }
}

/// As a file, which `sqsim` runs as well: what has its default is left out.
impl fmt::Display for ScenarioFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{}", written(self)?)
    }
}

/// What stands in `defaults.ron`, where `settings` has what is required.
fn default<T: for<'a> Deserialize<'a>>(settings: &str) -> T {
    let value = syntax::parse(settings, 0).ok().and_then(|(node, _)| decode(&node).0);
    value.expect("what is not required has a default, by a test")
}

/// Nothing that is required: no length and no queue, which is told when it is checked.
impl Default for ScenarioFile {
    fn default() -> ScenarioFile {
        default("(duration: \"0s\", queues: {})")
    }
}

/// Types of which nothing is required.
macro_rules! all_have_defaults {
    ($($of:ty),* $(,)?) => {$(
        impl Default for $of {
            fn default() -> $of {
                default("()")
            }
        }
    )*};
}

all_have_defaults!(
    CountersFile,
    DeleteFile,
    FailureFile,
    GuardsFile,
    LedgerFile,
    LimitsFile,
    PricesFile,
    AccountFile,
    EnvironmentsFile,
    FunctionPricesFile,
    ProvisionedFile,
    ScalingFile,
    ThrottledFile,
    QueueFile,
    ReceiveFile,
    RetryFile,
);

impl ProducerFile {
    /// A producer that sends to a queue.
    pub fn new(queue: impl Into<String>, arrivals: ArrivalFile) -> ProducerFile {
        let other = default("(queue: \"\", arrivals: [])");
        ProducerFile { queue: queue.into(), arrivals, ..other }
    }
}

impl ConsumerFile {
    /// A consumer of a queue.
    pub fn new(queue: impl Into<String>, processing: DistFile) -> ConsumerFile {
        let other = default("(queue: \"\", processing: Constant(\"0s\"))");
        ConsumerFile { queue: SourceFile::Queue(queue.into()), processing, ..other }
    }
}

impl FunctionFile {
    /// A function that is invoked with the messages of a queue.
    pub fn new(queue: impl Into<String>, processing: DistFile) -> FunctionFile {
        let other = default("(queue: \"\", processing: Constant(\"0s\"))");
        FunctionFile { queue: queue.into(), processing, ..other }
    }
}

impl RedriveFile {
    /// A redrive policy with this dead-letter queue.
    pub fn new(to: impl Into<String>) -> RedriveFile {
        RedriveFile { to: to.into(), ..default("(to: \"\")") }
    }
}

impl CrashFile {
    /// Crashes so far apart in the mean.
    pub fn new(mean_time_between: Length) -> CrashFile {
        CrashFile { mean_time_between, ..default("(mean_time_between: \"0s\")") }
    }
}

impl NodesFile {
    /// So many nodes.
    pub fn new(count: u32) -> NodesFile {
        NodesFile { count, ..default("(count: 0)") }
    }
}

impl OutageFile {
    /// An outage, still of nothing.
    pub fn new(at: Length) -> OutageFile {
        OutageFile { at, ..default("(at: \"0s\")") }
    }
}

impl FailuresFile {
    /// Failures so far apart in the mean.
    pub fn new(mean_time_between: Length) -> FailuresFile {
        FailuresFile { mean_time_between, ..default("(mean_time_between: \"0s\")") }
    }
}

/// What is parsed as it stands in a file: `"HeatMedian(threshold: 0.7)".parse()`.
macro_rules! parsed_as_in_a_file {
    ($($of:ty),* $(,)?) => {$(
        impl FromStr for $of {
            type Err = Faults;

            fn from_str(text: &str) -> Result<$of, Faults> {
                read_document(&text_of("text", text))
            }
        }
    )*};
}

parsed_as_in_a_file!(
    ArrivalFile,
    CapacityFile,
    CeilingFile,
    ConsumerFile,
    CountFile,
    ReceiverFile,
    DistFile,
    DistFile<Size>,
    DownstreamFile,
    KeysFile,
    LedgerFile,
    MechanicsFile,
    NodesFile,
    PlacementFile,
    ProducerFile,
    QueueFile,
    RoutingFile,
    ScenarioFile,
    SourceFile,
    SplitFile,
);
