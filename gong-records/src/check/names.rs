//! Names that are not names of standard fields: retired, misspelled, or custom.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::context::{CheckContext, FieldSet, bit_of};
use crate::record::{Field, LineFormat};
use crate::rule::Rule;

/// The possible kinds of a name that is not a standard field's.
#[derive(Debug, Clone, Copy)]
pub(super) enum UnknownName {
    /// The empty name.
    Empty,
    /// An earlier name of a field.
    Retired { current: &'static str },
    /// Almost the name of a field.
    Misspelled {
        meant: &'static Field,
        /// The bit of that field.
        bit: FieldSet,
        /// Whether it is so similar that it is misspelled even beside that field.
        is_certain: bool,
    },
    /// A custom field.
    Custom,
}

impl UnknownName {
    /// The rule that the name breaks in a line with these standard fields.
    pub(super) fn rule(self, context: &CheckContext<'_>, present: FieldSet) -> Option<Rule> {
        match self {
            Self::Empty => Some(Rule::CustomName),
            Self::Retired { .. } => Some(Rule::RetiredName),
            Self::Misspelled {
                bit, is_certain, ..
            } if is_certain || present & bit == 0 => Some(Rule::MisspelledName),
            Self::Misspelled { .. } | Self::Custom => {
                if !context.format.entity_schema {
                    Some(Rule::CustomNotShown)
                } else if context.schema.is_some() {
                    Some(Rule::CustomUnknown)
                } else {
                    None
                }
            }
        }
    }
}

/// Names that were classified already: a name is in every record, and comparing it takes time.
#[derive(Debug)]
pub(super) struct NameCache {
    classifier: Classifier,
    known: HashMap<Box<str>, UnknownName, RandomState>,
}

impl NameCache {
    /// How many names are kept.
    const MAX_NAMES: usize = 8_192;

    pub(super) fn new(format: &'static LineFormat) -> Self {
        Self {
            classifier: Classifier::new(format),
            known: HashMap::default(),
        }
    }

    pub(super) fn classify(&mut self, name: &str) -> UnknownName {
        if let Some(known) = self.known.get(name) {
            return *known;
        }
        let unknown = self.classifier.classify(name);
        if self.known.len() < Self::MAX_NAMES {
            self.known.insert(name.into(), unknown);
        }
        unknown
    }
}

/// The maximum number of letters in which a name may differ from the intended field.
const MAX_DISTANCE: usize = 2;

/// Classifies names that are not the names of standard fields.
#[derive(Debug)]
pub(super) struct Classifier {
    /// Earlier names, plain, and the names of today.
    retired: Vec<(String, &'static str)>,
    fields: Vec<FieldName>,
}

/// The name of a standard field, in the forms in which names are compared with it.
#[derive(Debug)]
struct FieldName {
    field: &'static Field,
    /// The bit of the field.
    bit: FieldSet,
    /// Its words in lower case, which are what [`plain`] makes of it.
    plain: String,
    /// The lengths of what the name begins with: its first word, its first two words.
    beginnings: Vec<usize>,
    letters: Letters,
}

/// Which letters a text has, and how many: two texts that differ in more than a few have no small
/// edit distance, which this finds out faster than the distance itself.
#[derive(Debug, Clone, Copy)]
struct Letters {
    /// A bit for each letter; some letters share one.
    set: u64,
    count: usize,
}

impl Letters {
    fn of(text: &str) -> Self {
        let mut letters = Self { set: 0, count: 0 };
        for letter in text.chars() {
            letters.set |= 1 << (u32::from(letter) % 64);
            letters.count += 1;
        }
        letters
    }

    /// Whether the edit distance may be at most [`MAX_DISTANCE`]: each edit adds or removes one
    /// letter, or does both.
    fn are_near(self, other: Self) -> bool {
        self.count.abs_diff(other.count) <= MAX_DISTANCE
            && (self.set ^ other.set).count_ones() as usize <= 2 * MAX_DISTANCE
    }
}

impl Classifier {
    pub(super) fn new(format: &'static LineFormat) -> Self {
        let retired = format.retired_names.iter();
        let fields = format.fields.iter().map(|field| {
            let words = words(field.name);
            let beginnings = words.iter().scan(0, |length, word| {
                *length += word.len();
                Some(*length)
            });
            let plain = words.concat();
            FieldName {
                field,
                bit: bit_of(format, field.name),
                beginnings: beginnings.collect(),
                letters: Letters::of(&plain),
                plain,
            }
        });
        Self {
            retired: retired
                .map(|(old, current)| (plain(old), *current))
                .collect(),
            fields: fields.collect(),
        }
    }

    pub(super) fn classify(&self, name: &str) -> UnknownName {
        if name.is_empty() {
            return UnknownName::Empty;
        }
        let plain = plain(name);
        if let Some((_, current)) = self.retired.iter().find(|(old, _)| *old == plain) {
            return UnknownName::Retired { current };
        }
        let misspelled = |meant: &FieldName, is_certain| UnknownName::Misspelled {
            meant: meant.field,
            bit: meant.bit,
            is_certain,
        };
        if let Some(meant) = self.fields.iter().find(|field| field.plain == plain) {
            return misspelled(meant, true);
        }
        // Two different letters in a short word make another word.
        let tolerated = usize::from(plain.len() > 3) + usize::from(plain.len() > 6);
        let letters = Letters::of(&plain);
        let nearest = self
            .fields
            .iter()
            .filter_map(|field| Some((field.distance(&plain, letters)?, field)))
            .min_by_key(|(distance, _)| *distance);
        match nearest {
            Some((distance, meant)) if distance <= tolerated.min(MAX_DISTANCE) => {
                misspelled(meant, false)
            }
            _ => UnknownName::Custom,
        }
    }
}

impl FieldName {
    /// The edit distance between a plain name and this one, unless it is large.
    fn distance(&self, plain_name: &str, letters: Letters) -> Option<usize> {
        let length = plain_name.len();
        let is_beginning =
            length > 3 && self.beginnings.contains(&length) && self.plain.starts_with(plain_name);
        // `email` for `emailAddress`, `stageId` for `stage`.
        if is_beginning || plain_name.strip_suffix("id") == Some(&self.plain) {
            return Some(1);
        }
        let is_near = letters.are_near(self.letters);
        is_near.then(|| strsim::osa_distance(plain_name, &self.plain))
    }
}

/// The name without case, underscores, hyphens and spaces, which people vary.
fn plain(name: &str) -> String {
    if name.is_ascii() {
        let letters = name.bytes().filter(u8::is_ascii_alphanumeric);
        return letters
            .map(|letter| char::from(letter.to_ascii_lowercase()))
            .collect();
    }
    name.chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// The words of a name such as `emailAddress`, in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    for character in name.chars() {
        match words.last_mut() {
            Some(word) if character.is_lowercase() => word.push(character),
            _ => words.push(character.to_lowercase().collect()),
        }
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::object_type::ObjectType;

    #[test]
    fn misspelled_names_lead_to_the_field() {
        for (object_type, name, meant) in [
            (ObjectType::Deal, "lastModified", "modifiedDate"),
            (ObjectType::Deal, "isWon", "status"),
            (ObjectType::Deal, "objectID", "objectId"),
            (ObjectType::Deal, "owner_id", "ownerId"),
            (ObjectType::Deal, "stageId", "stage"),
            (ObjectType::Deal, "amout", "amount"),
            (ObjectType::Deal, "closedDate", "closeDate"),
            (ObjectType::Contact, "email", "emailAddress"),
            (ObjectType::Contact, "Phone", "phoneNumber"),
            (ObjectType::Contact, "emailAdress", "emailAddress"),
            (ObjectType::Account, "domain", "domains"),
            (ObjectType::Stage, "internalName", "objectId"),
        ] {
            let found = match Classifier::new(object_type.line_format()).classify(name) {
                UnknownName::Retired { current } => current,
                UnknownName::Misspelled { meant, .. } => meant.name,
                UnknownName::Custom => "custom",
                UnknownName::Empty => "empty",
            };
            assert_eq!(found, meant, "{name}");
        }
    }

    #[test]
    fn other_names_are_custom() {
        for (object_type, name) in [
            (ObjectType::Deal, "custom_field_1"),
            (ObjectType::Deal, "region"),
            (ObjectType::Deal, "winProbability"),
            (ObjectType::Deal, "productLine"),
            (ObjectType::Account, "type"),
            (ObjectType::Account, "industry"),
            (ObjectType::Account, "uri"),
            (ObjectType::Lead, "source"),
        ] {
            let found = Classifier::new(object_type.line_format()).classify(name);
            assert!(matches!(found, UnknownName::Custom), "{name}: {found:?}");
        }
    }
}
