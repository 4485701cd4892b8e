//! Which settings may change at a fork.
//!
//! Owns the decision for every setting, and where a fault points. Must not know how a running world
//! takes a change on: [`crate::engine::fork`] does.
//!
//! Invariant: no difference of two scenarios is passed over. Each type of settings is taken apart
//! field by field, so that a new field does not compile until it is decided here.

use super::fault::{Fault, FaultSource, Faults, Place};
use crate::kernel::time::{Span, Time};
use crate::ledger::config::{LedgerConfig, QueueConfig};
use crate::model::clients::{ArrivalProcess, CallConfig, FleetConfig, ProducerConfig};
use crate::model::course::Fork;
use crate::model::downstream::DownstreamConfig;
use crate::model::fleet_size::FleetSize;
use crate::model::functions::FunctionConfig;
use crate::model::scenario::{Named, Scenario};

/// Whether a run of `base` can be forked so. `sets` are the changes, as `PATH=VALUE`: faults point
/// into them.
///
/// # Errors
/// All that is against it.
pub fn check(base: &Scenario, fork: Fork<'_>, sets: &[String]) -> Result<(), Faults> {
    let source = |set: &String| FaultSource { name: "--set".into(), text: set.clone() };
    let mut faults = Faults::none_in(sets.iter().map(source).collect());
    for fault in differences(base, fork) {
        faults.push(located(fault, sets));
    }
    if faults.is_empty() { Ok(()) } else { Err(faults) }
}

/// The faults of a fork, each with the path of its setting.
pub fn differences(base: &Scenario, fork: Fork<'_>) -> Vec<Fault> {
    let since = fork.at - Time::ZERO;
    let end = base.end() - Time::ZERO;
    if since > end {
        let what = format!("a fork at {since} lies behind the end of the run at {end}");
        return vec![Fault::new(what).help("fork before it: nothing happens later")];
    }
    if since == end && fork.then.end() <= fork.at {
        let what = format!("a fork at {since} lies at the end of the run, where nothing happens");
        return vec![Fault::new(what).help("fork before it, or let the run go on longer")];
    }
    let mut judge = Judge { at: fork.at, silent: since > base.duration, faults: Vec::new() };
    judge.scenario(base, fork.then);
    judge.faults
}

/// A fault where the change stands that made it: the last one at its path, above or below it, or
/// about the same named part.
fn located(fault: Fault, sets: &[String]) -> Fault {
    let path = |set: &str| set.split('=').next().unwrap_or_default().to_owned();
    let within = |inner: &str, outer: &str| {
        inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    let near = |set: &String| within(&path(set), &fault.path) || within(&fault.path, &path(set));
    let part = |path: &str| path.split('.').take(2).collect::<Vec<_>>().join(".");
    let same_part = |set: &String| part(&path(set)) == part(&fault.path);
    let source = sets.iter().rposition(near).or_else(|| sets.iter().rposition(same_part));
    match source {
        Some(source) => {
            let place = Place { source, start: 0, end: path(&sets[source]).len() };
            let path = fault.path.clone();
            fault.at(place, path)
        }
        None => fault,
    }
}

/// Collects what is against a fork.
struct Judge {
    at: Time,
    /// The producers have fallen silent before.
    silent: bool,
    faults: Vec<Fault>,
}

impl Judge {
    fn refuse(&mut self, path: String, why: &str, instead: &str) {
        let what = format!("`{path}` cannot change at a fork: {why}");
        self.faults.push(Fault { path, ..Fault::new(what).help(instead) });
    }

    /// A setting that has to stay as it is.
    fn stays<T: PartialEq>(&mut self, path: String, of: [&T; 2], why: &str, instead: &str) {
        if of[0] != of[1] {
            self.refuse(path, why, instead);
        }
    }

    fn scenario(&mut self, from: &Scenario, to: &Scenario) {
        let Scenario {
            // What is told and looked at: it moves no event.
            name: _,
            about: _,
            warm_up: _,
            window: _,
            expect: _,
            limits: _,
            prices: _,
            duration,
            drain: _,
            seed,
            queues,
            producers,
            fleets,
            downstreams,
            functions,
            // Asked at each invocation and growth.
            account: _,
        } = to;
        self.stays("seed".into(), [&from.seed, seed], SEED[0], SEED[1]);
        self.length(from, *duration, to.end());
        self.names("queues", &from.queues, queues);
        self.names("producers", &from.producers, producers);
        self.names("consumers", &from.fleets, fleets);
        self.names("downstream", &from.downstreams, downstreams);
        self.names("consumers", &from.functions, functions);
        for (from, to) in from.queues.iter().zip(queues) {
            self.queue(&format!("queues.{}", to.name), &from.config, &to.config);
        }
        for (from, to) in from.producers.iter().zip(producers) {
            self.producer(&format!("producers.{}", to.name), &from.config, &to.config);
        }
        for (from, to) in from.fleets.iter().zip(fleets) {
            self.fleet(&format!("consumers.{}", to.name), &from.config, &to.config);
        }
        for (from, to) in from.downstreams.iter().zip(downstreams) {
            self.downstream(&format!("downstream.{}", to.name), &from.config, &to.config);
        }
        for (from, to) in from.functions.iter().zip(functions) {
            self.function(&format!("consumers.{}", to.name), &from.config, &to.config);
        }
    }

    /// The run goes on to its fork, and producers that fell silent before it stay so.
    fn length(&mut self, from: &Scenario, duration: Span, end: Time) {
        let at = self.at - Time::ZERO;
        if self.silent {
            let why = format!("the producers fell silent at {}, before it", from.duration);
            let instead = "fork before that, or change `drain`";
            self.stays("duration".into(), [&from.duration, &duration], &why, instead);
        } else if duration < at {
            let why = format!("the producers would have fallen silent at {duration}, before it");
            self.refuse("duration".into(), &why, &format!("`--set duration={at}` is the least"));
        }
        if end <= self.at {
            let why = format!("the run would have ended at {} by then", end - Time::ZERO);
            self.refuse("drain".into(), &why, "fork earlier, or leave more time");
        }
    }

    fn names<T>(&mut self, kind: &str, from: &[Named<T>], to: &[Named<T>]) {
        let names = |all: &[Named<T>]| all.iter().map(|one| one.name.clone()).collect::<Vec<_>>();
        let (before, after) = (names(from), names(to));
        let why = "what has a name is there from the start";
        let instead = "put it into the scenario, idle until the fork";
        self.stays(kind.into(), [&before, &after], why, instead);
    }

    fn queue(&mut self, path: &str, from: &QueueConfig, to: &QueueConfig) {
        let QueueConfig {
            // Asked at each call, for what it does.
            visibility_timeout: _,
            delay: _,
            max_in_flight: _,
            redrive: _,
            lost_deletes: _,
            stale_deletes: _,
            duplicates: _,
            // A rule about ages.
            retention: _,
            purges,
            message_size,
            counter_lag,
            ledger,
        } = to;
        let why = "messages that were sent have their sizes";
        let sizes = [&from.message_size, message_size];
        self.stays(format!("{path}.message_size"), sizes, why, WHOLE);
        let why = "reads of a scaler are planned that lag so";
        let lags = [&from.counter_lag, counter_lag];
        self.stays(format!("{path}.counters.lag"), lags, why, WHOLE);
        let past = |purges: &[Time]| purges.iter().copied().filter(|&at| at < self.at).collect();
        let (before, after): (Vec<Time>, Vec<Time>) = (past(&from.purges), past(purges));
        let why = "the purges before it are past";
        let instead = "keep those, and change only what comes at the fork or later";
        self.stays(format!("{path}.purge"), [&before, &after], why, instead);
        self.ledger(&format!("{path}.ledger"), &from.ledger, ledger);
    }

    fn ledger(&mut self, path: &str, from: &LedgerConfig, to: &LedgerConfig) {
        let LedgerConfig {
            // Tokens that are missing stay missing.
            capacity: _,
            partitions,
            ceiling,
            keys,
            split,
            guards,
            mechanics,
            receive,
            nodes,
        } = to;
        let at = |field: &str| format!("{path}.{field}");
        let why = "the key space was cut at the start";
        let instead = "let a split policy cut it, or run without `--fork-at`";
        self.stays(at("partitions"), [&from.partitions, partitions], why, instead);
        let why = "it has followed the load since the start";
        self.stays(at("ceiling"), [&from.ceiling, ceiling], why, WHOLE);
        let why = "messages lie where their keys put them";
        self.stays(at("keys"), [&from.keys, keys], why, WHOLE);
        let kinds = [&from.split, split].map(std::mem::discriminant);
        let why = "a policy decides by what it has watched since the start";
        let instead = "change the parameters of the policy that is there";
        self.stays(at("split"), [&kinds[0], &kinds[1]], why, instead);
        let why = "changes of the key space may be under way";
        self.stays(at("guards"), [&from.guards, guards], why, WHOLE);
        self.stays(at("mechanics"), [&from.mechanics, mechanics], why, WHOLE);
        let kinds = [from.receive, *receive].map(|it| (it.waits_at_one(), it.sees_lines()));
        let why = "polls wait where the rule before let them, and it counted what that one asks";
        let instead = "change between rules that wait at one place and ask for the same: \
                       `RegisterAll`, `Sample`, `ForwardingTree`; `Uniform`, `Assigned`; \
                       `PowerOfTwo`, `BacklogWeighted`";
        self.stays(at("receive"), [&kinds[0], &kinds[1]], why, instead);
        let why = "its nodes have had their failures and replicas since the start";
        let instead = "an outage has an instant of its own: set it without `--fork-at`";
        self.stays(at("nodes"), [&from.nodes, nodes], why, instead);
    }

    fn producer(&mut self, path: &str, from: &ProducerConfig, to: &ProducerConfig) {
        let ProducerConfig {
            // Asked for each message or call.
            batch: _,
            linger: _,
            call_latency: _,
            connections: _,
            delay: _,
            retry: _,
            queue,
            arrivals,
        } = to;
        self.stays(format!("{path}.queue"), [&from.queue, queue], WIRED, WHOLE);
        let path = format!("{path}.arrivals");
        if from.arrivals == *arrivals {
            return;
        }
        if self.silent {
            let why = "the producers have fallen silent before it";
            return self.refuse(path, why, "fork before the end of `duration`");
        }
        let longest = from.arrivals.len().max(arrivals.len());
        for place in 0..longest {
            self.process(&path, from.arrivals.get(place), arrivals.get(place));
        }
    }

    fn process(&mut self, path: &str, from: Option<&ArrivalProcess>, to: Option<&ArrivalProcess>) {
        let clients = |process: Option<&ArrivalProcess>| match process {
            Some(ArrivalProcess::Closed { clients, think: _ }) => *clients,
            // What these say of the time before the fork is not asked.
            Some(
                ArrivalProcess::Poisson { .. }
                | ArrivalProcess::Constant { .. }
                | ArrivalProcess::Profile { .. }
                | ArrivalProcess::OnOff { .. }
                | ArrivalProcess::Burst { .. }
                | ArrivalProcess::Counts { .. }
                | ArrivalProcess::Exact { .. }
                | ArrivalProcess::Repeated { .. }
                | ArrivalProcess::Times { .. },
            )
            | None => 0,
        };
        let why = "closed clients neither come nor go";
        let instead = "change how long they `think`";
        self.stays(path.to_owned(), [&clients(from), &clients(to)], why, instead);
        if let Some(ArrivalProcess::Burst { at, .. }) = to
            && *at < self.at
            && from != to
        {
            let why = format!("a burst at {} would lie before it", *at - Time::ZERO);
            self.refuse(path.to_owned(), &why, "name an instant at the fork or later");
        }
    }

    fn downstream(&mut self, path: &str, from: &DownstreamConfig, to: &DownstreamConfig) {
        let DownstreamConfig {
            // What it is asked at each call.
            work: _,
            failure: _,
            timeout: _,
            goes_on: _,
            waiting: _,
            // Connections and tokens that are missing stay missing.
            bound,
        } = to;
        let kinds = [&from.bound, bound].map(std::mem::discriminant);
        self.stays(path.to_owned(), [&kinds[0], &kinds[1]], KIND[0], KIND[1]);
    }

    fn fleet(&mut self, path: &str, from: &FleetConfig, to: &FleetConfig) {
        let FleetConfig {
            // Those that are more join, those that are fewer leave.
            size,
            // Asked at each poll, work, call, failure, crash, leave or delete.
            receive: _,
            processing: _,
            per: _,
            call_latency: _,
            failure: _,
            hold: _,
            heartbeat: _,
            crash: _,
            on_stop: _,
            grace: _,
            // The next one is planned anew.
            deploys: _,
            delete: _,
            idempotent: _,
            retry: _,
            queue,
            calls,
            several,
            threads,
            start_up,
            forward,
            hosts,
        } = to;
        let source = [&(from.queue, &from.several), &(*queue, several)];
        self.stays(format!("{path}.queue"), source, WIRED, WHOLE);
        self.stays(
            format!("{path}.hosts"),
            [&from.hosts, hosts],
            "workers have their places",
            WHOLE,
        );
        self.stays(format!("{path}.forward"), [&from.forward, forward], WIRED, WHOLE);
        let to = |calls: &Option<CallConfig>| {
            calls.as_ref().map(|calls| {
                // Asked for each call.
                let CallConfig { to, retry: _, base_refused: _, budget: _ } = calls;
                *to
            })
        };
        self.stays(format!("{path}.calls"), [&to(&from.calls), &to(calls)], WIRED, WHOLE);
        let scaler = |size: &FleetSize| match size {
            FleetSize::Scaled(scaler) => Some(scaler.clone()),
            FleetSize::Fixed(_) | FleetSize::Schedule(_) => None,
        };
        let why = "a scaler decides by what it has read since the start";
        let scalers = [&scaler(&from.size), &scaler(size)];
        self.stays(format!("{path}.count"), scalers, why, WHOLE);
        let why = "a worker has its threads from its start";
        let instead = "change `count`: more workers join, or some leave";
        self.stays(format!("{path}.threads"), [&from.threads, threads], why, instead);
        if size.most() <= from.size.most() {
            let why = "all workers of the fleet have their start behind them";
            let instead = "it holds for workers that join: raise `count` too";
            self.stays(format!("{path}.start_up"), [&from.start_up, start_up], why, instead);
        }
    }

    fn function(&mut self, path: &str, from: &FunctionConfig, to: &FunctionConfig) {
        let FunctionConfig {
            // Asked at each poll, batch, invocation, growth, failure or delete.
            batch: _,
            window: _,
            ramp: _,
            reserved: _,
            timeout: _,
            partial: _,
            processing: _,
            per: _,
            failure: _,
            memory: _,
            environments: _,
            gap: _,
            call_latency: _,
            retry: _,
            invoke_retry: _,
            queue,
            pollers,
        } = to;
        self.stays(format!("{path}.queue"), [&from.queue, queue], WIRED, WHOLE);
        let kinds = [&from.pollers, pollers].map(std::mem::discriminant);
        let why = "its mapping has its kind of pollers from the start";
        let instead = "change how many pollers there are, or their concurrency";
        self.stays(format!("{path}.provisioned"), [&kinds[0], &kinds[1]], why, instead);
    }
}

const KIND: [&str; 2] =
    ["calls wait as the kind before let them", "change the parameters of the kind that is there"];
const SEED: [&str; 2] = ["the past was drawn from it", "`--seed` sets it for the whole run"];
const WIRED: &str = "messages and calls are on their way";
const WHOLE: &str = "without `--fork-at` it holds for the whole run";

#[cfg(test)]
mod tests {
    use super::*;

    fn placed(path: &str, sets: &[&str]) -> Option<usize> {
        let sets: Vec<String> = sets.iter().map(|&set| set.to_owned()).collect();
        let fault = Fault { path: path.to_owned(), ..Fault::new("wrong") };
        located(fault, &sets).place.map(|place| place.source)
    }

    #[test]
    fn a_fault_points_at_the_change_that_made_it() {
        let sets = ["queues.a.ledger.keys=Uniform", "queues.a.ledger=()", "producers.b.scale=2"];
        assert_eq!(placed("queues.a.ledger.keys", &sets), Some(1), "the last one counts");
        assert_eq!(placed("queues.a.ledger.keys", &sets[..1]), Some(0));
        assert_eq!(placed("queues.a", &sets[..1]), Some(0));
        assert_eq!(placed("producers.b.arrivals", &sets), Some(2), "the same part");
        assert_eq!(placed("queues.ab.delay", &sets), None);
        assert_eq!(placed("seed", &sets), None);
    }
}
