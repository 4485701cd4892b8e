//! JSON lines: one object a fact, for `jq`, data frames and `diff`.
//!
//! Owns the form of a line. Must not know the other formats, nor any fact: words and fields are
//! those of the lists of facts (`sqsim help facts` shows them). It formats into one reused buffer
//! and allocates nothing per line.
//!
//! Every line has `t_ns` (nanoseconds of virtual time since the start) and `what`. Keys of the
//! 64-bit key space are written as strings of 16 hexadecimal digits because many JSON readers keep
//! only 53 bits.

use std::io::{self, Write};

use super::Filter;
use super::json::{Piece, push_json_string, push_number};
use super::names::Names;
use super::sink::{Sink, Written};
use crate::facts::deed::Deed;
use crate::facts::observer::Observer;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::journal::vocabulary::{Field, Kind, Listed, Scribe, Value};
use crate::ledger::journal::{Change, Journal, MessageId, group_of};
use crate::model::course::Course;

/// Writes every fact as one line of JSON.
#[derive(Debug)]
pub struct JsonLines<W> {
    names: Names,
    pieces: Pieces,
    filter: Filter,
    over: bool,
    sink: Sink<W>,
}

impl<W: Write> JsonLines<W> {
    /// A trace of a run of `course` into `out`, at most `limits.trace_bytes` long.
    pub fn new<'a>(course: impl Into<Course<'a>>, filter: Filter, out: W) -> JsonLines<W> {
        let course = course.into();
        let scenario = course.last();
        let sink = Sink::new(out, scenario.limits.trace_bytes);
        let names = Names::new(course);
        JsonLines { pieces: Pieces::new(&names), names, filter, over: false, sink }
    }

    /// Writes what is left in the buffer. `_end` is where the run ended.
    ///
    /// # Errors
    /// The writer's first error; a reader that went away is `io::ErrorKind::BrokenPipe`.
    pub fn finish(self, _end: Time) -> io::Result<Written> {
        self.sink.finish()
    }

    /// The fact is to be written.
    #[inline]
    fn wants(&mut self, now: Time, message: Option<MessageId>) -> bool {
        self.over |= now > self.filter.to;
        !self.sink.closed() && self.filter.at(now) && self.filter.about(message)
    }
}

/// The parts of lines that come again and again.
#[derive(Debug)]
struct Pieces {
    /// How every line of the instant `now` begins: one event has several.
    begin: Piece,
    now: Time,
    /// What stands between the time and the kind of a queue's change.
    changes: Vec<Piece>,
    // Names as JSON strings.
    queues: Vec<Piece>,
    producers: Vec<Piece>,
    workers: Vec<Piece>,
    fleets: Vec<Piece>,
    downstreams: Vec<Piece>,
    functions: Vec<Piece>,
}

impl Pieces {
    fn new(names: &Names) -> Pieces {
        let changes = names.queues.iter().map(|name| {
            Piece::new(|out| {
                out.extend_from_slice(br#","queue":"#);
                push_json_string(out, name);
                out.extend_from_slice(br#","what":""#);
            })
        });
        Pieces {
            begin: Piece::new(|out| push_begin(out, Time::ZERO)),
            now: Time::ZERO,
            changes: changes.collect(),
            queues: names.queues.iter().map(|name| quoted(name)).collect(),
            producers: names.producers.iter().map(|(name, _)| quoted(name)).collect(),
            workers: names.workers.iter().map(|name| quoted(name)).collect(),
            fleets: names.fleets.iter().map(|(name, _)| quoted(name)).collect(),
            downstreams: names.downstreams.iter().map(|name| quoted(name)).collect(),
            functions: names.functions.iter().map(|(name, _)| quoted(name)).collect(),
        }
    }

    /// Begins a line.
    #[inline]
    fn line<'a>(
        &'a mut self,
        out: &'a mut Vec<u8>,
        now: Time,
        message: Option<MessageId>,
    ) -> Line<'a> {
        if self.now != now {
            self.begin.replace(|out| push_begin(out, now));
            self.now = now;
        }
        self.begin.push(out);
        Line { out, pieces: self, message }
    }
}

fn push_begin(out: &mut Vec<u8>, now: Time) {
    out.extend_from_slice(br#"{"t_ns":"#);
    push_number(out, now.as_nanos());
}

fn quoted(name: &str) -> Piece {
    Piece::new(|out| push_json_string(out, name))
}

/// One line in the making. What precedes a value is given as it stands in the file, all that is
/// constant in one string: it becomes one copy of a length that the compiler knows.
struct Line<'a> {
    out: &'a mut Vec<u8>,
    pieces: &'a Pieces,
    /// What it is about.
    message: Option<MessageId>,
}

#[expect(clippy::inline_always, reason = "a copy is only fast where its length is a constant")]
impl Line<'_> {
    #[inline(always)]
    fn text(&mut self, text: &str) {
        self.out.extend_from_slice(text.as_bytes());
    }

    /// A word of ours, which needs no escapes.
    #[inline(always)]
    fn word(&mut self, word: &str) {
        self.text("\"");
        self.text(word);
        self.text("\"");
    }

    #[inline(always)]
    fn number(&mut self, number: u64) {
        push_number(self.out, number);
    }

    fn name(&mut self, kind: Kind, number: u32) {
        if let Some((function, member)) = group_of(number) {
            return self.name_in_function(kind, function, member);
        }
        let names = match kind {
            Kind::Queue => &self.pieces.queues,
            Kind::Producer => &self.pieces.producers,
            Kind::Worker | Kind::Caller => &self.pieces.workers,
            Kind::Fleet => &self.pieces.fleets,
            Kind::Downstream => &self.pieces.downstreams,
            Kind::Function => &self.pieces.functions,
        };
        names[number as usize].push(self.out);
    }

    /// The name of an environment or of a reader of a function, or its own.
    #[inline(never)]
    fn name_in_function(&mut self, kind: Kind, function: u32, member: u32) {
        self.pieces.functions[function as usize].push(self.out);
        let between = match kind {
            Kind::Caller => ".poller.",
            Kind::Worker => ".",
            Kind::Queue | Kind::Producer | Kind::Fleet | Kind::Downstream | Kind::Function => {
                return;
            }
        };
        // Before the quote that ends its name.
        self.out.pop();
        self.text(between);
        self.number(u64::from(member));
        self.text("\"");
    }

    /// A key of the key space.
    fn key(&mut self, key: u64) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.text("\"");
        for shift in (0..16).rev() {
            self.out.push(DIGITS[(key >> (4 * shift)) as usize & 15]);
        }
        self.text("\"");
    }
}

#[expect(clippy::inline_always, reason = "what precedes a value is a constant here")]
impl Scribe for Line<'_> {
    #[inline(always)]
    fn fact(&mut self, _number: u8, word: &'static str) {
        self.text(word);
        self.text("\"");
        if let Some(MessageId(message)) = self.message {
            self.text(r#","message":"#);
            self.number(message);
        }
    }

    #[inline(always)]
    fn tell<F: Field>(&mut self, before: &'static str, field: F) {
        let Some(value) = field.value() else { return };
        self.text(before);
        match value {
            Value::Number(number) => self.number(number),
            Value::Key(key) => self.key(key),
            Value::Flag(flag) => self.text(if flag { "true" } else { "false" }),
            Value::Word(word) => self.word(word),
            Value::WordOf(word, permille) => {
                self.word(word);
                self.text(r#","permille":"#);
                self.number(u64::from(permille));
            }
            Value::Name(kind, number) => self.name(kind, number),
        }
    }

    #[inline(always)]
    fn imply<F: Field>(&mut self, before: &'static str, field: F) {
        self.tell(before, field);
    }
}

impl<W: Write> Journal for JsonLines<W> {
    #[inline]
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        // The age of the oldest follows from the changes: it would be every sixth line.
        if matches!(change, Change::Oldest(_)) || !self.wants(now, change.message()) {
            return;
        }
        let mut line = self.pieces.line(self.sink.record(), now, change.message());
        line.pieces.changes[queue.0 as usize].push(line.out);
        change.write(&mut line);
        line.text("}\n");
        self.sink.commit();
    }
}

impl<W: Write> Observer for JsonLines<W> {
    #[inline]
    fn deed(&mut self, now: Time, deed: &Deed) {
        if self.names.hear(deed) {
            self.pieces.workers.extend(self.names.workers.last().map(|name| quoted(name)));
        }
        if !self.wants(now, deed.message()) {
            return;
        }
        let mut line = self.pieces.line(self.sink.record(), now, None);
        line.text(r#","what":""#);
        deed.write(&mut line);
        line.text("}\n");
        self.sink.commit();
    }

    fn stopped(&self) -> bool {
        self.over || self.sink.closed()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::{BTreeMap, BTreeSet};

    use serde_json::Value;

    use super::super::sample;
    use super::*;
    use crate::facts::deed::WorkerId;
    use crate::facts::schema;
    use crate::ledger::journal::{KeySpace, PartitionId};

    fn lines(filter: Filter, limit: u64) -> (Vec<Value>, Written) {
        let mut scenario = sample::scenario();
        scenario.limits.trace_bytes = limit;
        let mut out = Vec::new();
        let mut trace = JsonLines::new(&scenario, filter, &mut out);
        sample::play(&mut trace);
        let written = trace.finish(sample::END).unwrap();
        let parse = |line: &str| serde_json::from_str(line).unwrap();
        (String::from_utf8(out).unwrap().lines().map(parse).collect(), written)
    }

    #[test]
    fn every_fact_is_one_object_with_its_time() {
        let (lines, written) = lines(Filter::ALL, u64::MAX);
        assert_eq!(lines.len(), sample::facts().len());
        assert!(!written.limit_reached);
        for (line, fact) in lines.iter().zip(sample::facts()) {
            assert_eq!(line["t_ns"], fact.0.as_nanos());
            assert!(line["what"].is_string(), "{line}");
        }
    }

    #[test]
    fn every_kind_has_the_fields_of_the_list_in_its_order() {
        let schema: BTreeMap<_, _> = schema::fields().collect();
        let mut seen = BTreeSet::new();
        for line in lines(Filter::ALL, u64::MAX).0 {
            let kind = line["what"].as_str().unwrap();
            let mut expected = schema[kind].clone();
            if line.get("cause").is_none() {
                expected.retain(|&field| kind != "received" || field != "cause");
            }
            if line.get("permille").is_some() {
                expected.push("permille");
            }
            let keys = line.as_object().unwrap().keys().map(String::as_str);
            assert_eq!(keys.clone().next(), Some("t_ns"), "{line}");
            let keys: Vec<&str> = keys.skip(1).filter(|&key| key != "what").collect();
            assert_eq!(keys, expected, "{line}");
            seen.insert(kind.to_owned());
        }
        assert_eq!(seen.len(), schema.len(), "the sample has only {seen:?}");
    }

    #[test]
    fn a_receive_says_what_its_change_says() {
        let (lines, _) = lines(Filter::ALL, u64::MAX);
        let second = lines
            .iter()
            .find(|line| line["what"] == "received" && line["receives"] == 2)
            .expect("the sample has a second receive");
        assert_eq!(second["message"], 312);
        assert_eq!(second["queue"], "signups");
        assert_eq!(second["worker"], "workers.1");
        assert_eq!(second["until_ns"], 71_207_318_500_u64);
        assert_eq!(second["cause"], "outlived_timeout");
    }

    #[test]
    fn a_filter_keeps_one_message_and_one_range() {
        let message = Some(MessageId(312));
        let (of_one, _) = lines(Filter { message, ..Filter::ALL }, u64::MAX);
        assert!(!of_one.is_empty() && of_one.iter().all(|line| line["message"] == 312));
        let (from, to) = (Time::from_nanos(2_000_000_000), Time::from_nanos(41_000_000_000));
        let (in_range, _) = lines(Filter { message: None, from, to }, u64::MAX);
        let expected = sample::facts().iter().filter(|f| from <= f.0 && f.0 <= to).count();
        assert_eq!(in_range.len(), expected);
    }

    #[test]
    fn the_limit_leaves_whole_lines_and_stops_the_trace() {
        let (kept, written) = lines(Filter::ALL, 500);
        assert!(written.limit_reached && written.bytes <= 500);
        assert!(!kept.is_empty() && kept.len() < sample::facts().len());
    }

    #[test]
    fn a_key_has_sixteen_digits() {
        for key in [0, 0x0123_4567_89ab_cdef, u64::MAX] {
            let mut out = Vec::new();
            let mut trace = JsonLines::new(&sample::scenario(), Filter::ALL, &mut out);
            let (partition, first, last) = (PartitionId(0), key, u64::MAX);
            let opened = KeySpace::Opened { partition, first, last };
            trace.change(Time::ZERO, QueueId(0), &opened.into());
            trace.finish(Time::ZERO).expect("memory takes all");
            let line = String::from_utf8(out).expect("text");
            assert!(line.contains(&format!("\"{key:016x}\"")), "{line}");
        }
    }

    #[test]
    fn a_trace_is_over_after_its_range() {
        let filter = Filter { to: Time::from_nanos(5), ..Filter::ALL };
        let mut trace = JsonLines::new(&sample::scenario(), filter, Vec::new());
        trace.deed(Time::from_nanos(5), &Deed::Started { worker: WorkerId(0) });
        assert!(!trace.stopped());
        trace.deed(Time::from_nanos(6), &Deed::Started { worker: WorkerId(0) });
        assert!(trace.stopped());
    }
}
