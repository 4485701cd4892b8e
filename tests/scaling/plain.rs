//! The rules of fleets.md once more, slow and plain: second by second, with whole histories that
//! are searched, and whole numbers where a rule is about whole numbers.
//!
//! Of the sources that fleets.md names it has what that page leaves out: the first sync of a pod
//! autoscaler recommends what it finds, policies of a `behavior`, and how those are rounded.

use sqsim::clients::scaling::{Counters, Group};
use sqsim::kernel::time::{Span, Time};
use sqsim::model::scaling::{
    Adjustment, Behavior, ChangeLimit, ChangeRules, KedaConfig, MetricConfig, PaceConfig,
    SelectPolicy, StepAlarm, StepsConfig, TargetConfig,
};

use crate::fleet::{Workers, at};

/// All that happens to a fleet: the truth of each second, and the number of seconds that counters
/// lag.
pub(crate) struct Past<'a> {
    pub(crate) truth: &'a [Counters],
    pub(crate) lag: u64,
    pub(crate) workers: Workers,
}

impl Past<'_> {
    fn counters(&self, second: u64) -> Counters {
        match second.checked_sub(self.lag) {
            Some(then) => self.truth[then as usize],
            None => Counters::default(),
        }
    }
}

/// A number that is whole.
#[expect(clippy::cast_sign_loss, reason = "settings are not negative")]
pub(crate) fn whole(number: f64) -> u64 {
    number.round() as u64
}

fn seconds(span: Span) -> u64 {
    span.as_nanos() / 1_000_000_000
}

/// Whether something that comes each period, first at `first`, comes at `now`.
fn comes(now: u64, first: u64, every: Span) -> bool {
    now >= first && (now - first).is_multiple_of(seconds(every))
}

fn clip(count: u64, (min, max): (u32, u32)) -> u32 {
    u32::try_from(count.max(u64::from(min)).min(u64::from(max))).expect("it is at most `max`")
}

// Alarms

/// Messages and what they are divided by, or no point.
type Point = Option<(u64, u64)>;

#[derive(PartialEq)]
enum Way {
    Out,
    In,
}

/// How many workers a direction wants of a point and a fleet.
type Wants<'a> = dyn Fn(&Way, (u64, u64), Group) -> u64 + 'a;

/// A rule of two alarms: which points are in breach, and how many workers each direction wants.
struct Alarms<'a> {
    metric: &'a MetricConfig,
    pace: PaceConfig,
    bounds: (u32, u32),
    needs: (u32, u32),
    breach: &'a dyn Fn(&Way, (u64, u64)) -> bool,
    wants: &'a Wants<'a>,
}

impl Alarms<'_> {
    fn run(&self, mut past: Past) -> Vec<(Time, u32)> {
        let first = self.metric.phase.map_or(0, seconds);
        let delay = seconds(self.metric.delay);
        let mut groups: Vec<(u64, Group)> = Vec::new();
        let mut points: Vec<Point> = Vec::new();
        let mut said: Vec<(u64, bool, bool)> = Vec::new();
        let mut acts: Vec<(u64, Way)> = Vec::new();
        let mut changes = Vec::new();
        for now in 0..past.truth.len() as u64 {
            if comes(now, first, self.metric.every) {
                groups.push((now, past.workers.group(at(now))));
            }
            if !comes(now, first + delay, self.metric.every) {
                continue;
            }
            let group = past.workers.group(at(now));
            let then = now - delay;
            let counters = past.counters(then);
            let in_flight = if self.metric.in_flight { counters.in_flight } else { 0 };
            let read = groups.iter().find(|&&(at, _)| at == then).expect("it was read");
            let over = if self.metric.per_worker { u64::from(read.1.in_service) } else { 1 };
            points.push((over > 0).then_some((counters.visible + in_flight, over)));
            let on = |way: &Way, needs: u32| {
                let last = points.iter().rev().take(needs as usize);
                let breaches = last.filter(|point| point.is_some_and(|p| (self.breach)(way, p)));
                breaches.count() == needs as usize
            };
            let (high, low) = (on(&Way::Out, self.needs.0), on(&Way::In, self.needs.1));
            said.push((now, high, low));
            let Some(&Some(point)) = points.last() else { continue };
            let wants = |way: &Way| clip((self.wants)(way, point, group), self.bounds);
            let (out, within) = (wants(&Way::Out), wants(&Way::In));
            let is_due = |way: &Way| {
                let off = |&&(_, high, low): &&(u64, bool, bool)| {
                    if *way == Way::Out { !high } else { !low }
                };
                let last_off = said.iter().rev().find(off).map_or(0, |&(at, ..)| at);
                let is_mine = |(at, which): &&(u64, Way)| which == way && *at >= last_off;
                let mine = acts.iter().rfind(is_mine);
                mine.is_none_or(|&(at, _)| now >= at + seconds(self.pace.repeat))
            };
            let last = acts.last().map(|&(at, _)| at);
            let cools = self
                .pace
                .cooldown
                .is_some_and(|length| last.is_some_and(|last| now < last + seconds(length)));
            let blocked = match self.pace.cooldown {
                Some(_) => cools,
                None => group.warming > 0,
            };
            let change = if high && out > group.wanted && (cools || is_due(&Way::Out)) {
                Some((Way::Out, out))
            } else if low && !high && within < group.wanted && !blocked && is_due(&Way::In) {
                Some((Way::In, within))
            } else {
                None
            };
            if let Some((way, wanted)) = change {
                acts.push((now, way));
                changes.push((at(now), wanted));
                past.workers.set(at(now), wanted);
            }
        }
        changes
    }
}

/// Target tracking, with a whole target and a share of whole tenths.
pub(crate) fn tracked(config: &TargetConfig, bounds: (u32, u32), past: Past) -> Vec<(Time, u32)> {
    let (target, tenths) = (whole(config.target), whole(config.low_share * 10.0));
    let breach = |way: &Way, (messages, over): (u64, u64)| match way {
        Way::Out => messages > target * over,
        Way::In => messages * 10 < tenths * target * over,
    };
    let wants = |_: &Way, (messages, over): (u64, u64), group: Group| {
        (u64::from(group.in_service) * messages).div_ceil(target * over)
    };
    Alarms {
        metric: &config.metric,
        pace: config.pace,
        bounds,
        needs: (config.high_points, config.low_points),
        breach: &breach,
        wants: &wants,
    }
    .run(past)
}

/// Step scaling in both directions, with whole thresholds, bounds and per cents.
pub(crate) fn stepped(config: &StepsConfig, bounds: (u32, u32), past: Past) -> Vec<(Time, u32)> {
    let alarm = |way: &Way| -> &StepAlarm {
        let alarm = if *way == Way::Out { &config.out } else { &config.within };
        alarm.as_ref().expect("both directions have an alarm")
    };
    let breach = |way: &Way, (messages, over): (u64, u64)| {
        let threshold = whole(alarm(way).threshold) * over;
        if *way == Way::Out { messages > threshold } else { messages < threshold }
    };
    let wants = |way: &Way, (messages, over): (u64, u64), group: Group| {
        let threshold = whole(alarm(way).threshold) * over;
        let beyond = messages.abs_diff(threshold);
        let held = alarm(way).steps.iter().rfind(|step| beyond >= whole(step.0) * over);
        let Some(&(_, by)) = held else { return u64::from(group.wanted) };
        let base = u64::from(if *way == Way::Out { group.in_service } else { group.wanted });
        let count = match by {
            Adjustment::Exact(count) => return u64::from(count),
            Adjustment::Workers(count) => u64::from(count),
            Adjustment::Percent(percent) => {
                let hundredths = base * whole(percent);
                if hundredths == 0 { 0 } else { (hundredths / 100).max(1) }
            }
        };
        if *way == Way::Out { base + count } else { base.saturating_sub(count) }
    };
    let points = |way: &Way| alarm(way).points;
    Alarms {
        metric: &config.metric,
        pace: config.pace,
        bounds,
        needs: (points(&Way::Out), points(&Way::In)),
        breach: &breach,
        wants: &wants,
    }
    .run(past)
}

// KEDA and the pod autoscaler

/// KEDA with the pod autoscaler, with a whole target and a tolerance of whole per cents.
pub(crate) fn pods(config: &KedaConfig, bounds: (u32, u32), mut past: Past) -> Vec<(Time, u32)> {
    let mut polls: Vec<(u64, bool)> = Vec::new();
    let mut autoscaler = Pods { config, bounds, recommended: Vec::new(), rescaled: Vec::new() };
    let mut changes = Vec::new();
    for now in 0..past.truth.len() as u64 {
        let seen = past.counters(now);
        let in_flight = if config.in_flight { seen.in_flight } else { 0 };
        let delayed = if config.delayed { seen.delayed } else { 0 };
        let messages = seen.visible + in_flight + delayed;
        if comes(now, config.phase.map_or(0, seconds), config.polling) {
            polls.push((now, messages > config.activation));
            let replicas = past.workers.group(at(now)).wanted;
            let wanted = polled(config, bounds, &polls, now, replicas);
            if wanted != replicas {
                changes.push((at(now), wanted));
                past.workers.set(at(now), wanted);
            }
        }
        if comes(now, config.hpa.phase.map_or(0, seconds), config.hpa.sync) {
            let replicas = past.workers.group(at(now)).wanted;
            let wanted = autoscaler.sync(now, messages, replicas);
            if wanted != replicas {
                changes.push((at(now), wanted));
                past.workers.set(at(now), wanted);
            }
        }
    }
    changes
}

/// What the last of these polls makes of so many replicas.
fn polled(
    config: &KedaConfig,
    (min, _): (u32, u32),
    polls: &[(u64, bool)],
    now: u64,
    replicas: u32,
) -> u32 {
    let is_active = polls.last().is_some_and(|&(_, active)| active);
    let last = polls.iter().rev().find(|&&(_, active)| active);
    let cooled = match last {
        Some(&(at, _)) => at + seconds(config.cooldown) < now,
        None => seconds(config.initial_cooldown) < now,
    };
    match (is_active, config.idle) {
        (true, Some(_)) if replicas < min || replicas == 0 => min.max(1),
        (true, None) if replicas == 0 => min.max(1),
        (false, Some(idle)) if replicas > idle && cooled => idle,
        (false, None) if min == 0 && replicas > 0 && cooled => 0,
        (false, None) if replicas < min => min,
        _ => replicas,
    }
}

struct Pods<'a> {
    config: &'a KedaConfig,
    bounds: (u32, u32),
    recommended: Vec<(u64, u64)>,
    /// Replicas more or fewer.
    rescaled: Vec<(u64, i64)>,
}

impl Pods<'_> {
    fn sync(&mut self, now: u64, messages: u64, replicas: u32) -> u32 {
        let (min, max) = (self.bounds.0.max(1), self.bounds.1);
        if self.recommended.is_empty() {
            self.recommended.push((now, u64::from(replicas)));
        }
        if replicas == 0 {
            return 0;
        }
        let wanted = if replicas > max {
            max
        } else if replicas < min {
            min
        } else {
            let want = self.want(messages, u64::from(replicas));
            let wanted = match &self.config.hpa.behavior {
                None => self.without_behavior(now, want, u64::from(replicas)),
                Some(behavior) => self.with_behavior(now, behavior, want, u64::from(replicas)),
            };
            self.recommended.push((now, want));
            clip(wanted, (min, max))
        };
        self.rescaled.push((now, i64::from(wanted) - i64::from(replicas)));
        wanted
    }

    fn want(&self, messages: u64, replicas: u64) -> u64 {
        let target = whole(self.config.target);
        let percent = whole(self.config.hpa.tolerance * 100.0);
        let full = target * replicas;
        let near = ((100 - percent) * full..=(100 + percent) * full).contains(&(100 * messages));
        if near { replicas } else { messages.div_ceil(target) }
    }

    fn without_behavior(&self, now: u64, want: u64, replicas: u64) -> u64 {
        let window = seconds(self.config.hpa.window);
        let within = self.recommended.iter().filter(|&&(at, _)| now - at <= window);
        let most = within.map(|&(_, count)| count).max().unwrap_or(0).max(want);
        most.min((2 * replicas).max(4))
    }

    fn with_behavior(&self, now: u64, behavior: &Behavior, want: u64, replicas: u64) -> u64 {
        let within = |rules: &ChangeRules| {
            let window = seconds(rules.window);
            let young = self.recommended.iter().filter(move |&&(at, _)| now - at < window);
            young.map(|&(_, count)| count).chain([want]).collect::<Vec<u64>>()
        };
        let least = within(&behavior.up).into_iter().min().unwrap_or(want);
        let most = within(&behavior.down).into_iter().max().unwrap_or(want);
        let held = if replicas < least { least } else { replicas };
        let held = if held > most { most } else { held };
        // A limit on the other side of what is there lets nothing change.
        let up = self.limit(now, &behavior.up, replicas, true).max(replicas);
        let down = self.limit(now, &behavior.down, replicas, false).min(replicas);
        held.clamp(down, up)
    }

    fn limit(&self, now: u64, rules: &ChangeRules, replicas: u64, up: bool) -> u64 {
        let mut all: Vec<i64> = Vec::new();
        for policy in &rules.policies {
            let period = seconds(policy.period);
            let young = self.rescaled.iter().filter(|&&(at, _)| now - at < period);
            let start = replicas.cast_signed() - young.map(|&(_, change)| change).sum::<i64>();
            all.push(match policy.limit {
                ChangeLimit::Pods(count) if up => start + i64::from(count),
                ChangeLimit::Pods(count) => start - i64::from(count),
                // In floats, as Kubernetes has it: 100 and 10 % are 110.00000000000001, so 111.
                ChangeLimit::Percent(percent) if up => {
                    (start as f64 * (1.0 + f64::from(percent) / 100.0)).ceil() as i64
                }
                ChangeLimit::Percent(percent) => {
                    (start as f64 * (1.0 - f64::from(percent) / 100.0)) as i64
                }
            });
        }
        all.sort_unstable();
        let furthest = match (rules.select, up) {
            (SelectPolicy::Disabled, _) => return replicas,
            (SelectPolicy::Max, true) | (SelectPolicy::Min, false) => all.last(),
            (SelectPolicy::Min, true) | (SelectPolicy::Max, false) => all.first(),
        };
        furthest.map_or(replicas, |&limit| limit.max(0).cast_unsigned())
    }
}
