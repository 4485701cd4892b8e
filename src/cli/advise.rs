//! `sqsim plan --advise`: what a person would look for by hand.
//!
//! Owns the order of what happens, and the commands to copy. Must not know how advice is found nor
//! how it is worded.

use super::args::{Advise, Form, Global, Plan as Args};
use super::exit::Exit;
use super::failure::Failure;
use super::files::write;
use super::interrupt;
use super::meter::with_progress;
use super::run::threads;
use super::sources::read;
use super::terminal::{Terminal, answer};
use super::values::{Seed, quoted};
use super::work::{How, NOTHING_KEPT, json, no_table};
use crate::experiment::advise::length::{LengthAdvisor, LengthAsked};
use crate::experiment::advise::timeout::{TimeoutAdvisor, TimeoutAsked};
use crate::kernel::time::Span;
use crate::outcome::LengthAdvice;
use crate::render::text::{self, Answer, Style};
use crate::render::units::exact_percent;

/// The precision of a run length if none is asked for.
const PRECISION: f64 = 0.02;

/// Advises.
///
/// # Errors
/// Something is wrong with what was asked, or cannot be read or written.
pub(super) fn advise(
    on: Advise,
    args: &Args,
    global: &Global,
    terminal: Terminal,
) -> Result<Exit, Failure> {
    let limited = args.duplicates.is_some() || args.recovery.is_some();
    match on {
        Advise::VisibilityTimeout if args.precision.is_some() => {
            let help = "limit the timeout with `--duplicates 0.1%` and `--recovery 60s`";
            Err(Failure::usage("`--precision` belongs to `--advise run_length`", help))
        }
        Advise::RunLength if limited => {
            let what = "`--duplicates` and `--recovery` belong to `--advise visibility_timeout`";
            Err(Failure::usage(what, "say how precise the mean is to be: `--precision 2%`"))
        }
        Advise::VisibilityTimeout => timeout(args, global, terminal),
        Advise::RunLength => length(args, global, terminal),
    }
}

/// Refuses what only advice takes, where none is asked for.
///
/// # Errors
/// There is such an option.
pub(super) fn only_of_advice(args: &Args) -> Result<(), Failure> {
    let options = [
        ("--duplicates", args.duplicates.is_some()),
        ("--recovery", args.recovery.is_some()),
        ("--precision", args.precision.is_some()),
    ];
    let given = options.iter().find(|(_, given)| *given);
    given.map_or(Ok(()), |(option, _)| {
        let help = "put `--advise visibility_timeout` or `--advise run_length` for `--find`, or \
                    say the target with `--such-that`";
        Err(Failure::usage(format!("`{option}` belongs to `--advise`"), help))
    })
}

fn timeout(args: &Args, global: &Global, terminal: Terminal) -> Result<Exit, Failure> {
    let how = how(args)?;
    let model = read(&args.file)?;
    let asked = TimeoutAsked {
        model: model.name.clone(),
        set: args.changes.sets.clone(),
        duplicates: args.duplicates,
        recovery: args.recovery,
        reps: args.reps,
        seed: args.changes.seed.map(|Seed(seed)| seed),
    };
    let (advisor, warnings) = TimeoutAdvisor::prepare(asked, &model)?;
    terminal.warnings(&warnings);
    how.prepare()?;
    interrupt::catch();
    let advice = with_progress(global, "advice", advisor.total(), |progress| {
        advisor.run(threads(global), interrupt::flag(), progress)
    });
    let Some(advice) = advice else {
        terminal.say(NOTHING_KEPT);
        return Ok(Exit::Interrupted);
    };
    let asked = advisor.asked();
    let limits = [
        asked.duplicates.map(|limit| format!("--duplicates {}", exact_percent(limit))),
        asked.recovery.map(|limit| format!("--recovery {limit}")),
    ];
    let mut words = command("plan", &asked.model, &asked.set);
    words.push("--advise visibility_timeout".to_owned());
    words.extend(limits.into_iter().flatten());
    words.push(format!("--reps {} --seed {}", asked.reps, advice.seed));
    let style = Style { colour: terminal.colour };
    let told = text::timeout_advice(&asked.model, &words.join(" "), &advice, style);
    let exit = deliver(&told, &json(advice.to_json())?, &how)?;
    let partial = advice.points.iter().any(|point| point.partial.is_some());
    Ok(if partial { Exit::Limit } else { exit })
}

fn length(args: &Args, global: &Global, terminal: Terminal) -> Result<Exit, Failure> {
    let how = how(args)?;
    let model = read(&args.file)?;
    let asked = LengthAsked {
        model: model.name.clone(),
        set: args.changes.sets.clone(),
        precision: args.precision.unwrap_or(PRECISION),
        reps: args.reps,
        seed: args.changes.seed.map(|Seed(seed)| seed),
    };
    let (advisor, warnings) = LengthAdvisor::prepare(asked, &model)?;
    terminal.warnings(&warnings);
    how.prepare()?;
    interrupt::catch();
    let advice = with_progress(global, "advice", advisor.total(), |progress| {
        advisor.run(threads(global), interrupt::flag(), progress)
    });
    let Some(advice) = advice else {
        terminal.say(NOTHING_KEPT);
        return Ok(Exit::Interrupted);
    };
    let asked = advisor.asked();
    let mut words = command("plan", &asked.model, &asked.set);
    words.push(format!("--advise run_length --precision {}", exact_percent(asked.precision)));
    words.push(format!("--reps {} --seed {}", asked.reps, advice.seed));
    let commands = commands(asked, &advice);
    let style = Style { colour: terminal.colour };
    let told = text::length_advice(&asked.model, &commands, &words.join(" "), &advice, style);
    let exit = deliver(&told, &json(advice.to_json())?, &how)?;
    let partial = advice.pilot.is_some_and(|pilot| pilot.partial.is_some());
    Ok(if partial { Exit::Limit } else { exit })
}

fn how(args: &Args) -> Result<How<'_>, Failure> {
    let output = args.output.as_deref();
    let how = How { form: args.format, output, file: None, shard: None, command: None };
    no_table(&how)?;
    Ok(how)
}

/// Answers, and writes the document where it is to be kept.
fn deliver(told: &Answer, document: &str, how: &How<'_>) -> Result<Exit, Failure> {
    if let Some(directory) = how.output {
        write(&directory.join("advice.json"), document)?;
    }
    answer(if how.form == Form::Json { document } else { &told.stdout })?;
    Ok(if told.held { Exit::Held } else { Exit::No })
}

/// The words of a command on the scenario with its changes.
fn command(verb: &str, model: &str, sets: &[String]) -> Vec<String> {
    let mut words = vec![format!("sqsim {verb}"), quoted(model)];
    words.extend(sets.iter().map(|set| format!("--set {}", quoted(set))));
    words
}

/// What does as advised.
fn commands(asked: &LengthAsked, advice: &LengthAdvice) -> Vec<String> {
    let run = |more: String| {
        let mut words = command("run", &asked.model, &asked.set);
        words.push(more);
        words.join(" ")
    };
    let mut commands = Vec::new();
    if let Some(theory) = &advice.theory {
        let [warm_up, duration] = [theory.warm_up_ns, theory.duration_ns].map(Span::from_nanos);
        let one = format!("--set duration={duration} --warm-up {warm_up} --batches 32");
        commands.push(run(one));
        if let Some(many) = theory.replications {
            commands.push(run(format!("--reps {many} --warm-up {warm_up}")));
        }
    }
    if let Some(many) = advice.pilot.as_ref().and_then(|pilot| pilot.replications) {
        let share = exact_percent(asked.precision);
        commands.push(run(format!("--reps {many} --warm-up mser5")));
        let of = quoted(&format!("mean({}.sent_to_received)", advice.queue));
        commands.push(run(format!("--precision {share} --of {of}")));
    }
    commands
}
