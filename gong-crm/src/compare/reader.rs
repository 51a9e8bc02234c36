//! Reads lines of one type: which record a line is of, and the hashes of its compared form.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::fmt;

use super::default_value::DefaultValue;
use super::error::{Fault, NotARecord};
use super::field_table::{FieldTable, Member, NONE, Role, Slot};
use super::json::{Cursor, Kind, Value, line_text};
use super::key::{FieldKey, HashKey, low_32, low_64};
use super::value::{self, Scratch};
use super::{instant, text};
use crate::schema::EntitySchema;
use crate::{ObjectType, Rule};

/// The facts about one line that a plan needs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Facts<'l> {
    /// The record's id, never empty.
    pub(crate) object_id: Cow<'l, str>,
    /// `modifiedDate` in seconds since 1970 UTC, if it is a date-time; a fraction is cut off.
    pub(crate) modified: Option<i64>,
    /// `modifiedDate` as it is written, if it is a string.
    pub(crate) modified_text: Option<Cow<'l, str>>,
    /// Whether the line deletes the record: `isDeleted` is `true`.
    pub(crate) is_deleted: bool,
    /// The hash of the compared form. Never 0.
    pub(crate) hash: u128,
    /// Of a business user with an email address: the hash of the address, trimmed and in lower case.
    pub(crate) address: Option<u64>,
}

/// One field of a record's compared form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldHash<'l> {
    /// The name on the wire.
    pub(crate) name: Cow<'l, str>,
    /// The hash of the value, 32 bits.
    pub(crate) hash: u32,
    /// Whether it is not one of Gong's own fields.
    pub(crate) is_custom: bool,
    /// Whether the line has `null` for it. A custom field that is null is not part of the compared
    /// form, and is listed because the line sends it.
    pub(crate) is_null: bool,
    /// Whether the line has the field; otherwise the documented default is listed.
    pub(crate) is_given: bool,
}

/// The type and the id of a record.
pub(crate) type RecordId = (ObjectType, String);

/// Another record that a line refers to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reference<'l> {
    /// The type of that record.
    pub(crate) object_type: ObjectType,
    /// Its id, never empty.
    pub(crate) object_id: Cow<'l, str>,
}

impl Reference<'_> {
    /// Its type and id.
    pub(crate) fn into_owned(self) -> RecordId {
        (self.object_type, self.object_id.into_owned())
    }
}

/// All that a line says.
#[derive(Debug, Clone)]
pub(crate) struct Whole<'l> {
    pub(crate) facts: Facts<'l>,
    /// The fields of the compared form one by one, in the order of the line, then the defaults of
    /// absent fields. `objectId` and `modifiedDate` are omitted; a deletion has `isDeleted` only.
    pub(crate) fields: Vec<FieldHash<'l>>,
    /// The records that the line refers to: by Gong's own fields and by those that the schema
    /// declares. A deletion refers to none.
    pub(crate) references: Vec<Reference<'l>>,
}

/// Gets what a pass over a line finds, beside the facts.
trait Collect<'l> {
    /// Whether values are hashed; without, the facts have no hash.
    const HASHES: bool = true;
    /// Whether fields are wanted, also those that are not compared.
    const FIELDS: bool = false;

    fn field(&mut self, _line: &'l str, _slot: &Slot, _member: Member, _hash: Option<u128>) {}
    fn reference(&mut self, _line: &'l str, _slot: &Slot, _value: Value) {}
}

/// Only the facts are wanted.
struct Nothing;

impl Collect<'_> for Nothing {}

/// Only the references are wanted.
struct References<'l>(Vec<Reference<'l>>);

impl<'l> Collect<'l> for References<'l> {
    const HASHES: bool = false;

    fn reference(&mut self, line: &'l str, slot: &Slot, value: Value) {
        if let Some(object_type) = slot.references
            && let Some(object_id) = decoded(line, value)
            && !object_id.is_empty()
        {
            self.0.push(Reference {
                object_type,
                object_id,
            });
        }
    }
}

/// Everything is wanted.
struct Everything<'l> {
    fields: Vec<FieldHash<'l>>,
    references: References<'l>,
}

impl<'l> Collect<'l> for Everything<'l> {
    const FIELDS: bool = true;

    fn field(&mut self, line: &'l str, slot: &Slot, member: Member, hash: Option<u128>) {
        self.fields.push(FieldHash {
            name: name_in_line(line, member.name, slot),
            hash: low_32(hash.unwrap_or_else(|| slot.key.hash(b"null"))),
            is_custom: slot.is_custom,
            is_null: member.value.kind == Kind::Null,
            is_given: true,
        });
    }

    fn reference(&mut self, line: &'l str, slot: &Slot, value: Value) {
        self.references.reference(line, slot, value);
    }
}

/// Reads lines of one type under the key of one ledger.
///
/// It learns the fields and their order from the lines, so that the next line is read faster; the
/// hashes depend on nothing but the line, the key and the generations of the custom fields.
pub(crate) struct Reader<'a> {
    table: FieldTable<'a>,
    scratch: Scratch,
    /// How many fields the last record had, with its defaults.
    usual_fields: usize,
    addresses: FieldKey,
    /// The sum of the hashes of all defaults that are the same for all records.
    defaults: u128,
    /// The field whose default depends on the id, and the text of the default before the id.
    default_with_id: Option<(usize, &'static str)>,
}

impl fmt::Debug for Reader<'_> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Reader").finish_non_exhaustive()
    }
}

impl<'a> Reader<'a> {
    /// A reader of lines of this type.
    ///
    /// `generations` returns the generation of a custom field, 0 if none is known. It is called
    /// once per name, so a reader must not outlive a change of the generations.
    pub(crate) fn new(
        key: HashKey,
        object_type: ObjectType,
        generations: &'a (dyn Fn(&str) -> u32 + Sync),
    ) -> Self {
        Self::ignoring(key, object_type, generations, &NONE)
    }

    /// The same for lines with some fields that are not compared.
    pub(crate) fn ignoring(
        key: HashKey,
        object_type: ObjectType,
        generations: &'a (dyn Fn(&str) -> u32 + Sync),
        ignored: &'a BTreeSet<String>,
    ) -> Self {
        let table = FieldTable::new(key, object_type, generations, ignored);
        let defaults = table
            .slots
            .iter()
            .fold(0, |sum: u128, slot| sum.wrapping_add(slot.default_hash));
        let default_with_id = table.slots.iter().enumerate().find_map(|(index, slot)| {
            let Some(DefaultValue::TextAndId(text)) = slot.default else {
                return None;
            };
            Some((index, text))
        });
        Self {
            table,
            scratch: Scratch::default(),
            usual_fields: 0,
            addresses: key.of_addresses(),
            defaults,
            default_with_id,
        }
    }

    /// The same reader, which also knows the custom fields that are declared as references.
    pub(crate) fn with_schema(mut self, schema: &EntitySchema) -> Self {
        self.table.declare(schema);
        self
    }

    /// The types of the records that lines can refer to.
    pub(crate) fn referred_types(&self) -> impl Iterator<Item = ObjectType> {
        self.table.slots.iter().filter_map(|slot| slot.references)
    }

    /// Reads one line, with or without its line break.
    ///
    /// # Errors
    ///
    /// If the line is not one JSON object in UTF-8 of at most 4 MiB, has a key twice, or has no
    /// `objectId` that is a string and not empty.
    #[inline]
    pub(crate) fn read<'l>(&mut self, line: &'l [u8]) -> Result<Facts<'l>, NotARecord> {
        self.pass(line, &mut Nothing)
            .map_err(|fault| not_a_record(fault, line))
    }

    #[inline]
    fn pass<'l, C: Collect<'l>>(
        &mut self,
        line: &'l [u8],
        collect: &mut C,
    ) -> Result<Facts<'l>, Fault> {
        let (line, cut) = line_text(line)?;
        let line_bytes = line.as_bytes();
        let mut members = self.table.members(line).map_err(|fault| fault.moved(cut))?;
        let mut id = None;
        let mut id_hash = 0;
        let mut modified_date = None;
        let mut address = None;
        let mut deletion = None;
        let mut sum = self.defaults;
        loop {
            let next = members
                .next(&mut self.table)
                .map_err(|fault| fault.moved(cut))?;
            let Some(member) = next else { break };
            let slot = &self.table.slots[member.slot];
            match slot.role {
                Role::ModifiedDate => {
                    modified_date = Some(member.value);
                    continue;
                }
                Role::ObjectId => id = Some(member.value),
                Role::UserAddress => address = Some(member.value),
                _ => {}
            }
            collect.reference(line, slot, member.value);
            if !C::HASHES {
                if slot.role == Role::IsDeleted && member.value.kind == Kind::True {
                    deletion = Some(0);
                }
                continue;
            }
            if slot.is_ignored && !C::FIELDS {
                continue;
            }
            let hash = hash_of(line_bytes, slot, member, &mut self.scratch)
                .map_err(|fault| fault.moved(cut))?;
            if slot.role != Role::ObjectId {
                collect.field(line, slot, member, hash);
            }
            let Some(hash) = hash.filter(|_| !slot.is_ignored) else {
                continue;
            };
            match slot.role {
                Role::ObjectId => id_hash = hash,
                Role::IsDeleted if member.value.kind == Kind::True => deletion = Some(hash),
                _ => {}
            }
            sum = sum.wrapping_add(hash).wrapping_sub(slot.default_hash);
        }
        let object_id = object_id(line, id, cut)?;
        if let Some((index, text)) = self.default_with_id
            && !self.table.is_in_line(&self.table.slots[index])
        {
            let hash = self.hash_with_id(index, text, &object_id);
            sum = sum.wrapping_add(hash);
        }
        if let Some(deletion) = deletion {
            sum = id_hash.wrapping_add(deletion);
        }
        let (modified, modified_text) = modified(line, modified_date);
        Ok(Facts {
            modified,
            modified_text,
            is_deleted: deletion.is_some(),
            // A sum of 0 has the probability of a collision; it is moved to 1.
            hash: sum.max(1),
            address: address.and_then(|address| self.address(line, address)),
            object_id,
        })
    }

    /// Reads one line with its fields and references.
    ///
    /// The hashes of [`Facts`] are equal if the fields that are not null custom ones are.
    ///
    /// # Errors
    ///
    /// As [`Reader::read`].
    pub(crate) fn whole<'l>(&mut self, line: &'l [u8]) -> Result<Whole<'l>, NotARecord> {
        let mut all = Everything {
            fields: Vec::with_capacity(self.usual_fields),
            references: References(Vec::new()),
        };
        let facts = self
            .pass(line, &mut all)
            .map_err(|fault| not_a_record(fault, line))?;
        let Everything {
            mut fields,
            references: References(mut references),
        } = all;
        if facts.is_deleted {
            fields.retain(|field| field.name == "isDeleted");
            references.clear();
        } else {
            self.add_defaults(&facts.object_id, &mut fields);
            self.usual_fields = fields.len();
        }
        Ok(Whole {
            facts,
            fields,
            references,
        })
    }

    /// The fields of a line, as [`Whole`] has them.
    ///
    /// # Errors
    ///
    /// As [`Reader::read`].
    pub(crate) fn fields<'l>(&mut self, line: &'l [u8]) -> Result<Vec<FieldHash<'l>>, NotARecord> {
        self.whole(line).map(|whole| whole.fields)
    }

    /// The references of a line, as [`Whole`] has them.
    ///
    /// # Errors
    ///
    /// As [`Reader::read`].
    pub(crate) fn references<'l>(
        &mut self,
        line: &'l [u8],
    ) -> Result<Vec<Reference<'l>>, NotARecord> {
        let mut references = References(Vec::new());
        let facts = self
            .pass(line, &mut references)
            .map_err(|fault| not_a_record(fault, line))?;
        if facts.is_deleted {
            references.0.clear();
        }
        Ok(references.0)
    }

    /// The records that a line refers to; none if it can't be read.
    pub(crate) fn referred(&mut self, line: &[u8]) -> Vec<RecordId> {
        let references = self.references(line).unwrap_or_default();
        references.into_iter().map(Reference::into_owned).collect()
    }

    /// Adds the documented defaults of the fields that the line that was read last does not have.
    fn add_defaults(&mut self, object_id: &str, fields: &mut Vec<FieldHash<'_>>) {
        for index in 0..self.table.slots.len() {
            let slot = &self.table.slots[index];
            if self.table.is_in_line(slot) {
                continue;
            }
            let hash = match slot.default {
                None => continue,
                Some(DefaultValue::TextAndId(text)) => self.hash_with_id(index, text, object_id),
                Some(_) => slot.default_hash,
            };
            let slot = &self.table.slots[index];
            fields.push(FieldHash {
                name: Cow::Owned(slot.name.to_string()),
                hash: low_32(hash),
                is_custom: false,
                is_null: false,
                is_given: false,
            });
        }
    }

    fn hash_with_id(&mut self, slot: usize, text: &str, object_id: &str) -> u128 {
        let bytes = &mut self.scratch.bytes;
        bytes.clear();
        bytes.push(b'"');
        bytes.extend_from_slice(text.as_bytes());
        bytes.extend_from_slice(object_id.as_bytes());
        self.table.slots[slot].key.hash(bytes)
    }

    fn address(&mut self, line: &str, value: Value) -> Option<u64> {
        let address = decoded(line, value)?;
        let address = address.trim();
        if address.is_empty() {
            return None;
        }
        let hash = if address.is_ascii() {
            let bytes = &mut self.scratch.bytes;
            bytes.clear();
            bytes.extend_from_slice(address.as_bytes());
            bytes.make_ascii_lowercase();
            self.addresses.hash(bytes)
        } else {
            self.addresses.hash(address.to_lowercase().as_bytes())
        };
        Some(low_64(hash))
    }
}

/// The record's id, from a line without its first `cut` bytes.
fn object_id(line: &str, id: Option<Value>, cut: usize) -> Result<Cow<'_, str>, Fault> {
    let Some(value) = id else {
        return Err(Fault::new(
            cut + line.len(),
            Rule::MissingField,
            "objectId is missing; every record needs one",
        ));
    };
    let at = value.start + cut;
    if !value.is_text() {
        return Err(Fault::new(
            at,
            Rule::WrongType,
            "objectId must be a string in double quotes",
        ));
    }
    match decoded(line, value) {
        None => Err(Fault::new(
            at,
            Rule::ObjectIdCharset,
            "objectId has an unpaired surrogate, which is not a character",
        )),
        Some(id) if id.is_empty() => Err(Fault::new(
            at,
            Rule::MissingField,
            "objectId is empty; every record needs one",
        )),
        Some(id) => Ok(id),
    }
}

/// `modifiedDate` in seconds, and as it is written.
fn modified(line: &str, value: Option<Value>) -> (Option<i64>, Option<Cow<'_, str>>) {
    let text = value.and_then(|value| decoded(line, value));
    let seconds = text
        .as_ref()
        .and_then(|text| instant::parse(text.as_bytes()))
        .map(|instant| instant.seconds);
    (seconds, text)
}

/// The hash of a member in the compared form; none for a custom field that is null.
#[inline]
fn hash_of(
    line: &[u8],
    slot: &Slot,
    member: Member,
    scratch: &mut Scratch,
) -> Result<Option<u128>, Fault> {
    let value = member.value;
    match slot.role {
        Role::Instant => value::hash_instant(line, value, &slot.key, scratch).map(Some),
        Role::Set => value::hash_set(line, value, &slot.key, scratch).map(Some),
        _ if slot.is_custom && value.kind == Kind::Null => Ok(None),
        _ => value::hash(line, value, &slot.key, scratch).map(Some),
    }
}

/// A field's name, from the line if it is written there without escapes.
fn name_in_line<'l>(line: &'l str, at: usize, slot: &Slot) -> Cow<'l, str> {
    let start = at + 1;
    match line.get(start..start + slot.name.len()) {
        Some(name) if name == &*slot.name => Cow::Borrowed(name),
        _ => Cow::Owned(slot.name.to_string()),
    }
}

/// The decoded string; `None` for other values and for invalid text.
fn decoded(line: &str, value: Value) -> Option<Cow<'_, str>> {
    match value.kind {
        Kind::Text => line.get(value.start + 1..value.end - 1).map(Cow::Borrowed),
        Kind::EscapedText => {
            let mut bytes = Vec::new();
            text::decode(value.content(line.as_bytes()), &mut bytes);
            String::from_utf8(bytes).ok().map(Cow::Owned)
        }
        _ => None,
    }
}

#[cold]
fn not_a_record(fault: Fault, line: &[u8]) -> NotARecord {
    fault.of_line(line, find_object_id(line))
}

/// The id in a line that has a fault, if it has exactly one and can be read that far.
fn find_object_id(line: &[u8]) -> Option<String> {
    let (line, _) = line_text(line).ok()?;
    let mut cursor = Cursor {
        bytes: line.as_bytes(),
        at: 0,
    };
    cursor.open_line().ok()?;
    let mut found: Option<String> = None;
    let mut is_first = true;
    while let Ok(true) = cursor.next_item(is_first, b'}') {
        is_first = false;
        let (Ok(name), Ok(())) = (cursor.name(), cursor.colon()) else {
            break;
        };
        let Ok(value) = cursor.value() else { break };
        if decoded(line, name).as_deref() == Some("objectId") {
            let id = decoded(line, value).filter(|id| !id.is_empty())?;
            if found.as_ref().is_some_and(|found| **found != *id) {
                return None;
            }
            found = Some(id.into_owned());
        }
    }
    found
}
