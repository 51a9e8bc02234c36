//! The hash of one value in its compared form.
//!
//! The hashed form begins with a byte that is different for each kind of value: the quote of a
//! string, a digit or `-`, `t`, `f`, `n`, `[` and `{`, and `@` and `<` for instants and sets.

use super::error::Fault;
use super::instant;
use super::json::{Cursor, Kind, Value};
use super::key::FieldKey;
use super::{number, text};

/// Room for values that can't be hashed as they are written.
#[derive(Debug, Default)]
pub(super) struct Scratch {
    pub(super) bytes: Vec<u8>,
    hashes: Vec<u128>,
    /// Hashes of elements of the lists that are being read, the innermost last.
    elements: Vec<u8>,
    /// Members of the objects that are being read, the innermost last: the hashes of name and
    /// value, and where the name begins.
    members: Vec<(u128, u128, usize)>,
}

impl Scratch {
    /// A string with a quote before it and its escapes decoded.
    fn decode(&mut self, content: &[u8]) -> &[u8] {
        self.bytes.clear();
        self.bytes.push(b'"');
        text::decode(content, &mut self.bytes);
        &self.bytes
    }
}

/// The hash of a value that is compared as JSON.
#[inline]
pub(super) fn hash(
    line: &[u8],
    value: Value,
    key: &FieldKey,
    scratch: &mut Scratch,
) -> Result<u128, Fault> {
    Ok(match value.kind {
        Kind::Text => key.hash(&line[value.start..value.end - 1]),
        Kind::EscapedText => key.hash(scratch.decode(value.content(line))),
        Kind::Number => key.hash(number::canonical(
            &line[value.start..value.end],
            &mut scratch.bytes,
        )),
        Kind::True | Kind::False | Kind::Null => key.hash(&line[value.start..value.end]),
        Kind::Array | Kind::Object => {
            scratch.elements.clear();
            scratch.members.clear();
            let mut cursor = Cursor {
                bytes: line,
                at: value.start,
            };
            nested(&mut cursor, key, scratch)?
        }
    })
}

/// The hash of a list or an object at the cursor: over the hashes of what is in it.
fn nested(cursor: &mut Cursor<'_>, key: &FieldKey, scratch: &mut Scratch) -> Result<u128, Fault> {
    let outer = scratch.elements.len();
    if cursor.skip_byte(b'[') {
        scratch.elements.push(b'[');
        let mut is_first = true;
        while cursor.next_item(is_first, b']')? {
            is_first = false;
            let element = element(cursor, key, scratch)?;
            scratch.elements.extend_from_slice(&element.to_le_bytes());
        }
    } else {
        cursor.skip_byte(b'{');
        members(cursor, key, scratch)?;
    }
    let hash = key.hash(&scratch.elements[outer..]);
    scratch.elements.truncate(outer);
    Ok(hash)
}

/// Appends the hashes of an object's members to the elements.
fn members(cursor: &mut Cursor<'_>, key: &FieldKey, scratch: &mut Scratch) -> Result<(), Fault> {
    let outer = scratch.members.len();
    let mut is_first = true;
    while cursor.next_item(is_first, b'}')? {
        is_first = false;
        let start = cursor.at;
        let name = cursor.name()?;
        let name = hash(cursor.bytes, name, key, scratch)?;
        cursor.colon()?;
        let value = element(cursor, key, scratch)?;
        scratch.members.push((name, value, start));
    }
    // In the order of the hashes of their names: the order of the keys does not matter.
    let members = &mut scratch.members[outer..];
    members.sort_unstable();
    if let Some([first, second]) = members
        .array_windows()
        .find(|[first, second]| first.0 == second.0)
    {
        let at = first.2.max(second.2);
        return Err(Fault::duplicate_key(at, &name_at(cursor.bytes, at)));
    }
    scratch.elements.push(b'{');
    for (name, value, _) in members {
        scratch.elements.extend_from_slice(&name.to_le_bytes());
        scratch.elements.extend_from_slice(&value.to_le_bytes());
    }
    scratch.members.truncate(outer);
    Ok(())
}

fn element(cursor: &mut Cursor<'_>, key: &FieldKey, scratch: &mut Scratch) -> Result<u128, Fault> {
    cursor.skip_space();
    if let Some(b'[' | b'{') = cursor.bytes.get(cursor.at) {
        return nested(cursor, key, scratch);
    }
    let value = cursor.value()?;
    hash(cursor.bytes, value, key, scratch)
}

/// The name that begins here, for a message.
fn name_at(line: &[u8], at: usize) -> String {
    let mut name = Vec::new();
    if let Ok(value) = (Cursor { bytes: line, at }).name() {
        text::decode(value.content(line), &mut name);
    }
    String::from_utf8_lossy(&name).into_owned()
}

/// The hash of a standard date-time field: equal for equal instants.
#[inline]
pub(super) fn hash_instant(
    line: &[u8],
    value: Value,
    key: &FieldKey,
    scratch: &mut Scratch,
) -> Result<u128, Fault> {
    let content = match value.kind {
        Kind::Text => value.content(line),
        Kind::EscapedText => &scratch.decode(value.content(line))[1..],
        _ => return hash(line, value, key, scratch),
    };
    let Some(instant) = instant::parse(content) else {
        return hash(line, value, key, scratch);
    };
    let mut whole = [b'@'; 9];
    whole[1..].copy_from_slice(&instant.seconds.to_le_bytes());
    if instant.fraction.is_empty() {
        return Ok(key.hash(&whole));
    }
    Ok(key.hash(&[&whole, instant.fraction].concat()))
}

/// The hash of a list of strings, regardless of order and repetitions.
pub(super) fn hash_set(
    line: &[u8],
    value: Value,
    key: &FieldKey,
    scratch: &mut Scratch,
) -> Result<u128, Fault> {
    if value.kind != Kind::Array {
        return hash(line, value, key, scratch);
    }
    let mut hashes = std::mem::take(&mut scratch.hashes);
    hashes.clear();
    let mut cursor = Cursor {
        bytes: line,
        at: value.start + 1,
    };
    let mut only_strings = true;
    while cursor.next_item(hashes.is_empty(), b']')? {
        let element = cursor.value()?;
        only_strings &= element.is_text();
        hashes.push(if only_strings {
            hash(line, element, key, scratch)?
        } else {
            0
        });
    }
    hashes.sort_unstable();
    hashes.dedup();
    scratch.bytes.clear();
    scratch.bytes.push(b'<');
    for element in &hashes {
        scratch.bytes.extend_from_slice(&element.to_le_bytes());
    }
    scratch.hashes = hashes;
    if only_strings {
        Ok(key.hash(&scratch.bytes))
    } else {
        hash(line, value, key, scratch)
    }
}
