//! Scenarios to begin with: `sqsim new TEMPLATE`.
//!
//! Owns the embedded files. Must not print.
//!
//! Invariant: each loads without a warning (test below).

/// The templates, the simplest first.
const TEMPLATES: [(&str, &str); 4] = [
    ("basic", include_str!("templates/basic.ron")),
    ("dead-letter", include_str!("templates/dead-letter.ron")),
    ("burst", include_str!("templates/burst.ron")),
    ("poison", include_str!("templates/poison.ron")),
];

/// The names of all templates.
pub fn templates() -> impl Iterator<Item = &'static str> {
    TEMPLATES.iter().map(|&(name, _)| name)
}

/// The text of a template; `None` for an unknown one.
pub fn template(name: &str) -> Option<&'static str> {
    TEMPLATES.iter().find(|&&(template, _)| template == name).map(|&(_, text)| text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::load::from_text;

    #[test]
    fn every_template_loads_without_a_warning() {
        for (name, text) in TEMPLATES {
            let no_files = |_: &str| -> std::io::Result<Vec<u8>> { unreachable!("no data files") };
            let file = format!("{name}.ron");
            let loaded = from_text(&file, text, &[], &no_files).unwrap_or_else(|e| panic!("{e}"));
            assert!(loaded.warnings.is_empty(), "{}", loaded.warnings);
            assert_eq!(loaded.scenario.name, name);
        }
    }
}
