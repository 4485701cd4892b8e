//! The words in which decoding speaks of settings.
//!
//! Owns names for people and examples. Must not decide what is at fault.

use std::sync::OnceLock;

use crate::model::near::nearest;
use crate::scenario::syntax;
use crate::scenario::tree::Node;

/// A section's name as it stands in a sentence: variants are quoted.
pub(super) fn plain(section: &str) -> String {
    if section.starts_with(char::is_uppercase) {
        format!("`{section}`")
    } else {
        section.replace('_', " ")
    }
}

/// "a queue", "the scenario".
pub(super) fn with_article(section: &str) -> String {
    match section {
        "scenario" | "ledger" | "limits" | "nodes" | "failures" => format!("the {section}"),
        _ if section.starts_with(char::is_uppercase) => plain(section),
        _ if section.starts_with(['a', 'e', 'i', 'o', 'u']) => format!("an {}", plain(section)),
        _ => format!("a {}", plain(section)),
    }
}

/// Values for settings that have no default: an example for messages, and whether it may stand in
/// for one at fault, so that the rest is checked as well. Names of queues and files may not: they
/// would be faults of their own.
const EXAMPLES: [(&str, &str, bool); 19] = [
    ("arrivals", "Poisson(\"400/s\")", true),
    ("clients", "10", true),
    ("count", "10", true),
    ("every", "\"10s\"", true),
    ("extend", "\"30s\"", true),
    ("mean", "\"20ms\"", true),
    ("mean_time_between", "\"30d\"", true),
    ("processing", "Exponential(\"20ms\")", true),
    ("rate", "\"400/s\"", true),
    ("at", "\"60s\"", false),
    ("duration", "\"20m\"", false),
    ("file", "\"requests.csv\"", false),
    ("find", "[\"consumers.workers.count\"]", false),
    ("model", "\"../models/signup.ron\"", false),
    ("points", "[(\"0s\", \"2000/s\"), (\"5m\", \"12000/s\")]", true),
    ("queue", "\"jobs\"", false),
    ("queues", "{\"jobs\": ()}", false),
    ("to", "\"jobs\"", false),
    ("vary", "[\"consumers.workers.count=8..16:2\"]", false),
];

/// A value for a setting that has no default.
pub(super) fn example(name: &str) -> Option<&'static str> {
    EXAMPLES.iter().find(|&&(known, ..)| known == name).map(|&(_, example, _)| example)
}

/// What stands in for a required setting at fault. The longest duration contradicts no other
/// setting.
pub(super) fn stand_in(name: &str) -> Option<&'static Node> {
    static NODES: OnceLock<Vec<(&str, Node)>> = OnceLock::new();
    let nodes = NODES.get_or_init(|| {
        let allowed = EXAMPLES.iter().filter(|&&(_, _, may)| may);
        let examples = allowed.map(|&(name, example, _)| (name, example));
        let all = examples.chain([("duration", "\"36525d\"")]);
        all.filter_map(|(name, text)| Some((name, syntax::parse(text, usize::MAX).ok()?.0)))
            .collect()
    });
    nodes.iter().find(|(known, _)| *known == name).map(|(_, node)| node)
}

/// "`a`, `b` and `c`".
pub(super) fn quoted_list(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => "none".into(),
    }
}

/// The fault of a word that is no variant; lines after the first are advice.
pub(super) fn unknown_word(name: &str, word: &str, words: &[&str]) -> String {
    if (name, word) == ("queue kind", "Fifo") {
        return "`Fifo` queues are not supported by this version".into();
    }
    let mut lines = vec![format!("unknown {} `{word}`", plain(name))];
    if let Some(near) = nearest(word, words.iter().copied()) {
        lines.push(format!("did you mean `{near}`?"));
    }
    lines.push(possibilities(name, words));
    lines.join("\n")
}

/// What could stand where a word is expected.
pub(super) fn possibilities(name: &str, words: &[&str]) -> String {
    let form = match name {
        "distribution" => {
            return "such as `Exponential(\"20ms\")`; `sqsim help distributions` lists all".into();
        }
        "arrival process" => {
            return "such as `Poisson(\"400/s\")`; `sqsim help arrivals` lists all".into();
        }
        "capacity" => ", a rate such as \"3000/s\", or `(rate: \"3000/s\", burst: 100)`",
        "bound" | "burst" => ", or a number",
        "window" => ", or a length of time such as \"10s\"",
        _ => "",
    };
    match words {
        [only] => format!("write `{only}`{form}"),
        _ => format!("known are {}{form}", quoted_list(words)),
    }
}
