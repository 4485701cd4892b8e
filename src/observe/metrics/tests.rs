//! What metrics measure of a run's facts.
//!
//! Owns random histories in which parts rest, and what producers did in them, counted plainly.

use super::*;
use crate::facts::deed::{Ending, ProducerId, Returned, WorkerId};
use crate::kernel::rng::{Draws, Source};
use crate::ledger::journal::{
    Action, Call, Caller, Census, Held, KeySpace, MessageId, NodeChange, PartitionId, State, Step,
};
use crate::observe::measured::{ProducerCounts, ProducerMeasured, ProducerWindow, Series};

fn at(secs: u64) -> Time {
    Time::ZERO + Span::from_secs(secs)
}

/// Measured from 10 to 20 s, in windows of 4 s, of a run of 30 s.
fn metrics_frame() -> Frame {
    Frame {
        window: (at(10), at(20)),
        end: at(30),
        series: Span::from_secs(4),
        partitions: Vec::new(),
        producers: 1,
        fleets: vec![(4, 1)],
        downstreams: Vec::new(),
        functions: Vec::new(),
    }
}

fn metrics() -> Metrics {
    Metrics::new(&metrics_frame())
}

fn tell(metrics: &mut Metrics, secs: u64, deed: Deed) {
    metrics.time(at(secs));
    metrics.deed(at(secs), &deed);
}

const PRODUCER: ProducerId = ProducerId(0);

/// Nine messages arise before the window and eleven in it; of calls with three messages each
/// one is stored before and two are in it, one is tried again and one given up.
#[test]
fn producers_are_counted_message_by_message() {
    let mut metrics = metrics();
    let arrived = Deed::Arrived { producer: PRODUCER };
    let (waited, took) = (Span::from_nanos(5), Span::from_nanos(7));
    let sent = Deed::SendConfirmed { producer: PRODUCER, messages: 3, waited, took };
    for _ in 0..9 {
        tell(&mut metrics, 9, arrived);
    }
    tell(&mut metrics, 9, sent);
    for _ in 0..11 {
        tell(&mut metrics, 10, arrived);
    }
    tell(&mut metrics, 12, sent);
    tell(&mut metrics, 13, sent);
    tell(&mut metrics, 14, Deed::SendRetried { producer: PRODUCER, messages: 3 });
    tell(&mut metrics, 15, Deed::GivenUp { producer: PRODUCER, messages: 3 });
    tell(&mut metrics, 20, arrived);
    let print = metrics.fingerprint().hash();
    let measured = metrics.finish(at(30), 99, &[]);
    let expected = ProducerMeasured {
        arrived_in_all: 20,
        counts: ProducerCounts { arrived: 11, sent: 6, throttled: 6, retried: 3, given_up: 3 },
        held_back: (9 - 3, 20 - 9 - 3),
        waited: 2 * 15,
        calling: 2 * 21,
        series: measured.producers[0].series.clone(),
    };
    assert_eq!(measured.producers, [expected]);
    assert_eq!(measured.fleets[0].threads_each, 4);
    assert_eq!((measured.fingerprint, measured.events), (print, 99));
    assert_ne!(print, Fingerprint::default().hash());
}

/// How many windows a series has, how much of the measured window there is.
#[test]
fn a_run_that_ends_early_has_a_shorter_window() {
    let ended = |told: u64, end: u64| {
        let mut metrics = metrics();
        tell(&mut metrics, told, Deed::Arrived { producer: PRODUCER });
        let measured = metrics.finish(at(end), 0, &[]);
        let (from, to) = measured.window;
        (measured.fleets[0].series.len(), from.since(Time::ZERO), to.since(from))
    };
    let secs = Span::from_secs;
    assert_eq!(ended(1, 30), (8, secs(10), secs(10)), "seven of 4 s and one of 2 s");
    assert_eq!(ended(1, 28), (7, secs(10), secs(10)), "a whole number of windows");
    assert_eq!(ended(1, 17), (5, secs(10), secs(7)));
    assert_eq!(ended(1, 10), (3, secs(10), Span::ZERO));
    assert_eq!(ended(1, 7), (2, secs(7), Span::ZERO), "it has not begun");
    // Something happened at the last instant: the window that begins there has no length.
    assert_eq!(ended(28, 28), (8, secs(10), secs(10)));
}

/// Something that metrics are told.
#[derive(Clone, Debug)]
enum Fact {
    Change(u32, Change),
    Threads(u32, ThreadTime, ThreadTime),
    Deed(Deed),
}

impl Metrics {
    fn hear(&mut self, now: Time, fact: &Fact) {
        match *fact {
            Fact::Change(queue, ref change) => self.change(now, QueueId(queue), change),
            Fact::Threads(fleet, from, to) => self.threads(now, FleetId(fleet), 1, from, to),
            Fact::Deed(ref deed) => self.deed(now, deed),
        }
    }
}

/// Random histories of what can happen, each part of which often rests.
struct History {
    draws: Draws,
    /// Messages of each queue: visible, in flight, delayed.
    queues: [[u64; 3]; 3],
    /// Changes of partitions under way.
    resharding: [u64; 3],
    threads: [ThreadTime; 2],
    /// Messages that a producer has not sent.
    held_back: [u64; 2],
}

impl History {
    fn new(seed: u64) -> History {
        History {
            draws: Draws::new(seed),
            queues: [[0; 3]; 3],
            resharding: [0; 3],
            threads: [ThreadTime::Gone; 2],
            held_back: [0; 2],
        }
    }

    fn below(&mut self, n: u64) -> u64 {
        self.draws.below(n)
    }

    /// What happens at `now`.
    fn next(&mut self, now: Time) -> Fact {
        match self.below(4) {
            0 => self.of_producer(),
            1 => self.of_fleet(now),
            _ => self.of_queue(now),
        }
    }

    fn of_producer(&mut self) -> Fact {
        let at = self.below(2) as usize;
        let producer = ProducerId(at as u32);
        if self.held_back[at] == 0 || self.below(2) == 0 {
            self.held_back[at] += 1;
            return Fact::Deed(Deed::Arrived { producer });
        }
        self.held_back[at] -= 1;
        Fact::Deed(if self.below(3) == 0 {
            Deed::GivenUp { producer, messages: 1 }
        } else {
            let (waited, took) = (Span::from_nanos(self.below(9)), Span::ZERO);
            Deed::SendConfirmed { producer, messages: 1, waited, took }
        })
    }

    fn of_fleet(&mut self, sent: Time) -> Fact {
        let fleet = self.below(2) as usize;
        let parts = [ThreadTime::Down, ThreadTime::Idle, ThreadTime::Working];
        let to = [parts[self.below(3) as usize], ThreadTime::Calling][self.below(2) as usize];
        let from = std::mem::replace(&mut self.threads[fleet], to);
        if from != to {
            return Fact::Threads(fleet as u32, from, to);
        }
        let how = [Ending::Done, Ending::Duplicate][self.below(2) as usize];
        let (worker, thread, fleet) = (WorkerId(0), 0, FleetId(fleet as u32));
        let (queue, message, took) = (QueueId(0), MessageId(0), Span::from_nanos(5));
        Fact::Deed(Deed::Ended { worker, fleet, thread, queue, message, sent, took, how })
    }

    fn of_queue(&mut self, now: Time) -> Fact {
        let (at, choice) = (self.below(3) as usize, self.below(16));
        let [visible, in_flight, delayed] = self.queues[at];
        let mut step = |step: Step, change: [i64; 3]| {
            let counts = self.queues[at].iter_mut().zip(change);
            counts.for_each(|(count, by)| *count = count.wrapping_add_signed(by));
            Change::Message(MessageId(7), step)
        };
        let partition = PartitionId(0);
        let (receives, cause) = (1, Held::Working);
        let change = match choice {
            0 => step(Step::Sent { partition, state: State::Visible }, [1, 0, 0]),
            1 => step(Step::Sent { partition, state: State::Delayed }, [0, 0, 1]),
            2 | 3 if visible > 0 => {
                let taken = Step::Received {
                    receives,
                    caller: Caller(0),
                    partition,
                    sent: now,
                    cause: None,
                    until: now,
                };
                step(taken, [-1, 1, 0])
            }
            4 if in_flight > 0 => {
                let sent = Time::from_nanos(now.as_nanos() / 2);
                step(Step::Deleted { sent, receives, from: State::InFlight }, [0, -1, 0])
            }
            5 if in_flight > 0 => step(Step::Returned { receives, cause }, [1, -1, 0]),
            6 if delayed > 0 => step(Step::DelayEnded {}, [1, 0, -1]),
            7 if visible > 0 => step(Step::Purged { from: State::Visible }, [-1, 0, 0]),
            8 => Change::Oldest(Some(now)),
            9 | 10 => Change::Oldest(None),
            11 => {
                let action = Action::Send;
                Call::Throttled { action, partition, messages: 2 }.into()
            }
            12 if self.resharding[at] > 0 => {
                self.resharding[at] -= 1;
                KeySpace::Ended { reshard: 0 }.into()
            }
            12 => {
                self.resharding[at] += 1;
                KeySpace::Begun { reshard: 0, old: 1, new: 2 }.into()
            }
            13 => {
                let under_replicated = self.below(3) as u32;
                NodeChange::from(Census { partitions: 9, under_replicated, ..Census::default() })
                    .into()
            }
            _ => {
                let action = Action::Receive;
                Call::Made { action, asked: 1, chunks: 1 }.into()
            }
        };
        Fact::Change(at as u32, change)
    }
}

/// What producers did, window by window, counted as plainly as can be.
#[derive(Default)]
struct Plain {
    now: [ProducerWindow; 2],
    all: [Vec<ProducerWindow>; 2],
}

impl Plain {
    fn hear(&mut self, fact: &Fact) {
        let Fact::Deed(deed) = *fact else { return };
        if let Deed::Arrived { producer: ProducerId(at) } = deed {
            self.now[at as usize].arrived += 1;
            self.now[at as usize].held_back += 1;
        } else if let Deed::GivenUp { producer: ProducerId(at), .. } = deed {
            self.now[at as usize].given_up += 1;
            self.now[at as usize].held_back -= 1;
        } else if let Deed::SendConfirmed { producer: ProducerId(at), waited, .. } = deed {
            self.now[at as usize].sent += 1;
            self.now[at as usize].waited += u128::from(waited.as_nanos());
            self.now[at as usize].held_back -= 1;
        }
    }

    fn close(&mut self) {
        for (now, all) in self.now.iter_mut().zip(&mut self.all) {
            all.push(*now);
            let held_back = now.held_back;
            *now = ProducerWindow { held_back, ..ProducerWindow::default() };
        }
    }
}

/// Windows of 10 ns, measured from 104 to 303 of a run of 405; much happens at the edge of a
/// window, and parts rest through many.
fn frame_of_three() -> Frame {
    let at = Time::from_nanos;
    Frame {
        window: (at(104), at(303)),
        end: at(405),
        series: Span::from_nanos(10),
        partitions: vec![1; 3],
        producers: 2,
        fleets: vec![(1, 1); 2],
        downstreams: Vec::new(),
        functions: Vec::new(),
    }
}

/// Beside metrics that are woken whenever a window has begun, so that all windows are closed.
#[test]
fn what_rests_tells_what_it_would_have_told() {
    for seed in 0..300 {
        let mut history = History::new(seed);
        let frame = frame_of_three();
        let (mut metrics, mut awake) = (Metrics::new(&frame), Metrics::new(&frame));
        let mut plain = Plain::default();
        let often = 1 + history.below(40);
        let (mut now, mut edge) = (0, 10);
        let opened = KeySpace::Opened { partition: PartitionId(0), first: 0, last: u64::MAX };
        for queue in 0..3 {
            let opened = Fact::Change(queue, opened.into());
            for one in [&mut metrics, &mut awake] {
                one.hear(Time::ZERO, &opened);
            }
        }
        while now < 405 {
            while edge <= now {
                awake.time(Time::from_nanos(edge));
                awake.wake();
                plain.close();
                edge += 10;
            }
            let at = Time::from_nanos(now);
            for one in [&mut metrics, &mut awake] {
                one.time(at);
            }
            awake.wake();
            let fact = history.next(at);
            plain.hear(&fact);
            for one in [&mut metrics, &mut awake] {
                one.hear(at, &fact);
            }
            now += match history.below(often) {
                0 => history.below(100),
                1 => edge - now,
                _ => history.below(3),
            };
        }
        while edge <= 405 {
            awake.time(Time::from_nanos(edge));
            awake.wake();
            plain.close();
            edge += 10;
        }
        plain.close();
        let end = Time::from_nanos(405);
        let nothing = [Leftover::default(); 3];
        let [metrics, awake] = [metrics, awake].map(|one| one.finish(end, 0, &nothing));
        for (found, expected) in metrics.producers.iter().zip(plain.all) {
            assert_eq!(found.series.iter().copied().collect::<Vec<_>>(), expected);
        }
        let [found, expected] = [metrics, awake].map(|one| format!("{one:#?}"));
        let differ = found.lines().zip(expected.lines()).find(|(one, other)| one != other);
        assert_eq!(differ, None, "seed {seed}");
    }
}

/// Of three queues, two fleets and two producers one each is told something in 40 windows.
#[test]
fn only_what_is_told_something_is_closed() {
    let mut metrics = Metrics::new(&frame_of_three());
    metrics.hear(Time::ZERO, &Fact::Change(1, Change::Oldest(None)));
    for window in 0..40 {
        let now = Time::from_nanos(10 * window + 5);
        metrics.time(now);
        let (action, asked, chunks) = (Action::Receive, 1, 1);
        metrics.hear(now, &Fact::Change(0, Call::Made { action, asked, chunks }.into()));
        metrics.hear(now, &Fact::Threads(0, ThreadTime::Gone, ThreadTime::Idle));
        metrics.hear(now, &Fact::Deed(Deed::Arrived { producer: PRODUCER }));
    }
    metrics.time(Time::from_nanos(400));
    let told = |metrics: &Metrics| {
        let queues = metrics.queues.iter().map(|meter| meter.windows.told());
        let fleets = metrics.fleets.iter().map(|meter| meter.windows.told());
        let producers = metrics.producers.iter().map(|meter| meter.windows.told());
        queues.chain(fleets).chain(producers).collect::<Vec<_>>()
    };
    // At 104 and 303 all are measured: those windows are the eleventh and the thirty-first.
    assert_eq!(metrics.past.windows, 40);
    assert_eq!(told(&metrics), [40, 31, 31, 40, 31, 40, 0]);
    let measured = metrics.finish(Time::from_nanos(405), 0, &[Leftover::default(); 3]);
    let kept = |queue: usize| {
        let series: &Series<_> = &measured.queues[queue].series;
        (series.len(), series.kept())
    };
    assert_eq!([kept(0), kept(1)], [(41, 2), (41, 1)]);
}

/// A fleet, a function and a downstream in windows of 4 s: each is told something at 1 s, nothing
/// in the second window, and something at 9 s, when they have rested.
#[test]
fn counts_of_parts_stand_in_the_windows_in_which_they_happened() {
    let mut metrics = Metrics::new(&Frame {
        downstreams: vec![DownstreamBound::Pool { connections: 2 }],
        functions: vec![128],
        ..metrics_frame()
    });
    let (fleet, worker) = (FleetId(0), WorkerId(0));
    let (function, downstream) = (FunctionId(0), DownstreamId(0));
    let environment = WorkerId::of_function(function, 0);
    let killed = Deed::Killed { worker, fleet, held: 2 };
    let invoked = Deed::Invoked { environment, function, messages: 1, cold: false };
    let throttled = Deed::InvocationThrottled { function, messages: 1 };
    let how = Returned::Failed;
    let failed = Deed::InvocationEnded { environment, function, how, billed: Span::ZERO };
    let called = Deed::Called { worker, thread: 0, downstream, attempt: 1 };
    let begun = Deed::CallBegun { worker, downstream, waited: Span::ZERO };
    let ended = |failed, heard| {
        let used = Span::ZERO;
        Deed::CallEnded { worker, downstream, used, failed, heard }
    };
    for deed in [Deed::Deployed { fleet }, killed, killed, invoked, throttled, called, begun] {
        tell(&mut metrics, 1, deed);
    }
    for deed in [killed, failed, ended(false, true), called, begun, ended(true, true)] {
        tell(&mut metrics, 9, deed);
    }
    for deed in [called, begun, ended(false, false)] {
        tell(&mut metrics, 9, deed);
    }
    let measured = metrics.finish(at(12), 0, &[]);
    let fleet = &measured.fleets[0].series;
    let of_fleet: Vec<_> = fleet.iter().map(|window| (window.killed, window.deploys)).collect();
    assert_eq!(of_fleet, [(2, 1), (0, 0), (1, 0)]);
    let function = measured.functions[0].series.iter();
    let of_function: Vec<_> =
        function.map(|window| [window.invocations, window.throttles, window.failures]).collect();
    assert_eq!(of_function, [[1, 1, 0], [0; 3], [0, 0, 1]]);
    let calls = measured.downstreams[0].series.iter();
    let of_calls: Vec<_> = calls
        .map(|window| [window.calls, window.begun, window.done, window.failed, window.unheard])
        .collect();
    assert_eq!(of_calls, [[1, 1, 0, 0, 0], [0; 5], [2, 2, 1, 1, 1]]);
}
