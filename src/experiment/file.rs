//! Experiments as files: what a command says, kept.
//!
//! Owns the form of `experiments/*.ron`. Settings carry the names and notations of the command's
//! options; defaults stand with those of scenarios. Must not know how an experiment is done.

use std::path::{Component, Path, PathBuf};

use super::asked::Asked;
use crate::scenario::Faults;
use crate::scenario::load::{Text, read_document};

/// The words that begin an experiment.
const KINDS: [&str; 4] = ["Sweep", "Compare", "Plan", "Replicate"];

/// Whether a text begins like an experiment, and not like a scenario.
pub fn is_experiment(text: &str) -> bool {
    let mut rest = text.trim_start_matches('\u{feff}').trim_start();
    while let Some(comment) = rest.strip_prefix("//") {
        rest = comment.split_once('\n').map_or("", |(_, rest)| rest).trim_start();
    }
    let word = rest.find(|c: char| !c.is_alphanumeric()).map_or(rest, |end| &rest[..end]);
    !word.is_empty() && KINDS.contains(&word)
}

/// Reads an experiment. The files it names stand where its own directory says: the paths given back
/// are relative to where the program runs.
///
/// # Errors
/// All faults found.
pub fn read(text: &Text) -> Result<Asked, Faults> {
    let mut asked = read_document::<Asked>(text)?;
    for model in asked.models_mut() {
        *model = beside(&text.directory, model);
    }
    Ok(asked)
}

/// `../models/x.ron` beside `experiments` is `models/x.ron`: names in answers stay short.
fn beside(directory: &Path, file: &str) -> String {
    let mut path = PathBuf::from(directory);
    for step in Path::new(file).components() {
        let up = step == Component::ParentDir;
        let named = path.file_name().is_some();
        if up && named {
            path.pop();
        } else {
            path.push(step);
        }
    }
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::fraction::Fraction;

    fn text(text: &str) -> Text {
        Text { name: "e.ron".into(), directory: "experiments".into(), text: text.into() }
    }

    #[test]
    fn what_is_not_required_has_a_default() {
        let sweep = read(&text("// why\nSweep(model: \"../models/a.ron\", vary: [\"x=1\"])"));
        let Ok(Asked::Sweep(sweep)) = sweep else { panic!("{sweep:?}") };
        assert_eq!((sweep.model.as_str(), sweep.reps, sweep.seed), ("models/a.ron", 10, None));
        let compare = read(&text("Compare(model: \"a.ron\", b: [\"x=1\"], tolerance: \"1%\")"));
        let Ok(Asked::Compare(compare)) = compare else { panic!("{compare:?}") };
        assert_eq!(
            (compare.model.as_str(), compare.tolerance),
            ("experiments/a.ron", Some(Fraction(0.01)))
        );
        let plan = read(&text("Plan(model: \"a.ron\", find: [\"x\"], confidence: 0.9)"));
        let Ok(Asked::Plan(plan)) = plan else { panic!("{plan:?}") };
        assert!((plan.confidence.0 - 0.9).abs() < 1e-12 && plan.max_reps > plan.reps);
        let repeat = read(&text("Replicate(model: \"a.ron\", precision: \"2%\")"));
        let Ok(Asked::Replicate(repeat)) = repeat else { panic!("{repeat:?}") };
        assert_eq!(repeat.precision, Some(Fraction(0.02)));
    }

    #[test]
    fn faults_are_told_as_those_of_scenarios() {
        let refused = |file: &str| read(&text(file)).unwrap_err().to_string();
        let all = refused("Sweep(modle: \"a.ron\", reps: \"ten\")");
        assert!(all.contains("did you mean `model`?"), "{all}");
        assert!(all.contains("a whole number"), "{all}");
        assert!(refused("Swep(model: \"a.ron\")").contains("did you mean `Sweep`?"));
        assert!(refused("Compare(model: \"a\", tolerance: \"2\")").contains("tolerance"));
        assert!(refused("Plan(model: \"a\", find: [\"x\"], confidence: 2)").contains("no share"));
    }

    /// A file has the ranges of the options.
    #[test]
    fn numbers_out_of_range_are_refused_with_their_range() {
        let refused = |file: &str| read(&text(file)).expect_err(file).to_string();
        for kind in [
            "Sweep(model: \"a\", vary: [\"x=1\"]",
            "Compare(model: \"a\"",
            "Plan(model: \"a\", find: [\"x\"]",
            "Replicate(model: \"a\"",
        ] {
            for reps in ["0", "1000001", "1000000000", "18446744073709551615"] {
                let told = refused(&format!("{kind}, reps: {reps})"));
                let range = if kind.starts_with("Plan") { "2" } else { "1" };
                let range = format!("`{reps}` is not a whole number from {range} to 1000000");
                assert!(told.contains(&range) && told.contains("e.ron:1:"), "{told}");
            }
            assert!(refused(&format!("{kind}, reps: -1)")).contains("reps"));
        }
        for confidence in ["1.0", "\"100%\"", "0.3", "\"0%\""] {
            let told =
                refused(&format!("Plan(model: \"a\", find: [\"x\"], confidence: {confidence})"));
            assert!(told.contains("is no probability from 50% to 99.99%"), "{told}");
        }
        for precision in ["0.0", "1.0", "\"0%\""] {
            let told = refused(&format!("Replicate(model: \"a\", precision: {precision})"));
            assert!(told.contains("is no share of the mean above 0 and below 1"), "{told}");
        }
        assert!(refused("Plan(model: \"a\", find: [\"x\"], max_reps: 1)").contains("from 2 to"));
    }

    #[test]
    fn experiments_are_told_from_scenarios() {
        assert!(is_experiment("// a\n  // b\n\nSweep(vary: [])"));
        assert!(is_experiment("Plan (x: 1)"));
        assert!(!is_experiment("// Sweep\n(about: \"Sweep\")"));
        assert!(!is_experiment("Sweeping(x: 1)") && !is_experiment(""));
    }

    #[test]
    fn paths_are_those_seen_from_here() {
        let path = |directory: &str, file: &str| beside(Path::new(directory), file);
        assert_eq!(path("experiments", "../models/a.ron"), "models/a.ron");
        assert_eq!(path("", "../a.ron"), "../a.ron");
        assert_eq!(path("x/y", "a.ron"), "x/y/a.ron");
        assert_eq!(path("x", "/a.ron"), "/a.ron");
    }
}
