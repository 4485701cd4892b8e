//! Scenarios that people copy: those of the README, of the documentation, of the help topics and of
//! `sqsim new`.
//!
//! Each is whole, settles and meets its own expectations, unless its text says `NOT STABLE` or
//! `FAIL`.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use sqsim::experiment::in_order::in_order;
use sqsim::experiment::regression::outcome;
use sqsim::scenario::load::from_text;
use sqsim::scenario::templates::{template, templates};
use sqsim::scenario::topics::{topic, topics};

/// A scenario and where it is printed.
struct Printed {
    place: String,
    text: String,
}

/// Every file below a directory that ends in `.md`.
fn documents(directory: &Path, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).expect("it is part of the repository") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            documents(&path, found);
        } else if path.extension().is_some_and(|extension| extension == "md") {
            found.push(path);
        }
    }
}

/// The blocks of a document that are scenarios: fenced as `ron`, or set in by four blanks.
fn blocks(document: &str) -> Vec<String> {
    let (mut blocks, mut fenced) = (vec![String::new()], false);
    for line in document.lines() {
        if line.trim_start().starts_with("```") {
            fenced = line.trim_start() == "```ron";
            blocks.push(String::new());
            continue;
        }
        let part = if fenced { Some(line) } else { line.strip_prefix("    ") };
        match part {
            Some(part) => blocks.last_mut().expect("there is one").extend([part, "\n"]),
            None => blocks.push(String::new()),
        }
    }
    // Lists of defaults are no scenarios: they do not begin one.
    blocks.retain(|block| {
        let begins = block.lines().find(|line| !line.starts_with("//"));
        begins.is_some_and(|line| line.starts_with('(')) && block.contains("consumers:")
    });
    blocks
}

fn printed() -> Vec<Printed> {
    let mut files = vec![PathBuf::from("README.md"), PathBuf::from("ARCHITECTURE.md")];
    for directory in ["docs", "models"] {
        documents(Path::new(directory), &mut files);
    }
    files.sort();
    let mut all: Vec<(String, String)> = Vec::new();
    for file in files {
        let text = fs::read_to_string(&file).expect("it is text");
        all.extend(blocks(&text).into_iter().map(|block| (file.display().to_string(), block)));
    }
    for name in topics() {
        let text = topic(name).expect("it is listed");
        let found = blocks(&text).into_iter();
        all.extend(found.map(|block| (format!("sqsim help {name}"), block)));
    }
    for name in templates() {
        let text = template(name).expect("it is listed").to_owned();
        all.push((format!("sqsim new {name}"), text));
    }
    all.into_iter().map(|(place, text)| Printed { place, text }).collect()
}

#[test]
fn what_is_printed_settles_and_holds() {
    let printed = printed();
    assert!(printed.iter().any(|one| one.place == "README.md"), "its first scenario is there");
    assert!(printed.len() > templates().count());
    let threads = 2;
    let judged = in_order(printed.len() as u64, threads, |number| {
        let Printed { place, text } = &printed[number as usize];
        let none = |_: &str| Err(std::io::ErrorKind::NotFound.into());
        let loaded = from_text(place, text, &[], &none);
        let scenario = loaded.unwrap_or_else(|faults| panic!("{place}: {faults}")).scenario;
        outcome(&scenario, &AtomicBool::new(false))
    });
    for (Printed { place, text }, outcome) in printed.iter().zip(judged) {
        assert_eq!(outcome.partial, None, "{place}");
        let says = |word: &str| {
            let text = text.replace("(too few: NOT STABLE)", "");
            text.lines().any(|line| line.trim_start().starts_with("//") && line.contains(word))
        };
        assert!(says("NOT STABLE") || outcome.unstable.is_empty(), "{place}: {outcome:#?}");
        assert!(says("FAIL") || outcome.held(), "{place}: {:#?}", outcome.expect);
    }
}
