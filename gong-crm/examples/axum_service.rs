//! In a web service: changes come in one by one, and go to Gong together.
//!
//! ```console
//! $ cargo run -p gong-crm --example axum_service
//! ```
//!
//! `POST /accounts` takes one changed account from the CRM's webhook. A record that Gong would reject
//! is answered 422 at once, with the reason. `POST /push` is for a timer: it sends what came in since
//! and answers with the report. An upload for each change would soon use up the 10,000 calls that
//! Gong allows per day.
//!
//! A record stays in the list until Gong has accepted it, whatever fails in between. Webhooks are
//! delivered in any order, some of them twice: of two versions of a record, the one with the later date
//! stays in the list. On a signal, the
//! service finishes the requests that it has begun, pushes once more, and says what is still waiting.
//! A real service keeps the list in a table, and opens a ledger in a file, so that both outlive it.
//!
//! In a crate of your own it needs `axum`, `gong-crm`, `gong-sim`, `reqwest` with `json`, `serde`
//! with `derive`, `serde_json`, and `tokio` with `macros`, `net` and `rt-multi-thread`.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{Write, stdout};
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use gong_crm::push::{Options, Records, Report, Verdict};
use gong_crm::rate_limit::RateLimit;
use gong_crm::value::Timestamp;
use gong_crm::{Account, Client, Credentials, IntegrationId};
use gong_sim::{Effect, Fault, Operation, Simulator};
use serde_json::{Value, json};
use tokio::sync::Mutex;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout()).await
}

/// What the handlers share.
struct Service {
    client: Client,
    integration_id: IntegrationId,
    waiting: Mutex<Waiting>,
    /// Two pushes at once would send the same records.
    push: Mutex<()>,
}

/// The changes that Gong does not have yet: the last one of each account, with its number.
#[derive(Default)]
struct Waiting {
    last_number: u64,
    accounts: BTreeMap<String, (u64, Account)>,
    /// The latest date of each account, also of those that Gong has.
    newest: BTreeMap<String, Timestamp>,
}

/// An account as the CRM's webhook sends it.
#[derive(serde::Deserialize)]
struct Changed {
    id: String,
    name: String,
    at: String,
}

async fn accounts(
    State(service): State<Arc<Service>>,
    Json(changed): Json<Changed>,
) -> (StatusCode, String) {
    let account = Account::builder()
        .object_id(changed.id.clone())
        .modified_date(changed.at)
        .name(changed.name)
        .build();
    match account {
        Ok(account) => {
            let mut waiting = service.waiting.lock().await;
            let newest = waiting.newest.get(&changed.id);
            if newest.is_some_and(|newest| newest > account.modified_date()) {
                let answer = "a later version came before".to_owned();
                return (StatusCode::OK, answer);
            }
            let date = *account.modified_date();
            waiting.newest.insert(changed.id.clone(), date);
            waiting.last_number += 1;
            let number = waiting.last_number;
            waiting.accounts.insert(changed.id, (number, account));
            (
                StatusCode::ACCEPTED,
                "it goes with the next push".to_owned(),
            )
        }
        Err(invalid) => (StatusCode::UNPROCESSABLE_ENTITY, invalid.to_string()),
    }
}

async fn push(State(service): State<Arc<Service>>) -> (StatusCode, Json<Value>) {
    match send(&service).await {
        Ok(report) if report.verdict == Verdict::Done => (StatusCode::OK, Json(json!(report))),
        Ok(report) => (StatusCode::BAD_GATEWAY, Json(json!(report))),
        Err(error) => {
            let answer = json!({ "error": error.to_string() });
            (StatusCode::BAD_GATEWAY, Json(answer))
        }
    }
}

/// Errors of a handler cross threads.
type SendError = Box<dyn Error + Send + Sync>;

async fn send(service: &Service) -> Result<Report, SendError> {
    let _only = service.push.lock().await;
    let sent = service.waiting.lock().await.accounts.clone();
    let mut records = Records::new();
    for (_, account) in sent.values() {
        records.add(account)?;
    }
    let options = Options::default().simulator();
    let report = service
        .client
        .push_records(service.integration_id, records, options)
        .await?;
    // Records that Gong rejected, or may not have, stay and go with the next push.
    let is_settled = matches!(report.verdict, Verdict::Done | Verdict::Partial);
    if is_settled {
        let errors = report.files.iter().flat_map(|file| &file.errors);
        let open: Vec<&str> = errors
            .filter_map(|error| error.object_id.as_deref())
            .collect();
        let mut waiting = service.waiting.lock().await;
        waiting.accounts.retain(|id, (number, _)| {
            // A change that came in meanwhile has a later number.
            let was_sent = sent.get(id).is_some_and(|(sent, _)| sent == number);
            !was_sent || open.contains(&id.as_str())
        });
    }
    Ok(report)
}

pub(crate) async fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let gong = Simulator::start().await?;
    let client = Client::builder()
        .base_url(gong.base_url())
        .credentials(Credentials::access_key(
            gong.access_key(),
            gong.access_key_secret(),
        ))
        .rate_limit(RateLimit::unlimited())
        .build()?;
    let integration_id = client
        .register_integration("Acme CRM", "admin@acme.example")
        .await?;

    let service = Arc::new(Service {
        client,
        integration_id,
        waiting: Mutex::default(),
        push: Mutex::default(),
    });
    let router = Router::new()
        .route("/accounts", post(accounts))
        .route("/push", post(push))
        .with_state(Arc::clone(&service));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    // A real service stops on `tokio::signal::ctrl_c()` or SIGTERM.
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let server = axum::serve(listener, router).with_graceful_shutdown(async move {
        // The sender is gone only at the end of the program.
        let _ = stopped.await;
    });
    let server = tokio::spawn(async move { server.await });

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
        let waiting = service.waiting.lock().await.accounts.len();
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
    server.await??;
    let report = send(&service).await.map_err(|error| error.to_string())?;
    let waiting = service.waiting.lock().await.accounts.len();
    writeln!(
        out,
        "at the end: {} with {} accepted; {waiting} waiting",
        report.verdict,
        report.accepted()
    )?;
    Ok(())
}
