//! Texts of others on their way out: whatever a name, an argument or a file says, what goes to a
//! terminal is text, a document can be read and says it exactly, and a message stays short.
#![cfg(unix)]

use std::fs;
use std::io::{BufRead as _, BufReader};

use serde_json::Value;

use crate::documents;
use crate::sandbox::{Given, SMALL, Sandbox};

/// Whatever a terminal obeys or nobody sees, as far as a file's name may hold it: a colour, a bell,
/// a new line that pretends to be an answer, a return to the start of the line, a CSI in eight
/// bits, an override and an isolate of direction, two widths of zero, DEL, a line separator.
const HOSTILE: &str =
    "h\u{1b}[35m\u{7}\nFORGED\r\u{9b}2J\u{202e}\u{2066}\u{200b}\u{feff}\u{7f}\u{2028}";

/// Most that one message may have.
const LONGEST: usize = 6_000;

/// What no text for people holds.
fn is_hostile(c: char) -> bool {
    let hidden = "\u{200b}\u{feff}\u{202e}\u{2066}\u{2028}".contains(c);
    (c.is_control() && c != '\n') || hidden
}

/// Asserts that a text is one, but for the colours that are ours.
fn is_text(text: &str, of: &str) {
    let bare = text.split("\u{1b}[").map(|part| match part.split_once('m') {
        Some((code, rest)) if code.bytes().all(|b| b.is_ascii_digit() || b == b';') => {
            assert_ne!(code, "35", "{of}: the colour of another in {text:?}");
            rest
        }
        _ => part,
    });
    let bare = if of.contains("--color always") { bare.collect() } else { text.to_owned() };
    let found: Vec<char> = bare.chars().filter(|c| is_hostile(*c)).collect();
    assert!(found.is_empty(), "{of}: {found:?} in {text:?}");
    let forged = text.lines().any(|line| line.trim_start().starts_with("FORGED"));
    assert!(!forged, "{of}: a line of another in {text:?}");
}

/// What is on standard output.
#[derive(Clone, Copy, PartialEq)]
enum Out {
    Text,
    Json,
    JsonLines,
    Csv,
    Ron,
}

/// The texts in a document.
fn strings(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(list) => list.iter().flat_map(strings).collect(),
        Value::Object(map) => {
            map.iter().flat_map(|(key, of)| [vec![key.as_str()], strings(of)].concat()).collect()
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => Vec::new(),
    }
}

/// Runs a command and holds what it says to the rules; `says` stands in its document exactly.
fn hold(sandbox: &Sandbox, args: &[&str], code: i32, out: Out, says: Option<&str>) -> Given {
    let of = args.join(" ");
    let given = sandbox.run(args);
    assert_eq!(given.code, Some(code), "{of:?}: {given:#?}");
    is_text(&given.stderr, &of);
    let text = &given.stdout;
    match out {
        Out::Text => is_text(text, &of),
        Out::Json => {
            let document: Value = serde_json::from_str(text).expect(&of);
            let told = strings(&document);
            assert!(says.is_none_or(|says| told.contains(&says)), "{of:?}: {told:#?}");
        }
        Out::JsonLines => {
            for line in text.lines() {
                let _: Value = serde_json::from_str(line).expect(&of);
            }
        }
        Out::Csv => {
            let table = documents::csv(text);
            assert!(table.iter().all(|row| row.len() == table[0].len()), "{of:?}: {table:#?}");
            let told = table.concat();
            assert!(says.is_none_or(|says| told.iter().any(|field| field == says)), "{told:#?}");
        }
        Out::Ron => {
            let told = ron::from_str::<ron::Value>(text).expect(&of);
            assert!(says.is_none_or(|says| format!("{told:?}").contains(&format!("{says:?}"))));
        }
    }
    given
}

/// Holds every file of a folder to the rules of its kind.
fn hold_files(sandbox: &Sandbox, folder: &str) -> usize {
    let names = sandbox.names(folder);
    for name in &names {
        let text = sandbox.read(&format!("{folder}/{name}"));
        match name.rsplit_once('.').expect("it ends like a file").1 {
            "svg" => {
                documents::svg(&text).unwrap_or_else(|why| panic!("{folder}/{name}: {why}"));
                is_text(&text, name);
            }
            "json" => drop(serde_json::from_str::<Value>(&text).expect(name)),
            "jsonl" => {
                for line in text.lines() {
                    let _: Value = serde_json::from_str(line).expect(name);
                }
            }
            "csv" => assert!(documents::csv(&text).len() > 1, "{name}"),
            _ => panic!("{name} is of no kind that is known"),
        }
    }
    names.len()
}

/// A text as RON and JSON write it, as it is but for quotes.
fn raw(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\\\""))
}

/// A sandbox with a scenario of hostile name that says hostile things; its expectations too.
fn sandbox() -> (Sandbox, String) {
    let sandbox = Sandbox::new();
    let file = format!("{HOSTILE}.ron");
    let about = raw(&format!("{HOSTILE}\0"));
    let expect = format!("expect: [{}]", raw("sent >\n \r\t 0"));
    let text =
        SMALL.replace("\"A small scenario\"", &about).replace("expect: [\"sent > 0\"]", &expect);
    sandbox.write(&file, &text.replace("\"1m\"", "\"20s\""));
    (sandbox, file)
}

const COUNT: &str = "consumers.workers.count=1..2";

/// Of the scenario `F`, and with another hostile text.
fn with_about(
    sandbox: &Sandbox,
    file: &str,
    args: &[&'static str],
    code: i32,
    out: Out,
    says: Option<&str>,
) {
    let about = format!("about={}", raw(HOSTILE));
    let args = args.iter().map(|arg| if *arg == "F" { file } else { arg });
    let args: Vec<&str> = args.chain(["--set", &about]).collect();
    hold(sandbox, &args, code, out, says);
}

#[test]
fn answers_are_text_and_documents_say_it_exactly() {
    let (sandbox, file) = sandbox();
    let file = file.as_str();
    let about = format!("about={}", raw(HOSTILE));
    let set = ["--set", about.as_str()];
    let with = |args: &[&'static str], out: Out, says: Option<&str>, code: i32| {
        let args: Vec<&str> = args.iter().map(|arg| if *arg == "F" { file } else { arg }).collect();
        hold(&sandbox, &[&args[..], &set].concat(), code, out, says);
    };
    for reps in ["1", "2"] {
        for (form, out) in [("text", Out::Text), ("json", Out::Json), ("ron", Out::Ron)] {
            let says = (out == Out::Json && reps == "1").then_some(HOSTILE);
            with(&["run", "F", "--reps", reps, "--format", form], out, says, 0);
        }
        with(&["run", "F", "--reps", reps, "--format", "csv"], Out::Csv, None, 0);
    }
    with(&["run", "F", "--color", "always", "-v"], Out::Text, None, 0);
    with(&["run", "F", "--check-determinism", "--fork-at", "5s"], Out::Text, None, 0);
    with(&["run", "F", "--batches", "5", "-o", "run"], Out::Text, None, 0);
    assert!(hold_files(&sandbox, "run") > 20);
    with(&["run", "F", "small.ron", "-o", "both"], Out::Text, None, 0);
    assert!(hold_files(&sandbox, &format!("both/{HOSTILE}")) > 20);
    with(&["run", "F", "--set", "limits.events=99"], Out::Text, None, 5);
    with(&["trace", "F"], Out::Text, None, 0);
    with(&["trace", "F", "--format", "jsonl"], Out::JsonLines, None, 0);
    with(&["trace", "F", "--format", "perfetto"], Out::Json, None, 0);
    with(&["trace", "F", "--set", "limits.events=99"], Out::Text, None, 5);
    with(&["check", "F"], Out::Text, None, 0);
    with(&["check", "F", "--format", "json", "--set", "queues.jobs.x=1"], Out::Json, None, 2);
}

#[test]
fn answers_of_experiments_are_text_and_documents_say_it_exactly() {
    let (sandbox, file) = sandbox();
    let with = |args: &[&'static str], out: Out, says: Option<&str>, code: i32| {
        with_about(&sandbox, &file, args, code, out, says);
    };
    let measures = ["--measure", "sent\r - \n deleted", "--reps", "2"];
    let again = |args: &[&'static str], out: Out, says: Option<&str>| {
        with(&[args, &measures].concat(), out, says, 0);
    };
    for (form, out) in [("text", Out::Text), ("json", Out::Json), ("csv", Out::Csv)] {
        let says = (out != Out::Text).then_some("1");
        again(&["sweep", "F", "--vary", COUNT, "--format", form], out, says);
    }
    again(&["sweep", "F", "--vary", COUNT, "-o", "sweep", "--color", "always"], Out::Text, None);
    assert!(hold_files(&sandbox, "sweep") >= 4);
    again(&["sweep", "F", "--vary", COUNT, "-o", "share", "--shard", "1/1"], Out::Text, None);
    with_folder(&sandbox, "share");
    for (form, out) in [("text", Out::Text), ("json", Out::Json)] {
        let b = "consumers.workers.count=2";
        again(&["compare", "F", "--b", b, "--format", form], out, None);
        let target = ["--such-that", "p50(sent_to_received)\r < \n 30s"];
        let plan = ["plan", "F", "--find", COUNT, "--reps", "2", "--max-reps", "9"];
        with(&[&plan[..], &target, &["--format", form, "-o", form]].concat(), out, None, 0);
        assert_eq!(hold_files(&sandbox, form), 2);
        let advise = ["plan", "F", "--advise", "run_length", "--reps", "2", "--format", form];
        with(&advise, out, None, 0);
    }
}

/// Shares in a folder of hostile name, put together from there.
fn with_folder(sandbox: &Sandbox, folder: &str) {
    fs::rename(sandbox.path(folder), sandbox.path(HOSTILE)).expect("it is a name");
    for (form, out) in [("text", Out::Text), ("json", Out::Json), ("csv", Out::Csv)] {
        hold(sandbox, &["merge", HOSTILE, "--format", form], 0, out, None);
    }
    let journal = format!("{HOSTILE}/journal-1-of-1.jsonl");
    let text = sandbox.read(&journal);
    sandbox.write(&journal, &text.replacen("\"replication\":0", "\"replication\":7", 1));
    hold(sandbox, &["merge", HOSTILE], 2, Out::Text, None);
    for first in [HOSTILE, "{}\n", "\u{1b}[35msqsim-journal/2\n"] {
        sandbox.write(&journal, first);
        hold(sandbox, &["merge", HOSTILE], 2, Out::Text, None);
    }
    let args = ["sweep", "small.ron", "--vary", COUNT, "-o", HOSTILE];
    hold(sandbox, &args, 2, Out::Text, None);
}

#[test]
fn experiments_and_stored_outcomes_of_others_are_shown_as_text() {
    let (sandbox, file) = sandbox();
    let (about, model) = (raw(HOSTILE), raw(&format!("../{file}")));
    let experiments = [
        format!("Sweep(about: {about}, model: {model}, vary: [\"{COUNT}\"], reps: 2)"),
        format!(
            "Compare(about: {about}, model: {model}, b: [\"seed=8\", \"duration=9s\"], reps: 2)"
        ),
        format!(
            "Plan(about: {about}, model: {model}, find: [\"{COUNT}\"], reps: 2, max_reps: 4,
                such_that: [\"p50(sent_to_received) < 30s\"])"
        ),
        format!("Replicate(about: {about}, model: {model}, reps: 2)"),
    ];
    for (number, text) in experiments.iter().enumerate() {
        let file = format!("experiments/{number}{HOSTILE}.ron");
        sandbox.write(&file, text);
        hold(&sandbox, &["experiment", &file, "-o", &number.to_string()], 0, Out::Text, None);
        let says = (number < 3).then_some(HOSTILE);
        hold(&sandbox, &["experiment", &file, "--format", "json"], 0, Out::Json, says);
    }
    sandbox.write(&format!("models/{file}"), &sandbox.read(&file));
    let tested = |more: &[&str], code| {
        let args = [&["test", "models", "experiments", "--snapshots", HOSTILE], more].concat();
        hold(&sandbox, &args, code, Out::Text, None)
    };
    tested(&[], 1);
    tested(&["--update"], 0);
    tested(&[], 0);
    // What is stored has keys and values of another, and is another.
    for (folder, name) in [("", HOSTILE.to_owned()), ("/experiments", format!("0{HOSTILE}"))] {
        let kept = format!("{HOSTILE}{folder}/{name}.snap");
        let key = serde_json::to_string(&format!("{HOSTILE}.p99")).expect("a text");
        let text = sandbox.read(&kept);
        let (header, contents) = text.split_once("\n---\n{").expect("a document");
        let changed = format!("{header}\n---\n{{\n  {key}: {key},{contents}");
        sandbox.write(&kept, &changed.replace("\"seed\": 7", "\"seed\": 8"));
        sandbox.write(&format!("{HOSTILE}{folder}/{HOSTILE}2.snap"), "");
    }
    let differs = tested(&[], 1);
    assert!(differs.stdout.contains("h\\u{1b}[35m\\u{7}\\nFORGED"), "{}", differs.stdout);
    tested(&["--unreferenced", "reject"], 1);
    // The scenario that is stored is one with faults, or another one.
    let kept = format!("{HOSTILE}/{HOSTILE}.snap");
    for scenario in [HOSTILE.to_owned(), SMALL.replace("20%", "30%")] {
        let text = sandbox.read(&kept);
        let (_, rest) = text.split_once("\n---\n").expect("a header");
        let quoted = serde_json::to_string(&scenario).expect("a text");
        let header = format!("---\nsource: {HOSTILE}\ndescription: {quoted}");
        sandbox.write(&kept, &format!("{header}\n---\n{rest}"));
        tested(&[], 1);
    }
    sandbox.write(&kept, HOSTILE);
    tested(&[], 2);
    tested(&["--unreferenced", "delete"], 2);
}

/// Of scenarios and experiments.
#[test]
fn faults_quote_others_as_text() {
    let sandbox = Sandbox::new();
    let quoted = raw(HOSTILE);
    sandbox.write("name.ron", &SMALL.replace("\"jobs\"", &quoted));
    sandbox.write("setting.ron", &SMALL.replace("seed: 7", &format!("{quoted}: 7, {HOSTILE}: 1")));
    sandbox.write("queue.ron", &SMALL.replace("queue: \"jobs\"", &format!("queue: {quoted}")));
    sandbox.write("length.ron", &SMALL.replace("\"1m\"", &quoted));
    sandbox.write("expect.ron", &SMALL.replace("sent > 0", HOSTILE));
    sandbox.write("variant.ron", &SMALL.replace("LetExpire", HOSTILE));
    sandbox.write("data.ron", &SMALL.replace("Poisson(\"20/s\")", &format!("Trace({quoted})")));
    sandbox.write(
        "replay.ron",
        &SMALL.replace("Poisson(\"20/s\")", &format!("Replay(file: {quoted})")),
    );
    sandbox.write("text.ron", HOSTILE);
    sandbox.write("open.ron", &SMALL.replace("\"A small scenario\"", &format!("\"{HOSTILE}")));
    sandbox.write("escape.ron", &SMALL.replace("A small", "\\\u{9b}"));
    let scenarios = [
        "name.ron",
        "setting.ron",
        "queue.ron",
        "length.ron",
        "expect.ron",
        "variant.ron",
        "data.ron",
        "replay.ron",
        "text.ron",
        "open.ron",
        "escape.ron",
    ];
    for scenario in scenarios {
        let asked = format!("Sweep(model: \"{scenario}\", vary: [\"{COUNT}\"])");
        sandbox.write("sweep.ron", &asked);
        for color in ["always", "never"] {
            hold(&sandbox, &["run", scenario, "--color", color], 2, Out::Text, None);
        }
        hold(&sandbox, &["check", scenario, "--format", "json"], 2, Out::Json, None);
        hold(&sandbox, &["experiment", "sweep.ron"], 2, Out::Text, None);
    }
    for (number, text) in [
        format!("Sweep({quoted}: 1)"),
        format!("Sweep(model: {quoted}, vary: [\"{COUNT}\"])"),
        format!("Sweep(model: \"small.ron\", vary: [{quoted}])"),
        format!("Sweep(model: \"small.ron\", vary: [\"{COUNT}\"], measures: [{quoted}])"),
        format!("{HOSTILE}(model: \"small.ron\")"),
        format!("Plan(model: \"small.ron\", find: [{quoted}])"),
        format!("Compare(model: \"small.ron\", b: [{quoted}])"),
    ]
    .iter()
    .enumerate()
    {
        sandbox.write("e.ron", text);
        hold(&sandbox, &["experiment", "e.ron"], if number == 1 { 3 } else { 2 }, Out::Text, None);
    }
}

/// Of the command line.
#[test]
fn wrong_arguments_are_quoted_as_text() {
    let (sandbox, file) = sandbox();
    let file = file.as_str();
    let equal = format!("{HOSTILE}={HOSTILE}");
    let long = format!("--{HOSTILE}");
    let short = format!("-Z{HOSTILE}");
    let count = format!("consumers.workers.count={HOSTILE}");
    for args in [
        &["run", file, &long][..],
        &["run", file, &short],
        &[HOSTILE],
        &[&long],
        &["--color", HOSTILE],
        &["-j", HOSTILE, "run", file],
        &["run", file, "--format", HOSTILE],
        &["run", file, "--seed", HOSTILE],
        &["run", file, "--reps", HOSTILE],
        &["run", file, "--precision", HOSTILE],
        &["run", file, "--precision", "1%", "--of", HOSTILE],
        &["run", file, "--fork-at", HOSTILE],
        &["run", file, "--set", HOSTILE],
        &["run", file, "--set", &equal],
        &["run", file, "--set", &count],
        &["run", file, file, "-o", "out"],
        &["trace", file, "--message", HOSTILE],
        &["trace", file, "--span", HOSTILE],
        &["trace", file, HOSTILE],
        &["sweep", file, "--vary", HOSTILE],
        &["sweep", file, "--vary", &equal],
        &["sweep", file, "--vary", &count],
        &["sweep", file, "--vary", COUNT, "--measure", HOSTILE],
        &["sweep", file, "--vary", COUNT, "--shard", HOSTILE, "-o", "out"],
        &["compare", file, "--b", &equal],
        &["compare", file, "--tolerance", HOSTILE],
        &["plan", file, "--find", &equal, "--such-that", "sent > 0"],
        &["plan", file, "--find", COUNT, "--such-that", HOSTILE],
        &["plan", file, "--find", COUNT, "--minimise", HOSTILE],
        &["plan", file, "--advise", HOSTILE],
        &["help", HOSTILE],
        &["new", HOSTILE],
        &["completions", HOSTILE],
        &["test", "--unreferenced", HOSTILE],
    ] {
        let colour = [args, &["--color", "always"][..]].concat();
        hold(&sandbox, args, 2, Out::Text, None);
        if args[0] != "--color" {
            hold(&sandbox, &colour, 2, Out::Text, None);
        }
    }
}

/// Of files that are not there, or cannot be.
#[test]
fn wrong_paths_are_quoted_as_text() {
    let (sandbox, file) = sandbox();
    let file = file.as_str();
    let missing = format!("{HOSTILE}/{HOSTILE}");
    for args in [
        &["run", &missing][..],
        &["trace", file, "-o", &missing],
        &["run", file, "-o", "small.ron/x\u{9b}"],
        &["sweep", file, "--vary", COUNT, "-o", "small.ron/x\u{9b}"],
        &["experiment", &missing],
        &["merge", &missing],
        &["test", &missing],
    ] {
        hold(&sandbox, args, 3, Out::Text, None);
    }
    hold(&sandbox, &["merge", "."], 4, Out::Text, None);
    fs::create_dir(sandbox.path(HOSTILE)).expect("it is a name");
    hold(&sandbox, &["test", HOSTILE], 4, Out::Text, None);
    hold(&sandbox, &["check", file, &missing, "--format", "json"], 3, Out::Json, None);
}

/// Once a second, on standard error: the name of the scenario.
#[test]
fn progress_is_text() {
    let (sandbox, _) = sandbox();
    let file = format!("{HOSTILE}.long.ron");
    sandbox.write(&file, &sandbox.read("long.ron"));
    let args = ["run", &file, "--progress", "always", "--color", "always"];
    let mut child = sandbox.command(&args).spawn().expect("it starts");
    let mut told = Vec::new();
    BufReader::new(child.stderr.take().expect("it is piped"))
        .read_until(b'%', &mut told)
        .expect("it tells its progress");
    child.kill().expect("it can be killed");
    child.wait().expect("it ends");
    let told = String::from_utf8(told).expect("it writes UTF-8");
    assert!(told.contains("FORGED") && told.ends_with('%'), "{told:?}");
    is_text(&told, "--color always");
}

/// Runs a command whose messages are short.
fn short(sandbox: &Sandbox, args: &[&str], code: i32) -> Given {
    let given = sandbox.run(args);
    let of: Vec<&str> = args.iter().map(|arg| &arg[..arg.len().min(40)]).collect();
    assert_eq!(given.code, Some(code), "{of:?}: {given:.2000?}");
    let [out, err] = [&given.stdout, &given.stderr].map(String::len);
    assert!(out < LONGEST && err < LONGEST, "{of:?}: {out} and {err} bytes");
    given
}

/// A megabyte of anything in a scenario is told by its ends.
#[test]
fn messages_are_short_whatever_they_quote() {
    let sandbox = Sandbox::new();
    let mega = "x".repeat(1_000_000);
    let many = "sent > 0 ".to_owned() + &"+ 0 ".repeat(250_000);
    let scenario = |from: &str, to: String| {
        assert!(SMALL.contains(from));
        sandbox.write("x.ron", &SMALL.replace(from, &to));
    };
    let short = |args: &[&str], code: i32| short(&sandbox, args, code);
    let replaced = [
        ("\"jobs\"", format!("\"{mega}\"")),
        ("seed", mega.clone()),
        ("queue: \"jobs\"", format!("queue: \"{mega}\"")),
        ("\"1m\"", format!("\"{mega}\"")),
        ("\"1m\"", mega.clone()),
        ("LetExpire", mega.clone()),
        ("Poisson(\"20/s\")", format!("Replay(file: \"{mega}\")")),
        ("Poisson(\"20/s\")", format!("{mega}(\"20/s\")")),
        ("sent > 0", mega.clone()),
        ("sent > 0", format!("{mega} > 0")),
        ("sent > 0", format!("sent > 0 {mega}")),
        ("sent > 0", many),
        ("sent > 0", format!("sent >{} 0", " ".repeat(1_000_000))),
        ("seed: 7", format!("seed: {}", "7".repeat(1_000_000))),
        ("seed: 7", format!("{mega}seed: 7")),
        ("visibility_timeout", mega.clone()),
    ];
    for (from, to) in replaced {
        scenario(from, to);
        short(&["check", "x.ron"], 2);
        short(&["run", "x.ron"], 2);
        let listed = sandbox.run(&["check", "x.ron", "--format", "json"]);
        assert!(listed.stdout.len() < LONGEST, "{from}: {} bytes", listed.stdout.len());
    }
}

/// Of an answer, of an experiment, of what is stored.
#[test]
fn long_texts_are_told_by_their_ends() {
    let sandbox = Sandbox::new();
    let mega = "x".repeat(1_000_000);
    let short = |args: &[&str], code: i32| short(&sandbox, args, code);
    sandbox.write("x.ron", &SMALL.replace("A small scenario", &mega));
    let given = short(&["run", "x.ron"], 0);
    assert!(given.stdout.contains("characters left out"), "{}", given.stdout);
    for text in [
        format!("Sweep(about: \"{mega}\", model: \"small.ron\", vary: [\"{COUNT}\"], reps: 2)"),
        format!("Compare(about: \"{mega}\", model: \"small.ron\", b: [\"seed=8\"], reps: 2)"),
    ] {
        sandbox.write("e.ron", &text);
        short(&["experiment", "e.ron"], 0);
    }
    for text in [
        format!("Sweep(model: \"{mega}\", vary: [\"{COUNT}\"])"),
        format!("Sweep(model: \"small.ron\", vary: [\"{mega}\"])"),
        format!("Sweep(model: \"small.ron\", vary: [\"{COUNT}\"], measures: [\"{mega}\"])"),
        format!("{mega}(model: \"small.ron\")"),
        format!("Sweep({mega}: 1)"),
    ] {
        sandbox.write("e.ron", &text);
        let code = if text.starts_with("Sweep(model: \"x") { 3 } else { 2 };
        short(&["experiment", "e.ron"], code);
    }
    sandbox.write("models/one.ron", SMALL);
    assert_eq!(sandbox.run(&["test", "--update"]).code, Some(0));
    let kept = sandbox.read("snapshots/one.snap");
    let key = format!("\n---\n{{\n  \"{mega}\": \"{mega}\",");
    sandbox.write("snapshots/one.snap", &kept.replacen("\n---\n{", &key, 1));
    short(&["test"], 1);
}

#[test]
fn arguments_are_told_by_their_ends() {
    let sandbox = Sandbox::new();
    let long = "x".repeat(60_000);
    let long = long.as_str();
    let equal = format!("{long}={long}");
    let option = format!("--{long}");
    let count = format!("consumers.workers.count={long}");
    for args in [
        &["run", "small.ron", &option][..],
        &[long],
        &["--color", long],
        &["run", "small.ron", "--format", long],
        &["run", "small.ron", "--seed", long],
        &["run", "small.ron", "--reps", long],
        &["run", "small.ron", "--precision", long],
        &["run", "small.ron", "--set", long],
        &["run", "small.ron", "--set", &equal],
        &["run", "small.ron", "--set", &count],
        &["trace", "small.ron", "--message", long],
        &["trace", "small.ron", "--span", long],
        &["sweep", "small.ron", "--vary", &equal],
        &["sweep", "small.ron", "--vary", &count],
        &["sweep", "small.ron", "--vary", COUNT, "--measure", long],
        &["compare", "small.ron", "--b", &equal],
        &["plan", "small.ron", "--find", &equal, "--such-that", "sent > 0"],
        &["plan", "small.ron", "--find", COUNT, "--such-that", long],
        &["plan", "small.ron", "--find", COUNT, "--minimise", long],
        &["help", long],
        &["new", long],
    ] {
        short(&sandbox, args, 2);
    }
    for args in [
        &["run", long][..],
        &["run", "small.ron", "-o", long],
        &["trace", "small.ron", "-o", long],
        &["merge", long],
        &["test", long],
    ] {
        short(&sandbox, args, 3);
    }
}
