//! What is said of a workload.
//!
//! Owns the figures that follow from a measurement, and their two forms: a line of a table for
//! people, an object of JSON for scripts. Must not know how anything was measured.

use serde::Serialize;

use crate::bars::Judged;
use crate::measure::Measurement;
use crate::workloads::Workload;

/// Resident messages from which on their memory stands out from the program's own.
const MANY: u64 = 1_000_000;

/// The figures of one workload.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figures {
    name: &'static str,
    unit: &'static str,
    /// At full length.
    pub(crate) full: bool,
    units: u64,
    events: u64,
    seconds: Vec<f64>,
    /// The median of `seconds`.
    pub(crate) median_seconds: f64,
    /// Units in the median second.
    pub(crate) per_second: f64,
    best_per_second: f64,
    events_per_second: f64,
    best_events_per_second: f64,
    /// Instructions of each unit, where they were counted.
    pub(crate) instructions: Option<f64>,
    /// Most memory of the process.
    pub(crate) peak_bytes: Option<u64>,
    /// What the run added to the process's memory, for each of many resident messages.
    pub(crate) bytes_each: Option<f64>,
    /// Time on one thread by time on two.
    pub(crate) speed_up: Option<f64>,
    /// What the project wants.
    pub(crate) bars: Vec<Judged>,
}

impl Figures {
    /// What follows from a measurement.
    pub(crate) fn new(workload: &Workload, measurement: Measurement, full: bool) -> Figures {
        let Measurement { units, events, resident, seconds, alone, .. } = measurement;
        let median_seconds = median(&seconds);
        let best = seconds.iter().copied().fold(f64::INFINITY, f64::min);
        let added = measurement.peak_bytes.zip(measurement.idle_bytes);
        let bytes_each = added.map(|(peak, idle)| (peak - idle) as f64 / resident as f64);
        Figures {
            name: workload.name,
            unit: workload.unit.name(),
            full,
            units,
            events,
            median_seconds,
            per_second: units as f64 / median_seconds,
            best_per_second: units as f64 / best,
            events_per_second: events as f64 / median_seconds,
            best_events_per_second: events as f64 / best,
            instructions: None,
            peak_bytes: measurement.peak_bytes,
            bytes_each: bytes_each.filter(|_| resident >= MANY),
            speed_up: (!alone.is_empty()).then(|| median(&alone) / median_seconds),
            seconds,
            bars: Vec::new(),
        }
    }

    /// The two lines above all [`Figures::line`]s.
    pub(crate) fn header() -> String {
        let rate = "median   (best)";
        let above =
            ["", "messages", "events", "M messages/s", "M events/s", "instr.", "peak", "bytes"];
        let below = ["", "", "", rate, rate, "each", "MB", "each"];
        format!("{}\n{}", row(above, "bar: found"), row(below, ""))
    }

    /// One line of the table.
    pub(crate) fn line(&self) -> String {
        let rate = |median: f64, best: f64| format!("{:.2} ({:>6.2})", median / 1e6, best / 1e6);
        let or_dash = |value: Option<f64>, digits: usize| {
            value.map_or("-".to_owned(), |value| format!("{value:.digits$}"))
        };
        let cells = [
            self.name,
            &self.units.to_string(),
            &self.events.to_string(),
            &rate(self.per_second, self.best_per_second),
            &rate(self.events_per_second, self.best_events_per_second),
            &or_dash(self.instructions, 0),
            &or_dash(self.peak_bytes.map(|bytes| bytes as f64 / 1e6), 0),
            &or_dash(self.bytes_each, 1),
        ];
        let bars: Vec<String> = self.bars.iter().map(Judged::text).collect();
        row(cells, &bars.join("; "))
    }
}

/// The cells in their columns, and what stands behind them.
fn row(
    [name, units, events, rate, event_rate, each, peak, bytes]: [&str; 8],
    rest: &str,
) -> String {
    let counts = format!("{name:<18}{units:>11}{events:>11}{rate:>16}{event_rate:>16}");
    format!("{counts}{each:>8}{peak:>7}{bytes:>7}  {rest}").trim_end().to_owned()
}

fn median(seconds: &[f64]) -> f64 {
    let mut sorted = seconds.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted[sorted.len() / 2]
}
