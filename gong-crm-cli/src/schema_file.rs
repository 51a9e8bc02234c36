//! Reads an entity schema from a file.

use std::error::Error as _;
use std::io::Read as _;
use std::path::Path;

use gong_crm::ObjectType;
use gong_crm::schema::{EntitySchema, EntitySchemaError};

use crate::error::CliError;
use crate::exit::Exit;

/// The most bytes of a file; Gong allows some hundred fields.
const MAX_BYTES: u64 = 16_000_000;

/// The most levels of YAML; a schema has four.
const MAX_DEPTH: usize = 64;

/// Reads a file as `schema pull` writes it, YAML or JSON; Gong's own response; or, with a type, a
/// bare list of fields. `-` is standard input.
pub(crate) fn read(path: &Path, object_type: Option<ObjectType>) -> Result<EntitySchema, CliError> {
    let is_input = path.as_os_str() == "-";
    let named = if is_input {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    let mut text = String::new();
    let read = if is_input {
        std::io::stdin()
            .take(MAX_BYTES + 1)
            .read_to_string(&mut text)
    } else {
        std::fs::File::open(path)
            .and_then(|file| file.take(MAX_BYTES + 1).read_to_string(&mut text))
    };
    read.map_err(|error| CliError::new(Exit::Usage, format!("{named} can't be read: {error}")))?;
    if text.len() as u64 > MAX_BYTES {
        let message = format!("{named} has more than {MAX_BYTES} bytes");
        return Err(CliError::new(Exit::Usage, message)
            .with_hint("an entity schema is small: `gong-crm schema pull` writes one"));
    }
    parse(&text, object_type).map_err(|error| {
        let message = format!("{named} is not an entity schema: {error}");
        CliError::new(Exit::Usage, message).with_hint("`gong-crm schema pull` writes one")
    })
}

/// JSON has its own parser: YAML's does not accept all of it, such as tabs before a name.
fn parse(text: &str, object_type: Option<ObjectType>) -> Result<EntitySchema, String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let of_json = |text: &str| match object_type {
        Some(object_type) => EntitySchema::from_json_of(object_type, text),
        None => EntitySchema::from_json(text),
    };
    let no_json = match of_json(text) {
        Ok(schema) => return Ok(schema),
        Err(error) => error,
    };
    // Text that begins like JSON is not parsed again as YAML, which would take minutes for deep
    // nesting.
    if text.trim_start().starts_with(['{', '[']) {
        return Err(reason(&no_json));
    }
    if is_deep(text) {
        return Err(format!("it is nested deeper than {MAX_DEPTH} levels"));
    }
    match serde_yaml_ng::from_str::<Vec<serde_json::Value>>(text) {
        Ok(list) if object_type.is_some() => {
            let json = serde_json::to_string(&list).unwrap_or_default();
            of_json(&json).map_err(|error| reason(&error))
        }
        _ => serde_yaml_ng::from_str(text).map_err(|error| error.to_string()),
    }
}

/// Whether any line opens more levels than a schema has, before a parser that minds is asked.
fn is_deep(text: &str) -> bool {
    let mut depth = 0_usize;
    let mut deepest = 0_usize;
    for line in text.lines() {
        let start = line.len() - line.trim_start_matches(['-', ' ', '?', ':', '\t']).len();
        let (indent, _) = line.split_at_checked(start).unwrap_or_default();
        let opened = indent.matches(['-', '?', ':']).count();
        deepest = deepest.max(opened).max(start / 8);
        for byte in line.bytes() {
            match byte {
                b'[' | b'{' => depth += 1,
                b']' | b'}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            deepest = deepest.max(depth);
        }
    }
    deepest > MAX_DEPTH
}

/// The cause alone.
fn reason(error: &EntitySchemaError) -> String {
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each took minutes, or would.
    #[test]
    fn deep_nesting_is_rejected_at_once() {
        let many = 250_000;
        for text in [
            "[".repeat(many),
            "{\"a\":".repeat(many),
            format!("a: {}", "[".repeat(many)),
            format!("a:\n{}x", "- ".repeat(many)),
            format!("{}x", "? ".repeat(many)),
        ] {
            let begun = std::time::Instant::now();
            assert!(parse(&text, None).is_err());
            let beginning = &text[..8];
            assert!(begun.elapsed().as_secs() < 5, "{beginning}");
        }
    }
}
