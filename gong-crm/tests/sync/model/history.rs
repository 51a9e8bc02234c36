//! One history: days of two companies with one Gong and one ledger.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use gong_crm::IntegrationId;
use gong_crm::ObjectType::{self, Account, Contact, Deal};
use gong_crm::clock::Clock;
use gong_crm::push::{Options, Verdict};
use gong_crm::schema::SchemaField;
use gong_crm::sync::{Limit, PlannedChange, SyncError, SyncOptions, SyncReport};
use gong_sim::Simulator;
use serde_json::{Value, json};

use super::company::{CUSTOM, Company};
use super::equal::key;
use super::export::{Exports, Mishap, is_parent};
use super::weather::{self, Rules};
use crate::clock::VirtualClock;
use crate::stores::{Disk, Fuse};
use crate::support::actions;

mod end;

struct History {
    seed: u64,
    rng: Rng,
    rules: Rules,
    simulator: Arc<Simulator>,
    clock: Arc<VirtualClock>,
    integration_id: IntegrationId,
    directory: tempfile::TempDir,
    disk: Disk,
    disks: u32,
    companies: [Company; 2],
    exports: [Exports; 2],
    delete_after: u8,
    max_deletions: Limit,
    declared: BTreeSet<(ObjectType, &'static str)>,
    /// Records of the CRM that Gong had, by which a wrong deletion is noticed.
    in_gong: BTreeSet<(ObjectType, String)>,
    /// Records that a webhook deleted, maybe with a late verdict: they can be back in the CRM before
    /// a sync brings them back to Gong.
    unhooked: BTreeSet<(ObjectType, String)>,
    /// Whether the last exports of each company are not what its CRM has.
    has_mishaps: [bool; 2],
    /// Records that a webhook sent, or that were sent after a backup of the ledger.
    pushed: BTreeSet<(ObjectType, String)>,
    log: Vec<String>,
}

impl Drop for History {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("seed {}:\n  {}", self.seed, self.log.join("\n  "));
        }
    }
}

pub(super) async fn run(seed: u64) {
    let mut rng = Rng::with_seed(seed);
    let rules = Rules::random(&mut rng);
    let simulator = Arc::new(rules.builder(seed).start().await.unwrap());
    let integration_id = simulator
        .register_integration("Acme CRM", "ada.king@acme.example")
        .into();
    let directory = tempfile::tempdir().unwrap();
    let disk = if rng.u8(..8) == 0 {
        Disk::sqlite(&directory.path().join("disk-0"))
    } else {
        Disk::memory(directory.path().join("disk-0/spool"))
    };
    let clock = VirtualClock::new(Arc::clone(&simulator));
    let now = clock.now();
    let companies = [
        Company::new("acme", "", &ObjectType::ALL, &mut rng, now),
        Company::new("europe", "eu-", &[Account, Contact], &mut rng, now),
    ];
    let exports = [0, 1].map(|of: usize| Exports::new(&companies[of], directory.path(), &mut rng));
    let delete_after = rng.u8(1..3);
    let max_deletions = match rng.u8(..4) {
        0 => Limit::Default,
        1 => Limit::Percent(10.0),
        _ => Limit::Unlimited,
    };
    let mut history = History {
        seed,
        log: vec![format!(
            "{rules:?}, {max_deletions:?}, {delete_after} reads"
        )],
        rng,
        rules,
        simulator,
        clock,
        integration_id,
        directory,
        disk,
        disks: 1,
        companies,
        exports,
        delete_after,
        max_deletions,
        declared: BTreeSet::new(),
        in_gong: BTreeSet::new(),
        unhooked: BTreeSet::new(),
        has_mishaps: [false; 2],
        pushed: BTreeSet::new(),
    };
    if history.rng.u8(..4) == 0 {
        history.load_by_push().await;
    }
    for day in 0..history.rng.u32(4..12) {
        history.day(day).await;
    }
    history.end().await;
}

impl History {
    fn say(&mut self, text: impl Into<String>) {
        self.log.push(text.into());
    }

    fn options(&mut self, of: usize) -> SyncOptions {
        let mut options = self.exports[of].options(&self.companies[of]);
        options.delete_after = self.delete_after;
        options.max_deletions = self.max_deletions;
        if self.rules.needs_parents {
            options.push.account_delay = gong_crm::push::ACCOUNT_DELAY;
        }
        options.push.poll = options.push.poll.with_timeout(Duration::from_mins(1));
        options.push.poll.max_interval = Duration::from_secs(10);
        if self.rng.u8(..4) == 0 {
            options.push.max_upload_bytes = self.rng.u64(150..3_000);
        }
        options
    }

    fn pass(&mut self, time: Duration) {
        self.clock.advance(time);
        let now = self.clock.now();
        for company in &mut self.companies {
            company.set_now(now);
        }
    }

    /// The first load is a push, as people try before they sync.
    async fn load_by_push(&mut self) {
        self.say("everything is pushed first");
        weather::set_fair(&self.simulator);
        for of in 0..2 {
            let records = self.companies[of].records.clone();
            for object_type in ObjectType::ALL {
                let Some(records) = records.get(&object_type) else {
                    continue;
                };
                let records: Vec<Value> = records.values().cloned().collect();
                self.push(object_type, &records).await;
            }
        }
        // The first complete read makes them the scope's own.
        self.pass(Duration::from_mins(10));
        let now = self.clock.now();
        for of in [0, 1] {
            self.exports[of].write(&self.companies[of], &mut self.rng, now, |_, _| false);
            self.pass(Duration::from_secs(5));
            let options = self.options(of);
            let client = self.clock.client(self.disk.ledger());
            let report = client.sync(self.integration_id, options).await.unwrap();
            assert_eq!(report.verdict, Verdict::Done, "{report:#?}");
        }
    }

    async fn push(&mut self, object_type: ObjectType, records: &[Value]) {
        let path = self.directory.path().join("hook.ldjson");
        let text: String = records.iter().map(|record| format!("{record}\n")).collect();
        std::fs::write(&path, text).unwrap();
        let mut options = Options::new([path]).simulator().object_type(object_type);
        options.poll = options.poll.with_timeout(Duration::from_mins(1));
        if self.rules.needs_parents {
            options.account_delay = gong_crm::push::ACCOUNT_DELAY;
        }
        let client = self.clock.client(self.disk.ledger());
        let pushed = client.push(self.integration_id, options).await;
        let verdict = pushed.map(|report| report.verdict);
        let ids: Vec<String> = records
            .iter()
            .map(|of| of["objectId"].to_string())
            .collect();
        self.say(format!(
            "  push of {object_type} {}: {verdict:?}",
            ids.join(", ")
        ));
    }

    async fn day(&mut self, day: u32) {
        let hours = self.rng.u64(1..40);
        self.pass(Duration::from_hours(hours));
        self.say(format!("day {day}, {hours} hours later"));
        for company in &mut self.companies {
            company.live(&mut self.rng);
        }
        if self.rng.u8(..6) == 0
            && let Some(account) = self.companies[0].give(&mut self.rng)
        {
            self.say(format!(
                "{} moves to the other company",
                account["objectId"]
            ));
            self.companies[1].take(account);
        }
        let is_fair = weather::set(&self.simulator, &mut self.rng);
        if self.rng.u8(..5) == 0 {
            self.declare().await;
        }
        self.export();
        if self.rng.u8(..3) == 0 {
            self.realtime().await;
        }
        if self.rng.u8(..12) == 0 {
            self.restore_ledger().await;
        }
        for of in [0, 1] {
            if self.rng.u8(..6) > 0 {
                self.round(of, is_fair).await;
            }
        }
        if self.rng.u8(..3) == 0 {
            self.pass(Duration::from_mins(10));
            self.realtime().await;
        }
    }

    fn export(&mut self) {
        let now = self.clock.now();
        let needs_parents = self.rules.needs_parents;
        for of in [0, 1] {
            let is_unlimited = self.max_deletions == Limit::Unlimited;
            let may_fail = |object_type, mishap| {
                // Without a limit, an empty source means that everything is deleted.
                let is_empty = is_unlimited && matches!(mishap, Mishap::Empty);
                !(is_empty || needs_parents && is_parent(object_type))
            };
            let company = &self.companies[of];
            let mishaps = self.exports[of].write(company, &mut self.rng, now, may_fail);
            self.has_mishaps[of] = !mishaps.is_empty();
            if !mishaps.is_empty() {
                self.say(format!("  exports of {of}: {mishaps:?}"));
            }
        }
        self.pass(Duration::from_secs(5));
    }

    /// A webhook sends the newest version of a record at once, or its deletion.
    async fn realtime(&mut self) {
        let of = self.rng.usize(..2);
        let types = if of == 0 {
            vec![Account, Deal]
        } else {
            vec![Account]
        };
        let object_type = types[self.rng.usize(..types.len())];
        let company = &mut self.companies[of];
        let is_deletion = self.rng.u8(..4) == 0;
        let record = if is_deletion {
            let now = self.clock.now().as_second();
            let date = jiff::Timestamp::from_second(now).unwrap().to_string();
            company
                .delete(&mut self.rng, object_type)
                .map(|id| json!({"objectId": id, "modifiedDate": date, "isDeleted": true}))
        } else {
            let updated = company.update(&mut self.rng, object_type);
            updated.map(|(_, record)| record)
        };
        if let Some(record) = record {
            let id = record["objectId"].as_str().unwrap().to_owned();
            if is_deletion {
                self.say(format!("  {object_type} {id} is deleted at once"));
                let key = key(&self.rules, &id);
                self.unhooked.insert((object_type, key));
            }
            self.pushed.insert((object_type, id));
            self.push(object_type, &[record]).await;
        }
    }

    /// A field is declared in Gong's schema, maybe after its values were sent.
    async fn declare(&mut self) {
        let object_type = [Account, Deal][self.rng.usize(..2)];
        let name = CUSTOM[self.rng.usize(..2)];
        self.declared.insert((object_type, name));
        let declared = self.declared.iter().filter(|(of, _)| *of == object_type);
        let fields: Vec<SchemaField> = declared
            .map(|(_, name)| SchemaField::new(*name, *name, "STRING"))
            .collect();
        let client = self.clock.client(self.disk.ledger());
        let declared = client
            .upload_entity_schema(self.integration_id, object_type, &fields)
            .await;
        self.say(format!(
            "  {name} of {object_type} is declared: {declared:?}"
        ));
    }

    /// An old ledger is restored, as its guide says: by `recover`.
    async fn restore_ledger(&mut self) {
        if self.rules.drops_older {
            // Gong would drop what is sent again with its own date.
            return;
        }
        weather::set_fair(&self.simulator);
        self.clock.advance(Duration::from_hours(2));
        let spool = self
            .directory
            .path()
            .join(format!("disk-{}/spool", self.disks));
        self.disks += 1;
        let backup = self.disk.copy(spool).await;
        self.say("  an old ledger is restored and recovered");
        let options = self.options(0);
        drop(
            self.clock
                .client(self.disk.ledger())
                .sync(self.integration_id, options)
                .await,
        );
        self.clock.advance(Duration::from_hours(2));
        self.disk = backup;
        self.disk.ledger().recover().await.unwrap();
        // What was sent after the backup is nobody's until a complete read has it.
        for object_type in ObjectType::ALL {
            for object in self.simulator.objects(object_type.as_str()) {
                let id = object["objectId"].as_str().unwrap().to_owned();
                self.pushed.insert((object_type, id));
            }
        }
        self.note_in_gong();
    }

    /// One sync of one company, which may be killed or stopped.
    async fn round(&mut self, of: usize, is_fair: bool) {
        let options = self.options(of);
        let kill = (self.rng.u8(..4) == 0).then(|| (self.rng.usize(1..16), self.rng.bool()));
        let cancel = (self.rng.u8(..8) == 0).then(|| self.rng.usize(1..20));
        let is_undisturbed = kill.is_none() && cancel.is_none();
        let plan = if is_undisturbed && self.rng.bool() {
            let client = self.clock.client(self.disk.ledger());
            client.plan(self.integration_id, options.clone()).await.ok()
        } else {
            None
        };
        let fuse = match kill {
            Some((writes, arrives)) => Fuse::after(writes, arrives),
            None => Fuse::after(usize::MAX, true),
        };
        let client = self.clock.client(self.disk.ledger_of(&fuse));
        let (mut handle, sync) = client.sync(self.integration_id, options).start();
        let canceling = async {
            let mut steps = 0;
            while handle.next_event().await.is_some() {
                steps += 1;
                if Some(steps) == cancel {
                    handle.cancel();
                }
            }
            std::future::pending::<()>().await;
        };
        let result = tokio::select! {
            biased;
            () = fuse.death() => None,
            () = canceling => None,
            result = sync => Some(result),
        };
        let scope = self.companies[of].scope;
        self.say(format!(
            "  sync of {scope}, kill {kill:?}, cancel {cancel:?}: {}",
            outcome(result.as_ref())
        ));
        // What Gong processed late is found by a sync, since a plan makes no call.
        let is_late = |report: &SyncReport| {
            let mut notes = report.plan.notes.iter();
            notes.any(|note| note.contains("late, which was given up"))
        };
        if let (Some(Ok(report)), Some(plan)) = (&result, &plan)
            && !is_late(report)
        {
            assert_eq!(
                actions(plan),
                actions(&report.plan),
                "the sync did something else than the plan showed: {:#?} {:#?}",
                plan.notes,
                report.notes
            );
            if is_fair && report.verdict == Verdict::Done {
                let accepted = report.files.iter().map(|file| file.accepted).sum::<u64>();
                let types = plan.types.iter();
                let planned = types
                    .map(|of| of.new + of.changed + of.deleted)
                    .sum::<u64>();
                // What earlier pushes left is in no file of this sync.
                let is_earlier = |of: &&PlannedChange| {
                    let reason = of.reason.as_deref();
                    reason == Some("an earlier push or sync did not send it")
                };
                let earlier = plan.changes.iter().filter(is_earlier).count() as u64;
                assert!(accepted + earlier >= planned, "{plan:#?} {report:#?}");
            }
        }
        self.note_in_gong();
        let ended = [Verdict::Done, Verdict::Partial, Verdict::HeldBack];
        let has_verdicts = matches!(&result, Some(Ok(report)) if ended.contains(&report.verdict));
        if has_verdicts && !self.has_mishaps[of] {
            self.companies[of].came_back.clear();
        }
    }

    /// Whether a company has a record, by the id as Gong tells ids apart.
    fn has(&self, company: &Company, object_type: ObjectType, id: &str) -> bool {
        let of_type = company.records.get(&object_type);
        let mut ids = of_type.into_iter().flat_map(|of_type| of_type.keys());
        ids.any(|known| key(&self.rules, known) == id)
    }

    /// Notes which records of the CRM Gong has. Those that it had and that are still in the CRM must
    /// be there.
    fn note_in_gong(&mut self) {
        let mut now = BTreeSet::new();
        for object_type in ObjectType::ALL {
            // A user whose address changes is gone for a moment.
            if object_type == ObjectType::BusinessUser {
                continue;
            }
            for object in self.simulator.objects(object_type.as_str()) {
                // An older spelling of the same id can come later.
                let id = key(&self.rules, object["objectId"].as_str().unwrap());
                if self
                    .companies
                    .iter()
                    .any(|of| self.has(of, object_type, &id))
                {
                    now.insert((object_type, id));
                }
            }
        }
        let is_live = |(object_type, id): &&(ObjectType, String)| {
            // What moves from one company to another goes and comes.
            let moved = !id.to_lowercase().starts_with("eu-")
                && self.has(&self.companies[1], *object_type, id);
            let came_back = self.companies.iter().any(|of| {
                let mut ids = of.came_back.iter();
                ids.any(|(of_type, known)| of_type == object_type && key(&self.rules, known) == *id)
            });
            let mut companies = self.companies.iter();
            !moved && !came_back && companies.any(|of| self.has(of, *object_type, id))
        };
        let lost: Vec<_> = self
            .in_gong
            .iter()
            .filter(is_live)
            .filter(|key| !now.contains(key) && !self.unhooked.contains(key))
            .collect();
        assert!(
            lost.is_empty(),
            "deleted although they are in the CRM: {lost:?}"
        );
        self.in_gong = now;
    }
}

fn outcome(result: Option<&Result<SyncReport, SyncError>>) -> String {
    match result {
        None => "killed".to_owned(),
        Some(Err(error)) => format!("error: {error}"),
        Some(Ok(report)) => summary(report),
    }
}

fn summary(report: &SyncReport) -> String {
    let changes: Vec<String> = report
        .plan
        .changes
        .iter()
        .map(|change| {
            let id = change.object_id.as_deref().unwrap_or("?");
            let reason = change.reason.as_deref().unwrap_or_default();
            let reason = reason.get(..60).unwrap_or(reason);
            format!("{} {} {id} {reason}", change.action, change.object_type)
        })
        .collect();
    let reasons = report.files.iter().filter_map(|file| file.reason.clone());
    let reasons: Vec<String> = reasons.collect();
    format!("{} [{}] {reasons:?}", report.verdict, changes.join("; "))
}
