//! `sqsim test`: every scenario and experiment against the outcome that was kept of it.
//!
//! Owns the files: which scenarios, where their outcomes lie, what is written. The comparison is
//! `experiment::regression`, the words are in `differs`, experiments are in `test_experiments`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::args::{Changes, Global, Test, Unreferenced};
use super::differs;
use super::exit::Exit;
use super::failure::{Failure, Reached, limit};
use super::files::{prepare_directory, write};
use super::interrupt;
use super::meter::with_progress;
use super::run::threads;
use super::sources::{Source, load_all};
use super::terminal::{Terminal, told};
use super::test_experiments;
use super::test_kept::{SOURCE, Tally, shown, stored};
use crate::engine::world::Ended;
use crate::experiment::file;
use crate::experiment::in_order::in_order;
use crate::experiment::regression::{Regression, compare};
use crate::experiment::replicate::{ReplicationPlan, Replications, replicate};
use crate::experiment::side_by_side::fitting;
use crate::kernel::time::{Span, Time};
use crate::outcome::Outcome;
use crate::outcome::stored::{Stored, contents};
use crate::scenario::load::Text;
use crate::scenario::visible::visible;

/// Where scenarios are looked for if no place is named, and experiments if there are any.
const MODELS: [&str; 2] = ["models", "experiments"];

/// Where the results of experiments are stored, below the outcomes of scenarios.
const EXPERIMENTS: &str = "experiments";

/// What became of one scenario.
struct Tested {
    outcome: Outcome,
    ended: Ended,
    verdict: Regression,
}

/// Runs and compares.
///
/// # Errors
/// Nothing matched, or something cannot be read or written.
pub(super) fn test(args: &Test, global: &Global, terminal: Terminal) -> Result<Exit, Failure> {
    let (experiments, files): (Vec<PathBuf>, Vec<PathBuf>) =
        files(&args.paths)?.into_iter().partition(|file| is_experiment(file));
    let changes = Changes { seed: None, sets: Vec::new(), fork_at: None };
    let sources = match load_all(&files, &changes, terminal) {
        Ok(sources) => sources,
        Err(exit) => return Ok(exit),
    };
    let experiments = test_experiments::load(&experiments)?;
    let scenarios = sources.iter().map(|source| (&*source.scenario.name, &*source.text.name));
    let kept = kept_files(&args.snapshots, scenarios)?;
    let of_experiments = args.snapshots.join(EXPERIMENTS);
    let named = experiments.iter().map(|one| (&*one.name, &*one.file));
    let kept_experiments = kept_files(&of_experiments, named)?;
    interrupt::catch();
    if args.update {
        prepare_directory(&args.snapshots)?;
    }
    if args.update && !experiments.is_empty() {
        prepare_directory(&of_experiments)?;
    }
    let lengths = sources.iter().map(|source| source.scenario.end() - Time::ZERO);
    let total = lengths.fold(Span::ZERO, Span::saturating_add);
    let tested = with_progress(global, "test", total, |progress| {
        let threads = fitting(threads(global), sources.iter().map(|source| &source.scenario));
        in_order(sources.len() as u64, threads, |number| {
            let plan = ReplicationPlan {
                replications: 1,
                threads: 1,
                interrupt: interrupt::flag(),
                progress,
            };
            one(&sources[number as usize], &kept[number as usize], plan)
        })
    });
    let mut exit = Exit::Held;
    let mut tally = Tally::default();
    for ((source, kept), tested) in sources.iter().zip(&kept).zip(tested) {
        let tested = tested?;
        exit = exit.max(report(args, source, kept, &tested, &mut tally, terminal)?);
        if exit == Exit::Interrupted {
            terminal.say("interrupted: the scenarios after these were not compared");
            return Ok(exit);
        }
    }
    for (experiment, kept) in experiments.iter().zip(&kept_experiments) {
        let one = test_experiments::one(args, global, terminal, experiment, kept, &mut tally)?;
        exit = exit.max(one);
        if exit == Exit::Interrupted {
            terminal.say(test_experiments::NOT_COMPARED);
            return Ok(exit);
        }
    }
    for (directory, kept) in [(&args.snapshots, kept), (&of_experiments, kept_experiments)] {
        exit = exit.max(unreferenced(args, directory, &kept, terminal)?);
    }
    told(&summary(sources.len(), experiments.len(), &tally))?;
    told(&tally.look)?;
    if !tally.open.is_empty() {
        let named: Vec<&str> = args.paths.iter().filter_map(|path| path.to_str()).collect();
        let paths = if tally.open.len() == 1 { &tally.open } else { &named };
        told(&differs::help_accept(paths))?;
    }
    Ok(exit)
}

fn one(source: &Source, kept: &Path, plan: ReplicationPlan<'_>) -> Result<Tested, Failure> {
    let kept = stored(kept)?;
    let Source { text, scenario, .. } = source;
    let Replications { mut outcomes, ended, .. } = replicate(scenario, plan);
    let outcome = outcomes.swap_remove(0);
    let verdict = compare(text, scenario, &outcome, kept.as_ref(), plan.interrupt)
        .map_err(|error| Failure::bug(format!("no document: {error}")))?;
    Ok(Tested { outcome, ended, verdict })
}

/// Says what became of one scenario and, if asked to, keeps its outcome.
fn report<'a>(
    args: &Test,
    source: &'a Source,
    kept: &Path,
    tested: &Tested,
    tally: &mut Tally<'a>,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    let Source { text, scenario, .. } = source;
    if tested.ended == Ended::Interrupted {
        return Ok(Exit::Interrupted);
    }
    if let Some(reached) = Reached::by(tested.ended, scenario.limits) {
        terminal.errors(&limit(&text.name, &reached).faults);
        return Ok(Exit::Limit);
    }
    let name = &text.name;
    if matches!(tested.verdict, Regression::Same) {
        tally.ok += 1;
        told(&format!("    ok  {}{}\n", visible(name), failing(&tested.outcome)))?;
        return Ok(Exit::Held);
    }
    if args.update {
        let contents = contents(&tested.outcome)
            .map_err(|error| Failure::bug(format!("no document: {error}")))?;
        let stored = Stored { scenario: Some(text.text.clone()), contents };
        write(kept, &stored.to_text(SOURCE))?;
        tally.stored += 1;
        told(&format!("stored  {}{}\n", visible(name), failing(&tested.outcome)))?;
        return Ok(Exit::Held);
    }
    tally.open.push(name);
    if let Regression::Differs(differs) = &tested.verdict {
        tally.differ += 1;
        if tally.look.is_empty() {
            tally.look = differs::help_look(name, differs);
        }
        told(&differs::block(name, scenario, differs))?;
    } else {
        tally.new += 1;
        told(&format!("   NEW  {}     no stored outcome `{}`\n", visible(name), shown(kept)))?;
    }
    Ok(Exit::No)
}

/// A word on expectations that fail: they may be there to fail, so only a change of it counts.
fn failing(outcome: &Outcome) -> String {
    match outcome.expect.iter().filter(|expect| !expect.holds).count() {
        0 => String::new(),
        1 => "     1 expectation fails, as stored".to_owned(),
        many => format!("     {many} expectations fail, as stored"),
    }
}

fn summary(scenarios: usize, experiments: usize, tally: &Tally<'_>) -> String {
    let Tally { ok, differ, new, stored, .. } = *tally;
    let differ_word = if differ == 1 { "differs" } else { "differ" };
    let parts = [(ok, "ok"), (differ, differ_word), (new, "new"), (stored, "stored")];
    let parts: Vec<String> = parts
        .iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    let counted = |count: usize, what: &str| {
        (count > 0).then(|| format!("{count} {what}{}", if count == 1 { "" } else { "s" }))
    };
    let all = [counted(scenarios, "scenario"), counted(experiments, "experiment")];
    let all: Vec<String> = all.into_iter().flatten().collect();
    format!("{}: {}\n", all.join(", "), parts.join(", "))
}

/// The files named, and those below the directories named, in the order of their names.
fn files(paths: &[PathBuf]) -> Result<Vec<PathBuf>, Failure> {
    let default = MODELS.map(PathBuf::from);
    let named = if paths.is_empty() { &default[..] } else { paths };
    let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
    for path in named {
        if path.is_dir() {
            collect(path, &mut seen, &mut files)
                .map_err(|error| Failure::io(&format!("read `{}`", path.display()), &error))?;
        } else if !paths.is_empty() {
            files.push(path.clone());
        }
    }
    if files.is_empty() {
        let named = if paths.is_empty() { &default[..1] } else { paths };
        let places: Vec<String> =
            named.iter().map(|path| format!("`{}`", path.display())).collect();
        return Err(Failure::nothing(
            format!("no scenario matched: there is no `.ron` file in {}", places.join(", ")),
            "name the scenario files or directories: `sqsim test scenarios`",
        ));
    }
    Ok(files)
}

/// Whether a file begins like an experiment; what cannot be read is told as a scenario.
fn is_experiment(path: &Path) -> bool {
    Text::of_file(path).is_ok_and(|text| file::is_experiment(&text.text))
}

/// The scenarios and experiments below a directory. Links are followed, but into no directory
/// twice: one may lead back to where it stands.
fn collect(
    directory: &Path,
    seen: &mut BTreeSet<PathBuf>,
    files: &mut Vec<PathBuf>,
) -> io::Result<()> {
    if !seen.insert(directory.canonicalize()?) {
        return Ok(());
    }
    let entries = fs::read_dir(directory)?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    for path in paths {
        if path.is_dir() {
            collect(&path, seen, files)?;
        } else if path.extension().is_some_and(|extension| extension == "ron") {
            files.push(path);
        }
    }
    Ok(())
}

/// The file of each outcome, by the name and the file of what gives it.
fn kept_files<'a>(
    directory: &Path,
    names: impl Iterator<Item = (&'a str, &'a str)>,
) -> Result<Vec<PathBuf>, Failure> {
    let mut taken: BTreeMap<&str, &str> = BTreeMap::new();
    let mut kept = Vec::new();
    for (name, file) in names {
        if let Some(other) = taken.insert(name, file) {
            return Err(Failure::usage(
                format!("`{other}` and `{file}` have the same name"),
                "their outcomes would be stored in the same file: rename one",
            ));
        }
        kept.push(directory.join(format!("{name}.snap")));
    }
    Ok(kept)
}

/// Stored outcomes of nothing that was tested. Only where whole directories were tested is it known
/// that something is missing.
fn unreferenced(
    args: &Test,
    directory: &Path,
    kept: &[PathBuf],
    terminal: Terminal,
) -> Result<Exit, Failure> {
    if kept.is_empty() || !args.paths.iter().all(|path| path.is_dir()) || !directory.is_dir() {
        return Ok(Exit::Held);
    }
    let entries = fs::read_dir(directory).and_then(Iterator::collect::<io::Result<Vec<_>>>);
    let entries =
        entries.map_err(|error| Failure::io(&format!("read `{}`", directory.display()), &error))?;
    let mut orphans: Vec<PathBuf> = entries
        .iter()
        .map(fs::DirEntry::path)
        .filter(|path| path.extension().is_some_and(|extension| extension == "snap"))
        .filter(|path| !kept.contains(path))
        .collect();
    orphans.sort();
    let mut exit = Exit::Held;
    for orphan in orphans {
        let shown = shown(&orphan);
        match args.unreferenced {
            None => terminal.warn(&format!(
                "`{shown}` belongs to no scenario here; `--unreferenced delete` removes it"
            )),
            Some(Unreferenced::Reject) => {
                told(&format!("ORPHAN  {shown}     belongs to no scenario here\n"))?;
                exit = Exit::No;
            }
            Some(Unreferenced::Delete) => {
                let removed = fs::remove_file(&orphan);
                removed.map_err(|error| Failure::io(&format!("remove `{shown}`"), &error))?;
                told(&format!("removed {shown}\n"))?;
            }
        }
    }
    Ok(exit)
}
