//! `gong-crm objects`: records read back from Gong.

use std::collections::HashSet;
use std::io::Read as _;

use gong_crm::ObjectType;
use gong_crm::value::ObjectId;

use crate::args::Global;
use crate::args::objects::{Objects, ObjectsAction};
use crate::connection::Connection;
use crate::error::CliError;
use crate::exit::Exit;
use crate::output::Output;
use crate::output::table::{Align, counted};

pub(crate) async fn run(
    global: &Global,
    objects: &Objects,
    output: &Output,
) -> Result<Exit, CliError> {
    match &objects.action {
        ObjectsAction::Get { object_type, ids } => get(global, *object_type, ids, *output).await,
    }
}

async fn get(
    global: &Global,
    object_type: ObjectType,
    words: &[String],
    output: Output,
) -> Result<Exit, CliError> {
    let object_type = readable(object_type)?;
    let ids = ids(words)?;
    let connection = Connection::open(global).await?;
    let integration_id = connection.integration_id().await?;
    let mut found = connection
        .client
        .objects(integration_id, object_type, &ids)
        .await?;
    if output.is_json() {
        output.json(&found);
        return Ok(Exit::Ok);
    }
    let mut rows = Vec::new();
    let mut missing = 0;
    // In the order of the arguments; an id that is given twice is shown once.
    let mut shown = HashSet::new();
    for id in ids.iter().filter(|id| shown.insert(id.as_str())) {
        let Some(object) = found.remove(id.as_str()) else {
            missing += 1;
            let said = "Gong's response does not name it".to_owned();
            rows.push(vec![id.to_string(), said, String::new()]);
            continue;
        };
        let Some(object) = object else {
            missing += 1;
            rows.push(vec![id.to_string(), "not found".to_owned(), String::new()]);
            continue;
        };
        let mut first = id.to_string();
        for (field, value) in object {
            let value = match value {
                serde_json::Value::String(text) => text,
                other => other.to_string(),
            };
            rows.push(vec![std::mem::take(&mut first), field, value]);
        }
    }
    let columns = [
        ("id", Align::Left),
        ("field", Align::Left),
        ("value", Align::Left),
    ];
    output.table(&columns, &rows);
    if missing > 0 {
        output.status(&format!(
            "{} not found: not in Gong, or not processed yet",
            counted(missing, "record")
        ));
    }
    Ok(Exit::Ok)
}

/// The ids; `-` means those on standard input.
fn ids(words: &[String]) -> Result<Vec<ObjectId>, CliError> {
    let mut ids = Vec::new();
    for word in words {
        if word != "-" {
            ids.push(id(word)?);
            continue;
        }
        let mut text = String::new();
        std::io::stdin()
            .read_to_string(&mut text)
            .map_err(|error| {
                CliError::new(
                    Exit::Usage,
                    format!("standard input can't be read: {error}"),
                )
            })?;
        for line in text.lines().filter(|line| !line.trim().is_empty()) {
            ids.push(id(line.trim_end_matches('\r'))?);
        }
    }
    Ok(ids)
}

fn id(text: &str) -> Result<ObjectId, CliError> {
    text.parse()
        .map_err(|fault: gong_crm::value::InvalidValue| {
            CliError::new(
                Exit::Usage,
                format!("{text:?} is not an objectId: {}", fault.message()),
            )
        })
}

/// The type, if Gong can return its records.
pub(super) fn readable(object_type: ObjectType) -> Result<ObjectType, CliError> {
    if object_type.has_entity_schema() {
        return Ok(object_type);
    }
    Err(CliError::new(
        Exit::Usage,
        format!("Gong cannot return records of type {object_type}"),
    )
    .with_hint("only ACCOUNT, CONTACT, DEAL and LEAD can be read"))
}
