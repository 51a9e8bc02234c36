//! The custom fields of an object type, and the rules of their definition.

use serde::{Deserialize, Serialize};

use crate::object_type::ObjectType;

/// The types a custom field can have, as Gong spells them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub(crate) enum FieldType {
    Date,
    DateTime,
    Number,
    Percent,
    Currency,
    Id,
    Url,
    String,
    Boolean,
    PhoneNumber,
    EmailAddress,
    Picklist,
    Reference,
    StringArray,
}

/// One custom field of an entity schema.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct SchemaField {
    pub(crate) unique_name: String,
    pub(crate) label: String,
    #[serde(rename = "type")]
    pub(crate) field_type: FieldType,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) last_modified: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) reference_to: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) ordered_value_list: Option<Vec<String>>,
}

impl SchemaField {
    #[cfg(test)]
    pub(crate) fn new(unique_name: &str, field_type: FieldType) -> Self {
        Self {
            unique_name: unique_name.to_owned(),
            label: unique_name.to_owned(),
            field_type,
            last_modified: None,
            reference_to: None,
            ordered_value_list: None,
        }
    }

    #[cfg(test)]
    pub(crate) fn with_values<const COUNT: usize>(mut self, values: [&str; COUNT]) -> Self {
        self.ordered_value_list = Some(values.map(str::to_owned).into());
        self
    }

    /// The type of the objects that a REFERENCE field names.
    pub(crate) fn reference_target(&self) -> Option<ObjectType> {
        match self.reference_to.as_deref()? {
            // Gong calls the type BUSINESS_USER in uploads and USER here.
            "USER" => Some(ObjectType::BusinessUser),
            name => ObjectType::from_name(name).filter(|target| target.has_schema()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_spelled_as_gong_spells_them() {
        let types = [
            "DATE",
            "DATETIME",
            "NUMBER",
            "PERCENT",
            "CURRENCY",
            "ID",
            "URL",
            "STRING",
            "BOOLEAN",
            "PHONENUMBER",
            "EMAILADDRESS",
            "PICKLIST",
            "REFERENCE",
            "STRINGARRAY",
        ];
        for name in types {
            let read: FieldType = serde_json::from_value(name.into()).unwrap();
            assert_eq!(serde_json::to_value(read).unwrap(), name);
        }
    }
}
