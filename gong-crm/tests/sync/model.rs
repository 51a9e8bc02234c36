//! A CRM that lives for some days: records come, change and go, sources fail, syncs are killed.
//!
//! After a quiet round, Gong holds what the CRM holds.

use std::collections::BTreeMap;

use fastrand::Rng;
use gong_crm::ObjectType::{self, Account, BusinessUser, Contact, Deal, Stage};
use gong_crm::clock::Clock;
use gong_crm::push::{Event, Verdict};
use gong_crm::sync::{Limit, SyncOptions};
use gong_sim::{Effect, Fault, Operation};
use serde_json::{Value, json};

use crate::support::{MovedClock, World, actions, file_name, set_time};

const TYPES: [ObjectType; 5] = [Stage, BusinessUser, Account, Contact, Deal];

/// What the CRM holds.
struct Crm {
    rng: Rng,
    records: BTreeMap<ObjectType, BTreeMap<String, Value>>,
    /// Seconds since the CRM began, for dates.
    clock: u32,
    next: u32,
}

impl Crm {
    fn new(seed: u64) -> Self {
        let mut crm = Self {
            rng: Rng::with_seed(seed),
            records: TYPES.iter().map(|of| (*of, BTreeMap::new())).collect(),
            clock: 0,
            next: 0,
        };
        for object_type in TYPES {
            for _ in 0..6 {
                crm.create(object_type);
            }
        }
        crm
    }

    fn date(&mut self) -> String {
        self.clock += 1;
        format!(
            "2026-01-15T{:02}:{:02}:{:02}Z",
            self.clock / 3_600,
            self.clock / 60 % 60,
            self.clock % 60
        )
    }

    fn pick(&mut self, object_type: ObjectType) -> Option<String> {
        let ids: Vec<&String> = self.records[&object_type].keys().collect();
        self.rng.choice(ids).cloned()
    }

    fn create(&mut self, object_type: ObjectType) {
        self.next += 1;
        let (number, date) = (self.next, self.date());
        let id = format!("{}-{number}", &object_type.as_str().to_lowercase()[..2]);
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
                "objectId": id, "modifiedDate": date, "accountId": self.pick(Account),
                "emailAddress": format!("contact{number}@customer.example"),
            }),
            _ => json!({
                "objectId": id, "modifiedDate": date, "accountId": self.pick(Account),
                "ownerId": self.pick(BusinessUser), "stage": self.pick(Stage),
                "name": id, "title": format!("Deal {number}"), "amount": number,
                "createdDate": "2026-01-01T09:30:00Z", "closeDate": "2026-12-01",
                "status": "OPEN",
            }),
        };
        let of_type = self.records.get_mut(&object_type).unwrap();
        of_type.insert(id, record);
    }

    fn update(&mut self, object_type: ObjectType) -> Option<(String, Value)> {
        let id = self.pick(object_type)?;
        let (date, number) = (self.date(), self.rng.u32(..5));
        let account = self.pick(Account);
        let record = self.records.get_mut(&object_type)?.get_mut(&id)?;
        match object_type {
            Stage => record["name"] = json!(format!("Stage {number}")),
            BusinessUser => record["title"] = json!(format!("Title {number}")),
            Account => {
                record["name"] = json!(format!("Company {number}"));
                // A custom field that comes and goes.
                if number > 2 {
                    record["region"] = json!(format!("Region {number}"));
                } else {
                    record.as_object_mut()?.remove("region");
                }
            }
            Contact => record["accountId"] = json!(account),
            _ => {
                record["amount"] = json!(number);
                record["status"] = json!(["OPEN", "WON"][number as usize % 2]);
            }
        }
        // Now and then a date stays as it is, as if it were not maintained.
        if object_type != Stage && number != 4 {
            record["modifiedDate"] = json!(date);
        }
        Some((id, record.clone()))
    }

    /// Deletes a record that nothing refers to.
    fn delete(&mut self, object_type: ObjectType) {
        let Some(id) = self.pick(object_type) else {
            return;
        };
        let refers = |record: &Value| {
            ["accountId", "ownerId", "stage"]
                .iter()
                .any(|field| record[field] == json!(id))
        };
        let is_referred = self.records.values().flat_map(BTreeMap::values).any(refers);
        if !is_referred && self.records[&object_type].len() > 2 {
            self.records.get_mut(&object_type).unwrap().remove(&id);
        }
    }

    fn swap_addresses(&mut self) {
        let (Some(one), Some(other)) = (self.pick(BusinessUser), self.pick(BusinessUser)) else {
            return;
        };
        let date = self.date();
        let users = self.records.get_mut(&BusinessUser).unwrap();
        let first = users[&one]["emailAddress"].clone();
        let second = users[&other]["emailAddress"].clone();
        for (id, address) in [(one, second), (other, first)] {
            users.get_mut(&id).unwrap()["emailAddress"] = address;
            users.get_mut(&id).unwrap()["modifiedDate"] = json!(date);
        }
    }

    fn live(&mut self) {
        for _ in 0..self.rng.usize(1..8) {
            let object_type = TYPES[self.rng.usize(..TYPES.len())];
            match self.rng.u32(..10) {
                0..3 => self.create(object_type),
                3..7 => drop(self.update(object_type)),
                7..9 => self.delete(object_type),
                _ => self.swap_addresses(),
            }
        }
    }

    /// Exports everything, in any order; now and then a record twice.
    fn export(&mut self, world: &World, clock: &dyn Clock) {
        for object_type in TYPES {
            let mut records: Vec<Value> = self.records[&object_type].values().cloned().collect();
            self.rng.shuffle(&mut records);
            if self.rng.u32(..4) == 0 {
                records.extend(records.first().cloned());
            }
            let path = world.export(&file_name(object_type), &records);
            set_time(&path, clock.now().into());
        }
    }
}

/// What differs between the CRM and Gong.
fn differences(crm: &Crm, world: &World) -> Vec<String> {
    let mut found = Vec::new();
    for object_type in TYPES {
        let records = &crm.records[&object_type];
        let in_gong: BTreeMap<String, Value> = world
            .simulator
            .objects(object_type.as_str())
            .into_iter()
            .map(|object| (object["objectId"].as_str().unwrap().to_owned(), object))
            .collect();
        for (id, record) in records {
            let Some(object) = in_gong.get(id) else {
                found.push(format!("{object_type} {id} is not in Gong"));
                continue;
            };
            for (name, value) in record.as_object().unwrap() {
                let is_date = name == "modifiedDate";
                if !is_date && !value.is_null() && object.get(name) != Some(value) {
                    let held = object.get(name);
                    found.push(format!(
                        "{object_type} {id}: {name} is {held:?}, not {value}"
                    ));
                }
            }
            if object_type == Account && record.get("region").is_none() {
                let region = object.get("region").filter(|region| !region.is_null());
                found.extend(region.map(|region| format!("{id} still has region {region}")));
            }
            if object_type == Stage && object.get("isActive") == Some(&json!(false)) {
                found.push(format!("stage {id} is not active"));
            }
        }
        for (id, object) in &in_gong {
            let is_retired = object_type == Stage && object.get("isActive") == Some(&json!(false));
            if !records.contains_key(id) && !is_retired {
                found.push(format!("{object_type} {id} is still in Gong"));
            }
        }
    }
    found
}

fn options(world: &World) -> SyncOptions {
    let mut options = world.options(&TYPES);
    options.max_deletions = Limit::Unlimited;
    let users = world.path(&file_name(BusinessUser));
    let users = gong_crm::source::FilesSource::new(users).complete(true);
    options.source_with(
        BusinessUser,
        std::sync::Arc::new(users),
        gong_crm::sync::Deletions::WithinLimits,
    )
}

fn faults(rng: &mut Rng) -> Option<Fault> {
    let effect = match rng.u32(..9) {
        0 => Effect::LoseAnswer,
        1 => Effect::ResetAfterBody,
        2 => Effect::Status(503),
        3 => Effect::FailFile("broken".to_owned()),
        _ => return None,
    };
    let fault = Fault::new(effect).times(rng.u64(1..3));
    Some(fault.on(Operation::UploadEntities))
}

async fn history(seed: u64) {
    let simulator = gong_sim::Simulator::builder()
        .keep_bodies(1 << 20)
        .keep_requests(10_000)
        .start()
        .await
        .unwrap();
    let mut world = World::with(simulator).await;
    let clock = std::sync::Arc::new(MovedClock::default());
    world.use_clock(std::sync::Arc::clone(&clock));
    let mut crm = Crm::new(seed);
    for day in 0..10 {
        clock.advance(std::time::Duration::from_hours(1));
        crm.live();
        crm.export(&world, &*clock);
        if let Some(fault) = faults(&mut crm.rng) {
            world.simulator.add_fault(fault);
        }
        match crm.rng.u32(..6) {
            // A source is late, or cut.
            0 => {
                let path = world.path(&file_name(Account));
                let text = std::fs::read_to_string(&path).unwrap();
                let path = world.export_text(&file_name(Account), &text[..text.len() / 2]);
                set_time(&path, clock.now().into());
            }
            1 => std::fs::remove_file(world.path(&file_name(Contact))).unwrap(),
            _ => {}
        }
        if crm.rng.u32(..4) == 0 {
            // A kill in mid-round.
            let stop_after = crm.rng.usize(..12);
            let (mut handle, sync) = world
                .client
                .sync(world.integration_id, options(&world))
                .start();
            let stopping = async {
                let mut steps = 0;
                while let Some(event) = handle.next_event().await {
                    steps += usize::from(!matches!(event, Event::Reading { .. }));
                    if steps > stop_after {
                        handle.cancel();
                    }
                }
            };
            let (report, ()) = tokio::join!(sync, stopping);
            drop(report);
        } else {
            drop(
                world
                    .client
                    .sync(world.integration_id, options(&world))
                    .await,
            );
        }
        // A webhook sends the newest version of a record at once.
        if crm.rng.bool()
            && let Some((id, record)) = crm.update(Account)
        {
            clock.advance(std::time::Duration::from_mins(10));
            drop(world.push("accounts-hook.ldjson", &[record]).await);
            assert!(crm.records[&Account].contains_key(&id), "{day}");
        }
    }
    world.simulator.clear_faults();
    for _ in 0..3 {
        clock.advance(std::time::Duration::from_hours(24));
        crm.export(&world, &*clock);
        drop(world.sync(options(&world)).await);
    }
    let plan = world.plan(options(&world)).await;
    let last = world.sync(options(&world)).await;
    assert_eq!(actions(&plan), actions(&last.plan), "seed {seed}");
    assert_eq!(last.verdict, Verdict::Done, "seed {seed}: {last:#?}");
    let found = differences(&crm, &world);
    if let Some(id) = found.first().and_then(|text| text.split([' ', ':']).nth(1)) {
        // The whole life of the record, for whoever looks for the cause.
        let history = world.client.ledger().history(Account, id).await.unwrap();
        let filed: Vec<String> = world
            .simulator
            .requests()
            .iter()
            .filter_map(|request| Some((request.line(), request.body_text()?.into_owned())))
            .flat_map(|(line, body)| {
                let lines: Vec<String> = body.lines().map(str::to_owned).collect();
                let of_record = lines
                    .into_iter()
                    .filter(|line| line.contains(&format!("\"{id}\"")));
                of_record
                    .map(move |text| format!("{line} {text}"))
                    .collect::<Vec<_>>()
            })
            .collect();
        panic!("seed {seed}: {found:#?}\n{history:#?}\n{filed:#?}");
    }
    assert_eq!(last.calls, 0, "seed {seed}: the last round is quiet");
}

#[tokio::test]
async fn gong_holds_what_the_crm_holds_after_a_quiet_round() {
    for seed in 0..8 {
        Box::pin(history(seed)).await;
    }
}
