//! Names that are not names of standard fields: retired, misspelled, or custom.

use std::collections::HashMap;

use foldhash::fast::RandomState;

use super::context::{CheckContext, FieldSet, bit_of};
use crate::record::{Field, LineFormat};
use crate::rule::Rule;

/// What a name may be that is not the name of a standard field.
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

/// A name that the scanner may learn, as it is in the line, without quotes.
#[derive(Debug)]
pub(super) struct LearnedName {
    pub(super) raw: std::ops::Range<usize>,
    pub(super) unknown: UnknownName,
}

/// Names that were classified already: a name is in every record, and comparing it takes time.
#[derive(Debug, Default)]
pub(super) struct NameCache(HashMap<Box<str>, UnknownName, RandomState>);

impl NameCache {
    /// How many names are kept.
    const MAX_NAMES: usize = 8_192;

    pub(super) fn classify(&mut self, format: &'static LineFormat, name: &str) -> UnknownName {
        if let Some(known) = self.0.get(name) {
            return *known;
        }
        let unknown = classify(format, name);
        if self.0.len() < Self::MAX_NAMES {
            self.0.insert(name.into(), unknown);
        }
        unknown
    }
}

/// How many letters of a name may differ from that of the field that is meant.
const MAX_DISTANCE: usize = 2;

/// Classifies a name that is not the name of a standard field.
fn classify(format: &'static LineFormat, name: &str) -> UnknownName {
    if name.is_empty() {
        return UnknownName::Empty;
    }
    let plain = plain(name);
    let retired = format.retired_names.iter();
    if let Some((_, current)) = retired.clone().find(|(old, _)| self::plain(old) == plain) {
        return UnknownName::Retired { current };
    }
    let misspelled = |meant: &'static Field, is_certain| UnknownName::Misspelled {
        meant,
        bit: bit_of(format, meant.name),
        is_certain,
    };
    let fields = format.fields.iter();
    if let Some(meant) = fields
        .clone()
        .find(|field| self::plain(field.name) == plain)
    {
        return misspelled(meant, true);
    }
    // Two different letters in a short word make another word.
    let tolerated = usize::from(plain.len() > 3) + usize::from(plain.len() > 6);
    let nearest = fields
        .map(|field| (distance(&plain, field), field))
        .min_by_key(|(distance, _)| *distance);
    match nearest {
        Some((distance, meant)) if distance <= tolerated.min(MAX_DISTANCE) => {
            misspelled(meant, false)
        }
        _ => UnknownName::Custom,
    }
}

/// The edit distance between a name and that of a field.
fn distance(plain_name: &str, field: &Field) -> usize {
    let words = words(field.name);
    let is_beginning = words
        .iter()
        .scan(String::new(), |beginning, word| {
            beginning.push_str(word);
            Some(beginning.clone())
        })
        .any(|beginning| beginning.len() > 3 && beginning == plain_name);
    let field_name = words.concat();
    // `email` for `emailAddress`, `stageId` for `stage`.
    if is_beginning || plain_name.strip_suffix("id") == Some(&field_name) {
        return 1;
    }
    // The distance is at least the difference of the lengths, and long names are common.
    if plain_name.len().abs_diff(field_name.len()) > MAX_DISTANCE * char::MAX_LEN_UTF8 {
        return usize::MAX;
    }
    strsim::osa_distance(plain_name, &field_name)
}

/// The name without case, underscores, hyphens and spaces, which people vary.
fn plain(name: &str) -> String {
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
            let found = match classify(object_type.line_format(), name) {
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
            let found = classify(object_type.line_format(), name);
            assert!(matches!(found, UnknownName::Custom), "{name}: {found:?}");
        }
    }
}
