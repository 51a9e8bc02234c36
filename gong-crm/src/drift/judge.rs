//! Compares what Gong returns for a record with what was sent. Nothing is read or written here.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use gong_client::objects::CrmObject;
use serde_json::{Map, Value};

use super::forms::forms;
use crate::ObjectType;
use crate::compare::{HashKey, Reader};
use crate::ledger::{Current, Differing, Names, RecordState, SentField};

/// The sent version of one record: for each field a hash of its value.
pub(super) type Sent = BTreeMap<String, [u8; 4]>;

/// A difference that was found.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Found {
    pub(super) what: Differing,
    pub(super) sent: [u8; 4],
    pub(super) held: [u8; 4],
    /// The value that Gong returned for the field.
    pub(super) value: Value,
}

/// Compares objects of one type.
pub(super) struct Judge<'a> {
    object_type: ObjectType,
    reader: Reader<'a>,
    names: &'a Names,
    /// The custom fields that Gong shows.
    declared: HashSet<String>,
    /// Custom fields that were sent and that Gong does not show.
    pub(super) undeclared: BTreeSet<String>,
    /// Readers by which fields have the hashes that they had before Gong's schema changed, and before it
    /// changed once more.
    earlier: Vec<Reader<'a>>,
    /// Custom fields that Gong has as they were sent, before its schema had them as it has them now: Gong
    /// does not show them.
    pub(super) declared_later: BTreeSet<String>,
}

/// For each generation of a field, a reader takes the one so many before.
pub(super) type Generations<'a> = &'a (dyn Fn(&str) -> u32 + Sync);

/// The hash of one field of Gong's object.
struct Held {
    hash: [u8; 4],
    /// Whether Gong gave it back; otherwise it is the documented default.
    is_given: bool,
}

/// Neither of these is compared: Gong may raise the date, and the id is how the object was found.
const NOT_COMPARED: [&str; 3] = ["objectId", "modifiedDate", "isDeleted"];

impl<'a> Judge<'a> {
    pub(super) fn new(
        key: [u8; 16],
        object_type: ObjectType,
        generations: Generations<'a>,
        earlier: &[Generations<'a>],
        names: &'a Names,
        declared: HashSet<String>,
    ) -> Self {
        Self {
            object_type,
            reader: Reader::new(HashKey::from_bytes(key), object_type, generations),
            earlier: earlier
                .iter()
                .map(|of| Reader::new(HashKey::from_bytes(key), object_type, *of))
                .collect(),
            names,
            declared,
            undeclared: BTreeSet::new(),
            declared_later: BTreeSet::new(),
        }
    }

    /// The version of a record that was sent to Gong, as the ledger knows it.
    pub(super) fn sent(&self, state: &RecordState) -> Sent {
        let fields = state.fields.iter();
        fields
            .filter_map(|field| Some((self.names.name(field.name)?.to_owned(), field.hash)))
            .collect()
    }

    /// The version that a line sends; `None` if it is not a record. The second value is whether the
    /// line deletes it.
    pub(super) fn sent_by(&mut self, line: &[u8]) -> Option<(Sent, bool, Option<i64>)> {
        let whole = self.reader.whole(line).ok()?;
        let (is_deleted, modified) = (whole.facts.is_deleted, whole.facts.modified);
        let given = whole.fields.into_iter().filter(|field| field.is_given);
        let sent = given.map(|field| {
            let hash = hash_of(field.hash, field.is_null);
            (field.name.into_owned(), hash)
        });
        Some((sent.collect(), is_deleted, modified))
    }

    /// How Gong's object differs from the current version of a record.
    pub(super) fn judge(
        &mut self,
        object_id: &str,
        state: &RecordState,
        object: Option<&CrmObject>,
    ) -> Vec<Found> {
        let of_record = |what| {
            let mut sent = [0; 4];
            sent.copy_from_slice(&state.hash[..4]);
            let held = [0; 4];
            let value = Value::Null;
            vec![Found {
                what,
                sent,
                held,
                value,
            }]
        };
        let object = object.filter(|object| !is_deleted(object));
        match (state.current, object) {
            (Current::Deleted, None) => Vec::new(),
            (Current::Deleted, Some(_)) => of_record(Differing::NotDeleted),
            (_, None) => of_record(Differing::Missing),
            (_, Some(object)) => {
                let sent = self.sent(state);
                self.compare(object_id, &sent, object)
            }
        }
    }

    /// How the fields of Gong's object differ from those that were sent.
    pub(super) fn compare(
        &mut self,
        object_id: &str,
        sent: &Sent,
        object: &CrmObject,
    ) -> Vec<Found> {
        let format = self.object_type.line_format();
        let defaults = self.hashes(object_id, &Map::new());
        let held = self.hashes(object_id, object);
        let mut found = Vec::new();
        for (name, sent) in sent {
            if NOT_COMPARED.contains(&name.as_str()) {
                continue;
            }
            if format.field(name).is_none() && !self.declared.contains(name) {
                if *sent != SentField::NULL_SENT {
                    self.undeclared.insert(name.clone());
                }
                continue;
            }
            let value = object.get(name).unwrap_or(&Value::Null);
            let hash = held
                .get(name)
                .map_or(SentField::NULL_SENT, |held| held.hash);
            let is_default = defaults.get(name).is_some_and(|held| held.hash == hash);
            let is_same = *sent == hash
                || (*sent == SentField::NULL_SENT && (is_nothing(value) || is_default))
                || self.is_other_form(object_id, name, value, *sent);
            let is_custom = format.field(name).is_none();
            let is_later =
                !is_same && is_custom && self.was_sent_before_schema(object_id, name, value, *sent);
            if is_later {
                self.declared_later.insert(name.clone());
            } else if !is_same {
                found.push(Found {
                    what: Differing::Field(name.clone()),
                    sent: *sent,
                    held: hash,
                    value: value.clone(),
                });
            }
        }
        for (name, held) in held {
            let is_ours = format.field(&name).is_some() || self.declared.contains(&name);
            let value = object.get(&name).unwrap_or(&Value::Null);
            let is_default = defaults.get(&name).is_some_and(|of| of.hash == held.hash);
            let is_extra = is_ours
                && held.is_given
                && !NOT_COMPARED.contains(&name.as_str())
                && !sent.contains_key(&name)
                && !is_nothing(value)
                && !is_default;
            if is_extra {
                found.push(Found {
                    what: Differing::Field(name.clone()),
                    sent: SentField::NULL_SENT,
                    held: held.hash,
                    value: value.clone(),
                });
            }
        }
        found
    }

    /// Whether one of the usual spellings of a value is the one that was sent.
    fn is_other_form(&mut self, object_id: &str, name: &str, value: &Value, sent: [u8; 4]) -> bool {
        let mut forms = forms(value).into_iter();
        forms.any(|form| is_form(&mut self.reader, object_id, name, form, sent))
    }

    /// Whether a value is the one that was sent, when Gong's schema did not have the field or had it as
    /// another type.
    fn was_sent_before_schema(
        &mut self,
        object_id: &str,
        name: &str,
        value: &Value,
        sent: [u8; 4],
    ) -> bool {
        self.earlier.iter_mut().any(|reader| {
            let mut forms = forms(value).into_iter().chain([value.clone()]);
            forms.any(|form| is_form(reader, object_id, name, form, sent))
        })
    }

    /// The hashes of an object's fields, and of the documented defaults that it does not name.
    fn hashes(&mut self, object_id: &str, object: &CrmObject) -> BTreeMap<String, Held> {
        hashes(&mut self.reader, object_id, object)
    }
}

/// Whether a value of a field has the hash that was sent.
fn is_form(
    reader: &mut Reader<'_>,
    object_id: &str,
    name: &str,
    form: Value,
    sent: [u8; 4],
) -> bool {
    let object = Map::from_iter([(name.to_owned(), form)]);
    let hashes = hashes(reader, object_id, &object);
    hashes.get(name).is_some_and(|held| held.hash == sent)
}

/// The hashes of an object's fields, and of the documented defaults that it does not name.
fn hashes(reader: &mut Reader<'_>, object_id: &str, object: &CrmObject) -> BTreeMap<String, Held> {
    let mut object = object.clone();
    object.insert("objectId".to_owned(), object_id.into());
    object.remove("isDeleted");
    let Ok(line) = serde_json::to_vec(&object) else {
        return BTreeMap::new();
    };
    // A value that can't be compared, such as one that is too large, is one that differs.
    let fields = reader.fields(&line).unwrap_or_default();
    let fields = fields.into_iter().map(|field| {
        let held = Held {
            hash: hash_of(field.hash, field.is_null),
            is_given: field.is_given,
        };
        (field.name.into_owned(), held)
    });
    fields.collect()
}

/// The hash as it is kept of a sent field.
fn hash_of(hash: u32, is_null: bool) -> [u8; 4] {
    if is_null {
        SentField::NULL_SENT
    } else {
        // 0 is the mark of a null.
        hash.max(1).to_le_bytes()
    }
}

pub(super) fn is_deleted(object: &CrmObject) -> bool {
    object.get("isDeleted") == Some(&Value::Bool(true))
}

fn is_nothing(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty(),
        Value::Array(list) => list.is_empty(),
        _ => false,
    }
}
