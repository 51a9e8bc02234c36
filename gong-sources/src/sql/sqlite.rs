//! Queries to SQLite databases.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gong_crm::schema::FieldType;
use gong_crm::source::{ReadFuture, RowFormat, Rows, Sink, Source, SourceError};
use jiff::Timestamp;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, InterruptHandle, OpenFlags};

use super::Query;
use super::row::RowWriter;
use crate::columns::{self, Column};
use crate::options::SourceOptions;

/// How long a query waits for one that writes.
const BUSY_TIMEOUT: Duration = Duration::from_secs(30);

/// The largest number up to which every whole number is a float.
const MAX_WHOLE: f64 = 9_007_199_254_740_992.0;

/// A query to an SQLite database, which is opened for reading only.
///
/// ```
/// use std::path::Path;
///
/// use gong_crm::source::Source as _;
/// use gong_sources::sql::{Query, SqliteSource};
///
/// let query = Query::find("select id as objectId, name from accounts", Path::new(""))?;
/// let source = SqliteSource::new("crm.db", query);
/// assert_eq!(source.name(), "select id as objectId, name from account… at sqlite:crm.db");
/// # Ok::<(), gong_sources::OpenError>(())
/// ```
#[derive(Debug, Clone)]
pub struct SqliteSource {
    path: PathBuf,
    query: Query,
    options: SourceOptions,
}

impl SqliteSource {
    /// A query to the database in this file.
    pub fn new(path: impl Into<PathBuf>, query: Query) -> Self {
        Self {
            path: path.into(),
            query,
            options: SourceOptions::default(),
        }
    }

    /// Whether it is complete, and how rows become records.
    #[must_use]
    pub fn options(mut self, options: SourceOptions) -> Self {
        self.options = options;
        self
    }
}

/// Stops a query when its reader is dropped.
struct Stop(Arc<Shared>);

#[derive(Default)]
struct Shared {
    is_stopped: AtomicBool,
    interrupt: Mutex<Option<InterruptHandle>>,
}

impl Drop for Stop {
    fn drop(&mut self) {
        self.0.is_stopped.store(true, Ordering::Relaxed);
        let interrupt = self.0.interrupt.lock();
        if let Some(interrupt) = &*interrupt.unwrap_or_else(PoisonError::into_inner) {
            interrupt.interrupt();
        }
    }
}

/// Reads all rows, and what their columns hold.
fn read_rows(
    path: &Path,
    query: &Query,
    rows: &mut Rows,
    shared: &Shared,
) -> Result<Vec<Column>, SourceError> {
    let failed =
        |error: rusqlite::Error| SourceError::failed(format!("query {}: {error}", query.name()));
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if !path.is_file() {
        let path = path.display();
        return Err(SourceError::Missing(format!("there is no database {path}")));
    }
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection.busy_timeout(BUSY_TIMEOUT).map_err(failed)?;
    let interrupt = connection.get_interrupt_handle();
    *shared
        .interrupt
        .lock()
        .unwrap_or_else(PoisonError::into_inner) = Some(interrupt);
    let mut statement = connection.prepare(query.text()).map_err(failed)?;
    if !statement.readonly() {
        return Err(SourceError::failed(format!(
            "query {}: it would change the database",
            query.name()
        )));
    }
    let names: Vec<String> = statement.column_names().map(str::to_owned).collect();
    columns::distinct(names.iter().map(String::as_str))?;
    let mut writer = RowWriter::new(names.iter().map(String::as_str));
    let mut kinds: Vec<Option<FieldType>> = vec![None; names.len()];
    let mut found = statement.query([]).map_err(failed)?;
    let mut number = 0_u64;
    loop {
        let at_row = |message: String| {
            let row = number + 1;
            SourceError::failed(format!("query {}, row {row}: {message}", query.name()))
        };
        if shared.is_stopped.load(Ordering::Relaxed) {
            return Err(at_row("it was stopped".to_owned()));
        }
        let Some(row) = found.next().map_err(|error| at_row(error.to_string()))? else {
            break;
        };
        writer.begin();
        for (column, name) in names.iter().enumerate() {
            let value = row
                .get_ref(column)
                .map_err(|error| at_row(error.to_string()))?;
            let kind = match value {
                ValueRef::Null => continue,
                ValueRef::Integer(value) => {
                    writer.json(column, &value.to_string());
                    FieldType::Number
                }
                ValueRef::Real(value) if value.is_finite() => {
                    writer.json(column, &number_text(value));
                    FieldType::Number
                }
                ValueRef::Real(_) => return Err(at_row(format!("{name} is not a finite number"))),
                ValueRef::Text(bytes) => {
                    let text = std::str::from_utf8(bytes)
                        .map_err(|_| at_row(format!("{name} is not UTF-8")))?;
                    writer.text(column, text);
                    FieldType::String
                }
                ValueRef::Blob(_) => {
                    return Err(at_row(format!(
                        "{name} holds bytes; select a text, such as hex({name})"
                    )));
                }
            };
            let known = kinds[column].get_or_insert_with(|| kind.clone());
            if *known != kind {
                *known = FieldType::String;
            }
        }
        writer.end(rows)?;
        number += 1;
    }
    let kinds = kinds.into_iter();
    let columns = names.into_iter().zip(kinds).map(|(name, kind)| Column {
        name,
        kind: kind.unwrap_or(FieldType::String),
    });
    Ok(columns.collect())
}

/// A float as text; whole numbers without a fraction, since ids are often floats by accident.
fn number_text(value: f64) -> String {
    if value.fract() == 0.0 && value.abs() < MAX_WHOLE {
        return format!("{value:.0}");
    }
    value.to_string()
}

impl Source for SqliteSource {
    fn name(&self) -> String {
        format!("{} at sqlite:{}", self.query.name(), self.path.display())
    }

    fn definition(&self) -> String {
        let path = self.path.display();
        let query = self.query.text();
        format!("sqlite {path}\n{query}\n{}", self.options.definition())
    }

    fn read<'a>(&'a self, sink: &'a mut Sink) -> ReadFuture<'a> {
        Box::pin(async move {
            let began = Timestamp::now();
            let mut rows = sink.rows(RowFormat::Json)?;
            let shared = Arc::new(Shared::default());
            let stop = Stop(Arc::clone(&shared));
            let (path, query) = (self.path.clone(), self.query.clone());
            let reading = tokio::task::spawn_blocking(move || {
                let columns = read_rows(&path, &query, &mut rows, &shared)?;
                Ok::<_, SourceError>((rows, columns))
            });
            let (rows, columns) = reading.await.map_err(SourceError::failed)??;
            drop(stop);
            let converter = columns::converter(&self.options, sink.object_type(), &columns)?;
            sink.add_rows(rows, Some(&converter)).await?;
            Ok(self.options.read(began))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_floats_are_written_as_whole_numbers() {
        for (value, text) in [(9001.0, "9001"), (-3.0, "-3"), (0.5, "0.5")] {
            assert!(number_text(value).starts_with(text), "{value}");
        }
    }
}
