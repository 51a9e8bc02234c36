//! Texts, lists and names as TOML and expressions write them.

use std::collections::BTreeSet;

use super::header::prefix;
use crate::mapping::text::slug;
use crate::record::LineFormat;

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
    let texts: Vec<String> = texts
        .into_iter()
        .map(|text| quoted(text.as_ref()))
        .collect();
    format!("[{}]", texts.join(", "))
}

/// One text, or a list of several.
pub(super) fn words(texts: &[String]) -> String {
    match texts {
        [only] => quoted(only),
        several => list(several),
    }
}

/// Words that are not names in an expression.
const RESERVED: [&str; 9] = ["and", "or", "not", "in", "is", "if", "else", "row", "item"];

/// A column in an expression: its name, or the row's item of that name.
pub(super) fn in_expression(column: &str) -> String {
    let mut characters = column.chars();
    let begins = characters
        .next()
        .is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
    let is_name = begins && characters.all(|one| one.is_ascii_alphanumeric() || one == '_');
    if is_name && !RESERVED.contains(&column) {
        return column.to_owned();
    }
    format!(
        "row['{}']",
        column.replace('\\', "\\\\").replace('\'', "\\'")
    )
}

/// Whether a path of JSON can be written in an expression as it is.
pub(super) fn is_path(path: &str) -> bool {
    let mut keys = path.split('.');
    keys.all(|key| {
        let mut characters = key.chars();
        let begins = characters
            .next()
            .is_some_and(|first| first.is_ascii_alphabetic() || first == '_');
        begins && characters.all(|one| one.is_ascii_alphanumeric() || one == '_')
    })
}

/// A name such as `annualRevenue` for a custom field, different from the names before, and not so near
/// to one of Gong's that the check would take it for that one.
pub(super) fn field_name(
    header: &str,
    format: &'static LineFormat,
    taken: &mut BTreeSet<String>,
) -> String {
    let (object_type, bare) = prefix(header);
    let header = if object_type == Some(format.object_type) {
        bare
    } else {
        header
    };
    let mut name = camel_case(header);
    if is_near(&name, format) {
        name = camel_case(&format!("{} {header}", format.object_type.as_str()));
    }
    if is_near(&name, format) {
        name.push_str("OfCrm");
    }
    let mut candidate = name.clone();
    let mut number = 2;
    while !taken.insert(candidate.to_lowercase()) {
        candidate = format!("{name}{number}");
        number += 1;
    }
    candidate
}

/// Whether a name could be a slip of the pen for one of Gong's fields, or is an earlier name of one.
fn is_near(name: &str, format: &'static LineFormat) -> bool {
    let name = name.to_lowercase();
    let retired = format
        .retired_names
        .iter()
        .map(|(old, _)| old.to_lowercase());
    let fields = format.fields.iter().map(|field| field.name.to_lowercase());
    let is_retired = retired.into_iter().any(|old| old == name);
    is_retired
        || fields.into_iter().any(|field| {
            strsim::osa_distance(&field, &name) <= 2
                || (name.len() > 3 && field.starts_with(&name))
                || name.strip_suffix("id") == Some(&field)
        })
}

fn camel_case(header: &str) -> String {
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
    name
}
