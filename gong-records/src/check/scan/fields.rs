//! The names that the scanner knows, and what values they have.

use super::name_table::NameTable;
use super::short::Words;
use crate::check::context::{CheckContext, FieldSet, is_email_of_user, warns_if_missing};
use crate::check::names::UnknownName;
use crate::check::severities::SeverityTable;
use crate::record::{Field, FieldKind, ObjectType, Presence};
use crate::rule::Rule;
use crate::schema::{FieldType, SchemaField};

/// Which values the scanner accepts for a name.
#[derive(Debug)]
pub(super) enum Kind {
    ObjectId,
    /// The id of another record, of this type if it can be looked up.
    Reference(Option<ObjectType>),
    Modified,
    Timestamp,
    Day,
    Url,
    EmailAddress,
    /// By which Gong assigns a business user to a person.
    EmailOfUser,
    Text,
    /// A text that is not empty.
    NonEmptyText,
    Words(Box<Words>),
    Boolean,
    /// `isDeleted`.
    Deleted,
    Number,
    /// From 0 to 100.
    Percent,
    Integer {
        minimum: i64,
    },
    TextList,
    /// A custom field that is not declared: everything but a nested value or a date-time with a
    /// fraction.
    Custom,
    /// Any value.
    Any,
    /// No value: the exact check decides.
    Doubt,
}

/// What a name stands for.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) enum Identity<'a> {
    Standard(&'static Field),
    Declared(&'a SchemaField),
    Unknown(UnknownName),
}

/// A name as files spell it, and its values.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    pub(super) kind: Kind,
    pub(super) takes_null: bool,
    /// Whether the name may break a rule, in each line that has it.
    pub(super) is_noted: bool,
    /// The bit of a standard field.
    pub(super) standard_bit: FieldSet,
    /// Whether it is `isDeleted`, whatever values that has.
    pub(super) is_deletion: bool,
    /// The entry of the same name in its first spelling; a name may have escapes.
    pub(super) canonical: usize,
    /// What is of interest only where something is found: entries are small, because a file may
    /// have a thousand names.
    pub(super) about: Box<About<'a>>,
    /// The name in quotes, with its colon.
    token: Box<[u8]>,
    /// The first sixteen bytes of the token, and which of them count.
    head: u128,
    mask: u128,
}

/// More of a name.
#[derive(Debug)]
pub(super) struct About<'a> {
    pub(super) identity: Identity<'a>,
    /// The name, unescaped.
    pub(super) name: Box<str>,
    /// The name as it is spelled, between the quotes.
    pub(super) raw: Box<[u8]>,
}

impl<'a> Entry<'a> {
    fn new(raw: &[u8], name: &str, kind: Kind, identity: Identity<'a>) -> Self {
        let token = [b"\"", raw, b"\":"].concat();
        let mut head = [0; 16];
        let mut mask = [0; 16];
        for (at, byte) in token.iter().take(16).enumerate() {
            head[at] = *byte;
            mask[at] = 0xff;
        }
        Self {
            kind,
            takes_null: !matches!(identity, Identity::Standard(_)),
            is_noted: false,
            standard_bit: 0,
            is_deletion: matches!(identity, Identity::Standard(field) if field.name == "isDeleted"),
            canonical: 0,
            about: Box::new(About {
                identity,
                name: name.into(),
                raw: raw.into(),
            }),
            token: token.into(),
            head: u128::from_le_bytes(head),
            mask: u128::from_le_bytes(mask),
        }
    }

    /// Whether the token is there; if so, where it ends.
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

/// All names that the scanner knows.
#[derive(Debug)]
pub(super) struct FieldTable<'a> {
    entries: Vec<Entry<'a>>,
    /// The places of their names.
    names: NameTable,
    required: FieldSet,
    required_unless_deleted: FieldSet,
}

impl<'a> FieldTable<'a> {
    pub(super) fn new(context: &CheckContext<'a>, severities: &SeverityTable) -> Self {
        let format = context.format;
        let mut fields = Self {
            entries: Vec::new(),
            names: NameTable::new(),
            required: 0,
            required_unless_deleted: 0,
        };
        let warns = severities.reports(Rule::NotVisible);
        let requires = severities.reports(Rule::MissingField);
        for (index, field) in format.fields.iter().enumerate() {
            let bit = 1 << index;
            match field.presence {
                Presence::Required if requires => fields.required |= bit,
                Presence::UnlessDeleted if requires => fields.required_unless_deleted |= bit,
                Presence::Optional if warns && warns_if_missing(field) => {
                    fields.required_unless_deleted |= bit;
                }
                _ => {}
            }
            let kind = if is_email_of_user(field, format.object_type) {
                Kind::EmailOfUser
            } else {
                with_known_references(standard(field), context)
            };
            let name = field.name;
            let mut entry = Entry::new(name.as_bytes(), name, kind, Identity::Standard(field));
            entry.standard_bit = bit;
            fields.add(entry);
        }
        let schema = context.schema;
        let declared = schema.and_then(|schema| schema.fields(format.object_type));
        for field in declared.unwrap_or_default() {
            let name = &field.unique_name;
            // The first declaration of a name counts.
            let known = schema.and_then(|schema| schema.field(format.object_type, name));
            let is_plain = !name
                .bytes()
                .any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\');
            if let Some(field) = known
                && is_plain
                && fields.names.has_room()
                && fields.names.find(name.as_bytes()).is_none()
            {
                let kind = with_known_references(declared_kind(field), context);
                fields.add(Entry::new(
                    name.as_bytes(),
                    name,
                    kind,
                    Identity::Declared(field),
                ));
            }
        }
        fields
    }

    /// Adds a name as a line spells it.
    pub(super) fn learn(
        &mut self,
        raw: &[u8],
        name: &str,
        unknown: UnknownName,
        context: &CheckContext<'_>,
    ) {
        if !self.names.has_room() || self.names.find(raw).is_some() {
            return;
        }
        // Whether it breaks a rule beside all standard fields, and beside none.
        let (beside_all, beside_none) = (unknown.rule(context, !0), unknown.rule(context, 0));
        let kind = match beside_all {
            None => Kind::Custom,
            Some(_) => Kind::Any,
        };
        let mut entry = Entry::new(raw, name, kind, Identity::Unknown(unknown));
        entry.is_noted = beside_all.is_some() || beside_none.is_some();
        self.add(entry);
    }

    fn add(&mut self, mut entry: Entry<'a>) {
        let place = self.entries.len();
        let same = |known: &Entry<'_>| known.about.name == entry.about.name;
        // Names are spelled in one way nearly always; only escapes make two.
        let has_escape = entry.about.raw.contains(&b'\\');
        let is_other_spelling = has_escape
            || self
                .entries
                .iter()
                .any(|known| known.about.raw.contains(&b'\\'));
        let first = self
            .entries
            .iter()
            .position(same)
            .filter(|_| is_other_spelling);
        entry.canonical = first.map_or(place, |first| self.entries[first].canonical);
        self.names.add(&entry.about.raw);
        self.entries.push(entry);
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(super) fn entry(&self, place: usize) -> &Entry<'a> {
        &self.entries[place]
    }

    /// Finds names.
    #[inline]
    pub(super) fn names(&self) -> &NameTable {
        &self.names
    }

    /// The standard fields that a line should have and has not.
    #[inline]
    pub(super) fn missing(&self, present: FieldSet, is_deleted: bool) -> FieldSet {
        let unless_deleted = if is_deleted {
            0
        } else {
            self.required_unless_deleted
        };
        (self.required | unless_deleted) & !present
    }

    /// The standard fields that records should have.
    pub(super) fn expected(&self) -> FieldSet {
        self.required | self.required_unless_deleted
    }
}

/// The kind without what cannot be looked up: records that no file has so far.
fn with_known_references(kind: Kind, context: &CheckContext<'_>) -> Kind {
    match kind {
        Kind::Reference(Some(target)) if !context.known_ids.knows(target) => Kind::Reference(None),
        kind => kind,
    }
}

fn standard(field: &Field) -> Kind {
    if field.discouraged.is_some() || field.max_length.is_some() {
        return Kind::Doubt;
    }
    match field.kind {
        FieldKind::ObjectId if field.name == "objectId" => Kind::ObjectId,
        FieldKind::ObjectId => Kind::Reference(field.references),
        FieldKind::Timestamp if field.name == "modifiedDate" => Kind::Modified,
        FieldKind::Timestamp => Kind::Timestamp,
        FieldKind::Url => Kind::Url,
        FieldKind::EmailAddress => Kind::EmailAddress,
        FieldKind::CloseDate => Kind::Day,
        FieldKind::Amount => Kind::Number,
        FieldKind::Text if field.presence == Presence::Optional => Kind::Text,
        FieldKind::Text => Kind::NonEmptyText,
        FieldKind::Boolean if field.name == "isDeleted" => Kind::Deleted,
        FieldKind::Boolean => Kind::Boolean,
        FieldKind::Integer { minimum } => Kind::Integer {
            minimum: minimum.unwrap_or(i64::MIN),
        },
        FieldKind::TextList => Kind::TextList,
        FieldKind::Choice(words) => Kind::Words(Box::new(Words::new(&mut words.iter().copied()))),
    }
}

fn declared_kind(field: &SchemaField) -> Kind {
    if field.is_deleted == Some(true) {
        return Kind::Doubt;
    }
    match &field.field_type {
        FieldType::Date => Kind::Day,
        FieldType::DateTime => Kind::Timestamp,
        FieldType::Number | FieldType::Currency => Kind::Number,
        FieldType::Percent => Kind::Percent,
        FieldType::Id => Kind::Reference(None),
        FieldType::Reference => Kind::Reference(field.target()),
        FieldType::Url => Kind::Url,
        FieldType::Boolean => Kind::Boolean,
        FieldType::PhoneNumber | FieldType::String => Kind::Text,
        FieldType::EmailAddress => Kind::EmailAddress,
        FieldType::Picklist if field.ordered_value_list.is_empty() => Kind::Text,
        FieldType::Picklist => {
            let values = field.ordered_value_list.iter();
            Kind::Words(Box::new(Words::new(&mut values.map(String::as_str))))
        }
        FieldType::StringArray => Kind::TextList,
        FieldType::Unknown(_) => Kind::Any,
    }
}
