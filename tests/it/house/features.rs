//! Conditional compilation: little of it, because whole crates mean what used to be features.

use std::fs;

use super::rust_files;
use crate::support::workspace;

/// How many lines of the three crates may name a feature in `cfg(…)` or `cfg_attr(…)`.
const MAX_LINES: usize = 25;

#[test]
fn few_lines_depend_on_features() {
    let mut found = Vec::new();
    for name in ["gong-records", "gong-client", "gong-crm"] {
        for path in rust_files(&workspace(&format!("{name}/src"))) {
            let text = fs::read_to_string(&path).unwrap();
            let lines = feature_lines(&text);
            found.extend(lines.map(|line| format!("{}: {line}", path.display())));
        }
    }
    assert!(!found.is_empty());
    assert!(
        found.len() <= MAX_LINES,
        "{}:\n{}",
        found.len(),
        found.join("\n")
    );
}

#[test]
fn feature_lines_are_recognized() {
    let text =
        "#[cfg(feature = \"a\")]\n#[cfg_attr(not(feature = \"b\"), expect(x))]\n#[cfg(test)]\n";
    assert_eq!(feature_lines(text).count(), 2);
    let multiline = "#[cfg_attr(\n    not(feature = \"b\"),\n    expect(x)\n)]\n";
    assert_eq!(feature_lines(multiline).count(), 1);
}

/// The lines that name a feature; nothing else in Rust does so with this syntax.
fn feature_lines(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .filter(|line| line.contains("feature = \"") && !line.trim().starts_with("//"))
}
