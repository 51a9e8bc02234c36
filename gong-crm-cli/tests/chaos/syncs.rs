//! Random rounds of a sync: kills, faults and broken exports, while the CRM changes.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Child;
use std::time::{Duration, Instant};

use gong_sim::{Effect, Operation, Processing};
use serde_json::{Value, json};

use crate::crm::{SeededRng, Source};
use crate::faults::{fault_of, long_waits, passing};
use crate::harness::{Ended, Harness, with};
use crate::seeds::{for_each_seed, kill_by_chance};

/// The seeds of a plain test run; `GONG_CHAOS_SYNC_SEEDS` sets others, as `0..2000`.
const SEEDS: std::ops::Range<u64> = 0..40;

/// The types, with the files of their exports.
const TYPES: [(&str, &str); 5] = [
    ("STAGE", "stages"),
    ("BUSINESS_USER", "users"),
    ("ACCOUNT", "accounts"),
    ("CONTACT", "contacts"),
    ("DEAL", "deals"),
];

/// How many ids each type has; the first record of each is always there, and others refer to it.
const IDS: u64 = 7;

/// How many quiet rounds it may take until nothing is left to be done.
const QUIET_ROUNDS: usize = 8;

/// What the CRM holds.
#[derive(Default)]
struct Company {
    records: BTreeMap<&'static str, BTreeMap<String, Value>>,
    version: u64,
}

impl Company {
    fn new(rng: &mut SeededRng) -> Self {
        let mut company = Self::default();
        for (object_type, _) in TYPES {
            company.set(object_type, 0, rng);
        }
        for _ in 0..12 {
            company.live(rng);
        }
        company
    }

    /// The first record of a type, to which others can always refer.
    fn first(object_type: &str) -> String {
        format!("{}-0", object_type.to_lowercase())
    }

    /// Changes one record, or brings or removes it.
    fn live(&mut self, rng: &mut SeededRng) {
        let object_type = rng.pick(&TYPES).0;
        let number = rng.below(IDS);
        if number > 0 && rng.below(3) == 0 {
            self.remove(object_type, number);
        } else {
            self.set(object_type, number, rng);
        }
    }

    fn remove(&mut self, object_type: &'static str, number: u64) {
        let id = format!("{}-{number}", object_type.to_lowercase());
        let of_type = self.records.entry(object_type).or_default();
        if of_type.remove(&id).is_none() {
            return;
        }
        // What referred to it refers to the first of its type now.
        let first = json!(Self::first(object_type));
        self.version += 1;
        let date = self.date();
        for record in self.records.values_mut().flat_map(BTreeMap::values_mut) {
            for field in ["accountId", "ownerId", "stage"] {
                if record[field] == json!(id) {
                    record[field] = first.clone();
                    record["modifiedDate"] = date.clone();
                }
            }
        }
    }

    fn date(&self) -> Value {
        let (minute, second) = (self.version / 60, self.version % 60);
        json!(format!("2026-01-15T09:{minute:02}:{second:02}Z"))
    }

    fn set(&mut self, object_type: &'static str, number: u64, rng: &mut SeededRng) {
        self.version += 1;
        let id = format!("{}-{number}", object_type.to_lowercase());
        let name = format!("v{}", self.version);
        let mut pick = |of: &str| {
            let known = self.records.get(of).into_iter().flat_map(BTreeMap::keys);
            rng.pick(&known.cloned().collect::<Vec<String>>())
        };
        let mut record = match object_type {
            "STAGE" => json!({"name": name, "sortOrder": 1, "isActive": true}),
            "BUSINESS_USER" => json!({"emailAddress": self.free_address(&id, rng)}),
            "ACCOUNT" => json!({"name": name}),
            "CONTACT" => json!({
                "lastName": name, "emailAddress": format!("{id}@customer.example"),
                "accountId": pick("ACCOUNT"),
            }),
            _ => json!({
                "name": name, "title": name, "amount": self.version, "status": "OPEN",
                "accountId": pick("ACCOUNT"), "ownerId": pick("BUSINESS_USER"),
                "stage": pick("STAGE"), "createdDate": "2026-01-01T09:30:00Z",
                "closeDate": "2026-12-01",
            }),
        };
        record["objectId"] = json!(id);
        if object_type != "STAGE" {
            record["modifiedDate"] = self.date();
        }
        self.records
            .entry(object_type)
            .or_default()
            .insert(id, record);
    }

    /// An address that no other user has now; somebody may have had it before.
    fn free_address(&self, id: &str, rng: &mut SeededRng) -> String {
        let users = self.records.get("BUSINESS_USER").into_iter().flatten();
        let taken: BTreeSet<&str> = users
            .filter(|(other, _)| *other != id)
            .filter_map(|(_, user)| user["emailAddress"].as_str())
            .collect();
        let addresses = (0..2 * IDS).map(|number| format!("user-{number}@acme.example"));
        let free: Vec<String> = addresses
            .filter(|address| !taken.contains(&**address))
            .collect();
        rng.pick(&free)
    }
}

/// What is wrong with an export.
#[derive(Debug, Clone, Copy)]
enum Mishap {
    Missing,
    /// It ends in the middle of a record.
    Cut,
    /// That of the round before is still there.
    Late,
}

struct Run {
    harness: Harness,
    company: Company,
    rng: SeededRng,
    log: Vec<String>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let mut rng = SeededRng::new(seed);
        let harness = Harness::new(format!("sync seed {seed}"), &mut rng, Source::Folder);
        let mut config = String::new();
        for (object_type, file) in TYPES {
            config += &format!(
                "[sources.{object_type}]\nfiles = \"exports/{file}.ldjson\"\ncomplete = true\n\
                 deletions = \"within-limits\"\n"
            );
        }
        std::fs::write(harness.path("gong-crm.toml"), config).unwrap();
        std::fs::create_dir(harness.path("exports")).unwrap();
        let company = Company::new(&mut rng);
        Self {
            harness,
            company,
            rng,
            log: Vec::new(),
        }
    }

    fn export(&mut self, mishaps: &[(usize, Mishap)]) {
        for (place, (object_type, file)) in TYPES.iter().enumerate() {
            let path = self.harness.path(&format!("exports/{file}.ldjson"));
            let records = self.company.records.get(object_type);
            let mut lines: Vec<String> = records
                .into_iter()
                .flat_map(BTreeMap::values)
                .map(|record| format!("{record}\n"))
                .collect();
            for place in 0..lines.len() {
                let other = self.rng.below(lines.len() as u64);
                lines.swap(place, usize::try_from(other).unwrap());
            }
            let text = lines.concat();
            let mishap = mishaps.iter().find(|(of, _)| *of == place);
            match mishap.map(|(_, mishap)| mishap) {
                Some(Mishap::Missing) => drop(std::fs::remove_file(path)),
                Some(Mishap::Cut) => {
                    // A file that ends with a whole record can't be told from a shorter one.
                    let left = text.len() - 2 - usize::try_from(self.rng.below(20)).unwrap();
                    std::fs::write(path, &text[..left]).unwrap();
                }
                Some(Mishap::Late) => {}
                None => std::fs::write(path, text).unwrap(),
            }
        }
    }

    fn start(&self, more: &[&str]) -> Child {
        let arguments = [
            &["sync", "--yes", "--config", "gong-crm.toml"][..],
            &["--max-deletions", "unlimited"],
            &with(more),
        ];
        self.harness.start(&arguments.concat())
    }

    fn sync(&self) -> Ended {
        self.harness.end(self.start(&[]))
    }

    /// What goes wrong with the calls of a round.
    fn disturb(&mut self, may_fail_whole: bool) {
        let rng = &mut self.rng;
        for _ in 0..rng.below(3) {
            let effect = match rng.below(8) {
                0 => rng.pick(&long_waits()),
                1 if may_fail_whole => Effect::FailFile("General failure".to_owned()),
                _ => rng.pick(&passing()),
            };
            // The same content that fails as a whole twice waits for a quarter of an hour.
            let times = match effect {
                Effect::FailFile(_) => 1,
                _ => 1 + rng.below(3),
            };
            let operation = rng.pick(&[Operation::UploadEntities, Operation::RequestStatus]);
            let fault = fault_of(operation, effect).nth(1 + rng.below(6));
            self.harness
                .simulator
                .add_fault(fault.times(times))
                .unwrap();
        }
        let processing = [
            Processing::Immediate,
            Processing::Polls(1),
            Processing::Polls(3),
        ];
        let processing = rng.pick(&processing);
        self.harness.simulator.set_processing(processing);
    }

    /// A round of a CRM that changes, which is killed at some call.
    fn round(&mut self, number: u64) {
        for _ in 0..self.rng.below(8) {
            self.company.live(&mut self.rng);
        }
        let mut mishaps = Vec::new();
        if self.rng.below(3) == 0 {
            let place = usize::try_from(self.rng.below(TYPES.len() as u64)).unwrap();
            let mishap = self.rng.pick(&[Mishap::Missing, Mishap::Cut, Mishap::Late]);
            mishaps.push((place, mishap));
        }
        self.export(&mishaps);
        self.disturb(number == 0);
        let before = self.live_in_gong();
        let how = self.rng.below(4);
        let ended = match how {
            0 => format!("{:?}", self.sync().code),
            1 => {
                // Rounds one after another, of an export that changes under them.
                let child = self.start(&["--every", "1s"]);
                std::thread::sleep(Duration::from_millis(200 + self.rng.below(1_200)));
                self.company.live(&mut self.rng);
                self.export(&[]);
                let states = kill_by_chance(&self.harness, child, &mut self.rng);
                format!("rounds, killed: {states:?}")
            }
            _ => {
                let child = self.start(&[]);
                let states = kill_by_chance(&self.harness, child, &mut self.rng);
                format!("killed: {states:?}")
            }
        };
        self.log.push(format!("{mishaps:?}; {ended}"));
        let after = self.live_in_gong();
        let lost: Vec<_> = before
            .iter()
            .filter(|(object_type, id)| self.has(object_type, id))
            .filter(|key| !after.contains(key))
            .collect();
        assert!(
            lost.is_empty(),
            "{}: deleted although they are in the CRM: {lost:?}\n{}",
            self.harness.name,
            self.story()
        );
        self.harness.undisturb();
    }

    fn has(&self, object_type: &str, id: &str) -> bool {
        let of_type = self.company.records.get(object_type);
        of_type.is_some_and(|of_type| of_type.contains_key(id))
    }

    /// The records that Gong has and the CRM has, but for users: one whose address changes is gone
    /// for a moment.
    fn live_in_gong(&self) -> BTreeSet<(&'static str, String)> {
        let mut live = BTreeSet::new();
        for (object_type, _) in TYPES.iter().filter(|(of, _)| *of != "BUSINESS_USER") {
            for object in self.harness.simulator.objects(object_type) {
                let id = object["objectId"].as_str().unwrap().to_owned();
                if self.has(object_type, &id) {
                    live.insert((*object_type, id));
                }
            }
        }
        live
    }

    fn story(&self) -> String {
        format!("{}\n{}", self.log.join("\n"), self.harness.trace())
    }

    /// Quiet rounds, after which Gong holds what the CRM holds, and nothing is left to be done.
    fn end(&mut self) {
        let name = self.harness.name.clone();
        self.harness.undisturb();
        if self.rng.below(3) == 0 {
            let resumed = self.harness.resume();
            self.log.push(format!("resume: {:?}", resumed.code));
        }
        let mut rounds = 0;
        let last = loop {
            self.export(&[]);
            let ended = self.sync();
            self.log.push(format!("quiet: {:?}", ended.code));
            rounds += 1;
            let is_quiet = ended.code == Some(0) && ended.report["calls"] == json!(0);
            if is_quiet || rounds == QUIET_ROUNDS {
                break ended;
            }
        };
        let story = self.story();
        assert_eq!(last.code, Some(0), "{name}: {last:#?}\n{story}");
        assert_eq!(last.report["calls"], json!(0), "{name}: {last:#?}\n{story}");
        let mut uploads = self.harness.uploads().into_iter();
        assert!(
            uploads.all(|upload| !upload.state.is_open()),
            "{name}\n{story}"
        );
        for (object_type, _) in TYPES {
            let held = self.harness.simulator.objects(object_type);
            let held = held.into_iter().map(|object| {
                let id = object["objectId"].as_str().unwrap().to_owned();
                (id, object)
            });
            let held: BTreeMap<String, Value> = held.collect();
            for (id, record) in &self.company.records[object_type] {
                let object = held.get(id);
                for (field, value) in record.as_object().unwrap() {
                    // A date can be raised, and a stage that comes back has one.
                    if field != "modifiedDate" {
                        let given = object.and_then(|object| object.get(field));
                        assert_eq!(given, Some(value), "{name}: {id} {field}\n{story}");
                    }
                }
            }
            for (id, object) in &held {
                let is_retired = object.get("isActive") == Some(&json!(false));
                assert!(
                    self.has(object_type, id) || is_retired,
                    "{name}: {object_type} {id} is still in Gong\n{story}"
                );
            }
        }
    }
}

#[test]
fn killed_rounds_of_a_sync_leave_gong_equal_to_the_crm() {
    for_each_seed("GONG_CHAOS_SYNC_SEEDS", SEEDS, |seed| {
        let mut run = Run::new(seed);
        for number in 0..2 + seed % 4 {
            run.round(number);
        }
        run.end();
    });
}

#[test]
fn quiet_sync_is_equal_at_once() {
    let started = Instant::now();
    let mut run = Run::new(1);
    run.end();
    assert_eq!(
        run.log
            .iter()
            .filter(|line| line.starts_with("quiet"))
            .count(),
        2,
        "{:?} {:?}",
        run.log,
        started.elapsed()
    );
}
