//! `experiment`: files that say what a command says; `test` holds them to what is stored.

use crate::sandbox::{Sandbox, repeat};

const SWEEP: &str = r#"
// Do more workers help?
Sweep(
    about: "More workers",
    model: "../small.ron",
    vary: ["consumers.workers.count=1..3"],
    measures: ["busy", "sent"],
    reps: 2,
)
"#;

fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new();
    sandbox.write("experiments/sweep.ron", SWEEP);
    let compare = "Compare(model: \"../small.ron\", b: [\"consumers.workers.count=2\"])";
    sandbox.write("experiments/compare.ron", compare);
    let plan = "Plan(model: \"../small.ron\", find: [\"consumers.workers.count=1..8\"],
        such_that: [\"p50(sent_to_received) < 1s\"])";
    sandbox.write("experiments/plan.ron", plan);
    let replicate = "Replicate(model: \"../small.ron\", measures: [\"busy\"], precision: \"5%\")";
    sandbox.write("experiments/replicate.ron", replicate);
    sandbox
}

/// All but the first words and the last line, which name the file and the command.
fn body(text: &str) -> Vec<&str> {
    let (text, _) = text.split_once("repeat: ").expect("a command");
    let told = |line: &&str| *line != "More workers" && !line.starts_with("outcome ");
    text.lines().filter(told).skip(1).collect()
}

#[test]
fn a_file_says_what_a_command_says() {
    let sandbox = sandbox();
    let same = |file: &str, args: &[&str]| {
        let file = format!("experiments/{file}.ron");
        let kept = sandbox.twice(&["experiment", &file], 0).stdout;
        assert_eq!(body(&kept), body(&sandbox.run(args).stdout), "{file}");
        assert!(repeat(&kept).starts_with(&format!("experiment {file}")), "{kept}");
    };
    let vary = ["--vary", "consumers.workers.count=1..3", "--measure", "busy"];
    let sweep = [&["sweep", "small.ron", "--reps", "2", "--measure", "sent"], &vary[..]].concat();
    let swapped = SWEEP.replace("[\"busy\", \"sent\"]", "[\"sent\", \"busy\"]");
    sandbox.write("experiments/sweep.ron", &swapped);
    same("sweep", &sweep);
    same("compare", &["compare", "small.ron", "--b", "consumers.workers.count=2"]);
    let target = "p50(sent_to_received) < 1s";
    let find = ["--find", "consumers.workers.count=1..8", "--such-that", target];
    same("plan", &[&["plan", "small.ron"], &find[..]].concat());
    same("replicate", &["run", "small.ron", "--precision", "5%", "--of", "busy"]);
}

#[test]
fn results_are_stored_and_held_to() {
    let sandbox = sandbox();
    let new = sandbox.twice(&["test", "experiments"], 1).stdout;
    assert!(new.contains("4 experiments: 4 new"), "{new}");
    assert_eq!(sandbox.run(&["test", "experiments", "--update"]).code, Some(0));
    let stored = ["compare.snap", "plan.snap", "replicate.snap", "sweep.snap"];
    assert_eq!(sandbox.names("snapshots/experiments"), stored);
    let ok = sandbox.twice(&["test", "experiments"], 0).stdout;
    assert!(ok.contains("4 experiments: 4 ok"), "{ok}");
    // Another question: what changed is named.
    sandbox.write("experiments/sweep.ron", &SWEEP.replace("reps: 2", "reps: 3"));
    let differs = sandbox.twice(&["test", "experiments"], 1).stdout;
    assert!(differs.contains("DIFF  experiments/sweep.ron"), "{differs}");
    assert!(differs.contains("replications "), "{differs}");
    assert!(differs.contains(" 2 -> 3"), "{differs}");
    assert!(differs.contains("4 experiments: 3 ok, 1 differs"), "{differs}");
}

#[test]
fn experiments_write_their_documents() {
    let sandbox = sandbox();
    let files =
        ["sweep", "compare", "plan", "replicate"].map(|name| format!("experiments/{name}.ron"));
    let mut args = vec!["experiment", "-o", "out"];
    args.extend(files.iter().map(String::as_str));
    assert_eq!(sandbox.run(&args).code, Some(0));
    assert!(sandbox.read("out/sweep/sweep.json").contains("sqsim-sweep/1"));
    assert!(sandbox.read("out/compare/compare.json").contains("sqsim-compare/1"));
    assert!(sandbox.read("out/plan/plan.json").contains("sqsim-plan/1"));
    assert!(sandbox.read("out/replicate/estimate.json").contains("sqsim-estimate/1"));
}

#[test]
fn faults_of_a_file_are_told_before_anything_runs() {
    let sandbox = Sandbox::new();
    let refused = |text: &str, code: i32, what: &str| {
        sandbox.write("e.ron", text);
        let given = sandbox.twice(&["experiment", "e.ron"], code);
        assert!(given.stderr.contains(what), "{text}: {}", given.stderr);
    };
    refused("Sweep(model: \"long.ron\")", 2, "`Sweep` ends here without `vary`");
    refused("Sweep(model: \"long.ron\", vray: [])", 2, "did you mean `vary`?");
    refused("Sweeep(model: \"long.ron\")", 2, "did you mean `Sweep`?");
    refused("Compare(model: \"none.ron\", b: [\"duration=1s\"])", 3, "cannot read `none.ron`");
    refused("Compare(model: \"long.ron\")", 2, "twice the same system");
    let measure = "Compare(model: \"long.ron\", b: [\"drain=1s\"], measures: [\"p99(sent)\"])";
    refused(measure, 2, "`sent` is a counter");
    let plan = "Plan(model: \"long.ron\", find: [\"consumers.workers.coutn\"])";
    refused(plan, 2, "did you mean `count`?");
    let plan = "Plan(model: \"long.ron\", find: [\"consumers.workers.count\"])";
    refused(plan, 2, "there is no target");
}
