//! A simulator, a client with a ledger, and exports of a CRM in a directory.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use gong_crm::ledger::Ledger;
use gong_crm::push::{Options, Report, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_crm::source::FilesSource;
use gong_crm::sync::{SyncOptions, SyncPlan, SyncReport};
use gong_crm::{Client, Credentials, IntegrationId, ObjectType};
use gong_sim::Simulator;
use serde_json::{Value, json};

/// A company's Gong and CRM.
pub(crate) struct World {
    pub(crate) simulator: Simulator,
    pub(crate) client: Client,
    pub(crate) integration_id: IntegrationId,
    pub(crate) directory: tempfile::TempDir,
    /// Seconds by which the next export is later than the last one.
    exports: std::cell::Cell<u64>,
}

impl World {
    pub(crate) async fn new() -> Self {
        Self::with(Simulator::start().await.unwrap()).await
    }

    pub(crate) async fn with(simulator: Simulator) -> Self {
        let client = client(&simulator, Ledger::memory());
        let integration_id = client
            .register_integration("Acme CRM", "ada.king@acme.example")
            .await
            .unwrap();
        Self {
            simulator,
            client,
            integration_id,
            directory: tempfile::tempdir().unwrap(),
            exports: std::cell::Cell::new(0),
        }
    }

    /// The same with a clock of the test's own.
    pub(crate) fn use_clock(&mut self, clock: Arc<MovedClock>) {
        self.client = Client::builder()
            .base_url(self.simulator.base_url())
            .credentials(Credentials::access_key(
                self.simulator.access_key(),
                self.simulator.access_key_secret(),
            ))
            .rate_limit(RateLimit::unlimited())
            .ledger(self.client.ledger().clone())
            .clock(clock)
            .build()
            .unwrap();
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Writes an export; each is a second later than the one before, and in the past.
    pub(crate) fn export(&self, name: &str, records: &[Value]) -> PathBuf {
        let text: String = records.iter().map(|record| format!("{record}\n")).collect();
        self.export_text(name, &text)
    }

    pub(crate) fn export_text(&self, name: &str, text: &str) -> PathBuf {
        let path = self.path(name);
        std::fs::write(&path, text).unwrap();
        let number = self.exports.get() + 1;
        self.exports.set(number);
        let begin = std::time::SystemTime::now() - std::time::Duration::from_hours(1);
        set_time(&path, begin + std::time::Duration::from_secs(number));
        path
    }

    /// A sync of complete exports, one file per type.
    pub(crate) fn options(&self, types: &[ObjectType]) -> SyncOptions {
        let mut options = SyncOptions::new("acme").simulator();
        for object_type in types {
            let path = self.path(&file_name(*object_type));
            let source = Arc::new(FilesSource::new(path).complete(true));
            options = options.source(*object_type, source);
        }
        options
    }

    /// Accounts that are in a source and in Gong. Gives the options of the syncs of that source.
    pub(crate) async fn with_accounts(&self, ids: impl IntoIterator<Item = u32>) -> SyncOptions {
        self.export("account.ldjson", &accounts(ids));
        let options = self.options(&[ObjectType::Account]);
        assert_eq!(self.sync(options.clone()).await.verdict, Verdict::Done);
        options
    }

    pub(crate) async fn sync(&self, options: SyncOptions) -> SyncReport {
        self.client
            .sync(self.integration_id, options)
            .await
            .unwrap()
    }

    pub(crate) async fn plan(&self, options: SyncOptions) -> SyncPlan {
        self.client
            .plan(self.integration_id, options)
            .await
            .unwrap()
    }

    pub(crate) async fn push(&self, name: &str, records: &[Value]) -> Report {
        let path = self.path(name);
        let text: String = records.iter().map(|record| format!("{record}\n")).collect();
        std::fs::write(&path, text).unwrap();
        let options = Options::new([path]).simulator();
        self.client
            .push(self.integration_id, options)
            .await
            .unwrap()
    }

    /// Whether Gong has a record.
    pub(crate) fn has(&self, object_type: &str, id: &str) -> bool {
        self.simulator.object(object_type, id).is_some()
    }

    /// A field of an object that Gong has; null if it has none.
    pub(crate) fn field(&self, object_type: &str, id: &str, field: &str) -> Value {
        let object = self.simulator.object(object_type, id);
        let value = object.and_then(|object| object.get(field).cloned());
        value.unwrap_or(Value::Null)
    }

    /// How many calls the client made until now.
    pub(crate) async fn calls(&self) -> u64 {
        let quota = self.client.quota().await.unwrap();
        quota.map_or(0, |quota| quota.spent)
    }
}

pub(crate) fn set_time(path: &std::path::Path, time: std::time::SystemTime) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(time).unwrap();
}

pub(crate) fn file_name(object_type: ObjectType) -> String {
    format!("{}.ldjson", object_type.as_str().to_lowercase())
}

pub(crate) fn account(id: &str, name: &str) -> Value {
    json!({"objectId": id, "modifiedDate": "2026-01-15T09:30:00Z", "name": name})
}

pub(crate) fn accounts(ids: impl IntoIterator<Item = u32>) -> Vec<Value> {
    ids.into_iter()
        .map(|id| account(&format!("acc-{id}"), &format!("Company {id}")))
        .collect()
}

pub(crate) fn contact(id: &str, account: &str) -> Value {
    json!({
        "objectId": id, "modifiedDate": "2026-01-15T09:30:00Z", "accountId": account,
        "emailAddress": format!("{id}@customer.example"),
    })
}

pub(crate) fn user(id: &str, address: &str) -> Value {
    json!({"objectId": id, "modifiedDate": "2026-01-15T09:30:00Z", "emailAddress": address})
}

pub(crate) fn stage(id: &str, name: &str) -> Value {
    json!({"objectId": id, "name": name, "sortOrder": 1})
}

pub(crate) fn deal(id: &str, account: &str, stage: &str, amount: u32) -> Value {
    json!({
        "objectId": id, "modifiedDate": "2026-01-15T09:30:00Z", "accountId": account,
        "stage": stage, "amount": amount, "title": format!("Deal {id}"), "name": id,
        "createdDate": "2026-01-01T09:30:00Z", "closeDate": "2026-12-01", "ownerId": "u-1",
        "status": "OPEN",
    })
}

/// The numbers of a type: new, changed, deleted, unchanged, held back.
pub(crate) fn counts(plan: &SyncPlan, object_type: ObjectType) -> [u64; 5] {
    let mut types = plan.types.iter();
    let of_type = types.find(|of| of.object_type == object_type).unwrap();
    [
        of_type.new,
        of_type.changed,
        of_type.deleted,
        of_type.unchanged,
        of_type.held_back,
    ]
}

/// Every record with what happens to it.
pub(crate) fn actions(plan: &SyncPlan) -> BTreeMap<String, String> {
    plan.changes
        .iter()
        .map(|change| {
            let id = change.object_id.clone().unwrap_or_default();
            (
                format!("{} {id}", change.object_type),
                change.action.to_string(),
            )
        })
        .collect()
}

/// A clock that tests move on, from ten days ago; nobody sleeps long.
#[derive(Debug, Default)]
pub(crate) struct MovedClock(std::sync::atomic::AtomicI64);

impl MovedClock {
    pub(crate) fn advance(&self, by: std::time::Duration) {
        let seconds = i64::try_from(by.as_secs()).unwrap();
        self.0
            .fetch_add(seconds, std::sync::atomic::Ordering::SeqCst);
    }

    /// For how long the clock was moved on, in seconds.
    pub(crate) fn offset(&self) -> u64 {
        u64::try_from(self.0.load(std::sync::atomic::Ordering::SeqCst)).unwrap()
    }
}

impl gong_crm::clock::Clock for MovedClock {
    fn now(&self) -> jiff::Timestamp {
        jiff::Timestamp::now() - std::time::Duration::from_secs(864_000 - self.offset())
    }

    fn monotonic(&self) -> std::time::Duration {
        let real = gong_crm::clock::SystemClock.monotonic();
        real + std::time::Duration::from_secs(self.offset())
    }

    fn sleep(
        &self,
        duration: std::time::Duration,
    ) -> std::pin::Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        self.advance(duration);
        Box::pin(tokio::time::sleep(
            duration.min(std::time::Duration::from_millis(2)),
        ))
    }
}

pub(crate) fn client(simulator: &Simulator, ledger: Ledger) -> Client {
    Client::builder()
        .base_url(simulator.base_url())
        .credentials(Credentials::access_key(
            simulator.access_key(),
            simulator.access_key_secret(),
        ))
        .rate_limit(RateLimit::unlimited())
        .ledger(ledger)
        .build()
        .unwrap()
}
