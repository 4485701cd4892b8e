//! Tree → the types of [`super::file`], through serde.
//!
//! Owns the serde deserializer over [`Node`]: it fills what a scenario leaves out from the
//! defaults, and it finds all faults of all parts, not the first. Must not know any setting.
//!
//! How all are found: serde stops at the first fault. So the faulty node is noted and the tree is
//! decoded again without it: its default stands in, or a harmless value for what is required; where
//! there is neither, the part around it is left out in turn. Names without a meaning and missing
//! settings do not stop serde at all.
//!
//! Three conventions connect it with the types:
//!
//! - A struct's serde name (`queue`) and a struct variant's name (`Reservoir`) are the sections
//!   of `defaults.ron` that fill them.
//! - A variant renamed to `(text)`, `(number)`, `(list)` or `(record)` takes a bare value of that
//!   kind: `capacity: "3000/s"` beside `capacity: Unlimited`.
//! - What follows a line break in an error's text is advice ([`Fault::of_lines`]).
//!
//! Invariant: every pass but the last notes at least one more node, so the passes end.

mod elsewhere;
mod reader;
mod words;

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeSeed, Unexpected};

use super::defaults;
use super::fault::{Fault, MOST_FAULTS, Place};
use super::topics::topic_of;
use super::tree::{Entry, Node};
use super::visible::visible;
use crate::model::near::nearest;
use reader::Reader;
use words::{example, plain, quoted_list, stand_in, with_article};

/// Decodes a tree. `None` where so much is missing that nothing is left; the faults say why.
pub(super) fn decode<'a, T: Deserialize<'a>>(root: &'a Node) -> (Option<T>, Vec<Fault>) {
    let pass = Pass { root, noted: RefCell::default(), faults: RefCell::default() };
    loop {
        match pass.visit(root, std::marker::PhantomData) {
            Ok(value) => return (Some(value), pass.faults.into_inner()),
            Err(_) if pass.is_noted(root) || pass.is_full() => {
                return (None, pass.faults.into_inner());
            }
            Err(_) => {}
        }
    }
}

/// What the passes over one tree share.
struct Pass<'a> {
    root: &'a Node,
    /// Nodes that cannot be decoded.
    noted: RefCell<BTreeSet<Place>>,
    faults: RefCell<Vec<Fault>>,
}

/// Why a part could not be decoded.
#[derive(Debug)]
enum Stop {
    /// A fault of the node at hand: what and advice.
    Here(String),
    /// A setting is missing; the fault is recorded.
    Missing,
    /// The node was noted in an earlier pass.
    Noted,
    /// A node was noted in this pass.
    Again,
}

impl fmt::Display for Stop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if let Stop::Here(what) = self { what } else { "a part is at fault" })
    }
}

impl std::error::Error for Stop {}

impl serde::de::Error for Stop {
    fn custom<T: fmt::Display>(what: T) -> Stop {
        Stop::Here(what.to_string())
    }

    fn invalid_type(found: Unexpected<'_>, expected: &dyn serde::de::Expected) -> Stop {
        if let Unexpected::Other(found) = found {
            return Stop::Here(format!("expected {expected}, found {found}"));
        }
        Stop::Here(format!("expected {expected}, found {found}"))
    }

    fn missing_field(_name: &'static str) -> Stop {
        Stop::Missing
    }
}

impl<'a> Pass<'a> {
    fn is_noted(&self, node: &Node) -> bool {
        self.noted.borrow().contains(&node.place)
    }

    /// Whether there are more faults than will be shown.
    fn is_full(&self) -> bool {
        self.faults.borrow().len() > MOST_FAULTS
    }

    /// Decodes one node, noting it where that fails.
    fn visit<S: DeserializeSeed<'a>>(&self, node: &'a Node, seed: S) -> Result<S::Value, Stop> {
        if self.is_noted(node) {
            return Err(Stop::Noted);
        }
        let stop = match seed.deserialize(Reader { node, pass: self }) {
            Ok(value) => return Ok(value),
            Err(stop) => stop,
        };
        match stop {
            Stop::Again => return Err(Stop::Again),
            Stop::Here(text) => self.record(node.place, &text),
            Stop::Missing | Stop::Noted => {}
        }
        self.noted.borrow_mut().insert(node.place);
        Err(Stop::Again)
    }

    /// Records a fault once; lines of `text` after the first are advice.
    fn record(&self, place: Place, text: &str) {
        if self.is_full() {
            return;
        }
        self.record_at(place, self.root.path_of(place), text);
    }

    fn record_at(&self, place: Place, path: String, text: &str) {
        let fault = Fault::of_lines(text).at(place, path);
        let mut faults = self.faults.borrow_mut();
        if !faults.contains(&fault) {
            faults.push(fault);
        }
    }

    /// The settings of a record: those written, those the defaults add, and stand-ins for those
    /// that are required. Names without a meaning and missing settings are recorded.
    fn settings(
        &self,
        section: &str,
        names: &[&'static str],
        node: &'a Node,
    ) -> Vec<(&'a str, &'a Node)> {
        let entries = node.entries();
        for entry in entries.iter().filter(|entry| !names.contains(&&*entry.key)) {
            if self.is_full() {
                break;
            }
            self.unknown_setting(section, names, entry);
        }
        let mut settings: Vec<(&'a str, &'a Node)> = Vec::with_capacity(names.len());
        for &name in names {
            let written = node.get(name);
            let usable = written.filter(|entry| !self.is_noted(&entry.value));
            let default = || defaults::section(section).and_then(|section| section.get(name));
            if let Some(entry) = usable.or_else(default) {
                settings.push((&entry.key, &entry.value));
                continue;
            }
            if written.is_none() {
                self.missing_setting(section, name, node);
            }
            if let Some(value) = stand_in(name) {
                settings.push((name, value));
            }
        }
        settings
    }

    fn unknown_setting(&self, section: &str, names: &[&'static str], entry: &Entry) {
        let key = visible(&entry.key);
        let mut lines = vec![format!("unknown setting `{key}` for {}", with_article(section))];
        // What differs in marks alone is the same name.
        let bare = |name: &str| name.to_lowercase().replace(['_', '-'], "");
        let same = names.iter().copied().find(|name| bare(name) == bare(&entry.key));
        let remedy = elsewhere::remedy(section, &entry.key).filter(|_| same.is_none());
        if let Some(remedy) = remedy {
            lines.push(remedy);
        } else if let Some(name) = same.or(nearest(&entry.key, names.iter().copied())) {
            lines.push(format!("did you mean `{name}`?"));
        }
        lines.push(match topic_of(section) {
            Some(topic) => format!("`sqsim help {topic}` lists every setting and its default"),
            None => format!("its settings are {}", quoted_list(names)),
        });
        self.record(entry.place, &lines.join("\n"));
    }

    fn missing_setting(&self, section: &str, name: &str, node: &Node) {
        let close = Place { start: node.place.end.max(1) - 1, ..node.place };
        let place = if node.place.start < close.start { close } else { node.place };
        let path = self.root.path_of(node.place);
        let path = if path.is_empty() { name.into() } else { format!("{path}.{name}") };
        let mut lines = vec![match section {
            "scenario" => format!("the scenario ends here without `{name}`"),
            "nodes" | "failures" => format!("these {section} end here without `{name}`"),
            _ => format!("this {} ends here without `{name}`", plain(section)),
        }];
        if let Some(example) = example(name) {
            lines.push(format!("add, for example, `{name}: {example}`"));
        }
        self.record_at(place, path, &lines.join("\n"));
    }
}

/// The default of one setting.
///
/// # Panics
/// If the section has no such setting of this kind.
pub(super) fn default_of<T: for<'a> Deserialize<'a>>(section: &str, key: &str) -> T {
    let node = defaults::section(section).and_then(|section| section.get(key));
    let value = node.and_then(|entry| decode(&entry.value).0);
    value.expect("the setting has a default of its kind")
}
