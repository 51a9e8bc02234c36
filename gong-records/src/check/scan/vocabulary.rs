//! The names that the fast way knows, and what may stand under them.

use crate::check::emails::is_email_of_user;
use crate::check::options::Options;
use crate::check::record::{Yardstick, warns_when_missing};
use crate::check::scan::value::Scalar;
use crate::record::{Field, FieldKind, ObjectType, Presence};
use crate::rule::Rule;
use crate::schema::{FieldType, SchemaField};

/// What may stand under a name.
#[derive(Debug)]
pub(super) enum Kind {
    ObjectId,
    /// The id of another record, of this type if it is known.
    Reference(Option<ObjectType>),
    Modified,
    Timestamp,
    Day,
    Url,
    EmailAddress,
    /// By which a business user is tied to a person in Gong.
    EmailOfUser,
    Text,
    /// A text that is not empty.
    SomeText,
    Words(Vec<Box<[u8]>>),
    Scalar(Scalar),
    TextList,
    /// A custom field that nothing was declared of.
    Custom,
    /// Only the exact way can tell.
    Slow,
}

/// A name and what may stand under it.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) kind: Kind,
    pub(super) takes_null: bool,
    name: Box<[u8]>,
    /// The name in quotes, with its colon.
    token: Box<[u8]>,
    /// The first sixteen bytes of the token, and which of them count.
    head: u128,
    mask: u128,
}

impl Entry {
    fn new(name: &str, kind: Kind, takes_null: bool) -> Self {
        let token = format!("\"{name}\":").into_bytes();
        let mut head = [0; 16];
        let mut mask = [0; 16];
        for (at, byte) in token.iter().take(16).enumerate() {
            head[at] = *byte;
            mask[at] = 0xff;
        }
        Self {
            kind,
            takes_null,
            name: name.as_bytes().into(),
            token: token.into(),
            head: u128::from_le_bytes(head),
            mask: u128::from_le_bytes(mask),
        }
    }

    /// Whether the token stands there; if so, where it ends.
    #[inline]
    pub(super) fn begins(&self, bytes: &[u8], at: usize) -> Option<usize> {
        let head = *bytes.get(at..)?.first_chunk::<16>()?;
        if (u128::from_le_bytes(head) ^ self.head) & self.mask != 0 {
            return None;
        }
        let length = self.token.len();
        if length > 16 && *bytes.get(at + 16..at + length)? != self.token[16..] {
            return None;
        }
        Some(at + length)
    }
}

/// All names that the fast way knows.
#[derive(Debug)]
pub(super) struct Vocabulary {
    entries: Vec<Entry>,
    /// For each name, the one that followed it last; the last entry is for the beginning.
    successors: Vec<u16>,
    /// An open table of places in `entries`.
    table: Vec<u16>,
    required: u64,
    required_unless_deleted: u64,
    /// Names that are welcome only beside another one.
    conditions: Vec<(usize, usize)>,
    learns: bool,
}

const EMPTY: u16 = u16::MAX;
const TABLE: usize = 1024;

impl Vocabulary {
    /// How many names are known at most; lines with others take the exact way.
    pub(super) const MOST: usize = 256;

    /// What stands before the first name.
    pub(super) const START: usize = Self::MOST;

    pub(super) fn new(yardstick: &Yardstick<'_>, options: &Options) -> Self {
        let format = yardstick.format;
        let mut vocabulary = Self {
            entries: Vec::new(),
            successors: vec![0; Self::MOST + 1],
            table: vec![EMPTY; TABLE],
            required: 0,
            required_unless_deleted: 0,
            conditions: Vec::new(),
            learns: yardstick.schema.is_none() && format.entity_schema,
        };
        let warns = options.severity(Rule::NotVisible).is_some();
        for field in format.fields {
            let bit = 1 << vocabulary.entries.len();
            match field.presence {
                Presence::Required => vocabulary.required |= bit,
                Presence::UnlessDeleted => vocabulary.required_unless_deleted |= bit,
                Presence::Optional if warns && warns_when_missing(field) => {
                    vocabulary.required_unless_deleted |= bit;
                }
                Presence::Optional => {}
            }
            let kind = if is_email_of_user(field, format.object_type) {
                Kind::EmailOfUser
            } else {
                yardstick.sharpened(standard(field))
            };
            vocabulary.add(Entry::new(field.name, kind, false));
        }
        let declared = yardstick
            .schema
            .and_then(|schema| schema.fields(format.object_type));
        for field in declared.unwrap_or_default() {
            // The first of a name decides here; the schema has a say in which that is.
            let known = yardstick
                .schema
                .and_then(|schema| schema.field(format.object_type, &field.unique_name));
            if let Some(field) = known
                && vocabulary.is_writable(&field.unique_name)
            {
                vocabulary.add(Entry::new(
                    &field.unique_name,
                    yardstick.sharpened(declared_kind(field)),
                    true,
                ));
            }
        }
        vocabulary
    }

    pub(super) fn learn(&mut self, name: &str, as_long_as: Option<&str>) {
        if !self.learns || !self.is_writable(name) {
            return;
        }
        if let Some(beside) = as_long_as {
            let Some(beside) = self.find(beside.as_bytes()) else {
                return;
            };
            self.conditions.push((self.entries.len(), beside));
        }
        self.add(Entry::new(name, Kind::Custom, true));
    }

    /// Whether the name is new, stands in JSON as it is, and there is room for it.
    fn is_writable(&self, name: &str) -> bool {
        let is_plain = !name
            .bytes()
            .any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\');
        is_plain && self.entries.len() < Self::MOST && self.find(name.as_bytes()).is_none()
    }

    fn add(&mut self, entry: Entry) {
        let mut slot = hash(&entry.name);
        while self.table[slot] != EMPTY {
            slot = (slot + 1) % TABLE;
        }
        self.table[slot] = u16::try_from(self.entries.len()).unwrap_or(EMPTY);
        self.entries.push(entry);
    }

    #[inline]
    pub(super) fn entry(&self, place: usize) -> &Entry {
        &self.entries[place]
    }

    #[inline]
    pub(super) fn find(&self, name: &[u8]) -> Option<usize> {
        let mut slot = hash(name);
        loop {
            let place = self.table[slot];
            if place == EMPTY {
                return None;
            }
            if *self.entries[usize::from(place)].name == *name {
                return Some(usize::from(place));
            }
            slot = (slot + 1) % TABLE;
        }
    }

    #[inline]
    pub(super) fn successor(&self, place: usize) -> usize {
        usize::from(self.successors[place])
    }

    #[inline]
    pub(super) fn set_successor(&mut self, place: usize, next: usize) {
        self.successors[place] = u16::try_from(next).unwrap_or_default();
    }

    /// Whether every name that has to be there is.
    #[inline]
    pub(super) fn is_complete(&self, seen: [u64; Self::MOST / 64], is_deleted: bool) -> bool {
        let unless_deleted = if is_deleted {
            0
        } else {
            self.required_unless_deleted
        };
        let required = self.required | unless_deleted;
        let stands = |place: usize| seen[place / 64] & (1 << (place % 64)) != 0;
        seen[0] & required == required
            && self
                .conditions
                .iter()
                .all(|(name, beside)| !stands(*name) || stands(*beside))
    }
}

impl Yardstick<'_> {
    /// The kind without what can't be looked up: records that no file holds so far.
    fn sharpened(&self, kind: Kind) -> Kind {
        match kind {
            Kind::Reference(Some(target)) if !self.known_ids.knows(target) => Kind::Reference(None),
            kind => kind,
        }
    }
}

#[inline]
fn hash(name: &[u8]) -> usize {
    let length = name.len();
    let byte = |at: usize| name.get(at).copied().map_or(0, usize::from);
    let mixed = length * 0x9e5
        + byte(0) * 0x35
        + byte(length / 2) * 0x3d7
        + byte(length.wrapping_sub(1)) * 0x1f3;
    (mixed ^ mixed >> 7) % TABLE
}

fn standard(field: &Field) -> Kind {
    if field.discouraged.is_some() || field.max_length.is_some() {
        return Kind::Slow;
    }
    match field.kind {
        FieldKind::ObjectId if field.name == "objectId" => Kind::ObjectId,
        FieldKind::ObjectId => Kind::Reference(field.references),
        FieldKind::Timestamp if field.name == "modifiedDate" => Kind::Modified,
        FieldKind::Timestamp => Kind::Timestamp,
        FieldKind::Url => Kind::Url,
        FieldKind::EmailAddress => Kind::EmailAddress,
        FieldKind::CloseDate => Kind::Day,
        FieldKind::Amount => Kind::Scalar(Scalar::Number),
        FieldKind::Text if field.presence == Presence::Optional => Kind::Text,
        FieldKind::Text => Kind::SomeText,
        FieldKind::Boolean if field.name == "isDeleted" => Kind::Scalar(Scalar::Deleted),
        FieldKind::Boolean => Kind::Scalar(Scalar::Boolean),
        FieldKind::Integer { minimum } => Kind::Scalar(Scalar::Integer {
            minimum: minimum.unwrap_or(i64::MIN),
        }),
        FieldKind::TextList => Kind::TextList,
        FieldKind::Choice(words) => {
            Kind::Words(words.iter().map(|word| word.as_bytes().into()).collect())
        }
    }
}

fn declared_kind(field: &SchemaField) -> Kind {
    if field.is_deleted == Some(true) {
        return Kind::Slow;
    }
    match &field.field_type {
        FieldType::Date => Kind::Day,
        FieldType::DateTime => Kind::Timestamp,
        FieldType::Number | FieldType::Currency => Kind::Scalar(Scalar::Number),
        FieldType::Percent => Kind::Scalar(Scalar::Percent),
        FieldType::Id => Kind::Reference(None),
        FieldType::Reference => Kind::Reference(field.target()),
        FieldType::Url => Kind::Url,
        FieldType::Boolean => Kind::Scalar(Scalar::Boolean),
        FieldType::PhoneNumber | FieldType::String => Kind::Text,
        FieldType::EmailAddress => Kind::EmailAddress,
        FieldType::Picklist if field.ordered_value_list.is_empty() => Kind::Text,
        FieldType::Picklist => Kind::Words(
            field
                .ordered_value_list
                .iter()
                .map(|value| value.as_bytes().into())
                .collect(),
        ),
        FieldType::StringArray => Kind::TextList,
        _ => Kind::Slow,
    }
}
