//! From flags and environment to a client.

use std::sync::Arc;

use gong_crm::{Client, Credentials, ErrorKind, IntegrationId, RateBudget, SqliteLedger};
use gong_sim::Simulator;
use secrecy::SecretString;

use crate::arguments::Global;
use crate::exit::Exit;
use crate::failure::Failure;

/// A client, and the local Gong behind it if there is one: it lives as long as this.
#[derive(Debug)]
pub(crate) struct Connection {
    pub(crate) client: Client,
    pub(crate) simulator: Option<Simulator>,
    integration_id: Option<IntegrationId>,
}

impl Connection {
    /// Opens the way to Gong, or to a local one.
    pub(crate) async fn open(global: &Global) -> Result<Self, Failure> {
        if global.sim {
            return Self::local().await;
        }
        let client = Client::builder()
            .maybe_base_url(global.base_url.clone())
            .credentials(credentials()?)
            .user_agent(concat!("gong-crm-cli/", env!("CARGO_PKG_VERSION")))
            .ledger(Arc::new(ledger(global)?))
            .build()?;
        Ok(Self {
            client,
            simulator: None,
            integration_id: global.integration_id,
        })
    }

    async fn local() -> Result<Self, Failure> {
        let simulator = Simulator::builder().start().await.map_err(|error| {
            Failure::new(
                Exit::Unexpected,
                format!("the local Gong can't be started: {error}"),
            )
        })?;
        let integration_id = simulator.register_integration("Local CRM", "admin@acme.example");
        let client = Client::builder()
            .base_url(simulator.base_url())
            .credentials(Credentials::access_key(
                simulator.access_key().to_owned(),
                simulator.access_key_secret().to_owned(),
            ))
            .rate_budget(RateBudget::unlimited())
            .build()?;
        Ok(Self {
            client,
            simulator: Some(simulator),
            integration_id: Some(integration_id.into()),
        })
    }

    /// The integration that was named, or the one that is registered.
    pub(crate) async fn integration_id(&self) -> Result<IntegrationId, Failure> {
        match self.integration_id {
            Some(id) => Ok(id),
            None => match self.client.the_integration().await {
                Ok(integration) => Ok(integration.integration_id),
                Err(error) if error.kind() == ErrorKind::MissingScope => Err(Failure::from(error)
                    .with_hint(
                        "name the integration, --integration-id or GONG_INTEGRATION_ID, or add \
                         the scope to the app and have it approved again",
                    )),
                Err(error) => Err(error.into()),
            },
        }
    }
}

/// Where it is written down what was sent: the named file, or one in the user's own folder.
pub(crate) fn ledger(global: &Global) -> Result<SqliteLedger, Failure> {
    let path = match &global.ledger {
        Some(path) => path.clone(),
        None => dirs::state_dir()
            .or_else(dirs::data_local_dir)
            .map(|folder| folder.join("gong-crm").join("ledger.sqlite"))
            .ok_or_else(|| {
                Failure::new(Exit::Usage, "the user has no folder to keep the ledger in")
                    .with_hint("name a file for it: --ledger PATH")
            })?,
    };
    if let Some(folder) = path
        .parent()
        .filter(|folder| !folder.as_os_str().is_empty())
    {
        std::fs::create_dir_all(folder).map_err(|error| {
            let message = format!(
                "the ledger's folder {} can't be made: {error}",
                folder.display()
            );
            Failure::new(Exit::Unexpected, message)
                .with_hint("name another file for the ledger: --ledger PATH")
        })?;
    }
    SqliteLedger::open(&path).map_err(|error| Failure::from_ledger(&error))
}

/// The access key pair or the bearer token of the environment.
fn credentials() -> Result<Credentials, Failure> {
    let token = variable("GONG_BEARER_TOKEN");
    let key = variable("GONG_ACCESS_KEY");
    let secret = variable("GONG_ACCESS_KEY_SECRET");
    match (token, key, secret) {
        (Some(token), None, None) => Ok(Credentials::bearer_token(token)),
        (None, Some(key), Some(secret)) => Ok(Credentials::access_key(key, secret)),
        (None, None, None) => Err(Failure::new(Exit::Credentials, "no credentials").with_hint(
            "set GONG_ACCESS_KEY and GONG_ACCESS_KEY_SECRET, or GONG_BEARER_TOKEN; or try it \
             without a Gong account: --sim",
        )),
        (Some(_), ..) => Err(Failure::new(
            Exit::Credentials,
            "both a bearer token and an access key are set; which one is meant?",
        )
        .with_hint("unset GONG_BEARER_TOKEN, or GONG_ACCESS_KEY and GONG_ACCESS_KEY_SECRET")),
        (None, Some(_), None) => Err(half("GONG_ACCESS_KEY_SECRET")),
        (None, None, Some(_)) => Err(half("GONG_ACCESS_KEY")),
    }
}

fn half(missing: &str) -> Failure {
    Failure::new(
        Exit::Credentials,
        format!("half a key pair: {missing} is not set"),
    )
    .with_hint("an access key and its secret belong together")
}

/// A variable of the environment; an empty one counts as not set.
fn variable(name: &str) -> Option<SecretString> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .map(SecretString::from)
}
