//! A company with its own CRM, whose records change at random.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;
use gong_crm::ObjectType::{self, Account, BusinessUser, Contact, Deal, Lead, Stage};
use jiff::Timestamp;
use serde_json::{Value, json};

/// The custom fields, of accounts and deals.
pub(super) const CUSTOM: [&str; 2] = ["region", "score"];

/// The CRM of one company, which is one scope.
pub(super) struct Company {
    pub(super) scope: &'static str,
    pub(super) types: Vec<ObjectType>,
    pub(super) records: BTreeMap<ObjectType, BTreeMap<String, Value>>,
    /// Records that were deleted, which may come back.
    deleted: Vec<(ObjectType, Value)>,
    /// Records that came back since a sync last read them and had all its verdicts. Their deletion may
    /// be on its way, or follow from an export that is late.
    pub(super) came_back: BTreeSet<(ObjectType, String)>,
    /// Old versions of deleted records, as exports with old rows have them.
    pub(super) earlier: BTreeMap<(ObjectType, String), Value>,
    /// Ids whose case was changed.
    recased: BTreeSet<String>,
    prefix: &'static str,
    next: u32,
    now: Timestamp,
}

impl Company {
    pub(super) fn new(
        scope: &'static str,
        prefix: &'static str,
        types: &[ObjectType],
        rng: &mut Rng,
        now: Timestamp,
    ) -> Self {
        let mut company = Self {
            scope,
            prefix,
            types: types.to_vec(),
            records: types.iter().map(|of| (*of, BTreeMap::new())).collect(),
            deleted: Vec::new(),
            came_back: BTreeSet::new(),
            earlier: BTreeMap::new(),
            recased: BTreeSet::new(),
            next: 0,
            now,
        };
        for object_type in types {
            for _ in 0..6 {
                company.create(rng, *object_type);
            }
        }
        company
    }

    pub(super) fn set_now(&mut self, now: Timestamp) {
        self.now = now;
    }

    pub(super) fn has(&self, object_type: ObjectType, id: &str) -> bool {
        let of_type = self.records.get(&object_type);
        of_type.is_some_and(|records| records.contains_key(id))
    }

    fn date(&self) -> String {
        let seconds = self.now.as_second();
        Timestamp::from_second(seconds).unwrap().to_string()
    }

    fn of_type(&mut self, object_type: ObjectType) -> &mut BTreeMap<String, Value> {
        self.records.get_mut(&object_type).unwrap()
    }

    fn pick(&self, rng: &mut Rng, object_type: ObjectType) -> Option<String> {
        let ids: Vec<&String> = self.records.get(&object_type)?.keys().collect();
        rng.choice(ids).cloned()
    }

    fn fresh_id(&mut self, object_type: ObjectType) -> String {
        self.next += 1;
        let name = &object_type.as_str().to_lowercase()[..2];
        format!("{}{name}-{}", self.prefix, self.next)
    }

    fn create(&mut self, rng: &mut Rng, object_type: ObjectType) -> String {
        let id = self.fresh_id(object_type);
        self.create_as(rng, object_type, id)
    }

    fn create_as(&mut self, rng: &mut Rng, object_type: ObjectType, id: String) -> String {
        let (number, date) = (self.next, self.date());
        let account = self.pick(rng, Account);
        let record = match object_type {
            Stage => json!({"objectId": id, "name": format!("Stage {number}"), "sortOrder": 1}),
            BusinessUser => json!({
                "objectId": id, "modifiedDate": date,
                "emailAddress": format!("user{number}@acme.example"),
            }),
            Account => json!({
                "objectId": id, "modifiedDate": date, "name": format!("Company {number}"),
            }),
            Contact => json!({
                "objectId": id, "modifiedDate": date, "accountId": account,
                "emailAddress": format!("contact{number}@customer.example"),
            }),
            Lead => json!({
                "objectId": id, "modifiedDate": date, "lastName": format!("Lead {number}"),
                "emailAddress": format!("lead{number}@customer.example"),
            }),
            Deal => json!({
                "objectId": id, "modifiedDate": date, "accountId": account,
                "ownerId": self.pick(rng, BusinessUser), "stage": self.pick(rng, Stage),
                "name": id, "title": format!("Deal {number}"), "amount": number,
                "createdDate": "2026-01-01T09:30:00Z", "closeDate": "2026-12-01",
                "status": "OPEN",
            }),
        };
        self.of_type(object_type).insert(id.clone(), record);
        id
    }

    /// Changes a record; returns its id and new version.
    pub(super) fn update(
        &mut self,
        rng: &mut Rng,
        object_type: ObjectType,
    ) -> Option<(String, Value)> {
        let id = self.pick(rng, object_type)?;
        let (date, number) = (self.date(), rng.u32(..5));
        let account = self.pick(rng, Account);
        let record = self.of_type(object_type).get_mut(&id)?;
        let before = record.clone();
        match object_type {
            Stage => record["name"] = json!(format!("Stage {number}")),
            BusinessUser => record["title"] = json!(format!("Title {number}")),
            Account => record["name"] = json!(format!("Company {number}")),
            Contact => record["accountId"] = json!(account),
            Lead => record["lastName"] = json!(format!("Lead {number}")),
            Deal => {
                record["amount"] = json!(number);
                record["status"] = json!(["OPEN", "WON"][number as usize % 2]);
            }
        }
        if matches!(object_type, Account | Deal) {
            // Custom fields come and go.
            for name in CUSTOM {
                match rng.u8(..4) {
                    0 => record[name] = json!(format!("{name} {number}")),
                    1 => drop(record.as_object_mut()?.remove(name)),
                    2 if rng.bool() => record[name] = Value::Null,
                    _ => {}
                }
            }
        }
        // Now and then a date stays as it is, as if it were not maintained.
        if object_type != Stage && number != 4 {
            record["modifiedDate"] = json!(date);
            if before["modifiedDate"] != record["modifiedDate"] {
                self.earlier.insert((object_type, id.clone()), before);
            }
        }
        let record = self.of_type(object_type)[&id].clone();
        Some((id, record))
    }

    fn is_referred(&self, id: &str) -> bool {
        let refers = |record: &Value| {
            ["accountId", "ownerId", "stage"]
                .iter()
                .any(|field| record[field] == json!(id))
        };
        self.records.values().flat_map(BTreeMap::values).any(refers)
    }

    /// Deletes a record that nothing refers to.
    pub(super) fn delete(&mut self, rng: &mut Rng, object_type: ObjectType) -> Option<String> {
        let id = self.pick(rng, object_type)?;
        if self.is_referred(&id) || self.records[&object_type].len() <= 2 {
            return None;
        }
        let record = self.of_type(object_type).remove(&id)?;
        self.earlier.remove(&(object_type, id.clone()));
        self.deleted.push((object_type, record));
        Some(id)
    }

    /// A record comes back out of the bin, as it was.
    fn restore(&mut self, rng: &mut Rng) {
        if self.deleted.is_empty() {
            return;
        }
        let place = rng.usize(..self.deleted.len());
        let (object_type, mut record) = self.deleted.swap_remove(place);
        for (field, of) in [
            ("accountId", Account),
            ("ownerId", BusinessUser),
            ("stage", Stage),
        ] {
            if let Some(id) = record[field].as_str()
                && !self.has(of, id)
            {
                record[field] = json!(self.pick(rng, of));
            }
        }
        if object_type == BusinessUser {
            // Somebody else may have the address by now.
            self.next += 1;
            record["emailAddress"] = json!(format!("user{}@acme.example", self.next));
        }
        let id = record["objectId"].as_str().unwrap().to_owned();
        self.came_back.insert((object_type, id.clone()));
        self.of_type(object_type).insert(id, record);
    }

    fn swap_addresses(&mut self, rng: &mut Rng) {
        let (Some(one), Some(other)) = (self.pick(rng, BusinessUser), self.pick(rng, BusinessUser))
        else {
            return;
        };
        let date = self.date();
        let users = self.of_type(BusinessUser);
        let first = users[&one]["emailAddress"].clone();
        let second = users[&other]["emailAddress"].clone();
        for (id, address) in [(one, second), (other, first)] {
            let user = users.get_mut(&id).unwrap();
            user["emailAddress"] = address;
            user["modifiedDate"] = json!(date);
        }
    }

    fn change_case_of_address(&mut self, rng: &mut Rng) {
        if let Some(id) = self.pick(rng, BusinessUser) {
            let user = self.of_type(BusinessUser).get_mut(&id).unwrap();
            let address = user["emailAddress"].as_str().unwrap().to_uppercase();
            user["emailAddress"] = json!(address.replace("ACME.EXAMPLE", "acme.example"));
        }
    }

    /// An id is written in capitals from now on, also where others refer to it.
    fn change_case_of_id(&mut self, rng: &mut Rng) {
        let Some(id) = self.pick(rng, Account) else {
            return;
        };
        let new = id.to_uppercase();
        if new == id || !self.recased.insert(id.to_lowercase()) {
            return;
        }
        let mut record = self.of_type(Account).remove(&id).unwrap();
        record["objectId"] = json!(new);
        self.earlier.remove(&(Account, id.clone()));
        self.of_type(Account).insert(new.clone(), record);
        for record in self.records.values_mut().flat_map(BTreeMap::values_mut) {
            if record["accountId"] == json!(id) {
                record["accountId"] = json!(new);
            }
        }
    }

    /// A lead becomes a contact, with the same id or a new one.
    fn convert(&mut self, rng: &mut Rng) {
        let Some(id) = self.delete(rng, Lead) else {
            return;
        };
        // It does not come back.
        self.deleted.pop();
        if rng.bool() {
            self.create_as(rng, Contact, id);
        } else {
            self.create(rng, Contact);
        }
    }

    /// Returns an account away to another company.
    pub(super) fn give(&mut self, rng: &mut Rng) -> Option<Value> {
        let id = self.delete(rng, Account)?;
        let (_, record) = self.deleted.pop()?;
        // An id that changed its case has a twin, which speaks against its deletion.
        if self.recased.contains(&id.to_lowercase()) {
            self.of_type(Account).insert(id, record);
            return None;
        }
        Some(record)
    }

    pub(super) fn take(&mut self, record: Value) {
        let id = record["objectId"].as_str().unwrap().to_owned();
        self.of_type(Account).insert(id, record);
    }

    /// A day's work.
    pub(super) fn live(&mut self, rng: &mut Rng) {
        for _ in 0..rng.usize(1..8) {
            let object_type = self.types[rng.usize(..self.types.len())];
            let is_whole = self.types.contains(&Lead);
            match rng.u32(..16) {
                0..4 => drop(self.create(rng, object_type)),
                4..9 => drop(self.update(rng, object_type)),
                9..12 => drop(self.delete(rng, object_type)),
                12 => self.restore(rng),
                13 => self.change_case_of_id(rng),
                14 if is_whole => self.swap_addresses(rng),
                15 if is_whole && rng.bool() => self.convert(rng),
                15 if is_whole => self.change_case_of_address(rng),
                _ => {}
            }
        }
    }
}
