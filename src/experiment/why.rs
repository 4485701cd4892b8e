//! Why a message's fate parts between two systems.
//!
//! Owns the causes and their words. A cause is named only if it is read off the two worlds, or off
//! their settings, where the fates part; the most telling one first. Must not search for the
//! parting.

use crate::engine::fates::{Parting, Side};
use crate::engine::situation::{AtWork, Situation};
use crate::facts::deed::{Deed, Ending, FunctionId, WorkerId};
use crate::facts::fact::Fact;
use crate::kernel::time::{Span, Time};
use crate::ledger::config::{QueueConfig, QueueId};
use crate::ledger::journal::{Action, Call, Change, MessageId, Step};
use crate::model::clients::{FleetConfig, ProducerConfig};
use crate::model::course::Course;
use crate::model::scenario::{Named, Scenario};

/// One system at the parting.
#[derive(Clone, Copy)]
struct View<'a> {
    /// `a` or `b`.
    name: &'static str,
    scenario: &'a Scenario,
    side: &'a Side,
    message: MessageId,
    at: Time,
}

/// The cause, as a sentence; `None` if nothing that can be read off tells it.
pub(super) fn why(scenarios: [&Scenario; 2], parting: &Parting) -> Option<String> {
    let Parting { message, at, ref sides } = *parting;
    let view = |which: usize| View {
        name: ["a", "b"][which],
        scenario: scenarios[which],
        side: &sides[which],
        message,
        at,
    };
    // The one that did something, and the one that did not or did something else.
    let does = usize::from(sides[0].parted(at).is_none());
    let (x, y) = (view(does), view(1 - does));
    let fact = x.side.parted(at)?;
    if y.side.situation.over {
        return Some(format!("in {} the run was over", y.name));
    }
    let cause = match fact {
        Fact::Change(_, Change::Message(_, step)) => of_step(x, y, &step),
        Fact::Deed(Deed::Began { .. }) => began(x, y).or_else(|| settings(x, y)),
        Fact::Deed(Deed::Ended { took, how, .. }) => ended(x, y, took, how),
        Fact::Change(..) | Fact::Deed(_) => None,
    };
    cause.or_else(|| other_worker(x, y))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the others have no cause that is known")]
fn of_step(x: View<'_>, y: View<'_>, step: &Step) -> Option<String> {
    match *step {
        Step::Deleted { .. } => deleted(x, y).or_else(|| settings(x, y)),
        Step::Sent { .. } => sent(x, y),
        Step::Received { .. } => received(x, y),
        Step::Returned { .. } => returned(x, y),
        Step::DeadLettered { .. } => dead_lettered(x, y),
        Step::Expired { .. } => queue_setting(x, y, "retention", |q| q.retention.to_string()),
        Step::DelayEnded {} => queue_setting(x, y, "delay", |q| q.delay.to_string()),
        Step::Purged { .. } => queue_setting(x, y, "purges", |q| format!("{:?}", q.purges))
            .map(|_| format!("in {} the queue was purged", x.name)),
        _ => None,
    }
}

impl View<'_> {
    fn seen(&self) -> &Situation {
        &self.side.situation
    }

    fn queue(&self) -> Option<&Named<QueueConfig>> {
        self.side.queue.map(|QueueId(number)| &self.scenario.queues[number as usize])
    }

    /// The fleet of a worker, and its number there.
    fn place(&self, WorkerId(number): WorkerId) -> Option<(&Named<FleetConfig>, u32)> {
        let (fleet, member) = Course::from(self.scenario).workers().nth(number as usize)?;
        Some((&self.scenario.fleets[fleet], member))
    }

    /// The name of a worker, or of a function, whoever of its readers or environments it is.
    fn worker(&self, worker: WorkerId) -> String {
        if let Some(FunctionId(function)) = worker.function() {
            return self.scenario.functions[function as usize].name.clone();
        }
        match self.place(worker) {
            Some((fleet, member)) => format!("{}.{member}", fleet.name),
            None => "a worker that joined late".to_owned(),
        }
    }

    /// A worker of the other system, and that this one has none of its name, if so.
    fn foreign(&self, other: View<'_>, worker: WorkerId) -> String {
        let name = other.worker(worker);
        let missing = if worker.function().is_some() {
            self.scenario.functions.iter().all(|own| own.name != name)
        } else {
            other.place(worker).is_some_and(|(fleet, member)| {
                let own = self.scenario.fleets.iter().find(|own| own.name == fleet.name);
                own.is_none_or(|own| own.config.size.most() <= member)
            })
        };
        if missing { format!("{name}, which {} does not have,", self.name) } else { name }
    }

    /// A call of this kind that the message's queue refused at the instant, in words.
    fn refusal(&self, wanted: Action) -> Option<&'static str> {
        self.side.instant.iter().find_map(|fact| match *fact {
            Fact::Change(queue, Change::Call(Call::Throttled { action, .. }))
                if Some(queue) == self.side.queue && action == wanted =>
            {
                Some("throttled")
            }
            Fact::Change(queue, Change::Call(Call::Unavailable { action, .. }))
                if Some(queue) == self.side.queue && action == wanted =>
            {
                Some("refused for lack of replicas that answer")
            }
            Fact::Change(..) | Fact::Deed(_) => None,
        })
    }

    /// What the fleets that receive from the message's queue are.
    fn fleets(&self) -> impl Iterator<Item = &Named<FleetConfig>> {
        let own = |fleet: &&Named<FleetConfig>| {
            self.side.queue.is_some_and(|queue| fleet.config.receives_from(queue))
        };
        self.scenario.fleets.iter().filter(own)
    }
}

/// A call that one queue refused and the other did not.
fn refused(x: View<'_>, y: View<'_>, action: Action, word: &str) -> Option<String> {
    let how = y.refusal(action).filter(|_| x.refusal(action).is_none())?;
    Some(format!("in {} a {word} was {how} at that instant, in {} none was", y.name, x.name))
}

fn sent(x: View<'_>, y: View<'_>) -> Option<String> {
    let state = |view: View<'_>| match view.side.parted(view.at) {
        Some(Fact::Change(_, Change::Message(_, Step::Sent { state, .. }))) => Some(state),
        Some(_) | None => None,
    };
    if state(y).is_some_and(|own| Some(own) != state(x)) {
        return queue_setting(x, y, "delay", |q| q.delay.to_string());
    }
    let refused = refused(x, y, Action::Send, "send");
    let cause = refused.or_else(|| silent(x, y)).or_else(|| producers(x, y));
    let cause = cause.or_else(|| other_worker(x, y))?;
    let from_here = "messages are numbered in the order of their sends, so from here on one number \
                     need not be one message";
    Some(format!("{cause}; {from_here}"))
}

/// Only producers send to the message's queue: no worker sends on to it.
fn only_producers(view: View<'_>) -> bool {
    let mut fleets = view.scenario.fleets.iter();
    !fleets.any(|fleet| fleet.config.forward.is_some() && fleet.config.forward == view.side.queue)
}

/// Producers that had sent all they were to send.
fn silent(x: View<'_>, y: View<'_>) -> Option<String> {
    let silent = Time::ZERO + y.scenario.duration;
    let ended = silent < x.at && x.scenario.duration > y.scenario.duration;
    (ended && only_producers(x)).then(|| format!("in {} producers fell silent at {silent}", y.name))
}

/// A producer of the message's queue that is not set alike.
fn producers(x: View<'_>, y: View<'_>) -> Option<String> {
    if !only_producers(x) || !only_producers(y) {
        return None;
    }
    let own = |view: View<'_>| {
        let producers = view.scenario.producers.iter();
        let own = producers.filter(|producer| Some(producer.config.queue) == view.side.queue);
        // The queue is the same, whatever its number.
        let alike = |producer: &Named<ProducerConfig>| {
            let config = ProducerConfig { queue: QueueId(0), ..producer.config.clone() };
            Named { name: producer.name.clone(), config }
        };
        own.map(alike).collect::<Vec<_>>()
    };
    let (first, second) = (own(x), own(y));
    let differs = first.iter().find(|producer| !second.contains(producer));
    let differs = differs.or_else(|| second.iter().find(|producer| !first.contains(producer)))?;
    Some(format!("producers.{} is not the same in both", differs.name))
}

fn received(x: View<'_>, y: View<'_>) -> Option<String> {
    if let Some(Fact::Change(_, Change::Message(_, Step::DeadLettered { .. }))) =
        y.side.parted(y.at)
    {
        return dead_lettered(y, x);
    }
    if y.side.parted(y.at).is_some() {
        return None;
    }
    if let Some(cause) = refused(x, y, Action::Receive, "receive") {
        return Some(cause);
    }
    let (seen, other) = (y.seen(), x.seen());
    if seen.full && !other.full {
        let (in_flight, fewer) = (seen.in_flight, other.in_flight);
        let cap = x.queue()?.config.max_in_flight;
        return Some(format!(
            "in {} max_in_flight was reached with {in_flight}; in {} {fewer} of {cap} were in \
             flight",
            y.name, x.name
        ));
    }
    let was = came_to(x, y)?;
    fewer_at_once(x, y)
        .or_else(|| nobody(y).map(|nobody| format!("{nobody}; {was}")))
        .or_else(|| in_its_place(x, y))
}

/// What the worker did that received the message in `x`, before it did.
fn came_to(x: View<'_>, y: View<'_>) -> Option<String> {
    let AtWork { worker, up, threads, busy, waits, .. } = x.seen().worker?;
    let name = y.foreign(x, worker);
    let what = match (up, waits) {
        (false, _) => "started at that instant",
        (true, true) => "waited in a long poll",
        (true, false) if busy < threads => "had a free thread and polled",
        (true, false) => "came free at that instant",
    };
    Some(format!("in {} {name} {what}", x.name))
}

/// Why nobody could take the message.
fn nobody(y: View<'_>) -> Option<String> {
    let Situation { workers, up, threads, busy, waiting, answering, pausing, .. } = *y.seen();
    let name = y.name;
    if workers == 0 {
        return Some(format!("in {name} nobody was there to receive it"));
    }
    if up == 0 {
        return Some(format!("in {name} none of {workers} workers was up"));
    }
    if waiting > 0 {
        return None;
    }
    let down = if up < workers {
        format!(", {} of {workers} workers were down", workers - up)
    } else {
        String::new()
    };
    let others = match y.seen().visible {
        0 | 1 => String::new(),
        2 => ", another message waited with it".to_owned(),
        more => format!(", {} other messages waited with it", more - 1),
    };
    if busy == threads {
        let all = if threads == 1 {
            "the only thread was".to_owned()
        } else {
            format!("all {threads} threads were")
        };
        return Some(format!("in {name} {all} busy{down}{others}"));
    }
    let polls = [(answering, "awaited an answer on its way"), (pausing, "paused between polls")];
    let polls = polls.into_iter().filter(|(count, _)| *count > 0);
    let polls: Vec<String> =
        polls.map(|(count, what)| format!("{count} of {up} workers {what}")).collect();
    let polls = if polls.is_empty() { String::new() } else { format!(": {}", polls.join(", ")) };
    Some(format!(
        "in {name} no poll waited{polls}; {busy} of {threads} threads were busy{down}{others}"
    ))
}

/// The same worker took fewer messages.
fn fewer_at_once(x: View<'_>, y: View<'_>) -> Option<String> {
    let worker = x.seen().worker?.worker;
    let name = x.worker(worker);
    let took = |view: View<'_>| {
        let own = |fact: &&Fact| match **fact {
            Fact::Change(_, Change::Message(_, Step::Received { caller, .. })) => {
                view.worker(WorkerId(caller.0)) == name
            }
            Fact::Change(..) | Fact::Deed(_) => false,
        };
        view.side.instant.iter().filter(own).count()
    };
    let (more, fewer) = (took(x), took(y));
    (0 < fewer && fewer < more).then(|| {
        format!(
            "in {} {name} received {more} messages at that instant, in {} {fewer}",
            x.name, y.name
        )
    })
}

/// Another message was received instead.
fn in_its_place(x: View<'_>, y: View<'_>) -> Option<String> {
    let of = |view: View<'_>| {
        let received = view.side.instant.iter().filter_map(move |fact| match *fact {
            Fact::Change(queue, Change::Message(message, Step::Received { partition, .. }))
                if Some(queue) == view.side.queue =>
            {
                Some((message, partition))
            }
            Fact::Change(..) | Fact::Deed(_) => None,
        });
        received.collect::<Vec<_>>()
    };
    let (own, others) = (of(x), of(y));
    let known = |message: MessageId| own.iter().any(|(own, _)| *own == message);
    let (instead, partition) = others.into_iter().find(|(message, _)| !known(*message))?;
    let (_, from) = own.into_iter().find(|(message, _)| *message == x.message)?;
    Some(format!(
        "in {} it was received from partition {}, in {} m{} was received from partition {} instead",
        x.name, from.0, y.name, instead.0, partition.0
    ))
}

/// The message came to a free thread earlier than in the other run.
fn began(x: View<'_>, y: View<'_>) -> Option<String> {
    let worker = y.seen().worker?;
    let name = y.worker(worker.worker);
    let AtWork { threads, busy, .. } = worker;
    if worker.in_transit {
        return Some(format!("in {} the answer that holds it was on its way to {name}", y.name));
    }
    let with = y.foreign(x, x.seen().worker?.worker);
    (busy == threads).then(|| {
        format!(
            "in {} it waited in the buffer of {name}, which had {busy} of {threads} threads busy; \
             in {} {with} had a free thread",
            y.name, x.name
        )
    })
}

fn ended(x: View<'_>, y: View<'_>, took: Span, how: Ending) -> Option<String> {
    let cut_off = |how: Ending| if how == Ending::Killed { "was killed" } else { "crashed" };
    if how.is_cut_off() {
        return Some(format!("in {} its worker {}", x.name, cut_off(how)));
    }
    match y.side.next? {
        (_, Fact::Deed(Deed::Ended { how, .. })) if how.is_cut_off() => {
            Some(format!("in {} its worker {}", y.name, cut_off(how)))
        }
        (_, Fact::Deed(Deed::Ended { took: other, .. })) if other != took => {
            Some(format!("its work takes {took} in {} and {other} in {}", x.name, y.name))
        }
        _ => fleet_setting(x, y, "failure", |fleet| format!("{:?}", fleet.failure)),
    }
}

fn returned(x: View<'_>, y: View<'_>) -> Option<String> {
    let given_back = x.side.instant.iter().any(|fact| match *fact {
        Fact::Change(_, Change::Message(message, Step::VisibilityChanged { .. })) => {
            message == x.message
        }
        Fact::Change(..) | Fact::Deed(_) => false,
    });
    let (own, other) = (x.seen().story.until?, y.seen().story.until?);
    if given_back {
        return Some(format!(
            "in {} its worker gave it back; in {} it is hidden until {other}",
            x.name, y.name
        ));
    }
    (own != other).then(|| {
        format!(
            "in {} its visibility timeout ended at {own}; in {} it ends at {other}",
            x.name, y.name
        )
    })
}

fn deleted(x: View<'_>, y: View<'_>) -> Option<String> {
    let lost = y.side.instant.iter().any(|fact| match *fact {
        Fact::Change(_, Change::Message(message, Step::DeleteLost {})) => message == y.message,
        Fact::Change(..) | Fact::Deed(_) => false,
    });
    if lost {
        return Some(format!("in {} its delete was confirmed, but a copy survived", y.name));
    }
    let cause = refused(x, y, Action::Delete, "delete").or_else(|| other_worker(x, y))?;
    let batches = |view: View<'_>| view.fleets().any(|fleet| fleet.config.delete.batch > 1);
    if !batches(x) || !batches(y) {
        return Some(cause);
    }
    let gone =
        |fact: &&Fact| matches!(fact, Fact::Change(_, Change::Message(_, Step::Deleted { .. })));
    let together = x.side.instant.iter().filter(gone).count();
    Some(format!(
        "{cause}; each worker sends its deletes in batches of its own, in {} {together} took \
         effect together",
        x.name
    ))
}

fn dead_lettered(x: View<'_>, y: View<'_>) -> Option<String> {
    queue_setting(x, y, "redrive.max_receives", |queue| {
        queue.redrive.map_or("none".to_owned(), |redrive| redrive.max_receives.to_string())
    })
}

/// The message is with different workers.
fn other_worker(x: View<'_>, y: View<'_>) -> Option<String> {
    let [own, other] = [x, y].map(|view| view.seen().story.worker);
    let (own, other) = (own?, other?);
    let (name, others) = (x.worker(own), y.worker(other));
    (name != others).then(|| {
        let [own, other] = [y.foreign(x, own), x.foreign(y, other)];
        let (own, other) = (own.trim_end_matches(','), other.trim_end_matches(','));
        format!("in {} it was with {own}, in {} with {other}", x.name, y.name)
    })
}

/// A setting of the message's queue that is not the same in both.
fn queue_setting(
    x: View<'_>,
    y: View<'_>,
    name: &str,
    value: impl Fn(&QueueConfig) -> String,
) -> Option<String> {
    let (own, other) = (x.queue()?, y.queue()?);
    let [first, second] = [&own.config, &other.config].map(value);
    (first != second)
        .then(|| format!("the queue's {name} is {first} in {} and {second} in {}", x.name, y.name))
}

/// A setting of the fleets at the message's queue that is not the same in both.
fn fleet_setting(
    x: View<'_>,
    y: View<'_>,
    name: &str,
    value: impl Fn(&FleetConfig) -> String,
) -> Option<String> {
    let all = |view: View<'_>| view.fleets().map(|fleet| value(&fleet.config)).collect::<Vec<_>>();
    (all(x) != all(y))
        .then(|| format!("the {name} of those who receive it is not the same in both"))
}

/// Settings of those who receive the message that are not the same in both.
fn settings(x: View<'_>, y: View<'_>) -> Option<String> {
    fleet_setting(x, y, "call latency", |fleet| format!("{:?}", fleet.call_latency))
        .or_else(|| fleet_setting(x, y, "way of deleting", |fleet| format!("{:?}", fleet.delete)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::situation::Story;
    use crate::facts::deed::FleetId;
    use crate::ledger::journal::{Caller, Held, PartitionId, State};
    use crate::scenario::load::from_text;

    const AT: Time = Time::from_nanos(15_000_000_000);
    const MESSAGE: MessageId = MessageId(7);
    const JOBS: QueueId = QueueId(0);
    const OTHER: QueueId = QueueId(1);

    /// One worker and two others receive from one queue.
    fn scenario() -> Scenario {
        let text = r#"(
            duration: "20s",
            queues: {"jobs": (), "other": ()},
            producers: {"web": (queue: "jobs", arrivals: Constant("10/s"))},
            consumers: {
                "workers": (queue: "jobs", count: 1, processing: Constant("1s")),
                "others": (queue: "jobs", count: 2, processing: Constant("1s")),
            },
        )"#;
        let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        let loaded = from_text("a.ron", text, &[], &no_files);
        loaded.unwrap_or_else(|faults| panic!("{faults}")).scenario
    }

    fn worker(number: u32) -> AtWork {
        let worker = WorkerId(number);
        AtWork { worker, up: true, threads: 1, busy: 0, waits: false, in_transit: false }
    }

    /// Nothing happens to the message here.
    fn idle(situation: Situation) -> Side {
        Side { queue: Some(JOBS), next: None, instant: Vec::new(), situation }
    }

    /// This happens to the message at the instant of the parting, by a worker.
    fn does(fact: Fact, by: AtWork) -> Side {
        let situation = Situation { worker: Some(by), ..Situation::default() };
        Side { queue: Some(JOBS), next: Some((AT, fact)), instant: vec![fact], situation }
    }

    fn change(change: Change) -> Fact {
        Fact::Change(JOBS, change)
    }

    fn received(queue: QueueId, message: u64, partition: u32, by: u32) -> Fact {
        let (message, partition, caller) = (MessageId(message), PartitionId(partition), Caller(by));
        let (receives, sent, until, cause) = (1, Time::ZERO, Time::NEVER, None);
        let fact = Change::Message(
            message,
            Step::Received { caller, partition, receives, sent, until, cause },
        );
        Fact::Change(queue, fact)
    }

    /// The cause if `a` and `b` are set so, and the same with names exchanged.
    #[track_caller]
    fn cause(scenarios: [&Scenario; 2], sides: [&Side; 2]) -> String {
        let of = |which: [usize; 2]| {
            let sides = which.map(|which| sides[which].clone());
            let parting = Parting { message: MESSAGE, at: AT, sides };
            why(which.map(|which| scenarios[which]), &parting).unwrap_or_default()
        };
        let (found, mut exchanged) = (of([0, 1]), of([1, 0]) + " ");
        for words in ["in", "which"] {
            let [a, b] = ["a", "b"].map(|name| format!("{words} {name} "));
            exchanged = exchanged.replace(&a, "\0").replace(&b, &a).replace('\0', &b);
        }
        let exchanged = exchanged.replace("in b long poll", "in a long poll");
        assert_eq!(found, exchanged.trim_end(), "there and back");
        found
    }

    /// Why nobody received it in b, if a worker in this state did in a.
    fn not_received(by: AtWork, b: Situation) -> String {
        let plain = scenario();
        cause([&plain; 2], [&does(received(JOBS, 7, 0, by.worker.0), by), &idle(b)])
    }

    #[test]
    fn the_state_of_the_worker_tells_how_it_came_to_the_message() {
        let nobody = "in b nobody was there to receive it; in a";
        let cases = [
            (AtWork { up: false, ..worker(0) }, "workers.0 started at that instant"),
            (AtWork { waits: true, ..worker(1) }, "others.0 waited in a long poll"),
            (worker(2), "others.1 had a free thread and polled"),
            (AtWork { busy: 1, ..worker(0) }, "workers.0 came free at that instant"),
        ];
        for (by, expected) in cases {
            assert_eq!(not_received(by, Situation::default()), format!("{nobody} {expected}"));
        }
    }

    #[test]
    fn why_nobody_received_it_is_counted() {
        let all = Situation {
            workers: 3,
            up: 3,
            threads: 3,
            busy: 3,
            visible: 1,
            ..Situation::default()
        };
        let cases = [
            (Situation { up: 0, ..all }, "none of 3 workers was up"),
            (all, "all 3 threads were busy"),
            (
                Situation { visible: 2, ..all },
                "all 3 threads were busy, another message waited with it",
            ),
            (
                Situation { visible: 3, ..all },
                "all 3 threads were busy, 2 other messages waited with it",
            ),
            (
                Situation { up: 1, threads: 1, busy: 1, ..all },
                "the only thread was busy, 2 of 3 workers were down",
            ),
            (
                Situation { busy: 0, answering: 2, pausing: 1, ..all },
                "no poll waited: 2 of 3 workers awaited an answer on its way, 1 of 3 workers \
                 paused between polls; 0 of 3 threads were busy",
            ),
            (Situation { busy: 1, ..all }, "no poll waited; 1 of 3 threads were busy"),
        ];
        for (b, expected) in cases {
            let was = "in a workers.0 had a free thread and polled";
            assert_eq!(not_received(worker(0), b), format!("in b {expected}; {was}"));
        }
        let waiting = Situation { busy: 2, waiting: 1, ..all };
        assert_eq!(not_received(worker(0), waiting), "", "somebody could have");
    }

    #[test]
    fn a_full_queue_is_told_with_its_cap() {
        let full = Situation { full: true, in_flight: 120_000, workers: 1, ..Situation::default() };
        assert_eq!(
            not_received(worker(0), full),
            "in b max_in_flight was reached with 120000; in a 0 of 120000 were in flight"
        );
    }

    /// Another message of the same queue, which the other system did not receive then.
    #[test]
    fn another_message_in_its_place_is_told_with_both_partitions() {
        let plain = scenario();
        let mut a = does(received(JOBS, 7, 1, 0), worker(0));
        a.instant.insert(0, received(JOBS, 8, 3, 0));
        let waiting = Situation { workers: 3, up: 3, waiting: 1, ..Situation::default() };
        let mut b = idle(waiting);
        b.instant =
            vec![received(OTHER, 5, 4, 0), received(JOBS, 8, 3, 0), received(JOBS, 9, 2, 0)];
        assert_eq!(
            cause([&plain; 2], [&a, &b]),
            "in a it was received from partition 1, in b m9 was received from partition 2 instead"
        );
    }

    #[test]
    fn fewer_messages_of_one_receive_are_counted() {
        let plain = scenario();
        let mut a = does(received(JOBS, 7, 0, 0), worker(0));
        a.instant.push(received(JOBS, 8, 0, 0));
        let mut b = idle(Situation { workers: 3, up: 3, waiting: 1, ..Situation::default() });
        b.instant = vec![received(JOBS, 8, 0, 0), received(JOBS, 9, 0, 1)];
        assert_eq!(
            cause([&plain; 2], [&a, &b]),
            "in a workers.0 received 2 messages at that instant, in b 1"
        );
        b.instant = vec![received(JOBS, 8, 0, 0), received(JOBS, 9, 0, 0)];
        assert_eq!(
            cause([&plain; 2], [&a, &b]),
            "in a it was received from partition 0, in b m9 was received from partition 0 instead",
            "as many, but another one"
        );
    }

    #[test]
    fn a_refused_call_of_that_kind_and_queue_is_the_cause() {
        let plain = scenario();
        let a = does(received(JOBS, 7, 0, 0), worker(0));
        let (partition, messages) = (PartitionId(0), 1);
        let throttled = |action| Change::Call(Call::Throttled { action, partition, messages });
        let unavailable = |action| Change::Call(Call::Unavailable { action, partition, messages });
        let of = |facts: Vec<Fact>| {
            cause([&plain; 2], [&a, &Side { instant: facts, ..idle(Situation::default()) }])
        };
        assert_eq!(
            of(vec![change(throttled(Action::Receive))]),
            "in b a receive was throttled at that instant, in a none was"
        );
        assert_eq!(
            of(vec![change(unavailable(Action::Receive))]),
            "in b a receive was refused for lack of replicas that answer at that instant, in a \
             none was"
        );
        let others = [
            Fact::Change(OTHER, throttled(Action::Receive)),
            Fact::Change(OTHER, unavailable(Action::Receive)),
            change(throttled(Action::Send)),
            change(unavailable(Action::Send)),
        ];
        assert!(of(others.to_vec()).starts_with("in b nobody was there"), "calls of another kind");
    }

    #[test]
    fn work_that_began_later_waited_on_its_way_or_in_a_buffer() {
        let (long, mut short) = (scenario(), scenario());
        short.fleets[1].config.size = 1.into();
        let (worker_id, thread, queue) = (WorkerId(2), 0, JOBS);
        let began = Deed::Began { worker: worker_id, thread, queue, message: MESSAGE, receives: 1 };
        let a = does(Fact::Deed(began), worker(2));
        let with = |by| idle(Situation { worker: Some(by), workers: 1, ..Situation::default() });
        let of = |by| cause([&long, &short], [&a, &with(by)]);
        assert_eq!(
            of(AtWork { in_transit: true, ..worker(0) }),
            "in b the answer that holds it was on its way to workers.0"
        );
        assert_eq!(
            of(AtWork { busy: 1, ..worker(0) }),
            "in b it waited in the buffer of workers.0, which had 1 of 1 threads busy; in a \
             others.1, which b does not have, had a free thread"
        );
        assert_eq!(of(worker(0)), "", "a thread was free");
    }

    #[test]
    fn deletes_are_lost_or_sent_by_another_worker_in_its_own_batch() {
        let plain = scenario();
        let mut batched = scenario();
        batched.fleets[1].config.delete.batch = 10;
        let gone = |message| {
            let (sent, receives, from) = (Time::ZERO, 1, State::InFlight);
            change(Change::Message(MessageId(message), Step::Deleted { sent, receives, from }))
        };
        let story = |number| Story { worker: Some(WorkerId(number)), until: None };
        let mut a = does(gone(7), worker(0));
        a.instant.push(gone(8));
        a.situation.story = story(0);
        let mut b = idle(Situation { story: story(1), ..Situation::default() });
        let with = "in a it was with workers.0, in b with others.0";
        assert_eq!(cause([&plain; 2], [&a, &b]), with);
        assert_eq!(cause([&batched, &plain], [&a, &b]), with);
        assert_eq!(
            cause([&batched; 2], [&a, &b]),
            format!(
                "{with}; each worker sends its deletes in batches of its own, in a 2 took effect \
                 together"
            )
        );
        b.instant = vec![change(Change::Message(MessageId(8), Step::DeleteLost {}))];
        assert_eq!(cause([&plain; 2], [&a, &b]), with, "another message's");
        b.instant = vec![change(Change::Message(MESSAGE, Step::DeleteLost {}))];
        assert_eq!(
            cause([&plain; 2], [&a, &b]),
            "in b its delete was confirmed, but a copy survived"
        );
        b = idle(Situation { story: story(0), ..Situation::default() });
        assert_eq!(cause([&plain; 2], [&a, &b]), "", "with the same worker and settings");
        let mut late = scenario();
        late.fleets[0].config.call_latency = late.fleets[0].config.processing.clone();
        assert_eq!(
            cause([&plain, &late], [&a, &b]),
            "the call latency of those who receive it is not the same in both"
        );
        assert_eq!(
            cause([&plain, &batched], [&a, &b]),
            "the way of deleting of those who receive it is not the same in both"
        );
    }

    #[test]
    fn a_message_that_returned_was_given_back_or_its_timeout_ended() {
        let plain = scenario();
        let returned =
            Change::Message(MESSAGE, Step::Returned { cause: Held::Failed, receives: 1 });
        let until = |secs| Some(Time::ZERO + Span::from_secs(secs));
        let story = |secs| Story { worker: Some(WorkerId(0)), until: until(secs) };
        let mut a = does(change(returned), worker(0));
        a.situation.story = story(15);
        let b = idle(Situation { story: story(40), ..Situation::default() });
        let ended = "in a its visibility timeout ended at 15s; in b it ends at 40s";
        let in_full = |text: String| text.replace(".000000000s", "s");
        assert_eq!(in_full(cause([&plain; 2], [&a, &b])), ended);
        let set = |message| change(Change::Message(message, Step::VisibilityChanged { until: AT }));
        a.instant.push(set(MessageId(8)));
        assert_eq!(in_full(cause([&plain; 2], [&a, &b])), ended, "another message's");
        a.instant.push(set(MESSAGE));
        assert_eq!(
            in_full(cause([&plain; 2], [&a, &b])),
            "in a its worker gave it back; in b it is hidden until 40s"
        );
    }

    /// 15 s are beyond the producers of the shorter run, unless they end then.
    #[test]
    fn producers_that_fell_silent_are_the_cause_after_their_end() {
        let long = scenario();
        let sent = Change::Message(
            MESSAGE,
            Step::Sent { partition: PartitionId(0), state: State::Visible },
        );
        let (a, b) = (does(change(sent), worker(0)), idle(Situation::default()));
        let of = |secs, forwards| {
            let (mut x, mut y) = (long.clone(), long.clone());
            y.duration = Span::from_secs(secs);
            x.fleets[0].config.forward = forwards;
            cause([&x, &y], [&a, &b])
        };
        let silent = |secs: u64| format!("in b producers fell silent at {secs}s; messages");
        let short = |text: String| text.replace(".000000000s", "s");
        assert!(short(of(14, None)).starts_with(&silent(14)), "{}", of(14, None));
        assert_eq!(of(15, None), "", "they end at that instant");
        assert_eq!(of(14, Some(JOBS)), "", "a worker may have sent it");
        assert!(short(of(14, Some(OTHER))).starts_with(&silent(14)), "it sends elsewhere");
        assert_eq!(of(20, None), "", "both run as long");
        let mut short_one = long.clone();
        short_one.duration = Span::from_secs(14);
        assert_eq!(cause([&short_one; 2], [&a, &b]), "", "both fell silent at once");
    }
    #[test]
    fn a_message_that_is_delayed_in_one_queue_alone_follows_its_delay() {
        let (plain, mut delayed) = (scenario(), scenario());
        delayed.queues[0].config.delay = Span::from_secs(5);
        let put = |state| {
            let partition = PartitionId(0);
            does(change(Change::Message(MESSAGE, Step::Sent { partition, state })), worker(0))
        };
        let sides = [put(State::Visible), put(State::Delayed)];
        let parting = Parting { message: MESSAGE, at: AT, sides };
        assert_eq!(
            why([&plain, &delayed], &parting).as_deref(),
            Some("the queue's delay is 0s in a and 5s in b")
        );
    }

    #[test]
    fn producers_are_compared_where_nobody_else_sends() {
        let (plain, mut slow) = (scenario(), scenario());
        slow.producers[0].config.batch = 7;
        let partition = PartitionId(0);
        let sent = Change::Message(MESSAGE, Step::Sent { partition, state: State::Visible });
        let (a, b) = (does(change(sent), worker(0)), idle(Situation::default()));
        let found = cause([&plain, &slow], [&a, &b]);
        assert!(found.starts_with("producers.web is not the same in both; messages"), "{found}");
        slow.fleets[0].config.forward = Some(JOBS);
        assert_eq!(cause([&plain, &slow], [&a, &b]), "", "one of them sends on");
    }

    #[test]
    fn work_that_ends_in_a_crash_in_either_run_is_told() {
        let plain = scenario();
        let ended = |how, took| {
            Fact::Deed(Deed::Ended {
                worker: WorkerId(0),
                fleet: FleetId(0),
                thread: 0,
                queue: JOBS,
                message: MESSAGE,
                sent: Time::ZERO,
                took: Span::from_secs(took),
                how,
            })
        };
        let a = does(ended(Ending::Done, 1), worker(0));
        let of = |how, took| {
            let next = Some((AT + Span::from_secs(1), ended(how, took)));
            cause([&plain; 2], [&a, &Side { next, ..idle(Situation::default()) }])
        };
        assert_eq!(of(Ending::Crashed, 2), "in b its worker crashed");
        assert!(of(Ending::Done, 2).starts_with("its work takes 1"), "{}", of(Ending::Done, 2));
        assert_eq!(of(Ending::Failed, 1), "", "the same work and settings");
    }
}
