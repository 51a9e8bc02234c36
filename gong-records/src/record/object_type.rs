//! The metadata of an object type.

use std::str::FromStr;

use super::field::LineFormat;
use super::generated::line_format;
use crate::object_type::ObjectType;
use crate::value::{InvalidValue, Word};

impl ObjectType {
    /// Every type, in the order in which they are loaded: a type comes after those that it refers to.
    pub const ALL: [Self; 6] = [
        Self::Stage,
        Self::BusinessUser,
        Self::Account,
        Self::Contact,
        Self::Deal,
        Self::Lead,
    ];

    /// The fields of the type's lines.
    pub fn line_format(self) -> &'static LineFormat {
        line_format(self)
    }

    /// Whether the type's custom fields can be declared, and its objects fetched: true of
    /// accounts, contacts, deals and leads.
    ///
    /// ```
    /// use gong_records::ObjectType;
    ///
    /// assert!(ObjectType::Deal.has_entity_schema());
    /// assert!(!ObjectType::Stage.has_entity_schema());
    /// ```
    pub fn has_entity_schema(self) -> bool {
        self.line_format().entity_schema
    }

    /// The beginning of the names of its files, such as `business_users`.
    pub fn file_stem(self) -> &'static str {
        self.line_format().file_stem
    }

    /// The type by a file's name: `accounts.ldjson`, `business_users-2.ldjson`,
    /// `deals.2026-03-01.ldjson.gz`.
    ///
    /// The name begins with a type's plural, or its name, in any case; after it the name ends or
    /// continues with something that is not a letter.
    ///
    /// ```
    /// use gong_records::ObjectType;
    ///
    /// assert_eq!(ObjectType::from_file_name("accounts.ldjson"), Some(ObjectType::Account));
    /// assert_eq!(ObjectType::from_file_name("BUSINESS_USER-2.ldjson"), Some(ObjectType::BusinessUser));
    /// assert_eq!(ObjectType::from_file_name("accounting.ldjson"), None);
    /// ```
    pub fn from_file_name(name: &str) -> Option<Self> {
        let name = name.to_lowercase().replace('-', "_");
        Self::ALL.into_iter().find(|object_type| {
            let singular = object_type.as_str().to_lowercase();
            [object_type.file_stem(), singular.as_str()]
                .into_iter()
                .any(|stem| {
                    name.strip_prefix(stem)
                        .is_some_and(|rest| !rest.starts_with(|next: char| next.is_alphabetic()))
                })
        })
    }
}

impl FromStr for ObjectType {
    type Err = UnknownObjectType;

    /// Parses the name as Gong writes it; also in other cases and in the plural.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let name = text.to_lowercase().replace('-', "_");
        Self::ALL
            .into_iter()
            .find(|object_type| {
                name == object_type.as_str().to_lowercase() || name == object_type.file_stem()
            })
            .ok_or_else(|| UnknownObjectType {
                name: text.to_owned(),
            })
    }
}

impl<'de> serde::Deserialize<'de> for ObjectType {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        name.parse().map_err(serde::de::Error::custom)
    }
}

/// A name that is not one of Gong's object types.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name:?} is not an object type; use one of {}", ObjectType::WORDS.join(", "))]
pub struct UnknownObjectType {
    name: String,
}

/// Ensures that the message for an unknown type is the same everywhere.
impl From<UnknownObjectType> for InvalidValue {
    fn from(unknown: UnknownObjectType) -> Self {
        Self::new(crate::rule::Rule::UnknownWord, unknown.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_in_load_order() {
        let orders = ObjectType::ALL.map(|object_type| object_type.line_format().load_order);
        assert_eq!(orders, [1, 2, 3, 4, 5, 6]);
    }

    #[test]
    fn names_are_read_as_people_write_them() {
        for text in ["ACCOUNT", "account", "accounts", "Accounts"] {
            assert_eq!(text.parse(), Ok(ObjectType::Account), "{text}");
        }
        assert_eq!("business-user".parse(), Ok(ObjectType::BusinessUser));
        let message = "USER".parse::<ObjectType>().unwrap_err().to_string();
        assert!(
            message.contains("BUSINESS_USER") && message.contains("\"USER\""),
            "{message}"
        );
    }
}
