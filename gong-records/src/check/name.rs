//! Names that are not fields of the type: retired, misspelled, or custom.

use crate::record::{Field, LineFormat};

/// What a name that is no field of the type may be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Stranger {
    /// A name that a field had once.
    Retired { today: &'static str },
    /// Nearly the name of a field.
    Misspelled {
        meant: &'static Field,
        /// Whether it is so like the field's name that it is a slip even beside that field.
        is_certain: bool,
    },
    /// A custom field.
    Custom,
}

/// Says what a name may be that is no field of the type.
pub(super) fn stranger(format: &'static LineFormat, name: &str) -> Stranger {
    let plain = plain(name);
    let retired = format.retired_names.iter();
    if let Some((_, today)) = retired.clone().find(|(old, _)| self::plain(old) == plain) {
        return Stranger::Retired { today };
    }
    let fields = format.fields.iter();
    if let Some(meant) = fields
        .clone()
        .find(|field| self::plain(field.name) == plain)
    {
        return Stranger::Misspelled {
            meant,
            is_certain: true,
        };
    }
    let nearest = fields
        .map(|field| (slips(&plain, field), field))
        .min_by_key(|(slips, _)| *slips);
    match nearest {
        // Two slips in a short word make another word.
        Some((slips, meant))
            if slips <= usize::from(plain.len() > 3) + usize::from(plain.len() > 6) =>
        {
            Stranger::Misspelled {
                meant,
                is_certain: false,
            }
        }
        _ => Stranger::Custom,
    }
}

/// How many slips of the pen lie between the name and the field's.
fn slips(plain_name: &str, field: &Field) -> usize {
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
    strsim::osa_distance(plain_name, &field_name)
}

/// The name without what people vary: case, underscores, hyphens, spaces.
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
    use crate::record::ObjectType;

    #[test]
    fn the_name_that_was_meant_is_found() {
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
            let found = match stranger(object_type.line_format(), name) {
                Stranger::Retired { today } => today,
                Stranger::Misspelled { meant, .. } => meant.name,
                Stranger::Custom => "custom",
            };
            assert_eq!(found, meant, "{name}");
        }
    }

    #[test]
    fn names_of_their_own_are_custom() {
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
            let found = stranger(object_type.line_format(), name);
            assert!(matches!(found, Stranger::Custom), "{name}: {found:?}");
        }
    }
}
