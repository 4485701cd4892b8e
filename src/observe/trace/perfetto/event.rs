//! One event of the Chrome trace format.
//!
//! Owns the syntax of an event. Must not know what it stands for. Each is a JSON object on a line
//! of its own, preceded by a comma unless it is the first, so that the array is whole once closed.
//! Fields as in the [Trace Event Format][format].
//!
//! [format]: https://docs.google.com/document/d/1CvAClvFfyA5R-PhYUmn5OOQtYMH4h6I0nSsKchNAySU

use super::super::json::{push_json_string, push_number};
use crate::kernel::time::{Span, Time};

/// Where an event is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Track {
    /// Process: the queue's number, from 1.
    pub(super) pid: u32,
    /// Thread, unique over all processes.
    pub(super) tid: u32,
}

/// An event in the making.
pub(super) struct Event<'a> {
    out: &'a mut Vec<u8>,
    has_args: bool,
}

impl<'a> Event<'a> {
    /// Begins an event of a phase (`X`, `b`, `i`, …). `name` must need no escapes.
    pub(super) fn new(out: &'a mut Vec<u8>, phase: u8, name: &str, track: Track) -> Event<'a> {
        out.extend_from_slice(b"{\"ph\":\"");
        out.push(phase);
        out.extend_from_slice(b"\",\"name\":\"");
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\",\"pid\":");
        push_number(out, u64::from(track.pid));
        out.extend_from_slice(b",\"tid\":");
        push_number(out, u64::from(track.tid));
        Event { out, has_args: false }
    }

    fn micros(&mut self, nanos: u64) {
        push_number(self.out, nanos / 1_000);
        let rest = nanos % 1_000;
        self.out.push(b'.');
        for digit in [rest / 100, rest / 10 % 10, rest % 10] {
            self.out.push(b'0' + digit as u8);
        }
    }

    /// When: microseconds with three digits, which is exact.
    pub(super) fn at(mut self, at: Time) -> Self {
        self.out.extend_from_slice(b",\"ts\":");
        self.micros(at.as_nanos());
        self
    }

    /// How long.
    pub(super) fn lasting(mut self, span: Span) -> Self {
        self.out.extend_from_slice(b",\"dur\":");
        self.micros(span.as_nanos());
        self
    }

    /// The category and id that pair asynchronous events and flow arrows.
    pub(super) fn id(self, category: &str, id: u64) -> Self {
        self.out.extend_from_slice(b",\"cat\":\"");
        self.out.extend_from_slice(category.as_bytes());
        self.out.extend_from_slice(b"\",\"id\":\"0x");
        let digits = (64 - (id | 1).leading_zeros()).div_ceil(4);
        for shift in (0..digits).rev() {
            self.out.push(b"0123456789abcdef"[(id >> (4 * shift)) as usize & 15]);
        }
        self.out.push(b'"');
        self
    }

    /// A field of the event itself, given as JSON.
    pub(super) fn raw(self, json: &str) -> Self {
        self.out.push(b',');
        self.out.extend_from_slice(json.as_bytes());
        self
    }

    fn arg(&mut self, key: &str) {
        self.out.extend_from_slice(if self.has_args { b",\"" } else { b",\"args\":{\"" });
        self.has_args = true;
        self.out.extend_from_slice(key.as_bytes());
        self.out.extend_from_slice(b"\":");
    }

    /// A detail that is a number.
    pub(super) fn number(mut self, key: &str, number: impl Into<u64>) -> Self {
        self.arg(key);
        push_number(self.out, number.into());
        self
    }

    /// A detail that is text.
    pub(super) fn text(mut self, key: &str, text: &str) -> Self {
        self.arg(key);
        push_json_string(self.out, text);
        self
    }

    /// Ends the event.
    pub(super) fn end(self) {
        self.out.extend_from_slice(if self.has_args { b"}}" } else { b"}" });
    }
}
