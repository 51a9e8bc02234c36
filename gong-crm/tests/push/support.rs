//! A simulator, a client with a ledger, and a directory of files.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use gong_crm::clock::{Clock, SystemClock};
use gong_crm::ledger::{Ledger, RejectedRecord, UploadState};
use gong_crm::push::{Options, Report};
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Client, Credentials, IntegrationId};
use gong_sim::{Effect, Fault, Operation, RetryAfter, Simulator};
use jiff::{SignedDuration, Timestamp};
use serde_json::Value;

/// A company's Gong and CRM.
pub(crate) struct Harness {
    pub(crate) simulator: Simulator,
    pub(crate) client: Client,
    pub(crate) integration_id: IntegrationId,
    pub(crate) directory: tempfile::TempDir,
}

impl Harness {
    /// With a ledger that ends with the harness.
    pub(crate) async fn new() -> Self {
        Self::with(Simulator::start().await.unwrap()).await
    }

    /// With a ledger in a file, so that an interrupted push can be resumed.
    pub(crate) async fn on_disk() -> Self {
        let mut harness = Self::new().await;
        harness.reopen().await;
        harness
    }

    pub(crate) async fn with(simulator: Simulator) -> Self {
        let client = client(&simulator, Ledger::memory());
        let integration_id = simulator
            .register_integration("Acme CRM", "ada.king@acme.example")
            .into();
        Self {
            simulator,
            client,
            integration_id,
            directory: tempfile::tempdir().unwrap(),
        }
    }

    /// The same Gong and files, with another ledger.
    pub(crate) fn use_ledger(&mut self, ledger: Ledger) {
        self.client = client(&self.simulator, ledger);
    }

    /// Where the ledger on disk is.
    pub(crate) fn ledger_path(&self) -> PathBuf {
        self.directory.path().join("state/ledger.sqlite")
    }

    /// Opens the ledger on disk again, as the next process does.
    pub(crate) async fn reopen(&mut self) {
        let ledger = Ledger::open(self.ledger_path()).await.unwrap();
        self.use_ledger(ledger);
    }

    pub(crate) fn write(&self, name: &str, lines: &[&str]) -> PathBuf {
        let text: String = lines.iter().map(|line| format!("{line}\n")).collect();
        self.write_text(name, &text)
    }

    pub(crate) fn write_text(&self, name: &str, text: &str) -> PathBuf {
        let path = self.directory.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, text).unwrap();
        path
    }

    /// A directory of files, apart from the ledger.
    pub(crate) fn folder(&self) -> PathBuf {
        let path = self.directory.path().join("crm");
        std::fs::create_dir_all(&path).unwrap();
        path
    }

    pub(crate) fn options(&self, path: &Path) -> Options {
        Options::new([path]).simulator()
    }

    pub(crate) async fn push(&self, path: &Path) -> Report {
        self.push_with(self.options(path)).await
    }

    pub(crate) async fn push_with(&self, options: Options) -> Report {
        self.client
            .push(self.integration_id, options)
            .await
            .unwrap()
    }

    pub(crate) async fn resume(&self) -> Report {
        let options = Options::default().simulator();
        self.client.resume([], options).await.unwrap()
    }

    /// A field of an object that Gong has; null if it has none.
    pub(crate) fn field(&self, object_type: &str, id: &str, field: &str) -> Value {
        let object = self.simulator.object(object_type, id);
        let value = object.and_then(|object| object.get(field).cloned());
        value.unwrap_or(Value::Null)
    }

    /// The name under which Gong has an account.
    pub(crate) fn name(&self, id: &str) -> Option<String> {
        let object = self.simulator.object("ACCOUNT", id)?;
        Some(object["name"].as_str().unwrap().to_owned())
    }

    /// The states of all uploads of the ledger, the oldest first.
    pub(crate) async fn states(&self) -> Vec<UploadState> {
        let uploads = self.client.ledger().uploads(1_000).await.unwrap();
        uploads.iter().map(|upload| upload.state).collect()
    }

    pub(crate) async fn rejects(&self) -> Vec<RejectedRecord> {
        let ledger = self.client.ledger();
        ledger
            .rejects(self.client.base_url(), self.integration_id)
            .await
            .unwrap()
    }

    /// How many uploads were sent, whatever was answered.
    pub(crate) fn posts(&self) -> usize {
        let requests = self.simulator.requests();
        requests
            .iter()
            .filter(|request| request.method == "POST" && request.path == "/v2/crm/entities")
            .count()
    }

    pub(crate) fn fault_of_uploads(&self, effect: Effect, nth: u64) {
        let fault = Fault::new(effect).on(Operation::UploadEntities);
        self.simulator.add_fault(fault.nth(nth)).unwrap();
    }

    /// From the nth upload on, Gong wants to be left alone for longer than a push waits.
    pub(crate) fn refuse_uploads_from(&self, nth: u64) {
        let mut fault = Fault::new(Effect::TooManyRequests(RetryAfter::Seconds(86_400)));
        for call in nth..nth + 100 {
            fault = fault.nth(call);
        }
        self.simulator
            .add_fault(fault.on(Operation::UploadEntities))
            .unwrap();
    }
}

pub(crate) fn client(simulator: &Simulator, ledger: Ledger) -> Client {
    client_with(simulator, ledger, RateLimit::unlimited(), None)
}

pub(crate) fn client_with(
    simulator: &Simulator,
    ledger: Ledger,
    rate_limit: RateLimit,
    clock: Option<Arc<dyn Clock>>,
) -> Client {
    let mut builder = Client::builder()
        .base_url(simulator.base_url())
        .credentials(Credentials::access_key(
            simulator.access_key(),
            simulator.access_key_secret(),
        ))
        .rate_limit(rate_limit)
        .ledger(ledger);
    if let Some(clock) = clock {
        builder = builder.clock(clock);
    }
    builder.build().unwrap()
}

/// The same options, which ask for a verdict once.
pub(crate) fn impatient(mut options: Options) -> Options {
    options.poll = options.poll.with_timeout(Duration::ZERO);
    options
}

pub(crate) const OLD: &str = "2026-01-15T09:30:00Z";
pub(crate) const NEW: &str = "2026-01-16T09:30:00Z";

pub(crate) fn account(id: &str, at: &str, name: &str) -> String {
    format!("{{\"objectId\":\"{id}\",\"modifiedDate\":\"{at}\",\"name\":\"{name}\"}}\n")
}

pub(crate) fn deletion(id: &str, at: &str) -> String {
    format!("{{\"objectId\":\"{id}\",\"modifiedDate\":\"{at}\",\"isDeleted\":true}}\n")
}

pub(crate) fn accounts(count: usize) -> String {
    (1..=count)
        .map(|number| account(&format!("a-{number}"), OLD, "Acme"))
        .collect()
}

/// A contact of an account.
pub(crate) fn contact(id: &str, account_id: &str) -> String {
    format!(
        "{{\"objectId\":\"{id}\",\"modifiedDate\":\"{OLD}\",\"accountId\":\"{account_id}\",\
         \"emailAddress\":\"{id}@acme.example\"}}\n"
    )
}

pub(crate) fn stage(id: &str, name: &str) -> String {
    format!("{{\"objectId\":\"{id}\",\"name\":\"{name}\",\"sortOrder\":1,\"isActive\":true}}\n")
}

/// An account without a date, which Gong rejects.
pub(crate) fn bad_account(id: &str) -> String {
    format!("{{\"objectId\":\"{id}\",\"name\":\"B\"}}\n")
}

/// So many accounts, of which Gong rejects every second one.
pub(crate) fn half_bad_accounts(count: usize) -> String {
    let line = |number| match number % 2 {
        0 => bad_account(&format!("bad-{number}")),
        _ => account(&format!("good-{number}"), OLD, "G"),
    };
    (0..count).map(line).collect()
}

/// A clock that is so much ahead.
#[derive(Debug)]
pub(crate) struct ShiftedClock(pub(crate) SignedDuration);

impl Clock for ShiftedClock {
    fn now(&self) -> Timestamp {
        Timestamp::now() + self.0
    }

    fn sleep(&self, duration: Duration) -> Pin<Box<dyn Future<Output = ()> + Send + '_>> {
        SystemClock.sleep(duration)
    }

    fn monotonic(&self) -> Duration {
        SystemClock.monotonic()
    }
}

/// A file or directory of the workspace.
pub(crate) fn workspace(path: &str) -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).join(path)
}
