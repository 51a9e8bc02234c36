//! A ledger of your own: what was sent is written down in your app's database.
//!
//! ```console
//! $ cargo run -p gong-crm --example own_ledger
//! ```
//!
//! A ledger is any type with these few methods. This one keeps each job as a JSON document in a
//! table; the comments say what a SQL database would be told. On return from `record`, the rows must
//! be safe on disk: the first byte is sent next. With a `spool_folder` as well, uploads from the
//! standard input and from CSVs could be resumed by another process.
//!
//! In a crate of your own it needs `gong-crm`, `gong-sim`, `jiff`, `serde_json`, `tempfile`, and
//! `tokio` with `macros` and `rt-multi-thread`.

use std::error::Error;
use std::io::{Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gong_crm::ledger::{Job, Ledger, LedgerError, LedgerLock};
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Account, Client, ClientRequestId, Credentials, EntityFile, IntegrationId, LockOwner, push};
use gong_sim::Simulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout()).await
}

/// Stands for the app's database.
#[derive(Debug, Default)]
struct Database {
    // CREATE TABLE jobs (number bigserial, integration_id bigint, client_request_id text,
    // job jsonb, PRIMARY KEY (integration_id, client_request_id))
    jobs: Vec<Row>,
    // CREATE TABLE calls (at timestamptz)
    calls: Vec<jiff::Timestamp>,
    // What a trigger on the first table would see.
    changes: Vec<String>,
}

#[derive(Debug)]
struct Row {
    integration_id: i64,
    client_request_id: String,
    job: String,
}

#[derive(Debug, Default)]
struct AppLedger {
    database: Mutex<Database>,
    is_held: Arc<AtomicBool>,
}

impl AppLedger {
    fn database(&self) -> MutexGuard<'_, Database> {
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Frees the ledger when it is dropped.
struct Held(Arc<AtomicBool>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

/// What the app's database says of a failure.
fn failed(error: impl Error + Send + Sync + 'static) -> LedgerError {
    LedgerError::storage("jobs", error)
}

fn is_of(row: &Row, integration_id: IntegrationId, client_request_id: &ClientRequestId) -> bool {
    row.integration_id == integration_id.get()
        && row.client_request_id == client_request_id.as_str()
}

impl Ledger for AppLedger {
    // SELECT pg_try_advisory_lock(...), on a connection that the lock keeps to itself
    fn try_lock(&self) -> Result<LedgerLock, LedgerError> {
        if self.is_held.swap(true, Ordering::Acquire) {
            return Err(LedgerError::Held(LockOwner::default()));
        }
        Ok(LedgerLock::new(Held(Arc::clone(&self.is_held))))
    }

    // In one transaction, INSERT ... ON CONFLICT (integration_id, client_request_id)
    // DO UPDATE SET job = excluded.job
    fn record(&self, jobs: &[Job]) -> Result<(), LedgerError> {
        let documents = jobs.iter().map(serde_json::to_string);
        let documents: Vec<String> = documents.collect::<Result<_, _>>().map_err(failed)?;
        let mut database = self.database();
        for (job, document) in jobs.iter().zip(documents) {
            let change = format!(
                "{} of {} records: {}",
                job.object_type, job.records, job.state
            );
            // A job is recorded again when anything about it changes, not the state alone.
            if database.changes.last() != Some(&change) {
                database.changes.push(change);
            }
            let mut rows = database.jobs.iter_mut();
            match rows.find(|row| is_of(row, job.integration_id, &job.client_request_id)) {
                Some(row) => row.job = document,
                None => database.jobs.push(Row {
                    integration_id: job.integration_id.get(),
                    client_request_id: job.client_request_id.to_string(),
                    job: document,
                }),
            }
        }
        Ok(())
    }

    // SELECT job FROM jobs WHERE integration_id = $1 AND client_request_id = $2
    fn job(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<Option<Job>, LedgerError> {
        let database = self.database();
        let mut rows = database.jobs.iter();
        let row = rows.find(|row| is_of(row, integration_id, client_request_id));
        row.map(|row| serde_json::from_str(&row.job))
            .transpose()
            .map_err(failed)
    }

    // SELECT job FROM jobs ORDER BY number
    fn jobs(&self) -> Result<Vec<Job>, LedgerError> {
        let database = self.database();
        let jobs = database
            .jobs
            .iter()
            .map(|row| serde_json::from_str(&row.job));
        jobs.collect::<Result<_, _>>().map_err(failed)
    }

    // DELETE FROM jobs WHERE integration_id = $1 AND client_request_id = $2
    fn forget(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<(), LedgerError> {
        let mut database = self.database();
        database
            .jobs
            .retain(|row| !is_of(row, integration_id, client_request_id));
        Ok(())
    }

    // INSERT INTO calls VALUES ($1)
    fn count_call(&self, at: jiff::Timestamp) -> Result<(), LedgerError> {
        self.database().calls.push(at);
        Ok(())
    }

    // SELECT count(*) FROM calls WHERE at >= $1
    fn calls_since(&self, since: jiff::Timestamp) -> Result<u64, LedgerError> {
        let database = self.database();
        let calls = database.calls.iter().filter(|at| **at >= since);
        Ok(calls.count() as u64)
    }
}

pub(crate) async fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let gong = Simulator::start().await?;
    let ledger = Arc::new(AppLedger::default());
    let client = Client::builder()
        .base_url(gong.base_url())
        .credentials(Credentials::access_key(
            gong.access_key(),
            gong.access_key_secret(),
        ))
        .ledger(Arc::clone(&ledger) as Arc<dyn Ledger>)
        .rate_limit(RateLimit::unlimited())
        .build()?;
    let integration_id = client
        .register_integration("Acme CRM", "admin@acme.example")
        .await?;

    let folder = tempfile::tempdir()?;
    let mut file = EntityFile::create(folder.path().join("accounts.ldjson"))?;
    file.write(
        &Account::builder()
            .object_id("acme")
            .modified_date("2026-03-01T09:30:00Z")
            .build()?,
    )?;
    file.finish()?;
    for round in ["first", "second"] {
        let options = push::Options::new([folder.path()]).local();
        let report = client.push(integration_id, options).await?;
        writeln!(
            out,
            "{round} push: {:?}, sent: {}",
            report.verdict, report.files[0].sent
        )?;
    }
    for change in &ledger.database().changes {
        writeln!(out, "{change}")?;
    }
    Ok(())
}
