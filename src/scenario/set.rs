//! `--set PATH=VALUE`: changes the tree before it is decoded.
//!
//! Owns the reading of one argument. Must not know which settings exist: a path that means
//! nothing is found where the tree is decoded, with its place in the argument.
//!
//! Invariant: `--set` can change the settings of a named thing and never adds one, so that a
//! misspelt name is a fault and not a new queue.

use super::fault::{Fault, FaultSource, Faults, Place};
use super::syntax;
use super::tree::{Entries, Entry, Kind, Node};
use crate::model::near::nearest;

/// Applies one argument to the tree.
///
/// # Errors
/// The argument is no `PATH=VALUE`, its value cannot be read, or its path leads nowhere.
pub(super) fn apply(argument: &str, root: &mut Node, faults: &mut Faults) -> Result<(), Fault> {
    let source = faults.add_source(FaultSource { name: "--set".into(), text: argument.into() });
    let whole = Place { source, start: 0, end: argument.len() };
    let Some(equals) = argument.find('=') else {
        return Err(Fault::new(format!("`{argument}` is not PATH=VALUE"))
            .at(whole, "")
            .help("such as `--set consumers.workers.count=3`"));
    };
    let value = value(argument, equals + 1, source)?;
    let mut node = root;
    let mut start = 0;
    let mut path = String::new();
    let steps: Vec<&str> = argument[..equals].split('.').collect();
    for (index, step) in steps.iter().enumerate() {
        let place = Place { source, start, end: start + step.len() };
        start += step.len() + 1;
        let above = std::mem::replace(&mut path, argument[..place.end].into());
        if step.is_empty() {
            return Err(Fault::new("a name is empty here").at(whole, path));
        }
        let last = index + 1 == steps.len();
        let may_add = !matches!(above.as_str(), "queues" | "producers" | "consumers");
        if !may_add && node.get(step).is_none() {
            return Err(unknown_name(step, &above, node).at(place, path));
        }
        let found = node.describe();
        let Some(next) = child(node, step, place) else {
            let what = format!("`{above}` is {found}, which has no part `{step}`");
            let help = format!("give `{above}` a value that has one, by a `--set` before this");
            return Err(Fault::new(what).at(place, path).help(help));
        };
        if last {
            *next = value;
            return Ok(());
        }
        node = next;
    }
    Ok(())
}

/// The value as it is written, or as a text without quotes: `30s` is `"30s"`.
fn value(argument: &str, start: usize, source: usize) -> Result<Node, Fault> {
    let place = Place { source, start, end: argument.len() };
    let text = &argument[start..];
    let parsed = syntax::parse_from(argument, start, source);
    let structured = text.trim_start().starts_with(['(', '[', '{', '"']) || text.ends_with(')');
    match parsed {
        Ok((node, repeated)) => match repeated.into_iter().next() {
            Some(repeat) => Err(repeat.fault),
            None => Ok(node),
        },
        Err(fault) if structured => Err(fault),
        Err(_) => Ok(Node { place, kind: Kind::Text(text.into()) }),
    }
}

fn unknown_name(name: &str, kind: &str, node: &Node) -> Fault {
    let names: Vec<&str> = node.entries().iter().map(|entry| entry.key.as_str()).collect();
    let fault = Fault::new(format!("the scenario has no `{name}` among its {kind}"));
    match nearest(name, names.iter().copied()) {
        Some(near) => fault.help(format!("did you mean `{near}`?")),
        None if names.is_empty() => fault.help(format!("it has no {kind}")),
        None => fault.help(format!("it has `{}`", names.join("`, `"))),
    }
}

/// The part of a name or number below a node, made where it may be.
fn child<'n>(node: &'n mut Node, step: &str, place: Place) -> Option<&'n mut Node> {
    if let Ok(index) = step.parse::<usize>() {
        return node.item_mut(index);
    }
    let new = || {
        let value = Node { place, kind: Kind::Record(Entries::default()) };
        Entry { key: step.into(), place, value }
    };
    Some(node.entries_mut()?.value_or_insert(step, new))
}
