//! Every model has its stored outcome, and every stored outcome its model.
//!
//! `sqsim test` reads and writes the same files: `snapshots/NAME.snap`, in insta's form. A change
//! of one is a change of results; the commit that makes it says why.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::thread;

use sqsim::experiment::in_order::in_order;
use sqsim::experiment::regression::outcome;
use sqsim::outcome::stored::{Stored, contents};
use sqsim::scenario::load::Text;

/// The files of a directory that end in `.extension`, by their stems.
fn stems(directory: &str, extension: &str) -> BTreeSet<String> {
    let entries = fs::read_dir(directory).expect("the directory is part of the repository");
    let paths = entries.map(|entry| entry.expect("an entry can be read").path());
    let paths = paths.filter(|path| path.extension().is_some_and(|found| found == extension));
    paths.filter_map(|path| Some(path.file_stem()?.to_string_lossy().into_owned())).collect()
}

#[test]
fn models_and_stored_outcomes_agree_both_ways() {
    let models = stems("models", "ron");
    assert!(models.len() >= 11, "{models:?}");
    assert_eq!(models, stems("snapshots", "snap"));
}

#[test]
fn every_model_has_the_outcome_that_is_stored() {
    let models: Vec<String> = stems("models", "ron").into_iter().collect();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let outcomes = in_order(models.len() as u64, threads, |number| {
        let path = format!("models/{}.ron", models[number as usize]);
        let text = Text::of_file(Path::new(&path)).unwrap_or_else(|faults| panic!("{faults}"));
        let loaded = text.load(&[]).unwrap_or_else(|faults| panic!("{faults}"));
        (text.text, contents(&outcome(&loaded.scenario, &AtomicBool::new(false))).unwrap())
    });
    for (name, (text, contents)) in models.iter().zip(outcomes) {
        insta::with_settings!({
            snapshot_path => "../snapshots",
            prepend_module_to_snapshot => false,
            omit_expression => true,
            description => text,
        }, {
            insta::assert_snapshot!(name.as_str(), contents);
        });
    }
}

#[test]
fn insta_reads_what_we_write() {
    let directory = tempfile::tempdir().unwrap();
    let scenario = "// \"quoted\", é, a\ttab: \\n\n(about: 'x')\n".to_owned();
    let contents = "{\n  \"seed\": 42\n}".to_owned();
    let stored = Stored { scenario: Some(scenario.clone()), contents: contents.clone() };
    let ours = directory.path().join("ours.snap");
    fs::write(&ours, stored.to_text("tests/models.rs")).unwrap();
    let theirs = insta::Snapshot::from_file(&ours).unwrap();
    assert_eq!(theirs.metadata().description(), Some(scenario.as_str()));
    assert_eq!(theirs.metadata().source(), Some("tests/models.rs"));
    assert_eq!(theirs.contents().as_text().expect("a text").to_string(), contents);
}
