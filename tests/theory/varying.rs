//! Fleets whose size the clock changes: each part of its own is M/M/c again, once the change is
//! forgotten.
//!
//! Owns what is measured apart in each part.

use std::collections::BTreeMap;

use sqsim::facts::deed::Deed;
use sqsim::facts::observer::Observer;
use sqsim::kernel::time::{Span, Time};
use sqsim::ledger::config::QueueId;
use sqsim::ledger::journal::{Change, Journal, MessageId, Step};
use sqsim::model::fleet_size::{FleetSize, Schedule};
use sqsim::stats::recognise::recognise;

use crate::book::{measure, measure_with};
use crate::evidence::{Length, agree, mean, reading, seconds};
use crate::servers::exponential;
use crate::support::{fleet, poisson, producer, queue, scenario, secs};

const REPLICATIONS: u64 = 40;

/// Five servers at load 0.8 and eight at load 0.5: Erlang's C and the mean wait, in works.
const FIVE: (u32, f64, f64) = (5, 0.554_113, 0.554_113);
const EIGHT: (u32, f64, f64) = (8, 0.059_044, 0.014_761);

/// Waits of messages by the part of the schedule in which they were sent.
struct Parts {
    part: Span,
    /// After a change nothing is measured for so long.
    forgotten: Span,
    sent: BTreeMap<MessageId, (usize, Time)>,
    /// In each kind of part: messages, those that waited, and how long in all.
    waits: [(u64, u64, u128); 2],
}

impl Parts {
    fn new(part: Span, forgotten: Span) -> Parts {
        Parts { part, forgotten, sent: BTreeMap::new(), waits: [(0, 0, 0); 2] }
    }

    /// The kind of part that an instant lies in, away from its ends: the last minute has waits that
    /// end in the next one.
    fn kind(&self, at: Time) -> Option<usize> {
        let since = Span::from_nanos(at.as_nanos() % self.part.as_nanos());
        let kind = (at.as_nanos() / self.part.as_nanos() % 2) as usize;
        (since >= self.forgotten && since < self.part - secs(60)).then_some(kind)
    }

    /// The share of messages that waited in one kind of part, and the mean wait in seconds.
    fn of(&self, kind: usize) -> (f64, f64) {
        let (all, waited, nanos) = self.waits[kind];
        (waited as f64 / all as f64, nanos as f64 / 1e9 / all as f64)
    }
}

impl Journal for Parts {
    fn change(&mut self, now: Time, _queue: QueueId, change: &Change) {
        if let Change::Message(message, Step::Sent { .. }) = *change {
            if let Some(kind) = self.kind(now) {
                self.sent.insert(message, (kind, now));
            }
        } else if let Change::Message(message, Step::Received { .. }) = *change
            && let Some((kind, sent)) = self.sent.remove(&message)
        {
            let (all, waited, nanos) = &mut self.waits[kind];
            let wait = now.since(sent).as_nanos();
            *all += 1;
            *waited += u64::from(wait > 0);
            *nanos += u128::from(wait);
        }
    }
}

impl Observer for Parts {
    fn deed(&mut self, _now: Time, _deed: &Deed) {}
}

fn schedule(steps: &[(Span, u32)], every: Option<Span>) -> FleetSize {
    let steps = steps.iter().map(|&(from, count)| (Time::ZERO + from, count)).collect();
    FleetSize::Schedule(Schedule { steps, every })
}

/// Four parts in turn, of five servers and of eight: who leaves does so with a backlog behind, and
/// each part forgets what was before it within twenty relaxation times.
#[test]
fn each_part_of_a_schedule_is_an_m_m_c_of_its_own() {
    let rate = 4.0;
    let forgotten = seconds(Length::at(0.8, 0.01, 1.0).warm_up / 5.0);
    let part = forgotten + secs(3_600);
    let mut scenario =
        scenario(queue(), producer(poisson(rate)), fleet(1, exponential()), part * 4, Span::ZERO);
    scenario.fleets[0].config.size =
        schedule(&[(Span::ZERO, FIVE.0), (part, EIGHT.0)], Some(part * 2));
    assert_eq!(recognise(&scenario, QueueId(0)), None, "no form speaks of the whole");
    agree("M/M/5 and M/M/8 in turn", REPLICATIONS, 0.02, |replication| {
        let parts = Parts::new(part, forgotten);
        let (_, _, parts) = measure_with(&scenario, replication, parts);
        let of = |kind: usize, (count, erlang_c, wait): (u32, f64, f64)| {
            let (waited, mean) = parts.of(kind);
            [
                reading(format!("P(wait) of {count}"), erlang_c, waited).to(0.03),
                reading(format!("Wq of {count}"), wait, mean).to(0.05),
            ]
        };
        of(0, FIVE).into_iter().chain(of(1, EIGHT)).collect()
    });
}

/// Theory speaks of a schedule that never changes, and it is right.
#[test]
fn a_schedule_of_one_number_is_an_m_m_c() {
    let (count, erlang_c, wait) = FIVE;
    let length = Length::at(0.8, 0.02, 1.0);
    let measured = seconds(length.customers / REPLICATIONS as f64 / 4.0);
    let warm_up = seconds(length.warm_up / 5.0);
    let workers = fleet(1, exponential());
    let mut scenario =
        scenario(queue(), producer(poisson(4.0)), workers, warm_up + measured, warm_up);
    scenario.drain = warm_up;
    scenario.fleets[0].config.size =
        schedule(&[(Span::ZERO, count), (measured / 2, count)], Some(measured));
    let said = recognise(&scenario, QueueId(0)).expect("it is an M/M/5");
    assert_eq!(said.name, "M/M/5");
    assert!((said.wait_nanos / 1e9 - wait).abs() < 1e-6, "{said:?}");
    assert!(said.is_reached(&scenario));
    agree("M/M/5 by a schedule", REPLICATIONS, 0.02, |replication| {
        let measured = measure(&scenario, replication);
        let waits = &measured.queues[0].latencies.sent_to_received;
        let at_once = waits.distribution.up_to(0) / waits.count() as f64;
        vec![
            reading("P(wait)", erlang_c, 1.0 - at_once),
            reading("Wq", wait, mean(waits)),
            reading("busy", 4.0, measured.fleets[0].busy.mean()),
        ]
    });
}
