//! What producers do at their events.
//!
//! Owns the way of a message from its arrival at a producer to its place in the ledger: batch,
//! connection, latency, throttling, retry. Must not know workers.
#![expect(clippy::inline_always, reason = "every message passes here, from one or two places")]

use super::event::ProducerEvent;
use super::world::World;
use crate::clients::producer::SendCall;
use crate::facts::deed::{Deed, ProducerId};
use crate::facts::observer::Observer;
use crate::kernel::time::Span;
use crate::ledger::{Outgoing, Refused};

impl<O: Observer> World<O> {
    /// The next message of a producer arises, and the one after it is planned.
    #[inline]
    pub(super) fn arrival(&mut self, producer: u32) {
        if self.now >= self.duration {
            return;
        }
        let arrivals = &mut self.producers[producer as usize].arrivals;
        let is_pause = arrivals.is_pause();
        if let Some(at) = arrivals.next_look() {
            self.calendar.schedule(at, ProducerEvent::Arrival(ProducerId(producer)));
        }
        if !is_pause {
            self.arise(producer, None);
        }
    }

    /// A closed client has thought: its next message arises.
    pub(super) fn client_sends(&mut self, client: u32) {
        if self.now < self.duration {
            self.arise(self.clients[client as usize].producer, Some(client));
        }
    }

    /// A closed client thinks.
    pub(super) fn think(&mut self, client: u32) {
        let waiting = &mut self.clients[client as usize];
        let thought = waiting.think.sample(&mut waiting.chance);
        let at = self.after(thought);
        self.calendar.schedule(at, ProducerEvent::Client(client));
    }

    #[inline(always)]
    fn arise(&mut self, number: u32, client: Option<u32>) {
        let id = ProducerId(number);
        self.observer.deed(self.now, &Deed::Arrived { producer: id });
        self.held_back += 1;
        let producer = &mut self.producers[number as usize];
        let message = producer.arise();
        if producer.sends_singly() && client.is_none() {
            return self.send_single(number, message);
        }
        let filling = producer.filling;
        let call = filling.unwrap_or_else(|| self.send_calls.open(|| SendCall::new(number)));
        let row = self.send_calls.get_mut(call);
        if filling.is_none() {
            row.begin(number, self.now);
        }
        row.push(message, client);
        if row.messages().len() >= producer.config.batch as usize {
            if filling.is_some() {
                self.calendar.cancel(ProducerEvent::SendLinger(id));
            }
            self.close_batch(number, call);
        } else if filling.is_none() {
            producer.filling = Some(call);
            let at = self.now.saturating_add(producer.config.linger);
            self.calendar.schedule(at, ProducerEvent::SendLinger(id));
        }
    }

    /// A message is a call of its own that takes effect at once: it needs no row among the calls
    /// under way, unless it is throttled.
    #[inline(always)]
    fn send_single(&mut self, number: u32, message: Outgoing) {
        let producer = &mut self.producers[number as usize];
        let queue = producer.config.queue;
        let observer = &mut self.observer;
        let refused = self.ledger.send(self.now, queue, number, &[message], observer);
        if refused == Refused(0) {
            self.held_back -= 1;
            let (waited, took) = (Span::ZERO, Span::ZERO);
            let producer = ProducerId(number);
            let confirmed = Deed::SendConfirmed { producer, messages: 1, waited, took };
            self.observer.deed(self.now, &confirmed);
        } else {
            producer.open_calls += 1;
            let call = self.send_calls.open(|| SendCall::new(number));
            let row = self.send_calls.get_mut(call);
            row.begin(number, self.now);
            row.push(message, None);
            self.try_again(call);
        }
    }

    /// An unfilled batch has waited long enough.
    pub(super) fn flush_batch(&mut self, number: u32) {
        if let Some(call) = self.producers[number as usize].filling {
            self.close_batch(number, call);
        }
    }

    /// The batch becomes a call, at once or when a connection is free.
    #[inline]
    fn close_batch(&mut self, number: u32, call: u32) {
        let producer = &mut self.producers[number as usize];
        producer.filling = None;
        let row = self.send_calls.get_mut(call);
        row.since = self.now;
        row.began = self.now;
        if !producer.has_connection() {
            producer.backlog.push_back(call);
            return;
        }
        producer.open_calls += 1;
        let latency = producer.latency();
        if latency.is_zero() {
            self.take_effect(call);
        } else {
            self.plan_call(call, latency);
        }
    }

    /// The call takes effect `span` from now, in an event of its own.
    fn plan_call(&mut self, call: u32, span: Span) {
        let at = self.after(span);
        self.calendar.schedule(at, ProducerEvent::SendCall(call));
    }

    /// A call takes effect.
    #[inline]
    pub(super) fn take_effect(&mut self, number: u32) {
        let call = self.send_calls.get(number);
        let producer = call.producer;
        let queue = self.producers[producer as usize].config.queue;
        let observer = &mut self.observer;
        let refused = self.ledger.send(self.now, queue, producer, call.messages(), observer);
        self.confirm(number, refused);
        if refused == Refused(0) {
            self.send_calls.close(number);
            self.end_call(producer);
        } else {
            self.send_calls.get_mut(number).retain(|entry| refused.has(entry));
            self.try_again(number);
        }
    }

    /// Tells how many messages the ledger has stored, and lets their clients think.
    #[inline]
    fn confirm(&mut self, number: u32, refused: Refused) {
        let call = self.send_calls.get(number);
        let producer = ProducerId(call.producer);
        let count = call.messages().len();
        let messages = count as u32 - refused.count();
        self.held_back -= u64::from(messages);
        if messages > 0 {
            let (waited, took) = (call.began - call.since, self.now - call.began);
            let confirmed = Deed::SendConfirmed { producer, messages, waited, took };
            self.observer.deed(self.now, &confirmed);
        }
        if self.clients.is_empty() {
            return;
        }
        for entry in (0..count).filter(|&entry| !refused.has(entry)) {
            if let Some(client) = self.send_calls.get(number).clients()[entry] {
                self.think(client);
            }
        }
    }

    /// A throttled call backs off, or gives up.
    fn try_again(&mut self, number: u32) {
        let call = self.send_calls.get_mut(number);
        call.attempts += 1;
        let (attempts, messages) = (call.attempts, call.messages().len());
        let id = ProducerId(call.producer);
        let producer = &mut self.producers[id.0 as usize];
        let retries = producer.config.retry.goes_on(attempts);
        let messages = messages as u32;
        if retries {
            let wait = producer.backoff(attempts).saturating_add(producer.latency());
            self.observer.deed(self.now, &Deed::SendRetried { producer: id, messages });
            self.plan_call(number, wait);
            return;
        }
        self.held_back -= u64::from(messages);
        self.observer.deed(self.now, &Deed::GivenUp { producer: id, messages });
        for entry in 0..messages as usize {
            if let Some(client) = self.send_calls.get(number).clients()[entry] {
                self.think(client);
            }
        }
        self.send_calls.close(number);
        self.end_call(id.0);
    }

    /// A connection is free again.
    #[inline]
    fn end_call(&mut self, number: u32) {
        let producer = &mut self.producers[number as usize];
        producer.open_calls -= 1;
        if !producer.backlog.is_empty() {
            self.use_connections(number);
        }
    }

    /// Calls that wait for a connection get those that are free.
    #[inline(never)]
    pub(super) fn use_connections(&mut self, number: u32) {
        while let producer = &mut self.producers[number as usize]
            && producer.has_connection()
            && let Some(call) = producer.backlog.pop_front()
        {
            producer.open_calls += 1;
            let latency = producer.latency();
            self.send_calls.get_mut(call).began = self.now;
            // Planned even without a latency: a long backlog must not become a deep recursion.
            self.plan_call(call, latency);
        }
    }
}
