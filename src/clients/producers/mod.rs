//! Producers: who sends messages of their own.
//!
//! Owns [`Producers`], all of them with their closed clients and their calls under way, and what
//! they do at their events. Must not know workers, nor the loop.
//!
//! | module | owns |
//! |---|---|
//! | [`arrivals`] | when messages arise |
//! | [`producer`] | one producer: batching, connections, the luck of messages |
//! | `sending` | the way of a message into the ledger |
//! | `layout` | how they are laid out |
//! | `fork` | how they take other settings on |
//! | `footprint` | how many bytes they take |

pub mod arrivals;
mod footprint;
mod fork;
mod layout;
pub mod producer;
mod sending;

use producer::{ClosedClient, Producer, SendCall};

use crate::core::Core;
use crate::core::calls::Calls;
use crate::core::event::ProducerEvent;
use crate::facts::deed::ProducerId;
use crate::facts::observer::Observer;

/// All producers of a run.
#[derive(Clone, Debug)]
pub struct Producers {
    all: Vec<Producer>,
    /// Those of one producer stand together, in the order of the producers.
    clients: Vec<ClosedClient>,
    calls: Calls<SendCall>,
    /// Messages in calls under way, or waiting for a connection.
    held_back: u64,
}

impl Producers {
    /// Lets an event of theirs happen.
    #[inline]
    pub fn handle<O: Observer>(&mut self, core: &mut Core<O>, event: ProducerEvent) {
        match event {
            ProducerEvent::SendCall(call) => self.take_effect(core, call),
            ProducerEvent::Arrival(ProducerId(producer)) => self.arrival(core, producer),
            ProducerEvent::Client(client) => self.client_sends(core, client),
            ProducerEvent::SendLinger(ProducerId(producer)) => self.flush_batch(core, producer),
        }
    }

    /// Messages that they hold back: in calls under way or waiting for a connection.
    #[inline]
    pub fn held_back(&self) -> u64 {
        self.held_back
    }
}
