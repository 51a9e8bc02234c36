//! In a web service: changes come in one by one, and go to Gong together.
//!
//! ```console
//! $ cargo run -p gong-crm --features sqlite --example axum_service
//! ```
//!
//! `POST /accounts` takes one changed account from the CRM's webhook. A record that Gong would reject
//! is answered 422 at once, with the reason. `POST /push` is for a timer: it sends what came in since
//! and answers with the report. An upload for each change would soon use up the 10,000 calls that
//! Gong allows per day.
//!
//! A change is answered 202 when it is in a table, and waits there until the ledger says that Gong has
//! it, whatever fails in between: table and ledger are files, so that a service that is killed goes on
//! where it was. Webhooks are delivered in any order, some of them twice: of two versions of a record,
//! the one with the later date stays. On a signal, the service finishes the requests that it has begun
//! and pushes once more.
//!
//! In a crate of your own it needs `axum`, `gong-crm` with `sqlite`, `gong-sim`, `reqwest` with `json`,
//! `rusqlite` with `bundled`, `serde` with `derive`, `serde_json`, `tempfile`, and `tokio` with
//! `macros`, `net` and `rt-multi-thread`.

use std::error::Error;
use std::future::Future;
use std::io::{Write, stdout};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use gong_crm::client::ClientBuilder;
use gong_crm::push::{Options, Records, Report, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_crm::record::InvalidRecord;
use gong_crm::{Account, Client, Credentials, IntegrationId, Ledger};
use gong_sim::{Effect, Fault, Operation, Simulator};
use rusqlite::{Connection, params};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout()).await
}

/// What the handlers share.
pub(crate) struct Service {
    client: Client,
    integration_id: IntegrationId,
    changes: Mutex<Connection>,
    /// Two pushes at once would send the same records.
    push: tokio::sync::Mutex<()>,
}

/// An account as the CRM's webhook sends it, and as the table keeps it.
#[derive(serde::Deserialize)]
struct Change {
    id: String,
    name: String,
    at: String,
}

impl Change {
    fn account(&self) -> Result<Account, InvalidRecord> {
        Account::builder()
            .object_id(self.id.clone())
            .modified_date(self.at.clone())
            .name(self.name.clone())
            .build()
    }
}

/// Errors of a handler cross threads.
type ServiceError = Box<dyn Error + Send + Sync>;

impl Service {
    /// A service that keeps the changes and its ledger in a folder.
    pub(crate) async fn open(
        client: ClientBuilder,
        integration_id: IntegrationId,
        folder: &Path,
    ) -> Result<Self, ServiceError> {
        let changes = Connection::open(folder.join("changes.sqlite"))?;
        // The rows of accounts that Gong has stay: they know which version was the last.
        changes.execute_batch(
            "CREATE TABLE IF NOT EXISTS changes (
                 id TEXT PRIMARY KEY, name TEXT, at TEXT, instant INTEGER, is_waiting INTEGER
             );",
        )?;
        let ledger = Ledger::open(folder.join("ledger.sqlite")).await?;
        Ok(Self {
            client: client.ledger(ledger).build()?,
            integration_id,
            changes: Mutex::new(changes),
            push: tokio::sync::Mutex::default(),
        })
    }

    /// Runs a short statement; a service with many changes has a pool of connections instead.
    fn with_changes<T>(&self, work: impl FnOnce(&Connection) -> T) -> T {
        let changes = self.changes.lock().unwrap_or_else(PoisonError::into_inner);
        work(&changes)
    }

    /// Whether the change is the latest of its account and waits for a push.
    fn add(&self, change: &Change, account: &Account) -> rusqlite::Result<bool> {
        let instant = account.modified_date().instant().as_second();
        self.with_changes(|changes| {
            let changed = changes.execute(
                "INSERT INTO changes VALUES (?1, ?2, ?3, ?4, 1)
                 ON CONFLICT (id) DO UPDATE SET
                     name = excluded.name, at = excluded.at, instant = excluded.instant,
                     is_waiting = 1
                 WHERE excluded.instant >= instant",
                params![change.id, change.name, change.at, instant],
            )?;
            Ok(changed == 1)
        })
    }

    /// The changes that Gong does not have yet.
    fn waiting(&self) -> rusqlite::Result<Vec<Change>> {
        self.with_changes(|changes| {
            let mut query =
                changes.prepare("SELECT id, name, at FROM changes WHERE is_waiting ORDER BY id")?;
            let changes = query.query_map([], |row| {
                Ok(Change {
                    id: row.get(0)?,
                    name: row.get(1)?,
                    at: row.get(2)?,
                })
            })?;
            changes.collect()
        })
    }

    /// The change waits no longer, unless a later one of its account came in meanwhile.
    fn remove(&self, change: &Change) -> rusqlite::Result<()> {
        self.with_changes(|changes| {
            changes.execute(
                "UPDATE changes SET is_waiting = 0 WHERE id = ?1 AND name = ?2 AND at = ?3",
                [&change.id, &change.name, &change.at],
            )?;
            Ok(())
        })
    }

    /// Sends what is waiting.
    pub(crate) async fn send(&self) -> Result<Report, ServiceError> {
        let _only = self.push.lock().await;
        let sent = self.waiting()?;
        let accounts: Result<Vec<Account>, InvalidRecord> =
            sent.iter().map(Change::account).collect();
        let accounts = accounts?;
        let mut records = Records::new();
        for account in &accounts {
            records.add(account)?;
        }
        let report = self
            .client
            .push_records(self.integration_id, records, Options::default().simulator())
            .await;
        // Also a push that failed may have brought some of them to Gong.
        let versions = self.client.versions(self.integration_id, &accounts).await?;
        for (change, version) in sent.iter().zip(versions) {
            if version.in_gong.is_yes() {
                self.remove(change)?;
            }
        }
        Ok(report?)
    }
}

async fn accounts(
    State(service): State<Arc<Service>>,
    Json(change): Json<Change>,
) -> (StatusCode, String) {
    let account = match change.account() {
        Ok(account) => account,
        Err(invalid) => return (StatusCode::UNPROCESSABLE_ENTITY, invalid.to_string()),
    };
    match service.add(&change, &account) {
        Ok(true) => (
            StatusCode::ACCEPTED,
            "it goes with the next push".to_owned(),
        ),
        Ok(false) => (StatusCode::OK, "a later version came before".to_owned()),
        // The CRM sends it again.
        Err(error) => (StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}

async fn push(State(service): State<Arc<Service>>) -> (StatusCode, Json<Value>) {
    match service.send().await {
        Ok(report) if report.verdict == Verdict::Done => (StatusCode::OK, Json(json!(report))),
        Ok(report) => (StatusCode::BAD_GATEWAY, Json(json!(report))),
        Err(error) => {
            let answer = json!({ "error": error.to_string() });
            (StatusCode::BAD_GATEWAY, Json(answer))
        }
    }
}

/// Serves until `stop`, then pushes what is still waiting. A real service stops on
/// `tokio::signal::ctrl_c()` or SIGTERM.
pub(crate) async fn serve(
    service: Arc<Service>,
    listener: TcpListener,
    stop: impl Future<Output = ()> + Send + 'static,
) -> Result<Report, ServiceError> {
    let router = Router::new()
        .route("/accounts", post(accounts))
        .route("/push", post(push))
        .with_state(Arc::clone(&service));
    axum::serve(listener, router)
        .with_graceful_shutdown(stop)
        .await?;
    service.send().await
}

pub(crate) async fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let gong = Simulator::start().await?;
    let client = Client::builder()
        .base_url(gong.base_url())
        .credentials(Credentials::access_key(
            gong.access_key(),
            gong.access_key_secret(),
        ))
        .rate_limit(RateLimit::unlimited());
    let integration_id = gong
        .register_integration("Acme CRM", "admin@acme.example")
        .into();
    let folder = tempfile::tempdir()?;
    let service = Service::open(client, integration_id, folder.path())
        .await
        .map_err(|error| error.to_string())?;
    let service = Arc::new(service);
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = tokio::spawn(serve(Arc::clone(&service), listener, async move {
        // The sender is gone only at the end of the program.
        let _ = stopped.await;
    }));

    // From here on, what the CRM and the timer do.
    let http = gong_crm::raw::http_builder()?.no_proxy().build()?;
    for account in [
        json!({"id": "acme", "name": "Acme", "at": "2026-03-01T09:30:00Z"}),
        json!({"id": "acme", "name": "Acme, as it was called before", "at": "2026-03-01T09:00:00Z"}),
        json!({"id": "globex", "name": "Globex", "at": "yesterday"}),
    ] {
        let url = format!("{url}/accounts");
        let answer = http.post(url).json(&account).send().await?;
        writeln!(
            out,
            "POST /accounts: {}, {}",
            answer.status(),
            answer.text().await?
        )?;
    }
    // The first push meets a Gong that fails; nothing is lost.
    gong.add_fault(Fault::new(Effect::Status(401)).on(Operation::UploadEntities))?;
    for _ in 0..2 {
        let answer = http.post(format!("{url}/push")).send().await?;
        let status = answer.status();
        let report: Value = answer.json().await?;
        let waiting = service.waiting()?.len();
        writeln!(
            out,
            "POST /push: {status}, {} with {} accepted; {waiting} waiting",
            report["verdict"], report["files"][0]["accepted"]
        )?;
        gong.clear_faults();
    }
    let name = gong.object("ACCOUNT", "acme").unwrap_or_default()["name"].clone();
    writeln!(out, "Gong has: {name}")?;
    let late = json!({"id": "initech", "name": "Initech", "at": "2026-03-02T08:00:00Z"});
    http.post(format!("{url}/accounts"))
        .json(&late)
        .send()
        .await?;
    let _ = stop.send(());
    let report = server.await?.map_err(|error| error.to_string())?;
    writeln!(
        out,
        "at the end: {} with {} accepted; {} waiting",
        report.verdict,
        report.accepted(),
        service.waiting()?.len()
    )?;
    Ok(())
}
