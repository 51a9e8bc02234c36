//! In a web service: changes come in one by one, and go to Gong together.
//!
//! ```console
//! $ cargo run -p gong-crm --example axum_service
//! ```
//!
//! `POST /accounts` takes one changed account from the CRM's webhook. A record that Gong would refuse
//! is answered 422 at once, with the reason. `POST /push` is for a timer: it sends all that came in
//! since and answers with the report. An upload for each change would soon use up the 10,000 calls
//! that Gong allows a day.
//!
//! In a crate of your own it needs `axum`, `gong-crm`, `gong-sim`, `reqwest` with `json`, `serde`
//! with `derive`, `serde_json`, `tempfile`, and `tokio` with `macros`, `net` and `rt-multi-
//! thread`.

use std::error::Error;
use std::io::{Write, stdout};
use std::mem::take;
use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::routing::post;
use axum::{Json, Router};
use gong_crm::push::{Options, Report};
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Account, Client, Credentials, EntityFile, IntegrationId};
use gong_sim::Simulator;
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
    waiting: Mutex<Vec<Account>>,
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
        .object_id(changed.id)
        .modified_date(changed.at)
        .name(changed.name)
        .build();
    match account {
        Ok(account) => {
            service.waiting.lock().await.push(account);
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
        Ok(report) => (StatusCode::OK, Json(json!(report))),
        Err(error) => {
            let answer = json!({ "error": error.to_string() });
            (StatusCode::BAD_GATEWAY, Json(answer))
        }
    }
}

/// Errors of a handler cross threads.
type SendError = Box<dyn Error + Send + Sync>;

async fn send(service: &Service) -> Result<Report, SendError> {
    // Kept until the verdict in a real service: in a table, or in a folder that outlives it.
    let waiting = take(&mut *service.waiting.lock().await);
    let folder = tempfile::tempdir()?;
    let mut file = EntityFile::rolling(folder.path().join("accounts.ldjson"))?;
    file.write_all(&waiting)?;
    let written = file.finish()?;
    let paths = written.files.iter().map(|file| file.path().to_path_buf());
    let options = Options::new(paths).local();
    Ok(service.client.push(service.integration_id, options).await?)
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

    let service = Service {
        client,
        integration_id,
        waiting: Mutex::default(),
    };
    let router = Router::new()
        .route("/accounts", post(accounts))
        .route("/push", post(push))
        .with_state(Arc::new(service));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}", listener.local_addr()?);
    let server = tokio::spawn(async move { axum::serve(listener, router).await });

    // From here on, what the CRM and the timer do.
    // A client that is made without TLS of its own needs a provider of cryptography all the same.
    drop(rustls::crypto::ring::default_provider().install_default());
    let http = reqwest::Client::new();
    for account in [
        json!({"id": "acme", "name": "Acme", "at": "2026-03-01T09:30:00Z"}),
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
    let answer = http.post(format!("{url}/push")).send().await?;
    let status = answer.status();
    let report: Value = answer.json().await?;
    writeln!(
        out,
        "POST /push: {status}, {} with {} record taken",
        report["verdict"], report["files"][0]["succeeded"]
    )?;
    server.abort();
    Ok(())
}
