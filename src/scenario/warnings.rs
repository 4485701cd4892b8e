//! The warnings, by name.
//!
//! Owns the list, and what each is about. Must not know when one is given.
//!
//! Invariant: a name says what would be wrong, in the words of this list alone; a scenario that
//! means it writes the name into `allow`.

use crate::model::near::nearest;

/// What a scenario may not mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// A producer, or a part of its arrivals, sends nothing in this run.
    NeverSends,
    /// More work comes than the workers can do, even in the time to drain.
    Overload,
    /// Messages return while they are worked on.
    TimeoutBelowWork,
    /// A heartbeat comes after the timeout that it should extend.
    HeartbeatTooLate,
    /// Messages that fail every time come back for ever.
    PoisonWithoutRedrive,
    /// A probability is 1.
    Certain,
    /// An expectation compares a count with a share.
    CountAgainstShare,
    /// Something happens at the very end, where nothing does any more.
    AtTheEnd,
    /// A queue has no consumers.
    NobodyReceives,
    /// A queue with consumers has no producers.
    NothingSent,
    /// Partitions that no worker asks.
    UnaskedPartitions,
    /// A setting is written and changes nothing.
    NoEffect,
    /// Partitions that were merged may split again at once.
    MergesSplit,
    /// Messages or batches may be larger than SQS takes.
    TooLarge,
    /// A data file lacks periods.
    MissingPeriods,
    /// A data file does not tell the length of its periods.
    GuessedPeriod,
    /// Lines of a data file were passed over.
    PassedOver,
    /// A data file ends before the producers do.
    DataShorter,
    /// A data file goes on after the producers' end.
    DataLonger,
    /// A data file is not in the order of time.
    Unsorted,
    /// A visibility timeout leaves little time to invoke a throttled batch again.
    LittleTimeForRetries,
    /// A function has less concurrency than its mapping uses.
    ReservedBelowMaximum,
    /// A message is moved away after few receives.
    FewReceives,
    /// Dead letters are not kept for longer than the messages that they were.
    DeadLettersExpire,
    /// Workers that leave are killed while they work.
    KilledAtWork,
    /// Batches of a function wait for messages that hardly ever come.
    IdleWindow,
}

/// Each with its name and when it is given.
const ALL: [(Warning, &str, &str); 26] = [
    (Warning::NeverSends, "never-sends", "arrivals that bring no message in this run"),
    (Warning::Overload, "overload", "more work comes than all workers can do"),
    (Warning::TimeoutBelowWork, "timeout-below-work", "messages return while they are worked on"),
    (Warning::HeartbeatTooLate, "heartbeat-too-late", "a heartbeat extends what has ended"),
    (
        Warning::PoisonWithoutRedrive,
        "poison-without-redrive",
        "messages that always fail come back for ever",
    ),
    (Warning::Certain, "certain", "a probability is 1: always"),
    (Warning::CountAgainstShare, "count-against-share", "an expectation as \"redelivered < 1%\""),
    (Warning::AtTheEnd, "at-the-end", "something is to happen where the run ends"),
    (Warning::NobodyReceives, "nobody-receives", "a queue without consumers"),
    (Warning::NothingSent, "nothing-sent", "consumers of a queue that nothing fills"),
    (Warning::UnaskedPartitions, "unasked-partitions", "partitions that no worker asks"),
    (Warning::NoEffect, "no-effect", "a setting that changes nothing beside the others"),
    (Warning::MergesSplit, "merges-split", "what was merged may split again at once"),
    (Warning::TooLarge, "too-large", "messages or batches larger than SQS takes"),
    (Warning::MissingPeriods, "missing-periods", "a data file lacks periods"),
    (Warning::GuessedPeriod, "guessed-period", "a data file does not tell its period"),
    (Warning::PassedOver, "passed-over", "lines of a data file are taken for titles"),
    (Warning::DataShorter, "data-shorter", "a data file ends before `duration`"),
    (Warning::DataLonger, "data-longer", "a data file goes on after `duration`"),
    (Warning::Unsorted, "unsorted", "a data file is not in the order of time"),
    (
        Warning::LittleTimeForRetries,
        "little-time-for-retries",
        "a visibility timeout below six function timeouts",
    ),
    (
        Warning::ReservedBelowMaximum,
        "reserved-below-maximum",
        "a mapping that invokes more than it may",
    ),
    (Warning::FewReceives, "few-receives", "a message is moved after too few receives"),
    (
        Warning::DeadLettersExpire,
        "dead-letters-expire",
        "dead letters are not kept longer than others",
    ),
    (Warning::KilledAtWork, "killed-at-work", "workers that leave are killed while they work"),
    (Warning::IdleWindow, "idle-window", "batches wait for messages that hardly ever come"),
];

impl Warning {
    /// All of them, in the order of the list.
    pub fn all() -> impl Iterator<Item = Warning> {
        ALL.iter().map(|&(warning, ..)| warning)
    }

    /// As `allow` takes it: `never-sends`.
    pub fn name(self) -> &'static str {
        self.entry().1
    }

    /// When it is given.
    pub fn meaning(self) -> &'static str {
        self.entry().2
    }

    /// The warning of this name.
    pub fn of_name(name: &str) -> Option<Warning> {
        ALL.iter().find(|&&(_, known, _)| known == name).map(|&(warning, ..)| warning)
    }

    /// Whether the value of a setting decides it, so that an experiment with that setting asks
    /// where it begins.
    pub(crate) fn is_of_degree(self) -> bool {
        matches!(
            self,
            Warning::NeverSends
                | Warning::Overload
                | Warning::TimeoutBelowWork
                | Warning::HeartbeatTooLate
                | Warning::DataShorter
                | Warning::DataLonger
                | Warning::LittleTimeForRetries
                | Warning::ReservedBelowMaximum
                | Warning::FewReceives
                | Warning::IdleWindow
                | Warning::DeadLettersExpire
                | Warning::KilledAtWork
        )
    }

    fn entry(self) -> &'static (Warning, &'static str, &'static str) {
        // The list is in the order of the type, by a test.
        &ALL[self as usize]
    }
}

/// What may have been meant by a name that is none.
pub(super) fn near(name: &str) -> String {
    let plain = name.replace(['_', ' '], "-");
    match nearest(&plain, ALL.iter().map(|&(_, known, _)| known)) {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => "`sqsim help warnings` lists all of them".into(),
    }
}

/// The list for people.
pub(super) fn listed() -> String {
    let width = ALL.iter().map(|(_, name, _)| name.len()).max().unwrap_or(0);
    let line =
        |&(_, name, meaning): &(Warning, &str, &str)| format!("    {name:width$}  {meaning}\n");
    ALL.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_warning_is_in_the_list_at_its_place() {
        for (place, warning) in Warning::all().enumerate() {
            assert_eq!(warning as usize, place);
            assert_eq!(Warning::of_name(warning.name()), Some(warning));
            assert!(!warning.meaning().is_empty());
        }
        assert_eq!(Warning::all().last(), Some(Warning::IdleWindow), "none is left out");
    }

    #[test]
    fn a_slip_in_a_name_finds_the_name() {
        assert_eq!(near("never_sends"), "did you mean \"never-sends\"?");
        assert_eq!(near("overlaod"), "did you mean \"overload\"?");
        assert!(near("nonsense at all").contains("help warnings"));
    }
}
