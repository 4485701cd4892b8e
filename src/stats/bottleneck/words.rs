//! What a verdict says.
//!
//! Owns the sentences and the order of their figures, so that the figures of several runs can be
//! averaged and said once. Must not know where a figure comes from.

use super::Limit;
use crate::kernel::time::Span;

/// What was found; its documentation names the figures, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finding {
    /// Of a queue: share of the calls, calls.
    Throttled,
    /// Of a queue: share of the receives, receives, the cap.
    Capped,
    /// Of a queue: share of the calls, calls.
    Unanswered,
    /// Of a downstream: share of its callers' time that went there, its utilisation, calls that
    /// waited on average.
    Saturated,
    /// Of a downstream: share of its callers' time that went there, calls at once on average, how
    /// many it does fastest.
    Crowded,
    /// Of a queue: share of the receives, how often a message was processed again, share of the
    /// receives that came because the timeout ended in a buffer.
    Outlived,
    /// Of a queue: share of the receives, how often a message was processed again, share of the
    /// receives that came because the work outlived the timeout.
    Prefetched,
    /// Of a fleet: busy share of its threads, threads, messages waiting on average.
    Busy,
    /// Of a fleet: busy share of its threads, threads, growth of the messages waiting per second.
    Overrun,
    /// Of a queue: messages in flight on average, the cap, messages by which it grew.
    Full,
    /// Of a queue: messages by which it grew, their share of those sent.
    Growing,
    /// Of a queue: messages by which it grew.
    Unserved,
    /// Of a queue: most messages waiting, nanoseconds of the oldest, messages that came and that
    /// were deleted per second.
    Backlog,
    /// Of a fleet: most messages waiting, nanoseconds of the oldest, ready workers on average while
    /// the backlog climbed, most that it may have, nanoseconds from when the backlog had passed its
    /// target to the first further worker (below 0: none came).
    Late,
    /// Of a producer: share of its messages, messages.
    Behind,
    /// Of a producer: nanoseconds before, nanoseconds after the send.
    Waited,
    /// Of a producer: no figure.
    Closed,
    /// Of a function: share of the tries to invoke it that were throttled, tries, messages received
    /// in vain.
    Uninvoked,
    /// Of a function: share of the places within its limit that were taken, the limit, messages
    /// waiting on average.
    FullFunction,
    /// As a backlog, of the queue of a function.
    BacklogOfFunction,
    /// Of a fleet: busy share of its threads.
    Room,
    /// Of a function: share of the places within its limit that were taken.
    RoomOfFunction,
    /// Of nothing: no figure.
    Quiet,
}

/// Every kind, its name in documents and the limit that it is.
const KINDS: [(Finding, &str, Limit); 23] = [
    (Finding::Throttled, "throttled", Limit::Ledger),
    (Finding::Capped, "over_limit", Limit::Ledger),
    (Finding::Unanswered, "unavailable", Limit::Nodes),
    (Finding::Saturated, "saturated", Limit::Downstream),
    (Finding::Crowded, "crowded", Limit::Downstream),
    (Finding::Outlived, "outlived_timeout", Limit::VisibilityTimeout),
    (Finding::Prefetched, "prefetched", Limit::VisibilityTimeout),
    (Finding::Busy, "busy", Limit::Consumers),
    (Finding::Overrun, "overrun", Limit::Consumers),
    (Finding::Full, "in_flight_cap", Limit::Ledger),
    (Finding::Growing, "growing", Limit::Consumers),
    (Finding::Unserved, "unserved", Limit::Consumers),
    (Finding::Backlog, "backlog", Limit::Consumers),
    (Finding::Late, "late", Limit::Scaling),
    (Finding::Behind, "behind", Limit::Producers),
    (Finding::Waited, "waited", Limit::Producers),
    (Finding::Closed, "closed_clients", Limit::Producers),
    (Finding::Uninvoked, "uninvoked", Limit::FunctionConcurrency),
    (Finding::FullFunction, "full_function", Limit::FunctionConcurrency),
    (Finding::BacklogOfFunction, "backlog_of_function", Limit::FunctionConcurrency),
    (Finding::Room, "room", Limit::Nothing),
    (Finding::RoomOfFunction, "room_of_function", Limit::Nothing),
    (Finding::Quiet, "quiet", Limit::Nothing),
];

impl Finding {
    /// Its name in documents.
    pub fn name(self) -> &'static str {
        self.entry().1
    }

    /// What was the limit.
    pub fn limit(self) -> Limit {
        self.entry().2
    }

    /// The kind of this name.
    pub fn of_name(name: &str) -> Option<Finding> {
        KINDS.iter().find(|entry| entry.1 == name).map(|entry| entry.0)
    }

    fn entry(self) -> (Finding, &'static str, Limit) {
        KINDS.into_iter().find(|entry| entry.0 == self).expect("every kind is listed")
    }

    /// What was found, of `of`, with its figures: a lower-case fragment.
    pub(super) fn words(self, of: &str, figures: &[f64]) -> String {
        let at = |place: usize| figures.get(place).copied().unwrap_or(0.0);
        let (first, second, third) = (at(0), at(1), at(2));
        let share = first * 100.0;
        match self {
            Finding::Throttled => {
                format!("{share:.1}% of the calls to `{of}` were throttled ({second:.0})")
            }
            Finding::Capped => format!(
                "{share:.1}% of the receives from `{of}` were refused at {third:.0} messages in \
                 flight ({second:.0})"
            ),
            Finding::Unanswered => {
                format!(
                    "too few replicas answered {share:.1}% of the calls to `{of}` ({second:.0})"
                )
            }
            Finding::Saturated | Finding::Crowded => leaning(of, self, [share, second, third]),
            Finding::Outlived | Finding::Prefetched => {
                timed_out(of, self == Finding::Outlived, [first, second, third])
            }
            Finding::Busy => {
                format!("{}, {third:.1} messages waited on average", busy(of, first, second))
            }
            Finding::Overrun => {
                let growth = rate(third);
                format!("{}, ever more messages waited ({growth}/s)", busy(of, first, second))
            }
            Finding::Full => format!(
                "{first:.0} of the {second:.0} messages that may be in flight from `{of}` were, \
                 so that receives waited: {} more waited in the end",
                messages(third)
            ),
            Finding::Growing => format!(
                "the messages waiting in `{of}` grew by {first:.0}, {:.1}% of those sent, though \
                 not all threads were busy",
                second * 100.0
            ),
            Finding::Unserved => {
                format!("nobody receives from `{of}`, which grew by {}", messages(first))
            }
            Finding::Uninvoked | Finding::FullFunction | Finding::RoomOfFunction => {
                of_function(self, of, [first, second, third])
            }
            Finding::Backlog | Finding::BacklogOfFunction => format!(
                "up to {} waited in `{of}`, the oldest {}: {}/s came, {}/s were deleted",
                messages(first),
                length(second),
                rate(third),
                rate(at(3))
            ),
            Finding::Late => late(of, [first, second, third, at(3), at(4)]),
            Finding::Behind => format!(
                "{share:.1}% of the messages of `{of}` ({second:.0}) were still waiting there to \
                 be sent"
            ),
            Finding::Waited => format!(
                "a message of `{of}` waited {:.1}ms for a connection, and then took {:.1}ms from \
                 send to delete",
                first / 1e6,
                second / 1e6
            ),
            Finding::Closed => format!("`{of}` are closed clients that wait for themselves"),
            Finding::Room => format!("`{of}` was the busiest fleet with {first:.2} of its threads"),
            Finding::Quiet => "no figure reached its threshold".to_owned(),
        }
    }
}

/// What waited for workers that came late.
fn late(of: &str, [peak, oldest, ready, most, help]: [f64; 5]) -> String {
    let help = if help < 0.0 {
        "no further one came".to_owned()
    } else {
        let after = length(help);
        format!("the first further one was ready {after} after the backlog had passed its target")
    };
    let (peak, oldest) = (messages(peak), length(oldest));
    format!(
        "up to {peak} waited, the oldest {oldest}, while `{of}` had {ready:.1} of the {most:.0} \
         workers that it may have; {help}"
    )
}

/// What limited a function, or how much room it had.
fn of_function(found: Finding, of: &str, [first, second, third]: [f64; 3]) -> String {
    let share = first * 100.0;
    if found == Finding::Uninvoked {
        return format!(
            "{share:.1}% of the tries to invoke `{of}` found no concurrency ({second:.0}), {} \
             received in vain",
            messages(third)
        );
    }
    if found == Finding::FullFunction {
        return format!(
            "{share:.0}% of the {second:.0} invocations at once that the mapping of `{of}` may \
             have were taken, {third:.1} messages waited on average"
        );
    }
    format!("{share:.0}% of the invocations at once that the mapping of `{of}` may have were taken")
}

/// What went into a downstream that has no more to give.
fn leaning(of: &str, finding: Finding, [share, second, third]: [f64; 3]) -> String {
    let spent = format!("threads spent {share:.0}% of their time on `{of}`, which");
    if finding == Finding::Crowded {
        let most = format!("does most with {third:.0}");
        return format!("{spent} had {second:.1} calls at once on average and {most}");
    }
    let used = second * 100.0;
    format!("{spent} was used to {used:.0}%; {third:.1} calls waited on average")
}

/// Why messages came back whose timeout was too short, the commoner cause first.
fn timed_out(of: &str, outlived: bool, [share, again, rarer]: [f64; 3]) -> String {
    let [work, buffer] = ["the work outlived the timeout", "the timeout ended in a buffer"];
    let (by, other) = if outlived { (work, buffer) } else { (buffer, work) };
    let rarer = match rarer {
        0.0 => String::new(),
        share => format!(", {:.1}% because {other}", share * 100.0),
    };
    format!(
        "{:.1}% of the receives from `{of}` came because {by}{rarer}; messages were processed \
         again {}",
        share * 100.0,
        times(again)
    )
}

/// `97% of the 4 threads of `workers` were busy`.
fn busy(of: &str, share: f64, threads: f64) -> String {
    let share = share * 100.0;
    if threads < 1.5 {
        return format!("the one thread of `{of}` was busy {share:.0}% of the time");
    }
    format!("{share:.0}% of the {threads:.0} threads of `{of}` were busy")
}

/// `once`, `82 times`.
fn times(count: f64) -> String {
    match format!("{count:.0}").as_str() {
        "1" => "once".to_owned(),
        number => format!("{number} times"),
    }
}

/// `1 message`, `82 messages`.
fn messages(count: f64) -> String {
    match format!("{count:.0}").as_str() {
        "1" => "1 message".to_owned(),
        number => format!("{number} messages"),
    }
}

/// Three digits, or all before the point.
fn rate(rate: f64) -> String {
    let decimals = match rate.abs() {
        of if of >= 100.0 => 0,
        of if of >= 10.0 => 1,
        _ => 2,
    };
    format!("{rate:.decimals$}")
}

/// A length of time in nanoseconds, to the second; to the millisecond below ten.
pub(super) fn length(nanos: f64) -> String {
    let unit = if nanos >= 10e9 { 1e9 } else { 1e6 };
    #[expect(clippy::cast_sign_loss, reason = "a length is not negative")]
    let whole = (nanos / unit).round() as u64;
    Span::from_nanos(whole.saturating_mul(if unit > 1e6 { 1_000_000_000 } else { 1_000_000 }))
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_have_three_digits_and_lengths_are_whole() {
        let rates =
            [(0.0, "0.00"), (9.994, "9.99"), (12.34, "12.3"), (99.94, "99.9"), (1_234.5, "1234")];
        for (of, told) in rates {
            assert_eq!(rate(of), told);
        }
        let lengths = [(1.5e6, "2ms"), (9.9994e9, "9s999ms"), (10.4e9, "10s"), (90.6e9, "1m31s")];
        for (nanos, told) in lengths {
            assert_eq!(length(nanos), told);
        }
    }
}
