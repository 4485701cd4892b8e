//! Checks of functions.
//!
//! Owns their ranges, those of their mappings, and what AWS refuses of a function and its queue
//! together. Must not know the queues' own ranges.
//!
//! Ranges are those of
//! [`CreateEventSourceMapping`](https://docs.aws.amazon.com/lambda/latest/api/API_CreateEventSourceMapping.html)
//! and [`CreateFunction`](https://docs.aws.amazon.com/lambda/latest/api/API_CreateFunction.html).

use super::Check;
use crate::kernel::time::Span;
use crate::ledger::config::ReceiveRouting;
use crate::ledger::journal::{MOST_GROUPS, MOST_MEMBERS};
use crate::model::clients::{Failure, OnFailure, Retry, WorkUnit};
use crate::model::functions::{Account, Environments, FunctionConfig, Pollers, Ramp, Slope};
use crate::model::scenario::{Named, Scenario};
use crate::scenario::file::{
    CeilingOfMappingFile, FunctionFile, OnFailureFile, ScenarioFile, ShapeFile, SlopeFile,
    WorkUnitFile,
};
use crate::scenario::tree::At;
use crate::scenario::warnings::Warning;

const IN_LAMBDA: &str = "Lambda allows no other value";
/// `MaximumBatchingWindowInSeconds`.
const LONGEST_WINDOW: Span = Span::from_secs(300);
/// What a batch of more than ten messages needs.
const LEAST_WINDOW: Span = Span::from_secs(1);
/// `Timeout`.
const TIMEOUTS: (Span, Span) = (Span::from_secs(1), Span::from_secs(900));
/// `MemorySize`, in MB.
const MEMORY: (u64, u64) = (128, 10_240);
/// What the guide advises: six times the function's timeout, and the window (LDG
/// services-sqs-configure).
const ADVISED_TIMEOUTS: u64 = 6;
/// The same: receives before a message is moved.
const ADVISED_RECEIVES: u32 = 5;

impl<'a> Check<'a> {
    /// What all functions share.
    pub(super) fn account(&mut self, file: &ScenarioFile) -> Account {
        let at = self.root.field("account").field("concurrency");
        let why = "each takes memory in the simulator";
        self.range(&at, file.account.concurrency, 1, MOST_MEMBERS, why);
        Account { concurrency: file.account.concurrency }
    }

    /// A function.
    pub(super) fn function(&mut self, at: &At<'a>, file: &FunctionFile) -> FunctionConfig {
        self.range(&at.field("batch"), file.batch, 1, 10_000, IN_LAMBDA);
        let window = file.window.0;
        self.range(&at.field("window"), window, Span::ZERO, LONGEST_WINDOW, IN_LAMBDA);
        if file.batch > 10 && window < LEAST_WINDOW {
            let what = format!("a batch of {} needs a window of 1s or more", file.batch);
            self.push(&at.field("batch"), what).help =
                vec!["write `window: \"1s\"`, or a `batch` of 10 at most".into()];
        }
        if file.batch == 1 && !window.is_zero() {
            let what = "a batch of one message is full at once: no window is waited for";
            self.warn(&at.field("window"), Warning::NoEffect, what);
        }
        let (min, max) = TIMEOUTS;
        self.range(&at.field("timeout"), file.timeout.0, min, max, IN_LAMBDA);
        let memory = file.memory.0 >> 20;
        if !(MEMORY.0..=MEMORY.1).contains(&memory) || memory << 20 != file.memory.0 {
            let what = "it must be a whole number of MiB from 128MiB to 10240MiB";
            self.push(&at.field("memory"), what).help.push(IN_LAMBDA.into());
        }
        let environments = at.field("environments");
        self.at_least_one(&environments.field("per_10_s"), file.environments.per_10_s);
        FunctionConfig {
            queue: self.queue_named(&at.field("queue"), &file.queue),
            batch: file.batch,
            window,
            pollers: self.pollers(at, file),
            ramp: self.ramp(&at.field("scaling"), file),
            reserved: file.reserved,
            timeout: file.timeout.0,
            partial: file.partial,
            processing: self.dist(&at.field("processing"), &file.processing),
            per: match file.per {
                WorkUnitFile::Message => WorkUnit::Message,
                WorkUnitFile::Batch => WorkUnit::Batch,
            },
            failure: self.failure_of_function(&at.field("failure"), file),
            memory: memory as u32,
            environments: Environments {
                cold_start: {
                    let at = environments.field("cold_start");
                    self.dist(&at, &file.environments.cold_start)
                },
                keep_warm: file.environments.keep_warm.0,
                per_10_s: file.environments.per_10_s,
            },
            gap: file.gap.0,
            call_latency: self.dist(&at.field("call_latency"), &file.call_latency),
            retry: self.retry(&at.field("retry"), &file.retry),
            invoke_retry: self.invoke_retry(&at.field("throttled"), file),
        }
    }

    fn pollers(&mut self, at: &At<'a>, file: &FunctionFile) -> Pollers {
        if let Some(max) = file.max_concurrency {
            self.range(&at.field("max_concurrency"), max, 2, 1_000, IN_LAMBDA);
        }
        let Some(provisioned) = &file.provisioned else {
            let idle = file.scaling.idle;
            let field = at.field("scaling").field("idle");
            self.range(&field, idle, 1, 1_000, "a mapping has 5, or 2");
            return Pollers::OnDemand { max: file.max_concurrency, idle };
        };
        if file.max_concurrency.is_some() {
            let what = "provisioned pollers and `max_concurrency` exclude each other";
            self.push(&at.field("max_concurrency"), what).help = vec![
                "leave it out: `provisioned: (max: …)` bounds the concurrency at ten times that"
                    .into(),
            ];
        }
        let at = at.field("provisioned");
        self.range(&at.field("min"), provisioned.min, 2, 200, IN_LAMBDA);
        self.range(&at.field("max"), provisioned.max, 2, 2_000, IN_LAMBDA);
        if provisioned.min > provisioned.max {
            let what = format!(
                "at least {} pollers are more than {} at most",
                provisioned.min, provisioned.max
            );
            self.push(&at.field("min"), what);
        }
        Pollers::Provisioned { min: provisioned.min, max: provisioned.max }
    }

    fn ramp(&mut self, at: &At<'a>, file: &FunctionFile) -> Ramp {
        let scaling = &file.scaling;
        let is_provisioned = file.provisioned.is_some();
        let auto = |on_demand, provisioned| if is_provisioned { provisioned } else { on_demand };
        let slope = match scaling.slope {
            SlopeFile::Auto => auto(300, 1_000),
            SlopeFile::AMinute(slope) => slope,
        };
        let ceiling = match scaling.ceiling {
            CeilingOfMappingFile::Auto => auto(1_250, 20_000),
            CeilingOfMappingFile::Invocations(ceiling) => ceiling,
        };
        let why = "each place takes memory in the simulator";
        self.range(&at.field("start"), scaling.start, 1, MOST_MEMBERS, why);
        self.range(&at.field("ceiling"), ceiling, 1, MOST_MEMBERS, why);
        self.range(&at.field("slope"), slope, 1, MOST_MEMBERS, why);
        self.some_time(&at.field("back_off"), scaling.back_off, "failures are counted over it");
        Ramp {
            start: scaling.start,
            slope,
            shape: match scaling.shape {
                ShapeFile::Even => Slope::Even,
                ShapeFile::ByTheMinute => Slope::ByTheMinute,
            },
            ceiling,
            back_off: scaling.back_off.0,
            failing: scaling.failing.0,
        }
    }

    fn failure_of_function(&mut self, at: &At, file: &FunctionFile) -> Failure {
        let failure = &file.failure;
        if failure.then != OnFailureFile::LetExpire {
            let what = "what a function failed comes back when its visibility timeout ends";
            self.push(&at.field("then"), what).help =
                vec!["leave `then` out; with `partial: true` only what failed comes back".into()];
        }
        if failure.whole_batch {
            let what = "`partial` says whether one failure fails the batch of a function";
            self.push(&at.field("whole_batch"), what).help =
                vec!["leave it out: without `partial: true` one failure fails the batch".into()];
        }
        let (probability, poison) = (failure.probability.0, failure.poison.0);
        Failure { probability, poison, then: OnFailure::LetExpire, whole_batch: false }
    }

    fn invoke_retry(&mut self, at: &At, file: &FunctionFile) -> Retry {
        let (base, cap) = (file.throttled.base, file.throttled.cap);
        self.some_time(&at.field("base"), base, "an invocation that never waits never stops");
        if cap.0 < base.0 {
            let what = format!("a cap of {} is below the base of {}", cap.0, base.0);
            self.push(&at.field("cap"), what);
        }
        Retry { base: base.0, cap: cap.0, attempts: None }
    }

    /// What functions, their queues and the account are together.
    pub(super) fn functions(&mut self, scenario: &Scenario) {
        let consumers = self.root.field("consumers");
        if scenario.functions.len() > MOST_GROUPS as usize {
            let what =
                format!("{} functions are more than {MOST_GROUPS}", scenario.functions.len());
            self.push(&consumers, what);
        }
        let mut reserved = 0_u64;
        for function in &scenario.functions {
            let at = consumers.field(&function.name);
            reserved += u64::from(function.config.reserved.unwrap_or(0));
            let all = scenario.account.concurrency;
            if function.config.reserved.is_some() && reserved > u64::from(all) {
                let what = format!("with this, {reserved} of the account's {all} are reserved");
                self.push(&at.field("reserved"), what).help =
                    vec!["reserve less, or write `account: (concurrency: …)`".into()];
            }
            let named = scenario.queues.get(function.config.queue.0 as usize);
            if let Some(queue) = named {
                self.function_of_queue(&at, function, queue);
            }
        }
    }

    fn function_of_queue(
        &mut self,
        at: &At<'a>,
        function: &Named<FunctionConfig>,
        queue: &Named<crate::ledger::config::QueueConfig>,
    ) {
        let config = &function.config;
        let visibility = queue.config.visibility_timeout;
        let of_queue = self.root.field("queues").field(&queue.name);
        let own = of_queue.field("visibility_timeout");
        let place = if own.is_written() { &own } else { at };
        let advised = config.timeout.saturating_mul(ADVISED_TIMEOUTS).saturating_add(config.window);
        if visibility < config.timeout {
            let what = format!(
                "the visibility timeout of `{}`, {visibility}, is shorter than the timeout of the \
                 function, {}: AWS refuses the mapping",
                queue.name, config.timeout
            );
            self.push(place, what).help = vec![format!("it is best {advised} or longer")];
        } else if visibility < advised {
            let what = format!(
                "a visibility timeout of {visibility} leaves little time to try throttled \
                 invocations of {} again",
                config.timeout
            );
            self.warn(place, Warning::LittleTimeForRetries, what).help = vec![format!(
                "AWS advises six times the function's timeout and the window: {advised}"
            )];
        }
        if let (Some(reserved), Pollers::OnDemand { max: Some(max), .. }) =
            (config.reserved, config.pollers)
            && reserved < max
        {
            let what = format!(
                "the mapping invokes up to {max} at once, the function may have {reserved}: the \
                 others are throttled"
            );
            self.warn(&at.field("reserved"), Warning::ReservedBelowMaximum, what).help =
                vec!["reserve as much as `max_concurrency`, or more".into()];
        }
        if let Some(redrive) = &queue.config.redrive
            && redrive.max_receives < ADVISED_RECEIVES
        {
            let what = format!(
                "a message is moved after {} receives, and those that were throttled count",
                redrive.max_receives
            );
            let field = of_queue.field("redrive").field("max_receives");
            self.warn(&field, Warning::FewReceives, what).help =
                vec!["AWS advises 5 or more with a function".into()];
        }
        if queue.config.ledger.receive == ReceiveRouting::Assigned {
            let what = "the readers of a function come and go: they cannot be assigned partitions";
            self.push(&at.field("queue"), what).help =
                vec![format!("give `{}` another rule of `receive`", queue.name)];
        }
    }
}
