//! The defaults, one commented file that is also the reference page.
//!
//! Owns `defaults.ron`, embedded. Must not know what the settings mean.
//!
//! Invariant: it parses, and every setting of [`super::file`] occurs in it, with a value or as
//! `required` (tests below).

use std::sync::OnceLock;

use super::syntax;
use super::tree::Node;

/// The file, with its comments.
pub(super) const TEXT: &str = include_str!("defaults.ron");

/// Its number as a source: no scenario's text has it.
const SOURCE: usize = usize::MAX;

/// The settings of one section, such as `queue`; `None` for what has no defaults.
pub(super) fn section(name: &str) -> Option<&'static Node> {
    static TREE: OnceLock<Node> = OnceLock::new();
    let tree = TREE.get_or_init(|| match syntax::parse(TEXT, SOURCE) {
        Ok((tree, _)) => tree,
        Err(fault) => unreachable!("the embedded defaults parse, by a test: {}", fault.what),
    });
    tree.get(name).map(|entry| &entry.value)
}

/// The text of one section without its indentation: the comment lines before it and what stands
/// in its parentheses. Empty for an unknown one.
pub(super) fn section_text(name: &str) -> String {
    let head = format!("    {name}: (");
    let lines: Vec<&str> = TEXT.lines().collect();
    let Some(first) = lines.iter().position(|&line| line == head) else {
        return String::new();
    };
    let before = lines[..first].iter().rev().take_while(|line| line.starts_with("    //")).count();
    let after = lines[first..].iter().take_while(|&&line| line != "    ),").count();
    let section = &lines[first - before..=first + after];
    let shifted = section.iter().map(|line| line.strip_prefix("    ").unwrap_or(line));
    shifted.flat_map(|line| [line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_parse_and_repeat_no_name() {
        let (tree, repeated) = syntax::parse(TEXT, SOURCE).expect("they parse");
        assert_eq!(repeated, []);
        assert!(tree.entries().len() > 10);
    }

    #[test]
    fn a_section_is_quoted_with_its_comments() {
        let text = section_text("heartbeat");
        assert!(
            text.starts_with("// heartbeat: (…)\nheartbeat: (\n    // every: required."),
            "{text}"
        );
        assert!(text.ends_with("longer than `every`.\n),\n"), "{text}");
        assert_eq!(section_text("nonsense"), "");
    }
}
