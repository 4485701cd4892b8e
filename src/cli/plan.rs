//! `sqsim plan`: the smallest settings that meet a target.
//!
//! Owns the order of what happens. Must not know how the search goes nor how an answer is worded.

use super::advise::{advise, only_of_advice};
use super::args::{Form, Global, Plan as Args};
use super::exit::Exit;
use super::failure::Failure;
use super::files::{prepare_directory, write};
use super::interrupt;
use super::journal::{Header, Identity, Journal};
use super::meter::with_progress;
use super::run::threads;
use super::sources::read;
use super::terminal::{Terminal, Volume, answer};
use super::values::{Seed, quoted};
use super::work::{How, NOTHING_KEPT, data_hash, json, no_table};
use crate::experiment::asked::Asked;
use crate::experiment::fraction::Fraction;
use crate::experiment::plan::{Plan, PlanAsked};
use crate::experiment::runs::{Forgetful, Memory, Runner};
use crate::kernel::time::Span;
use crate::outcome::PlanOutcome;
use crate::render::text::{self, Answer, Style};
use crate::scenario::load::Text;

/// Searches.
///
/// # Errors
/// Something is wrong with what was asked, or cannot be read or written.
pub(super) fn plan(args: &Args, global: &Global, terminal: Terminal) -> Result<Exit, Failure> {
    if let Some(what) = args.advise {
        return advise(what, args, global, terminal);
    }
    only_of_advice(args)?;
    let model = read(&args.file)?;
    let asked = PlanAsked {
        about: String::new(),
        model: model.name.clone(),
        set: args.changes.sets.clone(),
        find: args.find.clone(),
        such_that: args.such_that.clone(),
        minimise: args.minimise.clone(),
        confidence: Fraction(args.confidence),
        reps: args.reps,
        max_reps: args.max_reps,
        seed: args.changes.seed.map(|Seed(seed)| seed),
    };
    let output = args.output.as_deref();
    let how = How { form: args.format, output, file: None, shard: None, command: None };
    conduct(asked, &model, &how, global, terminal)
}

/// Searches and answers.
///
/// # Errors
/// Something is wrong with what was asked, or cannot be read or written.
pub(super) fn conduct(
    asked: PlanAsked,
    model: &Text,
    how: &How<'_>,
    global: &Global,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    no_table(how)?;
    let plan = how.checked(terminal, || Plan::prepare(asked, model, threads(global)))?;
    interrupt::catch();
    let Some(directory) = how.output else {
        let Some(outcome) = search(&plan, &Forgetful, global, terminal)? else {
            terminal.say(NOTHING_KEPT);
            return Ok(Exit::Interrupted);
        };
        let exit = deliver(&plan, &outcome, how, terminal)?;
        if exit == Exit::Interrupted {
            terminal.say(NOTHING_KEPT);
        }
        return Ok(exit);
    };
    prepare_directory(directory)?;
    let journal = Journal::open(directory, None, header(&plan, model), interrupt::flag())?;
    let found = search(&plan, &journal, global, terminal)?;
    journal.check()?;
    let exit = match &found {
        Some(outcome) => deliver(&plan, outcome, how, terminal)?,
        None => Exit::Interrupted,
    };
    if exit == Exit::Interrupted {
        terminal.say(&journal.interrupted());
    } else {
        journal.sort()?;
    }
    Ok(exit)
}

/// Searches, and tells each point that is decided.
fn search(
    plan: &Plan<'_>,
    memory: &dyn Memory,
    global: &Global,
    terminal: Terminal,
) -> Result<Option<PlanOutcome>, Failure> {
    let (threads, interrupt) = (threads(global), interrupt::flag());
    // How much there will be nobody knows: the search says it on the way.
    let found = with_progress(global, "plan", Span::ZERO, |progress| {
        let runner = Runner { quantities: plan.objective(), threads, interrupt, progress, memory };
        plan.run(&runner, &|settings: &str, verdict: &str, replications: u64| {
            let line = format!("{settings}: {verdict} ({replications} replications)");
            match progress {
                Some(progress) if terminal.volume != Volume::Quiet => progress.tell(line),
                _ => terminal.say(&line),
            }
        })
    });
    Ok(found?)
}

fn header(plan: &Plan<'_>, model: &Text) -> Header {
    let asked = plan.asked();
    let whole = model.load(&asked.set).ok();
    let measures = plan.targets().into_iter().chain(asked.minimise.clone());
    let identity = Identity {
        texts: vec![model.text.clone()],
        scenarios: data_hash(whole.iter().map(|loaded| &loaded.scenario)),
        set: asked.set.clone(),
        seed: plan.seed(),
        measures: measures.collect(),
        ..Identity::of_this_program()
    };
    Header::new(identity, Asked::Plan(asked.clone()), model.name.clone().into())
}

fn deliver(
    plan: &Plan<'_>,
    outcome: &PlanOutcome,
    how: &How<'_>,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    let asked = plan.asked();
    let command = how.command.clone().unwrap_or_else(|| repeat(asked, outcome.seed));
    let style = Style { colour: terminal.colour };
    let Answer { stdout, warnings, held } = text::plan(&asked.model, &command, outcome, style);
    for warning in &warnings {
        terminal.warn(warning);
    }
    let document = json(outcome.to_json())?;
    if let Some(directory) = how.output {
        write(&directory.join("plan.json"), &document)?;
    }
    answer(if how.form == Form::Json { &document } else { &stdout })?;
    Ok(match () {
        () if outcome.partial.is_some() => Exit::Interrupted,
        () if held => Exit::Held,
        () => Exit::No,
    })
}

/// The command that gives the same answer again.
fn repeat(asked: &PlanAsked, seed: u64) -> String {
    let mut words = vec!["sqsim plan".to_owned(), quoted(&asked.model)];
    let minimise: Vec<String> = asked.minimise.iter().cloned().collect();
    let lists = [
        ("--find", &asked.find),
        ("--such-that", &asked.such_that),
        ("--minimise", &minimise),
        ("--set", &asked.set),
    ];
    for (name, texts) in lists {
        for text in texts {
            words.extend([name.to_owned(), quoted(text)]);
        }
    }
    words.push(format!("--confidence {}%", asked.confidence.0 * 100.0));
    words.push(format!("--reps {} --max-reps {} --seed {seed}", asked.reps, asked.max_reps));
    words.join(" ")
}
