//! Names in the order of a file, found by halving.
//!
//! Owns [`NameList`]. Must not know what bears the names.
//!
//! A scenario may have ten thousand queues and as many expectations, each of which names one: a
//! look-up that goes through all names would make that a hundred million.

use std::ops::Deref;

/// Names in the order of the file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct NameList<'a> {
    names: Vec<&'a str>,
    /// Places in `names`, by name; of equal names the first stands first.
    by_name: Vec<u32>,
}

impl NameList<'_> {
    /// The place of a name, from 0; of several that are equal, the first.
    pub fn place(&self, name: &str) -> Option<usize> {
        let at = self.by_name.partition_point(|&place| self.names[place as usize] < name);
        let place = *self.by_name.get(at)? as usize;
        (self.names[place] == name).then_some(place)
    }

    /// The names for a sentence, each between two of `quote`: the first twenty of them.
    pub fn few(&self, quote: &str) -> String {
        const FEW: usize = 20;
        let (told, rest) = self.names.split_at(self.names.len().min(FEW));
        let told = format!("{quote}{}{quote}", told.join(&format!("{quote}, {quote}")));
        match rest.len() {
            0 => told,
            more => format!("{told} and {more} more"),
        }
    }
}

impl<'a> FromIterator<&'a str> for NameList<'a> {
    fn from_iter<I: IntoIterator<Item = &'a str>>(names: I) -> NameList<'a> {
        let names: Vec<&str> = names.into_iter().collect();
        let mut by_name: Vec<u32> = (0..names.len() as u32).collect();
        by_name.sort_by_key(|&place| (names[place as usize], place));
        NameList { names, by_name }
    }
}

impl<'a> Deref for NameList<'a> {
    type Target = [&'a str];

    fn deref(&self) -> &[&'a str] {
        &self.names
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_name_is_found_at_its_place() {
        let names = ["b", "a", "c", "a", ""];
        let listed: NameList = names.into_iter().collect();
        for (name, place) in [("a", Some(1)), ("b", Some(0)), ("c", Some(2)), ("", Some(4))] {
            assert_eq!(listed.place(name), place, "{name}");
        }
        assert_eq!((listed.place("d"), listed.place("aa")), (None, None));
        assert_eq!(*listed, names);
        assert_eq!(listed.few("`"), "`b`, `a`, `c`, `a`, ``");
        let many: NameList = [""; 30].into_iter().collect();
        assert!(many.few("").ends_with(" and 10 more"));
    }
}
