//! Help fits a terminal, and its examples work.

use crate::sandbox::{SMALL, Sandbox};

const COMMANDS: [&str; 7] = ["run", "check", "test", "trace", "new", "help", "completions"];

#[test]
fn sqsim_alone_begins_in_five_lines() {
    let sandbox = Sandbox::new();
    let given = sandbox.twice(&[], 0);
    assert_eq!(given.stdout.lines().count(), 5, "{}", given.stdout);
    for command in ["sqsim new", "sqsim run", "sqsim help"] {
        assert!(given.stdout.contains(command), "{}", given.stdout);
    }
}

#[test]
fn every_help_fits_and_ends_with_two_examples_that_work() {
    let sandbox = Sandbox::new();
    sandbox.write("models/signup.ron", SMALL);
    let mut pages: Vec<Vec<&str>> = COMMANDS.iter().map(|name| vec![*name, "--help"]).collect();
    pages.push(vec!["--help"]);
    for page in pages {
        let help = sandbox.twice(&page, 0).stdout;
        for line in help.lines() {
            assert!(line.chars().count() <= 80, "{page:?} is wider than 80 columns: {line}");
        }
        let (_, examples) = help.split_once("\nExamples:\n").expect("examples");
        let examples: Vec<&str> = examples.lines().collect();
        assert_eq!(examples.len(), 2, "{page:?}: {examples:?}");
        for example in examples {
            let words: Vec<&str> = example.split_whitespace().collect();
            assert_eq!(words[0], "sqsim", "{page:?}: {example}");
            let given = sandbox.run(&words[1..]);
            assert_eq!(given.code, Some(0), "{example}: {given:#?}");
            assert!(!given.stdout.is_empty(), "{example} prints nothing");
        }
    }
}

#[test]
fn topics_and_commands_are_listed_and_explained() {
    let sandbox = Sandbox::new();
    let list = sandbox.twice(&["help"], 0).stdout;
    assert!(list.lines().all(|line| line.chars().count() <= 80), "{list}");
    for name in COMMANDS {
        assert!(list.contains(&format!("  {name} ")), "{name} is not in {list}");
        let help = sandbox.run(&["help", name]).stdout;
        assert_eq!(help, sandbox.run(&[name, "--help"]).stdout);
    }
    for topic in ["scenario", "distributions", "ties", "exit-codes"] {
        assert!(list.contains(topic), "{topic} is not in {list}");
        assert!(sandbox.twice(&["help", topic], 0).stdout.lines().count() > 5, "{topic}");
    }
}

#[test]
fn shells_complete_every_command() {
    let sandbox = Sandbox::new();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = sandbox.twice(&["completions", shell], 0).stdout;
        for name in COMMANDS {
            assert!(script.contains(name), "{shell} does not know {name}");
        }
    }
}
