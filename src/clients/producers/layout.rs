//! How producers are laid out.
//!
//! Owns the making of them and of their closed clients, and the names of their streams. Must not
//! know what they do later.

use std::sync::atomic::AtomicBool;

use super::Producers;
use super::arrivals::Arrivals;
use super::producer::{ClosedClient, Producer};
use crate::core::Core;
use crate::core::calls::Calls;
use crate::core::event::ProducerEvent;
use crate::core::shared::uninterrupted;
use crate::facts::deed::ProducerId;
use crate::facts::observer::Observer;
use crate::kernel::rng::Purpose;
use crate::model::clients::ProducerConfig;
use crate::model::scenario::Named;

impl Producers {
    /// Those of a scenario. After an interrupt some clients are missing.
    pub fn new<O: Observer>(
        core: &mut Core<O>,
        named: &[Named<ProducerConfig>],
        interrupt: &AtomicBool,
    ) -> Producers {
        let mut producers =
            Producers { all: Vec::new(), clients: Vec::new(), calls: Calls::new(), held_back: 0 };
        for (number, one) in (0..).zip(named) {
            producers.place(core, number, one, interrupt);
        }
        producers
    }

    fn place<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        number: u32,
        named: &Named<ProducerConfig>,
        interrupt: &AtomicBool,
    ) {
        let path = path_of(&named.name);
        let mut producer = Producer::new(&path, &named.config, core.streams, core.connect());
        if let Some(at) = producer.arrivals.next_look() {
            core.calendar.schedule(at, ProducerEvent::Arrival(ProducerId(number)));
        }
        self.all.push(producer);
        for (count, think) in Arrivals::closed(&named.config.arrivals) {
            for _ in uninterrupted(0..count, interrupt) {
                let name = self.clients.len() as u32;
                let chance = core.streams.stream(&format!("{path}.clients.{name}"), Purpose::Think);
                let think = think.clone();
                self.clients.push(ClosedClient { producer: number, think, chance });
                self.think(core, name);
            }
        }
    }
}

/// The streams of a producer.
pub(super) fn path_of(name: &str) -> String {
    format!("producers.{name}")
}
