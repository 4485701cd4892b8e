//! Facts as sentences.
//!
//! Owns the wording of the text trace. Must not know columns or filters. The words for states and
//! causes are those of `names`; times are exact, nine digits of a second.

use std::io::{self, Write};

use super::names::{Names, action_in_words, cause_in_words, refusal_in_words, state_in_words};
use crate::facts::deed::{Deed, Ending, Returned};
use crate::kernel::time::{Span, Time};
use crate::ledger::journal::{Action, Call, Change, KeySpace, NodeChange, Refusal, State, Step};

/// A length in the form of an instant, `45.100000000s`, so that the two line up.
fn exact(span: Span) -> Time {
    Time::ZERO + span
}

/// `s` unless there is one.
const fn plural(count: u32) -> &'static str {
    if count == 1 { "" } else { "s" }
}

/// Writes what happened in the ledger.
///
/// # Errors
/// Those of `out`.
pub(super) fn of_change(
    out: &mut impl Write,
    names: &Names,
    now: Time,
    change: &Change,
) -> io::Result<()> {
    match *change {
        Change::Message(_, step) => of_message(out, names, now, step),
        Change::Call(call) => of_call(out, names, call),
        Change::KeySpace(ref change) => of_key_space(out, change),
        Change::Node(ref change) => of_node(out, change),
        Change::Oldest(Some(sent)) => write!(out, "the oldest message is of {sent} now"),
        Change::Oldest(None) => write!(out, "no message is there any more"),
    }
}

/// Writes what came of a call.
fn of_call(out: &mut impl Write, names: &Names, call: Call) -> io::Result<()> {
    match call {
        Call::Made { action, .. } => write!(out, "call: {}", action_in_words(action)),
        Call::WentOn { asked, .. } if asked > 0 => {
            write!(out, "a waiting poll asked {asked} partition{}", plural(asked))
        }
        Call::WentOn { chunks, .. } => {
            write!(out, "a waiting poll got {chunks} chunk{} more than one", plural(chunks))
        }
        Call::ReceivedNothing { caller, falsely, over_limit } => {
            let why = match (over_limit, falsely) {
                (true, _) => ": too many messages in flight",
                (false, true) => ", though partitions it heard nothing from had some",
                (false, false) => "",
            };
            write!(out, "{} received nothing{why}", names.caller(caller))
        }
        Call::Throttled { action, partition, messages } => {
            write!(out, "partition {} throttled ", partition.0)?;
            of_refused(out, action, messages)
        }
        Call::Unavailable { action, partition, messages } => {
            write!(out, "too few replicas of partition {} answered ", partition.0)?;
            of_refused(out, action, messages)
        }
    }
}

/// Writes which call was refused.
fn of_refused(out: &mut impl Write, action: Action, messages: u32) -> io::Result<()> {
    write!(out, "a {}", action_in_words(action))?;
    if action == Action::Receive {
        return Ok(());
    }
    write!(out, " of {messages} message{}", plural(messages))
}

/// Writes what happened to the key space.
fn of_key_space(out: &mut impl Write, change: &KeySpace) -> io::Result<()> {
    match *change {
        KeySpace::Opened { partition, first, last } => {
            write!(out, "partition {} opened, keys {first:016x} to {last:016x}", partition.0)
        }
        KeySpace::Closed { partition } => write!(out, "partition {} closed", partition.0),
        KeySpace::Split { parent, left, right, at } => {
            let (parent, left, right) = (parent.0, left.0, right.0);
            write!(out, "partition {parent} split at key {at:016x} into {left} and {right}")
        }
        KeySpace::Merged { left, right, into } => {
            write!(out, "partitions {} and {} merged into {}", left.0, right.0, into.0)
        }
        KeySpace::Refused { partition, reason } => {
            write!(
                out,
                "hot partition {} was not split: {}",
                partition.0,
                refusal_in_words(reason)
            )?;
            match reason {
                Refusal::HotKey { permille } => {
                    write!(out, ", {} % of the samples", f64::from(permille) / 10.0)
                }
                Refusal::NoBalancedKey
                | Refusal::TooManyPartitions
                | Refusal::SingleKey
                | Refusal::Sequential
                | Refusal::TooManyAtOnce => Ok(()),
            }
        }
        KeySpace::Recut { old, new } => write!(out, "{old} partitions became {new}"),
        KeySpace::Begun { reshard, old, new } => {
            write!(out, "change {reshard} of the key space began: {old} to {new} partitions")
        }
        KeySpace::Ended { reshard } => write!(out, "change {reshard} of the key space ended"),
        KeySpace::Sealed { partition } => {
            write!(out, "partition {} sealed: it takes no sends any more", partition.0)
        }
        KeySpace::Drained { partition } => {
            write!(out, "sealed partition {} holds nothing any more", partition.0)
        }
    }
}

/// Writes what happened to a node or a replica.
fn of_node(out: &mut impl Write, change: &NodeChange) -> io::Result<()> {
    match *change {
        NodeChange::Failed { node } => write!(out, "node {} failed", node.0),
        NodeChange::Suspected { node } => {
            write!(out, "node {} is suspected: others lead its partitions", node.0)
        }
        NodeChange::GivenUp { node } => {
            write!(out, "node {} is given up: its replicas are made anew", node.0)
        }
        NodeChange::Returned { node } => {
            write!(out, "node {} is up again and applies what it missed", node.0)
        }
        NodeChange::CaughtUp { node } => write!(out, "node {} answers again", node.0),
        NodeChange::Led { partition, by } => {
            write!(out, "node {} leads partition {} now", by.0, partition.0)
        }
        NodeChange::CopyBegun { partition, source, to } => {
            let (partition, source, to) = (partition.0, source.0, to.0);
            write!(out, "partition {partition} is being copied from node {source} to node {to}")
        }
        NodeChange::CopyDropped { partition, to } => {
            write!(out, "the copy of partition {} to node {} was dropped", partition.0, to.0)
        }
        NodeChange::Moved { partition, from, to } => {
            let (partition, from, to) = (partition.0, from.0, to.0);
            write!(out, "node {to} holds partition {partition} in place of node {from}")
        }
        NodeChange::Counted {
            partitions,
            under_replicated,
            without_write_quorum,
            without_read_quorum,
        } => {
            write!(
                out,
                "{under_replicated} of {partitions} partitions lack a replica, \
                 {without_write_quorum} a write quorum, {without_read_quorum} a read quorum"
            )
        }
    }
}

/// Writes what happened to a message.
fn of_message(out: &mut impl Write, names: &Names, now: Time, step: Step) -> io::Result<()> {
    match step {
        Step::Sent { partition, state, .. } => {
            write!(out, "sent to partition {}, {}", partition.0, state_in_words(state))
        }
        Step::DelayEnded { .. } => write!(out, "visible: its delay is over"),
        Step::Received { caller, receives, until, cause, .. } => {
            write!(out, "received by {}, receive {receives}", names.caller(caller))?;
            if let Some(held) = cause {
                write!(out, " ({})", cause_in_words(held))?;
            }
            write!(out, ", hidden until {until}")
        }
        Step::Deleted { sent, receives, from, .. } => {
            let late = if from == State::Visible { ", though visible again" } else { "" };
            let age = exact(now.since(sent));
            write!(out, "deleted {age} after it came, receive {receives}{late}")
        }
        Step::DeletedNothing { .. } => {
            write!(out, "delete changed nothing: a later receive holds it, or it was gone")
        }
        Step::DeleteLost { .. } => write!(out, "delete confirmed, but a copy survived"),
        Step::ReceiptExpired { .. } => write!(out, "call refused: its receipt is over 12h old"),
        Step::VisibilityChanged { until, .. } => write!(out, "now hidden until {until}"),
        Step::VisibilityRefused { .. } => {
            write!(out, "change of visibility refused: not in flight for this receipt, or over 12h")
        }
        Step::Returned { cause, receives, .. } => {
            write!(out, "visible again after receive {receives} ({})", cause_in_words(cause))
        }
        Step::DeadLettered { to, receives, cause, .. } => {
            let (to, s) = (names.queue(to), plural(receives));
            write!(out, "moved to {to} after {receives} receive{s} ({})", cause_in_words(cause))
        }
        Step::MovedIn { from, .. } => write!(out, "arrived from {}", names.queue(from)),
        Step::Expired { from, .. } => {
            write!(out, "expired while {}: its retention is over", state_in_words(from))
        }
        Step::Purged { from, .. } => write!(out, "purged while {}", state_in_words(from)),
        Step::Undone { sent, receives, .. } => {
            let age = exact(now.since(sent));
            write!(
                out,
                "visible again after receive {receives}, {age} after it came: no replica that \
                 answers has its delete"
            )
        }
    }
}

/// Writes what a client did.
///
/// # Errors
/// Those of `out`.
pub(super) fn of_deed(out: &mut impl Write, names: &Names, deed: &Deed) -> io::Result<()> {
    match *deed {
        Deed::Arrived { producer } => {
            write!(out, "{} has a message", producer_name(names, producer.0))
        }
        Deed::SendConfirmed { producer, messages, waited, .. } => {
            let (name, s) = (producer_name(names, producer.0), plural(messages));
            write!(out, "{name} sent {messages} message{s}")?;
            if waited.is_zero() {
                return Ok(());
            }
            write!(out, " that waited {} for a connection", exact(waited))
        }
        Deed::SendRetried { producer, messages } => {
            let (name, s) = (producer_name(names, producer.0), plural(messages));
            write!(out, "{name} was refused and will send {messages} message{s} again")
        }
        Deed::GivenUp { producer, messages } => {
            let (name, s) = (producer_name(names, producer.0), plural(messages));
            write!(out, "{name} gave up {messages} message{s}")
        }
        Deed::Began { worker, thread, receives, .. } => {
            let name = names.worker(worker);
            write!(out, "{name} began work in thread {thread}, receive {receives}")
        }
        Deed::Ended { worker, took, how, .. } => ended(out, &names.worker(worker), took, how),
        Deed::Joined { worker, .. } => write!(out, "{} joined its fleet", names.worker(worker)),
        Deed::Left { worker, .. } => {
            write!(out, "{} leaves its fleet and receives no more", names.worker(worker))
        }
        Deed::Resized { fleet, wanted } => {
            let (name, s) = (names.fleet(fleet), plural(wanted));
            write!(out, "{name}: {wanted} worker{s} wanted from now on")
        }
        Deed::Killed { worker, held, .. } => {
            let (name, s) = (names.worker(worker), plural(held));
            write!(out, "{name} is killed, holding {held} message{s}")
        }
        Deed::Counted { fleet, visible, in_flight, delayed, .. } => {
            let name = names.fleet(fleet);
            write!(out, "{name} reads {visible} visible, {in_flight} in flight, {delayed} delayed")
        }
        Deed::Deployed { fleet } => {
            write!(out, "{}: its workers are exchanged from now on", names.fleet(fleet))
        }
        Deed::Stopped { worker, .. } => write!(out, "{} has stopped", names.worker(worker)),
        Deed::Started { worker } => write!(out, "{} started", names.worker(worker)),
        Deed::Crashed { worker } => write!(out, "{} crashed", names.worker(worker)),
        Deed::Called { .. }
        | Deed::CallBegun { .. }
        | Deed::CallEnded { .. }
        | Deed::CallRefused { .. }
        | Deed::CallGivenUp { .. } => of_downstream(out, names, deed),
        Deed::Invoked { .. }
        | Deed::InvocationEnded { .. }
        | Deed::InvocationThrottled { .. }
        | Deed::ReceivesBurnt { .. }
        | Deed::EnvironmentGone { .. }
        | Deed::LimitChanged { .. } => of_function(out, names, deed),
        Deed::Busy { worker, busy, .. } => {
            write!(out, "{} has {busy} busy thread{}", names.worker(worker), plural(busy))
        }
    }
}

/// What a function did.
#[expect(clippy::wildcard_enum_match_arm, reason = "other deeds are of other clients")]
fn of_function(out: &mut impl Write, names: &Names, deed: &Deed) -> io::Result<()> {
    match *deed {
        Deed::Invoked { environment, messages, cold, .. } => {
            let (name, s) = (names.worker(environment), plural(messages));
            let how = if cold { "starts cold and" } else { "is invoked and" };
            write!(out, "{name} {how} gets {messages} message{s}")
        }
        Deed::InvocationEnded { environment, how, billed, .. } => {
            let (name, billed) = (names.worker(environment), exact(billed));
            let how = match how {
                Returned::Succeeded => "succeeded",
                Returned::InPart => "failed in part",
                Returned::Failed => "failed with its whole batch",
                Returned::TimedOut => "timed out with its whole batch",
            };
            write!(out, "{name} {how}; {billed} are billed")
        }
        Deed::InvocationThrottled { function, messages } => {
            let (name, s) = (names.function(function), plural(messages));
            write!(out, "{name} has no concurrency free for a batch of {messages} message{s}")
        }
        Deed::ReceivesBurnt { function, messages } => {
            let (name, s) = (names.function(function), plural(messages));
            write!(out, "{name} gave up {messages} message{s} whose visibility timeout had ended")
        }
        Deed::EnvironmentGone { environment, .. } => {
            write!(out, "{} is gone", names.worker(environment))
        }
        Deed::LimitChanged { function, limit, was } => {
            let name = names.function(function);
            write!(out, "{name} may have {limit} invocations at once, {was} before")
        }
        _ => Ok(()),
    }
}

/// Writes how the work on a message ended.
fn ended(out: &mut impl Write, name: &str, took: Span, how: Ending) -> io::Result<()> {
    let took = exact(took);
    match how {
        Ending::Done => write!(out, "{name} did it in {took}"),
        Ending::Duplicate => write!(out, "{name} did it in {took}, once more than needed"),
        Ending::Recognised => write!(out, "{name} saw in {took} that it was done before"),
        Ending::Failed => write!(out, "{name} failed after {took}"),
        Ending::Crashed => write!(out, "{name} crashed {took} into the work"),
        Ending::Killed => write!(out, "{name} was killed {took} into the work"),
    }
}

/// Writes what became of a call of a downstream.
#[expect(clippy::wildcard_enum_match_arm, reason = "no other deed is told to it")]
fn of_downstream(out: &mut impl Write, names: &Names, deed: &Deed) -> io::Result<()> {
    match *deed {
        Deed::Called { worker, downstream, attempt, .. } => {
            let (name, to) = (names.worker(worker), names.downstream(downstream));
            match attempt {
                1 => write!(out, "{name} calls {to}"),
                _ => write!(out, "{name} calls {to}, try {attempt}"),
            }
        }
        Deed::CallBegun { worker, downstream, waited } => {
            let (name, to) = (names.worker(worker), names.downstream(downstream));
            write!(out, "{to} begins the call of {name}")?;
            if waited.is_zero() {
                return Ok(());
            }
            write!(out, " that waited {}", exact(waited))
        }
        Deed::CallEnded { worker, downstream, used, failed, heard } => {
            let (name, to) = (names.worker(worker), names.downstream(downstream));
            let how = if failed { "fails" } else { "has done" };
            write!(out, "{to} {how} the call of {name} after {}", exact(used))?;
            if heard { Ok(()) } else { write!(out, ", which had given it up") }
        }
        Deed::CallRefused { worker, downstream } => {
            write!(
                out,
                "{} refuses the call of {}",
                names.downstream(downstream),
                names.worker(worker)
            )
        }
        Deed::CallGivenUp { worker, downstream, dies, under_way, goes_on } => {
            let (name, to) = (names.worker(worker), names.downstream(downstream));
            let why = if dies { "dies in" } else { "gives up" };
            let how = if under_way { "was worked on" } else { "waited" };
            write!(out, "{name} {why} its call to {to}, which {how}")?;
            if goes_on { write!(out, " and goes on") } else { Ok(()) }
        }
        _ => Ok(()),
    }
}

fn producer_name(names: &Names, producer: u32) -> &str {
    &names.producers[producer as usize].0
}
