//! Text: one line a fact, aligned, in the words of the documentation.
//!
//! Owns the columns: instant, queue, message, sentence. Must not know the other formats. What
//! only repeats other lines (calls, busy threads) has none; JSON lines do.
//!
//! ```text
//! 41.207318500s  signups  m312  received by workers.3, receive 2 (work outlived the timeout), …
//! ```

use std::io::{self, Write};

use super::Filter;
use super::names::{Names, state_in_words};
use super::sentence;
use super::sink::{Sink, Written};
use crate::facts::deed::Deed;
use crate::facts::fact::Fact;
use crate::facts::observer::Observer;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Call, Change, Journal, MessageId, State, Step};
use crate::model::course::{Course, Fork};
use crate::model::scenario::{Limits, Scenario};

/// Writes facts as aligned lines of text.
#[derive(Debug)]
pub struct TextLines<W> {
    names: Names,
    filter: Filter,
    sink: Sink<W>,
    over: bool,
    columns: Columns,
    /// Where the one followed message is.
    resident: Option<(QueueId, State)>,
}

/// Widths of the columns.
#[derive(Clone, Copy, Debug)]
struct Columns {
    seconds: usize,
    queue: usize,
}

impl Columns {
    /// Writes the columns before the sentence.
    fn write(
        self,
        out: &mut Vec<u8>,
        now: Time,
        queue: &str,
        message: Option<MessageId>,
    ) -> io::Result<()> {
        let Columns { seconds, queue: width } = self;
        let (whole, rest) = (now.as_nanos() / 1_000_000_000, now.as_nanos() % 1_000_000_000);
        write!(out, "{whole:>seconds$}.{rest:09}s  {queue:width$}  ")?;
        match message {
            Some(MessageId(id)) => write!(out, "m{id:<7}  "),
            None => write!(out, "{:8}  ", ""),
        }
    }
}

impl<W: Write> TextLines<W> {
    /// A trace of a run of `course` into `out`, at most `limits.trace_bytes` long.
    pub fn new<'a>(course: impl Into<Course<'a>>, filter: Filter, out: W) -> TextLines<W> {
        let course = course.into();
        let scenario = course.last();
        let names = Names::new(course);
        let queue = names.queues.iter().map(|name| name.chars().count()).max().unwrap_or(0);
        let seconds = (scenario.end().as_nanos() / 1_000_000_000).to_string().len();
        let sink = Sink::new(out, scenario.limits.trace_bytes);
        let columns = Columns { seconds, queue };
        TextLines { names, filter, sink, over: false, columns, resident: None }
    }

    /// Ends the trace of a run that ended at `end`. A followed message that is still in a queue
    /// gets a last line that says so.
    ///
    /// # Errors
    /// The writer's first error; a reader that went away is `io::ErrorKind::BrokenPipe`.
    pub fn finish(mut self, end: Time) -> io::Result<Written> {
        if let Some((queue, state)) = self.resident
            && self.wants(end, self.filter.message)
        {
            let (name, message) = (self.names.queue(queue), self.filter.message);
            let out = self.sink.record();
            self.columns.write(out, end, name, message)?;
            writeln!(out, "still {} when the run ended", state_in_words(state))?;
            self.sink.commit();
        }
        self.sink.finish()
    }

    /// The fact is to be written.
    fn wants(&mut self, now: Time, message: Option<MessageId>) -> bool {
        self.over |= now > self.filter.to;
        !self.sink.closed() && self.filter.at(now) && self.filter.about(message)
    }
}

impl<W: Write> Journal for TextLines<W> {
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        let message = change.message();
        if let Change::Message(of, step) = *change
            && self.filter.message == Some(of)
        {
            self.resident = state_after(self.resident, queue, step);
        }
        let repeats = matches!(change, Change::Call(Call::Made { .. } | Call::WentOn { .. }));
        if repeats || matches!(change, Change::Oldest(_)) || !self.wants(now, message) {
            return;
        }
        let out = self.sink.record();
        let line = self
            .columns
            .write(out, now, self.names.queue(queue), message)
            .and_then(|()| sentence::of_change(out, &self.names, now, change))
            .and_then(|()| writeln!(out));
        line.expect("a growing buffer takes every line");
        self.sink.commit();
    }
}

impl<W: Write> Observer for TextLines<W> {
    fn deed(&mut self, now: Time, deed: &Deed) {
        self.names.hear(deed);
        let message = deed.message();
        if matches!(deed, Deed::Busy { .. }) || !self.wants(now, message) {
            return;
        }
        let at = match *deed {
            Deed::Arrived { producer }
            | Deed::SendConfirmed { producer, .. }
            | Deed::SendRetried { producer, .. }
            | Deed::GivenUp { producer, .. } => Some(self.names.producers[producer.0 as usize].1),
            Deed::Began { queue, .. } | Deed::Ended { queue, .. } | Deed::Counted { queue, .. } => {
                Some(queue)
            }
            Deed::Resized { fleet, .. } | Deed::Deployed { fleet } => {
                Some(self.names.fleets[fleet.0 as usize].1)
            }
            Deed::Started { worker }
            | Deed::Crashed { worker }
            | Deed::Joined { worker, .. }
            | Deed::Left { worker, .. }
            | Deed::Stopped { worker, .. }
            | Deed::Killed { worker, .. }
            | Deed::Called { worker, .. }
            | Deed::CallBegun { worker, .. }
            | Deed::CallEnded { worker, .. }
            | Deed::CallRefused { worker, .. }
            | Deed::CallGivenUp { worker, .. }
            | Deed::Busy { worker, .. } => self.names.place(worker).map(|place| place.queue),
            Deed::Invoked { environment: worker, .. }
            | Deed::InvocationEnded { environment: worker, .. }
            | Deed::EnvironmentGone { environment: worker, .. } => self.names.queue_of(worker),
            Deed::InvocationThrottled { function, .. }
            | Deed::ReceivesBurnt { function, .. }
            | Deed::LimitChanged { function, .. } => {
                Some(self.names.functions[function.0 as usize].1)
            }
        };
        let out = self.sink.record();
        let line = self
            .columns
            .write(out, now, at.map_or("", |queue| self.names.queue(queue)), message)
            .and_then(|()| sentence::of_deed(out, &self.names, deed))
            .and_then(|()| writeln!(out));
        line.expect("a growing buffer takes every line");
        self.sink.commit();
    }

    fn stopped(&self) -> bool {
        self.over || self.sink.closed()
    }
}

/// A fact as its line in the trace of `scenario`.
pub fn line<'a>(course: impl Into<Course<'a>>, now: Time, fact: &Fact) -> String {
    let course = course.into();
    let limits = Limits { trace_bytes: u64::MAX, ..course.last().limits };
    let then = Scenario { limits, ..course.last().clone() };
    let fork = Some(Fork { at: Time::ZERO, then: &then });
    let mut bytes = Vec::new();
    let mut text = TextLines::new(Course { fork, ..course }, Filter::ALL, &mut bytes);
    fact.tell(now, &mut text);
    // Nothing goes wrong with a growing buffer.
    drop(text.finish(now));
    String::from_utf8_lossy(&bytes).trim().to_owned()
}

/// A fact as the sentence of its line.
pub fn in_words(scenario: &Scenario, now: Time, fact: &Fact) -> String {
    let (names, mut bytes) = (Names::new(scenario.into()), Vec::new());
    let written = match fact {
        Fact::Change(_, change) => sentence::of_change(&mut bytes, &names, now, change),
        Fact::Deed(deed) => sentence::of_deed(&mut bytes, &names, deed),
    };
    // Nothing goes wrong with a growing buffer.
    drop(written);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Where a message is after something happened to it; `None` when it is in no queue.
fn state_after(
    before: Option<(QueueId, State)>,
    queue: QueueId,
    step: Step,
) -> Option<(QueueId, State)> {
    match step.moves() {
        (_, Some(state)) => Some((queue, state)),
        (Some(_), None) => None,
        (None, None) => before,
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample;
    use super::*;
    use crate::facts::deed::WorkerId;

    fn text(filter: Filter) -> String {
        let mut out = Vec::new();
        let mut trace = TextLines::new(&sample::scenario(), filter, &mut out);
        sample::play(&mut trace);
        trace.finish(sample::END).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn every_fact_is_a_sentence() {
        insta::assert_snapshot!(text(Filter::ALL));
    }

    #[test]
    fn the_life_of_one_message_is_a_list_of_sentences() {
        insta::assert_snapshot!(text(Filter { message: Some(MessageId(312)), ..Filter::ALL }));
    }

    #[test]
    fn a_followed_message_that_stays_says_where_it_is() {
        let of_317 = text(Filter { message: Some(MessageId(317)), ..Filter::ALL });
        assert!(of_317.ends_with("still in flight when the run ended\n"), "{of_317}");
        let of_313 = text(Filter { message: Some(MessageId(313)), ..Filter::ALL });
        assert!(of_313.contains("signups-dlq  m313"), "{of_313}");
        assert!(of_313.ends_with("still visible when the run ended\n"), "{of_313}");
    }

    #[test]
    fn a_trace_holds_what_is_in_its_range_and_is_over_after_it() {
        let from_to = |from, to| Filter {
            from: Time::from_nanos(from),
            to: Time::from_nanos(to),
            ..Filter::ALL
        };
        let start = |filter, instants: &[u64]| {
            let mut trace = TextLines::new(&sample::scenario(), filter, Vec::new());
            for &nanos in instants {
                trace.deed(Time::from_nanos(nanos), &Deed::Started { worker: WorkerId(0) });
            }
            trace.stopped()
        };
        assert!(!start(from_to(3, 5), &[1, 3, 5]), "its end is within");
        assert!(start(from_to(3, 5), &[6]));
        assert!(start(from_to(3, 5), &[6, 7]), "and stays so");
        let written = |filter| text(filter).lines().count();
        let (from, to) = (2_000_000_000, 41_000_000_000);
        let told = sample::facts().into_iter().filter(|(now, fact)| {
            let silent = matches!(
                fact,
                sample::Fact::Change(_, Change::Call(Call::Made { .. }))
                    | sample::Fact::Deed(Deed::Busy { .. })
            );
            (from..=to).contains(&now.as_nanos()) && !silent
        });
        assert_eq!(written(from_to(from, to)), told.count());
    }

    #[test]
    fn columns_are_aligned() {
        let text = text(Filter::ALL);
        for line in text.lines() {
            assert_eq!(&line[12..15], "s  ", "{line}");
            assert_eq!(&line[26..28], "  ", "{line}");
        }
    }
}
