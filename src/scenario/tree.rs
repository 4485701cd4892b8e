//! A scenario's text as a tree whose every part knows its place.
//!
//! Owns the nodes and the one notion of a path (`queues.orders.redrive.to`): what errors print
//! is what `--set` takes. Must not know what the settings mean.
//!
//! Invariant: no two nodes of one tree have the same place.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "whatever has no parts has none, now and later"
)]

use super::fault::Place;

/// A value with its place.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Node {
    /// Where it stands, brackets included.
    pub(super) place: Place,
    /// What it is.
    pub(super) kind: Kind,
}

/// The values that the language knows.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Kind {
    /// `true` or `false`.
    Bool(bool),
    /// A whole number, as written and its value.
    Int(String, i128),
    /// Another number, as written and its value.
    Float(String, f64),
    /// `"…"`.
    Text(String),
    /// `Word` or `Word(…)`; the body is a record or a tuple.
    Word(String, Option<Box<Node>>),
    /// `(name: value, …)`, also `()`.
    Record(Entries),
    /// `(value, …)`.
    Tuple(Vec<Node>),
    /// `[value, …]`.
    List(Vec<Node>),
    /// `{"name": value, …}`.
    Map(Entries),
    /// The value that a word without one should have had.
    Nothing,
}

/// A named value in a record or a map.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// Its name.
    pub(super) key: String,
    /// Where the name stands.
    pub(super) place: Place,
    /// Its value.
    pub(super) value: Node,
}

/// The named values of a record or a map in the order of the text, no two of one name. There may
/// be thousands, and each check looks up what it checks: they are found by halving.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Entries {
    list: Vec<Entry>,
    /// Places in `list`, by name.
    by_name: Vec<u32>,
}

impl Entries {
    /// Those of a list, and its repeats: each with the entry of the same name that is kept, the
    /// first.
    pub(super) fn of(list: Vec<Entry>) -> (Entries, Vec<(Entry, Place)>) {
        let mut by_name: Vec<usize> = (0..list.len()).collect();
        // A stable sort: the first of a name stands before its repeats.
        by_name.sort_by(|&a, &b| list[a].key.cmp(&list[b].key));
        let mut first: Vec<Option<Place>> = vec![None; list.len()];
        for same in by_name.chunk_by(|&a, &b| list[a].key == list[b].key) {
            for &repeat in &same[1..] {
                first[repeat] = Some(list[same[0]].place);
            }
        }
        let (mut kept, mut repeats) = (Vec::with_capacity(list.len()), Vec::new());
        // Where each stands among those that are kept.
        let mut places = Vec::with_capacity(list.len());
        for (entry, &first) in list.into_iter().zip(&first) {
            places.push(kept.len() as u32);
            match first {
                Some(first) => repeats.push((entry, first)),
                None => kept.push(entry),
            }
        }
        by_name.retain(|&place| first[place].is_none());
        let by_name = by_name.into_iter().map(|place| places[place]).collect();
        (Entries { list: kept, by_name }, repeats)
    }

    fn find(&self, key: &str) -> Result<usize, usize> {
        self.by_name.binary_search_by(|&place| self.list[place as usize].key.as_str().cmp(key))
    }

    /// The one of this name.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        self.find(key).ok().map(|at| &self.list[self.by_name[at] as usize])
    }

    /// The value of this name, put last by `new` if there is none.
    pub(super) fn value_or_insert(&mut self, key: &str, new: impl FnOnce() -> Entry) -> &mut Node {
        let at = match self.find(key) {
            Ok(at) => at,
            Err(at) => {
                self.by_name.insert(at, self.list.len() as u32);
                self.list.push(new());
                at
            }
        };
        &mut self.list[self.by_name[at] as usize].value
    }
}

impl std::ops::Deref for Entries {
    type Target = [Entry];

    fn deref(&self) -> &[Entry] {
        &self.list
    }
}

impl Node {
    /// The named values of a record or map, seen through a word: `Reservoir(threshold: 0.75)`.
    pub(super) fn entries(&self) -> &[Entry] {
        match &self.kind {
            Kind::Record(entries) | Kind::Map(entries) => entries,
            Kind::Word(_, Some(body)) => body.only().entries(),
            _ => &[],
        }
    }

    /// The values of a list or tuple, seen through a word: `Mix([…])`.
    pub(super) fn items(&self) -> &[Node] {
        match &self.kind {
            Kind::List(items) | Kind::Tuple(items) => items,
            Kind::Word(_, Some(body)) => body.only().items(),
            _ => &[],
        }
    }

    /// What stands in the parentheses of a word if that is one value without a name.
    fn only(&self) -> &Node {
        match &self.kind {
            Kind::Tuple(items) if items.len() == 1 => &items[0],
            _ => self,
        }
    }

    /// The value of a name.
    pub(super) fn get(&self, key: &str) -> Option<&Entry> {
        match &self.kind {
            Kind::Record(entries) | Kind::Map(entries) => entries.get(key),
            Kind::Word(_, Some(body)) => body.only().get(key),
            _ => None,
        }
    }

    /// As [`Node::only`], to change it.
    fn only_mut(&mut self) -> &mut Node {
        if !matches!(&self.kind, Kind::Tuple(items) if items.len() == 1) {
            return self;
        }
        match &mut self.kind {
            Kind::Tuple(items) => &mut items[0],
            _ => unreachable!("a tuple, as matched above"),
        }
    }

    /// As [`Node::entries`], to change them; `None` where names mean nothing.
    pub(super) fn entries_mut(&mut self) -> Option<&mut Entries> {
        match &mut self.kind {
            Kind::Record(entries) | Kind::Map(entries) => Some(entries),
            Kind::Word(_, Some(body)) => body.only_mut().entries_mut(),
            _ => None,
        }
    }

    /// As [`Node::items`], to change one.
    pub(super) fn item_mut(&mut self, index: usize) -> Option<&mut Node> {
        match &mut self.kind {
            Kind::List(items) | Kind::Tuple(items) => items.get_mut(index),
            Kind::Word(_, Some(body)) => body.only_mut().item_mut(index),
            _ => None,
        }
    }

    /// What it is, for a sentence that begins "found".
    pub(super) fn describe(&self) -> String {
        match &self.kind {
            Kind::Bool(value) => format!("`{value}`"),
            Kind::Int(text, _) | Kind::Float(text, _) => format!("the number `{text}`"),
            Kind::Text(text) if text.chars().count() <= 40 => format!("the text {text:?}"),
            Kind::Text(_) => "a long text".into(),
            Kind::Word(word, None) => format!("the word `{word}`"),
            Kind::Word(word, Some(_)) => format!("`{word}(…)`"),
            Kind::Record(_) => "settings in parentheses".into(),
            Kind::Tuple(_) => "values in parentheses".into(),
            Kind::List(_) => "a list".into(),
            Kind::Map(_) => "a map in braces".into(),
            Kind::Nothing => "nothing".into(),
        }
    }

    /// The path from here to the part at `place`; empty for this node and for what is not here.
    pub(super) fn path_of(&self, place: Place) -> String {
        let mut steps = Vec::new();
        if self.steps_to(place, &mut steps) { steps.join(".") } else { String::new() }
    }

    fn steps_to(&self, place: Place, steps: &mut Vec<String>) -> bool {
        if self.place == place {
            return true;
        }
        for entry in self.entries() {
            steps.push(entry.key.clone());
            if entry.place == place || entry.value.steps_to(place, steps) {
                return true;
            }
            steps.pop();
        }
        for (index, item) in self.items().iter().enumerate() {
            steps.push(index.to_string());
            if item.steps_to(place, steps) {
                return true;
            }
            steps.pop();
        }
        // What a word wraps has the word's own path: `Poisson("400/s")`.
        match &self.kind {
            Kind::Word(_, Some(body)) => body.place == place || body.only().place == place,
            _ => false,
        }
    }
}

/// A part of a scenario that may or may not be written down: where a check looks and where its
/// faults point.
#[derive(Clone, Debug)]
pub(super) struct At<'a> {
    node: Option<&'a Node>,
    place: Place,
    path: String,
}

impl<'a> At<'a> {
    /// The whole scenario.
    pub(super) fn root(node: &'a Node) -> At<'a> {
        let place = Place { end: node.place.start + 1, ..node.place };
        At { node: Some(node), place, path: String::new() }
    }

    /// The setting of this name. What is not written has the place of what surrounds it.
    pub(super) fn field(&self, key: &str) -> At<'a> {
        let path = if self.path.is_empty() { key.into() } else { format!("{}.{key}", self.path) };
        let Some(entry) = self.node.and_then(|node| node.get(key)) else {
            return At { node: None, place: self.place, path };
        };
        let place = match entry.value.kind {
            Kind::Record(_) | Kind::Map(_) | Kind::List(_) => entry.place,
            _ => entry.value.place,
        };
        At { node: Some(&entry.value), place, path }
    }

    /// The setting of this name, or all of it where it stands without its name: `Profile([…])`.
    pub(super) fn field_or_self(&self, key: &str) -> At<'a> {
        let named = self.node.is_some_and(|node| node.get(key).is_some());
        if named { self.field(key) } else { self.clone() }
    }

    /// The n-th value of a list or tuple.
    pub(super) fn item(&self, index: usize) -> At<'a> {
        let path = format!("{}.{index}", self.path);
        match self.node.and_then(|node| node.items().get(index)) {
            Some(node) => At { node: Some(node), place: node.place, path },
            None => At { node: None, place: self.place, path },
        }
    }

    /// Whether a list was read with all its values: those at fault are left out, and what is
    /// said of the others would then have the wrong place.
    pub(super) fn is_whole<T>(&self, read: &[T]) -> bool {
        self.node.is_none_or(|node| node.items().len() == read.len())
    }

    /// Where its name stands: for faults of the whole of it.
    pub(super) fn key(&self, key: &str) -> At<'a> {
        let at = self.field(key);
        match self.node.and_then(|node| node.get(key)) {
            Some(entry) => At { place: entry.place, ..at },
            None => at,
        }
    }

    /// Whether it stands in the text.
    pub(super) fn is_written(&self) -> bool {
        self.node.is_some()
    }

    /// The names in it, in order.
    pub(super) fn keys(&self) -> Vec<&'a str> {
        let entries = self.node.map_or(&[][..], Node::entries);
        entries.iter().map(|entry| entry.key.as_str()).collect()
    }

    /// Where it stands, or what surrounds it.
    pub(super) fn place(&self) -> Place {
        self.place
    }

    /// Its path.
    pub(super) fn path(&self) -> &str {
        &self.path
    }
}
