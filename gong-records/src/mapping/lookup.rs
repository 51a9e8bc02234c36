//! The tables for lookups: another file, or the records of another type.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use super::cell::CellError;
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
    /// Different values, at least two: the first of them, and how many more there are.
    Several(Vec<String>, usize),
}

/// How many values of one key a message lists.
const LISTED: usize = 4;

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
    pub(super) fn get(&self, cell: &str) -> Result<&str, CellError> {
        match self.found.get(&*nfc(cell)) {
            Some(_) if self.is_open => Ok(""),
            Some(Found::One(value)) if value.is_empty() => Err(CellError::lookup(
                format!(
                    "{} has no {} where {} is {cell:?}",
                    self.source, self.value, self.key
                ),
                format!("add it to {}", self.source),
            )),
            Some(Found::One(value)) => Ok(value),
            Some(Found::Several(values, more)) => {
                let mut all: Vec<&str> = values.iter().map(String::as_str).collect();
                all.extend((*more > 0).then_some("…"));
                Err(CellError::lookup(
                    format!(
                        "{} has {} different values of {} where {} is {cell:?}: {}",
                        self.source,
                        values.len() + more,
                        self.value,
                        self.key,
                        all.join(", ")
                    ),
                    format!(
                        "look up by a column that is unique, or name the right one in values of the mapping: \
                         values = {{ {cell:?} = {:?} }}; otherwise does not apply",
                        values.first().map_or("", String::as_str)
                    ),
                ))
            }
            None => Err(CellError::lookup(
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
            Some(Found::Several(known, more)) => {
                if known.iter().any(|known| known == value) {
                } else if known.len() < LISTED {
                    known.push(value.to_owned());
                } else {
                    *more += 1;
                }
            }
            Some(found) => {
                let Found::One(known) = found else { return };
                let known = vec![std::mem::take(known), value.to_owned()];
                *found = Found::Several(known, 0);
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
