//! `sqsim trace`: what happened, event by event.
//!
//! Owns the choice of format and filter. Must not know how a fact is worded.

use std::io::{self, Write};
use std::slice;

use super::args::{Trace, TraceFormat};
use super::bug;
use super::exit::Exit;
use super::failure::{Failure, Reached, limit};
use super::files::{Pending, cannot_write};
use super::interrupt;
use super::sources::{Source, load_all};
use super::terminal::{Terminal, written};
use crate::engine::World;
use crate::engine::world::Ended;
use crate::facts::observer::Observer;
use crate::kernel::time::Time;
use crate::model::course::Course;
use crate::observe::trace::{Filter, JsonLines, Perfetto, TextLines, Written};

/// Traces the first replication of a scenario.
///
/// # Errors
/// The trace cannot be written.
pub(super) fn trace(args: &Trace, terminal: Terminal) -> Result<Exit, Failure> {
    let sources = match load_all(slice::from_ref(&args.file), &args.changes, terminal) {
        Ok(sources) => sources,
        Err(exit) => return Ok(exit),
    };
    let source = &sources[0];
    let Source { text, scenario, .. } = source;
    bug::running(text, scenario, &args.changes);
    let filter = filter(args);
    interrupt::catch();
    let (ended, limited) = match &args.output {
        None => {
            let (ended, result) = write(args.format, source.course(), filter, io::stdout().lock());
            let limited = result.as_ref().is_ok_and(|written| written.limit_reached);
            written(result.map(drop))?;
            (ended, limited)
        }
        Some(path) => {
            let mut pending = Pending::create(path)?;
            let (ended, result) = write(args.format, source.course(), filter, &mut pending);
            let limited = result.map_err(|error| cannot_write(path, &error))?.limit_reached;
            pending.finish()?;
            (ended, limited)
        }
    };
    let limits = scenario.limits;
    if ended == Ended::Interrupted {
        terminal.say("interrupted: the trace is partial");
        return Ok(Exit::Interrupted);
    }
    let full = limited.then(|| Reached::of("limits.trace_bytes", limits.trace_bytes));
    match full.or_else(|| Reached::by(ended, limits)) {
        Some(reached) => Err(limit(&text.name, &reached)),
        None => Ok(Exit::Held),
    }
}

/// What is wanted of the trace.
fn filter(args: &Trace) -> Filter {
    let (from, to) = match args.around {
        Some(around) => {
            let half = args.span / 2;
            let before = (around - Time::ZERO).min(half);
            (Time::ZERO + ((around - Time::ZERO) - before), around.saturating_add(half))
        }
        None => (args.from.unwrap_or(Time::ZERO), args.to.unwrap_or(Time::NEVER)),
    };
    Filter { message: args.message, from, to }
}

/// Runs the scenario for its trace alone.
fn write(
    format: TraceFormat,
    course: Course<'_>,
    filter: Filter,
    out: impl Write,
) -> (Ended, io::Result<Written>) {
    match format {
        TraceFormat::Text => {
            let (ended, end, trace) = observe(course, TextLines::new(course, filter, out));
            (ended, trace.finish(end))
        }
        TraceFormat::Jsonl => {
            let (ended, end, trace) = observe(course, JsonLines::new(course, filter, out));
            (ended, trace.finish(end))
        }
        TraceFormat::Perfetto => {
            let (ended, end, trace) = observe(course, Perfetto::new(course, filter, out));
            (ended, trace.finish(end))
        }
    }
}

fn observe<O: Observer>(course: Course<'_>, trace: O) -> (Ended, Time, O) {
    let (world, ended) = World::follow(course, 0, interrupt::flag(), trace);
    let end = world.now();
    (ended, end, world.into_observer())
}
