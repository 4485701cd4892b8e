//! Every model has its stored outcome, and every stored outcome its model.
//!
//! `sqsim test` reads and writes the same files: `snapshots/NAME.snap`, in insta's form, for models
//! in `models` and in its directories, `snapshots/experiments/NAME.snap` for experiments. A change
//! of one is a change of results; the commit that makes it says why.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::thread;

use sqsim::experiment::conduct::conduct;
use sqsim::experiment::file;
use sqsim::experiment::in_order::in_order;
use sqsim::experiment::regression::outcome;
use sqsim::outcome::stored::{Stored, contents};
use sqsim::scenario::load::Text;

/// The files below a directory that end in `.extension`, by their stems.
fn files(directory: &Path, extension: &str) -> BTreeMap<String, PathBuf> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(directory).expect("the directory is part of the repository") {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            for (stem, path) in files(&path, extension) {
                assert_eq!(found.insert(stem, path.clone()), None, "twice: {}", path.display());
            }
        } else if path.extension().is_some_and(|other| other == extension) {
            let stem = path.file_stem().expect("what has an extension has a stem");
            let stem = stem.to_string_lossy().into_owned();
            assert_eq!(found.insert(stem, path.clone()), None, "twice: {}", path.display());
        }
    }
    found
}

#[test]
fn models_and_stored_outcomes_agree_both_ways() {
    let models = files(Path::new("models"), "ron");
    assert!(models.len() >= 40, "{models:?}");
    let mut stored = files(Path::new("snapshots"), "snap");
    let experiments = files(Path::new("snapshots/experiments"), "snap");
    stored.retain(|name, _| !experiments.contains_key(name));
    assert!(models.keys().eq(stored.keys()), "{models:?} {stored:?}");
    let asked = files(Path::new("experiments"), "ron");
    assert!(asked.len() >= 6, "{asked:?}");
    assert!(asked.keys().eq(experiments.keys()), "{asked:?} {experiments:?}");
}

/// `sqsim test` holds experiments to the same files; they are documents, not outcomes of one run.
#[test]
fn every_experiment_has_the_result_that_is_stored() {
    let threads = thread::available_parallelism().map_or(1, usize::from);
    for (name, path) in files(Path::new("experiments"), "ron") {
        let text = Text::of_file(&path).unwrap_or_else(|faults| panic!("{faults}"));
        let asked = file::read(&text).unwrap_or_else(|faults| panic!("{faults}"));
        let texts = asked.models().into_iter().map(|model| Text::of_file(Path::new(model)));
        let texts: Vec<Text> = texts.collect::<Result<_, _>>().expect("the models are there");
        let interrupt = AtomicBool::new(false);
        let document = conduct(&asked, &texts, threads, &interrupt);
        let document = document.unwrap_or_else(|faults| panic!("{faults}")).expect("it ends");
        insta::with_settings!({
            snapshot_path => "../snapshots/experiments",
            prepend_module_to_snapshot => false,
            omit_expression => true,
            description => text.text,
        }, {
            insta::assert_snapshot!(name.as_str(), contents(&document).unwrap());
        });
    }
}

#[test]
fn every_model_has_the_outcome_that_is_stored() {
    let models: Vec<(String, PathBuf)> = files(Path::new("models"), "ron").into_iter().collect();
    let threads = thread::available_parallelism().map_or(1, usize::from);
    let outcomes = in_order(models.len() as u64, threads, |number| {
        let (_, path) = &models[number as usize];
        let text = Text::of_file(path).unwrap_or_else(|faults| panic!("{faults}"));
        let loaded = text.load(&[]).unwrap_or_else(|faults| panic!("{faults}"));
        (text.text, contents(&outcome(&loaded.scenario, &AtomicBool::new(false))).unwrap())
    });
    for ((name, _), (text, contents)) in models.iter().zip(outcomes) {
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
