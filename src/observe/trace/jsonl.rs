//! JSON lines: one object a fact, for `jq`, data frames and `diff`.
//!
//! Owns the schema below. Must not know the other formats. It formats into one reused buffer and
//! allocates nothing per line.
//!
//! Every line has `t_ns` (nanoseconds of virtual time since the start) and `what`. Times end in
//! `_ns`, are integers and count from the start of the run, except `waited_ns` and `took_ns`, which
//! are lengths. Fields stand in this order:
//!
//! | `what` | further fields |
//! |---|---|
//! | `sent` | `queue message partition state` |
//! | `delay_ended` | `queue message` |
//! | `received` | `queue message worker partition receives sent_ns until_ns`, if again `cause` |
//! | `received_nothing` | `queue worker falsely over_limit` |
//! | `deleted` | `queue message sent_ns receives from` |
//! | `deleted_nothing`, `delete_lost`, `receipt_expired`, `visibility_refused` | `queue message` |
//! | `visibility_changed` | `queue message until_ns` |
//! | `returned` | `queue message receives cause` |
//! | `dead_lettered` | `queue message to receives cause` |
//! | `moved_in` | `queue message from` (a queue) |
//! | `expired`, `purged` | `queue message from` (a state) |
//! | `delete_undone` | `queue message sent_ns receives` |
//! | `throttled`, `unavailable` | `queue action partition messages` |
//! | `called` | `queue action` |
//! | `partition_opened` | `queue partition first last` |
//! | `partition_closed` | `queue partition` |
//! | `split` | `queue parent left right at` |
//! | `merged` | `queue left right into` |
//! | `recut` | `queue old new` (numbers of partitions) |
//! | `split_refused` | `queue partition reason`, for a hot key `permille` |
//! | `reshard_begun` | `queue reshard old new` |
//! | `reshard_ended` | `queue reshard` |
//! | `partition_sealed`, `partition_drained` | `queue partition` |
//! | `node_failed`, `node_suspected`, `node_given_up` | `queue node` |
//! | `node_returned`, `node_caught_up` | `queue node` |
//! | `primary_changed` | `queue partition node` |
//! | `copy_begun`, `replica_moved` | `queue partition from to` (nodes) |
//! | `copy_dropped` | `queue partition to` |
//! | `replicas_counted` | `queue under_replicated without_write_quorum without_read_quorum` |
//! | `arrived` | `producer` |
//! | `send_confirmed` | `producer messages waited_ns took_ns` |
//! | `send_retried`, `given_up` | `producer messages` |
//! | `began` | `worker thread queue message receives` |
//! | `ended` | `worker thread queue message sent_ns took_ns how` |
//! | `started`, `crashed` | `worker` |
//! | `busy` | `worker fleet busy` |
//!
//! `state` and `from` are `delayed`, `visible`, `in_flight`; `cause` is `outlived_timeout`,
//! `prefetched`, `failed`, `crashed`, `delete_lost`, `delete_undone`, `not_hidden`; `action` is
//! `send`, `receive`, `delete`, `change_visibility`; `reason` is `no_balanced_key`,
//! `too_many_partitions`, `single_key`, `hot_key` (`permille` of the sampled requests),
//! `sequential`, `too_many_at_once`; `how` is `done`, `duplicate`, `recognised`, `failed`,
//! `crashed`. `first`, `last` and `at` are keys of the 64-bit key space, written as strings of 16
//! hexadecimal digits because many JSON readers keep only 53 bits. Nodes are numbers.

use std::io::{self, Write};

use super::json::{Piece, push_json_string, push_number};
use super::names::{self, Names};
use super::sink::{Sink, Written};
use super::{Filter, message_of_change, message_of_deed};
use crate::facts::deed::{Deed, FleetId, ProducerId, WorkerId};
use crate::facts::observer::Observer;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Caller, Change, Journal, KeySpace, MessageId, NodeChange, Refusal};
use crate::model::course::Course;

/// Writes every fact as one line of JSON.
#[derive(Debug)]
pub struct JsonLines<W> {
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
        JsonLines { pieces: Pieces::new(&Names::new(course)), filter, over: false, sink }
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
            fleets: names.fleets.iter().map(|name| quoted(name)).collect(),
        }
    }

    /// Begins a line.
    #[inline]
    fn line<'a>(&'a mut self, out: &'a mut Vec<u8>, now: Time) -> Line<'a> {
        if self.now != now {
            self.begin.replace(|out| push_begin(out, now));
            self.now = now;
        }
        self.begin.push(out);
        Line { out, pieces: self }
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
}

#[expect(clippy::inline_always, reason = "a copy is only fast where its length is a constant")]
impl Line<'_> {
    #[inline(always)]
    fn text(self, text: &str) -> Self {
        self.out.extend_from_slice(text.as_bytes());
        self
    }

    #[inline(always)]
    fn number(self, before: &str, number: impl Into<u64>) -> Self {
        let line = self.text(before);
        push_number(line.out, number.into());
        line
    }

    #[inline(always)]
    fn time(self, before: &str, time: Time) -> Self {
        self.number(before, time.as_nanos())
    }

    #[inline(always)]
    fn queue(self, before: &str, queue: QueueId) -> Self {
        let line = self.text(before);
        line.pieces.queues[queue.0 as usize].push(line.out);
        line
    }

    #[inline(always)]
    fn producer(self, before: &str, producer: ProducerId) -> Self {
        let line = self.text(before);
        line.pieces.producers[producer.0 as usize].push(line.out);
        line
    }

    #[inline(always)]
    fn worker(self, before: &str, worker: WorkerId) -> Self {
        let line = self.text(before);
        line.pieces.workers[worker.0 as usize].push(line.out);
        line
    }

    #[inline(always)]
    fn caller(self, before: &str, caller: Caller) -> Self {
        self.worker(before, WorkerId(caller.0))
    }

    #[inline(always)]
    fn fleet(self, before: &str, fleet: FleetId) -> Self {
        let line = self.text(before);
        line.pieces.fleets[fleet.0 as usize].push(line.out);
        line
    }

    /// A word of ours, which needs no escapes. `before` ends with its opening quote.
    #[inline(always)]
    fn word(self, before: &str, word: &str) -> Self {
        self.text(before).text(word).text("\"")
    }

    #[inline(always)]
    fn flag(self, before: &str, flag: bool) -> Self {
        self.text(before).text(if flag { "true" } else { "false" })
    }

    /// A key of the key space. `before` ends with its opening quote.
    fn hex(self, before: &str, number: u64) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        let line = self.text(before);
        for shift in (0..16).rev() {
            line.out.push(DIGITS[(number >> (4 * shift)) as usize & 15]);
        }
        line.text("\"")
    }
}

/// Appends what a change says, from its kind on.
fn change_fields<'a>(line: Line<'a>, change: &Change) -> Line<'a> {
    match *change {
        Change::Called { action } => line.word(r#"called","action":""#, names::action(action)),
        Change::ReceivedNothing { caller, falsely, over_limit } => line
            .caller(r#"received_nothing","worker":"#, caller)
            .flag(r#","falsely":"#, falsely)
            .flag(r#","over_limit":"#, over_limit),
        Change::Throttled { action, partition, messages } => line
            .word(r#"throttled","action":""#, names::action(action))
            .number(r#","partition":"#, partition.0)
            .number(r#","messages":"#, messages),
        Change::KeySpace(ref change) => key_space_fields(line, change),
        Change::Unavailable { action, partition, messages } => line
            .word(r#"unavailable","action":""#, names::action(action))
            .number(r#","partition":"#, partition.0)
            .number(r#","messages":"#, messages),
        Change::Node(ref change) => node_fields(line, change),
        Change::Sent { .. }
        | Change::DelayEnded { .. }
        | Change::Received { .. }
        | Change::Deleted { .. }
        | Change::DeletedNothing { .. }
        | Change::DeleteLost { .. }
        | Change::ReceiptExpired { .. }
        | Change::VisibilityChanged { .. }
        | Change::VisibilityRefused { .. }
        | Change::Returned { .. }
        | Change::DeadLettered { .. }
        | Change::MovedIn { .. }
        | Change::Expired { .. }
        | Change::Purged { .. }
        | Change::Undone { .. } => message_fields(line, change),
    }
}

/// Appends what a change of the key space says.
fn key_space_fields<'a>(line: Line<'a>, change: &KeySpace) -> Line<'a> {
    match *change {
        KeySpace::Opened { partition, first, last } => line
            .number(r#"partition_opened","partition":"#, partition.0)
            .hex(r#","first":""#, first)
            .hex(r#","last":""#, last),
        KeySpace::Closed { partition } => {
            line.number(r#"partition_closed","partition":"#, partition.0)
        }
        KeySpace::Split { parent, left, right, at } => line
            .number(r#"split","parent":"#, parent.0)
            .number(r#","left":"#, left.0)
            .number(r#","right":"#, right.0)
            .hex(r#","at":""#, at),
        KeySpace::Merged { left, right, into } => line
            .number(r#"merged","left":"#, left.0)
            .number(r#","right":"#, right.0)
            .number(r#","into":"#, into.0),
        KeySpace::Refused { partition, reason } => {
            let line = line
                .number(r#"split_refused","partition":"#, partition.0)
                .word(r#","reason":""#, names::refusal(reason));
            match reason {
                Refusal::HotKey { permille } => line.number(r#","permille":"#, u32::from(permille)),
                Refusal::NoBalancedKey
                | Refusal::TooManyPartitions
                | Refusal::SingleKey
                | Refusal::Sequential
                | Refusal::TooManyAtOnce => line,
            }
        }
        KeySpace::Recut { old, new } => {
            line.number(r#"recut","old":"#, old).number(r#","new":"#, new)
        }
        KeySpace::Begun { reshard, old, new } => line
            .number(r#"reshard_begun","reshard":"#, reshard)
            .number(r#","old":"#, old)
            .number(r#","new":"#, new),
        KeySpace::Ended { reshard } => line.number(r#"reshard_ended","reshard":"#, reshard),
        KeySpace::Sealed { partition } => {
            line.number(r#"partition_sealed","partition":"#, partition.0)
        }
        KeySpace::Drained { partition } => {
            line.number(r#"partition_drained","partition":"#, partition.0)
        }
    }
}

/// Appends what happened to a node or a replica.
fn node_fields<'a>(line: Line<'a>, change: &NodeChange) -> Line<'a> {
    match *change {
        NodeChange::Failed(node) => line.number(r#"node_failed","node":"#, node.0),
        NodeChange::Suspected(node) => line.number(r#"node_suspected","node":"#, node.0),
        NodeChange::GivenUp(node) => line.number(r#"node_given_up","node":"#, node.0),
        NodeChange::Returned(node) => line.number(r#"node_returned","node":"#, node.0),
        NodeChange::CaughtUp(node) => line.number(r#"node_caught_up","node":"#, node.0),
        NodeChange::Led { partition, by } => {
            line.number(r#"primary_changed","partition":"#, partition.0).number(r#","node":"#, by.0)
        }
        NodeChange::CopyBegun { partition, source, to } => line
            .number(r#"copy_begun","partition":"#, partition.0)
            .number(r#","from":"#, source.0)
            .number(r#","to":"#, to.0),
        NodeChange::CopyDropped { partition, to } => {
            line.number(r#"copy_dropped","partition":"#, partition.0).number(r#","to":"#, to.0)
        }
        NodeChange::Moved { partition, from, to } => line
            .number(r#"replica_moved","partition":"#, partition.0)
            .number(r#","from":"#, from.0)
            .number(r#","to":"#, to.0),
        NodeChange::Counted(census) => line
            .number(r#"replicas_counted","under_replicated":"#, census.under_replicated)
            .number(r#","without_write_quorum":"#, census.without_write_quorum)
            .number(r#","without_read_quorum":"#, census.without_read_quorum),
    }
}

/// Appends what a change of a message says.
fn message_fields<'a>(line: Line<'a>, change: &Change) -> Line<'a> {
    match *change {
        Change::Sent { message, partition, state } => line
            .number(r#"sent","message":"#, message.0)
            .number(r#","partition":"#, partition.0)
            .word(r#","state":""#, names::state(state)),
        Change::DelayEnded { message } => line.number(r#"delay_ended","message":"#, message.0),
        Change::Received { message, caller, partition, receives, sent, until, cause } => {
            let line = line
                .number(r#"received","message":"#, message.0)
                .caller(r#","worker":"#, caller)
                .number(r#","partition":"#, partition.0)
                .number(r#","receives":"#, receives)
                .time(r#","sent_ns":"#, sent)
                .time(r#","until_ns":"#, until);
            match cause {
                Some(held) => line.word(r#","cause":""#, names::cause(held)),
                None => line,
            }
        }
        Change::Deleted { message, sent, receives, from, .. } => line
            .number(r#"deleted","message":"#, message.0)
            .time(r#","sent_ns":"#, sent)
            .number(r#","receives":"#, receives)
            .word(r#","from":""#, names::state(from)),
        Change::DeletedNothing { message } => {
            line.number(r#"deleted_nothing","message":"#, message.0)
        }
        Change::DeleteLost { message } => line.number(r#"delete_lost","message":"#, message.0),
        Change::ReceiptExpired { message } => {
            line.number(r#"receipt_expired","message":"#, message.0)
        }
        Change::VisibilityChanged { message, until } => line
            .number(r#"visibility_changed","message":"#, message.0)
            .time(r#","until_ns":"#, until),
        Change::VisibilityRefused { message } => {
            line.number(r#"visibility_refused","message":"#, message.0)
        }
        Change::Returned { message, receives, cause, .. } => line
            .number(r#"returned","message":"#, message.0)
            .number(r#","receives":"#, receives)
            .word(r#","cause":""#, names::cause(cause)),
        Change::DeadLettered { message, to, receives, cause, .. } => line
            .number(r#"dead_lettered","message":"#, message.0)
            .queue(r#","to":"#, to)
            .number(r#","receives":"#, receives)
            .word(r#","cause":""#, names::cause(cause)),
        Change::MovedIn { message, from, .. } => {
            line.number(r#"moved_in","message":"#, message.0).queue(r#","from":"#, from)
        }
        Change::Expired { message, from, .. } => line
            .number(r#"expired","message":"#, message.0)
            .word(r#","from":""#, names::state(from)),
        Change::Purged { message, from, .. } => {
            line.number(r#"purged","message":"#, message.0).word(r#","from":""#, names::state(from))
        }
        Change::Undone { message, sent, receives } => line
            .number(r#"delete_undone","message":"#, message.0)
            .time(r#","sent_ns":"#, sent)
            .number(r#","receives":"#, receives),
        Change::ReceivedNothing { .. }
        | Change::Throttled { .. }
        | Change::Unavailable { .. }
        | Change::Called { .. }
        | Change::KeySpace(_)
        | Change::Node(_) => line,
    }
}

/// Appends what a deed says, its kind too.
fn deed_fields<'a>(line: Line<'a>, deed: &Deed) -> Line<'a> {
    match *deed {
        Deed::Arrived { producer } => line.producer(r#","what":"arrived","producer":"#, producer),
        Deed::SendConfirmed { producer, messages, waited, took } => line
            .producer(r#","what":"send_confirmed","producer":"#, producer)
            .number(r#","messages":"#, messages)
            .number(r#","waited_ns":"#, waited.as_nanos())
            .number(r#","took_ns":"#, took.as_nanos()),
        Deed::SendRetried { producer, messages } => line
            .producer(r#","what":"send_retried","producer":"#, producer)
            .number(r#","messages":"#, messages),
        Deed::GivenUp { producer, messages } => line
            .producer(r#","what":"given_up","producer":"#, producer)
            .number(r#","messages":"#, messages),
        Deed::Began { worker, thread, queue, message, receives } => line
            .worker(r#","what":"began","worker":"#, worker)
            .number(r#","thread":"#, thread)
            .queue(r#","queue":"#, queue)
            .number(r#","message":"#, message.0)
            .number(r#","receives":"#, receives),
        Deed::Ended { worker, thread, queue, message, sent, took, how, .. } => line
            .worker(r#","what":"ended","worker":"#, worker)
            .number(r#","thread":"#, thread)
            .queue(r#","queue":"#, queue)
            .number(r#","message":"#, message.0)
            .time(r#","sent_ns":"#, sent)
            .number(r#","took_ns":"#, took.as_nanos())
            .word(r#","how":""#, names::ending(how)),
        Deed::Started { worker } => line.worker(r#","what":"started","worker":"#, worker),
        Deed::Crashed { worker } => line.worker(r#","what":"crashed","worker":"#, worker),
        Deed::Busy { worker, fleet, busy, .. } => line
            .worker(r#","what":"busy","worker":"#, worker)
            .fleet(r#","fleet":"#, fleet)
            .number(r#","busy":"#, busy),
    }
}

impl<W: Write> Journal for JsonLines<W> {
    #[inline]
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        if !self.wants(now, message_of_change(change)) {
            return;
        }
        let line = self.pieces.line(self.sink.record(), now);
        line.pieces.changes[queue.0 as usize].push(line.out);
        change_fields(line, change).text("}\n");
        self.sink.commit();
    }
}

impl<W: Write> Observer for JsonLines<W> {
    #[inline]
    fn deed(&mut self, now: Time, deed: &Deed) {
        if !self.wants(now, message_of_deed(deed)) {
            return;
        }
        let line = self.pieces.line(self.sink.record(), now);
        deed_fields(line, deed).text("}\n");
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
    use crate::ledger::journal::PartitionId;

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

    /// The rows of the table at the head of this file: kinds, and the fields they have.
    fn schema() -> BTreeMap<&'static str, Vec<&'static str>> {
        let rows = include_str!("jsonl.rs").lines().filter_map(|line| line.strip_prefix("//! | `"));
        let rows = rows.map(|row| row.split_once(" | ").expect("two columns"));
        rows.flat_map(|(kinds, fields)| {
            // In backticks stands every kind, but only every other part of the fields.
            let fields = fields.split('`').skip(1).step_by(2).flat_map(str::split_whitespace);
            let fields: Vec<&str> = fields.collect();
            let kinds = kinds.split(['`', ',', ' ']).filter(|kind| !kind.is_empty());
            kinds.map(move |kind| (kind, fields.clone()))
        })
        .filter(|&(kind, _)| kind != "what")
        .collect()
    }

    #[test]
    fn every_kind_has_the_fields_of_the_table_in_its_order() {
        let schema = schema();
        let mut seen = BTreeSet::new();
        for line in lines(Filter::ALL, u64::MAX).0 {
            let kind = line["what"].as_str().unwrap();
            let mut expected = schema[kind].clone();
            if line.get("cause").is_none() {
                expected.retain(|&field| kind != "received" || field != "cause");
            }
            if line.get("permille").is_none() {
                expected.retain(|&field| field != "permille");
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
