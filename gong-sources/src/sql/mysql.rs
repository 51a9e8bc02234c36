//! Queries to MySQL and MariaDB.

use gong_crm::schema::FieldType;
use gong_crm::source::{ReadFuture, RowFormat, Sink, Source, SourceError};
use jiff::Timestamp;
use mysql_async::consts::{ColumnFlags, ColumnType};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, IsolationLevel, Opts, TxOpts, Value};

use super::Query;
use super::row::RowWriter;
use crate::columns::{self, Column};
use crate::open_error::OpenError;
use crate::options::SourceOptions;
use crate::secret::SecretUrl;

/// A query to MySQL or MariaDB, read in one read-only transaction with a consistent snapshot.
///
/// ```
/// use std::path::Path;
///
/// use gong_crm::source::Source as _;
/// use gong_sources::SecretUrl;
/// use gong_sources::sql::{MySqlSource, Query};
///
/// let url = SecretUrl::resolve("mysql://crm.acme.example/crm", Path::new(""))?;
/// let query = Query::find("select * from accounts", Path::new(""))?;
/// let source = MySqlSource::new(url, query)?;
/// assert_eq!(source.name(), "select * from accounts at mysql://crm.acme.example/crm");
/// # Ok::<(), gong_sources::OpenError>(())
/// ```
#[derive(Debug, Clone)]
pub struct MySqlSource {
    url: SecretUrl,
    query: Query,
    options: SourceOptions,
}

impl MySqlSource {
    /// A query to the database at a URL of the form `mysql://user@host:port/database`, with
    /// `?require_ssl=true` for TLS.
    ///
    /// # Errors
    ///
    /// [`OpenError::Url`] when the URL cannot be understood.
    pub fn new(url: SecretUrl, query: Query) -> Result<Self, OpenError> {
        opts(&url)?;
        Ok(Self {
            url,
            query,
            options: SourceOptions::default(),
        })
    }

    /// Whether it is complete, and how rows become records.
    #[must_use]
    pub fn options(mut self, options: SourceOptions) -> Self {
        self.options = options;
        self
    }

    async fn run(&self, sink: &mut Sink) -> Result<(), SourceError> {
        let name = self.query.name();
        let failed =
            |error: mysql_async::Error| SourceError::failed(format!("query {name}: {error}"));
        let opts = opts(&self.url).map_err(SourceError::failed)?;
        let mut connection = Conn::new(opts).await.map_err(|error| {
            let shown = self.url.shown();
            SourceError::failed(format!("cannot connect to {shown}: {error}"))
        })?;
        // A TIMESTAMP is a moment, which the server writes in the session's zone.
        connection
            .query_drop("set time_zone = '+00:00'")
            .await
            .map_err(failed)?;
        let mut options = TxOpts::new();
        options
            .with_consistent_snapshot(true)
            .with_isolation_level(IsolationLevel::RepeatableRead)
            .with_readonly(true);
        let mut transaction = connection
            .start_transaction(options)
            .await
            .map_err(failed)?;
        let mut rows = sink.rows(RowFormat::Json)?;
        let mut result = transaction
            .query_iter(self.query.text())
            .await
            .map_err(failed)?;
        let Some(found) = result.columns().filter(|columns| !columns.is_empty()) else {
            return Err(SourceError::failed(format!(
                "query {name}: it gives no rows"
            )));
        };
        let known: Vec<Column> = found
            .iter()
            .map(|column| Column {
                name: column.name_str().into_owned(),
                kind: kind(column),
            })
            .collect();
        columns::distinct(known.iter().map(|column| column.name.as_str()))?;
        let mut writer = RowWriter::new(known.iter().map(|column| column.name.as_str()));
        let mut number = 0_u64;
        loop {
            let at_row = |reason: String| {
                let row = number + 1;
                SourceError::failed(format!("query {name}, at row {row}: {reason}"))
            };
            let row = result.next().await;
            let Some(row) = row.map_err(|error| at_row(error.to_string()))? else {
                break;
            };
            writer.begin();
            for (index, (column, value)) in found.iter().zip(row.unwrap()).enumerate() {
                write(&mut writer, index, column, &value)
                    .map_err(|reason| at_row(format!("{} {reason}", column.name_str())))?;
            }
            writer.end(&mut rows)?;
            number += 1;
        }
        drop(result);
        transaction.commit().await.map_err(failed)?;
        drop(connection.disconnect().await);
        let converter = columns::converter(&self.options, sink.object_type(), &known)?;
        sink.add_rows(rows, Some(&converter)).await
    }
}

/// Writes a value as the server sent it, as text.
fn write(
    writer: &mut RowWriter,
    index: usize,
    column: &mysql_async::Column,
    value: &Value,
) -> Result<(), &'static str> {
    let bytes = match value {
        Value::NULL => return Ok(()),
        Value::Bytes(bytes) => bytes,
        _ => return Err("is of a type that is not known"),
    };
    if column.column_type() == ColumnType::MYSQL_TYPE_BIT {
        let number = bytes
            .iter()
            .fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        writer.json(index, &number.to_string());
        return Ok(());
    }
    let text = std::str::from_utf8(bytes)
        .map_err(|_| "holds bytes that are not text; select a text, such as hex(…)")?;
    match column.column_type() {
        ColumnType::MYSQL_TYPE_TINY
        | ColumnType::MYSQL_TYPE_SHORT
        | ColumnType::MYSQL_TYPE_INT24
        | ColumnType::MYSQL_TYPE_LONG
        | ColumnType::MYSQL_TYPE_LONGLONG
        | ColumnType::MYSQL_TYPE_YEAR => {
            // A column that is filled with zeros is not a number in JSON.
            if column.flags().contains(ColumnFlags::ZEROFILL_FLAG) {
                writer.text(index, text);
            } else {
                writer.json(index, text);
            }
        }
        ColumnType::MYSQL_TYPE_FLOAT
        | ColumnType::MYSQL_TYPE_DOUBLE
        | ColumnType::MYSQL_TYPE_JSON => writer.json(index, text),
        // MySQL's way to have no date.
        ColumnType::MYSQL_TYPE_DATE
        | ColumnType::MYSQL_TYPE_DATETIME
        | ColumnType::MYSQL_TYPE_TIMESTAMP
            if text.starts_with("0000-00-00") => {}
        ColumnType::MYSQL_TYPE_TIMESTAMP => writer.text(index, &format!("{text}+00:00")),
        _ => writer.text(index, text),
    }
    Ok(())
}

fn kind(column: &mysql_async::Column) -> FieldType {
    match column.column_type() {
        ColumnType::MYSQL_TYPE_TINY if column.column_length() == 1 => FieldType::Boolean,
        ColumnType::MYSQL_TYPE_TINY
        | ColumnType::MYSQL_TYPE_SHORT
        | ColumnType::MYSQL_TYPE_INT24
        | ColumnType::MYSQL_TYPE_LONG
        | ColumnType::MYSQL_TYPE_LONGLONG
        | ColumnType::MYSQL_TYPE_YEAR
        | ColumnType::MYSQL_TYPE_FLOAT
        | ColumnType::MYSQL_TYPE_DOUBLE
        | ColumnType::MYSQL_TYPE_DECIMAL
        | ColumnType::MYSQL_TYPE_NEWDECIMAL => FieldType::Number,
        ColumnType::MYSQL_TYPE_DATE => FieldType::Date,
        ColumnType::MYSQL_TYPE_DATETIME | ColumnType::MYSQL_TYPE_TIMESTAMP => FieldType::DateTime,
        _ => FieldType::String,
    }
}

fn opts(url: &SecretUrl) -> Result<Opts, OpenError> {
    // MariaDB's own tools write its name.
    let text = url.expose().replacen("mariadb://", "mysql://", 1);
    Opts::from_url(&text).map_err(|error| {
        // Its message can repeat parts of the URL.
        let reason = match error {
            mysql_async::UrlError::Parse(_) => "it cannot be parsed",
            mysql_async::UrlError::UnsupportedScheme { .. } => "it does not begin with mysql://",
            mysql_async::UrlError::UnknownParameter { .. } => "it has an unknown parameter",
            _ => "it has an invalid part",
        };
        OpenError::Url(format!("{} is not a URL of MySQL: {reason}", url.shown()))
    })
}

impl Source for MySqlSource {
    fn name(&self) -> String {
        format!("{} at {}", self.query.name(), self.url.shown())
    }

    fn definition(&self) -> String {
        let (target, query) = (self.url.target(), self.query.text());
        format!("mysql {target}\n{query}\n{}", self.options.definition())
    }

    fn read<'a>(&'a self, sink: &'a mut Sink) -> ReadFuture<'a> {
        Box::pin(async move {
            let began = Timestamp::now();
            self.run(sink).await?;
            Ok(self.options.read(began))
        })
    }
}
