//! What `trace` prints.

use crate::sandbox::Sandbox;

#[test]
fn a_trace_is_the_same_bytes_in_every_form() {
    let sandbox = Sandbox::new();
    for format in ["text", "jsonl", "perfetto"] {
        let given = sandbox.twice(&["trace", "small.ron", "--format", format], 0);
        let to_file = ["trace", "small.ron", "--format", format, "-o", "trace.out"];
        assert_eq!(sandbox.twice(&to_file, 0).stdout, "");
        assert_eq!(sandbox.read("trace.out"), given.stdout);
    }
    let perfetto = sandbox.read("trace.out");
    serde_json::from_str::<serde_json::Value>(&perfetto).expect("JSON");
    assert_eq!(sandbox.names(""), ["long.ron", "small.ron", "trace.out"]);
}

#[test]
fn one_message_can_be_followed() {
    let sandbox = Sandbox::new();
    let given = sandbox.twice(&["trace", "small.ron", "--message", "m312"], 0);
    assert!(given.stdout.lines().count() >= 3, "{}", given.stdout);
    assert!(given.stdout.lines().all(|line| line.contains(" m312 ")), "{}", given.stdout);
    let number = sandbox.twice(&["trace", "small.ron", "--message", "312"], 0);
    assert_eq!(number, given);
}

#[test]
fn a_span_of_time_can_be_cut_out() {
    let sandbox = Sandbox::new();
    let whole = sandbox.run(&["trace", "small.ron"]).stdout;
    let seconds = |line: &str| {
        let text = line.split_whitespace().next().expect("a column").trim_end_matches('s');
        text.parse::<f64>().expect("seconds")
    };
    let within = |from: f64, to: f64| -> String {
        let lines = whole.lines().filter(|line| (from..=to).contains(&seconds(line)));
        lines.flat_map(|line| [line, "\n"]).collect()
    };
    let around = sandbox.twice(&["trace", "small.ron", "--around", "41.2s"], 0);
    assert_eq!(around.stdout, within(40.7, 41.7));
    assert!(around.stdout.lines().count() > 20);
    let narrow = ["trace", "small.ron", "--around", "100ms", "--span", "1s"];
    assert_eq!(sandbox.twice(&narrow, 0).stdout, within(0.0, 0.6));
    let between = ["trace", "small.ron", "--from", "30s", "--to", "31s"];
    assert_eq!(sandbox.twice(&between, 0).stdout, within(30.0, 31.0));
}

#[test]
fn a_trace_cut_by_its_limit_is_whole_as_far_as_it_goes() {
    let sandbox = Sandbox::new();
    let whole = sandbox.run(&["trace", "small.ron", "--format", "jsonl"]).stdout;
    let set = ["--set", "limits.trace_bytes=5000"];
    let cut = sandbox.twice(&[&["trace", "small.ron", "--format", "jsonl"], &set[..]].concat(), 5);
    assert!(cut.stdout.len() <= 5000 && cut.stdout.ends_with("}\n"), "{}", cut.stdout);
    assert!(whole.starts_with(&cut.stdout));
}
