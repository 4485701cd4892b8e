//! Counts out of the JSON that CloudWatch's command line prints.
//!
//! Owns the shapes of
//! [get-metric-data](https://docs.aws.amazon.com/cli/latest/reference/cloudwatch/get-metric-data.html)
//! (parallel arrays, newest first by default, a result a page) and
//! [get-metric-statistics](https://docs.aws.amazon.com/cli/latest/reference/cloudwatch/get-metric-statistics.html)
//! (data in no order). Must not know what a row means: `slots` sorts and checks them.
//!
//! Invariant: stamps and counts stay slices of the text, so that every fault has its place.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::columns::wrong_unit;
use super::slots::Cells;
use super::{DataFault, quote};

/// What `get-metric-data` or `get-metric-statistics` prints; fields not named here do not matter.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Export<'a> {
    #[serde(borrow)]
    metric_data_results: Option<Vec<Series<'a>>>,
    #[serde(borrow)]
    datapoints: Option<Vec<Datapoint<'a>>>,
    label: Option<String>,
    #[serde(borrow)]
    next_token: Option<&'a RawValue>,
}

/// One page of one series of `get-metric-data`: `Timestamps[i]` belongs to `Values[i]`.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Series<'a> {
    #[serde(default)]
    id: String,
    #[serde(default)]
    label: String,
    #[serde(borrow)]
    timestamps: Vec<&'a RawValue>,
    #[serde(borrow)]
    values: Vec<&'a RawValue>,
    #[serde(borrow)]
    status_code: Option<&'a RawValue>,
}

/// One datum of `get-metric-statistics`, with the statistics that count something.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Datapoint<'a> {
    #[serde(borrow)]
    timestamp: &'a RawValue,
    #[serde(borrow)]
    sum: Option<&'a RawValue>,
    #[serde(borrow)]
    unit: Option<&'a RawValue>,
}

fn unquoted(value: &RawValue) -> &str {
    value.get().trim_matches('"')
}

/// The rows of `content`, what of `text` follows leading blanks; of the series `choice`, or of the
/// only one.
pub(super) fn rows<'a>(
    text: &'a str,
    content: &'a str,
    choice: Option<&str>,
) -> Result<Vec<Cells<'a>>, DataFault> {
    const HELP: &str = "expected what `aws cloudwatch get-metric-data` or `get-metric-statistics` \
                        prints with `--output json`";
    let export: Export<'a> = serde_json::from_str(content).map_err(|error| {
        let message = error.to_string();
        let message = message.rsplit_once(" at line ").map_or(message.as_str(), |(what, _)| what);
        let place = place_of(content, error.line(), error.column());
        DataFault::at(text, place, message.to_owned(), HELP)
    })?;
    if let Some(token) = export.next_token.filter(|token| !matches!(token.get(), "null" | "\"\"")) {
        let message = "the export is not complete: it has a `NextToken`".to_owned();
        let help = "fetch all pages: leave `--max-items` and `--no-paginate` out, or put the \
                    `MetricDataResults` of all pages into one file";
        return Err(DataFault::at(text, token.get(), message, help));
    }
    match (export.metric_data_results, export.datapoints) {
        (Some(results), _) => series_rows(text, &results, choice),
        (None, Some(data)) => datapoint_rows(text, &data, export.label.as_deref(), choice),
        (None, None) => {
            let message = "neither `MetricDataResults` nor `Datapoints` is in the file".to_owned();
            Err(DataFault::at(text, content, message, HELP))
        }
    }
}

/// What follows a place given as `serde_json` gives it: the line from 1, and the bytes of the line
/// that were read, the faulty one included.
fn place_of(content: &str, line: usize, bytes: usize) -> &str {
    let ends = content.match_indices('\n').map(|(at, _)| at + 1);
    let start = [0].into_iter().chain(ends).nth(line.max(1) - 1).unwrap_or(content.len());
    let mut at = (start + bytes.max(1) - 1).min(content.len());
    while !content.is_char_boundary(at) {
        at -= 1;
    }
    &content[at..]
}

/// The rows of the chosen series. The command line repeats a series for every page it fetched, so
/// results of the same id and label belong together; of the same id alone they do not, as a
/// `SEARCH` gives several series one id.
fn series_rows<'a>(
    text: &'a str,
    results: &[Series<'a>],
    choice: Option<&str>,
) -> Result<Vec<Cells<'a>>, DataFault> {
    let wanted = |series: &&Series<'_>| match choice {
        Some(name) => series.id == name || series.label == name,
        None => true,
    };
    let chosen: Vec<&Series<'a>> = results.iter().filter(wanted).collect();
    let Some(Series { id, label, .. }) = chosen.first() else {
        let message = choice.map_or("the export has no series".to_owned(), |name| {
            format!("the export has no series `{name}`")
        });
        return Err(DataFault::at(text, text, message, &names(results)));
    };
    if chosen.iter().any(|series| series.id != *id || series.label != *label) {
        let message = "the export has several series to choose from".to_owned();
        return Err(DataFault::at(text, text, message, &names(results)));
    }
    let mut rows = Vec::new();
    for series in &chosen {
        if series.timestamps.len() != series.values.len() {
            let (stamps, values) = (series.timestamps.len(), series.values.len());
            let message = format!("series `{id}` has {stamps} time stamps and {values} values");
            let first = series.timestamps.first().or(series.values.first());
            let place = first.map_or(text, |value| value.get());
            return Err(DataFault::at(text, place, message, "expected as many of each"));
        }
        for (stamp, value) in series.timestamps.iter().zip(&series.values) {
            rows.push(Cells { stamp: unquoted(stamp), clock: None, count: value.get() });
        }
    }
    let status = chosen.last().and_then(|series| series.status_code);
    match status {
        Some(status) if unquoted(status) != "Complete" => {
            let message = format!("series `{id}` is not complete: {}", quote(unquoted(status)));
            Err(DataFault::at(text, status.get(), message, "fetch it again, with all its pages"))
        }
        Some(_) | None => Ok(rows),
    }
}

/// What to do about a choice that fits none or several.
fn names(results: &[Series<'_>]) -> String {
    let mut names: Vec<String> =
        results.iter().map(|series| format!("`{}` ({})", series.id, series.label)).collect();
    names.dedup();
    if names.is_empty() {
        return "fetch it again, with a query that has data".to_owned();
    }
    format!("choose a series by its id or label; the export has {}", names.join(", "))
}

fn datapoint_rows<'a>(
    text: &'a str,
    data: &[Datapoint<'a>],
    label: Option<&str>,
    choice: Option<&str>,
) -> Result<Vec<Cells<'a>>, DataFault> {
    let label = label.unwrap_or_default();
    if let Some(name) = choice.filter(|&name| name != label) {
        let message = format!("the export has no series `{name}`");
        return Err(DataFault::at(text, text, message, &format!("its only series is `{label}`")));
    }
    let row = |datum: &Datapoint<'a>| {
        let stamp = unquoted(datum.timestamp);
        let Some(count) = datum.sum else {
            let message = format!("the datum of {} has no `Sum`", quote(stamp));
            let help = "fetch the metric with `--statistics Sum`: other statistics are no counts \
                        of messages, `SampleCount` says how many data were put together";
            return Err(DataFault::at(text, stamp, message, help));
        };
        if let Some(unit) = datum.unit {
            wrong_unit(text, unquoted(unit))?;
        }
        Ok(Cells { stamp, clock: None, count: count.get() })
    };
    data.iter().map(row).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{CountsChoice, CountsFile, read_counts};
    use super::*;
    use crate::kernel::time::Span;

    fn read(text: &str, series: Option<&str>) -> Result<CountsFile, DataFault> {
        read_counts(text, CountsChoice { series, ..CountsChoice::default() })
    }

    fn fault(text: &str, series: Option<&str>) -> String {
        let fault = read(text, series).unwrap_err();
        assert!(!fault.help.is_empty(), "{fault} has no help");
        format!("{}:{}: {}", fault.line, fault.column, fault.message)
    }

    /// As documented for the command, newest first, with minute 22:15 absent.
    const METRIC_DATA: &str = r#"{ "MetricDataResults": [
    { "Id": "m1", "Label": "NumberOfMessagesSent",
      "Timestamps": ["2024-09-29T22:16:00+00:00", "2024-09-29T22:14:00Z", "2024-09-29T22:13:00Z"],
      "Values": [90.0, 96.0, 104],
      "StatusCode": "Complete" },
    { "Id": "m2", "Label": "NumberOfMessagesDeleted",
      "Timestamps": [1727648040.0, 1727647980], "Values": [1.0, 2.0], "StatusCode": "Complete" } ],
  "Messages": [] }"#;

    #[test]
    fn metric_data_is_read_by_id_or_label() {
        for name in ["m1", "NumberOfMessagesSent"] {
            let file = read(METRIC_DATA, Some(name)).unwrap();
            assert_eq!(file.slots, [(0, 104.0), (1, 96.0), (3, 90.0)]);
            assert_eq!((file.period, file.missing), (Span::from_secs(60), 1));
            assert_eq!(file.start_epoch_seconds, 1_727_647_980);
        }
        let file = read(METRIC_DATA, Some("m2")).unwrap();
        assert_eq!(file.slots, [(0, 2.0), (1, 1.0)]);
        assert_eq!(file.start_epoch_seconds, 1_727_647_980);
    }

    #[test]
    fn several_series_need_a_choice() {
        let message = "1:1: the export has several series to choose from";
        assert_eq!(fault(METRIC_DATA, None), message);
        assert_eq!(fault(METRIC_DATA, Some("m3")), "1:1: the export has no series `m3`");
        let help = read(METRIC_DATA, None).unwrap_err().help;
        assert!(help.contains("`m1` (NumberOfMessagesSent), `m2`"), "{help}");
    }

    /// One id and two labels, with stamps that do not meet: what a `SEARCH` gives.
    #[test]
    fn series_of_one_id_and_several_labels_need_a_choice() {
        let series = |label, stamps, value| {
            let data = format!(r#""Timestamps": [{stamps}], "Values": [{value}, 3]"#);
            format!(r#"{{"Id": "e1", "Label": "{label}", {data}}}"#)
        };
        let all = [series("jobs", "0, 60", 1), series("mails", "120, 180", 2)];
        let text = format!(r#"{{"MetricDataResults": [{}]}}"#, all.join(", "));
        let several = "1:1: the export has several series to choose from";
        assert_eq!(
            (fault(&text, None), fault(&text, Some("e1"))),
            (several.into(), several.into())
        );
        let help = read(&text, None).unwrap_err().help;
        assert!(help.contains("`e1` (jobs), `e1` (mails)"), "{help}");
        let mails = read(&text, Some("mails")).unwrap();
        assert_eq!((mails.slots, mails.start_epoch_seconds), (vec![(0, 2.0), (1, 3.0)], 120));
    }

    #[test]
    fn pages_of_one_series_belong_together() {
        let page = |stamp, status| {
            let data = format!(r#""Timestamps": ["{stamp}"], "Values": [5]"#);
            format!(r#"{{"Id": "m", {data}, "StatusCode": "{status}"}}"#)
        };
        let export = |first, second| format!(r#"{{"MetricDataResults": [{first}, {second}]}}"#);
        let first = page("2024-09-29T22:14:00Z", "PartialData");
        let text = export(first.clone(), page("2024-09-29T22:13:00Z", "Complete"));
        assert_eq!(read(&text, None).unwrap().slots, [(0, 5.0), (1, 5.0)]);
        let text = export(first, page("2024-09-29T22:13:00Z", "InternalError"));
        let expected = "series `m` is not complete: `InternalError`";
        assert!(fault(&text, None).ends_with(expected), "{}", fault(&text, None));
    }

    #[test]
    fn metric_statistics_are_read_in_any_order() {
        let text = r#"{ "Label": "NumberOfMessagesSent", "Datapoints": [
    { "Timestamp": "2014-04-09T11:18:00Z", "Sum": 44.0, "SampleCount": 3, "Unit": "Count" },
    { "Timestamp": "2014-04-09T09:18:00Z", "Sum": 47.0, "SampleCount": 4, "Unit": "Count" },
    { "Timestamp": "2014-04-09T10:18:00Z", "Sum": 48.0, "SampleCount": 5, "Unit": "Count" } ] }"#;
        let file = read(text, None).unwrap();
        assert_eq!(file.slots, [(0, 47.0), (1, 48.0), (2, 44.0)]);
        for other in ["Average", "Total"] {
            let others = text.replace("Sum", other);
            let expected = "2:21: the datum of `2014-04-09T11:18:00Z` has no `Sum`";
            assert_eq!(fault(&others, None), expected, "SampleCount is no count of messages");
        }
        let once = text.replacen("\"Sum\": 48.0, ", "", 1);
        assert_eq!(fault(&once, None), "4:21: the datum of `2014-04-09T10:18:00Z` has no `Sum`");
        let rate = text.replacen("\"Count\"", "\"Count/Second\"", 1);
        assert_eq!(fault(&rate, None), "2:84: `Count/Second` is no unit of counts");
        assert_eq!(fault(text, Some("m1")), "1:1: the export has no series `m1`");
    }

    #[test]
    fn an_export_with_more_pages_is_not_complete() {
        for text in [
            METRIC_DATA.replace("\"Messages\"", "\"NextToken\": \"AbC\", \"Messages\""),
            "{\n\n\n\n\n\n\n  \"NextToken\": \"AbC\", \"Datapoints\": []}".to_owned(),
        ] {
            let told = fault(&text, Some("m1"));
            assert!(told.ends_with("the export is not complete: it has a `NextToken`"), "{told}");
            assert!(told.starts_with("8:"), "{told}");
        }
        let done = METRIC_DATA.replace("\"Messages\"", "\"NextToken\": null, \"Messages\"");
        assert!(read(&done, Some("m1")).is_ok());
    }

    #[test]
    fn faults_in_json_have_their_place() {
        let cases = [
            ("\n { \"MetricDataResults\": [ }", "2:27: expected value"),
            (
                "{ \"Metrics\": [] }",
                "1:1: neither `MetricDataResults` nor `Datapoints` is in the file",
            ),
            ("{ \"MetricDataResults\": [] }", "1:1: the export has no series"),
            ("{ \"Datapoints\": [] }", "1:1: the file has no counts"),
            ("\n{ \"Label\": \"größer\" [", "2:21: expected `,` or `}`"),
        ];
        for (text, expected) in cases {
            assert_eq!(fault(text, None), expected);
        }
        let one = |stamps, values| {
            let head = "{\"MetricDataResults\": [{\"Id\": \"m\",\n";
            format!("{head} \"Timestamps\": [{stamps}], \"Values\": [{values}]}}]}}")
        };
        let cases = [
            ("\"22:14\"", "1", "2:18: `22:14` is not a time stamp"),
            ("60", "-1", "2:33: `-1` is not a count: it is negative"),
            ("60", "\"1\"", "2:33: `\"1\"` is not a count: it is not a number"),
            ("60, 120", "1", "2:17: series `m` has 2 time stamps and 1 values"),
            ("60, 60", "1, 2", "2:21: the slot `60` occurs twice, first in line 2"),
        ];
        for (stamps, values, expected) in cases {
            assert_eq!(fault(&one(stamps, values), None), expected);
        }
    }

    #[test]
    fn deep_nesting_and_long_values_are_refused_in_short() {
        let deep = "[".repeat(1_000_000);
        let skipped = format!("{{\"Messages\": {deep}");
        assert_eq!(fault(&skipped, None), "1:1000013: EOF while parsing a list");
        let closed = "]".repeat(1_000_000);
        let stamp = format!("{{\"Datapoints\": [{{\"Timestamp\": {deep}{closed}, \"Sum\": 1}}]}}");
        let expected = format!("1:31: `{}…` is not a time stamp", "[".repeat(40));
        assert_eq!(fault(&stamp, None), expected);
    }
}
