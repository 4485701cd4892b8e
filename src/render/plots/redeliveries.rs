//! Receives of messages that had been received before, by cause.
//!
//! Owns the picture. Must not know the other pictures.

use super::Subject;
use super::axis;
use super::bands::{self, Band};
use super::canvas::{Canvas, colour, sheet};
use super::columns::Columns;
use super::format;
use super::page::{self, BOTTOM, Panel, Row, Sample, TOP};
use super::pattern::Pattern;
use crate::observe::measured::Redelivered;
use plotters::style::RGBColor;

/// One cause.
struct Cause {
    name: &'static str,
    /// For the title: "…, most because …".
    what: &'static str,
    colour: RGBColor,
    pattern: Pattern,
    count: fn(&Redelivered) -> u64,
}

const CAUSES: [Cause; 10] = [
    Cause {
        name: "timeout too short",
        what: "work that outlived the timeout",
        colour: colour::OUTLIVED,
        pattern: Pattern::Plain,
        count: |r| r.outlived_timeout,
    },
    Cause {
        name: "waited in buffer",
        what: "messages that waited in a buffer",
        colour: colour::BUFFERED,
        pattern: Pattern::Lines,
        count: |r| r.prefetched,
    },
    Cause {
        name: "failed",
        what: "failed work",
        colour: colour::DEAD,
        pattern: Pattern::Dots,
        count: |r| r.failed,
    },
    Cause {
        name: "crashed",
        what: "crashed workers",
        colour: colour::GREY,
        pattern: Pattern::WideLines,
        count: |r| r.crashed,
    },
    Cause {
        name: "delete lost",
        what: "late or lost deletes",
        colour: colour::DELETED,
        pattern: Pattern::DarkDots,
        count: |r| r.delete_lost,
    },
    Cause {
        name: "delete undone",
        what: "deletes that lost replicas undid",
        colour: colour::DELAYED,
        pattern: Pattern::DarkDots,
        count: |r| r.delete_undone,
    },
    Cause {
        name: "not hidden",
        what: "receives that did not hide",
        colour: colour::VISIBLE,
        pattern: Pattern::Plain,
        count: |r| r.not_hidden,
    },
    Cause {
        name: "before its time",
        what: "messages that came before their time",
        colour: colour::IN_FLIGHT,
        pattern: Pattern::WideLines,
        count: |r| r.early,
    },
    Cause {
        name: "throttled",
        what: "throttled invocations",
        colour: colour::IN_FLIGHT,
        pattern: Pattern::Dots,
        count: |r| r.throttled,
    },
    Cause {
        name: "stopped",
        what: "workers that were stopped",
        colour: colour::GREY,
        pattern: Pattern::Dots,
        count: |r| r.stopped,
    },
];

/// Draws the picture.
pub(super) fn draw(subject: Subject<'_>) -> Result<String, String> {
    let series = &subject.measures().series;
    let none = series.iter().all(|window| window.counts.redelivered.total() == 0);
    sheet(|canvas| {
        if page::has_no_time(subject) || none {
            let why = "no message was received twice";
            page::nothing(canvas, subject, "redeliveries by cause", why);
        } else {
            areas(canvas, subject);
        }
    })
}

fn title(subject: Subject<'_>) -> String {
    let counts = &subject.measures().counts;
    let total = counts.redelivered.total();
    if total == 0 {
        return "no redeliveries in the measured time".into();
    }
    let share = format::percent(total as f64 / counts.received.max(1) as f64);
    let mut most = &CAUSES[0];
    for cause in &CAUSES {
        if (cause.count)(&counts.redelivered) > (most.count)(&counts.redelivered) {
            most = cause;
        }
    }
    let how = match (most.count)(&counts.redelivered) {
        count if count == total => "all",
        count if 2 * count > total => "mostly",
        _ => "above all",
    };
    format!("{share} of receives are redeliveries, {how} {}", most.what)
}

fn areas(canvas: &mut Canvas<'_>, subject: Subject<'_>) {
    let measures = subject.measures();
    let columns = Columns::new(&measures.series, subject.scenario.window, subject.measured.end);
    let sums = |count: fn(&Redelivered) -> u64| -> Vec<f64> {
        columns.all.iter().map(|c| c.sum(|w| count(&w.counts.redelivered)) as f64).collect()
    };
    let bands: Vec<Band> = CAUSES
        .iter()
        .map(|cause| Band {
            colour: cause.colour,
            pattern: cause.pattern,
            values: sums(cause.count),
        })
        .collect();
    let largest = sums(|redelivered| redelivered.total()).into_iter().fold(0.0, f64::max);
    let axis = axis::counts(largest, 6, true);
    let spans: Vec<_> = columns.all.iter().map(|c| (c.from, c.to)).collect();
    let panel = Panel::new(TOP, BOTTOM, subject.measured.end);
    page::header(canvas, subject, &title(subject));
    panel.shade(canvas, subject, 1.0);
    panel.values(canvas, &axis, &format!("redeliveries per {}", columns.length()));
    bands::stack(canvas, &panel, &axis, &spans, &bands);
    panel.frame(canvas);
    panel.times(canvas, &columns.remark("the sum over", "the sum over"));
    let rows: Vec<Row> = CAUSES
        .iter()
        .zip(&bands)
        .rev()
        .filter(|(_, band)| band.values.iter().any(|value| *value > 0.0))
        .map(|(cause, band)| {
            let count = (cause.count)(&measures.counts.redelivered);
            let figure = format!("{} measured", format::count(count as f64));
            (Sample::Area(band.colour, band.pattern), cause.name.into(), figure)
        })
        .collect();
    page::legend(canvas, TOP, &rows);
}
