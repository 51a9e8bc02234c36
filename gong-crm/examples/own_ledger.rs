//! A ledger in your app's own database.
//!
//! ```console
//! $ cargo run -p gong-crm --example own_ledger
//! ```
//!
//! A [`Store`] is a map from keys to values in seven small tables, with transactions. This one keeps
//! all of them in one table of a SQL database. On return from `commit`, the rows must be safe on
//! disk: the first byte is sent next. `store::conformance::check` says whether a store does all that
//! a ledger needs; run it in your tests.
//!
//! The database here is SQLite in memory, whose calls take microseconds. A client that talks to a
//! server has asynchronous calls of its own, which fit into the same futures.
//!
//! In a crate of your own it needs `gong-crm`, `gong-sim`, `rusqlite` with `bundled`, and `tokio`
//! with `macros` and `rt-multi-thread`.

use std::error::Error;
use std::io::{Write, stdout};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gong_crm::ledger::store::{Batch, Entry, Store, StoreFuture, Table, Update, conformance};
use gong_crm::ledger::{Ledger, LedgerError, LedgerLock, LockOwner};
use gong_crm::push::{Options, Records};
use gong_crm::rate_limit::RateLimit;
use gong_crm::{Account, Client, Credentials};
use gong_sim::Simulator;
use rusqlite::{Connection, OptionalExtension as _, params};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    run(&mut stdout()).await
}

/// The app's database.
#[derive(Debug)]
struct AppStore {
    connection: Mutex<Connection>,
    is_locked: Arc<AtomicBool>,
}

/// What the app's database says of a failure.
fn failed(error: rusqlite::Error) -> LedgerError {
    LedgerError::storage("the app's database", error)
}

impl AppStore {
    fn new() -> Result<Self, LedgerError> {
        let connection = Connection::open_in_memory().map_err(failed)?;
        connection
            .execute_batch(
                "CREATE TABLE gong_ledger (
                     part TEXT NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL,
                     PRIMARY KEY (part, key)
                 ) WITHOUT ROWID",
            )
            .map_err(failed)?;
        Ok(Self {
            connection: Mutex::new(connection),
            is_locked: Arc::default(),
        })
    }

    fn connection(&self) -> MutexGuard<'_, Connection> {
        self.connection
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

const SET: &str = "INSERT INTO gong_ledger (part, key, value) VALUES (?1, ?2, ?3)
                   ON CONFLICT (part, key) DO UPDATE SET value = excluded.value";
const GET: &str = "SELECT value FROM gong_ledger WHERE part = ?1 AND key = ?2";

fn get(connection: &Connection, table: Table, key: &[u8]) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut query = connection.prepare(GET)?;
    query
        .query_row(params![table.as_str(), key], |row| row.get(0))
        .optional()
}

impl Store for AppStore {
    fn get(&self, table: Table, keys: Vec<Vec<u8>>) -> StoreFuture<'_, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            let connection = self.connection();
            let values = keys.iter().map(|key| get(&connection, table, key));
            values.collect::<Result<_, _>>().map_err(failed)
        })
    }

    fn scan(
        &self,
        table: Table,
        from: Vec<u8>,
        before: Option<Vec<u8>>,
        limit: usize,
    ) -> StoreFuture<'_, Vec<Entry>> {
        Box::pin(async move {
            let connection = self.connection();
            let scan = |connection: &Connection| -> rusqlite::Result<Vec<Entry>> {
                let mut query = connection.prepare(
                    "SELECT key, value FROM gong_ledger
                     WHERE part = ?1 AND key >= ?2 AND (?3 IS NULL OR key < ?3)
                     ORDER BY key LIMIT ?4",
                )?;
                let limit = i64::try_from(limit).unwrap_or(i64::MAX);
                let rows = query
                    .query_map(params![table.as_str(), from, before, limit], |row| {
                        Ok((row.get(0)?, row.get(1)?))
                    })?;
                rows.collect()
            };
            scan(&connection).map_err(failed)
        })
    }

    // All changes or none, in one transaction.
    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let mut connection = self.connection();
            let commit = |connection: &mut Connection| -> rusqlite::Result<()> {
                let transaction = connection.transaction()?;
                for change in batch.changes() {
                    let part = change.table.as_str();
                    match change.value {
                        Some(value) => transaction
                            .prepare(SET)?
                            .execute(params![part, change.key, value])?,
                        None => transaction
                            .prepare("DELETE FROM gong_ledger WHERE part = ?1 AND key = ?2")?
                            .execute(params![part, change.key])?,
                    };
                }
                transaction.commit()
            };
            commit(&mut connection).map_err(failed)
        })
    }

    // On a server: SELECT ... FOR UPDATE, then the new value, in one transaction.
    fn update<'a>(
        &'a self,
        table: Table,
        key: Vec<u8>,
        mut update: Update<'a>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let connection = self.connection();
            let old = get(&connection, table, &key).map_err(failed)?;
            if let Some(value) = update(old.as_deref()) {
                connection
                    .execute(SET, params![table.as_str(), key, value])
                    .map_err(failed)?;
            }
            Ok(())
        })
    }

    // On a server: SELECT pg_try_advisory_lock(...), on a connection that the lock keeps to itself.
    fn try_lock(&self) -> StoreFuture<'_, LedgerLock> {
        Box::pin(async move {
            if self.is_locked.swap(true, Ordering::AcqRel) {
                return Err(LedgerError::Held(LockOwner::default()));
            }
            Ok(LedgerLock::new(Unlock(Arc::clone(&self.is_locked))))
        })
    }
}

/// Frees the ledger when it is dropped.
struct Unlock(Arc<AtomicBool>);

impl Drop for Unlock {
    fn drop(&mut self) {
        self.0.store(false, Ordering::Release);
    }
}

pub(crate) async fn run(out: &mut dyn Write) -> Result<(), Box<dyn Error>> {
    conformance::check(|| async { AppStore::new() }).await?;
    writeln!(out, "the store does all that a ledger needs")?;

    let gong = Simulator::start().await?;
    let client = Client::builder()
        .base_url(gong.base_url())
        .credentials(Credentials::access_key(
            gong.access_key(),
            gong.access_key_secret(),
        ))
        .ledger(Ledger::with_store(AppStore::new()?))
        .rate_limit(RateLimit::unlimited())
        .build()?;
    let integration_id = client
        .register_integration("Acme CRM", "admin@acme.example")
        .await?;

    for round in ["first", "second"] {
        let mut records = Records::new();
        records.add(
            &Account::builder()
                .object_id("acme")
                .modified_date("2026-03-01T09:30:00Z")
                .build()?,
        )?;
        let report = client
            .push_records(integration_id, records, Options::default().simulator())
            .await?;
        writeln!(
            out,
            "{round} push: {}, {} accepted, {} unchanged",
            report.verdict,
            report.accepted(),
            report.unchanged()
        )?;
    }
    for upload in client.ledger().uploads(10).await? {
        writeln!(
            out,
            "{} of {} records: {}",
            upload.object_type, upload.records, upload.state
        )?;
    }
    Ok(())
}
