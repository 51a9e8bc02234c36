//! The tables for lookups: another file, or the records of another type.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::cell::Wrong;
use super::model::Lookup;
use super::nearest::nfc;

/// What each key leads to.
#[derive(Debug)]
pub(super) struct Table {
    found: HashMap<String, Found>,
    /// The file or type, as the mapping names it.
    source: String,
    pub(super) key: String,
    pub(super) value: String,
    /// The value is an open question of another mapping, which is reported there.
    pub(super) is_open: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Found {
    One(String),
    /// Different values, at least two.
    Several(usize),
}

/// Tables that were read, so that each is read once per conversion.
#[derive(Debug, Clone, Default)]
pub(super) struct Cache(Arc<Mutex<HashMap<Place, Arc<Table>>>>);

/// The files with their sizes and times, the key and the value.
pub(super) type Place = (
    Vec<(PathBuf, u64, Option<std::time::SystemTime>)>,
    String,
    String,
);

impl Table {
    /// An empty table of what the mapping names.
    pub(super) fn new(lookup: &Lookup) -> Self {
        Self {
            found: HashMap::new(),
            source: lookup.source.clone(),
            key: lookup.key.clone(),
            value: lookup.value.clone(),
            is_open: false,
        }
    }

    /// The value for a cell.
    pub(super) fn get(&self, cell: &str) -> Result<&str, Wrong> {
        match self.found.get(&*nfc(cell)) {
            Some(_) if self.is_open => Ok(""),
            Some(Found::One(value)) if value.is_empty() => Err(Wrong::lookup(
                format!(
                    "{} has no {} where {} is {cell:?}",
                    self.source, self.value, self.key
                ),
                format!("add it to {}", self.source),
            )),
            Some(Found::One(value)) => Ok(value),
            Some(Found::Several(count)) => Err(Wrong::lookup(
                format!(
                    "{} has {count} different values of {} where {} is {cell:?}",
                    self.source, self.value, self.key
                ),
                "look up by a column that is unique, or correct the file",
            )),
            None => Err(Wrong::lookup(
                format!("{} has no row where {} is {cell:?}", self.source, self.key),
                format!(
                    "add the row to {}, or say in values of the mapping what stands in: values = {{ \
                     {cell:?} = \"\" }} for none",
                    self.source
                ),
            )),
        }
    }

    /// Whether the table has no value for the cell, neither one nor several.
    pub(super) fn lacks(&self, cell: &str) -> bool {
        !self.found.contains_key(&*nfc(cell))
    }

    pub(super) fn insert(&mut self, key: &str, value: &str) {
        let (key, value) = (&*nfc(key.trim()), value.trim());
        if key.is_empty() {
            return;
        }
        match self.found.get_mut(key) {
            None => {
                self.found
                    .insert(key.to_owned(), Found::One(value.to_owned()));
            }
            Some(Found::One(known)) if known == value => {}
            Some(found) => {
                let count = match found {
                    Found::One(_) => 2,
                    Found::Several(count) => *count + 1,
                };
                *found = Found::Several(count);
            }
        }
    }
}

impl Cache {
    pub(super) fn get(&self, place: &Place) -> Option<Arc<Table>> {
        self.0.lock().ok()?.get(place).cloned()
    }

    pub(super) fn insert(&self, place: Place, table: &Arc<Table>) {
        if let Ok(mut tables) = self.0.lock() {
            tables.insert(place, Arc::clone(table));
        }
    }
}
