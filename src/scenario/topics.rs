//! The texts of `sqsim help TOPIC`.
//!
//! Owns them, as Markdown files beside this one; settings and defaults are quoted from
//! `defaults.ron`, where a line `{{defaults NAME}}` stands, warnings, facts, counters and latencies
//! from their lists, where `{{warnings}}`, `{{facts}}`, `{{counters}}` and `{{latencies}}` stand.
//! Must not print.
//!
//! Invariant: no line is wider than 80 columns, so that help fits every terminal (test below).

use super::{defaults, warnings};
use crate::facts::schema;
use crate::observe::measured::{Counter, QueueLatency};

/// Columns of the narrowest terminal.
const WIDTH: usize = 80;

/// The topics, in the order in which one reads them.
const TOPICS: [(&str, &str); 23] = [
    ("scenario", include_str!("topics/scenario.md")),
    ("queue", include_str!("topics/queue.md")),
    ("ledger", include_str!("topics/ledger.md")),
    ("splits", include_str!("topics/splits.md")),
    ("nodes", include_str!("topics/nodes.md")),
    ("producers", include_str!("topics/producers.md")),
    ("arrivals", include_str!("topics/arrivals.md")),
    ("consumers", include_str!("topics/consumers.md")),
    ("functions", include_str!("topics/functions.md")),
    ("fleets", include_str!("topics/fleets.md")),
    ("downstream", include_str!("topics/downstream.md")),
    ("distributions", include_str!("topics/distributions.md")),
    ("time", include_str!("topics/time.md")),
    ("ties", include_str!("topics/ties.md")),
    ("metrics", include_str!("topics/metrics.md")),
    ("facts", include_str!("topics/facts.md")),
    ("cost", include_str!("topics/cost.md")),
    ("expect", include_str!("topics/expect.md")),
    ("experiments", include_str!("topics/experiments.md")),
    ("intervals", include_str!("topics/intervals.md")),
    ("fork", include_str!("topics/fork.md")),
    ("warnings", include_str!("topics/warnings.md")),
    ("exit-codes", include_str!("topics/exit-codes.md")),
];

/// The names of all topics.
pub fn topics() -> impl Iterator<Item = &'static str> {
    TOPICS.iter().map(|&(name, _)| name)
}

/// The text of a topic; `None` for an unknown one.
pub fn topic(name: &str) -> Option<String> {
    let (_, text) = TOPICS.iter().find(|&&(topic, _)| topic == name)?;
    let mut out = String::new();
    for line in text.lines() {
        let section = line.strip_prefix("{{defaults ").and_then(|rest| rest.strip_suffix("}}"));
        if let Some(section) = section {
            out += &defaults::section_text(section);
        } else if line == "{{warnings}}" {
            out += &warnings::listed();
        } else if line == "{{facts}}" {
            list_facts(&mut out);
        } else if line == "{{counters}}" {
            for counter in Counter::all() {
                push(&mut out, 4, counter.name);
                push(&mut out, 8, counter.about);
            }
        } else if line == "{{latencies}}" {
            list_latencies(&mut out);
        } else {
            out += line;
            out.push('\n');
        }
    }
    Some(out)
}

/// Every fact of a trace with its fields and what it says.
fn list_facts(out: &mut String) {
    for (place, (kind, common, rows)) in schema::KINDS.into_iter().enumerate() {
        let blank = if place == 0 { "" } else { "\n" };
        let each = match common {
            [] => String::new(),
            all => format!(", each with `{}`", all.join("` and `")),
        };
        push(out, 0, &format!("{blank}{kind}{each}:"));
        out.push('\n');
        for row in rows {
            let fields = row.fields.iter().map(|&(word, _)| word).collect::<Vec<_>>().join(" ");
            push(out, 4, &format!("{} {fields}", row.word));
            push(out, 8, row.about);
        }
    }
}

/// Every latency of a queue and what it is, as a phrase.
fn list_latencies(out: &mut String) {
    for row in QueueLatency::ALL {
        let about = row.about.trim().trim_end_matches('.');
        let (first, rest) = about.split_at(1);
        let line = format!("    {:<18} {}{rest}\n", row.name, first.to_lowercase());
        *out += &line;
    }
}

/// Appends a text, indented, in lines that fit a terminal.
fn push(out: &mut String, indent: usize, text: &str) {
    let mut width = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if width > 0 && width + 1 + word.chars().count() > WIDTH {
            out.push('\n');
            width = 0;
        }
        let gap = if width == 0 { indent } else { 1 };
        out.extend(std::iter::repeat_n(' ', gap));
        *out += word;
        width += gap + word.chars().count();
    }
    out.push('\n');
}

/// The topic that lists the settings of a section of the defaults.
pub(super) fn topic_of(section: &str) -> Option<&'static str> {
    let line = format!("{{{{defaults {section}}}}}");
    TOPICS.iter().find(|(_, text)| text.lines().any(|l| l == line)).map(|&(name, _)| name)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::stats::expect::all_names;

    #[test]
    fn every_topic_fits_a_terminal_and_quotes_what_exists() {
        for name in topics() {
            let text = topic(name).expect(name);
            assert!(text.lines().count() > 5, "{name} is empty");
            for line in text.lines() {
                // An address cannot be broken.
                let fits = line.chars().count() <= 80 || line.contains("https://");
                assert!(fits, "{name}: {line}");
                assert!(!line.contains("{{"), "{name}: {line}");
            }
        }
        assert_eq!(topic("nonsense"), None);
    }

    /// As a word of its own, not as a part of another.
    #[test]
    fn every_measure_is_told_of() {
        let text = topic("metrics").expect("is a topic");
        let is_of_a_name = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.';
        let words = text.split(|c| !is_of_a_name(c)).map(|word| word.trim_end_matches('.'));
        let words: BTreeSet<&str> = words.collect();
        let missing: Vec<&str> = all_names().filter(|name| !words.contains(name)).collect();
        assert_eq!(missing, [""; 0]);
    }

    #[test]
    fn every_section_of_the_defaults_has_its_topic() {
        let sections = defaults::TEXT.lines().filter_map(|line| {
            line.strip_prefix("    ")?.strip_suffix(": (").filter(|name| !name.starts_with(' '))
        });
        let sections: Vec<&str> = sections.collect();
        assert!(sections.len() > 15, "{sections:?}");
        for section in sections {
            assert!(topic_of(section).is_some(), "`{section}` is in no topic");
            assert!(!defaults::section_text(section).is_empty(), "{section}");
        }
    }
}
