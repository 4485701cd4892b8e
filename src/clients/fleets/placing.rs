//! Workers that need a place on a host before they start.
//!
//! Owns who waits for one. Must not know where there is room (`clients::scaling::room`), nor how
//! long a worker takes once it has its place (`life`).

use std::collections::VecDeque;

use super::Fleets;
use crate::clients::scaling::room::Room;
use crate::core::Core;
use crate::core::event::FleetEvent;
use crate::facts::deed::FleetId;
use crate::facts::observer::Observer;
use crate::kernel::time::Time;

/// The hosts of one fleet.
#[derive(Clone, Debug)]
pub(super) struct Hosts {
    room: Room,
    /// Who waits for a place, the first to come first.
    waiting: VecDeque<u32>,
}

impl Fleets {
    /// The hosts of a fleet that has some, empty.
    pub(super) fn lay_out_hosts<O: Observer>(&self, core: &Core<O>, fleet: u32) -> Option<Hosts> {
        let config = self.configs[fleet as usize].hosts.as_ref()?;
        let room = Room::new(config, core.streams, &self.paths[fleet as usize]);
        Some(Hosts { room, waiting: VecDeque::new() })
    }

    /// Whether a worker that joined has a place; if not it waits, and begins when it has one.
    pub(super) fn has_host<O: Observer>(&mut self, core: &mut Core<O>, number: u32) -> bool {
        let fleet = self.workers[number as usize].fleet;
        let Some(hosts) = &mut self.hosts[fleet as usize] else { return true };
        let host = hosts.room.ask(core.now);
        self.terms[number as usize].host = host;
        if host.is_none() {
            hosts.waiting.push_back(number);
        }
        self.plan_hosts(core, fleet);
        host.is_some()
    }

    /// A worker has gone, and another one may have its place.
    pub(super) fn leave_host<O: Observer>(&mut self, core: &mut Core<O>, number: u32) {
        let fleet = self.workers[number as usize].fleet;
        let Some(hosts) = &mut self.hosts[fleet as usize] else { return };
        let placed = if let Some(host) = self.terms[number as usize].host.take() {
            hosts.room.leave(core.now, host)
        } else {
            hosts.room.give_up();
            hosts.waiting.retain(|&waits| waits != number);
            None
        };
        let next = placed.and_then(|host| Some((host, hosts.waiting.pop_front()?)));
        if let Some((host, next)) = next {
            self.terms[next as usize].host = Some(host);
            self.begin_life(core, next);
        }
        self.plan_hosts(core, fleet);
    }

    /// Hosts are asked for, come or go.
    pub(super) fn hosts_due<O: Observer>(&mut self, core: &mut Core<O>, fleet: u32) {
        let Some(hosts) = &mut self.hosts[fleet as usize] else { return };
        let placed = hosts.room.act(core.now);
        let count = placed.len();
        let waiting: Vec<u32> = hosts.waiting.drain(..count.min(hosts.waiting.len())).collect();
        for (number, host) in waiting.into_iter().zip(placed) {
            self.terms[number as usize].host = Some(host);
            self.begin_life(core, number);
        }
        self.plan_hosts(core, fleet);
    }

    fn plan_hosts<O: Observer>(&self, core: &mut Core<O>, fleet: u32) {
        let event = FleetEvent::Hosts(FleetId(fleet));
        match &self.hosts[fleet as usize] {
            Some(hosts) if hosts.room.next_at() < Time::NEVER => {
                core.calendar.schedule(hosts.room.next_at(), event);
            }
            Some(_) | None => {
                core.calendar.cancel(event);
            }
        }
    }
}
