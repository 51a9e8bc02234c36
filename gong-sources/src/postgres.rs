//! Connections to Postgres, for sources and for the ledger.

use tokio_postgres::{Client, Config};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::open_error::OpenError;
use crate::secret::SecretUrl;
use crate::tls::client_config;

/// The connection settings of a URL.
pub(crate) fn config(url: &SecretUrl) -> Result<Config, OpenError> {
    let shown = url.shown();
    let parsed: Result<Config, tokio_postgres::Error> = url.expose().parse();
    let mut config = parsed.map_err(|error| {
        let reason = describe(&error);
        OpenError::Url(format!("{shown} is not a URL of Postgres: {reason}"))
    })?;
    config.application_name("gong-crm");
    Ok(config)
}

/// Connects, and serves the connection as long as the client exists. The error is a message for
/// people.
pub(crate) async fn connect(config: &Config) -> Result<Client, String> {
    let tls = client_config().map_err(|error| error.to_string())?;
    let connected = config.connect(MakeRustlsConnect::new(tls)).await;
    let (client, connection) = connected.map_err(|error| describe(&error))?;
    // Its error is also the error of the running call.
    drop(tokio::spawn(async move { drop(connection.await) }));
    Ok(client)
}

/// A description of the error, in the server's words if there are any.
pub(crate) fn describe(error: &tokio_postgres::Error) -> String {
    if let Some(of_server) = error.as_db_error() {
        let mut text = format!("{} ({})", of_server.message(), of_server.code().code());
        for more in [of_server.detail(), of_server.hint()].into_iter().flatten() {
            text.push_str("; ");
            text.push_str(more);
        }
        return text;
    }
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
