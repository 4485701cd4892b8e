//! Messages in a Perfetto trace.
//!
//! Owns their asynchronous pairs and instants. Must not know threads' work. A message's `b` is
//! written when its first fact is, so one that nothing happens to in the wanted time has no pair.

use std::io::Write;

use super::super::names::Names;
use super::arrows::{Origin, draw_arrow};
use super::event::Event;
use super::partitions::Told;
use super::{Life, Perfetto, ledger};
use crate::kernel::time::Span;
use crate::ledger::config::QueueId;
use crate::ledger::journal::{MessageId, Step};

impl<W: Write> Perfetto<W> {
    /// Writes the `b` of a message unless it stands there already.
    fn show(&mut self, message: MessageId) {
        let Some(&Life { queue, since, shown: false, .. }) = self.lives.get(&message) else {
            return;
        };
        let id = self.id(message, queue);
        let shown = self.write(|out, _| {
            Event::new(out, b'b', "message", ledger(queue))
                .at(since)
                .id("message", id)
                .number("message", message.0)
                .end();
        });
        if let Some(life) = self.lives.get_mut(&message) {
            life.shown = shown;
        }
    }

    /// Writes an instant in the life of a message.
    fn moment(&mut self, message: MessageId, name: &str, details: impl FnOnce(Event<'_>, &Names)) {
        if !self.filter.at(self.now) {
            return;
        }
        self.show(message);
        if let Some(&Life { queue, .. }) = self.lives.get(&message) {
            let (id, now) = (self.id(message, queue), self.now);
            self.write(|out, names| {
                let event = Event::new(out, b'n', name, ledger(queue)).at(now);
                details(event.id("message", id), names);
            });
        }
    }

    /// Writes the `e` of a message. False when it could not be, so that `finish` does it.
    fn end(&mut self, message: MessageId, how: &str) -> bool {
        if !self.filter.at(self.now) {
            return true;
        }
        self.show(message);
        match self.lives.get(&message) {
            Some(&Life { queue, shown: true, .. }) => {
                let (id, now) = (self.id(message, queue), self.now);
                self.write(|out, _| {
                    Event::new(out, b'e', "message", ledger(queue))
                        .at(now)
                        .id("message", id)
                        .text("end", how)
                        .end();
                })
            }
            Some(_) | None => true,
        }
    }

    /// A moment that is what its fact says.
    fn mention(&mut self, message: MessageId, step: &Step) {
        let told = Told::of(step);
        self.moment(message, &told.name, |event, _| told.add_to(event).end());
    }

    /// What happened to one message.
    #[expect(clippy::wildcard_enum_match_arm, reason = "the others draw no more than they say")]
    pub(super) fn step(&mut self, queue: QueueId, message: MessageId, step: Step) {
        match step {
            Step::Sent { .. } | Step::Undone { .. } => self.begin(message, queue),
            Step::Received { caller, receives, .. } => {
                self.moment(message, "received", |e, names| {
                    e.text("by", &names.caller(caller)).number("receive", receives).end();
                });
            }
            Step::Returned { cause, .. } => {
                self.moment(message, "visible again", |e, _| {
                    e.text("cause", cause.word()).end();
                });
                self.leaves_holder(message);
            }
            Step::Deleted { .. } => self.remove(message, "deleted"),
            Step::Expired { .. } => self.remove(message, "expired"),
            Step::Purged { .. } => self.remove(message, "purged"),
            Step::DeadLettered { .. } => self.leave(message, queue),
            Step::MovedIn { from, .. } => self.arrive(message, queue, from),
            _ => self.mention(message, &step),
        }
    }

    fn remove(&mut self, message: MessageId, how: &str) {
        if self.end(message, how) {
            self.lives.remove(&message);
        }
    }

    /// The visibility timeout ended while the holder worked: the arrow starts there and then.
    fn leaves_holder(&mut self, message: MessageId) {
        let Some(thread) = self.lives.get(&message).and_then(|life| life.holder) else {
            return;
        };
        let origin = Origin { track: self.track(thread), at: self.now, name: "redelivery" };
        if let Some(life) = self.lives.get_mut(&message) {
            (life.origin, life.holder) = (Some(origin), None);
        }
    }

    /// A message leaves `queue` for its dead-letter queue.
    fn leave(&mut self, message: MessageId, queue: QueueId) {
        if self.lives.get(&message).is_some_and(|life| life.queue == queue)
            && self.end(message, "dead_lettered")
            && let Some(life) = self.lives.get_mut(&message)
        {
            life.shown = false;
        }
    }

    /// A message is there: sent, or back because its delete was undone.
    fn begin(&mut self, message: MessageId, queue: QueueId) {
        let life = Life { queue, since: self.now, shown: false, holder: None, origin: None };
        self.lives.insert(message, life);
        if self.filter.at(self.now) {
            self.show(message);
        }
    }

    /// A message enters a dead-letter queue.
    fn arrive(&mut self, message: MessageId, queue: QueueId, from: QueueId) {
        if self.lives.get(&message).is_some_and(|life| life.shown) {
            self.leave(message, from);
        }
        if self.sink.closed() {
            return;
        }
        let origin = self.lives.get(&message).and_then(|life| life.origin);
        let origin = origin.filter(|origin| self.filter.from <= origin.at);
        let origin = origin.map(|origin| Origin { name: "dead letter", ..origin });
        let (track, at) = (ledger(queue), self.now);
        let here = Origin { track, at, name: "dead letter" };
        let (since, holder) = (at, None);
        self.lives.insert(message, Life { queue, since, shown: false, holder, origin: Some(here) });
        if !self.filter.at(at) {
            return;
        }
        self.show(message);
        self.arrows += 1;
        let arrow = self.arrows;
        self.write(|out, names| {
            Event::new(out, b'X', "moved in", track)
                .at(at)
                .lasting(Span::from_nanos(1))
                .number("message", message.0)
                .text("from", names.queue(from))
                .end();
            draw_arrow(out, arrow, origin, here);
        });
    }
}
