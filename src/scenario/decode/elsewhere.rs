//! What settings are called elsewhere: in the API of SQS, in other queues, in other files.
//!
//! Owns the table of those names. Must not decide what is at fault.

use super::words::{plain, quoted_list};
use crate::scenario::defaults;

/// Names without case and marks; where they stand, anywhere for none; what to write here.
const NAMES: &[(&[&str], &[&str], &str)] = &[
    (
        &[
            "maxreceivecount",
            "maxreceives",
            "maxdeliverycount",
            "maxdeliveries",
            "maxretries",
            "maxdeliveryattempts",
            "maxattempts",
            "retries",
        ],
        &["queue", "scenario", "consumer", "failure"],
        "in the queue: `redrive: (to: \"…\", max_receives: 10)`",
    ),
    (&["maxreceivecount", "maxdeliverycount"], &["redrive"], "write `max_receives: 10`"),
    (
        &[
            "deadlettertargetarn",
            "deadletterqueue",
            "deadletter",
            "dlq",
            "redrivepolicy",
            "deadlettertopic",
            "deadletterpolicy",
            "redrivetarget",
        ],
        &[],
        "in the queue: `redrive: (to: \"…\")`, with the name of the dead-letter queue",
    ),
    (
        &[
            "visibilitytimeout",
            "defaultvisibilitytimeout",
            "ackdeadline",
            "ackdeadlineseconds",
            "acktimeout",
            "lockduration",
            "visibility",
            "timeout",
            "consumertimeout",
            "ackwait",
        ],
        &["queue", "scenario"],
        "in the queue: `visibility_timeout: \"30s\"`",
    ),
    (
        &[
            "visibilitytimeout",
            "defaultvisibilitytimeout",
            "ackdeadline",
            "ackdeadlineseconds",
            "acktimeout",
            "lockduration",
            "timeout",
            "ackwait",
        ],
        &["consumer", "receive"],
        "in the queue: `visibility_timeout: \"30s\"`; or for this consumer alone: \
         `receive: (visibility_timeout: \"30s\")`",
    ),
    (
        &["delayseconds", "deliverydelay", "scheduleddelay"],
        &[],
        "write `delay: \"30s\"`, in the queue or in the producer",
    ),
    (
        &[
            "messageretentionperiod",
            "retentionperiod",
            "messageretention",
            "ttl",
            "messagettl",
            "xmessagettl",
            "expiration",
            "defaultmessagetimetolive",
            "timetolive",
        ],
        &[],
        "in the queue: `retention: \"4d\"`",
    ),
    (
        &[
            "receivemessagewaittimeseconds",
            "receivemessagewaittime",
            "waittimeseconds",
            "waittime",
            "longpoll",
            "longpolling",
            "polltimeout",
            "longpollwait",
        ],
        &[],
        "in the consumer: `receive: (wait: \"20s\")`",
    ),
    (
        &["maxnumberofmessages", "maxmessages", "batchsize", "maxpollrecords", "fetchsize"],
        &["consumer", "queue", "receive"],
        "in the consumer: `receive: (max: 10)`",
    ),
    (&["batchsize", "maxbatchsize"], &["producer"], "write `batch: 10`"),
    (&["batchsize", "maxbatchsize"], &["delete"], "write `batch: 10`"),
    (
        &["maximumbatchingwindowinseconds", "batchwindow", "lingerms", "maxbatchdelay"],
        &["producer", "delete"],
        "write `linger: \"100ms\"`",
    ),
    (
        &["prefetchcount", "qos", "buffersize", "maxackpending", "maxoutstandingmessages"],
        &["consumer", "receive"],
        "in the consumer: `receive: (prefetch: 10)`",
    ),
    (
        &[
            "maximumconcurrency",
            "concurrency",
            "parallelism",
            "maxconcurrency",
            "workers",
            "maxconcurrentcalls",
            "reservedconcurrency",
            "reservedconcurrentexecutions",
        ],
        &["consumer"],
        "`count` is the number of processes, `threads` what each does at once",
    ),
    (
        &["replicas", "instances", "size", "processes", "tasks", "desiredcount"],
        &["consumer"],
        "write `count: 10`, the number of processes",
    ),
    (
        &["servicetime", "processingtime", "duration", "worktime", "latency", "work"],
        &["consumer"],
        "write `processing: Exponential(\"20ms\")`, a distribution",
    ),
    (
        &["rate", "lambda", "throughput", "arrivalrate", "poisson", "messagespersecond"],
        &["producer"],
        "write `arrivals: Poisson(\"400/s\")`",
    ),
    (
        &["heartbeatinterval", "heartbeatseconds", "extendvisibility"],
        &["consumer", "receive", "queue"],
        "in the consumer: `heartbeat: (every: \"10s\", extend: \"30s\")`",
    ),
    (&["interval"], &["heartbeat"], "write `every: \"10s\"`"),
    (
        &["fifoqueue", "contentbaseddeduplication", "deduplicationscope", "fifothroughputlimit"],
        &[],
        "FIFO queues are not supported by this version",
    ),
    (
        &["messagegroupid", "messagegroups", "groups", "partitionkey"],
        &["queue", "producer", "ledger"],
        "in the queue: `ledger: (keys: Group(count: 1000))`",
    ),
    (&["shards", "shardcount", "numpartitions"], &[], "in the queue: `ledger: (partitions: 4)`"),
    (
        &["maximummessagesize", "maxmessagesize", "messagesizebytes", "bodysize"],
        &[],
        "in the queue: `message_size: Constant(\"1KiB\")`, a distribution",
    ),
    (
        &["maxinflight", "inflightlimit", "maxinflightmessages", "inflight"],
        &["queue"],
        "write `max_in_flight: 120000`",
    ),
    (&["queuename"], &["queue"], "the name stands before it, in braces: `{\"jobs\": (…)}`"),
    (
        &["queuename", "queueurl", "queuearn", "eventsourcearn", "topic", "source"],
        &["producer", "consumer"],
        "write `queue: \"…\"`, with its name in this file",
    ),
    (&["warmup", "warmupperiod", "burnin"], &["scenario"], "write `warm_up: \"2m\"`"),
    (&["description", "title", "name", "comment"], &["scenario"], "write `about: \"…\"`"),
    (&["randomseed", "rngseed"], &["scenario"], "write `seed: 42`"),
    (
        &["length", "simulationtime", "runtime", "end", "until", "time"],
        &["scenario"],
        "write `duration: \"20m\"`",
    ),
    (
        &["assert", "assertions", "slo", "slos", "expectations", "expects"],
        &["scenario"],
        "write `expect: [\"p99(sent_to_deleted) < 2s\"]`",
    ),
    (
        &["ignore", "allowwarnings", "silence", "nowarn", "suppress"],
        &["scenario"],
        "write `allow: [\"overload\"]`, the names of warnings that are meant",
    ),
    (
        &["mu", "sigma", "sd", "std", "stddev", "stdev", "standarddeviation"],
        &["LogNormal"],
        "write `mean` and `cv`, the standard deviation divided by the mean",
    ),
    (&["median", "p5"], &["LogNormal"], "write `p50`"),
    (
        &["average", "avg"],
        &["LogNormal", "Erlang", "Gamma", "HyperExponential", "Normal"],
        "write `mean`",
    ),
    (&["stddev", "std", "stdev", "sigma", "standarddeviation"], &["Normal"], "write `sd`"),
    (&["shape", "stages", "n"], &["Erlang"], "write `k`, a whole number of stages"),
    (&["instant", "time", "start", "from", "when"], &["Burst", "outage"], "write `at: \"2m\"`"),
    (&["size", "messages", "n", "number"], &["Burst"], "write `count: 5000`"),
    (&["duration", "length", "lasts", "until"], &["outage"], "write `for: \"5m\"`"),
    (
        &["repeat", "period", "interval", "cycle"],
        &["Profile", "Burst", "Times", "outage"],
        "write `every: \"24h\"`",
    ),
    (
        &["column", "series", "statistic", "stat", "label", "id"],
        &["Counts"],
        "write `metric: \"Sum\"`, the name of the column or the series",
    ),
    (
        &["path", "filename", "csv", "source"],
        &["Counts", "Times"],
        "write `file: \"requests.csv\"`",
    ),
];

/// The remedy for a setting's name that is known elsewhere.
pub(super) fn remedy(section: &str, key: &str) -> Option<String> {
    if section == "LogNormal" && is_percentile(key) {
        return Some(format!(
            "`LogNormal` takes `p50` and `p99`, or `mean` and `cv`; for others write \
             `Percentiles({{\"50%\": \"20ms\", \"{}%\": \"80ms\", \"99%\": \"200ms\"}})`",
            percent(key)
        ));
    }
    let lower: String = key.chars().filter(|c| c.is_alphanumeric()).collect();
    let lower = lower.to_lowercase();
    let known = NAMES.iter().find(|(names, sections, _)| {
        names.contains(&&*lower) && (sections.is_empty() || sections.contains(&section))
    });
    if let Some((_, _, remedy)) = known {
        return Some((*remedy).to_owned());
    }
    let homes: Vec<&str> = HOMES.iter().copied().filter(|&home| has(home, key)).collect();
    match homes.as_slice() {
        [] => None,
        [home] => Some(format!("`{key}` is a setting of {}", plain_home(home))),
        _ => {
            let names: Vec<String> = homes.iter().map(|home| plain(home)).collect();
            let names: Vec<&str> = names.iter().map(String::as_str).collect();
            Some(format!("`{key}` is a setting of {}", quoted_list(&names)))
        }
    }
}

/// Sections whose settings are looked for, the outermost first.
const HOMES: [&str; 14] = [
    "scenario",
    "queue",
    "redrive",
    "ledger",
    "nodes",
    "producer",
    "consumer",
    "receive",
    "failure",
    "heartbeat",
    "crash",
    "delete",
    "limits",
    "prices",
];

fn has(section: &str, key: &str) -> bool {
    defaults::section(section).is_some_and(|section| section.get(key).is_some())
}

fn plain_home(section: &str) -> String {
    match section {
        "scenario" => "the scenario itself".into(),
        _ => format!("`{}`", plain(section)),
    }
}

/// `p95`, `P99_9`: a percentile by its short name.
fn is_percentile(key: &str) -> bool {
    let digits = key.strip_prefix(['p', 'P']).unwrap_or_default();
    !digits.is_empty() && digits.chars().all(|c| c.is_ascii_digit() || c == '_' || c == '.')
}

/// What `p95` or `p999` is a percentage of: 95 or 99.9.
pub(super) fn percent(key: &str) -> String {
    let digits: String = key.chars().filter(char::is_ascii_digit).collect();
    match digits.split_at_checked(2) {
        Some((whole, decimals)) if !decimals.is_empty() => format!("{whole}.{decimals}"),
        _ => digits,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_other_tools_find_the_name_here() {
        let cases = [
            ("queue", "maxReceiveCount", "redrive: (to: \"…\", max_receives: 10)"),
            ("queue", "RedrivePolicy", "redrive: (to:"),
            ("queue", "DelaySeconds", "delay: \"30s\""),
            ("queue", "MessageRetentionPeriod", "retention: \"4d\""),
            ("queue", "ReceiveMessageWaitTimeSeconds", "receive: (wait: \"20s\")"),
            ("consumer", "VisibilityTimeout", "receive: (visibility_timeout: \"30s\")"),
            ("consumer", "BatchSize", "receive: (max: 10)"),
            ("producer", "batch_size", "write `batch: 10`"),
            ("consumer", "max_in_flight", "`max_in_flight` is a setting of `queue`"),
            ("queue", "processing", ""),
            ("consumer", "visibility_timeout", "receive: (visibility_timeout: \"30s\")"),
            ("consumer", "wait", "`wait` is a setting of `receive`"),
            ("queue", "drain", "`drain` is a setting of the scenario itself"),
            ("LogNormal", "p95", "Percentiles({\"50%\": \"20ms\", \"95%\": \"80ms\""),
            ("LogNormal", "p999", "\"99.9%\": \"80ms\""),
            ("LogNormal", "sigma", "`mean` and `cv`"),
            ("queue", "nonsense", ""),
        ];
        for (section, key, expected) in cases {
            let found = remedy(section, key);
            match expected {
                "" => assert_eq!(found, None, "{section}: {key}"),
                _ => assert!(
                    found.as_deref().is_some_and(|found| found.contains(expected)),
                    "{section}: {key}: {found:?}"
                ),
            }
        }
    }

    #[test]
    fn no_name_of_the_table_is_one_of_its_section() {
        for (names, sections, _) in NAMES {
            for section in *sections {
                let of = defaults::section(section).map_or(&[][..], |section| section.entries());
                for entry in of {
                    assert!(!names.contains(&&*entry.key), "{section}: {}", entry.key);
                }
            }
        }
    }
}
