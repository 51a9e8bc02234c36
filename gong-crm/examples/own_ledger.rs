//! A ledger of your own: what is sent shows up in your app's database as well.
//!
//! ```console
//! $ cargo run -p gong-crm --example own_ledger
//! ```
//!
//! A ledger is any type with these few methods. This one hands everything on to another and writes
//! each change of a job down where the app looks. Around a `SqliteLedger` instead of the one in
//! memory, it outlives the process too.
//!
//! In a crate of your own it needs `gong-crm`, `gong-sim`, `jiff`, `tempfile`, and `tokio` with
//! `macros` and `rt-multi-thread`.

use std::error::Error;
use std::io::{Write, stdout};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};

use gong_crm::{
    Account, Client, ClientRequestId, Credentials, EntityFile, IntegrationId, Job, Ledger,
    LedgerError, LedgerLock, MemoryLedger, RateBudget, push,
};
use gong_sim::Simulator;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout()).await
}

/// Stands for a table of the app's.
type Table = Arc<Mutex<Vec<String>>>;

#[derive(Debug, Default)]
struct AppLedger {
    kept: MemoryLedger,
    table: Table,
}

impl Ledger for AppLedger {
    fn try_lock(&self) -> Result<LedgerLock, LedgerError> {
        self.kept.try_lock()
    }

    fn record(&self, jobs: &[Job]) -> Result<(), LedgerError> {
        // First where it counts: what returns here is sent next.
        self.kept.record(jobs)?;
        let mut table = self.table.lock().unwrap_or_else(PoisonError::into_inner);
        for job in jobs {
            let row = format!(
                "{} of {} records: {}",
                job.object_type, job.records, job.state
            );
            // A job is recorded again when anything about it changes, not the state alone.
            if table.last() != Some(&row) {
                table.push(row);
            }
        }
        Ok(())
    }

    fn job(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<Option<Job>, LedgerError> {
        self.kept.job(integration_id, client_request_id)
    }

    fn jobs(&self) -> Result<Vec<Job>, LedgerError> {
        self.kept.jobs()
    }

    fn spool_folder(&self) -> Option<PathBuf> {
        self.kept.spool_folder()
    }

    fn forget(
        &self,
        integration_id: IntegrationId,
        client_request_id: &ClientRequestId,
    ) -> Result<(), LedgerError> {
        self.kept.forget(integration_id, client_request_id)
    }

    fn count_call(&self, at: jiff::Timestamp) -> Result<(), LedgerError> {
        self.kept.count_call(at)
    }

    fn calls_since(&self, since: jiff::Timestamp) -> Result<u64, LedgerError> {
        self.kept.calls_since(since)
    }
}

pub(crate) async fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let gong = Simulator::start().await?;
    let table = Table::default();
    let ledger = AppLedger {
        table: Arc::clone(&table),
        ..AppLedger::default()
    };
    let client = Client::builder()
        .base_url(gong.base_url())
        .credentials(Credentials::access_key(
            gong.access_key(),
            gong.access_key_secret(),
        ))
        .ledger(Arc::new(ledger))
        .rate_budget(RateBudget::unlimited())
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
    let table = table.lock().unwrap_or_else(PoisonError::into_inner);
    for row in table.iter() {
        writeln!(out, "{row}")?;
    }
    Ok(())
}
