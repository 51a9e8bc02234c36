//! A parsed line, before its values are validated.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::custom::{CustomFields, one_line};
use super::validation::{Bounded, Validation};
use crate::rule::Rule;
use crate::value::{FromJson, InvalidValue};

/// Names and JSON values of one object, in order.
#[derive(Debug)]
pub(crate) struct RawRecord {
    fields: Vec<(String, Box<RawValue>)>,
    /// Names that occur more than once.
    repeated: Vec<String>,
}

impl RawRecord {
    /// Removes the field with this name and parses it as the type it must have.
    pub(crate) fn take<T: FromJson + Bounded>(
        &mut self,
        name: &'static str,
        validation: &mut Validation,
    ) -> Option<T> {
        if self.repeated.iter().any(|repeated| repeated == name) {
            validation.violate(
                name,
                InvalidValue::new(Rule::DuplicateKey, "it occurs more than once"),
            );
        }
        let index = self.fields.iter().position(|(known, _)| known == name)?;
        let (_, json) = self.fields.remove(index);
        validation.take_value(name, T::from_json(&json))
    }

    /// The remaining fields.
    pub(crate) fn into_custom_fields(self) -> CustomFields {
        let one_line = |(name, json)| (name, one_line(json));
        let fields: Vec<_> = self.fields.into_iter().map(one_line).collect();
        CustomFields::new(&fields)
    }
}

impl<'de> Deserialize<'de> for RawRecord {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Object;

        impl<'de> Visitor<'de> for Object {
            type Value = RawRecord;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object, one record of an entity file")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawRecord, A::Error> {
                let mut draft = RawRecord {
                    fields: Vec::new(),
                    repeated: Vec::new(),
                };
                while let Some((name, json)) = map.next_entry::<String, Box<RawValue>>()? {
                    if draft.fields.iter().any(|(known, _)| *known == name) {
                        draft.repeated.push(name);
                    } else {
                        draft.fields.push((name, json));
                    }
                }
                Ok(draft)
            }
        }

        deserializer.deserialize_map(Object)
    }
}
