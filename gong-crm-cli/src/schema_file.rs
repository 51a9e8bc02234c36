//! Reads an entity schema from a file.

use std::error::Error as _;
use std::io::Read as _;
use std::path::Path;

use gong_crm::ObjectType;
use gong_crm::schema::EntitySchema;

use crate::error::CliError;
use crate::exit::Exit;

/// The most bytes of a file; Gong allows some hundred fields.
const MAX_BYTES: u64 = 16_000_000;

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
    let schema = match object_type {
        Some(object_type) => EntitySchema::from_yaml_of(object_type, &text),
        None => EntitySchema::from_yaml(&text),
    };
    schema.map_err(|error| {
        let reason = error.source().map_or_else(String::new, ToString::to_string);
        let message = format!("{named} is not an entity schema: {reason}");
        CliError::new(Exit::Usage, message).with_hint("`gong-crm schema pull` writes one")
    })
}
