//! A CRM whose records change at random.

use std::collections::BTreeMap;

use fastrand::Rng;
use gong_crm::ObjectType;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value, json};

/// A record: its type and id.
pub(crate) type Key = (ObjectType, String);

/// What a record was, or is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Version {
    /// The fields but for the id; none for a deletion.
    pub(crate) fields: Option<Map<String, Value>>,
    /// Stages have none.
    pub(crate) date: Option<Timestamp>,
    /// Whether Gong rejects it.
    pub(crate) is_bad: bool,
    /// The records that it refers to.
    pub(crate) parents: Vec<Key>,
}

impl Version {
    pub(crate) fn line(&self, key: &Key) -> String {
        let mut line = Map::new();
        line.insert("objectId".to_owned(), json!(key.1));
        if let Some(date) = self.date {
            line.insert("modifiedDate".to_owned(), json!(date.to_string()));
        }
        match &self.fields {
            Some(fields) => line.extend(fields.clone()),
            None => drop(line.insert("isDeleted".to_owned(), json!(true))),
        }
        format!("{}\n", Value::Object(line))
    }

    pub(crate) fn is_deletion(&self) -> bool {
        self.fields.is_none()
    }
}

/// The CRM.
pub(crate) struct Crm {
    now: Timestamp,
    /// Every version of every record, the newest last.
    pub(crate) versions: BTreeMap<Key, Vec<Version>>,
    /// Whether records refer only to accounts that are never bad and never go.
    has_firm_parents: bool,
    counter: u64,
}

/// The custom fields.
pub(crate) const CUSTOM: [&str; 2] = ["region", "score"];

/// How many records of each type there are.
const RECORDS: u64 = 6;

/// The first accounts, which others may rely on.
const FIRM: u64 = 3;

impl Crm {
    pub(crate) fn new(has_firm_parents: bool) -> Self {
        Self {
            now: "2026-01-01T00:00:00Z".parse().unwrap(),
            versions: BTreeMap::new(),
            has_firm_parents,
            counter: 0,
        }
    }

    pub(crate) fn key(object_type: ObjectType, number: u64) -> Key {
        let name = object_type.as_str().to_lowercase().replace('_', "-");
        (object_type, format!("{name}-{number}"))
    }

    pub(crate) fn is_firm(&self, key: &Key) -> bool {
        let firm = (0..FIRM).map(|number| Self::key(ObjectType::Account, number));
        self.has_firm_parents && firm.into_iter().any(|firm| firm == *key)
    }

    /// The accounts that are never bad and never go.
    pub(crate) fn firm(&self) -> Vec<Key> {
        let firm = (0..FIRM).map(|number| Self::key(ObjectType::Account, number));
        firm.filter(|key| self.is_firm(key)).collect()
    }

    /// The newest version of a record.
    pub(crate) fn newest(&self, key: &Key) -> Option<&Version> {
        self.versions.get(key).and_then(|versions| versions.last())
    }

    /// Makes sure that the records exist on which others rely.
    pub(crate) fn found(&mut self, rng: &mut Rng) {
        for key in self.firm() {
            let version = self.fresh(rng, &key, false);
            self.add(key, version);
        }
    }

    /// The latest date of a record.
    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    fn add(&mut self, key: Key, version: Version) {
        self.versions.entry(key).or_default().push(version);
    }

    fn tick(&mut self, rng: &mut Rng) -> Timestamp {
        self.now += SignedDuration::from_secs(rng.i64(1..600));
        self.now
    }

    /// Changes one record at random, and returns its key.
    pub(crate) fn change(&mut self, rng: &mut Rng, allows_reverts: bool) -> Key {
        let object_type = ObjectType::ALL[rng.usize(..ObjectType::ALL.len())];
        let key = Self::key(object_type, rng.u64(..RECORDS));
        let is_firm = self.is_firm(&key);
        let version = match rng.u8(..10) {
            0 | 1 if !is_firm => Version {
                fields: None,
                date: Some(self.tick(rng)),
                is_bad: false,
                parents: Vec::new(),
            },
            2 | 3 if allows_reverts => match self.versions.get(&key) {
                // Back to what it was, date and all.
                Some(versions) => versions[rng.usize(..versions.len())].clone(),
                None => self.fresh(rng, &key, false),
            },
            4 if !is_firm => self.fresh(rng, &key, true),
            5 if allows_reverts => {
                // The same date with other content.
                let date = self.newest(&key).and_then(|newest| newest.date);
                let fresh = self.fresh(rng, &key, false);
                Version {
                    date: date.or(fresh.date),
                    ..fresh
                }
            }
            _ => self.fresh(rng, &key, false),
        };
        self.add(key.clone(), version);
        key
    }

    fn fresh(&mut self, rng: &mut Rng, key: &Key, is_bad: bool) -> Version {
        self.counter += 1;
        let mut fields = Map::new();
        let mut parents = Vec::new();
        let name = format!("{} {}", key.1, self.counter);
        let account = |rng: &mut Rng| {
            let numbers = if self.has_firm_parents { FIRM } else { RECORDS };
            Self::key(ObjectType::Account, rng.u64(..numbers))
        };
        let date = self.now;
        match key.0 {
            ObjectType::Account => {
                fields.insert("name".to_owned(), json!(name));
            }
            ObjectType::Contact => {
                let account = account(rng);
                fields.insert("lastName".to_owned(), json!(name));
                fields.insert(
                    "emailAddress".to_owned(),
                    json!(format!("{}@x.example", key.1)),
                );
                fields.insert("accountId".to_owned(), json!(account.1));
                parents.push(account);
            }
            ObjectType::Deal => {
                let account = account(rng);
                fields.insert("name".to_owned(), json!(name));
                fields.insert("accountId".to_owned(), json!(account.1));
                fields.insert("amount".to_owned(), json!(rng.u32(..1_000)));
                parents.push(account);
            }
            ObjectType::Lead => {
                fields.insert("lastName".to_owned(), json!(name));
                fields.insert(
                    "emailAddress".to_owned(),
                    json!(format!("{}@x.example", key.1)),
                );
            }
            ObjectType::BusinessUser => {
                let address = format!("user-{}@x.example", rng.u8(..20));
                fields.insert("emailAddress".to_owned(), json!(address));
            }
            ObjectType::Stage => {
                fields.insert("name".to_owned(), json!(name));
                fields.insert("sortOrder".to_owned(), json!(1 + rng.u32(..9)));
                fields.insert("isActive".to_owned(), json!(true));
            }
        }
        // Custom fields come and go.
        for custom in CUSTOM {
            match rng.u8(..3) {
                0 => drop(fields.insert(
                    custom.to_owned(),
                    json!(format!("{custom} {}", rng.u8(..4))),
                )),
                1 if rng.bool() => drop(fields.insert(custom.to_owned(), Value::Null)),
                _ => {}
            }
        }
        if is_bad {
            match key.0 {
                ObjectType::Stage => fields.insert("sortOrder".to_owned(), json!(-7)),
                ObjectType::BusinessUser => fields.insert("isDeleted".to_owned(), json!("perhaps")),
                _ => fields.insert("url".to_owned(), json!("nonsense")),
            };
        }
        let _ = date;
        Version {
            fields: Some(fields),
            date: (key.0 != ObjectType::Stage).then(|| self.tick(rng)),
            is_bad,
            parents,
        }
    }

    /// Many new leads at once, half of them bad.
    pub(crate) fn bulk(&mut self, rng: &mut Rng) -> Vec<Key> {
        let count = rng.u64(60..300);
        (0..count)
            .map(|_| {
                self.counter += 1;
                let key = Self::key(ObjectType::Lead, 1_000 + self.counter);
                let is_bad = rng.bool();
                let version = self.fresh(rng, &key, is_bad);
                self.add(key.clone(), version);
                key
            })
            .collect()
    }
}
