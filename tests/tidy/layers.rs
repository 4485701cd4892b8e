//! Which module may use which.
//!
//! Owns how a file's arrows are found, the rule of a table of rooms, each of which may use those
//! below it, and the rules that no arrows lead in a circle and that rooms side by side do not know
//! each other. Must not know which rooms there are.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use crate::sources::{Source, read, tracked};

/// The rooms below a module, in the order of the table at its head.
pub(crate) struct Rooms {
    /// The module, from the crate's root; nothing is the root.
    of: Vec<String>,
    /// Those above come first.
    names: Vec<String>,
}

impl Rooms {
    /// Those of the table in this file.
    pub(crate) fn listed_in(path: &str) -> Rooms {
        let text = read(path);
        let rows = text.lines().filter_map(|line| line.strip_prefix("//! | "));
        let cells = rows.filter_map(|row| row.split(" | ").next());
        let names = cells.filter_map(|cell| Some(cell.split('`').nth(1)?.to_owned())).collect();
        Rooms { of: module(path), names }
    }

    /// These rooms of this module.
    pub(crate) fn new(of: &[&str], names: &[&str]) -> Rooms {
        let owned = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect();
        Rooms { of: owned(of), names: owned(names) }
    }

    /// The first room and the last one.
    pub(crate) fn ends(&self) -> Option<(&str, &str)> {
        Some((self.names.first()?, self.names.last()?))
    }

    fn height(&self, room: &str) -> Option<usize> {
        self.names.iter().position(|known| known == room)
    }

    /// What this module path names below the module that the rooms are of.
    fn room_of<'a>(&self, path: &'a [String]) -> Option<&'a str> {
        path.strip_prefix(&self.of[..])?.first().map(String::as_str)
    }

    /// Arrows that point up, or at nothing that the table has.
    pub(crate) fn faults(&self, files: &[Source]) -> Vec<String> {
        let mut faults = Vec::new();
        for file in files {
            let path = module(&file.path);
            let Some(room) = self.room_of(&path) else { continue };
            let Some(own) = self.height(room) else {
                faults.push(format!("{}: the table has no room for it", file.path));
                continue;
            };
            for (line, used) in arrows(file) {
                let Some(used) = self.room_of(&used) else { continue };
                if self.height(used).is_none_or(|used| used < own) {
                    faults.push(format!("{}:{line}: `{room}` uses `{used}`", file.path));
                }
            }
        }
        faults
    }
}

/// The directories in a directory of sources: the rooms that stand in it side by side.
pub(crate) fn rooms_in(directory: &str) -> Vec<String> {
    let below = tracked().into_iter().filter_map(|path| {
        let path = path.strip_prefix(directory)?.strip_prefix('/')?;
        path.split_once('/').map(|(room, _)| room.to_owned())
    });
    let rooms: BTreeSet<String> = below.filter(|room| room != "snapshots").collect();
    rooms.into_iter().collect()
}

/// Arrows from one of these rooms of the module `of` to another of them.
pub(crate) fn acquaintances(of: &[&str], rooms: &[String], files: &[Source]) -> Vec<String> {
    let room_in = |path: &[String]| {
        let room = path.get(of.len())?;
        let inside = path.iter().zip(of).all(|(own, of)| own == of);
        (inside && rooms.contains(room)).then(|| room.clone())
    };
    let mut faults = Vec::new();
    for file in files {
        let Some(own) = room_in(&module(&file.path)) else { continue };
        for (line, used) in arrows(file) {
            if let Some(used) = room_in(&used)
                && used != own
            {
                faults.push(format!("{}:{line}: `{own}` knows `{used}`", file.path));
            }
        }
    }
    faults
}

/// The module that a file is, from the crate's root: nothing for the root itself.
pub(crate) fn module(path: &str) -> Vec<String> {
    let path = path.strip_prefix("src/").unwrap_or(path);
    let path = path.strip_suffix(".rs").unwrap_or(path);
    let path = path.strip_suffix("/mod").unwrap_or(path);
    if path == "lib" || path == "main" {
        return Vec::new();
    }
    path.split('/').map(str::to_owned).collect()
}

/// What a file's own code names with `crate::` or `super::`, from the crate's root, with its line.
pub(crate) fn arrows(file: &Source) -> Vec<(usize, Vec<String>)> {
    let own = module(&file.path);
    let mut found = Vec::new();
    for (number, line) in file.own_code() {
        let mut rest = line;
        while let Some(at) = first_path(rest) {
            let path: Vec<&str> = words(&rest[at..]);
            let ups = path.iter().take_while(|&&word| word == "super").count();
            let base = if ups == 0 { &[][..] } else { &own[..own.len().saturating_sub(ups)] };
            let named = path[ups.max(1)..].iter().map(|&word| word.to_owned());
            found.push((number, base.iter().cloned().chain(named).collect()));
            rest = &rest[at + path.iter().map(|word| word.len() + 2).sum::<usize>() - 2..];
        }
    }
    found
}

/// Where a path from the root or from the module above begins.
fn first_path(line: &str) -> Option<usize> {
    let begins = |word: &str| {
        line.match_indices(word).map(|(at, _)| at).find(|&at| {
            let before = line[..at].chars().next_back();
            before.is_none_or(|c| !c.is_alphanumeric() && c != '_' && c != ':')
        })
    };
    [begins("crate::"), begins("super::")].into_iter().flatten().min()
}

/// The words of a path up to what is no word: `a::b::{c}` has two.
fn words(path: &str) -> Vec<&str> {
    let mut words = Vec::new();
    let mut rest = path;
    loop {
        let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
        if end > 0 {
            words.push(&rest[..end]);
        }
        match rest[end..].strip_prefix("::") {
            Some(after) if end > 0 => rest = after,
            Some(_) | None => return words,
        }
    }
}

/// Circles among the modules that stand side by side below the root's rooms: each as the shortest
/// way around.
pub(crate) fn circles(files: &[Source]) -> Vec<String> {
    let modules: BTreeSet<Vec<String>> =
        files.iter().flat_map(|file| above(&module(&file.path))).collect();
    let mut below: BTreeMap<Vec<String>, Arrows> = BTreeMap::new();
    for file in files {
        let own = module(&file.path);
        for (_, used) in arrows(file) {
            let shared = own.iter().zip(&used).take_while(|(a, b)| a == b).count();
            let (Some(from), Some(to)) = (own.get(shared), used.get(shared)) else { continue };
            if shared > 0 && modules.contains(&used[..=shared]) {
                let arrows = below.entry(own[..shared].to_vec()).or_default();
                arrows.entry(from.clone()).or_default().insert(to.clone());
            }
        }
    }
    let told = |(room, arrows): (Vec<String>, Arrows)| {
        let ways: Vec<Vec<String>> = arrows.keys().filter_map(|at| around(at, &arrows)).collect();
        // Each circle is told once, from the first of its names.
        let first = ways.into_iter().filter(|way| way.iter().all(|name| *name >= way[0]));
        first.map(|way| format!("{}: {}", room.join("::"), way.join(" → "))).collect::<Vec<_>>()
    };
    below.into_iter().flat_map(told).collect()
}

/// From each module to those beside it that it uses.
type Arrows = BTreeMap<String, BTreeSet<String>>;

/// A module and all that it stands in.
fn above(module: &[String]) -> Vec<Vec<String>> {
    (1..=module.len()).map(|length| module[..length].to_vec()).collect()
}

/// The shortest way along the arrows from a module back to it, if there is one.
fn around(from: &String, arrows: &Arrows) -> Option<Vec<String>> {
    let mut seen = BTreeSet::new();
    let mut ways = VecDeque::from([vec![from.clone()]]);
    while let Some(way) = ways.pop_front() {
        for next in arrows.get(way.last()?).into_iter().flatten() {
            let longer = || way.iter().chain([next]).cloned().collect();
            if next == from {
                return Some(longer());
            }
            if seen.insert(next) {
                ways.push_back(longer());
            }
        }
    }
    None
}
