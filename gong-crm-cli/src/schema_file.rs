//! Reads an entity schema from a file.

use std::error::Error as _;
use std::io::Read as _;
use std::path::Path;

use gong_crm::ObjectType;
use gong_crm::schema::{EntitySchema, EntitySchemaError};

use crate::error::CliError;
use crate::exit::Exit;

/// Reads a file as `schema pull` writes it, YAML or JSON; Gong's own response; or, with a type, a
/// bare list of fields. `-` is standard input.
pub(crate) fn read(path: &Path, object_type: Option<ObjectType>) -> Result<EntitySchema, CliError> {
    let is_input = path.as_os_str() == "-";
    let named = if is_input {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    };
    let text = if is_input {
        let mut text = String::new();
        std::io::stdin().read_to_string(&mut text).map(|_| text)
    } else {
        std::fs::read_to_string(path)
    };
    let text = text
        .map_err(|error| CliError::new(Exit::Usage, format!("{named} can't be read: {error}")))?;
    parse(&text, object_type).map_err(|error| {
        let message = format!("{named} is not an entity schema: {error}");
        CliError::new(Exit::Usage, message).with_hint("`gong-crm schema pull` writes one")
    })
}

/// JSON has a parser of its own: YAML's does not accept all of it, such as tabs before a name.
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
    let yaml = match serde_yaml_ng::from_str::<Vec<serde_json::Value>>(text) {
        Ok(list) if object_type.is_some() => {
            let json = serde_json::to_string(&list).unwrap_or_default();
            of_json(&json).map_err(|error| reason(&error))
        }
        _ => serde_yaml_ng::from_str(text).map_err(|error| error.to_string()),
    };
    let is_meant_as_json = text.trim_start().starts_with(['{', '[']);
    yaml.map_err(|error| {
        if is_meant_as_json {
            reason(&no_json)
        } else {
            error
        }
    })
}

/// The cause alone.
fn reason(error: &EntitySchemaError) -> String {
    error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string)
}
