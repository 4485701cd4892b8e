//! Fleets whose size follows their queue.
//!
//! Owns when a fleet's scaler is shown the queue and the fleet, and how long workers that it asks
//! for take until their process starts. Must not know how a scaler decides (`clients::scaling`).

use super::Fleets;
use super::worker::Life;
use crate::clients::scaling::{Counters, Group, Scaler};
use crate::core::Core;
use crate::core::event::FleetEvent;
use crate::facts::deed::{Deed, FleetId};
use crate::facts::observer::Observer;
use crate::kernel::rng::{Purpose, Stream};
use crate::kernel::time::{Span, Time};
use crate::model::fleet_size::FleetSize;

/// What decides the size of one fleet.
#[derive(Clone, Debug)]
pub(super) struct Scaling {
    scaler: Scaler,
    boots: Stream,
}

impl Fleets {
    /// The scaler of a fleet that has one, before its first look.
    pub(super) fn lay_out_scaler<O: Observer>(
        &mut self,
        core: &mut Core<O>,
        fleet: u32,
    ) -> Option<Scaling> {
        let config = &self.configs[fleet as usize];
        let FleetSize::Scaled(scaler) = &config.size else { return None };
        let lag = &core.ledger.config(config.queue).counter_lag;
        let path = &self.paths[fleet as usize];
        let scaler = Scaler::new(scaler, lag, core.streams, path);
        core.calendar.schedule(scaler.next_at(), FleetEvent::Scale(FleetId(fleet)));
        Some(Scaling { scaler, boots: core.streams.stream(path, Purpose::Boot) })
    }

    /// A scaler looks, reads or decides.
    pub(super) fn scale<O: Observer>(&mut self, core: &mut Core<O>, fleet: u32) {
        let id = FleetId(fleet);
        let queue = self.configs[fleet as usize].queue;
        let group = self.group(core.now, fleet);
        let Some(Scaling { scaler, .. }) = &mut self.scalers[fleet as usize] else { return };
        let mut truth = Counters::default();
        for queue in self.configs[fleet as usize].queues() {
            let tally = core.ledger.tally(queue);
            truth.visible += tally.visible;
            truth.in_flight += tally.in_flight;
            truth.delayed += tally.delayed;
        }
        let (readings, calls) = (scaler.readings(), scaler.calls());
        let wanted = scaler.act(core.now, truth, group);
        core.calendar.schedule(scaler.next_at(), FleetEvent::Scale(id));
        if scaler.readings() > readings
            && let Some(read) = scaler.last()
        {
            // A run has no more than its limit of resident messages, which is a tenth of that.
            let number = |count: u64| u32::try_from(count).unwrap_or(u32::MAX);
            let counted = Deed::Counted {
                fleet: id,
                queue,
                visible: number(read.counters.visible),
                in_flight: number(read.counters.in_flight),
                delayed: number(read.counters.delayed),
                calls: number(scaler.calls() - calls),
            };
            core.observer.deed(core.now, &counted);
        }
        // Of those that were protected before, some may go now.
        self.resize(core, fleet, wanted.unwrap_or(group.wanted));
    }

    /// The fleet as its scaler sees it.
    fn group(&self, now: Time, fleet: u32) -> Group {
        let warm_up = match &self.configs[fleet as usize].size {
            FleetSize::Scaled(scaler) => scaler.warm_up(),
            FleetSize::Fixed(_) | FleetSize::Schedule(_) => Span::ZERO,
        };
        let wanted = self.sizes[fleet as usize].wanted;
        let mut group = Group { wanted, ..Group::default() };
        for number in self.staying(fleet) {
            let term = &self.terms[number as usize];
            let is_warm = term.is_first || now.since(term.started) >= warm_up;
            match self.workers[number as usize].life {
                Life::Up if is_warm => group.in_service += 1,
                Life::Up => group.warming += 1,
                Life::Down if !term.has_started => group.warming += 1,
                Life::Down | Life::Leaving | Life::Gone => {}
            }
        }
        group
    }

    /// From when a worker is asked for to the start of its process.
    pub(super) fn boot(&mut self, fleet: u32) -> Span {
        match (&self.configs[fleet as usize].size, &mut self.scalers[fleet as usize]) {
            (FleetSize::Scaled(config), Some(scaling)) => config.boot.sample(&mut scaling.boots),
            (FleetSize::Scaled(_) | FleetSize::Fixed(_) | FleetSize::Schedule(_), _) => Span::ZERO,
        }
    }

    /// Whether a worker may be told to leave because it is one too many.
    pub(super) fn may_leave(&self, number: u32) -> bool {
        let worker = &self.workers[number as usize];
        let protects = match &self.configs[worker.fleet as usize].size {
            FleetSize::Scaled(config) => config.protect,
            FleetSize::Fixed(_) | FleetSize::Schedule(_) => false,
        };
        !protects || (worker.busy == 0 && worker.buffered == 0)
    }
}
