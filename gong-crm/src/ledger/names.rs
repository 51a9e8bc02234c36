//! Numbers for the names of fields, and the generation of each custom field.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::store::{Batch, Table};
use super::{Ledger, LedgerError, Space};
use crate::ObjectType;

/// One name of a field.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Name {
    name: String,
    /// Grows when Gong's schema field is added, retyped or made again: values that were sent before
    /// were never shown.
    #[serde(default)]
    generation: u32,
}

/// The names of the fields of one type, numbered in the order in which they were first sent.
#[derive(Debug, Clone, Default)]
#[expect(clippy::struct_field_names, reason = "they are the names")]
pub(crate) struct Names {
    names: Vec<Name>,
    numbers: HashMap<String, u16>,
    key: Vec<u8>,
    is_changed: bool,
}

impl Names {
    /// The number of a name; a new name gets the next one.
    ///
    /// After 65,535 names, which no CRM has, the last number is shared.
    pub(crate) fn number(&mut self, name: &str) -> u16 {
        if let Some(number) = self.numbers.get(name) {
            return *number;
        }
        let number = u16::try_from(self.names.len()).unwrap_or(u16::MAX);
        self.names.push(Name {
            name: name.to_owned(),
            generation: 0,
        });
        self.numbers.insert(name.to_owned(), number);
        self.is_changed = true;
        number
    }

    /// The number of a name, if it has one.
    pub(crate) fn number_of(&self, name: &str) -> Option<u16> {
        self.numbers.get(name).copied()
    }

    /// The name with a number.
    pub(crate) fn name(&self, number: u16) -> Option<&str> {
        self.names
            .get(usize::from(number))
            .map(|name| name.name.as_str())
    }

    /// The generations of all names that have had more than one.
    pub(crate) fn generations(&self) -> HashMap<String, u32> {
        let changed = self.names.iter().filter(|name| name.generation > 0);
        changed
            .map(|name| (name.name.clone(), name.generation))
            .collect()
    }

    /// Notes that a field was made again in Gong's schema.
    pub(crate) fn bump(&mut self, name: &str) {
        let number = self.number(name);
        if let Some(name) = self.names.get_mut(usize::from(number)) {
            name.generation += 1;
            self.is_changed = true;
        }
    }

    /// Adds the names to a batch, if there are new ones.
    pub(crate) fn write(&mut self, batch: &mut Batch) {
        if std::mem::take(&mut self.is_changed)
            && let Ok(bytes) = serde_json::to_vec(&self.names)
        {
            batch.put(Table::Meta, &self.key, &bytes);
        }
    }
}

impl Ledger {
    /// The names of the fields of a type.
    pub(crate) async fn names(
        &self,
        space: Space,
        object_type: ObjectType,
    ) -> Result<Names, LedgerError> {
        let key = format!("names {} {object_type}", space.0).into_bytes();
        let names: Vec<Name> = self.meta_json(&key).await?.unwrap_or_default();
        let numbers = (0..=u16::MAX)
            .zip(&names)
            .map(|(number, name)| (name.name.clone(), number))
            .collect();
        Ok(Names {
            names,
            numbers,
            key,
            is_changed: false,
        })
    }
}
