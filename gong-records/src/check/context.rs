//! The context in which lines are checked.

use super::ids::IdIndex;
use crate::record::{Field, FieldKind, LineFormat, ObjectType};
use crate::schema::EntitySchema;

/// The context in which the lines of a file are checked.
#[derive(Debug, Clone, Copy)]
pub(super) struct CheckContext<'a> {
    pub(super) format: &'static LineFormat,
    /// The entity schema, if it declares fields of this type.
    pub(super) schema: Option<&'a EntitySchema>,
    /// The records of other files.
    pub(super) known_ids: &'a IdIndex,
}

impl<'a> CheckContext<'a> {
    pub(super) fn new(
        object_type: ObjectType,
        schema: Option<&'a EntitySchema>,
        known_ids: &'a IdIndex,
    ) -> Self {
        Self {
            format: object_type.line_format(),
            schema: schema.filter(|schema| schema.fields(object_type).is_some()),
            known_ids,
        }
    }
}

/// The standard fields of a line, one bit each in the order of [`LineFormat::fields`]. No type has
/// more than 64, which a test verifies.
pub(super) type FieldSet = u64;

/// The bit of a standard field; none for a name that is not one.
pub(super) fn bit_of(format: &LineFormat, name: &str) -> FieldSet {
    let index = format.fields.iter().position(|field| field.name == name);
    index.map_or(0, |index| 1 << index)
}

/// Whether the check warns if an optional field is missing. Not for email addresses: Gong matches
/// people in other ways too.
pub(super) fn warns_if_missing(field: &Field) -> bool {
    field.when_missing.is_some() && field.kind != FieldKind::EmailAddress
}

/// Whether Gong assigns business users to people by the field.
pub(super) fn is_email_of_user(field: &Field, object_type: ObjectType) -> bool {
    object_type == ObjectType::BusinessUser
        && field.kind == FieldKind::EmailAddress
        && field.name == "emailAddress"
}

/// Whether a value of `isDeleted` means a deletion, also in quotes.
pub(super) fn is_true(json: &str) -> bool {
    json.trim_matches('"') == "true"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn field_set_has_a_bit_for_each_standard_field() {
        for object_type in ObjectType::ALL {
            let format = object_type.line_format();
            assert!(format.fields.len() <= 64);
            assert_eq!(bit_of(format, format.fields[1].name), 2);
            assert_eq!(bit_of(format, "x"), 0);
        }
    }
}
