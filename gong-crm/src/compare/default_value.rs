//! Gong's default for an absent standard field.

use crate::record::{Field, FieldKind};

/// A documented default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DefaultValue {
    /// A value as JSON without quotes, such as `false` or `0`.
    Literal(&'static str),
    /// A string.
    Text(&'static str),
    /// This text followed by the record's `objectId`.
    TextAndId(&'static str),
}

/// How the contract writes a default that depends on the record.
const AND_ID: &str = " followed by the objectId";

impl DefaultValue {
    pub(super) fn of(field: &Field) -> Option<Self> {
        let default = field.default?;
        Some(match field.kind {
            FieldKind::Boolean | FieldKind::Amount | FieldKind::Integer { .. } => {
                Self::Literal(default)
            }
            _ => match default.strip_suffix(AND_ID) {
                Some(text) => Self::TextAndId(text),
                None => Self::Text(default),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ObjectType;

    #[test]
    fn every_default_of_the_contract_is_understood() {
        let mut found = Vec::new();
        for object_type in ObjectType::ALL {
            for field in object_type.line_format().fields {
                if let Some(default) = DefaultValue::of(field) {
                    found.push((object_type, field.name, default));
                }
            }
        }
        let differing: Vec<_> = found
            .iter()
            .filter(|(_, name, _)| *name != "isDeleted")
            .copied()
            .collect();
        assert_eq!(
            differing,
            [
                (ObjectType::Stage, "isActive", DefaultValue::Literal("true")),
                (ObjectType::Stage, "sortOrder", DefaultValue::Literal("1")),
                (
                    ObjectType::Account,
                    "name",
                    DefaultValue::TextAndId("Account_#")
                ),
                (ObjectType::Deal, "name", DefaultValue::TextAndId("Deal_#")),
                (ObjectType::Deal, "status", DefaultValue::Text("OPEN")),
                (ObjectType::Deal, "amount", DefaultValue::Literal("0")),
            ]
        );
        assert_eq!(found.len() - differing.len(), ObjectType::ALL.len());
    }
}
