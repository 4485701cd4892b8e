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
//! | `throttled` | `queue action partition messages` |
//! | `called` | `queue action` |
//! | `partition_opened` | `queue partition first last` |
//! | `partition_closed` | `queue partition` |
//! | `split` | `queue parent left right at` |
//! | `merged` | `queue left right into` |
//! | `split_refused` | `queue partition reason` |
//! | `arrived` | `producer` |
//! | `send_confirmed` | `producer messages waited_ns took_ns` |
//! | `send_retried`, `given_up` | `producer messages` |
//! | `began` | `worker thread queue message receives` |
//! | `ended` | `worker thread queue message sent_ns took_ns how` |
//! | `started`, `crashed` | `worker` |
//! | `busy` | `worker fleet busy` |
//!
//! `state` and `from` are `delayed`, `visible`, `in_flight`; `cause` is `outlived_timeout`,
//! `prefetched`, `failed`, `crashed`, `delete_lost`; `action` is `send`, `receive`, `delete`,
//! `change_visibility`; `reason` is `no_balanced_key`, `too_many_partitions`, `single_key`;
//! `how` is `done`, `duplicate`, `recognised`, `failed`, `crashed`. `first`, `last` and `at` are
//! keys of the 64-bit key space, written as strings of 16 hexadecimal digits because many JSON
//! readers keep only 53 bits.

use std::io::{self, Write};

use super::json::{push_json_string, push_number};
use super::names::{self, Names};
use super::sink::{Sink, Written};
use super::{Filter, message_of_change, message_of_deed};
use crate::clients::deed::Deed;
use crate::engine::scenario::Scenario;
use crate::kernel::time::Time;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{Change, Journal, MessageId};
use crate::observe::observer::Observer;

/// Writes every fact as one line of JSON.
#[derive(Debug)]
pub struct JsonLines<W> {
    names: Names,
    filter: Filter,
    over: bool,
    sink: Sink<W>,
}

impl<W: Write> JsonLines<W> {
    /// A trace of a run of `scenario` into `out`, at most `limits.trace_bytes` long.
    pub fn new(scenario: &Scenario, filter: Filter, out: W) -> JsonLines<W> {
        let sink = Sink::new(out, scenario.limits.trace_bytes);
        JsonLines { names: Names::new(scenario).quoted(), filter, over: false, sink }
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

impl Names {
    /// The same names as JSON strings, so that a line only copies them.
    fn quoted(mut self) -> Names {
        let producers = self.producers.iter_mut().map(|(name, _)| name);
        for name in
            self.queues.iter_mut().chain(&mut self.workers).chain(&mut self.fleets).chain(producers)
        {
            let mut quoted = Vec::new();
            push_json_string(&mut quoted, name);
            *name = String::from_utf8_lossy(&quoted).into_owned();
        }
        self
    }
}

/// One line in the making.
struct Line<'a>(&'a mut Vec<u8>);

impl Line<'_> {
    #[inline]
    fn begin(buffer: &mut Vec<u8>, now: Time) -> Line<'_> {
        buffer.extend_from_slice(b"{\"t_ns\":");
        push_number(buffer, now.as_nanos());
        Line(buffer)
    }

    #[inline]
    fn key(&mut self, key: &str) {
        self.0.extend_from_slice(b",\"");
        self.0.extend_from_slice(key.as_bytes());
        self.0.extend_from_slice(b"\":");
    }

    #[inline]
    fn number(mut self, key: &str, number: impl Into<u64>) -> Self {
        self.key(key);
        push_number(self.0, number.into());
        self
    }

    #[inline]
    fn time(self, key: &str, time: Time) -> Self {
        self.number(key, time.as_nanos())
    }

    /// A name that [`Names::quoted`] has made a JSON string of.
    #[inline]
    fn name(mut self, key: &str, quoted: &str) -> Self {
        self.key(key);
        self.0.extend_from_slice(quoted.as_bytes());
        self
    }

    /// A word of ours, which needs no escapes.
    #[inline]
    fn word(mut self, key: &str, word: &str) -> Self {
        self.key(key);
        self.0.push(b'"');
        self.0.extend_from_slice(word.as_bytes());
        self.0.push(b'"');
        self
    }

    #[inline]
    fn flag(mut self, key: &str, flag: bool) -> Self {
        self.key(key);
        self.0.extend_from_slice(if flag { b"true" } else { b"false" });
        self
    }

    fn hex(mut self, key: &str, number: u64) -> Self {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        self.key(key);
        self.0.push(b'"');
        for shift in (0..16).rev() {
            self.0.push(DIGITS[(number >> (4 * shift)) as usize & 15]);
        }
        self.0.push(b'"');
        self
    }

    #[inline]
    fn end(self) {
        self.0.extend_from_slice(b"}\n");
    }
}

/// Appends what a change says.
fn change_fields<'a>(line: Line<'a>, names: &Names, change: &Change) -> Line<'a> {
    match *change {
        Change::Sent { partition, state, .. } => {
            line.number("partition", partition.0).word("state", names::state(state))
        }
        Change::DelayEnded { .. }
        | Change::DeletedNothing { .. }
        | Change::DeleteLost { .. }
        | Change::ReceiptExpired { .. }
        | Change::VisibilityRefused { .. } => line,
        Change::Received { caller, partition, receives, sent, until, cause, .. } => {
            let line = line
                .name("worker", names.caller(caller))
                .number("partition", partition.0)
                .number("receives", receives)
                .time("sent_ns", sent)
                .time("until_ns", until);
            match cause {
                Some(held) => line.word("cause", names::cause(held)),
                None => line,
            }
        }
        Change::ReceivedNothing { caller, falsely, over_limit } => line
            .name("worker", names.caller(caller))
            .flag("falsely", falsely)
            .flag("over_limit", over_limit),
        Change::Deleted { sent, receives, from, .. } => {
            line.time("sent_ns", sent).number("receives", receives).word("from", names::state(from))
        }
        Change::VisibilityChanged { until, .. } => line.time("until_ns", until),
        Change::Returned { cause, receives, .. } => {
            line.number("receives", receives).word("cause", names::cause(cause))
        }
        Change::DeadLettered { to, receives, cause, .. } => line
            .name("to", names.queue(to))
            .number("receives", receives)
            .word("cause", names::cause(cause)),
        Change::MovedIn { from, .. } => line.name("from", names.queue(from)),
        Change::Expired { from, .. } | Change::Purged { from, .. } => {
            line.word("from", names::state(from))
        }
        Change::Throttled { action, partition, messages } => line
            .word("action", names::action(action))
            .number("partition", partition.0)
            .number("messages", messages),
        Change::Called { action } => line.word("action", names::action(action)),
        Change::PartitionOpened { partition, first, last } => {
            line.number("partition", partition.0).hex("first", first).hex("last", last)
        }
        Change::PartitionClosed { partition } => line.number("partition", partition.0),
        Change::Split { parent, left, right, at } => line
            .number("parent", parent.0)
            .number("left", left.0)
            .number("right", right.0)
            .hex("at", at),
        Change::Merged { left, right, into } => {
            line.number("left", left.0).number("right", right.0).number("into", into.0)
        }
        Change::SplitRefused { partition, reason } => {
            line.number("partition", partition.0).word("reason", names::refusal(reason))
        }
    }
}

/// The `what` of a change.
const fn what(change: &Change) -> &'static str {
    match change {
        Change::Sent { .. } => "sent",
        Change::DelayEnded { .. } => "delay_ended",
        Change::Received { .. } => "received",
        Change::ReceivedNothing { .. } => "received_nothing",
        Change::Deleted { .. } => "deleted",
        Change::DeletedNothing { .. } => "deleted_nothing",
        Change::DeleteLost { .. } => "delete_lost",
        Change::ReceiptExpired { .. } => "receipt_expired",
        Change::VisibilityChanged { .. } => "visibility_changed",
        Change::VisibilityRefused { .. } => "visibility_refused",
        Change::Returned { .. } => "returned",
        Change::DeadLettered { .. } => "dead_lettered",
        Change::MovedIn { .. } => "moved_in",
        Change::Expired { .. } => "expired",
        Change::Purged { .. } => "purged",
        Change::Throttled { .. } => "throttled",
        Change::Called { .. } => "called",
        Change::PartitionOpened { .. } => "partition_opened",
        Change::PartitionClosed { .. } => "partition_closed",
        Change::Split { .. } => "split",
        Change::Merged { .. } => "merged",
        Change::SplitRefused { .. } => "split_refused",
    }
}

impl<W: Write> Journal for JsonLines<W> {
    #[inline]
    fn change(&mut self, now: Time, queue: QueueId, change: &Change) {
        let message = message_of_change(change);
        if !self.wants(now, message) {
            return;
        }
        let mut line = Line::begin(self.sink.record(), now)
            .name("queue", self.names.queue(queue))
            .word("what", what(change));
        if let Some(message) = message {
            line = line.number("message", message.0);
        }
        change_fields(line, &self.names, change).end();
        self.sink.commit();
    }
}

impl<W: Write> Observer for JsonLines<W> {
    #[inline]
    fn deed(&mut self, now: Time, deed: &Deed) {
        if !self.wants(now, message_of_deed(deed)) {
            return;
        }
        let names = &self.names;
        let producer = |id: crate::clients::deed::ProducerId| &names.producers[id.0 as usize].0;
        let line = Line::begin(self.sink.record(), now);
        match *deed {
            Deed::Arrived { producer: id } => {
                line.word("what", "arrived").name("producer", producer(id))
            }
            Deed::SendConfirmed { producer: id, messages, waited, took } => line
                .word("what", "send_confirmed")
                .name("producer", producer(id))
                .number("messages", messages)
                .number("waited_ns", waited.as_nanos())
                .number("took_ns", took.as_nanos()),
            Deed::SendRetried { producer: id, messages } => line
                .word("what", "send_retried")
                .name("producer", producer(id))
                .number("messages", messages),
            Deed::GivenUp { producer: id, messages } => line
                .word("what", "given_up")
                .name("producer", producer(id))
                .number("messages", messages),
            Deed::Began { worker, thread, queue, message, receives } => line
                .word("what", "began")
                .name("worker", names.worker(worker))
                .number("thread", thread)
                .name("queue", names.queue(queue))
                .number("message", message.0)
                .number("receives", receives),
            Deed::Ended { worker, thread, queue, message, sent, took, how, .. } => line
                .word("what", "ended")
                .name("worker", names.worker(worker))
                .number("thread", thread)
                .name("queue", names.queue(queue))
                .number("message", message.0)
                .time("sent_ns", sent)
                .number("took_ns", took.as_nanos())
                .word("how", names::ending(how)),
            Deed::Started { worker } => {
                line.word("what", "started").name("worker", names.worker(worker))
            }
            Deed::Crashed { worker } => {
                line.word("what", "crashed").name("worker", names.worker(worker))
            }
            Deed::Busy { worker, fleet, busy, .. } => line
                .word("what", "busy")
                .name("worker", names.worker(worker))
                .name("fleet", &names.fleets[fleet.0 as usize])
                .number("busy", busy),
        }
        .end();
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
    use crate::clients::deed::WorkerId;

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
    fn a_trace_is_over_after_its_range() {
        let filter = Filter { to: Time::from_nanos(5), ..Filter::ALL };
        let mut trace = JsonLines::new(&sample::scenario(), filter, Vec::new());
        trace.deed(Time::from_nanos(5), &Deed::Started { worker: WorkerId(0) });
        assert!(!trace.stopped());
        trace.deed(Time::from_nanos(6), &Deed::Started { worker: WorkerId(0) });
        assert!(trace.stopped());
    }
}
