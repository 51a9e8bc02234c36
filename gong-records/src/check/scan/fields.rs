//! The names that the scanner knows, and what values they have.

use super::name_table::{NameTable, Window};
use super::short::Words;
use super::text;
use crate::check::context::{CheckContext, FieldSet, is_email_of_user, warns_if_missing};
use crate::check::names::{Classifier, UnknownName};
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

/// The meaning of a name.
#[derive(Debug, Clone, Copy)]
pub(in crate::check) enum Identity<'a> {
    Standard(&'static Field),
    Declared(&'a SchemaField),
    Unknown(UnknownName),
}

/// How many bytes of a token are in its entry.
const HEAD: usize = 32;

/// A name as files spell it, and its values: what is read for each field of each line. A file may
/// have a thousand names, so an entry is no larger than what a processor fetches at once.
#[derive(Debug)]
#[repr(align(64))]
pub(super) struct Entry {
    /// The beginning of the token, which is the name in quotes with its colon; then zeros.
    head: [u8; HEAD],
    pub(super) kind: Kind,
    /// The bit of a standard field.
    pub(super) standard_bit: FieldSet,
    /// How long the token is.
    length: u16,
    /// The entry of the same name in its first spelling; a name may have escapes.
    pub(super) canonical: u16,
    pub(super) takes_null: bool,
    /// Whether the name may break a rule, in each line that has it.
    pub(super) is_noted: bool,
    /// Whether it is `isDeleted`, whatever values that has.
    pub(super) is_deletion: bool,
}

/// More of a name: what is of interest only where something is found.
#[derive(Debug)]
pub(super) struct About<'a> {
    pub(super) identity: Identity<'a>,
    /// The name, unescaped.
    pub(super) name: Box<str>,
    /// The name as it is spelled, between the quotes.
    pub(super) raw: Box<[u8]>,
}

impl Entry {
    fn new<'a>(raw: &[u8], name: &str, kind: Kind, identity: Identity<'a>) -> (Self, About<'a>) {
        let about = About {
            identity,
            name: name.into(),
            raw: raw.into(),
        };
        let token = about.token();
        let entry = Self {
            head: filled(&token),
            kind,
            standard_bit: 0,
            length: u16::try_from(token.len()).unwrap_or_default(),
            canonical: 0,
            // What takes any value, or decides by itself, needs no look at this one.
            takes_null: matches!(identity, Identity::Declared(_)),
            is_noted: false,
            is_deletion: matches!(identity, Identity::Standard(field) if field.name == "isDeleted"),
        };
        (entry, about)
    }
}

impl About<'_> {
    /// The name in quotes with its colon.
    fn token(&self) -> Vec<u8> {
        [b"\"", &*self.raw, b"\":"].concat()
    }
}

/// The first bytes of a text; then zeros.
fn filled(text: &[u8]) -> [u8; HEAD] {
    let mut filled = [0; HEAD];
    for (byte, of_text) in filled.iter_mut().zip(text) {
        *byte = *of_text;
    }
    filled
}

/// The longest name that is added.
const MAX_NAME_BYTES: usize = 1_024;

/// Whether a name that is not declared breaks a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Manners {
    Good,
    /// Whatever else is in the line.
    Bad,
    /// It depends on the standard fields of the line.
    Depends,
}

impl Manners {
    pub(super) fn of(unknown: UnknownName, context: &CheckContext<'_>) -> Self {
        // Beside all standard fields, and beside none.
        match (unknown.rule(context, !0), unknown.rule(context, 0)) {
            (None, None) => Self::Good,
            (Some(_), _) => Self::Bad,
            (None, Some(_)) => Self::Depends,
        }
    }
}

/// All names that the scanner knows.
#[derive(Debug)]
pub(super) struct FieldTable<'a> {
    entries: Vec<Entry>,
    /// At the same places.
    abouts: Vec<About<'a>>,
    /// What of the tokens is not in their entries, at the same places; of very long ones, a part.
    tails: Vec<[u8; HEAD]>,
    /// Whether a name is spelled with escapes.
    has_escapes: bool,
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
            abouts: Vec::new(),
            tails: Vec::new(),
            has_escapes: false,
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
            let (mut entry, about) =
                Entry::new(name.as_bytes(), name, kind, Identity::Standard(field));
            entry.standard_bit = bit;
            fields.add(entry, about);
        }
        let schema = context.schema;
        let declared = schema.and_then(|schema| schema.fields(format.object_type));
        for field in declared.unwrap_or_default() {
            let name = &field.unique_name;
            let is_plain = !name
                .bytes()
                .any(|byte| byte < 0x20 || byte == b'"' || byte == b'\\');
            if is_plain && fields.has_room_for(name.as_bytes()) {
                fields.add_declared(name.as_bytes(), name, context);
            }
        }
        fields
    }

    /// Whether the name may be added.
    fn has_room_for(&self, raw: &[u8]) -> bool {
        self.names.has_room() && raw.len() <= MAX_NAME_BYTES && self.names.find(raw).is_none()
    }

    /// Adds a declared field as a line spells its name. Says whether it is declared.
    fn add_declared(&mut self, raw: &[u8], name: &str, context: &CheckContext<'a>) -> bool {
        let object_type = context.format.object_type;
        // The first declaration of a name counts.
        let known = context
            .schema
            .and_then(|schema| schema.field(object_type, name));
        if let Some(field) = known {
            let kind = with_known_references(declared_kind(field), context);
            let (entry, about) = Entry::new(raw, name, kind, Identity::Declared(field));
            self.add(entry, about);
        }
        known.is_some()
    }

    /// Adds a name as a line spells it. Returns its place, or nothing if it cannot be added.
    pub(super) fn learn(
        &mut self,
        raw: &[u8],
        name: &str,
        classifier: &Classifier,
        context: &CheckContext<'a>,
    ) -> Option<usize> {
        // A standard field is spelled with escapes, which no program does: for the exact check.
        if !self.has_room_for(raw) || context.format.field(name).is_some() {
            return None;
        }
        let place = self.entries.len();
        if self.add_declared(raw, name, context) {
            return Some(place);
        }
        let unknown = classifier.classify(name);
        let (may_break, kind) = match Manners::of(unknown, context) {
            Manners::Good => (false, Kind::Custom),
            Manners::Bad => (true, Kind::Any),
            Manners::Depends => (true, Kind::Custom),
        };
        let (mut entry, about) = Entry::new(raw, name, kind, Identity::Unknown(unknown));
        entry.is_noted = may_break;
        self.add(entry, about);
        Some(place)
    }

    fn add(&mut self, mut entry: Entry, about: About<'a>) {
        let place = self.entries.len();
        self.has_escapes |= about.raw.contains(&b'\\');
        // Names are spelled in one way nearly always; only escapes make two.
        let first = if self.has_escapes {
            let mut known = self.abouts.iter();
            known.position(|known| known.name == about.name)
        } else {
            None
        };
        let narrow = |place: usize| u16::try_from(place).unwrap_or_default();
        entry.canonical = first.map_or(narrow(place), |first| self.entries[first].canonical);
        self.names.add(&about.raw);
        let token = about.token();
        self.tails
            .push(filled(token.get(HEAD..).unwrap_or_default()));
        self.entries.push(entry);
        self.abouts.push(about);
    }

    /// Whether the token of a name is at `at`, where these are the first bytes; if so, where it ends.
    #[inline]
    pub(super) fn begins(
        &self,
        place: usize,
        bytes: &[u8],
        at: usize,
        first: &Window,
    ) -> Option<usize> {
        let entry = &self.entries[place];
        let length = usize::from(entry.length);
        if text::same(first.first_chunk()?, &entry.head) < length.min(HEAD) {
            return None;
        }
        if length > HEAD && !self.ends(place, bytes, at)? {
            return None;
        }
        Some(at + length)
    }

    /// The same for a name of this length, from its quote to the next.
    ///
    /// Where it ends follows from the length alone. So a processor that takes for granted that the
    /// name is the one reads on, and need not wait until it is found in the table.
    #[inline]
    pub(super) fn is_named(
        &self,
        place: usize,
        bytes: &[u8],
        at: usize,
        first: &Window,
        name_length: usize,
    ) -> Option<usize> {
        let length = usize::from(self.entries[place].length);
        let is_same = self.begins(place, bytes, at, first).is_some();
        // A token has two quotes and a colon.
        (is_same && length == name_length + 3).then_some(at + name_length + 3)
    }

    /// Whether the rest of a long token is there.
    #[inline(never)]
    fn ends(&self, place: usize, bytes: &[u8], at: usize) -> Option<bool> {
        let length = usize::from(self.entries[place].length);
        let rest = length - HEAD;
        let same = text::same(bytes.get(at + HEAD..)?.first_chunk()?, &self.tails[place]);
        let is_very_long = rest > HEAD;
        Some(
            same >= rest.min(HEAD)
                && (!is_very_long || *bytes.get(at..at + length)? == self.abouts[place].token()),
        )
    }

    /// Whether a name is spelled with escapes, so that two spellings may be one name.
    pub(super) fn has_escapes(&self) -> bool {
        self.has_escapes
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    pub(super) fn entry(&self, place: usize) -> &Entry {
        &self.entries[place]
    }

    /// More of a name.
    pub(super) fn about(&self, place: usize) -> &About<'a> {
        &self.abouts[place]
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
        FieldKind::Integer { minimum, .. } => Kind::Integer {
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
