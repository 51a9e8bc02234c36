//! From a database cursor to Gong: row by row, in one push.
//!
//! ```console
//! $ cargo run -p gong-crm --example from_database
//! ```
//!
//! The cursor is SQLite's; any other works the same way. Memory stays flat however many rows there
//! are: each is written to a temporary file as it comes.
//!
//! In a crate of your own it needs `gong-crm`, `gong-sim`, `rusqlite` with `bundled`, and `tokio`
//! with `macros` and `rt-multi-thread`.

use std::error::Error;
use std::io::{Write, stdout};

use gong_crm::push::{Options, Records};
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Account, Client, Contact, Credentials};
use gong_sim::Simulator;
use rusqlite::Connection;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout()).await
}

/// A CRM of a thousand customers.
fn crm() -> rusqlite::Result<Connection> {
    let database = Connection::open_in_memory()?;
    database.execute_batch(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, domain TEXT, changed TEXT);
         CREATE TABLE people (id INTEGER PRIMARY KEY, customer INTEGER, mail TEXT, changed TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
         INSERT INTO customers
         SELECT i, 'Customer ' || i, 'customer-' || i || '.example', '2026-03-01T09:30:00Z' FROM n;
         INSERT INTO people
         SELECT id, id, 'office@' || domain, '2026-03-02T10:00:00Z' FROM customers;
         UPDATE people SET mail = 'no address' WHERE id = 17;",
    )?;
    Ok(database)
}

/// Reads both tables, and names the rows that can't become records.
fn export(database: &Connection, out: &mut dyn Write) -> Result<Records, Box<dyn Error>> {
    let mut records = Records::new();
    let mut query = database.prepare("SELECT id, name, domain, changed FROM customers")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let account = Account::builder()
            .object_id(row.get::<_, i64>("id")?)
            .modified_date(row.get::<_, String>("changed")?)
            .name(row.get::<_, String>("name")?)
            .domains([row.get::<_, String>("domain")?])
            .build()?;
        records.add(&account)?;
    }

    let mut query = database.prepare("SELECT id, customer, mail, changed FROM people")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get("id")?;
        let contact = Contact::builder()
            .object_id(id)
            .modified_date(row.get::<_, String>("changed")?)
            .account_id(row.get::<_, i64>("customer")?.to_string())
            .email_address(row.get::<_, String>("mail")?)
            .build();
        // What Gong would reject is found here already, with the row that it came from.
        match contact {
            Ok(contact) => records.add(&contact)?,
            Err(invalid) => writeln!(out, "row {id} of people is not sent: {invalid}")?,
        }
    }
    Ok(records)
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

    let records = export(&crm()?, out)?;
    let report = client
        .push_records(integration_id, records, Options::default().simulator())
        .await?
        .into_result()?;
    for file in &report.files {
        writeln!(
            out,
            "{}: {} of {} accepted",
            file.object_type, file.accepted, file.records
        )?;
    }
    Ok(())
}
