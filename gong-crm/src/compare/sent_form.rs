//! The lines that are uploaded: the given ones with few edits, and deletions.

use super::default_value::DefaultValue;
use super::error::{Fault, NotARecord};
use super::json::{Cursor, Kind, line_text};
use super::text;
use crate::{ObjectType, Rule};

/// The differences between the sent line and the given line.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Edits<'e> {
    /// Custom fields that Gong was once sent: those that are absent are sent as `null`.
    pub(crate) nulls: &'e [&'e str],
    /// Standard fields that Gong was once sent: those that are absent, and have a documented
    /// default, are sent with it. Others are omitted.
    pub(crate) defaults: &'e [&'e str],
    /// The `modifiedDate` to send instead of the given one or of none.
    pub(crate) modified: Option<&'e str>,
}

/// Appends the sent form of a record, with a line feed: the given line byte for byte, plus the
/// edits. A byte order mark before it and the line break after it are not part of the line.
///
/// The line must be one that [`Reader::read`](super::Reader::read) accepted; without edits it is
/// copied unseen.
///
/// # Errors
///
/// If there are edits and the line is not a record; then nothing is appended.
pub(crate) fn sent_form(
    object_type: ObjectType,
    line: &[u8],
    edits: &Edits<'_>,
    out: &mut Vec<u8>,
) -> Result<(), NotARecord> {
    let mut changes = Vec::new();
    for name in edits.nulls {
        changes.push(Change::new(name, NewValue::Json("null"), false));
    }
    for name in edits.defaults {
        let field = object_type.line_format().field(name);
        if let Some(default) = field.and_then(DefaultValue::of) {
            let value = match default {
                DefaultValue::Literal(json) => NewValue::Json(json),
                DefaultValue::Text(text) => NewValue::Text(text),
                DefaultValue::TextAndId(text) => NewValue::TextAndId(text),
            };
            changes.push(Change::new(name, value, false));
        }
    }
    if let Some(modified) = edits.modified {
        changes.push(Change::new("modifiedDate", NewValue::Text(modified), true));
    }
    append(line, &mut changes, out)
}

/// Appends the line that takes a stage out of use, or back into use: the given line with `isActive`
/// set. Gong documents no deletion of stages.
///
/// # Errors
///
/// If the line is not a record; then nothing is appended.
pub(crate) fn stage_line(
    line: &[u8],
    is_active: bool,
    modified: Option<&str>,
    out: &mut Vec<u8>,
) -> Result<(), NotARecord> {
    let is_active = if is_active { "true" } else { "false" };
    let mut changes = vec![Change::new("isActive", NewValue::Json(is_active), true)];
    if let Some(modified) = modified {
        changes.push(Change::new("modifiedDate", NewValue::Text(modified), true));
    }
    append(line, &mut changes, out)
}

/// Appends the line that deletes a record of any type but stages, for which [`stage_line`] is.
pub(crate) fn deletion_line(object_id: &str, modified: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"objectId\":");
    push_text(object_id, out);
    out.extend_from_slice(b",\"isDeleted\":true,\"modifiedDate\":");
    push_text(modified, out);
    out.extend_from_slice(b"}\n");
}

/// A member to be set.
struct Change<'e> {
    name: &'e str,
    value: NewValue<'e>,
    /// Whether a given value is replaced, instead of kept.
    replaces: bool,
    /// Whether the line has the member.
    is_present: bool,
}

impl<'e> Change<'e> {
    fn new(name: &'e str, value: NewValue<'e>, replaces: bool) -> Self {
        Self {
            name,
            value,
            replaces,
            is_present: false,
        }
    }
}

enum NewValue<'e> {
    Json(&'e str),
    Text(&'e str),
    /// This text and the record's id.
    TextAndId(&'e str),
}

fn append(line: &[u8], changes: &mut [Change<'_>], out: &mut Vec<u8>) -> Result<(), NotARecord> {
    let length = out.len();
    append_line(line, changes, out).map_err(|fault| {
        out.truncate(length);
        fault.of_line(line, None)
    })
}

fn append_line(line: &[u8], changes: &mut [Change<'_>], out: &mut Vec<u8>) -> Result<(), Fault> {
    let (line, cut) = line_text(line)?;
    let bytes = line.as_bytes();
    if changes.is_empty() {
        out.extend_from_slice(bytes);
    } else {
        edit(bytes, changes, out).map_err(|fault| fault.moved(cut))?;
    }
    out.push(b'\n');
    Ok(())
}

fn edit(line: &[u8], changes: &mut [Change<'_>], out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut cursor = Cursor { bytes: line, at: 0 };
    cursor.open_line()?;
    let mut copied = 0;
    let mut end_of_last = None;
    let mut id = None;
    let mut decoded = Vec::new();
    while cursor.next_item(end_of_last.is_none(), b'}')? {
        let name = cursor.name()?;
        cursor.colon()?;
        let value = cursor.value()?;
        let content = name.content(line);
        let name = if name.kind == Kind::EscapedText {
            decoded.clear();
            text::decode(content, &mut decoded);
            &decoded
        } else {
            content
        };
        if name == b"objectId" && value.is_text() {
            id = Some(value);
        }
        for change in &mut *changes {
            if change.name.as_bytes() == name {
                change.is_present = true;
                if change.replaces {
                    out.extend_from_slice(&line[copied..value.start]);
                    push_value(&change.value, "", out);
                    copied = value.end;
                }
            }
        }
        end_of_last = Some(value.end);
    }
    cursor.end_line()?;
    let (Some(id), Some(end)) = (id, end_of_last) else {
        return Err(Fault::new(
            line.len(),
            Rule::MissingField,
            "objectId is missing; every record needs one",
        ));
    };
    let mut id_bytes = Vec::new();
    text::decode(id.content(line), &mut id_bytes);
    let id = String::from_utf8_lossy(&id_bytes);
    out.extend_from_slice(&line[copied..end]);
    for (index, change) in changes.iter().enumerate() {
        let is_repeated = changes[..index]
            .iter()
            .any(|other| other.name == change.name);
        if change.is_present || is_repeated {
            continue;
        }
        out.push(b',');
        push_text(change.name, out);
        out.push(b':');
        push_value(&change.value, &id, out);
    }
    out.extend_from_slice(&line[end..]);
    Ok(())
}

fn push_value(value: &NewValue<'_>, id: &str, out: &mut Vec<u8>) {
    match value {
        NewValue::Json(json) => out.extend_from_slice(json.as_bytes()),
        NewValue::Text(text) => push_text(text, out),
        NewValue::TextAndId(text) => push_text(&format!("{text}{id}"), out),
    }
}

fn push_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(serde_json::Value::from(text).to_string().as_bytes());
}

#[cfg(test)]
mod tests;
