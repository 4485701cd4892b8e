//! What happens to partitions and nodes, as instants on the track of their queue.
//!
//! Owns which of it is shown; the words are those of the facts. Must not know messages.

use std::io::Write;

use super::event::Event;
use super::{Perfetto, ledger};
use crate::ledger::config::QueueId;
use crate::ledger::journal::vocabulary::{Field, Listed, Scribe, Value, word};
use crate::ledger::journal::{Call, KeySpace};

impl<W: Write> Perfetto<W> {
    /// A call that was refused.
    pub(super) fn call(&mut self, queue: QueueId, call: Call) {
        match call {
            Call::Throttled { .. } | Call::Unavailable { .. } => self.instant(queue, &call),
            Call::Made { .. } | Call::WentOn { .. } | Call::ReceivedNothing { .. } => {}
        }
    }

    pub(super) fn key_space(&mut self, queue: QueueId, change: KeySpace) {
        // That partitions come and go is said by the split, the merge or the recut.
        if !matches!(change, KeySpace::Opened { .. } | KeySpace::Closed { .. }) {
            self.instant(queue, &change);
        }
    }

    /// A fact with its fields.
    pub(super) fn instant(&mut self, queue: QueueId, fact: &impl Listed) {
        let told = Told::of(fact);
        self.fault(ledger(queue), &told.name, |event| told.add_to(event).end());
    }
}

/// A fact as it is shown.
#[derive(Default)]
pub(super) struct Told {
    pub(super) name: String,
    fields: Vec<(&'static str, Value)>,
}

impl Told {
    pub(super) fn of(fact: &impl Listed) -> Told {
        let mut told = Told::default();
        fact.write(&mut told);
        told
    }

    /// Adds its fields to an event.
    pub(super) fn add_to<'a>(&self, event: Event<'a>) -> Event<'a> {
        self.fields.iter().fold(event, |event, &(word, value)| add(event, word, value))
    }
}

impl Scribe for Told {
    fn fact(&mut self, _number: u8, word: &'static str) {
        self.name = word.replace('_', " ");
    }

    fn tell<F: Field>(&mut self, before: &'static str, field: F) {
        self.fields.extend(field.value().map(|value| (word(before), value)));
    }

    fn imply<F: Field>(&mut self, before: &'static str, field: F) {
        self.tell(before, field);
    }
}

fn add<'a>(event: Event<'a>, word: &str, value: Value) -> Event<'a> {
    match value {
        Value::Number(number) => event.number(word, number),
        Value::Key(key) => event.text(word, &format!("{key:016x}")),
        Value::Flag(flag) => event.number(word, u64::from(flag)),
        Value::Word(text) => event.text(word, text),
        Value::WordOf(text, permille) => event.text(word, text).number("permille", permille),
        Value::Name(_, number) => event.number(word, number),
    }
}
