//! The list of all facts, for those who read traces.
//!
//! Owns which lists there are. Must not know any fact: each list has its rows.

use super::deed::Deed;
use crate::ledger::journal::vocabulary::{Listed, Row};
use crate::ledger::journal::{Call, KeySpace, NodeChange, Step};

/// The facts of each kind, with the fields that all of it have.
pub const KINDS: [(&str, &[&str], &[Row]); 5] = [
    ("Of a message", &["queue", "message"], Step::ROWS),
    ("Of a call", &["queue"], Call::ROWS),
    ("Of the key space", &["queue"], KeySpace::ROWS),
    ("Of nodes and replicas", &["queue"], NodeChange::ROWS),
    ("Of producers and workers", &[], Deed::ROWS),
];

/// Every kind of line: its word, and its fields in order.
pub fn fields() -> impl Iterator<Item = (&'static str, Vec<&'static str>)> {
    KINDS.iter().flat_map(|&(_, common, rows)| {
        rows.iter().map(move |row| {
            let own = row.fields.iter().map(|&(word, _)| word);
            (row.word, common.iter().copied().chain(own).collect())
        })
    })
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
    }
}
