//! Bad input: every file in `tests/bad` has one mistake (a few have several), and what a person is
//! told about it is a snapshot. Beside them, texts too large or too deep to keep as files.

use std::fs;
use std::path::Path;

use sqsim::experiment::asked::Asked;
use sqsim::experiment::file;
use sqsim::scenario::load::{Text, from_text};
use sqsim::scenario::{Faults, load};

/// What loading a text from memory says.
fn faults_of(text: &str) -> Faults {
    let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    from_text("bad.ron", text, &[], &no_files).expect_err("the text is at fault")
}

#[test]
fn every_bad_file_is_explained() {
    let mut files: Vec<_> = fs::read_dir("tests/bad")
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "ron"))
        .collect();
    files.sort();
    assert!(files.len() >= 40, "{} files", files.len());
    for path in files {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        // With `/` on every system: the path stands in the snapshot.
        let path = format!("tests/bad/{name}.ron");
        let faults = load(Path::new(&path), &[]).expect_err(&name);
        assert!(faults.iter().all(|fault| fault.place.is_some()), "{name}: a fault has no place");
        let told = faults.render(false);
        assert!(told.lines().all(|line| !line.contains('\u{1b}')), "{name}: colour in plain text");
        insta::with_settings!({ prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!(format!("bad__{name}"), told);
        });
    }
}

#[test]
fn every_snapshot_has_its_file() {
    for entry in fs::read_dir("tests/snapshots").unwrap() {
        let file = entry.unwrap().file_name().into_string().unwrap();
        let Some(name) = file.strip_prefix("bad__").and_then(|f| f.strip_suffix(".snap")) else {
            continue;
        };
        let bad = format!("tests/bad/{name}.ron");
        assert!(Path::new(&bad).exists(), "{file} has no {bad}");
    }
}

#[test]
fn colour_changes_nothing_but_colour() {
    let faults = load(Path::new("tests/bad/two-faults.ron"), &[]).expect_err("at fault");
    let coloured = faults.render(true);
    assert!(coloured.contains("\u{1b}["));
    let mut plain = String::new();
    for part in coloured.split('\u{1b}') {
        plain += part.split_once('m').filter(|_| part.starts_with('[')).map_or(part, |(_, p)| p);
    }
    let trimmed = |text: &str| text.lines().map(str::trim_end).collect::<Vec<_>>().join("\n");
    assert_eq!(trimmed(&plain), trimmed(&faults.render(false)));
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("(", ")"), ("[", "]"), ("{\"a\":", "}"), ("A(", ")"), ("Some(", ")")] {
        let text = format!("(duration: {}1{})", open.repeat(10_000), close.repeat(10_000));
        let told = faults_of(&text).render(false);
        assert!(told.contains("nested more than 64 deep"), "{open}: {told}");
    }
    let told = faults_of(&"/*".repeat(1_000_000)).render(false);
    assert!(told.contains("never closed"), "{told:.300}");
}

#[test]
fn a_file_of_100_mb_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("large.ron");
    fs::File::create(&path).unwrap().set_len(100_000_000).unwrap();
    let faults = load(&path, &[]).expect_err("too large");
    assert!(faults.render(false).contains("larger than 16 MiB"), "{faults}");

    let told = faults_of(&" ".repeat(17 << 20)).render(false);
    assert!(told.contains("larger than 16 MiB"), "{told:.300}");
}

#[test]
fn a_flood_of_faults_ends_soon() {
    let many = |part: &str| part.repeat(200_000);
    let named: Vec<String> = (0..100_000).map(|n| format!("\"q{n}\": ()")).collect();
    let named = named.join(",");
    let floods = [
        format!("({})", many("x: 1,")),
        format!("(duration: \"1m\", queues: {{{}}})", many("\"q\": (),")),
        format!("(duration: \"1m\", queues: {{{named}}})"),
        format!("(duration: \"1m\", queues: {{{}}})", named.replace("()", "1")),
        format!("(duration: \"1m\", queues: {{\"q\": ()}}, expect: [{}])", many("\"\",")),
        format!("(duration: \"1m\", queues: {{\"q\": (purge: [{}])}})", many("1,")),
    ];
    for text in floods {
        let faults = faults_of(&text);
        assert!((1..=100).contains(&faults.len()), "{} faults", faults.len());
        assert!(faults.render(true).len() < 1_000_000, "{:.300}", faults.render(false));
    }
}

#[test]
fn what_cannot_be_read_is_told_from_what_is_wrong() {
    let directory = tempfile::tempdir().unwrap();
    let missing = load(&directory.path().join("missing.ron"), &[]).expect_err("missing");
    assert!(missing.unreadable && missing.to_string().contains("there is no such file"));
    let folder = load(directory.path(), &[]).expect_err("a directory");
    assert!(folder.unreadable && folder.to_string().contains("directory"), "{folder}");

    let path = directory.path().join("latin.ron");
    fs::write(&path, b"(about: \"\xfcber\")").unwrap();
    let latin = load(&path, &[]).expect_err("not UTF-8");
    assert!(latin.to_string().contains("not text in UTF-8, from byte 9 on"), "{latin}");
    assert!(!latin.unreadable);
}

/// Scenarios and experiments, as editors and shells on Windows write them.
#[test]
fn a_scenario_is_read_with_any_byte_order_mark() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("a.ron");
    let scenario = "\u{feff}(about: \"Überlauf\", duration: \"1s\", queues: {\"jobs\": ()})\r\n";
    let experiment = "\u{feff}Sweep(model: \"b.ron\", vary: [\"x=1\"])\r\n";
    let forms = |text: &str| {
        let unit = |unit: fn(u16) -> [u8; 2]| text.encode_utf16().flat_map(unit).collect();
        [text.as_bytes().to_vec(), unit(u16::to_le_bytes), unit(u16::to_be_bytes)]
    };
    for bytes in forms(scenario) {
        fs::write(&path, &bytes).unwrap();
        let loaded = load(&path, &[]).expect("it is text");
        assert_eq!(loaded.scenario.about, "Überlauf");
        fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
        if bytes[0] != 0xef {
            let torn = load(&path, &[]).expect_err("half a character");
            assert!(torn.to_string().contains("not text in UTF-16, from byte"), "{torn}");
        }
    }
    for bytes in forms(experiment) {
        fs::write(&path, &bytes).unwrap();
        let text = Text::of_file(&path).expect("it is text");
        assert!(file::is_experiment(&text.text));
        assert!(matches!(file::read(&text), Ok(Asked::Sweep(_))));
    }
}

#[test]
fn a_line_break_in_a_word_does_not_tear_its_fault_apart() {
    let text = "(duration: \"1\ns\", queues: {\"jobs\": (lost_deletes: \"1\n%%\",
        max_in_flight: \"\n \n\")})";
    let sets = ["queues.jobs.de\nlay=1".to_owned()];
    let no_files = |_: &str| Err(std::io::ErrorKind::NotFound.into());
    let faults = from_text("bad.ron", text, &sets, &no_files).expect_err("the text is at fault");
    let what: Vec<&str> = faults.iter().map(|fault| &*fault.what).collect();
    let expected = [
        "`1\\ns` has no unit after `1`",
        "`1\\n%%` is not a probability",
        "expected a whole number, found the text \"\\n \\n\"",
        "unknown setting `de\\nlay` for a queue",
    ];
    assert_eq!(what, expected);
}
