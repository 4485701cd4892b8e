//! What the project wants of its speed.
//!
//! Owns the bars and whether a figure reaches them. Must not know how figures come about. A bar
//! that is missed fails nothing: machines differ.

use serde::Serialize;

use crate::figures::Figures;

/// A bar.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Bar {
    /// So many messages or heartbeats a second, at least.
    PerSecond(f64),
    /// The whole run takes so many seconds at most. A shorter run says nothing of it.
    Seconds(f64),
    /// Peak memory in bytes, at most.
    Peak(f64),
    /// Bytes for each resident message, at most.
    BytesEach(f64),
    /// A message takes at most so many times as long as one of this workload.
    Growth(&'static str, f64),
    /// Two threads are at least so many times as fast as one.
    SpeedUp(f64),
}

/// A bar beside what was found.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Judged {
    /// The bar in words.
    pub(crate) bar: String,
    /// What was found, in the bar's unit.
    pub(crate) value: Option<f64>,
    /// Whether that is enough; `None` if nothing was found.
    pub(crate) holds: Option<bool>,
}

impl Bar {
    /// Judges the figures of one workload; `base` gives those of another that ran before it.
    pub(crate) fn judge<'a>(
        &self,
        figures: &Figures,
        base: impl Fn(&str) -> Option<&'a Figures>,
    ) -> Judged {
        let (bar, value, limit, at_least) = match *self {
            Bar::PerSecond(least) => {
                let bar = format!(">= {:.0} M/s", least / 1e6);
                (bar, Some(figures.per_second / 1e6), least / 1e6, true)
            }
            Bar::Seconds(most) => {
                let value = figures.full.then_some(figures.median_seconds);
                (format!("<= {most:.0} s"), value, most, false)
            }
            Bar::Peak(most) => {
                let value = figures.peak_bytes.map(|bytes| bytes as f64 / 1e6);
                (format!("<= {:.0} MB", most / 1e6), value, most / 1e6, false)
            }
            Bar::BytesEach(most) => {
                (format!("<= {most:.0} bytes each"), figures.bytes_each, most, false)
            }
            Bar::Growth(name, most) => {
                let value = base(name).map(|base| base.per_second / figures.per_second);
                (format!("<= {most} x {name}"), value, most, false)
            }
            Bar::SpeedUp(least) => (format!(">= {least} x"), figures.speed_up, least, true),
        };
        let holds = value.map(|value| if at_least { value >= limit } else { value <= limit });
        Judged { bar, value, holds }
    }
}

impl Judged {
    /// The bar, what was found, and the verdict: `>= 8 M/s: 3.71, no`.
    pub(crate) fn text(&self) -> String {
        match (self.value, self.holds) {
            (Some(value), Some(true)) => format!("{}: {value:.2}, holds", self.bar),
            (Some(value), _) => format!("{}: {value:.2}, no", self.bar),
            (None, _) => format!("{}: -", self.bar),
        }
    }
}
