//! The status of each record is written back to the CRM, whatever the result of the push.
//!
//! ```console
//! $ cargo run -p gong-crm --example status_write_back
//! ```
//!
//! After each push, the ledger is asked whether Gong has each row *as the row is now*: also after a
//! push that failed, was stopped, or never came to its report. A row that changed since Gong accepted
//! it is another version. So the CRM never says that a row is in Gong when it is not.
//!
//! In a crate of your own it needs `gong-crm`, `gong-sim`, `rusqlite` with `bundled`, `tempfile`, and
//! `tokio` with `macros` and `rt-multi-thread`.

use std::error::Error;
use std::io::{Write, stdout};
use std::path::Path;

use gong_crm::push::{Options, Records};
use gong_crm::rate_limit::RateLimit;
use gong_crm::retry::RetryLimits;
use gong_crm::{Account, Client, Credentials, IntegrationId};
use gong_sim::{Effect, Fault, Operation, Simulator};
use rusqlite::Connection;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout()).await
}

/// A CRM with a column for what is known of each customer in Gong.
pub(crate) fn crm(path: &Path) -> rusqlite::Result<Connection> {
    let database = Connection::open(path)?;
    database.execute_batch(
        "CREATE TABLE IF NOT EXISTS customers (
             id TEXT PRIMARY KEY, name TEXT, changed TEXT, in_gong TEXT NOT NULL DEFAULT 'no'
         );
         INSERT OR IGNORE INTO customers (id, name, changed) VALUES
             ('acme', 'Acme', '2026-03-01T09:30:00Z'),
             ('globex', 'Globex', '2026-03-01T09:30:00Z'),
             ('initech', 'Initech', '2026-03-01T09:30:00Z');",
    )?;
    Ok(database)
}

/// The record of each customer, as the rows are now.
fn accounts(database: &Connection) -> Result<Vec<Account>, Box<dyn Error>> {
    let mut accounts = Vec::new();
    let mut query = database.prepare("SELECT id, name, changed FROM customers ORDER BY id")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let account = Account::builder()
            .object_id(row.get::<_, String>("id")?)
            .modified_date(row.get::<_, String>("changed")?)
            .name(row.get::<_, String>("name")?)
            .build()?;
        accounts.push(account);
    }
    Ok(accounts)
}

/// Sends all customers; Gong is sent only those that it does not have.
pub(crate) async fn push(
    client: &Client,
    integration_id: IntegrationId,
    database: &Connection,
) -> Result<String, Box<dyn Error>> {
    let mut records = Records::new();
    records.add_all(accounts(database)?)?;
    let options = Options::default().simulator();
    let report = client
        .push_records(integration_id, records, options)
        .await?;
    Ok(report.verdict.to_string())
}

/// Writes to each row whether Gong has it as it is now, and why not.
pub(crate) async fn write_back(
    client: &Client,
    integration_id: IntegrationId,
    database: &Connection,
) -> Result<(), Box<dyn Error>> {
    let accounts = accounts(database)?;
    let states = client.versions(integration_id, &accounts).await?;
    for (account, state) in accounts.iter().zip(states) {
        let status = match state.last_try {
            Some(last) => format!("{}: {}", last.outcome.as_str(), last.reason),
            None => state.in_gong.to_string(),
        };
        database.execute(
            "UPDATE customers SET in_gong = ?1 WHERE id = ?2",
            [status.as_str(), account.object_id().as_str()],
        )?;
    }
    Ok(())
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
        .retry_limits(RetryLimits::SIMULATOR)
        .build()?;
    let integration_id = client
        .register_integration("Acme CRM", "admin@acme.example")
        .await?;

    let folder = tempfile::tempdir()?;
    let database = crm(&folder.path().join("crm.sqlite"))?;
    // The first push is refused, the second fails as a whole, the third arrives. Then a row changes,
    // and the fourth push is refused again: Gong still has the row as it was before.
    let faults = [
        Some(Effect::Status(401)),
        Some(Effect::FailFile("an outage".to_owned())),
        None,
        Some(Effect::Status(401)),
        None,
    ];
    for (round, fault) in (1..).zip(faults) {
        gong.clear_faults();
        if let Some(effect) = fault {
            gong.add_fault(Fault::new(effect).on(Operation::UploadEntities))?;
        }
        if round == 4 {
            database.execute_batch(
                "UPDATE customers SET name = 'Acme Ltd', changed = '2026-03-02T10:00:00Z'
                 WHERE id = 'acme'",
            )?;
        }
        // The status is written whether the push succeeds or not.
        let outcome = push(&client, integration_id, &database).await;
        write_back(&client, integration_id, &database).await?;
        writeln!(out, "push {round}: {}", outcome?)?;
        let mut query = database.prepare("SELECT name, in_gong FROM customers ORDER BY id")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (name, status): (String, String) = (row.get(0)?, row.get(1)?);
            writeln!(out, "  {name}: {status}")?;
        }
    }
    Ok(())
}
