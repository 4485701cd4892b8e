//! What a latency is made of where nothing waits.
//!
//! Owns the settings that keep a message even from a free worker, and what each of them takes of
//! one measure. Must not know how a search came there.

use crate::kernel::dist::Dist;
use crate::kernel::time::Span;
use crate::ledger::config::QueueId;
use crate::model::clients::{FleetConfig, OnFailure};
use crate::model::scenario::{Named, Scenario};
use crate::stats::expect::{Names, Quantity, Single, Take};

/// What takes less than this share of the whole is not told.
const SLIGHT: f64 = 0.05;
/// What happens to this share of the messages that a percentile leaves out shows in it: the share
/// of a run differs from its probability.
const NEARLY: f64 = 0.8;

/// What one setting takes.
struct Part {
    nanos: f64,
    words: String,
}

/// Which value of a latency is looked at.
#[derive(Clone, Copy)]
enum Of<'a> {
    Mean,
    /// The share of the messages that stay below it, and its name.
    Quantile(f64, &'a str),
}

/// What a latency consists of where nothing waits and it is `value` nanoseconds, the largest part
/// first; `None` where no setting explains it.
pub(super) fn remains(scenario: &Scenario, quantity: &Quantity, value: f64) -> Option<String> {
    let Single { name, take, place, .. } = quantity.single(&Names::of(scenario))?;
    let function = quantity.text().trim().split('(').next()?;
    let of = match take? {
        Take::Mean => Of::Mean,
        Take::Quantile(p) => Of::Quantile(p, function),
        Take::Stddev | Take::Max | Take::Last | Take::Count => return None,
    };
    let queue = QueueId(u32::try_from(place).ok()?);
    let here = |fleet: &&Named<FleetConfig>| fleet.config.receives_from(queue);
    let mut parts = Vec::new();
    for fleet in scenario.fleets.iter().filter(here) {
        if matches!(name, "sent_to_deleted" | "processing") {
            parts.extend(work(&fleet.config.processing, of));
        }
        if name == "sent_to_deleted" {
            parts.extend(failures(scenario, fleet, place, of));
            parts.extend(hold(fleet, of));
            parts.push(calls(fleet));
        }
    }
    if matches!(name, "sent_to_received" | "sent_to_deleted") {
        parts.extend(delays(scenario, place));
    }
    parts.retain(|part| part.nanos >= SLIGHT * value && part.nanos <= value * (1.0 + SLIGHT));
    parts.sort_by(|a, b| b.nanos.total_cmp(&a.nanos));
    let words: Vec<String> = parts.into_iter().map(|part| part.words).collect();
    (!words.is_empty()).then(|| words.join(" and "))
}

fn work(work: &Dist, of: Of<'_>) -> Option<Part> {
    let (nanos, words) = match of {
        Of::Mean => (work.mean_nanos(), "on average".to_owned()),
        Of::Quantile(p, name) => (work.quantile_nanos(p)?, format!("whose {name} is")),
    };
    Some(Part { nanos, words: format!("the work itself, {words} {}", length(nanos)) })
}

/// What failed comes back after a while.
fn failures(
    scenario: &Scenario,
    fleet: &Named<FleetConfig>,
    place: usize,
    of: Of<'_>,
) -> Option<Part> {
    let config = &fleet.config;
    let queue = &scenario.queues[place];
    let timeout = config.receive.visibility_timeout.unwrap_or(queue.config.visibility_timeout);
    // The others of its batch bring a message back as well.
    if config.failure.whole_batch {
        return None;
    }
    let (after, setting) = match config.failure.then {
        // It depends on how often a message failed.
        OnFailure::Backoff { .. } | OnFailure::Delays(_) => return None,
        OnFailure::Release(after) => (after, format!("consumers.{}.failure.then", fleet.name)),
        OnFailure::LetExpire => (timeout, format!("queues.{}.visibility_timeout", queue.name)),
    };
    let share = config.failure.probability;
    let whole = after.as_nanos() as f64;
    let nanos = match of {
        Of::Mean => whole * share / (1.0 - share).max(share),
        Of::Quantile(p, _) if share >= (1.0 - p) * NEARLY => whole,
        Of::Quantile(..) => return None,
    };
    (share > 0.0).then(|| Part { nanos, words: format!("{after} of `{setting}`") })
}

/// A message is not worked on before its time.
fn hold(fleet: &Named<FleetConfig>, of: Of<'_>) -> Option<Part> {
    let hold = fleet.config.hold.as_ref()?;
    let nanos = match of {
        Of::Mean => hold.mean_nanos(),
        Of::Quantile(p, _) => hold.quantile_nanos(p)?,
    };
    Some(Part { nanos, words: format!("{} of `consumers.{}.hold`", length(nanos), fleet.name) })
}

/// The answer of a receive is under way, and so is the delete.
fn calls(fleet: &Named<FleetConfig>) -> Part {
    let nanos = 2.0 * fleet.config.call_latency.mean_nanos();
    let words = format!("{} of two times `consumers.{}.call_latency`", length(nanos), fleet.name);
    Part { nanos, words }
}

fn delays(scenario: &Scenario, place: usize) -> Vec<Part> {
    let part = |delay: Span, setting: String| Part {
        nanos: delay.as_nanos() as f64,
        words: format!("{delay} of `{setting}`"),
    };
    let queue = &scenario.queues[place];
    let producers = scenario.producers.iter();
    let here = producers.filter(|producer| producer.config.queue.0 as usize == place);
    let own = here.filter_map(|producer| {
        let delay = producer.config.delay?;
        Some(part(delay, format!("producers.{}.delay", producer.name)))
    });
    let mut parts: Vec<Part> = own.collect();
    parts.push(part(queue.config.delay, format!("queues.{}.delay", queue.name)));
    parts
}

/// A length with three digits.
pub(super) fn length(nanos: f64) -> String {
    let mut unit = 1_u64;
    while nanos / unit as f64 >= 999.5 {
        unit *= 10;
    }
    Span::round_nanos(nanos / unit as f64).saturating_mul(unit).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::clients::Failure;
    use crate::stats::expect::parse_quantity;
    use crate::stats::fixture;

    fn told(text: &str, value: f64, change: impl FnOnce(&mut Scenario)) -> Option<String> {
        let mut scenario = fixture::scenario();
        scenario.fleets[0].config.processing = Dist::Constant(Span::from_millis(200));
        change(&mut scenario);
        remains(&scenario, &parse_quantity(text).expect(text), value)
    }

    #[test]
    fn the_largest_part_comes_first() {
        let slow = |scenario: &mut Scenario| {
            let then = OnFailure::Release(Span::from_secs(5));
            let fleet = &mut scenario.fleets[0].config;
            fleet.failure = Failure { probability: 0.02, poison: 0.0, then, whole_batch: false };
        };
        let fleet = fixture::scenario().fleets[0].name.clone();
        let p99 = told("p99(sent_to_deleted)", 5.4e9, slow).expect("it is known");
        // The work is a 27th of it: not told.
        assert_eq!(p99, format!("5s of `consumers.{fleet}.failure.then`"));
        // Half of the messages never fail.
        let p50 = told("p50(sent_to_deleted)", 0.2e9, slow);
        assert_eq!(p50.as_deref(), Some("the work itself, whose p50 is 200ms"));
    }

    #[test]
    fn where_no_setting_explains_it_nothing_is_said() {
        assert_eq!(told("mean(sent_to_received)", 1e9, |_| {}), None);
        assert_eq!(told("deleted", 1e9, |_| {}), None);
        assert_eq!(told("max(sent_to_deleted)", 1e9, |_| {}), None);
    }

    #[test]
    fn lengths_have_three_digits() {
        let cases = [(0.0, "0s"), (299_999_999.0, "300ms"), (5_174_321_000.0, "5s170ms")];
        for (nanos, text) in cases {
            assert_eq!(length(nanos), text);
        }
    }

    /// Five seconds after one in five failures: 5 · 0.2/0.8 on average; after three in five what is
    /// missing is all there is. p99 feels what happens to nearly a hundredth.
    #[test]
    fn what_failures_take_depends_on_how_many_there_are() {
        let name = fixture::scenario().fleets[0].name.clone();
        let setting = format!("5s of `consumers.{name}.failure.then`");
        let has = |text: &str, value: f64, probability: f64| {
            let then = OnFailure::Release(Span::from_secs(5));
            let told = told(text, value, |scenario| {
                scenario.fleets[0].config.failure =
                    Failure { probability, poison: 0.0, then, whole_batch: false };
            });
            told.is_some_and(|told| told.contains(&setting))
        };
        let mean = "mean(sent_to_deleted)";
        assert!(has(mean, 1.25e9, 0.2) && !has(mean, 1.1e9, 0.2), "1.25 s");
        assert!(has(mean, 24e9, 0.2) && !has(mean, 26e9, 0.2), "a twentieth is told");
        assert!(has(mean, 5e9, 0.6) && !has(mean, 4.5e9, 0.6), "5 s");
        assert!(!has(mean, 1e9, 0.0) && !has(mean, 0.0, 0.0));
        let p99 = "p99(sent_to_deleted)";
        assert!(has(p99, 5e9, 0.009) && !has(p99, 5e9, 0.007));
        // Somewhat more than was measured is told, too: shares of a run differ.
        assert!(has(p99, 4.8e9, 0.01) && !has(p99, 4.7e9, 0.01));
    }

    #[test]
    fn delays_and_calls_are_told_where_they_are() {
        let name = fixture::scenario().fleets[0].name.clone();
        let producer = fixture::scenario().producers[0].name.clone();
        let delayed = |scenario: &mut Scenario| {
            scenario.queues[0].config.delay = Span::from_secs(2);
            scenario.producers[0].config.delay = Some(Span::from_secs(3));
        };
        let both = format!("3s of `producers.{producer}.delay` and 2s of `queues.orders.delay`");
        assert_eq!(told("mean(sent_to_received)", 3e9, delayed), Some(both));
        let other = told("mean(orders-dlq.sent_to_received)", 3e9, |scenario| {
            delayed(scenario);
            scenario.queues[1].config.delay = Span::from_secs(1);
        });
        assert_eq!(other.as_deref(), Some("1s of `queues.orders-dlq.delay`"));
        let slow = |scenario: &mut Scenario| {
            scenario.fleets[0].config.processing = Dist::Constant(Span::ZERO);
            scenario.fleets[0].config.call_latency = Dist::Constant(Span::from_millis(50));
        };
        let calls = format!("100ms of two times `consumers.{name}.call_latency`");
        assert_eq!(told("mean(sent_to_deleted)", 0.1e9, slow), Some(calls));
    }
}
