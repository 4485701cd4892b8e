//! Every number of several documents of one kind, by its path.
//!
//! Owns their order. Must not know what they mean.

use std::collections::BTreeMap;

/// Values by path, in the order of the documents.
///
/// Documents of one scenario share the order of their paths, so that the path after the last one is
/// nearly always the next; others are looked up, as there may be a million.
#[derive(Default)]
pub(super) struct Numbers {
    entries: Vec<Entry>,
    places: BTreeMap<String, usize>,
    /// The first in order.
    first: Option<usize>,
    /// The one that was added to last in this document.
    last: Option<usize>,
}

struct Entry {
    path: String,
    values: Vec<f64>,
    /// The one that follows in order.
    next: Option<usize>,
}

impl Numbers {
    /// Another document begins.
    pub(super) fn begin(&mut self) {
        self.last = None;
    }

    /// Adds a number to the values of its path. A new path comes after the one before it.
    pub(super) fn add(&mut self, path: &str, number: f64) {
        let follows = match self.last {
            Some(last) => self.entries[last].next,
            None => self.first,
        };
        let expected = follows.filter(|&place| self.entries[place].path == path);
        let known = expected.or_else(|| self.places.get(path).copied());
        let place = known.unwrap_or_else(|| {
            let place = self.entries.len();
            let entry = Entry { path: path.to_owned(), values: Vec::new(), next: follows };
            self.entries.push(entry);
            self.places.insert(path.to_owned(), place);
            match self.last {
                Some(last) => self.entries[last].next = Some(place),
                None => self.first = Some(place),
            }
            place
        });
        self.entries[place].values.push(number);
        self.last = Some(place);
    }

    /// All of them in order.
    pub(super) fn into_list(mut self) -> Vec<(String, Vec<f64>)> {
        let mut list = Vec::with_capacity(self.entries.len());
        let mut at = self.first;
        while let Some(place) = at {
            let entry = &mut self.entries[place];
            list.push((std::mem::take(&mut entry.path), std::mem::take(&mut entry.values)));
            at = entry.next;
        }
        list
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers stand in the order of the documents; one that a document has alone comes where it
    /// stands there.
    #[test]
    fn numbers_are_found_by_their_path() {
        let mut numbers = Numbers::default();
        for outcome in [["a", "b", "d"], ["a", "c", "d"], ["b", "c", "d"]] {
            numbers.begin();
            for (place, path) in outcome.into_iter().enumerate() {
                numbers.add(path, place as f64);
            }
        }
        let of = |path: &str, values: &[f64]| (path.to_owned(), values.to_vec());
        let expected = [
            of("a", &[0.0, 0.0]),
            of("c", &[1.0, 1.0]),
            of("b", &[1.0, 0.0]),
            of("d", &[2.0, 2.0, 2.0]),
        ];
        assert_eq!(numbers.into_list(), expected);
    }

    /// Two documents with the same paths the other way round: each is looked up. A list that is
    /// searched from its beginning takes minutes for these.
    #[test]
    fn paths_in_another_order_are_looked_up() {
        let paths: Vec<String> = (0..200_000).map(|n| format!("queues.{n}.sent")).collect();
        let mut numbers = Numbers::default();
        for path in &paths {
            numbers.add(path, 1.0);
        }
        numbers.begin();
        for path in paths.iter().rev() {
            numbers.add(path, 2.0);
        }
        let list = numbers.into_list();
        assert!(list.iter().map(|(path, _)| path).eq(&paths));
        assert!(list.iter().all(|(_, values)| *values == [1.0, 2.0]));
    }
}
