//! The repository tests itself: sizes, layers, banned words, dependencies, models.
//!
//! Each rule has its exceptions in a table, each exception a reason, and an exception that nothing
//! needs any more is a fault too. Beside each rule stands a test that it finds what it is for.

mod layers;
#[path = "../sources/mod.rs"]
mod sources;

use std::fs;

use layers::{Rooms, acquaintances, circles, rooms_in};
use sources::{Source, is_of, read, sources, tracked};

/// A file that may break a rule, and why.
type Exception = (&'static str, &'static str);

/// Fails with all faults at once.
#[track_caller]
fn none(faults: &[String]) {
    assert!(faults.is_empty(), "{} faults:\n{}", faults.len(), faults.join("\n"));
}

/// A file for the tests of the rules.
fn example(path: &str, text: &str) -> Source {
    Source::new(path, text, false)
}

/// Exceptions that no file of `needing` needs.
fn unneeded(exceptions: &[Exception], needing: &[String]) -> Vec<String> {
    let idle = exceptions.iter().filter(|(path, _)| !needing.iter().any(|needs| needs == path));
    idle.map(|(path, why)| format!("{path} needs no exception any more ({why})")).collect()
}

// Headers

/// Every module says what it is; outside the command line, where a module is a command, also what
/// it owns and what it must not know.
fn header_faults(file: &Source) -> Vec<String> {
    let header: Vec<&str> =
        file.text.lines().map_while(|line| line.strip_prefix("//!")).map(str::trim).collect();
    let words = header.join(" ").to_lowercase();
    let mut faults = Vec::new();
    let least = if file.own_lines > 0 { 2 } else { 1 };
    if header.len() < least {
        faults.push(format!("{}: begins with less than {least} lines of `//!`", file.path));
    }
    if file.own_lines > 0 && file.room() != "cli" {
        if !words.contains("owns") {
            faults.push(format!("{}: does not say what it owns", file.path));
        }
        if !["must not", "knows no", "none knows"].iter().any(|not| words.contains(not)) {
            faults.push(format!("{}: does not say what it must not know", file.path));
        }
    }
    faults
}

#[test]
fn every_module_says_what_it_owns_and_what_it_must_not_know() {
    none(&sources().iter().flat_map(header_faults).collect::<Vec<_>>());
}

#[test]
fn a_missing_header_is_found() {
    let faults = |path, text| header_faults(&example(path, text)).len();
    assert_eq!(faults("src/a/b.rs", "use x;\n"), 3);
    assert_eq!(faults("src/a/b.rs", "//! B.\n//!\n//! Owns b. Must not\n//! know c.\n"), 0);
    assert_eq!(faults("src/a/b.rs", "//! B.\n//!\n//! Owns b.\n"), 1);
    assert_eq!(faults("src/cli/b.rs", "//! The command b.\n//! Prints b.\n"), 0);
}

// Sizes

/// Lines of a module outside its tests; clippy counts those of functions.
const MOST_LINES: usize = 500;

/// Modules that may be longer: up to how many lines, and why.
const LONG_MODULES: [(&str, usize, &str); 0] = [];

fn size_faults(files: &[Source], long: &[(&'static str, usize, &'static str)]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut needing = Vec::new();
    for Source { path, own_lines, .. } in files {
        let excepted = long.iter().find(|(long, ..)| long == path).map(|&(_, most, _)| most);
        if *own_lines > MOST_LINES {
            needing.push(path.clone());
        }
        if *own_lines > excepted.unwrap_or(MOST_LINES) {
            faults.push(format!("{path}: {own_lines} lines without tests"));
        }
    }
    let exceptions: Vec<Exception> = long.iter().map(|&(path, _, why)| (path, why)).collect();
    faults.extend(unneeded(&exceptions, &needing));
    faults
}

#[test]
fn modules_are_short() {
    none(&size_faults(&sources(), &LONG_MODULES));
    assert!(read("clippy.toml").contains("too-many-lines-threshold = 70"));
}

#[test]
fn a_long_module_is_found() {
    let lines = "x\n".repeat(MOST_LINES);
    let tests = "#[cfg(test)]\nmod tests {\n}\n";
    let long = example("src/long.rs", &format!("{lines}y\n{tests}"));
    let short = example("src/short.rs", &format!("{lines}{tests}"));
    let excepted = |path, most| [(path, most, "it is one table")];
    assert_eq!(size_faults(&[long.clone(), short.clone()], &[]).len(), 1);
    let long = [long];
    assert_eq!(size_faults(&long, &excepted("src/long.rs", 510)).len(), 0);
    assert_eq!(size_faults(&long, &excepted("src/long.rs", 500)).len(), 1);
    assert_eq!(size_faults(&[short], &excepted("src/short.rs", 510)).len(), 1);
}

/// Lines wider than this, addresses apart.
const MOST_COLUMNS: usize = 100;

fn width_faults(path: &str, text: &str) -> Vec<String> {
    let wide = |&(_, line): &(usize, &str)| {
        line.chars().count() > MOST_COLUMNS && !line.contains("https://")
    };
    let lines = (1..).zip(text.lines()).filter(wide);
    lines.map(|(number, _)| format!("{path}:{number}: wider than {MOST_COLUMNS}")).collect()
}

#[test]
fn lines_fit_a_hundred_columns() {
    let rust = tracked().into_iter().filter(|path| is_of(path, "rs"));
    none(&rust.flat_map(|path| width_faults(&path, &read(&path))).collect::<Vec<_>>());
}

#[test]
fn a_wide_line_is_found() {
    assert_eq!(width_faults("x", &"ä".repeat(100)).len(), 0);
    assert_eq!(width_faults("x", &format!("\n{}", "ä".repeat(101))), ["x:2: wider than 100"]);
    assert_eq!(width_faults("x", &format!("//! https://{}", "ä".repeat(101))).len(), 0);
}

// The loop

/// The lines from the one that is `first` to the next that is `last`, both counted.
fn lines_from_to(text: &str, first: &str, last: &str) -> usize {
    let from = text.lines().skip_while(|&line| line != first);
    from.clone().take_while(|&line| line != last).count() + usize::from(from.count() > 0)
}

#[test]
fn the_events_fit_one_screen() {
    use sqsim::core::event::Event;
    fn copies<T: Copy>() -> usize {
        size_of::<T>()
    }
    assert!(copies::<Event>() <= 24);
    let text = read("src/core/event.rs");
    let lines = lines_from_to(&text, "events! {", "}");
    assert!((3..=66).contains(&lines), "the table of events has {lines} lines");
    assert!(text.contains("assert!(size_of::<Event>() <= 24)"));
}

#[test]
fn the_loop_is_short() {
    let text = read("src/engine/world.rs");
    for head in [
        "    pub fn run(&mut self, interrupt: &AtomicBool) -> Ended {",
        "    pub fn step(&mut self) -> Option<(Time, Event)> {",
        "    fn dispatch(&mut self, name: TimerId) {",
    ] {
        let lines = lines_from_to(&text, head, "    }");
        assert!((3..=25).contains(&lines), "{lines} lines: {head}");
    }
    let dispatch = text.split("fn dispatch").nth(1).expect("the loop dispatches");
    let arms = dispatch.split("\n    }\n").next().unwrap_or_default();
    assert!(!arms.contains("_ =>"), "every event has its own arm");
}

#[test]
fn lines_of_an_item_are_counted() {
    assert_eq!(lines_from_to("a\nb {\nc\n}\n}\n", "b {", "}"), 3);
    assert_eq!(lines_from_to("a\n", "b {", "}"), 0);
}

// Words

/// What must not stand in code, where, and why.
struct Ban {
    words: Vec<String>,
    /// Rooms; none means all of `src`.
    rooms: &'static [&'static str],
    /// Tests too.
    in_tests: bool,
    why: &'static str,
    except: &'static [Exception],
}

/// Where a scenario is all that is known of the outside world.
const FENCED: &[&str] = &["kernel", "ledger", "core", "clients", "engine"];

/// Why something is formatted there.
const NAMES: &str = "streams have names, made while the world is set up";

const ALL_BUT_CLI: &[&str] = &[
    "lib",
    "main",
    "render",
    "experiment",
    "scenario",
    "outcome",
    "stats",
    "engine",
    "clients",
    "core",
    "observe",
    "ledger",
    "kernel",
];

fn words(words: &[&str]) -> Vec<String> {
    words.iter().map(|&word| word.to_owned()).collect()
}

/// Calls of what the standard library computes differently on different machines.
fn transcendental() -> Vec<String> {
    let names = "ln ln_1p log log2 log10 exp exp2 exp_m1 powf powi cbrt hypot sin cos tan asin \
                 acos atan atan2 sin_cos sinh cosh tanh asinh acosh atanh mul_add";
    let forms = |name: &str| [format!(".{name}("), format!("f64::{name}"), format!("f32::{name}")];
    names.split_whitespace().flat_map(forms).collect()
}

fn bans() -> Vec<Ban> {
    let everywhere = |list: &[&str], why| Ban {
        words: words(list),
        rooms: &[],
        in_tests: true,
        why,
        except: &[],
    };
    let fenced = |list: &[&str], why, except| Ban {
        words: words(list),
        rooms: FENCED,
        in_tests: false,
        why,
        except,
    };
    vec![
        Ban {
            words: transcendental(),
            in_tests: false,
            ..everywhere(&[], "it differs between platforms: use kernel::num")
        },
        everywhere(&["HashMap", "HashSet"], "its order varies from run to run"),
        everywhere(&["#[allow(", "#![allow("], "write #[expect(…, reason = \"…\")]"),
        everywhere(&["dbg!", "todo!", "unimplemented!"], "it is not finished"),
        everywhere(&["unsafe"], "nothing here needs it"),
        Ban {
            rooms: ALL_BUT_CLI,
            in_tests: false,
            ..everywhere(
                &["println!", "eprintln!", "print!", "eprint!"],
                "only the command line talks to people",
            )
        },
        fenced(&["dyn"], "the loop makes no indirect calls", &[]),
        fenced(
            &["format!"],
            "the loop formats nothing",
            &[
                ("src/core/shared.rs", NAMES),
                ("src/clients/fleets/layout.rs", NAMES),
                ("src/clients/functions/layout.rs", NAMES),
                ("src/clients/producers/arrivals.rs", NAMES),
                ("src/clients/producers/layout.rs", NAMES),
            ],
        ),
        fenced(
            &["std::fs", "std::env", "std::thread", "std::io", "std::process", "serde"],
            "a scenario is all that it knows of the outside world",
            &[],
        ),
    ]
}

/// Whether `word` stands in `line` and not as part of a longer one.
fn has_word(line: &str, word: &str) -> bool {
    let of_word = |c: char| c.is_alphanumeric() || c == '_';
    line.match_indices(word).any(|(at, _)| {
        let joined_before = word.starts_with(of_word) && line[..at].ends_with(of_word);
        let joined_after = word.ends_with(of_word) && line[at + word.len()..].starts_with(of_word);
        !joined_before && !joined_after
    })
}

fn ban_faults(files: &[Source], ban: &Ban) -> Vec<String> {
    let mut faults = Vec::new();
    let mut needing = Vec::new();
    for file in files {
        if !ban.rooms.is_empty() && !ban.rooms.contains(&file.room()) {
            continue;
        }
        let most = if ban.in_tests { usize::MAX } else { file.own_lines };
        for (number, line) in (1..).zip(file.code.lines()).take(most) {
            for word in ban.words.iter().filter(|word| has_word(line, word)) {
                needing.push(file.path.clone());
                if !ban.except.iter().any(|(path, _)| *path == file.path) {
                    faults.push(format!("{}:{number}: `{word}`: {}", file.path, ban.why));
                }
            }
        }
    }
    faults.extend(unneeded(ban.except, &needing));
    faults
}

#[test]
fn no_banned_word_is_in_the_code() {
    let files = sources();
    none(&bans().iter().flat_map(|ban| ban_faults(&files, ban)).collect::<Vec<_>>());
}

#[test]
fn banned_words_are_found() {
    let found = |path: &str, code: &str| -> usize {
        let files = [example(path, code)];
        let faults =
            bans().into_iter().flat_map(|ban| ban_faults(&files, &Ban { except: &[], ..ban }));
        faults.count()
    };
    for code in [
        "let y = x.ln();",
        "let y = xs.map(f64::exp);",
        "use std::collections::{BTreeMap, HashMap};",
        "#[allow(dead_code)]",
        "todo!()",
        "unsafe { }",
        "println!();",
        "fn f(o: &dyn Observer) {}",
        "let name = format!(\"{x}\");",
        "use std::fs;",
        "use serde::Serialize;",
    ] {
        assert_eq!(found("src/engine/x.rs", code), 1, "{code}");
    }
    for code in [
        "let y = num::ln(x);",
        "// a HashMap would do",
        "let text = \"unsafe \\\" println!\"; let c = '\"'; let d = b'\"';",
        "let raw = r#\"todo!() \" dbg!\"#;",
        "/* dbg! /* dbg! */ dbg! */",
        "let dynamic = log(x);",
        "x\n#[cfg(test)]\nmod tests {\n    use std::fs;\n}",
    ] {
        assert_eq!(found("src/engine/x.rs", code), 0, "{code}");
    }
    assert_eq!(found("src/cli/x.rs", "println!(); fn f(o: &dyn X) {}"), 0);
    assert_eq!(found("src/render/x.rs", "#[cfg(test)]\nmod tests {\n    dbg!(1);\n}"), 1);
}

/// A note to do something later names the issue that it belongs to.
fn note_faults(path: &str, text: &str) -> Vec<String> {
    let noted = |line: &str| {
        ["TODO", "FIXME", "XXX"].iter().any(|word| has_word(line, word)) && !has_issue(line)
    };
    let lines = (1..).zip(text.lines()).filter(|(_, line)| noted(line));
    lines.map(|(number, _)| format!("{path}:{number}: which issue is that?")).collect()
}

/// Whether `#` and a number stand in the line.
fn has_issue(line: &str) -> bool {
    line.split('#').skip(1).any(|after| after.starts_with(|c: char| c.is_ascii_digit()))
}

#[test]
fn what_is_left_to_do_names_its_issue() {
    let files = sources();
    none(&files.iter().flat_map(|file| note_faults(&file.path, &file.text)).collect::<Vec<_>>());
}

#[test]
fn a_note_without_an_issue_is_found() {
    assert_eq!(note_faults("x", "a\n// TODO: more\n"), ["x:2: which issue is that?"]);
    assert_eq!(note_faults("x", "// FIXME(#): more\n").len(), 1);
    assert_eq!(note_faults("x", "// TODO(#12): more\n").len(), 0);
    assert_eq!(note_faults("x", "let TODOS = 1;\n").len(), 0);
}

// Layers

#[test]
fn rooms_use_only_those_below_them() {
    let rooms = Rooms::listed_in("src/lib.rs");
    assert_eq!(rooms.ends(), Some(("cli", "kernel")));
    none(&rooms.faults(&sources()));
    let rooms = Rooms::listed_in("src/ledger/mod.rs");
    assert_eq!(rooms.ends(), Some(("calls", "config")));
    none(&rooms.faults(&sources()));
}

#[test]
fn an_arrow_that_points_up_is_found() {
    let rooms = Rooms::new(&[], &["engine", "ledger", "kernel"]);
    let faults = |path: &str, code: &str| rooms.faults(&[example(path, code)]);
    assert_eq!(faults("src/engine/x.rs", "use crate::kernel::time::Time;").len(), 0);
    assert_eq!(
        faults("src/ledger/x.rs", "\nuse crate::engine::World;"),
        ["src/ledger/x.rs:2: `ledger` uses `engine`"]
    );
    assert_eq!(faults("src/kernel/x.rs", "fn f(x: crate::ledger::Ledger) {}").len(), 1);
    assert_eq!(faults("src/kernel/x.rs", "fn f(x: super::super::ledger::Ledger) {}").len(), 1);
    assert_eq!(faults("src/kernel/mod.rs", "fn f(x: super::ledger::Ledger) {}").len(), 1);
    assert_eq!(faults("src/kernel/x.rs", "fn f(x: super::ledger::Ledger) {}").len(), 0);
    assert_eq!(faults("src/kernel/x.rs", "// crate::ledger\n").len(), 0);
    assert_eq!(faults("src/attic/x.rs", "").len(), 1);
}

#[test]
fn an_arrow_inside_a_room_that_points_up_is_found() {
    let rooms = Rooms::new(&["ledger"], &["calls", "queue"]);
    let faults = |path: &str, code: &str| rooms.faults(&[example(path, code)]);
    assert_eq!(faults("src/ledger/queue/x.rs", "use crate::ledger::calls::x::X;").len(), 1);
    assert_eq!(faults("src/ledger/queue/x.rs", "use super::super::calls::x::X;").len(), 1);
    assert_eq!(faults("src/ledger/queue/mod.rs", "use super::calls::x::X;").len(), 1);
    assert_eq!(faults("src/ledger/queue/x.rs", "use crate::ledger::Ledger;").len(), 1);
    assert_eq!(faults("src/ledger/calls/x.rs", "use crate::ledger::queue::x::X;").len(), 0);
    assert_eq!(faults("src/engine/x.rs", "use crate::ledger::calls::x::X;").len(), 0);
}

#[test]
fn kinds_of_clients_do_not_know_each_other() {
    let mut kinds = rooms_in("src/clients");
    // No kind of client, but what decides for one.
    kinds.retain(|room| room != "scaling");
    assert!(kinds.len() >= 2, "{kinds:?}");
    none(&acquaintances(&["clients"], &kinds, &sources()));
}

#[test]
fn arrows_between_the_rooms_of_clients_point_down() {
    let rooms = Rooms::listed_in("src/clients/mod.rs");
    assert_eq!(rooms.ends(), Some(("producers", "retry")));
    none(&rooms.faults(&sources()));
}

#[test]
fn an_acquaintance_is_found() {
    let kinds = ["fleets", "producers"].map(str::to_owned);
    let faults =
        |path: &str, code: &str| acquaintances(&["clients"], &kinds, &[example(path, code)]);
    assert_eq!(
        faults("src/clients/fleets/x.rs", "\nuse crate::clients::producers::Producers;"),
        ["src/clients/fleets/x.rs:2: `fleets` knows `producers`"]
    );
    assert_eq!(faults("src/clients/producers/x.rs", "use super::super::fleets::Fleets;").len(), 1);
    assert_eq!(faults("src/clients/producers/mod.rs", "use super::fleets::Fleets;").len(), 1);
    assert_eq!(faults("src/clients/producers/x.rs", "use super::fleets::X;").len(), 0);
    assert_eq!(faults("src/clients/fleets/x.rs", "use crate::clients::retry::X;").len(), 0);
    assert_eq!(faults("src/engine/x.rs", "use crate::clients::fleets::Fleets;").len(), 0);
}

#[test]
fn no_modules_use_each_other_in_a_circle() {
    none(&circles(&sources()));
}

#[test]
fn a_circle_is_found() {
    let found = |files: &[(&str, &str)]| {
        let files: Vec<Source> = files.iter().map(|&(path, code)| example(path, code)).collect();
        circles(&files)
    };
    let (a, b) = ("src/room/a.rs", "src/room/b.rs");
    assert_eq!(
        found(&[(a, "use super::b::X;"), (b, "use crate::room::a::Y;")]),
        ["room: a → b → a"]
    );
    assert_eq!(found(&[(a, "use super::b::X;"), (b, "")]).len(), 0);
    // What stands in a module may use what stands beside it, and a circle may lead through it.
    let inner = ("src/room/b/inner.rs", "use super::super::a::Y;");
    assert_eq!(found(&[(a, "use super::b::X;"), inner]), ["room: a → b → a"]);
    assert_eq!(found(&[(a, "use super::X;"), ("src/room/mod.rs", "use self::a::Y;")]).len(), 0);
    let third = ("src/room/c.rs", "use super::a::X;");
    assert_eq!(
        found(&[(a, "use super::b::X;"), (b, "use super::c::X;"), third]),
        ["room: a → b → c → a"]
    );
}

// Dependencies

/// Packages in `Cargo.lock`, ours and those of tests included. Each is code to trust: raising this
/// is a decision.
const MOST_PACKAGES: usize = 110;

/// Their numbers change when some crate of the build turns on a feature of `num-traits`.
const UNREPEATABLE: [&str; 2] = ["rand_distr", "statrs"];

fn manifest_faults(manifest: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let mut in_dependencies = false;
    let mut comment = String::new();
    for line in manifest.lines() {
        if let Some(section) = line.strip_prefix('[') {
            in_dependencies = section.trim_end_matches(']').ends_with("dependencies");
            comment.clear();
        } else if let Some(more) = line.strip_prefix('#') {
            comment += more;
        } else if let Some((name, version)) = line.split_once('=') {
            let is_sentence = comment.split_whitespace().count() >= 3 && comment.ends_with('.');
            if in_dependencies && !is_sentence {
                faults.push(format!("`{}` has no sentence that says why it is here", name.trim()));
            }
            if in_dependencies && name.trim() == "libm" && !version.contains("\"=") {
                faults.push("`libm` is not pinned: a better algorithm would move results".into());
            }
            comment.clear();
        }
    }
    faults
}

fn lock_faults(lock: &str) -> Vec<String> {
    let names: Vec<&str> =
        lock.lines().filter_map(|line| line.strip_prefix("name = \"")?.strip_suffix('"')).collect();
    let mut faults: Vec<String> = UNREPEATABLE
        .iter()
        .filter(|&name| names.contains(name))
        .map(|name| format!("`{name}` gives different numbers in different builds"))
        .collect();
    if names.len() > MOST_PACKAGES {
        faults.push(format!("{} packages are more than {MOST_PACKAGES}", names.len()));
    }
    faults
}

#[test]
fn every_dependency_has_its_sentence() {
    let manifest = read("Cargo.toml");
    assert!(manifest.contains("\nlibm = "));
    none(&manifest_faults(&manifest));
}

#[test]
fn packages_are_few_and_repeatable() {
    none(&lock_faults(&read("Cargo.lock")));
}

#[test]
fn a_dependency_without_a_reason_is_found() {
    let faults = |lines: &str| manifest_faults(&format!("[dependencies]\n{lines}")).len();
    assert_eq!(faults("# It does the work.\nx = \"1\"\n"), 0);
    assert_eq!(faults("# It does the work.\nx = \"1\"\ny = \"1\"\n"), 1);
    assert_eq!(faults("# why\nx = \"1\"\n"), 1);
    assert_eq!(faults("# Exact transcendental functions.\nlibm = \"0.2\"\n"), 1);
    assert_eq!(manifest_faults("[profile.release]\nlto = true\n").len(), 0);
    assert_eq!(lock_faults("name = \"statrs\"\n").len(), 1);
    assert_eq!(lock_faults(&"name = \"x\"\n".repeat(MOST_PACKAGES + 1)).len(), 1);
}

// Files

/// A model begins with a comment: the question it asks and what to look for.
fn model_faults(path: &str, text: &str) -> Vec<String> {
    let comment: Vec<&str> = text.lines().map_while(|line| line.strip_prefix("//")).collect();
    let opening = comment.join("\n");
    let missing = ["Question:", "Look for:"].into_iter().filter(|part| !opening.contains(part));
    missing.map(|part| format!("{path}: its opening comment has no `{part}`")).collect()
}

#[test]
fn every_model_asks_a_question() {
    let models: Vec<String> =
        tracked().into_iter().filter(|p| p.starts_with("models/") && is_of(p, "ron")).collect();
    assert!(models.len() >= 11, "{models:?}");
    none(&models.iter().flat_map(|path| model_faults(path, &read(path))).collect::<Vec<_>>());
}

#[test]
fn a_model_without_a_question_is_found() {
    assert_eq!(model_faults("x", "// A.\n//\n// Question: b?\n// Look for: c.\n(\n").len(), 0);
    assert_eq!(model_faults("x", "// A.\n//\n// Question: b?\n(\n").len(), 1);
    assert_eq!(model_faults("x", "(\n// Question: b?\n// Look for: c.\n").len(), 2);
}

/// Directories of the machines on which this was written say nothing to a reader elsewhere.
fn place_faults(path: &str, text: &str) -> Vec<String> {
    let places = [concat!("/wo", "rk/"), concat!("/tm", "p/w")];
    let named = |line: &str| places.iter().any(|place| line.contains(place));
    let lines = (1..).zip(text.lines()).filter(|(_, line)| named(line));
    lines.map(|(number, _)| format!("{path}:{number}: names a directory of one machine")).collect()
}

#[test]
fn no_file_names_a_directory_of_one_machine() {
    let files = tracked();
    assert!(files.iter().any(|path| path == "Cargo.toml"), "{files:?}");
    let faults = files.iter().flat_map(|path| {
        let bytes = fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
        place_faults(path, &String::from_utf8_lossy(&bytes))
    });
    none(&faults.collect::<Vec<_>>());
}

#[test]
fn a_directory_of_one_machine_is_found() {
    let text = format!("a\nsee {}/x\n", concat!("/tm", "p/w"));
    assert_eq!(place_faults("x", &text), ["x:2: names a directory of one machine"]);
    assert_eq!(place_faults("x", "the tmp directory, work in progress").len(), 0);
}

// Wire names

/// A file with a list of wire names, and whether what stands before a name begins a row.
type List = (&'static str, fn(&str) -> bool);

const LISTS: [List; 6] = [
    ("src/ledger/journal/changes.rs", begins_with_a_number),
    ("src/facts/deed.rs", begins_with_a_number),
    ("src/ledger/journal/words.rs", |before| before.ends_with("= ")),
    ("src/observe/counts.rs", |before| before.trim().is_empty()),
    ("src/observe/levels.rs", |before| before.trim().is_empty()),
    ("src/observe/latencies.rs", |before| before.trim().is_empty()),
];

/// Who judges by name what a list only names.
const JUDGES: [Exception; 6] = [
    ("src/stats/bottleneck/words.rs", "which limit it speaks for"),
    ("src/observe/trace/perfetto/lives.rs", "how a message's life ends that goes on elsewhere"),
    ("src/render/csv.rs", "the columns of producers, which are a few of their counters"),
    ("src/experiment/quantities.rs", "what is measured where nothing is named"),
    ("src/experiment/plan/remains.rs", "which settings a latency consists of"),
    ("src/stats/predict.rs", "what theory knows the value of"),
];

fn begins_with_a_number(before: &str) -> bool {
    before.trim().parse::<u8>().is_ok()
}

/// The quoted words of a line, each with what stands before it.
fn quoted(line: &str) -> impl Iterator<Item = (&str, &str)> {
    let marks: Vec<usize> = line.match_indices('"').map(|(at, _)| at).collect();
    let pairs = marks.chunks_exact(2).map(|pair| (pair[0], pair[1])).collect::<Vec<_>>();
    pairs.into_iter().map(move |(from, to)| (&line[..from], &line[from + 1..to]))
}

/// Names of several words: plain ones are words of the language, too.
fn is_wire_name(word: &str) -> bool {
    let letters = |c: char| c.is_ascii_lowercase() || c == '_' || c == '.';
    word.contains(['_', '.']) && word.chars().all(letters)
}

/// Names that stand twice in a list, or elsewhere than in lists, with judges, and in tests.
fn name_faults(files: &[Source]) -> Vec<String> {
    let mut faults = Vec::new();
    let mut listed: Vec<&str> = Vec::new();
    for (path, is_row) in LISTS {
        let Some(file) = files.iter().find(|file| file.path == path) else { continue };
        let lines = file.text.lines().flat_map(quoted);
        let rows = lines.filter(|(before, word)| is_row(before) && is_wire_name(word));
        let mut own: Vec<&str> = rows.map(|(_, word)| word).collect();
        own.sort_unstable();
        let twice = own.windows(2).filter(|pair| pair[0] == pair[1]);
        faults.extend(twice.map(|pair| format!("{path}: `{}` has two rows", pair[0])));
        listed.extend(own);
    }
    let silent = |path: &str| {
        LISTS.iter().any(|list| list.0 == path) || JUDGES.iter().any(|judge| judge.0 == path)
    };
    for file in files.iter().filter(|file| !silent(&file.path)) {
        let own = file.text.lines().take(file.own_lines);
        for (_, word) in own.flat_map(quoted).filter(|(_, word)| listed.contains(word)) {
            faults.push(format!("{}: `{word}` has its row in a list", file.path));
        }
    }
    faults
}

#[test]
fn a_wire_name_stands_once() {
    none(&name_faults(&sources()));
}

#[test]
fn a_wire_name_that_stands_twice_is_found() {
    let list = |text: &str| example("src/ledger/journal/changes.rs", text);
    let row = "        1 \"delay_ended\" DelayEnded {},\n";
    assert!(name_faults(&[list(row)]).is_empty());
    assert_eq!(name_faults(&[list(&row.repeat(2))]).len(), 1);
    let elsewhere = example("src/observe/x.rs", "    out.text(\"delay_ended\");\n");
    assert_eq!(name_faults(&[list(row), elsewhere]).len(), 1);
}

// Names of types

/// Types of the outcome are how others are written down, and may have their names.
const MIRROR: &str = "outcome";

/// Public types of one name in two modules: a reader who meets one cannot tell which.
fn type_faults(files: &[Source]) -> Vec<String> {
    let mut first: Vec<(&str, &str)> = Vec::new();
    let mut faults = Vec::new();
    for file in files.iter().filter(|file| file.room() != MIRROR) {
        for line in file.text.lines().take(file.own_lines) {
            let Some(item) = line.trim_start().strip_prefix("pub ") else { continue };
            let Some((kind, rest)) = item.split_once(' ') else { continue };
            if !["struct", "enum", "trait"].contains(&kind) {
                continue;
            }
            let end = rest.find(|c: char| !c.is_alphanumeric()).unwrap_or(rest.len());
            // A macro's list has its name elsewhere.
            let name = &rest[..end];
            if name.is_empty() {
                continue;
            }
            match first.iter().find(|known| known.0 == name) {
                Some((_, path)) => faults.push(format!("{}: `{name}` is in {path}", file.path)),
                None => first.push((name, &file.path)),
            }
        }
    }
    faults
}

#[test]
fn a_public_type_has_a_name_of_its_own() {
    none(&type_faults(&sources()));
}

#[test]
fn a_name_of_two_types_is_found() {
    let one = example("src/ledger/a.rs", "pub struct Row<T> {\n}\n");
    let other = |path: &str| example(path, "    pub enum Row {\n");
    assert_eq!(type_faults(&[one.clone(), other("src/stats/b.rs")]).len(), 1);
    assert!(type_faults(&[one.clone(), other("src/outcome/b.rs")]).is_empty());
    let own = example("src/stats/b.rs", "pub(super) struct Row;\npub fn row() -> Row {\n");
    assert!(type_faults(&[one, own]).is_empty());
}
