//! How many workers a fleet has, and who joins and leaves when that changes.
//!
//! Owns the number that is wanted, the places of a fleet's workers, and the choice of those that
//! leave. Must not know how a worker lives (`life`), nor why a number is wanted.
//!
//! A place is for one worker at a time: when it has gone, the next that joins has its place, with
//! its name and its streams of chance, the first of the free ones first. A fleet has a place for
//! each worker that it may want at once; there are more only while some take long to leave.

use super::Fleets;
use super::worker::Life;
use crate::clients::scaling::room::HostId;
use crate::core::Core;
use crate::core::event::FleetEvent;
use crate::facts::deed::{Deed, FleetId, WorkerId};
use crate::facts::observer::Observer;
use crate::kernel::time::Time;

/// What a fleet knows of one of its workers that its work does not touch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Term {
    /// The worker's place in its fleet.
    pub(super) member: u32,
    /// Who joined before has a lower number.
    pub(super) joined: u32,
    /// It has started since it joined, and when it last did.
    pub(super) has_started: bool,
    pub(super) started: Time,
    /// It is there since the start of the run.
    pub(super) is_first: bool,
    /// Where it is placed, if that matters.
    pub(super) host: Option<HostId>,
    /// It leaves, or starts, for a deploy: its place is not free.
    pub(super) comes_back: bool,
}

impl Term {
    /// That of a place which nobody has yet.
    pub(super) fn of(member: u32) -> Term {
        Term {
            member,
            joined: 0,
            has_started: false,
            started: Time::ZERO,
            is_first: false,
            host: None,
            comes_back: false,
        }
    }
}

/// How many workers a fleet has.
#[derive(Clone, Debug, Default)]
pub(super) struct Size {
    /// So many are to be there.
    pub(super) wanted: u32,
    /// The rows of its workers, by their places.
    pub(super) places: Vec<u32>,
}

impl Fleets {
    /// How many workers a fleet is to have from now on, if settings say it. When that next changes
    /// is planned.
    pub(super) fn follow_clock<O: Observer>(&mut self, core: &mut Core<O>, fleet: u32) {
        let size = &self.configs[fleet as usize].size;
        let (count, next) = (size.at(core.now), size.next_step(core.now));
        if let Some(at) = next {
            core.calendar.schedule(at, FleetEvent::Size(FleetId(fleet)));
        }
        if let Some(count) = count {
            self.resize(core, fleet, count);
        }
    }

    /// So many workers are to be there from now on: some join and start, or some leave.
    pub(super) fn resize<O: Observer>(&mut self, core: &mut Core<O>, fleet: u32, wanted: u32) {
        self.want(core, fleet, wanted);
        self.let_leave(core, fleet);
        for number in self.let_join(core, fleet) {
            self.settle_in(core, number);
        }
    }

    /// So many are to be there.
    pub(super) fn want<O: Observer>(&mut self, core: &mut Core<O>, fleet: u32, wanted: u32) {
        let size = &mut self.sizes[fleet as usize];
        if size.wanted != wanted {
            size.wanted = wanted;
            core.observer.deed(core.now, &Deed::Resized { fleet: FleetId(fleet), wanted });
        }
    }

    /// Whether a worker is there and not leaving for good.
    pub(super) fn stays(&self, number: u32) -> bool {
        match self.workers[number as usize].life {
            Life::Down | Life::Up => true,
            Life::Leaving => self.terms[number as usize].comes_back,
            Life::Gone => false,
        }
    }

    /// The workers of a fleet that stay, by their places.
    pub(super) fn staying(&self, fleet: u32) -> impl Iterator<Item = u32> {
        let rows = self.sizes[fleet as usize].places.iter().copied();
        rows.filter(|&number| self.stays(number))
    }

    /// Those that are too many leave.
    pub(super) fn let_leave<O: Observer>(&mut self, core: &mut Core<O>, fleet: u32) {
        let mut leaving: Vec<u32> = self.staying(fleet).collect();
        let too_many = leaving.len().saturating_sub(self.sizes[fleet as usize].wanted as usize);
        // Who has not begun yet is missed least, and then who came last: as groups of instances
        // and of pods do it when nothing else is said.
        leaving.sort_by_key(|&number| {
            let term = &self.terms[number as usize];
            (term.has_started && !term.comes_back, std::cmp::Reverse(term.joined))
        });
        leaving.retain(|&number| self.may_leave(number));
        leaving.truncate(too_many);
        leaving.sort_unstable();
        for number in leaving {
            if self.workers[number as usize].life == Life::Leaving {
                self.comes_back(core, number, false);
            } else {
                self.leave(core, number, false);
            }
        }
    }

    /// Those that are missing join: their rows, in the order in which they are to begin.
    pub(super) fn let_join<O: Observer>(&mut self, core: &mut Core<O>, fleet: u32) -> Vec<u32> {
        let there = self.staying(fleet).count() as u32;
        let missing = self.sizes[fleet as usize].wanted.saturating_sub(there);
        let places = &self.sizes[fleet as usize].places;
        let free = |&number: &u32| self.workers[number as usize].life == Life::Gone;
        let mut joining: Vec<u32> =
            places.iter().copied().filter(free).take(missing as usize).collect();
        while joining.len() < missing as usize {
            joining.push(self.place_worker(core, fleet));
        }
        for &number in &joining {
            let joined = Deed::Joined { worker: WorkerId(number), fleet: FleetId(fleet) };
            core.observer.deed(core.now, &joined);
            self.take_place(core, number);
        }
        self.choose_look_ahead();
        joining
    }
}
