//! The types of custom fields.

use std::fmt;

/// The type of a custom field, as Gong declares it.
///
/// ```
/// use gong_records::FieldType;
///
/// assert_eq!(FieldType::from("PICKLIST"), FieldType::Picklist);
/// assert_eq!(FieldType::String.as_str(), "STRING");
/// assert_eq!(FieldType::from("COLOR"), FieldType::Unknown("COLOR".to_owned()));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldType {
    /// `DATE`: a day, `"2020-05-31"`.
    Date,
    /// `DATETIME`: a date-time with offset or `Z` and without milliseconds.
    DateTime,
    /// `NUMBER`: a number.
    Number,
    /// `PERCENT`: a number from 0 to 100.
    Percent,
    /// `CURRENCY`: a number; the currency is set in Gong, one per company.
    Currency,
    /// `ID`: the id of the object, in quotes.
    Id,
    /// `URL`: a link.
    Url,
    /// `STRING`: a string.
    String,
    /// `BOOLEAN`: `true` or `false`.
    Boolean,
    /// `PHONENUMBER`: a phone number, in quotes.
    PhoneNumber,
    /// `EMAILADDRESS`: an email address.
    EmailAddress,
    /// `PICKLIST`: one of the field's declared values.
    Picklist,
    /// `REFERENCE`: the id of another object, in quotes.
    Reference,
    /// `STRINGARRAY`: a list of strings; Gong's table of formats does not list it.
    StringArray,
    /// A type that this crate does not know; its values are not checked.
    Unknown(String),
}

impl FieldType {
    /// Every type that Gong documents.
    pub const ALL: [Self; 14] = [
        Self::Date,
        Self::DateTime,
        Self::Number,
        Self::Percent,
        Self::Currency,
        Self::Id,
        Self::Url,
        Self::String,
        Self::Boolean,
        Self::PhoneNumber,
        Self::EmailAddress,
        Self::Picklist,
        Self::Reference,
        Self::StringArray,
    ];

    /// The value on the wire, such as `PICKLIST`.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Date => "DATE",
            Self::DateTime => "DATETIME",
            Self::Number => "NUMBER",
            Self::Percent => "PERCENT",
            Self::Currency => "CURRENCY",
            Self::Id => "ID",
            Self::Url => "URL",
            Self::String => "STRING",
            Self::Boolean => "BOOLEAN",
            Self::PhoneNumber => "PHONENUMBER",
            Self::EmailAddress => "EMAILADDRESS",
            Self::Picklist => "PICKLIST",
            Self::Reference => "REFERENCE",
            Self::StringArray => "STRINGARRAY",
            Self::Unknown(word) => word,
        }
    }
}

impl From<&str> for FieldType {
    fn from(word: &str) -> Self {
        Self::ALL
            .into_iter()
            .find(|known| known.as_str() == word)
            .unwrap_or_else(|| Self::Unknown(word.to_owned()))
    }
}

impl From<String> for FieldType {
    fn from(word: String) -> Self {
        Self::from(word.as_str())
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl serde::Serialize for FieldType {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_is_read_back_from_its_word() {
        for known in FieldType::ALL {
            assert_eq!(FieldType::from(known.as_str()), known);
        }
    }

    #[test]
    fn the_types_are_those_of_openapi_yaml() {
        let openapi = include_str!("../../../openapi.yaml");
        let mut listed: Vec<&str> = openapi
            .split_once("\n    FieldType:\n")
            .and_then(|(_, rest)| rest.split_once("enum:"))
            .map(|(_, rest)| rest.lines().skip(1))
            .unwrap()
            .map_while(|line| line.trim().strip_prefix("- "))
            .collect();
        let mut known = FieldType::ALL.map(|known| known.as_str().to_owned());
        listed.sort_unstable();
        known.sort_unstable();
        assert_eq!(listed, known);
    }
}
