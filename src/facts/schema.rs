//! The list of all facts, for people who read traces.
//!
//! Owns how it is laid out. Must not know any fact: each list has its rows.

use super::deed::Deed;
use crate::ledger::journal::vocabulary::{Listed, Row};
use crate::ledger::journal::{Call, KeySpace, NodeChange, Step};

/// Columns of a terminal that the list fits.
const WIDTH: usize = 80;

/// The facts of each kind, under what they have in common.
const KINDS: [(&str, &[&str], &[Row]); 5] = [
    ("Of a message", &["queue", "message"], Step::ROWS),
    ("Of a call", &["queue"], Call::ROWS),
    ("Of the key space", &["queue"], KeySpace::ROWS),
    ("Of nodes and replicas", &["queue"], NodeChange::ROWS),
    ("Of producers and workers", &[], Deed::ROWS),
];

/// Every fact with its fields and what it says.
pub fn listed() -> String {
    let mut out = String::new();
    for (kind, common, rows) in KINDS {
        out += kind;
        if !common.is_empty() {
            out += ", each with `";
            out += &common.join("` and `");
            out.push('`');
        }
        out += ":\n\n";
        for row in rows {
            let fields: Vec<&str> = row.fields.iter().map(|&(word, _)| word).collect();
            push(&mut out, 4, &format!("{} {}", row.word, fields.join(" ")));
            push(&mut out, 8, row.about);
        }
        out.push('\n');
    }
    out
}

/// Every kind of line: its word, and its fields in order.
pub fn fields() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    KINDS.iter().flat_map(|&(_, common, rows)| {
        rows.iter().map(move |row| {
            let own = row.fields.iter().map(|&(word, _)| word);
            (row.word, common.iter().copied().chain(own).collect())
        })
    })
}

/// Appends a text, indented, in lines that fit.
fn push(out: &mut String, indent: usize, text: &str) {
    let mut width = 0;
    for word in text.split_whitespace() {
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_fact_has_a_word_of_its_own_and_says_what_it_is() {
        let words: Vec<&str> = fields().map(|(word, _)| word).collect();
        assert_eq!(words.iter().collect::<BTreeSet<_>>().len(), words.len(), "{words:?}");
        let rows = || KINDS.iter().flat_map(|(.., rows)| rows.iter());
        assert!(rows().all(|row| row.about.contains(' ')));
        assert!(rows().flat_map(|row| row.fields).all(|(_, about)| about.contains(' ')));
        let listed = listed();
        assert!(words.iter().all(|word| listed.contains(word)));
    }
}
