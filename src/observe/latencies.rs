//! How long things take: latencies.
//!
//! Owns what is known of one over the measured window and over a window of the series, and the
//! table of a queue's latencies: each stands in one row, from which come its fields, its name in
//! expectations and its columns. Must not know how a latency is measured. Of all of them one wants
//! less.

use std::sync::Arc;

use super::distribution::{Distribution, Share};
use super::each::one_for_each;
use super::nature::Growth;
use super::squares::Squares;
use crate::kernel::time::Span;

/// A latency: quantiles from a distribution of three significant digits; mean, standard deviation
/// and extremes exact.
///
/// ```
/// use sqsim::kernel::time::Span;
/// use sqsim::observe::measured::Latency;
///
/// let lengths: Vec<Span> = (1..=100).map(Span::from_millis).collect();
/// let latency = Latency::of(&lengths);
/// assert_eq!((latency.count(), latency.max), (100, Span::from_millis(100)));
/// assert_eq!(latency.mean_nanos(), 50_500_000.0);
/// assert!(latency.quantile_nanos(0.99).abs_diff(99_000_000) < 99_000);
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Latency {
    /// How many of which length.
    pub distribution: Arc<Distribution>,
    /// Exact sum in nanoseconds.
    pub sum: u128,
    /// Exact sum of squares.
    pub squares: Squares,
    /// Exact longest.
    pub max: Span,
}

/// That of nothing.
impl Default for Latency {
    fn default() -> Latency {
        Latency::of(&[])
    }
}

impl Latency {
    /// Of these lengths.
    pub fn of(lengths: &[Span]) -> Latency {
        let mut squares = Squares::default();
        for length in lengths {
            squares.add(length.as_nanos());
        }
        Latency {
            squares,
            distribution: Arc::new(Distribution::of(lengths.iter().copied())),
            sum: lengths.iter().map(|length| u128::from(length.as_nanos())).sum(),
            max: lengths.iter().copied().max().unwrap_or(Span::ZERO),
        }
    }

    /// Number of values.
    pub fn count(&self) -> u64 {
        self.distribution.count()
    }

    /// Exact mean in nanoseconds, 0 for none.
    pub fn mean_nanos(&self) -> f64 {
        let count = self.count();
        if count == 0 { 0.0 } else { self.sum as f64 / count as f64 }
    }

    /// Standard deviation of the values themselves (not the estimate of a law they were drawn from)
    /// in nanoseconds, 0 for none.
    pub fn stddev_nanos(&self) -> f64 {
        self.squares.stddev(self.count(), self.sum)
    }

    /// The value that a share `p` (0 to 1) of all is at or below, in nanoseconds; 0 for none.
    pub fn quantile_nanos(&self, p: f64) -> u64 {
        self.distribution.quantile(Share::of(p))
    }
}

/// The latencies of one kind that ended in one window, whenever their messages were sent; all zero
/// if `count` is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WindowLatency {
    /// How many ended.
    pub count: u64,
    /// Exact mean, rounded.
    pub mean: Span,
    /// Median: like all percentiles the middle of a cell of two significant digits, within the
    /// least and the longest of the window.
    pub p50: Span,
    /// 95 % are at or below.
    pub p95: Span,
    /// 99 % are at or below.
    pub p99: Span,
    /// Exact longest.
    pub max: Span,
}

/// Latencies of one queue, by whether the series has them. A row: what it is, its name, its field,
/// and what becomes of it where messages become ever more.
macro_rules! queue_latencies {
    ($make:ident $more:tt) => {
        $make! {
            $more
            in_series {
                /// From the send to the first receive.
                "sent_to_received" sent_to_received: Grows,
                /// From the send to the delete; once more if it was undone.
                "sent_to_deleted" sent_to_deleted: Grows,
            }
            beside {
                /// The work on one message.
                "processing" processing: Settles,
            }
        }
    };
}

pub(crate) use queue_latencies;

/// Makes the structs and the list of a table of latencies.
macro_rules! listed {
    (
        {}
        in_series {
            $($(#[doc = $doc:literal])* $word:literal $field:ident: $growth:ident,)*
        }
        beside {
            $($(#[doc = $of_other:literal])* $other:literal $beside:ident: $grows:ident,)*
        }
    ) => {
        one_for_each! {
            /// Something of each latency of a queue.
            QueueLatencies { $($(#[doc = $doc])* $field,)* $($(#[doc = $of_other])* $beside,)* }
        }

        one_for_each! {
            /// Something of each latency of a queue that its series has.
            SeriesLatencies { $($(#[doc = $doc])* $field,)* }
        }

        impl QueueLatency {
            /// All of them, in the order of a reference page.
            pub const ALL: &'static [QueueLatency] = &[
                $(QueueLatency {
                    name: $word,
                    about: concat!($($doc,)*),
                    growth: Growth::$growth,
                    latency: |latencies| &latencies.$field,
                    window: Some(|latencies| &latencies.$field),
                },)*
                $(QueueLatency {
                    name: $other,
                    about: concat!($($of_other,)*),
                    growth: Growth::$grows,
                    latency: |latencies| &latencies.$beside,
                    window: None,
                },)*
            ];
        }
    };
}

/// One of the latencies of a queue.
pub type LatencyOf = fn(&QueueLatencies<Latency>) -> &Latency;

/// One of the latencies of a queue in a window of the series.
pub type WindowLatencyOf = fn(&SeriesLatencies<WindowLatency>) -> &WindowLatency;

/// A latency of a queue.
#[derive(Clone, Copy, Debug)]
pub struct QueueLatency {
    /// Its name in expectations, tables and documents.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// What becomes of it where messages become ever more.
    pub growth: Growth,
    /// Where it stands, over the measured window.
    pub latency: LatencyOf,
    /// Where it stands, over a window of the series that has it.
    pub window: Option<WindowLatencyOf>,
}

queue_latencies!(listed {});

#[cfg(test)]
mod tests {
    use super::*;

    /// The first latency is of one message, the second of two, and so on.
    #[test]
    fn every_latency_reads_its_own_field() {
        let mut numbers = 1..;
        let numbered = QueueLatencies::<()>::default().map(|()| numbers.next().expect("no end"));
        let latencies = numbered.map(|count| Latency::of(&vec![Span::ZERO; count]));
        let count = QueueLatency::ALL.iter().map(|row| (row.latency)(&latencies).count());
        assert!(count.eq(1..=QueueLatencies::<()>::LEN as u64));
        let mut numbers = 1..;
        let numbered = SeriesLatencies::<()>::default().map(|()| numbers.next().expect("no end"));
        let windows = numbered.map(|count| WindowLatency { count, ..WindowLatency::default() });
        let in_series = QueueLatency::ALL.iter().filter_map(|row| row.window);
        let count = in_series.map(|window| window(&windows).count);
        assert!(count.eq(1..=SeriesLatencies::<()>::LEN as u64));
    }
}
