//! The fields that lines of one type have, and a prediction of the next one.

use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;

use super::default_value::DefaultValue;
use super::error::Fault;
use super::json::{Cursor, Kind, Value};
use super::key::{FieldKey, HashKey};
use super::text;
use crate::record::{Field, FieldKind};
use crate::schema::{EntitySchema, FieldType};
use crate::{ObjectType, Rule};

/// How many custom fields are kept from one line to the next.
const MAX_CUSTOM: usize = 4096;

/// How the values of a field are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    ObjectId,
    ModifiedDate,
    IsDeleted,
    /// Another standard date-time: compared as an instant.
    Instant,
    /// A list whose order and repetitions are ignored.
    Set,
    /// The address that ties a business user to a person in Gong.
    UserAddress,
    Other,
}

/// One field.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) name: Box<str>,
    /// The name as it was written last, with the colon.
    pattern: Box<[u8]>,
    /// The field that followed last time.
    next: usize,
    /// The last line that had the field.
    seen: u64,
    pub(super) key: FieldKey,
    pub(super) role: Role,
    pub(super) is_custom: bool,
    /// Whether the field is not compared.
    pub(super) is_ignored: bool,
    /// The type of the record whose `objectId` it has.
    pub(super) references: Option<ObjectType>,
    pub(super) default: Option<DefaultValue>,
    /// The hash of a default that is the same for all records, otherwise 0.
    pub(super) default_hash: u128,
}

/// The fields of lines of one type.
pub(super) struct FieldTable<'a> {
    /// The first slot is the start of a line; then come the standard and the declared fields, then
    /// the custom fields in the order in which they were met.
    pub(super) slots: Vec<Slot>,
    by_name: HashMap<Box<str>, usize, RandomState>,
    /// How many slots are kept when there are too many.
    fixed: usize,
    /// The number of the line that is being read.
    line: u64,
    object_type: ObjectType,
    key: HashKey,
    generations: &'a (dyn Fn(&str) -> u32 + Sync),
    ignored: &'a BTreeSet<String>,
}

/// No field.
pub(super) static NONE: BTreeSet<String> = BTreeSet::new();

impl<'a> FieldTable<'a> {
    pub(super) fn new(
        key: HashKey,
        object_type: ObjectType,
        generations: &'a (dyn Fn(&str) -> u32 + Sync),
        ignored: &'a BTreeSet<String>,
    ) -> Self {
        let mut table = Self {
            slots: Vec::new(),
            by_name: HashMap::default(),
            fixed: 0,
            line: 0,
            object_type,
            key,
            generations,
            ignored,
        };
        table.insert("", None);
        // A byte that no text has, so nothing matches the start of a line.
        table.slots[0].pattern = Box::new([0xff]);
        table.by_name.clear();
        for field in object_type.line_format().fields {
            table.insert(field.name, Some(field));
        }
        table.fixed = table.slots.len();
        table
    }

    /// Adds the references that are declared as custom fields.
    pub(super) fn declare(&mut self, schema: &EntitySchema) {
        for field in schema.fields(self.object_type).unwrap_or_default() {
            let target = match (&field.field_type, field.reference_to.as_deref()) {
                // A business user is called `USER` in an entity schema.
                (FieldType::Reference, Some("USER")) => Some(ObjectType::BusinessUser),
                (FieldType::Reference, Some(target)) => target.parse().ok(),
                _ => None,
            };
            if target.is_none() || self.by_name.contains_key(field.unique_name.as_str()) {
                continue;
            }
            let slot = self.insert(&field.unique_name, None);
            self.slots[slot].references = target;
        }
        self.fixed = self.slots.len();
    }

    fn insert(&mut self, name: &str, field: Option<&'static Field>) -> usize {
        let is_custom = field.is_none();
        let generation = if is_custom && !name.is_empty() {
            (self.generations)(name)
        } else {
            0
        };
        let key = self.key.of_field(name, generation);
        let is_ignored = self.ignored.contains(name);
        let default = field.filter(|_| !is_ignored).and_then(DefaultValue::of);
        let default_hash = match default {
            Some(DefaultValue::Literal(value)) => key.hash(value.as_bytes()),
            Some(DefaultValue::Text(text)) => {
                key.hash([b"\"", text.as_bytes()].concat().as_slice())
            }
            Some(DefaultValue::TextAndId(_)) | None => 0,
        };
        let role = match field.map(|field| (field.name, field.kind)) {
            Some(("objectId", _)) => Role::ObjectId,
            Some(("modifiedDate", _)) => Role::ModifiedDate,
            Some(("isDeleted", _)) => Role::IsDeleted,
            Some(("emailAddress", _)) if self.object_type == ObjectType::BusinessUser => {
                Role::UserAddress
            }
            Some((_, FieldKind::Timestamp)) => Role::Instant,
            Some((_, FieldKind::TextList)) => Role::Set,
            _ => Role::Other,
        };
        let index = self.slots.len();
        self.slots.push(Slot {
            name: name.into(),
            pattern: pattern(name),
            next: 0,
            seen: 0,
            key,
            role,
            is_custom,
            is_ignored,
            references: field.and_then(|field| field.references),
            default,
            default_hash,
        });
        self.by_name.insert(name.into(), index);
        index
    }

    /// Whether the line that was read last has the field.
    pub(super) fn is_in_line(&self, slot: &Slot) -> bool {
        slot.seen == self.line
    }

    /// Begins a line.
    pub(super) fn members<'l>(&mut self, line: &'l str) -> Result<Members<'l>, Fault> {
        if self.slots.len() - self.fixed > MAX_CUSTOM {
            let fixed = self.fixed;
            self.slots.truncate(fixed);
            self.by_name.retain(|_, index| *index < fixed);
            for slot in &mut self.slots {
                slot.next = 0;
            }
        }
        self.line += 1;
        let mut cursor = Cursor {
            bytes: line.as_bytes(),
            at: 0,
        };
        cursor.open_line()?;
        Ok(Members {
            cursor,
            previous: 0,
        })
    }

    /// Finds the field whose name is at the cursor the slow way.
    fn look_up(&mut self, cursor: &mut Cursor<'_>) -> Result<usize, Fault> {
        let start = cursor.at;
        let name = cursor.name()?;
        let content = name.content(cursor.bytes);
        let mut decoded = Vec::new();
        let content = if name.kind == Kind::EscapedText {
            text::decode(content, &mut decoded);
            &*decoded
        } else {
            content
        };
        let Ok(name) = str::from_utf8(content) else {
            return Err(Fault::new(
                start,
                Rule::Encoding,
                "a key has an unpaired surrogate, which is not a character",
            ));
        };
        cursor.colon()?;
        Ok(match self.by_name.get(name) {
            Some(index) => *index,
            None => self.insert(name, None),
        })
    }
}

/// The usual spelling of a name in a line, with its colon.
fn pattern(name: &str) -> Box<[u8]> {
    format!("{}:", serde_json::Value::from(name))
        .into_bytes()
        .into()
}

/// The members of one line.
#[derive(Debug)]
pub(super) struct Members<'l> {
    pub(super) cursor: Cursor<'l>,
    /// The slot of the previous member, initially that of the start.
    previous: usize,
}

/// One member of a line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Member {
    pub(super) slot: usize,
    /// Where the name begins, at its quote.
    pub(super) name: usize,
    pub(super) value: Value,
}

impl Members<'_> {
    /// The next member; none after the last one, if nothing else follows in the line.
    #[inline]
    pub(super) fn next(&mut self, table: &mut FieldTable<'_>) -> Result<Option<Member>, Fault> {
        let cursor = &mut self.cursor;
        if !cursor.next_item(self.previous == 0, b'}')? {
            cursor.end_line()?;
            return Ok(None);
        }
        let name = cursor.at;
        // Programs write the fields of every record in the same order.
        let mut slot = table.slots[self.previous].next;
        let pattern = &table.slots[slot].pattern;
        if cursor.bytes[name..].starts_with(pattern) {
            cursor.at += pattern.len();
        } else {
            let expected = std::mem::replace(&mut slot, table.look_up(cursor)?);
            if slot == expected {
                // Only the spelling was another one, such as `\u00e9` or a space before the colon.
                table.slots[slot].pattern = cursor.bytes[name..cursor.at].into();
            }
            table.slots[self.previous].next = slot;
        }
        let line = table.line;
        let entry = &mut table.slots[slot];
        if entry.seen == line {
            return Err(Fault::duplicate_key(name, &entry.name));
        }
        entry.seen = line;
        self.previous = slot;
        let value = cursor.value()?;
        Ok(Some(Member { slot, name, value }))
    }
}
