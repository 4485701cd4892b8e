//! A producer's state: what it has to send, and its calls under way.
//!
//! Owns batching, connections and the luck of messages. Must not know the ledger or the calendar:
//! `sending` moves it.

use std::collections::VecDeque;

use super::arrivals::Arrivals;
use crate::kernel::dist::Dist;
use crate::kernel::rng::{Luck, Purpose, Source, Stream, Streams};
use crate::kernel::time::{Span, Time};
use crate::ledger::Outgoing;
use crate::ledger::config::MAX_BATCH;
use crate::model::clients::ProducerConfig;

/// A client that sends one message, waits for its confirmation, and thinks.
#[derive(Clone, Debug)]
pub struct ClosedClient {
    /// By its place in the scenario.
    pub producer: u32,
    /// How long it thinks.
    pub think: Dist,
    /// Its own stream.
    pub chance: Stream,
}

/// One call of a producer, from its first message to its answer.
#[derive(Clone, Debug)]
pub struct SendCall {
    /// By its place in the scenario.
    pub producer: u32,
    /// Tries so far.
    pub attempts: u32,
    /// When its last message joined it.
    pub since: Time,
    /// When it got a connection.
    pub began: Time,
    count: usize,
    messages: [Outgoing; MAX_BATCH],
    clients: [Option<u32>; MAX_BATCH],
}

impl SendCall {
    /// A call with no message yet.
    pub fn new(producer: u32) -> SendCall {
        let nothing = Outgoing { luck: Luck(0), delay: None };
        SendCall {
            producer,
            attempts: 0,
            since: Time::ZERO,
            began: Time::ZERO,
            count: 0,
            messages: [nothing; MAX_BATCH],
            clients: [None; MAX_BATCH],
        }
    }

    /// Begins anew as a call of `producer`, at `now`.
    #[inline]
    pub fn begin(&mut self, producer: u32, now: Time) {
        self.producer = producer;
        self.attempts = 0;
        self.since = now;
        self.began = now;
        self.count = 0;
    }

    /// Its messages.
    #[inline]
    pub fn messages(&self) -> &[Outgoing] {
        &self.messages[..self.count]
    }

    /// The closed clients that wait for its messages, by the messages' places.
    pub fn clients(&self) -> &[Option<u32>] {
        &self.clients[..self.count]
    }

    /// Adds a message, and the closed client that waits for it.
    #[inline]
    pub fn push(&mut self, message: Outgoing, client: Option<u32>) {
        self.messages[self.count] = message;
        self.clients[self.count] = client;
        self.count += 1;
    }

    /// Keeps the messages that `keep` names by their places.
    pub fn retain(&mut self, keep: impl Fn(usize) -> bool) {
        let mut kept = 0;
        for i in (0..self.count).filter(|&i| keep(i)) {
            self.messages[kept] = self.messages[i];
            self.clients[kept] = self.clients[i];
            kept += 1;
        }
        self.count = kept;
    }
}

/// The state of one producer.
#[derive(Clone, Debug)]
pub struct Producer {
    /// What it was told.
    pub config: ProducerConfig,
    /// When its messages arise.
    pub arrivals: Arrivals,
    /// The call that is being filled.
    pub filling: Option<u32>,
    /// Calls that wait for a connection.
    pub backlog: VecDeque<u32>,
    /// Calls under way.
    pub open_calls: u32,
    /// The number of its connection, for sticky keys.
    pub connection: u32,
    /// One message a call, and calls take no time.
    at_once: bool,
    luck: Stream,
    latency: Stream,
    backoff: Stream,
}

impl Producer {
    /// The producer at `path` (`producers.web`), with its connection.
    pub fn new(path: &str, config: &ProducerConfig, streams: Streams, connection: u32) -> Producer {
        Producer {
            arrivals: Arrivals::new(&config.arrivals, streams, path),
            config: config.clone(),
            filling: None,
            backlog: VecDeque::new(),
            open_calls: 0,
            connection,
            at_once: is_at_once(config),
            luck: streams.stream(path, Purpose::Luck),
            latency: streams.stream(path, Purpose::Latency),
            backoff: streams.stream(path, Purpose::Backoff),
        }
    }

    /// Follows other settings from now on, but for its arrivals.
    pub fn reconfigure(&mut self, config: &ProducerConfig) {
        self.config = config.clone();
        self.at_once = is_at_once(config);
    }

    /// A new message.
    #[inline]
    pub fn arise(&mut self) -> Outgoing {
        Outgoing { luck: Luck(self.luck.next_u64()), delay: self.config.delay }
    }

    /// How long the next call takes.
    #[inline]
    pub fn latency(&mut self) -> Span {
        self.config.call_latency.sample(&mut self.latency)
    }

    /// How long to wait before trying a call again that was tried `attempts` times.
    pub fn backoff(&mut self, attempts: u32) -> Span {
        self.config.retry.wait(attempts, &mut self.backoff)
    }

    /// Whether a message that arises now is a call of its own that takes effect at once.
    #[inline]
    pub fn sends_singly(&self) -> bool {
        self.at_once && self.has_connection()
    }

    /// Whether another call may be under way.
    #[inline]
    pub fn has_connection(&self) -> bool {
        self.config.connections.is_none_or(|most| self.open_calls < most)
    }
}

/// One message a call, and calls take no time.
fn is_at_once(config: &ProducerConfig) -> bool {
    config.batch == 1 && config.call_latency == Dist::Constant(Span::ZERO)
}
