//! Texts, lists and names as TOML and expressions write them.

use std::collections::BTreeSet;

use crate::mapping::text::slug;

/// A text as TOML writes it on one line; a text of several lines would break the line it is in.
pub(super) fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            '\t' => quoted.push_str("\\t"),
            '\n' => quoted.push_str("\\n"),
            control if control.is_control() => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(control)));
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

/// A list of texts.
pub(super) fn list(texts: impl IntoIterator<Item = impl AsRef<str>>) -> String {
    let texts: Vec<String> = texts.into_iter().map(|text| quoted(text.as_ref())).collect();
    format!("[{}]", texts.join(", "))
}

/// One text, or a list of several.
pub(super) fn words(texts: &[String]) -> String {
    match texts {
        [only] => quoted(only),
        several => list(several),
    }
}

/// A column in an expression: its name, or the row's item of that name.
pub(super) fn in_expression(column: &str) -> String {
    let mut characters = column.chars();
    let begins = characters.next().is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    let is_name = begins && characters.all(|one| one.is_ascii_alphanumeric() || one == '_');
    const RESERVED: [&str; 9] = ["and", "or", "not", "in", "is", "if", "else", "row", "item"];
    if is_name && !RESERVED.contains(&column) {
        return column.to_owned();
    }
    format!("row['{}']", column.replace('\\', "\\\\").replace('\'', "\\'"))
}

/// A name such as `annualRevenue`, different from the names before.
pub(super) fn field_name(header: &str, taken: &mut BTreeSet<String>) -> String {
    let mut name = String::new();
    for word in slug(header).split('-') {
        let mut letters = word.chars();
        match letters.next() {
            Some(first) if !name.is_empty() => name.push(first.to_ascii_uppercase()),
            Some(first) => name.push(first),
            None => {}
        }
        name.push_str(letters.as_str());
    }
    if name.is_empty() {
        "field".clone_into(&mut name);
    }
    let mut candidate = name.clone();
    let mut number = 2;
    while !taken.insert(candidate.to_lowercase()) {
        candidate = format!("{name}{number}");
        number += 1;
    }
    candidate
}
