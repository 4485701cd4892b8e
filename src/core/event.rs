//! The closed list of events and their order.
//!
//! Owns [`Event`] and the rank of each. Must not know what an event does.
//!
//! An event is its own timer: there is at most one pending `Thread(7)`. Events of one instant run
//! in the order of their ranks, those of one rank in the order in which they were scheduled. The
//! table below is the only place that names an event, its rank and why it has it.

use crate::facts::deed::{DownstreamId, FleetId, FunctionId, ProducerId, WorkerId};
use crate::kernel::calendar::{Ranked, TimerId};
use crate::ledger::config::QueueId;

/// What an event is of, by number.
trait Numbered: Copy {
    fn of(number: u32) -> Self;
    fn number(self) -> u32;
}

/// From rows `name(number) rank "why there"`, by whose they are: the events of each, all of them
/// in one, their documentation and their timers.
macro_rules! events {
    ($($(#[$about:meta])* $of:ident($own:ident) {
        $($(#[$doc:meta])* $name:ident($id:ident) $rank:literal $why:literal,)*
    })*) => {
        /// Something that is going to happen, by whose it is.
        ///
        /// | rank | event | why here |
        /// |---|---|---|
        $($(#[doc = concat!(
            "| ", $rank, " | [`", stringify!($name), "`](", stringify!($own), "::",
            stringify!($name), ") | ", $why, " |"
        )])*)*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum Event {
            $($(#[$about])* $of($own),)*
        }

        $($(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $own {
            $($(#[$doc])* $name($id),)*
        }

        impl From<$own> for Event {
            #[inline]
            fn from(event: $own) -> Event {
                Event::$of(event)
            }
        })*

        /// All events without their numbers.
        #[derive(Clone, Copy)]
        enum Kind {
            $($($name,)*)*
        }

        impl Event {
            /// Its kind, its rank and its number.
            #[inline]
            fn row(self) -> (Kind, u8, u32) {
                match self {
                    $($(Event::$of($own::$name(id)) => (Kind::$name, $rank, id.number()),)*)*
                }
            }

            /// The event of a timer.
            #[inline]
            fn of(id: TimerId) -> Event {
                let number = id.number();
                match id.kind() {
                    $($(kind if kind == Kind::$name as u8 => {
                        Event::$of($own::$name(Numbered::of(number)))
                    })*)*
                    kind => unreachable!("there is no event of kind {kind}"),
                }
            }
        }
    };
}

events! {
    /// Of the queue service.
    Service(ServiceEvent) {
        /// Something falls due in a queue.
        Due(QueueId) 2 "a visibility timeout or delay that ends at t ends before any call at t",
        /// A queue is purged.
        Purge(QueueId) 3 "removes what is there at t, not what is sent at t",
    }
    /// Of what workers lean on.
    Downstreams(DownstreamEvent) {
        /// A call of a downstream ends, begins or is given up.
        Downstream(DownstreamId) 3 "a call that ends at t makes room for one made at t",
    }
    /// Of the producers.
    Producers(ProducerEvent) {
        /// A producer's call takes effect.
        SendCall(u32) 9 "calls under way come before new arrivals",
        /// The next message of a producer arises.
        Arrival(ProducerId) 10 "new messages at t meet the workers that t freed",
        /// A closed client has thought.
        Client(u32) 10 "as an arrival",
        /// An unfilled batch of sends has waited long enough.
        SendLinger(ProducerId) 11 "after the arrival that may have filled the batch",
    }
    /// Of the fleets of workers.
    Fleets(FleetEvent) {
        /// A worker crashes or starts.
        Life(WorkerId) 0 "a worker that dies at t does nothing at t",
        /// A worker that leaves has had its time of grace.
        Kill(WorkerId) 0 "as a crash",
        /// Hosts of a fleet are asked for, come or go.
        Hosts(FleetId) 1 "as a change of its size",
        /// A fleet begins to exchange its workers.
        Deploy(FleetId) 1 "as a change of its size",
        /// The next of its workers are exchanged.
        Rollout(FleetId) 1 "as a change of its size",
        /// The clock says how many workers a fleet has.
        Size(FleetId) 1 "who leaves at t receives nothing at t, who joins at t may",
        /// A thread's work, or the call it makes about it, comes to its end.
        Thread(u32) 4 "work that ends at t frees its worker for what arrives at t",
        /// A delete in the background takes effect, or what a stopped worker gives back.
        BackgroundCall(u32) 5 "a delete at t comes before a heartbeat or a receive at t",
        /// A thread extends the visibility of what it works on.
        Heartbeat(u32) 6 "not for work that ended at t",
        /// An unfilled batch of deletes has waited long enough.
        DeleteLinger(WorkerId) 7 "after the deletes that may have filled the batch",
        /// The answer to a receive reaches its worker.
        Answer(WorkerId) 8 "a consumer learns at t what it received before t",
        /// A worker polls after a pause.
        Poll(WorkerId) 12 "a poll at t sees all that was sent at t",
        /// A scaler looks at its queue, reads or decides.
        Scale(FleetId) 13 "counters read at t show all that was done at t",
    }
    /// Of the functions.
    Functions(FunctionEvent) {
        /// What a batch waits for: its window, another try, its end, its deletes, its gap.
        Batch(u32) 3 "as a thread: what ends at t frees its place for what arrives at t",
        /// Environments have been idle for long enough.
        Cool(FunctionId) 4 "one that ended at t is warm at t",
        /// The answer to a receive reaches its reader, or a reader polls after a pause.
        Reader(u32) 7 "as an answer to a worker; its poll waits for what is sent at t",
        /// The limit of a mapping grows.
        Grow(FunctionId) 11 "sees the backlog of all that was sent at t",
    }
}

const _: () = assert!(size_of::<Event>() <= 24);

impl Ranked for Event {
    #[inline]
    fn rank(&self) -> u8 {
        self.row().1
    }

    #[inline]
    fn is_standing(&self) -> bool {
        use ProducerEvent::{Arrival, SendLinger};
        matches!(self, Event::Producers(Arrival(_) | SendLinger(_)))
    }

    #[inline]
    fn timer(&self) -> TimerId {
        let (kind, _, number) = self.row();
        TimerId::new(kind as u8, number)
    }

    #[inline]
    fn of_timer(id: TimerId) -> Event {
        Event::of(id)
    }
}

impl Numbered for u32 {
    #[inline]
    fn of(number: u32) -> u32 {
        number
    }

    #[inline]
    fn number(self) -> u32 {
        self
    }
}

impl Numbered for QueueId {
    #[inline]
    fn of(number: u32) -> QueueId {
        QueueId(number)
    }

    #[inline]
    fn number(self) -> u32 {
        self.0
    }
}

impl Numbered for DownstreamId {
    #[inline]
    fn of(number: u32) -> DownstreamId {
        DownstreamId(number)
    }

    #[inline]
    fn number(self) -> u32 {
        self.0
    }
}

impl Numbered for ProducerId {
    #[inline]
    fn of(number: u32) -> ProducerId {
        ProducerId(number)
    }

    #[inline]
    fn number(self) -> u32 {
        self.0
    }
}

impl Numbered for FleetId {
    #[inline]
    fn of(number: u32) -> FleetId {
        FleetId(number)
    }

    #[inline]
    fn number(self) -> u32 {
        self.0
    }
}

impl Numbered for WorkerId {
    #[inline]
    fn of(number: u32) -> WorkerId {
        WorkerId(number)
    }

    #[inline]
    fn number(self) -> u32 {
        self.0
    }
}

impl Numbered for FunctionId {
    #[inline]
    fn of(number: u32) -> FunctionId {
        FunctionId(number)
    }

    #[inline]
    fn number(self) -> u32 {
        self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernel::calendar::Calendar;
    use crate::kernel::time::Time;

    #[test]
    fn an_event_is_found_again_by_its_name() {
        let (worker, queue, producer) = (WorkerId(7), QueueId(7), ProducerId(7));
        let function = FunctionId(7);
        let events: [Event; 24] = [
            ServiceEvent::Due(queue).into(),
            DownstreamEvent::Downstream(DownstreamId(7)).into(),
            ServiceEvent::Purge(queue).into(),
            ProducerEvent::SendCall(7).into(),
            ProducerEvent::Arrival(producer).into(),
            ProducerEvent::Client(7).into(),
            ProducerEvent::SendLinger(producer).into(),
            FleetEvent::Life(worker).into(),
            FleetEvent::Kill(worker).into(),
            FleetEvent::Size(FleetId(7)).into(),
            FleetEvent::Hosts(FleetId(7)).into(),
            FleetEvent::Deploy(FleetId(7)).into(),
            FleetEvent::Rollout(FleetId(7)).into(),
            FleetEvent::Thread(7).into(),
            FleetEvent::BackgroundCall(7).into(),
            FleetEvent::Heartbeat(7).into(),
            FleetEvent::DeleteLinger(worker).into(),
            FleetEvent::Answer(worker).into(),
            FleetEvent::Poll(worker).into(),
            FunctionEvent::Batch(7).into(),
            FunctionEvent::Cool(function).into(),
            FunctionEvent::Reader(7).into(),
            FunctionEvent::Grow(function).into(),
            FleetEvent::Scale(FleetId(7)).into(),
        ];
        for event in events {
            assert_eq!(Event::of_timer(event.timer()), event);
        }
    }

    /// Each before the next.
    #[test]
    fn events_of_one_instant_run_in_the_order_of_their_ranks() {
        let (worker, queue, producer) = (WorkerId(0), QueueId(0), ProducerId(0));
        let ordered: [Event; 14] = [
            FleetEvent::Life(worker).into(),
            FleetEvent::Size(FleetId(0)).into(),
            ServiceEvent::Due(queue).into(),
            ServiceEvent::Purge(queue).into(),
            FleetEvent::Thread(0).into(),
            FleetEvent::BackgroundCall(0).into(),
            FleetEvent::Heartbeat(0).into(),
            FleetEvent::DeleteLinger(worker).into(),
            FleetEvent::Answer(worker).into(),
            ProducerEvent::SendCall(0).into(),
            ProducerEvent::Arrival(producer).into(),
            ProducerEvent::SendLinger(producer).into(),
            FleetEvent::Poll(worker).into(),
            FleetEvent::Scale(FleetId(0)).into(),
        ];
        for pair in ordered.windows(2) {
            let mut calendar: Calendar<Event> = Calendar::with_capacity(2);
            calendar.schedule(Time::ZERO, pair[1]);
            calendar.schedule(Time::ZERO, pair[0]);
            assert_eq!(calendar.pop(), Some((Time::ZERO, pair[0])), "before {:?}", pair[1]);
        }
    }

    /// Arrivals and closed clients share a rank: the one scheduled first comes first.
    #[test]
    fn events_of_one_rank_run_in_the_order_of_their_scheduling() {
        let mut calendar: Calendar<Event> = Calendar::with_capacity(2);
        calendar.schedule(Time::ZERO, ProducerEvent::Client(7));
        calendar.schedule(Time::ZERO, ProducerEvent::Arrival(ProducerId(0)));
        assert_eq!(calendar.pop(), Some((Time::ZERO, ProducerEvent::Client(7).into())));
    }
}
