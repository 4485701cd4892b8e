//! What is counted of a queue, a producer, a fleet and a downstream.
//!
//! Owns the tables of counters: each stands in one row, from which come its field here and in the
//! outcome, its name in expectations, its column, which values of it one wants, and the differences
//! between two instants. Must not know whose they are.

use super::nature::Wanted;

/// Makes a struct of counters of a table. They stand in `whole`, or in a part of it.
macro_rules! counted {
    (
        {
            $(#[$about:meta])*
            $name:ident in $whole:ident $(. $place:ident)?
            { $($(#[doc = $of_part:literal])* $part:ident: $parts:ty,)* }
        }
        $(
            $(#[doc = $doc:literal])*
            $($word:literal)? $field:ident $(: $wanted:ident)?
            $(unless $zero:literal)? $(watched $watched:literal)?,
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
            pub const ROWS: &'static [Counter<$whole>] = &[$(Counter {
                name: first(&[$($word,)? stringify!($field)]),
                about: concat!($($doc,)*),
                is_measure: !<[&str]>::is_empty(&[$($word)?]),
                wanted: first(&[$(Wanted::$wanted,)? Wanted::Neither]),
                watched: first(&[$(Some($watched),)? None]),
                left_out: !<[&str]>::is_empty(&[$($zero)?]),
                of: |counts| $name::place(counts).$field,
            },)*];

            /// Where they stand.
            fn place(counts: &$whole) -> &$name {
                &counts$(.$place)?
            }

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

/// Counters of one queue. A row: what it counts, its name, its field and which values of it one
/// wants; `unless` what the outcome leaves it out, `watched` as what CloudWatch has it. One without
/// a name and a wish is no measure of its own in expectations.
macro_rules! queue_counters {
    ($make:ident $more:tt) => {
        $make! {
            $more
            /// Messages stored by sends (not by moves to a dead-letter queue).
            "sent" sent: Neither watched "NumberOfMessagesSent",
            /// Messages moved in from queues whose dead-letter queue this is.
            "moved_in" moved_in: Neither,
            /// Messages returned by receives, redeliveries included.
            "received" received: Neither watched "NumberOfMessagesReceived",
            /// Messages deleted.
            "deleted" deleted: More watched "NumberOfMessagesDeleted",
            /// Deletes that succeeded and changed nothing.
            "deleted_nothing" deleted_nothing: Less,
            /// Receives that returned nothing.
            "empty_receives" empty_receives: Less watched "NumberOfEmptyReceives",
            /// Of these, those that missed a visible message.
            "false_empty_receives" false_empty_receives: Less,
            /// Partitions asked by receives.
            "probes" probes: Neither,
            /// Receives refused by the in-flight cap.
            "over_limit" over_limit: Less,
            /// Messages moved to the dead-letter queue.
            "dead_lettered" dead_lettered: Less,
            /// Messages that reached their retention.
            "expired" expired: Less,
            /// Messages removed by a purge.
            "purged" purged: Neither,
            /// Calls refused by a partition for lack of capacity.
            "throttled" throttled: Less,
            /// Messages of the sends among them, each try counted.
            "throttled_sends" throttled_sends: Less unless "is_zero",
            /// Calls that too few replicas of a partition answered.
            "unavailable" unavailable: Less unless "is_zero",
            /// Messages of the sends among them, each try counted.
            "unavailable_sends" unavailable_sends: Less unless "is_zero",
            /// Deletes that were undone: each brought a message back.
            "undone" undone: Less unless "is_zero",
            /// Completed processings of messages that had been completed before.
            "duplicates" duplicates: Less,
        }
    };
}

/// Redeliveries by cause.
macro_rules! redelivery_counters {
    ($make:ident $more:tt) => {
        $make! {
            $more
            /// The work outlived the visibility timeout.
            "redelivered.outlived_timeout" outlived_timeout: Less,
            /// It waited too long in a buffer, or on its way there.
            "redelivered.prefetched" prefetched: Less,
            /// The work failed, or what it gave could not be sent on.
            "redelivered.failed" failed: Less,
            /// The worker crashed.
            "redelivered.crashed" crashed: Less,
            /// The delete came too late or was lost.
            "redelivered.delete_lost" delete_lost: Less,
            /// The delete was undone: the replicas that had it were gone.
            "redelivered.delete_undone" delete_undone: Less unless "is_zero",
            /// The receive before did not hide it.
            "redelivered.not_hidden" not_hidden: Less unless "is_zero",
            /// The worker was stopped: killed with it, or it gave it back.
            "redelivered.stopped" stopped: Less unless "is_zero",
            /// It was received before its time, and hidden for the rest.
            "redelivered.early" early: Less unless "is_zero",
            /// No concurrency was free to invoke its function.
            "redelivered.throttled" throttled: Less unless "is_zero",
        }
    };
}

/// Calls by kind.
macro_rules! call_counters {
    ($make:ident $more:tt) => {
        $make! {
            $more
            /// Sends.
            "calls.send" send: Less,
            /// Receives.
            "calls.receive" receive: Less,
            /// Deletes.
            "calls.delete" delete: Less,
            /// Changes of visibility.
            "calls.change_visibility" change_visibility: Less,
            /// Readings of the approximate counters by scalers.
            "calls.get_attributes" get_attributes: Less unless "is_zero",
        }
    };
}

/// Counters of one producer, of messages.
macro_rules! producer_counters {
    ($make:ident $more:tt) => {
        $make! {
            $more
            /// Messages that arose in the window.
            "arrived" arrived: Neither,
            /// Messages the ledger stored.
            sent,
            /// Messages refused, each time counted.
            throttled,
            /// Messages tried again.
            "retried" retried: Less,
            /// Messages given up.
            "given_up" given_up: Less,
        }
    };
}

/// Counters of one fleet: of processings, and of workers that come and go.
macro_rules! fleet_counters {
    ($make:ident $more:tt) => {
        $make! {
            $more
            /// Messages processed for the first time.
            "processed" processed: More,
            /// Messages processed again.
            duplicates,
            /// Failed processings.
            failed,
            /// Processings cut off: their worker crashed or was killed.
            crashed,
            /// How often more workers came to be wanted.
            "grown" grown: Neither unless "is_zero",
            /// How often fewer did.
            "shrunk" shrunk: Neither unless "is_zero",
            /// Workers that joined after the start, those of deploys included.
            "joined" joined: Neither unless "is_zero",
            /// Workers that began to leave.
            "left" left: Neither unless "is_zero",
            /// Workers that were killed while they left.
            "killed" killed: Less unless "is_zero",
            /// Messages that killed workers held.
            "killed_with" killed_with: Less unless "is_zero",
            /// Deploys that began.
            "deploys" deploys: Neither unless "is_zero",
        }
    };
}

/// Counters of one downstream, of calls.
macro_rules! downstream_counters {
    ($make:ident $more:tt) => {
        $make! {
            $more
            /// Calls of workers, each try counted.
            "downstream_calls" calls: Neither,
            /// Of these, those that were tried again.
            "call_retries" retries: Less,
            /// Calls that were worked on.
            "calls_begun" begun: Neither,
            /// Calls that were done, and whose workers wanted the answer.
            "calls_done" done: More,
            /// Calls that failed at their end.
            "calls_failed" failed: Less,
            /// Calls that were refused.
            "calls_refused" refused: Less,
            /// Calls that workers gave up after their timeout.
            "calls_timed_out" timeouts: Less,
            /// Calls that were worked off after that, for nobody.
            "calls_unheard" unheard: Less,
            /// Calls whose workers died.
            "calls_hung_up" hung_up: Less,
        }
    };
}

/// Counters of one function.
macro_rules! function_counters {
    ($make:ident $more:tt) => {
        $make! {
            $more
            /// Invocations that began.
            "invocations" invocations: Neither,
            /// Messages of them.
            messages,
            /// Invocations that began in a new environment.
            "cold_starts" cold_starts: Less,
            /// Tries to invoke that found no concurrency, or no new environment.
            "invocation_throttles" invocation_throttles: Less,
            /// Messages received in vain: they were visible again before they were invoked.
            "receives_burnt" receives_burnt: Less,
            /// Invocations that took longer than they may.
            "timeouts" timeouts: Less,
            /// Invocations that failed with their whole batch, timeouts included.
            "invocation_failures" invocation_failures: Less,
            /// Messages processed for the first time.
            processed,
            /// Messages processed again.
            duplicates,
            /// Messages whose processing failed.
            failed,
        }
    };
}

pub(crate) use {
    call_counters, downstream_counters, fleet_counters, function_counters, producer_counters,
    queue_counters, redelivery_counters,
};

queue_counters!(counted {
    /// Counters of one queue.
    QueueCounts in QueueCounts {
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
    Redelivered in QueueCounts.redelivered {}
});

call_counters!(counted {
    /// Something of calls, by their kind.
    Calls in QueueCounts.calls {}
});

counted! {
    {
        /// What nodes and replicas did.
        NodeCounts in QueueCounts.nodes {}
    }
    /// Nodes that went down.
    "node_failures" failures: Neither,
    /// Partitions that got another primary.
    "elections" elections: Neither,
    /// Copies of partitions that arrived: replicas that were made anew or moved.
    "copies" copies: Neither,
    /// Copies that ended before they were there.
    "copies_dropped" copies_dropped: Less,
}

producer_counters!(counted {
    /// Counters of one producer.
    ProducerCounts in ProducerCounts {}
});

fleet_counters!(counted {
    /// Counters of one fleet.
    FleetCounts in FleetCounts {}
});

downstream_counters!(counted {
    /// Counters of one downstream.
    DownstreamCounts in DownstreamCounts {}
});

function_counters!(counted {
    /// Counters of one function.
    FunctionCounts in FunctionCounts {}
});

/// A counter of a queue, a producer, a fleet, a function or a downstream.
#[derive(Clone, Copy, Debug)]
pub struct Counter<Counts> {
    /// Its name in expectations and tables.
    pub name: &'static str,
    /// What it counts.
    pub about: &'static str,
    /// Whether expectations know it; others have their name for something else.
    pub is_measure: bool,
    /// Which values of it one wants.
    pub wanted: Wanted,
    /// The metric of CloudWatch that it is the sum of.
    pub watched: Option<&'static str>,
    /// Whether the outcome leaves it out where it is 0.
    pub left_out: bool,
    /// Its value.
    pub of: fn(&Counts) -> u64,
}

impl Counter<QueueCounts> {
    /// All counters of a queue, in the order of a reference page.
    pub fn all() -> impl Iterator<Item = &'static Counter<QueueCounts>> {
        let parts = [Redelivered::ROWS, Calls::ROWS, NodeCounts::ROWS];
        QueueCounts::ROWS.iter().chain(parts.into_iter().flatten())
    }
}

/// The first one: what a row says, or what stands for nothing said.
const fn first<T: Copy>(said: &[T]) -> T {
    said[0]
}

impl Redelivered {
    /// All causes.
    pub fn total(self) -> u64 {
        let by_clients = self.outlived_timeout + self.prefetched + self.failed + self.crashed;
        let by_clients = by_clients + self.stopped + self.early + self.throttled;
        by_clients + self.delete_lost + self.delete_undone + self.not_hidden
    }
}

impl Calls {
    /// All kinds.
    pub fn total(self) -> u64 {
        self.send + self.receive + self.delete + self.change_visibility + self.get_attributes
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

#[cfg(test)]
mod tests {
    use super::*;

    /// Every counter of its own: the first is one times `times`, the second two times it.
    fn counts(times: u64) -> QueueCounts {
        let mut numbers = (1..).map(|number| number * times);
        let mut next = || numbers.next().unwrap_or_default();
        macro_rules! numbered {
            ({ $name:ident { $($part:ident: $value:expr,)* } }
             $($(#[$doc:meta])* $word:literal $field:ident: $wanted:ident
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

    /// The causes are 1 to 10, the calls 11 to 15, further chunks 16 to 20, nodes 21 to 24, what is
    /// sent is 25, throttled and unavailable sends 38 and 40.
    #[test]
    fn sums_are_those_of_their_parts() {
        let counts = counts(1);
        assert_eq!(counts.redelivered.total(), 10 * 11 / 2);
        assert_eq!(counts.calls.total(), 11 + 12 + 13 + 14 + 15);
        assert_eq!(counts.offered(), 25 + 38 + 40);
        let requests = Calls {
            send: 11 + 16,
            receive: 12 + 17,
            delete: 13,
            change_visibility: 14,
            get_attributes: 15,
        };
        assert_eq!(counts.requests(), requests);
    }

    #[test]
    fn every_counter_has_a_name_of_its_own_and_reads_its_own_field() {
        let counts = counts(1);
        let all = || Counter::all();
        let mut names: Vec<&str> = all().map(|counter| counter.name).collect();
        let mut values: Vec<u64> = all().map(|counter| (counter.of)(&counts)).collect();
        let number = names.len();
        names.sort_unstable();
        names.dedup();
        values.sort_unstable();
        let further_chunks = [16, 17, 18, 19, 20];
        let own = (1..=42).filter(|value| !further_chunks.contains(value));
        assert_eq!((names.len(), values), (number, own.collect()));
        assert!(all().all(|counter| counter.about.ends_with('.')));
    }

    /// What has its name from a queue's counter is told in the outcome alone.
    #[test]
    fn a_counter_without_a_name_is_no_measure() {
        let counts = ProducerCounts { arrived: 1, sent: 2, throttled: 3, retried: 4, given_up: 5 };
        let told = ProducerCounts::ROWS.iter().map(|row| (row.name, row.is_measure));
        let (names, is_measure): (Vec<&str>, Vec<bool>) = told.unzip();
        assert_eq!(names, ["arrived", "sent", "throttled", "retried", "given_up"]);
        assert_eq!(is_measure, [true, false, false, true, true]);
        assert!(ProducerCounts::ROWS.iter().map(|row| (row.of)(&counts)).eq(1..=5));
    }
}
