//! What producers do at their events.
//!
//! Owns the way of a message from its arrival at a producer to its place in the ledger: batch,
//! connection, latency, throttling, retry. Must not know workers.
#![expect(clippy::inline_always, reason = "every message passes here, from one or two places")]

use super::Producers;
use super::producer::{Producer, SendCall};
use crate::core::Core;
use crate::core::event::ProducerEvent;
use crate::facts::deed::{Deed, ProducerId};
use crate::facts::observer::Observer;
use crate::kernel::time::Span;
use crate::ledger::{Outgoing, Refused};

impl Producers {
    /// The next message of a producer arises, and the one after it is planned.
    #[inline]
    pub(super) fn arrival<O: Observer>(&mut self, core: &mut Core<O>, producer: u32) {
        if core.now >= core.duration {
            return;
        }
        let arrivals = &mut self.all[producer as usize].arrivals;
        let is_pause = arrivals.is_pause();
        if let Some(at) = arrivals.next_look() {
            core.calendar.schedule(at, ProducerEvent::Arrival(ProducerId(producer)));
        }
        if !is_pause {
            self.arise(core, producer, None);
        }
    }

    /// A closed client has thought: its next message arises.
    pub(super) fn client_sends<O: Observer>(&mut self, core: &mut Core<O>, client: u32) {
        if core.now < core.duration {
            self.arise(core, self.clients[client as usize].producer, Some(client));
        }
    }

    /// A closed client thinks.
    pub(super) fn think<O: Observer>(&mut self, core: &mut Core<O>, client: u32) {
        let waiting = &mut self.clients[client as usize];
        let thought = waiting.think.sample(&mut waiting.chance);
        core.plan(thought, ProducerEvent::Client(client));
    }

    #[inline(always)]
    fn arise<O: Observer>(&mut self, core: &mut Core<O>, number: u32, client: Option<u32>) {
        let id = ProducerId(number);
        core.observer.deed(core.now, &Deed::Arrived { producer: id });
        self.held_back += 1;
        let producer = &mut self.all[number as usize];
        let message = producer.arise();
        if producer.sends_singly() && client.is_none() {
            return self.send_single(core, number, message);
        }
        let filling = producer.filling;
        let call = filling.unwrap_or_else(|| self.calls.open(|| SendCall::new(number)));
        let row = self.calls.get_mut(call);
        if filling.is_none() {
            row.begin(number, core.now);
        }
        row.push(message, client);
        if row.messages().len() >= producer.config.batch as usize {
            if filling.is_some() {
                core.calendar.cancel(ProducerEvent::SendLinger(id));
            }
            self.close_batch(core, number, call);
        } else if filling.is_none() {
            producer.filling = Some(call);
            core.plan(producer.config.linger, ProducerEvent::SendLinger(id));
        }
    }

    /// A message is a call of its own that takes effect at once: it needs no row among the calls
    /// under way, unless it is throttled.
    #[inline(always)]
    fn send_single<O: Observer>(&mut self, core: &mut Core<O>, number: u32, message: Outgoing) {
        let producer = &mut self.all[number as usize];
        let (queue, connection) = (producer.config.queue, producer.connection);
        let observer = &mut core.observer;
        let refused = core.ledger.send(core.now, queue, connection, &[message], observer);
        if refused == Refused(0) {
            self.held_back -= 1;
            let (waited, took) = (Span::ZERO, Span::ZERO);
            let producer = ProducerId(number);
            let confirmed = Deed::SendConfirmed { producer, messages: 1, waited, took };
            core.observer.deed(core.now, &confirmed);
        } else {
            producer.open_calls += 1;
            let call = self.calls.open(|| SendCall::new(number));
            let row = self.calls.get_mut(call);
            row.begin(number, core.now);
            row.push(message, None);
            self.try_again(core, call);
        }
    }

    /// An unfilled batch has waited long enough.
    pub(super) fn flush_batch<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        if let Some(call) = self.all[number as usize].filling {
            self.close_batch(core, number, call);
        }
    }

    /// The batch becomes a call, at once or when a connection is free.
    #[inline]
    fn close_batch<O: Observer>(&mut self, core: &mut Core<O>, number: u32, call: u32) {
        let producer = &mut self.all[number as usize];
        producer.filling = None;
        let row = self.calls.get_mut(call);
        row.since = core.now;
        row.began = core.now;
        if !producer.has_connection() {
            producer.backlog.push_back(call);
            return;
        }
        producer.open_calls += 1;
        let latency = producer.latency();
        if latency.is_zero() {
            self.take_effect(core, call);
        } else {
            core.plan(latency, ProducerEvent::SendCall(call));
        }
    }

    /// A call takes effect.
    #[inline]
    pub(super) fn take_effect<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let call = self.calls.get(number);
        let producer = call.producer;
        let Producer { ref config, connection, .. } = self.all[producer as usize];
        let observer = &mut core.observer;
        let refused =
            core.ledger.send(core.now, config.queue, connection, call.messages(), observer);
        self.confirm(core, number, refused);
        if refused == Refused(0) {
            self.calls.close(number);
            self.end_call(core, producer);
        } else {
            self.calls.get_mut(number).retain(|entry| refused.has(entry));
            self.try_again(core, number);
        }
    }

    /// Tells how many messages the ledger has stored, and lets their clients think.
    #[inline]
    fn confirm<O: Observer>(&mut self, core: &mut Core<O>, number: u32, refused: Refused) {
        let call = self.calls.get(number);
        let producer = ProducerId(call.producer);
        let count = call.messages().len();
        let messages = count as u32 - refused.count();
        self.held_back -= u64::from(messages);
        if messages > 0 {
            let (waited, took) = (call.began - call.since, core.now - call.began);
            let confirmed = Deed::SendConfirmed { producer, messages, waited, took };
            core.observer.deed(core.now, &confirmed);
        }
        if self.clients.is_empty() {
            return;
        }
        for entry in (0..count).filter(|&entry| !refused.has(entry)) {
            if let Some(client) = self.calls.get(number).clients()[entry] {
                self.think(core, client);
            }
        }
    }

    /// A throttled call backs off, or gives up.
    fn try_again<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let call = self.calls.get_mut(number);
        call.attempts += 1;
        let (attempts, messages) = (call.attempts, call.messages().len());
        let id = ProducerId(call.producer);
        let producer = &mut self.all[id.0 as usize];
        let retries = producer.config.retry.goes_on(attempts);
        let messages = messages as u32;
        if retries {
            let wait = producer.backoff(attempts).saturating_add(producer.latency());
            core.observer.deed(core.now, &Deed::SendRetried { producer: id, messages });
            core.plan(wait, ProducerEvent::SendCall(number));
            return;
        }
        self.held_back -= u64::from(messages);
        core.observer.deed(core.now, &Deed::GivenUp { producer: id, messages });
        for entry in 0..messages as usize {
            if let Some(client) = self.calls.get(number).clients()[entry] {
                self.think(core, client);
            }
        }
        self.calls.close(number);
        self.end_call(core, id.0);
    }

    /// A connection is free again.
    #[inline]
    fn end_call<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let producer = &mut self.all[number as usize];
        producer.open_calls -= 1;
        if !producer.backlog.is_empty() {
            self.use_connections(core, number);
        }
    }

    /// Calls that wait for a connection get those that are free.
    #[inline(never)]
    pub(super) fn use_connections<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        while let producer = &mut self.all[number as usize]
            && producer.has_connection()
            && let Some(call) = producer.backlog.pop_front()
        {
            producer.open_calls += 1;
            let latency = producer.latency();
            self.calls.get_mut(call).began = core.now;
            // Planned even without a latency: a long backlog must not become a deep recursion.
            core.plan(latency, ProducerEvent::SendCall(call));
        }
    }
}
