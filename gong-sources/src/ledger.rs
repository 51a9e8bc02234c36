//! The ledger in Postgres, for containers without a disk.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex as StdMutex, PoisonError, Weak};

use gong_crm::ledger::store::{Batch, Entry, Store, StoreFuture, Table, Update};
use gong_crm::ledger::{LedgerError, LedgerLock, LockOwner};
use jiff::Timestamp;
use tokio::sync::{Mutex, MutexGuard};
use tokio::task::JoinHandle;
use tokio_postgres::types::ToSql;
use tokio_postgres::{Client, Transaction};

use crate::postgres::{config, connect, describe};
use crate::secret::SecretUrl;

/// How many entries one statement writes.
const CHUNK: usize = 10_000;

/// The advisory lock that a push has.
const PUSH: &str = "push";

/// The advisory lock that a write has.
const WRITE: &str = "write";

/// A ledger in Postgres, in tables `gong_crm_ledger_…` of the schema that is first in the search
/// path. They are made if they are missing.
///
/// An advisory lock prevents two pushes at the same time, like the file lock of SQLite. The bodies
/// of unfinished uploads are in temporary files: after a crash, records that were not sent are
/// planned again.
///
/// ```no_run
/// # async fn example() -> Result<(), Box<dyn std::error::Error>> {
/// use std::path::Path;
///
/// use gong_crm::Ledger;
/// use gong_sources::SecretUrl;
/// use gong_sources::ledger::PostgresStore;
///
/// let url = SecretUrl::resolve("env:LEDGER_URL", Path::new(""))?;
/// let ledger = Ledger::with_store(PostgresStore::connect(url).await?);
/// # drop(ledger);
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct PostgresStore {
    url: SecretUrl,
    /// Reads; several at once.
    reader: Mutex<Option<Arc<Client>>>,
    /// Writes; one after another.
    writer: Mutex<Option<Client>>,
    /// The connection that has the lock of a push.
    holder: StdMutex<Weak<Client>>,
    /// Locks that are being released.
    releases: Arc<StdMutex<Vec<JoinHandle<()>>>>,
}

impl PostgresStore {
    /// Connects, and makes the tables that are missing.
    ///
    /// # Errors
    ///
    /// [`LedgerError::Storage`] when the server cannot be reached or rejects.
    pub async fn connect(url: SecretUrl) -> Result<Self, LedgerError> {
        let store = Self {
            url,
            reader: Mutex::default(),
            writer: Mutex::default(),
            holder: StdMutex::default(),
            releases: Arc::default(),
        };
        let client = store.client().await?;
        let mut text = format!("begin; {}; ", locking(WRITE));
        for table in Table::ALL {
            text.push_str(&format!(
                "create table if not exists {} (key bytea primary key, value bytea not null); ",
                name(table)
            ));
        }
        text.push_str("commit");
        // It says of each table that it exists already.
        let quiet = client
            .batch_execute("set client_min_messages = warning")
            .await;
        quiet.map_err(|error| store.failed(&error))?;
        let made = client.batch_execute(&text).await;
        made.map_err(|error| store.failed(&error))?;
        *store.writer.lock().await = Some(client);
        Ok(store)
    }

    fn failed(&self, error: &tokio_postgres::Error) -> LedgerError {
        LedgerError::storage(self.url.shown(), describe(error))
    }

    /// A separate connection.
    async fn client(&self) -> Result<Client, LedgerError> {
        let shown = self.url.shown();
        let config = config(&self.url).map_err(|error| LedgerError::storage(shown, error))?;
        let connected = connect(&config).await;
        connected.map_err(|reason| LedgerError::storage(shown, reason))
    }

    /// The connection of reads; a new one after the server ended it.
    async fn reader(&self) -> Result<Arc<Client>, LedgerError> {
        let mut reader = self.reader.lock().await;
        if let Some(client) = reader.as_ref().filter(|client| !client.is_closed()) {
            return Ok(Arc::clone(client));
        }
        let client = Arc::new(self.client().await?);
        *reader = Some(Arc::clone(&client));
        Ok(client)
    }

    /// The connection of writes, one at a time; a new one after the server ended it.
    async fn writer(&self) -> Result<MutexGuard<'_, Option<Client>>, LedgerError> {
        let holder = self
            .holder
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .upgrade();
        if holder.is_some_and(|client| client.is_closed()) {
            return Err(LedgerError::storage(
                self.url.shown(),
                "the connection that had the lock was lost; another push may have begun",
            ));
        }
        let mut writer = self.writer.lock().await;
        if writer.as_ref().is_none_or(Client::is_closed) {
            *writer = Some(self.client().await?);
        }
        Ok(writer)
    }
}

/// Begins a transaction that keeps all other writes of the ledger away.
async fn begin(
    client: &mut Client,
    is_durable: bool,
) -> Result<Transaction<'_>, tokio_postgres::Error> {
    let transaction = client.transaction().await?;
    let mut text = locking(WRITE);
    if !is_durable {
        text.push_str("; set local synchronous_commit = off");
    }
    transaction.batch_execute(&text).await?;
    Ok(transaction)
}

/// The table's name in the database.
fn name(table: Table) -> String {
    format!("gong_crm_ledger_{}", table.as_str())
}

/// Takes an advisory lock until the transaction ends.
fn locking(purpose: &str) -> String {
    format!(
        "select pg_advisory_xact_lock({})",
        lock_key(purpose).join(", ")
    )
}

/// The two numbers of an advisory lock. Ledgers in other schemas have others.
fn lock_key(purpose: &str) -> [String; 2] {
    [
        format!("hashtext('gong-crm ledger {purpose}')"),
        "hashtext(current_schema())".to_owned(),
    ]
}

/// Writes the changes of one table; the last one of each key.
async fn write_table(
    transaction: &Transaction<'_>,
    table: Table,
    changes: BTreeMap<&[u8], Option<&[u8]>>,
) -> Result<(), tokio_postgres::Error> {
    let name = name(table);
    let changes: Vec<_> = changes.into_iter().collect();
    let put = format!(
        "insert into {name} select * from unnest($1::bytea[], $2::bytea[]) on conflict (key) do \
         update set value = excluded.value"
    );
    let delete = format!("delete from {name} where key = any($1::bytea[])");
    for chunk in changes.chunks(CHUNK) {
        let (mut keys, mut values, mut deleted) = (Vec::new(), Vec::new(), Vec::new());
        for (key, value) in chunk {
            match value {
                Some(value) => {
                    keys.push(*key);
                    values.push(*value);
                }
                None => deleted.push(*key),
            }
        }
        if !keys.is_empty() {
            transaction.execute(&put, &[&keys, &values]).await?;
        }
        if !deleted.is_empty() {
            transaction.execute(&delete, &[&deleted]).await?;
        }
    }
    Ok(())
}

/// Releases the lock of a push when it is dropped.
struct Release {
    client: Option<Arc<Client>>,
    releases: Arc<StdMutex<Vec<JoinHandle<()>>>>,
}

impl Drop for Release {
    fn drop(&mut self) {
        let (Some(client), Ok(runtime)) =
            (self.client.take(), tokio::runtime::Handle::try_current())
        else {
            // The end of the connection releases it too.
            return;
        };
        let release = runtime.spawn(async move {
            drop(
                client
                    .batch_execute("select pg_advisory_unlock_all()")
                    .await,
            );
        });
        let mut releases = self.releases.lock().unwrap_or_else(PoisonError::into_inner);
        releases.push(release);
    }
}

impl Store for PostgresStore {
    fn get(&self, table: Table, keys: Vec<Vec<u8>>) -> StoreFuture<'_, Vec<Option<Vec<u8>>>> {
        Box::pin(async move {
            let text = format!(
                "select key, value from {} where key = any($1::bytea[])",
                name(table)
            );
            let client = self.reader().await?;
            let rows = client.query(&text, &[&keys]).await;
            let rows = rows.map_err(|error| self.failed(&error))?;
            let mut found = BTreeMap::new();
            for row in &rows {
                let key: &[u8] = row.try_get(0).map_err(|error| self.failed(&error))?;
                let value: &[u8] = row.try_get(1).map_err(|error| self.failed(&error))?;
                found.insert(key, value);
            }
            let value = |key: &Vec<u8>| found.get(key.as_slice()).map(|value| value.to_vec());
            Ok(keys.iter().map(value).collect())
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
            let end = if before.is_some() { "and key < $3" } else { "" };
            let text = format!(
                "select key, value from {} where key >= $1 {end} order by key limit $2",
                name(table)
            );
            let limit = i64::try_from(limit).unwrap_or(i64::MAX);
            let mut parameters: Vec<&(dyn ToSql + Sync)> = vec![&from, &limit];
            if let Some(before) = &before {
                parameters.push(before);
            }
            let client = self.reader().await?;
            let rows = client.query(&text, &parameters).await;
            let rows = rows.map_err(|error| self.failed(&error))?;
            let entry = |row: &tokio_postgres::Row| Ok((row.try_get(0)?, row.try_get(1)?));
            let entries = rows.iter().map(entry).collect::<Result<_, _>>();
            entries.map_err(|error| self.failed(&error))
        })
    }

    fn commit(&self, batch: Batch) -> StoreFuture<'_, ()> {
        Box::pin(async move {
            let mut tables: BTreeMap<Table, BTreeMap<&[u8], Option<&[u8]>>> = BTreeMap::new();
            for change in batch.changes() {
                let of_table = tables.entry(change.table).or_default();
                of_table.insert(change.key, change.value);
            }
            let mut writer = self.writer().await?;
            let Some(client) = &mut *writer else {
                return Ok(());
            };
            let write = async {
                let transaction = begin(client, true).await?;
                for (table, changes) in tables {
                    write_table(&transaction, table, changes).await?;
                }
                transaction.commit().await
            };
            write.await.map_err(|error| self.failed(&error))
        })
    }

    fn update<'a>(
        &'a self,
        table: Table,
        key: Vec<u8>,
        mut update: Update<'a>,
    ) -> StoreFuture<'a, ()> {
        Box::pin(async move {
            let text = format!("select value from {} where key = $1", name(table));
            let mut writer = self.writer().await?;
            let Some(client) = &mut *writer else {
                return Ok(());
            };
            let write = async {
                let transaction = begin(client, table != Table::Calls).await?;
                let row = transaction.query_opt(&text, &[&key]).await?;
                let old: Option<&[u8]> = match &row {
                    Some(row) => Some(row.try_get(0)?),
                    None => None,
                };
                if let Some(value) = update(old) {
                    let changes = BTreeMap::from([(key.as_slice(), Some(value.as_slice()))]);
                    write_table(&transaction, table, changes).await?;
                }
                transaction.commit().await
            };
            write.await.map_err(|error| self.failed(&error))
        })
    }

    fn try_lock(&self) -> StoreFuture<'_, LedgerLock> {
        Box::pin(async move {
            let releases = {
                let mut releases = self.releases.lock().unwrap_or_else(PoisonError::into_inner);
                std::mem::take(&mut *releases)
            };
            for release in releases {
                drop(release.await);
            }
            let client = Arc::new(self.client().await?);
            let text = format!("select pg_try_advisory_lock({})", lock_key(PUSH).join(", "));
            let row = client.query_one(&text, &[]).await;
            let is_taken = row.and_then(|row| row.try_get::<_, bool>(0));
            if !is_taken.map_err(|error| self.failed(&error))? {
                return Err(LedgerError::Held(self.owner(&client).await));
            }
            *self.holder.lock().unwrap_or_else(PoisonError::into_inner) = Arc::downgrade(&client);
            Ok(LedgerLock::new(Release {
                client: Some(client),
                releases: Arc::clone(&self.releases),
            }))
        })
    }
}

impl PostgresStore {
    /// Since when another process has the lock, according to the server.
    async fn owner(&self, client: &Client) -> LockOwner {
        let [class, object] =
            lock_key(PUSH).map(|key| format!("({key}::bigint & 4294967295)::oid"));
        let text = format!(
            "select extract(epoch from min(backend_start))::bigint from pg_locks join \
             pg_stat_activity using (pid) where locktype = 'advisory' and granted and classid = \
             {class} and objid = {object}"
        );
        let row = client.query_one(&text, &[]).await.ok();
        let seconds = row.and_then(|row| row.try_get::<_, Option<i64>>(0).ok().flatten());
        let since = seconds.and_then(|seconds| Timestamp::from_second(seconds).ok());
        LockOwner::new(None, since)
    }
}
