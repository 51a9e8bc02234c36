//! Queries to Postgres, and to what speaks its protocol.

use std::io::Write as _;
use std::pin::pin;

use futures_util::TryStreamExt as _;
use gong_crm::schema::FieldType;
use gong_crm::source::{ReadFuture, RowFormat, Sink, Source, SourceError};
use jiff::Timestamp;
use tokio_postgres::types::Type;
use tokio_postgres::{Client, IsolationLevel, SimpleQueryMessage};

use super::Query;
use crate::columns::{self, Column};
use crate::open_error::OpenError;
use crate::options::SourceOptions;
use crate::postgres::{config, connect, describe};
use crate::secret::SecretUrl;

/// How many rows are fetched at once.
const FETCHED_ROWS: u32 = 2_000;

/// A query to Postgres, read in one read-only transaction of isolation level repeatable read.
///
/// ```
/// use std::path::Path;
///
/// use gong_crm::source::Source as _;
/// use gong_sources::SecretUrl;
/// use gong_sources::sql::{PostgresSource, Query};
///
/// let url = SecretUrl::resolve("postgres://crm.acme.example/crm", Path::new(""))?;
/// let query = Query::find("select * from accounts", Path::new(""))?;
/// let source = PostgresSource::new(url, query)?;
/// assert_eq!(source.name(), "select * from accounts at postgres://crm.acme.example/crm");
/// # Ok::<(), gong_sources::OpenError>(())
/// ```
#[derive(Debug, Clone)]
pub struct PostgresSource {
    url: SecretUrl,
    query: Query,
    options: SourceOptions,
}

impl PostgresSource {
    /// A query to the database at a URL of the form `postgres://user@host:port/database`, with
    /// `?sslmode=disable`, `prefer` or `require`. With TLS, the certificate is always verified.
    ///
    /// # Errors
    ///
    /// [`OpenError::Url`] when the URL cannot be understood.
    pub fn new(url: SecretUrl, query: Query) -> Result<Self, OpenError> {
        config(&url)?;
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

    fn failed(&self, error: &tokio_postgres::Error) -> SourceError {
        let name = self.query.name();
        SourceError::failed(format!("query {name}: {}", describe(error)))
    }

    async fn connect(&self) -> Result<Client, SourceError> {
        let config = config(&self.url).map_err(SourceError::failed)?;
        connect(&config).await.map_err(|reason| {
            let shown = self.url.shown();
            SourceError::failed(format!("cannot connect to {shown}: {reason}"))
        })
    }

    async fn run(&self, sink: &mut Sink) -> Result<(), SourceError> {
        let failed = |error| self.failed(&error);
        let mut client = self.connect().await?;
        let transaction = client
            .build_transaction()
            .isolation_level(IsolationLevel::RepeatableRead)
            .read_only(true)
            .start()
            .await
            .map_err(failed)?;
        // Times with a zone are then written with an offset, whatever the server's settings are.
        let settings = "set local time zone 'UTC'; set local statement_timeout = 0";
        transaction.batch_execute(settings).await.map_err(failed)?;
        let statement = transaction
            .prepare(self.query.text())
            .await
            .map_err(failed)?;
        let found = statement.columns();
        if found.is_empty() {
            let name = self.query.name();
            return Err(SourceError::failed(format!(
                "query {name}: it gives no rows"
            )));
        }
        columns::distinct(found.iter().map(tokio_postgres::Column::name))?;
        if let Some(bytes) = found.iter().find(|column| *column.type_() == Type::BYTEA) {
            let (name, column) = (self.query.name(), bytes.name());
            return Err(SourceError::failed(format!(
                "query {name}: column \"{column}\" has bytes, which no field takes: convert it to a \
                 text, as encode(\"{column}\", 'hex') does"
            )));
        }
        let rows_as_json = rows_as_json(&self.query, found);
        let declare = format!("declare gong_crm no scroll cursor for {rows_as_json}");
        transaction.batch_execute(&declare).await.map_err(failed)?;
        let mut rows = sink.rows(RowFormat::Json)?;
        let mut number = 0_u64;
        // Rows are fetched in batches, and none arrives of one with an error.
        let after_row = |number: u64, reason: String| {
            let name = self.query.name();
            SourceError::failed(format!("query {name}, after row {number}: {reason}"))
        };
        let fetch = format!("fetch {FETCHED_ROWS} from gong_crm");
        loop {
            let before = number;
            // The simple protocol takes as little memory as a row needs.
            let messages = client_messages(&transaction, &fetch).await;
            let messages = messages.map_err(|error| after_row(number, describe(&error)))?;
            let mut messages = pin!(messages);
            while let Some(message) = messages
                .try_next()
                .await
                .map_err(|error| after_row(number, describe(&error)))?
            {
                if let SimpleQueryMessage::Row(row) = message {
                    let json = row
                        .try_get(0)
                        .map_err(|error| after_row(number, describe(&error)))?;
                    rows.write_all(json.unwrap_or("{}").as_bytes())?;
                    rows.write_all(b"\n")?;
                    number += 1;
                }
            }
            if number == before {
                break;
            }
        }
        transaction.commit().await.map_err(failed)?;
        let known: Vec<Column> = found
            .iter()
            .map(|column| Column {
                name: column.name().to_owned(),
                kind: kind(column.type_()),
            })
            .collect();
        let converter = columns::converter(&self.options, sink.object_type(), &known)?;
        sink.add_rows(rows, Some(&converter)).await
    }
}

async fn client_messages(
    transaction: &tokio_postgres::Transaction<'_>,
    query: &str,
) -> Result<tokio_postgres::SimpleQueryStream, tokio_postgres::Error> {
    transaction.client().simple_query_raw(query).await
}

/// The query as one JSON object per row: Postgres itself knows best how its types are written.
/// Numbers that are longer than a float are texts, so that no digit is lost.
fn rows_as_json(query: &Query, columns: &[tokio_postgres::Column]) -> String {
    let columns: Vec<String> = columns
        .iter()
        .map(|column| {
            let name = quoted(column.name());
            let cast = match *column.type_() {
                Type::NUMERIC | Type::MONEY => "::text",
                _ => "",
            };
            format!("gong_crm_rows.{name}{cast} as {name}")
        })
        .collect();
    let columns = columns.join(", ");
    // The query may end in a comment.
    format!(
        "select row_to_json(gong_crm_row)::text from (select {columns} from (\n{}\n) as \
         gong_crm_rows) as gong_crm_row",
        query.text()
    )
}

/// A name as SQL quotes it.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

fn kind(of: &Type) -> FieldType {
    match *of {
        Type::BOOL => FieldType::Boolean,
        Type::INT2
        | Type::INT4
        | Type::INT8
        | Type::FLOAT4
        | Type::FLOAT8
        | Type::NUMERIC
        | Type::OID => FieldType::Number,
        Type::DATE => FieldType::Date,
        Type::TIMESTAMP | Type::TIMESTAMPTZ => FieldType::DateTime,
        Type::TEXT_ARRAY | Type::VARCHAR_ARRAY => FieldType::StringArray,
        _ => FieldType::String,
    }
}

impl Source for PostgresSource {
    fn name(&self) -> String {
        format!("{} at {}", self.query.name(), self.url.shown())
    }

    fn definition(&self) -> String {
        let (target, query) = (self.url.target(), self.query.text());
        format!("postgres {target}\n{query}\n{}", self.options.definition())
    }

    fn read<'a>(&'a self, sink: &'a mut Sink) -> ReadFuture<'a> {
        Box::pin(async move {
            let began = Timestamp::now();
            self.run(sink).await?;
            Ok(self.options.read(began))
        })
    }
}
