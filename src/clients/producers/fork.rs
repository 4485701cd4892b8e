//! How producers take other settings on.
//!
//! Owns what becomes of arrivals, closed clients and connections at a fork. Must not know which
//! settings may change: `scenario::fork` finds those that may not before anything runs.
//!
//! Invariant: a producer that takes on what it follows already is not touched.

use std::collections::BTreeMap;

use super::Producers;
use super::arrivals::Arrivals;
use super::layout::path_of;
use crate::core::Core;
use crate::core::event::{Event, ProducerEvent};
use crate::facts::deed::ProducerId;
use crate::facts::observer::Observer;
use crate::kernel::time::Time;
use crate::model::clients::ProducerConfig;
use crate::model::scenario::Named;

impl Producers {
    /// Follows `to` from now on; `from` is what it followed.
    pub fn follow<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        from: &[Named<ProducerConfig>],
        to: &[Named<ProducerConfig>],
    ) {
        let mut moved = BTreeMap::new();
        for (number, (from, to)) in (0..).zip(Named::pairs(from, to)) {
            if from.config != to.config {
                self.all[number as usize].reconfigure(&to.config);
                self.use_connections(core, number);
            }
            if from.config.arrivals != to.config.arrivals {
                let next = self.arrive_as(core, number, from, &to.config);
                moved.insert(number, (ProducerEvent::Arrival(ProducerId(number)), next));
            }
        }
        core.move_in_turn(&moved, |event| match event {
            Event::Producers(ProducerEvent::Arrival(producer)) => Some(producer.0),
            Event::Producers(ProducerEvent::Client(client)) => {
                Some(self.clients[client as usize].producer)
            }
            Event::Producers(ProducerEvent::SendCall(_) | ProducerEvent::SendLinger(_))
            | Event::Service(_)
            | Event::Downstreams(_)
            | Event::Fleets(_)
            | Event::Functions(_) => None,
        });
    }

    /// Its next arrival.
    fn arrive_as<O: Observer>(
        &mut self,
        core: &Core<O>,
        number: u32,
        from: &Named<ProducerConfig>,
        to: &ProducerConfig,
    ) -> Option<Time> {
        let (before, after) = (&from.config.arrivals, &to.arrivals);
        let thinks =
            Arrivals::closed(after).flat_map(|(count, think)| (0..count).map(move |_| think));
        let first = self.clients.partition_point(|client| client.producer < number);
        for (client, think) in self.clients[first..].iter_mut().zip(thinks) {
            client.think.clone_from(think);
        }
        let arrivals = &mut self.all[number as usize].arrivals;
        arrivals.change(core.now, before, after, core.streams, &path_of(&from.name))
    }
}
