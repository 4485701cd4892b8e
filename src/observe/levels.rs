//! What changes over time: levels.
//!
//! Owns what is known of one over the measured window and over a window of the series, and the
//! table of a queue's levels: each stands in one row, from which come its fields, its name in
//! expectations, its columns, and what one wants of it. Must not know how a level is measured.

use super::each::one_for_each;
use super::nature::{Growth, Wanted};

/// A level over the measured window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// Integral over the window: level × nanoseconds.
    pub area: u128,
    /// Length of the window in nanoseconds.
    pub over: u64,
    /// Highest in the window that lasted; what comes and goes at one instant is not counted.
    pub max: u64,
    /// At the end of the run (after the drain).
    pub last: u64,
}

impl Level {
    /// Time-weighted mean.
    pub fn mean(&self) -> f64 {
        if self.over == 0 { 0.0 } else { self.area as f64 / self.over as f64 }
    }
}

/// A level over one window of the series.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct WindowLevel {
    /// Time-weighted mean.
    pub mean: f64,
    /// Highest that lasted; what comes and goes at one instant is not counted.
    pub max: u64,
    /// At the end of the window.
    pub last: u64,
}

#[cfg(test)]
impl WindowLevel {
    /// A level that holds through a window.
    pub(crate) fn steady(value: u64) -> WindowLevel {
        WindowLevel { mean: value as f64, max: value, last: value }
    }
}

/// Levels of one queue, by whether outcomes tell them. A row: what it is, its name, its field, of
/// what it is a number, which values of it one wants and what becomes of it where messages become
/// ever more; `watched` as what CloudWatch has it.
macro_rules! queue_levels {
    ($make:ident $more:tt) => {
        $make! {
            $more
            always {
                /// Visible messages.
                "visible" visible: Things Less Grows
                    watched "ApproximateNumberOfMessagesVisible",
                /// Messages in flight.
                "in_flight" in_flight: Things Neither Settles
                    watched "ApproximateNumberOfMessagesNotVisible",
                /// Delayed messages.
                "delayed" delayed: Things Neither Settles
                    watched "ApproximateNumberOfMessagesDelayed",
                /// Age of the oldest message in nanoseconds; its mean is exact over time.
                "age_of_oldest" age_of_oldest_ns: Nanoseconds Less Grows
                    watched "ApproximateAgeOfOldestMessage",
                /// Partitions.
                "partitions" partitions: Things Neither Settles,
            }
            never {
                /// Changes of partitions that take time, while they are under way.
                "resharding" resharding: Things Neither Settles,
            }
            with_nodes {
                /// Partitions of which fewer replicas answer than there are to be.
                "under_replicated" under_replicated: Things Less Settles,
                /// Partitions of which too few replicas answer for a send or a delete.
                "without_quorum" without_quorum: Things Less Settles,
            }
        }
    };
}

pub(crate) use queue_levels;

/// Makes the struct and the list of a table of levels.
macro_rules! listed {
    (
        {}
        $($told:ident {
            $(
                $(#[doc = $doc:literal])*
                $word:literal $field:ident: $of:ident $wanted:ident $growth:ident
                $(watched $watched:literal)?,
            )*
        })*
    ) => {
        one_for_each! {
            /// Something of each level of a queue.
            QueueLevels { $($($(#[doc = $doc])* $field,)*)* }
        }

        impl QueueLevel {
            /// All of them, in the order of a reference page.
            pub const ALL: &'static [QueueLevel] = &[$($(QueueLevel {
                name: $word,
                field: stringify!($field),
                of: Of::$of,
                wanted: Wanted::$wanted,
                growth: Growth::$growth,
                watched: [$(Some($watched),)? None][0],
                level: |levels| &levels.$field,
                window: |levels| &levels.$field,
            },)*)*];
        }
    };
}

/// A level of a queue.
#[derive(Clone, Copy, Debug)]
pub struct QueueLevel {
    /// Its name in expectations and tables.
    pub name: &'static str,
    /// Its name in documents.
    pub field: &'static str,
    /// What it is a number of.
    pub of: Of,
    /// Which values of it one wants.
    pub wanted: Wanted,
    /// What becomes of it where messages become ever more.
    pub growth: Growth,
    /// The metric of CloudWatch that it is.
    pub watched: Option<&'static str>,
    /// Where it stands, over the measured window.
    pub level: fn(&QueueLevels<Level>) -> &Level,
    /// Where it stands, over a window of the series.
    pub window: fn(&QueueLevels<WindowLevel>) -> &WindowLevel,
}

/// What a level is a number of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Of {
    /// Messages, partitions, changes.
    Things,
    /// Nanoseconds.
    Nanoseconds,
}

queue_levels!(listed {});

#[cfg(test)]
mod tests {
    use super::*;

    /// The first level is 1 at the end, the second 2, and so on.
    #[test]
    fn every_level_reads_its_own_field() {
        let mut numbers = 1..;
        let numbered = QueueLevels::<()>::default().map(|()| numbers.next().expect("no end"));
        let levels = numbered.map(|last| Level { last, ..Level::default() });
        let windows = numbered.map(WindowLevel::steady);
        let last = QueueLevel::ALL.iter().map(|row| (row.level)(&levels).last);
        assert!(last.eq(1..=QueueLevels::<()>::LEN as u64));
        let last = QueueLevel::ALL.iter().map(|row| (row.window)(&windows).last);
        assert!(last.eq(1..=QueueLevels::<()>::LEN as u64));
    }
}
