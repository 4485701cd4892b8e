//! Outcomes kept in files, to notice when they change.
//!
//! Owns what is kept and the file's form, that of [insta]: a header, then the contents. So
//! `cargo test`, `cargo insta review` and `sqsim test` speak of the same files. Must not know
//! where they lie.
//!
//! The contents are the outcome but for the version of the tool: a release that changes nothing
//! changes no file. The header's `description` is the scenario as it was then, so that a
//! difference can be traced to its first event by running both.
//!
//! [insta]: https://insta.rs/docs/snapshot-files/

use serde::Serialize;
use serde_json::Value;

/// A kept outcome.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored {
    /// The text of the scenario that gave it, if it is known.
    pub scenario: Option<String>,
    /// The outcome: [`contents`].
    pub contents: String,
}

/// What is kept of an outcome, or of an experiment's document: JSON, indented, without the version
/// and a last line feed.
///
/// # Errors
/// Never for a document made by this crate.
pub fn contents(outcome: &impl Serialize) -> Result<String, serde_json::Error> {
    let mut value = serde_json::to_value(outcome)?;
    if let Some(fields) = value.as_object_mut() {
        fields.shift_remove("version");
    }
    serde_json::to_string_pretty(&value)
}

impl Stored {
    /// Reads a file; `None` if it is not in insta's form.
    pub fn parse(text: &str) -> Option<Stored> {
        let text = text.replace("\r\n", "\n");
        let (header, contents) = text.strip_prefix("---\n")?.split_once("\n---\n")?;
        let description = header.lines().find_map(|line| line.strip_prefix("description: "));
        // A text of several lines stands there in quotes, escaped as in JSON.
        let scenario = description
            .map(|quoted| serde_json::from_str(quoted).unwrap_or_else(|_| quoted.to_owned()));
        Some(Stored { scenario, contents: contents.trim_end().to_owned() })
    }

    /// The file. `source` says who made it.
    pub fn to_text(&self, source: &str) -> String {
        let description = self.scenario.as_ref().map_or_else(String::new, |scenario| {
            format!("description: {}\n", Value::String(scenario.clone()))
        });
        format!("---\nsource: {source}\n{description}---\n{}\n", self.contents)
    }

    /// The outcome as a tree, for a look at its parts; `None` if it is not JSON.
    pub fn value(&self) -> Option<Value> {
        serde_json::from_str(&self.contents).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back() {
        let scenario = Some("// \"quoted\": ---\n---\n(\tabout: \"é\\n\")\n".to_owned());
        let stored = Stored { scenario, contents: "{\n  \"seed\": 1\n}".to_owned() };
        let text = stored.to_text("tests/models.rs");
        assert_eq!(Stored::parse(&text).as_ref(), Some(&stored));
        assert_eq!(Stored::parse(&text.replace('\n', "\r\n")), Some(stored.clone()));
        assert_eq!(stored.value().unwrap()["seed"], 1);
        assert!(text.starts_with("---\nsource: tests/models.rs\ndescription: \"// \\\"quoted"));
    }

    #[test]
    fn a_file_of_another_form_is_told_apart() {
        assert_eq!(Stored::parse("{}"), None);
        assert_eq!(Stored::parse("---\nsource: x\n"), None);
        let bare = Stored::parse("---\nsource: x\n---\n{}\n").unwrap();
        assert_eq!(bare, Stored { scenario: None, contents: "{}".to_owned() });
    }
}
