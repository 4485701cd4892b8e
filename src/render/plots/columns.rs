//! Windows of a series as the columns of a picture.
//!
//! Owns how a long series is put into fewer columns. Must not know pixels. Nothing is thrown away:
//! of a counter a column shows the sum over its windows, of a level the window with the highest.

use crate::kernel::time::{Span, Time};
use crate::observe::measured::{Series, Window};

/// Most columns of a picture; its panel has about as many pixels.
const MOST: usize = 960;

/// One column: consecutive windows.
pub(super) struct Column<'a, W = Window> {
    /// Where it begins.
    pub(super) from: Time,
    /// Where it ends.
    pub(super) to: Time,
    /// Its windows, at least one.
    pub(super) windows: Vec<&'a W>,
}

impl<W> Column<'_, W> {
    /// A counter's mean rate per second of virtual time.
    pub(super) fn rate(&self, counter: impl Fn(&W) -> u64) -> f64 {
        self.sum(counter) as f64 / self.to.since(self.from).as_secs_f64()
    }

    /// A counter's sum.
    pub(super) fn sum(&self, counter: impl Fn(&W) -> u64) -> u64 {
        self.windows.iter().map(|window| counter(window)).sum()
    }

    /// The window where a level is highest.
    pub(super) fn highest<T: PartialOrd>(&self, level: impl Fn(&W) -> T) -> &W {
        let mut highest = self.windows[0];
        for &window in &self.windows[1..] {
            if level(window) > level(highest) {
                highest = window;
            }
        }
        highest
    }
}

/// The columns of a picture.
pub(super) struct Columns<'a, W = Window> {
    /// In order of time, without gaps.
    pub(super) all: Vec<Column<'a, W>>,
    /// Windows in a column, the last perhaps excepted.
    pub(super) group: usize,
    /// Length of a window.
    pub(super) window: Span,
}

impl<'a, W> Columns<'a, W> {
    /// The columns of a series of windows of this length, up to `end`.
    pub(super) fn new(series: &'a Series<W>, window: Span, end: Time) -> Columns<'a, W> {
        Columns::at_most(MOST, series, window, end)
    }

    /// The same with at most `most` columns, at least 1.
    pub(super) fn at_most(
        most: usize,
        series: &'a Series<W>,
        window: Span,
        end: Time,
    ) -> Columns<'a, W> {
        let group = series.len().div_ceil(most.min(MOST)).max(1);
        let at = |number: usize| {
            Time::ZERO.saturating_add(window.saturating_mul(number as u64)).min(end)
        };
        let windows: Vec<&W> = series.iter().collect();
        let all = windows
            .chunks(group)
            .enumerate()
            .map(|(number, windows)| {
                let (from, to) = (at(number * group), at(number * group + windows.len()));
                Column { from, to, windows: windows.to_vec() }
            })
            .filter(|column| column.from < column.to)
            .collect();
        Columns { all, group, window }
    }

    /// Length of a column.
    pub(super) fn length(&self) -> Span {
        self.window.saturating_mul(self.group as u64)
    }

    /// What the time axis says about the columns: `"each step is the mean of 12 windows of 5s"`.
    pub(super) fn remark(&self, one: &str, several: &str) -> String {
        match self.group {
            1 => format!("each step is {one} a window of {}", self.window),
            group => format!("each step is {several} {group} windows of {}", self.window),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stats::fixture;

    fn series(length: u64) -> Series<Window> {
        let window = |visible| Window { levels: fixture::waiting(visible), ..Window::default() };
        (0..length).map(window).collect()
    }

    #[test]
    fn a_long_series_keeps_its_sum_its_peak_and_its_end() {
        let windows = series(100_003);
        let end = Time::ZERO + Span::from_secs(100_003);
        let columns = Columns::new(&windows, Span::from_secs(1), end);
        assert!(columns.all.len() <= MOST);
        let sum: u64 = columns.all.iter().map(|c| c.sum(|w| w.levels.visible.last)).sum();
        assert_eq!(sum, (0..100_003).sum::<u64>());
        let highest = columns
            .all
            .iter()
            .map(|c| c.highest(|w| w.levels.visible.max).levels.visible.max)
            .max();
        assert_eq!(highest, Some(100_002));
        assert_eq!(columns.all.last().map(|c| c.to), Some(end));
        for pair in columns.all.windows(2) {
            assert_eq!(pair[0].to, pair[1].from);
        }
    }

    #[test]
    fn a_last_window_that_is_cut_short_counts_with_its_own_length() {
        let windows = series(3);
        let columns = Columns::new(&windows, Span::from_secs(10), Time::ZERO + Span::from_secs(24));
        let last = columns.all.last().expect("three columns");
        assert_eq!(last.to.since(last.from), Span::from_secs(4));
        assert!((last.rate(|w| w.levels.visible.last) - 0.5).abs() < 1e-12);
    }

    #[test]
    fn windows_after_the_end_have_no_column() {
        let windows = series(3);
        let columns = Columns::new(&windows, Span::from_secs(10), Time::ZERO + Span::from_secs(20));
        assert_eq!(columns.all.len(), 2);
    }
}
