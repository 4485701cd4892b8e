//! Where a trace goes: a buffer in front of the caller's writer, with a limit.
//!
//! Owns the bytes on their way out, their count and the first error. Must not know what they say.
//!
//! Invariant: a record is written whole or not at all, so what a limit or an error leaves behind
//! is a shorter trace, never a torn one.

use std::io::{self, Write};

/// Bytes collected before the writer is called: a file takes large pieces faster than small ones.
const BATCH: usize = 256 * 1024;

/// What became of a trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Bytes handed to the writer.
    pub bytes: u64,
    /// The limit ended the trace early (`limits.trace_bytes`).
    pub limit_reached: bool,
}

/// A buffered writer that stops at a limit and keeps its first error.
#[derive(Debug)]
pub(super) struct Sink<W> {
    out: W,
    buffer: Vec<u8>,
    /// Start of the record being written.
    start: usize,
    /// Bytes that the limit still allows.
    left: u64,
    written: u64,
    limit_reached: bool,
    error: Option<io::Error>,
}

impl<W: Write> Sink<W> {
    /// A sink of at most `limit` bytes.
    pub(super) fn new(out: W, limit: u64) -> Sink<W> {
        Sink {
            out,
            buffer: Vec::with_capacity(BATCH + 4096),
            start: 0,
            left: limit,
            written: 0,
            limit_reached: false,
            error: None,
        }
    }

    /// Nothing more goes out, because of the limit or an error.
    #[inline]
    pub(super) fn closed(&self) -> bool {
        self.limit_reached || self.error.is_some()
    }

    /// The limit ended the trace early.
    pub(super) fn limit_reached(&self) -> bool {
        self.limit_reached
    }

    /// Begins a record: append to what this returns, then call [`Sink::commit`].
    #[inline]
    pub(super) fn record(&mut self) -> &mut Vec<u8> {
        self.start = self.buffer.len();
        &mut self.buffer
    }

    /// Ends a record; one that does not fit the limit is taken back and closes the sink.
    #[inline]
    pub(super) fn commit(&mut self) -> bool {
        let length = (self.buffer.len() - self.start) as u64;
        if self.closed() || length > self.left {
            self.buffer.truncate(self.start);
            self.limit_reached |= self.error.is_none();
            return false;
        }
        self.left -= length;
        self.flush_when_full();
        true
    }

    /// Ends a record that closes something begun before, for which the limit does not count.
    pub(super) fn commit_beyond_limit(&mut self) {
        self.flush_when_full();
    }

    fn flush_when_full(&mut self) {
        if self.buffer.len() >= BATCH {
            self.flush();
        }
    }

    fn flush(&mut self) {
        if self.error.is_none() {
            match self.out.write_all(&self.buffer) {
                Ok(()) => self.written += self.buffer.len() as u64,
                Err(error) => self.error = Some(error),
            }
        }
        self.buffer.clear();
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// The writer's first error; a reader that went away is `io::ErrorKind::BrokenPipe`.
    pub(super) fn finish(mut self) -> io::Result<Written> {
        self.flush();
        if let Some(error) = self.error {
            return Err(error);
        }
        self.out.flush()?;
        Ok(Written { bytes: self.written, limit_reached: self.limit_reached })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_keeps_whole_records() {
        let mut out = Vec::new();
        let mut sink = Sink::new(&mut out, 10);
        for _ in 0..5 {
            sink.record().extend_from_slice(b"four");
            sink.commit();
        }
        assert!(sink.closed());
        let written = sink.finish().unwrap();
        assert_eq!(written, Written { bytes: 8, limit_reached: true });
        assert_eq!(out, b"fourfour");
    }

    #[test]
    fn the_first_error_closes_the_sink_and_is_kept() {
        struct Gone;
        impl Write for Gone {
            fn write(&mut self, _: &[u8]) -> io::Result<usize> {
                Err(io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let mut sink = Sink::new(Gone, u64::MAX);
        sink.record().extend_from_slice(&vec![b'x'; BATCH]);
        sink.commit();
        assert!(sink.closed() && !sink.limit_reached());
        assert_eq!(sink.finish().unwrap_err().kind(), io::ErrorKind::BrokenPipe);
    }
}
