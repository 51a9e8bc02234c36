//! Tests that the documents name only existing files, headings and tests.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use crate::support::workspace;

/// Every Markdown file that people read, by its path in the workspace.
fn documents() -> Vec<(PathBuf, String)> {
    let root = workspace("");
    let mut found = Vec::new();
    let mut folders = vec![root.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if path.is_dir() {
                if !name.starts_with('.') && name != "target" {
                    folders.push(path);
                }
            } else if path.extension().is_some_and(|ending| ending == "md") {
                let text = fs::read_to_string(&path).unwrap();
                found.push((path.strip_prefix(&root).unwrap().to_path_buf(), text));
            }
        }
    }
    assert!(found.len() > 10, "only {} documents", found.len());
    found.sort();
    found
}

/// The text without its fenced blocks, in which links and names are examples.
fn prose(text: &str) -> String {
    let mut is_block = false;
    let lines = text.lines().filter(|line| {
        let is_fence = line.trim_start().starts_with("```");
        is_block ^= is_fence;
        !is_fence && !is_block
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The code spans of a text.
fn spans(text: &str) -> impl Iterator<Item = &str> {
    text.lines()
        .flat_map(|line| line.split('`').skip(1).step_by(2))
}

/// Whether a source has a test of this name.
fn has_test(source: &str, name: &str) -> bool {
    let head = format!("fn {name}(");
    source.match_indices(&head).any(|(at, _)| {
        let line = source[..at].rfind('\n').unwrap_or_default();
        let attributes = source[..line].lines().rev();
        attributes
            .take_while(|line| line.trim_start().starts_with('#'))
            .any(|line| line.contains("#[test]") || line.contains("#[tokio::test"))
    })
}

/// A document names a test as `path/to/file.rs::name_of_the_test`.
#[test]
fn every_test_that_a_document_names_exists() {
    let mut seen = BTreeSet::new();
    for (document, text) in documents() {
        for span in spans(&text) {
            let Some((path, name)) = span.split_once(".rs::") else {
                continue;
            };
            let path = format!("{path}.rs");
            let source = fs::read_to_string(workspace(&path))
                .unwrap_or_else(|error| panic!("{}: {span}: {error}", document.display()));
            assert!(
                has_test(&source, name),
                "{}: {path} has no test {name}",
                document.display()
            );
            seen.insert(document.clone());
        }
    }
    for document in ["ARCHITECTURE.md", "docs/service-notes.md"] {
        assert!(
            seen.contains(Path::new(document)),
            "{document} names no test"
        );
    }
}

/// A quirk without a test would be forgotten with the next change.
#[test]
fn every_quirk_and_every_invariant_names_its_test() {
    for document in ["ARCHITECTURE.md", "docs/service-notes.md"] {
        let text = fs::read_to_string(workspace(document)).unwrap();
        let mut rows = 0;
        let mut is_pinned = false;
        for line in text.lines() {
            let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
            match cells.last().map(|cell| cell.trim()) {
                Some("test" | "the test that holds it") if line.starts_with('|') => {
                    is_pinned = true;
                }
                _ if !line.starts_with('|') => is_pinned = false,
                Some(last) if is_pinned && !line.starts_with("|-") => {
                    assert!(last.contains(".rs::"), "{document}: no test in: {line}");
                    rows += 1;
                }
                _ => {}
            }
        }
        assert!(rows > 20, "{document}: only {rows} rows");
    }
}

#[test]
fn every_relative_link_leads_somewhere() {
    let mut links = 0;
    for (document, text) in documents() {
        let folder = workspace(document.parent().unwrap().to_str().unwrap());
        for link in prose(&text).split("](").skip(1) {
            let Some((target, _)) = link.split_once(')') else {
                continue;
            };
            let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
            if target.contains("://") {
                continue;
            }
            links += 1;
            let path = if path.is_empty() {
                workspace("").join(&document)
            } else {
                folder.join(path)
            };
            assert!(path.exists(), "{}: {target}", document.display());
            if !anchor.is_empty() {
                let linked = fs::read_to_string(&path).unwrap();
                assert!(
                    linked
                        .lines()
                        .any(|line| anchor_of(line) == Some(anchor.to_owned())),
                    "{}: no heading for {target}",
                    document.display()
                );
            }
        }
    }
    assert!(links > 20, "only {links} links were found");
}

/// The anchor that a heading gets.
fn anchor_of(line: &str) -> Option<String> {
    let title = line
        .strip_prefix('#')?
        .trim_start_matches('#')
        .strip_prefix(' ')?;
    let kept = title
        .chars()
        .filter(|letter| letter.is_alphanumeric() || [' ', '-', '_'].contains(letter));
    Some(kept.collect::<String>().to_lowercase().replace(' ', "-"))
}

/// The names between one text and another in a source.
fn variants(path: &str, head: &str) -> Vec<String> {
    let source = fs::read_to_string(workspace(path)).unwrap();
    let (_, body) = source.split_once(head).unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    body.lines()
        .filter_map(|line| line.trim().split([' ', ',', '{', '(']).next())
        .filter(|word| word.starts_with(char::is_uppercase))
        .map(str::to_owned)
        .collect()
}

#[test]
fn guide_has_a_fix_for_every_kind_of_failure() {
    let guide = fs::read_to_string(workspace("docs/guide/when-things-go-wrong.md")).unwrap();
    let exits = fs::read_to_string(workspace("gong-crm-cli/src/exit.rs")).unwrap();
    let (_, body) = exits.split_once("enum Exit {").unwrap();
    let (body, _) = body.split_once("\n}").unwrap();
    let codes: Vec<&str> = body
        .lines()
        .filter_map(|line| line.trim().trim_end_matches(',').split_once(" = "))
        .map(|(_, code)| code)
        .collect();
    assert!(codes.len() > 10, "{codes:?}");
    for code in codes {
        assert!(guide.contains(&format!("## {code}: ")), "exit code {code}");
    }
    let kinds = variants("gong-client/src/error.rs", "pub enum ErrorKind {");
    assert!(kinds.len() > 10, "{kinds:?}");
    for kind in kinds {
        assert!(guide.contains(&format!("`{kind}`")), "ErrorKind::{kind}");
    }
    for rule in gong_crm::Rule::ALL {
        let link = format!("[`{0}`](../check-rules.md#{0})", rule.name());
        assert!(guide.contains(&link), "{}", rule.name());
    }
}
