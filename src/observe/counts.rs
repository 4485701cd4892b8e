//! What is counted of a queue, and levels over time.
//!
//! Owns the plain numbers that results and their series are made of, and the tables of counters:
//! each stands in one row, from which come its field here and in the outcome, its name in
//! expectations, its column and the differences between two instants. Must not know whose they are.

/// Makes a struct of counters of a table.
macro_rules! counted {
    (
        {
            $(#[$about:meta])*
            $name:ident { $($(#[doc = $of_part:literal])* $part:ident: $parts:ty,)* }
        }
        $(
            $(#[doc = $doc:literal])*
            $word:literal $field:ident $(unless $zero:literal)? $(watched $watched:literal)?,
        )*
    ) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
        pub struct $name {
            $($(#[doc = $doc])* pub $field: u64,)*
            $($(#[doc = $of_part])* pub $part: $parts,)*
        }

        impl $name {
            /// Its own counters, in order.
            const ROWS: &'static [Counter] = &[$(Counter {
                name: $word,
                about: concat!($($doc,)*),
                watched: first(&[$($watched)?]),
                left_out: first(&[$($zero)?]).is_some(),
                read: Read::$name(|counts| counts.$field),
            },)*];

            /// What was counted since `before`.
            #[must_use]
            pub fn since(&self, before: &$name) -> $name {
                $name {
                    $($field: self.$field - before.$field,)*
                    $($part: self.$part.since(&before.$part),)*
                }
            }
        }
    };
}

/// Counters of one queue. A row: what it counts, its name, its field; `unless` what the outcome
/// leaves it out, `watched` as what CloudWatch has it.
macro_rules! queue_counters {
    ($make:ident $more:tt) => {
        $make! {
            $more
            /// Messages stored by sends (not by moves to a dead-letter queue).
            "sent" sent watched "NumberOfMessagesSent",
            /// Messages moved in from queues whose dead-letter queue this is.
            "moved_in" moved_in,
            /// Messages returned by receives, redeliveries included.
            "received" received watched "NumberOfMessagesReceived",
            /// Messages deleted.
            "deleted" deleted watched "NumberOfMessagesDeleted",
            /// Deletes that succeeded and changed nothing.
            "deleted_nothing" deleted_nothing,
            /// Receives that returned nothing.
            "empty_receives" empty_receives watched "NumberOfEmptyReceives",
            /// Of these, those that missed a visible message.
            "false_empty_receives" false_empty_receives,
            /// Partitions asked by receives.
            "probes" probes,
            /// Receives refused by the in-flight cap.
            "over_limit" over_limit,
            /// Messages moved to the dead-letter queue.
            "dead_lettered" dead_lettered,
            /// Messages that reached their retention.
            "expired" expired,
            /// Messages removed by a purge.
            "purged" purged,
            /// Calls refused by a partition for lack of capacity.
            "throttled" throttled,
            /// Messages of the sends among them, each try counted.
            "throttled_sends" throttled_sends unless "is_zero",
            /// Calls that too few replicas of a partition answered.
            "unavailable" unavailable unless "is_zero",
            /// Messages of the sends among them, each try counted.
            "unavailable_sends" unavailable_sends unless "is_zero",
            /// Deletes that were undone: each brought a message back.
            "undone" undone unless "is_zero",
            /// Completed processings of messages that had been completed before.
            "duplicates" duplicates,
        }
    };
}

/// Redeliveries by cause.
macro_rules! redelivery_counters {
    ($make:ident $more:tt) => {
        $make! {
            $more
            /// The work outlived the visibility timeout.
            "redelivered.outlived_timeout" outlived_timeout,
            /// It waited too long in a buffer, or on its way there.
            "redelivered.prefetched" prefetched,
            /// The work failed, or what it gave could not be sent on.
            "redelivered.failed" failed,
            /// The worker crashed.
            "redelivered.crashed" crashed,
            /// The delete came too late or was lost.
            "redelivered.delete_lost" delete_lost,
            /// The delete was undone: the replicas that had it were gone.
            "redelivered.delete_undone" delete_undone unless "is_zero",
            /// The receive before did not hide it.
            "redelivered.not_hidden" not_hidden unless "is_zero",
        }
    };
}

/// Calls by kind.
macro_rules! call_counters {
    ($make:ident $more:tt) => {
        $make! {
            $more
            /// Sends.
            "calls.send" send,
            /// Receives.
            "calls.receive" receive,
            /// Deletes.
            "calls.delete" delete,
            /// Changes of visibility.
            "calls.change_visibility" change_visibility,
        }
    };
}

pub(crate) use {call_counters, queue_counters, redelivery_counters};

queue_counters!(counted {
    /// Counters of one queue.
    QueueCounts {
        /// Redeliveries by cause.
        redelivered: Redelivered,
        /// Calls.
        calls: Calls,
        /// Chunks of 64 KiB that calls carried beyond the first of each.
        more_chunks: Calls,
        /// What nodes did.
        nodes: NodeCounts,
    }
});

redelivery_counters!(counted {
    /// Redeliveries by cause: receives of a message that was received before. The cause is why it
    /// came back, as it was when it did.
    Redelivered {}
});

call_counters!(counted {
    /// Something of calls, by their kind.
    Calls {}
});

counted! {
    {
        /// What nodes and replicas did.
        NodeCounts {}
    }
    /// Nodes that went down.
    "node_failures" failures,
    /// Partitions that got another primary.
    "elections" elections,
    /// Copies of partitions that arrived: replicas that were made anew or moved.
    "copies" copies,
    /// Copies that ended before they were there.
    "copies_dropped" copies_dropped,
}

/// A counter of a queue.
#[derive(Clone, Copy, Debug)]
pub struct Counter {
    /// Its name in expectations and tables.
    pub name: &'static str,
    /// What it counts.
    pub about: &'static str,
    /// The metric of CloudWatch that it is the sum of.
    pub watched: Option<&'static str>,
    /// Whether the outcome leaves it out where it is 0.
    pub left_out: bool,
    read: Read,
}

/// Where a counter stands.
#[derive(Clone, Copy, Debug)]
enum Read {
    QueueCounts(fn(&QueueCounts) -> u64),
    Redelivered(fn(&Redelivered) -> u64),
    Calls(fn(&Calls) -> u64),
    NodeCounts(fn(&NodeCounts) -> u64),
}

impl Counter {
    /// All counters, in the order of a reference page.
    pub fn all() -> impl Iterator<Item = &'static Counter> {
        let parts = [Redelivered::ROWS, Calls::ROWS, NodeCounts::ROWS];
        QueueCounts::ROWS.iter().chain(parts.into_iter().flatten())
    }

    /// Its value.
    pub fn of(&self, counts: &QueueCounts) -> u64 {
        match self.read {
            Read::QueueCounts(of) => of(counts),
            Read::Redelivered(of) => of(&counts.redelivered),
            Read::Calls(of) => of(&counts.calls),
            Read::NodeCounts(of) => of(&counts.nodes),
        }
    }
}

/// The only one, or none.
const fn first(words: &[&'static str]) -> Option<&'static str> {
    match words {
        [] => None,
        [word, ..] => Some(word),
    }
}

impl Redelivered {
    /// All causes.
    pub fn total(self) -> u64 {
        let by_clients = self.outlived_timeout + self.prefetched + self.failed + self.crashed;
        by_clients + self.delete_lost + self.delete_undone + self.not_hidden
    }
}

impl Calls {
    /// All kinds.
    pub fn total(self) -> u64 {
        self.send + self.receive + self.delete + self.change_visibility
    }
}

impl QueueCounts {
    /// Messages that producers tried to send, each try counted.
    #[must_use]
    pub fn offered(&self) -> u64 {
        self.sent + self.throttled_sends + self.unavailable_sends
    }

    /// Requests that AWS bills: a call is one for each 64 KiB of its payload.
    #[must_use]
    pub fn requests(&self) -> Calls {
        let (calls, more) = (&self.calls, &self.more_chunks);
        Calls { send: calls.send + more.send, receive: calls.receive + more.receive, ..self.calls }
    }
}

/// A level over the measured window.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Level {
    /// Integral over the window: level × nanoseconds.
    pub area: u128,
    /// Length of the window in nanoseconds.
    pub over: u64,
    /// Highest in the window that lasted; what comes and goes at one instant is not counted.
    pub max: u64,
    /// At the end of the run (after the drain).
    pub last: u64,
}

impl Level {
    /// Time-weighted mean.
    pub fn mean(&self) -> f64 {
        if self.over == 0 { 0.0 } else { self.area as f64 / self.over as f64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every counter of its own: the first is one times `times`, the second two times it.
    fn counts(times: u64) -> QueueCounts {
        let mut numbers = (1..).map(|number| number * times);
        let mut next = || numbers.next().unwrap_or_default();
        macro_rules! numbered {
            ({ $name:ident { $($part:ident: $value:expr,)* } }
             $($(#[$doc:meta])* $word:literal $field:ident
               $(unless $zero:literal)? $(watched $watched:literal)?,)*) => {
                $name { $($field: next(),)* $($part: $value,)* }
            };
        }
        let redelivered = redelivery_counters!(numbered { Redelivered {} });
        let calls = call_counters!(numbered { Calls {} });
        let more_chunks = call_counters!(numbered { Calls {} });
        let [failures, elections, copies, copies_dropped] = [next(), next(), next(), next()];
        let nodes = NodeCounts { failures, elections, copies, copies_dropped };
        queue_counters!(numbered {
            QueueCounts {
                redelivered: redelivered,
                calls: calls,
                more_chunks: more_chunks,
                nodes: nodes,
            }
        })
    }

    #[test]
    fn a_window_counts_what_came_to_each_counter() {
        assert_eq!(counts(13).since(&counts(3)), counts(10));
    }

    /// The causes are 1 to 7, the calls 8 to 11, further chunks 12 to 15, nodes 16 to 19, what is
    /// sent is 20, throttled and unavailable sends 33 and 35.
    #[test]
    fn sums_are_those_of_their_parts() {
        let counts = counts(1);
        assert_eq!(counts.redelivered.total(), 7 * 4);
        assert_eq!(counts.calls.total(), 8 + 9 + 10 + 11);
        assert_eq!(counts.offered(), 20 + 33 + 35);
        let requests = Calls { send: 8 + 12, receive: 9 + 13, delete: 10, change_visibility: 11 };
        assert_eq!(counts.requests(), requests);
    }

    #[test]
    fn every_counter_has_a_name_of_its_own_and_reads_its_own_field() {
        let counts = counts(1);
        let all = || Counter::all();
        let mut names: Vec<&str> = all().map(|counter| counter.name).collect();
        let mut values: Vec<u64> = all().map(|counter| counter.of(&counts)).collect();
        let number = names.len();
        names.sort_unstable();
        names.dedup();
        values.sort_unstable();
        let further_chunks = [12, 13, 14, 15];
        let own = (1..=37).filter(|value| !further_chunks.contains(value));
        assert_eq!((names.len(), values), (number, own.collect()));
        assert!(all().all(|counter| counter.about.ends_with('.')));
    }
}
