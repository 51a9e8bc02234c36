//! Ledgers that are not a file: `ledger = "env:GONG_LEDGER_URL"`.

use gong_crm::Ledger;
use gong_crm::ledger::LedgerError;

use crate::error::CliError;
use crate::exit::Exit;

/// Whether the ledger is a URL, or a variable with a URL.
pub(crate) fn is_url(text: &str) -> bool {
    text.starts_with("env:") || text.starts_with("postgres://") || text.starts_with("postgresql://")
}

/// Opens the ledger at a URL.
#[cfg(feature = "postgres")]
pub(crate) async fn open(url: &str) -> Result<Result<Ledger, LedgerError>, CliError> {
    use std::path::Path;

    use gong_sources::SecretUrl;
    use gong_sources::ledger::PostgresStore;

    let url = SecretUrl::resolve(url, Path::new("")).map_err(|error| {
        CliError::new(Exit::Usage, format!("the ledger's URL: {error}"))
            .with_hint("write ledger = \"env:GONG_LEDGER_URL\", and the URL into that variable")
    })?;
    let store = PostgresStore::connect(url).await;
    Ok(store.map(Ledger::with_store))
}

/// This build has no driver for it.
#[cfg(not(feature = "postgres"))]
#[expect(clippy::unused_async, reason = "with the feature it waits")]
pub(crate) async fn open(_url: &str) -> Result<Result<Ledger, LedgerError>, CliError> {
    let message = "this build does not support a ledger in Postgres";
    Err(CliError::new(Exit::Usage, message).with_hint(
        "install gong-crm with all sources, or build it with --features postgres; or name a file",
    ))
}
