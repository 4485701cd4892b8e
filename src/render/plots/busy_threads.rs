//! Busy threads of the fleets that receive from a queue: working and waiting for calls, stacked.
//!
//! Owns the picture. Must not know the other pictures. Of several fleets the threads are added up.

use super::Subject;
use super::axis;
use super::bands::{self, Band};
use super::canvas::{Canvas, Stroke, colour, sheet};
use super::columns::Columns;
use super::format;
use super::page::{self, BOTTOM, Panel, Sample, TOP};
use super::pattern::Pattern;
use crate::observe::measured::{FleetMeasured, FleetWindow, Level, Series, WindowLevel};

/// Draws the picture.
pub(super) fn draw(subject: Subject<'_>) -> Result<String, String> {
    let (names, fleets) = own(subject);
    let up = |fleet: &&FleetMeasured| fleet.series.iter().any(|window| window.up.max > 0);
    let why = match fleets.iter().any(up) {
        _ if page::has_no_time(subject) => "the run has no length",
        _ if names.is_empty() => "nobody receives from this queue",
        false => "no worker was up",
        true => return sheet(|canvas| areas(canvas, subject, &names, &fleets)),
    };
    sheet(|canvas| page::nothing(canvas, subject, "busy threads", why))
}

/// The names of the fleets that receive from the queue, and what was measured of them.
fn own(subject: Subject<'_>) -> (Vec<&str>, Vec<&FleetMeasured>) {
    let Subject { scenario, measured, .. } = subject;
    let own = subject.fleets.iter().filter_map(|&place| {
        Some((scenario.fleets.get(place)?.name.as_str(), measured.fleets.get(place)?))
    });
    own.unzip()
}

/// All fleets as one. The maximum of the sum is not known of several: it is left out.
fn together(fleets: &[&FleetMeasured]) -> Series<FleetWindow> {
    let windows = fleets.iter().map(|fleet| fleet.series.len()).max().unwrap_or(0);
    let sum = |at: usize, level: fn(&FleetWindow) -> WindowLevel| {
        let levels = fleets.iter().filter_map(|fleet| fleet.series.get(at)).map(level);
        let mean = levels.map(|level| level.mean).sum();
        WindowLevel { mean, ..WindowLevel::default() }
    };
    let window = |at| FleetWindow {
        busy: sum(at, |window| window.busy),
        calling: sum(at, |window| window.calling),
        up: sum(at, |window| window.up),
        down: sum(at, |window| window.down),
        wanted: sum(at, |window| window.wanted),
        counted: sum(at, |window| window.counted),
        ..FleetWindow::default()
    };
    (0..windows).map(window).collect()
}

fn areas(canvas: &mut Canvas<'_>, subject: Subject<'_>, names: &[&str], fleets: &[&FleetMeasured]) {
    let series = together(fleets);
    let columns = Columns::new(&series, subject.scenario.window, subject.measured.end);
    let busiest: Vec<&FleetWindow> =
        columns.all.iter().map(|column| column.highest(|window| window.busy.mean)).collect();
    let values = |level: fn(&FleetWindow) -> f64| busiest.iter().map(|w| level(w)).collect();
    let bands = [
        Band {
            colour: colour::DELETED,
            pattern: Pattern::Plain,
            values: values(|window| window.busy.mean - window.calling.mean),
        },
        Band {
            colour: colour::BUFFERED,
            pattern: Pattern::Lines,
            values: values(|window| window.calling.mean),
        },
    ];
    let up: Vec<f64> = values(|window| window.up.mean);
    let mean = |level: fn(&FleetMeasured) -> Level| -> f64 {
        fleets.iter().map(|fleet| level(fleet).mean()).sum()
    };
    let (busy, calling, all) = (mean(|f| f.busy), mean(|f| f.calling), mean(|f| f.up));
    let whose = if let [name] = names { (*name).to_owned() } else { names.join(" and ") };
    let used = if all > 0.0 { format!("{:.2}", busy / all) } else { "not measured".to_owned() };
    let title = format!("{}: utilisation {used}", format::clipped(&whose, 48));
    page::header(canvas, subject, &title);
    let axis = axis::counts(up.iter().copied().fold(0.0, f64::max), 6, false);
    let panel = Panel::new(TOP, BOTTOM, subject.measured.end);
    let spans: Vec<_> = columns.all.iter().map(|column| (column.from, column.to)).collect();
    panel.shade(canvas, subject, 1.0);
    panel.values(canvas, &axis, "threads");
    bands::stack(canvas, &panel, &axis, &spans, &bands);
    let stroke = Stroke { colour: colour::BLACK, width: 3, dash: Some((9, 6)) };
    let steps = columns.all.iter().zip(&up);
    let points = panel.steps(steps.map(|(c, up)| (c.from, c.to, panel.y(*up, axis.end))));
    canvas.path(&points, stroke);
    panel.frame(canvas);
    panel.times(canvas, &columns.remark("the mean over", "the highest mean of"));
    let figure = |value: f64| format!("mean {}", format::count(value));
    let [working, waiting] = bands.map(|band| Sample::Area(band.colour, band.pattern));
    let rows = [
        (Sample::Line(stroke), "up".into(), figure(all)),
        (waiting, "waiting for calls".into(), figure(calling)),
        (working, "working".into(), figure(busy - calling)),
    ];
    page::legend(canvas, TOP, &rows);
}
