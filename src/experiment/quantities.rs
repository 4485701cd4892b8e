//! What an experiment measures.
//!
//! Owns the measures that are taken where none is named, and the way from texts to checked
//! quantities. Must not know their values.

use crate::ledger::config::QueueId;
use crate::scenario::fault::{Fault, FaultSource, Faults, Place};
use crate::stats::expect::{ExpectFault, Names, Quantity, parse_quantity};

/// What is measured of each queue that somebody receives from, where nothing is named.
const USUAL: [(&str, &str); 5] = [
    ("rate", "deleted"),
    ("mean", "sent_to_received"),
    ("p50", "sent_to_deleted"),
    ("p95", "sent_to_deleted"),
    ("p99", "sent_to_deleted"),
];

/// The usual texts: flow and latencies of each queue, load of each fleet. A name stands where a
/// text without one would mean another part, or there are several.
fn usual(names: &Names<'_>) -> Vec<String> {
    let fleets = names.scenario.map_or(&[][..], |scenario| &scenario.fleets);
    let receives = |queue: &usize| {
        fleets.iter().any(|fleet| fleet.config.receives_from(QueueId(*queue as u32)))
    };
    let queues: Vec<usize> = (0..names.queues.len()).filter(receives).collect();
    let mut texts = Vec::new();
    for &queue in &queues {
        let of = if queues == [0] { String::new() } else { format!("{}.", names.queues[queue]) };
        texts.extend(USUAL.iter().map(|(take, what)| format!("{take}({of}{what})")));
    }
    match names.fleets[..] {
        [] | [_] => texts.push("busy".to_owned()),
        _ => texts.extend(names.fleets.iter().map(|fleet| format!("busy({fleet})"))),
    }
    texts
}

/// The quantities of these texts, each written for `option`; the usual ones for none.
///
/// # Errors
/// Every text that is no measure of this scenario.
pub fn read(option: &str, texts: &[String], names: &Names<'_>) -> Result<Vec<Quantity>, Faults> {
    if texts.is_empty() {
        let usual = usual(names);
        let usual = usual.iter().filter_map(|text| parse_quantity(text).ok());
        return Ok(usual.filter(|quantity| quantity.check(names).is_ok()).collect());
    }
    let mut faults = Faults::default();
    let mut quantities: Vec<Quantity> = Vec::new();
    for text in texts {
        let read = parse_quantity(text).and_then(|quantity| {
            quantity.check(names)?;
            Ok(quantity)
        });
        match read {
            Ok(quantity) if quantities.iter().any(|known| known.text() == text) => {
                let fault = ExpectFault {
                    column: 1,
                    length: text.chars().count(),
                    message: format!("`{}` is named twice", quantity.text()),
                    help: "name it once".to_owned(),
                };
                push(&mut faults, option, text, &fault);
            }
            Ok(quantity) => quantities.push(quantity),
            Err(fault) => push(&mut faults, option, text, &fault),
        }
    }
    if faults.is_empty() { Ok(quantities) } else { Err(faults) }
}

/// Adds a fault of a text of the expectation language that stands on the command line.
pub fn push(faults: &mut Faults, option: &str, text: &str, fault: &ExpectFault) {
    let byte = |column: usize| text.char_indices().nth(column).map_or(text.len(), |(at, _)| at);
    let (start, end) = (byte(fault.column - 1), byte(fault.column - 1 + fault.length));
    let source = faults.add_source(FaultSource { name: option.to_owned(), text: text.to_owned() });
    let place = Place { source, start, end };
    faults.push(Fault::new(fault.message.clone()).at(place, "").help(fault.help.clone()));
}
