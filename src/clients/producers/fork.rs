//! How producers take other settings on.
//!
//! Owns what becomes of arrivals, closed clients and connections at a fork. Must not know which
//! settings may change: `scenario::fork` finds those that may not before anything runs.
//!
//! Invariant: a producer that takes on what it follows already is not touched.

use super::Producers;
use super::arrivals::Arrivals;
use super::layout::path_of;
use crate::core::Core;
use crate::core::event::ProducerEvent;
use crate::facts::deed::ProducerId;
use crate::facts::observer::Observer;
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
        for (number, (from, to)) in (0..).zip(Named::pairs(from, to)) {
            if from.config != to.config {
                self.reconfigure(core, number, from, &to.config);
            }
        }
    }

    fn reconfigure<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        number: u32,
        from: &Named<ProducerConfig>,
        to: &ProducerConfig,
    ) {
        let producer = &mut self.all[number as usize];
        producer.reconfigure(to);
        let (before, after) = (&from.config.arrivals, &to.arrivals);
        if before != after {
            let path = path_of(&from.name);
            let next = producer.arrivals.change(core.now, before, after, core.streams, &path);
            core.calendar.cancel(ProducerEvent::Arrival(ProducerId(number)));
            if let Some(next) = next {
                core.calendar.schedule(next, ProducerEvent::Arrival(ProducerId(number)));
            }
            let thinks =
                Arrivals::closed(after).flat_map(|(count, think)| (0..count).map(move |_| think));
            let first = self.clients.partition_point(|client| client.producer < number);
            for (client, think) in self.clients[first..].iter_mut().zip(thinks) {
                client.think.clone_from(think);
            }
        }
        self.use_connections(core, number);
    }
}
