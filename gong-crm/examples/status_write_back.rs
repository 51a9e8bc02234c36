//! The status of each record is written back to the CRM, whatever the result of the push.
//!
//! ```console
//! $ cargo run -p gong-crm --example status_write_back
//! ```
//!
//! What Gong holds is asked of the ledger, record by record, after each push: also after one that
//! failed, was stopped, or never came to its report. So the CRM never says that a record is in Gong
//! when it is not.
//!
//! In a crate of your own it needs `gong-crm`, `gong-sim`, `rusqlite` with `bundled`, and `tokio`
//! with `macros` and `rt-multi-thread`.

use std::error::Error;
use std::io::{Write, stdout};

use gong_crm::ledger::Current;
use gong_crm::push::{Options, Records};
use gong_crm::rate_limit::RateLimit;
use gong_crm::retry::RetryLimits;
use gong_crm::{Account, Client, Credentials, IntegrationId, ObjectType};
use gong_sim::{Effect, Fault, Operation, Simulator};
use rusqlite::Connection;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout()).await
}

/// A CRM with a column for what is known of each customer in Gong.
fn crm() -> rusqlite::Result<Connection> {
    let database = Connection::open_in_memory()?;
    database.execute_batch(
        "CREATE TABLE customers (id TEXT PRIMARY KEY, name TEXT, in_gong TEXT NOT NULL DEFAULT 'no');
         INSERT INTO customers (id, name) VALUES ('acme', 'Acme'), ('globex', 'Globex'), ('initech', 'Initech');",
    )?;
    Ok(database)
}

/// Sends all customers; Gong is sent only those that it does not hold.
async fn push(
    client: &Client,
    integration_id: IntegrationId,
    database: &Connection,
) -> Result<String, Box<dyn Error>> {
    let mut records = Records::new();
    let mut query = database.prepare("SELECT id, name FROM customers")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let account = Account::builder()
            .object_id(row.get::<_, String>("id")?)
            .modified_date("2026-03-01T09:30:00Z")
            .name(row.get::<_, String>("name")?)
            .build()?;
        records.add(&account)?;
    }
    let options = Options::default().simulator();
    let report = client
        .push_records(integration_id, records, options)
        .await?;
    Ok(report.verdict.to_string())
}

/// Writes to each row what the ledger knows of its record.
async fn write_back(
    client: &Client,
    integration_id: IntegrationId,
    database: &Connection,
) -> Result<(), Box<dyn Error>> {
    let mut query = database.prepare("SELECT id FROM customers")?;
    let ids: Vec<String> = query
        .query_map([], |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for id in ids {
        let ledger = client.ledger();
        let known = ledger
            .record(client.base_url(), integration_id, ObjectType::Account, &id)
            .await?;
        let status = match known {
            None => "no".to_owned(),
            Some(state) => match (&state.last_try, state.current) {
                (Some(last), _) => format!("{}: {}", last.outcome.as_str(), last.reason),
                (None, Current::Version) => "yes".to_owned(),
                (None, Current::Unknown) => "unknown".to_owned(),
                (None, _) => "no".to_owned(),
            },
        };
        database.execute(
            "UPDATE customers SET in_gong = ?1 WHERE id = ?2",
            [&status, &id],
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

    let database = crm()?;
    // The first push is refused, the second fails as a whole, the third arrives.
    let faults = [
        Effect::Status(401),
        Effect::FailFile("an outage".to_owned()),
    ];
    let mut faults = faults.into_iter();
    for round in 1..=3 {
        gong.clear_faults();
        if let Some(effect) = faults.next() {
            gong.add_fault(Fault::new(effect).on(Operation::UploadEntities));
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
