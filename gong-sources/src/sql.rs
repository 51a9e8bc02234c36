//! Queries to databases as sources.
//!
//! Each row is a record: with a mapping, or with columns that have the names of Gong's fields. Rows
//! are streamed in one read-only transaction, so that a million of them need no more memory than
//! one and all are from the same snapshot.

use std::path::Path;
use std::sync::Arc;

use gong_crm::source::Source;

use crate::open_error::OpenError;
use crate::options::SourceOptions;
use crate::secret::SecretUrl;

#[cfg(feature = "mysql")]
mod mysql;
#[cfg(feature = "postgres")]
mod postgres;
mod query;
#[cfg(any(feature = "mysql", feature = "sqlite"))]
mod row;
#[cfg(feature = "sqlite")]
mod sqlite;

#[cfg(feature = "mysql")]
pub use mysql::MySqlSource;
#[cfg(feature = "postgres")]
pub use postgres::PostgresSource;
pub use query::Query;
#[cfg(feature = "sqlite")]
pub use sqlite::SqliteSource;

/// Opens the source of a query by the beginning of its URL.
pub(crate) fn open(
    url: SecretUrl,
    query: &str,
    folder: &Path,
    options: SourceOptions,
) -> Result<Arc<dyn Source>, OpenError> {
    let query = Query::find(query, folder)?;
    match url.scheme() {
        "sqlite" => sqlite(&url, query, folder, options),
        "postgres" | "postgresql" => postgres(url, query, options),
        "mysql" | "mariadb" => mysql(url, query, options),
        "" => Err(OpenError::Url(format!(
            "{} is not a URL: one begins with sqlite:, postgres:// or mysql://",
            url.shown()
        ))),
        scheme => Err(OpenError::Url(format!(
            "unknown database {scheme:?}: a URL begins with sqlite:, postgres:// or mysql://; for \
             another database, read the output of its command with `command`"
        ))),
    }
}

#[cfg(feature = "sqlite")]
#[expect(clippy::unnecessary_wraps, reason = "without the feature it fails")]
fn sqlite(
    url: &SecretUrl,
    query: Query,
    folder: &Path,
    options: SourceOptions,
) -> Result<Arc<dyn Source>, OpenError> {
    let path = url.expose().trim_start_matches("sqlite:");
    let path = path.strip_prefix("//").unwrap_or(path);
    Ok(Arc::new(
        SqliteSource::new(folder.join(path), query).options(options),
    ))
}

#[cfg(not(feature = "sqlite"))]
fn sqlite(
    _: &SecretUrl,
    _: Query,
    _: &Path,
    _: SourceOptions,
) -> Result<Arc<dyn Source>, OpenError> {
    Err(OpenError::NotBuilt("sqlite"))
}

#[cfg(feature = "postgres")]
fn postgres(
    url: SecretUrl,
    query: Query,
    options: SourceOptions,
) -> Result<Arc<dyn Source>, OpenError> {
    Ok(Arc::new(PostgresSource::new(url, query)?.options(options)))
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: SecretUrl, _: Query, _: SourceOptions) -> Result<Arc<dyn Source>, OpenError> {
    Err(OpenError::NotBuilt("postgres"))
}

#[cfg(feature = "mysql")]
fn mysql(
    url: SecretUrl,
    query: Query,
    options: SourceOptions,
) -> Result<Arc<dyn Source>, OpenError> {
    Ok(Arc::new(MySqlSource::new(url, query)?.options(options)))
}

#[cfg(not(feature = "mysql"))]
fn mysql(_: SecretUrl, _: Query, _: SourceOptions) -> Result<Arc<dyn Source>, OpenError> {
    Err(OpenError::NotBuilt("mysql"))
}
