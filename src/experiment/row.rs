//! What one run gave, as far as an experiment asks.
//!
//! Owns [`RunRow`] and the form in which a journal keeps it. Must not know where it is kept, nor
//! what is made of it.
//!
//! Percentiles need distributions. Those of one latency are shared by all that is read off it, and
//! stand once in a row's text: for each cell that holds something the steps from the one before,
//! how many, and the shortest and the longest length (one of them if there is one alone).
//!
//! Invariant: a row that is read back is equal to the one that was written.

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::model::scenario::Scenario;
use crate::observe::distribution::{Cell, Distribution, Share};
use crate::observe::measured::{Measured, Squares};
use crate::outcome::{ExpectOutcome, Unstable};
use crate::stats::expect::{Names, Quantity, Told};
use crate::stats::pool::Reading;
use crate::stats::stability;

/// What one run gave.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(into = "Text", try_from = "Text")]
pub struct RunRow {
    /// What it tells of each quantity of the experiment.
    pub told: Vec<Told>,
    /// The verdict on each expectation of the scenario.
    pub expect: Vec<ExpectOutcome>,
    /// What it tells of each expectation.
    pub expect_told: Vec<Told>,
    /// The queues that do not settle: what is told of their latencies and backlogs is of this run
    /// alone.
    pub unstable: Vec<Unstable>,
    /// Hash over everything that happened.
    pub fingerprint: u64,
    /// Why the run ended before its time.
    pub partial: Option<String>,
}

impl RunRow {
    /// Of one run.
    pub fn of(
        quantities: &[Quantity],
        scenario: &Scenario,
        measured: &Measured,
        partial: Option<String>,
    ) -> RunRow {
        let (expect, names) = (scenario.expect.iter(), Names::of(scenario));
        let unstable = stability::unstable(scenario, measured);
        RunRow {
            told: quantities.iter().map(|of| of.told(&names, measured)).collect(),
            expect: ExpectOutcome::all(scenario, measured, &unstable),
            expect_told: expect.map(|of| ExpectOutcome::told(of, &names, measured)).collect(),
            unstable: Unstable::all(scenario, &unstable),
            fingerprint: measured.fingerprint,
            partial,
        }
    }

    /// Bytes that a row of this scenario takes at least, whatever happens in a run: without the
    /// distributions that percentiles are read off.
    pub fn least_bytes(quantities: &[Quantity], scenario: &Scenario) -> u64 {
        let told = |of: &Quantity| {
            size_of::<Told>() + of.measures() * size_of::<Result<Reading, String>>()
        };
        let told: usize = quantities.iter().map(told).sum();
        let verdict = |text: &String| size_of::<ExpectOutcome>() + size_of::<Told>() + text.len();
        let verdicts: usize = scenario.expect.iter().map(verdict).sum();
        (size_of::<RunRow>() + told + verdicts) as u64
    }

    /// Whether it tells of these quantities and of the expectations of this scenario.
    pub fn fits(&self, quantities: &[Quantity], scenario: &Scenario) -> bool {
        let wide = |(told, of): (&Told, &Quantity)| told.0.len() == of.measures();
        let texts = self.expect.iter().map(|expect| &expect.text);
        self.told.len() == quantities.len()
            && self.told.iter().zip(quantities).all(wide)
            && texts.eq(scenario.expect.iter())
            && self.expect_told.len() == self.expect.len()
    }
}

/// A row as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Text {
    told: Vec<Vec<Entry>>,
    expect: Vec<ExpectOutcome>,
    expect_told: Vec<Vec<Entry>>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    unstable: Vec<Unstable>,
    /// Distributions: see the head of this module.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    lengths: Vec<Vec<u64>>,
    fingerprint: u64,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    partial: Option<String>,
}

/// A reading as it is written.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Entry {
    Count(f64),
    Mean(f64),
    Whole(f64),
    Ratio(f64, f64),
    /// How many, the two halves of their sum, the three parts of the sum of their squares.
    Spread(u64, [u64; 2], [u64; 3]),
    /// A share in billionths of the lengths at this place.
    Quantile(u32, usize),
    None(String),
}

impl From<RunRow> for Text {
    fn from(row: RunRow) -> Text {
        let mut shared: Vec<Arc<Distribution>> = Vec::new();
        let mut entry = |reading: &Result<Reading, String>| match reading {
            Err(why) => Entry::None(why.clone()),
            Ok(Reading::Count(value)) => Entry::Count(*value),
            Ok(Reading::Mean(value)) => Entry::Mean(*value),
            Ok(Reading::Whole(value)) => Entry::Whole(*value),
            Ok(Reading::Ratio { sum, over }) => Entry::Ratio(*sum, *over),
            Ok(Reading::Spread { count, sum, squares }) => {
                Entry::Spread(*count, [(*sum >> 64) as u64, *sum as u64], squares.to_parts())
            }
            Ok(Reading::Quantile(share, of)) => {
                let known = shared.iter().position(|known| Arc::ptr_eq(known, of));
                let place = known.unwrap_or_else(|| {
                    shared.push(Arc::clone(of));
                    shared.len() - 1
                });
                Entry::Quantile(share.billionths(), place)
            }
        };
        let mut entries = |told: &[Told]| -> Vec<Vec<Entry>> {
            told.iter().map(|told| told.0.iter().map(&mut entry).collect()).collect()
        };
        let (told, expect_told) = (entries(&row.told), entries(&row.expect_told));
        let lengths = shared.iter().map(|of| written(of)).collect();
        let RunRow { expect, unstable, fingerprint, partial, .. } = row;
        Text { told, expect, expect_told, unstable, lengths, fingerprint, partial }
    }
}

impl TryFrom<Text> for RunRow {
    type Error = &'static str;

    fn try_from(text: Text) -> Result<RunRow, &'static str> {
        let read = text.lengths.iter().map(|numbers| read(numbers).map(Arc::new));
        let shared: Vec<Arc<Distribution>> =
            read.collect::<Option<_>>().ok_or("the lengths of a row are torn")?;
        let reading = |entry: Entry| {
            Ok(match entry {
                Entry::None(why) => Err(why),
                Entry::Count(value) => Ok(Reading::Count(value)),
                Entry::Mean(value) => Ok(Reading::Mean(value)),
                Entry::Whole(value) => Ok(Reading::Whole(value)),
                Entry::Ratio(sum, over) => Ok(Reading::Ratio { sum, over }),
                Entry::Spread(count, [high, low], squares) => Ok(Reading::Spread {
                    count,
                    sum: (u128::from(high) << 64) | u128::from(low),
                    squares: Squares::of_parts(squares),
                }),
                Entry::Quantile(share, place) => {
                    let of = shared.get(place).ok_or("a row lacks the lengths it names")?;
                    Ok(Reading::Quantile(Share::of_billionths(share), Arc::clone(of)))
                }
            })
        };
        let told = |entries: Vec<Vec<Entry>>| -> Result<Vec<Told>, &'static str> {
            let one = |entries: Vec<Entry>| {
                entries.into_iter().map(reading).collect::<Result<_, _>>().map(Told)
            };
            entries.into_iter().map(one).collect()
        };
        Ok(RunRow {
            told: told(text.told)?,
            expect: text.expect,
            expect_told: told(text.expect_told)?,
            unstable: text.unstable,
            fingerprint: text.fingerprint,
            partial: text.partial,
        })
    }
}

fn written(of: &Distribution) -> Vec<u64> {
    let mut numbers = Vec::with_capacity(4 * of.cells().len());
    let mut last = 0;
    for &Cell { number, count, least, most } in of.cells() {
        numbers.extend([u64::from(number - last), count, least]);
        if count > 1 {
            numbers.push(most);
        }
        last = number;
    }
    numbers
}

fn read(numbers: &[u64]) -> Option<Distribution> {
    let mut numbers = numbers.iter().copied();
    let mut cells = Vec::new();
    let mut before = 0_u32;
    while let Some(step) = numbers.next() {
        let number = before.checked_add(u32::try_from(step).ok()?)?;
        let (count, least) = (numbers.next()?, numbers.next()?);
        let most = if count > 1 { numbers.next()? } else { least };
        if count == 0 || most < least {
            return None;
        }
        cells.push(Cell { number, count, least, most });
        before = number;
    }
    Some(Distribution::of_cells(cells))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::time::Span;
    use crate::observe::measured::Latency;
    use crate::stats::expect::parse_quantity;
    use crate::stats::fixture;

    fn row(texts: &[&str]) -> RunRow {
        let quantities: Vec<Quantity> =
            texts.iter().map(|text| parse_quantity(text).expect(text)).collect();
        RunRow::of(&quantities, &fixture::scenario(), &fixture::measured(0), Some("why".to_owned()))
    }

    #[test]
    fn a_row_is_read_back_as_it_was() {
        let row = row(&[
            "p50(sent_to_deleted)",
            "p99(sent_to_deleted) - p95(sent_to_received)",
            "mean(sent_to_deleted)",
            "stddev(sent_to_deleted)",
            "max(visible)",
            "redelivered / received",
            "max(orders-dlq.sent_to_deleted)",
            "cost_per_month",
        ]);
        let text = serde_json::to_string(&row).expect("has finite numbers only");
        assert_eq!(serde_json::from_str::<RunRow>(&text).expect("was just written"), row);
        let lengths = text.split("\"lengths\":").nth(1).expect("has lengths");
        let ends = lengths.split("]]").next().map(|lists| lists.matches('[').count());
        assert_eq!(ends, Some(3), "two latencies, each once: {lengths}");
    }

    #[test]
    fn a_torn_row_is_refused() {
        let text = serde_json::to_string(&row(&["p50(sent_to_deleted)"])).expect("is finite");
        let (from, to) = ("\"quantile\":[500000000,0]", "\"quantile\":[500000000,9]");
        assert!(text.contains(from), "{text}");
        assert!(serde_json::from_str::<RunRow>(&text.replace(from, to)).is_err());
        assert!(read(&[5, 2, 100, 90]).is_none() && read(&[5, 1]).is_none());
        assert!(read(&[5, 0, 1]).is_none() && read(&[u64::MAX, 1, 1]).is_none());
    }

    /// A sum beyond 64 bits, and lengths of which several share a cell.
    #[test]
    fn large_sums_and_full_cells_are_read_back() {
        let mut row = row(&["sent"]);
        let (count, sum) = (7, (3_u128 << 64) | 5);
        row.told[0].0[0] =
            Ok(Reading::Spread { count, sum, squares: Squares::of_parts([1, 2, 3]) });
        let text = serde_json::to_string(&row).expect("has finite numbers only");
        assert_eq!(serde_json::from_str::<RunRow>(&text).expect("was just written"), row);
        let second = 1_000_000_000;
        let lengths = [5, second, second, second + 1, 2 * second].map(Span::from_nanos);
        let distribution = Latency::of(&lengths).distribution;
        assert!(distribution.cells().iter().any(|cell| cell.count == 3));
        assert_eq!(read(&written(&distribution)).as_ref(), Some(&*distribution));
    }
}
