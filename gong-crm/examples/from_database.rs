//! From a database cursor to Gong, night after night: row by row, in one push.
//!
//! ```console
//! $ cargo run -p gong-crm --features sqlite --example from_database
//! ```
//!
//! The cursor is SQLite's; any other works the same way. Memory stays flat however many rows there
//! are: each is written to a temporary file as it comes. The ledger is a file, so that of 300,000 rows
//! the second night sends only those that changed.
//!
//! A row that cannot become a record does not stop the others. It is named, and the job ends with an
//! error: a job that ends well has every row in Gong.
//!
//! In a crate of your own it needs `gong-crm` with `sqlite`, `gong-sim`, `rusqlite` with `bundled`, and `tokio`
//! with `macros` and `rt-multi-thread`, and `tempfile`.

use std::error::Error;
use std::io::{Write, stdout};

use gong_crm::push::{Options, Records};
use gong_crm::rate_limit::RateLimit;
use gong_crm::record::InvalidRecord;
use gong_crm::{Account, Client, Contact, Credentials, IntegrationId, Ledger, Record};
use gong_sim::Simulator;
use rusqlite::Connection;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout()).await
}

/// A CRM of so many customers, with a person each.
pub(crate) fn crm(customers: u32) -> rusqlite::Result<Connection> {
    let database = Connection::open_in_memory()?;
    database.execute_batch(&format!(
        "CREATE TABLE customers (id INTEGER PRIMARY KEY, name TEXT, domain TEXT, changed TEXT);
         CREATE TABLE people (id INTEGER PRIMARY KEY, customer INTEGER, mail TEXT, changed TEXT);
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {customers})
         INSERT INTO customers
         SELECT i, 'Customer ' || i, 'customer-' || i || '.example', '2026-03-01T09:30:00Z' FROM n;
         INSERT INTO people
         SELECT id, id, 'office@' || domain, '2026-03-02T10:00:00Z' FROM customers;
         UPDATE people SET mail = 'no address' WHERE id = 17;",
    ))?;
    Ok(database)
}

/// The records of all rows, and how many rows can't become one.
struct Export {
    records: Records,
    invalid: u64,
}

impl Export {
    /// Adds the record of a row. What Gong would reject is found here already.
    fn add<R: Record>(
        &mut self,
        row: &str,
        record: Result<R, InvalidRecord>,
        out: &mut dyn Write,
    ) -> std::io::Result<()> {
        match record {
            Ok(record) => self.records.add(&record),
            Err(invalid) => {
                self.invalid += 1;
                writeln!(out, "{row} is not sent: {invalid}")
            }
        }
    }
}

/// Reads both tables, and names the rows that can't become records.
fn export(database: &Connection, out: &mut dyn Write) -> Result<Export, Box<dyn Error>> {
    let mut export = Export {
        records: Records::new(),
        invalid: 0,
    };
    let mut query = database.prepare("SELECT id, name, domain, changed FROM customers")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get("id")?;
        let account = Account::builder()
            .object_id(id)
            .modified_date(row.get::<_, String>("changed")?)
            .name(row.get::<_, Option<String>>("name")?)
            .domains(row.get::<_, Option<String>>("domain")?)
            .build();
        export.add(&format!("row {id} of customers"), account, out)?;
    }

    let mut query = database.prepare("SELECT id, customer, mail, changed FROM people")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let id: i64 = row.get("id")?;
        let contact = Contact::builder()
            .object_id(id)
            .modified_date(row.get::<_, String>("changed")?)
            .account_id(row.get::<_, i64>("customer")?)
            .email_address(row.get::<_, Option<String>>("mail")?)
            .build();
        export.add(&format!("row {id} of people"), contact, out)?;
    }
    Ok(export)
}

/// One night: an error unless Gong has every row afterwards. A job that was killed is started again:
/// the ledger knows which of the rows Gong has.
pub(crate) async fn job(
    client: &Client,
    integration_id: IntegrationId,
    database: &Connection,
    out: &mut dyn Write,
) -> Result<(), Box<dyn Error>> {
    let Export { records, invalid } = export(database, out)?;
    let report = client
        .push_records(integration_id, records, Options::default().simulator())
        .await?;
    for file in &report.files {
        writeln!(
            out,
            "{}: {} of {} accepted, {} unchanged",
            file.object_type, file.accepted, file.records, file.unchanged
        )?;
    }
    report.into_result()?;
    if invalid > 0 {
        return Err(format!("{invalid} rows are not in Gong").into());
    }
    Ok(())
}

pub(crate) async fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    let gong = Simulator::start().await?;
    let folder = tempfile::tempdir()?;
    let client = Client::builder()
        .base_url(gong.base_url())
        .credentials(Credentials::access_key(
            gong.access_key(),
            gong.access_key_secret(),
        ))
        .ledger(Ledger::open(folder.path().join("ledger.sqlite")).await?)
        .rate_limit(RateLimit::unlimited())
        .build()?;
    let integration_id = client
        .register_integration("Acme CRM", "admin@acme.example")
        .await?;

    let database = crm(150_000)?;
    for night in 1..=2 {
        let ended = job(&client, integration_id, &database, out).await;
        match ended {
            Ok(()) => writeln!(out, "night {night}: all rows are in Gong")?,
            // A real job ends here, with this error.
            Err(error) => writeln!(out, "night {night} failed: {error}")?,
        }
        // Somebody corrects the row by day.
        database.execute(
            "UPDATE people SET mail = 'seventeen@customer-17.example' WHERE id = 17",
            [],
        )?;
    }
    Ok(())
}
